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
    // The files are taken over at the next start, and then no more.
    machine.order("reboot");
    machine.find_probe()?;
    machine.ask("ask config set sip.tos=7 network.ipaddr=10.9.8.7")?;
    machine.ask("ask users set 1001 displayname=Anna")?;
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
    kept_in_the_database(&mut machine, scope)?;
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

/// What each scope leaves of a setting, of the network's settings and of the users.
fn kept_in_the_database(machine: &mut Machine, scope: &str) -> Result<(), Wrong> {
    let settings = machine.ask("ask config show sip.tos network.ipaddr")?;
    let users = machine.ask("ask users list")?;
    let found =
        [settings.contains("tos = 7"), settings.contains("10.9.8.7"), users.contains("Anna")];
    let expected = match scope {
        "network" => [true, false, true],
        "config" => [false, false, true],
        _ => [false; 3],
    };
    if found == expected {
        return Ok(());
    }
    Err(format!(
        "setting, network setting and user: {found:?}, not {expected:?}: {settings} {users}"
    )
    .into())
}
