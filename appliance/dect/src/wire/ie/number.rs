//! Parties: CALLING-PARTY-NUMBER, CALLING-PARTY-NAME, CALLED-PARTY-NUMBER.

use super::{Contents, Invalid, characters, text, word};
use crate::wire::element::Id;
use serde_json::{Value, json};

/// Whether a number or name may be shown, and who vouches for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// 0 allowed, 1 restricted, 2 not available, 3 reserved (name: handset locator).
    pub indicator: u8,
    /// 0 user-provided and not screened, 1 verified and passed, 2 verified and failed, 3 network provided.
    pub screening: u8,
}

impl Presentation {
    /// May be shown; nobody has screened it.
    pub const ALLOWED: Self = Self { indicator: 0, screening: 0 };
    /// May not be shown.
    pub const RESTRICTED: Self = Self { indicator: 1, screening: 0 };

    fn describe(self) -> Value {
        const INDICATORS: &[(u8, &str)] =
            &[(0, "allowed"), (1, "restricted"), (2, "not available"), (3, "handset locator")];
        const SCREENINGS: &[(u8, &str)] = &[
            (0, "user-provided, not screened"),
            (1, "user-provided, verified and passed"),
            (2, "user-provided, verified and failed"),
            (3, "network provided"),
        ];
        json!({
            "indicator": word(self.indicator, INDICATORS),
            "screening": word(self.screening, SCREENINGS),
        })
    }
}

/// CALLING-PARTY-NUMBER (7.7.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallingPartyNumber {
    /// 0 unknown, 1 international, 2 national, 3 network specific, 4 subscriber, 6 abbreviated.
    pub kind: u8,
    /// 0 unknown, 1 E.164, 9 private, a SIP, b characters ...
    pub plan: u8,
    /// Absent where nothing is said about it.
    pub presentation: Option<Presentation>,
    /// The number, in DECT characters.
    pub number: String,
}

impl CallingPartyNumber {
    /// A number of which nothing else is known, to be shown.
    #[must_use]
    pub fn new(number: &str) -> Self {
        let presentation = Some(Presentation::ALLOWED);
        Self { kind: 0, plan: 0, presentation, number: number.to_owned() }
    }
}

impl Contents for CallingPartyNumber {
    const ID: Id = Id::CALLING_PARTY_NUMBER;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (presentation, number) = match octets {
            [first, number @ ..] if first & EXT != 0 => (None, number),
            [_, second, number @ ..] => {
                let presentation =
                    Presentation { indicator: second >> 5 & 3, screening: second & 3 };
                (Some(presentation), number)
            }
            _ => return Err(CUT),
        };
        let (kind, plan) = (octets[0] >> 4 & 7, octets[0] & 0x0f);
        Ok(Self { kind, plan, presentation, number: text(number) })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let first = (self.kind & 7) << 4 | self.plan & 0x0f;
        match self.presentation {
            None => out.push(EXT | first),
            Some(Presentation { indicator, screening }) => {
                out.extend([first, EXT | (indicator & 3) << 5 | screening & 3]);
            }
        }
        out.extend(characters(&self.number));
    }

    fn describe(&self) -> Value {
        json!({
            "number": self.number,
            "type": word(self.kind, KINDS),
            "plan": word(self.plan, PLANS),
            "presentation": self.presentation.map(Presentation::describe),
        })
    }
}

/// CALLED-PARTY-NUMBER (7.7.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledPartyNumber {
    /// As in [`CallingPartyNumber`].
    pub kind: u8,
    /// As in [`CallingPartyNumber`].
    pub plan: u8,
    /// The number, in DECT characters.
    pub number: String,
}

impl CalledPartyNumber {
    /// A number of which nothing else is known.
    #[must_use]
    pub fn new(number: &str) -> Self {
        Self { kind: 0, plan: 0, number: number.to_owned() }
    }
}

impl Contents for CalledPartyNumber {
    const ID: Id = Id::CALLED_PARTY_NUMBER;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (first, number) = octets.split_first().ok_or(CUT)?;
        Ok(Self { kind: first >> 4 & 7, plan: first & 0x0f, number: text(number) })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(EXT | (self.kind & 7) << 4 | self.plan & 0x0f);
        out.extend(characters(&self.number));
    }

    fn describe(&self) -> Value {
        json!({
            "number": self.number,
            "type": word(self.kind, KINDS),
            "plan": word(self.plan, PLANS),
        })
    }
}

/// CALLING-PARTY-NAME (7.7.53).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallingPartyName {
    /// Whether it may be shown, and who vouches for it.
    pub presentation: Presentation,
    /// The name; sent in UTF-8 where DECT's own characters do not do.
    pub name: String,
}

impl CallingPartyName {
    /// A name to be shown.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { presentation: Presentation::ALLOWED, name: name.to_owned() }
    }
}

impl Contents for CallingPartyName {
    const ID: Id = Id::CALLING_PARTY_NAME;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (first, name) = octets.split_first().ok_or(CUT)?;
        let presentation = Presentation { indicator: first >> 5 & 3, screening: first & 3 };
        Ok(Self { presentation, name: spelt(first >> 2 & 7, name)? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let alphabet = u8::from(!self.name.is_ascii());
        let Presentation { indicator, screening } = self.presentation;
        out.push((indicator & 3) << 5 | alphabet << 2 | screening & 3);
        let end = self.name.floor_char_boundary(super::TEXT_MAX);
        out.extend(&self.name.as_bytes()[..end]);
    }

    fn describe(&self) -> Value {
        json!({ "name": self.name, "presentation": self.presentation.describe() })
    }
}

/// A name in one of the alphabets of 7.7.52 and 7.7.53.
fn spelt(alphabet: u8, octets: &[u8]) -> Result<String, Invalid> {
    match alphabet {
        0 | 7 => Ok(text(octets)),
        1 => String::from_utf8(octets.to_vec()).map_err(|_| Invalid("the name is no UTF-8")),
        _ => Err(Invalid("a reserved alphabet")),
    }
}

/// CALLED-PARTY-NAME (7.7.52): as the fixed part's contact list has it, or the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledPartyName {
    /// 0 user-provided, 3 network provided.
    pub screening: u8,
    /// The name.
    pub name: String,
    /// The first name; empty where there is none.
    pub first_name: String,
}

impl Contents for CalledPartyName {
    const ID: Id = Id::CALLED_PARTY_NAME;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let [head, length, rest @ ..] = octets else { return Err(CUT) };
        let alphabet = head >> 2 & 7;
        let (name, rest) = rest.split_at_checked(usize::from(length & 0x7f)).ok_or(CUT)?;
        let (length, rest) = rest.split_first().ok_or(CUT)?;
        let first_name = rest.get(..usize::from(length & 0x7f)).ok_or(CUT)?;
        let (name, first_name) = (spelt(alphabet, name)?, spelt(alphabet, first_name)?);
        Ok(Self { screening: head & 3, name, first_name })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let names = [&self.name, &self.first_name];
        let alphabet = u8::from(names.iter().any(|name| !name.is_ascii()));
        out.push(alphabet << 2 | self.screening & 3);
        for name in names {
            let name = &name[..name.floor_char_boundary(NAME_MAX)];
            out.push(EXT | u8::try_from(name.len()).unwrap_or(0));
            out.extend(name.as_bytes());
        }
    }

    fn describe(&self) -> Value {
        const SCREENINGS: &[(u8, &str)] = &[(0, "user-provided"), (3, "network provided")];
        json!({
            "name": self.name,
            "first_name": self.first_name,
            "screening": word(self.screening, SCREENINGS),
        })
    }
}

/// Two such names fit into an element.
const NAME_MAX: usize = 125;

const KINDS: &[(u8, &str)] = &[
    (0, "unknown"),
    (1, "international"),
    (2, "national"),
    (3, "network specific"),
    (4, "subscriber"),
    (6, "abbreviated"),
];
const PLANS: &[(u8, &str)] = &[
    (0, "unknown"),
    (1, "E.164"),
    (3, "X.121"),
    (7, "TCP/IP address"),
    (8, "national"),
    (9, "private"),
    (10, "SIP"),
    (11, "internet characters"),
    (12, "LAN MAC address"),
    (13, "X.400"),
    (14, "profile specific"),
];
const CUT: Invalid = Invalid("the contents are cut off");
/// Last octet of a group.
const EXT: u8 = 0x80;
