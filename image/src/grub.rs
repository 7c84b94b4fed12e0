//! GRUB for BIOS and EFI, from Debian's packages, and the script that chooses the slot.

use crate::error::{At as _, Error};
use crate::layout::Arch;
use crate::tool::Tool;
use std::path::{Path, PathBuf};
use update::gpt::{BOOT_CODE_LEN, SECTOR_LEN};

/// The script, for kernels that are started with `extra` behind the usual words.
#[must_use]
pub fn script(arch: Arch, extra: &str) -> String {
    let console = match arch {
        Arch::X86_64 => "console=tty0 console=ttyS0,115200",
        Arch::Aarch64 => "console=tty0 console=ttyAMA0,115200",
    };
    // `gpt`: where the first table is torn by a cut, the kernel is to read the second one.
    let cmdline = format!("{console} quiet panic=10 oops=panic gpt {extra}");
    SCRIPT.replace("@CMDLINE@", cmdline.trim_end())
}

/// GRUB as a program of the EFI firmware, with its name in the EFI partition.
///
/// # Errors
/// When it cannot be made.
pub fn efi(
    arch: Arch,
    folder: Option<&Path>,
    work: &Path,
) -> Result<(&'static str, Vec<u8>), Error> {
    let (format, package, name) = match arch {
        Arch::X86_64 => ("x86_64-efi", "grub-efi-amd64-bin", "EFI/BOOT/BOOTX64.EFI"),
        Arch::Aarch64 => ("arm64-efi", "grub-efi-arm64-bin", "EFI/BOOT/BOOTAA64.EFI"),
    };
    let modules = modules_in(format, package, folder)?;
    // Without a device the prefix is on the partition that the firmware has started this from.
    Ok((name, core(format, &modules, "/grub", &[], work)?))
}

/// What a BIOS starts.
pub struct Bios {
    /// For sector 0.
    pub boot: [u8; BOOT_CODE_LEN],
    /// For the partition `bios`, which begins at the sector it was made for.
    pub core: Vec<u8>,
}

/// GRUB for a BIOS, with its core at `sector` of the disk.
///
/// # Errors
/// When it cannot be made.
pub fn bios(sector: u64, work: &Path) -> Result<Bios, Error> {
    let modules = modules_in("i386-pc", "grub-pc-bin", None)?;
    let path = modules.join("boot.img");
    let image = std::fs::read(&path).at(&path)?;
    let broken =
        |program: &str, said: &str| Error::Program { program: program.into(), said: said.into() };
    let mut boot = [0; BOOT_CODE_LEN];
    let code = image.get(..BOOT_CODE_LEN).ok_or_else(|| broken("boot.img", "it is too short"))?;
    boot.copy_from_slice(code);
    boot[KERNEL_SECTOR..KERNEL_SECTOR + 8].copy_from_slice(&sector.to_le_bytes());
    // The drive that the BIOS names, whichever it is.
    boot[BOOT_DRIVE] = 0xFF;
    // A BIOS that names a wrong drive is believed all the same: the jump over the correction stays in.
    let mut core = core("i386-pc", &modules, "(,gpt2)/grub", &["biosdisk"], work)?;
    let sectors = (core.len() as u64).div_ceil(SECTOR_LEN);
    core.resize(usize::try_from(sectors * SECTOR_LEN).unwrap_or(usize::MAX), 0);
    // The first sector loads the others: where, how many, and to which segment.
    let rest =
        u16::try_from(sectors - 1).map_err(|_| broken("grub-mkimage", "its image is too long"))?;
    let list = core.get_mut(FIRST_BLOCKLIST..FIRST_BLOCKLIST + 12);
    let list = list.ok_or_else(|| broken("grub-mkimage", "its image is too short"))?;
    list[..8].copy_from_slice(&(sector + 1).to_le_bytes());
    list[8..10].copy_from_slice(&rest.to_le_bytes());
    list[10..].copy_from_slice(&KERNEL_SEGMENT.to_le_bytes());
    Ok(Bios { boot, core })
}

fn modules_in(
    format: &str,
    package: &'static str,
    folder: Option<&Path>,
) -> Result<PathBuf, Error> {
    let modules = folder.unwrap_or_else(|| Path::new("/usr/lib/grub")).join(format);
    if modules.join("normal.mod").exists() {
        return Ok(modules);
    }
    Err(Error::NotInstalled { what: format!("GRUB for {format}"), package })
}

fn core(
    format: &str,
    modules: &Path,
    prefix: &str,
    more: &[&str],
    work: &Path,
) -> Result<Vec<u8>, Error> {
    let path = work.join(format!("core.{format}"));
    let here: &[&str] = match format {
        // EFI has serial lines in its console.
        "i386-pc" => &["serial"],
        // Kernels do not unpack themselves there.
        "arm64-efi" => &["gzio"],
        _ => &[],
    };
    Tool::new("grub-mkimage", "grub-common")
        .args(["-O", format, "-p", prefix, "-d"])
        .arg(modules)
        .arg("-o")
        .arg(&path)
        .args(MODULES)
        .args(here)
        .args(more)
        .run()?;
    std::fs::read(&path).at(&path)
}

const SCRIPT: &str = include_str!("../grub/grub.cfg");
/// What the script and its files need; the rest comes along by itself.
const MODULES: &[&str] = &[
    "boot",
    "echo",
    "fat",
    "gcry_sha256",
    "hashsum",
    "linux",
    "loadenv",
    "normal",
    "part_gpt",
    "probe",
    "reboot",
    "regexp",
    "sleep",
    "squash4",
    "terminal",
    "test",
];
/// In boot.img: the sector of the core, 64 bits.
const KERNEL_SECTOR: usize = 0x5C;
/// In boot.img: the drive.
const BOOT_DRIVE: usize = 0x64;
/// In the core's first sector, the last of the lists of what it loads.
const FIRST_BLOCKLIST: usize = 512 - 12;
/// Behind the first sector, which the BIOS puts at 0x8000.
const KERNEL_SEGMENT: u16 = 0x820;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_its_words_filled_in() {
        for arch in [Arch::X86_64, Arch::Aarch64] {
            let script = script(arch, "fixpart.test=1");
            assert!(!script.contains('@'));
            assert!(script.contains("panic=10 oops=panic gpt fixpart.test=1\n"));
        }
    }

    #[test]
    fn the_script_knows_the_partitions_by_their_numbers() {
        for (name, number) in [("bootstate", 3), ("slot_a", 4), ("slot_b", 5), ("slot_r", 6)] {
            let row = crate::layout::ROWS.iter().find(|row| row.name == name).unwrap();
            assert_eq!(row.number, number);
            assert!(SCRIPT.contains(&format!("gpt{number}")), "{name}");
        }
    }
}
