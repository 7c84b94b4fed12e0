//! The role `conf`: settings, users and subscriptions; the only one that opens their database.
//!
//! One thread takes questions and answers them one after the other: every
//! change is in the database before anybody is told of it. What the disk does
//! not take is refused, and what was there before stays in force. The role
//! never ends because of what it finds: it goes on with what can be read, and
//! says what is lost.

mod asking;
mod first;
mod keeping;
mod trial;
mod users;

use crate::observing::{Observation, stay};
use crate::settings::Files;
use bus::conf1::{Ask, Service};
use bus::door::Door;
use bus::observed1;
use bus::streams::streams;
pub(crate) use first::RESET;
use keeping::Keeping;
use sd_notify::NotifyState;
use std::future::Future;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use store::StoreError;
use tokio::sync::mpsc::channel;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

/// What the role is given.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the database.
    pub folder: PathBuf,
    /// Files of the administrator, which are taken over when they are new.
    pub files: Files,
    /// Users that may ask.
    pub callers: Vec<u32>,
}

/// Why the role cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ConfError {
    /// The sockets cannot be watched.
    #[error("the socket of the role for settings cannot be used")]
    Socket(#[from] io::Error),
    /// The database cannot be used at all.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps settings, users and subscriptions until `stop`.
///
/// # Errors
/// [`ConfError`].
pub async fn run(
    options: Options,
    listener: UnixListener,
    stop: impl Future<Output = ()>,
) -> Result<(), ConfError> {
    let door = Arc::new(Door::new(listener, options.callers.clone())?);
    let mut keeping = Keeping::open(&options.folder)?;
    keeping.begin(&options.files);
    let (asks_in, mut asks) = channel::<Ask>(ASKS_MAX);
    let (observers_in, mut observers) = channel(ASKS_MAX);
    let mut observed =
        Observation::begin("conf", "keeps settings, users and subscriptions", "questions");
    let beat = sd_notify::watchdog_enabled().map_or(BEAT, |limit| limit / 2).min(BEAT);
    let mut beat = interval(beat);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut guests = JoinSet::new();
    let mut stop = pin!(stop);
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    loop {
        let deadline = keeping.deadline();
        let due = async {
            match deadline {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = &mut stop => break,
            _ = beat.tick() => {
                drop(sd_notify::notify(&[NotifyState::Watchdog]));
                keeping.idle();
            },
            () = due => keeping.expire(),
            Some(_) = guests.join_next() => {}
            ask = asks.recv() => if let Some(ask) = ask {
                observed.count += 1;
                keeping.asked(ask);
            },
            ask = observers.recv() => if let Some(ask) = ask {
                observed.alerts = keeping.alerts();
                observed.asked(ask);
            },
            accepted = door.accept(), if guests.len() < GUESTS_MAX => match accepted {
                Ok(stream) => {
                    // In a task of its own: one that is silent must not hold up the others.
                    let (begun, running) = streams();
                    let observed = observed1::Service::new(observers_in.clone(), begun.clone());
                    let (door, conf) = (door.clone(), Service::new(asks_in.clone(), begun));
                    guests.spawn(async move {
                        stay(door.serve_both(stream, conf, observed).await, running).await;
                    });
                }
                Err(error) => tracing::warn!(%error, "a caller was not served"),
            },
        }
    }
    keeping.close();
    Ok(())
}

/// Without a watchdog there is nobody to hear it; the disk is thought of as often.
const BEAT: Duration = Duration::from_secs(5);
/// Callers at a time: the roles, pages, an administrator or two.
const GUESTS_MAX: usize = 32;
/// Questions that wait.
const ASKS_MAX: usize = 64;

#[cfg(test)]
mod tests;
