//! Raw flash and its volumes, on a kernel with simulated NAND in QEMU: builds what `tests/flash` needs and runs it.

use crate::Outcome;
use crate::image::{Archive, X86_64, fixed};
use crate::rooms;
use crate::steps::{Verdict, command, runs};
use std::path::Path;
use std::process::Command;

/// Boots, and prints what was found.
///
/// # Errors
/// When something does not hold.
pub(crate) fn report() -> Outcome {
    verdict(&rooms::root()).told("flash")
}

/// Boots.
pub(crate) fn verdict(root: &Path) -> Verdict {
    // The kernel for virtual machines has no flash.
    let archive = Archive::new(root, X86_64);
    let kernel = match archive.and_then(|archive| archive.newest(X86_64.kernel)) {
        Ok(kernel) => kernel,
        Err(why) => return Verdict::Skipped(why),
    };
    if !runs("qemu-system-x86_64") {
        return Verdict::Skipped("QEMU is not installed".into());
    }
    let init = match fixed(root, X86_64, "flash-init", &[]) {
        Ok(init) => init,
        Err(error) => return Verdict::Failed(error),
    };
    let done = rooms::program("flash").and_then(|program| {
        let mut flash = Command::new(program);
        flash.arg("--init").arg(init).arg("--kernel").arg(kernel);
        command(root, "flash", &mut flash)
    });
    Verdict::counted(done)
}
