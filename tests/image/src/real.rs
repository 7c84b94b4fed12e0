//! The real slot and disk: what is in them, how large they are, and that two builds give the same bytes.

use crate::bench::{Bench, Failure, Skip, same};
use crate::slots::{Kind, package};
use image::disk::{self, factory_state};
use image::ext4;
use image::identity::Identity;
use image::kernel::Kernel;
use image::layout::{self, Arch};
use image::ova;
use image::ovf::Processors;
use image::slot;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use update::gpt::{FIRST_USABLE, SECTOR_LEN, Table};

/// Makes all checks.
pub(crate) fn run(bench: &mut Bench) {
    bench.check("two builds in different folders give the same bytes", same_bytes);
    bench.check("the disk is what other programs take for one", sound_disk);
    bench.check("the slot holds what the list allows, and no shell", allowed);
    bench.check("the slot is small enough", small);
}

/// A build in a folder of its own.
struct Build {
    folder: PathBuf,
}

impl Build {
    /// Makes it, or takes the one that was made under this name.
    fn new(bench: &Bench, name: &str) -> Result<Self, Failure> {
        let folder = bench.work().join(name);
        if folder.join("qcow2").exists() {
            return Ok(Self { folder });
        }
        std::fs::create_dir_all(&folder)?;
        let program = bench.options.appliance.as_ref().unwrap_or(&bench.options.toy);
        slot(bench, program, Kind::Generic, &folder)?;
        let build = Self { folder };
        build.disk(&build.folder.join("work"))?;
        Ok(build)
    }

    fn disk(&self, work: &Path) -> Result<(), Failure> {
        let identity = Identity {
            mac: Some("02:00:00:12:34:5a".parse()?),
            serial: Some("FP-1".parse()?),
            ari: None,
        };
        let slot = self.folder.join("slot");
        let order = disk::Order {
            version: "1.2.3",
            arch: Arch::X86_64,
            mib: layout::least_mib(),
            slot_a: &slot,
            slot_b: None,
            slot_r: Some(&slot),
            identity: &identity,
            cmdline: "",
            state: factory_state(),
            grub: None,
        };
        disk::write(&order, &self.folder.join("disk"), work)?;
        disk::qcow2(&self.folder.join("disk"), &self.folder.join("qcow2"))?;
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A slot made of this program, in a folder that exists.
pub(crate) fn slot(
    bench: &Bench,
    program: &Path,
    kind: Kind,
    folder: &Path,
) -> Result<PathBuf, Failure> {
    let work = folder.join("work");
    std::fs::create_dir_all(&work)?;
    let kernel = Kernel::open(&package(&bench.options.cache, kind)?, &work)?;
    let e2fsck = std::fs::read("/sbin/e2fsck.static")
        .map_err(|_| Skip("/sbin/e2fsck.static is not here; it is in e2fsck-static".into()))?;
    let parts = slot::Parts {
        version: "1.2.3",
        binary: std::fs::read(program)?,
        e2fsck,
        kernel: &kernel,
        overlay: &bench.options.root.join("overlay"),
        sbom: b"{}".to_vec(),
        template: ext4::template(&work)?,
    };
    let mut root = slot::root(&parts)?;
    slot::bootable(&mut root, &kernel, &slot::initramfs(&parts.binary, &kernel)?)?;
    let image = folder.join("slot");
    slot::write(&root, &image, &work)?;
    Ok(image)
}

fn same_bytes(bench: &Bench) -> Result<String, Failure> {
    let [one, other] = [Build::new(bench, "one")?, Build::new(bench, "a/longer/name")?];
    for build in [&one, &other] {
        let order = ova::Order {
            disk: build.path("disk"),
            name: "fixpart".into(),
            version: "1.2.3".into(),
            processors: Processors::One,
        };
        // With the virtual disk inside.
        ova::write(&order, &build.path("ova"))?;
    }
    for name in ["slot", "disk", "qcow2", "ova"] {
        let status = Command::new("cmp").args([one.path(name), other.path(name)]).output()?;
        if !status.status.success() {
            return Err(String::from_utf8_lossy(&status.stdout).trim().to_owned().into());
        }
    }
    Ok("slot, disk, qcow2 and OVA".into())
}

/// Each partition through the program that knows its content best.
fn sound_disk(bench: &Bench) -> Result<String, Failure> {
    let build = Build::new(bench, "one")?;
    let disk = build.path("disk");
    let says = |program: &str, words: &[&str], file: &Path| -> Result<String, Failure> {
        let output = Command::new(program).args(words).arg(file).output();
        let output = output.map_err(|_| Skip(format!("{program} is not here")))?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        if output.status.success() { Ok(text) } else { Err(format!("{program}: {text}").into()) }
    };
    let verdict = says("/usr/sbin/sgdisk", &["-v"], &disk)?;
    if !verdict.contains("No problems found") {
        return Err(verdict.into());
    }
    let mut head = vec![0; usize::try_from(FIRST_USABLE * SECTOR_LEN)?];
    let file = File::open(&disk)?;
    file.read_exact_at(&mut head, 0)?;
    let table = Table::parse(&head)?;
    for (name, program, words) in [
        ("esp", "/usr/sbin/fsck.fat", "-n"),
        ("bootstate", "/usr/sbin/fsck.fat", "-n"),
        ("slot_a", "/usr/bin/unsquashfs", "-s"),
        ("slot_r", "/usr/bin/unsquashfs", "-s"),
        ("ident", "/usr/sbin/e2fsck", "-fn"),
        ("state", "/usr/sbin/e2fsck", "-fn"),
        ("data", "/usr/sbin/e2fsck", "-fn"),
    ] {
        let partition = table.find(name).ok_or("a partition is missing")?;
        let mut bytes = vec![0; usize::try_from(partition.len())?];
        file.read_exact_at(&mut bytes, partition.first * SECTOR_LEN)?;
        let part = build.path(name);
        std::fs::write(&part, bytes)?;
        says(program, &[words], &part)?;
    }
    let identity = says("/usr/sbin/debugfs", &["-R", "cat ident.xml"], &build.path("ident"))?;
    if !identity.contains("<serial>FP-1</serial>") {
        return Err(format!("the identity is {identity}").into());
    }
    says("/usr/bin/qemu-img", &["check"], &build.path("qcow2"))?;
    Ok(format!("{} partitions", table.partitions.len()))
}

/// Every path in the root, against the list; modules and the kernel's own files may be many.
fn allowed(bench: &Bench) -> Result<String, Failure> {
    let build = Build::new(bench, "one")?;
    let output =
        Command::new("unsquashfs").args(["-lls", "-d", ""]).arg(build.path("slot")).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let list = std::fs::read_to_string(bench.options.root.join("tests/image/allowed.txt"))?;
    let mut seen: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| line.contains(" root/root ") || line.contains(" 0/0 ")) {
        let mode = line.split_whitespace().next().unwrap_or_default();
        let path = line.split_whitespace().skip(5).collect::<Vec<_>>().join(" ");
        let path = path.trim_start_matches('/');
        let module =
            path.strip_prefix("usr/lib/modules/").and_then(|name| name.strip_suffix(".ko"));
        let is_module = module.is_some() && mode == "-rw-r--r--";
        if !path.is_empty() && !is_module {
            seen.push(format!("{mode} {path}"));
        }
    }
    let mut expected: Vec<String> = list.lines().map(str::to_owned).collect();
    expected.sort();
    seen.sort();
    same("what is in the slot", &seen, &expected)?;
    Ok(format!("{} paths and modules", seen.len()))
}

fn small(bench: &Bench) -> Result<String, Failure> {
    if bench.options.appliance.is_none() {
        return Err(Skip("the appliance was not built statically".into()).into());
    }
    let build = Build::new(bench, "one")?;
    let len = build.path("slot").metadata()?.len();
    if len > SLOT_MAX {
        return Err(format!("{len} octets, at most {SLOT_MAX}").into());
    }
    Ok(format!("{len} octets of {SLOT_MAX}"))
}

/// 32 MB: what TFTP brings in blocks of 512 octets without counting twice.
const SLOT_MAX: u64 = 32 * 1024 * 1024;
