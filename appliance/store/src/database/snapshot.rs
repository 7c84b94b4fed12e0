//! Snapshots: whole copies of the database, each with its SHA-256 beside it.

use super::place::{Place, list, numbers, remove};
use crate::StoreError;
use crate::files::{Disk, Files as _, write_durably};
use crate::seal::hex;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Makes a snapshot, and removes all but the newest two.
pub(super) fn take(connection: &Connection, place: &mut Place<'_>) -> Result<(), StoreError> {
    let folder = place.snapshots();
    let failed = |error| StoreError::Files(folder.clone(), error);
    Disk.make_folder(&folder).map_err(failed)?;
    let numbers = numbers(&folder)?;
    let next = numbers.last().map_or(1, |last| last.saturating_add(1));
    let path = folder.join(format!("{next}.db"));
    let fresh = folder.join(format!("{next}.db.new"));
    remove(&fresh)?;
    place.step("a snapshot is written");
    let made = copy_out(connection, &fresh).and_then(|()| {
        let mut file = File::open(&fresh).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        let hash = pump(&mut file, &mut io::sink()).map_err(failed)?;
        place.step("the hash of a snapshot is written");
        write_durably(&mut Disk, &path.with_extension("sha256"), hash.as_bytes())
            .map_err(failed)?;
        place.step("a snapshot gets its name");
        Disk.rename(&fresh, &path).and_then(|()| Disk.sync_folder(&folder)).map_err(failed)
    });
    if made.is_err() {
        remove(&fresh)?;
        return made;
    }
    let oldest = numbers.last().copied().unwrap_or(next);
    for path in list(&folder)? {
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        if number.is_none_or(|number| number < oldest) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Writes all of a database into a file that is not there yet.
pub(super) fn copy_out(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let Some(name) = path.to_str() else {
        return Err(StoreError::Files(path.to_owned(), io::ErrorKind::InvalidFilename.into()));
    };
    connection.execute("VACUUM INTO ?1", [name])?;
    Ok(())
}

/// The snapshots, newest first.
pub(super) fn all(place: &Place<'_>) -> Result<Vec<PathBuf>, StoreError> {
    let folder = place.snapshots();
    let numbers = numbers(&folder)?;
    Ok(numbers.into_iter().rev().map(|number| folder.join(format!("{number}.db"))).collect())
}

/// Copies a snapshot; tells whether it is what its hash says. The snapshot itself is never opened as a database, since
/// that would change it.
pub(super) fn copy(snapshot: &Path, to: &Path) -> Result<bool, StoreError> {
    let failed = |error| StoreError::Files(to.to_owned(), error);
    let wanted = Disk.read(&snapshot.with_extension("sha256"));
    let source = File::open(snapshot);
    let (Ok(wanted), Ok(mut source)) = (wanted, source) else { return Ok(false) };
    let mut copy = File::create(to).map_err(failed)?;
    let hash = match pump(&mut source, &mut copy) {
        Ok(hash) => hash,
        // A disk that cannot read this one may be able to read the other.
        Err(error) if error.kind() != io::ErrorKind::StorageFull => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    copy.sync_all().map_err(failed)?;
    Ok(hash.as_bytes() == wanted)
}

/// Copies everything, and tells the hash as it stands in a file.
fn pump(from: &mut File, to: &mut impl io::Write) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(hex(&[&hash.finalize()]) + "\n"),
            got => {
                let piece = piece.get(..got).unwrap_or_default();
                hash.update(piece);
                to.write_all(piece)?;
            }
        }
    }
}

/// Octets that are copied at once.
const PIECE: usize = 64 << 10;
