//! `org.fixpart.Observed1`: what can be seen of any role.
//!
//! Pages, SNMP and support files read this and nothing else. The value has a
//! version: fields are added at the end of a new version, none ever changes
//! its meaning.

use crate::door::PATH;
use crate::streams::{Streams, Told, told};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use zbus::object_server::SignalEmitter;
use zbus::zvariant::Type;
use zbus::{Connection, Message, fdo};

/// Everything that can be seen of one role at one time.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Observed {
    /// Of this value: [`VERSION`].
    pub version: u32,
    /// Which role.
    pub role: String,
    /// The version of the software.
    pub release: String,
    /// Seconds since the role became ready.
    pub up_s: u64,
    /// A sentence for the status page.
    pub status: String,
    /// What it has counted since it became ready, and what there is now.
    pub counters: Vec<Counter>,
    /// The calls that exist now; of the roles that have some.
    pub calls: Vec<Call>,
    /// What a person has to see to, a sentence each: why it does not do its work, and the remedy. Since version 2.
    pub alerts: Vec<String>,
}

/// One number.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Counter {
    /// What is counted, in small letters and `_`; what ends in `_now` may fall.
    pub name: String,
    /// How many.
    pub value: u64,
}

/// One call, as its role sees it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Call {
    /// Its number; the same in the roles `dect` and `media`.
    pub call: u32,
    /// A word of the role.
    pub state: String,
    /// SIP user name of the handset; empty where the role does not know it.
    pub user: String,
    /// The other party; empty where the role does not know it.
    pub peer: String,
    /// How well speech arrives from each side; empty before there is speech.
    pub legs: Vec<Leg>,
}

/// What was received from one side of a call.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Leg {
    /// `radio` or `network`.
    pub side: String,
    /// RTP packets.
    pub packets: u64,
    /// Their payload octets.
    pub octets: u64,
    /// Missing by sequence number.
    pub lost: u64,
    /// Interarrival jitter in microseconds (RFC 3550 6.4.1).
    pub jitter_us: u32,
    /// Packets thrown away.
    pub dropped: u64,
}

/// Something that has happened.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Event {
    /// When, in microseconds since 1970 (UTC).
    pub time_us: i64,
    /// What, in small letters and `-`.
    pub kind: String,
    /// Which call it belongs to; 0 where it belongs to none.
    pub call: u32,
    /// What an administrator would be told.
    pub text: String,
}

/// An event on its way.
pub type Watched = Told<Event>;

/// One question, and where its answer goes.
#[derive(Debug)]
pub enum Ask {
    /// Everything at once.
    Get(oneshot::Sender<Observed>),
    /// The events that come from now on.
    Watch(oneshot::Sender<Result<mpsc::Receiver<Watched>, String>>),
}

/// The interface as it is served to one caller.
#[derive(Debug)]
pub struct Service {
    asks: mpsc::Sender<Ask>,
    streams: Streams,
}

impl Service {
    /// The interface in front of whoever takes questions from the other end of `asks`.
    #[must_use]
    pub const fn new(asks: mpsc::Sender<Ask>, streams: Streams) -> Self {
        Self { asks, streams }
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> fdo::Result<T> {
        crate::asked(&self.asks, crate::BUSY, ask).await
    }
}

#[zbus::interface(
    name = "org.fixpart.Observed1",
    proxy(
        default_path = "/org/fixpart",
        default_service = "org.fixpart.Observed",
        visibility = "pub"
    )
)]
impl Service {
    /// Everything that can be seen now.
    async fn get(&self) -> fdo::Result<Observed> {
        self.ask(Ask::Get).await
    }

    /// Tells this caller of what happens, by the signal Happened, until it hangs up.
    async fn watch(&self, #[zbus(connection)] connection: &Connection) -> fdo::Result<()> {
        let many = |why| fdo::Error::LimitsExceeded(why);
        let events = self.ask(Ask::Watch).await?.map_err(many)?;
        let begun = self.streams.begin(tell(connection.clone(), events));
        begun.then_some(()).ok_or_else(|| many("this caller watches too much already".into()))
    }

    /// Something has happened; so many events were dropped before it, since they were not taken in time.
    #[zbus(signal)]
    async fn happened(emitter: &SignalEmitter<'_>, event: Event, missed: u64) -> zbus::Result<()>;
}

async fn tell(connection: Connection, mut events: mpsc::Receiver<Watched>) {
    let Ok(to) = SignalEmitter::new(&connection, PATH) else { return };
    while let Some(Told { item, missed, .. }) = events.recv().await {
        if Service::happened(&to, item, missed).await.is_err() {
            return;
        }
    }
}

/// Reads a message that came on the connection: an event, and how many were dropped before it; `None` if it is not the
/// signal Happened.
#[must_use]
pub fn happened(message: &Message) -> Option<(Event, u64)> {
    told(message, "Happened")
}

/// The version of [`Observed`].
pub const VERSION: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::streams;

    #[test]
    fn the_contract_stands() {
        let (asks, _) = mpsc::channel(1);
        crate::assert_contract(&Service::new(asks, streams().0), "org.fixpart.Observed1.xml");
    }
}
