//! A process gives up what it does not need, for good.
//!
//! Meant for the first act of a process, while it has one thread: most of these
//! concern the calling thread and what it starts later.

mod numbers;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid};
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

/// Limits the process to so many open descriptors and to no core files, which would hold keys.
///
/// # Errors
/// If there were fewer allowed before, and this user may not have more.
pub fn limit(descriptors: u64) -> io::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, descriptors, descriptors)?)
}

/// Becomes an ordinary user, with its own group only, that keeps just these capabilities.
///
/// # Errors
/// If this process is not root; it must then end, since half of it may have been done.
pub fn become_user(uid: u32, capabilities: &[u8]) -> io::Result<()> {
    // While still allowed to: what leaves this set can never come back.
    for capability in (0..=CAPABILITY_MAX).filter(|it| !capabilities.contains(it)) {
        match prctl_numbers(libc::PR_CAPBSET_DROP, capability.into()) {
            // A number that this kernel does not know yet.
            Err(Errno::EINVAL) => {}
            other => other?,
        }
    }
    prctl::set_keepcaps(true)?;
    nix::unistd::setgroups(&[])?;
    let (user, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
    nix::unistd::setresgid(group, group, group)?;
    nix::unistd::setresuid(user, user, user)?;
    prctl::set_keepcaps(false)?;
    set_capabilities(capabilities.iter().fold(0, |mask, it| mask | 1u64.wrapping_shl((*it).into())))
}

/// Never gets more rights by executing anything; what the two below need where this user is not root.
///
/// # Errors
/// Never on a kernel since 3.5.
pub fn no_new_privileges() -> io::Result<()> {
    Ok(prctl::set_no_new_privs()?)
}

/// What may be done with files, and whether there is a network.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Read, with all that is below.
    pub read: Vec<PathBuf>,
    /// Read, written, made and removed, with all that is below.
    pub write: Vec<PathBuf>,
    /// Opened for reading and writing, but nothing is made there.
    pub open: Vec<PathBuf>,
    /// Whether TCP may be spoken.
    pub tcp: bool,
}

/// How far the kernel goes along with [`restrict_files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforced {
    /// All of it.
    Fully,
    /// What this kernel knows of it.
    Partly,
    /// Nothing: it has no Landlock.
    Not,
}

/// Lets only these files be opened from now on; what is open stays so, and a path that is not there is passed over.
///
/// # Errors
/// What only a mistake of ours can be, since the crate goes along with every kernel.
pub fn restrict_files(access: &Access) -> io::Result<Enforced> {
    let all = AccessFs::from_all(LANDLOCK);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let open = read | AccessFs::WriteFile | AccessFs::IoctlDev;
    let write = all & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)
        .map_err(io::Error::other)?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)
        .map_err(io::Error::other)?;
    if !access.tcp {
        rules = rules.handle_access(AccessNet::from_all(LANDLOCK)).map_err(io::Error::other)?;
    }
    let mut rules = rules.create().map_err(io::Error::other)?;
    for (paths, rights) in [(&access.read, read), (&access.write, write), (&access.open, open)] {
        for path in paths {
            let Ok(fd) = PathFd::new(path) else { continue };
            let rule = PathBeneath::new(fd, for_kind(path, rights));
            rules = rules.add_rule(rule).map_err(io::Error::other)?;
        }
    }
    let status = rules.restrict_self().map_err(io::Error::other)?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Enforced::Fully,
        RulesetStatus::PartiallyEnforced => Enforced::Partly,
        RulesetStatus::NotEnforced => Enforced::Not,
    })
}

/// What concerns folders only cannot be granted on a file.
fn for_kind(path: &Path, rights: BitFlags<AccessFs>) -> BitFlags<AccessFs> {
    if path.is_dir() { rights } else { rights & AccessFs::from_file(LANDLOCK) }
}

/// What a socket may belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Sockets between the processes of this machine.
    Unix,
    /// What the kernel says of its network; changing that needs a capability.
    Netlink,
    /// IP of either version.
    Ip,
    /// Packets as they are on the wire; needs a capability.
    Packet,
}

impl Family {
    const fn numbers(self) -> &'static [libc::c_int] {
        match self {
            Self::Unix => &[libc::AF_UNIX],
            Self::Netlink => &[libc::AF_NETLINK],
            Self::Ip => &[libc::AF_INET, libc::AF_INET6],
            Self::Packet => &[libc::AF_PACKET],
        }
    }
}

/// Lets only the system calls of these names be made from now on, in every thread that is started later; sockets only
/// of these families, and changes of priority and of limits only of the caller itself.
///
/// Another call fails with EPERM; one of those that only an intruder would try (a program executed, a process
/// traced, a module loaded ...) ends the process. Names that this architecture lacks are passed over. Threads are made
/// by clone, even where clone3 is listed, and no namespaces with them.
///
/// # Errors
/// If the kernel has no seccomp, or a name is none at all.
pub fn restrict_calls<'a>(
    allowed: impl Iterator<Item = &'a str>,
    families: &[Family],
) -> io::Result<()> {
    let mut rules = BTreeMap::new();
    for name in allowed {
        match numbers::number(name) {
            numbers::Number::Here(number) => drop(rules.insert(number, with(number, families)?)),
            numbers::Number::Elsewhere => {}
            numbers::Number::Nowhere => {
                return Err(io::Error::other(format!("{name} is no system call we know")));
            }
        }
    }
    // In this order: installing a filter is none of the calls that the last one allows. The sterner verdict counts.
    let deadly = DEADLY.iter().map(|number| (*number, vec![]));
    install(deadly.collect(), SeccompAction::Allow, SeccompAction::KillProcess)?;
    // What clone3 is asked for stands in memory, where no filter can look. Who wants a thread goes on to clone.
    let missing = BTreeMap::from([(libc::SYS_clone3, vec![])]);
    install(missing, SeccompAction::Allow, errno(libc::ENOSYS))?;
    install(rules, errno(libc::EPERM), SeccompAction::Allow)
}

/// A clone that makes no namespace: in one of its own a process has all capabilities.
fn no_namespace() -> io::Result<SeccompRule> {
    let compare = SeccompCmpOp::MaskedEq(NAMESPACES);
    let flags = SeccompCondition::new(0, SeccompCmpArgLen::Qword, compare, 0);
    SeccompRule::new(vec![flags.map_err(io::Error::other)?]).map_err(io::Error::other)
}

fn errno(number: i32) -> SeccompAction {
    SeccompAction::Errno(u32::try_from(number).unwrap_or(1))
}

/// With which arguments a call may be made; empty: with all.
fn with(number: i64, families: &[Family]) -> io::Result<Vec<SeccompRule>> {
    let only = |arguments: &[(u8, libc::c_int)]| {
        let is = |(index, value): &(u8, libc::c_int)| {
            let value = u64::from(value.cast_unsigned());
            SeccompCondition::new(*index, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
        };
        let conditions = arguments.iter().map(is).collect::<Result<_, _>>();
        conditions.and_then(SeccompRule::new).map_err(io::Error::other)
    };
    match number {
        libc::SYS_clone => Ok(vec![no_namespace()?]),
        libc::SYS_socket => {
            let numbers = families.iter().flat_map(|family| family.numbers());
            numbers.map(|family| only(&[(0, *family)])).collect()
        }
        // 0 is the caller.
        libc::SYS_sched_setscheduler
        | libc::SYS_sched_setattr
        | libc::SYS_sched_setaffinity
        | libc::SYS_prlimit64 => Ok(vec![only(&[(0, 0)])?]),
        libc::SYS_setpriority => Ok(vec![only(&[(0, PRIO_PROCESS), (1, 0)])?]),
        _ => Ok(Vec::new()),
    }
}

fn install(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    listed: SeccompAction,
) -> io::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let filter = SeccompFilter::new(rules, otherwise, listed, arch).map_err(io::Error::other)?;
    let program: seccompiler::BpfProgram = filter.try_into().map_err(io::Error::other)?;
    seccompiler::apply_filter(&program).map_err(io::Error::other)
}

/// Closes every descriptor from `first` on.
///
/// # Errors
/// Never on a kernel since 5.9; on an older one they close at exec, as all of ours do.
pub fn close_from(first: RawFd) -> io::Result<()> {
    let first = u32::try_from(first).unwrap_or(0);
    #[expect(unsafe_code, reason = "close_range has no safe face")]
    // SAFETY: takes only numbers. Nobody owns a descriptor yet: this is the first act of the process, whose passed
    // descriptors are below `first`.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    Errno::result(closed)?;
    Ok(())
}

fn prctl_numbers(operation: i32, argument: libc::c_ulong) -> nix::Result<()> {
    #[expect(unsafe_code, reason = "no safe face in nix")]
    // SAFETY: these operations take numbers only.
    Errno::result(unsafe { libc::prctl(operation, argument, 0, 0, 0) }).map(drop)
}

/// Exactly these capabilities, and none that would outlive exec.
fn set_capabilities(mask: u64) -> io::Result<()> {
    let clear = libc::c_ulong::try_from(libc::PR_CAP_AMBIENT_CLEAR_ALL).unwrap_or(4);
    prctl_numbers(libc::PR_CAP_AMBIENT, clear)?;
    let header = [CAPABILITY_VERSION, 0];
    let [low, high] = [mask & 0xFFFF_FFFF, mask >> 32].map(|it| u32::try_from(it).unwrap_or(0));
    // Effective, permitted, inheritable; for the lower and the upper half.
    let data = [low, low, 0, high, high, 0];
    #[expect(unsafe_code, reason = "capset has no safe face")]
    // SAFETY: both arrays have the layout that this version of the call reads, and outlive it.
    let set = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr()) };
    Errno::result(set)?;
    Ok(())
}

/// The newest interface whose rights we know; the crate leaves out what the kernel lacks.
const LANDLOCK: ABI = ABI::V6;

/// One thread, of those that `setpriority` may mean.
const PRIO_PROCESS: libc::c_int = 0;

/// `_LINUX_CAPABILITY_VERSION_3`
const CAPABILITY_VERSION: u32 = 0x2008_0522;

/// Room for those to come: the kernel has 41 and 64 places.
const CAPABILITY_MAX: u8 = 63;

/// Everything in which clone(2) can give a process a world of its own, without the one that is for time, which it takes
/// for a signal.
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// What none of our roles ever does.
const DEADLY: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_reboot,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_open_by_handle_at,
];

#[cfg(test)]
mod tests;
