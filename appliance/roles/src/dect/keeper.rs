//! What becomes of subscriptions and base stations is kept by the role `conf`: a task of its own tells it, so that a
//! disk that takes its time, or a role that is being restarted, holds up nobody's call.
//!
//! Whatever waits goes in one piece, since a database takes a thousand changes as fast as one.

use crate::conf_client::{Conf, PATIENCE, Patience, Unanswered};
use crate::records;
use bus::conf1::{Keep, Rfp as RfpForm, ServiceProxy, Subscription as Form};
use bus::{Connection, door};
use dect::nwk::Ticket;
use dect::subscription::{Change, RfpRecord, Subscription};
use std::collections::VecDeque;
use tokio::sync::mpsc::{
    Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel,
};
use tokio::task::JoinHandle;
use tokio::time::{error::Elapsed, timeout};
use zbus::fdo;

/// The way to the role `conf`.
pub(super) struct Keeper {
    changes: Sender<(Ticket, Change)>,
    done: UnboundedReceiver<(Ticket, bool)>,
    /// Asked for and not answered yet.
    waiting: usize,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Begins; what waits when the keeper is dropped is lost.
    pub(super) fn start(conf: Conf) -> Self {
        let (changes, wanted) = channel(CHANGES_MAX);
        // No more can wait in it than were asked for.
        let (done_in, done) = unbounded_channel();
        let link = Link { caller: Caller::new(conf), wanted, done: done_in };
        Self { changes, done, waiting: 0, task: tokio::spawn(link.run()) }
    }

    /// Asks for a change to be kept. `false`: too many wait already; it is not kept.
    pub(super) fn keep(&mut self, ticket: Ticket, change: Change) -> bool {
        let taken = self.changes.try_send((ticket, change)).is_ok();
        self.waiting += usize::from(taken);
        taken
    }

    /// The next change that is kept, or is not. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> (Ticket, bool) {
        match self.done.recv().await {
            Some(done) => {
                self.waiting = self.waiting.saturating_sub(1);
                done
            }
            None => std::future::pending().await,
        }
    }

    /// How many changes are not kept yet.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Everything that is kept; asks until it is answered.
pub(super) async fn load(conf: Conf) -> (Vec<Subscription>, Vec<RfpRecord>) {
    let mut caller = Caller::new(conf);
    let (subscriptions, rfps) = loop {
        let answer = timeout(PATIENCE, caller.ask_all()).await;
        if let Some(all) = caller.heeded(answer).await {
            break all;
        }
    };
    let subscriptions = subscriptions.iter().map(records::subscription);
    let rfps = rfps.iter().map(records::rfp);
    (subscriptions.filter_map(readable).collect(), rfps.filter_map(readable).collect())
}

/// Has these changes kept before it returns; those that are refused are given back.
pub(super) async fn keep_now(conf: Conf, changes: Vec<Change>) -> Vec<Change> {
    let mut caller = Caller::new(conf);
    let mut refused = Vec::new();
    let numbered = (0..).map(Ticket).zip(changes).collect();
    caller
        .keep(numbered, |_, change, kept| {
            if !kept {
                refused.push(change);
            }
        })
        .await;
    refused
}

/// A record that this version does not understand stays where it is, and counts for nothing.
fn readable<T>(record: Result<T, records::BadRecord>) -> Option<T> {
    record.inspect_err(|error| tracing::error!(%error, "a record is passed over")).ok()
}

struct Link {
    caller: Caller,
    wanted: Receiver<(Ticket, Change)>,
    done: UnboundedSender<(Ticket, bool)>,
}

impl Link {
    async fn run(mut self) {
        let mut batch = Vec::new();
        while self.wanted.recv_many(&mut batch, BATCH_MAX).await > 0 {
            let done = &self.done;
            // Without a keeper nobody waits for it.
            let tell = |ticket, _, kept| {
                let _ = done.send((ticket, kept));
            };
            self.caller.keep(std::mem::take(&mut batch), tell).await;
        }
    }
}

/// One who asks the role `conf` until it answers.
struct Caller {
    conf: Conf,
    connection: Option<Connection>,
    /// It was there already when something was last asked; the role may have been started anew since.
    is_old: bool,
    patience: Patience,
}

impl Caller {
    const fn new(conf: Conf) -> Self {
        let patience = Patience::new("changes of subscriptions");
        Self { conf, connection: None, is_old: false, patience }
    }

    /// Has changes kept, in their order; tells of each, once it is kept or refused.
    ///
    /// What is refused as a whole is asked for again in halves: one that cannot be kept takes no other with it.
    async fn keep(
        &mut self,
        changes: Vec<(Ticket, Change)>,
        mut tell: impl FnMut(Ticket, Change, bool),
    ) {
        let mut parts = VecDeque::from([changes]);
        while let Some(mut part) = parts.pop_front() {
            let keep = records::keep(part.iter().map(|(_, change)| change));
            let kept = loop {
                let answer = timeout(PATIENCE, self.ask_keep(&keep)).await;
                if let Some(kept) = self.heeded(answer).await {
                    break kept;
                }
            };
            match kept {
                Ok(()) => {
                    for (ticket, change) in part {
                        tell(ticket, change, true);
                    }
                }
                Err(why) if part.len() < 2 => {
                    tracing::error!("a change could not be kept: {why}");
                    for (ticket, change) in part {
                        tell(ticket, change, false);
                    }
                }
                Err(_) => {
                    let rest = part.split_off(part.len() / 2);
                    parts.push_front(rest);
                    parts.push_front(part);
                }
            }
        }
    }

    async fn ask_keep(&mut self, keep: &Keep) -> Result<Result<(), String>, Unanswered> {
        let proxy = self.proxy().await?;
        match proxy.keep(keep.clone()).await {
            Ok(()) => Ok(Ok(())),
            // What the role refuses, in its words; everything else is no answer.
            Err(fdo::Error::InvalidArgs(why)) => Ok(Err(why)),
            Err(error) => Err(error.into()),
        }
    }

    async fn ask_all(&mut self) -> Result<(Vec<Form>, Vec<RfpForm>), Unanswered> {
        Ok(self.proxy().await?.subscriptions().await?)
    }

    async fn proxy(&mut self) -> Result<ServiceProxy<'static>, Unanswered> {
        self.is_old = self.connection.is_some();
        let connection = match &self.connection {
            Some(connection) => connection.clone(),
            None => door::connect(&self.conf.path, self.conf.uid).await?,
        };
        self.connection = Some(connection.clone());
        Ok(ServiceProxy::new(&connection).await?)
    }

    /// The answer; `None` where there was none and it is to be asked again, after a rest that has passed. What is asked
    /// must do no harm when it is done twice, since an answer can be lost.
    async fn heeded<T>(&mut self, answer: Result<Result<T, Unanswered>, Elapsed>) -> Option<T> {
        let why = match answer {
            Ok(Ok(answer)) => {
                self.patience.works();
                return Some(answer);
            }
            Ok(Err(why)) => why,
            Err(_) => Unanswered::Silent,
        };
        self.connection = None;
        if !std::mem::take(&mut self.is_old) {
            self.patience.rest(&why).await;
        }
        None
    }
}

/// After a power cut ten thousand handsets locate within seconds; while the role `conf` is away theirs wait here.
const CHANGES_MAX: usize = 32_768;

/// Changes in one question: some hundred KiB.
const BATCH_MAX: usize = 1024;

#[cfg(test)]
mod tests;
