//! What can go wrong while an image is made, and what to do about it.

use std::path::{Path, PathBuf};

/// Whose fault it is decides which of these it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that is not there.
    #[error("{0}")]
    Asked(String),
    /// The kernel that was given cannot be used.
    #[error("the kernel in {}: {problem}", .path.display())]
    Kernel {
        /// The folder or package.
        path: PathBuf,
        /// What is the matter with it.
        problem: String,
    },
    /// Something does not fit where it belongs.
    #[error("{what} has {len} bytes, there is room for {room}")]
    TooLarge {
        /// What it is.
        what: String,
        /// Its length.
        len: u64,
        /// What there is.
        room: u64,
    },
    /// A program or a file of the machine is missing.
    #[error("{what} is not here; install it with: apt-get install {package}")]
    NotInstalled {
        /// What was looked for.
        what: String,
        /// Debian's package with it.
        package: &'static str,
    },
    /// A program has failed.
    #[error("{program} has failed: {said}")]
    Program {
        /// Its name.
        program: String,
        /// The end of what it said.
        said: String,
    },
    /// A file could not be read or written.
    #[error("{}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The partition table.
    #[error("the partition table")]
    Table(#[from] update::gpt::Error),
}

/// Gives a failed access the name of its file.
pub trait At<T> {
    /// The same, with the name.
    ///
    /// # Errors
    /// When it was one.
    fn at(self, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::File { path: path.to_path_buf(), source })
    }
}
