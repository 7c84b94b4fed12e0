//! The timers of an engine.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Which timers run in an engine, and until when. The key names machine and timer.
///
/// Timers that run out at the same instant do so in the order of their keys, so
/// that a run can be repeated.
#[derive(Debug)]
pub struct Agenda<K> {
    due: BTreeSet<(Instant, K)>,
    until: BTreeMap<K, Instant>,
}

impl<K: Clone + Ord> Agenda<K> {
    /// Starts the timer `key` afresh, to run out at `at`.
    pub fn start(&mut self, key: K, at: Instant) {
        self.stop(&key);
        self.until.insert(key.clone(), at);
        self.due.insert((at, key));
    }

    /// Stops the timer `key`, running or not.
    pub fn stop(&mut self, key: &K) {
        if let Some((key, at)) = self.until.remove_entry(key) {
            self.due.remove(&(at, key));
        }
    }

    /// Gives a running timer another name; it runs out when it would have.
    pub fn rename(&mut self, from: &K, to: K) {
        if let Some(at) = self.until.get(from).copied() {
            self.stop(from);
            self.start(to, at);
        }
    }

    /// Stops every timer whose key satisfies `condition`; for the end of a machine's life.
    pub fn stop_all(&mut self, mut condition: impl FnMut(&K) -> bool) {
        self.until.retain(|key, _| !condition(key));
        self.due.retain(|(_, key)| !condition(key));
    }

    /// Stops the timers with keys in `range`, without looking at the others.
    pub fn stop_range(&mut self, range: impl std::ops::RangeBounds<K> + Clone) {
        let keys: Vec<K> = self.until.range(range).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.stop(&key);
        }
    }

    /// The next timer that has run out by `now`; ask until there is none.
    pub fn expired(&mut self, now: Instant) -> Option<K> {
        let (_, key) = self.due.first().filter(|(at, _)| *at <= now)?;
        let key = key.clone();
        self.stop(&key);
        Some(key)
    }

    /// When to ask again.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// When the timer `key` runs out, if it runs.
    #[must_use]
    pub fn until(&self, key: &K) -> Option<Instant> {
        self.until.get(key).copied()
    }

    /// Whether the timer `key` is running.
    #[must_use]
    pub fn runs(&self, key: &K) -> bool {
        self.until.contains_key(key)
    }

    /// How many timers run.
    #[must_use]
    pub fn len(&self) -> usize {
        self.until.len()
    }

    /// Whether no timer runs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.until.is_empty()
    }
}

impl<K> Default for Agenda<K> {
    fn default() -> Self {
        Self { due: BTreeSet::new(), until: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_restarted_timer_runs_out_once_and_at_the_later_time() {
        let (mut agenda, now) = (Agenda::default(), Instant::now());
        agenda.start("<CC.03>", now + Duration::from_secs(20));
        agenda.start("<CC.03>", now + Duration::from_secs(36));

        assert_eq!(agenda.expired(now + Duration::from_secs(20)), None);
        assert_eq!(agenda.deadline(), Some(now + Duration::from_secs(36)));
        assert_eq!(agenda.expired(now + Duration::from_secs(36)), Some("<CC.03>"));
        assert_eq!(agenda.deadline(), None);
    }

    #[test]
    fn a_renamed_timer_runs_out_under_its_new_name_at_the_old_time() {
        let (mut agenda, now) = (Agenda::default(), Instant::now());
        agenda.start("<DL.04>", now + Duration::from_secs(2));
        agenda.rename(&"<DL.04>", "moved");
        agenda.rename(&"<DL.02>", "never ran");

        assert_eq!(agenda.len(), 1);
        assert_eq!(agenda.expired(now + Duration::from_secs(2)), Some("moved"));
    }

    #[test]
    fn only_the_timers_in_the_range_are_stopped() {
        let (mut agenda, now) = (Agenda::default(), Instant::now());
        for key in [(1, 'a'), (2, 'a'), (2, 'b'), (3, 'a')] {
            agenda.start(key, now);
        }
        agenda.stop_range((2, '\0')..(3, '\0'));

        assert_eq!(agenda.expired(now), Some((1, 'a')));
        assert_eq!(agenda.expired(now), Some((3, 'a')));
        assert_eq!(agenda.expired(now), None);
        assert!(agenda.is_empty());
    }
}
