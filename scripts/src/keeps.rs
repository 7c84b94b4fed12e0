//! A disk is booted in QEMU, and PID 1 is watched keeping its roles: builds what `tests/init` needs and runs it.

use crate::Outcome;
use crate::rooms;
use crate::steps::{Tally, Verdict, command};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Boots and watches, and prints what was seen.
///
/// # Errors
/// When something does not hold.
pub(crate) fn report() -> Outcome {
    match verdict(&rooms::root()) {
        Verdict::Passed(note) => println!("keeps: {note}"),
        Verdict::Skipped(reason) => println!("keeps: skipped, {reason}"),
        Verdict::Failed(reason) => return Err(reason.into()),
        Verdict::Counted(tally) if tally.failed > 0 => return Err(tally.to_string().into()),
        Verdict::Counted(_) => {}
    }
    Ok(())
}

/// Boots and watches.
fn verdict(root: &Path) -> Verdict {
    let kernel = match kernel(root) {
        Ok(kernel) => kernel,
        Err(why) => return Verdict::Skipped(why),
    };
    if !Path::new("/sbin/e2fsck.static").exists() || !runs("qemu-system-x86_64") {
        return Verdict::Skipped("QEMU or e2fsck-static is not installed".into());
    }
    let appliance = match appliance(root) {
        Ok(appliance) => appliance,
        Err(verdict) => return verdict,
    };
    let done = rooms::program("keeps").and_then(|program| {
        let mut keeps = Command::new(program);
        keeps.arg("--appliance").arg(appliance).arg("--kernel").arg(kernel);
        command(root, "keeps", &mut keeps)
    });
    match done {
        Ok(done) => {
            done.out.lines().for_each(|line| println!("            {line}"));
            match Tally::last_in(&done.out) {
                Some(tally) if done.well == (tally.failed == 0) => Verdict::Counted(tally),
                _ => Verdict::Failed(done.tail()),
            }
        }
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

/// The appliance with the probe, linked statically, in a folder of its own: other flags would build all else anew.
fn appliance(root: &Path) -> Result<PathBuf, Verdict> {
    let folder = root.join(".cache/static");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--locked", "-p", "appliance", "--features", "probe", "--target", TARGET]);
    cargo.env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", "-C target-feature=+crt-static");
    match command(root, "static", &mut cargo) {
        Ok(done) if done.well => Ok(folder.join(TARGET).join("debug/appliance")),
        Ok(done) => Err(Verdict::Failed(done.tail())),
        Err(error) => Err(Verdict::Failed(format!("cannot start cargo: {error}"))),
    }
}

/// The newest cloud kernel of Debian's, as a package; kept from run to run.
fn kernel(root: &Path) -> Result<PathBuf, String> {
    let folder = root.join(".cache/debs");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let found = || {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut packages: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        packages.retain(|path| path.to_string_lossy().contains("cloud-amd64"));
        packages.sort();
        packages.pop()
    };
    if let Some(package) = found() {
        return Ok(package);
    }
    let depends = Command::new("apt-cache").args(["depends", "linux-image-cloud-amd64"]).output();
    let depends = depends.map_err(|error| format!("no kernel: {error}"))?;
    let text = String::from_utf8_lossy(&depends.stdout).into_owned();
    let name = text.lines().find_map(|line| line.trim().strip_prefix("Depends: "));
    let name = name.ok_or("Debian's kernel for virtual machines is not to be had here")?;
    let _ = Command::new("apt-get").args(["download", name]).current_dir(&folder).output();
    found().ok_or_else(|| format!("{name} cannot be downloaded"))
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

const TARGET: &str = "x86_64-unknown-linux-gnu";
