//! A fixed address for the box, as a person types it and as the supervisor is told.
//!
//! Whoever has a [`Fixed`] need not check it: an address that a host can have,
//! a gateway that it can reach, a VLAN that there can be.

use std::fmt;
use std::net::Ipv4Addr;

/// The address of the box and what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// With the length of its network's prefix.
    pub host: Host,
    /// Where everything goes that is for another network; it is in the network of the host.
    pub gateway: Option<Ipv4Addr>,
    /// Servers for names, the first first, without gaps.
    pub dns: [Option<Ipv4Addr>; DNS_MAX],
    /// The tag that is written and read; `None`: none.
    pub vlan: Option<Vlan>,
}

/// An address of a host in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    address: Ipv4Addr,
    prefix: u8,
}

/// The identifier of a VLAN, 1 to 4094 (IEEE 802.1Q 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vlan(u16);

/// What a person has typed is not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is no address with a prefix.
    #[error("expected an IPv4 address and the length of its prefix, as in 192.0.2.10/24")]
    Form,
    /// The prefix leaves no room, or is none.
    #[error("expected a prefix from /8 to /30")]
    Prefix,
    /// No host has such an address.
    #[error("expected the address of a host, not that of a network, a broadcast or a group")]
    NoHost,
    /// It is no address.
    #[error("expected an IPv4 address, as in 192.0.2.1")]
    Address,
    /// The gateway cannot be reached.
    #[error(
        "expected a gateway in the network of the address, and another one than the address itself"
    )]
    Gateway,
    /// Too many, or one of them is none.
    #[error("expected at most three IPv4 addresses with commas between them")]
    Dns,
    /// There is no such VLAN.
    #[error("expected a number from 1 to 4094, or 0 for no VLAN")]
    Vlan,
}

impl Host {
    /// Such an address, if a host can have it.
    ///
    /// # Errors
    /// [`Wrong::Prefix`], [`Wrong::NoHost`].
    pub fn new(address: Ipv4Addr, prefix: u8) -> Result<Self, Wrong> {
        if !(PREFIX_MIN..=PREFIX_MAX).contains(&prefix) {
            return Err(Wrong::Prefix);
        }
        let host = Self { address, prefix };
        let own = u32::from(address) & !host.mask();
        let first = address.octets()[0];
        // 0/8, 127/8, and from 224/4 on groups and what was never given out (RFC 6890 2.2.2).
        let usable = (1..224).contains(&first) && first != 127;
        let in_the_middle = own != 0 && own != !host.mask();
        (usable && in_the_middle).then_some(host).ok_or(Wrong::NoHost)
    }

    /// `192.0.2.10/24`
    ///
    /// # Errors
    /// [`Wrong`].
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let (address, prefix) = text.split_once('/').ok_or(Wrong::Form)?;
        let address = address.parse().map_err(|_| Wrong::Form)?;
        let digits = prefix.len() <= 2 && prefix.bytes().all(|digit| digit.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|_| digits).ok_or(Wrong::Form)?;
        Self::new(address, prefix)
    }

    /// The address.
    #[must_use]
    pub const fn address(self) -> Ipv4Addr {
        self.address
    }

    /// Bits of its network, 8 to 30.
    #[must_use]
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// The network as a mask.
    #[must_use]
    pub fn netmask(self) -> Ipv4Addr {
        self.mask().into()
    }

    /// A host with this mask.
    ///
    /// # Errors
    /// [`Wrong`].
    pub fn with_netmask(address: Ipv4Addr, mask: Ipv4Addr) -> Result<Self, Wrong> {
        let mask = u32::from(mask);
        let prefix = mask.leading_ones();
        let whole = prefix + mask.trailing_zeros() == 32;
        let prefix = u8::try_from(prefix).ok().filter(|_| whole).ok_or(Wrong::Prefix)?;
        Self::new(address, prefix)
    }

    fn mask(self) -> u32 {
        u32::MAX << (32 - u32::from(self.prefix.clamp(PREFIX_MIN, PREFIX_MAX)))
    }

    fn reaches(self, other: Ipv4Addr) -> bool {
        let same = u32::from(self.address) & self.mask() == u32::from(other) & self.mask();
        same && other != self.address && Self::new(other, self.prefix).is_ok()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Vlan {
    /// The VLAN of this number; 0 is none.
    ///
    /// # Errors
    /// [`Wrong::Vlan`].
    pub fn new(number: u16) -> Result<Option<Self>, Wrong> {
        match number {
            0 => Ok(None),
            1..=4094 => Ok(Some(Self(number))),
            _ => Err(Wrong::Vlan),
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// A gateway for `host`; no text is none.
///
/// # Errors
/// [`Wrong`].
pub fn gateway(text: &str, host: Host) -> Result<Option<Ipv4Addr>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let gateway = text.parse().map_err(|_| Wrong::Address)?;
    host.reaches(gateway).then_some(Some(gateway)).ok_or(Wrong::Gateway)
}

/// Servers for names with commas between them; no text is none.
///
/// # Errors
/// [`Wrong::Dns`].
pub fn dns(text: &str) -> Result<[Option<Ipv4Addr>; DNS_MAX], Wrong> {
    let mut servers = [None; DNS_MAX];
    let mut places = servers.iter_mut();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let server: Ipv4Addr = word.parse().map_err(|_| Wrong::Dns)?;
        let usable = !server.is_unspecified() && !server.is_multicast() && !server.is_broadcast();
        *places.next().filter(|_| usable).ok_or(Wrong::Dns)? = Some(server);
    }
    Ok(servers)
}

/// The number of a VLAN; no text and 0 are none.
///
/// # Errors
/// [`Wrong::Vlan`].
pub fn vlan(text: &str) -> Result<Option<Vlan>, Wrong> {
    let digits = text.len() <= 4 && text.bytes().all(|digit| digit.is_ascii_digit());
    match text {
        "" => Ok(None),
        text if digits => Vlan::new(text.parse().map_err(|_| Wrong::Vlan)?),
        _ => Err(Wrong::Vlan),
    }
}

impl Fixed {
    /// Octets on the wire.
    pub(crate) const LEN: usize = 23;

    /// Address, gateway, servers for names, prefix, VLAN; zeros where there is none.
    pub(crate) fn encode(&self) -> [u8; Self::LEN] {
        let mut octets = [0; Self::LEN];
        let some = |address: Option<Ipv4Addr>| address.unwrap_or(Ipv4Addr::UNSPECIFIED).octets();
        let vlan = self.vlan.map_or(0, Vlan::number).to_be_bytes();
        let parts = self.host.address.octets().into_iter().chain(some(self.gateway));
        let parts = parts.chain(self.dns.into_iter().flat_map(some));
        let parts = parts.chain([self.host.prefix]).chain(vlan);
        octets.iter_mut().zip(parts).for_each(|(place, octet)| *place = octet);
        octets
    }

    /// What such octets say, if it is an address that a box can have.
    pub(crate) fn decode(octets: &[u8; Self::LEN]) -> Option<Self> {
        let (quads, rest) = octets.as_chunks::<4>();
        let ([address, gateway, servers @ ..], [prefix, vlan @ ..]) = (quads, rest) else {
            return None;
        };
        let some = |quad: [u8; 4]| (quad != [0; 4]).then(|| Ipv4Addr::from(quad));
        let host = Host::new((*address).into(), *prefix).ok()?;
        let gateway = some(*gateway);
        let mut dns = [None; DNS_MAX];
        dns.iter_mut().zip(servers).for_each(|(place, quad)| *place = some(*quad));
        let gaps = dns.windows(2).any(|pair| matches!(pair, [None, Some(_)]));
        let vlan = Vlan::new(u16::from_be_bytes(vlan.try_into().ok()?)).ok()?;
        let reached = gateway.is_none_or(|gateway| host.reaches(gateway));
        (reached && !gaps).then_some(Self { host, gateway, dns, vlan })
    }
}

/// As many as a resolver asks (resolv.conf(5), `MAXNS`).
pub const DNS_MAX: usize = 3;
/// A network of half of all addresses is a mistake.
const PREFIX_MIN: u8 = 8;
/// Two hosts.
const PREFIX_MAX: u8 = 30;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_host_has_an_address_inside_its_network() {
        assert_eq!(Host::parse("192.0.2.10/24").unwrap().to_string(), "192.0.2.10/24");
        for (text, wrong) in [
            ("192.0.2.10", Wrong::Form),
            ("192.0.2.10/", Wrong::Form),
            ("192.0.2.10/+4", Wrong::Form),
            ("192.0.2/24", Wrong::Form),
            ("fe80::1/64", Wrong::Form),
            ("", Wrong::Form),
            ("192.0.2.10/31", Wrong::Prefix),
            ("192.0.2.10/7", Wrong::Prefix),
            ("192.0.2.0/24", Wrong::NoHost),
            ("192.0.2.255/24", Wrong::NoHost),
            ("127.0.0.1/8", Wrong::NoHost),
            ("224.0.0.5/24", Wrong::NoHost),
            ("0.1.2.3/8", Wrong::NoHost),
        ] {
            assert_eq!(Host::parse(text), Err(wrong), "{text}");
        }
    }

    #[test]
    fn a_mask_says_the_same_as_a_prefix() {
        for prefix in PREFIX_MIN..=PREFIX_MAX {
            let host = Host::new([10, 129, 65, 1].into(), prefix).unwrap();
            assert_eq!(Host::with_netmask(host.address(), host.netmask()), Ok(host));
        }
        let odd = Host::with_netmask([10, 0, 0, 1].into(), [255, 0, 255, 0].into());
        assert_eq!(odd, Err(Wrong::Prefix));
    }

    #[test]
    fn a_gateway_is_a_neighbour() {
        let host = Host::parse("192.0.2.10/24").unwrap();
        assert_eq!(gateway("192.0.2.1", host), Ok(Some([192, 0, 2, 1].into())));
        assert_eq!(gateway("", host), Ok(None));
        assert_eq!(gateway("router", host), Err(Wrong::Address));
        for far in ["192.0.3.1", "192.0.2.10", "192.0.2.255", "192.0.2.0"] {
            assert_eq!(gateway(far, host), Err(Wrong::Gateway), "{far}");
        }
    }

    #[test]
    fn names_are_asked_of_three_at_most() {
        let three = dns("192.0.2.1, 192.0.2.2,192.0.2.3").unwrap();
        assert!(three.iter().all(Option::is_some));
        assert_eq!(dns("").unwrap(), [None; 3]);
        for wrong in ["1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4", "name", "224.0.0.1", "0.0.0.0", "::1"] {
            assert_eq!(dns(wrong), Err(Wrong::Dns), "{wrong}");
        }
    }

    #[test]
    fn a_vlan_has_a_number_from_1_to_4094() {
        assert_eq!(vlan("4094").unwrap().map(Vlan::number), Some(4094));
        assert_eq!((vlan("0"), vlan("")), (Ok(None), Ok(None)));
        for wrong in ["4095", "-1", "x", "99999", "+1"] {
            assert_eq!(vlan(wrong), Err(Wrong::Vlan), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_from_octets_is_written_as_they_were(octets in any::<[u8; Fixed::LEN]>()) {
            if let Some(fixed) = Fixed::decode(&octets) {
                prop_assert_eq!(fixed.encode(), octets);
            }
        }

        #[test]
        fn what_can_be_typed_comes_through_the_record(
            address in any::<[u8; 4]>(), prefix in PREFIX_MIN..=PREFIX_MAX, other in any::<[u8; 4]>(),
            count in 0..=DNS_MAX, number in 0u16..4095,
        ) {
            let Ok(host) = Host::new(address.into(), prefix) else { return Ok(()) };
            let gateway = gateway(&Ipv4Addr::from(other).to_string(), host).unwrap_or(None);
            let servers = vec!["192.0.2.53"; count].join(",");
            let dns = dns(&servers).unwrap();
            let fixed = Fixed { host, gateway, dns, vlan: Vlan::new(number).unwrap() };
            prop_assert_eq!(Fixed::decode(&fixed.encode()), Some(fixed));
        }
    }
}
