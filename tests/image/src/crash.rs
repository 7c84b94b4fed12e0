//! Power cuts: everything that a recorded run can have left on the disk, started by GRUB.
//!
//! Between two flushes a disk may have done any part of what it was asked, in any order, and the last of it in part.
//! An image is right when GRUB starts the old slot, or the new one on trial with every byte of it in place.

use crate::bench::{Bench, Failure, copy, same};
use crate::log::{self, Entry};
use crate::machine::{Firmware, Machine};
use crate::matrix::on_trial;
use crate::slots::Toy;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use update::bootstate::{BootState, Copies, Record, Slot, SlotState};

/// Makes all checks.
pub(crate) fn run(bench: &mut Bench) {
    bench.check("power cuts during an update", |bench| {
        let verdicts = update(bench, &right_order)?;
        same("images that do not boot as they should", &verdicts.wrong, &Vec::new())?;
        Ok(format!("{} images", verdicts.looked_at))
    });
    bench.check("power cuts during an update in the wrong order are noticed", |bench| {
        let verdicts = update(bench, &wrong_order)?;
        if verdicts.wrong.is_empty() {
            return Err(format!("none of {} images was found wrong", verdicts.looked_at).into());
        }
        Ok(format!("{} of {} images are wrong", verdicts.wrong.len(), verdicts.looked_at))
    });
    bench.check("power cuts during a trial and its confirmation", |bench| {
        let verdicts = confirmation(bench)?;
        same("images that do not boot as they should", &verdicts.wrong, &Vec::new())?;
        Ok(format!("{} images", verdicts.looked_at))
    });
}

#[derive(Default)]
struct Verdicts {
    looked_at: usize,
    wrong: Vec<String>,
}

/// One step of an update.
enum Step {
    Write(u64, Vec<u8>),
    Flush,
}

/// Records an update, written as `order` says, and starts every image that a power cut can leave.
fn update(bench: &Bench, order: &dyn Fn(&Update) -> Vec<Step>) -> Result<Verdicts, Failure> {
    let base = bench.work().join("base-update.img");
    let state = [6, 7].map(|generation| {
        let good = BootState::factory().slot(Slot::A);
        Record { generation, state: BootState { b: good, ..BootState::factory() } }.encode()
    });
    // Slot B is an older system that works.
    bench.slots.disk(&base, &state, [Some(Toy::Dummy), Some(Toy::Other), None])?;
    let update = Update {
        copies: Copies::read(&state[0], &state[1]),
        slot: bench.slots.byte_of("slot_b", 0),
        image: bench.slots.image(Toy::Dummy)?,
        sector_zero: bench.slots.byte_of("bootstate", 0),
    };
    let entries = record(bench, &base, &order(&update))?;
    let images = images(&entries, if bench.options.nightly { SUBSETS_NIGHTLY } else { SUBSETS });
    let mut verdicts = Verdicts::default();
    for (name, writes) in images {
        let disk = bench.work().join("crash.img");
        apply(&base, &disk, &writes)?;
        let event = first_event(&disk)?;
        let new = read(&disk, update.slot, update.image.len())? == update.image;
        // It may also be over, with the old slot on trial: neither happens here.
        let right = event.starts_with("start slot=a why=normal")
            || event.starts_with("start slot=b why=trial2") && new;
        verdicts.looked_at += 1;
        if !right {
            verdicts.wrong.push(format!("{name}: {event}"));
        }
    }
    Ok(verdicts)
}

/// What an update is made from.
struct Update {
    copies: Copies,
    slot: u64,
    image: Vec<u8>,
    sector_zero: u64,
}

impl Update {
    fn state(&self, copies: &Copies, state: BootState) -> (Vec<Step>, Copies) {
        let mut steps = Vec::new();
        let mut after = *copies;
        for write in copies.replace(state) {
            let at = self.sector_zero + write.copy.sector() * 512;
            steps.push(Step::Write(at, write.block.to_vec()));
            steps.push(Step::Flush);
            after = after.after(&write);
        }
        (steps, after)
    }

    fn slot(&self) -> Vec<Step> {
        let (first, rest) = self.image.split_at(4096);
        vec![
            Step::Write(self.slot, first.to_vec()),
            Step::Write(self.slot + 4096, rest.to_vec()),
            Step::Flush,
        ]
    }
}

fn right_order(update: &Update) -> Vec<Step> {
    let prepared = update.copies.state().prepared(Slot::A).unwrap_or(BootState::assumed());
    let armed = prepared.armed(Slot::B).unwrap_or(BootState::assumed());
    let (first, copies) = update.state(&update.copies, prepared);
    let (last, _) = update.state(&copies, armed);
    first.into_iter().chain(update.slot()).chain(last).collect()
}

/// The new slot is put on trial before it is written.
fn wrong_order(update: &Update) -> Vec<Step> {
    let prepared = update.copies.state().prepared(Slot::A).unwrap_or(BootState::assumed());
    let armed = prepared.armed(Slot::B).unwrap_or(BootState::assumed());
    let (first, _) = update.state(&update.copies, armed);
    first.into_iter().chain(update.slot()).collect()
}

/// Lets a real system start on trial and confirm itself, and looks at what each power cut leaves.
fn confirmation(bench: &Bench) -> Result<Verdicts, Failure> {
    let base = bench.work().join("base-confirm.img");
    bench.slots.disk(&base, &on_trial(2), [Some(Toy::Confirm), Some(Toy::Confirm), None])?;
    let [disk, log] = ["crash.img", "writes.log"].map(|name| bench.work().join(name));
    copy(&base, &disk)?;
    empty_log(&log)?;
    let more = &["-no-reboot"];
    let machine = Machine { firmware: Firmware::Bios, disk: &disk, log: Some(&log), more };
    let seen = machine.run(|_| false)?;
    let expected = "toy confirmed with 0 and 1 writes".to_owned();
    same("the end of the run", &seen.events.last(), &Some(&expected))?;
    let entries = log::read(&std::fs::read(&log)?)?;
    let written: usize = entries.iter().filter(|entry| !entry.bytes.is_empty()).count();
    if written < 2 {
        return Err(format!("only {written} writes were recorded").into());
    }
    // The choice does not depend on the kernels; GRUB is done sooner with toys that have none.
    bench.slots.disk(&base, &on_trial(2), [Some(Toy::Dummy), Some(Toy::Other), None])?;
    let mut verdicts = Verdicts::default();
    for (name, writes) in images(&entries, SUBSETS) {
        apply(&base, &disk, &writes)?;
        let copies = bench.slots.copies(&disk)?;
        let event = first_event(&disk)?;
        let expected = match copies.state().b.state {
            SlotState::Good => "start slot=b why=normal",
            SlotState::Trial { left: 2 } => "start slot=b why=trial1",
            SlotState::Trial { left: 1 } => "start slot=b why=trial0",
            // A torn sector: the older copy still says that nothing is in there.
            _ => "start slot=a why=normal",
        };
        verdicts.looked_at += 1;
        if !event.starts_with(expected) || copies.newest().is_none() {
            verdicts.wrong.push(format!("{name}: {event}"));
        }
    }
    Ok(verdicts)
}

/// Writes steps through QEMU's block layer, which records them.
fn record(bench: &Bench, base: &Path, steps: &[Step]) -> Result<Vec<Entry>, Failure> {
    let [disk, log] = ["recorded.img", "writes.log"].map(|name| bench.work().join(name));
    copy(base, &disk)?;
    empty_log(&log)?;
    let mut command = Command::new("qemu-io");
    let open = format!(
        "open -o driver=blklogwrites,log-sector-size=512,file.driver=raw,file.file.driver=file,\
         file.file.filename={},log.driver=raw,log.file.driver=file,log.file.filename={}",
        disk.display(),
        log.display()
    );
    command.args(["-c", &open]);
    for (index, step) in steps.iter().enumerate() {
        let words = match step {
            Step::Write(at, bytes) => {
                let piece = bench.work().join(format!("step{index}"));
                std::fs::write(&piece, bytes)?;
                format!("write -s {} {at} {}", piece.display(), bytes.len())
            }
            Step::Flush => "flush".into(),
        };
        command.args(["-c", &words]);
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("qemu-io: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    log::read(&std::fs::read(log)?)
}

/// Every image that a power cut can leave, as what of the log has reached the disk.
fn images(entries: &[Entry], subsets: usize) -> Vec<(String, Vec<Entry>)> {
    let mut images = BTreeMap::new();
    let (mut done, mut window): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
    images.insert("at the beginning".to_owned(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        if entry.is_flush {
            done.append(&mut window);
        }
        if entry.bytes.is_empty() {
            continue;
        }
        window.push(entry.clone());
        for (name, part) in parts(&window, subsets) {
            let all = done.iter().chain(&part).cloned().collect();
            images.insert(format!("write {index}, {name}"), all);
        }
    }
    images.into_iter().collect()
}

/// What of a window may be on the disk when the last write of it was just begun.
fn parts(window: &[Entry], subsets: usize) -> Vec<(String, Vec<Entry>)> {
    let Some((last, before)) = window.split_last() else { return Vec::new() };
    let mut parts = Vec::new();
    // All of them, each without some: as many as are asked for, of the small ones every one.
    for set in (0..1usize << before.len().min(WINDOW_MAX)).rev().take(subsets) {
        let with = |entry: Option<Entry>| {
            let earlier = before.iter().enumerate().filter(|(index, _)| set >> index & 1 == 1);
            earlier.map(|(_, entry)| entry.clone()).chain(entry).collect::<Vec<_>>()
        };
        parts.push((format!("earlier {set:b}, whole"), with(Some(last.clone()))));
        let sectors = last.bytes.len() / 512;
        for torn in (1..sectors).step_by((sectors / TORN_PLACES).max(1)) {
            let bytes = last.bytes[..torn * 512].to_vec();
            parts.push((
                format!("earlier {set:b}, {torn} sectors"),
                with(Some(Entry { bytes, ..last.clone() })),
            ));
        }
        if sectors <= 2 {
            // The sector that was being written cannot be read back as either.
            let mut bytes = last.bytes.clone();
            bytes[64..512].fill(0xA5);
            parts.push((
                format!("earlier {set:b}, damaged"),
                with(Some(Entry { bytes, ..last.clone() })),
            ));
        }
    }
    parts
}

/// The disk `base` after these writes.
pub(crate) fn apply(base: &Path, disk: &Path, writes: &[Entry]) -> Result<(), Failure> {
    copy(base, disk)?;
    let file = OpenOptions::new().write(true).open(disk)?;
    for write in writes {
        file.write_all_at(&write.bytes, write.at)?;
    }
    Ok(())
}

fn first_event(disk: &Path) -> Result<String, Failure> {
    let machine = Machine { firmware: Firmware::Bios, disk, log: None, more: &[] };
    let seen = machine.run(|events| !events.is_empty())?;
    Ok(seen.events.into_iter().next().unwrap_or_default())
}

fn read(disk: &Path, at: u64, len: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; len];
    OpenOptions::new().read(true).open(disk)?.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

/// A place for a log.
pub(crate) fn empty_log(log: &Path) -> Result<(), Failure> {
    let file = std::fs::File::create(log)?;
    Ok(file.set_len(LOG_LEN)?)
}

/// Bytes of a log: more than any run here writes.
const LOG_LEN: u64 = 64 * 1024 * 1024;
/// Writes between two flushes of which every part is looked at.
const WINDOW_MAX: usize = 8;
/// Parts of a window that are looked at.
const SUBSETS: usize = 2;
const SUBSETS_NIGHTLY: usize = 256;
/// Places at which a long write is torn.
const TORN_PLACES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_taken_in_parts_in_any_order_and_torn() {
        let write = |at, len| Entry { at, bytes: vec![1; len], is_flush: false, is_forced: false };
        let flush = Entry { at: 0, bytes: Vec::new(), is_flush: true, is_forced: false };
        let log = [write(0, 512), flush, write(8, 512), write(16, 2048)];
        let images = images(&log, 2);
        let sizes =
            |image: &[Entry]| image.iter().map(|entry| entry.bytes.len()).collect::<Vec<_>>();
        let found: Vec<_> = images.iter().map(|(_, image)| sizes(image)).collect();
        for wanted in [
            vec![],
            vec![512],
            vec![512, 512],
            vec![512, 512, 2048],
            vec![512, 2048],
            vec![512, 512, 1536],
            vec![512, 1024],
        ] {
            assert!(found.contains(&wanted), "{wanted:?} is not among {found:?}");
        }
        let first = |image: &Vec<usize>| image.first().is_none_or(|len| *len == 512);
        assert!(found.iter().all(first), "what was flushed is there, once it was");
    }
}
