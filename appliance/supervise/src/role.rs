//! What a row of the role table says.

use std::time::Duration;

/// One process of the appliance.
#[derive(Debug)]
pub struct Role {
    /// Also its `argv[0]` and the prefix of its log lines.
    pub name: &'static str,
    /// One line for the status page.
    pub about: &'static str,
    /// Must be ready before this role starts; on the way down, these end after it.
    pub after: &'static [&'static str],
    /// May be called over the bus.
    pub calls: &'static [&'static str],
    /// It is called over the bus: the supervisor makes its listening socket and passes it on, so that a caller
    /// waits while the role restarts and is never refused.
    pub listens: bool,
    /// Datagram sockets that it reads and anybody may write to, made and kept like the listening one: what is sent
    /// while the role restarts waits for it.
    pub datagrams: &'static [&'static str],
    /// What it may ask of the supervisor; if anything, it is given the other end of a control socket of its own.
    pub asks: &'static [Ask],
    /// Where it is started.
    pub runs: Runs,
    /// Its user and group on the box; in the foreground every role is the user who started it.
    pub uid: u32,
    /// What it keeps of root's rights, on the box.
    pub capabilities: &'static [Capability],
    /// Above it the kernel ends this role and no other.
    pub memory_mib_max: u32,
    /// Processes and threads.
    pub tasks_max: u32,
    /// Open descriptors.
    pub files_max: u64,
    /// What it gets when there is not enough for all.
    pub share: Share,
    /// It must say that it lives at least this often; `None`: nobody looks.
    pub watchdog: Option<Duration>,
    /// When it cannot be kept alive.
    pub last_resort: LastResort,
    /// What of the file system it sees, beside the read-only root.
    pub files: &'static [Grant],
    /// What it may ask of the kernel beside [`crate::calls::BASE`].
    pub syscalls: &'static [&'static [&'static str]],
    /// Whether it may open TCP and UDP sockets of its own.
    pub network: Network,
}

/// What a role gets of a machine that has too much to do, or too little memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Of its ordinary threads, -20 (before all others) to 19 (setpriority(2)).
    pub nice: i8,
    /// Its part of the processors beside the other roles, 1 to 10 000; 100 is ordinary (cgroup v2, `cpu.weight`).
    pub cpu_weight: u16,
    /// How soon the kernel ends it when memory is short everywhere, -1000 (never) to 1000 (proc(5)).
    pub oom_score_adj: i16,
}

/// What a role may ask of the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ask {
    /// How the roles fare.
    Status,
    /// How the box fares.
    Standing,
    /// A role to begin anew.
    Restart,
    /// The box to start anew.
    Reboot,
    /// The box to be switched off.
    PowerOff,
    /// The other slot to be booted.
    OtherSlot,
    /// Settings and more to be taken away.
    Reset,
    /// An address for the box, or the one that it had before.
    Address,
    /// Those who speak to the network to begin anew, since the address is another one.
    AddressChanged,
}

/// Where a role is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// On the box and in the foreground of a person's machine.
    Everywhere,
    /// On the box only: a person's machine has what it does already.
    OnTheBox,
    /// On the box, and in the foreground where the person asks for it by name: it changes what belongs to the machine.
    WhenAsked,
}

/// What is done when a role dies again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastResort {
    /// It stays down and is tried again every five minutes; the box goes on without it.
    Degrade,
    /// The same, and it also runs in safe mode.
    DegradeInSafeModeToo,
    /// The box is nothing without it: it reboots, and when that does not help it goes to safe mode.
    Reboot,
    /// The same, and it also runs in safe mode, where nothing more is done about it than about the others there. What
    /// it keeps is what a person mends the box with, so it does not run where what survives a restart cannot be used.
    RebootInSafeModeToo,
}

/// A right of root's that a role may keep, by its number in `linux/capability.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Ports below 1024.
    NetBindService = 10,
    /// Addresses, routes, links.
    NetAdmin = 12,
    /// Raw sockets.
    NetRaw = 13,
    /// Real-time priority for the threads that carry speech.
    SysNice = 23,
    /// The clock.
    SysTime = 25,
    /// The kernel's log.
    Syslog = 34,
}

/// A path that a role may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where it begins.
    pub base: Base,
    /// Below it; empty is the base itself.
    pub path: &'static str,
    /// What may be done there.
    pub rights: Rights,
}

/// Where a path of a [`Grant`] begins; the supervisor knows where that is on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The role's own folder in what survives a restart.
    Own,
    /// The administrator's files, `config.xml` and `users.xml`.
    Settings,
    /// The sockets of the roles and what is made anew at each start.
    Run,
    /// The root of the file system.
    Root,
}

/// What may be done with a path and everything below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Files are read, folders listed.
    Read,
    /// Files and folders are also made, written, renamed and removed.
    Write,
    /// What stands there is a device or a socket: it is opened for reading and writing, and nothing is made.
    Use,
}

/// Which sockets a role may open by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Unix sockets, and netlink to look at the kernel's network.
    Local,
    /// IP too.
    Ip,
    /// IP too, and packets as they are on the wire.
    Wire,
}

impl Role {
    /// Whether the appliance is nothing without it.
    #[must_use]
    pub fn essential(&self) -> bool {
        matches!(self.last_resort, LastResort::Reboot | LastResort::RebootInSafeModeToo)
    }

    /// Whether it also runs in safe mode.
    #[must_use]
    pub fn in_safe_mode(&self) -> bool {
        self.last_resort == LastResort::RebootInSafeModeToo || self.in_safe_mode_without_state()
    }

    /// Whether it also runs in the safe mode of a box that cannot use what survives a restart. What is essential keeps
    /// something there: it would begin with nothing, which whoever asks it took for what is set.
    #[must_use]
    pub fn in_safe_mode_without_state(&self) -> bool {
        self.last_resort == LastResort::DegradeInSafeModeToo
    }

    /// Which users may call it over the bus: those of the roles that say so, and root, as whom an
    /// administrator's command runs.
    pub fn callers(&self, table: &'static [Self]) -> impl Iterator<Item = u32> {
        let own = self.name;
        let calling = table.iter().filter(move |role| role.calls.contains(&own));
        calling.map(|role| role.uid).chain(std::iter::once(0))
    }
}

/// One that tests change to what they are about.
#[cfg(test)]
pub(crate) const PLAIN: Role = Role {
    name: "test",
    about: "",
    after: &[],
    calls: &[],
    listens: false,
    datagrams: &[],
    asks: &[],
    runs: Runs::Everywhere,
    uid: 700,
    capabilities: &[],
    memory_mib_max: 8,
    tasks_max: 2,
    files_max: 32,
    share: Share { nice: 0, cpu_weight: 100, oom_score_adj: 0 },
    watchdog: Some(Duration::from_secs(10)),
    last_resort: LastResort::Reboot,
    files: &[],
    syscalls: &[],
    network: Network::Local,
};
