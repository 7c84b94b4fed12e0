//! The tests that boot images in QEMU.

use crate::image::{CLOUD, GENERIC, PACKAGES, fixed, kernel};
use crate::rooms;
use crate::steps::{Steps, Tally, Verdict, command};
use std::path::Path;
use std::process::Command;

/// Boots images and counts the checks one by one.
pub(crate) fn run(root: &Path, nightly: bool, steps: &mut Steps) {
    let kernels = [CLOUD, GENERIC].map(|package| kernel(root, package));
    if let Some(Err(error)) = kernels.iter().find(|kernel| kernel.is_err()) {
        let reason = error.clone();
        steps.step("images boot in QEMU", || Verdict::Skipped(reason));
        return;
    }
    steps.step("images boot in QEMU", || {
        let toy = match fixed(root, "toy-init", &[]) {
            Ok(toy) => toy,
            Err(error) => return Verdict::Failed(error),
        };
        let Ok(program) = rooms::program("boots") else {
            return Verdict::Failed("the program boots was not built".into());
        };
        let mut boots = Command::new(program);
        boots.arg("--toy").arg(toy).arg("--cache").arg(root.join(PACKAGES)).arg("--root").arg(root);
        if nightly {
            match fixed(root, "appliance", &[]) {
                Ok(appliance) => boots.arg("--nightly").arg("--appliance").arg(appliance),
                Err(error) => return Verdict::Failed(error),
            };
        }
        match command(root, "boots", &mut boots) {
            Ok(done) => {
                done.out.lines().for_each(|line| println!("            {line}"));
                match Tally::last_in(&done.out) {
                    Some(tally) if done.well == (tally.failed == 0) => Verdict::Counted(tally),
                    _ => Verdict::Failed(done.tail()),
                }
            }
            Err(error) => Verdict::Failed(error.to_string()),
        }
    });
}
