//! Those who look at the other roles: one for each, with a connection that is kept.

use super::super::surroundings::Surroundings;
use crate::household::socket_name;
use bus::Error as BusError;
use bus::door::{Away, Incoming, connect};
use bus::observed1::{Event, Observed, ServiceProxy, happened};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// What was seen of another role.
#[derive(Debug)]
pub(super) enum Seen {
    /// Everything that it shows.
    Observed(&'static str, Box<Observed>),
    /// Something that has just happened there.
    Happened(Event),
    /// It does not answer.
    Silent(&'static str),
    /// It does not run on this machine.
    Absent(&'static str),
}

/// Those who look; they end with this.
#[derive(Debug)]
pub(super) struct Eyes {
    seen: Receiver<Seen>,
    _eyes: JoinSet<()>,
}

impl Eyes {
    /// Begins to look at all roles that ours may call.
    pub(super) fn open(around: &Surroundings) -> Self {
        let (told, seen) = channel(SEEN_MAX);
        let mut eyes = JoinSet::new();
        let calls = supervise::roles::find("mgmt").map_or(&[][..], |role| role.calls);
        for role in calls.iter().copied() {
            let path = around.sockets.join(socket_name(role));
            let eye = Eye { role, path, uid: around.supervisor, told: told.clone() };
            eyes.spawn(eye.look());
        }
        Self { seen, _eyes: eyes }
    }

    /// What is seen next. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Seen {
        match self.seen.recv().await {
            Some(seen) => seen,
            // They end only with this.
            None => std::future::pending().await,
        }
    }
}

/// One who looks at one role.
struct Eye {
    role: &'static str,
    path: PathBuf,
    uid: u32,
    told: Sender<Seen>,
}

impl Eye {
    /// For ever: what the role shows once in a while, and what happens at once.
    async fn look(self) {
        // One that restarts is not silent yet.
        let mut failures: u32 = 0;
        loop {
            let mut answered = false;
            let away = self.attend(&mut answered).await;
            failures = if answered { 1 } else { failures.saturating_add(1) };
            if away == Gone::Absent {
                self.tell(Seen::Absent(self.role)).await;
            } else if failures == FAILURES {
                self.tell(Seen::Silent(self.role)).await;
            }
            sleep(if away == Gone::Absent { EVERY } else { REST }).await;
        }
    }

    /// Until the connection ends, or an answer does not come.
    async fn attend(&self, answered: &mut bool) -> Gone {
        let connection = match timeout(PATIENCE, connect(&self.path, self.uid)).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(Away::Connect(_, error))) if error.kind() == ErrorKind::NotFound => {
                return Gone::Absent;
            }
            _ => return Gone::Silent,
        };
        let mut incoming = Incoming::new(&connection);
        let Ok(proxy) = ServiceProxy::new(&connection).await else { return Gone::Silent };
        let mut beat = interval(EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut begins = true;
        loop {
            let first = std::mem::take(&mut begins);
            let asked = async {
                if first {
                    proxy.watch().await?;
                }
                Ok::<_, BusError>(proxy.get().await?)
            };
            let mut asking = pin!(async {
                beat.tick().await;
                timeout(PATIENCE, asked).await
            });
            // Events are taken while an answer is awaited: they come over the same connection.
            let observed = loop {
                tokio::select! {
                    message = incoming.next() => match message {
                        Some(message) => {
                            if let Some((event, _)) = happened(&message) {
                                self.tell(Seen::Happened(event)).await;
                            }
                        }
                        None => return Gone::Silent,
                    },
                    observed = &mut asking => break observed,
                }
            };
            let Ok(Ok(observed)) = observed else { return Gone::Silent };
            *answered = true;
            self.tell(Seen::Observed(self.role, Box::new(observed))).await;
        }
    }

    /// Fails only when all are ended, and this task with them.
    async fn tell(&self, seen: Seen) {
        let _ = self.told.send(seen).await;
    }
}

/// Why a role is not seen any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    /// It has no socket.
    Absent,
    /// It has, and does not answer.
    Silent,
}

/// What was seen and not looked at yet.
const SEEN_MAX: usize = 256;
/// How often a role is asked.
const EVERY: Duration = Duration::from_secs(5);
/// How long an answer may take; one that restarts answers when it is up again.
const PATIENCE: Duration = Duration::from_secs(10);
/// Before one that did not answer is asked again.
const REST: Duration = Duration::from_secs(1);
/// So often has a role not answered when it is silent.
const FAILURES: u32 = 3;
