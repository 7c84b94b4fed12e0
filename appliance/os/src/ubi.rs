//! Volumes on raw flash (`mtd/ubi-user.h` of Linux): attached, made, renamed at once, filled, shown as block devices.

use crate::ioctl::Call;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Why a volume cannot be had as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name is not one.
    #[error("{0:?} cannot be the name of a volume; it has 1 to 127 octets")]
    Name(String),
    /// The kernel renames at most 32 volumes at once.
    #[error("{0} volumes cannot be renamed at once, only 1 to 32")]
    Count(usize),
    /// A volume must have a size, and one that the kernel can express.
    #[error("a volume cannot have {0} octets")]
    Size(u64),
    /// The device.
    #[error("UBI does not {0}")]
    Device(&'static str, #[source] io::Error),
}

/// What volumes are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Read and written at will.
    Dynamic,
    /// Written as a whole, and checked as a whole when it is opened.
    Static,
}

/// `/dev/ubi_ctrl`, through which flash becomes a device with volumes.
#[derive(Debug)]
pub struct Control(File);

impl Control {
    /// Opens it.
    ///
    /// # Errors
    /// [`Error::Device`]: the kernel has no UBI.
    pub fn open() -> Result<Self, Error> {
        open(Path::new("/dev/ubi_ctrl")).map(Self)
    }

    /// Attaches the flash `/dev/mtdN` and gives the number of the device, which appears as `/dev/ubiN`. Erased flash is
    /// formatted.
    ///
    /// # Errors
    /// [`Error::Device`]: it is attached already, or holds something else.
    pub fn attach(&self, mtd: u32) -> Result<u32, Error> {
        let mtd = mtd.cast_signed();
        let mut attach = Attach { device: ANY, mtd, ..Attach::default() };
        ATTACH.on(&self.0, &mut attach).map_err(|error| Error::Device("attach", error))?;
        Ok(attach.device.cast_unsigned())
    }

    /// Detaches a device; none of its volumes may be open.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub fn detach(&self, device: u32) -> Result<(), Error> {
        let mut device = device.cast_signed();
        let detached = DETACH.on(&self.0, &mut device);
        detached.map(drop).map_err(|error| Error::Device("detach", error))
    }
}

/// `/dev/ubiN`: a flash with volumes.
#[derive(Debug)]
pub struct Device(File);

impl Device {
    /// Opens it.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        open(path).map(Self)
    }

    /// Makes a volume of at least `octets` and gives its number; it appears as `/dev/ubiN_M`.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Size`], or [`Error::Device`]: no room, or the name is taken.
    pub fn make(&self, name: &str, kind: Kind, octets: u64) -> Result<u32, Error> {
        let name = named(name)?;
        let mut make = Make {
            volume: ANY,
            alignment: 1,
            octets: size(octets)?,
            kind: match kind {
                Kind::Dynamic => 3,
                Kind::Static => 4,
            },
            name_length: name.length(),
            name,
            ..Make::default()
        };
        MAKE.on(&self.0, &mut make).map_err(|error| Error::Device("make the volume", error))?;
        Ok(make.volume.cast_unsigned())
    }

    /// Removes a volume and what it holds.
    ///
    /// # Errors
    /// [`Error::Device`]: it is in use, or there is none.
    pub fn remove(&self, volume: u32) -> Result<(), Error> {
        let mut volume = volume.cast_signed();
        let removed = REMOVE.on(&self.0, &mut volume);
        removed.map(drop).map_err(|error| Error::Device("remove the volume", error))
    }

    /// Renames volumes, all or none whenever power is cut; two may exchange their names. A volume that has one of the new
    /// names and is not renamed itself is removed in the same step: so a new one takes the place of an old one.
    ///
    /// # Errors
    /// [`Error::Count`], [`Error::Name`], or [`Error::Device`].
    pub fn rename(&self, volumes: &[(u32, &str)]) -> Result<(), Error> {
        let mut rename = Rename::of(volumes)?;
        let renamed = RENAME.on(&self.0, &mut rename);
        renamed.map(drop).map_err(|error| Error::Device("rename", error))
    }
}

/// `/dev/ubiN_M`: a volume.
#[derive(Debug)]
pub struct Volume(File);

impl Volume {
    /// Opens it for an update.
    ///
    /// # Errors
    /// [`Error::Device`]: it is in use.
    pub fn open(path: &Path) -> Result<Self, Error> {
        open(path).map(Self)
    }

    /// Replaces what it holds by exactly `octets` octets of `content`. From the first step to the last the volume is marked
    /// as being updated, so that after a power cut nobody takes it for whole.
    ///
    /// # Errors
    /// [`Error::Size`], or [`Error::Device`]: writing fails, or `content` is shorter.
    pub fn update(&mut self, octets: u64, content: &mut impl io::Read) -> Result<(), Error> {
        let mut count = size(octets)?;
        let failed = |error| Error::Device("update the volume", error);
        UPDATE.on(&self.0, &mut count).map_err(failed)?;
        let copied = io::copy(&mut io::Read::take(content, octets), &mut self.0).map_err(failed)?;
        if copied < octets {
            return Err(failed(io::ErrorKind::UnexpectedEof.into()));
        }
        self.0.flush().map_err(failed)
    }

    /// Shows it as the read-only block device `/dev/ubiblockN_M`.
    ///
    /// # Errors
    /// [`Error::Device`]: it is one already, or the kernel has no ubiblock.
    pub fn make_block_device(&self) -> Result<(), Error> {
        let made = MAKE_BLOCK.on(&self.0, &mut [0; 128]);
        made.map(drop).map_err(|error| Error::Device("make a block device", error))
    }
}

fn open(path: &Path) -> Result<File, Error> {
    let device = File::options().read(true).write(true).open(path);
    device.map_err(|error| Error::Device("open", error))
}

fn size(octets: u64) -> Result<i64, Error> {
    i64::try_from(octets).ok().filter(|octets| *octets > 0).ok_or(Error::Size(octets))
}

fn named(name: &str) -> Result<Name, Error> {
    let mut octets = [0; NAME_MAX + 1];
    if name.is_empty() || name.len() > NAME_MAX || name.contains('\0') {
        return Err(Error::Name(name.to_owned()));
    }
    octets[..name.len()].copy_from_slice(name.as_bytes());
    Ok(Name(octets))
}

/// A name, ended by a zero.
#[derive(Clone, Copy)]
#[repr(C)]
struct Name([u8; NAME_MAX + 1]);

impl Default for Name {
    fn default() -> Self {
        Self([0; NAME_MAX + 1])
    }
}

impl Name {
    fn length(&self) -> i16 {
        let length = self.0.iter().position(|octet| *octet == 0).unwrap_or(NAME_MAX);
        i16::try_from(length).unwrap_or(i16::MAX)
    }
}

/// `struct ubi_attach_req`; zero stands for the driver's choice.
#[derive(Default)]
#[repr(C)]
struct Attach {
    device: i32,
    mtd: i32,
    header_offset: i32,
    bad_per_1024: i16,
    without_fastmap: i8,
    padding: [i8; 9],
}

/// `struct ubi_mkvol_req`; packed in the headers, and without gaps here.
#[derive(Default)]
#[repr(C)]
struct Make {
    volume: i32,
    alignment: i32,
    octets: i64,
    kind: i8,
    flags: u8,
    name_length: i16,
    padding: [i8; 4],
    name: Name,
}

/// `struct ubi_rnvol_req`
#[repr(C)]
struct Rename {
    count: i32,
    padding: [i8; 12],
    entries: [Entry; RENAME_MAX],
}

#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Entry {
    volume: i32,
    name_length: i16,
    padding: [i8; 2],
    name: Name,
}

impl Rename {
    fn of(volumes: &[(u32, &str)]) -> Result<Self, Error> {
        let count = volumes.len();
        if count == 0 || count > RENAME_MAX {
            return Err(Error::Count(count));
        }
        let entries = [Entry::default(); RENAME_MAX];
        let count = i32::try_from(count).map_err(|_| Error::Count(count))?;
        let mut rename = Self { count, padding: [0; 12], entries };
        for (entry, (volume, name)) in rename.entries.iter_mut().zip(volumes) {
            let name = named(name)?;
            let (volume, name_length) = (volume.cast_signed(), name.length());
            *entry = Entry { volume, name_length, name, ..Entry::default() };
        }
        Ok(rename)
    }
}

/// `UBI_IOCATT`
const ATTACH: Call<Attach> = Call::takes(b'o', 64);
/// `UBI_IOCDET`
const DETACH: Call<i32> = Call::takes(b'o', 65);
/// `UBI_IOCMKVOL`
const MAKE: Call<Make> = Call::takes(b'o', 0);
/// `UBI_IOCRMVOL`
const REMOVE: Call<i32> = Call::takes(b'o', 1);
/// `UBI_IOCRNVOL`
const RENAME: Call<Rename> = Call::takes(b'o', 3);
/// `UBI_IOCVOLUP`
const UPDATE: Call<i64> = Call::takes(b'O', 0);
/// `UBI_IOCVOLCRBLK`
const MAKE_BLOCK: Call<[u8; 128]> = Call::takes(b'O', 7);

/// The kernel chooses the number.
const ANY: i32 = -1;
/// `UBI_MAX_VOLUME_NAME`
const NAME_MAX: usize = 127;
/// `UBI_MAX_RNVOL`
const RENAME_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// As a C program prints them that was compiled with the headers of Linux 6.1.
    #[test]
    fn the_numbers_of_the_calls_are_those_of_the_headers() {
        assert_eq!(ATTACH.number(), 0x4018_6f40);
        assert_eq!(DETACH.number(), 0x4004_6f41);
        assert_eq!(MAKE.number(), 0x4098_6f00);
        assert_eq!(REMOVE.number(), 0x4004_6f01);
        assert_eq!(RENAME.number(), 0x5110_6f03);
        assert_eq!(UPDATE.number(), 0x4008_4f00);
        assert_eq!(MAKE_BLOCK.number(), 0x4080_4f07);
    }

    #[test]
    fn fields_are_where_the_kernel_looks_for_them() {
        assert_eq!(std::mem::offset_of!(Make, octets), 8);
        assert_eq!(std::mem::offset_of!(Make, name_length), 18);
        assert_eq!(std::mem::offset_of!(Make, name), 24);
        assert_eq!(std::mem::offset_of!(Attach, bad_per_1024), 12);
        assert_eq!(std::mem::offset_of!(Rename, entries), 16);
        assert_eq!(std::mem::offset_of!(Entry, name), 8);
    }

    #[test]
    fn two_volumes_exchange_their_names_in_one_call() {
        let rename = Rename::of(&[(0, "slot_b"), (1, "slot_a")]).unwrap();
        assert_eq!(rename.count, 2);
        let [first, second, third, ..] = &rename.entries;
        assert_eq!((first.volume, first.name_length, &first.name.0[..7]), (0, 6, &b"slot_b\0"[..]));
        assert_eq!((second.volume, &second.name.0[..7]), (1, &b"slot_a\0"[..]));
        assert_eq!(third.name_length, 0);
    }

    #[test]
    fn names_counts_and_sizes_that_the_kernel_cannot_take_are_refused_before() {
        for name in ["", "a\0b", &"a".repeat(128)] {
            assert!(matches!(named(name), Err(Error::Name(_))), "{name}");
            assert!(Rename::of(&[(0, name)]).is_err());
        }
        assert_eq!(named(&"a".repeat(127)).unwrap().length(), 127);
        assert!(matches!(Rename::of(&[]), Err(Error::Count(0))));
        assert!(matches!(Rename::of(&[(0, "a"); 33]), Err(Error::Count(33))));
        for octets in [0, 1 << 63, u64::MAX] {
            assert!(matches!(size(octets), Err(Error::Size(_))), "{octets}");
        }
    }
}
