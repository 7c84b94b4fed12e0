//! What is promised of volumes on raw flash.

use crate::{Promise, Wrong, hold, pattern, refused};
use nix::libc::{EBADF, EBUSY, EEXIST, ENODEV, ENOSPC};
use os::ubi::{Control, Device, Kind, Volume};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

pub(crate) const PROMISES: &[Promise] = &[
    ("erased flash becomes a device with volumes, once", attach),
    ("volumes are made, but neither twice nor larger than the flash", make),
    ("an update replaces what a volume holds", update),
    ("two volumes exchange their names in one step, and it lasts", swap),
    ("where one of the volumes is missing none is renamed", rename_missing),
    ("a volume can take the place of another one", replace),
    ("an update that is cut off leaves the volume marked, until the next one", cut),
    ("a volume is a block device that cannot be written", block_device),
    ("what is in use is neither updated, removed nor detached", in_use),
];

fn device() -> Result<Device, Wrong> {
    Ok(Device::open(Path::new("/dev/ubi0"))?)
}

fn path(volume: u32) -> PathBuf {
    PathBuf::from(format!("/dev/ubi0_{volume}"))
}

/// What the kernel shows of a volume.
fn shown(volume: u32, what: &str) -> Result<String, Wrong> {
    let path = format!("/sys/class/ubi/ubi0_{volume}/{what}");
    Ok(std::fs::read_to_string(path)?.trim().to_owned())
}

/// Both names, the ones of the volumes 0 and 1.
fn names() -> Result<[String; 2], Wrong> {
    Ok([shown(0, "name")?, shown(1, "name")?])
}

/// Whether a volume begins with these octets.
fn holds(volume: u32, octets: &[u8]) -> Result<(), Wrong> {
    let mut found = vec![0; octets.len()];
    File::open(path(volume))?.read_exact(&mut found)?;
    hold(&format!("volume {volume} holds something else"), found == octets)
}

/// Everything is forgotten but what is on the flash.
fn again() -> Result<(), Wrong> {
    let control = Control::open()?;
    control.detach(0)?;
    hold("it has another number", control.attach(0)? == 0)
}

fn attach() -> Result<(), Wrong> {
    let control = Control::open()?;
    hold("it is not the first", control.attach(0)? == 0)?;
    refused("attached twice", control.attach(0), EEXIST)?;
    refused("attached what is not there", control.attach(7), ENODEV)?;
    again()
}

fn make() -> Result<(), Wrong> {
    let device = device()?;
    for (number, name) in [(0, "slot_a"), (1, "slot_b")] {
        hold("numbered otherwise", device.make(name, Kind::Dynamic, SIZE)? == number)?;
    }
    hold("named otherwise", names()? == ["slot_a", "slot_b"])?;
    hold("the static one has another number", device.make("config", Kind::Static, SIZE)? == 2)?;
    refused("a name is taken", device.make("slot_a", Kind::Dynamic, SIZE), EEXIST)?;
    refused("larger than the flash", device.make("large", Kind::Dynamic, 512 << 20), ENOSPC)?;
    refused("removed what is not there", device.remove(9), ENODEV)
}

fn update() -> Result<(), Wrong> {
    for (volume, seed) in [(0, A), (1, B), (2, C)] {
        let octets = pattern(seed, LENGTH);
        Volume::open(&path(volume))?.update(LENGTH as u64, &mut &octets[..])?;
        holds(volume, &octets)?;
    }
    // A static volume is as long as what it holds.
    let mut whole = Vec::new();
    File::open(path(2))?.read_to_end(&mut whole)?;
    hold(&format!("the static volume has {} octets", whole.len()), whole.len() == LENGTH)?;
    // Shorter than before: of the old content nothing is left.
    let short = pattern(D, 10_000);
    Volume::open(&path(0))?.update(10_000, &mut &short[..])?;
    holds(0, &[&short[..], &[0xFF; 10_000]].concat())?;
    let octets = pattern(A, LENGTH);
    Ok(Volume::open(&path(0))?.update(LENGTH as u64, &mut &octets[..])?)
}

fn swap() -> Result<(), Wrong> {
    device()?.rename(&[(0, "slot_b"), (1, "slot_a")])?;
    hold("not exchanged", names()? == ["slot_b", "slot_a"])?;
    again()?;
    hold("it did not last", names()? == ["slot_b", "slot_a"])?;
    holds(0, &pattern(A, LENGTH))?;
    holds(1, &pattern(B, LENGTH))
}

fn rename_missing() -> Result<(), Wrong> {
    let renamed = device()?.rename(&[(0, "other"), (77, "slot_b")]);
    refused("renamed what is not there", renamed, ENODEV)?;
    again()?;
    hold("one was renamed", names()? == ["slot_b", "slot_a"])
}

fn replace() -> Result<(), Wrong> {
    let device = device()?;
    hold("it has another number", device.make("config.new", Kind::Static, SIZE)? == 3)?;
    let octets = pattern(D, LENGTH);
    Volume::open(&path(3))?.update(LENGTH as u64, &mut &octets[..])?;
    device.rename(&[(3, "config")])?;
    drop(device);
    again()?;
    hold("it has another name", shown(3, "name")? == "config")?;
    hold("the old one is still there", shown(2, "name").is_err())?;
    holds(3, &octets)
}

fn cut() -> Result<(), Wrong> {
    let octets = pattern(B, LENGTH);
    let mut half = &octets[..LENGTH / 2];
    let updated = Volume::open(&path(0))?.update(LENGTH as u64, &mut half);
    hold(&format!("{updated:?}"), updated.is_err())?;
    for _ in 0..2 {
        hold("it is not marked", shown(0, "upd_marker")? == "1")?;
        let read = File::open(path(0))?.read(&mut [0]).map_err(|error| error.raw_os_error());
        hold(&format!("it can be read: {read:?}"), read == Err(Some(EBADF)))?;
        again()?;
    }
    // The other one does not mind.
    holds(1, &pattern(B, LENGTH))?;
    let octets = pattern(A, LENGTH);
    Volume::open(&path(0))?.update(LENGTH as u64, &mut &octets[..])?;
    hold("it is still marked", shown(0, "upd_marker")? == "0")?;
    again()?;
    holds(0, &octets)
}

fn block_device() -> Result<(), Wrong> {
    let volume = Volume::open(&path(1))?;
    volume.make_block_device()?;
    refused("it is one already", volume.make_block_device(), EEXIST)?;
    drop(volume);
    let mut found = vec![0; LENGTH];
    File::open("/dev/ubiblock0_1")?.read_exact(&mut found)?;
    hold("it holds something else", found == pattern(B, LENGTH))?;
    let opened = File::options().write(true).open("/dev/ubiblock0_1");
    let written =
        opened.and_then(|mut file| file.write_all(&[0; 512]).and_then(|()| file.sync_all()));
    hold("it can be written", written.is_err())
}

fn in_use() -> Result<(), Wrong> {
    let reader = File::open(path(1))?;
    let octets = pattern(C, LENGTH);
    let updated = Volume::open(&path(1))?.update(LENGTH as u64, &mut &octets[..]);
    refused("updated", updated, EBUSY)?;
    refused("removed", device()?.remove(1), EBUSY)?;
    refused("detached", Control::open()?.detach(0), EBUSY)?;
    drop(reader);
    holds(1, &pattern(B, LENGTH))?;
    device()?.remove(1)?;
    hold("it is still there", shown(1, "name").is_err())?;
    Ok(Control::open()?.detach(0)?)
}

/// What volumes are made for.
const SIZE: u64 = 8 << 20;
/// What is written into them: no whole number of pages, several blocks.
const LENGTH: usize = 1_000_003;
/// Contents.
const A: u8 = 0x11;
const B: u8 = 0x22;
const C: u8 = 0x33;
const D: u8 = 0x44;
