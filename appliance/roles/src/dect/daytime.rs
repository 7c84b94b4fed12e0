//! What handsets are told of the time: what the machine's clock shows, in the time zone of the settings.

use crate::floor;
use config::Config;
use config::groups::network;
use dect::clock::WallClock;
use lan::log::Timestamp;
use lan::ntp::{SECOND, Wall};
use lan::zone::Zone;
use std::time::{Duration, Instant};

/// What the brain was told last, and in which time zone.
pub(super) struct Daytime {
    /// Whose machine it is has seen to its clock elsewhere.
    on_the_box: bool,
    zone: (String, Zone),
    told: Option<WallClock>,
}

/// What the clock shows; nothing where nobody knows the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown(pub(super) Option<WallClock>);

impl Daytime {
    /// It was told nothing.
    pub(super) const fn begin(on_the_box: bool) -> Self {
        Self { on_the_box, zone: (String::new(), Zone::UTC), told: None }
    }

    /// What the brain is to be told, where it is something new: a clock that was set, or summer time.
    pub(super) fn look(&mut self, config: &Config) -> Option<Shown> {
        let up_for = if self.on_the_box { os::machine::up_for() } else { Duration::ZERO };
        let wall = Wall(os::clock::read());
        let known = floor::is_known(wall, up_for);
        self.look_at((Instant::now(), wall), known, &config.get(&network::TIMEZONE).0)
    }

    fn look_at(&mut self, (now, wall): (Instant, Wall), known: bool, zone: &str) -> Option<Shown> {
        if zone != self.zone.0 {
            // The role `time` says so where it is none.
            self.zone = (zone.to_owned(), Zone::read(zone).unwrap_or(Zone::UTC));
        }
        let shown = known.then(|| clock(now, wall, &self.zone.1)).flatten();
        let news = match (&self.told, &shown) {
            (Some(before), Some(clock)) => clock.differs(before, now),
            (before, clock) => before.is_some() != clock.is_some(),
        };
        news.then(|| {
            self.told = shown;
            Shown(shown)
        })
    }
}

/// What a clock on the wall shows; `None` for times that no calendar has.
fn clock(now: Instant, wall: Wall, zone: &Zone) -> Option<WallClock> {
    let seconds = wall.0.div_euclid(SECOND);
    let offset = zone.local(Timestamp::from_second(seconds).ok()?).offset;
    let since = Duration::from_nanos(wall.0.rem_euclid(SECOND).unsigned_abs());
    Some(WallClock {
        // When the second began.
        at: now.checked_sub(since)?,
        seconds: seconds.saturating_add(offset.into()),
        quarters: i8::try_from(offset / QUARTER).unwrap_or(0),
    })
}

/// Seconds of a quarter of an hour.
const QUARTER: i32 = 900;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_and_summer_time_are_told_and_nothing_else_is() {
        // A second before summer time begins.
        let before: Timestamp = "2027-03-28T00:59:59Z".parse().unwrap();
        let start = Wall(before.as_second() * SECOND + SECOND / 2);
        let (now, mut daytime) = (Instant::now(), Daytime::begin(false));
        let after = |seconds: u64| now + Duration::from_secs(seconds);
        let wall = |seconds: i64| start.plus(seconds * SECOND);
        assert_eq!(daytime.look_at((now, start), false, "CET"), None);
        let told = daytime.look_at((now, start), true, "CET").unwrap().0.unwrap();
        let shown = told.time_date(now);
        assert_eq!((shown.date, shown.time, shown.zone), (Some([27, 3, 28]), Some([2, 0, 0]), 4));
        let summer = daytime.look_at((after(1), wall(1)), true, "CET").unwrap().0.unwrap();
        let shown = summer.time_date(after(1));
        assert_eq!((shown.time, shown.zone), (Some([3, 0, 1]), 8));
        assert_eq!(daytime.look_at((after(60), wall(60)), true, "CET"), None);
        assert_eq!(daytime.look_at((after(61), wall(62)), true, "CET"), None);
        assert!(daytime.look_at((after(62), wall(162)), true, "CET").is_some());
        let utc = daytime.look_at((after(63), wall(163)), true, "UTC").unwrap().0.unwrap();
        assert_eq!(utc.quarters, 0);
        assert_eq!(daytime.look_at((after(64), wall(164)), false, "UTC"), Some(Shown(None)));
    }
}
