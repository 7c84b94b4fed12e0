//! The image of the appliance, and the tests that boot images in QEMU.

use crate::rooms;
use crate::steps::{Steps, Tally, Verdict, command};
use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo xtask image`: builds the appliance statically, fetches a kernel and makes a disk from both.
///
/// # Errors
/// When something cannot be had or fails.
pub(crate) fn image(words: &[String]) -> crate::Outcome {
    let root = rooms::root();
    let kernel = kernel(&root, GENERIC)?;
    let appliance = fixed(&root, "appliance", &["--release"])?;
    let sbom = root.join("target/sbom.cdx.json");
    let version = env!("CARGO_PKG_VERSION");
    let mut list = image_program(&root);
    list.args(["sbom", "--version", version, "--target", TARGET]).arg("--deb").arg(&kernel);
    done(list.arg(&root).arg(&sbom))?;
    let mut disk = image_program(&root);
    disk.arg("disk").arg("--binary").arg(appliance).arg("--kernel").arg(kernel);
    disk.arg("--sbom").arg(sbom).arg("--out").arg(root.join("target/image")).args(words);
    done(&mut disk)
}

/// Boots images and counts the checks one by one.
pub(crate) fn run(root: &Path, nightly: bool, steps: &mut Steps) {
    let kernels = [CLOUD, GENERIC].map(|package| kernel(root, package));
    if let Some(Err(error)) = kernels.iter().find(|kernel| kernel.is_err()) {
        let reason = error.to_string();
        steps.step("images boot in QEMU", || Verdict::Skipped(reason));
        return;
    }
    steps.step("images boot in QEMU", || {
        let toy = match fixed(root, "toy-init", &[]) {
            Ok(toy) => toy,
            Err(error) => return Verdict::Failed(error.to_string()),
        };
        let Ok(program) = rooms::program("boots") else {
            return Verdict::Failed("the program boots was not built".into());
        };
        let mut boots = Command::new(program);
        boots.arg("--toy").arg(toy).arg("--cache").arg(root.join(CACHE)).arg("--root").arg(root);
        if nightly {
            match fixed(root, "appliance", &["--release"]) {
                Ok(appliance) => boots.arg("--nightly").arg("--appliance").arg(appliance),
                Err(error) => return Verdict::Failed(error.to_string()),
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

/// A program that is linked statically, as on the appliance.
fn fixed(root: &Path, package: &str, more: &[&str]) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let mut build = Command::new("cargo");
    build.args(["build", "--locked", "-p", package, "--target", TARGET]).args(more);
    build.env("RUSTFLAGS", "-C target-feature=+crt-static -C strip=symbols");
    let done = command(root, &format!("static-{package}"), &mut build)?;
    if !done.well {
        return Err(done.tail().into());
    }
    let profile = if more.contains(&"--release") { "release" } else { "debug" };
    Ok(root.join("target").join(TARGET).join(profile).join(package))
}

/// The newest kernel that a package of Debian stands for, from the cache or fetched into it.
fn kernel(root: &Path, package: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let depends = Command::new("apt-cache").args(["depends", package]).output();
    let depends = depends.map_err(|_| "kernels are taken from Debian, and apt is not here")?;
    let text = String::from_utf8_lossy(&depends.stdout).into_owned();
    let mut names = text.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let name = names.find(|name| name.starts_with("linux-image-"));
    let name = name.ok_or_else(|| format!("Debian's {package} cannot be had here"))?;
    let cache = root.join(CACHE);
    std::fs::create_dir_all(&cache)?;
    let cached = || {
        let entries = std::fs::read_dir(&cache).into_iter().flatten().flatten();
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        let prefix = format!("{name}_");
        found.retain(|path| {
            path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&prefix))
        });
        found.sort();
        found.pop()
    };
    if let Some(found) = cached() {
        return Ok(found);
    }
    let fetched =
        Command::new("apt-get").args(["download", "-qq", name]).current_dir(&cache).output()?;
    cached().ok_or_else(|| {
        let said = String::from_utf8_lossy(&fetched.stderr).into_owned();
        format!("{name} cannot be fetched: {}", said.trim()).into()
    })
}

fn image_program(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.args(["run", "-q", "--locked", "-p", "image", "--"]).current_dir(root);
    command
}

fn done(command: &mut Command) -> crate::Outcome {
    if command.status()?.success() { Ok(()) } else { Err("the image was not made".into()) }
}

/// Kernels that were fetched.
const CACHE: &str = ".cache/debs";
/// Small and quick to start: enough for virtual machines.
const CLOUD: &str = "linux-image-cloud-amd64";
/// With drivers for real hardware.
const GENERIC: &str = "linux-image-amd64";
const TARGET: &str = "x86_64-unknown-linux-gnu";
