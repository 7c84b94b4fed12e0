//! Images of the appliance: the static program, Debian's kernel, and what `image` makes of them.

use crate::rooms;
use crate::steps::{Done, command};
use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo xtask image`: the disk for real hardware; `words` are options of `image disk`.
///
/// # Errors
/// What is missing on this machine, or what failed.
pub(crate) fn report(words: &[String]) -> crate::Outcome {
    let root = rooms::root();
    let order = Order { meta: GENERIC, features: &[], out: "target/image" };
    let out = make(&root, &order, words)?;
    println!("{}", out.display());
    Ok(())
}

/// A disk for virtual machines with a probe inside, for runs and tests; its kernel is given these words. Everything
/// is made below `.cache`.
///
/// # Errors
/// As above.
pub(crate) fn development(root: &Path, kernel_words: &str) -> Result<PathBuf, String> {
    let order = Order { meta: CLOUD, features: PROBE, out: ".cache/image" };
    make(root, &order, &["--append".to_owned(), kernel_words.to_owned()])
}

/// What an image is made of.
struct Order<'a> {
    meta: &'a str,
    features: &'a [&'a str],
    /// The folder, in the workspace.
    out: &'a str,
}

fn make(root: &Path, order: &Order<'_>, words: &[String]) -> Result<PathBuf, String> {
    let kernel = kernel(root, order.meta)?;
    let binary = fixed(root, "appliance", order.features)?;
    let out = root.join(order.out);
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let program = rooms::program("image").map_err(|error| error.to_string())?;
    let sbom = out.join("sbom.cdx.json");
    let mut list = Command::new(&program);
    list.args(["sbom", "--version", VERSION, "--target", TARGET, "--deb"]).arg(&kernel);
    done(command(root, "image-sbom", list.arg(root).arg(&sbom)))?;
    let mut disk = Command::new(&program);
    disk.args(["disk", "--version", VERSION, "--arch", "x86_64"]);
    disk.arg("--binary").arg(&binary).arg("--kernel").arg(&kernel).arg("--sbom").arg(&sbom);
    done(command(root, "image-disk", disk.arg("--out").arg(&out).args(words)))?;
    Ok(out.join(format!("fixpart-{VERSION}-x86_64.img")))
}

/// A program of the workspace for a root file system without libraries, in a folder of its own, since other flags
/// would build everything else anew.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn fixed(root: &Path, package: &str, features: &[&str]) -> Result<PathBuf, String> {
    let folder = root.join(STATIC);
    let mut build = Command::new("cargo");
    build.args(["build", "--locked", "--release", "--target", TARGET, "-p", package]);
    build.args(["--features", &features.join(","), "--target-dir"]).arg(&folder);
    build.env("RUSTFLAGS", "-C target-feature=+crt-static -C strip=symbols");
    done(command(root, &format!("static-{package}"), &mut build))?;
    Ok(folder.join(TARGET).join("release").join(package))
}

/// The newest kernel that a package of Debian's stands for, as a package, kept from run to run.
///
/// # Errors
/// When this machine's archive has none.
pub(crate) fn kernel(root: &Path, meta: &str) -> Result<PathBuf, String> {
    let folder = root.join(PACKAGES);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let asked = Command::new("apt-cache").args(["depends", meta]).output();
    let asked = asked.map_err(|_| "kernels are taken from Debian, and apt is not here")?;
    let name = String::from_utf8_lossy(&asked.stdout)
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .find(|name| name.starts_with("linux-image-"))
        .map(str::to_owned)
        .ok_or_else(|| format!("this machine's package archive has no {meta}"))?;
    if let Some(there) = package(&folder, &name) {
        return Ok(there);
    }
    let mut fetch = Command::new("apt-get");
    // As root apt wants to be somebody else, who may not write here.
    fetch.args(["download", "-q", "-o", "APT::Sandbox::User=root", &name]);
    let fetched = fetch.current_dir(&folder).output().map_err(|error| error.to_string())?;
    package(&folder, &name).ok_or_else(|| {
        let said = String::from_utf8_lossy(&fetched.stderr).into_owned();
        format!("{name} cannot be downloaded: {}", said.trim())
    })
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
/// The appliance with the probe inside.
pub(crate) const PROBE: &[&str] = &["probe"];
/// Small and quick to start: enough for virtual machines.
pub(crate) const CLOUD: &str = "linux-image-cloud-amd64";
/// With drivers for real hardware.
pub(crate) const GENERIC: &str = "linux-image-amd64";
/// Kernels that were fetched.
pub(crate) const PACKAGES: &str = ".cache/debs";
const STATIC: &str = ".cache/static";
