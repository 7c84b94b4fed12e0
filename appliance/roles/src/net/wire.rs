//! Sockets on one interface: packets without an address, ARP, and a place for what a server answers to ours.

use lan::dhcp::{Destination, arp, packet};
use os::packet::{EVERYBODY, Kind, PacketSocket};
use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;
use tokio::io::unix::AsyncFd;

/// What was received.
#[derive(Debug)]
pub(super) enum Packet {
    /// The payload of a datagram to the port of clients.
    Dhcp(Vec<u8>),
    /// A packet of ARP.
    Arp(Vec<u8>),
    /// The sockets are of no use any more.
    Broken(io::Error),
}

/// The sockets; without an interface there are none.
#[derive(Debug, Default)]
pub(super) struct Wire {
    sockets: Option<Sockets>,
    /// The port of clients at the address in use: without it the kernel would refuse what a server sends there.
    own: Option<(Ipv4Addr, UdpSocket)>,
}

#[derive(Debug)]
struct Sockets {
    dhcp: AsyncFd<PacketSocket>,
    arp: AsyncFd<PacketSocket>,
}

impl Wire {
    /// On the interface of this number.
    ///
    /// # Errors
    /// If this user may not, or the interface is gone.
    pub(super) fn open(index: u32) -> io::Result<Self> {
        let dhcp = awaited(PacketSocket::open(index, Kind::Dhcp)?)?;
        let arp = awaited(PacketSocket::open(index, Kind::Arp)?)?;
        Ok(Self { sockets: Some(Sockets { dhcp, arp }), own: None })
    }

    /// Takes the port of clients at the address in use, or gives it back.
    pub(super) fn use_address(&mut self, address: Option<Ipv4Addr>) {
        if self.own.as_ref().map(|(address, _)| *address) == address {
            return;
        }
        self.own = None;
        let Some(address) = address else { return };
        match UdpSocket::bind((address, packet::CLIENT_PORT)) {
            Ok(socket) => self.own = Some((address, socket)),
            Err(error) => {
                tracing::warn!(%error, "the port of DHCP's clients is not to be had; servers are asked by broadcast");
            }
        }
    }

    /// Sends a message of DHCP.
    pub(super) fn send(&self, message: &[u8], destination: Destination) {
        let sent = match (destination, &self.own) {
            (Destination::Unicast { from, to }, Some((own, socket))) if *own == from => {
                socket.send_to(message, (to, packet::SERVER_PORT)).map(drop)
            }
            _ => self.broadcast(&packet::broadcast(message)),
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "a message of DHCP was not sent; it will be again");
        }
    }

    fn broadcast(&self, packet: &[u8]) -> io::Result<()> {
        self.sockets.as_ref().map_or(Ok(()), |it| it.dhcp.get_ref().send(packet, EVERYBODY))
    }

    /// Sends a packet of ARP to everybody.
    pub(super) fn arp(&self, packet: &[u8; arp::LENGTH]) {
        let Some(sockets) = &self.sockets else { return };
        if let Err(error) = sockets.arp.get_ref().send(packet, EVERYBODY) {
            tracing::debug!(%error, "a packet of ARP was not sent");
        }
    }

    /// What is received next; for ever pending without an interface. Dropping the future loses nothing.
    pub(super) async fn next(&self) -> Packet {
        let Some(sockets) = &self.sockets else { return std::future::pending().await };
        let received = tokio::select! {
            received = receive(&sockets.dhcp) => received.map(|octets| {
                packet::payload(&octets).map(|payload| Packet::Dhcp(payload.to_vec()))
            }),
            received = receive(&sockets.arp) => received.map(|octets| Some(Packet::Arp(octets))),
        };
        match received {
            Ok(Some(packet)) => packet,
            // A packet that is damaged: nothing follows from it.
            Ok(None) => Packet::Dhcp(Vec::new()),
            Err(error) => Packet::Broken(error),
        }
    }
}

/// Something with a descriptor, to be waited for.
pub(super) fn awaited<T: AsRawFd>(inner: T) -> io::Result<AsyncFd<T>> {
    #[expect(
        deprecated,
        reason = "the newer face is unsafe and asks for what our sockets promise: they keep their descriptors open"
    )]
    AsyncFd::new(inner)
}

async fn receive(socket: &AsyncFd<PacketSocket>) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; PACKET_MAX];
    loop {
        let mut ready = socket.readable().await?;
        match ready.get_inner().receive(&mut buffer)? {
            Some(length) => {
                buffer.truncate(length);
                return Ok(buffer);
            }
            None => ready.clear_ready(),
        }
    }
}

/// The largest message with its headers.
const PACKET_MAX: usize = lan::dhcp::OCTETS_MAX + 68;
