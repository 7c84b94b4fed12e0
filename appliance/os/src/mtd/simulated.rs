//! Flash that lives in memory and is as unforgiving as the real one.

use super::{Error, Flash, Geometry, Kind};
use std::collections::BTreeSet;
use std::io;

/// A simulated flash. A write to what was not erased is refused, not quietly combined; power can be cut at each operation.
#[derive(Clone, Debug)]
pub struct Simulated {
    geometry: Geometry,
    octets: Vec<u8>,
    bad: BTreeSet<u32>,
    /// Blocks whose next erasure fails.
    worn: BTreeSet<u32>,
    /// Operations until power goes; the last one is done by half.
    left: Option<u32>,
}

impl Simulated {
    /// NOR of so many blocks of so many octets, erased.
    ///
    /// # Panics
    /// When it would have no octets.
    #[must_use]
    pub fn nor(blocks: u32, block: u32) -> Self {
        Self::new(Kind::Nor, blocks, (block, 1))
    }

    /// NAND of so many blocks of so many octets in pages of so many, erased, with bad blocks from the factory.
    ///
    /// # Panics
    /// When it would have no octets, or a block is not made of whole pages.
    #[must_use]
    pub fn nand(blocks: u32, (block, page): (u32, u32), bad: &[u32]) -> Self {
        let mut flash = Self::new(Kind::Nand, blocks, (block, page));
        flash.bad.extend(bad);
        flash
    }

    fn new(kind: Kind, blocks: u32, (block, page): (u32, u32)) -> Self {
        assert!(page > 0 && block > 0 && blocks > 0 && block.is_multiple_of(page), "no such flash");
        let size = u64::from(blocks) * u64::from(block);
        let octets = vec![ERASED; usize::try_from(size).unwrap_or_default()];
        let geometry = Geometry { kind, size, block, page };
        Self { geometry, octets, bad: BTreeSet::new(), worn: BTreeSet::new(), left: None }
    }

    /// Lets the next erasure of a block fail.
    pub fn wear_out(&mut self, block: u32) {
        self.worn.insert(block);
    }

    /// Cuts the power during the operation after so many more; all later ones fail.
    pub fn cut_after(&mut self, operations: u32) {
        self.left = Some(operations);
    }

    /// Power is back.
    pub fn restart(&mut self) {
        self.left = None;
    }

    /// How much of an operation on `count` octets takes place before the power goes.
    fn power(&mut self, count: usize) -> Result<(usize, Result<(), Error>), Error> {
        let gone = || Error::Device("answer", io::Error::from(io::ErrorKind::NotConnected));
        match &mut self.left {
            None => Ok((count, Ok(()))),
            Some(0) => {
                // Every later one must fail, too.
                self.left = Some(u32::MAX);
                Ok((count / 2, Err(gone())))
            }
            Some(u32::MAX) => Err(gone()),
            Some(left) => {
                *left -= 1;
                Ok((count, Ok(())))
            }
        }
    }

    fn place(at: u64) -> usize {
        // What is asked for was found to be inside before.
        usize::try_from(at).unwrap_or(usize::MAX)
    }
}

impl Flash for Simulated {
    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn is_bad(&self, block: u32) -> Result<bool, Error> {
        self.geometry.start(block)?;
        Ok(self.bad.contains(&block))
    }

    fn mark_bad(&mut self, block: u32) -> Result<(), Error> {
        self.geometry.start(block)?;
        if self.geometry.kind != Kind::Nand {
            let error = io::Error::from(io::ErrorKind::Unsupported);
            return Err(Error::Device("mark a bad block", error));
        }
        self.bad.insert(block);
        Ok(())
    }

    fn erase(&mut self, block: u32) -> Result<(), Error> {
        let start = Self::place(self.geometry.start(block)?);
        if self.bad.contains(&block) {
            return Err(Error::Bad(block));
        }
        if self.worn.remove(&block) {
            return Err(Error::Device("erase", io::Error::other("the block is worn out")));
        }
        let (done, ended) = self.power(Self::place(self.geometry.block.into()))?;
        self.octets[start..start + done].fill(ERASED);
        ended
    }

    fn read(&self, at: u64, octets: &mut [u8]) -> Result<(), Error> {
        self.geometry.holds(at, octets.len())?;
        octets.copy_from_slice(&self.octets[Self::place(at)..][..octets.len()]);
        Ok(())
    }

    fn write(&mut self, at: u64, octets: &[u8]) -> Result<(), Error> {
        self.geometry.whole_pages(at, octets.len())?;
        if octets.is_empty() {
            return Ok(());
        }
        for block in self.geometry.blocks_of(at, octets.len()) {
            if self.bad.contains(&block) {
                return Err(Error::Bad(block));
            }
        }
        let room = &self.octets[Self::place(at)..][..octets.len()];
        // NOR takes what only clears bits; a page of NAND is written once.
        let fits = match self.geometry.kind {
            Kind::Nor => room.iter().zip(octets).all(|(old, new)| old & new == *new),
            _ => room.iter().all(|old| *old == ERASED),
        };
        if !fits {
            let error = io::Error::other("there is something already");
            return Err(Error::Device("write", error));
        }
        let (done, ended) = self.power(octets.len())?;
        self.octets[Self::place(at)..][..done].copy_from_slice(&octets[..done]);
        ended
    }
}

const ERASED: u8 = 0xFF;

#[cfg(test)]
mod tests {
    use super::*;

    fn held(flash: &Simulated, at: u64, count: usize) -> Vec<u8> {
        let mut octets = vec![0; count];
        flash.read(at, &mut octets).unwrap();
        octets
    }

    #[test]
    fn a_page_of_nand_is_written_once_between_two_erasures() {
        let mut flash = Simulated::nand(4, (64, 16), &[]);
        flash.write(16, &[1; 16]).unwrap();
        assert!(flash.write(16, &[0; 16]).is_err());
        flash.write(32, &[2; 16]).unwrap();
        flash.erase(0).unwrap();
        flash.write(16, &[0; 16]).unwrap();
        assert_eq!(held(&flash, 0, 64)[..32], [[ERASED; 16], [0; 16]].concat());
    }

    #[test]
    fn nor_takes_each_octet_as_long_as_bits_are_only_cleared() {
        let mut flash = Simulated::nor(2, 64);
        flash.write(5, &[0xF0]).unwrap();
        flash.write(5, &[0x30]).unwrap();
        assert!(flash.write(5, &[0x31]).is_err());
        assert_eq!(held(&flash, 4, 3), [ERASED, 0x30, ERASED]);
        assert!(flash.mark_bad(0).is_err());
    }

    #[test]
    fn bad_blocks_take_nothing_and_more_can_become_bad() {
        let mut flash = Simulated::nand(4, (64, 16), &[1]);
        assert!(flash.is_bad(1).unwrap() && !flash.is_bad(2).unwrap());
        assert!(matches!(flash.erase(1), Err(Error::Bad(1))));
        // The last page of one block and the first of the next.
        assert!(matches!(flash.write(48, &[0; 32]), Err(Error::Bad(1))));
        assert_eq!(held(&flash, 48, 16), [ERASED; 16]);
        flash.wear_out(2);
        assert!(flash.erase(2).is_err());
        flash.mark_bad(2).unwrap();
        assert!(matches!(flash.write(128, &[0; 16]), Err(Error::Bad(2))));
    }

    #[test]
    fn nothing_is_outside_and_nothing_in_between() {
        let mut flash = Simulated::nand(2, (64, 16), &[]);
        for (at, count) in [(128, 16), (112, 32), (u64::MAX, 16), (0, 144)] {
            assert!(matches!(flash.write(at, &vec![0; count]), Err(Error::Outside(_))), "{at}");
            assert!(flash.read(at, &mut vec![0; count]).is_err(), "{at}");
        }
        for (at, count) in [(1, 16), (0, 1), (8, 8)] {
            assert!(matches!(flash.write(at, &vec![0; count]), Err(Error::Unaligned(_))), "{at}");
        }
        assert!(flash.erase(2).is_err() && flash.is_bad(2).is_err() && flash.mark_bad(2).is_err());
        flash.write(0, &[]).unwrap();
    }

    #[test]
    fn a_power_cut_leaves_half_an_operation_and_nothing_after_it() {
        let mut flash = Simulated::nor(2, 64);
        flash.cut_after(1);
        flash.write(0, &[0; 8]).unwrap();
        assert!(flash.write(8, &[0; 8]).is_err());
        assert!(flash.write(16, &[0; 8]).is_err() && flash.erase(1).is_err());
        flash.restart();
        assert_eq!(
            held(&flash, 0, 24),
            [[0; 8], [0, 0, 0, 0, 255, 255, 255, 255], [ERASED; 8]].concat()
        );
        flash.erase(0).unwrap();
    }
}
