//! Information elements as the S-format frames them (EN 300 175-5 7.5 to 7.7.1).
//!
//! An element keeps its contents as it came; what they mean is asked of the
//! types in [`super::ie`]. So whatever a handset sends is written as it was
//! read, spare bits and all.

use super::ie::Contents;
use std::fmt;

/// Identifier of an element of codeset 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u8);

macro_rules! identifiers {
    ($($octet:literal $name:ident $text:literal,)*) => {
        impl Id {
            $(#[doc = $text] pub const $name: Self = Self($octet);)*

            /// The standard's name; `None` for an identifier it reserves.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($octet => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

identifiers! {
    0x90 SHIFT "SHIFT",
    0xa1 SENDING_COMPLETE "SENDING-COMPLETE",
    0xa2 DELIMITER_REQUEST "DELIMITER-REQUEST",
    0xa3 USE_TPUI "USE-TPUI",
    0xd0 REPEAT_INDICATOR "REPEAT-INDICATOR",
    0xe0 BASIC_SERVICE "BASIC-SERVICE",
    0xe2 RELEASE_REASON "RELEASE-REASON",
    0xe4 SIGNAL "SIGNAL",
    0xe5 TIMER_RESTART "TIMER-RESTART",
    0xe6 TEST_HOOK_CONTROL "TEST-HOOK-CONTROL",
    0xe8 SINGLE_DISPLAY "SINGLE-DISPLAY",
    0xe9 SINGLE_KEYPAD "SINGLE-KEYPAD",
    0x01 INFO_TYPE "INFO-TYPE",
    0x02 IDENTITY_TYPE "IDENTITY-TYPE",
    0x05 PORTABLE_IDENTITY "PORTABLE-IDENTITY",
    0x06 FIXED_IDENTITY "FIXED-IDENTITY",
    0x07 LOCATION_AREA "LOCATION-AREA",
    0x09 NWK_ASSIGNED_IDENTITY "NWK-ASSIGNED-IDENTITY",
    0x0a AUTH_TYPE "AUTH-TYPE",
    0x0b ALLOCATION_TYPE "ALLOCATION-TYPE",
    0x0c RAND "RAND",
    0x0d RES "RES",
    0x0e RS "RS",
    0x12 IWU_ATTRIBUTES "IWU-ATTRIBUTES",
    0x13 CALL_ATTRIBUTES "CALL-ATTRIBUTES",
    0x16 SERVICE_CHANGE_INFO "SERVICE-CHANGE-INFO",
    0x17 CONNECTION_ATTRIBUTES "CONNECTION-ATTRIBUTES",
    0x19 CIPHER_INFO "CIPHER-INFO",
    0x1a CALL_IDENTITY "CALL-IDENTITY",
    0x1b CONNECTION_IDENTITY "CONNECTION-IDENTITY",
    0x1c FACILITY "FACILITY",
    0x1e PROGRESS_INDICATOR "PROGRESS-INDICATOR",
    0x20 MMS_GENERIC_HEADER "MMS-GENERIC-HEADER",
    0x21 MMS_OBJECT_HEADER "MMS-OBJECT-HEADER",
    0x22 MMS_EXTENDED_HEADER "MMS-EXTENDED-HEADER",
    0x23 TIME_DATE "TIME-DATE",
    0x28 MULTI_DISPLAY "MULTI-DISPLAY",
    0x2c MULTI_KEYPAD "MULTI-KEYPAD",
    0x38 FEATURE_ACTIVATE "FEATURE-ACTIVATE",
    0x39 FEATURE_INDICATE "FEATURE-INDICATE",
    0x41 NETWORK_PARAMETER "NETWORK-PARAMETER",
    0x42 EXT_HO_INDICATOR "EXT-HO-INDICATOR",
    0x52 ZAP_FIELD "ZAP-FIELD",
    0x54 SERVICE_CLASS "SERVICE-CLASS",
    0x56 KEY "KEY",
    0x60 REJECT_REASON "REJECT-REASON",
    0x62 SETUP_CAPABILITY "SETUP-CAPABILITY",
    0x63 TERMINAL_CAPABILITY "TERMINAL-CAPABILITY",
    0x64 END_TO_END_COMPATIBILITY "END-TO-END-COMPATIBILITY",
    0x65 RATE_PARAMETERS "RATE-PARAMETERS",
    0x66 TRANSIT_DELAY "TRANSIT-DELAY",
    0x67 WINDOW_SIZE "WINDOW-SIZE",
    0x68 ULE_MAC_CONFIGURATION_INFO "ULE-MAC-CONFIGURATION-INFO",
    0x6c CALLING_PARTY_NUMBER "CALLING-PARTY-NUMBER",
    0x6d CALLING_PARTY_NAME "CALLING-PARTY-NAME",
    0x70 CALLED_PARTY_NUMBER "CALLED-PARTY-NUMBER",
    0x71 CALLED_PARTY_SUBADDRESS "CALLED-PARTY-SUBADDRESS",
    0x72 DURATION "DURATION",
    0x73 CALLED_PARTY_NAME "CALLED-PARTY-NAME",
    0x74 LIST_CHANGE_DETAILS "LIST-CHANGE-DETAILS",
    0x75 SEGMENTED_INFO "SEGMENTED-INFO",
    0x76 ALPHANUMERIC "ALPHANUMERIC",
    0x77 IWU_TO_IWU "IWU-TO-IWU",
    0x78 MODEL_IDENTIFIER "MODEL-IDENTIFIER",
    0x7a IWU_PACKET "IWU-PACKET",
    0x7b ESCAPE_TO_PROPRIETARY "ESCAPE-TO-PROPRIETARY",
    0x7c CODEC_LIST "CODEC-LIST",
    0x7d EVENTS_NOTIFICATION "EVENTS-NOTIFICATION",
    0x7e CALL_INFORMATION "CALL-INFORMATION",
    0x7f ESCAPE_FOR_EXTENSION "ESCAPE-FOR-EXTENSION",
}

/// How an element is framed; follows from its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One octet, all of it identifier.
    Bare,
    /// One octet, the low half of it contents.
    Single,
    /// Identifier and one octet of contents.
    Double,
    /// Identifier, length, contents.
    Variable,
}

impl Id {
    /// The identifier that this first octet of an element carries.
    #[must_use]
    pub const fn of_first_octet(octet: u8) -> Self {
        match octet {
            0xe0..=0xef | 0xa0..=0xaf | 0..=0x7f => Self(octet),
            _ => Self(octet & 0xf0),
        }
    }

    /// The identifier as it stands in the first octet, contents of a single-octet element left out.
    #[must_use]
    pub const fn octet(self) -> u8 {
        self.0
    }

    /// How elements with this identifier are framed.
    #[must_use]
    pub const fn framing(self) -> Framing {
        match self.0 {
            0..=0x7f => Framing::Variable,
            0xe0..=0xef => Framing::Double,
            0xa0..=0xaf => Framing::Bare,
            _ => Framing::Single,
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "element {:02x}", self.0),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One element of a message: identifier and contents.
///
/// The contents have the length that the framing asks for: none, half an
/// octet, one octet, or up to 255.
#[derive(Clone, PartialEq, Eq)]
pub struct Element {
    codeset: u8,
    id: Id,
    contents: Vec<u8>,
}

impl Element {
    /// A variable-length or two-octet element; `None` where the framing has no place for the contents.
    #[must_use]
    pub fn new(id: Id, contents: Vec<u8>) -> Option<Self> {
        let fits = match id.framing() {
            Framing::Bare => contents.is_empty(),
            Framing::Single => matches!(contents[..], [octet] if octet <= 0x0f),
            Framing::Double => contents.len() == 1,
            Framing::Variable => contents.len() <= CONTENTS_MAX,
        };
        fits.then_some(Self { codeset: 0, id, contents })
    }

    /// An element that says something by being there: SENDING-COMPLETE, or any variable-length one of length zero.
    #[must_use]
    pub fn bare(id: Id) -> Option<Self> {
        Self::new(id, Vec::new())
    }

    /// REPEAT-INDICATOR.
    #[must_use]
    pub fn repeat(repeat: Repeat) -> Self {
        Self { codeset: 0, id: Id::REPEAT_INDICATOR, contents: vec![repeat as u8] }
    }

    /// The element that carries these contents.
    #[must_use]
    pub fn of(contents: &impl Contents) -> Self {
        Self::with(contents)
    }

    fn with<T: Contents>(contents: &T) -> Self {
        let mut octets = Vec::new();
        contents.write(&mut octets);
        octets.truncate(CONTENTS_MAX);
        Self { codeset: 0, id: T::ID, contents: octets }
    }

    /// Which element it is, where [`Element::codeset`] is 0.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// The codeset its identifier belongs to; only those of codeset 0 mean something here.
    #[must_use]
    pub const fn codeset(&self) -> u8 {
        self.codeset
    }

    /// The contents, without identifier and length.
    #[must_use]
    pub fn contents(&self) -> &[u8] {
        &self.contents
    }

    /// Whether it is this element of codeset 0.
    #[must_use]
    pub fn is(&self, id: Id) -> bool {
        self.codeset == 0 && self.id == id
    }

    /// Its length on the air, identifier and length included, as the standard's message tables count it.
    #[must_use]
    pub fn length(&self) -> usize {
        match self.id.framing() {
            Framing::Bare | Framing::Single => 1,
            Framing::Double => 2,
            Framing::Variable => 2 + self.contents.len(),
        }
    }

    pub(super) fn in_codeset(self, codeset: u8) -> Self {
        Self { codeset, ..self }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let first = self.id.0;
        match self.id.framing() {
            Framing::Bare => out.push(first),
            Framing::Single => out.push(first | self.contents.first().unwrap_or(&0)),
            Framing::Double => out.extend([first, *self.contents.first().unwrap_or(&0)]),
            Framing::Variable => {
                out.extend([first, u8::try_from(self.contents.len()).unwrap_or(u8::MAX)]);
                out.extend(self.contents.iter().take(CONTENTS_MAX));
            }
        }
    }

    /// Takes one element off the front of `octets`; `None` where it is cut off.
    pub(super) fn read(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (&first, rest) = octets.split_first()?;
        let id = Id::of_first_octet(first);
        let (contents, rest) = match id.framing() {
            Framing::Bare => (Vec::new(), rest),
            Framing::Single => (vec![first & 0x0f], rest),
            Framing::Double => {
                let (value, rest) = rest.split_first()?;
                (vec![*value], rest)
            }
            Framing::Variable => {
                let (length, rest) = rest.split_first()?;
                let (contents, rest) = rest.split_at_checked(usize::from(*length))?;
                (contents.to_vec(), rest)
            }
        };
        Some((Self { codeset: 0, id, contents }, rest))
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        if self.codeset != 0 {
            write!(f, " of codeset {}", self.codeset)?;
        }
        if self.is(Id::KEY) {
            return write!(f, "(..)");
        }
        write!(f, "({})", super::hex(&self.contents))
    }
}

/// Values of REPEAT-INDICATOR (7.6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// All elements of the list that follows hold.
    NonPrioritized = 1,
    /// One of the list that follows may be chosen, the earlier the better.
    Prioritized = 2,
}

/// The most octets that the length octet can announce.
const CONTENTS_MAX: usize = 255;
