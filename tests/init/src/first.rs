//! The first start of a box, and what was written into it at manufacture.

use crate::disk::{Disk, content, is_clean};
use crate::life::begin_anew;
use crate::machine::Machine;
use crate::{Kernel, Story, Wrong};

pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "the first start gives the last partition the whole disk, and the radio stays off",
        kernel: Kernel::Small,
        tell: first_start,
    },
    Story {
        name: "with its identity and a region nothing keeps the radio off, and no reset takes the identity",
        kernel: Kernel::Small,
        tell: identity,
    },
];

fn first_start(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("first-start")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    let data: u64 = machine.ask("size /data")?.parse()?;
    if data < 850 << 20 {
        return Err(format!("the last partition was not grown: {data} octets").into());
    }
    let observed = machine.ask("ask ctl observed dect")?;
    for alert in [NO_ARI, NO_REGION] {
        if !observed.contains(alert) {
            return Err(format!("no alert says {alert:?}: {observed}").into());
        }
    }
    // The second start finds nothing to grow.
    machine.order("reboot");
    machine.is_up()?;
    if machine.ask("size /data")?.parse() != Ok(data) {
        return Err("it has another size after the second start".into());
    }
    machine.order("poweroff");
    machine.ends()?;
    is_clean(&copy)?;
    Ok(format!("{} MiB", data >> 20))
}

fn identity(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy_with_identity("identity", "10009034")?;
    let before = content(&copy, "ident")?;
    let (mut machine, _) = Machine::up(disk, &copy)?;
    let observed = machine.ask("ask ctl observed dect")?;
    if observed.contains(NO_ARI) || !observed.contains(NO_REGION) {
        return Err(format!("with an ARI and no region: {observed}").into());
    }
    machine.ask("ask config set dect.frequency=Europe")?;
    begin_anew(&mut machine, "restart", "dect")?;
    let observed = machine.ask("ask ctl observed dect")?;
    if observed.contains("alert") {
        return Err(format!("with an ARI and a region: {observed}").into());
    }
    for scope in ["network", "config", "full", "decommission"] {
        machine.order(&format!("ask ctl reset {scope} --yes"));
        machine.says("the factory reset is done")?;
        machine.is_up()?;
    }
    machine.order("poweroff");
    machine.ends()?;
    if content(&copy, "ident")? != before {
        return Err("the identity was touched".into());
    }
    is_clean(&copy)?;
    Ok(String::new())
}

const NO_ARI: &str = "alert: the radio stays off: set fixpart.ari";
const NO_REGION: &str = "alert: the radio stays off: set dect.frequency";
