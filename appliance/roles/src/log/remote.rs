//! The way of records to the syslog server that the settings name.
//!
//! [`Link`] decides; here are its sockets, in a task for each connection.
//! Nothing of this speaks through `tracing`, and what is told of it in the
//! log is not sent: sending cannot give itself more to send.

mod connection;

use super::senders;
use config::Config;
use config::groups::{fixpart, log};
use config::value::{SyslogLevel, SyslogScope, SyslogTransport};
use connection::Server;
use lan::log::{Level, Record, Timestamp};
use lan::syslog::{End, Link, Manner, Moment, Output, Report, Transport};
use std::future::pending;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout};

/// The way to the server, or to none.
pub(super) struct Remote {
    link: Link,
    wishes: Option<Wishes>,
    /// The one connection, or the attempt at it.
    running: Option<Running>,
    /// Counts connections: what an earlier one says is no news.
    attempt: u64,
    came: Sender<Came>,
    reports: Vec<Report>,
}

/// What the settings say of the server, as far as there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wishes {
    host: String,
    port: u16,
    transport: SyslogTransport,
    /// PEM.
    authorities: String,
    manner: Manner,
}

struct Running {
    frames: Sender<Vec<Vec<u8>>>,
    task: JoinHandle<()>,
}

/// What has become of a connection.
pub(super) struct Came {
    attempt: u64,
    event: Event,
}

enum Event {
    Connected,
    Taken,
    Ended(End),
}

impl Remote {
    /// Nobody has said yet whether there is a server; what the connections say is to be brought to [`Self::came`].
    pub(super) fn new() -> (Self, Receiver<Came>) {
        let (came, told) = channel(CAME_MAX);
        let link = Link::new(senders::LOG.clone());
        let reports = Vec::new();
        (Self { link, wishes: None, running: None, attempt: 0, came, reports }, told)
    }

    /// These are the settings from now on.
    pub(super) fn set(&mut self, config: &Config) {
        let known = self.wishes.is_some() || !self.link.is_unset();
        let wishes = Wishes::of(config);
        if !known || wishes != self.wishes {
            self.wish(wishes);
        }
    }

    /// The host may have another name by now: at its start it has none yet.
    pub(super) fn refresh(&mut self) {
        let Some(wishes) = &self.wishes else { return };
        let host = host_name();
        if host != wishes.manner.host {
            let manner = Manner { host, ..wishes.manner.clone() };
            self.wish(Some(Wishes { manner, ..wishes.clone() }));
        }
    }

    fn wish(&mut self, wishes: Option<Wishes>) {
        let manner = wishes.as_ref().map(|wishes| wishes.manner.clone());
        self.wishes = wishes;
        self.act(|link, now, out| link.set(now, manner, out));
    }

    /// A record was kept.
    pub(super) fn offer(&mut self, record: &Record) {
        self.act(|link, now, out| link.offer(now, record, out));
    }

    /// A connection has said something.
    pub(super) fn came(&mut self, came: Came) {
        if came.attempt == self.attempt {
            self.act(|link, now, out| match came.event {
                Event::Connected => link.connected(now, out),
                Event::Taken => link.taken(now, out),
                Event::Ended(end) => link.ended(now, end, out),
            });
        }
    }

    /// Something is due.
    pub(super) fn expire(&mut self) {
        self.act(Link::expire);
    }

    /// When.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.link.deadline()
    }

    /// What an administrator is to know.
    pub(super) fn reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// The server as people write it; empty where there is none.
    pub(super) fn server(&self) -> String {
        let wishes = self.wishes.as_ref();
        wishes.map(|it| format!("{} (port {})", it.host, it.port)).unwrap_or_default()
    }

    pub(super) const fn link(&self) -> &Link {
        &self.link
    }

    /// Ends the connection when everything was taken that was handed over.
    pub(super) async fn close(&mut self) {
        if let Some(Running { frames, task }) = self.running.take() {
            drop(frames);
            let _ = timeout(FAREWELL, task).await;
        }
    }

    fn act(&mut self, tell: impl FnOnce(&mut Link, Moment, &mut Vec<Output>)) {
        let mut out = Vec::new();
        tell(&mut self.link, (Instant::now(), Timestamp::now()), &mut out);
        for output in out {
            match output {
                Output::Connect => self.connect(),
                Output::Close => self.hang_up(),
                Output::Tell(report) => self.reports.push(report),
                Output::Send(frames) => {
                    // One batch at a time: there is room. A connection that is gone says so itself.
                    let running = self.running.as_ref();
                    let _ = running.map(|running| running.frames.try_send(frames));
                }
            }
        }
    }

    fn connect(&mut self) {
        self.hang_up();
        let Some(wishes) = &self.wishes else { return };
        self.attempt += 1;
        let server = Server {
            host: wishes.host.clone(),
            port: wishes.port,
            transport: wishes.transport,
            authorities: wishes.authorities.clone(),
        };
        let (frames, handed) = channel(1);
        let teller = Teller { attempt: self.attempt, came: self.came.clone() };
        let task = tokio::spawn(connection::run(server, handed, teller));
        self.running = Some(Running { frames, task });
    }

    fn hang_up(&mut self) {
        if let Some(running) = self.running.take() {
            running.task.abort();
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.hang_up();
    }
}

/// How a connection is heard.
struct Teller {
    attempt: u64,
    came: Sender<Came>,
}

impl Teller {
    async fn tell(&self, event: Event) {
        // The role may have ended.
        let _ = self.came.send(Came { attempt: self.attempt, event }).await;
    }
}

impl Wishes {
    /// What the settings say; `None` where they name no server.
    fn of(config: &Config) -> Option<Self> {
        let host = config.get(&log::SYSLOG_HOST).0;
        if host.is_empty() {
            return None;
        }
        let transport = config.get(&fixpart::SYSLOG_TRANSPORT);
        let without = match config.get(&log::SYSLOG_SCOPE_OF_SETTINGS) {
            SyslogScope::ServerOnly => vec![senders::MEDIA.clone()],
            SyslogScope::ServerAndMr | SyslogScope::All => Vec::new(),
        };
        Some(Self {
            host,
            port: config.get(&log::SYSLOG_PORT),
            transport,
            authorities: config.get(&fixpart::SYSLOG_CA).0,
            manner: Manner {
                transport: match transport {
                    SyslogTransport::Udp => Transport::Udp,
                    SyslogTransport::Tcp | SyslogTransport::Tls => Transport::Stream,
                },
                facility: config.get(&log::SYSLOG_FACILITY),
                host: host_name(),
                lowest: level(config.get(&log::SYSLOG_LEVEL)),
                without,
            },
        })
    }
}

fn level(level: SyslogLevel) -> Level {
    match level {
        SyslogLevel::Emergency => Level::Emergency,
        SyslogLevel::Critical => Level::Critical,
        SyslogLevel::Error => Level::Error,
        SyslogLevel::Warning => Level::Warning,
        SyslogLevel::Notice => Level::Notice,
        SyslogLevel::Info => Level::Info,
        SyslogLevel::Debug => Level::Debug,
    }
}

/// The name of this host; empty where it has none, which the kernel writes as "(none)".
fn host_name() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    if name.starts_with('(') { String::new() } else { name }
}

/// Waits for a point in time; for ever where there is none.
pub(super) async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => pending().await,
    }
}

/// What connections say and was not heard yet: an earlier one may have said its last.
const CAME_MAX: usize = 8;

/// How long the end of a connection may take when the role ends.
const FAREWELL: Duration = Duration::from_millis(500);
