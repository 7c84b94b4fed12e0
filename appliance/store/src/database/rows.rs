//! What all tables of content have in common: records of text under a key, each with a sum of its own.
//!
//! SQLite notices when its pages do not fit together, but not when a letter in a record has become another one, or
//! when the disk has lost one write of many. So each record has a sum, and the sums add up to one in the table `state`.

use crate::StoreError;
use rusqlite::{Connection, OptionalExtension as _, Statement, params};
use sha2::{Digest as _, Sha256};

/// A table of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Table(pub(super) &'static str);

impl Table {
    /// How it is made.
    pub(super) fn sql(self) -> String {
        format!(
            "CREATE TABLE {} (key TEXT NOT NULL PRIMARY KEY, form TEXT NOT NULL, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID",
            self.0
        )
    }

    /// Gives every record, in the order of the keys, and tells the sum of their sums.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where a record is not what was put there.
    pub(super) fn each(
        self,
        connection: &Connection,
        mut take: impl FnMut(&str, &str) -> Result<(), StoreError>,
    ) -> Result<i64, StoreError> {
        let sql = format!("SELECT key, form, sum FROM {} ORDER BY key", self.0);
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut total = 0_i64;
        while let Some(row) = rows.next()? {
            let (key, form) = (row.get_ref(0)?.as_str(), row.get_ref(1)?.as_str());
            let (Ok(key), Ok(form)) = (key, form) else { return Err(self.damaged("a text")) };
            let sum: i64 = row.get(2)?;
            if sum != self.sum(key, form) {
                return Err(self.damaged(key));
            }
            total = total.wrapping_add(sum);
            take(key, form)?;
        }
        Ok(total)
    }

    /// Whether there is no record.
    pub(super) fn is_empty(self, connection: &Connection) -> Result<bool, StoreError> {
        let sql = format!("SELECT NOT EXISTS (SELECT 1 FROM {})", self.0);
        Ok(connection.query_row(&sql, [], |row| row.get(0))?)
    }

    /// Looks for records by their keys.
    pub(super) fn reader(self, connection: &Connection) -> Result<Reader<'_>, StoreError> {
        let sql = format!("SELECT form, sum FROM {} WHERE key = ?1", self.0);
        Ok(Reader { table: self, statement: connection.prepare(&sql)? })
    }

    /// Puts and removes records.
    pub(super) fn writer(self, connection: &Connection) -> Result<Writer<'_>, StoreError> {
        let put = format!(
            "INSERT INTO {} (key, form, sum) VALUES (?1, ?2, ?3) \
             ON CONFLICT (key) DO UPDATE SET form = excluded.form, sum = excluded.sum",
            self.0
        );
        let remove = format!("DELETE FROM {} WHERE key = ?1", self.0);
        Ok(Writer {
            table: self,
            put: connection.prepare(&put)?,
            remove: connection.prepare(&remove)?,
        })
    }

    fn sum(self, key: &str, form: &str) -> i64 {
        sum(&[self.0.as_bytes(), key.as_bytes(), form.as_bytes()])
    }

    fn damaged(self, key: &str) -> StoreError {
        StoreError::Damaged(format!("the record {key} of {} is not what was put there", self.0))
    }
}

/// Finds records.
pub(super) struct Reader<'a> {
    table: Table,
    statement: Statement<'a>,
}

impl Reader<'_> {
    /// The record under this key.
    pub(super) fn get(&mut self, key: &str) -> Result<Option<String>, StoreError> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
        let Some((form, sum)) = self.statement.query_row([key], read).optional()? else {
            return Ok(None);
        };
        if self.table.sum(key, &form) == sum {
            Ok(Some(form))
        } else {
            Err(self.table.damaged(key))
        }
    }
}

/// Changes records.
pub(super) struct Writer<'a> {
    table: Table,
    put: Statement<'a>,
    remove: Statement<'a>,
}

impl Writer<'_> {
    /// Makes the record under `key`, which was `before`, into `after`; tells by how much the sum of the sums grows.
    pub(super) fn set(
        &mut self,
        key: &str,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<i64, StoreError> {
        let old = before.map_or(0, |form| self.table.sum(key, form));
        let new = after.map_or(0, |form| self.table.sum(key, form));
        match after {
            Some(form) => self.put.execute(params![key, form, new])?,
            None => self.remove.execute([key])?,
        };
        Ok(new.wrapping_sub(old))
    }
}

/// A sum over some pieces, each with its length: the first 64 bits of their SHA-256.
pub(super) fn sum(pieces: &[&[u8]]) -> i64 {
    let mut hash = Sha256::new();
    for piece in pieces {
        hash.update((piece.len() as u64).to_be_bytes());
        hash.update(piece);
    }
    let first = hash.finalize().first_chunk().copied();
    i64::from_be_bytes(first.unwrap_or_default())
}
