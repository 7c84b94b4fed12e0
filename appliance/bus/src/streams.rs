//! What a caller is told again and again, as long as it is there.
//!
//! A method that begins such a stream hands a future to the task of its
//! connection, so that nothing of it is left when the caller is gone.

use crate::door::Incoming;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use zbus::message::Type as MessageType;
use zbus::zvariant::Type;
use zbus::{Connection, Message};

type Stream = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Something on its way to a caller that is told of what happens.
#[derive(Debug)]
pub struct Told<T> {
    /// What it is told.
    pub item: T,
    /// How many items were dropped before this one, because the caller was slow.
    pub missed: u64,
    /// The room that it takes in the caller's queue, which is given back with it.
    pub room: OwnedSemaphorePermit,
}

/// Where streams are begun; one for each connection.
#[derive(Clone, Debug)]
pub struct Streams(Sender<Stream>);

/// Where they run.
#[derive(Debug)]
pub struct Running(Receiver<Stream>);

/// The two ends for a new connection.
#[must_use]
pub fn streams() -> (Streams, Running) {
    let (begun, running) = channel(BEGUN_MAX);
    (Streams(begun), Running(running))
}

impl Streams {
    /// Begins a stream; false if the caller has begun too many.
    #[must_use]
    pub fn begin(&self, stream: impl Future<Output = ()> + Send + 'static) -> bool {
        self.0.try_send(Box::pin(stream)).is_ok()
    }
}

impl Running {
    /// Serves `connection` and what was begun on it until the caller is gone.
    pub async fn until_gone(mut self, connection: Connection) {
        let mut incoming = Incoming::new(&connection);
        let mut streams = JoinSet::new();
        loop {
            tokio::select! {
                message = incoming.next() => if message.is_none() {
                    return;
                },
                Some(stream) = self.0.recv(), if streams.len() < STREAMS_MAX => {
                    drop(streams.spawn(stream));
                }
                Some(_) = streams.join_next() => {}
            }
        }
    }
}

/// Reads a message that came on a connection; `None` if it is not the signal of this name.
pub(crate) fn told<T: DeserializeOwned + Type>(message: &Message, name: &str) -> Option<T> {
    let header = message.header();
    let signal = header.message_type() == MessageType::Signal;
    if !signal || header.member().is_none_or(|member| member.as_str() != name) {
        return None;
    }
    message.body().deserialize().ok()
}

/// Streams of one caller: its events, and what it follows.
const STREAMS_MAX: usize = 4;

/// Streams that wait to be begun.
const BEGUN_MAX: usize = 4;
