//! The roles of the one binary: what each is for, how it is reached and what it may do.
//!
//! The supervisor starts, confines and watches from this table and from
//! nothing else; the status page and the manual print it.

use crate::calls;
use crate::role::{Ask, Base, Capability, Grant, LastResort, Network, Rights, Role, Runs, Share};
use std::time::Duration;

/// Every role, in the order of the status page.
///
/// A role runs in safe mode too when a person needs it to find out what is
/// wrong, or to mend it.
pub const ROLES: &[Role] = &[
    Role {
        name: "log",
        about: "Keeps what all others say, shows it to administrators and sends it to a syslog server",
        // It begins before whoever keeps the settings, and hears of them when that is there.
        after: &[],
        calls: &["conf"],
        listens: true,
        datagrams: &["journal", "devlog"],
        asks: &[],
        runs: Runs::Everywhere,
        uid: 702,
        capabilities: &[],
        memory_mib_max: 64,
        tasks_max: 16,
        files_max: 128,
        share: KEEPS,
        watchdog: Some(WATCHDOG),
        last_resort: LastResort::DegradeInSafeModeToo,
        files: &[
            RUN,
            Grant { base: Base::Own, path: "", rights: Rights::Write },
            Grant { base: Base::Root, path: "etc", rights: Rights::Read },
            Grant { base: Base::Root, path: "run/resolv.conf", rights: Rights::Read },
        ],
        syscalls: &[calls::TOKIO, calls::NETWORK, calls::FILES],
        network: Network::Ip,
    },
    Role {
        name: "conf",
        about: "Keeps settings, users and subscriptions, and what they were before",
        after: &[],
        calls: &[],
        listens: true,
        datagrams: &[],
        asks: &[],
        runs: Runs::Everywhere,
        uid: 703,
        capabilities: &[],
        // The largest file of users, as it is read, checked and compared.
        memory_mib_max: 128,
        tasks_max: 8,
        files_max: 128,
        share: SERVES,
        watchdog: Some(WATCHDOG),
        last_resort: LastResort::RebootInSafeModeToo,
        files: &[RUN, SETTINGS, Grant { base: Base::Own, path: "", rights: Rights::Write }],
        syscalls: &[calls::TOKIO, calls::FILES],
        network: Network::Local,
    },
    Role {
        name: "ctl",
        about: "Lets an administrator look at the roles, restart them and switch the box off",
        after: &[],
        calls: &[],
        listens: true,
        datagrams: &[],
        asks: &[Ask::Status, Ask::Restart, Ask::Reboot, Ask::PowerOff, Ask::Reset],
        runs: Runs::Everywhere,
        uid: 710,
        capabilities: &[],
        memory_mib_max: 16,
        tasks_max: 8,
        files_max: 64,
        share: SERVES,
        watchdog: Some(WATCHDOG),
        last_resort: LastResort::DegradeInSafeModeToo,
        files: &[RUN],
        syscalls: &[calls::TOKIO],
        network: Network::Local,
    },
    Role {
        name: "console",
        about: "Shows on the screen and the serial port how the box fares, with a menu for the first ten minutes",
        // Shown is what answers: it does not wait, since in safe mode `conf` may be what is broken.
        after: &[],
        calls: &["conf"],
        listens: true,
        datagrams: &[],
        // Whoever stands in front of the box may do what a person there could do with its power switch and its disk.
        asks: &[
            Ask::Status,
            Ask::Standing,
            Ask::Reboot,
            Ask::PowerOff,
            Ask::OtherSlot,
            Ask::Reset,
            Ask::Address,
        ],
        runs: Runs::OnTheBox,
        uid: 711,
        capabilities: &[],
        memory_mib_max: 16,
        tasks_max: 8,
        files_max: 64,
        share: SERVES,
        watchdog: Some(WATCHDOG),
        last_resort: LastResort::DegradeInSafeModeToo,
        // It has opened its terminals and a socket for echo requests before it is confined.
        files: &[RUN, Grant { base: Base::Root, path: "ident/ident.xml", rights: Rights::Read }],
        syscalls: &[calls::TOKIO],
        network: Network::Local,
    },
    Role {
        name: "net",
        about: "Gives this machine its addresses, routes and name, by DHCP or as they are set",
        // In safe mode it does without the settings.
        after: &[],
        calls: &["conf"],
        listens: true,
        datagrams: &[],
        asks: &[Ask::AddressChanged],
        runs: Runs::WhenAsked,
        uid: 705,
        capabilities: &[Capability::NetBindService, Capability::NetAdmin, Capability::NetRaw],
        memory_mib_max: 32,
        tasks_max: 8,
        files_max: 128,
        share: SERVES,
        watchdog: Some(WATCHDOG),
        last_resort: LastResort::DegradeInSafeModeToo,
        files: &[
            RUN,
            Grant { base: Base::Run, path: "network", rights: Rights::Write },
            Grant { base: Base::Own, path: "", rights: Rights::Write },
            Grant { base: Base::Root, path: "run/resolv.conf", rights: Rights::Write },
            Grant { base: Base::Root, path: "proc/sys/net", rights: Rights::Use },
        ],
        syscalls: &[calls::TOKIO, calls::NETWORK, calls::FILES],
        network: Network::Wire,
    },
    Role {
        name: "time",
        about: "Asks time servers, keeps the clock right, and tells others the time",
        after: &["conf"],
        // Whoever is not there is waited for.
        calls: &["conf", "net"],
        listens: true,
        datagrams: &[],
        asks: &[],
        runs: Runs::WhenAsked,
        uid: 706,
        capabilities: &[Capability::NetBindService, Capability::SysTime],
        memory_mib_max: 24,
        tasks_max: 8,
        files_max: 128,
        share: SERVES,
        watchdog: Some(WATCHDOG),
        last_resort: LastResort::Degrade,
        files: &[
            RUN,
            Grant { base: Base::Root, path: "etc", rights: Rights::Read },
            Grant { base: Base::Root, path: "run/resolv.conf", rights: Rights::Read },
        ],
        syscalls: &[calls::TOKIO, calls::NETWORK, calls::CLOCK],
        network: Network::Ip,
    },
    Role {
        name: "media",
        about: "Carries speech between base stations and the network",
        after: &["conf"],
        calls: &["conf"],
        listens: true,
        datagrams: &[],
        asks: &[],
        runs: Runs::Everywhere,
        uid: 709,
        capabilities: &[Capability::SysNice],
        memory_mib_max: 256,
        tasks_max: 32,
        // Two sockets for each of two legs of some thousand calls.
        files_max: 16_384,
        share: SPEECH,
        watchdog: Some(WATCHDOG),
        last_resort: LastResort::Reboot,
        files: &[RUN],
        syscalls: &[calls::TOKIO, calls::NETWORK, calls::REAL_TIME],
        network: Network::Ip,
    },
    Role {
        name: "dect",
        about: "Base stations, handsets, SIP user agents and the calls between them",
        after: &["conf", "media"],
        calls: &["conf", "media"],
        listens: true,
        datagrams: &[],
        asks: &[],
        runs: Runs::Everywhere,
        uid: 704,
        capabilities: &[],
        memory_mib_max: 448,
        tasks_max: 32,
        // 4 096 base stations and a TCP connection for each of 10 000 users.
        files_max: 32_768,
        share: CALLS,
        watchdog: Some(WATCHDOG),
        last_resort: LastResort::Reboot,
        files: &[
            RUN,
            Grant { base: Base::Own, path: "", rights: Rights::Write },
            Grant { base: Base::Root, path: "etc", rights: Rights::Read },
            Grant { base: Base::Root, path: "ident/ident.xml", rights: Rights::Read },
            Grant { base: Base::Root, path: "run/resolv.conf", rights: Rights::Read },
        ],
        syscalls: &[calls::TOKIO, calls::NETWORK, calls::FILES],
        network: Network::Ip,
    },
    Role {
        name: "mgmt",
        about: "Shows the box to the network and answers those who watch it",
        // Whoever looks for a box that does not work is to find it: it waits for nobody.
        after: &[],
        calls: &["log", "conf", "ctl", "net", "time", "media", "dect"],
        listens: true,
        datagrams: &[],
        asks: &[],
        // A person's machine shows itself as that person wants.
        runs: Runs::WhenAsked,
        uid: 707,
        // SNMP has port 161.
        capabilities: &[Capability::NetBindService],
        memory_mib_max: 16,
        tasks_max: 8,
        files_max: 128,
        share: SERVES,
        watchdog: Some(WATCHDOG),
        last_resort: LastResort::DegradeInSafeModeToo,
        files: &[
            RUN,
            Grant { base: Base::Own, path: "", rights: Rights::Write },
            Grant { base: Base::Root, path: "etc", rights: Rights::Read },
            Grant { base: Base::Root, path: "ident/ident.xml", rights: Rights::Read },
            Grant { base: Base::Root, path: "run/resolv.conf", rights: Rights::Read },
            // How fast an interface is; the first folder leads into the second.
            Grant { base: Base::Root, path: "sys/class/net", rights: Rights::Read },
            Grant { base: Base::Root, path: "sys/devices", rights: Rights::Read },
        ],
        syscalls: &[calls::TOKIO, calls::NETWORK, calls::FILES],
        network: Network::Ip,
    },
];

/// The role of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.name == name)
}

/// A role that has nothing to say for so long hangs; all of them answer from one thread that never waits.
const WATCHDOG: Duration = Duration::from_secs(10);

/// PID 1 is never ended for want of memory, whoever else has used it.
pub const INIT_OOM_SCORE_ADJ: i16 = -1000;

/// Speech waits for nothing: its threads run in real time where they may, and before all others where not.
const SPEECH: Share = Share { nice: -10, cpu_weight: 800, oom_score_adj: -700 };

/// A call is set up while a log is written.
const CALLS: Share = Share { nice: -5, cpu_weight: 400, oom_score_adj: -600 };

/// What a person waits for.
const SERVES: Share = Share { nice: 0, cpu_weight: 100, oom_score_adj: 0 };

/// What nobody waits for.
const KEEPS: Share = Share { nice: 5, cpu_weight: 50, oom_score_adj: 100 };

/// The sockets of the others, to be connected to.
const RUN: Grant = Grant { base: Base::Run, path: "", rights: Rights::Use };

const SETTINGS: Grant = Grant { base: Base::Settings, path: "", rights: Rights::Read };

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_role_waits_only_for_roles_listed_before_it() {
        for (index, role) in ROLES.iter().enumerate() {
            let before: Vec<_> = ROLES.iter().take(index).map(|role| role.name).collect();
            for name in role.after {
                assert!(before.contains(name), "{} waits for {name}", role.name);
            }
        }
    }

    #[test]
    fn whoever_is_called_listens_and_is_there_before_the_caller() {
        for role in ROLES {
            for name in role.calls {
                let called = find(name).unwrap();
                assert!(called.listens, "{} calls {name}", role.name);
                // What runs in safe mode has to do without those that do not, and those that cannot be kept alive. Those
                // that run when asked for may never be there.
                let optional = called.runs == Runs::WhenAsked;
                let awaited = role.after.contains(name) || role.in_safe_mode() || optional;
                assert!(awaited, "{} calls {name} unawaited", role.name);
                assert!(called.callers(ROLES).any(|uid| uid == role.uid));
            }
        }
    }

    #[test]
    fn every_role_has_a_user_of_its_own_in_the_range_that_the_image_keeps_for_them() {
        let uids: BTreeSet<u32> = ROLES.iter().map(|role| role.uid).collect();
        assert_eq!(uids.len(), ROLES.len());
        assert!(uids.iter().all(|uid| (700..750).contains(uid)), "{uids:?}");
        let names: BTreeSet<&str> = ROLES.iter().map(|role| role.name).collect();
        assert_eq!(names.len(), ROLES.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase())));
        // A control record has room for so many octets of a name.
        assert!(names.iter().all(|name| name.len() <= crate::control::NAME_MAX));
    }

    #[test]
    fn nobody_waits_for_one_that_may_stay_down_and_safe_mode_stands_on_itself() {
        for role in ROLES {
            for name in role.after {
                let needed = find(name).unwrap();
                assert!(needed.essential() || !role.essential(), "{} needs {name}", role.name);
                assert!(!role.in_safe_mode() || needed.in_safe_mode(), "{}", role.name);
            }
        }
        assert!(ROLES.iter().any(Role::in_safe_mode) && ROLES.iter().any(Role::essential));
    }

    #[test]
    fn what_a_person_mends_the_box_with_runs_in_safe_mode_and_settings_only_where_they_are_kept() {
        let in_safe_mode = |alive: fn(&Role) -> bool| -> Vec<&str> {
            ROLES.iter().filter(|role| alive(role)).map(|role| role.name).collect()
        };
        let (all, mut without_state) =
            (in_safe_mode(Role::in_safe_mode), in_safe_mode(Role::in_safe_mode_without_state));
        for name in ["log", "conf", "ctl", "console"] {
            assert!(all.contains(&name), "{all:?}");
        }
        without_state.push("conf");
        assert!(all.iter().all(|name| without_state.contains(name)), "{without_state:?}");
        assert_eq!(all.len(), without_state.len(), "conf is in both");
    }

    #[test]
    fn no_role_gets_more_than_it_can_use() {
        let mib: u32 = ROLES.iter().map(|role| role.memory_mib_max).sum();
        assert!(mib <= 1024, "{mib} MiB are promised");
        for role in ROLES {
            assert!(role.watchdog.is_none_or(|every| every >= Duration::from_secs(2)));
            assert!(role.memory_mib_max >= 8 && role.tasks_max >= 2 && role.files_max >= 32);
            assert!(role.about.ends_with(|c: char| c.is_alphanumeric()), "{}", role.about);
            for grant in role.files {
                assert!(!grant.path.starts_with('/') && !grant.path.contains(".."), "{grant:?}");
            }
            for privileged in [Capability::NetAdmin, Capability::NetRaw] {
                let has = role.capabilities.contains(&privileged);
                assert_eq!(has, role.name == "net", "{}", role.name);
            }
        }
    }

    #[test]
    fn speech_comes_before_calls_and_calls_before_all_that_can_wait() {
        for role in ROLES {
            let Share { nice, cpu_weight, oom_score_adj } = role.share;
            assert!((-20..=19).contains(&nice) && (1..=10_000).contains(&cpu_weight));
            assert!(oom_score_adj > INIT_OOM_SCORE_ADJ && oom_score_adj <= 1000);
        }
        let [media, dect, ctl, log] =
            ["media", "dect", "ctl", "log"].map(|it| find(it).unwrap().share);
        for (first, second) in [(media, dect), (dect, ctl), (ctl, log)] {
            assert!(first.nice < second.nice);
            assert!(first.cpu_weight > second.cpu_weight);
            assert!(first.oom_score_adj < second.oom_score_adj);
        }
    }

    #[test]
    fn each_role_asks_the_supervisor_for_what_its_work_is_and_for_nothing_else() {
        let asking: Vec<_> = ROLES
            .iter()
            .filter(|role| !role.asks.is_empty() && role.name != "net")
            .map(|role| (role.name, role.asks.to_vec()))
            .collect();
        // It speaks to strangers, and can do no more by it than they can with a cable.
        assert_eq!(find("net").unwrap().asks, [Ask::AddressChanged]);
        let both = [Ask::Status, Ask::Reboot, Ask::PowerOff];
        assert_eq!(asking.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["ctl", "console"]);
        for (name, asks) in asking {
            assert_eq!(asks.iter().collect::<BTreeSet<_>>().len(), asks.len(), "{name}");
            assert!(both.iter().all(|ask| asks.contains(ask)), "{name}");
            // What needs a person in front of the box cannot be had over the bus.
            let present = [Ask::OtherSlot, Ask::Address];
            assert!(present.iter().all(|ask| asks.contains(ask) == (name == "console")));
            assert_eq!(asks.contains(&Ask::Restart), name == "ctl");
        }
    }

    #[test]
    fn a_call_stands_in_one_group_only() {
        for role in ROLES {
            let mut seen = BTreeSet::new();
            for name in calls::BASE.iter().chain(role.syscalls.iter().copied().flatten()) {
                assert!(seen.insert(name), "{}: {name} twice", role.name);
            }
            assert!(
                !["execve", "ptrace", "mount", "kexec_load"].iter().any(|it| seen.contains(it))
            );
        }
    }
}
