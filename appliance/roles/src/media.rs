//! The role `media`: speech between base stations and the PBX.
//!
//! One thread of tokio listens on the bus and opens ports; a few threads carry
//! the packets, each with a relay and an epoll of its own. A session lives in
//! one thread from beginning to end, so nothing is shared and nothing locked.
//!
//! One caller that asks for sessions is served at a time, and its sessions end
//! with it. A second one that asks takes the place of the first: it is the
//! first one restarted, whose end the kernel has not told yet. Whoever only
//! observes takes nobody's place.

mod observe;
pub mod words;
mod worker;

use crate::conf_client::{Conf, ConfClient, Follows, Heard};
use crate::settings::{Begun, Ports as Range};
use bus::Connection;
use bus::door::{Door, Refused};
use bus::media1::{self, Answers, Service};
use bus::observed1;
use bus::streams::streams;
use config::Config;
use media::ports::Ports;
use media::relay::Limits;
use media::session::{Command, Report, SessionId};
use observe::Counted;
use os::ports::{NoPair, Pair};
use sd_notify::NotifyState;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use worker::{Order, Told, Worker};

/// What the role is given.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address and the ports that carry speech.
    pub ports: Range,
    /// Traffic class octet of speech (`sip.media.tos`).
    pub tos: u8,
    /// Threads that carry packets; at least one.
    pub threads: usize,
    /// A side that is not heard for this long is reported.
    pub silence: Duration,
    /// Users that may call.
    pub callers: Vec<u32>,
    /// What an administrator should know of the settings.
    pub alerts: watch::Receiver<Vec<String>>,
}

/// Why the role cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The bus socket cannot be used.
    #[error("the bus socket of the media role cannot be used")]
    Bus(#[source] io::Error),
    /// A thread cannot be started, or cannot wait for packets.
    #[error("a thread for speech cannot be started")]
    Thread(#[source] io::Error),
    /// A thread has ended that should not have.
    #[error("a thread for speech has ended")]
    Ended,
    /// The range has no room for a single session.
    #[error("the {1} ports for speech from {0} on are too few; a call takes four")]
    Range(u16, u16),
}

/// Waits for the settings and follows them from then on; `None` where `stop` came first.
///
/// All of them are felt after a restart. What has to wait for one is told by the receiver, for [`Settings::alerts`].
pub async fn follow(
    conf: Conf,
    stop: impl Future<Output = ()>,
) -> Option<(Box<Config>, watch::Receiver<Vec<String>>)> {
    let mut conf = ConfClient::follow(conf, Follows::Settings);
    let config = conf.first_settings(stop).await?;
    let begun = Begun::media((*config).clone());
    let (alerts, told) = watch::channel(Vec::new());
    // It ends with the runtime.
    drop(tokio::spawn(async move {
        loop {
            if let Heard::Settings(wanted) = conf.next().await {
                alerts.send_replace(begun.alert(&wanted).into_iter().collect());
            }
        }
    }));
    Some((config, told))
}

/// Carries speech for whoever calls over `listener`, until `stop`.
///
/// Says READY to the parent when callers are served, and WATCHDOG if it was asked to.
///
/// # Errors
/// [`MediaError`]; the parent then starts the role again.
pub async fn run(
    settings: Settings,
    listener: UnixListener,
    stop: impl Future<Output = ()>,
) -> Result<(), MediaError> {
    let door = Door::new(listener, settings.callers.clone()).map_err(MediaError::Bus)?;
    let (told, mut heard) = channel(TOLD_MAX);
    let (greeted, mut callers) = channel(1);
    let (asks, mut observers) = channel(OBSERVERS_MAX);
    let mut desk = Desk::new(settings, &told)?;
    let watchdog = sd_notify::watchdog_enabled().map_or(WATCHDOG, |limit| limit / 2);
    let mut beat = interval(watchdog);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let greeting = greet(Arc::new(door), greeted, asks);
    tokio::pin!(greeting, stop);
    // Without a parent that listens there is nobody to tell.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = &mut greeting => return Ok(()),
            Some(caller) = callers.recv() => desk.welcome(caller),
            Some(told) = heard.recv() => desk.told(told).await,
            Some(ask) = observers.recv() => desk.observed(ask),
            command = desk.asked() => desk.command(command),
            _ = beat.tick() => desk.beat()?,
        }
    }
}

/// A caller and what it asks.
struct Caller {
    connection: Connection,
    commands: Receiver<media1::Command>,
    /// Ends when the caller is gone.
    gone: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Caller {
    /// Waits for the first command; `None` if there never is one.
    async fn first(mut self) -> Option<(Self, media1::Command)> {
        let asked = self.asked().await;
        asked.map(|command| (self, command))
    }

    /// Waits for the next command; `None` when the caller is gone.
    async fn asked(&mut self) -> Option<media1::Command> {
        tokio::select! {
            biased;
            Some(command) = self.commands.recv() => Some(command),
            () = &mut self.gone => None,
        }
    }
}

/// Passes the commands of one caller on.
struct Inbox(Sender<media1::Command>);

impl Answers for Inbox {
    fn command(&self, command: media1::Command) {
        if self.0.try_send(command).is_err() {
            tracing::error!("a command was dropped: more than {COMMANDS_MAX} wait");
        }
    }
}

/// Takes callers for ever, and passes those on that ask for something.
async fn greet(
    door: Arc<Door>,
    greeted: Sender<(Caller, media1::Command)>,
    observers: Sender<observed1::Ask>,
) {
    let mut callers = JoinSet::new();
    loop {
        tokio::select! {
            accepted = door.accept(), if callers.len() < CALLERS_MAX => {
                // In a task of its own: one that is silent must not hold up the others.
                let (door, observers) = (door.clone(), observers.clone());
                callers.spawn(async move {
                    let served = match accepted {
                        Ok(stream) => serve(&door, stream, observers).await,
                        Err(refused) => Err(refused),
                    };
                    match served {
                        Ok(caller) => caller.first().await,
                        Err(error) => {
                            tracing::warn!(%error, "a caller was not served");
                            None
                        }
                    }
                });
            }
            Some(first) = callers.join_next() => {
                if let Ok(Some(first)) = first
                    && greeted.send(first).await.is_err()
                {
                    return;
                }
            }
        }
    }
}

async fn serve(
    door: &Door,
    stream: UnixStream,
    observers: Sender<observed1::Ask>,
) -> Result<Caller, Refused> {
    let (sender, commands) = channel(COMMANDS_MAX);
    let (begun, running) = streams();
    let observed = observed1::Service::new(observers, begun);
    let connection = door.serve_both(stream, Service::new(Inbox(sender)), observed).await?;
    let gone = Box::pin(running.until_gone(connection.clone()));
    Ok(Caller { connection, commands, gone })
}

/// Between the one who calls and the threads.
struct Desk {
    settings: Settings,
    ports: Ports,
    workers: Vec<Worker>,
    caller: Option<Caller>,
    /// Counts callers; what the sessions of earlier ones still tell is not passed on.
    generation: u32,
    counted: Counted,
}

impl Desk {
    fn new(settings: Settings, told: &Sender<Told>) -> Result<Self, MediaError> {
        let Range { first, count, .. } = settings.ports;
        let last = first.saturating_add(count.saturating_sub(1));
        let ports = Ports::new(first, last);
        if ports.free() < 2 {
            return Err(MediaError::Range(first, count));
        }
        let threads = settings.threads.clamp(1, THREADS_MAX);
        let limits = Limits { sessions: ports.free() / 2, silence: settings.silence };
        let workers = (0..threads)
            .map(|number| Worker::start(number, limits, told.clone()))
            .collect::<Result<_, _>>()
            .map_err(MediaError::Thread)?;
        let counted = Counted::begin();
        Ok(Self { settings, ports, workers, caller: None, generation: 0, counted })
    }

    fn welcome(&mut self, (caller, first): (Caller, media1::Command)) {
        tracing::info!("a caller is served");
        self.dismiss();
        self.caller = Some(caller);
        self.command(Some(first));
    }

    /// Ends the sessions of the present caller.
    fn dismiss(&mut self) {
        self.caller = None;
        self.generation = self.generation.wrapping_add(1);
        for worker in &self.workers {
            worker.order(Order::Begin(self.generation));
        }
    }

    /// What the present caller asks next; for ever pending without one.
    async fn asked(&mut self) -> Option<media1::Command> {
        match &mut self.caller {
            Some(caller) => caller.asked().await,
            None => std::future::pending().await,
        }
    }

    fn command(&mut self, asked: Option<media1::Command>) {
        let Some(command) = asked else {
            tracing::info!("the caller is gone; its sessions end");
            return self.dismiss();
        };
        match words::command(&command) {
            Command::Open(session) => self.open(session),
            command => self.worker(words::session(&command)).order(Order::Command(command)),
        }
    }

    fn open(&mut self, session: SessionId) {
        let pairs = self.pair().and_then(|radio| match self.pair() {
            Ok(network) => Ok([radio, network]),
            Err(why) => {
                self.give_back(&radio);
                Err(why)
            }
        });
        let order = match pairs {
            Ok(pairs) => Order::Open(session, Box::new(pairs)),
            Err(why) => Order::Refuse(session, why),
        };
        self.worker(session).order(order);
    }

    /// A pair of free ports; those that another program has are passed over.
    fn pair(&mut self) -> Result<Pair, String> {
        let Range { address, first, count } = self.settings.ports;
        let mut why = format!("all {count} ports for speech from {first} on are in use");
        for _ in 0..TRIES_MAX.min(self.ports.free()) {
            let Some(port) = self.ports.take() else { break };
            match Pair::open(address, port, self.settings.tos) {
                Ok(pair) => return Ok(pair),
                Err(error) => {
                    self.ports.give(port);
                    why = error.to_string();
                    if !matches!(error, NoPair::Taken(_)) {
                        tracing::error!(%error, "no port for speech");
                        break;
                    }
                    tracing::warn!(%error, "a port for speech was passed over");
                }
            }
        }
        Err(why)
    }

    fn give_back(&mut self, pair: &Pair) {
        if let Ok(address) = pair.rtp.local_addr() {
            self.ports.give(address.port());
        }
    }

    async fn told(&mut self, told: Told) {
        match told {
            Told::Free(ports) => ports.into_iter().for_each(|port| self.ports.give(port)),
            Told::Report(generation, report) => {
                self.counted.report(&report);
                if generation == self.generation {
                    self.tell(report).await;
                }
            }
        }
    }

    async fn tell(&mut self, report: Report) {
        let Some(caller) = &self.caller else { return };
        let emitted = timeout(PATIENCE, words::report(report).emit(&caller.connection)).await;
        if !matches!(emitted, Ok(Ok(()))) {
            tracing::warn!("the caller does not listen any more; its sessions end");
            self.dismiss();
        }
    }

    fn beat(&self) -> Result<(), MediaError> {
        if self.workers.iter().any(Worker::has_ended) {
            return Err(MediaError::Ended);
        }
        // A thread that hangs lets the parent's watchdog bite.
        if self.workers.iter().all(Worker::has_moved) {
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        }
        Ok(())
    }

    fn worker(&self, session: SessionId) -> &Worker {
        let index = session.0 as usize % self.workers.len();
        &self.workers[index]
    }
}

/// Both sockets of both sides.
type Pairs = [Pair; 2];

fn addresses([radio, network]: &Pairs) -> Option<(SocketAddr, SocketAddr)> {
    Some((radio.rtp.local_addr().ok()?, network.rtp.local_addr().ok()?))
}

/// Reports that may be dropped when too many wait wait no longer than this.
type Backlog = VecDeque<Told>;

/// Commands of one caller that wait: the calls of a busy second, many times over.
const COMMANDS_MAX: usize = 4096;

/// The same for reports.
const TOLD_MAX: usize = 4096;

/// Callers at a time: the role `dect`, and those who observe.
const CALLERS_MAX: usize = 16;

/// Observers' questions that wait.
const OBSERVERS_MAX: usize = 16;

/// Ports of other programs that are passed over before a session fails.
const TRIES_MAX: usize = 64;

/// More threads than this have never been needed for ten thousand handsets.
const THREADS_MAX: usize = 16;

/// How long a caller may leave reports unread.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the threads are looked at where the parent asks for no watchdog.
const WATCHDOG: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
