//! In the initramfs: modules, the slot, and over to it.

use super::console::say;
use super::disk::Disk;
use os::mount::{self, FileSystem, Limits};
use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use supervise::boot::{self, Line, Slot};

/// Why the slot is not entered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stage1Error {
    /// The command line names none.
    #[error("the boot loader names no slot (fixpart.slot=a, b or r)")]
    NoSlot,
    /// No disk has it.
    #[error("no disk has a partition {0} after {secs} s", secs = FOUND_WITHIN.as_secs())]
    NotFound(&'static str),
    /// More than one has it, and nothing tells them apart.
    #[error("more than one disk has a partition {0}; take away all but the one that is to start")]
    Several(&'static str),
    /// What is in it is no system.
    #[error("the system in {0} cannot be entered: {1}")]
    Enter(PathBuf, io::Error),
}

/// Whether this is the initramfs.
pub(super) fn is_here() -> bool {
    Path::new(ORDER).exists()
}

/// Loads the modules and becomes the slot's own init; returns only where there is no disk to go to.
pub(super) fn run(line: &Line) -> Result<(), Stage1Error> {
    load_modules();
    if line.diskless {
        return Ok(());
    }
    let slot = line.slot.ok_or(Stage1Error::NoSlot)?;
    let device = find(slot, line.part)?;
    enter(&device).map_err(|error| Stage1Error::Enter(device, error))
}

fn load_modules() {
    let order = std::fs::read_to_string(ORDER).unwrap_or_default();
    for module in boot::modules(&order) {
        let file = Path::new(MODULES).join(module.file);
        if let Err(error) = os::machine::load_module(&file, module.parameters) {
            say(&format!("the module {} is not loaded: {error}", module.file));
        }
    }
}

/// Disks are found by the kernel while we wait; a USB disk takes a while.
fn find(slot: Slot, part: Option<u128>) -> Result<PathBuf, Stage1Error> {
    let began = Instant::now();
    while began.elapsed() < FOUND_WITHIN {
        if let Some(disk) = the_one(slot, &Disk::with(slot.label(), part))? {
            return Ok(disk);
        }
        std::thread::sleep(LOOK_EVERY);
    }
    // The boot loader may have read a table that was only half written.
    let any = the_one(slot, &Disk::with(slot.label(), None))?;
    any.ok_or(Stage1Error::NotFound(slot.label()))
}

fn the_one(slot: Slot, found: &[Disk]) -> Result<Option<PathBuf>, Stage1Error> {
    match found {
        [] => Ok(None),
        [disk] => Ok(Some(disk.slot().to_owned())),
        _ => Err(Stage1Error::Several(slot.label())),
    }
}

fn enter(device: &Path) -> io::Result<()> {
    let new = Path::new("/newroot");
    std::fs::create_dir_all(new)?;
    let source = device.to_str().unwrap_or_default();
    let limits = Limits::SYSTEM;
    FileSystem { source, kind: "squashfs", limits, options: "" }.mount(new)?;
    for folder in ["proc", "sys", "dev"] {
        mount::shift(&Path::new("/").join(folder), &new.join(folder))?;
    }
    // Its memory comes back with its files; the folder goes last, since it tells where we are.
    let _ = std::fs::remove_dir_all(MODULES);
    let _ = std::fs::remove_file("/init");
    mount::switch_root(new)?;
    let init = CString::from(INIT);
    match nix::unistd::execv(&init, &[&init]) {
        Ok(never) => match never {},
        Err(error) => Err(error.into()),
    }
}

const MODULES: &str = "/modules";
const ORDER: &str = "/modules/order";
const INIT: &std::ffi::CStr = c"/sbin/init";
/// Longer than the slowest disk takes to appear.
const FOUND_WITHIN: Duration = Duration::from_secs(30);
/// A fraction of what is felt.
const LOOK_EVERY: Duration = Duration::from_millis(20);
