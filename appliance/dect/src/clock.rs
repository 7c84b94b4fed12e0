//! What clocks on the wall show, to be told to handsets.

use crate::wire::ie::TimeDate;
use std::time::{Duration, Instant};

/// A clock on the wall, seen at one time; it runs on from there. Summer time that begins or ends makes another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    /// When it was seen.
    pub at: Instant,
    /// What it showed: seconds of local time since the beginning of 1970.
    pub seconds: i64,
    /// Quarters of an hour by which it is ahead of UTC, -79 to 79.
    pub quarters: i8,
}

impl WallClock {
    /// What it shows at a time, as an element (7.7.50).
    #[must_use]
    pub fn time_date(&self, now: Instant) -> TimeDate {
        let shown = self.shown(now);
        let (days, second) = (shown.div_euclid(DAY), shown.rem_euclid(DAY));
        let small = |number: i64| u8::try_from(number).unwrap_or(0);
        TimeDate {
            interpretation: CURRENT,
            date: Some(date(days)),
            time: Some([second / 3600, second / 60 % 60, second % 60].map(small)),
            zone: self.quarters,
        }
    }

    /// Whether a handset that was told the time of `before` shows something else than this clock.
    #[must_use]
    pub fn differs(&self, before: &Self, now: Instant) -> bool {
        let apart = self.shown(now).saturating_sub(before.shown(now)).saturating_abs();
        apart > SAME || self.quarters != before.quarters
    }

    fn shown(&self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(self.at);
        // Half a second is shown as the one that is nearer.
        let since = i64::try_from((since + Duration::from_millis(500)).as_secs()).unwrap_or(0);
        self.seconds.saturating_add(since)
    }
}

/// The answer to a handset that asks for the time when nobody knows it (7.7.50).
pub const NO_TIME: TimeDate = TimeDate { interpretation: 5, date: None, time: None, zone: 0 };

/// The interpretation by which a handset asks for the time.
pub const ASKED: u8 = 4;

/// The interpretation of the time that it is.
const CURRENT: u8 = 0;

/// Year (its last two digits), month and day of a day counted from the beginning of 1970, by the Gregorian calendar.
fn date(days: i64) -> [u8; 3] {
    // Counted from the first of March of a year 0, so that the day that is not always there is the last.
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, turned) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    // Centuries are not told, so that of the era does not matter.
    let year = (year + turned + era.rem_euclid(4) * 400) % 100;
    [year, month, day].map(|number| u8::try_from(number).unwrap_or(0))
}

const DAY: i64 = 86_400;

/// What nobody sees on a handset, in seconds.
const SAME: i64 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_the_calendar() {
        let table = [
            (0, [70, 1, 1]),
            (59, [70, 3, 1]),
            (11_016, [0, 2, 29]),
            (11_017, [0, 3, 1]),
            (20_148, [25, 3, 1]),
            (20_412, [25, 11, 20]),
            (20_779, [26, 11, 22]),
            (20_818, [26, 12, 31]),
            (20_819, [27, 1, 1]),
            (47_540, [0, 2, 28]),
            (47_541, [0, 3, 1]),
        ];
        for (days, expected) in table {
            assert_eq!(date(days), expected, "{days}");
        }
    }

    #[test]
    fn it_runs_on_and_a_clock_that_was_set_differs() {
        let at = Instant::now();
        let clock = WallClock { at, seconds: 20_412 * DAY + 52_199, quarters: 4 };
        let shown = clock.time_date(at + Duration::from_secs(1));
        assert_eq!(
            (shown.date, shown.time, shown.zone),
            (Some([25, 11, 20]), Some([14, 30, 0]), 4)
        );
        let later = at + Duration::from_hours(10);
        assert_eq!(clock.time_date(later).date, Some([25, 11, 21]));
        let same = WallClock { at: later, seconds: clock.seconds + 36_001, quarters: 4 };
        assert!(!same.differs(&clock, later));
        assert!(WallClock { seconds: same.seconds + 3, ..same }.differs(&clock, later));
        assert!(WallClock { quarters: 8, ..same }.differs(&clock, later));
    }
}
