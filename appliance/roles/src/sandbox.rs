//! The first act of a role: it gives up what its row of the table does not list.
//!
//! On the box a role begins as root and becomes its own user, with mounts, files
//! and system calls of its own. On a person's machine it keeps that person's
//! user and takes what such a user can have: no new privileges, Landlock, a list
//! of system calls. What could not be had is said in the log, in either case.

use os::confine::{self, Access, Enforced, Family};
use os::mount::{self, FileSystem, Limits, Piece};
use os::priority;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use supervise::calls;
use supervise::role::{Base, Grant, Network, Rights, Role};

/// Where the bases of the table's paths are for this process.
#[derive(Clone, Debug)]
pub struct Bases {
    /// The role's own folder.
    pub own: PathBuf,
    /// The administrator's files.
    pub settings: Vec<PathBuf>,
    /// The sockets of the roles.
    pub sockets: PathBuf,
}

/// What of the confinement is in force, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confined {
    /// It has a user and mounts of its own.
    pub user: bool,
    /// How far Landlock goes.
    pub files: Enforced,
    /// It may make only the system calls of its row.
    pub calls: bool,
}

impl Confined {
    /// Whether nothing of it is missing.
    #[must_use]
    pub fn fully(self) -> bool {
        self.user && self.calls && self.files == Enforced::Fully
    }
}

/// Confines this process, which must have one thread, to what `role` may do; `box_` tells whether it is on the box.
///
/// # Errors
/// What the kernel refuses; the process must then end, since half of it may have been done. In the foreground a kernel
/// without Landlock or seccomp, as in some containers, is no error.
pub fn enter(role: &Role, bases: &Bases, ground: Ground) -> io::Result<Confined> {
    if ground == Ground::Box {
        // On a person's machine the person has decided.
        priority::when_memory_is_short(role.share.oom_score_adj)?;
        priority::nice(role.share.nice.into())?;
        own_mounts(role, bases)?;
        confine::limit(role.files_max)?;
        let capabilities: Vec<u8> = role.capabilities.iter().map(|it| *it as u8).collect();
        confine::become_user(role.uid, &capabilities)?;
    }
    confine::no_new_privileges()?;
    let files = confine::restrict_files(&access(role, bases))?;
    let groups = role.syscalls.iter().copied().flatten();
    let names = calls::BASE.iter().chain(groups).copied();
    let calls = confine::restrict_calls(names, families(role.network));
    match (calls, ground) {
        (Err(error), Ground::Box) => Err(error),
        (calls, _) => Ok(Confined { user: ground == Ground::Box, files, calls: calls.is_ok() }),
    }
}

/// Nothing is read from PID 1's console, and what a role prints, as when it panics, is in the kernel's log: a process
/// that has the console could stop it, or speak in PID 1's name.
///
/// # Errors
/// If the devices are not there.
pub fn no_terminal() -> io::Result<()> {
    nix::unistd::dup2_stdin(File::open("/dev/null")?)?;
    let log = File::options().write(true).open("/dev/kmsg")?;
    nix::unistd::dup2_stdout(&log)?;
    Ok(nix::unistd::dup2_stderr(&log)?)
}

/// Where a role runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// As PID 1's child, as root, on a system that is ours.
    Box,
    /// As a person's process on that person's machine.
    Foreground,
}

const fn families(network: Network) -> &'static [Family] {
    match network {
        Network::Local => &[Family::Unix, Family::Netlink],
        Network::Ip => &[Family::Unix, Family::Netlink, Family::Ip],
        Network::Wire => &[Family::Unix, Family::Netlink, Family::Ip, Family::Packet],
    }
}

/// The paths of a grant.
fn paths(grant: &Grant, bases: &Bases) -> Vec<PathBuf> {
    let begin = match grant.base {
        Base::Own => vec![bases.own.clone()],
        Base::Settings => bases.settings.clone(),
        Base::Run => vec![bases.sockets.clone()],
        Base::Root => vec![PathBuf::from("/")],
    };
    let path = |base: PathBuf| if grant.path.is_empty() { base } else { base.join(grant.path) };
    begin.into_iter().map(path).collect()
}

fn access(role: &Role, bases: &Bases) -> Access {
    let mut access = Access { tcp: role.network == Network::Ip, ..Access::default() };
    access.read.extend(COMMON_READ.iter().map(PathBuf::from));
    access.open.extend(COMMON_OPEN.iter().map(PathBuf::from));
    for grant in role.files {
        let list = match grant.rights {
            Rights::Read => &mut access.read,
            Rights::Write => &mut access.write,
            Rights::Use => &mut access.open,
        };
        list.extend(paths(grant, bases));
    }
    access
}

/// Mounts of its own: of what survives a restart only its own folder and the files it may read, a `/tmp` that nobody
/// else sees, and none of the rest.
fn own_mounts(role: &Role, bases: &Bases) -> io::Result<()> {
    mount::own_namespace()?;
    let hidden = [crate::layout::STATE, crate::layout::DATA, crate::layout::IDENT];
    // Taken before what they stand in is covered.
    let mut kept = Vec::new();
    for grant in role.files {
        for path in paths(grant, bases) {
            if hidden.iter().any(|folder| path.starts_with(folder)) && path.exists() {
                kept.push((Piece::of(&path)?, path, grant.rights));
            }
        }
    }
    for folder in hidden.into_iter().chain(["/tmp"]).filter(|folder| Path::new(folder).exists()) {
        empty().mount(Path::new(folder))?;
    }
    for (piece, path, rights) in kept {
        make_place(&path, &piece)?;
        piece.put(&path)?;
        let read_only = rights != Rights::Write;
        mount::limit(&path, Limits { read_only, ..Limits::DATA })?;
    }
    for folder in hidden.into_iter().filter(|folder| Path::new(folder).exists()) {
        mount::limit(Path::new(folder), Limits::READ)?;
    }
    for folder in ["/sys", "/sys/fs/cgroup"].into_iter().filter(|it| Path::new(it).exists()) {
        // It may not be a mount of its own where there is no such file system.
        let _ = mount::limit(Path::new(folder), Limits::READ);
    }
    Ok(())
}

/// A file or folder for something to be mounted on.
fn make_place(path: &Path, piece: &Piece) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if piece.is_folder()? { std::fs::create_dir_all(path) } else { std::fs::write(path, "") }
}

/// A folder with nothing in it, and little room.
fn empty() -> FileSystem<'static> {
    FileSystem { source: "none", kind: "tmpfs", limits: Limits::DATA, options: "size=1m,mode=755" }
}

/// What every process reads: itself, and what the runtime wants to know of the machine.
const COMMON_READ: &[&str] = &["/proc/self", "/proc/sys/net", "/sys/fs/cgroup", "/proc/stat"];

/// What every process writes to.
const COMMON_OPEN: &[&str] = &["/dev/null", "/dev/urandom", "/dev/random", "/dev/kmsg"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_granted_the_paths_of_its_row_and_no_more() {
        let role = supervise::roles::find("dect").unwrap();
        let bases = Bases {
            own: "/state/dect".into(),
            settings: vec!["/state/config.xml".into(), "/state/users.xml".into()],
            sockets: "/run/fixpart".into(),
        };
        let reads_files = |name: &str| {
            let role = supervise::roles::find(name).unwrap();
            access(role, &bases).read.contains(&PathBuf::from("/state/users.xml"))
        };
        assert!(reads_files("conf") && !reads_files("dect"));
        let access = access(role, &bases);
        assert_eq!(access.write, [PathBuf::from("/state/dect")]);
        assert!(access.read.contains(&PathBuf::from("/etc")));
        assert!(access.open.contains(&PathBuf::from("/run/fixpart")));
        for path in access.read.iter().chain(&access.open) {
            for forbidden in ["/", "/state", "/data", "/ident", "/dev", "/proc"] {
                assert_ne!(path, Path::new(forbidden), "everything below it");
            }
        }
    }
}
