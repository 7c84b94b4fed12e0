//! The device key of a folder with a database, and what to do when it is lost.

use crate::files::{Disk, Files as _};
use crate::seal::{SealError, Sealer};
use crate::{Alarm, StoreError};
use std::io;
use std::path::Path;

/// The device key of the folder of a [`crate::Database`], which is made on the first start.
///
/// A key that is lost later, or is no key any more, is replaced so that the server starts and new secrets can be kept;
/// the alarm says that the old ones are gone. What was no key is kept beside it under the name `device.key.damaged`.
///
/// # Errors
/// When it cannot be read, or a new one cannot be kept.
pub fn device_key(folder: &Path) -> Result<(Sealer, Option<Alarm>), StoreError> {
    let failed = |error| StoreError::Files(folder.to_owned(), error);
    Disk.make_folder(folder).map_err(failed)?;
    let path = folder.join(KEY);
    let first = sealed_things(folder).map_err(failed)?.is_empty();
    match Sealer::open(&mut Disk, &path, first) {
        Ok(sealer) => return Ok((sealer, None)),
        Err(SealError::Length(..)) => {
            Disk.rename(&path, &path.with_extension("key.damaged")).map_err(failed)?;
        }
        Err(SealError::Key(_, error)) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let sealer = Sealer::open(&mut Disk, &path, true)?;
    Ok((sealer, Some(Alarm::KeyLost(path))))
}

/// Names of what may hold something that only the old key opens.
fn sealed_things(folder: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for place in ["", "snapshots", "damaged", "subscriptions", "rfps"] {
        found.extend(Disk.list(&folder.join(place))?);
    }
    found.retain(|path| path.extension().is_some_and(|it| it == "db" || it == "json"));
    Ok(found)
}

/// Its file.
pub(crate) const KEY: &str = "device.key";
