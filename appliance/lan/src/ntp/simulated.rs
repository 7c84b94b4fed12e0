//! A clock that is set and slewed like a machine's, and is none: for tests, and where the machine's is not ours.

use super::discipline::Change;
use super::stamp::{Nanos, SECOND, Wall, nanos};
use std::time::Instant;

/// The clock.
#[derive(Clone, Copy, Debug)]
pub struct Simulated {
    /// When it showed `wall`.
    at: Instant,
    wall: Wall,
    /// What is still to be gained by running faster.
    left: Nanos,
    /// How much too fast it runs by itself, in a thousand millionths.
    drift: i64,
    /// How much slower it was made to run.
    learned: i64,
}

impl Simulated {
    /// One that shows `wall` now and runs too fast by `drift` of a thousand million.
    #[must_use]
    pub const fn new(now: Instant, wall: Wall, drift: i64) -> Self {
        Self { at: now, wall, left: 0, drift, learned: 0 }
    }

    /// What it shows.
    #[must_use]
    pub fn read(&self, now: Instant) -> Wall {
        let elapsed = nanos(now.saturating_duration_since(self.at));
        let runs = part(elapsed, self.drift.saturating_add(self.learned));
        self.wall.plus(elapsed).plus(runs).plus(self.slewed(elapsed))
    }

    /// Sets or slews it.
    pub fn change(&mut self, now: Instant, change: Change) {
        let elapsed = nanos(now.saturating_duration_since(self.at));
        let (wall, slewed) = (self.read(now), self.slewed(elapsed));
        (self.at, self.wall) = (now, wall);
        self.left = self.left.saturating_sub(slewed);
        match change {
            Change::Step(by) => (self.wall, self.left) = (wall.plus(by), 0),
            Change::Slew(offset) => self.left = offset,
            Change::Follow { offset, poll } => {
                self.left = offset;
                // What is off now has come together since it was last asked; a fourth of it is believed.
                let every = SECOND << poll.min(POLL_LONGEST) << 2;
                let faster = i128::from(offset) * i128::from(SECOND) / i128::from(every);
                let faster = i64::try_from(faster).unwrap_or(0);
                self.learned = self.learned.saturating_add(faster).clamp(-SLEW, SLEW);
            }
        }
    }

    fn slewed(&self, elapsed: Nanos) -> Nanos {
        let most = part(elapsed, SLEW);
        self.left.clamp(-most, most)
    }
}

/// So many thousand millionths of a length.
fn part(length: Nanos, share: i64) -> Nanos {
    i64::try_from(i128::from(length) * i128::from(share) / i128::from(SECOND)).unwrap_or(i64::MAX)
}

/// The most that a clock is made to run faster or slower, in a thousand millionths: 500 of a million, as Linux does.
const SLEW: i64 = 500_000;

/// The longest time between questions that RFC 5905 knows (MAXPOLL).
const POLL_LONGEST: u8 = 17;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_jumps_when_it_is_set_and_does_not_when_it_is_slewed() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut clock = Simulated::new(start, Wall(0), 0);
        assert_eq!(clock.read(at(10)), Wall(10 * SECOND));
        clock.change(at(10), Change::Step(-4 * SECOND));
        assert_eq!(clock.read(at(10)), Wall(6 * SECOND));
        clock.change(at(10), Change::Slew(SECOND));
        assert_eq!(clock.read(at(10)), Wall(6 * SECOND));
        assert_eq!(clock.read(at(1010)), Wall(1006 * SECOND + SECOND / 2));
        assert_eq!(clock.read(at(9010)), Wall(9007 * SECOND));
        let fast = Simulated::new(start, Wall(0), 20_000);
        assert_eq!(fast.read(at(1000)), Wall(1000 * SECOND + SECOND / 50));
    }
}
