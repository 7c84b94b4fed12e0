//! Values that are several with commas between, and numbers whose bits are switches.

use super::number::{number, whole};
use super::{Kind, Value};
use crate::spec::{Reject, Spec};

/// A codec by the guide's number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// G.711 mu-law, 1.
    G711U,
    /// G.711 A-law, 2.
    G711A,
    /// G.726 at 32 kbit/s, 64.
    G726,
    /// G.729 Annex A, 1024.
    G729A,
}

/// Codecs in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codecs(pub Vec<Codec>);

/// Words, the blanks around them taken away: attributes of LDAP, their labels, licence keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub Vec<String>);

/// Columns of a table, counted from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(pub Vec<u32>);

/// Beginnings of numbers that are taken away or, where something is given for them, replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefixes(pub Vec<(String, Option<String>)>);

/// Bits that are switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u32);

impl Value for Codecs {
    const KIND: Kind = Kind::List;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "one to six of 0, 1, 2, 64, 1024 with commas between, not all 0, none twice";
        let mut codecs = Vec::new();
        let mut places = 0;
        for word in text.split(',').map(str::trim) {
            places += 1;
            let codec = match whole(word) {
                Some(0) => continue,
                Some(1) => Codec::G711U,
                Some(2) => Codec::G711A,
                Some(64) => Codec::G726,
                Some(1024) => Codec::G729A,
                _ => return Err(Reject::Not(what)),
            };
            if codecs.contains(&codec) {
                return Err(Reject::Not(what));
            }
            codecs.push(codec);
        }
        let sound = places <= PLACES_MAX && !codecs.is_empty();
        if sound { Ok(Self(codecs)) } else { Err(Reject::Not(what)) }
    }

    /// A codec that only other servers have is passed over, and so is one that stands a second time.
    fn nearest(_: &Spec, text: &str) -> Option<String> {
        let mut known: Vec<i64> = Vec::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let codec = whole(word)?;
            if matches!(codec, 1 | 2 | 64 | 1024) && !known.contains(&codec) {
                known.push(codec);
            }
        }
        let words: Vec<String> = known.iter().map(ToString::to_string).collect();
        Some(words.join(",")).filter(|words| !words.is_empty())
    }
}

impl Value for Attributes {
    const KIND: Kind = Kind::List;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let sound = text.len() <= LIST_MAX && !text.chars().any(|c| c.is_control() && c != '\n');
        let words = || text.split(',').map(|word| word.trim().to_owned());
        if text.trim().is_empty() {
            Ok(Self(Vec::new()))
        } else if sound {
            Ok(Self(words().collect()))
        } else {
            Err(Reject::Not("words with commas between, at most 65536 characters"))
        }
    }
}

impl Value for Columns {
    const KIND: Kind = Kind::List;

    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "numbers of columns from 1 on, with commas between";
        let columns: Result<Vec<u32>, Reject> =
            text.split(',').map(|word| u32::parse(spec, word)).collect();
        columns.map(Self).map_err(|_| Reject::Not(what))
    }
}

impl Value for Prefixes {
    const KIND: Kind = Kind::List;

    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || "+*#".contains(c));
        let what = "prefixes of digits, + * and #, each with = and what replaces it or without";
        let mut prefixes = Vec::new();
        for word in Attributes::parse(spec, text)?.0 {
            let (prefix, instead) =
                word.split_once('=').map_or((&*word, None), |(one, other)| (one, Some(other)));
            if prefix.is_empty() || !digits(prefix) || !digits(instead.unwrap_or_default()) {
                return Err(Reject::Not(what));
            }
            prefixes.push((prefix.to_owned(), instead.map(str::to_owned)));
        }
        Ok(Self(prefixes))
    }
}

impl Value for Flags {
    const KIND: Kind = Kind::Flags;

    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        let (least, most) = spec.range;
        let flags = number(spec, text)?;
        u32::try_from(flags).map(Self).map_err(|_| Reject::NotBetween(least, most))
    }
}

/// The guide's list has six places.
const PLACES_MAX: usize = 6;
/// What an element may hold.
const LIST_MAX: usize = 65_536;
