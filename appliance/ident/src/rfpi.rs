//! What a base station broadcasts of itself (EN 300 175-6 clause 5.0).

use crate::{Ari, BadAri};
use std::fmt;

/// Number of a base station within its system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rpn(pub u8);

impl fmt::Display for Rpn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

/// Radio fixed part identity: system and base station, 40 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rfpi {
    saris: bool,
    pari: Ari,
    rpn: Rpn,
}

impl Rfpi {
    /// The identity of base station `rpn` in the system `pari`, which has no
    /// secondary identities; `None` where the class leaves fewer bits for the number.
    #[must_use]
    pub fn new(pari: Ari, rpn: Rpn) -> Option<Self> {
        let fits = u32::from(rpn.0) < 1 << pari.class().rpn_bits();
        fits.then_some(Self { saris: false, pari, rpn })
    }

    /// The same, and whether the system has secondary identities (the E bit).
    #[must_use]
    pub const fn with_saris(self, saris: bool) -> Self {
        Self { saris, ..self }
    }

    /// The identity in these octets, as broadcast.
    ///
    /// # Errors
    /// When the system's identity in it is none.
    pub fn from_octets(octets: [u8; 5]) -> Result<Self, BadAri> {
        let mut pari = octets;
        let class = crate::AriClass::from_code((octets[0] >> 4) & 7).ok_or(BadAri::Class)?;
        let mask = u8::MAX >> (8 - class.rpn_bits());
        pari[4] &= !mask;
        let length = usize::from(class.ari_bits() + 1).div_ceil(8);
        let rpn = Rpn(octets[4] & mask);
        Ok(Self { saris: octets[0] & 0x80 != 0, pari: Ari::from_octets(&pari[..length])?, rpn })
    }

    /// The octets as broadcast.
    #[must_use]
    pub fn to_octets(self) -> [u8; 5] {
        let bits = self.pari.bits() << self.pari.class().rpn_bits() | u64::from(self.rpn.0);
        let [_, _, _, mut first, rest @ ..] = bits.to_be_bytes();
        first |= u8::from(self.saris) << 7;
        let [a, b, c, d] = rest;
        [first, a, b, c, d]
    }

    /// Whether the system has secondary identities.
    #[must_use]
    pub const fn saris(self) -> bool {
        self.saris
    }

    /// The system.
    #[must_use]
    pub const fn pari(self) -> Ari {
        self.pari
    }

    /// The base station.
    #[must_use]
    pub const fn rpn(self) -> Rpn {
        self.rpn
    }

    /// Fixed part MAC identity: the low 12 bits, by which neighbours must differ (clause 9.1.1).
    #[must_use]
    pub fn fmid(self) -> u16 {
        let [_, _, _, high, low] = self.to_octets();
        u16::from_be_bytes([high & 0x0f, low])
    }
}

impl fmt::Display for Rfpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_octets().iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn system_and_number_are_broadcast_one_after_the_other() {
        let pari: Ari = "102af12c".parse().expect("a valid identity");
        let rfpi = Rfpi::new(pari, Rpn(0x26)).expect("a number that fits");
        assert_eq!(rfpi.to_octets(), [0x10, 0x2a, 0xf1, 0x2c, 0x26]);
        assert_eq!(rfpi.with_saris(true).to_string(), "902af12c26");
        assert_eq!(rfpi.fmid(), 0xc26);
    }

    #[test]
    fn a_class_a_system_has_room_for_eight_numbers() {
        let pari: Ari = "0004f00028".parse().expect("a valid identity");
        assert_eq!(Rfpi::new(pari, Rpn(8)), None);
        let rfpi = Rfpi::new(pari, Rpn(7)).expect("a number that fits");
        assert_eq!(rfpi.to_string(), "0004f0002f");
        assert_eq!(Rfpi::from_octets(rfpi.to_octets()), Ok(rfpi));
    }

    proptest! {
        #[test]
        fn octets_that_are_an_identity_are_written_as_they_were_read(octets: [u8; 5]) {
            if let Ok(rfpi) = Rfpi::from_octets(octets) {
                prop_assert_eq!(rfpi.to_octets(), octets);
            }
        }
    }
}
