//! What is to be done, in order: from a file, then from whoever types.

use super::{Shell, ShellError};
use crate::pp::Command;
use crate::program::options::Options;
use crate::program::report::{Report, Subject};
use crate::program::words::{Whom, Word, help};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Instant;

/// Commands that wait, and the one that is waited for.
pub(super) struct Commands {
    lines: VecDeque<String>,
    open: bool,
    waiting: Option<Waiting>,
    /// What has happened to whom and was not waited for yet.
    past: BTreeMap<(u8, usize), VecDeque<Report>>,
    failed: u32,
    prompted: bool,
}

struct Waiting {
    until: Instant,
    /// Nothing in particular, for `sleep`.
    event: Option<(Whom, Vec<String>)>,
    line: String,
}

impl Commands {
    pub(super) fn read(options: &Options) -> Result<Self, ShellError> {
        let lines = match &options.commands {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| ShellError::Commands(path.clone(), error))?,
        };
        Ok(Self {
            lines: lines.lines().map(str::to_owned).collect(),
            open: options.prompt,
            waiting: None,
            past: BTreeMap::new(),
            failed: 0,
            prompted: false,
        })
    }

    pub(super) fn typed(&mut self, line: String) {
        self.prompted = false;
        if self.lines.len() < LINES_MAX {
            self.lines.push_back(line);
        }
    }

    pub(super) fn close(&mut self) {
        self.open = false;
    }

    /// Whether nothing is to be done any more.
    pub(super) fn over(&self) -> bool {
        !self.open && self.lines.is_empty() && self.waiting.is_none()
    }

    /// How many commands did not hold.
    pub(super) const fn failed(&self) -> u32 {
        self.failed
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.as_ref().map(|waiting| waiting.until)
    }

    fn next(&mut self) -> Option<String> {
        if self.waiting.is_some() { None } else { self.lines.pop_front() }
    }

    /// Something has happened.
    pub(super) fn told(&mut self, report: &Report) {
        let Some(whom) = key(report.subject) else { return };
        let past = self.past.entry(whom).or_default();
        past.push_back(report.clone());
        if past.len() > PAST_MAX {
            past.pop_front();
        }
    }

    /// Whether what is waited for has happened.
    fn held(&mut self) -> Option<Report> {
        let (whom, words) = self.waiting.as_ref()?.event.as_ref()?;
        let past = self.past.get_mut(&match whom {
            Whom::Base(base) => (0, *base),
            Whom::Handset(handset) => (1, *handset),
        })?;
        let found = past.iter().position(|report| report.matches(words))?;
        past.remove(found);
        self.waiting.take().map(|waiting| done(waiting.line))
    }

    /// The wait is over.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Report> {
        let waiting = self.waiting.take_if(|waiting| waiting.until <= now)?;
        if waiting.event.is_none() {
            return Some(done(waiting.line));
        }
        self.failed += 1;
        let report = Report::new(Subject::Program, "waited-in-vain");
        Some(report.with("command", waiting.line))
    }
}

impl Shell {
    /// Does what can be done now.
    pub(super) async fn work(&mut self) -> Result<(), ShellError> {
        loop {
            if let Some(report) = self.commands.held() {
                self.print(&report)?;
            }
            let Some(line) = self.commands.next() else { return Ok(()) };
            match Word::parse(&line) {
                Ok(Some(word)) => self.obey(word, line).await?,
                Ok(None) => {}
                Err(error) => self.refuse(&error.to_string())?,
            }
        }
    }

    async fn obey(&mut self, word: Word, line: String) -> Result<(), ShellError> {
        let now = Instant::now();
        let (handset, command) = match word {
            Word::Subscribe(handset, code) => (handset, Command::Subscribe(code)),
            Word::On(handset) => (handset, Command::SwitchOn),
            Word::Off(handset) => (handset, Command::SwitchOff),
            Word::Dial(handset, number) => (handset, Command::Dial(number)),
            Word::Keys(handset, keys) => (handset, Command::Keys(keys)),
            Word::Answer(handset) => (handset, Command::Answer),
            Word::Reject(handset) => (handset, Command::Reject),
            Word::Hang(handset) => (handset, Command::HangUp),
            Word::Wait(time, whom, words) => {
                let event = Some((whom, words));
                self.commands.waiting = Some(Waiting { until: now + time, event, line });
                return Ok(());
            }
            Word::Sleep(time) => {
                self.commands.waiting = Some(Waiting { until: now + time, event: None, line });
                return Ok(());
            }
            other => return self.arrange(other, line).await,
        };
        if handset >= self.site.handsets() {
            return self.refuse(&format!("there is no handset {}", handset + 1));
        }
        let outputs = self.site.user(now, handset, command);
        self.carry_out(outputs).await?;
        self.say_done(line)
    }

    /// What its user does not do with a handset.
    async fn arrange(&mut self, word: Word, line: String) -> Result<(), ShellError> {
        let handset = match word {
            Word::Display(handset) | Word::Tone(handset, _) | Word::Fault(handset, _) => handset,
            Word::Walk(handset, base) if base < self.site.bases() => handset,
            Word::Walk(_, base) => {
                return self.refuse(&format!("there is no base station {}", base + 1));
            }
            _ => 0,
        };
        if handset >= self.site.handsets() {
            return self.refuse(&format!("there is no handset {}", handset + 1));
        }
        match word {
            Word::Walk(_, base) => {
                let outputs = self.site.walk(Instant::now(), handset, base);
                self.carry_out(outputs).await?;
            }
            Word::Tone(_, hz) => self.site.speak(handset, hz),
            Word::Fault(_, faults) => {
                if let Some(pp) = self.site.handset_mut(handset) {
                    pp.model_mut().faults = faults;
                }
            }
            Word::Display(_) => {
                let text = self.site.handset(handset).map(|pp| pp.display().to_owned());
                let report = Report::new(Subject::Handset(handset), "shows");
                self.print(&report.with("text", text))?;
            }
            Word::Status => self.status()?,
            Word::Help => io::stdout().lock().write_all(help().as_bytes())?,
            _ => {
                self.commands.lines.clear();
                self.commands.close();
            }
        }
        self.say_done(line)
    }

    fn status(&mut self) -> Result<(), ShellError> {
        for base in 0..self.site.bases() {
            let report = Report::new(Subject::Base(base), "is");
            self.print(&report.with("on_air", self.site.on_air(base)))?;
        }
        for handset in 0..self.site.handsets() {
            let (Some(pp), Some((base, hz, heard))) =
                (self.site.handset(handset), self.site.whereabouts(handset))
            else {
                continue;
            };
            let report = Report::new(Subject::Handset(handset), "is")
                .with("ipei", pp.ipei().to_string())
                .with("at_base", base + 1)
                .with("on", pp.is_on())
                .with("subscribed", pp.subscription().is_some())
                .with("located", pp.is_located())
                .with("link", pp.has_link())
                .with("ciphered", pp.is_ciphered())
                .with("call", pp.call().map(|state| format!("{state:?}")))
                .with("says_hz", hz)
                .with("hears_hz", heard)
                .with("display", pp.display());
            self.print(&report)?;
        }
        Ok(())
    }

    fn refuse(&mut self, reason: &str) -> Result<(), ShellError> {
        self.commands.failed += 1;
        self.print(&Report::new(Subject::Program, "not-understood").with("reason", reason))
    }

    /// Programs want to know when a command is done; people see it.
    fn say_done(&mut self, line: String) -> Result<(), ShellError> {
        if self.json { self.print(&done(line)) } else { Ok(()) }
    }

    /// Asks whoever types for the next command.
    pub(super) fn prompt(&mut self) -> Result<(), ShellError> {
        let commands = &mut self.commands;
        let typed = commands.open && io::stdin().is_terminal() && !self.json;
        if typed && !commands.prompted && commands.waiting.is_none() {
            commands.prompted = true;
            let mut out = io::stdout().lock();
            write!(out, "> ")?;
            out.flush()?;
        }
        Ok(())
    }

    pub(super) fn print(&mut self, report: &Report) -> Result<(), ShellError> {
        let at = self.began.elapsed();
        let line = if self.json { report.json(at) } else { report.line(at) };
        let mut out = io::stdout().lock();
        if std::mem::take(&mut self.commands.prompted) {
            writeln!(out)?;
        }
        writeln!(out, "{line}")?;
        Ok(out.flush()?)
    }
}

fn done(line: String) -> Report {
    Report::new(Subject::Program, "done").with("command", line)
}

/// Events are kept by what they are about.
const fn key(subject: Subject) -> Option<(u8, usize)> {
    match subject {
        Subject::Base(base) => Some((0, base)),
        Subject::Handset(handset) => Some((1, handset)),
        Subject::Program => None,
    }
}

/// Lines that are typed ahead.
const LINES_MAX: usize = 10_000;
/// Events that nobody has waited for.
const PAST_MAX: usize = 256;
