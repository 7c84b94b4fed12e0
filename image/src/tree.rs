//! A tree of files that becomes an initramfs or a root file system.

use crate::error::{At as _, Error};
use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

/// One thing in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A folder that anybody may read.
    Folder,
    /// A file that anybody may read.
    File(Vec<u8>),
    /// A file that anybody may run.
    Program(Vec<u8>),
    /// A symbolic link.
    Link(String),
}

/// Paths without a leading `/`, and what is there. Folders above a path are there, too.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    nodes: BTreeMap<String, Node>,
}

impl Tree {
    /// Puts something at a path.
    pub fn put(&mut self, path: &str, node: Node) {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        for folder in above {
            self.nodes.entry(folder.to_owned()).or_insert(Node::Folder);
        }
        self.nodes.insert(path.to_owned(), node);
    }

    /// Adds what is in a folder of the machine; a file that its owner may run, anybody may.
    ///
    /// # Errors
    /// When something in it cannot be read, or has a name that is not text.
    pub fn add(&mut self, folder: &Path, above: &str) -> Result<(), Error> {
        let entries = std::fs::read_dir(folder).at(folder)?;
        for entry in entries {
            let path = entry.at(folder)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| Error::Asked(format!("{}: its name", path.display())))?;
            let inside = format!("{above}{name}");
            let meta = path.symlink_metadata().at(&path)?;
            if meta.is_symlink() {
                let target = std::fs::read_link(&path).at(&path)?;
                self.put(&inside, Node::Link(target.to_string_lossy().into_owned()));
            } else if meta.is_dir() {
                self.put(&inside, Node::Folder);
                self.add(&path, &format!("{inside}/"))?;
            } else {
                let bytes = std::fs::read(&path).at(&path)?;
                let runs = meta.permissions().mode() & 0o100 != 0;
                self.put(&inside, if runs { Node::Program(bytes) } else { Node::File(bytes) });
            }
        }
        Ok(())
    }

    /// What is at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// The archive that a kernel unpacks, in the format `newc` of cpio, with the same bytes for the same tree.
    #[must_use]
    pub fn cpio(&self) -> Vec<u8> {
        let mut archive = Vec::new();
        for (number, (path, node)) in (1..).zip(&self.nodes) {
            let (mode, content): (u32, &[u8]) = match node {
                Node::Folder => (0o040_755, &[]),
                Node::File(bytes) => (0o100_644, bytes),
                Node::Program(bytes) => (0o100_755, bytes),
                Node::Link(target) => (0o120_777, target.as_bytes()),
            };
            record(&mut archive, number, mode, path, content);
        }
        record(&mut archive, 0, 0, "TRAILER!!!", &[]);
        archive
    }

    /// Writes it into an empty folder of the machine.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        std::fs::create_dir_all(folder).at(folder)?;
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).at(path)
        };
        mode(folder, 0o755)?;
        for (name, node) in &self.nodes {
            let path = folder.join(name);
            match node {
                Node::Folder => {
                    std::fs::create_dir(&path).at(&path)?;
                    mode(&path, 0o755)?;
                }
                Node::File(bytes) => {
                    std::fs::write(&path, bytes).at(&path)?;
                    mode(&path, 0o644)?;
                }
                Node::Program(bytes) => {
                    std::fs::write(&path, bytes).at(&path)?;
                    mode(&path, 0o755)?;
                }
                Node::Link(target) => symlink(target, &path).at(&path)?,
            }
        }
        Ok(())
    }
}

fn record(archive: &mut Vec<u8>, number: u32, mode: u32, path: &str, content: &[u8]) {
    let [size, name] = [content.len(), path.len() + 1].map(|len| u32::try_from(len).unwrap_or(0));
    let links = if mode & 0o170_000 == 0o040_000 { 2 } else { 1 };
    // Inode, mode, owner, group, links, time, size, four halves of device numbers, length of the name, checksum.
    let fields = [number, mode, 0, 0, links, 0, size, 0, 0, 0, 0, name, 0];
    archive.extend(b"070701");
    archive.extend(fields.iter().flat_map(|field| format!("{field:08X}").into_bytes()));
    archive.extend(path.as_bytes());
    archive.push(0);
    pad(archive);
    archive.extend(content);
    pad(archive);
}

fn pad(archive: &mut Vec<u8>) {
    archive.resize(archive.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    fn tree() -> Tree {
        let mut tree = Tree::default();
        tree.put("sbin/init", Node::Link("../bin/appliance".into()));
        tree.put("bin/appliance", Node::Program(vec![1; 5]));
        tree.put("proc", Node::Folder);
        tree.put("etc/motd", Node::File(b"hello\n".to_vec()));
        tree
    }

    #[test]
    fn cpio_unpacks_what_was_packed() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("cpio");
        command.args(["-i", "-d", "--quiet"]).current_dir(folder.path()).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&tree().cpio()).unwrap();
        assert!(child.wait().unwrap().success());
        let mut unpacked = Tree::default();
        unpacked.add(folder.path(), "").unwrap();
        assert_eq!(unpacked.nodes, tree().nodes);
    }

    #[test]
    fn a_folder_holds_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        tree().write(folder.path()).unwrap();
        let mut read = Tree::default();
        read.add(folder.path(), "").unwrap();
        assert_eq!(read.nodes, tree().nodes);
    }
}
