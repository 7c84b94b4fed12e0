//! The appliance as one file that a hypervisor imports: an archive of description, manifest and disk, in this order.
//!
//! The archive is plain ustar with owner 0:0 and time 0; the manifest has lines `SHA256(name)= digits`, the only form
//! that all of VMware's programs read.

mod check;

pub use check::check;

use crate::ovf::{self, Machine, Processors};
use crate::{hash, name, vmdk};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What to make.
#[derive(Clone, Debug)]
pub struct Order {
    /// The raw disk.
    pub disk: PathBuf,
    /// What the machine and the files in the archive are called, without ending.
    pub name: String,
    /// Of the product.
    pub version: String,
    /// How many processors the machine gets.
    pub processors: Processors,
}

/// Why there is no OVA, or why one is not good.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name would need quotes somewhere.
    #[error(
        "{0:?} cannot be the name of a machine; use letters, digits, and . _ - only, at most 59"
    )]
    Name(String),
    /// The disk is not fit, or the one in the archive is damaged.
    #[error("{0}: no virtual disk")]
    Disk(PathBuf, #[source] vmdk::Error),
    /// The archive is not one of ours.
    #[error("{path} is not a good OVA: {what}", path = .0.display(), what = .1)]
    Wrong(PathBuf, String),
    /// A file cannot be read.
    #[error("cannot read {0}")]
    Read(PathBuf, #[source] io::Error),
    /// A file cannot be written.
    #[error("cannot write {0}")]
    Write(PathBuf, #[source] io::Error),
}

/// Makes the archive `out`, which is there as a whole or not at all. Gives its octets.
///
/// Beside it there must be room for the compressed disk for as long as it takes.
///
/// # Errors
/// [`Error`], which names the file.
pub fn write(order: &Order, out: &Path) -> Result<u64, Error> {
    if !name::is_fit(&format!("{}.vmdk", order.name)) {
        return Err(Error::Name(order.name.clone()));
    }
    let writing = |error| Error::Write(out.to_owned(), error);
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut disk = tempfile::tempfile_in(folder).map_err(writing)?;
    let described = pack(order, &mut disk)?;
    let machine = Machine {
        name: order.name.clone(),
        version: order.version.clone(),
        processors: order.processors,
        disk: described,
    };
    let description = ovf::envelope(&machine);
    let [ovf, mf, vmdk] = ENDINGS.map(|ending| format!("{}{ending}", order.name));
    disk.rewind().map_err(writing)?;
    let hash = hash::of(&mut disk).map_err(writing)?;
    disk.rewind().map_err(writing)?;
    let manifest = manifest(&[(&ovf, &hash::of_octets(description.as_bytes())), (&vmdk, &hash)]);

    let whole = tempfile::NamedTempFile::new_in(folder).map_err(writing)?;
    let mut archive = tar::Builder::new(whole);
    append(&mut archive, &ovf, description.len() as u64, description.as_bytes())
        .map_err(writing)?;
    append(&mut archive, &mf, manifest.len() as u64, manifest.as_bytes()).map_err(writing)?;
    append(&mut archive, &vmdk, machine.disk.octets, &mut disk).map_err(writing)?;
    let whole = archive.into_inner().map_err(writing)?;
    whole.as_file().sync_all().map_err(writing)?;
    readable(whole.as_file()).map_err(writing)?;
    let file = whole.persist(out).map_err(|error| writing(error.error))?;
    Ok(file.metadata().map_err(writing)?.len())
}

fn pack(order: &Order, out: &mut File) -> Result<ovf::Disk, Error> {
    let reading = |error| Error::Read(order.disk.clone(), error);
    let mut disk = File::open(&order.disk).map_err(reading)?;
    let capacity = disk.seek(SeekFrom::End(0)).map_err(reading)?;
    disk.rewind().map_err(reading)?;
    let file = format!("{}.vmdk", order.name);
    let written = vmdk::write(&mut disk, capacity, &file, out)
        .map_err(|error| Error::Disk(order.disk.clone(), error))?;
    Ok(ovf::Disk { file, octets: written.octets, capacity })
}

/// The manifest, one line per file.
fn manifest(files: &[(&str, &str)]) -> String {
    files
        .iter()
        .fold(String::new(), |text, (name, hash)| text + &format!("SHA256({name})= {hash}\n"))
}

fn append(
    archive: &mut tar::Builder<impl io::Write>,
    name: &str,
    octets: u64,
    content: impl Read,
) -> io::Result<()> {
    archive.append_data(&mut entry(octets), name, content)
}

/// An entry that says nothing about who made it, when and where.
fn entry(octets: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_size(octets);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

/// A temporary file is for its owner only.
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

/// In the order of the archive: whoever imports it reads the description first.
const ENDINGS: [&str; 3] = [".ovf", ".mf", ".vmdk"];

#[cfg(test)]
mod tests;
