//! What all roles say of themselves in the same way, and how those who ask are served.

use crate::watchers::Watchers;
use bus::door::Refused;
use bus::observed1::{self, Counter, Observed};
use bus::streams::Running;
use std::time::Instant;

/// What can be seen of any role that has begun then; everything else is the role's own.
pub(crate) fn observed(role: &str, begun: Instant) -> Observed {
    Observed {
        version: observed1::VERSION,
        role: role.to_owned(),
        release: env!("CARGO_PKG_VERSION").into(),
        up_s: begun.elapsed().as_secs(),
        ..Observed::default()
    }
}

/// What can be seen of a role that counts one thing, and has no events.
pub(crate) struct Observation {
    role: &'static str,
    status: &'static str,
    counted: &'static str,
    begun: Instant,
    /// How many of what it counts there were.
    pub(crate) count: u64,
    /// What a person has to see to.
    pub(crate) alerts: Vec<String>,
    watchers: Watchers<(), observed1::Event>,
}

impl Observation {
    /// From now on.
    pub(crate) fn begin(role: &'static str, status: &'static str, counted: &'static str) -> Self {
        let (begun, watchers) = (Instant::now(), Watchers::default());
        Self { role, status, counted, begun, count: 0, alerts: Vec::new(), watchers }
    }

    /// Answers a question.
    pub(crate) fn asked(&mut self, ask: observed1::Ask) {
        let answer = match ask {
            observed1::Ask::Get(answer) => answer,
            observed1::Ask::Watch(answer) => return drop(answer.send(self.watchers.add(()))),
        };
        // The caller may have gone.
        drop(answer.send(Observed {
            status: self.status.into(),
            counters: vec![Counter { name: self.counted.into(), value: self.count }],
            alerts: self.alerts.iter().map(|alert| bus::sendable(alert)).collect(),
            ..observed(self.role, self.begun)
        }));
    }
}

/// Keeps a caller's connection until it hangs up.
pub(crate) async fn stay(connection: Result<bus::Connection, Refused>, running: Running) {
    match connection {
        Ok(connection) => running.until_gone(connection).await,
        Err(error) => tracing::warn!(%error, "a caller was not served"),
    }
}
