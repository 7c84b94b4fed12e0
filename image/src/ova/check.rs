//! Whether an archive is what [`super::write()`] makes: order, owner, sizes, hashes, and a disk without damage.

use super::{ENDINGS, Error, entry, manifest};
use crate::{hash, ovf, vmdk};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Reads an archive to its end.
///
/// # Errors
/// [`Error::Wrong`] or [`Error::Disk`]: what is wrong with it; [`Error::Read`]: it cannot be read.
pub fn check(path: &Path) -> Result<ovf::Disk, Error> {
    let file = File::open(path).map_err(|error| Error::Read(path.to_owned(), error))?;
    stream(path, BufReader::new(file))
}

/// The same for an archive that is not a file; `path` is for the messages.
pub(super) fn stream(path: &Path, archive: impl Read) -> Result<ovf::Disk, Error> {
    let reading = |error| Error::Read(path.to_owned(), error);
    let wrong = |what: String| Error::Wrong(path.to_owned(), what);
    let mut archive = tar::Archive::new(archive);
    let mut entries = archive.entries().map_err(reading)?;
    let mut next = |ending: &str| {
        let entry = entries.next().ok_or_else(|| wrong(format!("no {ending}")))?;
        let entry = entry.map_err(|error| wrong(error.to_string()))?;
        let stem = stem(&entry, ending).map_err(&wrong)?;
        Ok::<_, Error>((stem, entry))
    };
    let [ovf, mf, vmdk] = ENDINGS;
    let (name, mut description) = next(ovf)?;
    let description = text(&mut description).map_err(|error| wrong(error.to_string()))?;
    let (mf_name, mut hashes) = next(mf)?;
    let hashes = text(&mut hashes).map_err(|error| wrong(error.to_string()))?;
    let (vmdk_name, disk) = next(vmdk)?;
    if mf_name != name || vmdk_name != name {
        return Err(wrong("the files in it have different names".into()));
    }
    let described = ovf::disk_in(&description).map_err(|what| wrong(format!("{ovf}: {what}")))?;
    if (described.octets, &*described.file) != (disk.size(), &*format!("{name}{vmdk}")) {
        return Err(wrong("the description speaks of another file".into()));
    }
    let mut disk = Hashed { inner: disk, hash: Sha256::new() };
    let found = vmdk::read(&mut disk, &mut |_, _| Ok(()))
        .map_err(|error| Error::Disk(path.to_owned(), error))?;
    if (found.capacity, &*found.extent) != (described.capacity, &*described.file) {
        return Err(wrong("the disk is another than the description says".into()));
    }
    let hash = hash::digits(&disk.hash.finalize());
    let ovf_hash = hash::of_octets(description.as_bytes());
    if hashes != manifest(&[(&format!("{name}{ovf}"), &ovf_hash), (&described.file, &hash)]) {
        return Err(wrong("the manifest does not agree with the files".into()));
    }
    if entries.next().is_some() {
        return Err(wrong("something follows the disk".into()));
    }
    Ok(described)
}

/// The name without its ending; the rest of the header must be as we write it.
fn stem(found: &tar::Entry<'_, impl Read>, ending: &str) -> Result<String, String> {
    let path = found.path().map_err(|error| error.to_string())?;
    let name = path.to_str().unwrap_or_default();
    let stem = name.strip_suffix(ending).ok_or_else(|| format!("{name} instead of {ending}"))?;
    let mut ours = entry(found.size());
    ours.set_path(name).map_err(|error| error.to_string())?;
    ours.set_cksum();
    if ours.as_bytes() != found.header().as_bytes() {
        return Err(format!("{name} has an owner, a time or a mode of its own"));
    }
    Ok(stem.to_owned())
}

fn text(entry: &mut impl Read) -> io::Result<String> {
    let mut text = String::new();
    // Cut off where it is longer; then its hash does not agree.
    entry.take(TEXT_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Hashes what is read through it.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(octets)?;
        self.hash.update(&octets[..count]);
        Ok(count)
    }
}

/// A description has some 5 KiB.
const TEXT_MAX: u64 = 1 << 20;
