//! A connection to one file, set up so that what was committed is on the disk and damage is noticed.

use crate::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Whether a file that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is made.
    Made,
    /// It is an error.
    Refused,
}

/// Opens a file.
pub(super) fn open(path: &Path, missing: Missing) -> Result<Connection, StoreError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    if missing == Missing::Made {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection = Connection::open_with_flags(path, flags)?;
    // There is one owner; who finds the file locked need not wait.
    connection.busy_timeout(Duration::ZERO)?;
    for (option, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        // A damaged file is set aside with its log, as it was found.
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
    ] {
        connection.set_db_config(option, on)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, RECORD_MAX)?;
    connection.execute_batch(PRAGMAS)?;
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if mode != "wal" {
        let why = format!("its file system allows the journal mode {mode} only");
        return Err(StoreError::Disk(why.into()));
    }
    Ok(connection)
}

/// The file is a sound one of ours: its log may be brought into it when it is closed.
pub(super) fn trust(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

/// Closes a file that was made, with everything in it and nothing in its log.
pub(super) fn close(connection: Connection) -> Result<(), StoreError> {
    checkpoint(&connection)?;
    trust(&connection)?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Brings everything from the log into the file, and leaves the log empty.
pub(super) fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    // There is nobody else who could be reading.
    if busy == 0 { Ok(()) } else { Err(StoreError::Disk("the log is in use".into())) }
}

/// Asks SQLite whether the file is sound: `quick_check` or `integrity_check`.
pub(super) fn check(connection: &Connection, pragma: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(&format!("PRAGMA {pragma}({FLAWS_MAX})"))?;
    let flaws = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut flaws = flaws.collect::<Result<Vec<_>, _>>()?;
    flaws.retain(|flaw| flaw != "ok");
    Ok(flaws)
}

/// The locking mode comes first: with it, the index of the log is in memory and no file is shared.
/// Without FULL the newest commits could be gone after a power cut. The log is brought
/// into the file when there is nothing else to do, and at the latest with 10 MiB: more than an import of the longest list.
const PRAGMAS: &str = "
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 2560;
    PRAGMA journal_size_limit = 4194304;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -16384;
    PRAGMA max_page_count = 65536;
";
/// Octets of a record: no file that is imported is larger.
const RECORD_MAX: i32 = 16 << 20;
/// Flaws of a damaged file that are named.
const FLAWS_MAX: u32 = 3;
