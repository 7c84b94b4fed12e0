//! Power cuts during commits: a machine writes to its database, and everything that the record of its disk can have left is
//! opened by the real store.
//!
//! After each commit that was acknowledged the machine marks its number on the disk, behind the file system and without
//! a flush. So each place in the record tells which commits had been acknowledged before it; those must be there.

use crate::bench::{Bench, Failure, Skip, same};
use crate::crash::{apply, empty_log};
use crate::log::{self, Entry};
use crate::machine::{pc, watch};
use crate::slots::{Kind, package};
use image::kernel::Kernel;
use image::tree::{Node, Tree};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes all checks.
pub(crate) fn run(bench: &mut Bench) {
    bench.check("power cuts during commits", |bench| {
        let verdicts = storm(bench, false)?;
        same("images without an acknowledged commit", &verdicts.wrong, &Vec::new())?;
        let Verdicts { looked_at, last, .. } = verdicts;
        Ok(format!("{looked_at} images of {last} commits"))
    });
    bench.check("power cuts during commits that wait for nothing are noticed", |bench| {
        let verdicts = storm(bench, true)?;
        if verdicts.wrong.is_empty() {
            return Err(format!("none of {} images was found wrong", verdicts.looked_at).into());
        }
        Ok(format!("{} of {} images are wrong", verdicts.wrong.len(), verdicts.looked_at))
    });
}

struct Verdicts {
    looked_at: usize,
    /// The newest commit that was found.
    last: u64,
    wrong: Vec<String>,
}

/// Records a storm and looks at a choice of what power cuts can leave of it.
fn storm(bench: &Bench, careless: bool) -> Result<Verdicts, Failure> {
    let base = file_system(bench)?;
    let entries = record(bench, &base, careless)?;
    let mut verdicts = Verdicts { looked_at: 0, last: 0, wrong: Vec::new() };
    let mut chance = Chance(SEED);
    let count = if bench.options.nightly { IMAGES_NIGHTLY } else { IMAGES };
    for nth in 0..count {
        // One of each part of the record, so that all of it is looked at.
        let part = (entries.len() / count).max(1);
        let at = (nth * part + chance.below(part)).min(entries.len() - 1);
        let (name, writes) = cut(&entries, at, &mut chance);
        let acknowledged = entries[..=at].iter().filter_map(mark).max().unwrap_or(0);
        verdicts.looked_at += 1;
        match look(bench, &base, &writes, acknowledged) {
            Ok(last) => verdicts.last = verdicts.last.max(last),
            Err(error) => verdicts.wrong.push(format!("write {at}, {name}: {error}")),
        }
    }
    Ok(verdicts)
}

/// An empty file system, and room for the marks behind it.
fn file_system(bench: &Bench) -> Result<PathBuf, Failure> {
    let base = bench.work().join("base-commits.img");
    std::fs::File::create(&base)?.set_len(DISK_LEN)?;
    let made = Command::new("/usr/sbin/mkfs.ext4")
        .args(["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"])
        .arg(&base)
        .arg(format!("{}k", MARKS / 1024))
        .status();
    let made = made.map_err(|_| Skip("mkfs.ext4 is not here; it is in e2fsprogs".into()))?;
    if made.success() { Ok(base) } else { Err("mkfs.ext4 has failed".into()) }
}

/// Lets a machine make commits, and tells what it has asked of its disk.
fn record(bench: &Bench, base: &Path, careless: bool) -> Result<Vec<Entry>, Failure> {
    let program = bench.options.storm.as_ref();
    let program = program.ok_or_else(|| Skip("--storm was not given".into()))?;
    let folder = bench.work().join("commits");
    std::fs::create_dir_all(&folder)?;
    let kernel = Kernel::open(&package(&bench.options.cache, Kind::Cloud)?, &folder)?;
    let mut initramfs = Tree::default();
    initramfs.put("init", Node::Program(std::fs::read(program)?));
    let [vmlinuz, initrd, log] = ["vmlinuz", "initrd", "log"].map(|name| folder.join(name));
    std::fs::write(&vmlinuz, &kernel.vmlinuz)?;
    std::fs::write(&initrd, initramfs.cpio())?;
    let disk = folder.join("disk");
    apply(base, &disk, &[])?;
    empty_log(&log)?;
    let mut machine = pc();
    // With a processor that gives random numbers: nothing else happens that the kernel could take some from.
    machine.args(["-M", "q35", "-cpu", "max", "-m", "256", "-no-reboot", "-kernel"]).arg(vmlinuz);
    machine.arg("-initrd").arg(initrd).arg("-append").arg(format!(
        "console=ttyS0 loglevel=4 panic=-1 random.trust_cpu=on storm.last={COMMITS} storm.marks={MARKS} storm.careless={}",
        u8::from(careless)
    ));
    for (name, path) in [("file", &disk), ("log", &log)] {
        let device = format!("driver=file,node-name={name},filename={}", path.display());
        machine.args(["-blockdev", &device]);
    }
    machine.args(["-blockdev", "driver=raw,node-name=raw,file=file"]);
    machine.args([
        "-blockdev",
        "driver=blklogwrites,node-name=disk,file=raw,log=log,log-sector-size=512",
    ]);
    machine.args(["-device", "nvme,drive=disk,serial=1"]);
    let said = |line: &str| line.trim().strip_prefix("storm: ").map(str::to_owned);
    let seen = watch(&mut machine, said, |_| false)?;
    if seen.events != ["end"] {
        return Err(format!("the storm did not come to its end:\n{}", seen.tail()).into());
    }
    let mut entries = log::read(&std::fs::read(&log)?)?;
    for entry in &mut entries {
        entry.is_forced |= entry.bytes.starts_with(&COMMIT_RECORD);
    }
    let last = entries.iter().filter_map(mark).max();
    same("the last mark", &last, &Some(COMMITS))?;
    Ok(entries)
}

/// The number that a write marks as acknowledged.
fn mark(entry: &Entry) -> Option<u64> {
    if entry.at < MARKS {
        return None;
    }
    let text = entry.bytes.strip_prefix(b"ACK ")?;
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit());
    String::from_utf8(digits.copied().collect()).ok()?.parse().ok()
}

/// What of the record has reached the medium when the power goes just after the entry `at` was asked for: everything
/// before the last flush, of what came since any part, and of the last write any part.
fn cut(entries: &[Entry], at: usize, chance: &mut Chance) -> (String, Vec<Entry>) {
    let asked = &entries[..=at];
    let flushed = asked.iter().rposition(|entry| entry.is_flush).unwrap_or(0);
    let kind = chance.below(5);
    let window = flushed..=at;
    let one = flushed + chance.below(window.clone().count());
    let mut written = asked[..flushed].to_vec();
    for (index, entry) in window.zip(&asked[flushed..]) {
        let mut entry = entry.clone();
        let reached = match kind {
            // All of it, all but the last, one alone, any part, or the last one torn.
            0 => true,
            1 => index < at,
            2 => index == one,
            3 => chance.below(2) == 0,
            _ if index == at => {
                entry.bytes.truncate(chance.below(entry.bytes.len() / 512 + 1) * 512);
                true
            }
            _ => chance.below(4) > 0,
        };
        if reached || (entry.is_forced && index < at) {
            written.push(entry);
        }
    }
    let name = ["all", "all but the last", "one alone", "any part", "the last torn"][kind];
    (name.to_owned(), written)
}

/// Brings an image's file system in order, takes the database out, and opens it.
fn look(bench: &Bench, base: &Path, writes: &[Entry], acknowledged: u64) -> Result<u64, Failure> {
    let disk = bench.work().join("crash-commits.img");
    apply(base, &disk, writes)?;
    let checked = Command::new("/usr/sbin/e2fsck").arg("-p").arg(&disk).output()?;
    // 1: errors that were to be expected, and are corrected.
    if checked.status.code().is_none_or(|code| code > 1) {
        return Err(format!("e2fsck: {}", String::from_utf8_lossy(&checked.stdout)).into());
    }
    let out = tempfile::tempdir_in(bench.work())?;
    let dump = format!("rdump /conf {}", out.path().display());
    Command::new("/usr/sbin/debugfs").args(["-R", &dump]).arg(&disk).output()?;
    Ok(storm::look(&out.path().join("conf"), acknowledged)?)
}

/// Numbers that look like chance (Knuth's MMIX); the same ones each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end.max(1)
    }
}

/// Where the file system ends and the marks begin.
const MARKS: u64 = 48 * 1024 * 1024;
const DISK_LEN: u64 = 64 * 1024 * 1024;
/// How the record begins that ends a transaction of ext4's journal (Documentation/filesystems/ext4/journal.rst). Linux has it
/// forced to the medium after a flush (FUA), which the record of QEMU's NVMe does not show.
const COMMIT_RECORD: [u8; 8] = [0xC0, 0x3B, 0x39, 0x98, 0, 0, 0, 2];
/// Commits of one storm.
const COMMITS: u64 = 120;
/// Images that are looked at.
const IMAGES: usize = 120;
const IMAGES_NIGHTLY: usize = 2_000;
const SEED: u64 = 0x00F1_C5BA_27D3_0002;

#[cfg(test)]
mod tests {
    use super::*;

    fn write(at: u64) -> Entry {
        Entry { at, bytes: vec![1; 1024], is_flush: false, is_forced: false }
    }

    #[test]
    fn what_was_flushed_or_forced_is_in_every_cut_and_the_rest_in_some() {
        let flush = Entry { bytes: Vec::new(), is_flush: true, ..write(0) };
        let forced = Entry { is_forced: true, ..write(2) };
        let record = [write(1), flush, forced, write(3), write(4)];
        let mut chance = Chance(1);
        let (mut without, mut torn) = (0, 0);
        for _ in 0..200 {
            let (_, written) = cut(&record, 4, &mut chance);
            let has = |at| written.iter().any(|entry| entry.at == at && !entry.bytes.is_empty());
            assert!(has(1) && has(2));
            without += u32::from(!has(3));
            torn += u32::from(written.iter().any(|entry| entry.bytes.len() == 512));
        }
        assert!(without > 20 && torn > 5, "{without} {torn}");
    }

    #[test]
    fn only_a_mark_is_one() {
        let mut entry = write(MARKS + 4096);
        entry.bytes = b"ACK 17\n\0\0".to_vec();
        assert_eq!(mark(&entry), Some(17));
        assert_eq!(mark(&Entry { at: 4096, ..entry }), None);
        assert_eq!(mark(&write(MARKS)), None);
    }
}
