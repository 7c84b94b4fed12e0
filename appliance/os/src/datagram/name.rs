//! `sockaddr_in` and `sockaddr_in6` as octets, so that reading them needs no `unsafe`.

use nix::libc;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// A socket address as Linux lays it out: family, port, then by family.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub(super) struct Name([u8; Self::SIZE]);

impl Name {
    /// Of `sockaddr_in6`, the larger of the two.
    const SIZE: usize = 28;
    /// The same as the kernel wants to hear it.
    pub(super) const CAPACITY: u32 = 28;
    /// No address; to be filled by the kernel.
    pub(super) const EMPTY: Self = Self([0; Self::SIZE]);

    pub(super) fn new(address: SocketAddr) -> Self {
        let mut octets = [0; Self::SIZE];
        octets[..2].copy_from_slice(&family(&address).to_ne_bytes());
        octets[2..4].copy_from_slice(&address.port().to_be_bytes());
        match address {
            SocketAddr::V4(v4) => octets[4..8].copy_from_slice(&v4.ip().octets()),
            SocketAddr::V6(v6) => {
                octets[4..8].copy_from_slice(&v6.flowinfo().to_ne_bytes());
                octets[8..24].copy_from_slice(&v6.ip().octets());
                octets[24..].copy_from_slice(&v6.scope_id().to_ne_bytes());
            }
        }
        Self(octets)
    }

    /// Octets that count, by the family.
    pub(super) fn length(&self) -> u32 {
        if self.family() == libc::AF_INET { 16 } else { Self::CAPACITY }
    }

    /// The address; `None` if it is of another family.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let [_, _, p0, p1, a, b, c, d, rest @ ..] = self.0;
        let port = u16::from_be_bytes([p0, p1]);
        match self.family() {
            libc::AF_INET => Some((IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port).into()),
            libc::AF_INET6 => {
                let ip = Ipv6Addr::from(*rest.first_chunk::<16>()?);
                let scope = u32::from_ne_bytes(*rest.last_chunk()?);
                let flow = u32::from_ne_bytes([a, b, c, d]);
                Some(SocketAddrV6::new(ip, port, flow, scope).into())
            }
            _ => None,
        }
    }

    pub(super) const fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.as_mut_ptr()
    }

    fn family(&self) -> i32 {
        i32::from(u16::from_ne_bytes([self.0[0], self.0[1]]))
    }
}

fn family(address: &SocketAddr) -> u16 {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    u16::try_from(family).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_comes_back_as_it_went() {
        for text in ["192.0.2.1:4000", "0.0.0.0:0", "[2001:db8::1]:65535", "[fe80::1%3]:1"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(Name::new(address).address(), Some(address), "{text}");
        }
        assert_eq!(Name::EMPTY.address(), None);
    }

    /// The layout is the one of the C library.
    #[test]
    fn the_octets_lie_where_the_kernel_looks_for_them() {
        assert_eq!(Name::SIZE, size_of::<libc::sockaddr_in6>());
        assert_eq!(size_of::<libc::sockaddr_in>(), 16);
        assert_eq!(std::mem::offset_of!(libc::sockaddr_in, sin_port), 2);
        assert_eq!(std::mem::offset_of!(libc::sockaddr_in, sin_addr), 4);
        assert_eq!(std::mem::offset_of!(libc::sockaddr_in6, sin6_flowinfo), 4);
        assert_eq!(std::mem::offset_of!(libc::sockaddr_in6, sin6_addr), 8);
        assert_eq!(std::mem::offset_of!(libc::sockaddr_in6, sin6_scope_id), 24);
        assert!(align_of::<Name>() >= align_of::<libc::sockaddr_in6>());
    }
}
