//! The table `state`: its one row says which generation this is and what the sums of all content add up to.

use super::rows::sum;
use crate::StoreError;
use rusqlite::{Connection, params};

/// The row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The newest generation, 0 before the first.
    pub(super) generation: i64,
    /// The sum of the sums of all records of all tables of content.
    pub(super) content: i64,
    /// Whether the records of a folder were taken over once.
    pub(super) taken_over: bool,
}

/// How it is made.
pub(super) const SQL: &str = "CREATE TABLE state (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), \
    generation INTEGER NOT NULL, content INTEGER NOT NULL, taken_over INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT";

impl State {
    /// Reads it.
    pub(super) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let sql = "SELECT generation, content, taken_over, sum FROM state WHERE one = 1";
        let (state, sum) = connection.query_row(sql, [], |row| {
            let [generation, content] = [row.get(0)?, row.get(1)?];
            Ok((Self { generation, content, taken_over: row.get(2)? }, row.get::<_, i64>(3)?))
        })?;
        if state.sum() == sum && state.generation >= 0 {
            return Ok(state);
        }
        Err(StoreError::Damaged("the table state is not what was put there".into()))
    }

    /// Writes it.
    pub(super) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO state (one, generation, content, taken_over, sum) VALUES (1, ?1, ?2, ?3, ?4)";
        connection
            .execute(sql, params![self.generation, self.content, self.taken_over, self.sum()])?;
        Ok(())
    }

    fn sum(&self) -> i64 {
        let taken_over = [u8::from(self.taken_over)];
        sum(&[&self.generation.to_be_bytes(), &self.content.to_be_bytes(), &taken_over])
    }
}
