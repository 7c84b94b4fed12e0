//! A disk is booted in QEMU, and PID 1 is watched keeping its roles: builds what `tests/init` needs and runs it.

use crate::Outcome;
use crate::image::{Archive, CLOUD, PROBE, X86_64, fixed};
use crate::rooms;
use crate::steps::{Verdict, command, runs};
use std::path::Path;
use std::process::Command;

/// Boots and watches, and prints what was seen.
///
/// # Errors
/// When something does not hold.
pub(crate) fn report() -> Outcome {
    verdict(&rooms::root()).told("keeps")
}

/// Boots and watches.
pub(crate) fn verdict(root: &Path) -> Verdict {
    let kernels = Archive::new(root, X86_64)
        .and_then(|archive| Ok([archive.newest(CLOUD)?, archive.newest(X86_64.kernel)?]));
    let [kernel, generic] = match kernels {
        Ok(kernels) => kernels,
        Err(why) => return Verdict::Skipped(why),
    };
    if !Path::new("/sbin/e2fsck.static").exists() || !runs("qemu-system-x86_64") {
        return Verdict::Skipped("QEMU or e2fsck-static is not installed".into());
    }
    let appliance = match fixed(root, X86_64, "appliance", PROBE) {
        Ok(appliance) => appliance,
        Err(error) => return Verdict::Failed(error),
    };
    let done = rooms::program("keeps").and_then(|program| {
        // It dies with us, and its machines with it.
        let mut keeps = Command::new("setpriv");
        keeps.args(["--pdeathsig", "KILL"]).arg(program).arg("--appliance").arg(appliance);
        keeps.arg("--kernel").arg(kernel).arg("--generic").arg(generic);
        command(root, "keeps", &mut keeps)
    });
    Verdict::counted(done)
}
