//! FAT12 and FAT16 file systems with names of eight and three characters, every byte of which follows from the input.
//!
//! Microsoft's "FAT: General Overview of On-Disk Format", 1.03. Enough for the EFI system partition and for the
//! skeleton through which GRUB reaches the boot state; mtools and mkfs.fat stamp the time of day into theirs.

use crate::error::Error;
use std::collections::BTreeMap;

/// A file system that is being filled.
pub struct Fat {
    form: Form,
    /// Chain after chain; entries 0 and 1 are not clusters.
    table: Vec<u16>,
    clusters: Vec<u8>,
    root: Folder,
}

/// How a file system is laid out.
#[derive(Clone, Copy)]
pub struct Form {
    /// All of it.
    pub sectors: u16,
    /// Of a cluster.
    pub cluster_sectors: u8,
    /// In front of the first table.
    pub reserved_sectors: u16,
    /// Entries of the top folder, a multiple of 16.
    pub root_entries: u16,
    /// Its name, padded with blanks.
    pub label: [u8; 11],
    /// Its number.
    pub serial: u32,
}

#[derive(Default)]
struct Folder {
    folders: BTreeMap<String, Folder>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Form {
    const fn table_sectors(&self) -> u16 {
        // Both kinds of entry are counted as the larger one: a sector or two are lost.
        (self.sectors / self.cluster_sectors as u16 + 2).div_ceil(256)
    }

    /// The first sector of the first cluster.
    #[must_use]
    pub const fn first_data_sector(&self) -> u16 {
        self.reserved_sectors + TABLES * self.table_sectors() + self.root_entries / 16
    }

    const fn cluster_count(&self) -> u16 {
        (self.sectors - self.first_data_sector()) / self.cluster_sectors as u16
    }

    /// The kind follows from the number of clusters, and from nothing else.
    const fn is_12_bit(&self) -> bool {
        self.cluster_count() < 4085
    }

    const fn cluster_len(&self) -> usize {
        self.cluster_sectors as usize * SECTOR
    }
}

impl Fat {
    /// An empty one.
    #[must_use]
    pub fn new(form: Form) -> Self {
        let table = vec![0xFFF8, 0xFFFF];
        Self { form, table, clusters: Vec::new(), root: Folder::default() }
    }

    /// Puts a file at a path like `EFI/BOOT/BOOTX64.EFI`; folders are made as they are named.
    ///
    /// # Errors
    /// When a name has more than eight and three characters.
    pub fn file(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let mut folder = &mut self.root;
        let mut parts: Vec<&str> = path.split('/').collect();
        let name = parts.pop().unwrap_or_default();
        for part in parts {
            short_name(part)?;
            folder = folder.folders.entry(part.to_uppercase()).or_default();
        }
        short_name(name)?;
        folder.files.insert(name.to_uppercase(), bytes);
        Ok(())
    }

    /// The file system's bytes, `sectors` of them.
    ///
    /// # Errors
    /// When the files do not fit.
    pub fn finish(mut self) -> Result<Vec<u8>, Error> {
        let root = std::mem::take(&mut self.root);
        let mut entries = entry(self.form.label, VOLUME_LABEL, 0, 0);
        entries.extend(self.folder(&root, 0)?);
        let room = usize::from(self.form.root_entries) * ENTRY;
        fits("the top folder", entries.len(), room)?;
        entries.resize(room, 0);
        let mut bytes = self.boot_sector();
        bytes.resize(usize::from(self.form.reserved_sectors) * SECTOR, 0);
        for _ in 0..TABLES {
            bytes.extend(self.packed_table());
        }
        bytes.extend(entries);
        let room = usize::from(self.form.cluster_count()) * self.form.cluster_len();
        fits("the files of the EFI partition", self.clusters.len(), room)?;
        bytes.extend(self.clusters);
        bytes.resize(usize::from(self.form.sectors) * SECTOR, 0);
        Ok(bytes)
    }

    /// Stores what is in a folder and returns its entries.
    fn folder(&mut self, folder: &Folder, own: u16) -> Result<Vec<u8>, Error> {
        let mut entries = Vec::new();
        for (name, file) in &folder.files {
            let first = self.store(file)?;
            let len = u32::try_from(file.len()).unwrap_or(u32::MAX);
            entries.extend(entry(short_name(name)?, ARCHIVE, first, len));
        }
        for (name, inner) in &folder.folders {
            // Its place is needed before its content is known: it holds its own number.
            let count = 2 + inner.files.len() + inner.folders.len();
            let first = self.store(&vec![0; count * ENTRY])?;
            let mut content = entry(*b".          ", FOLDER, first, 0);
            content.extend(entry(*b"..         ", FOLDER, own, 0));
            content.extend(self.folder(inner, first)?);
            let from = usize::from(first - 2) * self.form.cluster_len();
            self.clusters[from..from + content.len()].copy_from_slice(&content);
            entries.extend(entry(short_name(name)?, FOLDER, first, 0));
        }
        Ok(entries)
    }

    /// Appends clusters in a row and returns the first one's number.
    fn store(&mut self, bytes: &[u8]) -> Result<u16, Error> {
        let count = bytes.len().div_ceil(self.form.cluster_len());
        if count == 0 {
            return Ok(0);
        }
        let room = usize::from(self.form.cluster_count()) + 2 - self.table.len();
        fits("a file of the EFI partition", count, room)?;
        let first = self.table.len();
        let links = (1..=count).map(|i| if i == count { 0xFFFF } else { first + i });
        self.table.extend(links.map(|link| u16::try_from(link).unwrap_or(u16::MAX)));
        self.clusters.extend(bytes);
        let whole = (self.table.len() - 2) * self.form.cluster_len();
        self.clusters.resize(whole, 0);
        Ok(u16::try_from(first).unwrap_or(u16::MAX))
    }

    fn packed_table(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.form.is_12_bit() {
            for pair in self.table.chunks(2) {
                let (a, b) = (pair[0] & 0xFFF, pair.get(1).unwrap_or(&0) & 0xFFF);
                let packed = u32::from(a) | u32::from(b) << 12;
                bytes.extend(&packed.to_le_bytes()[..3]);
            }
        } else {
            bytes.extend(self.table.iter().flat_map(|entry| entry.to_le_bytes()));
        }
        bytes.resize(usize::from(self.form.table_sectors()) * SECTOR, 0);
        bytes
    }

    fn boot_sector(&self) -> Vec<u8> {
        let form = &self.form;
        let mut bytes = b"\xEB\x3C\x90FIXPART ".to_vec();
        bytes.extend(512u16.to_le_bytes());
        bytes.push(form.cluster_sectors);
        bytes.extend(form.reserved_sectors.to_le_bytes());
        bytes.push(2); // tables
        bytes.extend(form.root_entries.to_le_bytes());
        bytes.extend(form.sectors.to_le_bytes());
        bytes.push(0xF8); // a disk that stays
        bytes.extend(form.table_sectors().to_le_bytes());
        bytes.extend([32, 0, 64, 0]); // sectors of a track and heads, which nobody asks for
        bytes.extend([0; 8]); // hidden sectors; sectors where they need 32 bits
        bytes.extend([0x80, 0, 0x29]); // drive; what follows is there
        bytes.extend(form.serial.to_le_bytes());
        bytes.extend(form.label);
        bytes.extend(if form.is_12_bit() { b"FAT12   " } else { b"FAT16   " });
        bytes.resize(SECTOR - 2, 0);
        bytes.extend([0x55, 0xAA]);
        bytes
    }
}

fn fits(what: &str, len: usize, room: usize) -> Result<(), Error> {
    if len <= room {
        return Ok(());
    }
    Err(Error::TooLarge { what: what.into(), len: len as u64, room: room as u64 })
}

fn entry(name: [u8; 11], attributes: u8, first: u16, len: u32) -> Vec<u8> {
    let mut bytes = vec![0; ENTRY];
    bytes[..11].copy_from_slice(&name);
    bytes[11] = attributes;
    // Made, read and changed on.
    for at in [16, 18, 24] {
        bytes[at..at + 2].copy_from_slice(&DAY.to_le_bytes());
    }
    bytes[26..28].copy_from_slice(&first.to_le_bytes());
    bytes[28..].copy_from_slice(&len.to_le_bytes());
    bytes
}

/// A name as it stands on the disk.
fn short_name(name: &str) -> Result<[u8; 11], Error> {
    let (base, extension) = name.split_once('.').unwrap_or((name, ""));
    let usable = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let bounds = (1..=8).contains(&base.len()) && extension.len() <= 3;
    if !bounds || !usable(base) || !usable(extension) {
        return Err(Error::Asked(format!("{name} is no name for a FAT file system")));
    }
    let mut short = [b' '; 11];
    short[..base.len()].copy_from_slice(base.to_uppercase().as_bytes());
    short[8..8 + extension.len()].copy_from_slice(extension.to_uppercase().as_bytes());
    Ok(short)
}

const SECTOR: usize = 512;
/// Copies of the table.
const TABLES: u16 = 2;
/// Bytes of an entry of a folder.
const ENTRY: usize = 32;
const VOLUME_LABEL: u8 = 0x08;
const FOLDER: u8 = 0x10;
const ARCHIVE: u8 = 0x20;
/// 1 January 1980, the first day there is.
const DAY: u16 = 1 << 5 | 1;

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Form = Form {
        sectors: 2048,
        cluster_sectors: 8,
        reserved_sectors: 8,
        root_entries: 64,
        label: *b"SMALL      ",
        serial: 7,
    };

    #[test]
    fn the_first_file_begins_at_the_first_cluster() {
        let mut fat = Fat::new(SMALL);
        fat.file("two", vec![2; 4097]).unwrap();
        fat.file("one", vec![1; 3]).unwrap();
        let bytes = fat.finish().unwrap();
        assert_eq!(bytes.len(), 2048 * SECTOR);
        let data = usize::from(SMALL.first_data_sector()) * SECTOR;
        assert_eq!(bytes[data..data + 4], [1, 1, 1, 0]);
        assert_eq!(bytes[data + 4096..data + 8193], [2; 4097]);
        // Clusters 2, 3 and 4: an end, a link to 4, an end.
        assert_eq!(bytes[8 * SECTOR..8 * SECTOR + 8], [0xF8, 0xFF, 0xFF, 0xFF, 0x4F, 0, 0xFF, 0xF]);
    }

    #[test]
    fn the_tools_of_the_machine_read_it() {
        for (sectors, cluster_sectors) in [(2048, 8), (32768, 4)] {
            let mut fat = Fat::new(Form { sectors, cluster_sectors, ..SMALL });
            fat.file("EFI/BOOT/BOOTX64.EFI", vec![7; 300_000]).unwrap();
            fat.file("grub/grub.cfg", b"echo hello\n".to_vec()).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("fat.img");
            std::fs::write(&path, fat.finish().unwrap()).unwrap();
            let read = |name: &str| {
                let mut command = std::process::Command::new("mtype");
                command.arg("-i").arg(&path).arg(name).output().unwrap().stdout
            };
            assert_eq!(read("::/grub/grub.cfg"), b"echo hello\n");
            assert_eq!(read("::/EFI/BOOT/BOOTX64.EFI"), vec![7; 300_000]);
            let mut check = std::process::Command::new("/usr/sbin/fsck.fat");
            let check = check.arg("-n").arg(&path).output().unwrap();
            assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut fat = Fat::new(SMALL);
        assert!(fat.file("grub/grub.config", vec![]).is_err());
        assert!(fat.file("a b", vec![]).is_err());
        fat.file("large", vec![0; 2048 * SECTOR]).unwrap();
        let error = fat.finish().unwrap_err();
        assert!(error.to_string().contains("there is room for"), "{error}");
    }
}
