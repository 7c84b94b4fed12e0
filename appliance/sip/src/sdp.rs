//! Sessions as this product offers and answers them (RFC 3264, RFC 8866).
//!
//! The syntax is `sdp-types`'. [`lines`] reads from a description what speech
//! needs; [`negotiate`] makes offers and answers. What nobody here understands
//! stays in the description, and a media line that is refused is refused as the
//! offerer wrote it.

pub mod lines;
pub mod negotiate;

pub use negotiate::{Agreed, Capabilities, Local, agreed, answer, offer};

use std::fmt;

/// A session description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session(pub(crate) sdp_types::Session);

/// Why octets are no session description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than [`OCTETS_MAX`].
    #[error("a session description of {0} octets is longer than the {OCTETS_MAX} that are read")]
    TooLong(usize),
    /// More than [`MEDIA_MAX`] media lines.
    #[error(
        "a session description with {0} media lines has more than the {MEDIA_MAX} that are read"
    )]
    TooManyMedia(usize),
    /// Not the syntax of RFC 8866; the text says where.
    #[error("not a session description: {0}")]
    Syntax(String),
}

/// What fits in a datagram leaves no room for more; a real one has 300 to 2 000.
pub const OCTETS_MAX: usize = 16_384;

/// Speech, video, slides, fax, text: nobody offers more than a handful.
pub const MEDIA_MAX: usize = 32;

impl Session {
    /// Reads a description.
    ///
    /// # Errors
    /// [`SdpError`]; the peer is at fault.
    pub fn parse(octets: &[u8]) -> Result<Self, SdpError> {
        if octets.len() > OCTETS_MAX {
            return Err(SdpError::TooLong(octets.len()));
        }
        let session = sdp_types::Session::parse(octets)
            .map_err(|error| SdpError::Syntax(error.to_string()))?;
        if session.medias.len() > MEDIA_MAX {
            return Err(SdpError::TooManyMedia(session.medias.len()));
        }
        Ok(Self(session))
    }

    /// The octets to send.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(512);
        // Writing to memory does not fail; were it to, an empty body is refused by every peer.
        if self.0.write(&mut octets).is_err() {
            octets.clear();
        }
        octets
    }

    /// The version that counts the changes of this session (RFC 3264 clause 5).
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.0.origin.sess_version
    }
}

/// How speech is coded, where a payload type stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// G.711 A-law.
    Pcma,
    /// G.711 mu-law.
    Pcmu,
}

impl Encoding {
    /// The static payload type (RFC 3551 clause 6).
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The name in `a=rtpmap`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// The encoding of a name in `a=rtpmap`, in any case.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Pcma, Self::Pcmu].into_iter().find(|it| it.name().eq_ignore_ascii_case(name))
    }

    /// The encoding of a static payload type.
    #[must_use]
    pub fn of_payload_type(payload_type: u8) -> Option<Self> {
        [Self::Pcma, Self::Pcmu].into_iter().find(|it| it.payload_type() == payload_type)
    }
}

/// Which way media goes, seen from who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// Who says it sends only.
    SendOnly,
    /// Who says it receives only.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// The attribute.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction of an attribute's name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|it| it.name() == name)
    }

    /// The same, seen from the other side (RFC 3264 clause 6.1).
    #[must_use]
    pub const fn seen_from_the_other_side(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            both => both,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
