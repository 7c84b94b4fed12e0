//! Who a handset is in a system (EN 300 175-6 clause 6.2, EN 300 175-5 7.7.30).

use crate::Ipei;
use std::fmt;
use std::str::FromStr;

/// International portable user identity: who a handset is in this system (EN 300 175-6 clause 6.2).
///
/// As text it is the type, the number of bits and the octets of the element in
/// hexadecimal, `O40:1000770001`; a form of ours, for files and logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ipui {
    /// Type N: the handset's own IPEI.
    N(Ipei),
    /// Type O: a private number of `bits` bits. Made by [`Ipui::private`].
    O {
        /// Length of the number, 0 to 60 bits.
        bits: u8,
        /// The number.
        number: u64,
    },
    /// Type P: an account at a public operator. Made by [`Ipui::from_octets`].
    P {
        /// The public operator's code.
        poc: u16,
        /// Length of the account number, 0 to 80 bits.
        bits: u8,
        /// The account number.
        account: u128,
    },
    /// Type Q: a bank account of up to 20 digits.
    Q(Digits),
    /// Type R: an IMSI of up to 15 digits.
    R(Digits),
    /// Type S: a telephone number of up to 15 digits.
    S(Digits),
    /// Type T: an installer's code and a private number of up to 11 digits.
    T {
        /// The equipment installer's code.
        eic: u16,
        /// The number.
        number: Digits,
    },
    /// Type U: a credit card of up to 20 digits.
    U(Digits),
}

/// Up to twenty decimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits(String);

impl Digits {
    /// These digits; `None` for more than twenty, or for anything else.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let sound = text.len() <= 20 && text.bytes().all(|digit| digit.is_ascii_digit());
        sound.then(|| Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The bits or the text are no IPUI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIpui {
    /// The octets do not hold as many bits as announced, or hold more.
    #[error("an IPUI of this length does not have this many octets")]
    Length,
    /// A type that the standard does not define.
    #[error("the type of an IPUI is N, O, P, Q, R, S, T or U")]
    Type,
    /// The number does not fit its type.
    #[error("the number of this IPUI does not fit its type")]
    Number,
    /// The text is not of the form `O40:1000770001`.
    #[error("expected an IPUI of the form O40:1000770001")]
    Form,
}

impl Ipui {
    /// Type O with this number in `bits` bits; `None` for more than 60 bits or a number that needs more.
    #[must_use]
    pub fn private(bits: u8, number: u64) -> Option<Self> {
        (bits <= 60 && number >> bits == 0).then_some(Self::O { bits, number })
    }

    /// Type O with the handset's IPEI as its number, in 36 bits: what we assign.
    #[must_use]
    pub fn private_ipei(ipei: Ipei) -> Self {
        Self::O { bits: 36, number: ipei.to_u64() }
    }

    /// The IPUI in an element: `length` bits, type first, in as many octets as they need.
    ///
    /// # Errors
    /// When there are more or fewer octets, or their bits are no IPUI.
    pub fn from_octets(length: u8, octets: &[u8]) -> Result<Self, BadIpui> {
        if !(4..=LENGTH_MAX).contains(&length) || octets.len() != usize::from(length).div_ceil(8) {
            return Err(BadIpui::Length);
        }
        let spare = octets.len() * 8 - usize::from(length);
        let whole = octets.iter().fold(0, |bits: u128, octet| bits << 8 | u128::from(*octet));
        let padding = whole & ((1 << spare) - 1);
        let (kind, number) = (whole >> (octets.len() * 8 - 4), (whole >> spare) & ones(length - 4));
        let ipui = Self::from_number(kind, length - 4, number)?;
        let expected = if ipui.is_decimal() { (1 << spare) - 1 } else { 0 };
        if padding == expected { Ok(ipui) } else { Err(BadIpui::Number) }
    }

    fn from_number(kind: u128, bits: u8, number: u128) -> Result<Self, BadIpui> {
        match kind {
            0 if bits == 36 => ipei(number).map(Self::N).ok_or(BadIpui::Number),
            0 => Err(BadIpui::Number),
            1 => {
                narrow(number).and_then(|number| Self::private(bits, number)).ok_or(BadIpui::Number)
            }
            2 => {
                let (poc, bits, account) = code_and_rest(bits, number)?;
                if bits <= 80 { Ok(Self::P { poc, bits, account }) } else { Err(BadIpui::Number) }
            }
            3 => digits(bits, number, 20).map(Self::Q),
            4 => digits(bits, number, 15).map(Self::R),
            5 => digits(bits, number, 15).map(Self::S),
            6 => {
                let (eic, bits, number) = code_and_rest(bits, number)?;
                Ok(Self::T { eic, number: digits(bits, number, 11)? })
            }
            7 => digits(bits, number, 20).map(Self::U),
            _ => Err(BadIpui::Type),
        }
    }

    /// The bits for an element, type first, and how many they are; the last octet is filled up as 7.7.30 wants.
    #[must_use]
    pub fn to_octets(&self) -> (u8, Vec<u8>) {
        let (kind, bits, number) = self.to_number();
        let length = bits + 4;
        let spare = usize::from(length).div_ceil(8) * 8 - usize::from(length);
        let mut whole = (kind << bits | number) << spare;
        if self.is_decimal() {
            whole |= (1 << spare) - 1;
        }
        let octets = whole.to_be_bytes();
        (length, octets[16 - usize::from(length).div_ceil(8)..].to_vec())
    }

    fn to_number(&self) -> (u128, u8, u128) {
        match self {
            Self::N(ipei) => (0, 36, u128::from(ipei.to_u64())),
            Self::O { bits, number } => {
                let bits = (*bits).min(60);
                (1, bits, u128::from(*number) & ones(bits))
            }
            Self::P { poc, bits, account } => {
                let bits = (*bits).min(80);
                (2, bits + 16, u128::from(*poc) << bits | account & ones(bits))
            }
            Self::Q(digits) => bcd(3, digits),
            Self::R(digits) => bcd(4, digits),
            Self::S(digits) => bcd(5, digits),
            Self::T { eic, number } => {
                let (kind, bits, number) = bcd(6, number);
                (kind, bits + 16, u128::from(*eic) << bits | number)
            }
            Self::U(digits) => bcd(7, digits),
        }
    }

    /// The letter of its type.
    #[must_use]
    pub const fn letter(&self) -> char {
        match self {
            Self::N(_) => 'N',
            Self::O { .. } => 'O',
            Self::P { .. } => 'P',
            Self::Q(_) => 'Q',
            Self::R(_) => 'R',
            Self::S(_) => 'S',
            Self::T { .. } => 'T',
            Self::U(_) => 'U',
        }
    }

    /// The last 16 bits, of which the default TPUI is made.
    #[must_use]
    pub fn low_16(&self) -> u16 {
        let (kind, bits, number) = self.to_number();
        let [.., high, low] = (kind << bits | number).to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// The last 28 bits, which a long page carries (EN 300 175-5 8.2.3).
    #[must_use]
    pub fn low_28(&self) -> u32 {
        let (kind, bits, number) = self.to_number();
        let [.., a, b, c, d] = (kind << bits | number).to_be_bytes();
        u32::from_be_bytes([a, b, c, d]) & 0x0fff_ffff
    }

    const fn is_decimal(&self) -> bool {
        !matches!(self, Self::N(_) | Self::O { .. } | Self::P { .. })
    }
}

impl fmt::Display for Ipui {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (length, octets) = self.to_octets();
        write!(f, "{}{length}:", self.letter())?;
        octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl FromStr for Ipui {
    type Err = BadIpui;

    fn from_str(text: &str) -> Result<Self, BadIpui> {
        let (head, hex) = text.split_once(':').ok_or(BadIpui::Form)?;
        let sound = text.is_ascii()
            && hex.len() <= 26
            && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
        let (letter, length) = head.split_at_checked(1).filter(|_| sound).ok_or(BadIpui::Form)?;
        let length = length.parse().map_err(|_| BadIpui::Form)?;
        let octets = hex
            .as_bytes()
            .chunks(2)
            .map(octet)
            .collect::<Option<Vec<u8>>>()
            .ok_or(BadIpui::Form)?;
        let ipui = Self::from_octets(length, &octets)?;
        if letter.starts_with(ipui.letter()) { Ok(ipui) } else { Err(BadIpui::Type) }
    }
}

fn octet(pair: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(pair).ok().filter(|text| text.len() == 2)?;
    u8::from_str_radix(text, 16).ok()
}

fn narrow(number: u128) -> Option<u64> {
    u64::try_from(number).ok()
}

fn ipei(number: u128) -> Option<Ipei> {
    Ipei::from_u64(narrow(number)?)
}

/// As many ones; at most 124 are asked for.
const fn ones(bits: u8) -> u128 {
    (1 << bits) - 1
}

/// Splits a 16-bit code off the front of a number of `bits` bits.
fn code_and_rest(bits: u8, number: u128) -> Result<(u16, u8, u128), BadIpui> {
    let rest = bits.checked_sub(16).ok_or(BadIpui::Number)?;
    let code = u16::try_from(number >> rest).map_err(|_| BadIpui::Number)?;
    Ok((code, rest, number & ones(rest)))
}

fn digits(bits: u8, number: u128, max: u8) -> Result<Digits, BadIpui> {
    if !bits.is_multiple_of(4) || bits / 4 > max {
        return Err(BadIpui::Number);
    }
    let text = (bits > 0).then(|| format!("{number:0width$x}", width = usize::from(bits / 4)));
    Digits::new(&text.unwrap_or_default()).ok_or(BadIpui::Number)
}

fn bcd(kind: u128, digits: &Digits) -> (u128, u8, u128) {
    let number =
        digits.0.bytes().fold(0, |number: u128, digit| number << 4 | u128::from(digit - b'0'));
    let bits = digits.0.len() * 4;
    (kind, u8::try_from(bits).unwrap_or(80), number)
}

/// Type P: 4 + 16 + 80 bits.
const LENGTH_MAX: u8 = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes().chunks(2).filter_map(octet).collect()
    }

    #[test]
    fn each_type_is_read_and_written_as_the_standard_draws_it() {
        let ipei = Ipei::new(0x004f, 0xf_ffff).expect("a valid identity");
        let number = |text| Digits::new(text).expect("digits");
        let known = [
            (40, "0004ffffff", Ipui::N(ipei)),
            (48, "100286996517", Ipui::O { bits: 44, number: 0x2_8699_6517 }),
            (40, "1286996517", Ipui::O { bits: 36, number: 0x2_8699_6517 }),
            (20, "126120", Ipui::O { bits: 16, number: 0x2612 }),
            (4, "10", Ipui::O { bits: 0, number: 0 }),
            (27, "20001460", Ipui::P { poc: 0x0001, bits: 7, account: 0x23 }),
            (16, "3123", Ipui::Q(number("123"))),
            (64, "4262019000000001", Ipui::R(number("262019000000001"))),
            (20, "51234f", Ipui::S(number("1234"))),
            (36, "600091234f", Ipui::T { eic: 9, number: number("1234") }),
            (84, "712345678901234567890f", Ipui::U(number("12345678901234567890"))),
        ];
        for (length, octets, ipui) in known {
            assert_eq!(Ipui::from_octets(length, &hex(octets)), Ok(ipui.clone()), "{octets}");
            assert_eq!(ipui.to_octets(), (length, hex(octets)), "{octets}");
            assert_eq!(ipui.to_string().parse(), Ok(ipui));
        }
    }

    #[test]
    fn what_is_no_ipui_is_refused_for_the_right_reason() {
        for (length, octets, reason) in [
            (0, "", BadIpui::Length),
            (40, "0004ffff", BadIpui::Length),
            (40, "0004ffffff00", BadIpui::Length),
            (101, "20000000000000000000000000", BadIpui::Length),
            (40, "8004ffffff", BadIpui::Type),
            (48, "0004ffffff00", BadIpui::Number),
            (40, "0000000001", BadIpui::Number),
            (20, "126121", BadIpui::Number),
            (16, "31a3", BadIpui::Number),
            (20, "512340", BadIpui::Number),
            (72, "512345678901234567", BadIpui::Number),
        ] {
            assert_eq!(Ipui::from_octets(length, &hex(octets)), Err(reason), "{octets}");
        }
        assert_eq!("N40:1286996517".parse::<Ipui>(), Err(BadIpui::Type));
        assert_eq!("O40 1286996517".parse::<Ipui>(), Err(BadIpui::Form));
        assert_eq!(Ipui::private(8, 256), None);
        assert_eq!(Ipui::private(61, 0), None);
    }

    #[test]
    fn what_we_assign_is_the_ipei_in_forty_bits() {
        let handset = Ipei::new(0x2869, 0x96517).expect("a valid identity");
        let assigned = Ipui::private_ipei(handset);
        assert_eq!(assigned.to_string(), "O40:1286996517");
        assert_eq!((assigned.low_16(), assigned.low_28()), (0x6517, 0x0699_6517));
    }

    proptest! {
        #[test]
        fn octets_that_are_an_ipui_are_written_as_they_were_read(
            length in 0..=u8::MAX, kind in 0..8_u8, octets in proptest::collection::vec(prop_oneof![Just(0x12_u8), any::<u8>()], 0..14)
        ) {
            let mut octets = octets;
            if let Some(first) = octets.first_mut() {
                *first = *first & 0x0f | kind << 4;
            }
            let fitting = u8::try_from(octets.len() * 8).expect("few octets") & !7;
            for length in [length, fitting, fitting.saturating_sub(4)] {
                if let Ok(ipui) = Ipui::from_octets(length, &octets) {
                    prop_assert_eq!(ipui.to_octets(), (length, octets.clone()));
                    prop_assert_eq!(ipui.to_string().parse(), Ok(ipui));
                }
            }
        }
    }
}
