//! What the program `image` understands, apart from making disks: `vmdk`, `ova`, `check`, `sbom`.

use crate::ova::{self, Order};
use crate::ovf::Processors;
use crate::{sbom, vmdk};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// How a command ends when it does not end well.
pub type Failure = Box<dyn std::error::Error>;

/// `vmdk DISK OUT`
///
/// # Errors
/// Words that it does not understand, or what making it failed with.
pub fn vmdk(words: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let [disk, out] = two(lexopt::Parser::from_args(words))?;
    let name = out.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut input = File::open(&disk).map_err(|error| named(&disk, &error))?;
    let capacity = input.seek(SeekFrom::End(0))?;
    input.rewind()?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    let written = vmdk::write(&mut input, capacity, name, &mut file)?;
    keep(file, &out)?;
    println!("{}: {} octets, {} of 64 KiB in use", out.display(), written.octets, written.grains);
    Ok(())
}

/// `ova --name NAME --version VERSION [--cpus 1|2] DISK OUT`
///
/// # Errors
/// As above.
pub fn ova(words: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let (mut name, mut version, mut processors) = (None, None, Processors::One);
    let mut files = Vec::new();
    let mut words = lexopt::Parser::from_args(words);
    while let Some(word) = words.next()? {
        match word {
            Long("name") => name = Some(words.value()?.string()?),
            Long("version") => version = Some(words.value()?.string()?),
            Long("cpus") => {
                processors = match &*words.value()?.string()? {
                    "1" => Processors::One,
                    "2" => Processors::Two,
                    _ => return Err("--cpus is 1 or 2".into()),
                }
            }
            Value(file) => files.push(PathBuf::from(file)),
            other => return Err(other.unexpected().into()),
        }
    }
    let (name, version) = name.zip(version).ok_or("ova needs --name and --version")?;
    let [disk, out] = <[PathBuf; 2]>::try_from(files).map_err(|_| "ova needs DISK and OUT")?;
    let octets = ova::write(&Order { disk, name, version, processors }, &out)?;
    println!("{}: {octets} octets", out.display());
    Ok(())
}

/// `check OVA`
///
/// # Errors
/// What is wrong with it.
pub fn check(words: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let mut words = lexopt::Parser::from_args(words);
    let Some(Value(file)) = words.next()? else { return Err("check needs an OVA".into()) };
    if let Some(more) = words.next()? {
        return Err(more.unexpected().into());
    }
    let disk = ova::check(Path::new(&file))?;
    println!("{}: good, a disk of {} MiB", Path::new(&file).display(), disk.capacity >> 20);
    Ok(())
}

/// `sbom --version VERSION --target TRIPLE [--deb FILE]... [--installed PACKAGE]... [--buildroot FILE] WORKSPACE OUT`
///
/// # Errors
/// As above.
pub fn sbom(words: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    let (mut version, mut target) = (None, None);
    let (mut files, mut parts) = (Vec::new(), Vec::new());
    let mut words = lexopt::Parser::from_args(words);
    while let Some(word) = words.next()? {
        match word {
            Long("version") => version = Some(words.value()?.string()?),
            Long("target") => target = Some(words.value()?.string()?),
            Long("deb") => parts.push(sbom::debian_archive(Path::new(&words.value()?))?),
            Long("installed") => parts.push(sbom::debian_installed(&words.value()?.string()?)?),
            Long("buildroot") => {
                let file = PathBuf::from(words.value()?);
                let info = std::fs::read_to_string(&file).map_err(|error| named(&file, &error))?;
                parts.extend(sbom::buildroot(&info)?);
            }
            Value(file) => files.push(PathBuf::from(file)),
            other => return Err(other.unexpected().into()),
        }
    }
    let (version, target) = version.zip(target).ok_or("sbom needs --version and --target")?;
    let [workspace, out] =
        <[PathBuf; 2]>::try_from(files).map_err(|_| "sbom needs WORKSPACE and OUT")?;
    let (needs, crates) = sbom::crates(&workspace, &target)?;
    parts.extend(crates);
    let document = sbom::document(&version, &needs, &parts)?;
    std::fs::write(&out, document).map_err(|error| named(&out, &error))?;
    println!("{}: {} parts", out.display(), parts.len());
    Ok(())
}

fn two(mut words: lexopt::Parser) -> Result<[PathBuf; 2], Failure> {
    let mut files = Vec::new();
    while let Some(word) = words.next()? {
        match word {
            Value(file) => files.push(PathBuf::from(file)),
            other => return Err(other.unexpected().into()),
        }
    }
    <[PathBuf; 2]>::try_from(files).map_err(|_| "it needs DISK and OUT".into())
}

/// A temporary file, put where it belongs when it is whole.
fn keep(mut file: tempfile::NamedTempFile, out: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    file.flush()?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.persist(out).map_err(|error| named(out, &error.error))?;
    Ok(())
}

fn named(file: &Path, error: &std::io::Error) -> Failure {
    format!("{}: {error}", file.display()).into()
}
