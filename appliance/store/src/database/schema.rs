//! Which tables there are, and whether a file has them and is sound.

use super::connection;
use super::rows::Table;
use super::state::{self, State};
use super::{generations, radio, settings, users};
use crate::StoreError;
use rusqlite::Connection;

/// The schema that this version reads and writes.
pub(super) const SCHEMA: u32 = 1;

/// The tables of content.
pub(super) const CONTENT: [Table; 4] =
    [settings::TABLE, users::TABLE, radio::SUBSCRIPTIONS, radio::RFPS];

/// Makes empty tables.
pub(super) fn create(connection: &Connection) -> Result<(), StoreError> {
    for sql in tables() {
        connection.execute_batch(&sql)?;
    }
    State::default().write(connection)?;
    mark(connection)
}

/// Says in the file's header whose it is and which schema it has.
pub(super) fn mark(connection: &Connection) -> Result<(), StoreError> {
    let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA}");
    Ok(connection.execute_batch(&marks)?)
}

/// Whether a file is one of ours with this schema, and SQLite finds its pages sound.
pub(super) fn is_sound(connection: &Connection, schema: u32) -> Result<(), StoreError> {
    let number = |pragma: &str| {
        connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0))
    };
    if number("application_id")? != APPLICATION {
        return Err(StoreError::Damaged("it is no database of this program".into()));
    }
    let found = number("user_version")?;
    if found != i64::from(schema) {
        return Err(StoreError::Damaged(format!("it says that it has schema {found}")));
    }
    let flaws = connection::check(connection, "quick_check")?;
    if !flaws.is_empty() {
        return Err(StoreError::Damaged(flaws.join("; ")));
    }
    Ok(())
}

/// Whether a file has the tables of this version and everything in them is what was put there.
pub(super) fn is_intact(connection: &Connection) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT sql FROM sqlite_schema ORDER BY name")?;
    let found = statement.query_map([], |row| row.get::<_, Option<String>>(0))?;
    let found = found.collect::<Result<Vec<_>, _>>()?;
    if !found.into_iter().eq(tables().into_iter().map(Some)) {
        return Err(StoreError::Damaged("its tables are not those of its schema".into()));
    }
    let state = State::read(connection)?;
    let mut sums = [0; 4];
    for (table, sum) in CONTENT.into_iter().zip(&mut sums) {
        *sum = table.each(connection, |_, _| Ok(()))?;
    }
    adds_up(&state, sums)?;
    generations::check(connection)
}

/// Whether the sums of all tables of content are what the last change left.
pub(super) fn adds_up(state: &State, sums: [i64; 4]) -> Result<(), StoreError> {
    if sums.into_iter().fold(0, i64::wrapping_add) == state.content {
        return Ok(());
    }
    Err(StoreError::Damaged("records are missing, or there are too many".into()))
}

/// The statements that make the tables, as the file has them word for word.
fn tables() -> Vec<String> {
    let others = [state::SQL, generations::GENERATIONS, generations::DIFFERENCES];
    let content = CONTENT.into_iter().map(Table::sql);
    let mut tables: Vec<String> = content.chain(others.map(str::to_owned)).collect();
    // As the names of the tables, which follow the same words.
    tables.sort();
    tables
}

/// "FXPT".
const APPLICATION: i64 = 0x4658_5054;
