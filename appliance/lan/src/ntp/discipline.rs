//! What is done to the clock: it is set once, and from then on only made to run a little faster or slower.
//!
//! Calls, timers and logs live with a clock that runs; one that jumps makes
//! them wrong. So only the first answer that is believed sets the clock. What
//! is found later is slewed away. An offset that slewing would take days for,
//! as of a virtual machine that has slept, sets the clock again, but only
//! after all servers that are believed have said so for a quarter of an hour.

use super::stamp::{Nanos, SECOND, Wall};
use std::time::{Duration, Instant};

/// What is to be done to the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Put it forward by so much, at once.
    Step(Nanos),
    /// Make it run faster or slower until so much is gained, and learn how fast it runs by itself.
    Follow {
        /// How far the truth is ahead.
        offset: Nanos,
        /// How often is asked, as a power of two of seconds: the less often, the more slowly it is followed.
        poll: u8,
    },
    /// Make it run as much faster or slower as it may until so much is gained: too much for learning from it.
    Slew(Nanos),
}

/// Why an offset is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It would be a time at which this program did not exist, or one that it will not see.
    Impossible,
    /// One server alone says so, and the clock has been right.
    Alone,
    /// So much at once is suspicious: it has to be said for a while.
    Sudden,
}

/// What is known of the clock.
#[derive(Debug)]
pub(super) struct Discipline {
    /// No clock shows less.
    floor: Wall,
    /// The clock was right at the beginning, or was set since.
    known: bool,
    /// It was set by the network.
    set: bool,
    /// Since when an offset is there that is too large for slewing, and how large it was.
    sudden: Option<(Instant, Nanos)>,
}

impl Discipline {
    pub(super) const fn new(floor: Wall, known: bool) -> Self {
        Self { floor, known, set: false, sudden: None }
    }

    /// Whether an offset may be believed at all; `alone` if no majority says so.
    pub(super) fn plausible(&self, wall: Wall, offset: Nanos, alone: bool) -> Result<(), Doubt> {
        let would = wall.plus(offset);
        if would < self.floor || would > self.floor.plus(LIFE) {
            Err(Doubt::Impossible)
        } else if alone && self.known && offset.saturating_abs() > ALONE_MAX {
            Err(Doubt::Alone)
        } else {
            Ok(())
        }
    }

    /// What is done about an offset that is believed.
    pub(super) fn decide(
        &mut self,
        now: Instant,
        offset: Nanos,
        poll: u8,
    ) -> Result<Change, Doubt> {
        let size = offset.saturating_abs();
        let change = if size <= FOLLOW_MAX {
            // At the beginning nobody minds, and it is right at once.
            if !self.set && size > STEP_MIN {
                Change::Step(offset)
            } else {
                Change::Follow { offset, poll }
            }
        } else if !self.set {
            Change::Step(offset)
        } else if size <= SLEW_MAX {
            Change::Slew(offset)
        } else {
            let same = |was: Nanos| was.saturating_sub(offset).saturating_abs() <= SLEW_MAX;
            let since = self.sudden.filter(|(_, was)| same(*was)).map(|(since, _)| since);
            let since = since.unwrap_or(now);
            self.sudden = Some((since, offset));
            if now.saturating_duration_since(since) < SUDDEN {
                return Err(Doubt::Sudden);
            }
            Change::Step(offset)
        };
        (self.known, self.set, self.sudden) = (true, true, None);
        Ok(change)
    }

    /// Whether the clock was set by the network.
    pub(super) const fn is_set(&self) -> bool {
        self.set
    }
}

/// Less than this is not worth a jump even at the beginning (RFC 5905 12: STEPT).
const STEP_MIN: Nanos = SECOND / 8;

/// The most that a kernel follows and learns from (MAXPHASE of Linux).
const FOLLOW_MAX: Nanos = SECOND / 2;

/// The most that is slewed away: at 500 of a million that takes five hours and a half.
const SLEW_MAX: Nanos = 10 * SECOND;

/// How long a larger offset has to be there before it is believed.
const SUDDEN: Duration = Duration::from_mins(15);

/// How far one server alone may move a clock that was right: a clock of the machine may have been set to local time
/// in any zone, and be a little off; a day is a lie.
const ALONE_MAX: Nanos = 16 * 3600 * SECOND;

/// How long after its making this program may run: 20 years.
const LIFE: Nanos = 20 * 366 * 86_400 * SECOND;

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Nanos = 3600 * SECOND;
    const NOW: Wall = Wall(1_800_000_000 * SECOND);

    #[test]
    fn a_clock_is_set_once_and_then_slewed() {
        let (mut clock, now) = (Discipline::new(NOW, true), Instant::now());
        assert_eq!(clock.decide(now, HOUR, 6), Ok(Change::Step(HOUR)));
        assert_eq!(clock.decide(now, 7, 6), Ok(Change::Follow { offset: 7, poll: 6 }));
        let second = SECOND / 5;
        assert_eq!(clock.decide(now, second, 6), Ok(Change::Follow { offset: second, poll: 6 }));
        assert_eq!(clock.decide(now, -2 * SECOND, 6), Ok(Change::Slew(-2 * SECOND)));
        let mut fresh = Discipline::new(NOW, true);
        assert_eq!(fresh.decide(now, SECOND / 5, 6), Ok(Change::Step(SECOND / 5)));
        let mut fresh = Discipline::new(NOW, true);
        assert_eq!(fresh.decide(now, 1000, 6), Ok(Change::Follow { offset: 1000, poll: 6 }));
    }

    #[test]
    fn a_machine_that_has_slept_is_set_again_when_that_was_said_for_a_quarter_of_an_hour() {
        let (mut clock, start) = (Discipline::new(NOW, true), Instant::now());
        let minute = |minute: u64| start + Duration::from_mins(minute);
        assert!(clock.decide(start, 0, 6).is_ok());
        assert_eq!(clock.decide(minute(1), HOUR, 6), Err(Doubt::Sudden));
        // Something else is said: it counts from there.
        assert_eq!(clock.decide(minute(10), 2 * HOUR, 6), Err(Doubt::Sudden));
        assert_eq!(clock.decide(minute(17), 2 * HOUR, 6), Err(Doubt::Sudden));
        assert_eq!(clock.decide(minute(25), 2 * HOUR, 6), Ok(Change::Step(2 * HOUR)));
        // What passes is forgotten.
        assert_eq!(clock.decide(minute(30), HOUR, 6), Err(Doubt::Sudden));
        assert!(clock.decide(minute(31), 0, 6).is_ok());
        assert_eq!(clock.decide(minute(60), HOUR, 6), Err(Doubt::Sudden));
    }

    #[test]
    fn one_server_alone_cannot_lie_by_a_day_to_a_clock_that_was_right() {
        let right = Discipline::new(NOW.plus(-1000 * HOUR), true);
        let unknown = Discipline::new(NOW.plus(-1000 * HOUR), false);
        let table = [
            (24 * HOUR, true, Err(Doubt::Alone), Ok(())),
            (-24 * HOUR, true, Err(Doubt::Alone), Ok(())),
            (24 * HOUR, false, Ok(()), Ok(())),
            (14 * HOUR, true, Ok(()), Ok(())),
            (-1001 * HOUR, false, Err(Doubt::Impossible), Err(Doubt::Impossible)),
            (24 * 366 * 24 * HOUR, false, Err(Doubt::Impossible), Err(Doubt::Impossible)),
        ];
        for (offset, alone, to_right, to_unknown) in table {
            assert_eq!(right.plausible(NOW, offset, alone), to_right, "{offset}");
            assert_eq!(unknown.plausible(NOW, offset, alone), to_unknown, "{offset}");
        }
    }
}
