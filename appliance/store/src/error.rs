//! Why the store cannot do what it was asked, sorted by whose fault it is.

use crate::seal::SealError;
use rusqlite::ErrorCode;
use std::io;
use std::path::PathBuf;

/// Whose fault an error is; it decides what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full or broken, or somebody else has the files: try again later, and say so.
    World,
    /// What was asked cannot be done: nothing has changed, ask for something else.
    Administrator,
    /// This program is wrong.
    Ours,
}

/// Why the store does not serve. What was there before is still there, whatever it is.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder, or something in it, cannot be used.
    #[error("cannot use {0}; check that it exists, its rights and the free space")]
    Files(PathBuf, #[source] io::Error),
    /// Another server has it.
    #[error("the state directory {0} is in use by another server; stop that one first")]
    InUse(PathBuf),
    /// The keys in it cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A record cannot be put into its form.
    #[error("a record cannot be written")]
    Record(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no room for more.
    #[error(
        "the disk has no room for this change, so nothing was changed; free some space and try again"
    )]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The disk does not do what it is asked.
    #[error(
        "the disk does not take or give the database; nothing was changed, check the disk and the rights"
    )]
    Disk(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database is not as it was left.
    #[error(
        "the database is damaged ({0}); restart the server to have the newest sound snapshot in its place"
    )]
    Damaged(String),
    /// Somebody else has changed something since.
    #[error(
        "the settings have changed meanwhile: this change was made to generation {base}, there is {now} now; look again and repeat it"
    )]
    Stale {
        /// What the change was made to.
        base: u64,
        /// What there is.
        now: u64,
    },
    /// A generation that is not there, or too old to be gone back to.
    #[error(
        "there is no way back to generation {0}; the history lists those that can be gone back to"
    )]
    NoGeneration(u64),
    /// More than anybody needs.
    #[error("{0} is larger than the database takes; nothing was changed")]
    TooLarge(&'static str),
    /// A statement of ours is wrong.
    #[error(
        "the database refuses a statement of this program; nothing was changed, please report this"
    )]
    Statement(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Files(..)
            | Self::InUse(_)
            | Self::Seal(_)
            | Self::Full(_)
            | Self::Disk(_)
            | Self::Damaged(_) => Fault::World,
            Self::Stale { .. } | Self::NoGeneration(_) | Self::TooLarge(_) => Fault::Administrator,
            Self::Record(_) | Self::Statement(_) => Fault::Ours,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as Sql;
        match error {
            // Rows that hold what was never put there.
            Sql::FromSqlConversionFailure(..)
            | Sql::IntegralValueOutOfRange(..)
            | Sql::InvalidColumnType(..)
            | Sql::Utf8Error(..)
            | Sql::QueryReturnedNoRows => Self::Damaged(error.to_string()),
            error => match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => Self::Full(Box::new(error)),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    Self::Damaged(error.to_string())
                }
                // A sector that cannot be read is as good as one with something else in it.
                Some(ErrorCode::SystemIoFailure) if is_of_reading(&error) => {
                    Self::Damaged(error.to_string())
                }
                Some(ErrorCode::TooBig) => Self::TooLarge("a record"),
                Some(
                    ErrorCode::CannotOpen
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::FileLockingProtocolFailed
                    | ErrorCode::NoLargeFileSupport
                    | ErrorCode::OutOfMemory
                    | ErrorCode::PermissionDenied
                    | ErrorCode::ReadOnly
                    | ErrorCode::SystemIoFailure,
                ) => Self::Disk(Box::new(error)),
                _ => Self::Statement(Box::new(error)),
            },
        }
    }
}

fn is_of_reading(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map_or(0, |error| error.extended_code);
    [
        rusqlite::ffi::SQLITE_IOERR_READ,
        rusqlite::ffi::SQLITE_IOERR_SHORT_READ,
        rusqlite::ffi::SQLITE_IOERR_CORRUPTFS,
        rusqlite::ffi::SQLITE_IOERR_DATA,
    ]
    .contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    fn of(code: i32) -> StoreError {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into()
    }

    #[test]
    fn what_sqlite_says_is_sorted_by_whose_fault_it_is() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR, ffi::SQLITE_CORRUPT, ffi::SQLITE_NOMEM] {
            assert_eq!(of(code).fault(), Fault::World, "{code}");
        }
        assert!(matches!(of(ffi::SQLITE_FULL), StoreError::Full(_)));
        assert!(matches!(of(ffi::SQLITE_NOTADB), StoreError::Damaged(_)));
        assert_eq!(of(ffi::SQLITE_TOOBIG).fault(), Fault::Administrator);
        assert_eq!(of(ffi::SQLITE_CONSTRAINT).fault(), Fault::Ours);
        assert_eq!(StoreError::Stale { base: 1, now: 2 }.fault(), Fault::Administrator);
    }
}
