//! The small kernel of a release, for a PC: Debian's source of it, and the same fragments that Buildroot is given.

use crate::buildroot::fragment::{self, MISSING};
use crate::steps::command;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with nothing but this kernel, built anew only where its source or a fragment has changed.
///
/// # Errors
/// When its source is not here, or it cannot be built.
pub(super) fn small(root: &Path) -> Result<PathBuf, String> {
    let source = fragment::source(root, true)?.ok_or(MISSING)?;
    let failed = |error: std::io::Error| error.to_string();
    let version = std::fs::read_to_string(source.join("Makefile")).map_err(failed)?;
    let version: Vec<&str> = version.lines().filter(|line| line.contains("LEVEL =")).collect();
    let made_of = format!("{}\n{}", version.join("\n"), fragment::text(root, FRAGMENTS)?);
    let out = root.join(OUT);
    let folder = out.join("result");
    let (kernel, told) = (folder.join("bzImage"), out.join("made-of"));
    if kernel.is_file() && std::fs::read_to_string(&told).is_ok_and(|last| last == made_of) {
        return Ok(folder);
    }
    let building = out.join("build");
    fragment::configure(root, &source, ("x86_64", FRAGMENTS, "allnoconfig"), &building)?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut make = Command::new("make");
    make.arg("-s").arg(format!("-j{cores}")).arg("-C").arg(source);
    make.arg(format!("O={}", building.display())).args(["ARCH=x86_64", "bzImage"]);
    // The same source makes the same kernel.
    make.env("KBUILD_BUILD_TIMESTAMP", "@0").env("KBUILD_BUILD_USER", "fixpart");
    make.env("KBUILD_BUILD_HOST", "fixpart");
    super::done(command(root, "small-kernel", &mut make))?;
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::copy(building.join("arch/x86/boot/bzImage"), kernel).map_err(failed)?;
    std::fs::write(told, made_of).map_err(failed)?;
    Ok(folder)
}

/// Raw flash is for another board.
const FRAGMENTS: &[&str] = &["common", "x86_64"];
const OUT: &str = ".cache/kernel/x86_64";
