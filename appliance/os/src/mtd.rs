//! Raw flash: erase blocks, pages, bad blocks (`mtd/mtd-abi.h` of Linux).

mod simulated;

pub use simulated::Simulated;

use crate::ioctl::Call;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What can be done to raw flash, real or simulated. Addresses are octets from the beginning.
pub trait Flash {
    /// What it is.
    fn geometry(&self) -> Geometry;

    /// Whether a block is marked as bad.
    ///
    /// # Errors
    /// [`Error::Outside`], or the device's.
    fn is_bad(&self, block: u32) -> Result<bool, Error>;

    /// Marks a block as bad, for ever.
    ///
    /// # Errors
    /// [`Error::Outside`], or the device's; NOR knows no bad blocks.
    fn mark_bad(&mut self, block: u32) -> Result<(), Error>;

    /// Sets all bits of a block.
    ///
    /// # Errors
    /// [`Error::Outside`], [`Error::Bad`], or the device's: the block may have worn out.
    fn erase(&mut self, block: u32) -> Result<(), Error>;

    /// Fills `octets` from `at` on.
    ///
    /// # Errors
    /// [`Error::Outside`], [`Error::Damaged`], or the device's.
    fn read(&self, at: u64, octets: &mut [u8]) -> Result<(), Error>;

    /// Clears bits: `octets` go to erased flash at `at`, in whole pages.
    ///
    /// # Errors
    /// [`Error::Outside`], [`Error::Unaligned`], [`Error::Bad`], or the device's.
    fn write(&mut self, at: u64, octets: &[u8]) -> Result<(), Error>;
}

/// What a flash is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// How it behaves.
    pub kind: Kind,
    /// Octets; a whole number of blocks.
    pub size: u64,
    /// Octets that are erased together.
    pub block: u32,
    /// Octets that are written together; 1 for NOR.
    pub page: u32,
}

/// How a flash behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Memory that plays flash (`mtdram`).
    Ram,
    /// Each octet can be written; no bad blocks.
    Nor,
    /// Pages are written in order; blocks go bad.
    Nand,
    /// None of these, by the kernel's number.
    Other(u8),
}

/// Why flash cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It ends before.
    #[error("the flash has no octet {0}")]
    Outside(u64),
    /// Only whole pages are written.
    #[error("octets {0} and following are not whole pages")]
    Unaligned(u64),
    /// The block is marked as bad.
    #[error("block {0} is bad")]
    Bad(u32),
    /// More bits have changed there than the check words can mend.
    #[error("what stands at octet {0} and following is damaged")]
    Damaged(u64),
    /// The device says something that cannot be.
    #[error("the kernel describes the flash as no flash can be")]
    Geometry,
    /// The device.
    #[error("the flash does not {0}")]
    Device(&'static str, #[source] io::Error),
}

impl Geometry {
    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        u32::try_from(self.size / u64::from(self.block.max(1))).unwrap_or(u32::MAX)
    }

    /// The first octet of a block.
    ///
    /// # Errors
    /// [`Error::Outside`].
    pub fn start(&self, block: u32) -> Result<u64, Error> {
        let start = u64::from(block) * u64::from(self.block);
        if block < self.blocks() { Ok(start) } else { Err(Error::Outside(start)) }
    }

    /// Whether `count` octets from `at` on are there.
    fn holds(&self, at: u64, count: usize) -> Result<(), Error> {
        let end = at.checked_add(count as u64);
        if end.is_some_and(|end| end <= self.size) {
            Ok(())
        } else {
            Err(Error::Outside(self.size))
        }
    }

    /// Whether these are whole pages that are there.
    fn whole_pages(&self, at: u64, count: usize) -> Result<(), Error> {
        self.holds(at, count)?;
        let page = u64::from(self.page);
        if at.is_multiple_of(page) && (count as u64).is_multiple_of(page) {
            return Ok(());
        }
        Err(Error::Unaligned(at))
    }

    /// The blocks in which these octets lie, which are there.
    fn blocks_of(&self, at: u64, count: usize) -> impl Iterator<Item = u32> + use<> {
        let block = |at: u64| u32::try_from(at / u64::from(self.block)).unwrap_or(u32::MAX);
        let last = (count as u64).checked_sub(1).map(|more| block(at + more));
        last.into_iter().flat_map({
            let first = block(at);
            move |last| first..=last
        })
    }
}

/// A flash of this machine, `/dev/mtdN`.
#[derive(Debug)]
pub struct Mtd {
    device: File,
    geometry: Geometry,
}

impl Mtd {
    /// Opens a flash for reading and writing.
    ///
    /// # Errors
    /// [`Error::Device`]: it is not there or no flash; [`Error::Geometry`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let device = File::options().read(true).write(true).open(path);
        let device = device.map_err(|error| Error::Device("open", error))?;
        let mut info = Info::default();
        GET_INFO.on(&device, &mut info).map_err(|error| Error::Device("describe itself", error))?;
        Ok(Self { device, geometry: info.geometry()? })
    }

    /// How many errors could not be mended since the kernel has found the flash, whoever was reading.
    fn unmended(&self) -> Result<u32, Error> {
        let mut counted = Counted::default();
        let told = GET_COUNTED.on(&self.device, &mut counted);
        told.map_err(|error| Error::Device("count its errors", error))?;
        Ok(counted.unmended)
    }
}

impl Flash for Mtd {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn is_bad(&self, block: u32) -> Result<bool, Error> {
        let mut start = self.geometry.start(block)?.cast_signed();
        let bad = GET_BAD.on(&self.device, &mut start);
        match bad {
            Ok(bad) => Ok(bad != 0),
            // NOR and memory have none.
            Err(error) if error.raw_os_error() == Some(nix::libc::EOPNOTSUPP) => Ok(false),
            Err(error) => Err(Error::Device("tell its bad blocks", error)),
        }
    }

    fn mark_bad(&mut self, block: u32) -> Result<(), Error> {
        let mut start = self.geometry.start(block)?.cast_signed();
        let marked = SET_BAD.on(&self.device, &mut start);
        marked.map(drop).map_err(|error| Error::Device("mark a bad block", error))
    }

    fn erase(&mut self, block: u32) -> Result<(), Error> {
        let start = self.geometry.start(block)?;
        if self.is_bad(block)? {
            return Err(Error::Bad(block));
        }
        let mut erase = Erase { start, length: self.geometry.block.into() };
        let erased = ERASE.on(&self.device, &mut erase);
        erased.map(drop).map_err(|error| Error::Device("erase", error))
    }

    fn read(&self, at: u64, octets: &mut [u8]) -> Result<(), Error> {
        self.geometry.holds(at, octets.len())?;
        // The kernel gives what it has read even where it could not mend it, and only counts that.
        let before = self.unmended()?;
        let read = self.device.read_exact_at(octets, at);
        read.map_err(|error| Error::Device("read", error))?;
        if self.unmended()? == before { Ok(()) } else { Err(Error::Damaged(at)) }
    }

    fn write(&mut self, at: u64, octets: &[u8]) -> Result<(), Error> {
        self.geometry.whole_pages(at, octets.len())?;
        // The kernel would not mind.
        for block in self.geometry.blocks_of(at, octets.len()) {
            if self.is_bad(block)? {
                return Err(Error::Bad(block));
            }
        }
        let written = self.device.write_all_at(octets, at);
        written.map_err(|error| Error::Device("write", error))
    }
}

/// `struct mtd_info_user`
#[derive(Default)]
#[repr(C)]
struct Info {
    kind: u8,
    flags: u32,
    size: u32,
    erase_size: u32,
    write_size: u32,
    oob_size: u32,
    padding: u64,
}

impl Info {
    fn geometry(&self) -> Result<Geometry, Error> {
        let kind = match self.kind {
            1 => Kind::Ram,
            3 => Kind::Nor,
            4 => Kind::Nand,
            other => Kind::Other(other),
        };
        let (size, block, page) = (u64::from(self.size), self.erase_size, self.write_size);
        let whole = block != 0 && page != 0 && block.is_multiple_of(page);
        if !whole || size == 0 || !size.is_multiple_of(block.into()) {
            return Err(Error::Geometry);
        }
        Ok(Geometry { kind, size, block, page })
    }
}

/// `struct erase_info_user64`
#[repr(C)]
struct Erase {
    start: u64,
    length: u64,
}

/// `struct mtd_ecc_stats`
#[derive(Default)]
#[repr(C)]
struct Counted {
    mended: u32,
    unmended: u32,
    bad_blocks: u32,
    kept_for_the_table: u32,
}

/// `MEMGETINFO`
const GET_INFO: Call<Info> = Call::fills(b'M', 1);
/// `MEMGETBADBLOCK`
const GET_BAD: Call<i64> = Call::takes(b'M', 11);
/// `MEMSETBADBLOCK`
const SET_BAD: Call<i64> = Call::takes(b'M', 12);
/// `ECCGETSTATS`
const GET_COUNTED: Call<Counted> = Call::fills(b'M', 18);
/// `MEMERASE64`
const ERASE: Call<Erase> = Call::takes(b'M', 20);

#[cfg(test)]
mod tests {
    use super::*;

    /// As a C program prints them that was compiled with the headers of Linux 6.1.
    #[test]
    fn the_numbers_of_the_calls_are_those_of_the_headers() {
        assert_eq!(GET_INFO.number(), 0x8020_4d01);
        assert_eq!(GET_BAD.number(), 0x4008_4d0b);
        assert_eq!(SET_BAD.number(), 0x4008_4d0c);
        assert_eq!(GET_COUNTED.number(), 0x8010_4d12);
        assert_eq!(ERASE.number(), 0x4010_4d14);
    }

    #[test]
    fn a_description_that_cannot_be_is_refused() {
        let good = || Info {
            kind: 4,
            size: 1 << 20,
            erase_size: 1 << 17,
            write_size: 2048,
            ..Info::default()
        };
        let found = good().geometry().unwrap();
        assert_eq!((found.kind, found.blocks()), (Kind::Nand, 8));
        assert!(matches!(found.start(8), Err(Error::Outside(_))));
        for bad in [
            Info { erase_size: 0, ..good() },
            Info { write_size: 0, ..good() },
            Info { write_size: 3000, ..good() },
            Info { size: 0, ..good() },
            Info { size: (1 << 20) + 1, ..good() },
        ] {
            assert!(matches!(bad.geometry(), Err(Error::Geometry)));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri knows no devices")]
    fn what_is_no_flash_says_so() {
        let refused = Mtd::open(Path::new("/dev/null")).unwrap_err();
        assert!(matches!(refused, Error::Device("describe itself", _)), "{refused}");
    }
}
