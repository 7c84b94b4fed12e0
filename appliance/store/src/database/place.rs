//! The folder of the database: which files there are, and how they change names so that a power cut never leaves none.
//!
//! ```text
//! current            config.1.db         the line that names the file in use
//! config.1.db        its log is config.1.db-wal
//! snapshots/4.db     4.sha256            the newest two
//! damaged/7.db       7.db-wal            what was set aside, the newest three
//! *.new              in the making; removed at the next start
//! ```

use crate::StoreError;
use crate::files::{Disk, Files as _, write_durably};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The folder.
pub(super) struct Place<'a> {
    folder: PathBuf,
    /// Told before each step, for tests that end the program there.
    watch: &'a mut dyn FnMut(&'static str),
}

/// What the line says that names the file in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pointer {
    /// There is none.
    None,
    /// It names nothing that could be a file of ours.
    Bad,
    /// The file with this schema.
    Schema(u32),
}

/// Makes the folder where there is none, and takes it for this process alone.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    Disk.make_folder(folder).map_err(|error| StoreError::Files(folder.to_owned(), error))?;
    let path = folder.join(LOCK);
    let lock = File::create(&path).map_err(|error| StoreError::Files(path.clone(), error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::Files(path, error)),
    }
}

/// Keeps others from taking the folder for as long as it is read; nothing is made. `None`: nobody ever had it.
pub(crate) fn lock_to_read(folder: &Path) -> Result<Option<File>, StoreError> {
    let path = folder.join(LOCK);
    let lock = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| StoreError::Files(path.clone(), error))?,
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::Files(path, error)),
    }
}

impl<'a> Place<'a> {
    /// The folder at `path`.
    pub(super) fn new(path: &Path, watch: &'a mut dyn FnMut(&'static str)) -> Self {
        Self { folder: path.to_owned(), watch }
    }

    /// The file with this schema.
    pub(super) fn file(&self, schema: u32) -> PathBuf {
        self.folder.join(name(schema))
    }

    /// The file with this schema while it is made.
    pub(super) fn fresh(&self, schema: u32) -> PathBuf {
        self.folder.join(name(schema) + ".new")
    }

    /// The folder of the snapshots.
    pub(super) fn snapshots(&self) -> PathBuf {
        self.folder.join("snapshots")
    }

    /// The next step begins.
    pub(super) fn step(&mut self, name: &'static str) {
        (self.watch)(name);
    }

    /// Removes what was in the making when the program ended.
    pub(super) fn sweep(&self) -> Result<(), StoreError> {
        for folder in [&self.folder, &self.snapshots()] {
            for path in list(folder)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if name.ends_with(".new") || name.contains(".new-") {
                    remove(&path)?;
                }
            }
        }
        Ok(())
    }

    /// The schemas of which there are files, oldest first.
    pub(super) fn schemas(&self) -> Result<Vec<u32>, StoreError> {
        let mut schemas: Vec<u32> =
            list(&self.folder)?.iter().filter_map(|path| schema_of(file_name(path)?)).collect();
        schemas.sort_unstable();
        Ok(schemas)
    }

    /// What the line says.
    pub(super) fn pointer(&self) -> Result<Pointer, StoreError> {
        let path = self.folder.join(POINTER);
        match Disk.read(&path) {
            Ok(octets) => {
                let line = std::str::from_utf8(&octets).ok().and_then(|it| it.strip_suffix('\n'));
                Ok(line.and_then(schema_of).map_or(Pointer::Bad, Pointer::Schema))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Pointer::None),
            Err(error) => Err(StoreError::Files(path, error)),
        }
    }

    /// Makes the line name the file with this schema.
    pub(super) fn flip(&mut self, schema: u32) -> Result<(), StoreError> {
        self.step("the line is changed");
        let path = self.folder.join(POINTER);
        let line = name(schema) + "\n";
        write_durably(&mut Disk, &path, line.as_bytes())
            .map_err(|error| StoreError::Files(path, error))?;
        self.step("the line was changed");
        Ok(())
    }

    /// Gives a file that was made its name. What had the name before is set aside, and so is a log without its file:
    /// SQLite would take it for the new file's.
    pub(super) fn put(&mut self, fresh: &Path, schema: u32) -> Result<(), StoreError> {
        self.step("the new file is written");
        let path = self.file(schema);
        let failed = |error| StoreError::Files(path.clone(), error);
        File::open(fresh).and_then(|file| file.sync_all()).map_err(failed)?;
        self.set_aside(schema)?;
        self.step("the new file gets its name");
        Disk.rename(fresh, &path).and_then(|()| Disk.sync_folder(&self.folder)).map_err(failed)
    }

    /// Sets the file with this schema aside, with its log; tells where it is. Of those that were set aside before, the
    /// oldest is removed.
    pub(super) fn set_aside(&mut self, schema: u32) -> Result<Option<PathBuf>, StoreError> {
        let path = self.file(schema);
        let pieces = [path.clone(), log_of(&path)];
        if !pieces.iter().any(|piece| piece.exists()) {
            return Ok(None);
        }
        let (folder, aside) = self.room_aside()?;
        let failed = |error| StoreError::Files(folder.clone(), error);
        let mut moved = None;
        // The file first: a log without its file is found and set aside later, a file without its log looks sound.
        for (piece, place) in pieces.iter().zip([aside.clone(), log_of(&aside)]) {
            self.step("a file is set aside");
            if piece.exists() {
                Disk.rename(piece, &place).map_err(failed)?;
                moved = moved.or((*piece == path).then(|| aside.clone()));
            }
        }
        for folder in [&folder, &self.folder] {
            Disk.sync_folder(folder).map_err(failed)?;
        }
        forget_oldest(&folder)?;
        Ok(moved)
    }

    /// As [`Self::set_aside`], of a file that stays in use; tells where its copy is.
    pub(super) fn copy_aside(&mut self, schema: u32) -> Result<PathBuf, StoreError> {
        self.step("a file is copied aside");
        let (folder, aside) = self.room_aside()?;
        let failed = |error| StoreError::Files(folder.clone(), error);
        let path = self.file(schema);
        let copied = std::fs::copy(&path, &aside)
            .and_then(|_| std::fs::copy(log_of(&path), log_of(&aside)))
            .and_then(|_| Disk.sync_folder(&folder));
        if let Err(error) = copied {
            // Half of it would be of no use.
            remove(&log_of(&aside)).and_then(|()| remove(&aside))?;
            return Err(failed(error));
        }
        forget_oldest(&folder)?;
        Ok(aside)
    }

    /// The folder of what is set aside, and the next name in it.
    fn room_aside(&self) -> Result<(PathBuf, PathBuf), StoreError> {
        let folder = self.folder.join("damaged");
        let made = Disk.make_folder(&folder);
        made.map_err(|error| StoreError::Files(folder.clone(), error))?;
        let next = numbers(&folder)?.last().map_or(1, |last| last.saturating_add(1));
        let aside = folder.join(format!("{next}.db"));
        Ok((folder, aside))
    }

    /// Whether there was never a database here.
    pub(super) fn is_untouched(&self) -> Result<bool, StoreError> {
        let others = [self.snapshots(), self.folder.join("damaged")];
        let mut untouched = self.pointer()? == Pointer::None && self.schemas()?.is_empty();
        for folder in others {
            untouched &= numbers(&folder)?.is_empty();
        }
        Ok(untouched)
    }

    /// Removes the files of the schemas before `oldest`: the version that read them is two updates away.
    pub(super) fn forget_before(&self, oldest: u32) -> Result<(), StoreError> {
        for schema in self.schemas()?.into_iter().filter(|schema| *schema < oldest) {
            let path = self.file(schema);
            remove(&log_of(&path)).and_then(|()| remove(&path))?;
        }
        Ok(())
    }
}

/// The file's name of this schema.
pub(super) fn name(schema: u32) -> String {
    format!("config.{schema}.db")
}

fn schema_of(name: &str) -> Option<u32> {
    let number = name.strip_prefix("config.")?.strip_suffix(".db")?;
    let schema = number.parse().ok()?;
    (self::name(schema) == name).then_some(schema)
}

/// Of those that were set aside all but the newest go.
fn forget_oldest(folder: &Path) -> Result<(), StoreError> {
    for old in numbers(folder)?.iter().rev().skip(ASIDE_MAX) {
        let old = folder.join(format!("{old}.db"));
        remove(&log_of(&old)).and_then(|()| remove(&old))?;
    }
    Ok(())
}

/// The numbers of the files `N.db` in a folder, in order.
pub(super) fn numbers(folder: &Path) -> Result<Vec<u64>, StoreError> {
    let number = |path: &PathBuf| file_name(path)?.strip_suffix(".db")?.parse().ok();
    let mut numbers: Vec<u64> = list(folder)?.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The log of a file.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// What is in a folder; nothing where there is no such folder.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    Disk.list(folder).map_err(|error| StoreError::Files(folder.to_owned(), error))
}

/// Removes a file; one that is not there is removed already.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    Disk.remove(path).map_err(|error| StoreError::Files(path.to_owned(), error))
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// Where the line is.
const POINTER: &str = "current";
/// Its owner has it locked.
const LOCK: &str = "database.lock";
/// Damaged files that are kept, each as large as the database.
const ASIDE_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_its_schema_and_no_other_name_does() {
        assert_eq!(schema_of(&name(12)), Some(12));
        for other in ["config.01.db", "config..db", "config.1.db-wal", "config.-1.db", "x.1.db"] {
            assert_eq!(schema_of(other), None, "{other}");
        }
    }
}
