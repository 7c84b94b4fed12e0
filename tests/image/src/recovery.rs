//! The recovery slot with the appliance itself as PID 1.

use crate::bench::{Bench, Failure, Skip, same};
use crate::machine::{Firmware, Machine};
use crate::matrix::on_trial;
use crate::real;
use crate::slots::{Kind, Toy};
use std::fs::File;
use std::os::unix::fs::FileExt as _;

/// Makes the check.
pub(crate) fn run(bench: &mut Bench) {
    bench.check("R15 both slots damaged: the recovery system comes up, the real one", comes_up);
}

/// Neither slot can be started, so the third one is, up to its menu and the readiness of all roles; it leaves the boot
/// state alone.
fn comes_up(bench: &Bench) -> Result<String, Failure> {
    let Some(appliance) = &bench.options.appliance else {
        return Err(Skip("the appliance was not built statically".into()).into());
    };
    let folder = bench.work().join("recovery");
    std::fs::create_dir_all(&folder)?;
    let slot = real::slot(bench, appliance, Kind::Cloud, &folder)?;
    let disk = folder.join("disk");
    bench.slots.disk(&disk, &on_trial(3), [Some(Toy::Corrupt), Some(Toy::Corrupt), None])?;
    let before = bench.slots.copies(&disk)?.state();
    let file = File::options().write(true).open(&disk)?;
    file.write_all_at(&std::fs::read(slot)?, bench.slots.byte_of("slot_r", 0))?;
    let machine = Machine { firmware: Firmware::Bios, disk: &disk, log: None, more: &[] };
    // The menu does not wait for all roles.
    let seen = machine.run(|events| END.iter().all(|it| events.iter().any(|event| event == it)))?;
    let mut found: Vec<&str> =
        seen.events.iter().map(|it| it.split(" copy=").next().unwrap_or_default()).collect();
    found.sort_unstable();
    found.dedup();
    let expected = [&END[..], &["start slot=r why=broken"]].concat();
    same("events", &found, &expected).map_err(|error| format!("{error}\n{}", seen.tail()))?;
    same("boot state", &bench.slots.copies(&disk)?.state(), &before)?;
    let ready = seen.serial.lines().rev().find(|line| line.contains("all roles are ready"));
    let at = ready.and_then(|line| line.split(['[', ']']).nth(1)).unwrap_or("?");
    Ok(format!("ready {at} s after the kernel's start"))
}

/// What is on the serial line in the end.
const END: [&str; 2] = ["init ready", "menu recovery"];
