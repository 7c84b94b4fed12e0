//! PID 1: from the kernel's first process to a running appliance, and down again.
//!
//! One thread, no runtime, nothing foreign parsed. [`stage1`] runs from the
//! initramfs and finds the slot; stage 2, here, mounts, checks, starts the roles
//! by the same household that serves a person's machine, and ends the machine.

mod boot_state;
mod console;
mod desk;
mod disk;
mod feeder;
mod keeping;
mod kernel;
mod reset;
mod stage1;

use crate::entry;
use crate::household::{Household, HouseholdError};
use crate::layout;
use crate::sandbox;
use boot_state::BootRecord;
use console::say;
use desk::Desk;
use disk::Disk;
use feeder::Feeder;
use keeping::Box_;
use os::machine::{Buttons, End};
use std::fmt::Write as _;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use store::write_durably;
use supervise::boot::Line;
use supervise::init::{Ending, Ground as Decides, Reason};
use supervise::reboots::Reboots;
use supervise::role::Role;
use supervise::roles::{INIT_OOM_SCORE_ADJ, ROLES};

/// Is PID 1; does not return while the machine is up.
#[must_use]
pub fn main() -> ExitCode {
    if std::process::id() != 1 {
        eprintln!(
            "init: this is for the kernel to start; for a server on this machine use `appliance run`"
        );
        return ExitCode::FAILURE;
    }
    console::last_words();
    let line = match kernel::first_mounts() {
        Ok(()) => Line::parse(&std::fs::read_to_string("/proc/cmdline").unwrap_or_default()),
        Err(error) => give_up(&format!("the kernel's file systems cannot be mounted: {error}")),
    };
    console::open();
    if stage1::is_here()
        && let Err(error) = stage1::run(&line)
    {
        give_up(&error.to_string());
    }
    let _ = entry::log("init", sandbox::Ground::Box, Path::new(layout::SOCKETS));
    match stage2(&line) {
        Ok(ending) => end(ending),
        Err(error) => give_up(&error.to_string()),
    }
}

/// Why the appliance cannot run at all.
#[derive(Debug, thiserror::Error)]
enum InitError {
    /// A file system of the kernel's.
    #[error("{0} cannot be mounted")]
    Mount(&'static str, #[source] io::Error),
    /// The supervisor's own needs.
    #[error(transparent)]
    Household(#[from] HouseholdError),
}

/// From the mounts to the end of all roles.
fn stage2(line: &Line) -> Result<Ending, InitError> {
    kernel::mounts()?;
    kernel::settings();
    kernel::clock();
    // Whoever is started from here on inherits it; each role has a score of its own.
    let _ = os::priority::when_memory_is_short(INIT_OOM_SCORE_ADJ);
    let mut feeder = Feeder::start();
    // Where it cannot be had, the keys reset the machine as they always did.
    let _ = os::machine::ask_on_ctrl_alt_del();
    let disk = if line.diskless { None } else { Disk::running() };
    let mut record = disk.as_ref().and_then(|disk| BootRecord::open(disk, line.slot));
    // Before anybody asks for them, as the disk does for names of its own. On a kernel too old to be asked they are as
    // good as they are.
    let _ = os::machine::wait_for_randomness();
    if let (Some(disk), Some(record)) = (&disk, &mut record) {
        record.settle();
        reset::if_wanted(disk, record, &mut feeder);
    }
    let kept = match &disk {
        Some(disk) => disk.mount_all(&mut feeder),
        // Without a disk that anybody wants memory serves as well, until the power goes.
        None => disk::Kept { state: line.diskless, data: line.diskless },
    };
    disk::folders(kept);
    kernel::network(line);
    let trial = record.as_ref().is_some_and(BootRecord::on_trial);
    let reboots = Reboots::parse(&std::fs::read_to_string(REBOOTS).unwrap_or_default());
    let ground = Box_::new(record, reboots.clone(), Desk::open(line, &mut feeder));
    let decides = if trial {
        Decides::Trial
    } else {
        // A reboot that cannot be remembered would be the first one for ever.
        let remembered =
            write_durably(&mut store::Disk, Path::new(REBOOTS), reboots.print().as_bytes()).is_ok();
        Decides::Box { may_reboot: remembered && reboots.allowed(os::machine::up_for()) }
    };
    let roles: Vec<&'static Role> = ROLES.iter().chain(keeping::more_roles()).collect();
    let place = (PathBuf::from(EXECUTABLE), Path::new(layout::SOCKETS));
    let mut household = Household::new(&roles, decides, place, ground)?;
    kernel::name_the_log(Path::new(layout::SOCKETS));
    kernel::hush(line);
    if kept.state {
        household.begin();
    } else {
        household.begin_safe(Reason::State);
    }
    keep(&mut household, &mut feeder)?;
    feeder.guard_the_end();
    let ending = household.ended().unwrap_or(Ending::Reboot);
    drop(household);
    disk::unmount_all();
    Ok(ending)
}

/// The loop: it turns until all roles have ended.
fn keep(household: &mut Household<Box_>, feeder: &mut Feeder) -> Result<(), HouseholdError> {
    let mut buttons = Buttons::find();
    while household.ended().is_none() {
        let also: Vec<BorrowedFd<'_>> = buttons.as_fds().collect();
        household.turn(Some(feeder.hungry_in().max(LEAST_TURN)), &also)?;
        if buttons.pressed() {
            say("the power button was pressed");
            household.stop(Ending::PowerOff);
        }
        if household.ground.grow_older() {
            household.init.allow_reboots();
        }
        if household.init.sound() {
            feeder.feed();
        }
    }
    Ok(())
}

/// The end of the machine.
fn end(ending: Ending) -> ! {
    let how = match ending {
        Ending::Reboot => End::Reboot,
        Ending::PowerOff | Ending::Quit => End::PowerOff,
    };
    say(match how {
        End::Reboot => "starting anew",
        End::PowerOff => "switching off",
    });
    leave(how)
}

/// Nothing can be done here: the next start may be with another slot.
fn give_up(why: &str) -> ! {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "cannot go on: {why}; starting anew in {} s", PAUSE.as_secs());
    say(&text);
    std::thread::sleep(PAUSE);
    leave(End::Reboot)
}

fn leave(how: End) -> ! {
    os::block::sync();
    let failed = os::machine::end(how);
    say(&format!("the kernel does not end the machine: {failed:?}"));
    // What is left is the kernel's own way: it panics when PID 1 ends, and panics restart the machine.
    std::process::abort()
}

/// The program that is every role: on the disk the file system's, in the initramfs the first of all.
const EXECUTABLE: &str = "/proc/self/exe";
/// Automatic reboots that were not forgiven yet.
const REBOOTS: &str = "/state/init.reboots";
/// An engine that is not sound any more, so that nothing is fed, is no reason to turn without rest.
const LEAST_TURN: Duration = Duration::from_millis(100);
/// For a person to read the reason.
const PAUSE: Duration = Duration::from_secs(10);
