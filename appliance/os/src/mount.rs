//! File systems: mounted, moved, changed, and the whole root exchanged.

use nix::errno::Errno;
use nix::libc;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// What a mounted file system must not be good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Nothing is written.
    pub read_only: bool,
    /// No programs.
    pub no_programs: bool,
    /// No device nodes. Programs never get their owner's rights anywhere.
    pub no_devices: bool,
}

impl Limits {
    /// For what holds data: written, but neither programs nor devices.
    pub const DATA: Self = Self { read_only: false, no_programs: true, no_devices: true };
    /// For devices.
    pub const DEVICES: Self = Self { read_only: false, no_programs: true, no_devices: false };
    /// For a system that is only read.
    pub const SYSTEM: Self = Self { read_only: true, no_programs: false, no_devices: true };
    /// For data that is only read.
    pub const READ: Self = Self { read_only: true, no_programs: true, no_devices: true };

    fn flags(self) -> MsFlags {
        let mut flags = MsFlags::MS_NOSUID;
        flags.set(MsFlags::MS_RDONLY, self.read_only);
        flags.set(MsFlags::MS_NOEXEC, self.no_programs);
        flags.set(MsFlags::MS_NODEV, self.no_devices);
        flags
    }
}

/// A file system to be mounted.
#[derive(Clone, Copy, Debug)]
pub struct FileSystem<'a> {
    /// A device, or a name for what needs none.
    pub source: &'a str,
    /// `ext4`, `squashfs`, `tmpfs` ...
    pub kind: &'a str,
    /// What it must not be good for.
    pub limits: Limits,
    /// Its own options, with commas.
    pub options: &'a str,
}

impl FileSystem<'_> {
    /// Mounts it on the folder `target`.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn mount(&self, target: &Path) -> io::Result<()> {
        let flags = self.limits.flags() | relaxed(self.kind);
        mount(Some(self.source), target, Some(self.kind), flags, Some(self.options))?;
        Ok(())
    }
}

/// The access time of a file costs a write for each read.
fn relaxed(kind: &str) -> MsFlags {
    if kind == "ext4" { MsFlags::MS_NOATIME } else { MsFlags::empty() }
}

/// Takes the file system on `target` away.
///
/// # Errors
/// `EBUSY` while somebody uses it.
pub fn unmount(target: &Path) -> io::Result<()> {
    Ok(umount2(target, MntFlags::UMOUNT_NOFOLLOW)?)
}

/// Makes the file system on `target` one that is only read, so that what it holds is whole on the disk.
///
/// # Errors
/// `EBUSY` while somebody writes.
pub fn make_read_only(target: &Path) -> io::Result<()> {
    let flags = MsFlags::MS_REMOUNT | Limits::READ.flags();
    Ok(mount(None::<&str>, target, None::<&str>, flags, None::<&str>)?)
}

/// Moves the file system on `from` to the folder `to`.
///
/// # Errors
/// What the kernel says.
pub fn shift(from: &Path, to: &Path) -> io::Result<()> {
    Ok(mount(Some(from), to, None::<&str>, MsFlags::MS_MOVE, None::<&str>)?)
}

/// Makes the file system on `new` the root. What was the root keeps its memory unless it was emptied before.
///
/// # Errors
/// What the kernel says; the root is then as it was.
pub fn switch_root(new: &Path) -> io::Result<()> {
    std::env::set_current_dir(new)?;
    mount(Some("."), "/", None::<&str>, MsFlags::MS_MOVE, None::<&str>)?;
    nix::unistd::chroot(".")?;
    std::env::set_current_dir("/")
}

/// A file or folder with all that is mounted below it, detached from the tree, to be put elsewhere.
#[derive(Debug)]
pub struct Piece(OwnedFd);

impl Piece {
    /// A copy of what stands at `path`.
    ///
    /// # Errors
    /// If it is not there, or this process may not mount.
    pub fn of(path: &Path) -> io::Result<Self> {
        let path = c_string(path)?;
        let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | AT_RECURSIVE;
        #[expect(unsafe_code, reason = "open_tree has no safe face")]
        // SAFETY: the path ends with zero and outlives the call.
        let made =
            unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
        let fd = RawFd::try_from(Errno::result(made)?).map_err(io::Error::other)?;
        #[expect(unsafe_code, reason = "the kernel gives the descriptor as a number")]
        // SAFETY: the kernel has just made it for us, and nobody else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Whether it is a folder.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn is_folder(&self) -> io::Result<bool> {
        let kind =
            nix::sys::stat::SFlag::from_bits_truncate(nix::sys::stat::fstat(&self.0)?.st_mode);
        Ok(kind & nix::sys::stat::SFlag::S_IFMT == nix::sys::stat::SFlag::S_IFDIR)
    }

    /// Puts it on `target`, a file on a file, a folder on a folder.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn put(self, target: &Path) -> io::Result<()> {
        let target = c_string(target)?;
        let (from, empty) = (self.0.as_raw_fd(), c"");
        #[expect(unsafe_code, reason = "move_mount has no safe face")]
        // SAFETY: both paths end with zero and outlive the call.
        let moved = unsafe {
            libc::syscall(
                libc::SYS_move_mount,
                from,
                empty.as_ptr(),
                libc::AT_FDCWD,
                target.as_ptr(),
                MOVE_MOUNT_F_EMPTY_PATH,
            )
        };
        Errno::result(moved)?;
        Ok(())
    }
}

/// Lets this process have mounts of its own: what it changes is not seen elsewhere, what others change later is not
/// seen here.
///
/// # Errors
/// If this user may not.
pub fn own_namespace() -> io::Result<()> {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS)?;
    let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    Ok(mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)?)
}

/// Limits a mount of this namespace, without touching the file system behind it.
///
/// # Errors
/// What the kernel says.
pub fn limit(target: &Path, limits: Limits) -> io::Result<()> {
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | limits.flags();
    Ok(mount(None::<&str>, target, None::<&str>, flags, None::<&str>)?)
}

fn c_string(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)
}

/// `AT_RECURSIVE` of linux/fcntl.h.
const AT_RECURSIVE: u32 = 0x8000;
/// `MOVE_MOUNT_F_EMPTY_PATH` of linux/mount.h.
const MOVE_MOUNT_F_EMPTY_PATH: u32 = 4;
