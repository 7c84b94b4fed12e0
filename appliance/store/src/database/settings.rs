//! The table `settings`: every element that was set, known or not, in the order in which it was written.

use super::generations::Difference;
use super::order;
use super::rows::Table;
use super::sealed::{Text, same, short};
use crate::StoreError;
use crate::alarm::LeftOut;
use crate::seal::Sealer;
use config::Entry;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The table.
pub(super) const TABLE: Table = Table("settings");

/// An element under its path; the second of the same path has [`NTH`] and a 2 after it.
#[derive(Deserialize, Serialize)]
struct Form<'a> {
    /// Greater than that of the one before; with gaps, so that one can come between two others and leave them alone.
    position: i64,
    /// Whether the version that wrote it had it in its table.
    known: bool,
    text: Text<'a>,
}

/// Everything, in order; what does not open is left out and counted.
pub(super) fn all(
    connection: &Connection,
    sealer: &Sealer,
    left_out: &mut LeftOut,
) -> Result<(Vec<Entry>, i64), StoreError> {
    let mut entries = Vec::new();
    let sum = TABLE.each(connection, |key, form| {
        let Ok(form) = serde_json::from_str::<Form>(form) else {
            left_out.record(format!("the setting {}", dotted(key)));
            return Ok(());
        };
        let Some(text) = form.text.open(sealer, &purpose(key)) else {
            left_out.secrets += 1;
            return Ok(());
        };
        let path = key.split(NTH).next().unwrap_or_default().to_owned();
        let secret = form.text.is_secret();
        let text = text.as_str().to_owned();
        entries.push((form.position, Entry { path, text, known: form.known, secret }));
        Ok(())
    })?;
    entries.sort_by_key(|(position, _)| *position);
    Ok((entries.into_iter().map(|(_, entry)| entry).collect(), sum))
}

/// What makes the table into these entries.
pub(super) fn differences(
    connection: &Connection,
    sealer: &Sealer,
    new: &[Entry],
) -> Result<Vec<Difference>, StoreError> {
    let mut old = BTreeMap::new();
    let mut positions = BTreeMap::new();
    TABLE.each(connection, |key, text| {
        // One that cannot be read is replaced.
        let form = serde_json::from_str::<Form>(text).ok();
        positions.extend(form.as_ref().map(|form| (key.to_owned(), form.position)));
        old.insert(key.to_owned(), (text.to_owned(), form));
        Ok(())
    })?;
    let keys = keys(new);
    let mut differences = Vec::new();
    let places = order::places(&positions, &keys);
    for ((key, entry), position) in keys.into_iter().zip(new).zip(places) {
        let purpose = purpose(&key);
        let before = old.remove(&key);
        let is_same = before.as_ref().and_then(|(_, form)| form.as_ref()).is_some_and(|form| {
            let text_is = form.text.is(sealer, &purpose, &entry.text, entry.secret);
            form.position == position && form.known == entry.known && text_is
        });
        if is_same {
            continue;
        }
        let text = Text::new(sealer, || purpose, &entry.text, entry.secret)?;
        let after = written(&Form { position, known: entry.known, text })?;
        differences.push(difference(sealer, key, before.map(|(text, _)| text), Some(after)));
    }
    for (key, (before, _)) in old {
        differences.push(difference(sealer, key, Some(before), None));
    }
    Ok(differences)
}

/// The difference of one record, and what the history says about it.
pub(super) fn difference(
    sealer: &Sealer,
    key: String,
    before: Option<String>,
    after: Option<String>,
) -> Difference {
    let [old, new] = [&before, &after].map(|form| {
        form.as_ref().and_then(|form| serde_json::from_str::<Form>(form).ok()).map(|form| form.text)
    });
    let purpose = purpose(&key);
    let [old_text, new_text] = [&old, &new].map(|text| text.as_ref()?.open(sealer, &purpose));
    let moved_only = same(old_text.as_ref(), new_text.as_ref());
    let secret = [&old, &new].into_iter().flatten().any(Text::is_secret);
    let name = dotted(&key);
    let shown = if moved_only {
        String::new()
    } else if secret {
        format!("{name}: {}", if new.is_some() { "(secret)" } else { "(secret) -> not set" })
    } else {
        let told = |text: Option<_>| {
            text.map_or_else(
                || "not set".to_owned(),
                |text: zeroize::Zeroizing<String>| short(&text),
            )
        };
        format!("{name}: {} -> {}", told(old_text), told(new_text))
    };
    Difference { table: TABLE, key, before, after, shown }
}

/// Whether two records under one key are the same element.
pub(super) fn says_same(sealer: &Sealer, key: &str, one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(serde_json::from_str::<Form>);
    one.ok().zip(other.ok()).is_some_and(|(one, other)| {
        (one.position, one.known) == (other.position, other.known)
            && one.text.says_same(&other.text, sealer, &purpose(key))
    })
}

fn written(form: &Form<'_>) -> Result<String, StoreError> {
    serde_json::to_string(form).map_err(|error| StoreError::Record(Box::new(error)))
}

/// A path may come more than once.
fn keys(entries: &[Entry]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let key = |entry: &'_ Entry, count: usize| match count {
        1 => entry.path.clone(),
        count => format!("{}{NTH}{count}", entry.path),
    };
    let mut keys = Vec::with_capacity(entries.len());
    for entry in entries {
        let count = counts.entry(&entry.path).or_default();
        *count += 1;
        keys.push(key(entry, *count));
    }
    keys
}

fn purpose(key: &str) -> String {
    format!("settings/{key}")
}

fn dotted(key: &str) -> String {
    short(&key.replace('/', "."))
}

/// No text of an XML file can have this in it.
const NTH: char = '\u{1f}';
