//! The role `console`: the menu on the screen and the serial port of the box.
//!
//! It carries lines between terminals and [`menu::Menu`], and what a person wants to the supervisor. Terminals and the
//! socket for echo requests are opened before it is confined; after that it can open neither.

mod echo;
mod look;
mod terminal;

pub use look::Sources;

use crate::observing::{Observation, stay};
use crate::supervisor::{Supervisor, SupervisorError};
use bus::door::Door;
use bus::observed1;
use bus::streams::streams;
use echo::Echo;
use look::Look;
use menu::{Answer, Deed, Menu, Out, View};
use sd_notify::NotifyState;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use terminal::{Terminal, Typed};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Why the role cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// A socket cannot be watched.
    #[error("a socket of the console cannot be used")]
    Socket(#[from] io::Error),
    /// Its control socket.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
}

/// What only root can open.
#[derive(Debug)]
pub struct Doors {
    terminals: Vec<terminal::Opened>,
    echo: Option<OwnedFd>,
}

impl Doors {
    /// Opens the kernel's consoles and the screen, and a socket for echo requests.
    #[must_use]
    pub fn open() -> Self {
        let echo = echo::open();
        if let Err(error) = &echo {
            tracing::warn!(%error, "nobody can be pinged");
        }
        Self { terminals: terminal::open_all(), echo: echo.ok() }
    }
}

/// What the role is given.
#[derive(Debug)]
pub struct Given {
    /// What was opened before it was confined.
    pub doors: Doors,
    /// Its control socket.
    pub control: OwnedFd,
    /// Where it is called.
    pub listener: UnixListener,
    /// By whom.
    pub callers: Vec<u32>,
    /// What it looks at.
    pub sources: Sources,
}

/// Keeps the menus until `stop` ends.
///
/// # Errors
/// [`ConsoleError`].
pub async fn run(given: Given, stop: impl Future<Output = ()>) -> Result<(), ConsoleError> {
    let door = Arc::new(Door::new(given.listener, given.callers)?);
    let (typed_in, mut typed) = channel(LINES_MAX);
    let (echoes_in, mut echoes) = channel(TERMINALS_MAX);
    let (observers_in, mut observers) = channel(ASKS_MAX);
    let look = Look::new(Supervisor::new(given.control)?, given.sources);
    let mut desk = Desk::open(given.doors, look, (typed_in, echoes_in)).await?;
    let period = sd_notify::watchdog_enabled().map_or(BEAT, |limit| limit / 4).min(BEAT);
    let mut beat = interval(period);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut guests = JoinSet::new();
    let mut stop = pin!(stop);
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    desk.begin().await;
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            _ = beat.tick() => {
                let _ = sd_notify::notify(&[NotifyState::Watchdog]);
                desk.look_again().await;
            }
            Some(typed) = typed.recv() => desk.typed(&typed).await,
            Some((index, answer)) = echoes.recv() => desk.answered(index, &answer).await,
            Some(ask) = observers.recv() => desk.observation.asked(ask),
            Some(_) = guests.join_next() => {}
            accepted = door.accept(), if guests.len() < GUESTS_MAX => match accepted {
                Ok(stream) => {
                    let (begun, running) = streams();
                    let observed = observed1::Service::new(observers_in.clone(), begun);
                    let door = door.clone();
                    guests.spawn(async move {
                        stay(door.serve(stream, observed).await, running).await;
                    });
                }
                Err(error) => tracing::warn!(%error, "a caller was not served"),
            },
        }
    }
}

/// All terminals and their menus.
struct Desk {
    places: Vec<Place>,
    look: Look,
    /// What was shown last.
    view: View,
    echo: Option<Arc<Echo>>,
    echoes: Sender<(usize, Answer)>,
    /// They end with it.
    tasks: JoinSet<()>,
    observation: Observation,
}

/// A terminal and its menu.
struct Place {
    terminal: Arc<Terminal>,
    menu: Menu,
    last_typed: Instant,
}

impl Desk {
    async fn open(
        doors: Doors,
        mut look: Look,
        (typed, echoes): (Sender<Typed>, Sender<(usize, Answer)>),
    ) -> io::Result<Self> {
        let mut tasks = JoinSet::new();
        let mut places = Vec::new();
        for opened in doors.terminals.into_iter().take(TERMINALS_MAX) {
            let terminal = Arc::new(Terminal::new(opened)?);
            tasks.spawn(terminal.clone().read(places.len(), typed.clone()));
            places.push(Place { terminal, menu: Menu::default(), last_typed: Instant::now() });
        }
        let names: Vec<&str> = places.iter().map(|place| place.terminal.name()).collect();
        tracing::info!(terminals = names.join(" "), "the menu is shown");
        let echo = doors.echo.map(Echo::new).transpose()?.map(Arc::new);
        let view = look.view().await;
        let observation = Observation::begin("console", "shows the menu", "lines");
        Ok(Self { places, look, view, echo, echoes, tasks, observation })
    }

    /// The first screen on each terminal.
    async fn begin(&mut self) {
        for place in &mut self.places {
            let (menu, screen) = Menu::begin(&self.view);
            place.menu = menu;
            place.terminal.write(&screen).await;
        }
    }

    /// Shows what has changed, and leaves questions that nobody answers.
    async fn look_again(&mut self) {
        let view = self.look.view().await;
        let changed = view != self.view;
        self.view = view;
        for index in 0..self.places.len() {
            let mut out = Vec::new();
            let Some(place) = self.places.get_mut(index) else { continue };
            if place.last_typed.elapsed() > LEFT_AFTER {
                place.menu.left(&mut out);
            }
            if changed {
                place.menu.changed(&self.view, &mut out);
            }
            self.carry_out(index, out).await;
        }
    }

    async fn typed(&mut self, typed: &Typed) {
        let Some(place) = self.places.get_mut(typed.terminal) else { return };
        let line = typed.line.escape_ascii().to_string();
        let line: String = line.chars().take(LOGGED_MAX).collect();
        tracing::info!(who = "console", terminal = place.terminal.name(), line, "typed");
        self.observation.count += 1;
        place.last_typed = Instant::now();
        self.view = self.look.view().await;
        let mut out = Vec::new();
        place.menu.line(&typed.line, &self.view, &mut out);
        self.carry_out(typed.terminal, out).await;
    }

    async fn answered(&mut self, index: usize, answer: &Answer) {
        let Some(place) = self.places.get_mut(index) else { return };
        let mut out = Vec::new();
        place.menu.answered(answer, &mut out);
        self.carry_out(index, out).await;
    }

    async fn carry_out(&mut self, index: usize, outs: Vec<Out>) {
        let Some(place) = self.places.get_mut(index) else { return };
        for out in outs {
            match out {
                Out::Say(text) => place.terminal.write(&text).await,
                Out::Do(deed) => {
                    tracing::info!(
                        who = "console",
                        terminal = place.terminal.name(),
                        "wants: {}",
                        deed.words()
                    );
                    let Some(answer) = self.look.order(deed).await else {
                        self.ping(deed, index).await;
                        return;
                    };
                    let mut said = Vec::new();
                    place.menu.answered(&answer, &mut said);
                    for out in said {
                        if let Out::Say(text) = out {
                            place.terminal.write(&text).await;
                        }
                    }
                }
            }
        }
    }

    /// Begins to ask; the answer comes by itself.
    async fn ping(&mut self, deed: Deed, index: usize) {
        let Deed::Ping(address) = deed else { return };
        let answers = self.echoes.clone();
        match self.echo.clone() {
            Some(echo) => {
                self.tasks.spawn(async move {
                    let answer = echo.ask(address).await;
                    // Without a role there is nobody to tell.
                    let _ = answers.send((index, answer)).await;
                });
            }
            None => {
                let answer = Answer::NotSent("this kernel has no such sockets".into());
                let _ = answers.send((index, answer)).await;
            }
        }
    }
}

/// Between two looks at what has changed; also the sign of life.
const BEAT: Duration = Duration::from_secs(2);
/// A question is not left to the next person.
const LEFT_AFTER: Duration = Duration::from_mins(10);
/// The screen, two serial ports, and one more.
const TERMINALS_MAX: usize = 4;
/// Lines that wait.
const LINES_MAX: usize = 16;
/// Of a line, in the log.
const LOGGED_MAX: usize = 120;
const ASKS_MAX: usize = 8;
/// An administrator, and the pages.
const GUESTS_MAX: usize = 4;
