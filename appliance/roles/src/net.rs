//! The role `net`: where this machine is in the network.
//!
//! It follows the settings of the group `network` and the news of the kernel,
//! runs the client of DHCP, and makes the kernel's addresses, routes and MTU
//! those that follow from both. Whoever asks is told by `Net1`. The address of
//! the last lease is kept over a restart; what is set stays when the role ends,
//! so that its next process finds everything as it was.

mod given;
mod kernel;
mod shell;
mod state;
mod wanted;
mod wire;

pub use given::{Given, Values, values};
pub(crate) use wanted::fixed;

use crate::conf_client::{Conf, ConfClient, Follows, Heard};
use crate::observing::{Observation, stay};
use crate::supervisor::Supervisor;
use bus::door::Door;
use bus::net1::{NetState, Service};
use bus::observed1;
use bus::streams::streams;
use config::Config;
use os::link::Watch;
use sd_notify::NotifyState;
use shell::Shell;
use std::fs::File;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use supervise::control::Request;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};

/// What the role is given.
#[derive(Debug)]
pub struct Options {
    /// What survives a restart: the address of the last lease.
    pub folder: PathBuf,
    /// Where the settings are kept.
    pub conf: Conf,
    /// Users that may ask.
    pub callers: Vec<u32>,
    /// Where it is written who is asked for names (resolv.conf(5)).
    pub resolver: PathBuf,
    /// Where it is written for the console how the network stands.
    pub report: PathBuf,
    /// What was typed at the console, what an import has said, and what the kernel's command line has set.
    pub given: Given,
    /// The kernel's name of this machine, opened for writing; on a person's machine it stays.
    pub host_name: Option<File>,
    /// The supervisor's end of the control socket.
    pub control: OwnedFd,
}

/// Why the role cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// A socket cannot be used.
    #[error("the sockets of the role for the network cannot be used")]
    Socket(#[from] io::Error),
}

/// Keeps this machine in the network until `stop`.
///
/// # Errors
/// [`NetError`].
pub async fn run(
    options: Options,
    listener: UnixListener,
    stop: impl Future<Output = ()>,
) -> Result<(), NetError> {
    let (state, told) = watch::channel(NetState::default());
    let mut desk = Desk::open(listener, options.callers.clone(), told)?;
    let supervisor = Supervisor::new(options.control.try_clone()?)?;
    let watch = wire::awaited(Watch::open()?)?;
    let mut conf = ConfClient::follow(options.conf.clone(), Follows::Settings);
    let mut observed = Observation::begin("net", "keeps this machine in the network", "leases");
    let mut beat =
        interval(sd_notify::watchdog_enabled().map_or(BEAT, |limit| limit / 2).min(BEAT));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stop = pin!(stop);
    // In safe mode nobody keeps settings; a box without them is found by what it is by default.
    let first = tokio::select! {
        () = &mut stop => return Ok(()),
        first = timeout(CONF_MAX, first_settings(&mut conf)) => first.ok(),
    };
    if first.is_none() {
        tracing::warn!("the settings are not known; the defaults are in force until they are");
    }
    let given = options.given.clone();
    let mut taking = pin!(given::take(options.conf.clone(), given.clone(), options.folder.clone()));
    let mut taken = !given.is_to_be_taken(&options.folder);
    let mut shell = Shell::new(options, state, first.as_deref());
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    loop {
        let deadline = shell.deadline();
        let due = async {
            match deadline {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = &mut stop => break,
            _ = beat.tick() => drop(sd_notify::notify(&[NotifyState::Watchdog])),
            Heard::Settings(config) = conf.next() => shell.settings(Some(&config)),
            () = &mut taking, if !taken => {
                taken = true;
                shell.taken();
            }
            news = changed(&watch) => {
                let news = news?;
                for packet in &news {
                    shell.routers(packet);
                }
                if !news.is_empty() {
                    shell.look();
                }
            },
            packet = shell.wire.next() => shell.packet(packet),
            () = due => shell.expire(),
            ask = desk.asked() => {
                observed.count = shell.leases;
                observed.alerts = shell.alerts();
                observed.asked(ask);
            }
        }
        if shell.has_moved() && supervisor.ask(&Request::AddressChanged).await.is_err() {
            tracing::error!("the supervisor is not told that the address is another one");
        }
    }
    Ok(())
}

/// Waits until something is told of the kernel's network, and takes what waits.
async fn changed(watch: &AsyncFd<Watch>) -> io::Result<Vec<Vec<u8>>> {
    let mut ready = watch.readable().await?;
    let mut news = Vec::new();
    while news.len() < NEWS_MAX {
        match ready.get_inner().take()? {
            Some(packet) => news.push(packet),
            None => {
                ready.clear_ready();
                break;
            }
        }
    }
    Ok(news)
}

/// Those who ask how the network stands.
struct Desk {
    door: Arc<Door>,
    told: watch::Receiver<NetState>,
    observers: (Sender<observed1::Ask>, Receiver<observed1::Ask>),
    guests: JoinSet<()>,
}

impl Desk {
    fn open(
        listener: UnixListener,
        callers: Vec<u32>,
        told: watch::Receiver<NetState>,
    ) -> io::Result<Self> {
        let door = Arc::new(Door::new(listener, callers)?);
        Ok(Self { door, told, observers: channel(ASKS_MAX), guests: JoinSet::new() })
    }

    /// Lets callers in until one of them asks what can be seen of the role. Dropping the future loses nobody.
    async fn asked(&mut self) -> observed1::Ask {
        loop {
            tokio::select! {
                Some(_) = self.guests.join_next() => {}
                Some(ask) = self.observers.1.recv() => return ask,
                accepted = self.door.accept(), if self.guests.len() < GUESTS_MAX => match accepted {
                    Ok(stream) => self.serve(stream),
                    Err(error) => tracing::warn!(%error, "a caller was not served"),
                },
            }
        }
    }

    /// In a task of its own: one that is silent must not hold up the others.
    fn serve(&mut self, stream: UnixStream) {
        let (begun, running) = streams();
        let observed = observed1::Service::new(self.observers.0.clone(), begun.clone());
        let (door, net) = (self.door.clone(), Service::new(self.told.clone(), begun));
        self.guests.spawn(async move {
            stay(door.serve_both(stream, net, observed).await, running).await;
        });
    }
}

async fn first_settings(conf: &mut ConfClient) -> Box<Config> {
    loop {
        if let Heard::Settings(config) = conf.next().await {
            return config;
        }
    }
}

/// How long the settings are waited for before the machine goes into the network without them: a database is read in a
/// second on the slowest box.
const CONF_MAX: Duration = Duration::from_secs(15);
/// Without a watchdog there is nobody to hear it.
const BEAT: Duration = Duration::from_secs(5);
/// Callers at a time: the roles, pages, an administrator or two.
const GUESTS_MAX: usize = 32;
/// Packets of news that are taken at once; the others follow.
const NEWS_MAX: usize = 64;
/// Questions that wait.
const ASKS_MAX: usize = 16;
