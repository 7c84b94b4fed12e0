//! The short identity by which a handset is paged (EN 300 175-6 clause 6.3).

use crate::Ipui;
use std::fmt;

/// Temporary portable user identity, 20 bits (EN 300 175-6 clause 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tpui(u32);

impl Tpui {
    /// The connectionless group to which every handset belongs, the collective broadcast identifier.
    pub const BROADCAST: Self = Self(0xc_cfff);

    /// The identity of these 20 bits, of whichever sort; `None` for more bits.
    #[must_use]
    pub fn new(value: u32) -> Option<Self> {
        (value <= VALUE_MAX).then_some(Self(value))
    }

    /// The default individual identity, which every handset has without being given one.
    #[must_use]
    pub fn default_individual(ipui: &Ipui) -> Self {
        Self(DEFAULT | u32::from(ipui.low_16()))
    }

    /// The `number`th assigned individual identity, 0 to [`Tpui::ASSIGNED`] - 1.
    ///
    /// Numbers below 49152 share their first digit, so that short pages, which
    /// carry only the other four, are unambiguous (table 6.1 note 2).
    #[must_use]
    pub fn assigned(number: u32) -> Option<Self> {
        let (high, low) = (number / 0x1000, number % 0x1000);
        (number < Self::ASSIGNED).then_some(Self((high / 12) << 16 | (high % 12) << 12 | low))
    }

    /// How many assigned individual identities there are.
    pub const ASSIGNED: u32 = 12 * 12 * 0x1000;

    /// The assigned individual identity that spells an extension of one to five
    /// digits in BCD, dummies in front (clause 6.3.2 note 1).
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        if !(1..=5).contains(&extension.len()) {
            return None;
        }
        let digits = format!("{extension:b>5}");
        let sound = extension.bytes().all(|digit| digit.is_ascii_digit());
        sound.then(|| u32::from_str_radix(&digits, 16).ok())?.map(Self)
    }

    /// All 20 bits.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// The low 16 bits, which a short page carries.
    #[must_use]
    pub fn low_16(self) -> u16 {
        let [_, _, high, low] = self.0.to_be_bytes();
        u16::from_be_bytes([high, low])
    }

    /// Whether a fixed part has assigned it to one handset.
    #[must_use]
    pub const fn is_assigned(self) -> bool {
        self.0 >> 16 < 0xc && (self.0 >> 12) & 0xf < 0xc
    }

    /// Whether it is the default individual identity of some handset.
    #[must_use]
    pub const fn is_default(self) -> bool {
        self.0 & 0xf_0000 == DEFAULT
    }
}

impl fmt::Display for Tpui {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05x}", self.0)
    }
}

/// Twenty ones.
const VALUE_MAX: u32 = 0xf_ffff;
/// First digit of default individual identities.
const DEFAULT: u32 = 0xe_0000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ipei;
    use std::collections::BTreeSet;

    #[test]
    fn the_default_identity_ends_like_the_ipui() {
        let ipui = Ipui::N(Ipei::new(0x2869, 0x96517).expect("a valid identity"));
        let tpui = Tpui::default_individual(&ipui);
        assert_eq!(tpui.value(), 0xe_6517);
        assert!(tpui.is_default() && !tpui.is_assigned());
    }

    #[test]
    fn assigned_identities_are_all_different_and_all_of_the_assigned_sort() {
        let all: BTreeSet<Tpui> = (0..Tpui::ASSIGNED).filter_map(Tpui::assigned).collect();
        assert_eq!(all.len(), 12 * 12 * 4096);
        assert!(all.iter().all(|tpui| tpui.is_assigned()));
        assert_eq!(Tpui::assigned(0x27b).map(Tpui::value), Some(0x0027b));
        assert_eq!(Tpui::assigned(49_151).map(Tpui::value), Some(0x0_bfff));
        assert_eq!(Tpui::assigned(Tpui::ASSIGNED), None);
    }

    #[test]
    fn an_extension_is_spelt_in_digits_with_dummies_in_front() {
        assert_eq!(Tpui::from_extension("12345").map(Tpui::value), Some(0x1_2345));
        assert_eq!(Tpui::from_extension("101").map(Tpui::value), Some(0xb_b101));
        assert!(Tpui::from_extension("101").is_some_and(Tpui::is_assigned));
        for text in ["", "123456", "12a", "+12"] {
            assert_eq!(Tpui::from_extension(text), None, "{text}");
        }
    }

    #[test]
    fn more_than_twenty_bits_are_no_tpui() {
        assert_eq!(Tpui::new(0x10_0000), None);
        assert_eq!(Tpui::new(0xf_ffff).map(Tpui::low_16), Some(0xffff));
        assert!(!Tpui::BROADCAST.is_assigned());
    }
}
