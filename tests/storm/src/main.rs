//! Makes commits until it ends: as an ordinary program in a folder, or as PID 1 of a machine whose disk is recorded.

use nix::fcntl::OFlag;
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use store::{Database, device_key};

/// What ends the storm early.
type Wrong = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    if std::process::id() == 1 {
        let outcome = machine();
        println!("storm: {}", outcome.map_or_else(|error| error.to_string(), |()| "end".into()));
        // Nothing is brought to the disk that nobody waited for.
        let _ = reboot(RebootMode::RB_POWER_OFF);
        loop {
            std::thread::sleep(REST);
        }
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        [folder] => storm(Path::new(folder), u64::MAX, false, |_| {}),
        ["look", folder] => {
            storm::look(Path::new(folder), 0).map(|n| println!("LAST {n}")).map_err(Wrong::from)
        }
        _ => {
            eprintln!("usage: storm [look] FOLDER");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("storm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn storm(folder: &Path, last: u64, careless: bool, mut mark: impl FnMut(u64)) -> Result<(), Wrong> {
    let (sealer, lost) = device_key(folder)?;
    let (mut database, alarms) = Database::open(folder, sealer)?;
    for alarm in lost.iter().chain(&alarms) {
        println!("ALARM {alarm}");
    }
    if careless {
        database.careless()?;
    }
    let mut out = std::io::stdout();
    storm::commits(&mut database, last, |n| {
        let _ = writeln!(out, "ACK {n}");
        let _ = out.flush();
        mark(n);
    })?;
    Ok(())
}

/// The disk has a file system, and behind it a place where each acknowledged commit is marked, so that the record of the
/// disk tells what was acknowledged before which write.
fn machine() -> Result<(), Wrong> {
    for (kind, place) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")] {
        let _ = std::fs::create_dir(place);
        let _ = mount(Some(kind), place, Some(kind), MsFlags::empty(), None::<&str>);
    }
    let words = std::fs::read_to_string("/proc/cmdline")?;
    let number = |key: &str| {
        words.split_whitespace().find_map(|word| word.strip_prefix(key)?.parse::<u64>().ok())
    };
    let (last, marks) = (number("storm.last=").unwrap_or(0), number("storm.marks=").unwrap_or(0));
    for _ in 0..DISK_TRIES {
        if Path::new(DISK).exists() {
            break;
        }
        std::thread::sleep(REST);
    }
    std::fs::create_dir_all("/state")?;
    mount(Some(DISK), "/state", Some("ext4"), MsFlags::empty(), None::<&str>)?;
    // Past the cache and without waiting: a mark must not bring anything else to the disk.
    let disk = OpenOptions::new().write(true).custom_flags(OFlag::O_DIRECT.bits()).open(DISK)?;
    let careless = number("storm.careless=") == Some(1);
    storm(Path::new("/state/conf"), last, careless, |n| {
        if let Err(error) = write_mark(&disk, marks, n) {
            println!("storm: no mark for {n}: {error}");
        }
    })
}

fn write_mark(disk: &File, marks: u64, n: u64) -> std::io::Result<()> {
    let mut room = vec![0_u8; 2 * BLOCK];
    let first = room.as_ptr().align_offset(BLOCK);
    let block = room.get_mut(first..first + BLOCK).unwrap_or_default();
    let text = format!("ACK {n}\n");
    for (octet, letter) in block.iter_mut().zip(text.bytes()) {
        *octet = letter;
    }
    disk.write_all_at(block, marks + n * BLOCK as u64)
}

const DISK: &str = "/dev/nvme0n1";
const DISK_TRIES: u32 = 600;
const REST: Duration = Duration::from_millis(50);
/// What a disk takes past the cache.
const BLOCK: usize = 4096;
