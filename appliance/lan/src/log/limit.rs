//! How much one sender may say, so that the others are heard as well.
//!
//! Each sender has two budgets: one for what is urgent (a warning or worse)
//! and one for the rest, so that its talk does not cost it its cries. What is
//! too much is not kept but counted, and the count is told while it lasts.

use super::record::{Level, Name};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A budget: so many at once, and one more each time an interval has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Records at once.
    pub burst: u32,
    /// One more is granted this often.
    pub interval: Duration,
}

/// Watches over all senders. There is an account for each name that was heard, so whoever gives the names sees to
/// it that they are few.
#[derive(Debug)]
pub struct Limiter {
    rate: Rate,
    accounts: BTreeMap<Name, Account>,
}

#[derive(Debug, Default)]
struct Account {
    /// When the budget is whole again: for what is urgent, and for the rest.
    whole_at: [Option<Instant>; 2],
    suppressed: u64,
    /// When that is to be told.
    tell_at: Option<Instant>,
}

impl Default for Rate {
    /// A start with everything at debug, and in the long run as much as fills the files in ten minutes.
    fn default() -> Self {
        Self { burst: 2000, interval: Duration::from_millis(10) }
    }
}

impl Limiter {
    /// Nobody has said anything yet.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        Self { rate, accounts: BTreeMap::new() }
    }

    /// Whether a record is to be kept; if not, it is counted.
    pub fn admits(&mut self, now: Instant, who: &Name, level: Level) -> bool {
        let account = self.accounts.entry(who.clone()).or_default();
        let budget = &mut account.whole_at[usize::from(level > Level::Warning)];
        let whole_at = budget.map_or(now, |at| at.max(now)) + self.rate.interval;
        if whole_at <= now + self.rate.interval * self.rate.burst {
            *budget = Some(whole_at);
            return true;
        }
        account.suppressed = account.suppressed.saturating_add(1);
        account.tell_at.get_or_insert(now + TELL_EVERY);
        false
    }

    /// Who was suppressed and how often, for those of whom it is to be told now.
    pub fn told(&mut self, now: Instant) -> Vec<(Name, u64)> {
        let mut told = Vec::new();
        for (name, account) in &mut self.accounts {
            if account.tell_at.is_some_and(|at| at <= now) {
                account.tell_at = None;
                told.push((name.clone(), std::mem::take(&mut account.suppressed)));
            }
        }
        told
    }

    /// When to ask [`Limiter::told`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.accounts.values().filter_map(|account| account.tell_at).min()
    }
}

/// How long suppressed records are counted before that is told.
const TELL_EVERY: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATE: Rate = Rate { burst: 10, interval: Duration::from_millis(100) };

    fn name(name: &str) -> Name {
        name.parse().unwrap()
    }

    fn kept(limiter: &mut Limiter, now: Instant, who: &str, level: Level) -> usize {
        (0..100).filter(|_| limiter.admits(now, &name(who), level)).count()
    }

    #[test]
    fn a_flood_is_cut_the_others_get_through_and_the_count_is_told() {
        let (mut limiter, start) = (Limiter::new(RATE), Instant::now());
        assert_eq!(kept(&mut limiter, start, "dect", Level::Info), 10);
        assert_eq!(kept(&mut limiter, start, "media", Level::Info), 10);
        assert_eq!(kept(&mut limiter, start, "dect", Level::Error), 10);
        assert_eq!(limiter.deadline(), Some(start + TELL_EVERY));
        assert_eq!(limiter.told(start), []);
        let told = limiter.told(start + TELL_EVERY);
        assert_eq!(told, [(name("dect"), 180), (name("media"), 90)]);
        assert_eq!(limiter.deadline(), None);
    }

    #[test]
    fn a_budget_grows_again_but_not_beyond_its_size() {
        let (mut limiter, start) = (Limiter::new(RATE), Instant::now());
        kept(&mut limiter, start, "dect", Level::Info);
        let later = start + Duration::from_millis(300);
        assert_eq!(kept(&mut limiter, later, "dect", Level::Info), 3);
        assert_eq!(kept(&mut limiter, later + Duration::from_hours(1), "dect", Level::Info), 10);
    }

    proptest! {
        #[test]
        fn every_record_is_kept_or_counted(pauses in prop::collection::vec(0_u64..300, 0..200)) {
            let (mut limiter, mut now) = (Limiter::new(RATE), Instant::now());
            let begun = now;
            let (mut kept, mut counted) = (0_u64, 0);
            for pause in &pauses {
                now += Duration::from_millis(*pause);
                kept += u64::from(limiter.admits(now, &name("dect"), Level::Info));
                counted += limiter.told(now).iter().map(|(_, count)| count).sum::<u64>();
            }
            counted += limiter.told(now + TELL_EVERY).iter().map(|(_, count)| count).sum::<u64>();
            prop_assert_eq!(kept + counted, u64::try_from(pauses.len()).unwrap());
            let granted = 10 + (now - begun).as_millis() / 100;
            prop_assert!(u128::from(kept) <= granted, "{kept} of {granted}");
        }
    }
}
