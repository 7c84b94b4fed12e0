//! Steps with a name, a verdict and the time they took, and what they add up to.

use std::fmt;
use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How many checks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Held.
    pub(crate) passed: u64,
    /// Did not hold.
    pub(crate) failed: u64,
    /// Could not be made here.
    pub(crate) skipped: u64,
}

/// How a step ended.
pub(crate) enum Verdict {
    /// It held; a word about it.
    Passed(String),
    /// It was many checks in one.
    Counted(Tally),
    /// It did not hold, for this reason.
    Failed(String),
    /// It cannot be made here, for this reason.
    Skipped(String),
}

impl Verdict {
    /// What a program of ours says that makes many checks and ends with their tally; its lines are shown.
    pub(crate) fn counted(ran: std::io::Result<Done>) -> Self {
        match ran {
            Ok(done) => {
                done.out.lines().for_each(|line| println!("            {line}"));
                match Tally::last_in(&done.out) {
                    Some(tally) if done.well == (tally.failed == 0) => Self::Counted(tally),
                    _ => Self::Failed(done.tail()),
                }
            }
            Err(error) => Self::Failed(error.to_string()),
        }
    }

    /// Said as the only thing that was asked for.
    ///
    /// # Errors
    /// When it did not hold.
    pub(crate) fn told(self, name: &str) -> crate::Outcome {
        match self {
            Self::Passed(note) => println!("{name}: {note}"),
            Self::Skipped(reason) => println!("{name}: skipped, {reason}"),
            Self::Failed(reason) => return Err(reason.into()),
            Self::Counted(tally) if tally.failed > 0 => return Err(tally.to_string().into()),
            Self::Counted(_) => {}
        }
        Ok(())
    }
}

/// The steps of one run.
#[derive(Default)]
pub(crate) struct Steps {
    /// So far.
    pub(crate) tally: Tally,
}

impl Steps {
    /// Takes a step and prints its line.
    pub(crate) fn step(&mut self, name: &str, step: impl FnOnce() -> Verdict) -> bool {
        let before = self.tally;
        let began = Instant::now();
        let verdict = step();
        let (word, note) = match verdict {
            Verdict::Passed(note) => {
                self.tally.passed += 1;
                ("ok", note)
            }
            Verdict::Failed(reason) => {
                self.tally.failed += 1;
                ("FAILED", reason)
            }
            Verdict::Skipped(reason) => {
                self.tally.skipped += 1;
                ("skipped", reason)
            }
            Verdict::Counted(tally) => {
                self.tally.passed += tally.passed;
                self.tally.failed += tally.failed;
                self.tally.skipped += tally.skipped;
                (if tally.failed == 0 { "ok" } else { "FAILED" }, tally.to_string())
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{seconds:7.1} s  {word:<8}{name}{}{note}",
            if note.is_empty() { "" } else { ": " }
        );
        let _ = std::io::stdout().flush();
        self.tally.failed == before.failed
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

impl Tally {
    /// The last line of that form in a text.
    pub(crate) fn last_in(text: &str) -> Option<Self> {
        text.lines().rev().find_map(|line| {
            let mut words = line.trim().split(", ");
            let mut number = |what: &str| words.next()?.strip_suffix(what)?.trim().parse().ok();
            let tally = Self {
                passed: number(" passed")?,
                failed: number(" failed")?,
                skipped: number(" skipped")?,
            };
            words.next().is_none().then_some(tally)
        })
    }
}

/// What a command has printed, and whether it ended well.
pub(crate) struct Done {
    /// It ended with 0.
    pub(crate) well: bool,
    /// Standard output.
    pub(crate) out: String,
    /// Where everything it printed is kept.
    pub(crate) log: PathBuf,
}

impl Done {
    /// The last lines, for a failure.
    pub(crate) fn tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(TAIL);
        format!("the last lines of {}:\n{}", self.log.display(), lines[from..].join("\n"))
    }
}

/// Runs a command; what it prints is kept in a log, and its progress is shown where somebody watches.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn command(root: &Path, name: &str, command: &mut Command) -> std::io::Result<Done> {
    let logs = root.join(LOGS);
    std::fs::create_dir_all(&logs)?;
    let log = logs.join(format!("{name}.log"));
    let out_log = logs.join(format!("{name}.out"));
    let watched = std::io::stderr().is_terminal();
    let stderr = if watched { Stdio::inherit() } else { Stdio::from(File::create(&log)?) };
    let status = command
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(File::create(&out_log)?)
        .stderr(stderr)
        .status()?;
    let out = String::from_utf8_lossy(&std::fs::read(&out_log)?).into_owned();
    let mut file = File::options().append(true).create(true).open(&log)?;
    file.write_all(out.as_bytes())?;
    std::fs::remove_file(&out_log)?;
    Ok(Done { well: status.success(), out, log })
}

/// Whether a program is here and starts.
pub(crate) fn runs(program: impl AsRef<std::ffi::OsStr>) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// What the steps have printed.
const LOGS: &str = ".cache/logs";
/// Lines of a log that are shown when its step has failed.
const TAIL: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_found_in_what_it_prints_and_nowhere_else() {
        let tally = Tally { passed: 3, failed: 0, skipped: 12 };
        assert_eq!(Tally::last_in(&format!("hello\n{tally}\nbye")), Some(tally));
        for text in [
            "",
            "3 passed",
            "3 passed, 0 failed, 1 skipped, 2 more",
            "x passed, 0 failed, 0 skipped",
        ] {
            assert_eq!(Tally::last_in(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_failed_step_is_one() {
        let mut steps = Steps::default();
        assert!(steps.step("a", || Verdict::Passed(String::new())));
        assert!(steps.step("b", || Verdict::Skipped("no tool".into())));
        assert!(!steps.step("c", || Verdict::Failed("wrong".into())));
        assert!(!steps.step("d", || Verdict::Counted(Tally { passed: 5, failed: 1, skipped: 0 })));
        assert_eq!(steps.tally, Tally { passed: 6, failed: 2, skipped: 1 });
    }
}
