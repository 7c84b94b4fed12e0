//! What the engine is told, and what it wants.

use crate::primitive::{Event, Request};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// What carries a message (RFC 3261 clause 18).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A connection.
    Tcp,
    /// A connection under TLS.
    Tls,
}

/// Names a connection of TCP or TLS; never used twice. The engine numbers those that it opens, from 0 on;
/// the shell numbers those that peers open, from [`ConnId::ACCEPTED`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u32);

impl ConnId {
    /// The first name of a connection that a peer has opened.
    pub const ACCEPTED: Self = Self(1 << 31);
}

/// By what a message came or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// The one UDP socket, with this peer.
    Udp(SocketAddr),
    /// This connection.
    Conn(ConnId),
}

/// Everything that can happen to the engine, apart from the passing of time.
pub enum Input {
    /// A datagram, or octets of a connection cut anywhere.
    Received(Path, Vec<u8>),
    /// The connection that was asked for, or that a peer has opened, is there.
    Connected(ConnId, Transport, SocketAddr),
    /// A connection is gone or never came about, with the reason in words.
    Closed(ConnId, String),
    /// What a name stands for, empty where it stands for nothing.
    Resolved(Question, Vec<Target>),
    /// The interworking unit wants something.
    Request(Request),
    /// Use these settings from now on.
    Settings(Box<Settings>),
}

/// Everything the engine can want.
pub enum Output {
    /// Send these octets.
    Send(Path, Vec<u8>),
    /// Open a connection; `host` is the name that a certificate must bear.
    Connect {
        /// The name of the connection from now on.
        conn: ConnId,
        /// TCP or TLS.
        transport: Transport,
        /// Where to.
        to: SocketAddr,
        /// For TLS.
        host: String,
    },
    /// Close a connection.
    Close(ConnId),
    /// Find out what this name stands for, then say so with [`Input::Resolved`].
    Resolve(Question),
    /// Tell the interworking unit.
    Event(Event),
}

/// A question for the DNS (RFC 3263).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The name.
    pub host: String,
    /// The port, where one is given; SRV records are then not asked for (RFC 3263 clause 4.2).
    pub port: Option<u16>,
    /// For which transport.
    pub transport: Transport,
    /// Whether SRV records are asked for (`sip.dnsmethod`).
    pub srv: bool,
}

/// One answer from the DNS; the order in which to try is [`crate::locate`]'s business.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Where to send.
    pub address: SocketAddr,
    /// How long this may be remembered.
    pub ttl: Duration,
    /// Lower is tried first; 0 without SRV records.
    pub priority: u16,
    /// Share among those of equal priority; 0 without SRV records.
    pub weight: u16,
}

/// One proxy of `sip.proxy.domain`, `domain2` ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Host name or address.
    pub host: String,
    /// Port; `None` asks the DNS or takes the transport's default.
    pub port: Option<u16>,
    /// Lower is preferred.
    pub priority: u16,
    /// Share among those of equal priority.
    pub weight: u16,
}

/// How the engine is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The address that goes into Via and Contact.
    pub address: IpAddr,
    /// The port that goes into Via and Contact (`sip.localport`).
    pub port: u16,
    /// What carries requests (`sip.transport`).
    pub transport: Transport,
    /// Where requests go; empty means the domain of the account.
    pub proxies: Vec<Proxy>,
    /// Ask for SRV records (`sip.dnsmethod`).
    pub srv: bool,
    /// Registration time asked for (`sip.registration_expire`).
    pub registration_expire: Duration,
    /// Timers B and F (`sip.client_transaction_timeout`).
    pub transaction_timeout: Duration,
    /// `sip.maxforwards`.
    pub max_forwards: u8,
    /// First REGISTERs per second after a start, over all user agents.
    pub registers_per_second: u32,
}
