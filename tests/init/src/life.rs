//! Roles that die, hang, eat and are confined; and the end of the machine.

use crate::disk::{Disk, is_clean};
use crate::machine::Machine;
use crate::{Kernel, Story, Wrong};
use std::collections::BTreeMap;
use supervise::role::{Base, Capability, Network, Rights, Role, Share};
use supervise::roles::{INIT_OOM_SCORE_ADJ, ROLES, find};

pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "roles come up, confined as their table says, and go down cleanly",
        kernel: Kernel::Small,
        tell: confined,
    },
    Story {
        name: "a role that dies, hangs or eats comes back alone, and its socket was never shut",
        kernel: Kernel::Small,
        tell: comes_back,
    },
    Story {
        name: "a role is killed while it is called without a rest, and nobody is refused",
        kernel: Kernel::Small,
        tell: nobody_refused,
    },
    Story { name: "ten thousand orphans are let go", kernel: Kernel::Small, tell: orphans },
    Story {
        name: "an unessential role in a crash loop stays down and the power button still works",
        kernel: Kernel::Small,
        tell: one_down,
    },
    Story {
        name: "an essential role in a crash loop: two restarts, then safe mode",
        kernel: Kernel::Small,
        tell: safe_mode,
    },
    Story {
        name: "wrong settings cost neither the box nor a restart",
        kernel: Kernel::Small,
        tell: wrong_settings,
    },
];

fn confined(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("confined")?;
    let (mut machine, ready) = Machine::up(disk, &copy)?;
    for role in ROLES {
        shares(&mut machine, role)?;
        let status = machine.ask(&format!("proc {}", role.name))?;
        let field = |name: &str| {
            let line = status.split(" | ").find_map(|line| line.strip_prefix(name));
            line.map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        let mask = role.capabilities.iter().fold(0u64, |mask, it| mask | 1 << (*it as u32));
        let caps = format!("{mask:016x}");
        let uid = role.uid;
        for (name, expected) in [
            ("Uid:", format!("{uid} {uid} {uid} {uid}")),
            ("Gid:", format!("{uid} {uid} {uid} {uid}")),
            ("Groups:", String::new()),
            ("CapEff:", caps.clone()),
            ("CapPrm:", caps.clone()),
            ("CapBnd:", caps),
            ("CapAmb:", format!("{:016x}", 0)),
            ("NoNewPrivs:", "1".into()),
            ("Seccomp:", "2".into()),
        ] {
            if field(name).as_deref() != Some(&expected) {
                return Err(
                    format!("{} {name} {:?}, not {expected:?}", role.name, field(name)).into()
                );
            }
        }
        let could = machine.ask(&format!("inside {}", role.name))?;
        let could = could.rsplit(' ').next().unwrap_or_default().to_owned();
        let writes = role.files.iter().any(|it| (it.base, it.rights) == (Base::Own, Rights::Write));
        let binds = role.capabilities.contains(&Capability::NetBindService);
        let may =
            [("write-own", writes), ("low-port", binds), ("tcp", role.network != Network::Local)];
        let may: Vec<&str> = may.iter().filter(|(_, may)| *may).map(|(what, _)| *what).collect();
        let expected = if may.is_empty() { "could".to_owned() } else { may.join(",") };
        if could != expected {
            return Err(format!("{} could {could}, not {expected}", role.name).into());
        }
    }
    let memory: u64 = machine.ask("memory")?.parse()?;
    machine.order("poweroff");
    machine.ends()?;
    is_clean(&copy)?;
    let at = ready.split(['[', ']']).nth(1).unwrap_or("?").to_owned();
    Ok(format!("ready {at} s after the kernel's start, {} MiB of memory", memory / 1024))
}

/// Processors and memory when they are short, as the table says.
fn shares(machine: &mut Machine, role: &Role) -> Result<(), Wrong> {
    let Share { nice, cpu_weight, oom_score_adj } = role.share;
    for (name, expected) in [
        (role.name, format!("{nice} {cpu_weight} {oom_score_adj}")),
        ("init", format!("0 none {INIT_OOM_SCORE_ADJ}")),
    ] {
        let share = machine.ask(&format!("share {name}"))?;
        if share != expected {
            return Err(format!("{name} has {share}, not {expected}").into());
        }
    }
    Ok(())
}

/// Does this to a role, and waits until a later process of it is ready.
pub(crate) fn begin_anew(machine: &mut Machine, deed: &str, role: &str) -> Result<(), Wrong> {
    let starts = |status: &str| roles(status).get(role).map(|(_, _, starts)| *starts);
    let before = starts(&machine.ask("status")?).ok_or("there is no such role")?;
    machine.ask(&format!("{deed} {role}"))?;
    machine.becomes(|status| starts(status) > Some(before) && all_ready(status))?;
    Ok(())
}

/// For each role its state, its process and its starts.
fn roles(status: &str) -> BTreeMap<String, (String, u32, u32)> {
    let words = status.split(' ').skip(1);
    words
        .filter_map(|word| {
            let (name, rest) = word.split_once('=')?;
            let mut rest = rest.split(',');
            let state = rest.next()?.to_owned();
            Some((name.to_owned(), (state, rest.next()?.parse().ok()?, rest.next()?.parse().ok()?)))
        })
        .collect()
}

fn all_ready(status: &str) -> bool {
    roles(status).values().all(|(state, ..)| state == "ready")
}

fn comes_back(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("comes-back")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    let mut before = roles(&machine.ask("status")?);
    for (deed, victim) in [
        ("kill SIGKILL media", "media"),
        ("kill SIGSTOP dect", "dect"),
        ("hog media 600", "media"),
        ("restart ctl", "ctl"),
    ] {
        let (_, _, starts) = before[victim];
        // The one that restarts the control role may lose its answer with it.
        let _ = machine.ask(deed);
        // Whoever calls while it is away waits, and is not refused.
        machine.ask(&format!("connect {victim}"))?;
        // What is said of it may fall into the drawing of a screen; that it begins anew cannot.
        machine.becomes(|status| roles(status).get(victim).is_some_and(|it| it.2 > starts))?;
        let after = roles(&machine.becomes(all_ready)?);
        for (name, (_, pid, starts)) in &after {
            let (_, old_pid, old_starts) = &before[name];
            let again = name == victim;
            if again != (pid != old_pid) || *starts != old_starts + u32::from(again) {
                return Err(format!("after {deed:?}: {name} was {old_pid}, is {pid}").into());
            }
        }
        before = after;
    }
    machine.order("poweroff");
    machine.ends()?;
    Ok(String::new())
}

fn nobody_refused(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("nobody-refused")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    let mut note = Vec::new();
    for (role, ports, datagrams) in
        [("log", "", 0), ("media", "", 0), ("dect", " tcp:16322 tcp:5060 udp:5060", 1)]
    {
        // Once for certain while nobody is there.
        let mut certain = false;
        for _ in 0..TRIES {
            let said = machine.ask(&format!("callers {role}{ports}"))?;
            let words: Vec<&str> = said.split(' ').collect();
            let [when, called, _, refused, _, answered, _] = words[..] else {
                return Err(said.into());
            };
            if refused != "0" || answered != datagrams.to_string() {
                return Err(format!("{role}: {said}").into());
            }
            certain = when == "away";
            if certain {
                note.push(format!("{role} {called}"));
                break;
            }
        }
        if !certain {
            return Err(format!("{role} comes back too fast to be called while it is away").into());
        }
    }
    machine.order("poweroff");
    machine.ends()?;
    Ok(format!("calls: {}", note.join(", ")))
}

fn orphans(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("orphans")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    for _ in 0..20 {
        machine.ask("orphans 500")?;
    }
    let zombies: u32 = machine.ask("zombies")?.parse()?;
    // Those of the last moment may still be on their way.
    if zombies > 50 {
        return Err(format!("{zombies} were not let go").into());
    }
    machine.becomes(all_ready)?;
    Ok(String::new())
}

fn one_down(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("one-down")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    for death in 1..=5 {
        machine.tell("die")?;
        if death < 5 {
            machine.find_probe()?;
        }
    }
    machine.says("probe stays down for five minutes: it died too often")?;
    machine.monitor("system_powerdown")?;
    machine.says("the power button was pressed")?;
    machine.ends()?;
    is_clean(&copy)?;
    Ok(String::new())
}

fn safe_mode(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("safe-mode")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    for _ in 0..2 {
        machine.order("loop dect");
        machine.says("cannot be kept alive: starting anew")?;
        machine.find_probe()?;
        machine.becomes(all_ready)?;
    }
    let _ = machine.ask("loop dect");
    let line = machine.says("SAFE MODE")?;
    let address = line.split_whitespace().find(|word| word.starts_with("169.254."));
    let address = address.ok_or("it names no link-local address")?.trim_end_matches([';', '.']);
    for words in ["the role dect cannot be kept alive", "reset the settings"] {
        if !line.contains(words) {
            return Err(format!("it does not say {words:?}: {line}").into());
        }
    }
    // What a person needs to mend it runs, and nothing else.
    let right = |status: &str| {
        let wanted = |name: &str| {
            if find(name).is_none_or(Role::in_safe_mode) { "ready" } else { "stopped" }
        };
        status.starts_with("safe ")
            && roles(status).iter().all(|(name, (state, ..))| state == wanted(name))
    };
    machine.becomes(right)?;
    if !machine.ask("read /proc/net/fib_trie")?.contains(&format!("{address} ")) {
        return Err(format!("no interface has the address {address}").into());
    }
    // What may have led here can be looked at and mended.
    machine.ask("ask config set sip.tos=7")?;
    let kept = machine.ask("ask config show sip.tos")?;
    if !kept.contains("sip.tos = 7") {
        return Err(format!("settings cannot be changed in safe mode: {kept}").into());
    }
    machine.order("reboot");
    machine.find_probe()?;
    Ok(String::new())
}

fn wrong_settings(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("wrong-settings")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    machine.ask("ask config set sip.tos=7")?;
    machine.ask("write /state/config.xml <config><sip></config>")?;
    machine.order("reboot");
    machine.is_up()?;
    let observed = machine.ask("ask ctl observed conf")?;
    if !observed.contains("config.xml was not taken over") || !observed.contains("line 1") {
        return Err(format!("nobody says what is wrong with the file: {observed}").into());
    }
    let kept = machine.ask("ask config show sip.tos")?;
    if !kept.contains("sip.tos = 7") {
        return Err(format!("what was in force is not any more: {kept}").into());
    }
    machine.ask("ask config set sip.tos=8")?;
    Ok(String::new())
}

/// Deaths that a role may die without being taken for one in a crash loop, less one.
const TRIES: usize = 3;
