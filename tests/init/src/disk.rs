//! A disk with the appliance in slot A, made by the same code as a real one.

use crate::Wrong;
use image::disk::{Order, factory_state};
use image::identity::Identity;
use image::kernel::Kernel;
use image::layout::{self, Arch};
use image::{ext4, slot};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk as it leaves the factory, and what QEMU boots it with.
pub(crate) struct Disk {
    /// The whole disk.
    pub(crate) raw: PathBuf,
    /// The kernel of the slot.
    pub(crate) vmlinuz: PathBuf,
    /// The initramfs of the slot.
    pub(crate) initrd: PathBuf,
    /// For copies.
    pub(crate) work: PathBuf,
}

impl Disk {
    /// Makes it of an appliance and a kernel.
    pub(crate) fn make(appliance: &Path, kernel: &Path, work: &Path) -> Result<Self, Wrong> {
        let kernel = Kernel::open(kernel, work)?;
        let parts = slot::Parts {
            version: VERSION,
            binary: stripped(appliance, work)?,
            e2fsck: std::fs::read("/sbin/e2fsck.static")?,
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
            arch: Arch::X86_64,
            mib: MIB,
            slot_a: &image,
            slot_b: None,
            slot_r: None,
            identity: &Identity::default(),
            cmdline: "",
            state: factory_state(),
            grub: None,
        };
        image::disk::write(&order, &raw, work)?;
        Ok(Self { raw, vmlinuz, initrd, work: work.to_owned() })
    }

    /// A copy to be written to, larger than the original.
    pub(crate) fn copy(&self, name: &str) -> Result<PathBuf, Wrong> {
        let copy = self.work.join(format!("{name}.img"));
        run(Command::new("cp").arg("--sparse=always").arg(&self.raw).arg(&copy))?;
        File::options().write(true).open(&copy)?.set_len(LARGER_MIB << 20)?;
        Ok(copy)
    }
}

/// Without symbols it is a tenth of the size.
fn stripped(appliance: &Path, work: &Path) -> Result<Vec<u8>, Wrong> {
    let out = work.join("appliance");
    run(Command::new("strip").arg("-o").arg(&out).arg(appliance))?;
    Ok(std::fs::read(out)?)
}

/// Whether e2fsck finds nothing to mend in the partitions that are written to.
pub(crate) fn is_clean(disk: &Path, work: &Path) -> Result<(), Wrong> {
    for (name, grown) in [("state", false), ("data", true)] {
        let mib = if grown { LARGER_MIB } else { MIB };
        let table = layout::table(VERSION, Arch::X86_64, mib)?;
        let partition = table.find(name).ok_or("the partition is missing")?;
        let copy = work.join(format!("{name}.part"));
        let mut from = File::open(disk)?;
        from.seek(SeekFrom::Start(partition.first * 512))?;
        let mut to = File::create(&copy)?;
        let mut left = partition.len();
        let mut piece = vec![0; 1 << 20];
        while left > 0 {
            let length = usize::try_from(left.min(1 << 20))?;
            from.read_exact(&mut piece[..length])?;
            to.write_all(&piece[..length])?;
            left -= length as u64;
        }
        let checked = Command::new("e2fsck").arg("-fn").arg(&copy).output()?;
        if !checked.status.success() {
            let said = String::from_utf8_lossy(&checked.stdout).into_owned();
            return Err(format!("{name} is not clean: {said}").into());
        }
        std::fs::remove_file(copy)?;
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<(), Wrong> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

const VERSION: &str = "0.1.0";
const MIB: u64 = 1024;
/// What the disk is in the machine: the first boot has something to grow.
const LARGER_MIB: u64 = 1536;
