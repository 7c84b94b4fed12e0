//! The environment on a disc: one file in the root of a file system of ISO 9660.
//!
//! So little of that file system is needed that the kernel need not mount what a stranger has put into the drive. The
//! names of the plain tree are enough: whatever else a disc has, it has those.

/// A sector of a disc.
pub type Sector = [u8; SECTOR];

/// Why there is no environment on a disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEnvironment {
    /// It is no such disc, or it cannot be read.
    #[error("it is no disc of ISO 9660")]
    NoDisc,
    /// There is no such file in its root.
    #[error("it has no file ovf-env.xml")]
    NoFile,
    /// The file cannot be it.
    #[error("its ovf-env.xml is larger than 256 KiB, or cut, or no text")]
    Unfit,
}

/// The text of `ovf-env.xml` on a disc whose sectors `read` gives.
///
/// # Errors
/// [`NoEnvironment`].
pub fn environment(
    mut read: impl FnMut(u32) -> Option<Box<Sector>>,
) -> Result<String, NoEnvironment> {
    let root = root(&mut read).ok_or(NoEnvironment::NoDisc)?;
    let folder = content(&mut read, root, FOLDER_MAX).ok_or(NoEnvironment::NoDisc)?;
    let file = find(&folder).ok_or(NoEnvironment::NoFile)?;
    let octets = content(&mut read, file, FILE_MAX).ok_or(NoEnvironment::Unfit)?;
    String::from_utf8(octets).map_err(|_| NoEnvironment::Unfit)
}

/// Where something is on the disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    first: u32,
    octets: u32,
}

/// The root of the primary volume (ECMA-119 8.4).
fn root(read: &mut impl FnMut(u32) -> Option<Box<Sector>>) -> Option<Extent> {
    for nth in DESCRIPTORS {
        let sector = read(nth)?;
        if sector.get(1..6)? != b"CD001" {
            return None;
        }
        match sector.first()? {
            1 => {
                let block = number(&sector[..], 128, 2)?;
                let whole = usize::try_from(block).ok()? == SECTOR;
                return extent(sector.get(ROOT_AT..)?).filter(|_| whole);
            }
            255 => return None,
            _ => {}
        }
    }
    None
}

fn content(
    read: &mut impl FnMut(u32) -> Option<Box<Sector>>,
    extent: Extent,
    most: u32,
) -> Option<Vec<u8>> {
    if extent.octets > most {
        return None;
    }
    let length = usize::try_from(extent.octets).ok()?;
    let mut octets = Vec::with_capacity(length);
    let mut at = extent.first;
    while octets.len() < length {
        octets.extend_from_slice(&read(at)?[..]);
        at = at.checked_add(1)?;
    }
    octets.truncate(length);
    Some(octets)
}

/// The file in a folder (ECMA-119 9.1): records do not cross sectors, and zeros fill what is left of one.
fn find(folder: &[u8]) -> Option<Extent> {
    folder.chunks(SECTOR).find_map(|sector| {
        let mut rest = sector;
        while let Some((length, _)) = rest.split_first()
            && *length != 0
        {
            let record = rest.get(..usize::from(*length))?;
            if is_it(record) {
                return extent(record);
            }
            rest = rest.get(usize::from(*length)..)?;
        }
        None
    })
}

fn is_it(record: &[u8]) -> bool {
    let name = record.get(32).and_then(|length| record.get(33..33 + usize::from(*length)));
    let plain = record.get(25).is_some_and(|flags| flags & FOLDER == 0);
    let Some(name) = name.filter(|_| plain) else { return false };
    // The plain tree knows neither small letters nor hyphens, and has versions; not everybody keeps to that.
    let name = name.split(|octet| *octet == b';').next().unwrap_or_default();
    let same = |(octet, wanted): (&u8, u8)| match octet {
        b'_' => wanted == b'-',
        octet => octet.to_ascii_lowercase() == wanted,
    };
    name.len() == NAME.len() && name.iter().zip(NAME).all(same)
}

fn extent(record: &[u8]) -> Option<Extent> {
    let (first, octets) = (number(record, 2, 4)?, number(record, 10, 4)?);
    Some(Extent { first, octets })
}

/// Little endian; the big-endian copy behind it says the same.
fn number(octets: &[u8], at: usize, length: usize) -> Option<u32> {
    let octets = octets.get(at..at.checked_add(length)?)?;
    Some(octets.iter().rev().fold(0, |number, octet| number << 8 | u32::from(*octet)))
}

/// Octets of a sector.
pub const SECTOR: usize = 2048;
const NAME: [u8; 11] = *b"ovf-env.xml";
/// More descriptors than any disc has, behind the 16 sectors that belong to the machine.
const DESCRIPTORS: std::ops::Range<u32> = 16..32;
const ROOT_AT: usize = 156;
const FOLDER: u8 = 2;
/// Some thousand files; a hypervisor's disc has one.
const FOLDER_MAX: u32 = 256 << 10;
/// What [`super::properties`] takes.
const FILE_MAX: u32 = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A disc with one file of this name in its root.
    fn disc(name: &[u8], text: &[u8]) -> Vec<u8> {
        let mut disc = vec![0; SECTOR * 20 + text.len().next_multiple_of(SECTOR)];
        disc[SECTOR * 16] = 1;
        disc[SECTOR * 16 + 1..][..5].copy_from_slice(b"CD001");
        disc[SECTOR * 16 + 128..][..2].copy_from_slice(&2048u16.to_le_bytes());
        let root = record(b"\0", 19, 2048, FOLDER);
        disc[SECTOR * 16 + ROOT_AT..][..root.len()].copy_from_slice(&root);
        disc[SECTOR * 17] = 255;
        let mut folder = record(b"\0", 19, 2048, FOLDER);
        folder.extend(record(b"OVF_ENV.XML;1", 19, 2048, FOLDER));
        folder.extend(record(b"README.TXT;1", 0, 1, 0));
        folder.extend(record(name, 20, u32::try_from(text.len()).unwrap(), 0));
        disc[SECTOR * 19..][..folder.len()].copy_from_slice(&folder);
        disc[SECTOR * 20..][..text.len()].copy_from_slice(text);
        disc
    }

    fn record(name: &[u8], first: u32, octets: u32, flags: u8) -> Vec<u8> {
        let mut record = vec![0; (33 + name.len()).next_multiple_of(2)];
        record[0] = u8::try_from(record.len()).unwrap();
        record[2..6].copy_from_slice(&first.to_le_bytes());
        record[10..14].copy_from_slice(&octets.to_le_bytes());
        record[25] = flags;
        record[32] = u8::try_from(name.len()).unwrap();
        record[33..][..name.len()].copy_from_slice(name);
        record
    }

    fn read(disc: &[u8]) -> Result<String, NoEnvironment> {
        environment(|sector| {
            let at = usize::try_from(sector).unwrap().checked_mul(SECTOR)?;
            Some(Box::new(disc.get(at..)?.get(..SECTOR)?.try_into().unwrap()))
        })
    }

    #[test]
    fn the_file_is_found_under_each_way_to_write_its_name() {
        let text = "x".repeat(5000);
        for name in [&b"OVF_ENV.XML;1"[..], b"OVF-ENV.XML;1", b"ovf-env.xml", b"OVF_ENV.XML"] {
            assert_eq!(read(&disc(name, text.as_bytes())).as_deref(), Ok(text.as_str()));
        }
        for name in [&b"OVF_ENV.XM;1"[..], b"OVFXENV.XML;1", b";1", b""] {
            assert_eq!(read(&disc(name, b"x")), Err(NoEnvironment::NoFile));
        }
    }

    #[test]
    fn what_is_no_disc_or_is_cut_gives_nothing() {
        let good = disc(b"OVF_ENV.XML;1", b"text");
        assert_eq!(read(&[]), Err(NoEnvironment::NoDisc));
        assert_eq!(read(&good[..SECTOR * 19]), Err(NoEnvironment::NoDisc));
        assert_eq!(read(&good[..SECTOR * 20]), Err(NoEnvironment::Unfit));
        assert_eq!(read(&disc(b"OVF_ENV.XML;1", b"\xff\xfe")), Err(NoEnvironment::Unfit));
        let large = vec![b'x'; (256 << 10) + 1];
        assert_eq!(read(&disc(b"OVF_ENV.XML;1", &large)), Err(NoEnvironment::Unfit));
    }

    proptest! {
        #[test]
        fn a_damaged_disc_is_read_or_refused(damage in prop::collection::vec((0..SECTOR * 21, any::<u8>()), 1..20)) {
            let mut disc = disc(b"OVF_ENV.XML;1", b"text");
            for (at, octet) in damage {
                disc[at] = octet;
            }
            let _ = read(&disc);
        }
    }
}
