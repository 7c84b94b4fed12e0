//! Boots the appliance in QEMU and sees whether PID 1 keeps its roles, its promises and its disk.
//!
//! The program under test is built with the feature `probe`: a role of the
//! test's own then does inside what is asked over a second serial port. All is
//! judged by what is said on the two ports; time only ends what hangs.

mod clock;
mod console;
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
use std::sync::{Mutex, PoisonError};
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
    let all = [
        first::STORIES,
        clock::STORIES,
        end::STORIES,
        life::STORIES,
        log::STORIES,
        trial::STORIES,
        reset::STORIES,
        console::STORIES,
    ];
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
        tally.tell_all(&stories, &disk);
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
    /// Tells the stories, a few at a time: most of what each of them does is waiting.
    fn tell_all(&mut self, stories: &[&Story], disk: &Disk) {
        let left = Mutex::new(stories.iter());
        // Whoever panicked while it held the lock has taken one story, and only that.
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let teller = || {
            let mut ends = Vec::new();
            while let Some(story) = next() {
                ends.push(tell(story, disk));
            }
            ends
        };
        let ends: Vec<bool> = std::thread::scope(|scope| {
            let tellers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(teller)).collect();
            tellers.into_iter().flat_map(|teller| teller.join().unwrap_or_default()).collect()
        });
        let passed = ends.iter().filter(|well| **well).count();
        self.passed += passed;
        // One that has panicked has not come to its end.
        self.failed += stories.len() - passed;
    }
}

/// Tells one story; whether it holds.
fn tell(story: &Story, disk: &Disk) -> bool {
    let began = Instant::now();
    let verdict = (story.tell)(disk);
    let seconds = began.elapsed().as_secs_f64();
    match &verdict {
        Ok(note) => println!("{seconds:7.1} s  ok      {}{}", story.name, noted(note)),
        Err(error) => println!("{seconds:7.1} s  FAILED  {}: {error}", story.name),
    }
    verdict.is_ok()
}

/// Machines that run at the same time, half a gigabyte each.
const AT_ONCE: usize = 2;

fn noted(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(": {note}") }
}

const USAGE: &str = "\
usage: keeps --appliance FILE [--kernel DEB|DIR] [--generic DEB|DIR] [--arch x86_64|aarch64] [--e2fsck FILE]
             [--grub DIR] [STORY...]";
