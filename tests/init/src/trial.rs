//! A system on trial: it is kept when it works, and left for good when it does not.

use crate::disk::{Disk, boot_state, write_boot_state};
use crate::machine::{Machine, Start};
use crate::{Kernel, Story, Wrong};
use update::bootstate::{Choice, Intact, Slot, SlotState, Target, Why, choose};

pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "a system on trial is confirmed after a minute of health",
        kernel: Kernel::Small,
        tell: confirmed,
    },
    Story {
        name: "a system on trial whose roles cannot be kept alive is left for the old one",
        kernel: Kernel::Small,
        tell: left,
    },
];

fn confirmed(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy_on_trial("confirmed")?;
    let slot = chosen(&copy)?;
    let before = boot_state(&copy)?.state();
    if slot != Slot::B || before.b.state != (SlotState::Trial { left: 2 }) {
        return Err(format!("slot B was not to be tried: {before:?}").into());
    }
    let (mut machine, _) = Machine::up_with(disk, &copy, boots(slot))?;
    machine.says("]: healthy for a minute")?;
    // Without an orderly end: what is confirmed is on the disk.
    machine.cut()?;
    let after = boot_state(&copy)?.state();
    if after.active != Slot::B || after.b.state != SlotState::Good || !after.b.ever_good {
        return Err(format!("slot B is not confirmed: {after:?}").into());
    }
    Ok(String::new())
}

fn left(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy_on_trial("left")?;
    let slot = chosen(&copy)?;
    let (mut machine, _) = Machine::up_with(disk, &copy, boots(slot))?;
    machine.order("loop dect");
    machine.says("cannot be kept alive: starting anew")?;
    machine.says("starting anew")?;
    machine.goes()?;
    let slot = chosen(&copy)?;
    if slot != Slot::A {
        return Err(format!("slot {} is chosen again", slot.letter()).into());
    }
    let (mut machine, _) = Machine::up_with(disk, &copy, boots(slot))?;
    machine.order("poweroff");
    machine.ends()?;
    let after = boot_state(&copy)?.state();
    if after.active != Slot::A || after.b.state != SlotState::Bad || after.why != Why::Health {
        return Err(format!("slot B is not given up: {after:?}").into());
    }
    Ok(String::new())
}

/// Does what the boot loader does: chooses, and counts a trial. (The boot loader itself is tried in `tests/image`.)
fn chosen(copy: &std::path::Path) -> Result<Slot, Wrong> {
    let copies = boot_state(copy)?;
    let Choice { target, write, .. } =
        choose(&copies, Intact { a: true, b: true, recovery: false });
    write_boot_state(copy, write.as_slice())?;
    match target {
        Target::Slot(slot) => Ok(slot),
        other => Err(format!("{other:?} is chosen").into()),
    }
}

/// The machine ends where it would start again, since only a boot loader knows with what.
const fn boots(slot: Slot) -> Start<'static> {
    Start { slot: slot.letter(), more: &["-no-reboot"], beside: None }
}
