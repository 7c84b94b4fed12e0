//! The mirror: every message of the base-station links in a pcapng file, for people and for Wireshark.

use dect::nwk::{ConnId, Mirrored};
use dect::rfp::capture::Capture;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The file that is being written.
pub(super) struct Mirror {
    path: PathBuf,
    capture: Capture,
    file: BufWriter<File>,
    written: u64,
}

impl Mirror {
    /// Begins the file anew; the one of the last time is kept as `.1`.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if path.exists() {
            std::fs::rename(path, path.with_extension("pcapng.1"))?;
        }
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let header = Capture::header();
        file.write_all(&header)?;
        let written = u64::try_from(header.len()).unwrap_or(u64::MAX);
        Ok(Self {
            path: path.to_owned(),
            capture: Capture::default(),
            file: BufWriter::new(file),
            written,
        })
    }

    /// Writes one message.
    pub(super) fn message(&mut self, mirrored: &Mirrored) -> io::Result<()> {
        let octets = self.capture.message(now(), mirrored);
        self.write(&octets)
    }

    /// Writes that a connection has ended.
    pub(super) fn closed(&mut self, conn: ConnId) -> io::Result<()> {
        let octets = self.capture.closed(now(), conn);
        self.write(&octets)
    }

    /// Hands to the disk what has been gathered, so that a reader sees whole messages.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.written = self.written.saturating_add(u64::try_from(octets.len()).unwrap_or(u64::MAX));
        self.file.write_all(octets)?;
        if self.written > FILE_MAX {
            self.file.flush()?;
            *self = Self::open(&self.path)?;
        }
        Ok(())
    }
}

fn now() -> std::time::Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// A file that a person can still send and open; two of them at the most are on the disk.
const FILE_MAX: u64 = 64 << 20;
