//! A slot: one squashfs with the kernel, its initramfs and the root file system.
//!
//! GRUB reads it to boot, and the kernel mounts it. The root has neither a shell nor an interpreter.

use crate::error::{At as _, Error};
use crate::hash;
use crate::kernel::{Kernel, Module};
use crate::tool::Tool;
use crate::tree::{Node, Tree};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// What a slot of the appliance is made of.
pub struct Parts<'a> {
    /// Of the appliance.
    pub version: &'a str,
    /// The one program, linked statically.
    pub binary: Vec<u8>,
    /// The only foreign program: `e2fsck`, linked statically.
    pub e2fsck: Vec<u8>,
    /// The kernel.
    pub kernel: &'a Kernel,
    /// The few other files, of the folder `overlay`.
    pub overlay: &'a Path,
    /// What the image is made of, in CycloneDX.
    pub sbom: Vec<u8>,
    /// An empty file system.
    pub template: Vec<u8>,
}

/// The root file system of the appliance, without `/boot`.
///
/// # Errors
/// When the binary is not static, the kernel lacks something, or the overlay cannot be read.
pub fn root(parts: &Parts<'_>) -> Result<Tree, Error> {
    for (name, program) in [("appliance", &parts.binary), ("e2fsck", &parts.e2fsck)] {
        if needs_loader(program) {
            let how = "build it with RUSTFLAGS=-Ctarget-feature=+crt-static and --target";
            return Err(Error::Asked(format!("{name} is not linked statically; {how}")));
        }
    }
    let mut tree = Tree::default();
    for folder in MOUNT_POINTS {
        tree.put(folder, Node::Folder);
    }
    overlay(&mut tree, parts)?;
    tree.put("bin/appliance", Node::Program(parts.binary.clone()));
    tree.put("sbin/init", Node::Link("../bin/appliance".into()));
    tree.put("sbin/e2fsck", Node::Program(parts.e2fsck.clone()));
    tree.put("usr/share/fixpart/empty.ext4", Node::File(parts.template.clone()));
    tree.put("usr/share/sbom.cdx.json", Node::File(parts.sbom.clone()));
    let order = parts.kernel.order(MODULES_LATER)?;
    let early: Vec<Module> = parts.kernel.order(MODULES_EARLY)?;
    let is_early = |module: &&Module| early.iter().any(|other| other.file == module.file);
    let mut needs = String::new();
    for module in order.iter().filter(|module| !is_early(module)) {
        let _ = writeln!(needs, "{}: {}", module.file, module.needs.join(" "));
        tree.put(&format!("usr/lib/modules/{}", module.file), Node::File(module.bytes.clone()));
    }
    if !needs.is_empty() {
        tree.put("usr/lib/modules/needs", Node::File(needs.into_bytes()));
    }
    Ok(tree)
}

fn overlay(tree: &mut Tree, parts: &Parts<'_>) -> Result<(), Error> {
    tree.add(&parts.overlay.join("etc"), "etc/")?;
    let path = "etc/os-release";
    let Some(Node::File(text)) = tree.get(path) else {
        return Err(Error::Asked(format!("{} has no {path}", parts.overlay.display())));
    };
    let text = String::from_utf8_lossy(text).replace("@VERSION@", parts.version);
    tree.put(path, Node::File(text.into_bytes()));
    Ok(())
}

/// The initramfs: `init` and the modules that it takes to find and mount a slot.
///
/// # Errors
/// When the kernel can neither read a slot nor the file systems beside it.
pub fn initramfs(init: &[u8], kernel: &Kernel) -> Result<Tree, Error> {
    for needed in ["squashfs", "ext4"] {
        if !kernel.has(needed) {
            return Err(Error::Asked(format!("the kernel has no {needed}")));
        }
    }
    let mut tree = Tree::default();
    tree.put("init", Node::Program(init.to_vec()));
    let mut order = String::new();
    for module in kernel.order(MODULES_EARLY)? {
        let _ = writeln!(order, "{}", module.file);
        tree.put(&format!("modules/{}", module.file), Node::File(module.bytes));
    }
    // It tells the program that it runs from an initramfs, so it is there even where all is inside the kernel.
    tree.put("modules/order", Node::File(order.into_bytes()));
    Ok(tree)
}

/// Puts a kernel, its initramfs and their hashes where GRUB looks for them.
///
/// # Errors
/// When the initramfs cannot be compressed.
pub fn bootable(root: &mut Tree, kernel: &Kernel, initramfs: &Tree) -> Result<(), Error> {
    let packed = packed(&initramfs.cpio()).at(Path::new("the initramfs"))?;
    let vmlinuz = if unpacks_itself(&kernel.vmlinuz) {
        kernel.vmlinuz.clone()
    } else {
        self::packed(&kernel.vmlinuz).at(Path::new("the kernel"))?
    };
    let line = |name: &str, bytes: &[u8]| format!("{}  {name}\n", hash::of_octets(bytes));
    let sums = line("vmlinuz", &vmlinuz) + &line("initrd", &packed);
    root.put("boot/vmlinuz", Node::File(vmlinuz));
    root.put("boot/initrd", Node::File(packed));
    root.put("boot/SHA256SUMS", Node::File(sums.into_bytes()));
    Ok(())
}

fn packed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    gzip.finish()
}

/// Whether a kernel is small because it brings what unpacks it. On Arm that is the loader's work, and GRUB does it; left
/// as it is, a kernel would take three times the room, and GRUB as much longer to read and to check it.
fn unpacks_itself(kernel: &[u8]) -> bool {
    kernel.get(ARM_MAGIC.0..).is_none_or(|rest| !rest.starts_with(ARM_MAGIC.1))
}

/// Makes the slot's image; the same tree gives the same bytes.
///
/// # Errors
/// When a file cannot be written, or mksquashfs fails.
pub fn write(root: &Tree, out: &Path, work: &Path) -> Result<(), Error> {
    let folder = work.join("root");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).at(&folder)?;
    }
    root.write(&folder)?;
    Tool::new("mksquashfs", "squashfs-tools")
        .arg(&folder)
        .arg(out)
        .args(["-noappend", "-quiet", "-no-progress", "-no-xattrs", "-all-root", "-comp", "xz"])
        .args(["-mkfs-time", EPOCH, "-all-time", EPOCH])
        // GRUB unpacks a block anew for every small piece that it reads of it: minutes for a kernel.
        .args(["-action", "uncompressed@name(vmlinuz)||name(initrd)"])
        .run()?;
    Ok(())
}

/// Whether a program asks for the loader of shared libraries: it has a program header of the type `PT_INTERP`.
fn needs_loader(elf: &[u8]) -> bool {
    let number = |at: usize, len: usize| {
        let bytes = elf.get(at..at.checked_add(len)?)?;
        let number = bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        usize::try_from(number).ok()
    };
    let (Some(first), Some(len), Some(count)) = (number(0x20, 8), number(0x36, 2), number(0x38, 2))
    else {
        return true;
    };
    let kind = |index: usize| number(first.checked_add(index.checked_mul(len)?)?, 4);
    !elf.starts_with(b"\x7FELF") || (0..count).any(|index| kind(index) == Some(PT_INTERP))
}

/// The time of every file: 1 January 2025. A slot's own time would make two builds of it differ.
pub const EPOCH: &str = "1735689600";

/// What is mounted over.
const MOUNT_POINTS: &[&str] = &["data", "dev", "ident", "proc", "run", "state", "sys", "tmp"];

/// Modules that stage 1 loads: what a disk or a network can be behind, what is on the disk, and the watchdogs, which
/// have to run early. A kernel that has them inside, or not at all, goes without.
const MODULES_EARLY: &[&str] = &[
    // buses
    "virtio_pci",
    "virtio_mmio",
    "xhci_pci",
    "ehci_pci",
    // disks
    "virtio_blk",
    "virtio_scsi",
    "vmw_pvscsi",
    "nvme",
    "ahci",
    "ata_piix",
    "sd_mod",
    "usb_storage",
    "uas",
    "mmc_block",
    "sdhci_pci",
    "sdhci_acpi",
    // networks
    "virtio_net",
    "vmxnet3",
    "e1000",
    "e1000e",
    "igb",
    "igc",
    "ixgbe",
    "r8169",
    // file systems, of which ext4 wants its checksum
    "crc32c_generic",
    "squashfs",
    "ext4",
    // watchdogs, a good start for random numbers, the power button
    "i6300esb",
    "iTCO_wdt",
    "wdat_wdt",
    "sbsa_gwdt",
    "sp805_wdt",
    "dw_wdt",
    "virtio_rng",
    "button",
    "evdev",
    // keyboards for the screen
    "hid_generic",
    "usbhid",
    "atkbd",
];

/// Modules that a role may ask for.
const MODULES_LATER: &[&str] = &[
    "softdog",
    "8021q",
    "sr_mod",
    "efivarfs",
    "efi_pstore",
    "mtd",
    "mtdblock",
    "mtdram",
    "block2mtd",
    "nandsim",
    "ubi",
    "lzo",
    "deflate",
    "zstd",
    "ubifs",
];

/// Where a bare kernel for 64-bit Arm says that it is one: Documentation/arm64/booting.rst.
const ARM_MAGIC: (usize, &[u8]) = (56, b"ARM\x64");

/// The program header that names a loader.
const PT_INTERP: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_asks_for_a_loader_is_known() {
        // This test is linked as the machine does by default, the one in /sbin for machines without libraries.
        let own = std::fs::read("/proc/self/exe").unwrap();
        let mut without = own.clone();
        without[0x38] = 0;
        assert_eq!(needs_loader(&own), !cfg!(target_feature = "crt-static"));
        assert!(!needs_loader(&without), "no program headers at all");
        assert!(needs_loader(b"#!/bin/sh"));
    }

    #[test]
    fn only_a_bare_kernel_for_arm_has_to_be_packed() {
        let mut bare = vec![0; 100];
        bare[56..60].copy_from_slice(b"ARM\x64");
        assert!(!unpacks_itself(&bare));
        assert!(unpacks_itself(&packed(&bare).unwrap()) && unpacks_itself(b"MZ"));
    }
}
