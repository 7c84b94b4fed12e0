//! From whatever is found in the folder to an open database, and what the administrator has to be told.
//!
//! A file that is damaged is set aside. The newest snapshot that is sound takes its place, else an empty database: a
//! server without users that says so can be repaired from anywhere, one that does not start cannot.

use super::connection::{self, Missing};
use super::generations::{self, Stamp};
use super::place::{Place, Pointer, log_of, name, remove};
use super::schema::{self, SCHEMA};
use super::state::State;
use super::{log, migrate, now_us, snapshot};
use crate::{Alarm, StoreError};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

/// Opens what is there.
pub(super) fn settle(place: &mut Place<'_>) -> Result<(Connection, Vec<Alarm>), StoreError> {
    place.sweep()?;
    if place.is_untouched()? {
        begin(place)?;
        return Ok((sound(&place.file(SCHEMA), SCHEMA)?, Vec::new()));
    }
    let mut alarms = Vec::new();
    let (pointer, schemas) = (place.pointer()?, place.schemas()?);
    let ours = schemas.iter().rev().copied().find(|schema| *schema <= SCHEMA);
    let chosen = match pointer {
        Pointer::Schema(schema) if schema <= SCHEMA => Some(schema),
        Pointer::Schema(newer) => {
            alarms.extend(ours.map(|used| Alarm::Older { used: name(used), newest: name(newer) }));
            ours
        }
        Pointer::None | Pointer::Bad => ours,
    };
    let torn = chosen.map_or(Ok(Torn::default()), |schema| look_at_log(place, schema))?;
    let opened = match chosen {
        Some(schema) => sound(&place.file(schema), schema),
        None => Err(StoreError::Damaged("no file of it is there".into())),
    };
    match opened {
        Ok(found) => {
            let schema = chosen.unwrap_or(SCHEMA);
            alarms.extend(lost_line(pointer, schema, &found)?);
            let mut connection = enter(place, found, schema, pointer)?;
            alarms.extend(torn.seen_to(&mut connection)?);
            Ok((connection, alarms))
        }
        Err(StoreError::Damaged(why)) => {
            let (connection, alarm) = replace(place, chosen.unwrap_or(SCHEMA), why)?;
            alarms.push(alarm);
            Ok((connection, alarms))
        }
        Err(error) => Err(error),
    }
}

/// The first start of all.
fn begin(place: &mut Place<'_>) -> Result<(), StoreError> {
    let fresh = place.fresh(SCHEMA);
    place.step("the first file is made");
    empty(&fresh, None)?;
    place.put(&fresh, SCHEMA)?;
    place.flip(SCHEMA)
}

/// Opens a file if there is nothing wrong with it.
fn sound(path: &Path, schema: u32) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Damaged("its file is not there".into()));
    }
    let connection = connection::open(path, Missing::Refused)?;
    schema::is_sound(&connection, schema)?;
    if schema == SCHEMA {
        schema::is_intact(&connection)?;
    }
    connection::trust(&connection)?;
    Ok(connection)
}

/// What the log of a file was like before anybody has read it.
#[derive(Default)]
struct Torn {
    /// Changes that were kept and cannot be read.
    lost: u64,
    aside: Option<PathBuf>,
}

fn look_at_log(place: &mut Place<'_>, schema: u32) -> Result<Torn, StoreError> {
    let log = log_of(&place.file(schema));
    let lost = log::lost(&log).map_err(|error| StoreError::Files(log, error))?;
    // A disk without room for it must not keep the server from starting.
    let aside = if lost > 0 { place.copy_aside(schema).ok() } else { None };
    Ok(Torn { lost, aside })
}

impl Torn {
    /// Has it said, and written down; the log is emptied, since what is broken in it stands behind its end.
    fn seen_to(self, connection: &mut Connection) -> Result<Option<Alarm>, StoreError> {
        let Self { lost, aside } = self;
        if lost > 0 {
            let transaction = connection.transaction()?;
            let mut state = State::read(&transaction)?;
            let what = format!("the log was damaged: {lost} or {} changes are lost", lost + 1);
            write_down(&transaction, &mut state, &what)?;
            transaction.commit()?;
        }
        // One that does not become empty now does so at rest.
        let _ = connection::checkpoint(connection);
        Ok((lost > 0).then_some(Alarm::Log { lost, aside }))
    }
}

/// Without the line, the newest file is as good as certainly the right one. That of a first start that was interrupted
/// is empty, and nothing to worry about.
fn lost_line(
    pointer: Pointer,
    schema: u32,
    found: &Connection,
) -> Result<Option<Alarm>, StoreError> {
    let alarm = Some(Alarm::Pointer(name(schema)));
    match pointer {
        Pointer::Schema(_) => Ok(None),
        Pointer::None if schema == SCHEMA && State::read(found)? == State::default() => Ok(None),
        Pointer::None | Pointer::Bad => Ok(alarm),
    }
}

/// Makes a sound file the one in use.
fn enter(
    place: &mut Place<'_>,
    found: Connection,
    schema: u32,
    pointer: Pointer,
) -> Result<Connection, StoreError> {
    if schema < SCHEMA {
        migrate::arrive(place, found, schema)?;
        return sound(&place.file(SCHEMA), SCHEMA);
    }
    if pointer != Pointer::Schema(schema) {
        place.flip(schema)?;
    }
    Ok(found)
}

/// Puts the newest sound snapshot in the place of a damaged file, or an empty database.
fn replace(
    place: &mut Place<'_>,
    schema: u32,
    why: String,
) -> Result<(Connection, Alarm), StoreError> {
    let aside = place.set_aside(schema)?;
    let fresh = place.fresh(SCHEMA);
    let mut restored = None;
    for snapshot in snapshot::all(place)? {
        place.step("a snapshot is copied");
        match restore(&snapshot, &fresh, &why) {
            Ok(Some(generation)) => {
                restored = Some(generation);
                break;
            }
            Ok(None) | Err(StoreError::Damaged(_)) => remove_all(&fresh)?,
            Err(error) => return Err(error),
        }
    }
    let alarm = match restored {
        Some(generation) => Alarm::Restored { why, aside, generation },
        None => {
            place.step("an empty database is made");
            empty(&fresh, Some(&why))?;
            Alarm::Emptied { why, aside }
        }
    };
    place.put(&fresh, SCHEMA)?;
    place.flip(SCHEMA)?;
    Ok((sound(&place.file(SCHEMA), SCHEMA)?, alarm))
}

/// Makes a database from a snapshot; tells its generation, or nothing where the snapshot does not serve.
fn restore(snapshot: &Path, fresh: &Path, why: &str) -> Result<Option<u64>, StoreError> {
    if !snapshot::copy(snapshot, fresh)? {
        return Ok(None);
    }
    let connection = connection::open(fresh, Missing::Refused)?;
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
    let Some(schema) = u32::try_from(version).ok().filter(|schema| *schema <= SCHEMA) else {
        return Ok(None);
    };
    schema::is_sound(&connection, schema)?;
    connection::close(connection)?;
    if schema < SCHEMA {
        migrate::climb(fresh, schema)?;
    }
    let mut connection = sound(fresh, SCHEMA)?;
    let transaction = connection.transaction()?;
    let mut state = State::read(&transaction)?;
    let generation = super::number(&state);
    let what = format!("restored from a snapshot of generation {generation}: {why}");
    write_down(&transaction, &mut state, &what)?;
    transaction.commit()?;
    connection::close(connection)?;
    Ok(Some(generation))
}

/// Makes a database with nothing in it but the reason for that.
fn empty(fresh: &Path, why: Option<&str>) -> Result<(), StoreError> {
    let mut connection = connection::open(fresh, Missing::Made)?;
    let transaction = connection.transaction()?;
    schema::create(&transaction)?;
    if let Some(why) = why {
        let what = format!("begun anew without any snapshot: {why}");
        write_down(&transaction, &mut State::default(), &what)?;
    }
    transaction.commit()?;
    connection::close(connection)
}

/// The history says what has happened. Numbers that may have been given since are not given to something else.
fn write_down(connection: &Connection, state: &mut State, what: &str) -> Result<(), StoreError> {
    state.generation = state.generation.saturating_add(LEAP);
    let stamp = Stamp { at_us: now_us(), who: "this server", from: "its start", what };
    generations::add(connection, state, stamp, &[])?;
    state.write(connection)
}

fn remove_all(fresh: &Path) -> Result<(), StoreError> {
    let mut log: PathBuf = fresh.to_owned();
    log.as_mut_os_string().push("-wal");
    remove(&log).and_then(|()| remove(fresh))
}

/// More generations than are made between two snapshots.
const LEAP: i64 = 1_000_000;
