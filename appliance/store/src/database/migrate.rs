//! From an older schema to this version's: on a copy, so that the older version finds its own file as it left it.

use super::connection::{self, Missing};
use super::place::Place;
use super::rows::sum;
use super::schema::{self, CONTENT, SCHEMA};
use super::snapshot;
use super::state::State;
use super::{generations, state};
use crate::StoreError;
use rusqlite::{Connection, params};
use std::path::Path;

/// Makes the file of this version's schema from an open, sound, older one, and has the line name it.
pub(super) fn arrive(
    place: &mut Place<'_>,
    older: Connection,
    from: u32,
) -> Result<(), StoreError> {
    let fresh = place.fresh(SCHEMA);
    place.step("an older file is copied");
    snapshot::copy_out(&older, &fresh)?;
    drop(older);
    place.step("a copy is brought to the new schema");
    climb(&fresh, from)?;
    place.put(&fresh, SCHEMA)?;
    place.flip(SCHEMA)?;
    // The file that this one was made from stays for the version before; the one before that has no version any more.
    place.forget_before(from)
}

/// Brings a file to this version's schema, in one transaction.
pub(super) fn climb(path: &Path, from: u32) -> Result<(), StoreError> {
    let mut link = connection::open(path, Missing::Refused)?;
    let transaction = link.transaction()?;
    for step in STEPS.iter().skip(usize::try_from(from).unwrap_or(usize::MAX)) {
        step(&transaction)?;
    }
    schema::mark(&transaction)?;
    transaction.commit()?;
    schema::is_sound(&link, SCHEMA)?;
    schema::is_intact(&link)?;
    connection::close(link)
}

/// Brings a file from one schema to the next.
type Step = fn(&Connection) -> Result<(), StoreError>;

/// One step from each older schema to the next.
const STEPS: [Step; SCHEMA as usize] = [to_1];

/// Schema 0, of the time before there was a product: records without sums, and a history without differences.
fn to_1(connection: &Connection) -> Result<(), StoreError> {
    let mut state = State::default();
    for table in CONTENT {
        connection.execute_batch(&format!("ALTER TABLE {0} RENAME TO old_{0}", table.0))?;
        connection.execute_batch(&table.sql())?;
        let mut writer = table.writer(connection)?;
        let mut old = connection.prepare(&format!("SELECT key, form FROM old_{}", table.0))?;
        let mut rows = old.query([])?;
        while let Some(row) = rows.next()? {
            let (key, form): (String, String) = (row.get(0)?, row.get(1)?);
            state.content = state.content.wrapping_add(writer.set(&key, None, Some(&form))?);
        }
        drop(rows);
        drop((old, writer));
        connection.execute_batch(&format!("DROP TABLE old_{}", table.0))?;
    }
    connection.execute_batch("ALTER TABLE generations RENAME TO old_generations")?;
    for sql in [state::SQL, generations::GENERATIONS, generations::DIFFERENCES] {
        connection.execute_batch(sql)?;
    }
    let mut old =
        connection.prepare("SELECT number, at_us, who, where_from, what FROM old_generations")?;
    let mut rows = old.query([])?;
    while let Some(row) = rows.next()? {
        let (number, at_us): (i64, i64) = (row.get(0)?, row.get(1)?);
        let [who, from, what]: [String; 3] = [row.get(2)?, row.get(3)?, row.get(4)?];
        let numbers = [number, at_us, 0, 0].map(i64::to_be_bytes);
        let sum = sum(&[numbers.as_flattened(), who.as_bytes(), from.as_bytes(), what.as_bytes()]);
        let sql = "INSERT INTO generations VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6)";
        connection.execute(sql, params![number, at_us, who, from, what, sum])?;
        state.generation = state.generation.max(number);
    }
    drop(rows);
    drop(old);
    connection.execute_batch("DROP TABLE old_generations")?;
    state.write(connection)
}
