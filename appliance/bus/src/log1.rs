//! `org.fixpart.Log1`: the records of the log, for whoever looks at them.
//!
//! Records have numbers that only grow. What is there already is read page by
//! page; what comes is told as it comes. Who wants both follows first and
//! reads up to the number that following begins with.

use crate::door::PATH;
use crate::streams::{Streams, Told, told};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use zbus::object_server::SignalEmitter;
use zbus::zvariant::Type;
use zbus::{Connection, Message, fdo};

/// One record.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Entry {
    /// Counts all records of this machine.
    pub number: u64,
    /// When it was heard, in microseconds since 1970 (UTC).
    pub time_us: i64,
    /// Who said it: a role, `kernel`, or `other`.
    pub role: String,
    /// How urgent it is: a word of RFC 5424, `emergency` to `debug`.
    pub level: String,
    /// What was said.
    pub text: String,
    /// Everything else, names in small letters.
    pub fields: Vec<(String, String)>,
}

/// Which records are wanted; what is empty or 0 chooses nothing.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Filter {
    /// At least as urgent.
    pub level: String,
    /// Said by this one.
    pub role: String,
    /// Not older, in microseconds since 1970 (UTC).
    pub since_us: i64,
    /// Somewhere in the text or in the value of a field.
    pub text: String,
    /// Fields of exactly these values.
    pub fields: Vec<(String, String)>,
}

/// What follows from a query.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Page {
    /// The records, the oldest first.
    pub entries: Vec<Entry>,
    /// Where to go on; 0 when there is nothing more. A page may be empty and yet not be the last.
    pub next: u64,
}

/// A record on its way to one that follows.
pub type Followed = Told<Entry>;

/// What following begins with: the number of the first record that may come, and the records.
pub type Following = (u64, mpsc::Receiver<Followed>);

/// One question, and where its answer goes.
#[derive(Debug)]
pub enum Ask {
    /// The records from this number on.
    Query(Filter, u64, oneshot::Sender<Result<Page, String>>),
    /// Those that come from now on.
    Follow(Filter, oneshot::Sender<Result<Following, String>>),
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

    async fn ask<T>(
        &self,
        ask: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Ask,
    ) -> fdo::Result<T> {
        crate::asked(&self.asks, crate::BUSY, ask).await?.map_err(fdo::Error::InvalidArgs)
    }
}

#[zbus::interface(
    name = "org.fixpart.Log1",
    proxy(default_path = "/org/fixpart", default_service = "org.fixpart.Log", visibility = "pub")
)]
impl Service {
    /// Some of the records whose number is `from` or higher, the oldest first.
    async fn query(&self, filter: Filter, from: u64) -> fdo::Result<Page> {
        self.ask(|answer| Ask::Query(filter, from, answer)).await
    }

    /// Tells this caller of every record that comes, by the signal Heard, until it hangs up; gives the number of the
    /// first that may come.
    async fn follow(
        &self,
        filter: Filter,
        #[zbus(connection)] connection: &Connection,
    ) -> fdo::Result<u64> {
        let (from, records) = self.ask(|answer| Ask::Follow(filter, answer)).await?;
        let many = || fdo::Error::LimitsExceeded("this caller follows too much already".into());
        let begun = self.streams.begin(tell(connection.clone(), records));
        begun.then_some(from).ok_or_else(many)
    }

    /// Records have come; so many were dropped before them, since they were not taken in time.
    #[zbus(signal)]
    async fn heard(
        emitter: &SignalEmitter<'_>,
        entries: Vec<Entry>,
        missed: u64,
    ) -> zbus::Result<()>;
}

/// Tells of the records until they or the caller end: as many at once as wait.
async fn tell(connection: Connection, mut records: mpsc::Receiver<Followed>) {
    let Ok(to) = SignalEmitter::new(&connection, PATH) else { return };
    while let Some(Told { item, mut missed, .. }) = records.recv().await {
        let mut entries = vec![item];
        while entries.len() < TOLD_MAX
            && let Ok(more) = records.try_recv()
        {
            entries.push(more.item);
            missed += more.missed;
        }
        if Service::heard(&to, entries, missed).await.is_err() {
            return;
        }
    }
}

/// Reads a message that came on the connection; `None` if it is not the signal Heard.
#[must_use]
pub fn heard(message: &Message) -> Option<(Vec<Entry>, u64)> {
    told(message, "Heard")
}

/// Records in one signal: a page of them, far below what D-Bus can carry.
const TOLD_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::streams;

    #[test]
    fn the_contract_stands() {
        let (asks, _) = mpsc::channel(1);
        crate::assert_contract(&Service::new(asks, streams().0), "org.fixpart.Log1.xml");
    }
}
