//! How much may be sent.

use std::time::{Duration, Instant};

/// So much at once, and so much in a second.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    most: u64,
    per_second: u64,
    /// What is in it, in thousandths.
    left: u64,
    at: Instant,
}

impl Bucket {
    /// Full.
    pub(super) const fn full(now: Instant, most: u64, per_second: u64) -> Self {
        Self { most, per_second, left: most * 1000, at: now }
    }

    /// Takes so much out; false if there is not enough.
    pub(super) fn take(&mut self, now: Instant, wanted: u64) -> bool {
        self.fill(now);
        let wanted = wanted.saturating_mul(1000);
        let enough = self.left >= wanted;
        if enough {
            self.left -= wanted;
        }
        enough
    }

    /// When there will be so much, if nobody takes anything; never more than it can hold.
    pub(super) fn ready(&mut self, now: Instant, wanted: u64) -> Instant {
        self.fill(now);
        let missing = wanted.min(self.most).saturating_mul(1000).saturating_sub(self.left);
        now + Duration::from_millis(missing.div_ceil(self.per_second.max(1)))
    }

    fn fill(&mut self, now: Instant) {
        let past = now.saturating_duration_since(self.at);
        let past = u64::try_from(past.as_millis()).unwrap_or(u64::MAX);
        let new = past.saturating_mul(self.per_second);
        self.left = self.left.saturating_add(new).min(self.most.saturating_mul(1000));
        // What is left of the last millisecond counts the next time.
        self.at = self.at.checked_add(Duration::from_millis(past)).unwrap_or(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_goes_out_than_comes_in() {
        let begin = Instant::now();
        let mut bucket = Bucket::full(begin, 10, 5);
        let taken = |bucket: &mut Bucket, now| (0..100).filter(|_| bucket.take(now, 1)).count();
        assert_eq!(taken(&mut bucket, begin), 10);
        assert_eq!(bucket.ready(begin, 1), begin + Duration::from_millis(200));
        assert_eq!(taken(&mut bucket, begin + Duration::from_millis(199)), 0);
        assert_eq!(taken(&mut bucket, begin + Duration::from_millis(200)), 1);
        let later = begin + Duration::from_hours(1);
        assert_eq!(taken(&mut bucket, later), 10);
        assert!(!bucket.take(later + Duration::from_hours(1), 11));
    }
}
