//! The types that settings can have.
//!
//! Reading is tolerant where the meaning is beyond doubt: blanks around a value, `TRUE` or `1` for `true`, words in
//! another case, numbers in hexadecimal. What was read stays as it was written.

mod choice;
mod list;
mod net;
mod number;
mod password;
mod text;
mod time;
mod tuple;

pub use choice::*;
pub use list::{Attributes, Codec, Codecs, Columns, Flags, Prefixes};
pub use net::{Ipv6Prefix, Mac, Networks, Uuid};
pub use number::{
    EvenPort, HalfSeconds, Hours, Milliseconds, Minutes, Mtu, ProxyPort, Ptime, Seconds,
    TenMilliseconds, Tos,
};
pub use password::{AccessCode, LoginPassword, Password, Secret};
pub use text::{
    Digits, Domain, FeatureCode, FileName, Host, Hosts, Label, Name, ProxyUri, RemoteFile, Text,
    Url,
};
pub(crate) use text::{NAME_MAX, plain};
pub use time::{StartTime, TimeOfDay, Zone};
pub use tuple::{AutoRestart, SerialLine};

use crate::spec::{Reject, Spec};

/// A type that settings can have.
pub trait Value: Sized {
    /// What a form shows for it.
    const KIND: Kind;
    /// What its number counts; empty where it has no unit.
    const UNIT: &'static str = "";

    /// Reads the XML form.
    ///
    /// # Errors
    /// Says what would have been accepted.
    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject>;

    /// What is in force for a text that only misses our own bounds.
    #[must_use]
    fn nearest(_: &Spec, _: &str) -> Option<String> {
        None
    }
}

/// What a form shows for a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A whole number.
    Whole,
    /// A number that may have a fraction.
    Number,
    /// A number whose bits are switches.
    Flags,
    /// Words with commas between.
    List,
    /// Several things of different kinds with commas between.
    Tuple,
    /// Text.
    Text,
    /// Decimal digits.
    Digits,
    /// A password.
    Secret,
    /// A host by name or address.
    Host,
    /// A URI, or the part of one.
    Uri,
    /// An IPv4 address.
    Ip,
    /// An IPv6 address.
    Ip6,
    /// An IPv6 address that may have the length of its prefix behind it.
    Ip6Prefix,
    /// A MAC address.
    Mac,
    /// A UUID.
    Uuid,
    /// A time of the day.
    Time,
    /// `immediately`, or a time of the day.
    Start,
    /// The name of a file.
    FileName,
    /// An identity of DECT in hexadecimal or decimal digits.
    Identity,
}

/// Whether two texts are the same word: without regard to case, blanks and marks between.
pub(crate) fn same_word(one: &str, other: &str) -> bool {
    let letters = |text: &str| {
        let kept = text.chars().filter(|letter| letter.is_alphanumeric() || *letter == '.');
        kept.flat_map(char::to_lowercase).collect::<String>()
    };
    letters(one) == letters(other)
}

/// What a word says that is one for yes or for no.
pub(crate) fn truth(text: &str) -> Option<bool> {
    let is_in = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text.trim()));
    if is_in(&["true", "1", "yes", "y", "on", "enable", "enabled"]) {
        Some(true)
    } else if is_in(&["false", "0", "no", "n", "off", "disable", "disabled"]) {
        Some(false)
    } else {
        None
    }
}

impl Value for bool {
    const KIND: Kind = Kind::Bool;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        truth(text).ok_or(Reject::NotOneOf(&["true", "false"]))
    }

    /// Other servers have numbers with more than two meanings in some places; all but 0 are some kind of yes.
    fn nearest(_: &Spec, text: &str) -> Option<String> {
        number::whole(text).map(|number| (number != 0).to_string())
    }
}

/// An empty element means that the setting was not chosen.
impl<T: Value> Value for Option<T> {
    const KIND: Kind = T::KIND;
    const UNIT: &'static str = T::UNIT;

    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        if text.trim().is_empty() { Ok(None) } else { T::parse(spec, text).map(Some) }
    }

    fn nearest(spec: &Spec, text: &str) -> Option<String> {
        T::nearest(spec, text)
    }
}
