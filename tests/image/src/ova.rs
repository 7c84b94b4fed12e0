//! An appliance for ESXi, taken apart: its disk as it was packed, and what starts from it.

use crate::bench::Failure;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use update::gpt::{FIRST_USABLE, SECTOR_LEN, Table};

/// What was in it.
pub(crate) struct Ova {
    /// The virtual disk.
    pub(crate) vmdk: PathBuf,
    /// The same, as QEMU reads it.
    pub(crate) raw: PathBuf,
    /// The kernel of slot A.
    pub(crate) kernel: PathBuf,
    /// Its initramfs.
    pub(crate) initrd: PathBuf,
    /// Where slot A begins on the disk, in bytes.
    slot: u64,
}

impl Ova {
    /// Takes one apart, in this folder.
    pub(crate) fn open(ova: &Path, folder: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)?;
        let listed = asked(Command::new("tar").arg("-xvf").arg(ova).arg("-C").arg(folder))?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let is_disk = |name: &&Path| name.extension().is_some_and(|it| it == "vmdk");
        let name = listed.lines().map(Path::new).find(is_disk);
        let vmdk = folder.join(name.ok_or("there is no disk in the OVA")?);
        let raw = folder.join("raw");
        let words = ["convert", "-f", "vmdk", "-O", "raw"];
        asked(Command::new("qemu-img").args(words).arg(&vmdk).arg(&raw))?;
        let mut head = vec![0; usize::try_from(FIRST_USABLE * SECTOR_LEN)?];
        File::open(&raw)?.read_exact_at(&mut head, 0)?;
        let table = Table::parse(&head)?;
        let slot = table.find("slot_a").ok_or("the disk has no slot A")?.first * SECTOR_LEN;
        let [kernel, initrd] = ["vmlinuz", "initrd"].map(|name| folder.join(name));
        let ova = Self { vmdk, raw, kernel, initrd, slot };
        for (path, name) in [(&ova.kernel, "boot/vmlinuz"), (&ova.initrd, "boot/initrd")] {
            std::fs::write(path, ova.read(name)?)?;
        }
        Ok(ova)
    }

    /// A file of slot A.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let offset = self.slot.to_string();
        asked(
            Command::new("unsquashfs").args(["-offset", &offset, "-cat"]).arg(&self.raw).arg(name),
        )
    }
}

/// What a program answers.
fn asked(command: &mut Command) -> Result<Vec<u8>, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let asked = command.output().map_err(|error| format!("{program}: {error}"))?;
    if asked.status.success() {
        return Ok(asked.stdout);
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&asked.stderr).trim()).into())
}
