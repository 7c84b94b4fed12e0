//! The table's bytes.

use super::{
    BACKUP_SECTORS, BOOT_CODE_LEN, ENTRIES, Error, FIRST_USABLE, Guid, NAME_MAX, Partition, Table,
};

/// One of the two tables of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// At its beginning.
    First,
    /// At its end.
    Second,
}

/// There is less than a table.
pub(super) const TOO_SHORT: Error = Error::Invalid("it is too short");

/// Reads header and entries of the first table or of the second one (`which`); where the partitions are is looked at by
/// the caller.
pub(super) fn parse(header: &[u8], entries: &[u8], which: Which) -> Result<Table, Error> {
    let header = header.get(..SECTOR).ok_or(TOO_SHORT)?;
    if !header.starts_with(SIGNATURE) || u32_at(header, 12) != HEADER_LEN {
        return Err(Error::Invalid("the signature is wrong"));
    }
    if checksum(header) != u32_at(header, 16) {
        return Err(Error::Invalid("the header's checksum is wrong"));
    }
    let (own, other) = (u64_at(header, 24), u64_at(header, 32));
    let (end, list) = match which {
        Which::First => (other, 2),
        Which::Second => (own, own.saturating_sub(BACKUP_SECTORS - 1)),
    };
    let first = if which == Which::First { own } else { other };
    let form = (first, u64_at(header, 72), u32_at(header, 80), u32_at(header, 84));
    if form != (1, list, ENTRIES, ENTRY_LEN) {
        return Err(Error::Invalid("its form is not the usual one"));
    }
    let entries = entries.get(..ENTRIES_LEN).ok_or(TOO_SHORT)?;
    if crc32(entries) != u32_at(header, 88) {
        return Err(Error::Invalid("the checksum of the entries is wrong"));
    }
    let sectors = end.checked_add(1).ok_or(Error::Invalid("its end is nowhere"))?;
    let id = guid_at(header, 56);
    let numbered = (1..).zip(entries.chunks_exact(ENTRY_LEN as usize));
    let partitions = numbered.filter_map(|(number, entry)| partition(number, entry)).collect();
    Ok(Table { id, sectors, partitions })
}

fn partition(number: u32, entry: &[u8]) -> Option<Partition> {
    let kind = guid_at(entry, 0);
    if kind.0 == 0 {
        return None;
    }
    // A label that is not ASCII is none of ours; its characters do not matter.
    let units = entry[56..56 + 2 * NAME_MAX].chunks_exact(2);
    let units = units.map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    let name = units.take_while(|unit| *unit != 0);
    let name = name.map(|unit| u8::try_from(unit).map_or('?', char::from)).collect();
    let (first, last) = (u64_at(entry, 32), u64_at(entry, 40));
    // Its last sector is counted with; the greatest number there is would overflow behind it.
    (last < u64::MAX).then(|| Partition { number, kind, id: guid_at(entry, 16), first, last, name })
}

/// Sector 0: says to old programs that the disk is taken.
pub(super) fn protective_mbr(boot_code: &[u8; BOOT_CODE_LEN], sectors: u64) -> Vec<u8> {
    let mut mbr = boot_code.to_vec();
    let length = u32::try_from(sectors - 1).unwrap_or(u32::MAX);
    mbr.extend([0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF]);
    mbr.extend(1u32.to_le_bytes());
    mbr.extend(length.to_le_bytes());
    mbr.resize(SECTOR - 2, 0);
    mbr.extend([0x55, 0xAA]);
    mbr
}

/// One header, for the place `at`.
pub(super) fn header(table: &Table, entries: &[u8], at: u64) -> Vec<u8> {
    let end = table.sectors - 1;
    let (other, list) = if at == 1 { (end, 2) } else { (1, table.sectors - BACKUP_SECTORS) };
    let mut header = SIGNATURE.to_vec();
    header.extend(REVISION.to_le_bytes());
    header.extend(HEADER_LEN.to_le_bytes());
    header.extend([0; 8]); // its checksum, and nothing
    for number in [at, other, FIRST_USABLE, table.sectors - BACKUP_SECTORS - 1] {
        header.extend(number.to_le_bytes());
    }
    header.extend(on_disk(table.id));
    header.extend(list.to_le_bytes());
    for number in [ENTRIES, ENTRY_LEN, crc32(entries)] {
        header.extend(number.to_le_bytes());
    }
    header.resize(SECTOR, 0);
    let checksum = checksum(&header);
    header[16..20].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// All entries.
pub(super) fn entries(partitions: &[Partition]) -> Vec<u8> {
    let mut bytes = vec![0; ENTRIES_LEN];
    let mut places: Vec<_> = bytes.chunks_exact_mut(ENTRY_LEN as usize).collect();
    for partition in partitions {
        // The caller has checked that numbers are 1 to ENTRIES.
        let place = &mut places[partition.number as usize - 1];
        place[..16].copy_from_slice(&on_disk(partition.kind));
        place[16..32].copy_from_slice(&on_disk(partition.id));
        place[32..40].copy_from_slice(&partition.first.to_le_bytes());
        place[40..48].copy_from_slice(&partition.last.to_le_bytes());
        for (unit, character) in place[56..].chunks_exact_mut(2).zip(partition.name.bytes()) {
            unit[0] = character;
        }
    }
    bytes
}

/// The first three parts of an identifier are little-endian on the disk.
fn on_disk(guid: Guid) -> [u8; 16] {
    let mut bytes = guid.0.to_be_bytes();
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    bytes
}

fn guid_at(bytes: &[u8], at: usize) -> Guid {
    let mut turned = [0; 16];
    turned.copy_from_slice(&bytes[at..at + 16]);
    Guid(u128::from_be_bytes(on_disk(Guid(u128::from_be_bytes(turned)))))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

/// A header's checksum is made over itself with nothing in the checksum's place.
fn checksum(header: &[u8]) -> u32 {
    let mut blank = header[..HEADER_LEN as usize].to_vec();
    blank[16..20].fill(0);
    crc32(&blank)
}

/// CRC-32 of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| crc >> 8 ^ CRC_TABLE[usize::from(crc.to_le_bytes()[0] ^ byte)];
    !bytes.iter().fold(!0, step)
}

/// What each byte does to a checksum.
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
};

/// The same table as if whoever damaged it had known the checksums.
#[cfg(test)]
pub(super) fn with_right_checksums(mut bytes: Vec<u8>) -> Vec<u8> {
    let entries = crc32(&bytes[2 * SECTOR..2 * SECTOR + ENTRIES_LEN]);
    bytes[SECTOR + 88..SECTOR + 92].copy_from_slice(&entries.to_le_bytes());
    let header = checksum(&bytes[SECTOR..2 * SECTOR]);
    bytes[SECTOR + 16..SECTOR + 20].copy_from_slice(&header.to_le_bytes());
    bytes
}

const SIGNATURE: &[u8] = b"EFI PART";
const REVISION: u32 = 0x0001_0000;
const HEADER_LEN: u32 = 92;
const ENTRY_LEN: u32 = 128;
const ENTRIES_LEN: usize = (ENTRIES * ENTRY_LEN) as usize;
const SECTOR: usize = 512;

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_the_one_everybody_means() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
    }
}
