//! A datagram in its packet, for whoever has no address yet (RFC 791, RFC 768).

use std::net::Ipv4Addr;

/// The port of clients.
pub const CLIENT_PORT: u16 = 68;
/// The port of servers.
pub const SERVER_PORT: u16 = 67;

/// The packet that carries a message of a client without an address to everybody.
#[must_use]
pub fn broadcast(payload: &[u8]) -> Vec<u8> {
    let length = |header: usize| u16::try_from(header + payload.len()).unwrap_or(u16::MAX);
    let (from, to) = (Ipv4Addr::UNSPECIFIED.octets(), Ipv4Addr::BROADCAST.octets());
    let mut packet = vec![0x45, TOS];
    packet.extend(length(IP + UDP).to_be_bytes());
    packet.extend([0, 0, 0, 0, HOPS, UDP_NUMBER, 0, 0]);
    packet.extend(from);
    packet.extend(to);
    let checksum = checksum(&packet);
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    packet.extend(CLIENT_PORT.to_be_bytes());
    packet.extend(SERVER_PORT.to_be_bytes());
    packet.extend(length(UDP).to_be_bytes());
    // No checksum (RFC 768): the message is checked by what is in it, and its frame by Ethernet.
    packet.extend([0, 0]);
    packet.extend(payload);
    packet
}

/// What a packet brings to the port of clients; `None`: it is none for it, or is not whole.
///
/// The checksum of UDP is not looked at: a packet that never was on a wire, as between two virtual machines, need not
/// have one that is right yet.
#[must_use]
pub fn payload(packet: &[u8]) -> Option<&[u8]> {
    let header = usize::from(packet.first()? & 0x0F) * 4;
    let first = *packet.first()?;
    if first >> 4 != 4 || header < IP {
        return None;
    }
    let (header, _) = packet.split_at_checked(header)?;
    let total = usize::from(u16::from_be_bytes([*header.get(2)?, *header.get(3)?]));
    let fragment = u16::from_be_bytes([*header.get(6)?, *header.get(7)?]) & 0x3FFF;
    if *header.get(9)? != UDP_NUMBER || fragment != 0 || checksum(header) != 0 {
        return None;
    }
    let datagram = packet.get(header.len()..total)?;
    let (head, rest) = datagram.split_first_chunk::<UDP>()?;
    let port = u16::from_be_bytes([head[2], head[3]]);
    let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
    (port == CLIENT_PORT).then(|| rest.get(..length.checked_sub(UDP)?)).flatten()
}

/// The sum of RFC 1071; over a header with a right one it is 0.
fn checksum(octets: &[u8]) -> u16 {
    let pair = |pair: &[u8]| {
        let [high, low] = [pair.first(), pair.get(1)].map(|it| it.copied().unwrap_or(0));
        u32::from(u16::from_be_bytes([high, low]))
    };
    // A header has thirty pairs at most.
    let sum: u32 = octets.chunks(2).map(pair).fold(0, u32::wrapping_add);
    let folded = (sum & 0xFFFF) + (sum >> 16);
    let folded = (folded & 0xFFFF) + (folded >> 16);
    !u16::try_from(folded & 0xFFFF).unwrap_or(0)
}

const IP: usize = 20;
const UDP: usize = 8;
const UDP_NUMBER: u8 = 17;
const HOPS: u8 = 64;
/// Internetwork control, as other clients have it.
const TOS: u8 = 0x10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The packet as a server's: the ports the other way round.
    fn from_server(payload: &[u8]) -> Vec<u8> {
        let mut packet = broadcast(payload);
        packet[20..24].copy_from_slice(&[0, 67, 0, 68]);
        packet
    }

    #[test]
    fn a_damaged_header_or_a_fragment_brings_nothing() {
        let packet = from_server(b"hello");
        assert_eq!(payload(&packet), Some(&b"hello"[..]));
        assert_eq!(payload(&[&packet[..], b"padding of Ethernet"].concat()), Some(&b"hello"[..]));
        assert_eq!(payload(&broadcast(b"hello")), None);
        for at in 0..20 {
            let mut damaged = packet.clone();
            damaged[at] ^= 0x20;
            assert_eq!(payload(&damaged), None, "{at}");
        }
        for length in 0..packet.len() {
            assert_eq!(payload(&packet[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_passed_over(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = payload(&octets);
        }
    }
}
