//! Stream-optimized virtual disks: "Virtual Disk Format 1.1" of VMware, as ESXi and ovftool take them.
//!
//! A file is read and written from its beginning to its end: header, descriptor, compressed grains in the order of the
//! disk, each grain table behind its grains, the grain directory, a footer with the directory's place, an end marker.
//! The same disk gives the same file, on any machine and at any time.

mod layout;
mod read;
mod write;

pub use layout::{CAPACITY_MAX, GRAIN};
pub use read::{Found, read};
pub use write::{Written, write};

use std::io;

/// Why there is no virtual disk.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk has no size that the format can express.
    #[error(
        "a disk of {0} octets cannot become a VMDK; make it a multiple of 64 KiB, at most 2 TiB"
    )]
    Capacity(u64),
    /// The name would not survive its way into the descriptor.
    #[error("{0:?} cannot be the name of a VMDK; use letters, digits, and . _ - only, at most 64")]
    Name(String),
    /// The disk is shorter than was said.
    #[error("the disk ends after {0} octets, before the size that was given")]
    Short(u64),
    /// The file is not what [`write`] writes.
    #[error("damaged VMDK at sector {sector}: {what}")]
    Damaged {
        /// Where, in sectors of 512 octets from the beginning.
        sector: u64,
        /// What was found there, or not found.
        what: &'static str,
    },
    /// The disk or the file cannot be read.
    #[error("cannot read")]
    Read(#[source] io::Error),
    /// The file or the disk cannot be written.
    #[error("cannot write")]
    Write(#[source] io::Error),
}

#[cfg(test)]
mod tests;
