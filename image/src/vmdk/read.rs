//! From a file back to the disk; it takes what [`super::write()`] writes and nothing else.
//!
//! The tables are redundant in a file that is read from its beginning; here they must agree with the grains that were
//! seen, and the contents identifier with what the grains held. So every damaged octet is noticed.

use super::Error;
use super::layout::TABLE_SECTORS;
use super::layout::{self, GRAIN, GRAIN_SECTORS, Marker, SECTOR, SECTOR_OCTETS, TABLE_ENTRIES};
use super::write::{Content, numbers};
use flate2::bufread::ZlibDecoder;
use std::io::{self, Read};

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Octets of the disk.
    pub capacity: u64,
    /// Contents identifier.
    pub cid: u32,
    /// Under which name the file was made.
    pub extent: String,
}

/// Reads a file to its end and gives every grain that is not zero, in order, with its first octet's place, to `sink`.
///
/// # Errors
/// [`Error::Damaged`] with the place, or what reading or `sink` failed with.
pub fn read(
    file: &mut impl Read,
    sink: &mut impl FnMut(u64, &[u8]) -> io::Result<()>,
) -> Result<Found, Error> {
    let mut file = File { file, sector: 0 };
    let (capacity, cid, extent) = front(&mut file)?;
    let mut walk = Walk::new(capacity);
    loop {
        let at = file.sector;
        let first = file.sector()?;
        let (number, size, kind) = layout::marker_in(&first);
        if size != 0 {
            let grain = walk.grain(number, (at, size), (&first, &mut file))?;
            sink(number * SECTOR_OCTETS, &grain).map_err(Error::Write)?;
            continue;
        }
        if kind == Marker::Table as u32 {
            file.expect(&first, &layout::marker(Marker::Table, TABLE_SECTORS), "no marker")?;
            walk.table(&mut file)?;
            continue;
        }
        let directory = walk.directory();
        let sectors = directory.len() as u64 / SECTOR_OCTETS;
        file.expect(&first, &layout::marker(Marker::Directory, sectors), "no marker")?;
        back(capacity, &directory, &mut file)?;
        break;
    }
    if walk.content.cid() != cid {
        return Err(file.damaged("the contents identifier is that of another disk"));
    }
    Ok(Found { capacity, cid, extent })
}

/// Header and descriptor.
fn front(file: &mut File<'_, impl Read>) -> Result<(u64, u32, String), Error> {
    let header = file.sector()?;
    let capacity = layout::sectors_in(&header).checked_mul(SECTOR_OCTETS);
    let capacity = capacity.filter(|capacity| layout::capacity_is_fit(*capacity).is_ok());
    let capacity = capacity.ok_or_else(|| file.damaged("no VMDK, or one of an impossible size"))?;
    file.expect(&header, &layout::header(capacity, layout::AT_END), "no stream-optimized header")?;
    let descriptor = file.octets(layout::DESCRIPTOR_OCTETS)?;
    let Some((cid, extent)) = layout::named_in(&descriptor) else {
        return Err(file.damaged("no descriptor"));
    };
    file.expect(&descriptor, &layout::descriptor(capacity, cid, extent), "a foreign descriptor")?;
    while file.sector < layout::OVERHEAD {
        let padding = file.sector()?;
        file.expect(&padding, &[0; SECTOR], "the padding is not empty")?;
    }
    Ok((capacity, cid, extent.to_owned()))
}

/// What follows the directory's marker.
fn back(capacity: u64, directory: &[u8], file: &mut File<'_, impl Read>) -> Result<(), Error> {
    let place = file.sector;
    let found = file.octets(directory.len())?;
    file.expect(&found, directory, "the directory does not agree with the tables")?;
    let marker = file.sector()?;
    file.expect(&marker, &layout::marker(Marker::Footer, 1), "no footer")?;
    let footer = file.sector()?;
    file.expect(&footer, &layout::header(capacity, place), "the footer is not the header")?;
    let end = file.sector()?;
    file.expect(&end, &layout::marker(Marker::EndOfStream, 0), "no end-of-stream marker")?;
    let mut more = [0];
    match file.file.read(&mut more) {
        Ok(0) => Ok(()),
        Ok(_) => Err(file.damaged("something follows the end")),
        Err(error) => Err(Error::Read(error)),
    }
}

/// What has been seen so far.
struct Walk {
    grains: u64,
    /// Sector of each table's first entry, 0 where there is none.
    directory: Vec<u32>,
    /// The table that grains are gathered for, and its number.
    entries: Vec<u32>,
    table: Option<usize>,
    /// Grains before it are behind us.
    next: u64,
    content: Content,
}

impl Walk {
    fn new(capacity: u64) -> Self {
        let grains = capacity / GRAIN as u64;
        let tables = grains.div_ceil(u64::from(TABLE_ENTRIES));
        let tables = usize::try_from(tables).unwrap_or_default();
        Self {
            grains,
            directory: vec![0; tables],
            entries: vec![0; TABLE_ENTRIES as usize],
            table: None,
            next: 0,
            content: Content::new(capacity),
        }
    }

    /// A grain whose first sector has been read.
    fn grain(
        &mut self,
        first_sector: u64,
        (at, size): (u64, u32),
        (first, file): (&[u8; SECTOR], &mut File<'_, impl Read>),
    ) -> Result<Vec<u8>, Error> {
        let number = first_sector / GRAIN_SECTORS;
        if !first_sector.is_multiple_of(GRAIN_SECTORS)
            || number >= self.grains
            || number < self.next
        {
            return Err(file.damaged("a grain of another place"));
        }
        let table = usize::try_from(number / u64::from(TABLE_ENTRIES)).unwrap_or(usize::MAX);
        if self.table.is_some_and(|open| open != table) {
            return Err(file.damaged("a table is missing"));
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > COMPRESSED_MAX {
            return Err(file.damaged("a grain too long"));
        }
        let end = layout::GRAIN_HEADER + size;
        let mut octets = first.to_vec();
        octets.extend(file.octets(end.next_multiple_of(SECTOR) - SECTOR)?);
        if octets[end..].iter().any(|octet| *octet != 0) {
            return Err(file.damaged("something between two grains"));
        }
        let compressed = &octets[layout::GRAIN_HEADER..end];
        let grain = inflate(compressed);
        let grain = grain.ok_or_else(|| file.damaged("a grain that cannot be unpacked"))?;
        if grain == layout::ZEROS {
            return Err(file.damaged("a grain of zeros"));
        }
        let entry = usize::try_from(number % u64::from(TABLE_ENTRIES)).unwrap_or_default();
        self.entries[entry] = u32::try_from(at).map_err(|_| file.damaged("a file too long"))?;
        self.table = Some(table);
        self.next = number + 1;
        self.content.add(first_sector, compressed);
        Ok(grain)
    }

    /// The table of the grains before it.
    fn table(&mut self, file: &mut File<'_, impl Read>) -> Result<(), Error> {
        let place = u32::try_from(file.sector).map_err(|_| file.damaged("a file too long"))?;
        let Some(table) = self.table.take() else {
            return Err(file.damaged("a table without grains"));
        };
        let expected = numbers(&self.entries);
        let found = file.octets(expected.len())?;
        file.expect(&found, &expected, "the table does not agree with the grains")?;
        self.entries.fill(0);
        self.directory[table] = place;
        self.next = (table as u64 + 1) * u64::from(TABLE_ENTRIES);
        Ok(())
    }

    /// The directory as it must follow; one with an open table never agrees.
    fn directory(&self) -> Vec<u8> {
        if self.table.is_some() {
            return Vec::new();
        }
        let mut octets = numbers(&self.directory);
        octets.resize(octets.len().next_multiple_of(SECTOR), 0);
        octets
    }
}

fn inflate(compressed: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = ZlibDecoder::new(compressed);
    let mut grain = Vec::with_capacity(GRAIN);
    // One octet more than there may be, so that more is noticed.
    decoder.by_ref().take(GRAIN as u64 + 1).read_to_end(&mut grain).ok()?;
    (grain.len() == GRAIN && decoder.total_in() == compressed.len() as u64).then_some(grain)
}

/// The file, in whole sectors.
struct File<'file, R> {
    file: &'file mut R,
    /// The next one.
    sector: u64,
}

impl<R: Read> File<'_, R> {
    fn sector(&mut self) -> Result<[u8; SECTOR], Error> {
        let mut sector = [0; SECTOR];
        self.fill(&mut sector)?;
        Ok(sector)
    }

    /// Whole sectors; at most the directory of the largest disk.
    fn octets(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        let mut octets = vec![0; count];
        self.fill(&mut octets)?;
        Ok(octets)
    }

    fn fill(&mut self, octets: &mut [u8]) -> Result<(), Error> {
        self.file.read_exact(octets).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged("the file ends here"),
            _ => Error::Read(error),
        })?;
        self.sector += octets.len() as u64 / SECTOR_OCTETS;
        Ok(())
    }

    fn expect(&self, found: &[u8], expected: &[u8], what: &'static str) -> Result<(), Error> {
        if found == expected { Ok(()) } else { Err(self.damaged(what)) }
    }

    fn damaged(&self, what: &'static str) -> Error {
        Error::Damaged { sector: self.sector, what }
    }
}

/// What cannot be compressed grows by a few octets; this is far more.
const COMPRESSED_MAX: usize = GRAIN + 4096;
