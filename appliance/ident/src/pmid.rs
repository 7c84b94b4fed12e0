//! What the medium access layer calls a handset (EN 300 175-6 clause 9.1.2).

use crate::Tpui;
use std::fmt;

/// Portable part MAC identity: who is at the other end of a radio link, 20 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pmid(u32);

impl Pmid {
    /// The identity of these 20 bits; `None` for more bits.
    #[must_use]
    pub fn new(value: u32) -> Option<Self> {
        (value <= 0xf_ffff).then_some(Self(value))
    }

    /// The identity of a handset that was assigned a TPUI; `None` for a TPUI of another sort.
    #[must_use]
    pub fn assigned(tpui: Tpui) -> Option<Self> {
        tpui.is_assigned().then(|| Self(tpui.value()))
    }

    /// The default identity around an arbitrary number.
    #[must_use]
    pub fn arbitrary(number: u16) -> Self {
        Self(0xe_0000 | u32::from(number))
    }

    /// The identity in an emergency call, around the last 12 bits of the IPUI.
    #[must_use]
    pub fn emergency(ipui_low: u16) -> Self {
        Self(0xf_1000 | u32::from(ipui_low & 0xfff))
    }

    /// All 20 bits.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// The TPUI that the handset was assigned, where this identity is that.
    #[must_use]
    pub fn tpui(self) -> Option<Tpui> {
        Tpui::new(self.0).filter(|tpui| tpui.is_assigned())
    }

    /// Link signature: what the data link mixes into its checksums, 0 for a
    /// handset without an assigned TPUI (EN 300 175-4).
    #[must_use]
    pub fn link_signature(self) -> u16 {
        self.tpui().map_or(0, Tpui::low_16)
    }
}

impl fmt::Display for Pmid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_assigned_identity_names_a_tpui_and_signs_the_link() {
        let tpui = Tpui::assigned(5).expect("a valid number");
        let assigned = Pmid::assigned(tpui).expect("assigned");
        assert_eq!((assigned.tpui(), assigned.link_signature()), (Some(tpui), 5));
        for other in [Pmid::arbitrary(5), Pmid::emergency(0x5005)] {
            assert_eq!((other.tpui(), other.link_signature()), (None, 0), "{other}");
        }
        assert_eq!(Pmid::arbitrary(0xabcd).value(), 0xe_abcd);
        assert_eq!(Pmid::emergency(0x5005).value(), 0xf_1005);
        assert_eq!(Pmid::assigned(Tpui::BROADCAST), None);
        assert_eq!(Pmid::new(0x10_0000), None);
    }
}
