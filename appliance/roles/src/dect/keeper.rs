//! The store in a thread of its own: a disk that takes its time holds up nobody's call.

use dect::nwk::Ticket;
use dect::subscription::{Change, Subscriptions};
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use tokio::sync::mpsc::{Receiver, channel};

/// The way to the store.
pub(super) struct Keeper {
    changes: SyncSender<(Ticket, Change)>,
    done: Receiver<(Ticket, bool)>,
}

impl Keeper {
    /// Starts the thread; it ends when the keeper is dropped and the last change is written.
    pub(super) fn start(mut store: impl Subscriptions + Send + 'static) -> io::Result<Self> {
        let (changes, wanted) = sync_channel::<(Ticket, Change)>(CHANGES_MAX);
        let (done_in, done) = channel(CHANGES_MAX);
        thread::Builder::new().name("store".into()).spawn(move || {
            while let Ok((ticket, change)) = wanted.recv() {
                let result = store.apply(&change);
                if let Err(error) = &result {
                    let cause = std::error::Error::source(error).map(ToString::to_string);
                    tracing::error!(%error, cause, "a change could not be kept");
                }
                if done_in.blocking_send((ticket, result.is_ok())).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { changes, done })
    }

    /// Asks for a change to be kept. `false`: too many wait already; it is not kept.
    pub(super) fn keep(&self, ticket: Ticket, change: Change) -> bool {
        self.changes.try_send((ticket, change)).is_ok()
    }

    /// The next change that is kept, or is not. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> (Ticket, bool) {
        match self.done.recv().await {
            Some(done) => done,
            None => std::future::pending().await,
        }
    }
}

/// After a power cut ten thousand handsets locate within seconds.
const CHANGES_MAX: usize = 32_768;
