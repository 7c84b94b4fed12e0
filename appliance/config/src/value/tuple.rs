//! Values that are several things of different kinds.

use super::number::whole;
use super::{Kind, Value};
use crate::spec::{Reject, Spec};

/// When a server 2500 or 8000 starts anew by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoRestart {
    /// Whether at all.
    pub enabled: bool,
    /// Day of the month.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Day of the week, by the guide's number for it.
    pub weekday: u8,
    /// Whether every day, week or month, by the guide's number for it.
    pub every: u8,
}

/// How a serial line is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialLine {
    /// Bits per second.
    pub baud: u32,
    /// 7 or 8.
    pub data_bits: u8,
    /// N, O, E, M or S: none, odd, even, mark, space.
    pub parity: char,
    /// 1 or 2.
    pub stop_bits: u8,
}

impl Value for AutoRestart {
    const KIND: Kind = Kind::Tuple;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "six numbers: on or off, day, hour, minute, weekday, kind of interval";
        let numbers: Option<Vec<u8>> =
            text.split(',').map(|word| whole(word).and_then(|n| u8::try_from(n).ok())).collect();
        let Some([enabled, day, hour, minute, weekday, every]) = numbers.as_deref() else {
            return Err(Reject::Not(what));
        };
        let sound = *enabled < 2 && *day < 32 && *hour < 24 && *minute < 60 && *weekday < 8;
        let read = Self {
            enabled: *enabled == 1,
            day: *day,
            hour: *hour,
            minute: *minute,
            weekday: *weekday,
            every: *every,
        };
        if sound { Ok(read) } else { Err(Reject::Not(what)) }
    }
}

impl Value for SerialLine {
    const KIND: Kind = Kind::Tuple;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "baud rate, data bits, stop bits and parity such as 115200,8,1,N";
        serial(text).ok_or(Reject::Not(what))
    }
}

fn serial(text: &str) -> Option<SerialLine> {
    let words: Vec<&str> = text.split(',').map(str::trim).collect();
    let [baud, data, stop, parity] = words[..] else { return None };
    let baud = whole(baud).and_then(|n| u32::try_from(n).ok()).filter(|n| BAUDS.contains(n))?;
    let small = |word: &str| whole(word).and_then(|n| u8::try_from(n).ok());
    let data_bits = small(data).filter(|bits| matches!(bits, 7 | 8))?;
    let stop_bits = small(stop).filter(|bits| matches!(bits, 1 | 2))?;
    let parity = PARITIES
        .iter()
        .find(|word| word.eq_ignore_ascii_case(parity) || word[..1].eq_ignore_ascii_case(parity))?;
    Some(SerialLine { baud, data_bits, parity: parity.chars().next()?, stop_bits })
}

/// The guide's list.
const BAUDS: [u32; 15] = [
    100, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400,
];
/// The guide's list; the file has their first letters.
const PARITIES: [&str; 5] = ["None", "Odd", "Even", "Mark", "Space"];
