//! The files of the log: lines of JSON, rotated.

use lan::log::{Bounds, Record, Shelf, Step, json};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The files. What cannot be written is counted and left out; a later line is tried again.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    shelf: Shelf,
    /// The number of the first record in each file.
    firsts: BTreeMap<u64, u64>,
    current: Option<File>,
    /// Lines for the current file.
    lines: Vec<u8>,
    /// How many of them.
    count: u64,
    /// Written since the disk was last made to keep it.
    dirty: bool,
    syncing: Arc<AtomicBool>,
}

/// Lines that could not be written.
#[derive(Debug)]
pub(super) struct Unwritten {
    pub(super) lines: u64,
    pub(super) error: io::Error,
}

impl Files {
    /// The files in `folder`, which is made if need be; gives every record in them to `each`, the oldest first.
    pub(super) fn open(folder: &Path, mut each: impl FnMut(Record)) -> Self {
        // Where it cannot be made, the first line that cannot be written will say so.
        let _ = fs::create_dir_all(folder);
        let found = found(folder);
        let mut files = Self {
            folder: folder.to_owned(),
            shelf: Shelf::new(Bounds::default(), found),
            firsts: BTreeMap::new(),
            current: None,
            lines: Vec::new(),
            count: 0,
            dirty: false,
            syncing: Arc::default(),
        };
        let numbers: Vec<u64> = files.shelf.numbers().collect();
        for number in numbers {
            for record in files.records(number) {
                files.firsts.entry(number).or_insert(record.number);
                each(record);
            }
        }
        files
    }

    /// Takes a record for the next [`Files::flush`].
    pub(super) fn append(&mut self, record: &Record) -> Result<(), Unwritten> {
        let mut line = json::line(record);
        line.push('\n');
        let octets = u64::try_from(line.len()).unwrap_or(u64::MAX);
        let waiting = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        let steps = {
            // What waits is not yet counted by the shelf.
            let mut ahead = self.shelf.clone();
            ahead.wrote(waiting);
            ahead.prepare(octets)
        };
        let flushed = if steps.is_empty() { Ok(()) } else { self.flush() };
        if !steps.is_empty() {
            for step in self.shelf.prepare(octets) {
                self.rotate(step);
            }
            if let Some(current) = self.shelf.current() {
                self.firsts.insert(current, record.number);
            }
        }
        self.lines.extend_from_slice(line.as_bytes());
        self.count += 1;
        flushed
    }

    fn rotate(&mut self, step: Step) {
        match step {
            Step::Remove(number) => {
                self.firsts.remove(&number);
                // One that is gone already has made room, too.
                let _ = fs::remove_file(self.path(number));
            }
            Step::Begin(_) => {
                self.sync();
                self.current = None;
            }
        }
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> Result<(), Unwritten> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let lines = std::mem::take(&mut self.lines);
        let count = std::mem::take(&mut self.count);
        match self.write(&lines) {
            Ok(written) => {
                self.shelf.wrote(written);
                self.dirty = true;
                Ok(())
            }
            Err(error) => {
                // Opened anew for the next line: the folder may have come back as another one.
                self.current = None;
                Err(Unwritten { lines: count, error })
            }
        }
    }

    /// Writes all or nothing, and gives how many octets that were.
    fn write(&mut self, lines: &[u8]) -> io::Result<u64> {
        let Some(number) = self.shelf.current() else { return Ok(0) };
        let path = self.path(number);
        let mut octets = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        let file = match &mut self.current {
            Some(file) => file,
            current => {
                let mut file = open(&path)?;
                if is_torn(&path)? {
                    // The power failed, or the process was killed, within a line.
                    file.write_all(b"\n")?;
                    octets += 1;
                }
                current.insert(file)
            }
        };
        let before = file.metadata()?.len();
        if let Err(error) = file.write_all(lines) {
            // Half a line is of use to nobody.
            let _ = file.set_len(before);
            return Err(error);
        }
        Ok(octets)
    }

    /// Has the disk keep what was written, in a thread of its own: a slow disk is not to hold up the log.
    pub(super) fn sync(&mut self) {
        let Some(file) = self.current.as_ref().filter(|_| self.dirty) else { return };
        let Ok(file) = file.try_clone() else { return };
        if self.syncing.swap(true, Ordering::AcqRel) {
            return; // One is at it; the next beat sees to the rest.
        }
        self.dirty = false;
        let syncing = self.syncing.clone();
        let sync = move || {
            let _ = file.sync_data();
            syncing.store(false, Ordering::Release);
        };
        drop(tokio::task::spawn_blocking(sync));
    }

    /// Has the disk keep what was written, now.
    pub(super) fn close(&mut self) {
        if let Some(file) = self.current.take() {
            let _ = file.sync_data();
        }
    }

    /// The records of one file from `from` on, and the number to go on from where there are further files.
    pub(super) fn page(&self, from: u64) -> (Vec<Record>, Option<u64>) {
        let holds = |(_, first): &(&u64, &u64)| **first <= from;
        let first = self.firsts.iter().next();
        let Some((file, _)) = self.firsts.iter().rfind(holds).or(first) else {
            return (Vec::new(), None);
        };
        let records = self.records(*file).filter(|record| record.number >= from).collect();
        let next = self.firsts.range(file + 1..).map(|(_, first)| *first).next();
        (records, next)
    }

    /// Whether the last attempt to write has gone well.
    pub(super) const fn writes(&self) -> bool {
        self.current.is_some()
    }

    /// Octets of all files.
    pub(super) fn octets(&self) -> u64 {
        self.shelf.octets()
    }

    /// The records of one file; lines that are damaged are passed over.
    fn records(&self, number: u64) -> impl Iterator<Item = Record> + use<> {
        let file = File::open(self.path(number)).ok().map(|file| file.take(READ_MAX));
        let lines = file.into_iter().flat_map(|file| BufReader::new(file).split(b'\n'));
        lines.map_while(Result::ok).filter_map(|line| json::read(&line).ok())
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:010}{SUFFIX}"))
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

/// Whether a file ends within a line.
fn is_torn(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    let Some(end) = file.metadata()?.len().checked_sub(1) else { return Ok(false) };
    let mut last = [0];
    file.read_exact_at(&mut last, end)?;
    Ok(last != *b"\n")
}

/// Numbers and octets of the files in a folder.
fn found(folder: &Path) -> Vec<(u64, u64)> {
    let entries = fs::read_dir(folder).ok();
    let number = |entry: &fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let digits = name.strip_suffix(SUFFIX).filter(|digits| digits.len() == 10)?;
        Some((digits.parse().ok()?, entry.metadata().ok()?.len()))
    };
    entries.into_iter().flatten().filter_map(Result::ok).filter_map(|it| number(&it)).collect()
}

/// How the name of a file ends.
const SUFFIX: &str = ".jsonl";

/// Octets that are read of one file: ours are half as long.
const READ_MAX: u64 = 2 * 1024 * 1024;
