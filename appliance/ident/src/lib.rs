//! The identities of DECT (EN 300 175-6), parsed, printed and checked.
//!
//! A value of a type in here is a valid identity; there is nothing left to check.

mod mac;

pub use mac::Mac;

// The types below are the names other rooms rely on; each gets its file, its parser and its tests.

/// International portable equipment identity: which handset this is (EN 300 175-6 Annex C).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipei {
    emc: u16,
    psn: u32,
}

/// Temporary portable user identity, 20 bits (EN 300 175-6 clause 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tpui(u32);

/// Number of a base station within its system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rpn(pub u8);

/// Access rights identity of a system, 31 or 36 bits (EN 300 175-6 clause 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ari {
    bits: u64,
    length: u8,
}

/// International portable user identity: who a handset is in this system (EN 300 175-6 clause 6.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ipui {
    /// Type N: the handset's own IPEI.
    N(Ipei),
    /// Type O: a private number of `bits` bits.
    O {
        /// Length of the number, 1 to 60 bits.
        bits: u8,
        /// The number.
        number: u64,
    },
}
