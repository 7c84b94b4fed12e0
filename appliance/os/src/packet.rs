//! Packets as they are on the wire of one interface, without the header of Ethernet: packet(7).
//!
//! For a machine that has no address yet, and for ARP. Needs CAP_NET_RAW.

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{MsgFlags, recv};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

/// What kind of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IPv4, of that only UDP to the port of DHCP's clients.
    Dhcp,
    /// ARP.
    Arp,
}

/// A socket for the packets of one kind on one interface.
#[derive(Debug)]
pub struct PacketSocket {
    fd: OwnedFd,
    index: i32,
    protocol: u16,
}

impl PacketSocket {
    /// Opens one on the interface of this number; it never waits.
    ///
    /// # Errors
    /// If this user may not, or there is no such interface.
    pub fn open(index: u32, kind: Kind) -> io::Result<Self> {
        let index = i32::try_from(index).map_err(io::Error::other)?;
        let protocol = match kind {
            Kind::Dhcp => ETH_P_IP,
            Kind::Arp => ETH_P_ARP,
        }
        .to_be();
        let flags = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        #[expect(unsafe_code, reason = "nix cannot open one without a protocol")]
        // SAFETY: takes numbers only. Without a protocol nothing is heard before the filter is there.
        let fd = Errno::result(unsafe { libc::socket(libc::AF_PACKET, flags, 0) })?;
        #[expect(unsafe_code, reason = "the descriptor becomes owned")]
        // SAFETY: it was just made, and nobody else knows it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let socket = Self { fd, index, protocol };
        if kind == Kind::Dhcp {
            socket.filter()?;
        }
        socket.bind()?;
        Ok(socket)
    }

    /// Hears only UDP to port 68; others would wake us with every packet of every call.
    fn filter(&self) -> io::Result<()> {
        let mut code = FILTER.map(|(code, jt, jf, k)| libc::sock_filter { code, jt, jf, k });
        let length = libc::c_ushort::try_from(code.len()).map_err(io::Error::other)?;
        let program = libc::sock_fprog { len: length, filter: code.as_mut_ptr() };
        let size = size_of_val(&program);
        #[expect(unsafe_code, reason = "no safe face in nix")]
        // SAFETY: the program and its length belong together and outlive the call, which copies it.
        let set = unsafe {
            libc::setsockopt(
                self.fd.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_ATTACH_FILTER,
                (&raw const program).cast(),
                libc::socklen_t::try_from(size).unwrap_or(0),
            )
        };
        Ok(Errno::result(set).map(drop)?)
    }

    fn bind(&self) -> io::Result<()> {
        let address = self.address([0; 6]);
        #[expect(unsafe_code, reason = "nix cannot make such an address")]
        // SAFETY: the address is whole and outlives the call.
        let bound = unsafe {
            libc::bind(self.fd.as_raw_fd(), (&raw const address).cast(), length_of(&address))
        };
        Ok(Errno::result(bound).map(drop)?)
    }

    /// Sends a packet to this address of Ethernet.
    ///
    /// # Errors
    /// If the interface is down or gone, or its queue is full.
    pub fn send(&self, packet: &[u8], to: [u8; 6]) -> io::Result<()> {
        let address = self.address(to);
        #[expect(unsafe_code, reason = "nix cannot make such an address")]
        // SAFETY: the packet and the address are whole and outlive the call.
        let sent = unsafe {
            libc::sendto(
                self.fd.as_raw_fd(),
                packet.as_ptr().cast(),
                packet.len(),
                0,
                (&raw const address).cast(),
                length_of(&address),
            )
        };
        Ok(Errno::result(sent).map(drop)?)
    }

    /// Takes a packet that waits and gives its length; `None`: there is none. What does not fit is cut off.
    ///
    /// # Errors
    /// If the interface is down or gone.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match recv(self.fd.as_raw_fd(), buffer, MsgFlags::empty()) {
            Ok(length) => Ok(Some(length)),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn address(&self, to: [u8; 6]) -> libc::sockaddr_ll {
        let mut octets = [0; 8];
        octets.iter_mut().zip(to).for_each(|(place, octet)| *place = octet);
        libc::sockaddr_ll {
            sll_family: libc::sa_family_t::try_from(libc::AF_PACKET).unwrap_or(0),
            sll_protocol: self.protocol,
            sll_ifindex: self.index,
            sll_hatype: 0,
            sll_pkttype: 0,
            sll_halen: 6,
            sll_addr: octets,
        }
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for PacketSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

fn length_of(address: &libc::sockaddr_ll) -> libc::socklen_t {
    libc::socklen_t::try_from(size_of_val(address)).unwrap_or(0)
}

/// To everybody on the link.
pub const EVERYBODY: [u8; 6] = [0xFF; 6];

const ETH_P_IP: u16 = 0x0800;
const ETH_P_ARP: u16 = 0x0806;

/// Classic BPF: code, jumps where it holds and where not, operand. The packet begins with the header of IP.
const FILTER: [(u16, u8, u8, u32); 9] = [
    // The protocol is UDP,
    (0x30, 0, 0, 9),
    (0x15, 0, 6, 17),
    // it is the first fragment,
    (0x28, 0, 0, 6),
    (0x45, 4, 0, 0x1FFF),
    // and behind the header, however long, its destination is port 68.
    (0xB1, 0, 0, 0),
    (0x48, 0, 0, 2),
    (0x15, 0, 1, 68),
    // All of it, or nothing.
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::time::{Duration, Instant};

    #[test]
    #[cfg_attr(miri, ignore = "miri has no namespaces")]
    fn only_datagrams_for_clients_of_dhcp_are_heard() {
        // In a thread of its own, since a namespace is a thread's.
        let seen = std::thread::spawn(|| {
            use nix::sched::{CloneFlags, unshare};
            if unshare(CloneFlags::CLONE_NEWNET).is_err() {
                return None;
            }
            crate::link::up("lo").unwrap();
            let socket = PacketSocket::open(1, Kind::Dhcp).unwrap();
            let _arp = PacketSocket::open(1, Kind::Arp).unwrap();
            let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
            for port in [67, 68, 69] {
                let _ = sender.send_to(&[port], ("127.0.0.1", port.into()));
            }
            let mut buffer = [0; 100];
            let until = Instant::now() + Duration::from_secs(10);
            let mut heard = Vec::new();
            while heard.is_empty() && Instant::now() < until {
                while let Some(length) = socket.receive(&mut buffer).unwrap() {
                    heard.push(buffer[length - 1]);
                }
            }
            // On the loopback one may be heard on its way out and on its way in.
            heard.dedup();
            Some(heard)
        });
        match seen.join().unwrap() {
            Some(heard) => assert_eq!(heard, [68]),
            None => println!("skipped: this user may not make a network namespace"),
        }
    }
}
