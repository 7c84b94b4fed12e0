//! Images of the appliance: the static program, Debian's kernel, and what `image` makes of them.

mod arch;
mod debian;
mod program;
mod small;

pub(crate) use arch::{AARCH64, Arch, X86_64};
pub(crate) use debian::{Archive, Foreign, PACKAGES};
pub(crate) use program::{can_build, elsewhere, fixed};

use crate::buildroot::fragment::SOURCE;
use crate::rooms;
use crate::steps::{Done, command};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo xtask image`: every form of the disk for real hardware; `words` are options of `image disk`.
///
/// # Errors
/// What is missing on this machine, or what failed.
pub(crate) fn report(words: &[String]) -> crate::Outcome {
    let root = rooms::root();
    let arch = arch::asked_for(words)?;
    println!("the program that makes images");
    // `cargo xtask` has built nothing but itself.
    done(command(
        &root,
        "image",
        Command::new("cargo").args(["build", "--locked", "-p", "image"]),
    ))?;
    let out = root.join("target/image");
    let order = Order { arch, meta: arch.kernel, features: &[], out: &out, tells: true };
    let mut made = order.disk(&root, words)?;
    if arch == X86_64 {
        made.extend(order.for_hypervisors(&root, &made[0])?);
    }
    println!("done:");
    for file in made {
        println!("  {}", file.display());
    }
    Ok(())
}

/// A disk for virtual machines with a probe inside, for runs and tests, with the kernel of this package or [`SMALL`],
/// which is given these words. Everything is made below `.cache`.
///
/// # Errors
/// As above.
pub(crate) fn development(root: &Path, meta: &str, kernel_words: &str) -> Result<PathBuf, String> {
    let out = root.join(".cache/image");
    let order = Order { arch: X86_64, meta, features: PROBE, out: &out, tells: false };
    let made = order.disk(root, &["--append".to_owned(), kernel_words.to_owned()])?;
    Ok(made[0].clone())
}

/// What is imported into ESXi, for tests: as `cargo xtask image` makes it, but that its kernel is given these words.
///
/// # Errors
/// As above.
pub(crate) fn appliance(root: &Path, kernel_words: &str) -> Result<PathBuf, String> {
    let out = root.join(".cache/ova-image");
    let order = Order { arch: X86_64, meta: X86_64.kernel, features: &[], out: &out, tells: false };
    let made = order.disk(root, &["--append".to_owned(), kernel_words.to_owned()])?;
    let [_, ova] = order.for_hypervisors(root, &made[0])?;
    Ok(ova)
}

/// What an image is made of.
struct Order<'a> {
    arch: Arch,
    /// The package that stands for the newest kernel, or [`SMALL`].
    meta: &'a str,
    features: &'a [&'a str],
    /// What this folder had in it before is gone.
    out: &'a Path,
    /// Whether a person is told what goes on.
    tells: bool,
}

impl Order<'_> {
    /// The disk, raw and in QEMU's format.
    fn disk(&self, root: &Path, words: &[String]) -> Result<Vec<PathBuf>, String> {
        let (arch, out) = (self.arch, self.out);
        can_build(root, arch)?;
        self.tell(&format!("packages of Debian for {}", arch.debian));
        let archive = Archive::new(root, arch)?;
        let small = self.meta == SMALL;
        let kernel = if small { small::small(root)? } else { archive.newest(self.meta)? };
        let foreign = archive.foreign()?;
        self.tell(&format!("  {}", kernel.display()));
        self.tell(&format!("the appliance for {}: the first time takes minutes", arch.triple));
        let binary = fixed(root, arch, "appliance", self.features)?;
        self.tell(&format!("  {}", binary.display()));
        let _ = std::fs::remove_dir_all(out);
        std::fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
        self.tell("the list of what it is made of");
        let sbom = out.join("sbom.cdx.json");
        let mut list = image()?;
        list.args(["sbom", "--version", VERSION, "--target", arch.triple]);
        if small {
            list.args(["--installed", SOURCE]);
        } else {
            list.arg("--deb").arg(&kernel);
        }
        if let Some(Foreign { debs, .. }) = &foreign {
            list.args(debs.iter().flat_map(|deb| [OsStr::new("--deb"), deb.as_os_str()]));
        } else {
            list.args(arch.inside.iter().flat_map(|name| ["--installed", name]));
        }
        done(command(root, "image-sbom", list.arg(root).arg(&sbom)))?;
        self.tell("the slot, and the disk around it");
        let mut disk = image()?;
        disk.args(["disk", "--version", VERSION, "--arch", arch.name]);
        disk.arg("--binary").arg(&binary).arg("--kernel").arg(&kernel).arg("--sbom").arg(&sbom);
        if let Some(Foreign { e2fsck, grub, .. }) = &foreign {
            disk.arg("--e2fsck").arg(e2fsck).arg("--grub").arg(grub);
        }
        done(command(root, "image-disk", disk.arg("--out").arg(out).args(words)))?;
        Ok(["img", "qcow2"].map(|ending| self.file(ending)).to_vec())
    }

    /// A virtual disk, and the appliance with it inside.
    fn for_hypervisors(&self, root: &Path, disk: &Path) -> Result<[PathBuf; 2], String> {
        self.tell("the virtual disk, and the appliance for ESXi");
        let [vmdk, ova] = ["vmdk", "ova"].map(|ending| self.file(ending));
        done(command(root, "image-vmdk", image()?.arg("vmdk").arg(disk).arg(&vmdk)))?;
        let mut pack = image()?;
        pack.args(["ova", "--version", VERSION, "--name"]).arg(self.name());
        done(command(root, "image-ova", pack.arg(disk).arg(&ova)))?;
        Ok([vmdk, ova])
    }

    fn name(&self) -> String {
        format!("fixpart-{VERSION}-{}", self.arch.name)
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.out.join(format!("{}.{ending}", self.name()))
    }

    fn tell(&self, what: &str) {
        if self.tells {
            println!("{what}");
        }
    }
}

fn image() -> Result<Command, String> {
    rooms::program("image").map(Command::new).map_err(|error| error.to_string())
}

fn done(ran: std::io::Result<Done>) -> Result<(), String> {
    match ran {
        Ok(done) if done.well => Ok(()),
        Ok(done) => Err(done.tail()),
        Err(error) => Err(error.to_string()),
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The appliance with the probe inside.
pub(crate) const PROBE: &[&str] = &["probe"];
/// Small and quick to start: enough for virtual machines.
pub(crate) const CLOUD: &str = "linux-image-cloud-amd64";
/// The small kernel of a release, which is built here.
pub(crate) const SMALL: &str = "small";
