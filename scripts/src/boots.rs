//! The tests that boot images in QEMU.

use crate::image::{self, Archive, CLOUD, PACKAGES, X86_64, fixed};
use crate::rooms;
use crate::steps::{Steps, Verdict, command};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Makes all checks and ends with their tally.
pub(crate) fn report(words: &[String]) -> ExitCode {
    let mut steps = Steps::default();
    run(&rooms::root(), words.iter().any(|word| word == "--nightly"), &mut steps);
    println!("{}", steps.tally);
    if steps.tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Boots images and counts the checks one by one.
pub(crate) fn run(root: &Path, nightly: bool, steps: &mut Steps) {
    let kernels = Archive::new(root, X86_64).and_then(|archive| {
        archive.newest(CLOUD)?;
        archive.newest(X86_64.kernel)
    });
    if let Err(reason) = kernels {
        steps.step("images boot in QEMU", || Verdict::Skipped(reason));
        return;
    }
    let mut ova = None;
    steps.step("an appliance for ESXi is made of kernel and program", || {
        match image::appliance(root, KERNEL_WORDS) {
            Ok(made) => {
                let note = made.display().to_string();
                ova = Some(made);
                Verdict::Passed(note)
            }
            Err(error) => Verdict::Failed(error),
        }
    });
    steps.step("images boot in QEMU", || boots(root, nightly, ova));
}

fn boots(root: &Path, nightly: bool, ova: Option<PathBuf>) -> Verdict {
    let programs = ["toy-init", "storm", "appliance"].map(|name| fixed(root, X86_64, name, &[]));
    let [toy, storm, appliance] = match programs {
        [Ok(toy), Ok(storm), Ok(appliance)] => [toy, storm, appliance],
        [Err(error), ..] | [_, Err(error), _] | [.., Err(error)] => return Verdict::Failed(error),
    };
    let Ok(program) = rooms::program("boots") else {
        return Verdict::Failed("the program boots was not built".into());
    };
    let mut boots = Command::new(program);
    boots.arg("--toy").arg(toy).arg("--storm").arg(storm).arg("--appliance").arg(appliance);
    boots.arg("--cache").arg(root.join(PACKAGES)).arg("--root").arg(root);
    if let Some(ova) = ova {
        boots.arg("--ova").arg(ova);
    }
    if nightly {
        boots.arg("--nightly");
    }
    Verdict::counted(command(root, "boots", &mut boots))
}

/// The tests are on the other end of the box's network, at 192.0.2.1.
const KERNEL_WORDS: &str = "loglevel=7 fixpart.net=192.0.2.2/24";
