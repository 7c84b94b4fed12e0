//! Pairs of UDP ports for RTP and RTCP.

use nix::sys::socket::{setsockopt, sockopt};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd as _, BorrowedFd};

/// Two sockets at neighbouring ports.
#[derive(Debug)]
pub struct Pair {
    /// At the even port.
    pub rtp: UdpSocket,
    /// At the next.
    pub rtcp: UdpSocket,
}

/// Why a pair cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoPair {
    /// Somebody else has the port.
    #[error("UDP port {0} is taken by another program")]
    Taken(SocketAddr),
    /// The address is not one of this machine, or the kernel refuses for another reason.
    #[error("UDP port {0} cannot be opened")]
    Bind(SocketAddr, #[source] io::Error),
    /// The kernel does not mark packets as asked.
    #[error("the traffic class {1:#04x} cannot be set on UDP port {0}")]
    Mark(SocketAddr, u8, #[source] nix::Error),
}

impl Pair {
    /// Opens `rtp` and the port after it at `address`, without waiting sockets, every packet
    /// marked with the traffic class octet `tos` (DSCP in its upper six bits).
    ///
    /// Addresses are not shared: a port that somebody else has is an error, never half ours.
    ///
    /// # Errors
    /// [`NoPair`], which names the port.
    pub fn open(address: IpAddr, rtp: u16, tos: u8) -> Result<Self, NoPair> {
        let port = |port| open(SocketAddr::new(address, port), tos);
        Ok(Self { rtp: port(rtp)?, rtcp: port(rtp.saturating_add(1))? })
    }
}

/// Asks for `octets` of room for what waits to be received or sent. A process without the right
/// to more gets what everybody may have.
///
/// # Errors
/// If even that is refused.
pub fn enlarge(socket: &UdpSocket, octets: usize) -> io::Result<()> {
    if setsockopt(socket, sockopt::RcvBufForce, &octets).is_err() {
        setsockopt(socket, sockopt::RcvBuf, &octets)?;
    }
    if setsockopt(socket, sockopt::SndBufForce, &octets).is_err() {
        setsockopt(socket, sockopt::SndBuf, &octets)?;
    }
    Ok(())
}

/// Marks every packet of a socket of IPv4 or IPv6, and of the connections that a listener accepts, with the traffic class
/// octet `tos` (DSCP in its upper six bits).
///
/// # Errors
/// If the kernel does not mark packets so.
pub fn mark(socket: BorrowedFd<'_>, ipv4: bool, tos: u8) -> io::Result<()> {
    Ok(set_class(socket, ipv4, tos)?)
}

fn open(at: SocketAddr, tos: u8) -> Result<UdpSocket, NoPair> {
    let socket = UdpSocket::bind(at).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => NoPair::Taken(at),
        _ => NoPair::Bind(at, error),
    })?;
    socket.set_nonblocking(true).map_err(|error| NoPair::Bind(at, error))?;
    set_class(socket.as_fd(), at.is_ipv4(), tos).map_err(|error| NoPair::Mark(at, tos, error))?;
    Ok(socket)
}

fn set_class(socket: BorrowedFd<'_>, ipv4: bool, tos: u8) -> nix::Result<()> {
    let class = i32::from(tos);
    if ipv4 {
        setsockopt(&socket, sockopt::Ipv4Tos, &class)
    } else {
        setsockopt(&socket, sockopt::Ipv6TClass, &class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::getsockopt;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    /// A pair at an even port that happened to be free.
    fn pair() -> (u16, Pair) {
        for _ in 0..1000 {
            let any = UdpSocket::bind((HERE, 0)).unwrap().local_addr().unwrap().port();
            let even = any & !1;
            if let Ok(pair) = Pair::open(HERE, even, 184) {
                return (even, pair);
            }
        }
        panic!("no free pair of ports");
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn the_two_ports_are_neighbours_and_marked() {
        let (even, pair) = pair();
        assert_eq!(pair.rtp.local_addr().unwrap().port(), even);
        assert_eq!(pair.rtcp.local_addr().unwrap().port(), even + 1);
        for socket in [&pair.rtp, &pair.rtcp] {
            assert_eq!(getsockopt(socket, sockopt::Ipv4Tos).unwrap(), 184);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn a_taken_port_is_named_and_its_neighbour_is_free_again() {
        let (even, pair) = pair();
        drop(pair.rtp);
        let error = Pair::open(HERE, even, 0).unwrap_err().to_string();
        assert!(error.contains(&format!("127.0.0.1:{}", even + 1)), "{error}");
        assert!(UdpSocket::bind((HERE, even)).is_ok());
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn an_address_of_another_machine_is_named() {
        let elsewhere = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let error = Pair::open(elsewhere, 40_000, 0).unwrap_err();
        assert!(matches!(&error, NoPair::Bind(..)), "{error}");
        assert!(error.to_string().contains("192.0.2.1:40000"), "{error}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no sockets")]
    fn packets_over_ipv6_are_marked_too() {
        let at = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
        let socket = open(at, 0xb8).unwrap();
        assert_eq!(getsockopt(&socket, sockopt::Ipv6TClass).unwrap(), 0xb8);
    }
}
