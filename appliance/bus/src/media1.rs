//! `org.fixpart.Media1`: what the interworking unit asks of the media role.
//!
//! Commands have no reply, so that the one who asks never waits; what follows
//! from them comes as signals, in the order in which it happened. The words
//! on the wire are those of SDP (RFC 4566, RFC 3551). Sessions belong to the
//! connection: they end with it.

mod wire;

pub use wire::{Address, Codec, Direction, NO_EVENTS, Peer, Side, SideTally, Tally};

use crate::door::PATH;
use zbus::message::Type;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, Message};

/// What can be asked of the media role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Have a session with two pairs of ports.
    Open(u32),
    /// The far end of one side is known, or has changed.
    Connect(u32, Side, Peer),
    /// Send a key as RFC 4733 events for so many milliseconds.
    Key(u32, Side, char, u32),
    /// End the session.
    Close(u32),
}

/// What the media role tells, one signal each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Ports were taken: session, address for the base station, address for the network.
    Opened(u32, Address, Address),
    /// The session could not be had; a sentence says why.
    Failed(u32, String),
    /// A key was received, for so many milliseconds.
    Key(u32, Side, char, u32),
    /// Nothing was received on this side for so many milliseconds.
    Silent(u32, Side, u32),
    /// The session is over; what it carried.
    Closed(u32, Tally),
}

/// Why a message is no [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum NoReport {
    /// The message carries no signal that is known here.
    #[error("a signal of the media role is not known: {0}")]
    Unknown(String),
    /// The arguments of the signal are wrong.
    #[error("a signal of the media role has unreadable arguments")]
    Arguments(#[from] zbus::Error),
    /// A key is exactly one character.
    #[error("a signal of the media role names the key {0:?}, which is not one key")]
    Key(String),
}

/// The side that answers.
pub trait Answers: Send + Sync + 'static {
    /// Takes one command and returns at once; what follows comes as reports.
    fn command(&self, command: Command);
}

/// The interface as it is served.
pub struct Service(Box<dyn Answers>);

impl Service {
    /// The interface in front of `answers`.
    #[must_use]
    pub fn new(answers: impl Answers) -> Self {
        Self(Box::new(answers))
    }
}

// Calls are taken in the order in which they came, hence not spawned.
#[zbus::interface(
    name = "org.fixpart.Media1",
    spawn = false,
    proxy(
        default_path = "/org/fixpart",
        default_service = "org.fixpart.Media",
        visibility = "pub"
    )
)]
impl Service {
    /// Have a session with two pairs of ports; answered by Opened or Failed.
    #[zbus(proxy(no_reply))]
    fn open(&self, session: u32) {
        self.0.command(Command::Open(session));
    }

    /// The far end of one side is known, or has changed.
    #[zbus(proxy(no_reply))]
    fn connect(&self, session: u32, side: Side, peer: Peer) {
        self.0.command(Command::Connect(session, side, peer));
    }

    /// Send a key as RFC 4733 events; anything but one character is ignored.
    #[zbus(proxy(no_reply))]
    fn key(&self, session: u32, side: Side, key: &str, milliseconds: u32) {
        if let Some(key) = one_key(key) {
            self.0.command(Command::Key(session, side, key, milliseconds));
        }
    }

    /// End the session; answered by Closed.
    #[zbus(proxy(no_reply))]
    fn close(&self, session: u32) {
        self.0.command(Command::Close(session));
    }

    /// Ports were taken.
    #[zbus(signal)]
    async fn opened(
        emitter: &SignalEmitter<'_>,
        session: u32,
        radio: Address,
        network: Address,
    ) -> zbus::Result<()>;

    /// The session could not be had.
    #[zbus(signal)]
    async fn failed(emitter: &SignalEmitter<'_>, session: u32, why: &str) -> zbus::Result<()>;

    /// A key was received.
    #[zbus(signal)]
    async fn key_received(
        emitter: &SignalEmitter<'_>,
        session: u32,
        side: Side,
        key: &str,
        milliseconds: u32,
    ) -> zbus::Result<()>;

    /// Nothing was received although it was due.
    #[zbus(signal)]
    async fn silent(
        emitter: &SignalEmitter<'_>,
        session: u32,
        side: Side,
        milliseconds: u32,
    ) -> zbus::Result<()>;

    /// The session is over.
    #[zbus(signal)]
    async fn closed(emitter: &SignalEmitter<'_>, session: u32, tally: Tally) -> zbus::Result<()>;
}

impl ServiceProxy<'_> {
    /// Asks for `command`; returns when it is on its way.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn command(&self, command: Command) -> zbus::Result<()> {
        match command {
            Command::Open(session) => self.open(session).await,
            Command::Connect(session, side, peer) => self.connect(session, side, peer).await,
            Command::Key(session, side, key, milliseconds) => {
                self.key(session, side, key.encode_utf8(&mut [0; 4]), milliseconds).await
            }
            Command::Close(session) => self.close(session).await,
        }
    }
}

impl Report {
    /// Tells the caller on `connection`.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn emit(self, connection: &Connection) -> zbus::Result<()> {
        let to = SignalEmitter::new(connection, PATH)?;
        match self {
            Self::Opened(session, radio, network) => {
                Service::opened(&to, session, radio, network).await
            }
            Self::Failed(session, why) => Service::failed(&to, session, &why).await,
            Self::Key(session, side, key, milliseconds) => {
                let key = key.encode_utf8(&mut [0; 4]).to_owned();
                Service::key_received(&to, session, side, &key, milliseconds).await
            }
            Self::Silent(session, side, milliseconds) => {
                Service::silent(&to, session, side, milliseconds).await
            }
            Self::Closed(session, tally) => Service::closed(&to, session, tally).await,
        }
    }

    /// Reads a message that came on the connection; `None` if it is no signal.
    ///
    /// # Errors
    /// [`NoReport`] for a signal that is not one of this interface.
    pub fn read(message: &Message) -> Result<Option<Self>, NoReport> {
        let header = message.header();
        if header.message_type() != Type::Signal {
            return Ok(None);
        }
        let member = header.member().map_or("", |name| name.as_str());
        let body = message.body();
        Ok(Some(match member {
            "Opened" => {
                let (session, radio, network) = body.deserialize()?;
                Self::Opened(session, radio, network)
            }
            "Failed" => {
                let (session, why) = body.deserialize()?;
                Self::Failed(session, why)
            }
            "KeyReceived" => {
                let (session, side, key, milliseconds): (_, _, &str, _) = body.deserialize()?;
                let key = one_key(key).ok_or_else(|| NoReport::Key(key.to_owned()))?;
                Self::Key(session, side, key, milliseconds)
            }
            "Silent" => {
                let (session, side, milliseconds) = body.deserialize()?;
                Self::Silent(session, side, milliseconds)
            }
            "Closed" => {
                let (session, tally) = body.deserialize()?;
                Self::Closed(session, tally)
            }
            other => return Err(NoReport::Unknown(other.to_owned())),
        }))
    }
}

fn one_key(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

#[cfg(test)]
mod tests;
