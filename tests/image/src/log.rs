//! What QEMU's driver `blklogwrites` has recorded: every write and every flush, in their order.
//!
//! The format is the kernel's, Documentation/admin-guide/device-mapper/log-writes.rst.

use crate::bench::Failure;

/// One thing that the machine asked of its disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// First byte.
    pub(crate) at: u64,
    /// What was written; nothing where it was only a flush.
    pub(crate) bytes: Vec<u8>,
    /// Everything before it had to be on the medium when it was done.
    pub(crate) is_flush: bool,
    /// It had itself to be on the medium when it was done.
    pub(crate) is_forced: bool,
}

/// Reads a log.
pub(crate) fn read(log: &[u8]) -> Result<Vec<Entry>, Failure> {
    if number(log, 0)? != MAGIC {
        return Err("the log of writes has no header".into());
    }
    let (count, sector) = (number(log, 16)?, number(log, 24)? & 0xFFFF_FFFF);
    let mut at = usize::try_from(sector)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let (first, sectors, flags) =
            (number(log, at)?, number(log, at + 8)?, number(log, at + 16)?);
        at += usize::try_from(sector)?;
        let len = usize::try_from(sectors * sector)?;
        // What a discard names is not in the log; nothing of ours discards.
        let bytes = if flags & DISCARD == 0 {
            let bytes = log.get(at..at + len).ok_or("the log of writes is cut")?.to_vec();
            at += len;
            bytes
        } else {
            Vec::new()
        };
        let [is_flush, is_forced] = [FLUSH, FORCED].map(|flag| flags & flag != 0);
        entries.push(Entry { at: first * sector, bytes, is_flush, is_forced });
    }
    Ok(entries)
}

fn number(log: &[u8], at: usize) -> Result<u64, Failure> {
    let bytes = log.get(at..at + 8).ok_or("the log of writes is cut")?;
    Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
/// "FUA": Force Unit Access.
const FORCED: u64 = 2;
const DISCARD: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn sector(numbers: &[u64]) -> Vec<u8> {
        let mut sector: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        sector.resize(512, 0);
        sector
    }

    #[test]
    fn writes_and_flushes_come_in_their_order() {
        let header = sector(&[MAGIC, 1, 3, 512]);
        let write = [sector(&[9, 1, FORCED, 0]), vec![7; 512]].concat();
        let log = [header, write, sector(&[0, 0, FLUSH, 0]), sector(&[5, 8, DISCARD, 0])].concat();
        let entries = read(&log).unwrap();
        let entry =
            |at, bytes, [is_flush, is_forced]: [bool; 2]| Entry { at, bytes, is_flush, is_forced };
        assert_eq!(entries[0], entry(9 * 512, vec![7; 512], [false, true]));
        assert_eq!(entries[1], entry(0, Vec::new(), [true, false]));
        assert_eq!(entries[2].bytes, Vec::<u8>::new());
        assert!(read(&log[..1000]).is_err(), "cut");
        assert!(read(&[0; 600]).is_err(), "no header");
    }
}
