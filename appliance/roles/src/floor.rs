//! The time before which this program did not exist, and so the least that any clock shows.
//!
//! It is the day of the commit that an image is made from, so that the same
//! source gives the same program; what a person builds for himself has the
//! day of the last release instead.

use lan::ntp::{SECOND, Wall};
use std::time::Duration;

/// When this program was made.
pub const FLOOR: Wall = Wall(seconds(option_env!("FIXPART_BUILT")).saturating_mul(SECOND));

/// Whether a clock that shows this is about right, on a machine that was started so long ago: one that has nothing to
/// remember the time with was put to the floor then, and is not.
#[must_use]
pub fn is_known(clock: Wall, up_for: Duration) -> bool {
    let up_for = i64::try_from(up_for.as_nanos()).unwrap_or(i64::MAX);
    clock > FLOOR.plus(up_for).plus(DOUBT)
}

/// How much later than at the start a clock is put to the floor, and how much faster it may run than the kernel's
/// count of time.
const DOUBT: i64 = 60 * SECOND;

/// The last release, 2026-11-01.
const RELEASED: i64 = 1_793_491_200;

/// Reads decimal digits; what is none stands for nothing.
const fn seconds(text: Option<&str>) -> i64 {
    let Some(text) = text else { return RELEASED };
    let (mut digits, mut sum) = (text.as_bytes(), 0_i64);
    while let [digit @ b'0'..=b'9', rest @ ..] = digits {
        sum = sum.saturating_mul(10).saturating_add((*digit - b'0') as i64);
        digits = rest;
    }
    // A source without a history is no reason for a clock of 1970.
    if digits.is_empty() && sum > RELEASED { sum } else { RELEASED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_commit_counts_unless_it_makes_no_sense() {
        assert_eq!(seconds(Some("1795275071")), 1_795_275_071);
        for text in [None, Some(""), Some("0"), Some("yesterday"), Some("1795275071x")] {
            assert_eq!(seconds(text), RELEASED, "{text:?}");
        }
    }

    #[test]
    fn a_clock_that_runs_from_the_floor_since_the_start_is_not_known() {
        let hour = Duration::from_hours(1);
        assert!(!is_known(FLOOR, Duration::ZERO));
        assert!(!is_known(FLOOR.plus(3600 * SECOND), hour));
        assert!(is_known(FLOOR.plus(2 * 3600 * SECOND), hour));
        assert!(!is_known(Wall(0), hour));
    }
}
