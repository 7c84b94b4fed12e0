//! Sockets, the clock and the prompt around a [`Site`].

mod base;
mod commands;
mod ports;

use super::options::Options;
use super::report::{Report, Subject};
use super::site::{Output, Site};
use crate::pp::{Command, Model, SimPp};
use crate::rfp;
use crate::tls::{self, BadIdentity};
use base::Bases;
use commands::Commands;
use dect::rfp::primitive::Handle;
use machine::Rng;
use ports::Ports;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::sleep_until;

/// The program, running.
pub struct Shell {
    site: Site,
    bases: Bases,
    ports: Ports,
    commands: Commands,
    events: Receiver<Event>,
    began: Instant,
    json: bool,
    /// When the next 20 milliseconds of speech are due.
    speech: Option<Instant>,
}

/// What the shell waits for.
enum Event {
    /// Something happened on the way of a base station to the server.
    Line(usize, tls::Event),
    /// A datagram arrived at a port of a base station.
    Datagram(usize, Handle, Vec<u8>),
    /// Somebody typed a line.
    Typed(String),
    /// Nobody will type any more.
    Closed,
}

/// The program cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// A base station's certificate or key cannot be used.
    #[error("cannot use what base station {0} has kept")]
    Identity(String, #[source] BadIdentity),
    /// The command file.
    #[error("cannot read the commands in {0}")]
    Commands(PathBuf, #[source] io::Error),
    /// The thread that reads the standard input.
    #[error("cannot read the standard input")]
    Input(#[source] io::Error),
    /// Nobody reads what is printed.
    #[error("cannot print")]
    Output(#[from] io::Error),
}

/// The operating system's random numbers.
struct SystemRng;

impl Rng for SystemRng {
    fn fill(&mut self, octets: &mut [u8]) {
        // A machine without random numbers cannot simulate keys either.
        assert!(getrandom::fill(octets).is_ok(), "the operating system gives no random numbers");
    }
}

impl Shell {
    /// Base stations on their way to the server, handsets switched on.
    ///
    /// # Errors
    /// [`ShellError`].
    pub fn start(options: &Options) -> Result<Self, ShellError> {
        let (sender, events) = channel(QUEUE);
        let began = Instant::now();
        let mut site = Site::default();
        for base in &options.bases {
            site.add_base(base::rfp(base, options.state.as_deref(), Box::new(SystemRng)));
        }
        for (number, ipei) in (0_u32..).zip(&options.handsets) {
            let model = Model { dialling: options.dialling, ..Model::new(*ipei) };
            let pp = SimPp::new(model, Box::new(SystemRng), began);
            site.add_handset(pp, FIRST_TONE + TONE_STEP * f64::from(number % TONES));
        }
        let mut shell = Self {
            site,
            bases: Bases::start(options, &sender)?,
            ports: Ports::new(sender.clone()),
            commands: Commands::read(options)?,
            events,
            began,
            json: options.json,
            speech: None,
        };
        if options.prompt {
            listen(sender).map_err(ShellError::Input)?;
        }
        shell.switch_on();
        Ok(shell)
    }

    fn switch_on(&mut self) {
        for handset in 0..self.site.handsets() {
            // Nothing is on the air yet, so nothing follows.
            self.site.user(self.began, handset, Command::SwitchOn);
        }
    }

    /// Runs to the end of the commands; how many of them did not hold.
    ///
    /// # Errors
    /// [`ShellError::Output`].
    pub async fn run(mut self) -> Result<u32, ShellError> {
        loop {
            self.work().await?;
            if self.commands.over() {
                return Ok(self.commands.failed());
            }
            self.prompt()?;
            let due = self.due();
            tokio::select! {
                event = self.events.recv() => self.happened(event.unwrap_or(Event::Closed)).await?,
                () = sleep_until(due.into()) => self.time_passed().await?,
            }
        }
    }

    fn due(&self) -> Instant {
        let dues = [self.site.deadline(), self.speech, self.commands.deadline()];
        let far = Instant::now() + FAR;
        dues.into_iter().flatten().min().unwrap_or(far).min(far)
    }

    async fn time_passed(&mut self) -> Result<(), ShellError> {
        let now = Instant::now();
        let outputs = self.site.expire(now);
        self.carry_out(outputs).await?;
        if let Some(due) = self.speech.filter(|due| *due <= now) {
            let outputs = self.site.speech(now);
            self.carry_out(outputs).await?;
            // A machine that was asleep does not speak all that it has missed.
            let next = due + FRAME;
            self.speech = Some(if next + FRAME * 10 < now { now + FRAME } else { next });
        }
        if let Some(report) = self.commands.expire(now) {
            self.report(&report)?;
        }
        Ok(())
    }

    async fn happened(&mut self, event: Event) -> Result<(), ShellError> {
        let now = Instant::now();
        match event {
            Event::Line(base, event) => {
                if let Some(report) = self.bases.told(base, &event) {
                    self.report(&report)?;
                }
                if let Some(input) = base::input(event) {
                    let outputs = self.site.base_input(now, base, input);
                    self.carry_out(outputs).await?;
                }
            }
            Event::Datagram(base, handle, octets) => {
                let outputs = self.site.base_input(now, base, rfp::Input::Datagram(handle, octets));
                self.carry_out(outputs).await?;
            }
            Event::Typed(line) => self.commands.typed(line),
            Event::Closed => self.commands.close(),
        }
        Ok(())
    }

    /// Carries out what the site asks for, and what it asks for on hearing of that.
    async fn carry_out(&mut self, outputs: Vec<Output>) -> Result<(), ShellError> {
        let mut outputs = VecDeque::from(outputs);
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::Send(base, octets) => self.bases.send(base, octets),
                Output::Close(base, why) => {
                    let report = Report::new(Subject::Base(base), "closes").with("reason", why);
                    self.report(&report)?;
                    self.bases.close(base);
                }
                Output::Keep(base, key) => self.bases.keep(base, &key),
                Output::Bind(base, handle, port) => {
                    let bound = self.ports.bind(base, handle, self.bases.address(base), port).await;
                    let input = rfp::Input::Bound(handle, bound);
                    outputs.extend(self.site.base_input(Instant::now(), base, input));
                }
                Output::Unbind(base, handle) => self.ports.unbind(base, handle),
                Output::Datagram(base, handle, to, octets) => {
                    self.ports.send(base, handle, to, &octets);
                }
                Output::Report(report) => self.report(&report)?,
            }
        }
        self.speech = match self.speech {
            _ if !self.site.talks() => None,
            None => Some(Instant::now() + FRAME),
            running => running,
        };
        Ok(())
    }

    fn report(&mut self, report: &Report) -> Result<(), ShellError> {
        self.commands.told(report);
        self.print(report)
    }
}

/// Reads the standard input in a thread of its own, since it cannot be waited for otherwise.
fn listen(events: Sender<Event>) -> io::Result<()> {
    let read = move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if events.blocking_send(Event::Typed(line)).is_err() {
                return;
            }
        }
        // The program may have ended before.
        let _ = events.blocking_send(Event::Closed);
    };
    std::thread::Builder::new().name("prompt".into()).spawn(read).map(drop)
}

/// What handsets say: 600 hertz, 800 hertz ... to be told apart by ear.
const FIRST_TONE: f64 = 600.0;
const TONE_STEP: f64 = 200.0;
/// How many handsets have a tone of their own.
const TONES: u32 = 12;
/// Speech goes in frames of 20 milliseconds.
const FRAME: Duration = Duration::from_millis(20);
/// When nothing is due.
const FAR: Duration = Duration::from_hours(1);
/// Events that wait; datagrams beyond are lost, as they would be in a socket.
const QUEUE: usize = 4096;
