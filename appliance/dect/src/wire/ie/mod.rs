//! What elements mean (EN 300 175-5 7.6 and 7.7).
//!
//! One type per element that something here acts on; all others stay octets.
//! Reading ignores spare bits and octets that a later edition may have added,
//! as 7.5.1 and 7.5.2 want it.

mod call;
mod capability;
mod event;
mod identity;
mod information;
mod management;
mod number;
mod security;
mod text;

pub use call::{BasicService, CallIdentity, ProgressIndicator, TimerRestart};
pub use capability::{
    Codec, CodecList, ModelIdentifier, Proprietary, SetupCapability, TerminalCapability,
};
pub use event::{Event, EventsNotification, FeatureActivate, TimeDate};
pub use identity::{FixedIdentity, IdentityType, LocationArea, PortableIdentity};
pub use information::{CallInformation, Identifier, IwuToIwu, NwkAssignedIdentity, SegmentedInfo};
pub use management::{
    Duration, InfoType, LockLimit, RejectReason, ServiceClass, TimeLimit, ZapField,
};
pub use number::{
    CalledPartyName, CalledPartyNumber, CallingPartyName, CallingPartyNumber, Presentation,
};
pub use security::{
    AllocationType, AuthAlgorithm, AuthKey, AuthType, CipherAlgorithm, CipherInfo, CipherKey,
    DefaultCipherKey, Key, Rand, Res, Rs,
};
pub use text::{MultiDisplay, MultiKeypad, SingleDisplay, SingleKeypad};

use super::element::{Element, Id};
use serde_json::Value;

/// The contents of one element, typed.
pub trait Contents: Sized {
    /// Which element it is.
    const ID: Id;

    /// Reads the contents, identifier and length left out.
    ///
    /// # Errors
    /// When they make no sense to this edition of the standard.
    fn read(octets: &[u8]) -> Result<Self, Invalid>;

    /// Writes the contents, identifier and length left out; at most 255 octets.
    fn write(&self, out: &mut Vec<u8>);

    /// The contents in words, for support people.
    fn describe(&self) -> Value;
}

/// The contents of an element make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub(super) &'static str);

/// What an element says, in words; `None` for one that has no type here.
pub(super) fn describe(element: &Element) -> Option<Result<Value, Invalid>> {
    Some((kind(element)?.describe)(element.contents()))
}

/// The element as our writer would have written it: spare bits zero, later
/// additions gone. `None` where it has no type here or makes no sense.
#[must_use]
pub fn rewritten(element: &Element) -> Option<Element> {
    (kind(element)?.rewrite)(element.contents())
}

/// What can be done with an element of a type that only the octets tell.
struct Type {
    id: Id,
    describe: fn(&[u8]) -> Result<Value, Invalid>,
    rewrite: fn(&[u8]) -> Option<Element>,
}

impl Type {
    const fn of<T: Contents>() -> Self {
        Self {
            id: T::ID,
            describe: |octets| T::read(octets).map(|contents| contents.describe()),
            rewrite: |octets| T::read(octets).ok().map(|contents| Element::of(&contents)),
        }
    }
}

fn kind(element: &Element) -> Option<&'static Type> {
    TYPES.iter().find(|kind| element.is(kind.id))
}

macro_rules! types {
    ($($name:ty),* $(,)?) => {
        /// Every element that has a type.
        const TYPES: &[Type] = &[$(Type::of::<$name>()),*];
    };
}

types! {
    crate::primitive::ReleaseReason,
    crate::primitive::Signal,
    BasicService,
    CallIdentity,
    ProgressIndicator,
    TimerRestart,
    CodecList,
    ModelIdentifier,
    Proprietary,
    SetupCapability,
    TerminalCapability,
    EventsNotification,
    FeatureActivate,
    TimeDate,
    FixedIdentity,
    IdentityType,
    LocationArea,
    PortableIdentity,
    CallInformation,
    IwuToIwu,
    NwkAssignedIdentity,
    SegmentedInfo,
    Duration,
    InfoType,
    RejectReason,
    ServiceClass,
    ZapField,
    CalledPartyName,
    CalledPartyNumber,
    CallingPartyName,
    CallingPartyNumber,
    AllocationType,
    AuthType,
    CipherInfo,
    Key,
    Rand,
    Res,
    Rs,
    MultiDisplay,
    MultiKeypad,
    SingleDisplay,
    SingleKeypad,
}

/// The word for a code; the code in hexadecimal where it has none.
fn word(code: u8, words: &[(u8, &str)]) -> Value {
    let found = words.iter().find(|(known, _)| *known == code);
    found.map_or_else(|| format!("{code:02x}").into(), |(_, word)| (*word).into())
}

/// Text in DECT characters, which are those of IA5 and a few control codes (Annex D), one octet each.
fn text(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

/// The other way round; what DECT has no character for is spelt or becomes `?`.
fn characters(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for character in text.chars() {
        match u8::try_from(character) {
            Ok(octet) if octet.is_ascii() => octets.push(octet),
            _ => octets.extend(spelt(character).bytes()),
        }
    }
    octets.truncate(TEXT_MAX);
    octets
}

const fn spelt(character: char) -> &'static str {
    match character {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'Ä' | 'Æ' => "Ae",
        'Ö' | 'Ø' | 'Œ' => "Oe",
        'Ü' => "Ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' => "a",
        'å' => "aa",
        'Å' => "Aa",
        'ç' => "c",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'È' | 'É' | 'Ê' | 'Ë' => "E",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ñ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' => "o",
        'ù' | 'ú' | 'û' => "u",
        _ => "?",
    }
}

/// Room for text in an element, next to at most two octets of something else.
const TEXT_MAX: usize = 253;
