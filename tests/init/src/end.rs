//! The end of the machine, wanted and unwanted.

use crate::disk::{Disk, is_clean};
use crate::machine::{Machine, Start};
use crate::{Kernel, Story, Wrong};

pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "ctrl-alt-del starts the machine anew, in order",
        kernel: Kernel::Small,
        tell: keys,
    },
    Story {
        name: "when PID 1 hangs the hardware resets the machine, and the next start says so",
        kernel: Kernel::Generic,
        tell: hangs,
    },
];

fn keys(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("keys")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    machine.monitor("sendkey ctrl-alt-delete")?;
    machine.says("ctrl-alt-del was pressed")?;
    machine.says("starting anew")?;
    machine.is_up()?;
    // In order: nothing had to be mended, and the log of the roles' end is there.
    let log = machine.ask("ask ctl logs --role init")?;
    if log.contains("mended after an unclean end") {
        return Err("the file systems were left unclean".into());
    }
    machine.order("poweroff");
    machine.ends()?;
    is_clean(&copy)?;
    Ok(String::new())
}

fn hangs(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("hangs")?;
    let watchdog = ["-device", "i6300esb", "-action", "watchdog=reset"];
    let (mut machine, _) =
        Machine::up_with(disk, &copy, Start { slot: 'a', more: &watchdog, beside: None })?;
    if machine.ask("ask ctl logs --role init")?.contains(RESET) {
        return Err("the first start is taken for a reset".into());
    }
    machine.order("freeze");
    machine.says(RESET)?;
    machine.is_up()?;
    let log = machine.ask("ask ctl logs --role init")?;
    if !log.contains(RESET) {
        return Err("the log does not tell of the reset".into());
    }
    machine.order("poweroff");
    machine.ends()?;
    is_clean(&copy)?;
    Ok(String::new())
}

/// What PID 1 says after it.
const RESET: &str = "the hardware's watchdog has reset this machine";
