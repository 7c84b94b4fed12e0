//! What is promised of raw flash.

use crate::{Promise, Wrong, hold, pattern, refused};
use nix::libc::EIO;
use os::mtd::{Error, Flash as _, Kind, Mtd};
use std::path::Path;

pub(crate) const PROMISES: &[Promise] = &[
    ("the geometry is that of the chip", geometry),
    ("what was written is read, and what was erased is empty", write_and_read),
    ("a block that was bad at the factory is neither erased nor written", bad),
    ("a block that is marked as bad is so for good", mark_bad),
    ("nothing is beyond the end, and nothing but whole pages is written", outside),
    ("a block that cannot be erased says so", weak_block),
    ("a page that cannot be written says so", weak_page),
    ("what has decayed is not passed off as whole", grave_page),
    ("the blocks that were used are erased", clear),
];

fn flash() -> Result<Mtd, Wrong> {
    Ok(Mtd::open(Path::new("/dev/mtd0"))?)
}

fn geometry() -> Result<(), Wrong> {
    let found = flash()?.geometry();
    let good = found.kind == Kind::Nand
        && (found.size, found.block, found.page) == (256 << 20, 128 << 10, 2048)
        && found.blocks() == 2048;
    hold(&format!("{found:?}"), good)
}

fn write_and_read() -> Result<(), Wrong> {
    let mut flash = flash()?;
    flash.erase(1)?;
    let at = flash.geometry().start(1)?;
    let octets = pattern(1, 3 * PAGE);
    flash.write(at + PAGE as u64, &octets)?;
    let mut found = vec![0; 5 * PAGE];
    flash.read(at, &mut found)?;
    let empty = |page: &[u8]| page.iter().all(|octet| *octet == 0xFF);
    hold("another page was written", empty(&found[..PAGE]) && empty(&found[4 * PAGE..]))?;
    hold("something else is read", found[PAGE..4 * PAGE] == octets)?;
    // Not only from the beginning of a page.
    let mut part = [0; 100];
    flash.read(at + PAGE as u64 + 50, &mut part)?;
    hold("a part is another", part == octets[50..150])?;
    flash.erase(1)?;
    flash.read(at, &mut found)?;
    hold("something is left", empty(&found))
}

fn bad() -> Result<(), Wrong> {
    let mut flash = flash()?;
    hold("it is not known as bad", flash.is_bad(BAD)? && !flash.is_bad(BAD + 1)?)?;
    let erased = flash.erase(BAD);
    hold(&format!("{erased:?}"), matches!(erased, Err(Error::Bad(BAD))))?;
    // From the block before into it.
    let at = flash.geometry().start(BAD)? - PAGE as u64;
    let written = flash.write(at, &pattern(2, 2 * PAGE));
    hold(&format!("{written:?}"), matches!(written, Err(Error::Bad(BAD))))?;
    let mut before = vec![0; PAGE];
    flash.read(at, &mut before)?;
    hold("half of it was written", before.iter().all(|octet| *octet == 0xFF))
}

fn mark_bad() -> Result<(), Wrong> {
    let mut flash = flash()?;
    hold("it is bad already", !flash.is_bad(MARKED)?)?;
    flash.mark_bad(MARKED)?;
    drop(flash);
    let mut flash = self::flash()?;
    hold("it is not marked", flash.is_bad(MARKED)?)?;
    hold("it can be erased", matches!(flash.erase(MARKED), Err(Error::Bad(MARKED))))
}

fn outside() -> Result<(), Wrong> {
    let mut flash = flash()?;
    let (size, blocks) = (flash.geometry().size, flash.geometry().blocks());
    let outside = |done: Result<(), Error>| matches!(done, Err(Error::Outside(_)));
    hold("a block beyond the end is erased", outside(flash.erase(blocks)))?;
    hold("a block beyond the end is marked", outside(flash.mark_bad(blocks)))?;
    hold("a block beyond the end is bad or good", outside(flash.is_bad(blocks).map(drop)))?;
    hold("something is read there", outside(flash.read(size - 1, &mut [0; 2])))?;
    hold("something is written there", outside(flash.write(size, &[0; PAGE])))?;
    let written = flash.write(1, &[0; PAGE]);
    hold("half pages are written", matches!(written, Err(Error::Unaligned(1))))?;
    let mut last = [0];
    flash.read(size - 1, &mut last)?;
    Ok(())
}

fn weak_block() -> Result<(), Wrong> {
    refused("a worn block is erased", flash()?.erase(WEAK_BLOCK), EIO)
}

fn weak_page() -> Result<(), Wrong> {
    let at = WEAK_PAGE * PAGE as u64;
    refused("a worn page is written", flash()?.write(at, &pattern(3, PAGE)), EIO)
}

fn grave_page() -> Result<(), Wrong> {
    let mut flash = flash()?;
    let (at, octets) = (GRAVE_PAGE * PAGE as u64, pattern(4, PAGE));
    flash.write(at, &octets)?;
    let mut found = vec![0; PAGE];
    flash.read(at, &mut found)?;
    hold("it does not even last once", found == octets)?;
    let read = flash.read(at, &mut found);
    hold(&format!("{read:?}"), matches!(read, Err(Error::Damaged(_))))?;
    // The next page is as good as ever.
    Ok(flash.read(at + PAGE as u64, &mut found)?)
}

fn clear() -> Result<(), Wrong> {
    let mut flash = flash()?;
    let block = |page: u64| u32::try_from(page / PAGES_OF_BLOCK).unwrap_or(u32::MAX);
    for block in [BAD - 1, block(WEAK_PAGE), block(GRAVE_PAGE)] {
        flash.erase(block)?;
    }
    Ok(())
}

const PAGE: usize = 2048;
const PAGES_OF_BLOCK: u64 = 64;
/// As the module was told: see the package `flash`.
const BAD: u32 = 5;
const WEAK_BLOCK: u32 = 9;
const WEAK_PAGE: u64 = 1300;
const GRAVE_PAGE: u64 = 1400;
/// Good until it is marked here.
const MARKED: u32 = 7;
