//! The table `users`: each user with the handset, as the roster's rows have them.

use super::generations::Difference;
use super::rows::Table;
use super::sealed::{Text, same, short};
use crate::StoreError;
use crate::alarm::LeftOut;
use crate::seal::Sealer;
use config::roster::{self, Row, secret};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use zeroize::Zeroizing;

/// The table.
pub(super) const TABLE: Table = Table("users");

/// Names and texts in their order.
type Form = Vec<(String, Text<'static>)>;

/// Everything, in the order of the keys; fields that do not open are left out and counted.
pub(super) fn all(
    connection: &Connection,
    sealer: &Sealer,
    left_out: &mut LeftOut,
) -> Result<(Vec<Row>, i64), StoreError> {
    let mut rows = Vec::new();
    let sum = TABLE.each(connection, |key, form| {
        let Ok(form) = serde_json::from_str::<Form>(form) else {
            left_out.record(called(key));
            return Ok(());
        };
        let mut fields: Vec<(String, Zeroizing<String>)> = Vec::with_capacity(form.len());
        for (name, text) in form {
            match text.open(sealer, &purpose(key, &name)) {
                Some(text) => fields.push((name, text)),
                None => left_out.secrets += 1,
            }
        }
        let fields = fields.iter().map(|(name, text)| (name, text.as_str())).collect();
        rows.push(Row { key: key.to_owned(), fields });
        Ok(())
    })?;
    Ok((rows, sum))
}

/// What these changes do to the table.
pub(super) fn differences(
    connection: &Connection,
    sealer: &Sealer,
    changes: &[roster::Change],
) -> Result<Vec<Difference>, StoreError> {
    let mut wanted = BTreeMap::new();
    for change in changes {
        let row = match change {
            roster::Change::Added(row) | roster::Change::Changed(row) => Some(row),
            roster::Change::Removed(_) => None,
        };
        wanted.insert(change.key(), row);
    }
    // The first users of a box come by the thousand.
    let is_empty = TABLE.is_empty(connection)?;
    let mut reader = TABLE.reader(connection)?;
    let mut changed = Vec::with_capacity(wanted.len());
    for (key, row) in wanted {
        let before = if is_empty { None } else { reader.get(key)? };
        let is_same = match (&before, row) {
            (None, None) => true,
            (Some(form), Some(row)) => is(sealer, form, row),
            _ => false,
        };
        if !is_same {
            changed.push((key, before, row));
        }
    }
    let rows: Vec<&Row> = changed.iter().filter_map(|(_, _, row)| *row).collect();
    let mut forms = all_written(sealer, &rows)?.into_iter();
    let differences = changed.into_iter().map(|(key, before, row)| {
        let after = row.and_then(|_| forms.next());
        difference(sealer, key.to_owned(), before, after)
    });
    Ok(differences.collect())
}

/// The forms of these rows; of many, two processors make a half each, since sealing takes most of the time.
fn all_written(sealer: &Sealer, rows: &[&Row]) -> Result<Vec<String>, StoreError> {
    let make = |rows: &[&Row]| rows.iter().map(|row| written(sealer, row)).collect();
    if rows.len() < SHARED_MIN {
        return make(rows);
    }
    let (mine, others) = rows.split_at(rows.len() / 2);
    thread::scope(|scope| {
        // Where no thread can be had, nobody waits for one.
        let other = thread::Builder::new().spawn_scoped(scope, || make(others));
        let mut forms: Vec<String> = make(mine)?;
        let rest: Result<Vec<String>, StoreError> = match other.map(thread::ScopedJoinHandle::join)
        {
            Ok(Ok(made)) => made,
            Ok(Err(_)) | Err(_) => make(others),
        };
        forms.extend(rest?);
        Ok(forms)
    })
}

/// The difference of one record, and what the history says about it: names, no texts.
pub(super) fn difference(
    sealer: &Sealer,
    key: String,
    before: Option<String>,
    after: Option<String>,
) -> Difference {
    let name = called(&key);
    let shown = match (&before, &after) {
        (None, _) => format!("{name}: added"),
        (_, None) => format!("{name}: removed"),
        (Some(before), Some(after)) => format!("{name}: {}", changed(sealer, &key, before, after)),
    };
    Difference { table: TABLE, key, before, after, shown }
}

fn changed(sealer: &Sealer, key: &str, before: &str, after: &str) -> String {
    let [before, after] = [before, after].map(|form| {
        let form = serde_json::from_str::<Form>(form).unwrap_or_default();
        let mut texts: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (name, text) in form {
            let text = text.open(sealer, &purpose(key, &name));
            texts.entry(name).or_default().push(text);
        }
        texts
    });
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let texts = |form: &BTreeMap<String, Vec<_>>, name: &String| form.get(name).map_or(0, Vec::len);
    let differ = names.into_iter().filter(|name| {
        let pairs =
            before.get(*name).into_iter().flatten().zip(after.get(*name).into_iter().flatten());
        let same = pairs.into_iter().all(|(one, other)| same(one.as_ref(), other.as_ref()));
        !same || texts(&before, name) != texts(&after, name)
    });
    let names: Vec<&str> = differ.map(String::as_str).collect();
    if names.is_empty() { "in another order".into() } else { short(&names.join(", ")) }
}

/// Whether two records under one key are the same user.
pub(super) fn says_same(sealer: &Sealer, key: &str, one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(serde_json::from_str::<Form>);
    let (Ok(one), Ok(other)) = (one, other) else { return false };
    let mut pairs = one.iter().zip(&other);
    one.len() == other.len()
        && pairs.all(|((name, one), (other_name, other))| {
            name == other_name && one.says_same(other, sealer, &purpose(key, name))
        })
}

fn is(sealer: &Sealer, form: &str, row: &Row) -> bool {
    let Ok(form) = serde_json::from_str::<Form>(form) else { return false };
    form.len() == row.fields.iter().count()
        && form.iter().zip(row.fields.iter()).all(|((name, stored), (wanted, text))| {
            name == wanted && stored.is(sealer, &purpose(&row.key, name), text, secret(name))
        })
}

/// As [`Form`] is read.
fn written(sealer: &Sealer, row: &Row) -> Result<String, StoreError> {
    let mut form = Vec::new();
    for (name, text) in row.fields.iter() {
        form.push((name, Text::new(sealer, || purpose(&row.key, name), text, secret(name))?));
    }
    serde_json::to_string(&form).map_err(|error| StoreError::Record(Box::new(error)))
}

/// A secret opens in its own field of its own user only.
fn purpose(key: &str, field: &str) -> String {
    format!("users/{key}/{field}")
}

fn called(key: &str) -> String {
    match key {
        "" => "what else was in users.xml".into(),
        // A user's name has no blank.
        handset if handset.contains(' ') => format!("handset {}", short(handset)),
        user => format!("user {}", short(user)),
    }
}

/// Rows from which on a second processor is worth its price.
const SHARED_MIN: usize = 1_000;
