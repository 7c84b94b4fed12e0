//! Boots the appliance in QEMU and sees whether PID 1 keeps its roles, its promises and its disk.
//!
//! The program under test is built with the feature `probe`: a role of the
//! test's own then does inside what is asked over a second serial port. All is
//! judged by what is said on the two ports; time only ends what hangs.

mod disk;
mod life;
mod machine;
mod reset;

use disk::Disk;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Why something does not hold.
type Wrong = Box<dyn std::error::Error>;

/// One story: a name, and what is tried on a fresh copy of the disk.
struct Story {
    name: &'static str,
    tell: fn(&Disk) -> Result<String, Wrong>,
}

fn main() -> ExitCode {
    match told() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("keeps: {error}");
            eprintln!("usage: keeps --appliance FILE --kernel DEB|DIR [STORY...]");
            ExitCode::from(2)
        }
    }
}

fn told() -> Result<ExitCode, Wrong> {
    let (mut appliance, mut kernel, mut only) = (PathBuf::new(), PathBuf::new(), Vec::new());
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            lexopt::Arg::Long("appliance") => appliance = words.value()?.into(),
            lexopt::Arg::Long("kernel") => kernel = words.value()?.into(),
            lexopt::Arg::Value(name) => only.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    let work = tempfile::tempdir()?;
    let disk = Disk::make(&appliance, &kernel, work.path())?;
    let (mut passed, mut failed) = (0, 0);
    let stories = life::STORIES.iter().chain(reset::STORIES);
    let wanted =
        |story: &&Story| only.is_empty() || only.iter().any(|name| story.name.contains(name));
    for story in stories.filter(wanted) {
        let began = Instant::now();
        let verdict = (story.tell)(&disk);
        let seconds = began.elapsed().as_secs_f64();
        match verdict {
            Ok(note) => {
                passed += 1;
                println!("{seconds:7.1} s  ok      {}{}", story.name, noted(&note));
            }
            Err(error) => {
                failed += 1;
                println!("{seconds:7.1} s  FAILED  {}: {error}", story.name);
            }
        }
    }
    println!("{passed} passed, {failed} failed, 0 skipped");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn noted(note: &str) -> String {
    if note.is_empty() { String::new() } else { format!(": {note}") }
}
