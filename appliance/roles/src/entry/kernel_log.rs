//! The log of a role that comes before the role `log`: the kernel's.

use std::fs::File;
use std::io::{self, Write};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The kernel's log, a record for each event, with the facility of daemons and the name of the role.
pub(super) struct KernelLog {
    name: &'static str,
    file: Option<File>,
}

impl KernelLog {
    /// Opened at once, since a confined role may not.
    pub(super) fn of(name: &'static str) -> Self {
        Self { name, file: File::options().write(true).open("/dev/kmsg").ok() }
    }

    /// A record with this severity (RFC 5424 6.2.1) and the facility `daemon`.
    fn record(&self, severity: u8) -> Record<'_> {
        let text = format!("<{}>fixpart[{}]: ", 3 << 3 | severity, self.name).into_bytes();
        Record { log: self, text }
    }
}

impl<'a> MakeWriter<'a> for KernelLog {
    type Writer = Record<'a>;

    fn make_writer(&'a self) -> Record<'a> {
        self.record(6)
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Record<'a> {
        self.record(match *metadata.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        })
    }
}

/// One record of the kernel's log; it is written when it is complete.
pub(super) struct Record<'a> {
    log: &'a KernelLog,
    text: Vec<u8>,
}

impl Write for Record<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        let Some(mut file) = self.log.file.as_ref() else { return };
        let end = self.text.len().min(RECORD_MAX);
        // A log that cannot be written has nobody to tell.
        let _ = file.write(self.text.get(..end).unwrap_or_default());
    }
}

/// The kernel refuses longer records.
const RECORD_MAX: usize = 976;
