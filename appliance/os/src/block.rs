//! Disks and partitions: found by label, measured, grown.

use nix::libc;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A partition as the kernel knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its device.
    pub device: PathBuf,
    /// The disk it is on.
    pub disk: PathBuf,
    /// Its number there.
    pub number: u32,
    /// Where it begins, in sectors of 512 octets.
    pub start: u64,
    /// How long it is, in sectors of 512 octets.
    pub length: u64,
}

/// Every partition with this label in its GPT entry.
#[must_use]
pub fn labelled(label: &str) -> Vec<Partition> {
    let wanted = format!("PARTNAME={label}");
    let mut found = each_block_device(|folder| {
        let uevent = std::fs::read_to_string(folder.join("uevent")).ok()?;
        uevent.lines().any(|line| line == wanted).then(|| partition(folder)).flatten()
    });
    found.sort_by(|one, other| one.device.cmp(&other.device));
    found
}

/// The partition that is mounted at the root of everything; `None` where that is no partition.
#[must_use]
pub fn root() -> Option<Partition> {
    let device = std::fs::metadata("/").ok()?.dev();
    let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
    let folder = std::fs::canonicalize(format!("/sys/dev/block/{major}:{minor}")).ok()?;
    partition(&folder)
}

/// The partition with this label on the disk `disk`.
#[must_use]
pub fn labelled_on(disk: &Path, label: &str) -> Option<Partition> {
    labelled(label).into_iter().find(|partition| partition.disk == disk)
}

fn each_block_device<T>(look: impl Fn(&Path) -> Option<T>) -> Vec<T> {
    let folders = std::fs::read_dir(CLASS).into_iter().flatten().flatten();
    folders.filter_map(|folder| look(&folder.path())).collect()
}

fn partition(folder: &Path) -> Option<Partition> {
    let number = |file: &str| std::fs::read_to_string(folder.join(file)).ok()?.trim().parse().ok();
    // The entry is a link to .../block/DISK/PARTITION.
    let real = std::fs::canonicalize(folder).ok()?;
    let disk = real.parent()?.file_name()?;
    Some(Partition {
        device: Path::new("/dev").join(folder.file_name()?),
        disk: Path::new("/dev").join(disk),
        number: u32::try_from(number("partition")?).ok()?,
        start: number("start")?,
        length: number("size")?,
    })
}

/// How large a disk or partition is, in octets.
///
/// # Errors
/// If the device is none.
pub fn size(device: &File) -> io::Result<u64> {
    let mut size = 0;
    #[expect(unsafe_code, reason = "an ioctl")]
    // SAFETY: the request writes a u64, and `size` is one that outlives the call.
    unsafe {
        requests::size(device.as_raw_fd(), &raw mut size)?
    };
    Ok(size)
}

/// Tells the kernel that a partition of the open `disk` is `length` sectors of 512 octets long from now on, although
/// it is in use.
///
/// # Errors
/// If it would meet its neighbour, or the disk's end.
pub fn tell_length(disk: &File, partition: &Partition, length: u64) -> io::Result<()> {
    let octets = |sectors: u64| {
        let octets = sectors.checked_mul(SECTOR).and_then(|octets| i64::try_from(octets).ok());
        octets.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
    };
    let number = i32::try_from(partition.number).map_err(io::Error::other)?;
    let mut data = libc_blkpg::partition(octets(partition.start)?, octets(length)?, number);
    let mut argument = libc_blkpg::resize(&mut data);
    #[expect(unsafe_code, reason = "an ioctl")]
    // SAFETY: the request reads the structure and the one it points at; both outlive the call.
    unsafe {
        requests::partition(disk.as_raw_fd(), &raw mut argument)?
    };
    Ok(())
}

/// Grows the mounted ext4 file system, of which `folder` is any open folder, to so many of its blocks.
///
/// # Errors
/// If the device is not large enough, or the file system has no room for the tables this needs.
pub fn grow_ext4(folder: &File, blocks: u64) -> io::Result<()> {
    #[expect(unsafe_code, reason = "an ioctl")]
    // SAFETY: the request reads a u64 that outlives the call.
    unsafe {
        requests::grow_ext4(folder.as_raw_fd(), &raw const blocks)?
    };
    Ok(())
}

/// Writes everything that waits onto the disks.
pub fn sync() {
    nix::unistd::sync();
}

mod requests {
    nix::ioctl_read!(size, 0x12, 114, u64);
    nix::ioctl_readwrite_bad!(partition, 0x1269, super::libc_blkpg::Argument);
    nix::ioctl_write_ptr!(grow_ext4, b'f', 16, u64);
}

/// The structures of linux/blkpg.h.
mod libc_blkpg {
    use super::libc;
    use std::ffi::{c_char, c_int, c_longlong, c_void};

    #[repr(C)]
    pub(super) struct Data {
        start: c_longlong,
        length: c_longlong,
        number: c_int,
        names: [c_char; 128],
    }

    #[repr(C)]
    pub(super) struct Argument {
        operation: c_int,
        flags: c_int,
        length: c_int,
        data: *mut c_void,
    }

    pub(super) fn partition(start: i64, length: i64, number: i32) -> Data {
        Data { start, length, number, names: [0; 128] }
    }

    pub(super) fn resize(data: &mut Data) -> Argument {
        let length = libc::c_int::try_from(size_of::<Data>()).unwrap_or(0);
        Argument { operation: RESIZE, flags: 0, length, data: (&raw mut *data).cast() }
    }

    /// `BLKPG_RESIZE_PARTITION`
    const RESIZE: c_int = 3;
}

const CLASS: &str = "/sys/class/block";

/// The unit of the kernel's block layer, whatever the disk's own is.
pub const SECTOR: u64 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "miri has no devices")]
    fn a_label_that_nobody_has_finds_nothing_and_a_file_is_no_disk() {
        assert_eq!(labelled("no partition has this label"), []);
        let file = tempfile();
        assert!(size(&file).is_err());
        assert!(grow_ext4(&file, 1).is_err());
        let none = Partition {
            device: PathBuf::new(),
            disk: PathBuf::new(),
            number: 1,
            start: 0,
            length: 8,
        };
        assert!(tell_length(&file, &none, 16).is_err());
        assert!(tell_length(&file, &none, u64::MAX).is_err());
    }

    fn tempfile() -> File {
        File::open(std::env::current_exe().unwrap()).unwrap()
    }
}
