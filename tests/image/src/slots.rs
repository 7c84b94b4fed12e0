//! Toy slots and the disk they are put on.

use crate::Options;
use crate::bench::{Failure, copy};
use image::disk::{self, factory_state};
use image::identity::Identity;
use image::kernel::Kernel;
use image::layout::{self, Arch};
use image::slot;
use image::tree::{Node, Tree};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use update::bootstate::{BLOCK_LEN, Copies, EnvCopy, SECTOR_LEN};
use update::gpt::Table;

/// What a slot does when it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Toy {
    /// It confirms itself.
    Confirm,
    /// Its PID 1 ends, and the kernel panics.
    Exit,
    /// It has nothing that can be PID 1.
    NoInit,
    /// It starts the watchdog and hangs.
    Hang,
    /// It has no kernel, but something with the right hash in its place: enough for GRUB to choose it.
    Dummy,
    /// As before, another one.
    Other,
    /// What it holds is not what its hashes say.
    Corrupt,
}

/// Images, made once.
pub(crate) struct Slots {
    images: BTreeMap<Toy, PathBuf>,
    disk: PathBuf,
    table: Table,
}

impl Slots {
    /// Makes all of them.
    ///
    /// # Errors
    /// When a package is missing, or a program fails.
    pub(crate) fn new(options: &Options, work: &Path) -> Result<Self, Failure> {
        let mut images = BTreeMap::new();
        for toy in [Toy::Dummy, Toy::Other, Toy::Corrupt] {
            let path = work.join(format!("{toy:?}.squashfs"));
            slot::write(&dummy(toy), &path, work)?;
            images.insert(toy, path);
        }
        let binary = std::fs::read(&options.toy)?;
        let cloud = Kernel::open(&package(&options.cache, Kind::Cloud)?, &work.join("cloud"))?;
        for toy in [Toy::Confirm, Toy::Exit, Toy::NoInit] {
            let path = work.join(format!("{toy:?}.squashfs"));
            slot::write(&toy_root(toy, &binary, &cloud, &[])?, &path, work)?;
            images.insert(toy, path);
        }
        // Only this kernel knows a watchdog that QEMU has.
        let generic =
            Kernel::open(&package(&options.cache, Kind::Generic)?, &work.join("generic"))?;
        let path = work.join("Hang.squashfs");
        slot::write(&toy_root(Toy::Hang, &binary, &generic, &["nvme", "i6300esb"])?, &path, work)?;
        images.insert(Toy::Hang, path);
        let disk = work.join("base.img");
        let order = disk::Order {
            version: "0",
            arch: Arch::X86_64,
            mib: layout::least_mib(),
            slot_a: &images[&Toy::Dummy],
            slot_b: None,
            slot_r: None,
            identity: &Identity::default(),
            cmdline: "panic=1",
            state: factory_state(),
            grub: None,
        };
        disk::write(&order, &disk, work)?;
        let table = layout::table("0", Arch::X86_64, layout::least_mib())?;
        Ok(Self { images, disk, table })
    }

    /// A disk with this boot state and these slots: A, B, recovery.
    pub(crate) fn disk(
        &self,
        at: &Path,
        state: &[[u8; BLOCK_LEN]; 2],
        slots: [Option<Toy>; 3],
    ) -> Result<(), Failure> {
        copy(&self.disk, at)?;
        let file = OpenOptions::new().write(true).open(at)?;
        for (copy, block) in EnvCopy::BOTH.into_iter().zip(state) {
            file.write_all_at(block, self.byte_of("bootstate", copy.sector()))?;
        }
        for (name, toy) in ["slot_a", "slot_b", "slot_r"].into_iter().zip(slots) {
            // The disk that was copied has a slot A.
            let image = toy.map_or(Ok(vec![0; 4096]), |toy| std::fs::read(&self.images[&toy]))?;
            file.write_all_at(&image, self.byte_of(name, 0))?;
        }
        Ok(())
    }

    /// The boot state on a disk.
    pub(crate) fn copies(&self, disk: &Path) -> Result<Copies, Failure> {
        let mut bytes = vec![0; 64 * SECTOR_LEN];
        let file = OpenOptions::new().read(true).open(disk)?;
        file.read_exact_at(&mut bytes, self.byte_of("bootstate", 0))?;
        Ok(Copies::of_partition(&bytes))
    }

    /// The image of a slot.
    pub(crate) fn image(&self, toy: Toy) -> Result<Vec<u8>, Failure> {
        Ok(std::fs::read(&self.images[&toy])?)
    }

    /// Where a sector of a partition is on the disk, in bytes.
    pub(crate) fn byte_of(&self, partition: &str, sector: u64) -> u64 {
        let first = self.table.find(partition).map_or(0, |partition| partition.first);
        (first + sector) * SECTOR_LEN as u64
    }
}

fn dummy(toy: Toy) -> Tree {
    let mut tree = Tree::default();
    let content = format!("{toy:?}").repeat(2000);
    tree.put("boot/vmlinuz", Node::File(content.clone().into_bytes()));
    tree.put("boot/initrd", Node::File(Vec::from("initrd")));
    let hash = match toy {
        Toy::Corrupt => image::hash::of_octets(b"something else"),
        _ => image::hash::of_octets(content.as_bytes()),
    };
    let sums = format!("{hash}  vmlinuz\n{}  initrd\n", image::hash::of_octets(b"initrd"));
    tree.put("boot/SHA256SUMS", Node::File(sums.into_bytes()));
    tree
}

fn toy_root(toy: Toy, binary: &[u8], kernel: &Kernel, modules: &[&str]) -> Result<Tree, Failure> {
    let mut initramfs = Tree::default();
    let behaviour = match toy {
        Toy::Exit => "exit",
        Toy::Hang => "hang",
        _ => "confirm",
    };
    // Without any file there, the kernel would look for a root on the disk first, which takes minutes to fail.
    let init = if toy == Toy::NoInit { b"no program".to_vec() } else { binary.to_vec() };
    initramfs.put("init", Node::Program(init));
    initramfs.put("behaviour", Node::File(behaviour.into()));
    let mut order = String::new();
    for module in kernel.order(modules)? {
        order += &module.file;
        order.push('\n');
        initramfs.put(&format!("modules/{}", module.file), Node::File(module.bytes));
    }
    initramfs.put("modules/order", Node::File(order.into_bytes()));
    let mut root = Tree::default();
    slot::bootable(&mut root, kernel, &initramfs)?;
    Ok(root)
}

/// A kind of kernel that Debian has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For virtual machines: small, quick to start.
    Cloud,
    /// With drivers for real hardware.
    Generic,
}

/// The newest package of this kind.
pub(crate) fn package(cache: &Path, kind: Kind) -> Result<PathBuf, Failure> {
    let entries = std::fs::read_dir(cache).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_kernel = name.starts_with("linux-image-") && name.ends_with("_amd64.deb");
        let is_cloud = name.contains("-cloud-amd64_");
        let is_generic = name.contains("-amd64_") && !is_cloud && !name.contains("-rt-");
        is_kernel && if kind == Kind::Cloud { is_cloud } else { is_generic }
    });
    found.sort();
    found
        .pop()
        .ok_or_else(|| format!("no kernel of the kind {kind:?} in {}", cache.display()).into())
}
