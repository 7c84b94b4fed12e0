//! The role `ctl`: what an administrator asks over the bus, told to the supervisor in records of 64 octets.

use crate::observing::{Observation, stay};
use crate::supervisor::{Supervisor, SupervisorError};
use bus::control1::{Ask, RoleState, Roles, Service};
use bus::door::Door;
use bus::observed1;
use bus::streams::streams;
use sd_notify::NotifyState;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use supervise::control::{Answer, Name, Request, Scope, View};
use tokio::sync::mpsc::channel;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::interval;

/// Why the role cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum CtlError {
    /// The sockets cannot be watched.
    #[error("the sockets of the control role cannot be used")]
    Socket(#[from] io::Error),
    /// The supervisor has gone.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
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
    let mut observed =
        Observation::begin("ctl", "asks the supervisor for administrators", "questions");
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
                observed.count += 1;
                pass_on(&supervisor, ask).await?;
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

/// Does what a caller asks for.
async fn pass_on(supervisor: &Supervisor, ask: Ask) -> Result<(), CtlError> {
    match ask {
        Ask::Status(answer) => {
            let roles = shown(&supervisor.roles().await?);
            // The caller may have gone.
            drop(answer.send(roles));
        }
        Ask::Restart(name, answer) => match Name::new(&name) {
            Some(role) => order(supervisor, &Request::Restart(role), answer, &name).await?,
            None => drop(answer.send(Err(unknown(&name)))),
        },
        Ask::Reboot(answer) => order(supervisor, &Request::Reboot, answer, "").await?,
        Ask::PowerOff(answer) => order(supervisor, &Request::PowerOff, answer, "").await?,
        Ask::Reset(word, answer) => match Scope::of_word(&word) {
            Some(scope) => order(supervisor, &Request::Reset(scope), answer, "").await?,
            None => drop(answer.send(Err(no_scope(&word)))),
        },
    }
    Ok(())
}

async fn order(
    supervisor: &Supervisor,
    request: &Request,
    answer: oneshot::Sender<Result<(), String>>,
    name: &str,
) -> Result<(), CtlError> {
    let verdict = match supervisor.ask(request).await? {
        Answer::Done => Ok(()),
        Answer::Unknown => Err(unknown(name)),
        Answer::Refused | Answer::Role(_) | Answer::Standing(_) => {
            Err("this is not done here: a server in the foreground of a machine is ended with \
                 ctrl-C and keeps its files where they are, and a box without a boot state \
                 cannot be reset"
                .into())
        }
    };
    drop(answer.send(verdict));
    Ok(())
}

fn shown(views: &[View]) -> Roles {
    let role = |view: &View| RoleState {
        name: view.name.as_str().to_owned(),
        state: view.state.word().to_owned(),
        pid: view.pid,
        starts: view.starts,
        deaths: view.deaths,
        degraded: view.degraded,
    };
    Roles {
        safe_mode: views.iter().any(|view| view.safe_mode),
        roles: views.iter().map(role).collect(),
    }
}

fn unknown(name: &str) -> String {
    format!("there is no role {name:?}; `appliance ctl status` lists them")
}

fn no_scope(word: &str) -> String {
    let words = Scope::ALL.map(Scope::word).join(", ");
    format!("there is no scope {word:?}; a factory reset takes away one of {words}")
}

/// Without a watchdog there is nobody to hear it.
const BEAT: Duration = Duration::from_secs(5);
/// Callers at a time: an administrator or two, and the pages.
const GUESTS_MAX: usize = 8;
/// Questions that wait.
const ASKS_MAX: usize = 16;

#[cfg(test)]
mod tests;
