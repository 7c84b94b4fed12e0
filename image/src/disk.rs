//! A whole disk, as a sparse file.

use crate::error::{At as _, Error};
use crate::ext4::{self, Journal};
use crate::fat::{Fat, Form};
use crate::grub;
use crate::identity::Identity;
use crate::layout::{self, Arch, guid};
use crate::tool::Tool;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use update::bootstate::{BLOCK_LEN, BootState, EnvCopy, PARTITION_SECTORS, Record};
use update::gpt::{BACKUP_SECTORS, BOOT_CODE_LEN, Partition, SECTOR_LEN, Table};

/// What is to be on a disk.
pub struct Order<'a> {
    /// Of the appliance.
    pub version: &'a str,
    /// The machine.
    pub arch: Arch,
    /// Its length.
    pub mib: u64,
    /// The image of slot A.
    pub slot_a: &'a Path,
    /// The image of slot B, which a new disk has none in.
    pub slot_b: Option<&'a Path>,
    /// The image of the recovery slot.
    pub slot_r: Option<&'a Path>,
    /// Who the box is.
    pub identity: &'a Identity,
    /// Words for the kernel behind the usual ones.
    pub cmdline: &'a str,
    /// Both copies of the boot state, as [`factory_state`] makes them.
    pub state: [[u8; BLOCK_LEN]; 2],
    /// Where GRUB's modules are, when not where Debian puts them.
    pub grub: Option<&'a Path>,
}

/// The boot state of a new disk: both copies valid, the second one newer.
#[must_use]
pub fn factory_state() -> [[u8; BLOCK_LEN]; 2] {
    [1, 2].map(|generation| Record { generation, state: BootState::factory() }.encode())
}

/// Makes the disk.
///
/// # Errors
/// When something does not fit, a program is missing, or a file cannot be written.
pub fn write(order: &Order<'_>, out: &Path, work: &Path) -> Result<(), Error> {
    let table = layout::table(order.version, order.arch, order.mib)?;
    let file = File::create(out).at(out)?;
    let disk = Disk { file, path: out, table };
    disk.file.set_len(order.mib * 1024 * 1024).at(out)?;
    let boot_code = loaders(&disk, order, work)?;
    disk.put("bootstate", &boot_state(&order.state)?)?;
    let slots =
        [("slot_a", Some(order.slot_a)), ("slot_b", order.slot_b), ("slot_r", order.slot_r)];
    for (name, image) in slots {
        if let Some(image) = image {
            disk.copy(name, image)?;
        }
    }
    let identity = order.identity.xml();
    let files: [(&str, &[u8]); 1] = [("ident.xml", identity.as_bytes())];
    for (name, journal, files) in [
        ("ident", Journal::None, &files[..]),
        ("state", Journal::Kept, &[]),
        ("data", Journal::Kept, &[]),
    ] {
        let partition = disk.partition(name)?;
        let id = guid(order.version, order.arch, &format!("file system {name}"));
        let mib = partition.len() / (1024 * 1024);
        let path = work.join(format!("{name}.ext4"));
        ext4::write(&ext4::Order { id, label: name, mib, journal }, files, &path, work)?;
        disk.copy(name, &path)?;
    }
    disk.write_at(0, &disk.table.primary(&boot_code)?)?;
    let backup = (disk.table.sectors - BACKUP_SECTORS) * SECTOR_LEN;
    disk.write_at(backup, &disk.table.backup()?)
}

/// The same disk in the format of QEMU, compressed.
///
/// # Errors
/// When qemu-img fails.
pub fn qcow2(disk: &Path, out: &Path) -> Result<(), Error> {
    Tool::new("qemu-img", "qemu-utils")
        // One worker, in order: otherwise the clusters stand in another order each time.
        .args(["convert", "-m", "1", "-c", "-f", "raw", "-O", "qcow2"])
        .arg(disk)
        .arg(out)
        .run()?;
    Ok(())
}

/// GRUB, in the partitions `esp` and `bios`; returns what a BIOS starts from sector 0.
fn loaders(disk: &Disk<'_>, order: &Order<'_>, work: &Path) -> Result<[u8; BOOT_CODE_LEN], Error> {
    let mut esp = Fat::new(ESP);
    let (path, program) = grub::efi(order.arch, order.grub, work)?;
    esp.file(path, program)?;
    esp.file("grub/grub.cfg", grub::script(order.arch, order.cmdline).into_bytes())?;
    disk.put("esp", &esp.finish()?)?;
    if order.arch != Arch::X86_64 {
        return Ok([0; BOOT_CODE_LEN]);
    }
    let bios = grub::bios(disk.partition("bios")?.first, work)?;
    disk.put("bios", &bios.core)?;
    Ok(bios.boot)
}

/// The partition `bootstate`: never mounted, but GRUB writes only what it has found through a file system.
fn boot_state(state: &[[u8; BLOCK_LEN]; 2]) -> Result<Vec<u8>, Error> {
    let mut fat = Fat::new(BOOTSTATE);
    for (copy, block) in EnvCopy::BOTH.into_iter().zip(state) {
        fat.file(copy.file(), block.to_vec())?;
    }
    fat.finish()
}

struct Disk<'a> {
    file: File,
    path: &'a Path,
    table: Table,
}

impl Disk<'_> {
    fn partition(&self, name: &str) -> Result<&Partition, Error> {
        let found = self.table.find(name);
        found.ok_or_else(|| Error::Asked(format!("the disk has no partition {name}")))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let partition = self.partition(name)?;
        let (len, room) = (bytes.len() as u64, partition.len());
        if len > room {
            return Err(Error::TooLarge { what: format!("what belongs into {name}"), len, room });
        }
        self.write_at(partition.first * SECTOR_LEN, bytes)
    }

    fn copy(&self, name: &str, image: &Path) -> Result<(), Error> {
        let partition = self.partition(name)?;
        let file = File::open(image).at(image)?;
        let (len, room) = (file.metadata().at(image)?.len(), partition.len());
        if len > room {
            return Err(Error::TooLarge { what: format!("{}", image.display()), len, room });
        }
        let mut piece = vec![0; PIECE];
        let mut at = 0;
        loop {
            let got = file.read_at(&mut piece, at).at(image)?;
            if got == 0 {
                return Ok(());
            }
            self.write_at(partition.first * SECTOR_LEN + at, &piece[..got])?;
            at += got as u64;
        }
    }

    /// Writes what is not zero: the file is new, and what was not written stays a hole.
    fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), Error> {
        for (index, block) in (0..).zip(bytes.chunks(BLOCK)) {
            if block.iter().any(|byte| *byte != 0) {
                self.file.write_all_at(block, at + index * BLOCK as u64).at(self.path)?;
            }
        }
        Ok(())
    }
}

/// 2 KiB clusters, and thereby FAT16: every firmware reads it.
const ESP: Form = Form {
    sectors: 32_768,
    cluster_sectors: 4,
    reserved_sectors: 1,
    root_entries: 512,
    label: *b"ESP        ",
    serial: 0x0F1C_0E59,
};

/// 4 KiB clusters, of which the first two hold the copies of the boot state.
const BOOTSTATE: Form = Form {
    #[expect(clippy::cast_possible_truncation, reason = "a constant of 2048")]
    sectors: PARTITION_SECTORS as u16,
    cluster_sectors: 8,
    reserved_sectors: 8,
    root_entries: 64,
    label: *b"BOOTSTATE  ",
    serial: 0x0F1C_0B00,
};

/// Bytes that are copied at once.
const PIECE: usize = 1024 * 1024;
/// Bytes that become a hole when they are zero.
const BLOCK: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use update::bootstate::{Copies, SECTOR_LEN as SECTOR};

    #[test]
    fn the_boot_state_stands_where_linux_looks_for_it() {
        let bytes = boot_state(&factory_state()).unwrap();
        assert_eq!(bytes.len() as u64, PARTITION_SECTORS * SECTOR as u64);
        let copies = Copies::of_partition(&bytes);
        let newest = Record { generation: 2, state: BootState::factory() };
        assert_eq!(copies.newest(), Some((EnvCopy::Env1, newest)));
        assert_eq!(copies.get(EnvCopy::Env0).unwrap().generation, 1);
    }
}
