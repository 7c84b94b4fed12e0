//! A program that a story has started: what it says, and its end.

use crate::Wrong;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// A running program; it is killed when this is dropped. Both its outputs are read as one and kept in a file.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    /// What was read and not what was asked for.
    passed: Vec<String>,
    log: PathBuf,
    name: String,
}

impl Process {
    /// Starts it; what it prints goes to the file `NAME.log` in `folder` too.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(name: &str, folder: &Path, command: &mut Command) -> Result<Self, Wrong> {
        let log = folder.join(format!("{name}.log"));
        let kept = File::options().create(true).append(true).open(&log)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.process_group(0).spawn().map_err(|why| format!("{name}: {why}"))?;
        let (sender, lines) = channel();
        if let Some(out) = child.stdout.take() {
            read(out, sender.clone(), kept.try_clone()?);
        }
        if let Some(err) = child.stderr.take() {
            read(err, sender, kept);
        }
        Ok(Self { child, lines, passed: Vec::new(), log, name: name.to_owned() })
    }

    /// Its number; of a program in a namespace that of the command that has entered it, which it has become.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line on which `wanted` has an answer; lines before it are passed over.
    ///
    /// # Errors
    /// If none comes in [`PATIENCE`], with the last lines that came.
    pub fn hear<T>(
        &mut self,
        what: &str,
        wanted: impl FnMut(&str) -> Option<T>,
    ) -> Result<T, Wrong> {
        self.hear_within(PATIENCE, what, wanted)
    }

    /// The same with another limit.
    ///
    /// # Errors
    /// If none comes in time.
    pub fn hear_within<T>(
        &mut self,
        within: Duration,
        what: &str,
        mut wanted: impl FnMut(&str) -> Option<T>,
    ) -> Result<T, Wrong> {
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let when = match self.lines.recv_timeout(left) {
                Ok(line) => match wanted(&line) {
                    Some(found) => return Ok(found),
                    None => {
                        self.passed.push(line);
                        continue;
                    }
                },
                Err(RecvTimeoutError::Timeout) => format!("in {} s", within.as_secs()),
                Err(RecvTimeoutError::Disconnected) => "before it ended".to_owned(),
            };
            let last = last_lines(&self.passed.join("\n"));
            return Err(format!("{} did not say {what} {when}; last: {last}", self.name).into());
        }
    }

    /// Waits for a line with this in it.
    ///
    /// # Errors
    /// If none comes in [`PATIENCE`].
    pub fn says(&mut self, words: &str) -> Result<String, Wrong> {
        self.hear(&format!("{words:?}"), |line| line.contains(words).then(|| line.to_owned()))
    }

    /// The lines that were passed over until now.
    pub fn passed(&mut self) -> &[String] {
        while let Ok(line) = self.lines.try_recv() {
            self.passed.push(line);
        }
        &self.passed
    }

    /// What was said until now is not looked at any more.
    pub fn forget(&mut self) {
        while self.lines.try_recv().is_ok() {}
        self.passed.clear();
    }

    /// Everything that it has printed, and an earlier process of the same name.
    #[must_use]
    pub fn everything(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// If it is gone.
    pub fn signal(&self, signal: Signal) -> Result<(), Wrong> {
        Ok(kill(Pid::from_raw(self.child.id().try_into()?), signal)?)
    }

    /// Asks it to end and waits for that; its exit code.
    ///
    /// # Errors
    /// If it does not end in [`PATIENCE`], or by a signal.
    pub fn end(mut self) -> Result<i32, Wrong> {
        self.signal(Signal::SIGTERM)?;
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return status.code().ok_or_else(|| format!("{}: {status}", self.name).into());
            }
            if Instant::now() >= until {
                return Err(format!("{} does not end", self.name).into());
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Process {
    /// Ends it, and what it has started in its group, and waits until it is gone.
    fn drop(&mut self) {
        if let Ok(group) = self.child.id().try_into() {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}

fn read(from: impl std::io::Read + Send + 'static, to: Sender<String>, mut kept: File) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let _ = writeln!(kept, "{line}");
            // Nobody listens any more, but the log goes on.
            let _ = to.send(line);
        }
    });
}

/// Asks `question` until it has an answer, for [`PATIENCE`] at most.
///
/// # Errors
/// The last reason why it had none.
pub fn until<T>(question: impl FnMut() -> Result<T, Wrong>) -> Result<T, Wrong> {
    until_within(PATIENCE, question)
}

/// The same with another limit.
///
/// # Errors
/// The last reason why it had none.
pub fn until_within<T>(
    within: Duration,
    mut question: impl FnMut() -> Result<T, Wrong>,
) -> Result<T, Wrong> {
    let end = Instant::now() + within;
    loop {
        match question() {
            Ok(answer) => return Ok(answer),
            Err(reason) if Instant::now() >= end => return Err(reason),
            Err(_) => std::thread::sleep(POLL),
        }
    }
}

/// The end of a text, for a failure.
#[must_use]
pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN)..].join(" | ")
}

/// What nothing takes on any machine unless it hangs.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// How often a program is asked that cannot tell by itself.
const POLL: Duration = Duration::from_millis(100);
/// Lines of a program that are shown when it did not say what was expected.
const SHOWN: usize = 8;
