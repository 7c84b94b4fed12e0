//! A toy PID 1 for tests of the boot selection: prints what it is, does what `/behaviour` says, and ends.
//!
//! It runs in the initramfs and knows no slot's root. What it prints after `toy:` is what the tests compare.

use nix::kmod::{ModuleInitFlags, finit_module};
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::Duration;
use update::bootstate::{BootState, Copies, SECTOR_LEN, Slot};

fn main() {
    for (kind, place) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")] {
        let _ = std::fs::create_dir(place);
        let _ = mount(Some(kind), place, Some(kind), MsFlags::empty(), None::<&str>);
    }
    let cmdline = std::fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let word = |key: &str| {
        let mut words = cmdline.split_whitespace();
        words.find_map(|word| word.strip_prefix(key)).unwrap_or("none").to_owned()
    };
    let (slot, why) = (word("fixpart.slot="), word("fixpart.boot="));
    let behaviour = std::fs::read_to_string("/behaviour").unwrap_or_default();
    say(&format!("slot={slot} boot={why} {behaviour}"));
    load_modules();
    match behaviour.as_str() {
        // The kernel panics when PID 1 ends.
        "exit" => return,
        "hang" => hang(),
        "confirm" => confirm(&slot),
        _ => {}
    }
    end(RebootMode::RB_POWER_OFF)
}

/// Confirms the slot that runs and reboots, or switches off when there is nothing to write.
fn confirm(slot: &str) {
    let running = match slot {
        "a" => Slot::A,
        "b" => Slot::B,
        _ => return say("nothing to confirm"),
    };
    let Some(path) = partition("bootstate") else { return say("no partition bootstate") };
    let file = OpenOptions::new().read(true).write(true).open(path);
    let Ok(mut file) = file else { return say("the boot state cannot be opened") };
    let settled = write(&mut file, |state| state.settled(running));
    let confirmed = write(&mut file, |state| state.confirmed(running));
    if settled + confirmed > 0 {
        say(&format!("confirmed with {settled} and {confirmed} writes"));
        end(RebootMode::RB_AUTOBOOT);
    }
    say("nothing to write");
}

fn write(file: &mut File, change: impl FnOnce(BootState) -> BootState) -> usize {
    let mut bytes = vec![0; 64 * SECTOR_LEN];
    if file.read_exact_at(&mut bytes, 0).is_err() {
        say("the boot state cannot be read");
    }
    let copies = Copies::of_partition(&bytes);
    let writes = copies.replace(change(copies.state()));
    for write in &writes {
        let at = write.copy.sector() * SECTOR_LEN as u64;
        if file.write_all_at(&write.block, at).and_then(|()| file.sync_all()).is_err() {
            say("the boot state cannot be written");
        }
    }
    writes.len()
}

/// Starts the watchdog and never feeds it.
fn hang() -> ! {
    match OpenOptions::new().write(true).open("/dev/watchdog") {
        Ok(mut watchdog) => {
            let _ = watchdog.write_all(b"x");
            say("hangs");
            loop {
                std::hint::spin_loop();
            }
        }
        Err(_) => {
            say("there is no watchdog");
            end(RebootMode::RB_POWER_OFF)
        }
    }
}

fn load_modules() {
    for line in std::fs::read_to_string("/modules/order").unwrap_or_default().lines() {
        let (name, words) = line.split_once(' ').unwrap_or((line, ""));
        let Ok(file) = File::open(format!("/modules/{name}")) else { continue };
        let words = std::ffi::CString::new(words).unwrap_or_default();
        // Most are for devices that are not there.
        let _ = finit_module(file, &words, ModuleInitFlags::empty());
    }
}

/// The device of a partition; a disk may take a while to appear.
fn partition(label: &str) -> Option<PathBuf> {
    let wanted = format!("PARTNAME={label}");
    for _ in 0..DISK_TRIES {
        for entry in std::fs::read_dir("/sys/class/block").ok()?.flatten() {
            let mut text = String::new();
            let file = File::open(entry.path().join("uevent"));
            let _ = file.and_then(|mut file| file.read_to_string(&mut text));
            if text.lines().any(|line| line == wanted) {
                return Some(PathBuf::from("/dev").join(entry.file_name()));
            }
        }
        std::thread::sleep(DISK_REST);
    }
    None
}

fn say(words: &str) {
    println!("toy: {words}");
}

fn end(mode: RebootMode) -> ! {
    nix::unistd::sync();
    let _ = reboot(mode);
    loop {
        std::thread::sleep(DISK_REST);
    }
}

const DISK_TRIES: u32 = 600;
const DISK_REST: Duration = Duration::from_millis(50);
