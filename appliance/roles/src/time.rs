//! The role `time`: asks time servers, keeps the clock right, and tells others the time.
//!
//! What is asked, believed and done is decided by [`lan::ntp::Client`]; here
//! are the sockets, the clock, and those who want to know. On a person's
//! machine the clock is one of this process alone.

mod asking;
mod clock;
mod serving;
mod shown;

pub use clock::{Clock, Machine, Pretended};

use crate::conf_client::{Conf, ConfClient, Follows, Heard};
use crate::floor;
use crate::net_client::{Net, NetClient};
use crate::observing::stay;
use crate::random::OsRandom;
use asking::{Asking, Came};
use bus::door::Door;
use bus::net1::NetState;
use bus::streams::streams;
use bus::{observed1, time1};
use config::Config;
use config::groups::{fixpart, network};
use lan::ntp::server::{Admission, Times, answer, reference_id, slower};
use lan::ntp::{Change, Client, Doorkeeper, Ground, Output, Refusal, Report, Wall};
use lan::zone::Zone;
use machine::Rng as _;
use sd_notify::NotifyState;
use serving::{Question, Serving};
use shown::Shown;
use std::future::{Future, pending};
use std::io;
use std::os::unix::net::UnixListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

/// What the role is given.
pub struct Options {
    /// Where the settings are.
    pub conf: Conf,
    /// Where the servers are told that the network has named.
    pub net: Net,
    /// The clock that is kept right.
    pub clock: Box<dyn Clock>,
    /// How long the machine is up.
    pub up_for: Duration,
    /// Users that may ask.
    pub callers: Vec<u32>,
}

/// Why the role cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    /// The bus socket cannot be used.
    #[error("the bus socket of the time role cannot be used")]
    Bus(#[source] io::Error),
}

/// Keeps the clock right until `stop`.
///
/// # Errors
/// [`TimeError`]; the supervisor then starts the role again.
pub async fn run(
    options: Options,
    listener: UnixListener,
    stop: impl Future<Output = ()>,
) -> Result<(), TimeError> {
    let door = Arc::new(Door::new(listener, options.callers.clone()).map_err(TimeError::Bus)?);
    let mut stop = pin!(stop);
    let mut conf = ConfClient::follow(options.conf.clone(), Follows::Settings);
    let Some(config) = conf.first_settings(stop.as_mut()).await else { return Ok(()) };
    let mut net = NetClient::follow(options.net.clone());
    let (came_in, mut came) = channel(CAME_MAX);
    let (asks_in, mut asks) = channel(ASKS_MAX);
    let (observers_in, mut observers) = channel(ASKS_MAX);
    let mut desk = Desk::new(options, came_in);
    desk.set(&config);
    let faces = Faces { asks: asks_in, observers: observers_in, changes: desk.changes.subscribe() };
    let mut guests = JoinSet::new();
    let period = sd_notify::watchdog_enabled().map_or(BEAT, |limit| limit / 2).min(BEAT);
    let mut beat = interval(period);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Without a supervisor that listens there is nobody to tell.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = due(desk.client.deadline()) => desk.expire(),
            Some(came) = came.recv() => desk.came(came),
            question = desk.serving.next() => desk.asked(&question),
            heard = conf.next() => if let Heard::Settings(config) = heard { desk.set(&config); },
            state = net.next() => desk.network(&state),
            Some(ask) = asks.recv() => drop(ask.send(desk.state())),
            Some(ask) = observers.recv() => desk.observed(ask),
            _ = beat.tick() => desk.beat(),
            Some(_) = guests.join_next() => {}
            accepted = door.accept(), if guests.len() < GUESTS_MAX => match accepted {
                Ok(stream) => faces.serve(&mut guests, door.clone(), stream),
                Err(error) => tracing::warn!(%error, "a caller was not served"),
            },
        }
    }
}

/// Waits for a point in time; for ever where there is none.
async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at.into()).await,
        None => pending().await,
    }
}

/// What callers are served with.
struct Faces {
    asks: Sender<time1::Ask>,
    observers: Sender<observed1::Ask>,
    changes: watch::Receiver<u64>,
}

impl Faces {
    fn serve(&self, guests: &mut JoinSet<()>, door: Arc<Door>, stream: tokio::net::UnixStream) {
        let (begun, running) = streams();
        let time = time1::Service::new(self.asks.clone(), self.changes.clone(), begun.clone());
        let observed = observed1::Service::new(self.observers.clone(), begun);
        // In a task of its own: one that is silent must not hold up the others.
        guests.spawn(async move {
            stay(door.serve_both(stream, time, observed).await, running).await;
        });
    }
}

/// Between the world and the client.
struct Desk {
    clock: Box<dyn Clock>,
    client: Client,
    asking: Asking,
    came: Sender<Came>,
    serving: Serving,
    door: Doorkeeper,
    serves: bool,
    zone: (String, Zone),
    /// Servers as the settings name them.
    named: Vec<String>,
    /// Servers as the network names them.
    offered: Vec<String>,
    changes: watch::Sender<u64>,
    shown: Shown,
}

impl Desk {
    fn new(mut options: Options, came: Sender<Came>) -> Self {
        let known = floor::is_known(options.clock.read(), options.up_for);
        let mut shown = Shown::begin();
        let short = floor::FLOOR.since(options.clock.read());
        if short > 0 {
            // On the box PID 1 has done so already.
            shown.kernel = options.clock.change(Change::Step(short)).err();
        }
        Self {
            clock: options.clock,
            client: Client::new(Instant::now(), 0, Ground { floor: floor::FLOOR, known }),
            asking: Asking::new(&[], came.clone()),
            came,
            serving: Serving::new(),
            door: Doorkeeper::default(),
            serves: false,
            zone: (String::new(), Zone::UTC),
            named: Vec::new(),
            offered: Vec::new(),
            changes: watch::channel(0).0,
            shown,
        }
    }

    /// These are the settings from now on.
    fn set(&mut self, config: &Config) {
        let first = Some(config.get(&network::NTP).0).filter(|host| !host.is_empty());
        self.named = first.into_iter().chain(config.get(&fixpart::NTP_SERVERS).0).collect();
        let zone = config.get(&network::TIMEZONE).0;
        if zone != self.zone.0 {
            let read = Zone::read(&zone);
            self.shown.zone = read.as_ref().err().map(|bad| {
                format!("network.timezone: {bad}; until it is mended the time is that of UTC")
            });
            self.zone = (zone, read.unwrap_or(Zone::UTC));
        }
        self.serves = config.get(&fixpart::NTP_SERVE);
        if self.serves {
            self.serving.follow_addresses();
        } else {
            self.serving.end();
        }
        self.choose();
        self.changed();
    }

    /// The network is another one, or has something else to say.
    fn network(&mut self, state: &NetState) {
        self.offered.clone_from(&state.ntp);
        self.choose();
        if state.up {
            self.client.wake(Instant::now());
        }
        if self.serves {
            self.serving.follow_addresses();
        }
    }

    /// Asks those whom the settings name, or else those whom the network names.
    fn choose(&mut self) {
        let mut names = if self.named.is_empty() { &self.offered } else { &self.named }.clone();
        names.truncate(lan::ntp::SERVERS_MAX);
        if names.iter().ne(self.asking.servers().iter().map(|asked| &asked.name)) {
            self.asking = Asking::new(&names, self.came.clone());
            self.client.ask_others(Instant::now(), names.len());
            tracing::info!(servers = names.join(", "), "these are asked for the time");
        }
    }

    fn now(&self) -> (Instant, Wall) {
        (Instant::now(), self.clock.read())
    }

    /// What the clock showed at a moment ago.
    fn at(&self, at: Instant) -> Wall {
        let ago = i64::try_from(at.elapsed().as_nanos()).unwrap_or(0);
        self.clock.read().plus(-ago)
    }

    fn expire(&mut self) {
        let mut out = Vec::new();
        let mut chance = || {
            let mut octets = [0; 8];
            OsRandom.fill(&mut octets);
            u64::from_be_bytes(octets)
        };
        let now = self.now();
        self.client.expire(now, &mut chance, &mut out);
        self.carry_out(out);
    }

    fn came(&mut self, came: Came) {
        match came {
            Came::Addresses(server, addresses) => {
                if self.asking.found(server, addresses) {
                    self.client.wake(Instant::now());
                }
            }
            Came::Answer(server, at, octets) => {
                self.asking.heard(server);
                self.shown.heard += 1;
                let (times, mut out) = ((at, self.at(at)), Vec::new());
                self.client.hear(times, server, &octets, &mut out);
                self.carry_out(out);
            }
        }
    }

    fn carry_out(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Ask(server, question) => {
                    self.shown.asked += 1;
                    self.asking.ask(server, &question);
                }
                Output::Clock(change) => self.change(change),
                Output::Tell(report) => self.tell(report),
            }
        }
    }

    fn change(&mut self, change: Change) {
        let done = self.clock.change(change);
        match (&done, change) {
            (Ok(()), Change::Step(by)) => {
                self.shown.steps += 1;
                let clock = self.clock.word();
                let seconds = shown::seconds(by);
                tracing::info!(seconds, clock, "the clock was set");
                self.happened("clock-set", &format!("by {seconds} s"));
            }
            (Ok(()), Change::Slew(by)) => {
                tracing::info!(seconds = shown::seconds(by), "the clock is slewed");
            }
            (Ok(()), Change::Follow { offset, poll }) => {
                tracing::debug!(offset, poll, "the clock is followed");
            }
            (Err(error), _) => {
                if self.shown.kernel.is_none() {
                    tracing::error!(%error, "the clock cannot be set");
                }
            }
        }
        self.shown.kernel = done.err();
    }

    fn tell(&mut self, report: Report) {
        let servers = self.asking.servers();
        let name = |server: usize| servers.get(server).map_or("", |it| it.name.as_str());
        let (kind, text) = match report {
            Report::Refused(server, why) => {
                let word = match why {
                    Refusal::Denied => "DENY",
                    Refusal::Restricted => "RSTR",
                };
                ("server-refuses", format!("{} does not want to be asked: {word}", name(server)))
            }
            Report::Contradicted(server, offset) => {
                let (name, seconds) = (name(server), shown::seconds(offset));
                let text = format!(
                    "{name} says that the clock is wrong by {seconds} s, and others do not"
                );
                ("server-doubted", text)
            }
            Report::Lost(problem) => ("time-lost", problem.to_string()),
            Report::Synchronised => ("time-known", String::new()),
        };
        if report == Report::Synchronised {
            tracing::info!("the time of the network is known");
        } else {
            tracing::warn!("{kind}: {text}");
        }
        self.happened(kind, &text);
    }

    /// Somebody asks for the time.
    fn asked(&mut self, question: &Question) {
        let (now, received) = (Instant::now(), self.at(question.at));
        let packet = match self.door.admits(now, question.from.ip()) {
            Admission::Answer => {
                let state = self.client.state(now);
                let mut standing = state.standing;
                let followed = state.source.and_then(|server| self.asking.address(server));
                if let Some(address) = followed.filter(|_| standing.stratum > 0) {
                    standing.reference_id = reference_id(address);
                }
                let times = Times { received, sent: self.clock.read() };
                answer(&question.octets, &standing, times)
            }
            Admission::Slower => slower(&question.octets),
            Admission::Silence => None,
        };
        match packet {
            Some(packet) => {
                self.shown.told += 1;
                question.answer(&packet);
            }
            None => self.shown.refused += 1,
        }
    }

    fn beat(&mut self) {
        let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        if self.serves {
            self.serving.follow_addresses();
        }
    }

    /// Something has happened that those who follow want to know.
    fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Answers and addresses that wait: those of all servers at once, and some forged ones.
const CAME_MAX: usize = 64;

/// Questions that wait.
const ASKS_MAX: usize = 16;

/// Callers at a time: other roles, administrators, the pages.
const GUESTS_MAX: usize = 16;

/// How often the addresses of this machine are looked at. Without a watchdog nobody else hears it.
const BEAT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
