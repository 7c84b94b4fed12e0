//! Authentication and ciphering: AUTH-TYPE, ALLOCATION-TYPE, RAND, RES, RS, KEY, CIPHER-INFO.

use super::{Contents, Invalid, word};
use crate::wire::element::Id;
use crate::wire::hex;
use serde_json::{Value, json};

/// Authentication algorithm identifier (7.7.2, 7.7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthAlgorithm {
    /// DECT standard authentication algorithm.
    Dsaa,
    /// DECT standard authentication algorithm #2.
    Dsaa2,
    /// A proprietary one, with its identifier.
    Proprietary(u8),
    /// Any other code: GSM 40, UMTS 20, or reserved.
    Other(u8),
}

impl AuthAlgorithm {
    const fn code(self) -> u8 {
        match self {
            Self::Dsaa => 0x01,
            Self::Dsaa2 => 0x02,
            Self::Proprietary(_) => PROPRIETARY,
            Self::Other(code) => code,
        }
    }

    const fn from_code(code: u8) -> Self {
        match code {
            0x01 => Self::Dsaa,
            0x02 => Self::Dsaa2,
            code => Self::Other(code),
        }
    }

    fn describe(self) -> Value {
        const WORDS: &[(u8, &str)] =
            &[(0x01, "DSAA"), (0x02, "DSAA2"), (0x40, "GSM"), (0x20, "UMTS")];
        match self {
            Self::Proprietary(code) => json!(format!("proprietary {code:02x}")),
            other => word(other.code(), WORDS),
        }
    }
}

/// The key an authentication starts from, with its number (bit 4 of the number: it belongs to the IPUI/PARK pair).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthKey {
    /// User authentication key.
    Uak(u8),
    /// User personal identity, together with the user authentication key.
    Upi(u8),
    /// Authentication code.
    Ac(u8),
}

impl AuthKey {
    const fn octet(self) -> u8 {
        match self {
            Self::Uak(number) => 0x10 | number & 0x0f,
            Self::Upi(number) => 0x30 | number & 0x0f,
            Self::Ac(number) => 0x40 | number & 0x0f,
        }
    }

    const fn from_octet(octet: u8) -> Option<Self> {
        match (octet >> 4, octet & 0x0f) {
            (1, number) => Some(Self::Uak(number)),
            (3, number) => Some(Self::Upi(number)),
            (4, number) => Some(Self::Ac(number)),
            _ => None,
        }
    }

    fn describe(self) -> Value {
        let (name, number) = match self {
            Self::Uak(number) => ("UAK", number),
            Self::Upi(number) => ("UPI", number),
            Self::Ac(number) => ("AC", number),
        };
        json!({ "type": name, "number": number })
    }
}

/// Where a derived key is kept for early encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultCipherKey {
    /// Its index, unique in the system.
    pub index: u16,
    /// The cipher it is for: 0 DSC, 1 DSC2; DSC where nothing is said.
    pub cipher: Option<u8>,
}

/// AUTH-TYPE (7.7.4): how to authenticate, and what to do with the cipher key that results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthType {
    /// By which algorithm.
    pub algorithm: AuthAlgorithm,
    /// From which key.
    pub key: AuthKey,
    /// INC: count the ZAP field up.
    pub increment_zap: bool,
    /// TXC: send the cipher key back in the reply.
    pub send_cipher_key: bool,
    /// UPC: keep the cipher key under this number (0 to 15).
    pub store_cipher_key: Option<u8>,
    /// DEF: keep the cipher key for early encryption.
    pub default_cipher_key: Option<DefaultCipherKey>,
}

impl AuthType {
    /// By DSAA from this key, the cipher key not kept.
    #[must_use]
    pub const fn dsaa(key: AuthKey) -> Self {
        Self {
            algorithm: AuthAlgorithm::Dsaa,
            key,
            increment_zap: false,
            send_cipher_key: false,
            store_cipher_key: None,
            default_cipher_key: None,
        }
    }

    /// The same, the cipher key kept under this number.
    #[must_use]
    pub const fn storing(self, number: u8) -> Self {
        Self { store_cipher_key: Some(number & 0x0f), ..self }
    }
}

impl Contents for AuthType {
    const ID: Id = Id::AUTH_TYPE;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (algorithm, rest) = match octets {
            [PROPRIETARY, code, rest @ ..] => (AuthAlgorithm::Proprietary(*code), rest),
            [code, rest @ ..] => (AuthAlgorithm::from_code(*code), rest),
            [] => return Err(CUT),
        };
        let [key, flags, rest @ ..] = rest else { return Err(CUT) };
        let key = AuthKey::from_octet(*key).ok_or(Invalid("no type of authentication key"))?;
        let default_cipher_key = match (flags & DEF != 0, rest) {
            (false, _) => None,
            (true, [high, low, rest @ ..]) => Some(DefaultCipherKey {
                index: u16::from_be_bytes([*high, *low]),
                cipher: rest.first().map(|cipher| cipher & 0x03),
            }),
            (true, _) => return Err(CUT),
        };
        Ok(Self {
            algorithm,
            key,
            increment_zap: flags & INC != 0,
            send_cipher_key: flags & TXC != 0,
            store_cipher_key: (flags & UPC != 0).then_some(flags & 0x0f),
            default_cipher_key,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.algorithm.code());
        if let AuthAlgorithm::Proprietary(code) = self.algorithm {
            out.push(code);
        }
        let flags = [
            (self.increment_zap, INC),
            (self.default_cipher_key.is_some(), DEF),
            (self.send_cipher_key, TXC),
            (self.store_cipher_key.is_some(), UPC),
        ];
        let flags = flags.iter().filter(|(set, _)| *set).fold(0, |flags, (_, bit)| flags | bit);
        out.extend([self.key.octet(), flags | self.store_cipher_key.unwrap_or(0) & 0x0f]);
        if let Some(key) = self.default_cipher_key {
            out.extend(key.index.to_be_bytes());
            out.extend(key.cipher.map(|cipher| cipher & 0x03));
        }
    }

    fn describe(&self) -> Value {
        json!({
            "algorithm": self.algorithm.describe(),
            "key": self.key.describe(),
            "increment_zap": self.increment_zap,
            "send_cipher_key": self.send_cipher_key,
            "store_cipher_key": self.store_cipher_key,
            "default_cipher_key": self.default_cipher_key.map(|key| key.index),
        })
    }
}

/// ALLOCATION-TYPE (7.7.2): which key is made from which code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocationType {
    /// By which algorithm.
    pub algorithm: AuthAlgorithm,
    /// Number of the user authentication key to be made, 0 to 15; 8 and up belong to the IPUI/PARK pair.
    pub uak: u8,
    /// Number of the authentication code it is made from, likewise.
    pub ac: u8,
}

impl Contents for AllocationType {
    const ID: Id = Id::ALLOCATION_TYPE;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let [code, numbers, ..] = octets else { return Err(CUT) };
        let algorithm = AuthAlgorithm::from_code(*code);
        Ok(Self { algorithm, uak: numbers >> 4, ac: numbers & 0x0f })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.algorithm.code(), self.uak << 4 | self.ac & 0x0f]);
    }

    fn describe(&self) -> Value {
        json!({ "algorithm": self.algorithm.describe(), "uak": self.uak, "ac": self.ac })
    }
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident $id:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(Vec<u8>);

        impl $name {
            /// The number in these octets, most significant first; at most 255 are sent.
            #[must_use]
            pub fn new(octets: &[u8]) -> Self {
                Self(octets.to_vec())
            }

            /// The number, most significant octet first.
            #[must_use]
            pub fn octets(&self) -> &[u8] {
                &self.0
            }

            /// The number, where it has this many octets.
            #[must_use]
            pub fn array<const N: usize>(&self) -> Option<[u8; N]> {
                self.0[..].try_into().ok()
            }
        }

        impl Contents for $name {
            const ID: Id = Id::$id;

            fn read(octets: &[u8]) -> Result<Self, Invalid> {
                if octets.is_empty() { Err(Invalid("no number")) } else { Ok(Self::new(octets)) }
            }

            fn write(&self, out: &mut Vec<u8>) {
                out.extend(&self.0);
            }

            fn describe(&self) -> Value {
                json!(hex(&self.0))
            }
        }
    )*};
}

numbers! {
    /// RAND (7.7.32): the random number of a challenge, 8 octets with DSAA and DSAA2.
    Rand RAND;
    /// RES (7.7.35): the answer to a challenge, 4 octets with DSAA and DSAA2.
    Res RES;
    /// RS (7.7.36): the number a session key is made with, 8 octets with DSAA, 16 with DSAA2.
    Rs RS;
}

/// KEY (7.7.24): a cipher key, in the clear. It has neither `Debug` nor `Display`.
#[derive(Clone, PartialEq, Eq, zeroize::ZeroizeOnDrop)]
pub struct Key {
    /// Which key: 90 derived for DSC, 91 derived for DSC2 ...
    pub kind: u8,
    octets: Vec<u8>,
}

impl Key {
    /// The octets, for the cipher only.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.octets
    }
}

impl Contents for Key {
    const ID: Id = Id::KEY;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (kind, octets) = octets.split_first().ok_or(CUT)?;
        Ok(Self { kind: *kind, octets: octets.to_vec() })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.kind);
        out.extend(&self.octets);
    }

    fn describe(&self) -> Value {
        const KINDS: &[(u8, &str)] = &[
            (0x90, "derived cipher key for DSC"),
            (0x91, "derived cipher key for DSC2"),
            (0x92, "multicast cipher key"),
            (0x94, "default cipher key for DSC"),
            (0x95, "default cipher key for DSC2"),
        ];
        json!({ "type": word(self.kind, KINDS), "octets": self.octets.len() })
    }
}

/// Cipher algorithm identifier (7.7.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CipherAlgorithm {
    /// DECT standard cipher.
    Dsc,
    /// DECT standard cipher #2.
    Dsc2,
    /// A proprietary one, with its identifier.
    Proprietary(u8),
    /// Any other code, 0 to 126: the ones of GPRS, or reserved.
    Other(u8),
}

/// The key of a cipher, with its number (bit 4 of the number: it belongs to the IPUI/PARK pair).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CipherKey {
    /// Derived in an authentication.
    Derived(u8),
    /// Entered once and for all.
    Static(u8),
}

/// CIPHER-INFO (7.7.10): switch ciphering on or off, with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CipherInfo {
    /// On, or off.
    pub on: bool,
    /// With which cipher.
    pub algorithm: CipherAlgorithm,
    /// With which key.
    pub key: CipherKey,
}

impl CipherInfo {
    /// DSC with the derived key of this number, on or off.
    #[must_use]
    pub const fn dsc(on: bool, number: u8) -> Self {
        Self { on, algorithm: CipherAlgorithm::Dsc, key: CipherKey::Derived(number) }
    }
}

impl Contents for CipherInfo {
    const ID: Id = Id::CIPHER_INFO;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (first, rest) = octets.split_first().ok_or(CUT)?;
        let (algorithm, rest) = match (first & 0x7f, rest) {
            (0x01, rest) => (CipherAlgorithm::Dsc, rest),
            (0x02, rest) => (CipherAlgorithm::Dsc2, rest),
            (PROPRIETARY, [code, rest @ ..]) => (CipherAlgorithm::Proprietary(*code), rest),
            (code, rest) => (CipherAlgorithm::Other(code), rest),
        };
        let key = rest.first().ok_or(CUT)?;
        let key = match key >> 4 {
            0x9 => CipherKey::Derived(key & 0x0f),
            0xa => CipherKey::Static(key & 0x0f),
            _ => return Err(Invalid("no type of cipher key")),
        };
        Ok(Self { on: first & 0x80 != 0, algorithm, key })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (code, extra) = match self.algorithm {
            CipherAlgorithm::Dsc => (0x01, None),
            CipherAlgorithm::Dsc2 => (0x02, None),
            CipherAlgorithm::Proprietary(code) => (PROPRIETARY, Some(code)),
            CipherAlgorithm::Other(code) => (code & 0x7f, None),
        };
        out.push(code | if self.on { 0x80 } else { 0 });
        out.extend(extra);
        out.push(match self.key {
            CipherKey::Derived(number) => 0x90 | number & 0x0f,
            CipherKey::Static(number) => 0xa0 | number & 0x0f,
        });
    }

    fn describe(&self) -> Value {
        let algorithm = match self.algorithm {
            CipherAlgorithm::Dsc => json!("DSC"),
            CipherAlgorithm::Dsc2 => json!("DSC2"),
            CipherAlgorithm::Proprietary(code) => json!(format!("proprietary {code:02x}")),
            CipherAlgorithm::Other(code) => json!(format!("{code:02x}")),
        };
        let (kind, number) = match self.key {
            CipherKey::Derived(number) => ("derived", number),
            CipherKey::Static(number) => ("static", number),
        };
        json!({ "on": self.on, "algorithm": algorithm, "key": { "type": kind, "number": number } })
    }
}

const CUT: Invalid = Invalid("the contents are cut off");
/// Escape to a proprietary algorithm, whose identifier follows.
const PROPRIETARY: u8 = 0x7f;
const INC: u8 = 0x80;
const DEF: u8 = 0x40;
const TXC: u8 = 0x20;
const UPC: u8 = 0x10;
