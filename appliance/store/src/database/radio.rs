//! The tables `subscriptions` and `rfps`: handsets and base stations, in the form that [`crate::record`] gives them.

use super::generations::Difference;
use super::rows::Table;
use crate::StoreError;
use crate::alarm::LeftOut;
use crate::record::{self, RecordError};
use crate::seal::Sealer;
use dect::subscription::{Change, RfpRecord, Subscription};
use ident::{Ipei, Mac};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Handsets, by IPEI.
pub(super) const SUBSCRIPTIONS: Table = Table("subscriptions");
/// Base stations, by MAC address.
pub(super) const RFPS: Table = Table("rfps");

/// Every handset, in the order of the identities; one that cannot be read is left out.
pub(super) fn subscriptions(
    connection: &Connection,
    sealer: &Sealer,
    left_out: &mut LeftOut,
) -> Result<(Vec<Subscription>, i64), StoreError> {
    all(SUBSCRIPTIONS, connection, left_out, |form| record::read_subscription(sealer, form))
}

/// Every base station, in the order of the addresses; one that cannot be read is left out.
pub(super) fn rfps(
    connection: &Connection,
    sealer: &Sealer,
    left_out: &mut LeftOut,
) -> Result<(Vec<RfpRecord>, i64), StoreError> {
    all(RFPS, connection, left_out, |form| record::read_rfp(sealer, form))
}

fn all<T>(
    table: Table,
    connection: &Connection,
    left_out: &mut LeftOut,
    read: impl Fn(&[u8]) -> Result<T, RecordError>,
) -> Result<(Vec<T>, i64), StoreError> {
    let mut records = Vec::new();
    let sum = table.each(connection, |key, form| {
        match read(form.as_bytes()) {
            Ok(record) => records.push(record),
            Err(RecordError::Seal(_)) => left_out.secrets += 1,
            Err(_) => left_out.record(format!("the record {key} of {}", table.0)),
        }
        Ok(())
    })?;
    Ok((records, sum))
}

/// What these changes do to the tables; of several about the same one the last counts.
pub(super) fn differences(
    connection: &Connection,
    sealer: &Sealer,
    changes: &[Change],
) -> Result<Vec<Difference>, StoreError> {
    let unwritable = |error: RecordError| match error {
        RecordError::Seal(error) => StoreError::Seal(error),
        error => StoreError::Record(Box::new(error)),
    };
    let mut wanted = BTreeMap::new();
    for change in changes {
        wanted.insert(place(change), change);
    }
    let mut readers = [SUBSCRIPTIONS.reader(connection)?, RFPS.reader(connection)?];
    let mut differences = Vec::with_capacity(wanted.len());
    for ((table, key), change) in wanted {
        let before = readers[usize::from(table == RFPS)].get(&key)?;
        if is(sealer, before.as_deref(), change) {
            continue;
        }
        let after = match change {
            Change::Put(it) => Some(record::write_subscription(sealer, it).map_err(unwritable)?),
            Change::PutRfp(it) => Some(record::write_rfp(sealer, it).map_err(unwritable)?),
            Change::Remove(_) | Change::RemoveRfp(_) => None,
        };
        let after = after.map(String::from_utf8).transpose();
        let after = after.map_err(|error| StoreError::Record(Box::new(error)))?;
        differences.push(Difference { table, key, before, after, shown: String::new() });
    }
    Ok(differences)
}

/// Whether a record is already what a change would make of it.
fn is(sealer: &Sealer, form: Option<&str>, change: &Change) -> bool {
    match (form, change) {
        (None, Change::Remove(_) | Change::RemoveRfp(_)) => true,
        (Some(form), Change::Put(new)) => {
            record::read_subscription(sealer, form.as_bytes()).is_ok_and(|old| old == **new)
        }
        (Some(form), Change::PutRfp(new)) => {
            record::read_rfp(sealer, form.as_bytes()).is_ok_and(|old| old == **new)
        }
        _ => false,
    }
}

/// Whether there is a record already of what a change puts.
pub(super) fn has(connection: &Connection, change: &Change) -> Result<bool, StoreError> {
    let (table, key) = place(change);
    Ok(table.reader(connection)?.get(&key)?.is_some())
}

/// Which record a change is about.
fn place(change: &Change) -> (Table, String) {
    match change {
        Change::Put(it) => (SUBSCRIPTIONS, handset(it.ipei)),
        Change::Remove(ipei) => (SUBSCRIPTIONS, handset(*ipei)),
        Change::PutRfp(it) => (RFPS, base(it.mac)),
        Change::RemoveRfp(mac) => (RFPS, base(*mac)),
    }
}

/// As long as every other one, so that they stand in the order of the identities.
fn handset(ipei: Ipei) -> String {
    format!("{:05}-{:07}", ipei.emc(), ipei.psn())
}

fn base(mac: Mac) -> String {
    mac.to_string()
}
