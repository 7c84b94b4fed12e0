//! Subscriptions and base stations in a directory.

use crate::StoreError;
use crate::files::{Disk, Files, write_durably};
use crate::record::{self, RecordError};
use crate::seal::Sealer;
use dect::subscription::{Change, RfpRecord, Subscription, Subscriptions};
use ident::{Ipei, Mac};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Subscriptions and base stations in a directory; see [`Subscriptions`] for what it promises.
///
/// A record that cannot be read is named in the log and set aside under another name; the others are not
/// touched by it.
pub struct DirSubscriptions<F = Disk> {
    files: F,
    handsets: PathBuf,
    rfps: PathBuf,
    sealer: Sealer,
    /// Held as long as this value lives: two servers in one directory would undo each other's changes.
    _lock: Option<File>,
}

impl DirSubscriptions {
    /// Opens the state directory, which is made if it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::Files(directory.to_owned(), error);
        Disk.make_folder(directory).map_err(failed)?;
        let path = directory.join("lock");
        let lock = File::create(&path).map_err(|error| StoreError::Files(path.clone(), error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(directory.to_owned())),
            Err(TryLockError::Error(error)) => return Err(StoreError::Files(path, error)),
        }
        Self::open_in(Disk, directory, Some(lock))
    }
}

impl<F: Files> DirSubscriptions<F> {
    fn open_in(mut files: F, directory: &Path, lock: Option<File>) -> Result<Self, StoreError> {
        let (handsets, rfps) = (directory.join("subscriptions"), directory.join("rfps"));
        let mut first = true;
        for folder in [&handsets, &rfps] {
            let failed = |error| StoreError::Files(folder.clone(), error);
            files.make_folder(folder).map_err(failed)?;
            first &= files.list(folder).map_err(failed)?.is_empty();
        }
        let sealer = Sealer::open(&mut files, &directory.join("device.key"), first)?;
        Ok(Self { files, handsets, rfps, sealer, _lock: lock })
    }

    /// For secrets of others in the same state directory.
    #[must_use]
    pub const fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    fn read_all<T>(
        &self,
        folder: &Path,
        read: fn(&Sealer, &[u8]) -> Result<T, RecordError>,
    ) -> Result<Vec<T>, StoreError> {
        let failed = |error| StoreError::Files(folder.to_owned(), error);
        let paths = self.files.list(folder).map_err(failed)?;
        let records = paths.iter().filter(|path| path.extension().is_some_and(|it| it == "json"));
        Ok(records.filter_map(|path| self.read_one(path, read)).collect())
    }

    fn read_one<T>(
        &self,
        path: &Path,
        read: fn(&Sealer, &[u8]) -> Result<T, RecordError>,
    ) -> Option<T> {
        let octets = match self.files.read(path) {
            Ok(octets) => octets,
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "a record cannot be read and is left out");
                return None;
            }
        };
        match read(&self.sealer, &octets) {
            Ok(record) => Some(record),
            Err(error) => {
                tracing::error!(
                    path = %path.display(),
                    %error,
                    "a record is damaged and left out; subscribe the handset or enrol the base station again, or restore the file"
                );
                None
            }
        }
    }

    /// A record that could not be read is about to be replaced: keep it under another name.
    fn set_aside_if_damaged<T>(
        &mut self,
        path: &Path,
        read: fn(&Sealer, &[u8]) -> Result<T, RecordError>,
    ) -> io::Result<()> {
        match self.files.read(path) {
            Ok(octets) if read(&self.sealer, &octets).is_err() => {
                self.files.rename(path, &path.with_extension("damaged"))
            }
            _ => Ok(()),
        }
    }

    fn handset_path(&self, ipei: Ipei) -> PathBuf {
        self.handsets.join(format!("{:05}-{:07}.json", ipei.emc(), ipei.psn()))
    }

    fn rfp_path(&self, mac: Mac) -> PathBuf {
        self.rfps.join(format!("{}.json", mac.to_string().replace(':', "")))
    }

    fn put(&mut self, path: &Path, content: &[u8]) -> Result<(), StoreError> {
        write_durably(&mut self.files, path, content)
            .map_err(|error| StoreError::Files(path.to_owned(), error))
    }

    fn remove(&mut self, folder: &Path, path: &Path) -> Result<(), StoreError> {
        let removed = self.files.remove(path).and_then(|()| self.files.sync_folder(folder));
        removed.map_err(|error| StoreError::Files(path.to_owned(), error))
    }
}

impl<F: Files> Subscriptions for DirSubscriptions<F> {
    type Error = StoreError;

    fn load(&self) -> Result<(Vec<Subscription>, Vec<RfpRecord>), StoreError> {
        let subscriptions = self.read_all(&self.handsets, record::read_subscription)?;
        Ok((subscriptions, self.read_all(&self.rfps, record::read_rfp)?))
    }

    fn apply(&mut self, change: &Change) -> Result<(), StoreError> {
        let unwritable = |error: RecordError| StoreError::Record(Box::new(error));
        let failed = |path: &Path, error| StoreError::Files(path.to_owned(), error);
        match change {
            Change::Put(subscription) => {
                let path = self.handset_path(subscription.ipei);
                let content =
                    record::write_subscription(&self.sealer, subscription).map_err(unwritable)?;
                let aside = self.set_aside_if_damaged(&path, record::read_subscription);
                aside.map_err(|error| failed(&path, error))?;
                self.put(&path, &content)
            }
            Change::PutRfp(rfp) => {
                let path = self.rfp_path(rfp.mac);
                let content = record::write_rfp(&self.sealer, rfp).map_err(unwritable)?;
                let aside = self.set_aside_if_damaged(&path, record::read_rfp);
                aside.map_err(|error| failed(&path, error))?;
                self.put(&path, &content)
            }
            Change::Remove(ipei) => self.remove(&self.handsets.clone(), &self.handset_path(*ipei)),
            Change::RemoveRfp(mac) => self.remove(&self.rfps.clone(), &self.rfp_path(*mac)),
        }
    }
}

#[cfg(test)]
mod tests;
