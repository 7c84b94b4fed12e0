//! A disk for Arm is booted in QEMU by EFI and GRUB, until all its roles are ready and confined. What PID 1 does beyond
//! that is no matter of the machine; `keeps` tries it on a PC.

use crate::image::{AARCH64, Archive, PROBE, can_build, fixed};
use crate::rooms;
use crate::steps::{Steps, Verdict, command, runs};
use std::path::Path;
use std::process::{Command, ExitCode};

/// Boots it and ends with the tally.
pub(crate) fn report() -> ExitCode {
    let mut steps = Steps::default();
    run(&rooms::root(), &mut steps);
    println!("{}", steps.tally);
    if steps.tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Boots it.
pub(crate) fn run(root: &Path, steps: &mut Steps) {
    steps.step("an Arm disk boots by EFI, and its roles are confined", || match parts(root) {
        Ok(mut keeps) => boots(root, &mut keeps),
        Err(missing) => Verdict::Skipped(missing),
    });
}

/// The call of `keeps`, without the program that it is about; or what is missing here.
fn parts(root: &Path) -> Result<Command, String> {
    if !runs(QEMU) {
        return Err(format!("{QEMU} is not here; it is in qemu-system-arm"));
    }
    if !Path::new(FIRMWARE).exists() {
        return Err(format!("{FIRMWARE} is not here; it is in qemu-efi-aarch64"));
    }
    can_build(root, AARCH64)?;
    let archive = Archive::new(root, AARCH64)?;
    let program = rooms::program("keeps").map_err(|error| error.to_string())?;
    let mut keeps = Command::new(program);
    keeps
        .args(["confined", "--arch", AARCH64.name, "--kernel"])
        .arg(archive.newest(AARCH64.kernel)?);
    if let Some(foreign) = archive.foreign()? {
        keeps.arg("--e2fsck").arg(foreign.e2fsck).arg("--grub").arg(foreign.grub);
    }
    Ok(keeps)
}

fn boots(root: &Path, keeps: &mut Command) -> Verdict {
    let done = match fixed(root, AARCH64, "appliance", PROBE) {
        Ok(appliance) => command(root, "arm", keeps.arg("--appliance").arg(appliance)),
        Err(error) => return Verdict::Failed(error),
    };
    Verdict::counted(done)
}

const QEMU: &str = "qemu-system-aarch64";
/// What starts the board.
const FIRMWARE: &str = "/usr/share/AAVMF/AAVMF_CODE.fd";
