//! Which system this is (EN 300 175-6 clause 5).

use std::fmt;
use std::str::FromStr;

/// Access rights identity of a system, 31 or 36 bits (EN 300 175-6 clause 5).
///
/// As text it is the octets of the FIXED-IDENTITY element in hexadecimal, the
/// leading bit zero: eight digits such as `10009034`, ten for class A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ari {
    bits: u64,
    length: u8,
}

/// What kind of system an [`Ari`] belongs to, by its access rights code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AriClass {
    /// Residential and small private systems of at most seven base stations.
    A,
    /// Private systems of many base stations.
    B,
    /// Public systems.
    C,
    /// Public systems of a mobile-network operator.
    D,
    /// Handsets talking without a system.
    E,
}

/// The text or the octets are no ARI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAri {
    /// Not eight (class A: ten) hexadecimal digits.
    #[error("expected an ARI of eight hexadecimal digits, ten for class A, such as 10009034")]
    Form,
    /// An access rights code that the standard does not define.
    #[error("the first digit of an ARI is 0 to 4: its access rights class")]
    Class,
    /// A field that must not be zero is zero.
    #[error("no system has this ARI: its operator, fixed part or sub-number is zero")]
    Zero,
}

impl AriClass {
    /// Bits of an ARI of this class.
    #[must_use]
    pub const fn ari_bits(self) -> u8 {
        match self {
            Self::A => 36,
            Self::B | Self::C | Self::D | Self::E => 31,
        }
    }

    /// Bits left for the number of the base station.
    #[must_use]
    pub const fn rpn_bits(self) -> u8 {
        39 - self.ari_bits()
    }

    /// The class of this access rights code, 0 to 4.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::A),
            1 => Some(Self::B),
            2 => Some(Self::C),
            3 => Some(Self::D),
            4 => Some(Self::E),
            _ => None,
        }
    }
}

impl Ari {
    /// The identity of these bits, access rights code first, the last bit lowest.
    ///
    /// # Errors
    /// When the class is undefined, or a field is zero that must not be.
    pub fn new(class: AriClass, bits: u64) -> Result<Self, BadAri> {
        let ari = Self::masked(class, bits);
        if ari.bits != bits || ari.class() != class {
            return Err(BadAri::Class);
        }
        if ari.operator() == 0 || ari.zero_fixed_part() {
            return Err(BadAri::Zero);
        }
        Ok(ari)
    }

    /// An identity of which only the leading bits mean something; for a PARK.
    pub(crate) fn masked(class: AriClass, bits: u64) -> Self {
        let length = class.ari_bits();
        Self { bits: bits & ((1 << length) - 1), length }
    }

    /// The identity in these octets, whose first bit does not belong to it (in
    /// an element it is spare, in an RFPI it tells whether there are SARIs).
    /// What follows the identity in its last octet must be zero.
    ///
    /// # Errors
    /// When there are too few or too many octets, or they are no identity.
    pub fn from_octets(octets: &[u8]) -> Result<Self, BadAri> {
        let class = class_of(octets)?;
        if octets.len() != octet_count(class) {
            return Err(BadAri::Form);
        }
        let bits = octets.iter().fold(0, |bits, octet| bits << 8 | u64::from(*octet));
        let spare = spare_bits(class);
        if bits & ((1 << spare) - 1) != 0 {
            return Err(BadAri::Form);
        }
        Self::new(class, (bits >> spare) & ((1 << class.ari_bits()) - 1))
    }

    /// The octets of the FIXED-IDENTITY element: a zero bit, the identity, zeros to the end of the octet.
    #[must_use]
    pub fn to_octets(self) -> Vec<u8> {
        let (class, octets) = (self.class(), (self.bits << spare_bits(self.class())).to_be_bytes());
        octets[8 - octet_count(class)..].to_vec()
    }

    /// The access rights class.
    #[must_use]
    pub fn class(self) -> AriClass {
        let code = u8::try_from(self.bits >> (self.length - 3)).unwrap_or(u8::MAX);
        AriClass::from_code(code).unwrap_or(AriClass::E)
    }

    /// All bits, access rights code first, the last bit lowest.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.bits
    }

    /// How many bits it has, 31 or 36.
    #[must_use]
    pub const fn length(self) -> u8 {
        self.length
    }

    /// Who gave the identity out: EMC in class A, EIC in B, POC in C (16 bits), the mobile operator in D (20 bits).
    #[must_use]
    pub fn operator(self) -> u32 {
        let (shift, mask) = match self.class() {
            AriClass::A => (17, 0xffff),
            AriClass::B | AriClass::C | AriClass::E => (12, 0xffff),
            AriClass::D => (8, 0xf_ffff),
        };
        u32::try_from((self.bits >> shift) & mask).unwrap_or(0)
    }

    /// FPN in classes A and D, FPN and FPS in classes B and C.
    #[must_use]
    pub fn fixed_part(self) -> u32 {
        let mask = match self.class() {
            AriClass::A => 0x1_ffff,
            AriClass::B | AriClass::C | AriClass::E => 0xfff,
            AriClass::D => 0xff,
        };
        u32::try_from(self.bits & mask).unwrap_or(0)
    }

    /// Where the border between FPN and FPS lies is not known here, so only their sum is looked at.
    fn zero_fixed_part(self) -> bool {
        self.fixed_part() == 0
    }
}

impl FromStr for Ari {
    type Err = BadAri;

    fn from_str(text: &str) -> Result<Self, BadAri> {
        let pairs = text.as_bytes().chunks(2);
        if text.len() > 10 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(BadAri::Form);
        }
        let octets: Option<Vec<u8>> = pairs.map(octet).collect();
        let octets = octets.ok_or(BadAri::Form)?;
        if octets.first().is_some_and(|first| first & 0x80 != 0) {
            return Err(BadAri::Class);
        }
        Self::from_octets(&octets)
    }
}

impl fmt::Display for Ari {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_octets().iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

fn class_of(octets: &[u8]) -> Result<AriClass, BadAri> {
    let first = octets.first().ok_or(BadAri::Form)?;
    AriClass::from_code((first >> 4) & 7).ok_or(BadAri::Class)
}

/// Octets of the spare bit and the identity.
fn octet_count(class: AriClass) -> usize {
    usize::from(class.ari_bits() + 1).div_ceil(8)
}

/// Bits after the identity in its last octet.
fn spare_bits(class: AriClass) -> u8 {
    (8 - (class.ari_bits() + 1) % 8) % 8
}

fn octet(pair: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(pair).ok().filter(|text| text.len() == 2)?;
    u8::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_class_b_identity_falls_into_its_fields() {
        for (text, eic, fixed_part) in
            [("10009034", 0x0009, 0x034), ("102f0e86", 0x02f0, 0xe86), ("102af12c", 0x02af, 0x12c)]
        {
            let ari: Ari = text.parse().expect("a valid identity");
            assert_eq!((ari.class(), ari.length()), (AriClass::B, 31));
            assert_eq!((ari.operator(), ari.fixed_part()), (eic, fixed_part));
            assert_eq!(ari.to_string(), text);
        }
    }

    #[test]
    fn a_class_a_identity_has_ten_digits_and_three_spare_bits() {
        let ari = Ari::new(AriClass::A, 0x004f << 17 | 5).expect("a valid identity");
        assert_eq!(ari.to_string(), "0004f00028");
        assert_eq!("0004f00028".parse(), Ok(ari));
        assert_eq!((ari.operator(), ari.fixed_part()), (0x4f, 5));
        assert_eq!("0004f00029".parse::<Ari>(), Err(BadAri::Form));
    }

    #[test]
    fn what_is_no_identity_of_a_system_is_refused_for_the_right_reason() {
        for text in ["", "1000903", "100090341", "1000903g", "+1000903", "0004f000", "1000903400"] {
            assert_eq!(text.parse::<Ari>(), Err(BadAri::Form), "{text}");
        }
        for text in ["50009034", "90009034"] {
            assert_eq!(text.parse::<Ari>(), Err(BadAri::Class), "{text}");
        }
        for text in ["10000034", "10009000", "0000000008", "0004f00000"] {
            assert_eq!(text.parse::<Ari>(), Err(BadAri::Zero), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_identity_survives_octets_and_text(code in 0..5_u8, ard in 0..1_u64 << 33) {
            let class = AriClass::from_code(code).expect("a valid code");
            let ard = ard & ((1 << (class.ari_bits() - 3)) - 1);
            if let Ok(ari) = Ari::new(class, u64::from(code) << (class.ari_bits() - 3) | ard) {
                prop_assert_eq!(ari.class(), class);
                prop_assert_eq!(Ari::from_octets(&ari.to_octets()), Ok(ari));
                prop_assert_eq!(ari.to_string().parse(), Ok(ari));
            }
        }

        #[test]
        fn no_octets_are_too_odd_to_be_looked_at(octets in proptest::collection::vec(any::<u8>(), 0..8)) {
            if let Ok(ari) = Ari::from_octets(&octets) {
                let mut same = octets;
                same[0] &= 0x7f;
                prop_assert_eq!(ari.to_octets(), same);
            }
        }
    }
}
