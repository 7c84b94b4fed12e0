//! Being told when something changes in the kernel's network.

use super::{AF_INET6, HEADER};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
};
use std::io;
use std::net::Ipv6Addr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// A socket that becomes readable when a link, an address or an IPv6 route changes, or a router speaks of servers for
/// names.
#[derive(Debug)]
pub struct Watch(OwnedFd);

impl Watch {
    /// Watches from now on; the socket never waits.
    ///
    /// # Errors
    /// If the kernel has no room.
    pub fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let protocol = SockProtocol::NetlinkRoute;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUPS))?;
        Ok(Self(socket))
    }

    /// Takes one packet of messages that waits; `None`: there is none. What was lost because too many waited counts as
    /// an empty one: that something has changed is known all the same.
    ///
    /// # Errors
    /// If the socket cannot be used any more.
    pub fn take(&self) -> io::Result<Option<Vec<u8>>> {
        let mut buffer = vec![0; BUFFER];
        match recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            Ok(length) => {
                buffer.truncate(length);
                Ok(Some(buffer))
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            Err(Errno::ENOBUFS) => Ok(Some(Vec::new())),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Watch {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// What routers say in such a packet of servers for names (RFC 8106 5.1): the number of the interface, how many seconds they
/// may be asked, and their addresses.
#[must_use]
pub fn name_servers(packet: &[u8]) -> Vec<(u32, u32, Vec<Ipv6Addr>)> {
    let mut rest = packet;
    let mut found = Vec::new();
    while let Some(length) = number(rest, 0).and_then(|it| usize::try_from(it).ok()) {
        let Some(message) = rest.get(..length).filter(|it| it.len() >= HEADER) else { break };
        if message.get(4..6) == Some(&RTM_NEWNDUSEROPT.to_ne_bytes()) {
            found.extend(message.get(HEADER..).and_then(of_router));
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// `struct nduseroptmsg`, and one option behind it.
fn of_router(body: &[u8]) -> Option<(u32, u32, Vec<Ipv6Addr>)> {
    let index = number(body, 4)?;
    let option = body.get(USEROPT..)?;
    let [kind, eights, ..] = *option else { return None };
    let option = option.get(..usize::from(eights) * 8)?;
    let lifetime = u32::from_be_bytes(option.get(4..8)?.try_into().ok()?);
    let (addresses, rest) = option.get(8..)?.as_chunks::<16>();
    let sound = kind == RDNSS && rest.is_empty() && body.first() == Some(&AF_INET6);
    let addresses = addresses.iter().take(SERVERS_MAX).map(|it| Ipv6Addr::from(*it));
    sound.then(|| (index, lifetime, addresses.collect()))
}

fn number(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

const RTM_NEWNDUSEROPT: u16 = 68;
/// Octets of `struct nduseroptmsg`.
const USEROPT: usize = 16;
/// RFC 8106 5.1
const RDNSS: u8 = 25;
/// More are never asked.
const SERVERS_MAX: usize = 8;
/// RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR, RTMGRP_IPV6_ROUTE, and that of RTNLGRP_ND_USEROPT, 20.
const GROUPS: u32 = 0x1 | 0x10 | 0x100 | 0x400 | 1 << 19;
/// The kernel fills no more with one packet.
const BUFFER: usize = 32 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_for_names_are_read_and_a_cut_packet_not_beyond_its_end() {
        let mut body = vec![AF_INET6, 0, 0, 0];
        body.extend(7u32.to_ne_bytes());
        body.extend([134, 0, 0, 0, 0, 0, 0, 0]);
        body.extend([RDNSS, 3, 0, 0, 0, 0, 2, 88]);
        let server: Ipv6Addr = "2001:db8::53".parse().unwrap();
        body.extend(server.octets());
        let packet = super::super::message(RTM_NEWNDUSEROPT, 0, &body);
        assert_eq!(name_servers(&packet), [(7, 600, vec![server])]);
        for length in 0..packet.len() {
            assert_eq!(name_servers(&packet[..length]), []);
        }
    }
}
