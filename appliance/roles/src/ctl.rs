//! The role `ctl`: what an administrator asks over the bus, told to the supervisor in records of 64 octets.

use crate::watchers::Watchers;
use bus::control1::{Ask, RoleState, Roles, Service};
use bus::door::{Door, Refused};
use bus::observed1::{self, Counter, Observed};
use bus::streams::{Running, streams};
use sd_notify::NotifyState;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram as Pair, UnixListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use supervise::control::{Answer, Name, RECORD, Record, Request};
use tokio::net::UnixDatagram;
use tokio::sync::mpsc::channel;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

/// Why the role cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum CtlError {
    /// The sockets cannot be watched.
    #[error("the sockets of the control role cannot be used")]
    Socket(#[from] io::Error),
    /// The supervisor has gone.
    #[error("the supervisor does not answer on the control socket")]
    Supervisor,
}

/// Serves callers of these users until `stop` ends.
///
/// # Errors
/// [`CtlError`].
pub async fn run(
    listener: UnixListener,
    control: OwnedFd,
    callers: Vec<u32>,
    stop: impl Future<Output = ()>,
) -> Result<(), CtlError> {
    let supervisor = Supervisor::new(control)?;
    let door = Arc::new(Door::new(listener, callers)?);
    let (asks_in, mut asks) = channel(ASKS_MAX);
    let (observers_in, mut observers) = channel(ASKS_MAX);
    let mut observed = Observation::begin();
    let beat = sd_notify::watchdog_enabled().map_or(BEAT, |limit| limit / 2).min(BEAT);
    let mut beat = interval(beat);
    let mut guests = JoinSet::new();
    let mut stop = pin!(stop);
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            _ = beat.tick() => drop(sd_notify::notify(&[NotifyState::Watchdog])),
            Some(_) = guests.join_next() => {}
            ask = asks.recv() => if let Some(ask) = ask {
                observed.questions += 1;
                supervisor.pass_on(ask).await?;
            },
            ask = observers.recv() => if let Some(ask) = ask { observed.asked(ask); },
            accepted = door.accept(), if guests.len() < GUESTS_MAX => match accepted {
                Ok(stream) => {
                    // In a task of its own: one that is silent must not hold up the others.
                    let (begun, running) = streams();
                    let observed = observed1::Service::new(observers_in.clone(), begun);
                    let (door, control) = (door.clone(), Service::new(asks_in.clone()));
                    guests.spawn(async move {
                        stay(door.serve_both(stream, control, observed).await, running).await;
                    });
                }
                Err(error) => tracing::warn!(%error, "a caller was not served"),
            },
        }
    }
}

/// Keeps a caller's connection until it hangs up.
async fn stay(connection: Result<bus::Connection, Refused>, running: Running) {
    match connection {
        Ok(connection) => running.until_gone(connection).await,
        Err(error) => tracing::warn!(%error, "a caller was not served"),
    }
}

/// What can be seen of this role.
struct Observation {
    begun: Instant,
    questions: u64,
    watchers: Watchers<(), observed1::Event>,
}

impl Observation {
    fn begin() -> Self {
        Self { begun: Instant::now(), questions: 0, watchers: Watchers::default() }
    }

    fn asked(&mut self, ask: observed1::Ask) {
        let answer = match ask {
            observed1::Ask::Get(answer) => answer,
            observed1::Ask::Watch(answer) => return drop(answer.send(self.watchers.add(()))),
        };
        // The caller may have gone.
        drop(answer.send(Observed {
            version: observed1::VERSION,
            role: "ctl".into(),
            release: env!("CARGO_PKG_VERSION").into(),
            up_s: self.begun.elapsed().as_secs(),
            status: "asks the supervisor for administrators".into(),
            counters: vec![Counter { name: "questions".into(), value: self.questions }],
            calls: Vec::new(),
            alerts: Vec::new(),
        }));
    }
}

/// The supervisor at the other end of the control socket.
struct Supervisor(UnixDatagram);

impl Supervisor {
    fn new(control: OwnedFd) -> io::Result<Self> {
        let control = Pair::from(control);
        control.set_nonblocking(true)?;
        // Answers that an earlier process of this role has not taken.
        while control.recv(&mut [0; RECORD]).is_ok() {}
        Ok(Self(UnixDatagram::from_std(control)?))
    }

    async fn pass_on(&self, ask: Ask) -> Result<(), CtlError> {
        match ask {
            Ask::Status(answer) => {
                let roles = self.roles().await?;
                // The caller may have gone.
                drop(answer.send(roles));
            }
            Ask::Restart(name, answer) => match Name::new(&name) {
                Some(role) => self.order(&Request::Restart(role), answer, &name).await?,
                None => drop(answer.send(Err(unknown(&name)))),
            },
            Ask::Reboot(answer) => self.order(&Request::Reboot, answer, "").await?,
            Ask::PowerOff(answer) => self.order(&Request::PowerOff, answer, "").await?,
        }
        Ok(())
    }

    async fn order(
        &self,
        request: &Request,
        answer: oneshot::Sender<Result<(), String>>,
        name: &str,
    ) -> Result<(), CtlError> {
        self.send(request).await?;
        let verdict = match self.answer().await? {
            Answer::Done => Ok(()),
            Answer::Unknown => Err(unknown(name)),
            Answer::Refused | Answer::Role(_) => {
                Err("the server runs in the foreground of this machine; end it with ctrl-C instead"
                    .into())
            }
        };
        drop(answer.send(verdict));
        Ok(())
    }

    async fn roles(&self) -> Result<Roles, CtlError> {
        self.send(&Request::Status).await?;
        let mut roles = Roles::default();
        for _ in 0..ROLES_MAX {
            let Answer::Role(view) = self.answer().await? else { return Ok(roles) };
            roles.safe_mode |= view.safe_mode;
            roles.roles.push(RoleState {
                name: view.name.as_str().to_owned(),
                state: view.state.word().to_owned(),
                pid: view.pid,
                starts: view.starts,
                deaths: view.deaths,
                degraded: view.degraded,
            });
        }
        Err(CtlError::Supervisor)
    }

    async fn send(&self, request: &Request) -> Result<(), CtlError> {
        let record = request.encode();
        match timeout(PATIENCE, self.0.send(&record)).await {
            Ok(sent) => sent.map(drop).map_err(CtlError::Socket),
            Err(_) => Err(CtlError::Supervisor),
        }
    }

    async fn answer(&self) -> Result<Answer, CtlError> {
        let mut record: Record = [0; RECORD];
        let length = timeout(PATIENCE, self.0.recv(&mut record)).await;
        let length = length.map_err(|_| CtlError::Supervisor)??;
        let answer = (length == RECORD).then(|| Answer::decode(&record)).flatten();
        answer.ok_or(CtlError::Supervisor)
    }
}

fn unknown(name: &str) -> String {
    format!("there is no role {name:?}; `appliance ctl status` lists them")
}

/// The supervisor answers in one turn of its loop.
const PATIENCE: Duration = Duration::from_secs(5);
/// Without a watchdog there is nobody to hear it.
const BEAT: Duration = Duration::from_secs(5);
/// Callers at a time: an administrator or two, and the pages.
const GUESTS_MAX: usize = 8;
/// Questions that wait.
const ASKS_MAX: usize = 16;
/// More than the table will ever have.
const ROLES_MAX: usize = 64;

#[cfg(test)]
mod tests;
