//! Who registers when (design: a start of ten thousand handsets must not knock the PBX over).

use crate::primitive::AccountId;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Lets user agents through one after the other, at so many per second.
#[derive(Debug, Default)]
pub(super) struct Turnstile {
    queue: VecDeque<AccountId>,
    /// When the next one may pass if all before had kept to the pace.
    free: Option<Instant>,
}

impl Turnstile {
    /// Joins the queue; nobody is in it twice.
    pub(super) fn join(&mut self, account: AccountId) {
        self.queue.push_back(account);
    }

    /// Leaves the queue.
    pub(super) fn leave(&mut self, account: AccountId) {
        self.queue.retain(|other| *other != account);
    }

    /// Who may pass now, at `rate` per second; ask until nobody may.
    pub(super) fn pass(&mut self, now: Instant, rate: u32) -> Option<AccountId> {
        if self.free.is_some_and(|free| free > now + BURST) {
            return None;
        }
        let account = self.queue.pop_front()?;
        let step = Duration::from_secs(1) / rate.max(1);
        self.free = Some(self.free.unwrap_or(now).max(now) + step);
        Some(account)
    }

    /// When to ask again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let free = self.free.filter(|_| !self.queue.is_empty())?;
        free.checked_sub(BURST)
    }
}

/// So much is let through at once, so that a timer need not run for each one.
const BURST: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_let_in_at_the_pace_that_was_set() {
        let (mut turnstile, start) = (Turnstile::default(), Instant::now());
        (0..400).for_each(|n| turnstile.join(AccountId(n)));
        let (mut now, mut passed) = (start, 0);
        loop {
            while turnstile.pass(now, 200).is_some() {
                passed += 1;
            }
            let elapsed = (now - start).as_millis();
            assert!(passed <= 11 + elapsed / 5, "{passed} after {elapsed} ms");
            let Some(next) = turnstile.deadline() else { break };
            now = next.max(now);
        }
        assert_eq!(passed, 400);
        assert!(now - start > Duration::from_millis(1900), "{:?}", now - start);
    }

    #[test]
    fn who_leaves_is_not_let_in_and_who_comes_alone_waits_for_nobody() {
        let (mut turnstile, now) = (Turnstile::default(), Instant::now());
        turnstile.join(AccountId(1));
        turnstile.join(AccountId(2));
        turnstile.leave(AccountId(1));
        assert_eq!(turnstile.pass(now, 1), Some(AccountId(2)));
        assert_eq!(turnstile.pass(now, 1), None);
        assert_eq!(turnstile.deadline(), None);
    }
}
