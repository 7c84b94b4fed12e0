//! The key that tells a handset which systems it belongs to (EN 300 175-6 clause 6.1).

use crate::check::check_digit;
use crate::{Ari, AriClass};
use std::fmt;
use std::str::FromStr;

/// Portable access rights key: an ARI, and how many of its leading bits must match.
///
/// As text: two digits for that length, the bits in octal from the left, a check
/// digit as for an [`crate::Ipei`]; fourteen digits for the usual 31 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Park {
    ari: Ari,
    pli: u8,
}

/// The text is no PARK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPark {
    /// Not fourteen or fifteen digits, octal after the second.
    #[error("expected a PARK of fourteen digits such as 31100004403201")]
    Form,
    /// The number of significant bits is 0 or higher than the class has, or other bits are set.
    #[error("the first two digits of a PARK tell how many bits follow; these do not fit")]
    Length,
    /// The access rights class is undefined.
    #[error("the third digit of a PARK is 0 to 4: the access rights class")]
    Class,
    /// A digit was mistyped: the last one does not fit the others.
    #[error("the check digit does not fit; one of the digits is mistyped")]
    CheckDigit,
}

impl Park {
    /// The key to exactly this system.
    #[must_use]
    pub const fn exactly(ari: Ari) -> Self {
        Self { ari, pli: ari.length() }
    }

    /// The key to all systems that agree with `ari` in the first `pli` bits;
    /// `None` unless there are 3 (the class) to all of its bits.
    #[must_use]
    pub fn new(ari: Ari, pli: u8) -> Option<Self> {
        Self::of(ari.class(), ari.bits(), pli)
    }

    fn of(class: AriClass, bits: u64, pli: u8) -> Option<Self> {
        let length = class.ari_bits();
        let rest = (3..=length).contains(&pli).then(|| length - pli)?;
        Some(Self { ari: Ari::masked(class, bits >> rest << rest), pli })
    }

    /// The key in an element: a spare bit, then `pli` bits, the rest of the
    /// last octet zero; `None` where that is not so.
    #[must_use]
    pub fn from_octets(pli: u8, octets: &[u8]) -> Option<Self> {
        let first = octets.first().filter(|_| octets.len() == octet_count(pli))?;
        let class = AriClass::from_code((first >> 4) & 7)?;
        let bits = octets.iter().fold(0, |bits, octet| bits << 8 | u64::from(*octet));
        let spare = octets.len() * 8 - 1 - usize::from(pli);
        let rest = class.ari_bits().checked_sub(pli)?;
        let bits = ((bits >> spare) & ((1 << pli) - 1)) << rest;
        let park = Self::of(class, bits, pli)?;
        let sound = park.to_octets()[1..] == octets[1..] && park.ari.class() == class;
        sound.then_some(park)
    }

    /// The octets for an element, the other way round.
    #[must_use]
    pub fn to_octets(self) -> Vec<u8> {
        let length = octet_count(self.pli);
        let unused = 63 - self.ari.length();
        let octets = (self.ari.bits() << unused).to_be_bytes();
        octets[..length].to_vec()
    }

    /// The key as an ARI; bits beyond [`Park::pli`] are zero.
    #[must_use]
    pub const fn ari(self) -> Ari {
        self.ari
    }

    /// PARK length indicator: how many bits must match.
    #[must_use]
    pub const fn pli(self) -> u8 {
        self.pli
    }

    /// Whether the key opens the system `ari`.
    #[must_use]
    pub fn opens(self, ari: Ari) -> bool {
        Self::new(ari, self.pli) == Some(self)
    }

    fn digits(self) -> String {
        let count = self.ari.length().div_ceil(3);
        let bits = self.ari.bits() << (count * 3 - self.ari.length());
        format!("{:02}{bits:0width$o}", self.pli, width = usize::from(count))
    }
}

impl FromStr for Park {
    type Err = BadPark;

    fn from_str(text: &str) -> Result<Self, BadPark> {
        if text.len() > TEXT_MAX {
            return Err(BadPark::Form);
        }
        let packed: String = text.chars().filter(|&character| character != ' ').collect();
        let (digits, check) =
            packed.split_at_checked(packed.len().saturating_sub(1)).ok_or(BadPark::Form)?;
        let sound = digits.bytes().all(|digit| digit.is_ascii_digit())
            && check.bytes().all(|digit| digit.is_ascii_digit() || digit == b'*');
        let (pli, octal) = digits.split_at_checked(2).filter(|_| sound).ok_or(BadPark::Form)?;
        let pli = pli.parse().map_err(|_| BadPark::Form)?;
        let code = octal.bytes().next().ok_or(BadPark::Form)? - b'0';
        let bits = u64::from_str_radix(octal, 8).map_err(|_| BadPark::Form)?;
        let class = AriClass::from_code(code).ok_or(BadPark::Class)?;
        if octal.len() != usize::from(class.ari_bits().div_ceil(3)) {
            return Err(BadPark::Form);
        }
        if !check.starts_with(check_digit(digits)) {
            return Err(BadPark::CheckDigit);
        }
        let spare = class.ari_bits().div_ceil(3) * 3 - class.ari_bits();
        let park = Self::of(class, bits >> spare, pli).ok_or(BadPark::Length)?;
        if park.digits() == digits { Ok(park) } else { Err(BadPark::Length) }
    }
}

impl fmt::Display for Park {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        write!(f, "{digits}{}", check_digit(&digits))
    }
}

/// Octets of a spare bit and the key.
fn octet_count(pli: u8) -> usize {
    usize::from(pli).saturating_add(1).div_ceil(8)
}

/// Fifteen digits and as many blanks as anyone would put between them.
const TEXT_MAX: usize = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KNOWN: [(&str, &str); 5] = [
        ("102f0e86", "31100570350302"),
        ("102af12c", "31100527422605"),
        ("102ef796", "31100567571301"),
        ("10009034", "31100004403201"),
        ("10ffff12", "31103777761108"),
    ];

    #[test]
    fn the_keys_of_known_systems_are_printed_and_read() {
        for (ari, text) in KNOWN {
            let park = Park::exactly(ari.parse().expect("a valid identity"));
            assert_eq!(park.to_string(), text);
            assert_eq!(text.parse(), Ok(park));
            let spaced = format!("{} {} {}", &text[..2], &text[2..13], &text[13..]);
            assert_eq!(spaced.parse(), Ok(park));
        }
    }

    #[test]
    fn a_key_opens_the_systems_that_agree_in_its_bits() {
        let ari: Ari = "10009034".parse().expect("a valid identity");
        let near: Ari = "10009035".parse().expect("a valid identity");
        let far: Ari = "10009134".parse().expect("a valid identity");
        assert!(Park::exactly(ari).opens(ari) && !Park::exactly(ari).opens(near));
        let wide = Park::new(ari, 27).expect("a length that fits");
        assert!(wide.opens(ari) && wide.opens(near) && !wide.opens(far));
        assert_eq!(wide.to_string().parse(), Ok(wide));
        assert_eq!((Park::new(ari, 32), Park::new(ari, 2)), (None, None));
    }

    #[test]
    fn a_key_is_a_spare_bit_and_its_bits_in_an_element() {
        let park = Park::exactly("10009034".parse().expect("a valid identity"));
        assert_eq!(park.to_octets(), [0x10, 0x00, 0x90, 0x34]);
        assert_eq!(Park::from_octets(31, &[0x10, 0x00, 0x90, 0x34]), Some(park));
        let wide = Park::new(park.ari(), 20).expect("a length that fits");
        assert_eq!(wide.to_octets(), [0x10, 0x00, 0x90]);
        assert_eq!(Park::from_octets(20, &[0x10, 0x00, 0x90]), Some(wide));
        let class_a = Park::exactly("0004f00028".parse().expect("a valid identity"));
        assert_eq!(Park::from_octets(36, &class_a.to_octets()), Some(class_a));
        for (pli, octets) in [
            (31, &[0x10, 0x00, 0x90][..]),
            (20, &[0x10, 0x00, 0x91]),
            (2, &[0x10]),
            (36, &[0x10, 0, 0x90, 0x34, 0]),
            (255, &[0; 32]),
            (31, &[0x50, 0, 0, 1]),
        ] {
            assert_eq!(Park::from_octets(pli, octets), None, "{pli} {octets:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_for_the_right_reason() {
        for text in
            ["", "3", "3110000440320", "311000044032011", "31100008403201", "a1100004403201"]
        {
            assert_eq!(text.parse::<Park>(), Err(BadPark::Form), "{text}");
        }
        assert_eq!("31100004403202".parse::<Park>(), Err(BadPark::CheckDigit));
        assert_eq!("31500004403201".parse::<Park>(), Err(BadPark::Class));
        for digits in ["3210000440320", "0010000440320", "1110000440320", "3110000440321"] {
            let text = format!("{digits}{}", check_digit(digits));
            assert_eq!(text.parse::<Park>(), Err(BadPark::Length), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_key_survives_its_text(ard in 1..1_u64 << 28, ard_a in 1..1_u64 << 33, pli in 0..40_u8) {
            for (class, bits) in [(AriClass::B, 1 << 28 | ard), (AriClass::A, ard_a)] {
                if let Some(park) = Park::of(class, bits, pli) {
                    prop_assert_eq!(park.to_string().parse(), Ok(park));
                }
            }
        }

        #[test]
        fn no_text_is_too_odd_to_be_looked_at(text in "[0-9 *x]{0,16}") {
            if let Ok(park) = text.parse::<Park>() {
                prop_assert_eq!(park.to_string(), text.replace(' ', ""));
            }
        }
    }
}
