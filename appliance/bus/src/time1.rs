//! `org.fixpart.Time1`: how the time stands.
//!
//! What the role `time` has heard of time servers and what it has done to the
//! clock. Whoever follows is told by a signal that something has changed, and
//! asks anew.

use crate::door::PATH;
use crate::streams::{Streams, told};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use zbus::object_server::SignalEmitter;
use zbus::zvariant::Type;
use zbus::{Connection, Message, fdo};

/// Everything that is known of the time.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct TimeState {
    /// Of this value: [`VERSION`].
    pub version: u32,
    /// Whether the time is that of the network, and good enough to be told to others.
    pub synchronised: bool,
    /// Why it is not, or what else a person has to see to, a sentence; empty where there is nothing.
    pub problem: String,
    /// `machine`, or `simulated` where the machine's clock is left alone.
    pub clock: String,
    /// What the clock shows, in microseconds since 1970 (UTC).
    pub now_us: i64,
    /// The server that is followed foremost, as the settings or the network name it; empty where there is none.
    pub source: String,
    /// Our distance from a clock of reference, 1 to 15; 0 while the time is not known.
    pub stratum: u8,
    /// How far the clock was behind the truth when it was last compared, in microseconds.
    pub offset_us: i64,
    /// How far it can be from the truth now, in microseconds; 0 while the time is not known.
    pub uncertain_us: i64,
    /// The servers that are asked.
    pub servers: Vec<Server>,
    /// Whether others are told the time.
    pub serves: bool,
    /// The time zone as it was read from the settings.
    pub zone: String,
    /// What this time of the year is called there.
    pub zone_name: String,
    /// Seconds by which clocks there are ahead of UTC now.
    pub zone_ahead_s: i32,
}

/// One server that is asked.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Server {
    /// As the settings or the network name it.
    pub name: String,
    /// The address that is asked; empty before the name is found.
    pub address: String,
    /// `followed`, `believed`, `doubted` (it says something else than those), `silent`, `useless` (it does not know the
    /// time itself), `refuses`.
    pub state: String,
    /// Whether the last eight questions were answered: a bit each, the latest lowest.
    pub reach: u8,
    /// How often it is asked, in seconds.
    pub every_s: u32,
    /// Its distance from a clock of reference; 0 while it is not known.
    pub stratum: u8,
    /// How far it is ahead of our clock, in microseconds.
    pub offset_us: i64,
    /// How long question and answer took, in microseconds; 0 while nothing was heard.
    pub delay_us: i64,
}

/// A question, and where its answer goes.
pub type Ask = oneshot::Sender<TimeState>;

/// The interface as it is served to one caller.
#[derive(Debug)]
pub struct Service {
    asks: mpsc::Sender<Ask>,
    changes: watch::Receiver<u64>,
    streams: Streams,
}

impl Service {
    /// The interface in front of whoever takes questions from the other end of `asks` and counts in `changes` what is
    /// worth to be asked for.
    #[must_use]
    pub const fn new(
        asks: mpsc::Sender<Ask>,
        changes: watch::Receiver<u64>,
        streams: Streams,
    ) -> Self {
        Self { asks, changes, streams }
    }
}

#[zbus::interface(
    name = "org.fixpart.Time1",
    proxy(default_path = "/org/fixpart", default_service = "org.fixpart.Time", visibility = "pub")
)]
impl Service {
    /// How the time stands now.
    async fn state(&self) -> fdo::Result<TimeState> {
        crate::asked(&self.asks, crate::BUSY, |answer| answer).await
    }

    /// Tells this caller, by the signal Changed, until it hangs up: when the time becomes known or is lost, when the
    /// clock was set, when another server is followed.
    fn follow(&self, #[zbus(connection)] connection: &Connection) -> fdo::Result<()> {
        let mut changes = self.changes.clone();
        // What is there now is asked for; told is what comes.
        changes.mark_unchanged();
        let many = || fdo::Error::LimitsExceeded("this caller follows too much already".into());
        let begun = self.streams.begin(tell(connection.clone(), changes));
        begun.then_some(()).ok_or_else(many)
    }

    /// Something has changed; what it is can be asked for.
    #[zbus(signal)]
    async fn changed(emitter: &SignalEmitter<'_>) -> zbus::Result<()>;
}

/// Tells of changes until they or the caller end.
async fn tell(connection: Connection, mut changes: watch::Receiver<u64>) {
    let Ok(to) = SignalEmitter::new(&connection, PATH) else { return };
    while changes.changed().await.is_ok() {
        if Service::changed(&to).await.is_err() {
            return;
        }
    }
}

/// Whether a message that came on the connection is the signal Changed.
#[must_use]
pub fn changed(message: &Message) -> bool {
    told::<()>(message, "Changed").is_some()
}

/// The version of [`TimeState`] that is described here.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::streams;

    #[test]
    fn the_contract_stands() {
        let (asks, _) = mpsc::channel(1);
        let (_, changes) = watch::channel(0);
        let service = Service::new(asks, changes, streams().0);
        crate::assert_contract(&service, "org.fixpart.Time1.xml");
    }
}
