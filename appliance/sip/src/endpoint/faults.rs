//! What went wrong with what came from outside: counted always, logged sparingly.

use std::time::{Duration, Instant};

/// How often what happened since the engine was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Octets that are no SIP message, and messages against the grammar.
    pub malformed: u64,
    /// Responses to nothing, ACKs for nothing, events that no state has a use for.
    pub unexpected: u64,
    /// Requests refused because there was too much to do.
    pub overload: u64,
}

/// The counters and when they were last spoken of.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) counters: Counters,
    logged: Option<Instant>,
    unsaid: u64,
}

impl Faults {
    /// A message that is none, or not a right one.
    pub(super) fn malformed(&mut self, now: Instant, reason: &dyn std::fmt::Display) {
        self.counters.malformed += 1;
        if self.logged.is_some_and(|at| now < at + PAUSE) {
            self.unsaid += 1;
            return;
        }
        let unsaid = std::mem::take(&mut self.unsaid);
        self.logged = Some(now);
        tracing::info!(%reason, unsaid, "SIP message dropped or refused");
    }
}

/// At most one line in this time, whatever a peer sends.
const PAUSE: Duration = Duration::from_secs(10);
