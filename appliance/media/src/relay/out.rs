//! What follows from a batch of datagrams and timers.

use crate::rtp::{self, Header};
use crate::session::{Report, Side};
use std::net::SocketAddr;
use std::ops::Range;

/// Names one socket of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Port {
    /// Which session, by its slot.
    pub slot: u32,
    /// Which side.
    pub side: Side,
    /// RTP or RTCP.
    pub kind: Kind,
}

/// What a socket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The even port.
    Rtp,
    /// The odd port.
    Rtcp,
}

/// One datagram to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// From which socket.
    pub port: Port,
    /// To whom.
    pub to: SocketAddr,
    /// What.
    pub octets: &'a [u8],
}

/// Collects what a batch asks for, in order. To be emptied and used again, so that the relay
/// allocates nothing per packet.
#[derive(Debug, Default)]
pub struct Out {
    /// For the owner.
    pub reports: Vec<Report>,
    /// Slots of sessions that are over: close their sockets after sending.
    pub closed: Vec<u32>,
    entries: Vec<(Port, SocketAddr, Range<usize>)>,
    octets: Vec<u8>,
}

impl Out {
    /// The datagrams, in the order in which they are to be sent.
    #[must_use]
    pub fn datagrams(&self) -> impl ExactSizeIterator<Item = Datagram<'_>> + Clone {
        self.entries.iter().map(|(port, to, range)| {
            let octets = self.octets.get(range.clone()).unwrap_or_default();
            Datagram { port: *port, to: *to, octets }
        })
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.reports.clear();
        self.closed.clear();
        self.entries.clear();
        self.octets.clear();
    }

    /// Adds a datagram.
    pub(super) fn send(&mut self, port: Port, to: SocketAddr, octets: &[u8]) {
        let start = self.octets.len();
        self.octets.extend_from_slice(octets);
        self.entries.push((port, to, start..self.octets.len()));
    }

    /// Adds an RTP packet whose payload is written by `payload`.
    pub(super) fn send_rtp(
        &mut self,
        (port, to): (Port, SocketAddr),
        header: &Header,
        payload: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = self.octets.len();
        rtp::write(header, &mut self.octets);
        payload(&mut self.octets);
        self.entries.push((port, to, start..self.octets.len()));
    }
}
