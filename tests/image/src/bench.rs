//! The place where checks are made: what they share, and what they add up to.

use crate::Options;
use crate::slots::Slots;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

/// How a check fails.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Everything that checks share.
pub(crate) struct Bench {
    /// What was asked for.
    pub(crate) options: Options,
    /// Images of slots and a disk to put them on.
    pub(crate) slots: Slots,
    /// For what is made and thrown away.
    work: tempfile::TempDir,
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Bench {
    /// Makes the slots; they are made once.
    ///
    /// # Errors
    /// When a package or a program is missing.
    pub(crate) fn new(options: Options) -> Result<Self, Failure> {
        // Hundreds of copies of a disk that is mostly empty: in memory, where the machine has a place for files there.
        let memory = Path::new("/dev/shm");
        let work =
            if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
        let slots = Slots::new(&options, work.path())?;
        Ok(Self { options, slots, work, passed: 0, failed: 0, skipped: 0 })
    }

    /// Makes one check and prints its line.
    pub(crate) fn check(
        &mut self,
        name: &str,
        check: impl FnOnce(&Self) -> Result<String, Failure>,
    ) {
        if self.options.only.as_ref().is_some_and(|only| !name.contains(only)) {
            return;
        }
        let began = Instant::now();
        let (word, note) = match check(self) {
            Ok(note) => ("ok", note),
            Err(error) if error.is::<Skip>() => ("skipped", error.to_string()),
            Err(error) => ("FAILED", told(&*error)),
        };
        match word {
            "ok" => self.passed += 1,
            "skipped" => self.skipped += 1,
            _ => self.failed += 1,
        }
        println!("{:7.1} s  {word:<8}{name}: {note}", began.elapsed().as_secs_f64());
    }

    /// A folder that is gone when the checks are.
    pub(crate) fn work(&self) -> &Path {
        self.work.path()
    }

    /// The last line.
    pub(crate) fn end(self) -> ExitCode {
        let Self { passed, failed, skipped, .. } = self;
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// A check that cannot be made here.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Skip(pub(crate) String);

/// An error with its causes.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Copies a sparse file as one.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let status = Command::new("cp").arg("--sparse=always").arg(from).arg(to).status()?;
    if status.success() { Ok(()) } else { Err(format!("cp to {} failed", to.display()).into()) }
}

/// Fails unless both are the same.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    wanted: &T,
) -> Result<(), Failure> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}:\n  found  {found:?}\n  wanted {wanted:?}").into())
}
