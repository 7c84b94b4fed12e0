//! Points in time and lengths of time, as a clock has them and as a packet has them (RFC 5905 6).

use std::time::Duration;

/// A length of time, or how far one clock is ahead of another, in nanoseconds.
pub type Nanos = i64;

/// Nanoseconds of a second.
pub const SECOND: Nanos = 1_000_000_000;

/// What a clock shows: nanoseconds since 1970 (UTC). It ends in the year 2262.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(pub i64);

impl Wall {
    /// What it shows when it is put forward by so much.
    #[must_use]
    pub const fn plus(self, by: Nanos) -> Self {
        Self(self.0.saturating_add(by))
    }

    /// How much later it is than `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0)
    }
}

/// A point in time as a packet has it: 32 bits of seconds since 1900, of an era that is not said, and as many of a
/// fraction. Zero means that it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp(pub u64);

impl Stamp {
    /// That of a clock's reading.
    #[must_use]
    pub fn of(wall: Wall) -> Self {
        let units = (i128::from(wall.0) << 32).div_euclid(i128::from(SECOND)) + EPOCH;
        // Which era it is in is left out.
        Self(u64::try_from(units.rem_euclid(1 << 64)).unwrap_or(0))
    }

    /// How much later it is than `earlier`, where the two are less than 68 years apart.
    #[must_use]
    pub fn since(self, earlier: Self) -> Nanos {
        let units = i128::from(self.0.wrapping_sub(earlier.0).cast_signed());
        i64::try_from((units * i128::from(SECOND) + HALF) >> 32).unwrap_or(i64::MAX)
    }

    /// The clock's reading that it means, of those the one less than 68 years from `near`.
    #[must_use]
    pub fn wall(self, near: Wall) -> Wall {
        near.plus(self.since(Self::of(near)))
    }
}

/// 1970 in units of 2^-32 seconds since 1900.
const EPOCH: i128 = 2_208_988_800 << 32;

/// For rounding.
const HALF: i128 = 1 << 31;

/// A length of time as a packet has it: 16 bits of seconds and as many of a fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Short(pub u32);

impl Short {
    /// The shortest that is not below this; what is too long becomes the longest.
    #[must_use]
    pub fn of(length: Nanos) -> Self {
        let second = i128::from(SECOND);
        let units = ((i128::from(length.max(0)) << 16) + second - 1) / second;
        Self(u32::try_from(units).unwrap_or(u32::MAX))
    }

    /// In nanoseconds.
    #[must_use]
    pub fn nanos(self) -> Nanos {
        (i64::from(self.0) * SECOND) >> 16
    }
}

/// The same length; what is too long becomes the longest.
pub(super) fn nanos(length: Duration) -> Nanos {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_points_in_time_of_the_standard_are_where_the_standard_has_them() {
        // RFC 5905, figure 4; the second is the one in which the first era ends.
        let seconds = |seconds: i64| Stamp::of(Wall(seconds * SECOND));
        assert_eq!(seconds(0), Stamp(2_208_988_800 << 32));
        assert_eq!(seconds(63_072_000), Stamp(2_272_060_800 << 32));
        assert_eq!(seconds(2_085_978_496), Stamp(0));
        assert_eq!(Stamp(0).wall(Wall(2_000_000_000 * SECOND)), Wall(2_085_978_496 * SECOND));
        assert_eq!(Short::of(SECOND + SECOND / 2), Short(0x0001_8000));
        assert_eq!(
            (Short::of(1), Short::of(-1), Short::of(i64::MAX)),
            (Short(1), Short(0), Short(u32::MAX))
        );
    }

    proptest! {
        #[test]
        fn a_clock_reads_its_own_stamps_in_any_era(
            at in 0..9_000_000_000_000_000_000_i64,
            apart in -2_000_000_000_000_000_000_i64..2_000_000_000_000_000_000,
        ) {
            let (one, other) = (Wall(at), Wall(at).plus(apart));
            let read = Stamp::of(one).wall(other);
            prop_assert!(read.since(one).abs() <= 1, "{read:?} {one:?}");
            let between = Stamp::of(other).since(Stamp::of(one));
            prop_assert!((between - other.since(one)).abs() <= 1);
        }
    }
}
