//! The log: what was said before there was one stands in it too.

use crate::disk::Disk;
use crate::life::begin_anew;
use crate::machine::Machine;
use crate::{Kernel, Story, Wrong};

pub(crate) const STORIES: &[Story] = &[Story {
    name: "what the kernel, PID 1 and the roles said before the log was up stands in it, also after its death",
    kernel: Kernel::Small,
    tell: early,
}];

fn early(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("early")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    look(&mut machine)?;
    begin_anew(&mut machine, "kill SIGKILL", "log")?;
    look(&mut machine)?;
    machine.order("poweroff");
    machine.ends()?;
    Ok(String::new())
}

fn look(machine: &mut Machine) -> Result<(), Wrong> {
    for (role, words) in [
        // The first record of all.
        ("kernel", "Linux version"),
        ("init", "eth0 has the address"),
        // Before the log's process was made.
        ("init", "started role=\"log\""),
        ("media", "confined"),
    ] {
        let first = words.split(' ').next().unwrap_or_default();
        let log = machine.ask(&format!("ask ctl logs --role {role} --grep {first}"))?;
        if !log.contains(words) {
            return Err(format!("{role} has not said {words:?} in the log: {log:?}").into());
        }
    }
    Ok(())
}
