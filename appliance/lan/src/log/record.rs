//! One record of the log, and the draft it is made from.

use jiff::Timestamp;
use std::fmt;
use std::str::FromStr;

/// How urgent a record is: the severities of RFC 5424 6.2.1, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// The system is unusable.
    Emergency = 0,
    /// Something must be done at once.
    Alert = 1,
    /// Critical.
    Critical = 2,
    /// An alert was raised.
    Error = 3,
    /// It soon will be.
    Warning = 4,
    /// Normal, but worth a look.
    Notice = 5,
    /// An administrator would tell the story with it.
    Info = 6,
    /// One line for each step.
    Debug = 7,
}

/// A word that is no level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no level; expected one of {words}", words = Level::WORDS.join(", "))]
pub struct NoLevel(pub String);

/// Who speaks: a role, `kernel`, or whatever else the reader of the socket calls its senders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(Box<str>);

/// A text that is no [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a role; expected 1 to {NAME_MAX} of a-z, 0-9 and -")]
pub struct BadName(pub String);

/// What a record says beside its text: names and values, in the order in which they came, each name once.
///
/// Together they hold at most [`FIELDS_OCTETS_MAX`] octets; what is too much is cut or left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    fields: Vec<(Box<str>, Box<str>)>,
    octets: usize,
}

/// What a sender said, before it is known who it was and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// As the sender has it; [`Level::Info`] where it says none.
    pub level: Level,
    /// What the sender calls itself, at most [`IDENTIFIER_MAX`] octets; not to be believed.
    pub identifier: Option<Box<str>>,
    /// At most [`TEXT_MAX`] octets, without line ends at its end.
    pub text: Box<str>,
    /// Everything else.
    pub fields: Fields,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Counts all records of this machine, over restarts.
    pub number: u64,
    /// When it was heard.
    pub time: Timestamp,
    /// Who said it.
    pub role: Name,
    /// How urgent it is.
    pub level: Level,
    /// What was said, at most [`TEXT_MAX`] octets.
    pub text: Box<str>,
    /// Everything else.
    pub fields: Fields,
}

impl Level {
    /// The words for the levels, in their order.
    pub const WORDS: [&'static str; 8] =
        ["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"];

    /// The severity of RFC 5424, 0 to 7.
    #[must_use]
    pub const fn severity(self) -> u8 {
        self as u8
    }

    /// The level of a severity, if it is one.
    #[must_use]
    pub const fn of(severity: u8) -> Option<Self> {
        Some(match severity {
            0 => Self::Emergency,
            1 => Self::Alert,
            2 => Self::Critical,
            3 => Self::Error,
            4 => Self::Warning,
            5 => Self::Notice,
            6 => Self::Info,
            7 => Self::Debug,
            _ => return None,
        })
    }

    /// The level in the low three bits of a PRI (RFC 5424 6.2.1); every value of them is one.
    #[must_use]
    pub(crate) const fn of_priority(priority: u16) -> Self {
        match Self::of((priority % 8) as u8) {
            Some(level) => level,
            None => Self::Debug,
        }
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.get(usize::from(self.severity())).copied().unwrap_or("debug")
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Level {
    type Err = NoLevel;

    /// Reads a word, one of the short words of syslog(3), or a severity.
    fn from_str(word: &str) -> Result<Self, NoLevel> {
        let short = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];
        let lower = word.to_ascii_lowercase();
        let place = |words: &[&str]| words.iter().position(|known| *known == lower);
        let severity = place(&Self::WORDS).or_else(|| place(&short)).or_else(|| word.parse().ok());
        severity
            .and_then(|severity| u8::try_from(severity).ok())
            .and_then(Self::of)
            .ok_or_else(|| NoLevel(word.chars().take(NAME_MAX).collect()))
    }
}

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=NAME_MAX).contains(&text.len()) && text.chars().all(good) {
            Ok(Self(text.into()))
        } else {
            Err(BadName(text.chars().take(NAME_MAX).collect()))
        }
    }
}

impl Fields {
    /// Adds a field if there is room. Its name becomes lower case, with `_` for all that is neither letter nor
    /// digit; its value is cut to [`VALUE_MAX`] octets. A name that is there already stays as it is.
    pub fn add(&mut self, name: &str, value: &str) {
        let name = field_name(name);
        let value = cut(value, VALUE_MAX);
        let octets = self.octets.saturating_add(name.len()).saturating_add(value.len());
        let room = self.fields.len() < FIELDS_MAX && octets <= FIELDS_OCTETS_MAX;
        if room && !name.is_empty() && self.get(&name).is_none() {
            self.octets = octets;
            self.fields.push((name.into(), value));
        }
    }

    /// Adds a field that is known for sure: it takes the place of one that the sender has given the same name, and
    /// where there is no room the sender's last ones make it.
    pub fn attest(&mut self, name: &str, value: &str) {
        let known = field_name(name);
        let value = cut(value, VALUE_MAX);
        let octets = |(name, value): &(Box<str>, Box<str>)| name.len() + value.len();
        self.fields.retain(|(name, _)| **name != *known);
        let mut left = self.fields.iter().map(octets).sum::<usize>();
        let wanted = known.len() + value.len();
        while self.fields.len() >= FIELDS_MAX || left + wanted > FIELDS_OCTETS_MAX {
            let Some(last) = self.fields.pop() else { break };
            left -= octets(&last);
        }
        self.octets = left + wanted;
        self.fields.push((known.into(), value));
    }

    /// The value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Octets of all names and values.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Fields {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        let mut fields = Self::default();
        for (name, value) in pairs {
            fields.add(name, value);
        }
        fields
    }
}

impl Draft {
    /// A draft of this text.
    #[must_use]
    pub fn new(level: Level, text: &str) -> Self {
        let text = cut(text.trim_end_matches(['\n', '\r', '\0']), TEXT_MAX);
        Self { level, identifier: None, text, fields: Fields::default() }
    }

    /// The same with the name that the sender gives itself.
    #[must_use]
    pub fn identified(mut self, identifier: &str) -> Self {
        self.identifier = Some(cut(identifier, IDENTIFIER_MAX));
        self
    }

    /// The record of it.
    #[must_use]
    pub fn record(self, number: u64, time: Timestamp, role: Name) -> Record {
        let Self { level, text, fields, .. } = self;
        Record { number, time, role, level, text, fields }
    }
}

impl Record {
    /// What it costs to keep, roughly: its octets and those of its parts.
    #[must_use]
    pub fn octets(&self) -> usize {
        let texts = self.text.len().saturating_add(self.fields.octets());
        let parts = self.fields.fields.len().saturating_mul(size_of::<(Box<str>, Box<str>)>());
        size_of::<Self>().saturating_add(texts).saturating_add(parts)
    }
}

/// `name` as a field's name; at most [`FIELD_NAME_MAX`] octets of it.
fn field_name(name: &str) -> String {
    let one = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    name.chars().map(one).skip_while(|c| *c == '_').take(FIELD_NAME_MAX).collect()
}

/// The first `max` octets of a text; an ellipsis says where something is missing. The octet zero, which neither the bus
/// nor a C program can have in a text, is replaced.
pub(crate) fn cut(text: &str, max: usize) -> Box<str> {
    let whole;
    let text = if text.contains('\0') {
        whole = text.replace('\0', "\u{fffd}");
        &whole
    } else {
        text
    };
    if text.len() <= max {
        return text.into();
    }
    let end = text.floor_char_boundary(max.saturating_sub(ELLIPSIS.len()));
    let mut short = text.get(..end).unwrap_or_default().to_owned();
    short.push_str(ELLIPSIS);
    short.into()
}

/// Octets of a record's text: a screen, or the backtrace of a panic.
pub const TEXT_MAX: usize = 8 * 1024;

/// Fields of a record; ours have a handful.
pub const FIELDS_MAX: usize = 32;

/// Octets of all fields of a record.
pub const FIELDS_OCTETS_MAX: usize = 8 * 1024;

/// Octets of the name of a sender.
pub const NAME_MAX: usize = 15;

/// Octets of what a sender calls itself.
const IDENTIFIER_MAX: usize = 64;

/// Octets of the name of a field, as journald has it.
const FIELD_NAME_MAX: usize = 64;

/// Octets of the value of a field.
const VALUE_MAX: usize = 2 * 1024;

/// Stands where a text was cut.
const ELLIPSIS: &str = "\u{2026}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_known_by_its_word_its_short_word_and_its_number() {
        for severity in 0..8 {
            let level = Level::of(severity).unwrap();
            assert_eq!(level.severity(), severity);
            assert_eq!(level.word().parse(), Ok(level));
            assert_eq!(severity.to_string().parse(), Ok(level));
        }
        assert_eq!("WARN".parse(), Ok(Level::Warning));
        assert_eq!("err".parse(), Ok(Level::Error));
        let error = "8".parse::<Level>().unwrap_err();
        assert!(error.to_string().contains("emergency, alert"), "{error}");
    }

    #[test]
    fn the_more_urgent_level_is_the_smaller_one() {
        assert!(Level::Emergency < Level::Error && Level::Error < Level::Debug);
    }

    #[test]
    fn a_name_is_short_and_in_small_letters() {
        assert_eq!("dect".parse::<Name>().unwrap().as_str(), "dect");
        for bad in ["", "Dect", "de ct", "d\u{e9}ct", "sixteenletters-x"] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        let draft = Draft::new(Level::Info, &"\u{fc}".repeat(TEXT_MAX));
        assert!(draft.text.len() <= TEXT_MAX && draft.text.len() > TEXT_MAX - 8);
        assert!(draft.text.ends_with(ELLIPSIS));
    }

    #[test]
    fn the_octet_zero_is_in_no_text() {
        let mut draft = Draft::new(Level::Info, "a\0b\0").identified("x\0");
        draft.fields.add("f", "\0");
        draft.fields.attest("g", "\0");
        assert_eq!((&*draft.text, draft.identifier.as_deref()), ("a\u{fffd}b", Some("x\u{fffd}")));
        assert!(draft.fields.iter().all(|(_, value)| value == "\u{fffd}"));
    }

    #[test]
    fn fields_have_one_value_each_and_a_bound_together() {
        let mut fields: Fields =
            [("Call", "417"), ("CALL", "418"), ("", "x")].into_iter().collect();
        assert_eq!(fields.iter().collect::<Vec<_>>(), [("call", "417")]);
        fields.add("peer.address", "1");
        assert_eq!(fields.get("peer_address"), Some("1"));
        for n in 0..1000 {
            fields.add(&format!("f{n}"), &"x".repeat(5000));
        }
        assert!(fields.octets() <= FIELDS_OCTETS_MAX);
        assert!(fields.iter().count() <= FIELDS_MAX);
    }

    #[test]
    fn what_is_known_for_sure_stands_whatever_the_sender_says() {
        let mut fields: Fields = [("UID", "0"), ("call", "417")].into_iter().collect();
        fields.attest("uid", "1000");
        assert_eq!(fields.iter().collect::<Vec<_>>(), [("call", "417"), ("uid", "1000")]);
        assert_eq!(fields.octets(), "call417uid1000".len());
        // The sender has left no room.
        let many: Vec<String> = (0..100).map(|n| format!("f{n}")).collect();
        let long = "x".repeat(VALUE_MAX);
        for value in ["", &long] {
            let mut fields: Fields = many.iter().map(|name| (&**name, value)).collect();
            fields.attest("uid", "1000");
            assert_eq!(fields.get("uid"), Some("1000"));
            assert!(fields.iter().count() <= FIELDS_MAX && fields.octets() <= FIELDS_OCTETS_MAX);
        }
    }
}
