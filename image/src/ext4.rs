//! ext4 file systems without a mount: made by mke2fs, filled by debugfs.

use crate::error::{At as _, Error};
use crate::layout::written;
use crate::slot::EPOCH;
use crate::tool::Tool;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use update::gpt::Guid;
use update::template::Template;

/// How a file system is to be.
pub struct Order<'a> {
    /// Itself; what spreads the names in its folders is made from it.
    pub id: Guid,
    /// At most 16 characters.
    pub label: &'a str,
    /// Its length.
    pub mib: u64,
    /// Whether it is written to on the box.
    pub journal: Journal,
}

/// Whether a file system keeps one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    /// It is written to, and the power may go at any time.
    Kept,
    /// It is written once, at manufacture.
    None,
}

/// Makes a file system with these files at its top, as a sparse file.
///
/// # Errors
/// When mke2fs or debugfs fails.
pub fn write(
    order: &Order<'_>,
    files: &[(&str, &[u8])],
    out: &Path,
    work: &Path,
) -> Result<(), Error> {
    let journal = match order.journal {
        Journal::Kept => "has_journal,",
        Journal::None => "",
    };
    let id = written(order.id);
    // Room in the tables for a disk of this many blocks, so that the kernel can grow it while it is mounted.
    let resize =
        if order.mib < RESERVE_FROM_MIB { String::new() } else { format!(",resize={BLOCKS_MAX}") };
    if out.exists() {
        std::fs::remove_file(out).at(out)?;
    }
    tool("mke2fs")
        // The machine may have an opinion on what is usual.
        .env("MKE2FS_CONFIG", "/dev/null")
        .args(["-q", "-F", "-t", "ext4", "-b", "4096", "-I", "256", "-m", "0", "-U", &id])
        .args(["-L", order.label, "-O", &format!("none,{journal}{FEATURES}"), "-E"])
        .arg(format!(
            "hash_seed={id},lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0{resize}"
        ))
        .arg(out)
        .arg(format!("{}k", order.mib * 1024))
        .run()?;
    for (name, content) in files {
        let file = work.join("ext4.file");
        std::fs::write(&file, content).at(&file)?;
        // It is taken over, and must not be what this user's umask makes of it.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).at(&file)?;
        let command = format!("write {} {name}", file.display());
        tool("debugfs").args(["-w", "-R", &command]).arg(out).run()?;
    }
    Ok(())
}

/// An empty file system for a box without mkfs.
///
/// # Errors
/// When it cannot be made.
pub fn template(work: &Path) -> Result<Vec<u8>, Error> {
    let path = work.join("template.ext4");
    let order = Order { id: TEMPLATE_ID, label: "", mib: TEMPLATE_MIB, journal: Journal::Kept };
    write(&order, &[], &path, work)?;
    let image = std::fs::read(&path).at(&path)?;
    Ok(Template::of_image(&image).encode())
}

/// A program of e2fsprogs that believes it is always the same time.
fn tool(name: &'static str) -> Tool {
    Tool::new(name, "e2fsprogs").env("E2FSPROGS_FAKE_TIME", EPOCH).env("SOURCE_DATE_EPOCH", EPOCH)
}

/// Named one by one, so that the machine's version of e2fsprogs does not add what the kernel does not know.
const FEATURES: &str = "ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,\
                        huge_file,dir_nlink,extra_isize,metadata_csum";
/// Smaller ones never grow.
const RESERVE_FROM_MIB: u64 = 16;
/// 256 GiB.
const BLOCKS_MAX: u64 = 1 << 26;
/// The least that ext4 keeps a journal of a useful size in.
const TEMPLATE_MIB: u64 = 16;
/// The same in every version: who mounts it goes by the partition.
const TEMPLATE_ID: Guid = Guid(0x7F1C_5A1E_5D0B_8C3A_9E11_6E0F_4A2D_91B7);

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order<'static> {
        Order { id: Guid(7), label: "test", mib: 16, journal: Journal::Kept }
    }

    #[test]
    fn the_same_order_gives_the_same_bytes() {
        let made = || {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("fs");
            write(&order(), &[("a.xml", b"<a/>")], &path, folder.path()).unwrap();
            std::fs::read(path).unwrap()
        };
        let (first, second) = (made(), made());
        let differing = first.iter().zip(&second).position(|(a, b)| a != b);
        assert_eq!(differing, None);
    }

    #[test]
    fn the_template_becomes_a_clean_file_system() {
        let folder = tempfile::tempdir().unwrap();
        let file = template(folder.path()).unwrap();
        let template = Template::parse(&file).unwrap();
        let mut image = vec![0xA5; usize::try_from(template.len()).unwrap()];
        template.fill(0, &mut image);
        let path = folder.path().join("fs");
        std::fs::write(&path, image).unwrap();
        Tool::new("e2fsck", "e2fsprogs").args(["-f", "-n"]).arg(&path).run().unwrap();
        assert!(file.len() < 1024 * 1024, "{} bytes", file.len());
    }
}
