//! The role `mgmt`: how the box shows itself in the network and answers those who watch it.
//!
//! Each protocol is a [`Service`]: a task of its own with sockets of its own
//! that hears of the settings, asks the other roles, and shows what it has
//! counted. None of them waits for another, and the role waits for nobody: a
//! service begins when the settings are heard, and goes on with them while the
//! role `conf` is away.

mod service;
mod snmp;
mod surroundings;

use crate::conf_client::{Conf, ConfClient, Follows, Heard};
use crate::observing::{observed, stay};
use crate::watchers::Watchers;
use bus::door::Door;
use bus::observed1::{self, Ask, Counter, Event, Observed};
use bus::streams::streams;
use config::Config;
use sd_notify::NotifyState;
use service::Service;
use std::future::Future;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use surroundings::{Identity, Surroundings};
use tokio::sync::mpsc::channel;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// What the role is given.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its own folder, which survives a restart.
    pub folder: PathBuf,
    /// Where the settings are kept.
    pub conf: Conf,
    /// The sockets of the other roles.
    pub sockets: PathBuf,
    /// The user who has made these.
    pub supervisor: u32,
    /// What was written at manufacture, where there is such a thing.
    pub identity: Option<PathBuf>,
    /// Users that may look.
    pub callers: Vec<u32>,
}

/// Why the role cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum MgmtError {
    /// The socket cannot be watched.
    #[error("the bus socket of the management role cannot be used")]
    Socket(#[from] io::Error),
}

/// Serves until `stop`.
///
/// # Errors
/// [`MgmtError`]. A port that cannot be had is none: it is shown and tried again.
pub async fn run(
    options: Options,
    listener: UnixListener,
    stop: impl Future<Output = ()>,
) -> Result<(), MgmtError> {
    let door = Arc::new(Door::new(listener, options.callers.clone())?);
    let (observers_in, mut observers) = channel(ASKS_MAX);
    let mut desk = Desk::begin(options);
    let beat = sd_notify::watchdog_enabled().map_or(BEAT, |limit| limit / 2).min(BEAT);
    let mut beat = interval(beat);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut guests = JoinSet::new();
    let mut stop = pin!(stop);
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    loop {
        tokio::select! {
            () = &mut stop => break,
            // One thread carries all services: one that hangs is seen by the supervisor.
            _ = beat.tick() => drop(sd_notify::notify(&[NotifyState::Watchdog])),
            heard = desk.conf.next() => desk.heard(heard),
            Some(_) = guests.join_next() => {}
            ask = observers.recv() => if let Some(ask) = ask { desk.asked(ask); },
            accepted = door.accept(), if guests.len() < GUESTS_MAX => match accepted {
                Ok(stream) => {
                    // In a task of its own: one that is silent must not hold up the others.
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
    for service in desk.services {
        service.end().await;
    }
    Ok(())
}

/// Every service of the role, begun.
fn services(around: &Surroundings) -> Vec<Service> {
    vec![Service::begin(|show, stop| snmp::serve(around.clone(), show, stop))]
}

/// Between the services and those who look.
struct Desk {
    begun: Instant,
    conf: ConfClient,
    settings: watch::Sender<Option<Arc<Config>>>,
    services: Vec<Service>,
    watchers: Watchers<(), Event>,
}

impl Desk {
    fn begin(options: Options) -> Self {
        let (settings, heard) = watch::channel(None);
        let surroundings = Surroundings {
            settings: heard,
            identity: Arc::new(Identity::read(options.identity.as_deref())),
            sockets: options.sockets,
            supervisor: options.supervisor,
            folder: options.folder,
        };
        Self {
            begun: Instant::now(),
            conf: ConfClient::follow(options.conf, Follows::Settings),
            settings,
            services: services(&surroundings),
            watchers: Watchers::default(),
        }
    }

    fn heard(&mut self, heard: Heard) {
        if let Heard::Settings(config) = heard {
            self.settings.send_replace(Some(config.into()));
        }
    }

    fn asked(&mut self, ask: Ask) {
        let answer = match ask {
            Ask::Get(answer) => answer,
            Ask::Watch(answer) => return drop(answer.send(self.watchers.add(()))),
        };
        // The caller may have gone.
        drop(answer.send(self.observe()));
    }

    fn observe(&self) -> Observed {
        let shown: Vec<_> = self.services.iter().map(Service::shown).collect();
        let said: Vec<&str> = shown.iter().map(|it| it.status.as_str()).collect();
        let counters = shown.iter().flat_map(|it| &it.counters);
        Observed {
            status: bus::sendable(&said.join("; ")),
            counters: counters
                .map(|(name, value)| Counter { name: (*name).to_owned(), value: *value })
                .collect(),
            alerts: shown.iter().flat_map(|it| &it.alerts).map(|it| bus::sendable(it)).collect(),
            ..observed("mgmt", self.begun)
        }
    }
}

/// Without a watchdog there is nobody to hear it.
const BEAT: Duration = Duration::from_secs(5);
/// Callers at a time: an administrator or two, and the pages.
const GUESTS_MAX: usize = 8;
/// Questions that wait.
const ASKS_MAX: usize = 16;

#[cfg(test)]
mod tests;
