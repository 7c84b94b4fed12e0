//! What stands where in the file: header, descriptor, markers.

use super::Error;
use crate::name;

/// The header, which is also the footer; `directory` is the sector of the grain directory.
pub(super) fn header(capacity: u64, directory: u64) -> [u8; SECTOR] {
    let mut header = [0; SECTOR];
    let mut rest = Rest(&mut header);
    rest.put(b"KDMV");
    rest.put(&VERSION.to_le_bytes());
    rest.put(&FLAGS.to_le_bytes());
    rest.put(&(capacity / SECTOR_OCTETS).to_le_bytes());
    rest.put(&GRAIN_SECTORS.to_le_bytes());
    rest.put(&DESCRIPTOR_AT.to_le_bytes());
    rest.put(&DESCRIPTOR_SECTORS.to_le_bytes());
    rest.put(&TABLE_ENTRIES.to_le_bytes());
    // No redundant directory.
    rest.put(&0_u64.to_le_bytes());
    rest.put(&directory.to_le_bytes());
    rest.put(&OVERHEAD.to_le_bytes());
    // Clean shutdown; then characters that a transfer as text would change.
    rest.put(b"\0\n \r\n");
    rest.put(&DEFLATE.to_le_bytes());
    header
}

/// The sectors (of 512 octets) of the disk that a header speaks of.
pub(super) fn sectors_in(header: &[u8; SECTOR]) -> u64 {
    u64::from_le_bytes(at(header, 12))
}

/// Number, size and kind at the front of a sector: of a grain where the size is not 0, else of a marker.
pub(super) fn marker_in(sector: &[u8; SECTOR]) -> (u64, u32, u32) {
    let number = u64::from_le_bytes(at(sector, 0));
    (number, u32::from_le_bytes(at(sector, 8)), u32::from_le_bytes(at(sector, 12)))
}

fn at<const N: usize>(sector: &[u8; SECTOR], from: usize) -> [u8; N] {
    let mut octets = [0; N];
    octets.copy_from_slice(&sector[from..from + N]);
    octets
}

/// A marker that announces `sectors` of metadata.
pub(super) fn marker(kind: Marker, sectors: u64) -> [u8; SECTOR] {
    let mut marker = [0; SECTOR];
    let mut rest = Rest(&mut marker);
    rest.put(&sectors.to_le_bytes());
    // A size of 0 tells a marker from a grain.
    rest.put(&0_u32.to_le_bytes());
    rest.put(&(kind as u32).to_le_bytes());
    marker
}

/// What stands before a compressed grain.
pub(super) fn grain_header(first_sector: u64, compressed: u32) -> [u8; GRAIN_HEADER] {
    let mut header = [0; GRAIN_HEADER];
    let mut rest = Rest(&mut header);
    rest.put(&first_sector.to_le_bytes());
    rest.put(&compressed.to_le_bytes());
    header
}

/// The descriptor, padded to its room.
pub(super) fn descriptor(capacity: u64, cid: u32, extent: &str) -> Vec<u8> {
    let sectors = capacity / SECTOR_OCTETS;
    let cylinders = (sectors / (HEADS * TRACK_SECTORS)).max(1);
    let text = format!(
        "# Disk DescriptorFile\nversion=1\n{CID}{cid:08x}\nparentCID=ffffffff\ncreateType=\"streamOptimized\"\n\
         \n# Extent description\nRW {sectors} SPARSE \"{extent}\"\n\
         \n# The Disk Data Base\n#DDB\n\n\
         ddb.adapterType = \"lsilogic\"\n\
         ddb.geometry.cylinders = \"{cylinders}\"\n\
         ddb.geometry.heads = \"{HEADS}\"\n\
         ddb.geometry.sectors = \"{TRACK_SECTORS}\"\n\
         ddb.virtualHWVersion = \"{HARDWARE}\"\n"
    );
    let mut octets = text.into_bytes();
    // Names and numbers are bounded, so the text always has room.
    octets.resize(DESCRIPTOR_OCTETS, 0);
    octets
}

/// The contents identifier and the extent's name in a descriptor.
pub(super) fn named_in(descriptor: &[u8]) -> Option<(u32, &str)> {
    let text = std::str::from_utf8(descriptor).ok()?;
    let cid = text.lines().find_map(|line| line.strip_prefix(CID))?;
    let extent = text.lines().find_map(|line| line.strip_prefix("RW "))?;
    let name = extent.split('"').nth(1)?;
    name::is_fit(name).then_some((u32::from_str_radix(cid, 16).ok()?, name))
}

/// Whether the format has room for a disk of so many octets.
pub(super) fn capacity_is_fit(capacity: u64) -> Result<(), Error> {
    if capacity == 0 || capacity > CAPACITY_MAX || !capacity.is_multiple_of(GRAIN as u64) {
        return Err(Error::Capacity(capacity));
    }
    Ok(())
}

/// Kinds of metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Marker {
    /// Nothing follows.
    EndOfStream = 0,
    /// A grain table follows.
    Table = 1,
    /// The grain directory follows.
    Directory = 2,
    /// The header follows once more, now with the directory's place.
    Footer = 3,
}

/// What is still to be filled.
struct Rest<'sector>(&'sector mut [u8]);

impl Rest<'_> {
    fn put(&mut self, octets: &[u8]) {
        let (front, back) = std::mem::take(&mut self.0).split_at_mut(octets.len());
        front.copy_from_slice(octets);
        self.0 = back;
    }
}

/// Octets that are compressed together.
pub const GRAIN: usize = 0x1_0000;
/// Above it, the sector numbers in the tables, 32 bits, might not suffice.
pub const CAPACITY_MAX: u64 = 2 << 40;

/// What is not written at all.
pub(super) static ZEROS: [u8; GRAIN] = [0; GRAIN];
pub(super) const SECTOR: usize = 512;
pub(super) const SECTOR_OCTETS: u64 = 512;
pub(super) const GRAIN_SECTORS: u64 = 128;
/// Sector number and size of a grain.
pub(super) const GRAIN_HEADER: usize = 12;
/// Grains that a table knows; 4 octets each.
pub(super) const TABLE_ENTRIES: u32 = 512;
pub(super) const TABLE_SECTORS: u64 = 4;
/// Where the first grain is; the descriptor fits before it.
pub(super) const OVERHEAD: u64 = 128;
/// In a header: the directory's place is in the footer.
pub(super) const AT_END: u64 = u64::MAX;
pub(super) const DESCRIPTOR_AT: u64 = 1;
pub(super) const DESCRIPTOR_OCTETS: usize = 20 * SECTOR;
const DESCRIPTOR_SECTORS: u64 = 20;
const VERSION: u32 = 3;
/// Line ends are checked, grains are compressed, markers are used.
const FLAGS: u32 = 0x3_0001;
const DEFLATE: u16 = 1;
const CID: &str = "CID=";
const HEADS: u64 = 255;
const TRACK_SECTORS: u64 = 63;
/// The virtual hardware of the OVF, vmx-15.
const HARDWARE: u32 = 15;
