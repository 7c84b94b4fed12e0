//! Runs the server beside programs that are not ours, and sees whether they understand each other.
//!
//! A line for each story, then how many held, failed and were skipped because
//! a program is not installed or this user may not make networks.

mod alone;
mod clocks;
mod dhcp;
mod liar;
mod logs;
mod monitoring;

use peers::{CannotBeHere, Given, Story, Wrong};
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Every story; a module of stories has one line here.
const ALL: &[&[Story]] =
    &[alone::STORIES, dhcp::STORIES, clocks::STORIES, monitoring::STORIES, logs::STORIES];

fn main() -> ExitCode {
    match told() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("peers: {error}");
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn told() -> Result<ExitCode, Wrong> {
    if std::env::args().nth(1).is_some_and(|word| word == liar::WORD) {
        liar::be()?;
    }
    let mut appliance = std::env::current_exe()?.with_file_name("appliance");
    let mut only = Vec::new();
    let mut at_once = AT_ONCE;
    let mut words = lexopt::Parser::from_env();
    while let Some(word) = words.next()? {
        match word {
            lexopt::Arg::Long("appliance") => appliance = words.value()?.into(),
            lexopt::Arg::Long("at-once") => {
                at_once = words.value()?.to_string_lossy().parse()?;
            }
            lexopt::Arg::Value(name) => only.push(name.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    if !appliance.exists() {
        return Err(format!("there is no {}", appliance.display()).into());
    }
    let wanted =
        |story: &&Story| only.is_empty() || only.iter().any(|name| story.name.contains(name));
    let stories: Vec<&Story> = ALL.iter().copied().flatten().filter(wanted).collect();
    let given = Given { appliance };
    let left = Mutex::new(stories.iter());
    // Whoever panicked while it held the lock has taken one story, and only that.
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    let teller = || {
        let mut ends = Vec::new();
        while let Some(story) = next() {
            ends.push(tell(story, &given));
        }
        ends
    };
    let ends: Vec<End> = std::thread::scope(|scope| {
        let tellers: Vec<_> = (0..at_once.max(1)).map(|_| scope.spawn(teller)).collect();
        tellers.into_iter().flat_map(|teller| teller.join().unwrap_or_default()).collect()
    });
    let count = |end| ends.iter().filter(|it| **it == end).count();
    let (passed, skipped) = (count(End::Held), count(End::Skipped));
    // One that has panicked has not come to its end.
    let failed = stories.len() - passed - skipped;
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How a story has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Held,
    Failed,
    Skipped,
}

/// Tells one story.
fn tell(story: &Story, given: &Given) -> End {
    let missing: Vec<&str> =
        story.needs.iter().copied().filter(|program| !is_there(program)).collect();
    if !missing.is_empty() {
        println!("          skipped {}: {} is not installed", story.name, missing.join(", "));
        return End::Skipped;
    }
    let began = Instant::now();
    let verdict = (story.tell)(given);
    let seconds = began.elapsed().as_secs_f64();
    match &verdict {
        Ok(note) if note.is_empty() => println!("{seconds:7.1} s  ok      {}", story.name),
        Ok(note) => println!("{seconds:7.1} s  ok      {}: {note}", story.name),
        Err(error) if error.is::<CannotBeHere>() => {
            println!("          skipped {}: {error}", story.name);
            return End::Skipped;
        }
        Err(error) => println!("{seconds:7.1} s  FAILED  {}: {error}", story.name),
    }
    if verdict.is_ok() { End::Held } else { End::Failed }
}

/// Whether a program of this name can be started.
fn is_there(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output();
    found.is_ok_and(|output| output.status.success())
}

/// Stories that are told at the same time: most of what each of them does is waiting.
const AT_ONCE: usize = 4;

const USAGE: &str = "usage: peers [--appliance FILE] [--at-once N] [STORY...]";
