//! What the program `image` understands of making slots and disks: `slot`, `disk`.

use crate::command::Failure;
use crate::disk::{self, factory_state};
use crate::error::{At as _, Error};
use crate::identity::Identity;
use crate::kernel::Kernel;
use crate::layout::Arch;
use crate::{ext4, slot};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The words of both commands; a slot needs only some of them.
struct Words {
    version: String,
    arch: Arch,
    mib: u64,
    binary: PathBuf,
    kernel: PathBuf,
    e2fsck: PathBuf,
    overlay: PathBuf,
    sbom: PathBuf,
    grub: Option<PathBuf>,
    cmdline: String,
    identity: Identity,
    out: PathBuf,
}

/// `slot --binary FILE --kernel DEB|DIR --sbom FILE --out FILE ...`
///
/// # Errors
/// Words that it does not understand, or what making it failed with.
pub fn slot(words: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let words = parse(lexopt::Parser::from_args(words))?;
    let work = tempfile::tempdir()?;
    make_slot(&words, &words.out, work.path())?;
    println!("{}", described(&words.out)?);
    Ok(())
}

/// `disk --binary FILE --kernel DEB|DIR --sbom FILE --out DIR ...`
///
/// # Errors
/// As above.
pub fn disk(words: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let words = parse(lexopt::Parser::from_args(words))?;
    std::fs::create_dir_all(&words.out).at(&words.out)?;
    // Beside the result: a disk is large, and what is temporary may be small.
    let work = tempfile::tempdir_in(&words.out)?;
    let image = work.path().join("slot");
    make_slot(&words, &image, work.path())?;
    let name = format!("fixpart-{}-{}", words.version, words.arch.name());
    let [raw, qcow2] = ["img", "qcow2"].map(|kind| words.out.join(format!("{name}.{kind}")));
    let order = disk::Order {
        version: &words.version,
        arch: words.arch,
        mib: words.mib,
        slot_a: &image,
        slot_b: None,
        slot_r: Some(&image),
        identity: &words.identity,
        cmdline: &words.cmdline,
        state: factory_state(),
        grub: words.grub.as_deref(),
    };
    disk::write(&order, &raw, work.path())?;
    disk::qcow2(&raw, &qcow2)?;
    for file in [&image, &raw, &qcow2] {
        println!("{}", described(file)?);
    }
    Ok(())
}

fn make_slot(words: &Words, out: &Path, work: &Path) -> Result<(), Error> {
    let read = |path: &PathBuf| std::fs::read(path).at(path);
    let kernel = Kernel::open(&words.kernel, work)?;
    if !words.e2fsck.exists() {
        let what = format!("{}", words.e2fsck.display());
        return Err(Error::NotInstalled { what, package: "e2fsck-static" });
    }
    let parts = slot::Parts {
        version: &words.version,
        binary: read(&words.binary)?,
        e2fsck: read(&words.e2fsck)?,
        kernel: &kernel,
        overlay: &words.overlay,
        sbom: read(&words.sbom)?,
        template: ext4::template(work)?,
    };
    let mut root = slot::root(&parts)?;
    slot::bootable(&mut root, &kernel, &slot::initramfs(&parts.binary, &kernel)?)?;
    slot::write(&root, out, work)
}

fn parse(mut words: lexopt::Parser) -> Result<Words, Failure> {
    let mut parsed = Words {
        version: env!("CARGO_PKG_VERSION").into(),
        arch: Arch::X86_64,
        mib: DISK_MIB,
        binary: PathBuf::new(),
        kernel: PathBuf::new(),
        e2fsck: "/sbin/e2fsck.static".into(),
        overlay: "overlay".into(),
        sbom: PathBuf::new(),
        grub: None,
        cmdline: String::new(),
        identity: Identity::default(),
        out: PathBuf::new(),
    };
    while let Some(word) = words.next()? {
        let Long(name) = word else { return Err(word.unexpected().into()) };
        let name = name.to_owned();
        let value = words.value()?;
        one(&mut parsed, &name, value)?;
    }
    let needed = [
        ("--binary", &parsed.binary),
        ("--kernel", &parsed.kernel),
        ("--sbom", &parsed.sbom),
        ("--out", &parsed.out),
    ];
    match needed.iter().find(|(_, path)| path.as_os_str().is_empty()) {
        Some((name, _)) => Err(format!("{name} is needed").into()),
        None => Ok(parsed),
    }
}

fn one(words: &mut Words, name: &str, value: OsString) -> Result<(), Failure> {
    match name {
        "binary" => words.binary = value.into(),
        "kernel" => words.kernel = value.into(),
        "e2fsck" => words.e2fsck = value.into(),
        "overlay" => words.overlay = value.into(),
        "sbom" => words.sbom = value.into(),
        "grub" => words.grub = Some(value.into()),
        "out" => words.out = value.into(),
        "append" => words.cmdline = value.string()?,
        "mac" => words.identity.mac = Some(value.parse()?),
        "serial" => words.identity.serial = Some(value.parse()?),
        "ari" => words.identity.ari = Some(value.parse()?),
        "size" => words.mib = value.parse()?,
        "version" => {
            words.version = value.string()?;
            if !crate::name::is_fit(&words.version) {
                return Err(format!("{} is no version", words.version).into());
            }
        }
        "arch" => words.arch = value.parse()?,
        _ => return Err(format!("--{name} is not known; `image help` lists what is").into()),
    }
    Ok(())
}

fn described(file: &Path) -> Result<String, Error> {
    use std::os::unix::fs::MetadataExt as _;
    let meta = file.metadata().at(file)?;
    let (len, used) = (meta.len(), meta.blocks() * 512);
    Ok(format!("{}: {len} octets, {} KiB on the disk", file.display(), used / 1024))
}

/// 1 GiB; the first boot lets the last partition grow.
const DISK_MIB: u64 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(words: &[&str]) -> String {
        parse(lexopt::Parser::from_args(words)).err().unwrap().to_string()
    }

    #[test]
    fn what_is_missing_or_unknown_is_said() {
        assert_eq!(refused(&["--kernel", "k", "--sbom", "s", "--out", "o"]), "--binary is needed");
        assert_eq!(
            refused(&["--colour", "red"]),
            "--colour is not known; `image help` lists what is"
        );
        assert!(refused(&["--arch", "vax"]).ends_with("--arch is x86_64 or aarch64"));
        assert_eq!(refused(&["--version", "../x"]), "../x is no version");
        assert!(refused(&["--size", "big"]).contains("big"));
    }
}
