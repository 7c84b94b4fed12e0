//! Values that are addresses and identities.

use super::{Kind, Value};
use crate::spec::{Reject, Spec};
use ident::{Ari, Ipei};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address of a network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

/// An IPv6 address, and the length of its prefix where one is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6Prefix {
    /// The address.
    pub address: Ipv6Addr,
    /// 0 to 128.
    pub length: Option<u8>,
}

/// An identity of 128 bits (RFC 9562).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uuid(pub u128);

/// Networks as address and length, `192.0.2.0/24`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<(IpAddr, u8)>);

impl Value for Ari {
    const KIND: Kind = Kind::Identity;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "an ARI of eight hexadecimal digits, ten for class A, such as 10009034";
        text.trim().parse().map_err(|_| Reject::Not(what))
    }
}

impl Value for Ipei {
    const KIND: Kind = Kind::Identity;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        text.trim().parse().map_err(|_| Reject::Not("an IPEI such as 00077 0000001"))
    }
}

impl Value for Ipv4Addr {
    const KIND: Kind = Kind::Ip;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        text.trim().parse().map_err(|_| Reject::Not("an IPv4 address"))
    }
}

impl Value for Ipv6Addr {
    const KIND: Kind = Kind::Ip6;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        text.trim().parse().map_err(|_| Reject::Not("an IPv6 address"))
    }
}

impl Value for IpAddr {
    const KIND: Kind = Kind::Ip;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        text.trim().parse().map_err(|_| Reject::Not("an IPv4 or IPv6 address"))
    }
}

impl Value for Ipv6Prefix {
    const KIND: Kind = Kind::Ip6Prefix;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = Reject::Not("an IPv6 address, with / and the length of its prefix or without");
        let (address, length) = match text.trim().split_once('/') {
            None => (text.trim(), None),
            Some((address, length)) => (address, Some(length)),
        };
        let length = match length.map(str::parse::<u8>) {
            None => None,
            Some(Ok(length)) if length <= 128 => Some(length),
            Some(_) => return Err(what),
        };
        address.parse().map(|address| Self { address, length }).map_err(|_| what)
    }
}

impl Value for Mac {
    const KIND: Kind = Kind::Mac;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = Reject::Not("a MAC address of twelve hexadecimal digits");
        let digits: String = text.trim().chars().filter(|c| !matches!(c, ':' | '-')).collect();
        if digits.len() != 12 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(what);
        }
        let number = u64::from_str_radix(&digits, 16).map_err(|_| what)?;
        let [_, _, mac @ ..] = number.to_be_bytes();
        Ok(Self(mac))
    }
}

impl Value for Uuid {
    const KIND: Kind = Kind::Uuid;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "a UUID of 32 hexadecimal digits";
        let text = text.trim().trim_start_matches('{').trim_end_matches('}');
        let digits: String = text.chars().filter(|letter| *letter != '-').collect();
        let sound = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u128::from_str_radix(&digits, 16).ok().filter(|_| sound);
        number.map(Self).ok_or(Reject::Not(what))
    }
}

impl Value for Networks {
    const KIND: Kind = Kind::List;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "networks such as 192.0.2.0/24 with commas between, at most 64";
        let words: Vec<&str> = text.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
        let networks: Option<Vec<_>> = words.iter().map(|word| network(word)).collect();
        let networks = networks.filter(|networks| networks.len() <= NETWORKS_MAX);
        networks.map(Self).ok_or(Reject::Not(what))
    }
}

fn network(word: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = match word.split_once('/') {
        None => (word, None),
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(most);
    (length <= most).then_some((address, length))
}

impl Networks {
    /// Whether an address is in one of them; one of IPv4 that came over a socket of IPv6 is one of IPv4.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|(network, length)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let beyond = 32 - u32::from((*length).min(32));
                let shifted = |it: Ipv4Addr| u32::from(it).checked_shr(beyond);
                shifted(*network) == shifted(address)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let beyond = 128 - u32::from((*length).min(128));
                let shifted = |it: Ipv6Addr| u128::from(it).checked_shr(beyond);
                shifted(*network) == shifted(address)
            }
            _ => false,
        })
    }
}

/// More than any site has.
const NETWORKS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_a_network_whose_bits_it_has() {
        let networks = Networks(vec![
            ("192.0.2.128".parse().unwrap(), 25),
            ("2001:db8::".parse().unwrap(), 32),
            ("198.51.100.7".parse().unwrap(), 32),
        ]);
        for (address, inside) in [
            ("192.0.2.129", true),
            ("192.0.2.127", false),
            ("::ffff:192.0.2.200", true),
            ("198.51.100.7", true),
            ("198.51.100.6", false),
            ("2001:db8:ffff::1", true),
            ("2001:db9::1", false),
            ("::1", false),
        ] {
            assert_eq!(networks.contain(address.parse().unwrap()), inside, "{address}");
        }
        let all = Networks(vec![(Ipv4Addr::UNSPECIFIED.into(), 0)]);
        assert!(all.contain("203.0.113.9".parse().unwrap()));
        assert!(!all.contain("::1".parse().unwrap()));
        assert!(!Networks::default().contain("127.0.0.1".parse().unwrap()));
    }
}
