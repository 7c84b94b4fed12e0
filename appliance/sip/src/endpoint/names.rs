//! What names stand for, and who waits to hear it.

use super::face::{Question, Target};
use super::outgoing::Outgoing;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The names that were asked for.
#[derive(Default)]
pub(super) struct Names {
    known: BTreeMap<Question, Entry>,
}

struct Entry {
    /// The latest answer that was not empty; an old one is better than none.
    targets: Vec<Target>,
    /// Until when it need not be asked for again; `None` while a question is out.
    until: Option<Instant>,
    /// Requests that wait for the first answer.
    waiting: Vec<Outgoing>,
}

/// What is known of a name.
pub(super) struct Known {
    /// Its addresses, where there was an answer; empty for a name that has none.
    pub(super) targets: Option<Vec<Target>>,
    /// Whether it has to be asked for.
    pub(super) ask: bool,
}

impl Names {
    /// What is known of a name, and whether to ask for it now.
    pub(super) fn look_up(&mut self, now: Instant, question: &Question) -> Known {
        if !self.known.contains_key(question) && self.known.len() >= NAMES_MAX {
            self.known.retain(|_, entry| entry.until.is_none_or(|until| until > now));
            if self.known.len() >= NAMES_MAX {
                return Known { targets: Some(Vec::new()), ask: false };
            }
        }
        match self.known.get_mut(question) {
            None => {
                let entry = Entry { targets: Vec::new(), until: None, waiting: Vec::new() };
                self.known.insert(question.clone(), entry);
                Known { targets: None, ask: true }
            }
            Some(entry) => {
                let stale = entry.until.is_some_and(|until| until <= now);
                // A name that had no address yesterday is not believed to have none today.
                let unknown = entry.targets.is_empty() && (stale || entry.until.is_none());
                if stale {
                    entry.until = None;
                }
                let targets = (!unknown).then(|| entry.targets.clone());
                Known { targets, ask: stale }
            }
        }
    }

    /// Keeps a request until its name is known; gives it back where too many wait.
    pub(super) fn wait(&mut self, question: &Question, request: Outgoing) -> Result<(), Outgoing> {
        match self.known.get_mut(question) {
            Some(entry) if entry.waiting.len() < WAITING_MAX => {
                entry.waiting.push(request);
                Ok(())
            }
            _ => Err(request),
        }
    }

    /// Takes an answer and gives back who waited for it.
    pub(super) fn learn(
        &mut self,
        now: Instant,
        question: &Question,
        targets: Vec<Target>,
    ) -> Vec<Outgoing> {
        let Some(entry) = self.known.get_mut(question) else { return Vec::new() };
        let least = targets.iter().map(|target| target.ttl).min().unwrap_or(EMPTY_TTL);
        entry.until = Some(now + least.clamp(TTL_LEAST, TTL_MOST));
        if !targets.is_empty() {
            entry.targets = targets.into_iter().take(TARGETS_MAX).collect();
        }
        std::mem::take(&mut entry.waiting)
    }

    /// Forgets every answer, because the settings have changed; who waits goes on waiting.
    pub(super) fn forget(&mut self) {
        self.known.retain(|_, entry| entry.until.is_none());
    }
}

/// Names remembered; proxies have four, the rest are Contacts of peers.
const NAMES_MAX: usize = 256;

/// Requests waiting for one name: what a start lets through while the resolver tries all its servers.
const WAITING_MAX: usize = 4096;

/// Addresses tried per name.
const TARGETS_MAX: usize = 16;

/// A name is not asked for more often than this, whatever its TTL.
const TTL_LEAST: Duration = Duration::from_secs(5);

/// And at least this often.
const TTL_MOST: Duration = Duration::from_hours(24);

/// How long a name that has no address is believed to have none.
const EMPTY_TTL: Duration = Duration::from_secs(30);
