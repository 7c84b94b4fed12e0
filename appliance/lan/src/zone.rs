//! Time zones: a rule in the form of POSIX, or a name, and what a clock shows there.
//!
//! The machine's own time-zone database is not used, and need not exist. What
//! is read is, in this order: a name of the table ([`names`]: `CET`,
//! `Europe/Berlin`, `UTC`), a rule (`GMT-1`, `CET-1CEST,M3.5.0,M10.5.0/3`;
//! POSIX.1-2017 8.3, with the hours of RFC 9636 3.3.1), a rule without dates
//! (`CET-1CEST`), whose dates are those of a place that calls its times so.

mod names;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// What a clock and a calendar show at some place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The year.
    pub year: i16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Seconds ahead of UTC, summer time included.
    pub offset: i32,
    /// Whether it is summer time.
    pub summer: bool,
    /// What this time is called, such as `CEST`.
    pub name: String,
}

/// A text that is no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no time zone; expected a rule such as CET-1CEST,M3.5.0,M10.5.0/3 or GMT-1, or a name such as Europe/Berlin"
)]
pub struct BadZone(String);

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Reads a name or a rule.
    ///
    /// # Errors
    /// [`BadZone`].
    pub fn read(text: &str) -> Result<Self, BadZone> {
        let text = text.trim();
        // POSIX has names of its own kind behind a colon.
        let text = text.strip_prefix(':').unwrap_or(text);
        let bad = || BadZone(text.chars().take(TEXT_MAX).collect());
        if text.is_empty() || text.len() > TEXT_MAX {
            return Err(bad());
        }
        let rule = names::rule(text).or_else(|| names::dates(text)).unwrap_or(text);
        if let Ok(zone) = TimeZone::posix(rule) {
            return Ok(Self(zone));
        }
        // POSIX leaves the dates to the system, and systems take those of the United States.
        TimeZone::posix(&format!("{text}{DATES}")).map(Self).map_err(|_| bad())
    }

    /// What clocks show there.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> Local {
        let shown = self.0.to_datetime(at);
        let (date, time) = (shown.date(), shown.time());
        let info = self.0.to_offset_info(at);
        let small = |number: i8| u8::try_from(number).unwrap_or(0);
        Local {
            year: date.year(),
            month: small(date.month()),
            day: small(date.day()),
            hour: small(time.hour()),
            minute: small(time.minute()),
            second: small(time.second()),
            offset: info.offset().seconds(),
            summer: info.dst().is_dst(),
            name: info.abbreviation().to_owned(),
        }
    }

    /// When clocks are next put forward or back there; `None` where they never are.
    #[must_use]
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        self.0.following(after).next().map(|change| change.timestamp())
    }
}

/// The longest rule that names both times and their dates is half as long.
const TEXT_MAX: usize = 128;

/// Summer time where nothing is said of it.
const DATES: &str = ",M3.2.0,M11.1.0";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Hours ahead in winter and in summer of 2027.
    fn hours(text: &str) -> (f64, f64) {
        let zone = Zone::read(text).unwrap();
        let hours = |when: &str| f64::from(zone.local(at(when)).offset) / 3600.0;
        (hours("2027-01-15T12:00:00Z"), hours("2027-07-15T12:00:00Z"))
    }

    #[test]
    fn the_time_zones_of_the_guides_mean_what_the_guides_mean() {
        // The default of the parameter; the example of a settings file; the rule of a file that is public.
        assert_eq!(hours("CET"), (1.0, 2.0));
        assert_eq!(hours("GMT-1"), (1.0, 1.0));
        assert_eq!(hours("CET-1CEST-2,M3.5.0/02:00:00,M10.5.0/03:00:00"), (1.0, 2.0));
        // The groups of the page: Europe, USA and Canada, places that are no places, others.
        let table = [
            ("WET", (0.0, 1.0)),
            ("EET", (2.0, 3.0)),
            ("EET-2EEST,M3.5.0/3,M10.5.0/4", (2.0, 3.0)),
            ("GMT0BST,M3.5.0/1,M10.5.0", (0.0, 1.0)),
            ("MSK-3", (3.0, 3.0)),
            ("EST5EDT", (-5.0, -4.0)),
            ("CST6CDT,M3.2.0,M11.1.0", (-6.0, -5.0)),
            ("NST3:30NDT,M3.2.0,M11.1.0", (-3.5, -2.5)),
            ("HST", (-10.0, -10.0)),
            ("UTC", (0.0, 0.0)),
            ("gmt", (0.0, 0.0)),
            ("GMT+5", (-5.0, -5.0)),
            ("Etc/GMT+5", (-5.0, -5.0)),
            ("<+0545>-5:45", (5.75, 5.75)),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", (11.0, 10.0)),
        ];
        for (text, expected) in table {
            assert_eq!(hours(text), expected, "{text}");
        }
    }

    #[test]
    fn names_of_places_and_rules_without_dates_are_read() {
        for text in ["Europe/Berlin", "europe/berlin", ":Europe/Berlin", " CET-1CEST "] {
            let zone = Zone::read(text).unwrap();
            assert_eq!(zone, Zone::read("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(), "{text}");
        }
        assert_eq!(hours("America/New_York"), (-5.0, -4.0));
        assert_eq!(hours("Asia/Kolkata"), (5.5, 5.5));
        // Ireland's winter time is the exception.
        assert_eq!(hours("Europe/Dublin"), (0.0, 1.0));
        // Nobody is called so: the dates of the United States.
        let zone = Zone::read("AAA3BBB").unwrap();
        assert_eq!(zone.next_change(at("2027-01-01T00:00:00Z")), Some(at("2027-03-14T05:00:00Z")));
    }

    #[test]
    fn clocks_are_put_forward_and_back_in_the_night_of_a_sunday() {
        let zone = Zone::read("CET").unwrap();
        let forward = zone.next_change(at("2026-11-22T00:00:00Z")).unwrap();
        assert_eq!(forward, at("2027-03-28T01:00:00Z"));
        let before = zone.local(forward - std::time::Duration::from_secs(1));
        assert_eq!((before.hour, before.minute, before.second, before.summer), (1, 59, 59, false));
        let after = zone.local(forward);
        assert_eq!((after.day, after.hour, after.minute, after.summer), (28, 3, 0, true));
        assert_eq!((before.name.as_str(), after.name.as_str()), ("CET", "CEST"));
        assert_eq!(zone.next_change(forward), Some(at("2027-10-31T01:00:00Z")));
        assert_eq!(Zone::read("GMT-1").unwrap().next_change(forward), None);
    }

    #[test]
    fn what_is_no_time_zone_is_refused_and_said_so() {
        let endless = "A".repeat(1000);
        for text in ["", " ", "Middle Earth", "CET+", "GMT-99", "Europe/Berlim", "1", &endless] {
            assert!(Zone::read(text).is_err(), "{text}");
        }
        let said = Zone::read("Europe/Berlim").unwrap_err().to_string();
        assert!(said.starts_with("\"Europe/Berlim\" is no time zone; expected"), "{said}");
    }

    #[test]
    fn every_name_of_the_table_stands_there_once_and_has_a_rule() {
        let mut seen = BTreeSet::new();
        for (rule, names) in names::NAMES {
            assert!(TimeZone::posix(rule).is_ok(), "{rule}");
            for name in names.split(' ') {
                assert!(!name.is_empty() && seen.insert(name.to_lowercase()), "{name} twice");
                assert!(Zone::read(name).is_ok(), "{name}");
            }
        }
        assert!(seen.len() > 590, "{}", seen.len());
    }

    proptest! {
        #[test]
        fn whatever_is_typed_shows_a_time_or_is_refused(
            text in ".{0,40}|[A-Z]{3}[-+]?[0-9]{1,3}([A-Z]{3}(,[MJ0-9./]{1,12}){0,2})?",
            seconds in -2_000_000_000_i64..8_000_000_000,
        ) {
            if let Ok(zone) = Zone::read(&text) {
                let at = Timestamp::from_second(seconds).unwrap();
                let local = zone.local(at);
                prop_assert!((1..=12).contains(&local.month) && (1..=31).contains(&local.day));
                prop_assert!(local.hour < 24 && local.minute < 60 && local.second < 60);
                prop_assert!(zone.next_change(at).is_none_or(|change| change > at));
            }
        }
    }
}
