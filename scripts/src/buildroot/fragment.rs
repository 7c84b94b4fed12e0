//! The kernel's fragments against Debian's source of the kernel: every line must have come through.
//!
//! Kconfig drops a line whose requirements are not met without a word, so only the result tells.

use crate::steps::{Verdict, command};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Architectures, as the kernel calls them, and their fragments.
pub(super) const KERNELS: [(&str, &[&str]); 2] =
    [("x86_64", &["common", "x86_64", "mtd"]), ("arm64", &["common", "arm64", "mtd"])];

/// For the rest: nothing, as in our small kernel; or what the kernel's authors propose, as Buildroot does it.
pub(super) const HOW: [&str; 2] = ["allnoconfig", "alldefconfig"];

/// Whether every line is in the result.
pub(super) fn verdict(
    root: &Path,
    (arch, fragments, how): (&str, &[&str], &str),
    nightly: bool,
) -> Verdict {
    let source = match source(root, nightly) {
        Ok(Some(source)) => source,
        Ok(None) => return Verdict::Skipped(MISSING.into()),
        Err(reason) => return Verdict::Failed(reason),
    };
    match check(root, &source, (arch, fragments, how)) {
        Ok(note) => Verdict::Passed(note),
        Err(reason) => Verdict::Failed(reason),
    }
}

/// The unpacked source in the cache; it is unpacked there if `may` be, since that takes time and room.
///
/// # Errors
/// When it cannot be unpacked.
pub(crate) fn source(root: &Path, may: bool) -> Result<Option<PathBuf>, String> {
    let unpacked = root.join(".cache").join(SOURCE);
    if unpacked.join("Kconfig").is_file() {
        return Ok(Some(unpacked));
    }
    let archive = Path::new("/usr/src").join(format!("{SOURCE}.tar.xz"));
    if !may || !archive.is_file() {
        return Ok(None);
    }
    let mut unpack = Command::new("tar");
    unpack.arg("-xf").arg(archive).arg("-C").arg(root.join(".cache"));
    match command(root, "linux-source", &mut unpack) {
        Ok(done) if done.well => Ok(Some(unpacked)),
        Ok(done) => Err(done.tail()),
        Err(error) => Err(error.to_string()),
    }
}

fn check(
    root: &Path,
    source: &Path,
    (arch, fragments, how): (&str, &[&str], &str),
) -> Result<String, String> {
    let out = root.join(".cache/kconfig").join(format!("{arch}-{how}"));
    let lines = configure(root, source, (arch, fragments, how), &out)?;
    Ok(format!("{lines} lines hold in {SOURCE}"))
}

/// The text of these fragments.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn text(root: &Path, fragments: &[&str]) -> Result<String, String> {
    let files = fragments.iter().map(|name| root.join(FRAGMENTS).join(format!("{name}.fragment")));
    let read = files.map(|file| std::fs::read_to_string(file).map_err(|error| error.to_string()));
    read.collect()
}

/// Configures a kernel in `out`; how many lines the fragments have.
///
/// # Errors
/// When Kconfig fails, or drops a line.
pub(crate) fn configure(
    root: &Path,
    source: &Path,
    (arch, fragments, how): (&str, &[&str], &str),
    out: &Path,
) -> Result<usize, String> {
    let failed = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(out).map_err(failed)?;
    let wanted = text(root, fragments)?;
    let all = out.join("fragments");
    std::fs::write(&all, &wanted).map_err(failed)?;
    let mut make = Command::new("make");
    make.arg("-s").arg("-C").arg(source).arg(format!("O={}", out.display()));
    make.arg(format!("ARCH={arch}")).arg(how).env("KCONFIG_ALLCONFIG", &all);
    let done = command(root, &format!("kconfig-{arch}-{how}"), &mut make).map_err(failed)?;
    if !done.well {
        return Err(done.tail());
    }
    let config = std::fs::read_to_string(out.join(".config")).map_err(failed)?;
    let lost = lost(&wanted, &config);
    if lost.is_empty() {
        Ok(wanted.lines().filter(|line| line.starts_with("CONFIG_")).count())
    } else {
        Err(format!("Kconfig dropped {}; see their `depends on`", lost.join(", ")))
    }
}

/// The lines of a fragment that the result does not have.
fn lost<'line>(wanted: &'line str, config: &str) -> Vec<&'line str> {
    let holds = |line: &str| match line.strip_suffix("=n") {
        Some(name) => !config.lines().any(|found| found.starts_with(&format!("{name}="))),
        None => config.lines().any(|found| found == line),
    };
    let lines = wanted.lines().filter(|line| line.starts_with("CONFIG_"));
    lines.filter(|line| !holds(line)).collect()
}

const FRAGMENTS: &str = "buildroot/kernel";
/// As Debian 12 names it; the same series as in the defconfigs.
pub(crate) const SOURCE: &str = "linux-source-6.1";
/// What is said where it is not there.
pub(crate) const MISSING: &str =
    "linux-source-6.1 is not installed, or only --nightly would unpack it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_line_and_a_line_that_stayed_are_noticed() {
        let wanted = "# words\nCONFIG_A=y\nCONFIG_B=y\nCONFIG_C=n\nCONFIG_D=n\nCONFIG_E=\"x\"";
        let config = "CONFIG_A=y\nCONFIG_AB=y\n# CONFIG_C is not set\nCONFIG_D=m\nCONFIG_E=\"x\"";
        assert_eq!(lost(wanted, config), ["CONFIG_B=y", "CONFIG_D=n"]);
    }
}
