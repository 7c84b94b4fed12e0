//! A program that the run has started: what it says, and its end.

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A running program; it is killed when this is dropped.
pub(super) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    /// What was read and not yet asked for.
    said: Vec<String>,
    log: PathBuf,
    name: String,
}

impl Process {
    /// Starts it; what it prints goes to the file `NAME.log` in `folder`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(name: &str, folder: &Path, command: &mut Command) -> Result<Self, String> {
        let failed = |error: io::Error| format!("cannot start {name}: {error}");
        let log = folder.join(format!("{name}.log"));
        let mut kept = File::options().create(true).append(true).open(&log).map_err(failed)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(kept.try_clone().map_err(failed)?).process_group(0);
        let mut child = command.spawn().map_err(failed)?;
        let stdout = child.stdout.take().ok_or("a pipe that was asked for is missing")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                let _ = writeln!(kept, "{line}");
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, lines, said: Vec::new(), log, name: name.to_owned() })
    }

    /// Says a line to it.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) fn say(&mut self, line: &str) -> Result<(), String> {
        let stdin = self.stdin.as_mut().ok_or_else(|| format!("{} takes no input", self.name))?;
        writeln!(stdin, "{line}")
            .and_then(|()| stdin.flush())
            .map_err(|error| format!("{} is gone: {error}; see {}", self.name, self.log.display()))
    }

    /// Waits for a line on which `wanted` has an answer; lines before it are passed over.
    ///
    /// # Errors
    /// When none comes in time, with the last lines that came.
    pub(super) fn hear<T>(
        &mut self,
        what: &str,
        within: Duration,
        mut wanted: impl FnMut(&str) -> Option<T>,
    ) -> Result<T, String> {
        let until = Instant::now() + within;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    if let Some(found) = wanted(&line) {
                        return Ok(found);
                    }
                    self.said.push(line);
                }
                Err(RecvTimeoutError::Timeout) => return Err(self.missing(what, "in time")),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(self.missing(what, "before it ended"));
                }
            }
        }
    }

    /// Throws away what was said until now.
    pub(super) fn forget(&mut self) {
        while self.lines.try_recv().is_ok() {}
        self.said.clear();
    }

    fn missing(&self, what: &str, when: &str) -> String {
        let from = self.said.len().saturating_sub(SHOWN);
        let last = self.said.get(from..).unwrap_or_default().join(" | ");
        format!(
            "{} did not say {what} {when}; last: {last} (all in {})",
            self.name,
            self.log.display()
        )
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it does not end in time, or ends with anything but 0.
    pub(super) fn ended(&mut self, within: Duration) -> Result<(), String> {
        let until = Instant::now() + within;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    return Err(format!(
                        "{} ended with {status}; see {}",
                        self.name,
                        self.log.display()
                    ));
                }
                Ok(None) if Instant::now() < until => std::thread::sleep(POLL),
                Ok(None) => {
                    return Err(format!(
                        "{} did not end in time; see {}",
                        self.name,
                        self.log.display()
                    ));
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Ends it and the processes it has started with SIGKILL, and waits until it is gone.
    pub(super) fn kill(&mut self) {
        if let Ok(group) = self.child.id().try_into() {
            let _ = nix::sys::signal::killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Its input, for a person.
    pub(super) fn take_input(&mut self) -> Option<ChildStdin> {
        self.stdin.take()
    }

    /// Prints what it says from now on in a readable form, until it ends.
    pub(super) fn show(&mut self, readable: impl Fn(&str) -> String) {
        while let Ok(line) = self.lines.recv() {
            println!("{}", readable(&line));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks `question` until it has an answer.
///
/// # Errors
/// The last reason why it had none.
pub(super) fn until<T>(
    within: Duration,
    mut question: impl FnMut() -> Result<T, String>,
) -> Result<T, String> {
    let end = Instant::now() + within;
    loop {
        match question() {
            Ok(answer) => return Ok(answer),
            Err(reason) if Instant::now() >= end => return Err(reason),
            Err(_) => std::thread::sleep(POLL),
        }
    }
}

/// How often a program is asked that cannot tell by itself.
const POLL: Duration = Duration::from_millis(50);
/// Lines of a program that are shown when it did not say what was expected.
const SHOWN: usize = 6;
