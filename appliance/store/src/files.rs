//! The few things that are done with files, so that a test can let each of them go wrong.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A place for files.
pub trait Files {
    /// The names of the files in a folder, in order; none where there is no such folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// The content of a file.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Makes a folder and those above it, for this user alone.
    ///
    /// # Errors
    /// When it cannot be made.
    fn make_folder(&mut self, folder: &Path) -> io::Result<()>;

    /// Makes a file with this content, for this user alone, and waits until the disk has it.
    ///
    /// # Errors
    /// When the disk does not have it.
    fn write_synced(&mut self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// Gives a file another name; a file of that name is replaced.
    ///
    /// # Errors
    /// When it still has its old name.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; one that is not there is removed already.
    ///
    /// # Errors
    /// When it is still there.
    fn remove(&mut self, path: &Path) -> io::Result<()>;

    /// Waits until the disk has what was renamed and removed in a folder.
    ///
    /// # Errors
    /// When that is not certain.
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()>;
}

/// Puts `content` in the place of the file `path`: after a power cut there is the old content or the new,
/// and after `Ok` the new.
///
/// # Errors
/// When the new content is not certain to stay; what was there before is still there.
pub fn write_durably(files: &mut dyn Files, path: &Path, content: &[u8]) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let fresh = path.with_extension("new");
    files.write_synced(&fresh, content)?;
    files.rename(&fresh, path)?;
    files.sync_folder(folder)
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn make_folder(&mut self, folder: &Path) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    fn write_synced(&mut self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(content)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}
