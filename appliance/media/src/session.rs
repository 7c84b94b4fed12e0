//! What the interworking unit asks of the media role, and what it is told.

use std::net::SocketAddr;
use std::time::Duration;

/// Names a relay session; chosen by who asks, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

/// The two sides of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Towards the base station.
    Radio,
    /// Towards the PBX.
    Network,
}

/// How speech is coded on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// G.711 A-law.
    Pcma,
    /// G.711 mu-law.
    Pcmu,
}

/// Which way speech goes, seen from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    Both,
    /// We send only.
    Send,
    /// We receive only.
    Receive,
    /// Neither way.
    None,
}

/// The far end of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where its RTP goes.
    pub rtp: SocketAddr,
    /// Where its RTCP goes.
    pub rtcp: SocketAddr,
    /// How speech is coded.
    pub codec: Codec,
    /// RTP payload type of the speech, both ways.
    pub payload_type: u8,
    /// RTP payload type of RFC 4733 telephone events; `None` where they were not agreed.
    pub events: Option<u8>,
    /// Packet time in milliseconds.
    pub ptime_ms: u8,
    /// Which way speech goes.
    pub direction: Direction,
}

/// What is asked of the media role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Have a session with two pairs of ports; answered by [`Report::Opened`] or [`Report::Failed`].
    Open(SessionId),
    /// The far end of one side is known, or has changed.
    Connect(SessionId, Side, Peer),
    /// Send a key on this side as RFC 4733 events, for this long.
    Key(SessionId, Side, char, Duration),
    /// End the session; answered by [`Report::Closed`].
    Close(SessionId),
}

/// What the media role tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Ports were taken: where the base station and where the network is to send.
    Opened {
        /// Which session.
        session: SessionId,
        /// Towards the base station: RTP, RTCP is the next port.
        radio: SocketAddr,
        /// Towards the PBX: RTP, RTCP is the next port.
        network: SocketAddr,
    },
    /// No ports, or the session limit is reached.
    Failed(SessionId, String),
    /// A key came as RFC 4733 events on this side.
    Key(SessionId, Side, char, Duration),
    /// Nothing was received on this side for that long although it was due.
    Silent(SessionId, Side, Duration),
    /// The session is over; what it carried.
    Closed(SessionId, Box<Tally>),
}

/// What went through one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// From the base station.
    pub radio: SideTally,
    /// From the network.
    pub network: SideTally,
}

/// What was received on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideTally {
    /// RTP packets.
    pub packets: u64,
    /// Their payload octets.
    pub octets: u64,
    /// Missing by sequence number (RFC 3550 A.3).
    pub lost: u64,
    /// Interarrival jitter in microseconds (RFC 3550 A.8).
    pub jitter_us: u32,
    /// Packets thrown away: not RTP, from elsewhere, late or of an unknown payload type.
    pub dropped: u64,
}
