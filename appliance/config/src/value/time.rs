//! Values that are times and time zones.

use super::{Kind, Value};
use crate::spec::{Reject, Spec};

/// A time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// When an update begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTime {
    /// At once.
    Immediately,
    /// When it is that time next.
    At(TimeOfDay),
}

/// A time zone: a rule of POSIX such as `CET-1CEST,M3.5.0,M10.5.0/3`, or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(pub String);

impl Value for TimeOfDay {
    const KIND: Kind = Kind::Time;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        time(text.trim()).ok_or(Reject::Not("a time such as 02:30"))
    }
}

impl Value for StartTime {
    const KIND: Kind = Kind::Start;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        if text.trim().eq_ignore_ascii_case("immediately") {
            return Ok(Self::Immediately);
        }
        time(text.trim()).map(Self::At).ok_or(Reject::Not("immediately, or a time such as 02:30"))
    }
}

fn time(text: &str) -> Option<TimeOfDay> {
    let (hour, minute) = text.split_once(':')?;
    let part = |text: &str, most: u8| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|d| d.is_ascii_digit());
        text.parse::<u8>().ok().filter(|number| digits && *number <= most)
    };
    Some(TimeOfDay { hour: part(hour, 23)?, minute: part(minute, 59)? })
}

impl Value for Zone {
    const KIND: Kind = Kind::Text;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let text = text.trim();
        let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"+-_/:.,<>".contains(&octet);
        let begins = text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '<');
        let sound = begins && text.len() <= ZONE_MAX && text.bytes().all(allowed);
        let what = "a time zone in the form of POSIX, such as CET-1CEST,M3.5.0,M10.5.0/3";
        if sound { Ok(Self(text.to_owned())) } else { Err(Reject::Not(what)) }
    }
}

/// The longest rule that names both times and their dates is half as long.
const ZONE_MAX: usize = 128;
