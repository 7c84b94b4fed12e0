//! Digest authentication (RFC 3261 clause 22, RFC 7616, RFC 8760).
//!
//! [`keyring`] is the side that proves itself: what one user agent was asked and how it answers.
//! [`verify`] is the side that asks, for the simulated PBX. Client nonces come from the caller, so that
//! everything here can be repeated. Basic authentication is not answered (RFC 3261 clause 22.1), and user
//! names are never sent hashed.

pub mod digest;
pub mod fields;
pub mod keyring;
pub mod verify;

pub use digest::{Algorithm, Qop};
pub use keyring::{Asked, Course, Keyring, Refused};
pub use verify::{Claim, Demand};

use crate::wire::Name;

/// Who asks for a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asker {
    /// A registrar or user agent, with 401.
    Server,
    /// A proxy, with 407.
    Proxy,
}

impl Asker {
    /// Who asks by this status.
    #[must_use]
    pub const fn of_status(status: u16) -> Option<Self> {
        match status {
            401 => Some(Self::Server),
            407 => Some(Self::Proxy),
            _ => None,
        }
    }

    /// The status by which it asks.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Server => 401,
            Self::Proxy => 407,
        }
    }

    /// The header field of the challenge.
    #[must_use]
    pub const fn challenge(self) -> Name {
        match self {
            Self::Server => Name::WwwAuthenticate,
            Self::Proxy => Name::ProxyAuthenticate,
        }
    }

    /// The header field of the proof.
    #[must_use]
    pub const fn proof(self) -> Name {
        match self {
            Self::Server => Name::Authorization,
            Self::Proxy => Name::ProxyAuthorization,
        }
    }
}
