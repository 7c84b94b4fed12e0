//! What a command shows of the log, over the socket of the role `log`.

use crate::client::{ClientError, Server, ask_role, refused};
use crate::log::words;
use bus::door::Incoming;
use bus::log1::{Entry, ServiceProxy, heard};
use bus::{Connection, Message};
use lan::log::{Filter, Record};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;

/// Gives every record that the filter takes to `each`, the oldest first, until there is none left or `each` says
/// false.
///
/// # Errors
/// [`ClientError`].
pub fn records(
    server: &Server,
    filter: &Filter,
    mut each: impl FnMut(&Record) -> bool,
) -> Result<(), ClientError> {
    ask_role(server, "log", async |connection| {
        let log = proxy(connection).await?;
        pages(&log, filter, u64::MAX, &mut each).await.map(drop)
    })
}

/// Gives every record that the filter takes to `each`, those that are there and those that come, until `each` says
/// false. What was missed because `each` was slow is given to `missed`.
///
/// # Errors
/// [`ClientError`]; [`ClientError::Ended`] when the role ends.
pub fn follow(
    server: &Server,
    filter: &Filter,
    mut each: impl FnMut(&Record) -> bool,
    mut missed: impl FnMut(u64),
) -> Result<(), ClientError> {
    ask_role(server, "log", async |connection| {
        let mut incoming = Incoming::new(connection);
        let log = proxy(connection).await?;
        let from = within(log.follow(words::filter_out(filter))).await?;
        // What comes is taken while the older records are asked for: left alone, it would hold up the answers.
        let mut waiting = Waiting::default();
        let wants_more = {
            let mut paging = pin!(pages(&log, filter, from, &mut each));
            loop {
                tokio::select! {
                    wants_more = &mut paging => break wants_more?,
                    message = incoming.next() => match message {
                        Some(message) => waiting.take(&message),
                        None => return Err(ClientError::Ended),
                    },
                }
            }
        };
        if !wants_more {
            return Ok(());
        }
        loop {
            if waiting.lost > 0 {
                missed(std::mem::take(&mut waiting.lost));
            }
            if !waiting.entries.drain(..).all(|entry| shown(&entry, &mut each)) {
                return Ok(());
            }
            match incoming.next().await {
                Some(message) => waiting.take(&message),
                None => return Err(ClientError::Ended),
            }
        }
    })
}

/// Records that have come and are not shown yet.
#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    lost: u64,
}

impl Waiting {
    fn take(&mut self, message: &Message) {
        let Some((entries, lost)) = heard(message) else { return };
        self.lost = self.lost.saturating_add(lost);
        self.entries.extend(entries);
        while self.entries.len() > WAITING_MAX {
            self.entries.pop_front();
            self.lost = self.lost.saturating_add(1);
        }
    }
}

/// Everything up to the number `end`; false when `each` has had enough.
async fn pages(
    log: &ServiceProxy<'_>,
    filter: &Filter,
    end: u64,
    each: &mut impl FnMut(&Record) -> bool,
) -> Result<bool, ClientError> {
    let (filter, mut from) = (words::filter_out(filter), 0);
    loop {
        let page = within(log.query(filter.clone(), from)).await?;
        for entry in page.entries {
            if entry.number >= end {
                return Ok(true);
            }
            if !shown(&entry, each) {
                return Ok(false);
            }
        }
        // A server that goes in circles is not followed.
        if page.next <= from || page.next >= end {
            return Ok(true);
        }
        from = page.next;
    }
}

/// Gives one record to `each`; one that this version does not understand is passed over.
fn shown(entry: &Entry, each: &mut impl FnMut(&Record) -> bool) -> bool {
    words::record(entry).is_none_or(|record| each(&record))
}

/// Records that come while the older ones are asked for: many seconds of a flood.
const WAITING_MAX: usize = 10_000;

async fn proxy(connection: &Connection) -> Result<ServiceProxy<'_>, ClientError> {
    ServiceProxy::new(connection).await.map_err(|_| ClientError::Silent)
}

async fn within<T>(answer: impl Future<Output = zbus::fdo::Result<T>>) -> Result<T, ClientError> {
    crate::client::within(async { answer.await.map_err(refused) }).await
}
