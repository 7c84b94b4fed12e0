//! The partitions of the disk that was booted: checked, mounted, grown, and put away at the end.

use super::console::say;
use super::desk::wait;
use super::feeder::Feeder;
use crate::layout;
use crate::random::OsRandom;
use machine::Rng as _;
use os::block::{self, Partition, SECTOR};
use os::mount::{self, FileSystem, Limits};
use os::process::{Ended, Program};
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;
use supervise::boot::{Checked, checked};
use supervise::roles::ROLES;
use update::gpt::{BACKUP_SECTORS, BOOT_CODE_LEN, FIRST_USABLE, Table};

/// The disk that the running system was booted from.
#[derive(Debug)]
pub(super) struct Disk {
    slot: Partition,
}

/// What can be used of what the disk keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// What survives a restart.
    pub(super) state: bool,
    /// What may be lost.
    pub(super) data: bool,
}

impl Disk {
    /// The disks with a slot of this label whose partition has this identifier; with whatever identifier, if none is
    /// asked for.
    pub(super) fn with(slot: &str, part: Option<u128>) -> Vec<Self> {
        let labelled = block::labelled(slot).into_iter().filter(|it| it.device.exists());
        let disks = labelled.map(|slot| Self { slot });
        disks.filter(|disk| part.is_none_or(|part| disk.identifier(slot) == Some(part))).collect()
    }

    /// The one whose slot is the root file system. Another one may have the same labels.
    pub(super) fn running() -> Option<Self> {
        block::root().map(|slot| Self { slot })
    }

    fn identifier(&self, label: &str) -> Option<u128> {
        let table = table(&mut File::open(&self.slot.disk).ok()?).ok()?;
        table.find(label).map(|partition| partition.id.0)
    }

    /// The device of the slot.
    pub(super) fn slot(&self) -> &Path {
        &self.slot.device
    }

    /// A partition of this disk, and of no other.
    pub(super) fn partition(&self, label: &str) -> Option<Partition> {
        block::labelled_on(&self.slot.disk, label)
    }

    /// Checks and mounts what the disk keeps; what is broken is said and left alone.
    pub(super) fn mount_all(&self, feeder: &mut Feeder) -> Kept {
        if let Some(ident) = self.partition("ident") {
            // Never checked, since that would write.
            if let Err(error) = ext4(&ident.device, layout::IDENT, Limits::READ) {
                say(&format!("what was written at manufacture cannot be read: {error}"));
            }
        }
        let data = self.partition("data");
        if let Some(data) = &data
            && let Err(error) = self.grow(data)
        {
            tracing::warn!(%error, "the last partition does not fill the disk");
        }
        let data = data.is_some_and(|data| keep(&data.device, layout::DATA, feeder));
        let state = self.partition("state");
        let state = state.is_some_and(|state| keep(&state.device, layout::STATE, feeder));
        for (folder, there) in [(layout::STATE, state), (layout::DATA, data)] {
            if there && let Err(error) = fill(Path::new(folder)) {
                tracing::warn!(folder, %error, "the file system does not fill its partition");
            }
        }
        Kept { state, data }
    }

    /// Lets the last partition have the whole disk, which is larger than the image was, and the disk be no other's
    /// twin.
    fn grow(&self, data: &Partition) -> io::Result<()> {
        let mut disk = File::options().read(true).write(true).open(&self.slot.disk)?;
        let sectors = block::size(&disk)? / SECTOR;
        let table = table(&mut disk)?;
        let mut grown = table.clone().grown(sectors).map_err(io::Error::other)?;
        if grown.is_as_made() {
            grown = grown.identified(random);
        }
        let mut first = vec![0; HEAD];
        disk.seek(SeekFrom::Start(0))?;
        disk.read_exact(&mut first)?;
        if grown == table && Table::parse(&first).is_ok() {
            return Ok(());
        }
        let mut boot_code = [0; BOOT_CODE_LEN];
        boot_code.iter_mut().zip(&first).for_each(|(place, octet)| *place = *octet);
        // The second table first: a cut leaves the old first table, or one that is torn, and then the kernel and the
        // next start take the second one.
        let backup = grown.backup().map_err(io::Error::other)?;
        disk.seek(SeekFrom::Start(grown.sectors * SECTOR - backup.len() as u64))?;
        disk.write_all(&backup)?;
        disk.sync_all()?;
        disk.seek(SeekFrom::Start(0))?;
        disk.write_all(&grown.primary(&boot_code).map_err(io::Error::other)?)?;
        disk.sync_all()?;
        match (table.find("data"), grown.find("data")) {
            (Some(old), Some(new))
                if old.len() != new.len() || data.length * SECTOR != new.len() =>
            {
                block::tell_length(&disk, data, new.len() / SECTOR)?;
                say(
                    "the disk is larger than the image was: the last partition has been made longer",
                );
            }
            _ => {}
        }
        Ok(())
    }
}

/// The table of a disk: the first one, or where that is damaged the second one.
fn table(disk: &mut File) -> io::Result<Table> {
    let mut bytes = vec![0; HEAD];
    disk.seek(SeekFrom::Start(0))?;
    disk.read_exact(&mut bytes)?;
    let damaged = match Table::parse(&bytes) {
        Ok(table) => return Ok(table),
        Err(error) => error,
    };
    let mut bytes = vec![0; usize::try_from(BACKUP_SECTORS * SECTOR).unwrap_or(0)];
    disk.seek(SeekFrom::Start(block::size(disk)?.saturating_sub(bytes.len() as u64)))?;
    disk.read_exact(&mut bytes)?;
    // What is wrong with the first one says more.
    Table::parse_backup(&bytes).map_err(|_| io::Error::other(damaged))
}

fn random() -> u128 {
    let mut octets = [0; 16];
    OsRandom.fill(&mut octets);
    u128::from_le_bytes(octets)
}

/// Checks a file system and mounts it for writing; whether that was possible.
fn keep(device: &Path, folder: &str, feeder: &mut Feeder) -> bool {
    match check(device, feeder) {
        Checked::Clean => {}
        Checked::Mended => say(&format!("{folder} was mended after an unclean end")),
        Checked::Broken => {
            say(&format!("{folder} is damaged and is not used; a factory reset makes it anew"));
            return false;
        }
    }
    match ext4(device, folder, Limits::DATA) {
        Ok(()) => true,
        Err(error) => {
            say(&format!("{folder} cannot be mounted: {error}"));
            false
        }
    }
}

fn ext4(device: &Path, folder: &str, limits: Limits) -> io::Result<()> {
    let _ = std::fs::create_dir(folder);
    let source = device.to_str().unwrap_or_default();
    let options = if limits.read_only { "" } else { "errors=remount-ro" };
    FileSystem { source, kind: "ext4", limits, options }.mount(Path::new(folder))
}

/// e2fsck, for no longer than [`CHECK_MAX`]. A system without it mounts what the journal makes whole.
pub(super) fn check(device: &Path, feeder: &mut Feeder) -> Checked {
    if !Path::new(E2FSCK).exists() {
        return Checked::Clean;
    }
    let word = |word: &[u8]| CString::new(word).unwrap_or_default();
    let program = Program {
        path: word(E2FSCK.as_bytes()),
        words: vec![word(b"e2fsck"), word(b"-p"), word(device.as_os_str().as_bytes())],
        environment: Vec::new(),
        descriptors: Vec::new(),
        group: None,
    };
    let child = match program.spawn() {
        Ok(child) => child,
        Err(error) => {
            tracing::error!(%error, "the check of a file system cannot be started");
            return Checked::Broken;
        }
    };
    checked(match wait(&child, CHECK_MAX, feeder) {
        Some(Ended::Code(code)) => Some(code),
        Some(Ended::Signal(_)) | None => None,
    })
}

/// Lets a mounted file system have its whole partition.
fn fill(folder: &Path) -> io::Result<()> {
    let system = nix::sys::statvfs::statvfs(folder)?;
    let device = device_of(folder)?;
    let octets = block::size(&File::open(device)?)?;
    let block = system.fragment_size().max(1);
    let (have, room) = (system.blocks(), octets / block);
    // What ext4 keeps for itself is not among its blocks: a small difference is none.
    if room > have + have / 8 + LEAST_GROWTH / block {
        block::grow_ext4(&File::open(folder)?, room)?;
    }
    Ok(())
}

/// The device that is mounted on a folder.
fn device_of(folder: &Path) -> io::Result<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let device = mounts.lines().find_map(|line| {
        let mut words = line.split(' ');
        let device = words.next()?;
        (Path::new(words.next()?) == folder).then(|| PathBuf::from(device))
    });
    device.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

/// The folders that the roles have, each its owner's, and the one for their sockets.
pub(super) fn folders(kept: Kept) {
    let mode =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
    let make = |path: PathBuf, owner: u32| -> io::Result<()> {
        std::fs::create_dir_all(&path)?;
        chown(&path, Some(owner), Some(owner))?;
        mode(&path, 0o700)
    };
    for role in ROLES.iter().filter(|_| kept.state) {
        if let Err(error) = make(layout::own(role.name), role.uid) {
            tracing::error!(role = role.name, %error, "has no folder");
        }
    }
    let sockets = Path::new(layout::SOCKETS);
    let made = std::fs::create_dir_all(sockets).and_then(|()| mode(sockets, 0o755));
    if let Err(error) = made {
        tracing::error!(%error, "the roles have no folder for their sockets");
    }
}

/// Takes the file systems away, the youngest first; what cannot go is at least whole on the disk.
pub(super) fn unmount_all() {
    block::sync();
    for folder in [layout::DATA, layout::STATE, layout::IDENT].map(Path::new) {
        if device_of(folder).is_err() {
            continue;
        }
        let gone = (0..UNMOUNT_TRIES).any(|_| {
            let gone = mount::unmount(folder).is_ok();
            if !gone {
                std::thread::sleep(UNMOUNT_REST);
            }
            gone
        });
        if !gone {
            let left = mount::make_read_only(folder);
            tracing::error!(?folder, ?left, "could not be unmounted");
        }
    }
    block::sync();
}

/// Octets of the first table, with what stands before it.
const HEAD: usize = 34 * 512;
const _: () = assert!(HEAD as u64 == FIRST_USABLE * SECTOR);
const E2FSCK: &str = "/sbin/e2fsck";
/// A journal is replayed in a second; whoever needs longer has lost more than that.
const CHECK_MAX: Duration = Duration::from_mins(1);
/// Not worth a change of the file system.
const LEAST_GROWTH: u64 = 32 << 20;
const UNMOUNT_TRIES: usize = 5;
const UNMOUNT_REST: Duration = Duration::from_millis(200);
