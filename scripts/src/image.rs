//! The disk image of a development build: the static program, Debian's kernel, and what `image` makes of them.

use crate::rooms;
use crate::steps::{Done, command};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes the image; its kernel is given these words. Everything is made below `.cache`.
///
/// # Errors
/// What is missing on this machine, or what failed.
pub(crate) fn development(root: &Path, kernel_words: &str) -> Result<PathBuf, String> {
    let kernel = kernel(root)?;
    let binary = binary(root)?;
    let out = root.join(OUT);
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let program = rooms::program("image").map_err(|error| error.to_string())?;
    let sbom = out.join("sbom.cdx.json");
    let mut list = Command::new(&program);
    list.args(["sbom", "--version", VERSION, "--target", TARGET, "--deb"]).arg(&kernel);
    done(command(root, "image-sbom", list.arg(root).arg(&sbom)))?;
    let mut disk = Command::new(&program);
    disk.args(["disk", "--version", VERSION, "--arch", "x86_64", "--append", kernel_words]);
    disk.arg("--binary").arg(&binary).arg("--kernel").arg(&kernel).arg("--sbom").arg(&sbom);
    done(command(root, "image-disk", disk.arg("--out").arg(&out)))?;
    Ok(out.join(format!("fixpart-{VERSION}-x86_64.img")))
}

/// The appliance with the probe inside, for a root file system without libraries, without its symbols.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn binary(root: &Path) -> Result<PathBuf, String> {
    let folder = root.join(STATIC);
    let mut build = Command::new("cargo");
    build.args(["build", "--locked", "--release", "--target", TARGET, "-p", "appliance"]);
    build.args(["--features", "probe", "--target-dir"]).arg(&folder);
    build.env("RUSTFLAGS", "-C target-feature=+crt-static");
    done(command(root, "static", &mut build))?;
    let stripped = folder.join("appliance");
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(&stripped).arg(folder.join(TARGET).join("release/appliance"));
    done(command(root, "strip", &mut strip))?;
    Ok(stripped)
}

/// Debian's kernel for virtual machines, as its package.
///
/// # Errors
/// When this machine's archive has none.
pub(crate) fn kernel(root: &Path) -> Result<PathBuf, String> {
    let folder = root.join(PACKAGES);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let asked = Command::new("apt-cache").args(["depends", META]).output();
    let asked = asked.map_err(|error| format!("cannot start apt-cache: {error}"))?;
    let name = String::from_utf8_lossy(&asked.stdout)
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: ").map(str::to_owned))
        .ok_or_else(|| format!("this machine's package archive has no {META}"))?;
    if let Some(there) = package(&folder, &name) {
        return Ok(there);
    }
    let mut fetch = Command::new("apt-get");
    // As root apt wants to be somebody else, who may not write here.
    fetch.args(["download", "-q", "-o", "APT::Sandbox::User=root", &name]);
    let script = format!("cd {} && exec \"$@\"", folder.display());
    let mut within = Command::new("sh");
    within.args(["-c", &script, "sh"]).arg(fetch.get_program()).args(fetch.get_args());
    done(command(root, "kernel", &mut within))?;
    package(&folder, &name).ok_or_else(|| format!("{name} was not downloaded"))
}

fn package(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let start = format!("{name}_");
    entries.into_iter().find(|path| {
        path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&start))
    })
}

fn done(ran: std::io::Result<Done>) -> Result<(), String> {
    match ran {
        Ok(done) if done.well => Ok(()),
        Ok(done) => Err(done.tail()),
        Err(error) => Err(error.to_string()),
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Depends on the newest kernel for virtual machines.
const META: &str = "linux-image-cloud-amd64";
const PACKAGES: &str = ".cache/debs";
const STATIC: &str = ".cache/static";
const OUT: &str = ".cache/image";
