//! Factory reset: what its scope names is taken away before anything is mounted.
//!
//! Each part can be repeated: a power cut in the middle leaves the request in
//! place, and the next boot does all of it again.

use super::boot_state::BootRecord;
use super::console::say;
use super::disk::{Disk, check};
use super::feeder::Feeder;
use crate::layout;
use os::block::{self, Partition};
use os::mount::{self, FileSystem, Limits};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;
use store::{Disk as Durable, write_durably};
use supervise::boot::Checked;
use update::bootstate::Reset;
use update::template::Template;

/// Does what the boot state asks for, if it asks for something.
pub(super) fn if_wanted(disk: &Disk, record: &mut BootRecord, feeder: &mut Feeder) {
    let Some(scope) = record.wanted_reset() else { return };
    say(&format!("factory reset, scope {}", word(scope)));
    match reset(disk, scope, feeder) {
        Ok(Done::All) => {
            record.reset_done();
            say("the factory reset is done");
        }
        Ok(Done::Not) => {
            record.reset_done();
            say(
                "the settings are damaged beyond repair: nothing was reset, only a full factory reset helps",
            );
        }
        Err(error) => {
            say(&format!("the factory reset is not done and will be tried again: {error}"));
        }
    }
}

/// What has become of a reset that is not to be tried again.
enum Done {
    /// All that its scope names is gone.
    All,
    /// It could only have been done by taking away more than its scope names.
    Not,
}

fn reset(disk: &Disk, scope: Reset, feeder: &mut Feeder) -> io::Result<Done> {
    match scope {
        Reset::Network => return remove(disk, scope, NETWORK, feeder),
        Reset::Config => return remove(disk, scope, CONFIG, feeder),
        Reset::Full => make_anew(disk)?,
        Reset::Decommission => {
            for label in ["state", "data"] {
                let device = needed(disk, label)?.device;
                overwrite(&device, feeder)?;
            }
            make_anew(disk)?;
        }
    }
    Ok(Done::All)
}

/// Takes files out of what survives a restart, and nothing else: users and subscriptions are not lost because their
/// neighbours were to go. What stands beside them in the database the role `conf` takes away, before anybody asks it.
fn remove(disk: &Disk, scope: Reset, names: &[&str], feeder: &mut Feeder) -> io::Result<Done> {
    let state = needed(disk, "state")?;
    if check(&state.device, feeder) == Checked::Broken {
        return Ok(Done::Not);
    }
    let folder = Path::new(layout::STATE);
    let source = state.device.to_str().unwrap_or_default();
    let _ = std::fs::create_dir(folder);
    let system = FileSystem { source, kind: "ext4", limits: Limits::DATA, options: "" };
    system.mount(folder)?;
    let removed = names.iter().try_for_each(|name| {
        let path = folder.join(name);
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    });
    let asked = removed.and_then(|()| ask_conf(&folder.join("conf"), scope));
    block::sync();
    mount::unmount(folder)?;
    asked.map(|()| Done::All)
}

/// A box that was never started has no database.
fn ask_conf(folder: &Path, scope: Reset) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let order = folder.join(crate::conf::RESET);
    write_durably(&mut Durable, &order, word(scope).as_bytes())?;
    // It is to be read by the role, which is not root.
    let owner = folder.metadata()?;
    chown(order, Some(owner.uid()), Some(owner.gid()))
}

fn make_anew(disk: &Disk) -> io::Result<()> {
    for label in ["data", "state"] {
        write_empty(&needed(disk, label)?)?;
    }
    Ok(())
}

fn needed(disk: &Disk, label: &str) -> io::Result<Partition> {
    let missing = || io::Error::other(format!("there is no partition {label}"));
    disk.partition(label).ok_or_else(missing)
}

/// Writes an empty file system; it is grown to the partition when it is mounted.
fn write_empty(partition: &Partition) -> io::Result<()> {
    let file = std::fs::read(TEMPLATE)?;
    let template = Template::parse(&file).map_err(io::Error::other)?;
    let mut device = File::options().write(true).open(&partition.device)?;
    if template.len() > partition.length * block::SECTOR {
        return Err(io::Error::other("the partition is too small for an empty file system"));
    }
    let mut buffer = vec![0; PIECE];
    let mut from = 0;
    while from < template.len() {
        let length = usize::try_from(template.len() - from).unwrap_or(PIECE).min(PIECE);
        let piece = buffer.get_mut(..length).unwrap_or_default();
        template.fill(from, piece);
        device.write_all(piece)?;
        from += length as u64;
    }
    device.sync_all()
}

/// Writes zeros over everything. Flash keeps what it has replaced until it needs the room; who must be sure of more
/// has to destroy the disk, which the manual says.
fn overwrite(device: &Path, feeder: &mut Feeder) -> io::Result<()> {
    let mut device = File::options().write(true).open(device)?;
    let mut left = block::size(&device)?;
    let zeros = vec![0; PIECE];
    let mut since_flush = 0;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        device.write_all(zeros.get(..length).unwrap_or_default())?;
        left -= length as u64;
        since_flush += length;
        // In pieces, since a flush of all that memory holds could take longer than the watchdog waits.
        if since_flush >= FLUSHED {
            since_flush = 0;
            device.sync_data()?;
        }
        feeder.feed();
    }
    device.sync_all()
}

const fn word(scope: Reset) -> &'static str {
    match scope {
        Reset::Network => "network",
        Reset::Config => "config",
        Reset::Full => "full",
        Reset::Decommission => "decommission",
    }
}

/// The network settings, once a role keeps them.
const NETWORK: &[&str] = &["net"];
/// All settings; users and subscriptions stay.
const CONFIG: &[&str] = &["net", "config.xml", "init.reboots"];
const TEMPLATE: &str = "/usr/share/fixpart/empty.ext4";
/// Octets of one write.
const PIECE: usize = 1 << 20;
/// Octets that wait for the disk at most: seconds on the slowest one.
const FLUSHED: usize = 16 << 20;
