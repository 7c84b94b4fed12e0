//! GUID partition table: UEFI specification 2.10, clause 5.3.
//!
//! The image tool writes a table with it, and the first boot makes the last partition as large as the disk. The table
//! stands twice, at both ends of the disk; whoever changes one writes the copy at the end first, so that a power cut
//! leaves the one at the beginning as it was or as it shall be.

mod wire;

use wire::Which;

/// Bytes of a sector; disks with others inside speak 512 to us as well.
pub const SECTOR_LEN: u64 = 512;
/// Sectors at the beginning that belong to the protective MBR, the header and the entries.
pub const FIRST_USABLE: u64 = 34;
/// Sectors at the end that belong to the second table.
pub const BACKUP_SECTORS: u64 = 33;

/// A globally unique identifier in the order in which it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guid(pub u128);

impl Guid {
    /// EFI system partition.
    pub const ESP: Self = Self(0xC12A_7328_F81F_11D2_BA4B_00A0_C93E_C93B);
    /// GRUB's core on a disk that BIOS starts from.
    pub const BIOS_BOOT: Self = Self(0x2168_6148_6449_6E6F_744E_6565_6445_4649);
    /// Linux file system data.
    pub const LINUX: Self = Self(0x0FC6_3DAF_8483_4772_8E79_3D69_D847_7DE4);

    /// One of random numbers (RFC 9562, 5.4).
    #[must_use]
    pub const fn random(numbers: u128) -> Self {
        Self(numbers & !(0xF << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62)
    }

    /// How it was made (RFC 9562, 4.2).
    const fn version(self) -> u128 {
        self.0 >> 76 & 0xF
    }
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its number as GRUB and Linux count, 1 to [`ENTRIES`].
    pub number: u32,
    /// What it is for.
    pub kind: Guid,
    /// Itself.
    pub id: Guid,
    /// First sector.
    pub first: u64,
    /// Last sector, which belongs to it.
    pub last: u64,
    /// Its label: ASCII, at most [`NAME_MAX`] characters.
    pub name: String,
}

impl Partition {
    /// Its bytes.
    #[must_use]
    pub const fn len(&self) -> u64 {
        (self.last + 1).saturating_sub(self.first).saturating_mul(SECTOR_LEN)
    }

    /// It holds nothing: no partition of a valid table does.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The table of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The disk.
    pub id: Guid,
    /// Its length.
    pub sectors: u64,
    /// Its partitions, by number.
    pub partitions: Vec<Partition>,
}

/// A table that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Signature, length or checksum is wrong.
    #[error("the disk has no valid partition table: {0}")]
    Invalid(&'static str),
    /// Partitions overlap or leave the disk.
    #[error("partition {0} overlaps another one or leaves the disk")]
    Misplaced(u32),
    /// The disk is smaller than its table says.
    #[error("the disk has {sectors} sectors, its table needs {needed}")]
    DiskTooSmall {
        /// What is there.
        sectors: u64,
        /// What has to be.
        needed: u64,
    },
}

impl Table {
    /// Reads the table at the beginning of a disk, from its first [`FIRST_USABLE`] sectors.
    ///
    /// # Errors
    /// When it is damaged, or is not of the form that [`Table::primary`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (head, entries) = bytes.split_at_checked(2 * SECTOR).ok_or(wire::TOO_SHORT)?;
        let table = wire::parse(head.get(SECTOR..).unwrap_or_default(), entries, Which::First)?;
        table.checked()
    }

    /// Reads the table at the end of a disk, from its last [`BACKUP_SECTORS`] sectors.
    ///
    /// # Errors
    /// When it is damaged, or is not of the form that [`Table::backup`] writes.
    pub fn parse_backup(bytes: &[u8]) -> Result<Self, Error> {
        let at = bytes.len().checked_sub(SECTOR).ok_or(wire::TOO_SHORT)?;
        let (entries, head) = bytes.split_at_checked(at).ok_or(wire::TOO_SHORT)?;
        let table = wire::parse(head, entries, Which::Second)?;
        table.checked()
    }

    /// Its identifiers are still those that every image of a version has, and other disks too.
    #[must_use]
    pub const fn is_as_made(&self) -> bool {
        self.id.version() == MADE
    }

    /// The same with identifiers that no other disk has, from `random` numbers. The EFI system partition keeps its
    /// own: firmware remembers it.
    #[must_use]
    pub fn identified(mut self, mut random: impl FnMut() -> u128) -> Self {
        self.id = Guid::random(random());
        for partition in &mut self.partitions {
            if partition.kind != Guid::ESP {
                partition.id = Guid::random(random());
            }
        }
        self
    }

    /// The first [`FIRST_USABLE`] sectors of the disk: protective MBR, header and entries. `boot_code` is what a
    /// BIOS starts.
    ///
    /// # Errors
    /// When partitions overlap or leave the disk.
    pub fn primary(&self, boot_code: &[u8; BOOT_CODE_LEN]) -> Result<Vec<u8>, Error> {
        let table = self.clone().checked()?;
        let mut bytes = wire::protective_mbr(boot_code, table.sectors);
        let entries = wire::entries(&table.partitions);
        bytes.extend(wire::header(&table, &entries, 1));
        bytes.extend(entries);
        Ok(bytes)
    }

    /// The last [`BACKUP_SECTORS`] sectors of the disk.
    ///
    /// # Errors
    /// When partitions overlap or leave the disk.
    pub fn backup(&self) -> Result<Vec<u8>, Error> {
        let table = self.clone().checked()?;
        let mut bytes = wire::entries(&table.partitions);
        let header = wire::header(&table, &bytes, table.sectors - 1);
        bytes.extend(header);
        Ok(bytes)
    }

    /// The same on a disk of `sectors`, with the last partition up to its end, in whole MiB.
    ///
    /// # Errors
    /// When the disk is smaller than what stands on it.
    pub fn grown(mut self, sectors: u64) -> Result<Self, Error> {
        let end = sectors.saturating_sub(BACKUP_SECTORS) / ALIGNMENT * ALIGNMENT;
        if let Some(last) = self.partitions.iter_mut().max_by_key(|partition| partition.last) {
            if end <= last.last {
                // Less than a MiB more: nothing to gain, as long as the second table has its place.
                let needed = last.last + 1 + BACKUP_SECTORS;
                if sectors < needed {
                    return Err(Error::DiskTooSmall { sectors, needed });
                }
            } else {
                last.last = end - 1;
            }
        }
        self.sectors = sectors;
        Ok(self)
    }

    /// The partition with this label.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Partition> {
        self.partitions.iter().find(|partition| partition.name == name)
    }

    fn checked(mut self) -> Result<Self, Error> {
        let needed = FIRST_USABLE + BACKUP_SECTORS;
        if self.sectors < needed {
            return Err(Error::DiskTooSmall { sectors: self.sectors, needed });
        }
        self.partitions.sort_by_key(|partition| partition.first);
        let end = self.sectors.saturating_sub(BACKUP_SECTORS);
        let mut free = FIRST_USABLE;
        for partition in &self.partitions {
            let inside = partition.first >= free
                && partition.first <= partition.last
                && partition.last < end
                && (1..=ENTRIES).contains(&partition.number);
            if !inside {
                return Err(Error::Misplaced(partition.number));
            }
            free = partition.last + 1;
        }
        self.partitions.sort_by_key(|partition| partition.number);
        Ok(self)
    }
}

/// The version of identifiers that an image has: of a maker's own (RFC 9562, 5.8).
const MADE: u128 = 8;
const SECTOR: usize = 512;
/// Entries of a table, used or not.
pub const ENTRIES: u32 = 128;
/// Characters of a label.
pub const NAME_MAX: usize = 36;
/// Bytes in front of a disk that are a program, and the number of the disk behind it.
pub const BOOT_CODE_LEN: usize = 446;
/// Partitions begin at a MiB.
pub const ALIGNMENT: u64 = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table() -> Table {
        let partition = |number, name: &str, first, last| Partition {
            number,
            kind: Guid::LINUX,
            id: Guid(u128::from(number)),
            first,
            last,
            name: name.into(),
        };
        Table {
            id: Guid(0x1234),
            sectors: 65_536,
            partitions: vec![partition(2, "esp", 2048, 4095), partition(9, "data", 4096, 8191)],
        }
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let bytes = table().primary(&[0x90; BOOT_CODE_LEN]).unwrap();
        assert_eq!(bytes.len() as u64, FIRST_USABLE * SECTOR_LEN);
        assert_eq!(bytes[..446], [0x90; 446]);
        assert_eq!(bytes[510..520], *b"\x55\xAAEFI PART");
        assert_eq!(Table::parse(&bytes), Ok(table()));
        let backup = table().backup().unwrap();
        assert_eq!(backup.len() as u64, BACKUP_SECTORS * SECTOR_LEN);
        assert_eq!(Table::parse_backup(&backup), Ok(table()));
        assert!(Table::parse_backup(&backup[1..]).is_err() && Table::parse_backup(&[]).is_err());
        assert!(Table::parse_backup(&bytes).is_err() && Table::parse(&backup).is_err());
    }

    #[test]
    fn a_disk_gets_identifiers_of_its_own_but_firmware_finds_its_partition_again() {
        let mut made = table();
        made.id = Guid(0x8000 << 64);
        made.partitions[0].kind = Guid::ESP;
        let mut number = 0;
        let own = made.clone().identified(|| {
            number += 1;
            u128::MAX - number
        });
        assert!(made.is_as_made() && !own.is_as_made());
        assert_eq!(own.partitions[0], made.partitions[0]);
        assert_eq!(own.id.0, 0xFFFF_FFFF_FFFF_4FFF_BFFF_FFFF_FFFF_FFFE);
        assert_eq!(own.partitions[1].id.0, 0xFFFF_FFFF_FFFF_4FFF_BFFF_FFFF_FFFF_FFFD);
        assert_eq!(Table { id: made.id, partitions: made.partitions.clone(), ..own }, made);
    }

    /// Whoever writes the copy at the end first can be cut anywhere: one of the two can be read, and is the old one
    /// or the new one.
    #[test]
    fn a_cut_anywhere_in_growing_leaves_a_table_that_can_be_read() {
        let (old, new) = (table(), table().grown(1_000_000).unwrap().identified(|| 7));
        let [before, after] = [&old, &new].map(|it| it.primary(&[0; BOOT_CODE_LEN]).unwrap());
        let backup = new.backup().unwrap();
        for written in 0..=after.len() / SECTOR {
            let cut = written * SECTOR;
            let torn = [&after[..cut], &before[cut..]].concat();
            let found = Table::parse(&torn).or_else(|_| Table::parse_backup(&backup));
            assert!(found == Ok(old.clone()) || found == Ok(new.clone()), "{written} sectors");
        }
    }

    #[test]
    fn an_identifier_stands_on_the_disk_as_the_specification_wants_it() {
        let bytes = table().primary(&[0; BOOT_CODE_LEN]).unwrap();
        // Entry 2; of 0FC63DAF-8483-4772-8E79-3D69D8477DE4 the first three parts are little-endian.
        let kind = &bytes[1024 + 128..1024 + 128 + 16];
        assert_eq!(kind, b"\xAF\x3D\xC6\x0F\x83\x84\x72\x47\x8E\x79\x3D\x69\xD8\x47\x7D\xE4");
    }

    #[test]
    fn the_last_partition_grows_with_the_disk_and_the_others_stay() {
        let grown = table().grown(1_000_000).unwrap();
        let data = grown.find("data").unwrap();
        assert_eq!((data.first, data.last), (4096, 999_423));
        assert_eq!(grown.find("esp"), table().find("esp"));
        assert_eq!(
            grown.clone().grown(1_000_000),
            Ok(grown.clone()),
            "a second time changes nothing"
        );
        assert_eq!(grown.clone().grown(1_000_001).unwrap().partitions, grown.partitions);
        assert_eq!(
            grown.grown(65_536),
            Err(Error::DiskTooSmall { sectors: 65_536, needed: 999_424 + 33 })
        );
    }

    #[test]
    fn partitions_that_overlap_are_refused() {
        let mut crossed = table();
        crossed.partitions[1].first = 4095;
        assert_eq!(crossed.primary(&[0; BOOT_CODE_LEN]), Err(Error::Misplaced(9)));
        let mut outside = table();
        outside.partitions[1].last = 65_536 - 33;
        assert_eq!(outside.backup(), Err(Error::Misplaced(9)));
    }

    #[test]
    fn every_damaged_byte_of_a_table_is_noticed() {
        let good = table().primary(&[0; BOOT_CODE_LEN]).unwrap();
        for at in (512..512 + 92).chain(1024 + 128..1024 + 2 * 128) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(Table::parse(&bad).is_err(), "byte {at}");
        }
        assert!(Table::parse(&good[..1000]).is_err());
    }

    proptest! {
        #[test]
        fn foreign_bytes_do_no_harm(at in 512usize..1024 + 2048, foreign: [u8; 8]) {
            let mut bytes = table().primary(&[0; BOOT_CODE_LEN]).unwrap();
            bytes[at..at + 8].copy_from_slice(&foreign);
            let table = wire::with_right_checksums(bytes);
            if let Ok(table) = Table::parse(&table) {
                let _ = table.grown(u64::MAX).and_then(|table| table.backup());
            }
        }
    }
}
