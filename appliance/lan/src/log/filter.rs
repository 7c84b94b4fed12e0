//! Which records somebody wants to see.

use super::record::{Level, Name, Record};
use jiff::{SignedDuration, Timestamp};

/// What a record must be to be shown; the default shows all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// At least as urgent.
    pub level: Option<Level>,
    /// Said by this one.
    pub role: Option<Name>,
    /// Not older.
    pub since: Option<Timestamp>,
    /// Somewhere in the text or in the value of a field, in capitals or not.
    pub text: Option<String>,
    /// Fields of exactly these values: a call, a handset, a user.
    pub fields: Vec<(String, String)>,
}

/// Words that choose nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFilter {
    /// No point in time.
    #[error("{0:?} is no time; expected 10m, 2h, 1d or 2026-11-21T15:31:00Z")]
    Since(String),
}

impl Filter {
    /// Whether the record is shown.
    #[must_use]
    pub fn takes(&self, record: &Record) -> bool {
        self.level.is_none_or(|level| record.level <= level)
            && self.role.as_ref().is_none_or(|role| record.role == *role)
            && self.since.is_none_or(|since| record.time >= since)
            && self.fields.iter().all(|(name, value)| record.fields.get(name) == Some(value))
            && self.text.as_deref().is_none_or(|text| holds(record, text))
    }
}

fn holds(record: &Record, text: &str) -> bool {
    let text = text.to_lowercase();
    let within = |whole: &str| whole.to_lowercase().contains(&text);
    within(&record.text) || record.fields.iter().any(|(_, value)| within(value))
}

/// A point in time as people write it: how long before `now` (`90s`, `10m`, `2h`, `1d`), or a time of RFC 3339.
///
/// # Errors
/// [`BadFilter::Since`].
pub fn since(word: &str, now: Timestamp) -> Result<Timestamp, BadFilter> {
    let bad = || BadFilter::Since(word.chars().take(SHOWN_MAX).collect());
    if let Ok(time) = word.parse() {
        return Ok(time);
    }
    let last = word.char_indices().last().map_or(0, |(at, _)| at);
    let (number, unit) = word.split_at_checked(last).ok_or_else(bad)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(bad()),
    };
    let number: u32 = number.parse().map_err(|_| bad())?;
    let ago = SignedDuration::from_secs(i64::from(number).saturating_mul(seconds));
    now.checked_sub(ago).map_err(|_| bad())
}

/// As much of a wrong word is repeated.
const SHOWN_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::super::record::Draft;
    use super::*;

    fn record() -> Record {
        let mut draft = Draft::new(Level::Warning, "Handset lost");
        draft.fields = [("call", "417"), ("user", "J\u{dc}RGEN")].into_iter().collect();
        draft.record(1, time("2026-11-21T15:00:00Z"), "dect".parse().unwrap())
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn each_wish_must_be_met() {
        let shown = |filter: Filter| filter.takes(&record());
        assert!(shown(Filter::default()));
        let level = |level| Filter { level: Some(level), ..Filter::default() };
        assert!(
            shown(level(Level::Warning))
                && shown(level(Level::Debug))
                && !shown(level(Level::Error))
        );
        let role = |role: &str| Filter { role: Some(role.parse().unwrap()), ..Filter::default() };
        assert!(shown(role("dect")) && !shown(role("dec")));
        let since = |at| Filter { since: Some(time(at)), ..Filter::default() };
        assert!(shown(since("2026-11-21T15:00:00Z")) && !shown(since("2026-11-21T15:00:00.1Z")));
        let text = |text: &str| Filter { text: Some(text.into()), ..Filter::default() };
        assert!(shown(text("handset")) && shown(text("j\u{fc}rgen")) && !shown(text("base")));
        let call =
            |call: &str| Filter { fields: vec![("call".into(), call.into())], ..Filter::default() };
        assert!(shown(call("417")) && !shown(call("41")));
        assert!(!shown(Filter { role: role("media").role, ..call("417") }));
    }

    #[test]
    fn a_time_is_given_as_it_stands_on_a_clock_or_as_how_long_ago() {
        let now = time("2026-11-21T15:00:00Z");
        assert_eq!(since("90s", now), Ok(time("2026-11-21T14:58:30Z")));
        assert_eq!(since("10m", now), Ok(time("2026-11-21T14:50:00Z")));
        assert_eq!(since("1d", now), Ok(time("2026-11-20T15:00:00Z")));
        assert_eq!(since("2026-01-01T00:00:00+01:00", now), Ok(time("2025-12-31T23:00:00Z")));
        for bad in
            ["", "m", "10", "-1m", "10x", "1\u{fc}", "99999999999d", "4000000000d", "yesterday"]
        {
            assert!(since(bad, now).is_err(), "{bad}");
        }
    }
}
