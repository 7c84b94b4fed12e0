//! A copy of a database's folder, to be looked at: nothing is changed where it comes from, not even by a repair.

use crate::StoreError;
use crate::database::lock_to_read;
use crate::device_key::KEY;
use crate::files::{Disk, Files as _};
use std::fs;
use std::io;
use std::path::Path;

/// Copies what is in `folder`, a folder of a [`crate::Database`], into `to`, which is made. What was set aside as damaged
/// is left out, and the device key is only pointed to.
///
/// It may stand on a disk that cannot be written. A folder that is not there is one with nothing in it.
///
/// # Errors
/// [`StoreError::InUse`] while somebody has the database open, and those of the disk.
pub fn copy_to_look_at(folder: &Path, to: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::Files(folder.to_owned(), error);
    // Held until everything is copied.
    let _lock = lock_to_read(folder)?;
    for place in ["", "snapshots"] {
        let (from, to) = (folder.join(place), to.join(place));
        Disk.make_folder(&to).map_err(|error| StoreError::Files(to.clone(), error))?;
        for path in Disk.list(&from).map_err(failed)? {
            let Some(name) = path.file_name() else { continue };
            let is_file = fs::metadata(&path).map_err(failed)?.is_file();
            if name == KEY {
                let whole = std::path::absolute(&path).map_err(failed)?;
                std::os::unix::fs::symlink(whole, to.join(name)).map_err(failed)?;
            } else if is_file {
                copy(&path, &to.join(name))?;
            }
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |error| StoreError::Files(path, error)
    };
    let mut source = fs::File::open(from).map_err(failed(from))?;
    let mut copy = fs::File::create(to).map_err(failed(to))?;
    io::copy(&mut source, &mut copy).map(drop).map_err(failed(from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Alarm, Commit, Database, device_key};
    use config::roster::{self, Row};
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    fn open(folder: &Path) -> (Database, Vec<Alarm>) {
        let (sealer, lost) = device_key(folder).unwrap();
        let (database, alarms) = Database::open(folder, sealer).unwrap();
        (database, lost.into_iter().chain(alarms).collect())
    }

    fn commit(database: &mut Database, key: &str) {
        let fields = vec![
            ("username".to_owned(), key.to_owned()),
            ("authpassword".to_owned(), "zebra7".to_owned()),
        ];
        let added =
            roster::Change::Added(Row { key: key.into(), fields: fields.into_iter().collect() });
        database.commit(&Commit { users: vec![added], ..Commit::default() }).unwrap();
    }

    /// Every file below a folder, as it is.
    fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        for path in Disk.list(folder).unwrap() {
            if path.is_dir() {
                found.extend(all(&path));
            } else {
                let octets = fs::read(&path).unwrap();
                found.insert(path, octets);
            }
        }
        found
    }

    #[test]
    fn a_copy_has_what_only_the_log_has_and_the_folder_stays_as_it_is_whatever_is_done_with_it() {
        let (home, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (folder, copied) = (home.path().join("conf"), place.path().join("conf"));
        let (mut database, _) = open(&folder);
        database.snapshot().unwrap();
        commit(&mut database, "1001");
        let busy = copy_to_look_at(&folder, &copied).unwrap_err();
        assert!(matches!(busy, StoreError::InUse(_)), "{busy}");
        // As a process leaves it that was killed: the last change stands in the log alone.
        let killed = home.path().join("killed");
        fs::create_dir(&killed).unwrap();
        for name in ["current", "config.1.db", "config.1.db-wal", "device.key", "database.lock"] {
            fs::copy(folder.join(name), killed.join(name)).unwrap();
        }
        drop(database);

        let before = all(&killed);
        copy_to_look_at(&killed, &copied).unwrap();
        let (mut database, alarms) = open(&copied);
        assert_eq!(alarms, []);
        let users = database.load().unwrap().users;
        assert_eq!(users.len(), 1);
        assert!(users[0].fields.iter().any(|(_, text)| text == "zebra7"), "the key is the same");
        commit(&mut database, "1002");
        drop(database);
        assert!(all(&killed) == before, "the folder has changed");
    }

    #[test]
    fn what_is_damaged_is_repaired_in_the_copy_only_and_what_is_not_there_is_empty() {
        let (home, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mut database, _) = open(home.path());
        commit(&mut database, "1001");
        database.snapshot().unwrap();
        drop(database);
        fs::write(home.path().join("config.1.db"), b"no database").unwrap();

        let before = all(home.path());
        let copied = place.path().join("copied");
        copy_to_look_at(home.path(), &copied).unwrap();
        let (mut database, alarms) = open(&copied);
        assert!(matches!(alarms[..], [Alarm::Restored { .. }]), "{alarms:?}");
        assert_eq!(database.load().unwrap().users.len(), 1);
        assert!(all(home.path()) == before, "the folder has changed");

        let nothing = place.path().join("nothing");
        copy_to_look_at(&home.path().join("nowhere"), &nothing).unwrap();
        assert_eq!(open(&nothing).0.load().unwrap().generation, 0);
        assert!(!home.path().join("nowhere").exists());
    }
}
