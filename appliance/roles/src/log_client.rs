//! What a command shows of the log, over the socket of the role `log`.

use crate::client::{ClientError, Server, ask_role, refused};
use crate::log::words;
use bus::Connection;
use bus::door::Incoming;
use bus::log1::{Entry, ServiceProxy, heard};
use lan::log::{Filter, Record};
use std::future::Future;

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

/// Gives every record that the filter takes to `each`, those that are there and those that come, until the role
/// ends or `each` says false. What was missed because `each` was slow is given to `missed`.
///
/// # Errors
/// [`ClientError`].
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
        if !pages(&log, filter, from, &mut each).await? {
            return Ok(());
        }
        while let Some(message) = incoming.next().await {
            let Some((entries, lost)) = heard(&message) else { continue };
            if lost > 0 {
                missed(lost);
            }
            if !entries.iter().all(|entry| shown(entry, &mut each)) {
                return Ok(());
            }
        }
        Ok(())
    })
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

async fn proxy(connection: &Connection) -> Result<ServiceProxy<'_>, ClientError> {
    ServiceProxy::new(connection).await.map_err(|_| ClientError::Silent)
}

async fn within<T>(answer: impl Future<Output = zbus::fdo::Result<T>>) -> Result<T, ClientError> {
    crate::client::within(async { answer.await.map_err(refused) }).await
}
