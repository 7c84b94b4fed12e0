//! A disk with the appliance in slot A, made by the same code as a real one.

use crate::Wrong;
use image::disk::{Order, factory_state};
use image::identity::Identity;
use image::kernel::Kernel;
use image::layout::Arch;
use image::{ext4, slot};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use update::bootstate::{Copies, Slot, Write};
use update::gpt::{FIRST_USABLE, SECTOR_LEN, Table};

/// A disk as it leaves the factory, and what QEMU boots it with.
pub(crate) struct Disk {
    /// The whole disk.
    pub(crate) raw: PathBuf,
    /// The kernel of the slot.
    pub(crate) vmlinuz: PathBuf,
    /// The initramfs of the slot.
    pub(crate) initrd: PathBuf,
    /// What stands in slot A.
    pub(crate) slot: PathBuf,
    /// The machine it is for.
    pub(crate) arch: Arch,
    /// For copies.
    pub(crate) work: PathBuf,
}

/// What a disk is made of, besides the kernel.
pub(crate) struct Parts {
    /// The machine it is for.
    pub(crate) arch: Arch,
    /// The program.
    pub(crate) appliance: PathBuf,
    /// The static e2fsck.
    pub(crate) e2fsck: PathBuf,
    /// GRUB's modules, where they are not this machine's own.
    pub(crate) grub: Option<PathBuf>,
}

impl Disk {
    /// Makes it of these parts and a kernel.
    pub(crate) fn make(of: &Parts, kernel: &Path, work: &Path) -> Result<Self, Wrong> {
        let kernel = Kernel::open(kernel, work)?;
        let parts = slot::Parts {
            version: VERSION,
            binary: stripped(of, work)?,
            e2fsck: std::fs::read(&of.e2fsck)?,
            kernel: &kernel,
            overlay: Path::new("overlay"),
            sbom: b"{}".to_vec(),
            template: ext4::template(work)?,
        };
        let mut root = slot::root(&parts)?;
        slot::bootable(&mut root, &kernel, &slot::initramfs(&parts.binary, &kernel)?)?;
        let [vmlinuz, initrd] = ["vmlinuz", "initrd"].map(|name| work.join(name));
        for (file, inside) in [(&vmlinuz, "boot/vmlinuz"), (&initrd, "boot/initrd")] {
            let Some(image::tree::Node::File(bytes)) = root.get(inside) else {
                return Err(format!("the slot has no {inside}").into());
            };
            std::fs::write(file, bytes)?;
        }
        let image = work.join("slot");
        slot::write(&root, &image, work)?;
        let raw = work.join("disk.img");
        let order = Order {
            version: VERSION,
            arch: of.arch,
            mib: MIB,
            slot_a: &image,
            slot_b: None,
            slot_r: None,
            identity: &Identity::default(),
            // For where GRUB starts it.
            cmdline: WORDS,
            state: factory_state(),
            grub: of.grub.as_deref(),
        };
        image::disk::write(&order, &raw, work)?;
        Ok(Self { raw, vmlinuz, initrd, slot: image, arch: of.arch, work: work.to_owned() })
    }

    /// A copy on which slot B holds the same system and is on trial.
    pub(crate) fn copy_on_trial(&self, name: &str) -> Result<PathBuf, Wrong> {
        let copy = self.copy(name)?;
        let (first, _) = place(&copy, "slot_b")?;
        let mut to = File::options().write(true).open(&copy)?;
        to.seek(SeekFrom::Start(first))?;
        std::io::copy(&mut File::open(&self.slot)?, &mut to)?;
        let copies = boot_state(&copy)?;
        let armed = copies.state().prepared(Slot::A)?.armed(Slot::B)?;
        write_boot_state(&copy, &copies.replace(armed))?;
        Ok(copy)
    }

    /// A copy of a box that was given an identity at manufacture.
    pub(crate) fn copy_with_identity(&self, name: &str, ari: &str) -> Result<PathBuf, Wrong> {
        let copy = self.copy(name)?;
        let [part, xml] = ["ident.part", "ident.xml"].map(|name| self.work.join(name));
        std::fs::write(&part, content(&copy, "ident")?)?;
        let identity = Identity { ari: Some(ari.parse()?), ..Identity::default() };
        std::fs::write(&xml, identity.xml())?;
        for command in ["rm ident.xml".to_owned(), format!("write {} ident.xml", xml.display())] {
            run(Command::new("debugfs").args(["-w", "-R", &command]).arg(&part))?;
        }
        let (first, _) = place(&copy, "ident")?;
        let mut to = File::options().write(true).open(&copy)?;
        to.seek(SeekFrom::Start(first))?;
        std::io::copy(&mut File::open(&part)?, &mut to)?;
        Ok(copy)
    }

    /// A copy to be written to, larger than the original.
    pub(crate) fn copy(&self, name: &str) -> Result<PathBuf, Wrong> {
        let copy = self.work.join(format!("{name}.img"));
        run(Command::new("cp").arg("--sparse=always").arg(&self.raw).arg(&copy))?;
        File::options().write(true).open(&copy)?.set_len(LARGER_MIB << 20)?;
        Ok(copy)
    }
}

/// Without symbols it is a tenth of the size; this machine's tool knows only programs of its own kind.
fn stripped(of: &Parts, work: &Path) -> Result<Vec<u8>, Wrong> {
    if of.arch.name() != std::env::consts::ARCH {
        return Ok(std::fs::read(&of.appliance)?);
    }
    let out = work.join("appliance");
    run(Command::new("strip").arg("-o").arg(&out).arg(&of.appliance))?;
    Ok(std::fs::read(out)?)
}

/// Whether e2fsck finds nothing to mend in the file systems of a disk that was switched off.
pub(crate) fn is_clean(disk: &Path) -> Result<(), Wrong> {
    for name in ["ident", "state", "data"] {
        let (first, _) = place(disk, name)?;
        let place = format!("{}?offset={first}", disk.display());
        let checked = Command::new("e2fsck").arg("-fn").arg(place).output()?;
        if !checked.status.success() {
            let said = String::from_utf8_lossy(&checked.stdout).into_owned();
            return Err(format!("{name} is not clean: {said}").into());
        }
    }
    Ok(())
}

/// What a partition holds.
pub(crate) fn content(disk: &Path, name: &str) -> Result<Vec<u8>, Wrong> {
    let (first, length) = place(disk, name)?;
    let mut from = File::open(disk)?;
    from.seek(SeekFrom::Start(first))?;
    let mut content = Vec::new();
    from.take(length).read_to_end(&mut content)?;
    Ok(content)
}

/// The boot state on a disk.
pub(crate) fn boot_state(disk: &Path) -> Result<Copies, Wrong> {
    Ok(Copies::of_partition(&content(disk, "bootstate")?))
}

/// Writes it as a boot loader or an update does.
pub(crate) fn write_boot_state(disk: &Path, writes: &[Write]) -> Result<(), Wrong> {
    let (first, _) = place(disk, "bootstate")?;
    let mut to = File::options().write(true).open(disk)?;
    for write in writes {
        to.seek(SeekFrom::Start(first + write.copy.sector() * 512))?;
        to.write_all(&write.block)?;
    }
    Ok(())
}

/// Where a partition begins and how long it is, in octets.
pub(crate) fn place(disk: &Path, name: &str) -> Result<(u64, u64), Wrong> {
    let mut head = vec![0; usize::try_from(FIRST_USABLE * SECTOR_LEN)?];
    File::open(disk)?.read_exact(&mut head)?;
    let table = Table::parse(&head)?;
    let partition = table.find(name).ok_or("the partition is missing")?;
    Ok((partition.first * SECTOR_LEN, partition.len()))
}

fn run(command: &mut Command) -> Result<(), Wrong> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// The kernel's, however it is started.
pub(crate) const WORDS: &str = "loglevel=7 panic=10 fixpart.net=10.0.2.15/24";
const VERSION: &str = "0.1.0";
const MIB: u64 = 1024;
/// What the disk is in the machine: the first boot has something to grow.
const LARGER_MIB: u64 = 1536;
