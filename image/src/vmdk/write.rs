//! From a disk to a file, in one pass.

use super::Error;
use super::layout::{
    self, GRAIN, GRAIN_SECTORS, Marker, SECTOR, SECTOR_OCTETS, TABLE_ENTRIES, TABLE_SECTORS,
};
use crate::name;
use flate2::{Compression, write::ZlibEncoder};
use sha2::{Digest as _, Sha256};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// What has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Octets in the file.
    pub octets: u64,
    /// Contents identifier: the same for the same disk.
    pub cid: u32,
    /// Grains that are not all zero.
    pub grains: u64,
}

/// Writes the first `capacity` octets of `disk` to `out`, from its beginning, as a VMDK whose file will be called `extent`.
///
/// Memory does not grow with what the disk holds; the tables of the largest disk take 256 KiB.
///
/// # Errors
/// [`Error`]: size or name are not fit, the disk is too short, or reading or writing fails.
pub fn write(
    disk: &mut impl Read,
    capacity: u64,
    extent: &str,
    out: &mut (impl Write + Seek),
) -> Result<Written, Error> {
    layout::capacity_is_fit(capacity)?;
    if !name::is_fit(extent) {
        return Err(Error::Name(extent.to_owned()));
    }
    out.seek(SeekFrom::Start(0)).map_err(Error::Write)?;
    let mut file = File { out, sector: 0 };
    file.put(&layout::header(capacity, layout::AT_END))?;
    // The contents identifier is known only behind the last grain.
    file.put(&layout::descriptor(capacity, 0, extent))?;
    file.zeros_up_to(layout::OVERHEAD)?;
    let mut content = Content::new(capacity);
    let mut directory = Vec::new();
    let tables = capacity.div_ceil(GRAIN as u64 * u64::from(TABLE_ENTRIES));
    for table in 0..tables {
        directory.push(write_table(disk, (table, capacity), &mut content, &mut file)?);
    }
    finish(&directory, capacity, &mut file)?;
    let (octets, cid) = (file.sector * SECTOR_OCTETS, content.cid());
    let descriptor = layout::descriptor(capacity, cid, extent);
    out.seek(SeekFrom::Start(layout::DESCRIPTOR_AT * SECTOR_OCTETS)).map_err(Error::Write)?;
    out.write_all(&descriptor).map_err(Error::Write)?;
    out.flush().map_err(Error::Write)?;
    Ok(Written { octets, cid, grains: content.grains })
}

/// The grains of one table and the table; gives its sector, 0 where all its grains are zero.
fn write_table(
    disk: &mut impl Read,
    (table, capacity): (u64, u64),
    content: &mut Content,
    file: &mut File<'_, impl Write>,
) -> Result<u32, Error> {
    let mut entries = Vec::with_capacity(TABLE_ENTRIES as usize);
    let mut grain = vec![0; GRAIN];
    let first = table * u64::from(TABLE_ENTRIES);
    let last = (first + u64::from(TABLE_ENTRIES)).min(capacity / GRAIN as u64);
    for number in first..last {
        fill(disk, &mut grain, number * GRAIN as u64)?;
        if grain == layout::ZEROS {
            entries.push(0);
            continue;
        }
        let sector = number * GRAIN_SECTORS;
        entries.push(file.place()?);
        let compressed = compress(&grain).map_err(Error::Write)?;
        content.add(sector, &compressed);
        file.grain(sector, &compressed)?;
    }
    if entries.iter().all(|entry| *entry == 0) {
        return Ok(0);
    }
    entries.resize(TABLE_ENTRIES as usize, 0);
    file.put(&layout::marker(Marker::Table, TABLE_SECTORS))?;
    let place = file.place()?;
    file.put(&numbers(&entries))?;
    Ok(place)
}

fn finish(directory: &[u32], capacity: u64, file: &mut File<'_, impl Write>) -> Result<(), Error> {
    let mut octets = numbers(directory);
    octets.resize(octets.len().next_multiple_of(SECTOR), 0);
    file.put(&layout::marker(Marker::Directory, octets.len() as u64 / SECTOR_OCTETS))?;
    let place = file.sector;
    file.put(&octets)?;
    file.put(&layout::marker(Marker::Footer, 1))?;
    file.put(&layout::header(capacity, place))?;
    file.put(&layout::marker(Marker::EndOfStream, 0))
}

fn fill(disk: &mut impl Read, grain: &mut [u8], at: u64) -> Result<(), Error> {
    let mut filled = 0;
    while filled < grain.len() {
        match disk.read(&mut grain[filled..]) {
            Ok(0) => return Err(Error::Short(at + filled as u64)),
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Read(error)),
        }
    }
    Ok(())
}

fn compress(grain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(LEVEL));
    encoder.write_all(grain)?;
    encoder.finish()
}

/// A table as it stands in the file.
pub(super) fn numbers(entries: &[u32]) -> Vec<u8> {
    entries.iter().flat_map(|entry| entry.to_le_bytes()).collect()
}

/// What makes the contents identifier.
pub(super) struct Content {
    hash: Sha256,
    grains: u64,
}

impl Content {
    pub(super) fn new(capacity: u64) -> Self {
        Self { hash: Sha256::new_with_prefix(capacity.to_le_bytes()), grains: 0 }
    }

    /// As it was compressed, so that not even a bit between two blocks goes unnoticed.
    pub(super) fn add(&mut self, sector: u64, compressed: &[u8]) {
        self.hash.update(sector.to_le_bytes());
        self.hash.update(compressed);
        self.grains += 1;
    }

    /// Never ffffffff, "no parent", nor fffffffe, which some programs take for "unknown".
    pub(super) fn cid(&self) -> u32 {
        let hash = self.hash.clone().finalize();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) & 0x7fff_ffff
    }
}

/// The file, in whole sectors.
struct File<'out, W> {
    out: &'out mut W,
    /// Where the next octet goes.
    sector: u64,
}

impl<W: Write> File<'_, W> {
    /// Writes whole sectors.
    fn put(&mut self, octets: &[u8]) -> Result<(), Error> {
        debug_assert!(octets.len().is_multiple_of(SECTOR), "metadata comes in whole sectors");
        self.out.write_all(octets).map_err(Error::Write)?;
        self.sector += octets.len() as u64 / SECTOR_OCTETS;
        Ok(())
    }

    fn zeros_up_to(&mut self, sector: u64) -> Result<(), Error> {
        while self.sector < sector {
            self.put(&[0; SECTOR])?;
        }
        Ok(())
    }

    fn grain(&mut self, first_sector: u64, compressed: &[u8]) -> Result<(), Error> {
        let size = u32::try_from(compressed.len());
        let size = size.map_err(|error| Error::Write(io::Error::other(error)))?;
        let mut octets = layout::grain_header(first_sector, size).to_vec();
        octets.extend_from_slice(compressed);
        octets.resize(octets.len().next_multiple_of(SECTOR), 0);
        self.put(&octets)
    }

    /// The next sector as the tables name it.
    fn place(&self) -> Result<u32, Error> {
        let place = u32::try_from(self.sector);
        place.map_err(|_| Error::Write(io::Error::from(io::ErrorKind::FileTooLarge)))
    }
}

/// As the usual tools; the highest gains 1 % and takes thrice as long.
const LEVEL: u32 = 6;
