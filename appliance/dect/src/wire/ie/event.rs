//! What has happened: EVENTS-NOTIFICATION, TIME-DATE, FEATURE-ACTIVATE.

use super::{Contents, Invalid, word};
use crate::wire::element::Id;
use crate::wire::hex;
use serde_json::{Value, json};

/// One event of an [`EventsNotification`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An event of the standard.
    Standard {
        /// 0 message waiting, 1 missed call, 2 web content, 3 list change ..., 0 to 63.
        kind: u8,
        /// More about it, seven bits an octet; empty where nothing is said.
        subtype: Vec<u8>,
        /// How many, up to 16383.
        count: u16,
    },
    /// An event of a manufacturer.
    Proprietary {
        /// Its type, 0 to 63.
        kind: u8,
        /// The manufacturer.
        emc: u16,
        /// The event, at most 250 octets.
        value: Vec<u8>,
    },
}

/// EVENTS-NOTIFICATION (7.7.55).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsNotification(pub Vec<Event>);

impl EventsNotification {
    /// This many voice messages are waiting.
    #[must_use]
    pub fn voice_messages(count: u16) -> Self {
        Self(vec![Event::Standard { kind: 0, subtype: vec![1], count }])
    }
}

impl Contents for EventsNotification {
    const ID: Id = Id::EVENTS_NOTIFICATION;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (mut events, mut rest) = (Vec::new(), octets);
        while !rest.is_empty() {
            let (event, after) = event(rest).ok_or(CUT)?;
            events.push(event);
            rest = after;
        }
        if events.is_empty() { Err(CUT) } else { Ok(Self(events)) }
    }

    fn write(&self, out: &mut Vec<u8>) {
        for event in &self.0 {
            match event {
                Event::Standard { kind, subtype, count } => {
                    out.push(kind & 0x3f | if subtype.is_empty() { EXT } else { 0 });
                    write_group(subtype, out);
                    let [high, low] = (count << 1).to_be_bytes();
                    out.extend((high != 0).then_some(high & 0x7f));
                    out.push(EXT | low >> 1);
                }
                Event::Proprietary { kind, emc, value } => {
                    out.push(0x40 | kind & 0x3f);
                    out.extend(emc.to_be_bytes());
                    out.push(u8::try_from(value.len()).unwrap_or(u8::MAX));
                    out.extend(value);
                }
            }
        }
    }

    fn describe(&self) -> Value {
        const KINDS: &[(u8, &str)] = &[
            (0, "message waiting"),
            (1, "missed call"),
            (2, "web content"),
            (3, "list change"),
            (4, "software upgrade"),
            (5, "line use status"),
            (6, "handset use status"),
            (7, "diagnostic"),
            (8, "SMS message"),
        ];
        let events = self.0.iter().map(|event| match event {
            Event::Standard { kind, subtype, count } => {
                json!({ "event": word(*kind, KINDS), "subtype": hex(subtype), "count": count })
            }
            Event::Proprietary { kind, emc, value } => {
                json!({ "proprietary": kind, "emc": format!("{emc:04x}"), "value": hex(value) })
            }
        });
        events.collect()
    }
}

fn event(octets: &[u8]) -> Option<(Event, &[u8])> {
    let (first, rest) = octets.split_first()?;
    let kind = first & 0x3f;
    if first & 0x40 != 0 {
        let (head, rest) = rest.split_at_checked(3)?;
        let (value, rest) = rest.split_at_checked(usize::from(head[2]))?;
        let emc = u16::from_be_bytes([head[0], head[1]]);
        return Some((Event::Proprietary { kind, emc, value: value.to_vec() }, rest));
    }
    let (subtype, rest) = if first & EXT == 0 { group(rest)? } else { (Vec::new(), rest) };
    let (digits, rest) = group(rest)?;
    let count = match digits[..] {
        [low] => u16::from(low),
        [high, low] => u16::from(high) << 7 | u16::from(low),
        _ => return None,
    };
    Some((Event::Standard { kind, subtype, count }, rest))
}

/// An octet group, extension bits removed.
fn group(octets: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let end = octets.iter().position(|octet| octet & EXT != 0)? + 1;
    let (group, rest) = octets.split_at_checked(end)?;
    Some((group.iter().map(|octet| octet & 0x7f).collect(), rest))
}

fn write_group(group: &[u8], out: &mut Vec<u8>) {
    if let Some((last, others)) = group.split_last() {
        out.extend(others.iter().map(|octet| octet & 0x7f));
        out.push(last | EXT);
    }
}

/// TIME-DATE (7.7.50).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeDate {
    /// What the time is meant as, 0 to 63; 0 the current time.
    pub interpretation: u8,
    /// Year (0 to 99), month, day.
    pub date: Option<[u8; 3]>,
    /// Hour, minute, second.
    pub time: Option<[u8; 3]>,
    /// Quarters of an hour ahead of GMT; with a time only.
    pub zone: i8,
}

impl Contents for TimeDate {
    const ID: Id = Id::TIME_DATE;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (first, rest) = octets.split_first().ok_or(CUT)?;
        let interpretation = first & 0x3f;
        let nothing = Self { interpretation, date: None, time: None, zone: 0 };
        match (first >> 6, rest) {
            (1, [time @ .., zone]) => {
                Ok(Self { time: Some(decimal(time)?), zone: quarters(*zone)?, ..nothing })
            }
            (2, date) => Ok(Self { date: Some(decimal(date)?), ..nothing }),
            // A request for the time, or the answer that there is none.
            (3, []) => Ok(nothing),
            (3, [year, month, day, time @ .., zone]) => Ok(Self {
                date: Some(decimal(&[*year, *month, *day])?),
                time: Some(decimal(time)?),
                zone: quarters(*zone)?,
                ..nothing
            }),
            _ => Err(Invalid("no coding of time or date")),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let coding = match (self.date, self.time) {
            (None, Some(_)) => 0x40,
            (Some(_), None) => 0x80,
            _ => 0xc0,
        };
        out.push(coding | self.interpretation & 0x3f);
        out.extend(self.date.iter().flatten().map(|number| bcd(*number)));
        out.extend(self.time.iter().flatten().map(|number| bcd(*number)));
        if self.time.is_some() {
            out.push(bcd(self.zone.unsigned_abs()) | if self.zone < 0 { 0x80 } else { 0 });
        }
    }

    fn describe(&self) -> Value {
        let date = self.date.map(|[year, month, day]| format!("{year:02}-{month:02}-{day:02}"));
        let time =
            self.time.map(|[hour, minute, second]| format!("{hour:02}:{minute:02}:{second:02}"));
        json!({
            "interpretation": self.interpretation,
            "date": date,
            "time": time,
            "zone_quarters": self.zone,
        })
    }
}

fn decimal(octets: &[u8]) -> Result<[u8; 3], Invalid> {
    let [first, second, third] = octets else { return Err(CUT) };
    Ok([digits(*first)?, digits(*second)?, digits(*third)?])
}

fn digits(octet: u8) -> Result<u8, Invalid> {
    let (tens, ones) = (octet >> 4, octet & 0x0f);
    if tens < 10 && ones < 10 { Ok(tens * 10 + ones) } else { Err(Invalid("no decimal digits")) }
}

fn quarters(octet: u8) -> Result<i8, Invalid> {
    let quarters = i8::try_from(digits(octet & 0x7f)?).unwrap_or(0);
    Ok(if octet & 0x80 == 0 { quarters } else { -quarters })
}

fn bcd(number: u8) -> u8 {
    let number = number % 100;
    ((number / 10) << 4) | (number % 10)
}

/// FEATURE-ACTIVATE (7.7.16): a key of the handset that is not on a keypad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeatureActivate {
    /// 1 register recall, 42 feature key, 44 line selection ..., 0 to 127.
    pub feature: u8,
    /// Which key, which line; 0 to 127.
    pub parameter: Option<u8>,
}

impl Contents for FeatureActivate {
    const ID: Id = Id::FEATURE_ACTIVATE;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        match octets {
            [feature, ..] if feature & EXT != 0 => {
                Ok(Self { feature: feature & 0x7f, parameter: None })
            }
            [feature, parameter, ..] => {
                Ok(Self { feature: *feature, parameter: Some(parameter & 0x7f) })
            }
            _ => Err(CUT),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self.parameter {
            None => out.push(EXT | self.feature),
            Some(parameter) => out.extend([self.feature & 0x7f, EXT | parameter]),
        }
    }

    fn describe(&self) -> Value {
        const FEATURES: &[(u8, &str)] = &[
            (0x01, "register recall"),
            (0x0f, "external handover switch"),
            (0x20, "queue entry request"),
            (0x30, "indication of subscriber number"),
            (0x42, "feature key"),
            (0x44, "specific line selection"),
            (0x47, "specific trunk carrier selection"),
            (0x48, "control of echo control functions"),
            (0x60, "cost information"),
        ];
        json!({ "feature": word(self.feature, FEATURES), "parameter": self.parameter })
    }
}

const CUT: Invalid = Invalid("the contents are cut off");
/// Last octet of a group.
const EXT: u8 = 0x80;
