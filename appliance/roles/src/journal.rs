//! How a process speaks to the log: a layer for `tracing` that writes the journal's native protocol.
//!
//! It goes where the supervisor has put the socket, and it never waits: a log
//! that hangs must not hold up a call. What finds no room is kept for a while;
//! what there is no room for even then is counted, and the count is told.

use lan::log::{Level, journal};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The layer; its clones are the same one.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    socket: UnixDatagram,
    path: PathBuf,
    /// What this process calls itself.
    identifier: String,
    waiting: Mutex<Waiting>,
}

/// Records that the socket had no room for: it holds a handful only, and the log may be restarting.
#[derive(Debug, Default)]
struct Waiting {
    records: VecDeque<Vec<u8>>,
    lost: u64,
}

impl Journal {
    /// A layer that sends to the socket at `path`, which need not be there yet.
    ///
    /// # Errors
    /// If the kernel has no socket left.
    pub fn new(path: &Path, identifier: &str) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        let (path, identifier) = (path.to_owned(), identifier.to_owned());
        let waiting = Mutex::default();
        Ok(Self(Arc::new(Shared { socket, path, identifier, waiting })))
    }

    /// Sends what waits, as far as there is room for it now.
    pub fn flush(&self) {
        self.drain(&mut self.waiting());
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Whoever panicked while it held the lock has left whole records behind.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, level: Level, text: &str, fields: &[(String, String)]) {
        let mut waiting = self.waiting();
        self.drain(&mut waiting);
        let lost = waiting.lost;
        if lost > 0 && waiting.records.len() + 1 < WAITING_MAX {
            let text = format!("{lost} records found no room in the log before this one");
            let lost = [("F_LOST".to_owned(), lost.to_string())];
            waiting.records.push_back(self.record(Level::Warning, &text, &lost));
            waiting.lost = 0;
        }
        if waiting.records.len() < WAITING_MAX {
            waiting.records.push_back(self.record(level, text, fields));
        } else {
            waiting.lost += 1;
        }
        self.drain(&mut waiting);
    }

    fn record(&self, level: Level, text: &str, fields: &[(String, String)]) -> Vec<u8> {
        let fields = fields.iter().map(|(name, value)| (&**name, &**value));
        let identifier = ("SYSLOG_IDENTIFIER", &*self.0.identifier);
        journal::write(level, text, std::iter::once(identifier).chain(fields))
    }

    fn drain(&self, waiting: &mut Waiting) {
        while let Some(record) = waiting.records.front() {
            match self.0.socket.send_to(record, &self.0.path) {
                // Without a log none will read this later.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => waiting.lost += 1,
            }
            waiting.records.pop_front();
        }
    }
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut said = Said::default();
        said.fields.push(("TARGET".into(), metadata.target().into()));
        if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
            said.fields.push(("CODE_FILE".into(), file.into()));
            said.fields.push(("CODE_LINE".into(), line.to_string()));
        }
        event.record(&mut said);
        self.send(level(*metadata.level()), &said.message, &said.fields);
    }
}

const fn level(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warning,
        tracing::Level::INFO => Level::Info,
        _ => Level::Debug,
    }
}

/// The message and the fields of an event.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(String, String)>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.fields.push((format!("F_{}", field.name()), value.to_owned()));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

/// Records that wait: what a role says while the log restarts, and some hundred kilobytes at the very most.
const WAITING_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use lan::log::Draft;
    use tracing_subscriber::layer::SubscriberExt as _;

    fn socket(name: &str) -> (UnixDatagram, PathBuf) {
        let path = std::env::temp_dir().join(format!("fixpart-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        (UnixDatagram::bind(&path).unwrap(), path)
    }

    fn next(socket: &UnixDatagram) -> Option<Draft> {
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).ok()?;
        journal::read(&buffer[..length]).unwrap().pop()
    }

    #[test]
    fn an_event_arrives_with_its_level_its_text_and_its_fields() {
        let (socket, path) = socket("event");
        let layer = Journal::new(&path, "dect").unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::warn!(call = 417, user = "1001", why = ?"x", "lost\nagain");
        });
        let draft = next(&socket).unwrap();
        assert_eq!((draft.level, &*draft.text), (Level::Warning, "lost\nagain"));
        assert_eq!(draft.identifier.as_deref(), Some("dect"));
        let field = |name| draft.fields.get(name);
        assert_eq!(
            (field("call"), field("user"), field("why")),
            (Some("417"), Some("1001"), Some("\"x\""))
        );
        assert!(field("code_file").unwrap().ends_with("journal.rs"));
    }

    #[test]
    fn what_finds_no_room_is_counted_and_nobody_waits() {
        let (socket, path) = socket("room");
        let layer = Journal::new(&path, "dect").unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            // More than any socket holds, so that the last ones find no room.
            for number in 0..100_000 {
                tracing::info!(number, "flood");
            }
            socket.set_nonblocking(true).unwrap();
            let (mut arrived, mut lost, mut last) = (0, 0, false);
            while !last {
                while let Some(draft) = next(&socket) {
                    arrived += u64::from(&*draft.text == "flood");
                    last |= &*draft.text == "at last";
                    lost += draft.fields.get("lost").map_or(0, |lost| lost.parse().unwrap());
                }
                tracing::info!("at last");
            }
            assert_eq!(arrived + lost, 100_000_u64);
            assert!(arrived >= WAITING_MAX as u64);
        });
    }

    #[test]
    fn without_a_log_nothing_is_sent_and_nothing_is_counted() {
        let path = std::env::temp_dir().join(format!("fixpart-{}-no-log", std::process::id()));
        let layer = Journal::new(&path, "dect").unwrap();
        layer.send(Level::Info, "hello", &[]);
        assert!(layer.waiting().records.is_empty() && layer.waiting().lost == 0);
    }
}
