//! The role `log`: hears what all others say, keeps it, and shows it.
//!
//! One thread takes datagrams from the journal's socket and from `/dev/log`,
//! and records from the kernel; the supervisor has made the sockets and keeps
//! them, so that what is said while this role restarts waits for it. What was
//! taken is in a file before more is waited for.
//!
//! This role never speaks through `tracing` of what it hears: what it has to
//! say of itself goes into the book directly, and cannot be heard again. The
//! book also sends its records to the syslog server of the settings, if they
//! name one.

mod book;
mod control;
mod files;
mod remote;
mod senders;
pub(crate) mod words;

pub use senders::Senders;

use crate::conf_client::{Conf, ConfClient, Follows, Heard};
use book::Book;
use bus::door::Door;
use lan::log::{Draft, Level, Timestamp, journal, kmsg, syslog};
use os::heard::{receive, sealed};
use remote::{Came, Remote, due};
use sd_notify::NotifyState;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read as _};
use std::os::unix::net::{UnixDatagram as Datagrams, UnixListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// What the role is given.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder that keeps the files.
    pub folder: PathBuf,
    /// Where it hears of the settings. It begins before that role, and does without it.
    pub conf: Conf,
    /// Users that may look.
    pub callers: Vec<u32>,
    /// Who is who.
    pub senders: Senders,
    /// Print what comes from programs that are no roles, too: on a person's terminal, where the roles print
    /// themselves.
    pub echo: bool,
}

/// What it hears, as the supervisor passes it.
#[derive(Debug)]
pub struct Sockets {
    /// Where it is asked.
    pub bus: UnixListener,
    /// The journal's socket.
    pub journal: Datagrams,
    /// `/dev/log`.
    pub devlog: Option<Datagrams>,
    /// `/dev/kmsg`, opened for reading.
    pub kmsg: Option<File>,
}

/// Why the role cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A socket cannot be used.
    #[error("a socket of the log cannot be used")]
    Socket(#[source] io::Error),
}

/// Keeps the log until `stop`.
///
/// # Errors
/// [`LogError`]. Files that cannot be written are no reason to end.
pub async fn run(
    settings: Settings,
    sockets: Sockets,
    stop: impl Future<Output = ()>,
) -> Result<(), LogError> {
    let door = Door::new(sockets.bus, settings.callers.clone()).map_err(LogError::Socket)?;
    let (asks_in, mut asks) = mpsc::channel(ASKS_MAX);
    let (observers_in, mut observers) = mpsc::channel(ASKS_MAX);
    let mut conf = ConfClient::follow(settings.conf.clone(), Follows::Settings);
    let (remote, mut came) = Remote::new();
    let book = Book::open(&settings.folder, remote);
    let mut desk = Desk { book, settings, clock: Clock::now() };
    let journal = watch(sockets.journal)?;
    let devlog = sockets.devlog.map(watch).transpose()?;
    let (records_in, mut records) = mpsc::channel(BATCH);
    let _kernel = sockets.kmsg.map(|file| listen(file, records_in)).transpose();
    let serving = control::serve(Arc::new(door), asks_in, observers_in);
    let period = sd_notify::watchdog_enabled().map_or(BEAT, |limit| limit / 2).min(BEAT);
    let mut beat = interval(period);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(serving, stop);
    // Without a supervisor that listens there is nobody to tell.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = &mut serving => break,
            datagrams = take(&journal) => desk.journal(datagrams.map_err(LogError::Socket)?),
            datagrams = take_if(devlog.as_ref()) => desk.devlog(datagrams.map_err(LogError::Socket)?),
            Some(record) = records.recv() => desk.kernel(&record),
            Some(came) = came.recv() => desk.book.by_remote(|remote| remote.came(came)),
            () = due(desk.book.remote().deadline()) => desk.book.by_remote(Remote::expire),
            heard = conf.next() => desk.heard(&heard),
            Some(ask) = asks.recv() => desk.book.asked(ask),
            Some(ask) = observers.recv() => desk.book.observed(ask),
            _ = beat.tick() => desk.beat(),
        }
        desk.book.flush();
    }
    // What the others said last is still on its way.
    while let Ok(datagrams) = at_hand(&journal)
        && !datagrams.is_empty()
    {
        desk.journal(datagrams);
    }
    desk.book.flush();
    let _ = timeout(LAST_WORDS, desk.send_the_rest(&mut came)).await;
    desk.book.hang_up().await;
    desk.book.close();
    Ok(())
}

fn watch(socket: Datagrams) -> Result<UnixDatagram, LogError> {
    socket.set_nonblocking(true).map_err(LogError::Socket)?;
    UnixDatagram::from_std(socket).map_err(LogError::Socket)
}

/// A datagram, or the memory that was passed in its place, and its sender.
struct Datagram {
    uid: u32,
    pid: u32,
    octets: Vec<u8>,
    whole: bool,
}

/// Waits for datagrams and takes those that are there. Dropping the future loses none.
async fn take(socket: &UnixDatagram) -> io::Result<Vec<Datagram>> {
    let taken = || {
        let datagrams = at_hand(socket)?;
        if datagrams.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(datagrams) }
    };
    socket.async_io(Interest::READABLE, taken).await
}

async fn take_if(socket: Option<&UnixDatagram>) -> io::Result<Vec<Datagram>> {
    match socket {
        Some(socket) => take(socket).await,
        None => std::future::pending().await,
    }
}

fn at_hand(socket: &UnixDatagram) -> io::Result<Vec<Datagram>> {
    let mut datagrams = Vec::new();
    let mut buffer = vec![0; DATAGRAM_MAX];
    while datagrams.len() < BATCH {
        let heard = match receive(socket, &mut buffer) {
            Ok(heard) => heard,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let octets = buffer.get(..heard.length).unwrap_or_default().to_vec();
        let (octets, whole) = match heard.memory {
            Some(memory) if octets.is_empty() => match sealed(memory, DATAGRAM_MAX) {
                Ok(octets) => (octets, true),
                Err(_) => (octets, false),
            },
            _ => (octets, !heard.cut),
        };
        datagrams.push(Datagram { uid: heard.uid, pid: heard.pid, octets, whole });
    }
    Ok(datagrams)
}

/// Reads the kernel's records in a thread of its own, which ends with the process: nothing else can wait for them.
fn listen(mut file: File, records: mpsc::Sender<Vec<u8>>) -> io::Result<JoinHandle<()>> {
    let read = move || {
        let mut buffer = vec![0; KMSG_MAX];
        loop {
            match file.read(&mut buffer) {
                Ok(length) => {
                    let record = buffer.get(..length).unwrap_or_default().to_vec();
                    if records.blocking_send(record).is_err() {
                        return;
                    }
                }
                // Some were overwritten before they were read (EPIPE): the next one is there.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::BrokenPipe | io::ErrorKind::Interrupted
                    ) => {}
                Err(_) => return,
            }
        }
    };
    std::thread::Builder::new().name("kmsg".into()).spawn(read)
}

/// Between what is heard and the book.
struct Desk {
    settings: Settings,
    book: Book,
    clock: Clock,
}

impl Desk {
    fn journal(&mut self, datagrams: Vec<Datagram>) {
        for datagram in datagrams {
            let drafts = journal::read(&datagram.octets).ok().filter(|_| datagram.whole);
            match drafts {
                Some(drafts) => drafts.into_iter().for_each(|draft| self.said(&datagram, draft)),
                None => self.book.damaged(self.settings.senders.name(datagram.uid, None)),
            }
        }
    }

    fn devlog(&mut self, datagrams: Vec<Datagram>) {
        for datagram in datagrams {
            let mut draft = syslog::read(&datagram.octets);
            // What the sender has written between brackets is a claim.
            draft.fields.attest("pid", &datagram.pid.to_string());
            self.said(&datagram, draft);
        }
    }

    fn said(&mut self, datagram: &Datagram, mut draft: Draft) {
        let who = self.settings.senders.name(datagram.uid, draft.identifier.as_deref());
        if who == *senders::OTHER {
            draft.fields.attest("uid", &datagram.uid.to_string());
            if let Some(identifier) = draft.identifier.take() {
                draft.fields.attest("identifier", &identifier);
            }
            if self.settings.echo {
                eprintln!("{}", words::echo(&draft));
            }
        }
        self.book.hear(Instant::now(), Timestamp::now(), draft, who);
    }

    fn kernel(&mut self, record: &[u8]) {
        let Ok(record) = kmsg::read(record) else {
            return self.book.damaged(senders::KERNEL.clone());
        };
        let who = match record.draft.identifier.as_deref() {
            None => senders::KERNEL.clone(),
            identifier => self.settings.senders.privileged(identifier),
        };
        let time = self.clock.at(record.since_boot);
        self.book.hear(Instant::now(), time, record.draft, who);
    }

    fn heard(&mut self, heard: &Heard) {
        if let Heard::Settings(config) = heard {
            self.book.by_remote(|remote| remote.set(config));
        }
    }

    /// Goes on with sending, and nothing else, until nothing waits or there is no way.
    async fn send_the_rest(&mut self, came: &mut mpsc::Receiver<Came>) {
        while !self.book.remote().link().is_idle() {
            tokio::select! {
                Some(came) = came.recv() => self.book.by_remote(|remote| remote.came(came)),
                () = due(self.book.remote().deadline()) => self.book.by_remote(Remote::expire),
            }
        }
    }

    fn beat(&mut self) {
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        // The wall clock may have been set.
        self.clock = Clock::now();
        self.book.by_remote(Remote::refresh);
        self.book.beat(Instant::now());
    }
}

/// What the wall clock showed when the machine was started.
struct Clock(Timestamp);

impl Clock {
    fn now() -> Self {
        let since_boot = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC);
        let since_boot = since_boot.map(Duration::from).unwrap_or_default();
        Self(Timestamp::now().checked_sub(since_boot).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    fn at(&self, since_boot: Duration) -> Timestamp {
        self.0.checked_add(since_boot).unwrap_or_else(|_| Timestamp::now())
    }
}

/// What this role says of itself.
fn own(level: Level, text: &str, fields: &[(&str, &str)]) -> Draft {
    let mut draft = Draft::new(level, text);
    draft.fields = fields.iter().copied().collect();
    draft
}

/// The names of the sockets within the folder of sockets, and as the supervisor passes them.
pub const JOURNAL: &str = "journal";
/// The same for `/dev/log`.
pub const DEVLOG: &str = "devlog";
/// The same for `/dev/kmsg`, which has no place in the folder.
pub const KMSG: &str = "kmsg";

/// Questions that wait.
const ASKS_MAX: usize = 16;

/// Octets of a datagram: several times the longest record that is kept.
const DATAGRAM_MAX: usize = 64 * 1024;

/// Octets of a record of the kernel's log (CONSOLE_EXT_LOG_MAX of the kernel).
const KMSG_MAX: usize = 8192;

/// Datagrams that are taken before the others have their turn.
const BATCH: usize = 64;

/// How long the syslog server may take to hear what was said last.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How often the supervisor hears that we live and the disk is thought of.
const BEAT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
