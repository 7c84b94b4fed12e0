//! A person in front of the box: what is typed on the serial port, and what comes of it.

use crate::disk::{Disk, boot_state, is_clean, place, write_boot_state};
use crate::machine::{Machine, Start};
use crate::{Kernel, Story, Wrong};
use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::Path;
use std::process::Command;
use update::bootstate::{SlotRecord, SlotState};

pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "an address typed at the console is kept until it is taken away",
        kernel: Kernel::Small,
        tell: address,
    },
    Story {
        name: "the other slot is chosen at the console",
        kernel: Kernel::Small,
        tell: other_slot,
    },
    Story { name: "the recovery slot shows the same menu", kernel: Kernel::Small, tell: recovery },
    Story {
        name: "the form of the appliance is read from a disc, once",
        kernel: Kernel::Small,
        tell: form,
    },
];

/// A box without an address on its command line, and with its kernel as silent as in the product.
const BOX: Start<'_> = Start { slot: 'a', more: &["-append", LINE], beside: None };
const LINE: &str = "console=ttyS0 quiet panic=10 fixpart.slot=a";

/// Starts a machine and waits for its first screen.
fn first_screen(disk: &Disk, copy: &Path, how: Start<'_>) -> Result<Machine, Wrong> {
    let mut machine = Machine::start(disk, copy, how)?;
    machine.find_probe()?;
    machine.says(SCREEN_ENDS)?;
    Ok(machine)
}

/// A conversation: what is typed, and what has to be said before the next line is typed.
fn talk(machine: &mut Machine, lines: &[(&str, &str)]) -> Result<(), Wrong> {
    for (typed, said) in lines {
        machine.types(typed)?;
        machine.says(said).map_err(|error| format!("after {typed:?}: {error}"))?;
    }
    Ok(())
}

fn address(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("address")?;
    let mut machine = Machine::start(disk, &copy, BOX)?;
    machine.find_probe()?;
    // By DHCP, sooner or later.
    machine.says("Address      ")?;
    machine.says("radio off: no ARI is set")?;
    machine.says(SCREEN_ENDS)?;
    let screens = screens_kept_whole(&mut machine)?;
    talk(
        &mut machine,
        &[
            ("1", "Address with the length of its prefix"),
            ("10.0.2.20", "Expected an IPv4 address and the length of its prefix"),
            ("10.0.2.20/24", "Gateway"),
            ("10.0.2.2", "DNS servers"),
            ("", "VLAN"),
            ("", "The box is to have 10.0.2.20/24, gateway 10.0.2.2."),
            ("yes", "  10.0.2.20/24"),
        ],
    )?;
    machine.says("Address      10.0.2.20/24, gateway 10.0.2.2, typed at the console")?;
    // Whoever is in the network begins anew.
    machine.becomes(|status| status.contains("dect=ready") && status.contains("media=ready"))?;
    talk(
        &mut machine,
        &[
            ("3", "that is to answer"),
            ("10.0.2.2", "10.0.2.2 has replied after"),
            ("", SCREEN_ENDS),
        ],
    )?;
    let log = machine.ask("ask ctl logs --role console --grep typed")?;
    if !log.contains("10.0.2.20/24") || !log.contains("ttyS0") {
        return Err(format!("the log does not say what was typed: {log}").into());
    }
    talk(&mut machine, &[("7", "The box starts anew"), ("yes", "starting anew")])?;
    machine.find_probe()?;
    machine.says("eth0  up")?;
    machine.says("Address      10.0.2.20/24, gateway 10.0.2.2, typed at the console")?;
    machine.says(SCREEN_ENDS)?;
    talk(
        &mut machine,
        &[
            ("1", "Address with"),
            ("10.0.2.21/24", "Gateway"),
            ("", "DNS"),
            ("", "VLAN"),
            ("5", "The box is to have 10.0.2.21/24, no gateway, VLAN 5."),
            ("yes", "vlan5  up"),
            ("2", "is forgotten"),
            ("yes", "Address      "),
            ("1", "Address with"),
            ("10.0.2.22/24", "Gateway"),
            ("", "DNS"),
            ("", "VLAN"),
            ("0", "The box is to have 10.0.2.22/24"),
            ("yes", "Address      10.0.2.22/24"),
            ("6", "What is to be taken away?"),
            ("network", "Type  reset network  to do it."),
            ("yes", "Expected the words"),
            ("reset network", "factory reset, scope network"),
        ],
    )?;
    machine.find_probe()?;
    machine.says("Address      ")?;
    machine.says(SCREEN_ENDS)?;
    talk(&mut machine, &[("8", "switches itself off"), ("yes", "Everything ends")])?;
    machine.ends()?;
    is_clean(&copy)?;
    Ok(format!("{screens} lines between two screens"))
}

/// What the kernel has to say does not come between: a message of its own, and ten of a role's that dies.
fn screens_kept_whole(machine: &mut Machine) -> Result<usize, Wrong> {
    machine.look_away();
    machine.types("")?;
    machine.says("Fixpart ")?;
    machine.ask("write /dev/kmsg <3>a-message-for-the-console")?;
    machine.says(SCREEN_ENDS)?;
    machine.types("")?;
    machine.says("Fixpart ")?;
    if let Some(line) = machine.said().find(|line| line.contains("a-message-for-the-console")) {
        return Err(format!("the kernel speaks on the console: {line}").into());
    }
    let count = machine.said().count();
    machine.says(SCREEN_ENDS)?;
    Ok(count)
}

fn other_slot(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("other-slot")?;
    let mut machine = first_screen(disk, &copy, BOX)?;
    talk(
        &mut machine,
        &[("5", "The other slot is empty"), ("8", "off"), ("yes", "Everything ends")],
    )?;
    machine.ends()?;
    with_whole_slot_b(&copy)?;
    let mut machine = first_screen(disk, &copy, BOX)?;
    talk(
        &mut machine,
        &[
            ("5", "It is tried three times"),
            ("no", "Expected the word yes"),
            ("yes", "starting anew"),
        ],
    )?;
    // QEMU boots slot A again, which counts as the boot loader's verdict on slot B.
    machine.find_probe()?;
    machine.says("normal, slot A")?;
    machine.says(SCREEN_ENDS)?;
    talk(
        &mut machine,
        &[("5", "The other slot was given up before"), ("x", "Nothing was changed")],
    )?;
    Ok(String::new())
}

/// The boot state of a box that has been updated: slot B holds a system that was confirmed.
fn with_whole_slot_b(disk: &Path) -> Result<(), Wrong> {
    let copies = boot_state(disk)?;
    let mut state = copies.state();
    state.b = SlotRecord { state: SlotState::Good, ever_good: true };
    write_boot_state(disk, &copies.replace(state))
}

fn recovery(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("recovery")?;
    let (first, length) = place(&copy, "slot_r")?;
    let mut to = File::options().write(true).open(&copy)?;
    to.seek(SeekFrom::Start(first))?;
    let octets = std::io::copy(&mut File::open(&disk.slot)?, &mut to)?;
    if octets > length {
        return Err(format!("a slot of {octets} octets does not fit the recovery slot").into());
    }
    let line = LINE.replace("slot=a", "slot=r");
    let how = Start { slot: 'r', more: &["-append", &line], beside: None };
    let mut machine = Machine::start(disk, &copy, how)?;
    machine.find_probe()?;
    machine.says("State        recovery: neither slot A nor slot B could be started")?;
    machine.says(SCREEN_ENDS)?;
    talk(
        &mut machine,
        &[("5", "There is no other slot to choose"), ("8", "off"), ("yes", "Everything ends")],
    )?;
    machine.ends()?;
    is_clean(&copy)?;
    Ok(format!("a slot of {} MiB", octets >> 20))
}

fn form(disk: &Disk) -> Result<String, Wrong> {
    let copy = disk.copy("form")?;
    let disc = disk.work.join("form.iso");
    burn(
        &disc,
        &[("hostname", "dect-1"), ("address", "10.0.2.30/24"), ("gateway", "10.0.2.2")],
        disk,
    )?;
    let drive = format!("file={},format=raw,if=ide,media=cdrom,readonly=on", disc.display());
    // The door of VMware's is there in QEMU too, and knows no such question.
    let smbios = ["-smbios", "type=1,manufacturer=VMware,, Inc."];
    let more = ["-append", LINE, "-drive", &drive, smbios[0], smbios[1]];
    let how = Start { slot: 'a', more: &more, beside: None };
    let mut machine = Machine::start(disk, &copy, how)?;
    machine.find_probe()?;
    machine.says("Name         dect-1")?;
    machine.says("Address      10.0.2.30/24, gateway 10.0.2.2, by the import of the appliance")?;
    machine.says(SCREEN_ENDS)?;
    let log = machine.ask("ask ctl logs --grep /dev/sr0")?;
    for applied in ["hostname is dect-1", "address is 10.0.2.30/24"] {
        if !log.contains(applied) {
            return Err(format!("the log does not say that {applied}: {log}").into());
        }
    }
    let door = machine.ask("ask ctl logs --grep door")?;
    if !door.contains("refused") {
        return Err(format!("VMware's door was not tried: {door}").into());
    }
    talk(
        &mut machine,
        &[
            ("3", "that is to answer"),
            ("10.0.2.2", "has replied"),
            ("1", "Address with"),
            ("10.0.2.31/24", "Gateway"),
            ("", "DNS"),
            ("", "VLAN"),
            ("", "The box is to have"),
            ("yes", "Address      10.0.2.31/24, no gateway, typed at the console"),
            ("8", "switches itself off"),
            ("yes", "Everything ends"),
        ],
    )?;
    machine.ends()?;
    // Another form, which comes too late; what was typed still counts, and then what the first form has said.
    burn(&disc, &[("hostname", "dect-2"), ("address", "10.0.2.40/24")], disk)?;
    let mut machine = Machine::start(disk, &copy, how)?;
    machine.find_probe()?;
    machine.says("Name         dect-1")?;
    machine.says("Address      10.0.2.31/24, no gateway, typed at the console")?;
    machine.says(SCREEN_ENDS)?;
    talk(
        &mut machine,
        &[
            ("2", "is forgotten"),
            ("yes", "Address      10.0.2.30/24, gateway 10.0.2.2, by the import"),
        ],
    )?;
    Ok(String::new())
}

/// A disc as a hypervisor makes it, by a program that is not ours.
fn burn(disc: &Path, fields: &[(&str, &str)], disk: &Disk) -> Result<(), Wrong> {
    let folder = disk.work.join("form");
    std::fs::create_dir_all(&folder)?;
    let fields = fields.iter().fold(String::new(), |text, (key, value)| {
        text + &format!("<Property oe:key=\"{key}\" oe:value=\"{value}\"/>")
    });
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Environment xmlns=\"{OVF}\" xmlns:oe=\"{OVF}\" oe:id=\"\">\
         <PropertySection>{fields}</PropertySection></Environment>\n"
    );
    std::fs::write(folder.join("ovf-env.xml"), text)?;
    let made = Command::new("genisoimage")
        .args(["-quiet", "-J", "-R", "-V", "OVF ENV", "-o"])
        .arg(disc)
        .arg(&folder)
        .output()?;
    if made.status.success() {
        return Ok(());
    }
    Err(format!("genisoimage: {}", String::from_utf8_lossy(&made.stderr)).into())
}

const OVF: &str = "http://schemas.dmtf.org/ovf/environment/1";
/// The last line of a screen, before the prompt.
const SCREEN_ENDS: &str = "Enter alone shows this again.";
