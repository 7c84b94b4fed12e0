//! Factory reset: each scope takes away what it names and no more, also when the power is cut in the middle.

use crate::disk::{Disk, content, is_clean};
use crate::machine::Machine;
use crate::{Kernel, Story, Wrong};

pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "factory reset of the network settings",
        kernel: Kernel::Small,
        tell: |disk| reset(disk, "network", ALL),
    },
    Story {
        name: "factory reset of the settings",
        kernel: Kernel::Small,
        tell: |disk| reset(disk, "config", "users.xml"),
    },
    Story {
        name: "full factory reset",
        kernel: Kernel::Small,
        tell: |disk| reset(disk, "full", ""),
    },
    Story {
        name: "decommissioning",
        kernel: Kernel::Small,
        tell: |disk| reset(disk, "decommission", ""),
    },
];

/// What is there before.
const ALL: &str = "config.xml users.xml";

fn reset(disk: &Disk, scope: &str, left: &str) -> Result<String, Wrong> {
    let copy = disk.copy(&format!("reset-{scope}"))?;
    let identity = content(&copy, "ident")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    for file in ["/state/config.xml", "/state/users.xml", "/data/something"] {
        let text = if file.contains("users") { "<users></users>" } else { "<config></config>" };
        machine.ask(&format!("write {file} {text}"))?;
    }
    machine.order(&format!("ask ctl reset {scope} --yes"));
    // In the middle: the request stands on the disk, and the deed has begun.
    machine.says("factory reset, scope")?;
    machine.cut()?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    let listed = machine.ask("list /state")?;
    let found: Vec<&str> = listed.split(' ').filter(|name| name.contains(".xml")).collect();
    if found.join(" ") != left {
        return Err(format!("{found:?} are left, not {left:?}").into());
    }
    let data = machine.ask("list /data")?.contains("something");
    if data == left.is_empty() {
        return Err(format!("what was in the last partition: {data}").into());
    }
    // It is not done again.
    machine.order("reboot");
    machine.find_probe()?;
    if machine.ask("list /state")? != listed {
        return Err("it changes once more".into());
    }
    machine.order("poweroff");
    machine.ends()?;
    is_clean(&copy)?;
    if content(&copy, "ident")? != identity {
        return Err("what was written at manufacture was touched".into());
    }
    Ok(String::new())
}
