//! The tables `generations` and `differences`: who changed what, and what it was before.
//!
//! A difference holds the record as it was; what it became stands in the next difference of the same record, or in
//! its table. So the way back from now to a generation is the oldest difference of each record since.

use super::rows::{Table, sum};
use super::state::State;
use super::{settings, users};
use crate::StoreError;
use crate::seal::Sealer;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::collections::BTreeMap;

/// What became of one record.
pub(super) struct Difference {
    /// Where it stands.
    pub(super) table: Table,
    /// Under which key.
    pub(super) key: String,
    /// What it was; secrets are sealed in it.
    pub(super) before: Option<String>,
    /// What it is now.
    pub(super) after: Option<String>,
    /// A line for the history, without secrets; empty where there is nothing to say.
    pub(super) shown: String,
}

/// A change of settings and users, as the history has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generation {
    /// Counted from 1; grows with each change, not always by one. 0: nothing was ever changed.
    pub number: u64,
    /// When: microseconds since 1970, by the clock of the machine.
    pub at_us: i64,
    /// Who did it.
    pub who: String,
    /// From where: an address, a terminal, a file.
    pub from: String,
    /// What it was, in a few words.
    pub what: String,
    /// One line for each setting and user that differs, by name and without secrets: at most
    /// [`Generation::DIFFERENCES_MAX`] and one that counts the rest. Empty where it is too old.
    pub differences: Vec<String>,
}

impl Generation {
    /// So many changes can be undone.
    pub const UNDO_MAX: usize = UNDO_MAX;
    /// Lines that are kept in memory of one generation; an import may have ten thousand.
    pub const DIFFERENCES_MAX: usize = 1_000;
}

/// Who asks for a change, from where, and why.
#[derive(Clone, Copy)]
pub(super) struct Stamp<'a> {
    pub(super) at_us: i64,
    pub(super) who: &'a str,
    pub(super) from: &'a str,
    pub(super) what: &'a str,
}

/// How the table of generations is made.
pub(super) const GENERATIONS: &str = "CREATE TABLE generations (number INTEGER NOT NULL PRIMARY KEY, \
    at_us INTEGER NOT NULL, who TEXT NOT NULL, where_from TEXT NOT NULL, what TEXT NOT NULL, \
    differences INTEGER NOT NULL, differences_sum INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT";
/// How the table of differences is made.
pub(super) const DIFFERENCES: &str = "CREATE TABLE differences (generation INTEGER NOT NULL \
    REFERENCES generations (number) ON DELETE CASCADE, kind TEXT NOT NULL, key TEXT NOT NULL, before TEXT, \
    shown TEXT NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (generation, kind, key)) STRICT, WITHOUT ROWID";

/// Carries out differences; their tables are those of the content.
pub(super) fn apply(
    connection: &Connection,
    state: &mut State,
    differences: &[Difference],
) -> Result<(), StoreError> {
    for part in differences.chunk_by(|one, next| one.table == next.table) {
        let Some(first) = part.first() else { continue };
        let mut writer = first.table.writer(connection)?;
        for it in part {
            let grown = writer.set(&it.key, it.before.as_deref(), it.after.as_deref())?;
            state.content = state.content.wrapping_add(grown);
        }
    }
    Ok(())
}

/// Writes down a generation with its differences, and lets the oldest ones go.
pub(super) fn add(
    connection: &Connection,
    state: &mut State,
    stamp: Stamp<'_>,
    differences: &[Difference],
) -> Result<Generation, StoreError> {
    // A number is never given twice, and i64 lasts longer than any disk.
    state.generation = state.generation.saturating_add(1);
    let sums: Vec<i64> =
        differences.iter().map(|it| difference_sum(state.generation, it)).collect();
    let row = Written {
        number: state.generation,
        at_us: stamp.at_us,
        texts: [stamp.who, stamp.from, stamp.what].map(bounded),
        differences: i64::try_from(differences.len()).unwrap_or(i64::MAX),
        differences_sum: sums.iter().fold(0, |total, sum| total.wrapping_add(*sum)),
    };
    let [who, from, what] = &row.texts;
    connection.execute(
        "INSERT INTO generations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            row.number,
            row.at_us,
            who,
            from,
            what,
            row.differences,
            row.differences_sum,
            row.sum()
        ],
    )?;
    let mut insert =
        connection.prepare("INSERT INTO differences VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (it, sum) in differences.iter().zip(sums) {
        insert.execute(params![row.number, it.table.0, it.key, it.before, it.shown, sum])?;
    }
    thin_out(connection)?;
    Ok(row.told(differences.iter().map(|it| it.shown.clone()).collect()))
}

/// The newest generations, newest first.
pub(super) fn newest(connection: &Connection, limit: usize) -> Result<Vec<Generation>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement =
        connection.prepare("SELECT * FROM generations ORDER BY number DESC LIMIT ?1")?;
    let written = statement.query_map([limit], Written::read)?.collect::<Result<Vec<_>, _>>()?;
    let mut lines = connection
        .prepare("SELECT shown FROM differences WHERE generation = ?1 AND shown <> '' LIMIT ?2")?;
    let limit = i64::try_from(Generation::DIFFERENCES_MAX).unwrap_or(i64::MAX);
    let mut generations = Vec::with_capacity(written.len());
    for (row, sum) in written {
        row.check(sum)?;
        let shown = lines.query_map(params![row.number, limit], |line| line.get(0))?;
        let shown = shown.collect::<Result<Vec<String>, _>>()?;
        generations.push(row.told(shown));
    }
    Ok(generations)
}

/// What leads from now back to what was in force as generation `to`.
pub(super) fn way_back(
    connection: &Connection,
    sealer: &Sealer,
    to: u64,
) -> Result<Vec<Difference>, StoreError> {
    let unknown = || StoreError::NoGeneration(to);
    let to = i64::try_from(to).map_err(|_| unknown())?;
    let sql = "SELECT number FROM generations WHERE number = ?1";
    let there = connection.query_row(sql, [to], |row| row.get::<_, i64>(0)).optional()?.is_some();
    let since = since(connection, to)?;
    if since.len() > UNDO_MAX || (!there && to != 0) {
        return Err(unknown());
    }
    let mut records = BTreeMap::new();
    for row in since {
        for (table, key, before) in befores(connection, &row)? {
            // The older one overrides the newer.
            records.insert((table, key), before);
        }
    }
    let mut readers = [settings::TABLE.reader(connection)?, users::TABLE.reader(connection)?];
    let mut way = Vec::new();
    for ((table, key), wanted) in records {
        let now = readers[usize::from(table == users::TABLE)].get(&key)?;
        let of_user = table == users::TABLE;
        // What was sealed anew is another text and the same secret.
        let says_same = if of_user { users::says_same } else { settings::says_same };
        let pair = now.as_deref().zip(wanted.as_deref());
        if now != wanted && !pair.is_some_and(|(now, wanted)| says_same(sealer, &key, now, wanted))
        {
            let difference = if of_user { users::difference } else { settings::difference };
            way.push(difference(sealer, key, now, wanted));
        }
    }
    Ok(way)
}

/// Looks whether all generations and their differences are what was put there.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    let mut kept = 0;
    for row in since(connection, -1)?.iter().take(UNDO_MAX) {
        kept += befores(connection, row)?.len();
    }
    let sql = "SELECT count(*) FROM differences";
    let found = connection.query_row(sql, [], |row| row.get::<_, i64>(0))?;
    if i64::try_from(kept).ok() == Some(found) {
        return Ok(());
    }
    Err(StoreError::Damaged(format!("there are {found} differences instead of {kept}")))
}

/// The generations after `number`, newest first.
fn since(connection: &Connection, number: i64) -> Result<Vec<Written>, StoreError> {
    let mut statement =
        connection.prepare("SELECT * FROM generations WHERE number > ?1 ORDER BY number DESC")?;
    let mut since = Vec::new();
    for found in statement.query_map([number], Written::read)? {
        let (row, sum) = found?;
        row.check(sum)?;
        since.push(row);
    }
    Ok(since)
}

/// What the records of one generation's differences were before; it is one of those that can be gone back to.
fn befores(
    connection: &Connection,
    row: &Written,
) -> Result<Vec<(Table, String, Option<String>)>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT kind, key, before, shown, sum, generation FROM differences WHERE generation = ?1",
    )?;
    let mut rows = statement.query([row.number])?;
    let (mut befores, mut total) = (Vec::new(), 0_i64);
    while let Some(found) = rows.next()? {
        let kind: String = found.get(0)?;
        let tables = [settings::TABLE, users::TABLE];
        let table =
            tables.into_iter().find(|table| table.0 == kind).ok_or_else(|| row.damaged())?;
        let (key, before, shown) = (found.get(1)?, found.get(2)?, found.get(3)?);
        let difference = Difference { table, key, before, after: None, shown };
        // What SQLite finds in a damaged index need not be what it was asked for.
        let sum = difference_sum(found.get(5)?, &difference);
        if sum != found.get::<_, i64>(4)? {
            return Err(row.damaged());
        }
        total = total.wrapping_add(sum);
        befores.push((table, difference.key, difference.before));
    }
    let complete = i64::try_from(befores.len()).ok() == Some(row.differences);
    if complete && total == row.differences_sum { Ok(befores) } else { Err(row.damaged()) }
}

/// Of the older generations only who, when and why is kept, and of the oldest nothing.
fn thin_out(connection: &Connection) -> Result<(), StoreError> {
    let sql = "SELECT number FROM generations ORDER BY number DESC LIMIT 1 OFFSET ?1";
    for (kept, delete) in [
        (UNDO_MAX, "DELETE FROM differences WHERE generation <= ?1"),
        (GENERATIONS_MAX, "DELETE FROM generations WHERE number <= ?1"),
    ] {
        let kept = i64::try_from(kept).unwrap_or(i64::MAX);
        let oldest = connection.query_row(sql, [kept], |row| row.get::<_, i64>(0)).optional()?;
        if let Some(oldest) = oldest {
            connection.execute(delete, [oldest])?;
        }
    }
    Ok(())
}

/// A row of the table of generations.
struct Written {
    number: i64,
    at_us: i64,
    /// Who, from where, what.
    texts: [String; 3],
    differences: i64,
    differences_sum: i64,
}

impl Written {
    fn read(row: &Row<'_>) -> rusqlite::Result<(Self, i64)> {
        let written = Self {
            number: row.get(0)?,
            at_us: row.get(1)?,
            texts: [row.get(2)?, row.get(3)?, row.get(4)?],
            differences: row.get(5)?,
            differences_sum: row.get(6)?,
        };
        Ok((written, row.get(7)?))
    }

    fn sum(&self) -> i64 {
        let numbers = [self.number, self.at_us, self.differences, self.differences_sum];
        let [who, from, what] = &self.texts;
        let numbers = numbers.map(i64::to_be_bytes);
        sum(&[numbers.as_flattened(), who.as_bytes(), from.as_bytes(), what.as_bytes()])
    }

    fn check(&self, sum: i64) -> Result<(), StoreError> {
        if self.sum() == sum { Ok(()) } else { Err(self.damaged()) }
    }

    fn damaged(&self) -> StoreError {
        StoreError::Damaged(format!("generation {} is not what was put there", self.number))
    }

    /// As it is told, with these lines.
    fn told(self, mut differences: Vec<String>) -> Generation {
        differences.retain(|line| !line.is_empty());
        let all = usize::try_from(self.differences).unwrap_or(0);
        if differences.len() >= Generation::DIFFERENCES_MAX && all > Generation::DIFFERENCES_MAX {
            differences.truncate(Generation::DIFFERENCES_MAX);
            differences.push(format!("and {} more", all - Generation::DIFFERENCES_MAX));
        }
        let [who, from, what] = self.texts;
        let number = u64::try_from(self.number).unwrap_or(0);
        Generation { number, at_us: self.at_us, who, from, what, differences }
    }
}

fn difference_sum(generation: i64, it: &Difference) -> i64 {
    let before = it.before.as_deref();
    let pieces: [&[u8]; 6] = [
        &generation.to_be_bytes(),
        it.table.0.as_bytes(),
        it.key.as_bytes(),
        &[u8::from(before.is_some())],
        before.unwrap_or_default().as_bytes(),
        it.shown.as_bytes(),
    ];
    sum(&pieces)
}

fn bounded(text: &str) -> String {
    text.chars().take(STAMP_MAX).collect()
}

/// Generations that can be gone back to.
pub(super) const UNDO_MAX: usize = 50;
/// Generations of which it is known who made them, when and why: years of them.
pub(super) const GENERATIONS_MAX: usize = 1_000;
/// Letters of who, from where and what.
const STAMP_MAX: usize = 256;
