//! The types of `org.fixpart.Media1` as they cross the bus.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{AddrParseError, SocketAddr};
use zbus::zvariant::Type;

/// The two sides of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
#[zvariant(signature = "s")]
pub enum Side {
    /// Towards the base station.
    Radio,
    /// Towards the PBX.
    Network,
}

/// How speech is coded, by the names of RFC 3551.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "UPPERCASE")]
#[zvariant(signature = "s")]
pub enum Codec {
    /// G.711 A-law.
    Pcma,
    /// G.711 mu-law.
    Pcmu,
}

/// Which way speech goes, seen from the media role, by the words of RFC 4566.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "lowercase")]
#[zvariant(signature = "s")]
pub enum Direction {
    /// Both ways.
    #[serde(rename = "sendrecv")]
    Both,
    /// The media role sends only.
    #[serde(rename = "sendonly")]
    Send,
    /// The media role receives only.
    #[serde(rename = "recvonly")]
    Receive,
    /// Neither way.
    #[serde(rename = "inactive")]
    None,
}

/// An IP address and a port, as text: `192.0.2.1:4000`, `[2001:db8::1]:4000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(try_from = "String", into = "String")]
#[zvariant(signature = "s")]
pub struct Address(pub SocketAddr);

/// The far end of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Peer {
    /// Where its RTP goes.
    pub rtp: Address,
    /// Where its RTCP goes.
    pub rtcp: Address,
    /// How speech is coded.
    pub codec: Codec,
    /// RTP payload type of the speech, 0 to 127.
    pub payload_type: u8,
    /// RTP payload type of telephone events, or [`NO_EVENTS`].
    pub events: u8,
    /// Packet time in milliseconds.
    pub ptime_ms: u8,
    /// Which way speech goes.
    pub direction: Direction,
}

/// What went through one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Tally {
    /// From the base station.
    pub radio: SideTally,
    /// From the network.
    pub network: SideTally,
}

/// What was received on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct SideTally {
    /// RTP packets.
    pub packets: u64,
    /// Their payload octets.
    pub octets: u64,
    /// Missing by sequence number.
    pub lost: u64,
    /// Interarrival jitter in microseconds.
    pub jitter_us: u32,
    /// Packets thrown away.
    pub dropped: u64,
}

impl TryFrom<String> for Address {
    type Error = AddrParseError;

    fn try_from(text: String) -> Result<Self, AddrParseError> {
        text.parse().map(Self)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Stands in [`Peer::events`] where telephone events were not agreed: no payload type is that large.
pub const NO_EVENTS: u8 = 255;
