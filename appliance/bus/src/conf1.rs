//! `org.fixpart.Conf1`: the settings, the users and the subscriptions, and how they change.
//!
//! Roles ask when they begin, follow, and ask again when they are told that
//! something has changed. Every change of the settings or of the users is a
//! generation: a number that only grows. Subscriptions and base stations are
//! what has happened and not what somebody wants; they have no generation.
//!
//! What carries secrets here has neither `Debug` nor `Display`.

use crate::door::PATH;
use crate::streams::{Streams, told};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use zbus::object_server::SignalEmitter;
use zbus::zvariant::Type;
use zbus::{Connection, Message, fdo};

/// One user with his handset, as fields of the users file that have a value.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Row {
    /// What the user is found by.
    pub key: String,
    /// Names and texts in one piece: after each name U+001F, after each text U+001E.
    pub fields: String,
}

/// What became of the users.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct News {
    /// The generation that the users have now.
    pub number: u64,
    /// All users are in `put`; else only what has changed since the number that was asked for.
    pub whole: bool,
    /// Users that are there, new or changed; each once. Shared, since thousands are kept for more than one who asks.
    pub put: Vec<Arc<Row>>,
    /// Keys of users that are there no more; each once, and not in `put`.
    pub removed: Vec<String>,
}

/// One subscription.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Subscription {
    /// IPEI of the handset.
    pub ipei: String,
    /// IPUI: how many bits, and the octets.
    pub ipui: (u8, Vec<u8>),
    /// Assigned TPUI; none is an empty array, else it has one element.
    pub tpui: Vec<u32>,
    /// `unconfirmed`, `confirmed` or `replacing`.
    pub keys: String,
    /// The authentication key; of `replacing` the new one.
    pub key: Vec<u8>,
    /// Of `replacing` the old authentication key; else empty.
    pub old_key: Vec<u8>,
    /// MAC address of the base station where it was last; empty: nowhere.
    pub located: String,
    /// The element TERMINAL-CAPABILITY, its contents.
    pub terminal_capability: Vec<u8>,
    /// The element MODEL-IDENTIFIER, its contents.
    pub model: Vec<u8>,
}

/// One base station that was let in.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Rfp {
    /// MAC address.
    pub mac: String,
    /// Its number.
    pub rpn: u8,
    /// The key of the Blowfish door; empty: none.
    pub link_key: Vec<u8>,
}

/// What is to be kept of subscriptions and base stations; each of them at most once.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Keep {
    /// Subscriptions that are new or have changed.
    pub put: Vec<Subscription>,
    /// IPEI of those that are no more.
    pub removed: Vec<String>,
    /// Base stations that are new or have changed.
    pub put_rfps: Vec<Rfp>,
    /// MAC addresses of those that are no more.
    pub removed_rfps: Vec<String>,
}

/// Who wants a change, and how it is to be made.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Author {
    /// The person or the program, for the history.
    pub who: String,
    /// From where: an address, `console`, `command`.
    pub from: String,
    /// The generation that the author has seen; the change is refused if there is a newer one. 0: whatever there is.
    pub base: u64,
    /// Seconds within which the change must be confirmed; else what was before returns. 0: it stays.
    pub confirm_within_s: u32,
    /// Nothing is changed; the answer says what would be.
    pub only_look: bool,
}

/// What came of a change.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Outcome {
    /// The generation that is now in force.
    pub generation: u64,
    /// What an administrator should know of what was given, each with its place.
    pub notices: Vec<String>,
    /// What is different now, one line each; of secrets only that they are. At most [`Outcome::TOLD_MAX`] lines.
    pub differences: Vec<String>,
    /// How much is different in all.
    pub changed: u32,
}

impl Outcome {
    /// Lines that are told of one change: nobody reads those of ten thousand users.
    pub const TOLD_MAX: usize = 1_000;
}

/// One generation of the history.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// When, in microseconds since 1970 (UTC).
    pub at_us: i64,
    /// Who.
    pub who: String,
    /// From where.
    pub from: String,
    /// What was done, in a few words.
    pub what: String,
    /// What was different then, one line each; of secrets only that they were. Bounded: the last may say how many more.
    pub differences: Vec<String>,
    /// Whether it can be returned to.
    pub kept: bool,
}

/// Whether a change waits to be confirmed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize, Type)]
pub struct Standing {
    /// The generation that is in force.
    pub generation: u64,
    /// The generation that the users have.
    pub users: u64,
    /// Whether it returns to `back_to` unless it is confirmed.
    pub on_trial: bool,
    /// The generation that would return.
    pub back_to: u64,
    /// Seconds that are left to confirm it.
    pub left_s: u32,
}

/// The generations of everything and of the users; those that follow are told the last ones only.
pub type Now = watch::Receiver<(u64, u64)>;

/// The place of an answer that may be a refusal.
pub type Answer<T> = oneshot::Sender<Result<T, String>>;

/// One question, and where its answer goes.
pub enum Ask {
    /// The settings, as a file with all secrets, and their generation.
    Settings(oneshot::Sender<(u64, String)>),
    /// What became of the users since this number.
    Users(u64, oneshot::Sender<News>),
    /// The user of this name, if there is one.
    User(String, oneshot::Sender<Option<Row>>),
    /// All subscriptions and base stations.
    Subscriptions(Answer<(Vec<Subscription>, Vec<Rfp>)>),
    /// Keep these; the answer comes when they are kept for good.
    Keep(Keep, Answer<()>),
    /// Tell of what changes from now on.
    Follow(oneshot::Sender<Now>),
    /// Put the settings of this file, which has this name, in the place of those there are.
    ImportSettings(Author, String, Vec<u8>, Answer<Outcome>),
    /// The same with users.
    ImportUsers(Author, String, Vec<u8>, Answer<Outcome>),
    /// Set these, by dotted path; an empty text takes a setting back to its default.
    Set(Author, Vec<(String, String)>, Answer<Outcome>),
    /// Put these users beside or in the place of those there are, and remove these.
    ChangeUsers(Author, Vec<Row>, Vec<String>, Answer<Outcome>),
    /// The settings as a file without what only this product knows, if so wished.
    ExportSettings(bool, oneshot::Sender<String>),
    /// The users as a file.
    ExportUsers(oneshot::Sender<String>),
    /// So many of the last generations, the newest first.
    History(u32, Answer<Vec<Generation>>),
    /// Make what was in force with this generation a new one.
    Undo(Author, u64, Answer<Outcome>),
    /// What is on trial stays.
    Confirm(Author, Answer<Outcome>),
    /// Whether something is on trial.
    Standing(oneshot::Sender<Standing>),
}

/// The interface as it is served to one caller.
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

    async fn wish<T>(&self, ask: impl FnOnce(Answer<T>) -> Ask) -> fdo::Result<T> {
        self.ask(ask).await?.map_err(fdo::Error::InvalidArgs)
    }
}

#[zbus::interface(
    name = "org.fixpart.Conf1",
    proxy(default_path = "/org/fixpart", default_service = "org.fixpart.Conf", visibility = "pub")
)]
impl Service {
    /// The settings in the form of config.xml, with all secrets, and their generation.
    async fn settings(&self) -> fdo::Result<(u64, String)> {
        self.ask(Ask::Settings).await
    }

    /// What became of the users since this number; 0 for all of them.
    async fn users(&self, since: u64) -> fdo::Result<News> {
        self.ask(|answer| Ask::Users(since, answer)).await
    }

    /// The user of this name, or the handset of nobody with this IPEI; an empty list where there is none.
    async fn user(&self, key: String) -> fdo::Result<Vec<Row>> {
        Ok(self.ask(|answer| Ask::User(key, answer)).await?.into_iter().collect())
    }

    /// All subscriptions and base stations.
    async fn subscriptions(&self) -> fdo::Result<(Vec<Subscription>, Vec<Rfp>)> {
        self.wish(Ask::Subscriptions).await
    }

    /// Keep these subscriptions and base stations; answers when a power cut cannot take them away any more.
    async fn keep(&self, keep: Keep) -> fdo::Result<()> {
        self.wish(|answer| Ask::Keep(keep, answer)).await
    }

    /// Tells this caller of every change, by the signal Changed, until it hangs up.
    async fn follow(&self, #[zbus(connection)] connection: &Connection) -> fdo::Result<()> {
        let changes = self.ask(Ask::Follow).await?;
        let many = || fdo::Error::LimitsExceeded("this caller follows too much already".into());
        let begun = self.streams.begin(tell(connection.clone(), changes));
        begun.then_some(()).ok_or_else(many)
    }

    /// Something has changed: the generations of everything and of the users.
    #[zbus(signal)]
    async fn changed(emitter: &SignalEmitter<'_>, generation: u64, users: u64) -> zbus::Result<()>;

    /// Puts the settings of a file in the place of those there are.
    async fn import_settings(
        &self,
        author: Author,
        name: String,
        file: ByteBuf,
    ) -> fdo::Result<Outcome> {
        self.wish(|answer| Ask::ImportSettings(author, name, file.into_vec(), answer)).await
    }

    /// Puts the users of a file (users.xml, CSV) in the place of those there are.
    async fn import_users(
        &self,
        author: Author,
        name: String,
        file: ByteBuf,
    ) -> fdo::Result<Outcome> {
        self.wish(|answer| Ask::ImportUsers(author, name, file.into_vec(), answer)).await
    }

    /// Sets these, by dotted path; an empty text takes a setting back to its default.
    async fn set(&self, author: Author, values: Vec<(String, String)>) -> fdo::Result<Outcome> {
        self.wish(|answer| Ask::Set(author, values, answer)).await
    }

    /// Puts these users beside or in the place of those there are, and removes these.
    async fn change_users(
        &self,
        author: Author,
        put: Vec<Row>,
        removed: Vec<String>,
    ) -> fdo::Result<Outcome> {
        self.wish(|answer| Ask::ChangeUsers(author, put, removed, answer)).await
    }

    /// The settings as a file; `guide`: without what only this product knows.
    async fn export_settings(&self, guide: bool) -> fdo::Result<String> {
        self.ask(|answer| Ask::ExportSettings(guide, answer)).await
    }

    /// The users as a file.
    async fn export_users(&self) -> fdo::Result<String> {
        self.ask(Ask::ExportUsers).await
    }

    /// So many of the last generations, the newest first.
    async fn history(&self, limit: u32) -> fdo::Result<Vec<Generation>> {
        self.wish(|answer| Ask::History(limit, answer)).await
    }

    /// Makes what was in force with this generation a new one.
    async fn undo(&self, author: Author, to: u64) -> fdo::Result<Outcome> {
        self.wish(|answer| Ask::Undo(author, to, answer)).await
    }

    /// What is on trial stays.
    async fn confirm(&self, author: Author) -> fdo::Result<Outcome> {
        self.wish(|answer| Ask::Confirm(author, answer)).await
    }

    /// Which generation is in force, and whether it is on trial.
    async fn standing(&self) -> fdo::Result<Standing> {
        self.ask(Ask::Standing).await
    }
}

/// Tells of changes until they or the caller end.
async fn tell(connection: Connection, mut now: Now) {
    let Ok(to) = SignalEmitter::new(&connection, PATH) else { return };
    while now.changed().await.is_ok() {
        let (generation, users) = *now.borrow_and_update();
        if Service::changed(&to, generation, users).await.is_err() {
            return;
        }
    }
}

/// Reads a message that came on the connection; `None` if it is not the signal Changed.
#[must_use]
pub fn changed(message: &Message) -> Option<(u64, u64)> {
    told(message, "Changed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::streams;

    #[test]
    fn the_contract_stands() {
        let (asks, _) = mpsc::channel(1);
        crate::assert_contract(&Service::new(asks, streams().0), "org.fixpart.Conf1.xml");
    }
}
