//! The database: settings, users, handsets, base stations, and the history of what was changed.
//!
//! One process owns it, the role `conf`. A change is one transaction, on the disk when the call returns; a power cut
//! leaves the change before or the one after, never half of one. The file is named by the line in `current`
//! (`config.1.db` of schema 1), so that a new version can prepare its own beside the old one's.

mod connection;
mod generations;
mod log;
mod migrate;
mod order;
mod place;
mod radio;
mod recovery;
mod rows;
mod schema;
mod sealed;
mod settings;
mod snapshot;
mod state;
mod users;

pub use generations::Generation;
pub(crate) use place::lock_to_read;

use crate::alarm::LeftOut;
use crate::seal::Sealer;
use crate::{Alarm, StoreError};
use config::Entry;
use config::roster::{self, Row};
use dect::subscription::{Change, RfpRecord, Subscription, Subscriptions};
use generations::{Difference, Stamp};
use place::Place;
use rusqlite::{Connection, TransactionBehavior};
use state::State;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The database of one server.
///
/// It has neither `Debug` nor `Display`, since secrets open with it.
pub struct Database {
    connection: Connection,
    sealer: Sealer,
    folder: PathBuf,
    /// Held as long as this value lives.
    _lock: File,
}

/// Everything that is in force.
///
/// It has neither `Debug` nor `Display`, since it holds secrets in clear.
pub struct Stored {
    /// The newest generation, 0 before the first.
    pub generation: u64,
    /// In the order of writing.
    pub settings: Vec<Entry>,
    /// In the order of their keys.
    pub users: Vec<Row>,
    /// In the order of the identities.
    pub subscriptions: Vec<Subscription>,
    /// In the order of the addresses.
    pub rfps: Vec<RfpRecord>,
    /// What is stored but cannot be read, and is left out here.
    pub alarms: Vec<Alarm>,
}

/// Settings and users as they were once.
///
/// It has neither `Debug` nor `Display`, since it holds secrets in clear.
pub struct Content {
    /// In the order of writing.
    pub settings: Vec<Entry>,
    /// In the order of their keys.
    pub users: Vec<Row>,
    /// What cannot be read any more, and is left out here.
    pub alarms: Vec<Alarm>,
}

/// Handsets and base stations.
///
/// It has neither `Debug` nor `Display`, since it holds keys in clear.
pub struct Radio {
    /// In the order of the identities.
    pub subscriptions: Vec<Subscription>,
    /// In the order of the addresses.
    pub rfps: Vec<RfpRecord>,
    /// What is stored but cannot be read, and is left out here.
    pub alarms: Vec<Alarm>,
}

/// A change of settings, users or both.
///
/// It has neither `Debug` nor `Display`, since it holds secrets in clear.
#[derive(Clone, Default)]
pub struct Commit {
    /// The generation that the change was made to; `None`: to whatever there is.
    pub base: Option<u64>,
    /// Who asks for it.
    pub who: String,
    /// From where: an address, a terminal, a file.
    pub from: String,
    /// What it is, in a few words.
    pub what: String,
    /// All settings, in their order; `None`: they stay as they are.
    pub settings: Option<Vec<Entry>>,
    /// What changes about users. Of several changes to one key the last counts.
    pub users: Vec<roster::Change>,
}

impl Database {
    /// Opens the database in `folder`, which is made where there is none.
    ///
    /// A damaged file is set aside and the newest sound snapshot takes its place, else an empty database; what was lost
    /// is in the alarms, which are to be shown. One of an older version is copied and brought to this version's schema.
    ///
    /// # Errors
    /// [`StoreError::InUse`], and those of the disk; [`crate::Fault::World`] all, so that trying again later makes sense.
    pub fn open(folder: &Path, sealer: Sealer) -> Result<(Self, Vec<Alarm>), StoreError> {
        Self::open_watched(folder, sealer, &mut |_| {})
    }

    /// As [`Self::open`]; `watch` hears of each step before it is taken, for tests that end the program there.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[doc(hidden)]
    pub fn open_watched(
        folder: &Path,
        sealer: Sealer,
        watch: &mut dyn FnMut(&'static str),
    ) -> Result<(Self, Vec<Alarm>), StoreError> {
        let lock = place::lock(folder)?;
        let (connection, alarms) = recovery::settle(&mut Place::new(folder, watch))?;
        Ok((Self { connection, sealer, folder: folder.to_owned(), _lock: lock }, alarms))
    }

    /// Everything that is in force.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and those of the disk.
    pub fn load(&mut self) -> Result<Stored, StoreError> {
        let transaction = self.connection.transaction()?;
        let (state, sealer) = (State::read(&transaction)?, &self.sealer);
        let mut left_out = LeftOut::default();
        let (settings, first) = settings::all(&transaction, sealer, &mut left_out)?;
        let (users, second) = users::all(&transaction, sealer, &mut left_out)?;
        let (subscriptions, third) = radio::subscriptions(&transaction, sealer, &mut left_out)?;
        let (rfps, fourth) = radio::rfps(&transaction, sealer, &mut left_out)?;
        schema::adds_up(&state, [first, second, third, fourth])?;
        let alarms = left_out.alarms();
        Ok(Stored { generation: number(&state), settings, users, subscriptions, rfps, alarms })
    }

    /// Makes a change, durably, as the next generation. A change that changes nothing makes none; the answer is then
    /// the newest there is.
    ///
    /// # Errors
    /// [`StoreError`]; nothing has changed then.
    pub fn commit(&mut self, commit: &Commit) -> Result<Generation, StoreError> {
        let Commit { base, who, from, what, settings, users } = commit;
        let stamp = Stamp { at_us: now_us(), who, from, what };
        self.generation(stamp, |connection, sealer, state| {
            if let Some(base) = base.filter(|base| *base != number(state)) {
                return Err(StoreError::Stale { base, now: number(state) });
            }
            let mut differences = users::differences(connection, sealer, users)?;
            if let Some(entries) = settings {
                differences.extend(settings::differences(connection, sealer, entries)?);
            }
            Ok(differences)
        })
    }

    /// The settings and users that were in force as generation `to`; 0 is the beginning, when there were none.
    ///
    /// # Errors
    /// [`StoreError::NoGeneration`] where it is too old or never was, and those of the disk.
    pub fn content_at(&mut self, to: u64) -> Result<Content, StoreError> {
        let transaction = self.connection.transaction()?;
        let way = generations::way_back(&transaction, &self.sealer, to)?;
        generations::apply(&transaction, &mut State::read(&transaction)?, &way)?;
        // Whatever becomes of it, the transaction is never committed.
        let mut left_out = LeftOut::default();
        let (settings, _) = settings::all(&transaction, &self.sealer, &mut left_out)?;
        let (users, _) = users::all(&transaction, &self.sealer, &mut left_out)?;
        Ok(Content { settings, users, alarms: left_out.alarms() })
    }

    /// The handsets and base stations. The sums of everything are looked at, as by [`Self::load`].
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and those of the disk.
    pub fn radio(&mut self) -> Result<Radio, StoreError> {
        let transaction = self.connection.transaction()?;
        let (state, sealer) = (State::read(&transaction)?, &self.sealer);
        let mut left_out = LeftOut::default();
        let first = settings::TABLE.each(&transaction, |_, _| Ok(()))?;
        let second = users::TABLE.each(&transaction, |_, _| Ok(()))?;
        let (subscriptions, third) = radio::subscriptions(&transaction, sealer, &mut left_out)?;
        let (rfps, fourth) = radio::rfps(&transaction, sealer, &mut left_out)?;
        schema::adds_up(&state, [first, second, third, fourth])?;
        Ok(Radio { subscriptions, rfps, alarms: left_out.alarms() })
    }

    /// Makes changes of handsets and base stations, all or none, durably. They have no generation of their own, and
    /// going back to one leaves them as they are.
    ///
    /// # Errors
    /// [`StoreError`]; nothing has changed then.
    pub fn keep(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.change(|connection, sealer, state| {
            let differences = radio::differences(connection, sealer, changes)?;
            generations::apply(connection, state, &differences)
        })
    }

    /// The newest generations, newest first.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and those of the disk.
    pub fn history(&mut self, limit: usize) -> Result<Vec<Generation>, StoreError> {
        generations::newest(&self.connection, limit)
    }

    /// Brings what was written into the database's file and leaves its log empty: when there is nothing else to do, and
    /// before the end.
    ///
    /// # Errors
    /// Those of the disk; nothing is lost by them.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        connection::checkpoint(&self.connection)
    }

    /// Makes a copy of everything, to be taken when the database is damaged; the newest two are kept. Every night, and
    /// before an update.
    ///
    /// # Errors
    /// Those of the disk; the older snapshots are still there then.
    pub fn snapshot(&mut self) -> Result<(), StoreError> {
        self.snapshot_watched(&mut |_| {})
    }

    /// As [`Self::snapshot`]; `watch` hears of each step before it is taken, for tests that end the program there.
    ///
    /// # Errors
    /// As [`Self::snapshot`].
    #[doc(hidden)]
    pub fn snapshot_watched(
        &mut self,
        watch: &mut dyn FnMut(&'static str),
    ) -> Result<(), StoreError> {
        snapshot::take(&self.connection, &mut Place::new(&self.folder, watch))
    }

    /// Looks at every page and every record, which takes a while: once a week. What is damaged is repaired by opening the
    /// database anew.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with what was found, and those of the disk.
    pub fn integrity_check(&mut self) -> Result<(), StoreError> {
        let flaws = connection::check(&self.connection, "integrity_check")?;
        if !flaws.is_empty() {
            return Err(StoreError::Damaged(flaws.join("; ")));
        }
        schema::is_intact(&self.connection)
    }

    /// Takes over what another store holds, once: a second time, and what is in the database already, is left as it is.
    /// Tells how many records were taken.
    ///
    /// # Errors
    /// [`StoreError`]; nothing has changed then.
    pub fn take_over(
        &mut self,
        other: &impl Subscriptions<Error = StoreError>,
    ) -> Result<usize, StoreError> {
        if State::read(&self.connection)?.taken_over {
            return Ok(0);
        }
        let (handsets, rfps) = other.load()?;
        let handsets = handsets.into_iter().map(|it| Change::Put(Box::new(it)));
        let rfps = rfps.into_iter().map(|it| Change::PutRfp(Box::new(it)));
        let changes: Vec<Change> = handsets.chain(rfps).collect();
        self.change(|connection, sealer, state| {
            let mut missing = Vec::new();
            for change in changes {
                if !radio::has(connection, &change)? {
                    missing.push(change);
                }
            }
            let differences = radio::differences(connection, sealer, &missing)?;
            generations::apply(connection, state, &differences)?;
            state.taken_over = true;
            Ok(differences.len())
        })
    }

    /// Does not wait for the disk any more: for tests that must notice what is lost by that.
    ///
    /// # Errors
    /// [`StoreError`].
    #[doc(hidden)]
    pub fn careless(&mut self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("PRAGMA synchronous = OFF")?)
    }

    fn generation(
        &mut self,
        stamp: Stamp<'_>,
        differences: impl FnOnce(&Connection, &Sealer, &State) -> Result<Vec<Difference>, StoreError>,
    ) -> Result<Generation, StoreError> {
        self.change(|connection, sealer, state| {
            let mut differences = differences(connection, sealer, state)?;
            // As the tables have them.
            differences.sort_by(|one, other| (one.table, &one.key).cmp(&(other.table, &other.key)));
            if differences.is_empty() {
                let newest = generations::newest(connection, 1)?;
                return Ok(newest.into_iter().next().unwrap_or_default());
            }
            generations::apply(connection, state, &differences)?;
            generations::add(connection, state, stamp, &differences)
        })
    }

    /// One transaction; it is written only if it changes something.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&Connection, &Sealer, &mut State) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let before = State::read(&transaction)?;
        let mut state = before;
        let made = change(&transaction, &self.sealer, &mut state)?;
        if state != before {
            state.write(&transaction)?;
            transaction.commit()?;
        }
        Ok(made)
    }
}

fn number(state: &State) -> u64 {
    u64::try_from(state.generation).unwrap_or(0)
}

/// Microseconds since 1970; a clock before that says 0.
fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
