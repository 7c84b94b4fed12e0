//! What the settings want of the network.

use config::Config;
use config::groups::{fixpart, network};
use config::value::{Bootproto, Ipv6Method};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use supervise::net::{Fixed, Host, Vlan};

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Where the IPv4 address comes from.
    pub(super) method: Method,
    /// Servers for names, before those that the network names.
    pub(super) dns: Vec<IpAddr>,
    /// The domain, whatever the network says.
    pub(super) domain: String,
    /// The name of this machine; `None`: one is made of its MAC address.
    pub(super) host_name: Option<String>,
    /// The VLAN whose tag is written and read.
    pub(super) vlan: Option<u16>,
    /// The largest packet, whatever the network says.
    pub(super) mtu: Option<u32>,
    /// Whether there is IPv6, and where the address comes from.
    pub(super) v6: V6,
    /// Why not all of it is as somebody has set it.
    pub(super) problem: Option<String>,
}

/// Where the IPv4 address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// A server.
    Dhcp,
    /// The settings.
    Static(Host, Option<Ipv4Addr>),
}

/// Whether there is IPv6, and where the address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum V6 {
    /// There is none.
    Disabled,
    /// What routers announce (RFC 4862).
    Routers,
    /// The settings: address, length of the prefix, router.
    Static(Ipv6Addr, u8, Option<Ipv6Addr>),
}

/// What the settings want of IPv6, and what of it cannot be had.
fn v6(config: &Config) -> (V6, Option<String>) {
    let router = config.get(&network::IPV6_GATEWAY);
    match (config.get(&network::IPV6_METHOD), config.get(&network::IPV6_IPADDR)) {
        (Ipv6Method::Disabled, _) => (V6::Disabled, None),
        (Ipv6Method::Static, Some(own)) => {
            (V6::Static(own.address, own.length.unwrap_or(PREFIX6), router), None)
        }
        (Ipv6Method::Static, None) => {
            (V6::Disabled, Some("network.ipv6.method is Static, but there is no network.ipv6.ipaddr".into()))
        }
        (Ipv6Method::Stateless, _) => (V6::Routers, None),
        (Ipv6Method::Stateful, _) => (
            V6::Routers,
            Some(
                "network.ipv6.method is Statefull, but this version does not speak DHCPv6; the address is the one that \
                 routers announce"
                    .into(),
            ),
        ),
    }
}

/// The prefix of a network whose length nobody has typed (RFC 4291 2.5.4).
const PREFIX6: u8 = 64;

impl Wanted {
    /// What these settings want; half an address is none, and is said.
    pub(super) fn of(config: &Config) -> Self {
        let (method, problem) = match fixed(config) {
            Ok(Some(fixed)) => (Method::Static(fixed.host, fixed.gateway), None),
            Ok(None) => (Method::Dhcp, None),
            Err(why) => (
                Method::Dhcp,
                Some(format!(
                    "network.bootproto is static, but the address cannot be used: {why}; it comes from DHCP until that \
                     is mended"
                )),
            ),
        };
        let (v6, problem6) = v6(config);
        let typed = [&network::DNS1, &network::DNS2, &fixpart::DNS3];
        Self {
            method,
            dns: typed.into_iter().filter_map(|it| config.get(it)).map(IpAddr::V4).collect(),
            domain: config.get(&network::DOMAIN).0,
            host_name: config.get(&network::HOSTNAME).map(|name| name.0),
            vlan: Vlan::new(config.get(&network::VLAN)).ok().flatten().map(Vlan::number),
            mtu: config.get(&network::MTU).0,
            v6,
            problem: problem.or(problem6),
        }
    }
}

/// The address that the settings have, where they want one.
///
/// # Errors
/// What is missing or wrong.
pub(crate) fn fixed(config: &Config) -> Result<Option<Fixed>, supervise::net::Wrong> {
    if config.get(&network::BOOTPROTO) != Bootproto::Static {
        return Ok(None);
    }
    let address = config.get(&network::IPADDR).ok_or(supervise::net::Wrong::Form)?;
    let mask = config.get(&network::NETMASK).ok_or(supervise::net::Wrong::Prefix)?;
    let host = Host::with_netmask(address, mask)?;
    let words = |address: Option<Ipv4Addr>| address.map_or_else(String::new, |it| it.to_string());
    let gateway = supervise::net::gateway(&words(config.get(&network::GATEWAY)), host)?;
    let servers = [&network::DNS1, &network::DNS2, &fixpart::DNS3];
    let servers = servers.map(|server| words(config.get(server))).join(",");
    let dns = supervise::net::dns(&servers)?;
    Ok(Some(Fixed { host, gateway, dns, vlan: Vlan::new(config.get(&network::VLAN))? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(inside: &str) -> Wanted {
        let text = format!("<config><network>{inside}</network></config>");
        Wanted::of(&Config::read("config.xml", &text).unwrap().0)
    }

    #[test]
    fn half_an_address_is_none_and_is_said() {
        let whole = "<bootproto>static</bootproto><ipaddr>192.0.2.9</ipaddr>\
                     <netmask>255.255.255.0</netmask>";
        let Method::Static(host, None) = wanted(whole).method else { panic!() };
        assert_eq!(host.to_string(), "192.0.2.9/24");
        let half = wanted("<bootproto>static</bootproto><ipaddr>192.0.2.9</ipaddr>");
        assert!(half.method == Method::Dhcp && half.problem.is_some());
        // An address alone is kept for later.
        let none = wanted("<ipaddr>192.0.2.9</ipaddr>");
        assert!(none.method == Method::Dhcp && none.problem.is_none());
    }

    #[test]
    fn typed_servers_and_names_are_as_they_were_typed() {
        let all = wanted(
            "<dns1>192.0.2.53</dns1><dns2>192.0.2.54</dns2><domain>example.com</domain>\
             <hostname>box</hostname><vlan>7</vlan><mtu>1400</mtu>",
        );
        assert_eq!((all.dns.len(), all.domain.as_str()), (2, "example.com"));
        assert_eq!(
            (all.host_name.as_deref(), all.vlan, all.mtu),
            (Some("box"), Some(7), Some(1400))
        );
    }
}
