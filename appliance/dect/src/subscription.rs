//! What is kept of a handset for as long as it is subscribed (EN 300 175-5 13.6).

use ident::{Ipei, Ipui, Mac, Tpui};
use subtle::ConstantTimeEq as _;
use zeroize::ZeroizeOnDrop;

/// A user authentication key. It has neither `Debug` nor `Display`; it is compared in constant time.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Uak([u8; 16]);

impl Uak {
    /// The key of these octets, most significant first.
    #[must_use]
    pub const fn new(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// The octets, for the algorithms and for sealed storage only.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }
}

impl PartialEq for Uak {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Uak {}

/// The keys of a handset: a new one does not displace the old before it has worked once.
#[derive(Clone, PartialEq, Eq)]
pub enum Keys {
    /// Allocated, not yet used with success.
    Unconfirmed(Uak),
    /// Used with success.
    Confirmed(Uak),
    /// A second allocation has not been used with success yet: either may be the handset's.
    Replacing {
        /// Worked before.
        old: Uak,
        /// Allocated since.
        new: Uak,
    },
}

/// One subscribed handset.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Which handset it is; the key of this record.
    pub ipei: Ipei,
    /// Who it is here.
    pub ipui: Ipui,
    /// Its temporary identity, once located.
    pub tpui: Option<Tpui>,
    /// Its authentication keys.
    pub keys: Keys,
    /// The base station it was last heard at; `None` when it has never located or has detached.
    pub located: Option<Mac>,
    /// TERMINAL-CAPABILITY as sent, without identifier and length; empty when never sent.
    pub terminal_capability: Vec<u8>,
    /// MODEL-ID as sent, without identifier and length; empty when never sent.
    pub model: Vec<u8>,
}

/// A base station that was accepted once, and the number it got.
#[derive(Clone, PartialEq, Eq)]
pub struct RfpRecord {
    /// Which base station.
    pub mac: Mac,
    /// Its number in the system, which is part of what it broadcasts.
    pub rpn: ident::Rpn,
    /// Key of the Blowfish door; `None` for one that only ever used TLS.
    pub link_key: Option<LinkKey>,
}

/// The 64-octet key of a base station at the Blowfish door. It has neither `Debug` nor `Display`; it is compared
/// in constant time.
#[derive(Clone, ZeroizeOnDrop)]
pub struct LinkKey([u8; 64]);

impl LinkKey {
    /// The key of these octets.
    #[must_use]
    pub const fn new(octets: [u8; 64]) -> Self {
        Self(octets)
    }

    /// The octets, for the cipher and for sealed storage only.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 64] {
        &self.0
    }
}

impl PartialEq for LinkKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for LinkKey {}

/// One change of what is kept.
#[derive(Clone)]
pub enum Change {
    /// Keep this subscription, in place of an older one of the same handset.
    Put(Box<Subscription>),
    /// Forget the handset.
    Remove(Ipei),
    /// Keep this base station, in place of an older record of the same MAC address.
    PutRfp(Box<RfpRecord>),
    /// Forget the base station.
    RemoveRfp(Mac),
}

/// Where subscriptions survive a restart.
///
/// A change that was acknowledged is still there after a power cut.
pub trait Subscriptions {
    /// What kind of failure the place has.
    type Error: std::error::Error;

    /// Everything kept, in the order of the identities.
    ///
    /// # Errors
    /// When the place cannot be read.
    fn load(&self) -> Result<(Vec<Subscription>, Vec<RfpRecord>), Self::Error>;

    /// Carries out `change`, durably, before it returns.
    ///
    /// # Errors
    /// When it could not be made durable; what was there before is then still there.
    fn apply(&mut self, change: &Change) -> Result<(), Self::Error>;
}
