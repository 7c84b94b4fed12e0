//! The appliance as it is imported, on the hardware that it may meet: its disk is found behind each controller, all roles
//! come up, and it answers on each network adapter.

use crate::bench::{Bench, Failure, Skip, same};
use crate::machine::{efi, pc, watch};
use crate::ova::Ova;
use crate::slots::{Kind, package};
use crate::wire::Wire;
use std::fs::File;
use std::net::Ipv4Addr;
use std::process::Command;

/// Makes all checks.
pub(crate) fn run(bench: &mut Bench) {
    let ova = match &bench.options.ova {
        Some(ova) => Ova::open(ova, &bench.work().join("ova")),
        None => Err(Skip("there is no OVA".into()).into()),
    };
    let ova = match ova {
        Ok(ova) => ova,
        Err(error) => return bench.check("the appliance for ESXi", |_| Err(error)),
    };
    bench
        .check("the list of what the image is made of is in its slot", |bench| listed(bench, &ova));
    let nightly = bench.options.nightly;
    for hardware in HARDWARE.iter().filter(|it| nightly || !it.nightly) {
        let name = format!("all roles are ready and it answers: {}", hardware.name);
        bench.check(&name, |bench| hardware.boots(bench, &ova));
    }
}

/// A machine.
struct Hardware {
    name: &'static str,
    starts: Starts,
    /// The disk is the virtual one of the OVA, else the same as a raw one.
    vmdk: bool,
    /// The disk `disk`, with what it is attached to.
    disk: &'static [&'static str],
    adapter: &'static str,
    nightly: bool,
}

/// How a machine is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Starts {
    /// SeaBIOS, from the disk.
    Bios,
    /// OVMF, from the disk.
    Efi,
    /// QEMU loads the kernel: no firmware here knows the disk's controller.
    Kernel,
}

const HARDWARE: &[Hardware] = &[
    Hardware {
        name: "EFI, virtual disk, NVMe, e1000e",
        starts: Starts::Efi,
        vmdk: true,
        disk: &["nvme,drive=disk,serial=1"],
        adapter: "e1000e",
        nightly: false,
    },
    Hardware {
        name: "EFI, virtio disk, virtio network",
        starts: Starts::Efi,
        vmdk: true,
        disk: &["virtio-blk-pci,drive=disk"],
        adapter: "virtio-net-pci",
        nightly: false,
    },
    Hardware {
        name: "EFI, AHCI, e1000",
        starts: Starts::Efi,
        vmdk: false,
        disk: &["ide-hd,drive=disk"],
        adapter: "e1000",
        nightly: false,
    },
    Hardware {
        name: "given its kernel, pvscsi, vmxnet3",
        starts: Starts::Kernel,
        vmdk: true,
        disk: &["pvscsi", "scsi-hd,drive=disk"],
        adapter: "vmxnet3",
        nightly: false,
    },
    Hardware {
        name: "EFI, USB stick, e1000e",
        starts: Starts::Efi,
        vmdk: false,
        disk: &["qemu-xhci", "usb-storage,drive=disk"],
        adapter: "e1000e",
        nightly: true,
    },
    Hardware {
        name: "BIOS, IDE, e1000",
        starts: Starts::Bios,
        vmdk: false,
        disk: &["ide-hd,drive=disk"],
        adapter: "e1000",
        nightly: true,
    },
];

impl Hardware {
    fn boots(&self, bench: &Bench, ova: &Ova) -> Result<String, Failure> {
        let wire = Wire::new(bench.work())?;
        let mut answered = None;
        let seen = watch(&mut self.machine(ova, &wire)?, event, |events| {
            let ready = events.iter().any(|event| event == READY);
            if ready {
                answered = Some(wire.ping(OURS, ITS));
            }
            let over = |event: &String| event == "panic" || event.starts_with("SAFE MODE");
            ready || events.iter().any(over)
        })?;
        let told = |error: Failure| format!("{error}\n{}", seen.tail());
        answered.ok_or_else(|| told("it does not come up".into()))?.map_err(told)?;
        let starts = seen.events.iter().filter(|event| event.starts_with("start slot=a")).count();
        same("started by GRUB", &starts, &usize::from(self.starts != Starts::Kernel))?;
        let up = seen.serial.lines().find(|line| line.contains(READY)).and_then(uptime);
        Ok(format!("{} s after the kernel's start", up.unwrap_or("?")))
    }

    fn machine(&self, ova: &Ova, wire: &Wire) -> Result<Command, Failure> {
        let mut machine = pc();
        machine.args(["-m", "512"]);
        match self.starts {
            Starts::Bios => {
                machine.args(["-M", "pc"]);
            }
            Starts::Efi => {
                machine.args(["-M", "q35,smm=off"]);
                efi(&mut machine)?;
            }
            Starts::Kernel => {
                machine.args(["-M", "q35"]).arg("-kernel").arg(&ova.kernel);
                machine.arg("-initrd").arg(&ova.initrd).args(["-append", WORDS]);
            }
        }
        let (format, file) = if self.vmdk { ("vmdk", &ova.vmdk) } else { ("raw", &ova.raw) };
        // What is written is forgotten: the next machine starts with the same disk.
        let drive = format!("if=none,id=disk,snapshot=on,format={format},file={}", file.display());
        machine.args(["-drive", &drive]);
        machine.args(self.disk.iter().flat_map(|device| ["-device", device]));
        machine.args(["-netdev", &wire.netdev()]);
        machine.args(["-device", &format!("{},netdev=wire,romfile=", self.adapter)]);
        Ok(machine)
    }
}

/// What the box says of itself, GRUB's choice, and the worst.
fn event(line: &str) -> Option<String> {
    let after = |mark: &str| line.split_once(mark).map(|(_, words)| words.trim());
    let said = || Some(after("fixpart [")?.split_once("]: ")?.1.to_owned());
    let start = || Some(format!("start {}", after("fixpart: starting ")?));
    said().or_else(start).or_else(|| line.contains("Kernel panic").then(|| "panic".to_owned()))
}

/// `fixpart [7.31]: all roles are ready`
fn uptime(line: &str) -> Option<&str> {
    Some(line.split_once("fixpart [")?.1.split_once(']')?.0)
}

/// Its list is that of the parts which it was made of.
fn listed(bench: &Bench, ova: &Ova) -> Result<String, Failure> {
    let list: serde_json::Value = serde_json::from_slice(&ova.read("usr/share/sbom.cdx.json")?)?;
    same("format", &list["bomFormat"].as_str(), &Some("CycloneDX"))?;
    let parts = list["components"].as_array().ok_or("it lists nothing")?;
    let kernel = package(&bench.options.cache, Kind::Generic)?;
    let hash = image::hash::of(&mut File::open(&kernel)?)?;
    let has = |name: &str| parts.iter().find(|part| part["name"].as_str() == Some(name));
    let name = kernel.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let part = has(name.split('_').next().unwrap_or_default()).ok_or("it lists no kernel")?;
    same("the kernel's hash", &part["hashes"][0]["content"].as_str(), &Some(&*hash))?;
    for name in ["e2fsck-static", "grub-efi-amd64-bin", "grub-pc-bin", "tokio", "rustls"] {
        has(name).ok_or_else(|| format!("it lists no {name}"))?;
    }
    Ok(format!("{} parts", parts.len()))
}

const READY: &str = "all roles are ready";
const OURS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// As it was told when it was made.
const ITS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
/// As GRUB would give them.
const WORDS: &str = "console=ttyS0 loglevel=7 panic=10 fixpart.slot=a fixpart.net=192.0.2.2/24";
