//! What an administrator has to be told about what was found on the disk.

use std::path::PathBuf;

/// Something was lost, or may be; nothing is lost without one of these.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Alarm {
    /// The database was damaged, and a snapshot is in its place.
    #[error(
        "the database was damaged ({why}) and stands aside in {}; a snapshot with generation {generation} is in its place, \
         so look whether users, settings and handsets that were changed since are right", shown(.aside.as_ref())
    )]
    Restored {
        /// What was wrong with it.
        why: String,
        /// Where it is now; `None` where there was no file any more.
        aside: Option<PathBuf>,
        /// What the snapshot holds.
        generation: u64,
    },
    /// The database was damaged, and there was no sound snapshot.
    #[error(
        "the database was damaged ({why}) and stands aside in {}; there is no sound snapshot, so that all users, settings \
         and handsets are gone: restore a backup", shown(.aside.as_ref())
    )]
    Emptied {
        /// What was wrong with it.
        why: String,
        /// Where it is now; `None` where there was no file any more.
        aside: Option<PathBuf>,
    },
    /// The log of the database was damaged before its last change.
    #[error(
        "the log of the database is damaged: {lost} or {} changes of users, settings or handsets that had been kept cannot be \
         read any more, so look whether the newest ones are right; the database as it was found is aside in {}",
        .lost + 1, shown(.aside.as_ref())
    )]
    Log {
        /// Changes that had certainly been kept; the one behind them may have been.
        lost: u64,
        /// Where the database is as it was found, with its log; `None` where it could not be copied.
        aside: Option<PathBuf>,
    },
    /// The line that names the database's file was lost; the newest file was taken.
    #[error(
        "the line that names the database's file is lost or damaged; {0} was taken, look whether the newest changes are in it"
    )]
    Pointer(String),
    /// This program is older than the one that ran before.
    #[error(
        "this version reads {used} and not {newest}, which a newer version has written; what was changed since that version \
         came is not in force"
    )]
    Older {
        /// The file in use.
        used: String,
        /// The file of the newer version.
        newest: String,
    },
    /// The device key is lost, and there is a new one.
    #[error(
        "the device key {0} is lost or damaged and a new one was made: passwords and keys sealed with the old one do not open; \
         restore the key from a backup, or enter the passwords and subscribe the handsets again"
    )]
    KeyLost(PathBuf),
    /// Secrets that do not open with the device key.
    #[error(
        "{0} secrets do not open with this device key and count as not set; restore the key from a backup, or enter them again"
    )]
    Secrets(usize),
    /// One record that cannot be read, though it is as it was left.
    #[error("{0} cannot be read by this version and is left out")]
    Record(String),
}

/// What does not open, or cannot be read.
#[derive(Default)]
pub(crate) struct LeftOut {
    /// Secrets that do not open with the device key.
    pub(crate) secrets: usize,
    records: Vec<String>,
    more: usize,
}

impl LeftOut {
    /// A record that this version cannot read.
    pub(crate) fn record(&mut self, name: String) {
        if self.records.len() < RECORDS_NAMED {
            self.records.push(name);
        } else {
            self.more += 1;
        }
    }

    /// What the administrator is told.
    pub(crate) fn alarms(self) -> Vec<Alarm> {
        let mut alarms: Vec<Alarm> = self.records.into_iter().map(Alarm::Record).collect();
        if self.more > 0 {
            alarms.push(Alarm::Record(format!("each of {} further records", self.more)));
        }
        if self.secrets > 0 {
            alarms.push(Alarm::Secrets(self.secrets));
        }
        alarms
    }
}

fn shown(aside: Option<&PathBuf>) -> String {
    aside.map_or_else(|| "no file".into(), |path| path.display().to_string())
}

/// Records that are named one by one.
const RECORDS_NAMED: usize = 20;
