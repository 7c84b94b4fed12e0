//! Values that are numbers.

use super::{Kind, Value};
use crate::spec::{Bound, Reject, Spec};
use std::time::Duration;

/// A whole number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

/// A whole number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milliseconds(pub Duration);

/// A whole number of units of ten milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenMilliseconds(pub Duration);

/// A whole number of minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minutes(pub Duration);

/// A whole number of hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours(pub Duration);

/// Seconds in steps of a half, up to 127.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfSeconds(pub Duration);

/// Milliseconds of speech in a packet: whole frames of 10 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ptime(pub u8);

/// A port where 0 means that none was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyPort(pub Option<u16>);

/// A first port for RTP: an even one, since RTCP uses the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvenPort(pub u16);

/// The largest packet, in octets; 0 leaves it to the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mtu(pub Option<u32>);

/// A TOS octet; -1 means that none is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tos(pub Option<u8>);

/// The whole number that a text is, in decimal or, behind `0x`, in hexadecimal digits.
pub(super) fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            i64::from_str_radix(hex, 16).ok()?
        }
        None if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    Some(if negative { -number } else { number })
}

pub(super) fn number(spec: &Spec, text: &str) -> Result<i64, Reject> {
    let (least, most) = spec.range;
    whole(text).filter(|n| (least..=most).contains(n)).ok_or(Reject::NotBetween(least, most))
}

/// The end of our own range that is nearest to a number outside of it.
fn clamped(spec: &Spec, text: &str) -> Option<String> {
    let (least, most) = spec.range;
    let number = whole(text).filter(|_| spec.bound == Bound::Ours)?;
    Some(number.clamp(least, most).to_string())
}

macro_rules! whole_number {
    ($($type:ty)+) => {$(
        impl Value for $type {
            const KIND: Kind = Kind::Whole;

            fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
                let (least, most) = spec.range;
                Self::try_from(number(spec, text)?).map_err(|_| Reject::NotBetween(least, most))
            }

            fn nearest(spec: &Spec, text: &str) -> Option<String> {
                clamped(spec, text)
            }
        }
    )+};
}

whole_number! { u8 u16 u32 }

macro_rules! duration {
    ($($type:ident counts $unit:literal of $milliseconds:literal)+) => {$(
        impl Value for $type {
            const KIND: Kind = Kind::Whole;
            const UNIT: &'static str = $unit;

            fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
                let number = u32::parse(spec, text)?;
                Ok(Self(Duration::from_millis(u64::from(number) * $milliseconds)))
            }

            fn nearest(spec: &Spec, text: &str) -> Option<String> {
                clamped(spec, text)
            }
        }
    )+};
}

duration! {
    Seconds counts "s" of 1_000
    Milliseconds counts "ms" of 1
    TenMilliseconds counts "10 ms" of 10
    Minutes counts "minutes" of 60_000
    Hours counts "hours" of 3_600_000
}

impl Value for HalfSeconds {
    const KIND: Kind = Kind::Number;
    const UNIT: &'static str = "s";

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "seconds from 0 to 127.5 in steps of 0.5";
        let (seconds, half) = match text.trim().split_once('.') {
            None => (text.trim(), false),
            Some((seconds, "0")) => (seconds, false),
            Some((seconds, "5")) => (seconds, true),
            Some(_) => return Err(Reject::Not(what)),
        };
        let seconds = whole(seconds).filter(|n| (0..=127).contains(n));
        let milliseconds = seconds.ok_or(Reject::Not(what))? * 1000 + i64::from(half) * 500;
        let milliseconds = u64::try_from(milliseconds).map_err(|_| Reject::Not(what))?;
        Ok(Self(Duration::from_millis(milliseconds)))
    }
}

impl Value for Ptime {
    const KIND: Kind = Kind::Words(PTIMES);
    const UNIT: &'static str = "ms";

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let number = whole(text).filter(|_| PTIMES.contains(&text.trim()));
        number.and_then(|n| u8::try_from(n).ok()).map(Self).ok_or(Reject::NotOneOf(PTIMES))
    }

    /// The guide leaves open which there are; packets of a length that we do not have are sent as the nearest.
    fn nearest(_: &Spec, text: &str) -> Option<String> {
        let number = whole(text).filter(|n| (1..=i64::from(u16::MAX)).contains(n))?;
        let far = |word: &&&str| word.parse::<i64>().map_or(i64::MAX, |n| (n - number).abs());
        PTIMES.iter().min_by_key(far).map(|word| (*word).to_owned())
    }
}

/// The frames that fit a packet, in milliseconds.
const PTIMES: &[&str] = &["10", "20", "30", "40", "60"];

impl Value for ProxyPort {
    const KIND: Kind = Kind::Whole;

    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        u16::parse(spec, text).map(|port| Self(Some(port).filter(|port| *port != 0)))
    }
}

impl Value for EvenPort {
    const KIND: Kind = Kind::Whole;

    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        let port = u16::parse(spec, text)?;
        let what = "an even port, since RTCP uses the next one";
        if port.is_multiple_of(2) { Ok(Self(port)) } else { Err(Reject::Not(what)) }
    }

    /// RFC 3550 11: an odd one was always replaced by the next lower even one.
    fn nearest(spec: &Spec, text: &str) -> Option<String> {
        let (least, most) = spec.range;
        let port = whole(text).filter(|port| (1..=i64::from(u16::MAX)).contains(port))?;
        Some((port.clamp(least, most) & !1).to_string())
    }
}

impl Value for Mtu {
    const KIND: Kind = Kind::Whole;
    const UNIT: &'static str = "bytes";

    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        if whole(text) == Some(0) {
            return Ok(Self(None));
        }
        u32::parse(spec, text).map(|octets| Self(Some(octets)))
    }
}

impl Value for Tos {
    const KIND: Kind = Kind::Whole;

    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        number(spec, text).map(|number| Self(u8::try_from(number).ok()))
    }
}
