//! What crosses the air between a simulated handset and a simulated base station.
//!
//! The radio is abstract: a bearer carries whole frames of the data link, in
//! order and complete unless the world loses, repeats or delays them. Ciphering
//! is a check that both ends have the same key; nothing is ciphered.

use ident::{Pmid, Rfpi};

/// Names the radio of a handset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PpId(pub u32);

/// From a handset to the base station that it has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uplink {
    /// Bearer set-up; `handover` where it is to take over from a bearer of another base station.
    Connect {
        /// How the handset names itself.
        pmid: Pmid,
        /// The link goes on from another base station.
        handover: bool,
    },
    /// A DLC frame: address, control, length, information, fill octets.
    Frame(Vec<u8>),
    /// Start ciphering, with a key of which this is the check value (see [`key_check`]).
    Cipher([u8; 8]),
    /// Speech: samples of 16 bits, 8000 in a second.
    Speech(Vec<i16>),
    /// The handset gives the bearer up.
    Release,
}

/// From a base station to a handset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Downlink {
    /// What the base station broadcasts of itself: after each change, and to who comes into range.
    Beacon(Beacon),
    /// The base station has gone off the air; bearers with it.
    Silent,
    /// A short page, to all in range (EN 300 175-5 8.2).
    Page([u8; 3]),
    /// The bearer is there.
    Connected,
    /// There is no bearer for the handset.
    Refused,
    /// A DLC frame: address, control, length, information.
    Frame(Vec<u8>),
    /// Ciphering has started.
    Ciphered,
    /// Speech: samples of 16 bits, 8000 in a second.
    Speech(Vec<i16>),
    /// The base station has taken the bearer away.
    Released,
}

/// What a base station broadcasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// Who it is.
    pub rfpi: Rfpi,
    /// Higher layer capabilities, a32 (most significant) to a47 (EN 300 175-5 Annex F).
    pub capabilities: u16,
}

impl Beacon {
    /// Whether access-rights requests are taken (a44).
    #[must_use]
    pub const fn takes_access_rights_requests(&self) -> bool {
        self.capabilities & 0x0008 != 0
    }
}

/// The check value of a cipher key: equal for equal keys, and nothing else is to be read off it.
#[must_use]
pub fn key_check(key: &[u8; 8]) -> [u8; 8] {
    // Any bijection would do in a simulation; this one (splitmix64) keeps unequal keys unequal.
    let mut z = u64::from_be_bytes(*key).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)).to_be_bytes()
}
