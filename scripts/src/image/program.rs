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
    // A name without a folder is one that was not found.
    let asked = Command::new(arch.compiler).arg("-print-file-name=libc.a").output();
    let library = asked.map(|asked| String::from_utf8_lossy(&asked.stdout).contains('/'));
    if !library.unwrap_or(false) {
        let packages = arch.compiler_packages.join(" ");
        return Err(format!("programs for {} cannot be linked without {packages}", arch.name));
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
    let mut build = cargo(root, arch, &home());
    build.args(["-p", package, "--features", &features.join(",")]);
    done(command(root, &format!("static-{package}-{}", arch.name), &mut build))?;
    let built = root.join(FOLDER).join(arch.triple).join("release").join(package);
    // A name of its own: whoever builds it with other features at the same time makes the same file.
    let kept = built.with_file_name([&[package], features].concat().join("-with-"));
    if !features.is_empty() {
        std::fs::copy(&built, &kept).map_err(|error| format!("{}: {error}", kept.display()))?;
    }
    if package != "appliance" {
        return Ok(kept);
    }
    let inside = std::fs::read(&kept).map_err(|error| format!("{}: {error}", kept.display()))?;
    let probed = inside.windows(MARK.len()).any(|window| window == MARK);
    if probed == features.contains(&"probe") {
        Ok(kept)
    } else {
        Err(format!("{} was built by somebody else meanwhile; try again", kept.display()))
    }
}

/// The appliance, built in another folder and by somebody with another home, for a comparison.
///
/// # Errors
/// When it cannot be built.
pub(crate) fn elsewhere(root: &Path, arch: Arch) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| error.to_string();
    let place = root.join(ELSEWHERE);
    let _ = std::fs::remove_dir_all(&place);
    let [tree, other_home] = ["deeper/tree", "home"].map(|folder| place.join(folder));
    std::fs::create_dir_all(&tree).map_err(failed)?;
    std::fs::create_dir_all(&other_home).map_err(failed)?;
    // What was fetched is not fetched again.
    std::os::unix::fs::symlink(home().join("registry"), other_home.join("registry"))
        .map_err(failed)?;
    let copy = "git ls-files -z | xargs -0 cp --parents -t \"$0\"";
    done(command(root, "elsewhere", Command::new("sh").args(["-c", copy]).arg(&tree)))?;
    let mut build = cargo(&tree, arch, &other_home);
    build.args(["-p", "appliance"]).env("CARGO_HOME", &other_home);
    // What cargo has set for us names the other tree.
    build.env_remove("CARGO_MANIFEST_DIR");
    done(command(&tree, "static-appliance", &mut build))?;
    Ok(tree.join(FOLDER).join(arch.triple).join("release/appliance"))
}

/// Builds for a root file system without libraries, the same octets wherever it is done: what the compiler writes down of
/// the places of foreign crates begins with a name that is the same for everybody.
fn cargo(root: &Path, arch: Arch, home: &Path) -> Command {
    let mut build = Command::new("cargo");
    build.args(["build", "--locked", "--release", "--target", arch.triple, "--target-dir"]);
    build.arg(root.join(FOLDER));
    let remapped = format!("--remap-path-prefix={}=/cargo", home.display());
    // Not divided by blanks: a home may have one in its name.
    let flags = ["-Ctarget-feature=+crt-static", "-Cstrip=symbols", &remapped];
    build.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    if let Some(day) = day_of_the_commit(root) {
        build.env("FIXPART_BUILT", day.to_string());
    }
    if std::env::consts::ARCH != arch.name {
        let linker = arch.triple.to_uppercase().replace('-', "_");
        build.env(format!("CARGO_TARGET_{linker}_LINKER"), arch.compiler);
    }
    build
}

/// When the day of the last commit began, in seconds since 1970: the same for everybody, and no reason to build anew for
/// each commit of a day. `None` for a source without a history.
fn day_of_the_commit(root: &Path) -> Option<u64> {
    let words = ["log", "-1", "--format=%ct"];
    let asked = Command::new("git").args(words).current_dir(root).output().ok()?;
    let seconds: u64 = String::from_utf8(asked.stdout).ok()?.trim().parse().ok()?;
    Some(seconds - seconds % 86_400)
}

/// Where cargo keeps what it has fetched.
fn home() -> PathBuf {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or(home).unwrap_or_default()
}

/// What only an appliance with the probe says.
const MARK: &[u8] = b"the probe does not know this";

const FOLDER: &str = ".cache/static";
const ELSEWHERE: &str = ".cache/elsewhere";
