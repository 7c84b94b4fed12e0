//! Boots the appliance in QEMU and sees whether PID 1 keeps its roles, its promises and its disk.
//!
//! The program under test is built with the feature `probe`: a role of the
//! test's own then does inside what is asked over a second serial port. All is
//! judged by what is said on the two ports; time only ends what hangs.

mod disk;
mod end;
mod first;
mod life;
mod log;
mod machine;
mod reset;
mod trial;

use disk::{Disk, Parts};
use image::layout::Arch;
use lexopt::ValueExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Why something does not hold.
type Wrong = Box<dyn std::error::Error>;

/// One story: a name, and what is tried on a fresh copy of the disk.
struct Story {
    name: &'static str,
    kernel: Kernel,
    tell: fn(&Disk) -> Result<String, Wrong>,
}

/// What a story is told with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernel {
    /// The small one.
    Small,
    /// The one with drivers for real hardware.
    Generic,
}

fn main() -> ExitCode {
    match told() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("keeps: {error}");
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn told() -> Result<ExitCode, Wrong> {
    let mut parts = Parts {
        arch: Arch::X86_64,
        appliance: PathBuf::new(),
        e2fsck: "/sbin/e2fsck.static".into(),
        grub: None,
    };
    let mut only = Vec::new();
    let mut kernels = [None, None];
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            lexopt::Arg::Long("arch") => parts.arch = words.value()?.parse()?,
            lexopt::Arg::Long("appliance") => parts.appliance = words.value()?.into(),
            lexopt::Arg::Long("e2fsck") => parts.e2fsck = words.value()?.into(),
            lexopt::Arg::Long("grub") => parts.grub = Some(words.value()?.into()),
            lexopt::Arg::Long("kernel") => kernels[0] = Some(PathBuf::from(words.value()?)),
            lexopt::Arg::Long("generic") => kernels[1] = Some(PathBuf::from(words.value()?)),
            lexopt::Arg::Value(name) => only.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    let all =
        [first::STORIES, end::STORIES, life::STORIES, log::STORIES, trial::STORIES, reset::STORIES];
    let wanted =
        |story: &&Story| only.is_empty() || only.iter().any(|name| story.name.contains(name));
    let stories: Vec<&Story> = all.into_iter().flatten().filter(wanted).collect();
    let mut tally = Tally::default();
    for (kernel, file) in [Kernel::Small, Kernel::Generic].into_iter().zip(kernels) {
        let stories: Vec<&Story> =
            stories.iter().copied().filter(|story| story.kernel == kernel).collect();
        let (Some(file), false) = (file, stories.is_empty()) else {
            tally.skipped += stories.len();
            continue;
        };
        // Its disks go with it.
        let work = tempfile::tempdir()?;
        let disk = Disk::make(&parts, &file, work.path())?;
        stories.into_iter().for_each(|story| tally.tell(story, &disk));
    }
    let Tally { passed, failed, skipped } = tally;
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many stories there were, by their end.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    fn tell(&mut self, story: &Story, disk: &Disk) {
        let began = Instant::now();
        let verdict = (story.tell)(disk);
        let seconds = began.elapsed().as_secs_f64();
        match verdict {
            Ok(note) => {
                self.passed += 1;
                println!("{seconds:7.1} s  ok      {}{}", story.name, noted(&note));
            }
            Err(error) => {
                self.failed += 1;
                println!("{seconds:7.1} s  FAILED  {}: {error}", story.name);
            }
        }
    }
}

fn noted(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(": {note}") }
}

const USAGE: &str = "\
usage: keeps --appliance FILE [--kernel DEB|DIR] [--generic DEB|DIR] [--arch x86_64|aarch64] [--e2fsck FILE]
             [--grub DIR] [STORY...]";
