//! Programs of the workspace for a root file system without libraries, on this kind of machine or another.

use super::Arch;
use super::done;
use crate::steps::command;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether programs for these machines can be made here.
///
/// # Errors
/// What is missing, and how it is installed.
pub(crate) fn can_build(root: &Path, arch: Arch) -> Result<(), String> {
    if std::env::consts::ARCH == arch.name {
        return Ok(());
    }
    if Command::new(arch.compiler).arg("--version").output().is_err() {
        let Arch { compiler, compiler_package, .. } = arch;
        return Err(format!("{compiler} is not here; it is in {compiler_package}"));
    }
    if has_library(root, arch) {
        return Ok(());
    }
    let mut add = Command::new("rustup");
    let _ = command(root, "rustup", add.args(["target", "add", arch.triple]));
    if has_library(root, arch) {
        return Ok(());
    }
    Err(format!("Rust has no library for {0} here; `rustup target add {0}` brings it", arch.triple))
}

fn has_library(root: &Path, arch: Arch) -> bool {
    let words = ["--print", "target-libdir", "--target", arch.triple];
    let asked = Command::new("rustc").args(words).current_dir(root).output();
    asked.is_ok_and(|asked| Path::new(String::from_utf8_lossy(&asked.stdout).trim()).is_dir())
}

/// A program of the workspace that needs no libraries, in a folder of its own, since other flags would build everything
/// else anew.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn fixed(
    root: &Path,
    arch: Arch,
    package: &str,
    features: &[&str],
) -> Result<PathBuf, String> {
    let folder = root.join(FOLDER);
    let mut build = Command::new("cargo");
    build.args(["build", "--locked", "--release", "--target", arch.triple, "-p", package]);
    build.args(["--features", &features.join(","), "--target-dir"]).arg(&folder);
    build.env("RUSTFLAGS", "-C target-feature=+crt-static -C strip=symbols");
    if std::env::consts::ARCH != arch.name {
        let linker = arch.triple.to_uppercase().replace('-', "_");
        build.env(format!("CARGO_TARGET_{linker}_LINKER"), arch.compiler);
    }
    done(command(root, &format!("static-{package}-{}", arch.name), &mut build))?;
    let built = folder.join(arch.triple).join("release").join(package);
    // A name of its own: whoever builds it with other features at the same time makes the same file.
    let kept = built.with_file_name([&[package], features].concat().join("-with-"));
    if !features.is_empty() {
        std::fs::copy(&built, &kept).map_err(|error| format!("{}: {error}", kept.display()))?;
    }
    let inside = std::fs::read(&kept).map_err(|error| format!("{}: {error}", kept.display()))?;
    let probed = inside.windows(MARK.len()).any(|window| window == MARK);
    if probed == features.contains(&"probe") || package != "appliance" {
        Ok(kept)
    } else {
        Err(format!("{} was built by somebody else meanwhile; try again", kept.display()))
    }
}

/// What only an appliance with the probe says.
const MARK: &[u8] = b"the probe does not know this";

const FOLDER: &str = ".cache/static";
