//! The partitions of every disk, x86 and Arm alike.

use crate::error::Error;
use sha2::{Digest as _, Sha256};
use update::gpt::{ALIGNMENT, BACKUP_SECTORS, Guid, Partition, SECTOR_LEN, Table};

/// The machine that an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit PCs, with BIOS or EFI.
    X86_64,
    /// 64-bit Arm, with EFI.
    Aarch64,
}

impl Arch {
    /// As in the names of our files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }
}

impl std::str::FromStr for Arch {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let mut all = [Self::X86_64, Self::Aarch64].into_iter();
        all.find(|arch| arch.name() == name)
            .ok_or_else(|| Error::Asked("--arch is x86_64 or aarch64".into()))
    }
}

/// One partition of the table below.
pub struct Row {
    /// As GRUB and Linux count; `grub.cfg` knows them by it.
    pub number: u32,
    /// Its label.
    pub name: &'static str,
    /// What it is for, as the firmware wants to know it.
    pub kind: Guid,
    /// Its length; of the last one, the least.
    pub mib: u64,
}

/// All of them, in the order on the disk. An Arm disk is without the first.
pub const ROWS: &[Row] = &[
    Row { number: 1, name: "bios", kind: Guid::BIOS_BOOT, mib: 1 },
    Row { number: 2, name: "esp", kind: Guid::ESP, mib: 16 },
    Row { number: 3, name: "bootstate", kind: Guid::LINUX, mib: 1 },
    Row { number: 4, name: "slot_a", kind: Guid::LINUX, mib: 128 },
    Row { number: 5, name: "slot_b", kind: Guid::LINUX, mib: 128 },
    Row { number: 6, name: "slot_r", kind: Guid::LINUX, mib: 48 },
    Row { number: 7, name: "ident", kind: Guid::LINUX, mib: 4 },
    Row { number: 8, name: "state", kind: Guid::LINUX, mib: 256 },
    Row { number: 9, name: "data", kind: Guid::LINUX, mib: 64 },
];

/// The least disk that holds them all, in MiB.
#[must_use]
pub fn least_mib() -> u64 {
    // One in front and one behind are the partition table's.
    ROWS.iter().map(|row| row.mib).sum::<u64>() + 2
}

/// The table of a disk of `mib`, the last partition as large as it may be.
///
/// # Errors
/// When the disk is too small.
pub fn table(version: &str, arch: Arch, mib: u64) -> Result<Table, Error> {
    if mib < least_mib() {
        let least = least_mib();
        return Err(Error::Asked(format!("a disk of {mib} MiB is too small, it takes {least}")));
    }
    let sectors = mib * SECTORS_OF_MIB;
    let mut first = ALIGNMENT;
    let mut partitions = Vec::new();
    for row in ROWS.iter().filter(|row| arch == Arch::X86_64 || row.name != "bios") {
        let last = first + row.mib * SECTORS_OF_MIB - 1;
        let id = guid(version, arch, row.name);
        let name = row.name.to_owned();
        partitions.push(Partition { number: row.number, kind: row.kind, id, first, last, name });
        first = last + 1;
    }
    let table = Table { id: guid(version, arch, "disk"), sectors, partitions };
    debug_assert!(first + BACKUP_SECTORS <= sectors);
    Ok(table.grown(sectors)?)
}

/// The identifier of a thing in an image: the same in every build of a version, another one in the next.
#[must_use]
pub fn guid(version: &str, arch: Arch, name: &str) -> Guid {
    let digest = Sha256::digest(format!("fixpart {version} {} {name}", arch.name()));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    // RFC 9562, 5.8: version 8, of a maker's own; variant 2.
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    Guid(u128::from_be_bytes(bytes))
}

/// An identifier as people write it.
#[must_use]
pub fn written(guid: Guid) -> String {
    let digits = format!("{:032x}", guid.0);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    parts.map(|part| digits[part].to_owned()).join("-")
}

const SECTORS_OF_MIB: u64 = 1024 * 1024 / SECTOR_LEN;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_on_every_machine() {
        let [pc, arm] =
            [Arch::X86_64, Arch::Aarch64].map(|arch| table("1.0.0", arch, 1024).unwrap());
        assert_eq!(pc.partitions.len(), 9);
        assert_eq!(arm.partitions.len(), 8);
        for partition in &arm.partitions {
            assert_eq!(pc.find(&partition.name).unwrap().number, partition.number);
            assert_eq!(pc.find(&partition.name).unwrap().kind, partition.kind);
        }
    }

    #[test]
    fn the_least_disk_is_a_valid_one() {
        assert!(table("1", Arch::X86_64, least_mib()).unwrap().backup().is_ok());
        let error = table("1", Arch::X86_64, least_mib() - 1).unwrap_err();
        assert_eq!(error.to_string(), "a disk of 647 MiB is too small, it takes 648");
    }

    #[test]
    fn identifiers_follow_from_version_and_machine() {
        let id = guid("1", Arch::X86_64, "disk");
        assert_eq!(id, guid("1", Arch::X86_64, "disk"));
        assert_ne!(id, guid("2", Arch::X86_64, "disk"));
        assert_ne!(id, guid("1", Arch::Aarch64, "disk"));
        assert_eq!(written(Guid::ESP), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
        assert_eq!(written(id).as_bytes()[14], b'8');
    }

    #[test]
    fn the_boot_state_has_the_room_that_its_rules_count_on() {
        let table = table("1", Arch::X86_64, 1024).unwrap();
        let len = table.find("bootstate").unwrap().len();
        assert_eq!(len, update::bootstate::PARTITION_SECTORS * SECTOR_LEN);
    }
}
