//! ARP for IPv4 on Ethernet (RFC 826), as far as it is needed to keep an address for oneself (RFC 5227).

use std::net::Ipv4Addr;

/// A packet, without the header of Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arp {
    /// It asks; else it answers.
    pub asks: bool,
    /// Who sends it.
    pub sender: ([u8; 6], Ipv4Addr),
    /// Whom it asks for or answers.
    pub target: ([u8; 6], Ipv4Addr),
}

impl Arp {
    /// Asks whether anybody has the address, without saying that we want it for more than that.
    #[must_use]
    pub const fn probe(own: [u8; 6], address: Ipv4Addr) -> Self {
        let sender = (own, Ipv4Addr::UNSPECIFIED);
        Self { asks: true, sender, target: ([0; 6], address) }
    }

    /// Says that the address is ours.
    #[must_use]
    pub const fn announcement(own: [u8; 6], address: Ipv4Addr) -> Self {
        Self { asks: true, sender: (own, address), target: ([0; 6], address) }
    }

    /// Reads a packet; `None`: it is for another network or another protocol. What follows it is padding.
    #[must_use]
    pub fn decode(octets: &[u8]) -> Option<Self> {
        let (octets, _) = octets.split_first_chunk::<LENGTH>()?;
        let (head, body) = octets.split_first_chunk::<8>()?;
        let asks = match *head {
            REQUEST => true,
            REPLY => false,
            _ => return None,
        };
        let (sender, target) = body.split_at_checked(10)?;
        let end = |octets: &[u8]| -> Option<([u8; 6], Ipv4Addr)> {
            let (mac, address) = octets.split_first_chunk::<6>()?;
            Some((*mac, <[u8; 4]>::try_from(address).ok()?.into()))
        };
        Some(Self { asks, sender: end(sender)?, target: end(target)? })
    }

    /// The octets on the wire.
    #[must_use]
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut octets = [0; LENGTH];
        let head = if self.asks { REQUEST } else { REPLY };
        let ends = [self.sender, self.target];
        let ends = ends.into_iter().flat_map(|(mac, ip)| mac.into_iter().chain(ip.octets()));
        octets.iter_mut().zip(head.into_iter().chain(ends)).for_each(|(to, from)| *to = from);
        octets
    }
}

/// Octets of a packet.
pub const LENGTH: usize = 28;
/// Ethernet, IPv4, their lengths, and what it is.
const REQUEST: [u8; 8] = [0, 1, 8, 0, 6, 4, 0, 1];
const REPLY: [u8; 8] = [0, 1, 8, 0, 6, 4, 0, 2];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            asks: bool, macs in any::<[[u8; 6]; 2]>(), addresses in any::<[[u8; 4]; 2]>(),
            padding in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let arp = Arp {
                asks,
                sender: (macs[0], addresses[0].into()),
                target: (macs[1], addresses[1].into()),
            };
            let octets = [&arp.encode()[..], &padding].concat();
            prop_assert_eq!(Arp::decode(&octets), Some(arp));
        }

        #[test]
        fn any_octets_are_read_or_passed_over(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(arp) = Arp::decode(&octets) {
                prop_assert_eq!(&arp.encode()[..], &octets[..LENGTH]);
            }
        }
    }
}
