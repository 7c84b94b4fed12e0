//! `<network>`: where the server is in the network.
//!
//! Read from the files that the box keeps of what was typed at its console and of what the import of a virtual
//! appliance has given; a role that keeps all of it will read them from `config.xml` too.

use crate::spec::{Alias, Applies, group};
use crate::value::{
    Bootproto, Domain, Host, Ipv6Method, Ipv6Prefix, Ipv6Type, Label, Mac, Mtu, Zone,
};
use std::net::{Ipv4Addr, Ipv6Addr};

group! { "network."
    /// Whether the address comes from DHCP or is the one below.
    BOOTPROTO: Bootproto = "dhcp" at "bootproto"
        [.applies(Applies::Restart).default_on_rack("static").later()]

    /// The IPv4 address of the server.
    IPADDR: Option<Ipv4Addr> = "" at "ipaddr" [.applies(Applies::Restart).later()]

    /// The mask of its network.
    NETMASK: Option<Ipv4Addr> = "" at "netmask" [.applies(Applies::Restart).later()]

    /// Where everything goes that is for another network.
    GATEWAY: Option<Ipv4Addr> = "" at "gateway" [.applies(Applies::Restart).later()]

    /// The server that is asked for names first.
    DNS1: Option<Ipv4Addr> = "" at "dns1" [.applies(Applies::Restart).later()]

    /// The server that is asked for names when the first is silent.
    DNS2: Option<Ipv4Addr> = "" at "dns2" [.applies(Applies::Restart).later()]

    /// The VLAN whose tag is written and read; 0 is none.
    VLAN: u16 = "0" at "vlan" [.range(0, 4094).applies(Applies::Restart).later()]

    /// The name of the server in the network. Empty means fixpart- and the end of its MAC address.
    HOSTNAME: Option<Label> = "" at "hostname" [.applies(Applies::Restart).later()]

    /// DNS domain.
    DOMAIN: Domain = "" at "domain" [.applies(Applies::Restart).later()]

    /// HTTP port.
    HTTP_PORT: u16 = "80" at "http-port" [.range(1, 65_535).rack()]

    /// IPv4 on or off.
    IPV4ENABLE: bool = "true" at "ipv4enable" [.rack()]

    /// Static IPv6 address.
    IPV6ADDR: Option<Ipv6Addr> = "" at "ipv6addr" [.rack()]

    /// Static IPv6 address with optional prefix length.
    IPV6_IPADDR: Option<Ipv6Prefix> = "" at "ipv6.ipaddr" [.applies(Applies::Restart).ip().later()]

    /// IPv6 method: static, SLAAC, DHCPv6, link-local only.
    IPV6CTYPE: Ipv6Type = "slaac" at "ipv6ctype" [.rack()]

    /// IPv6 method.
    IPV6_METHOD: Ipv6Method = "Disabled" at "ipv6.method" [.applies(Applies::Restart).ip().later()]

    /// IPv6 on or off.
    IPV6ENABLE: bool = "false" at "ipv6enable" [.rack()]

    /// IPv6 default gateway.
    IPV6GATEWAY: Option<Ipv6Addr> = "" at "ipv6gateway" [.rack()]

    /// IPv6 default gateway.
    IPV6_GATEWAY: Option<Ipv6Addr> = "" at "ipv6.gateway" [.applies(Applies::Restart).twins(&[Alias::spelling("network.ipv6gateway")]).ip().later()]

    /// IPv6 MTU.
    IPV6MTU: Mtu = "0" at "ipv6mtu" [.range(1280, 65_536).rack()]

    /// IPv6 prefix length.
    IPV6PREFIX: u8 = "64" at "ipv6prefix" [.unit("bits").range(0, 128).rack()]

    /// MAC address.
    MAC: Option<Mac> = "" at "mac" [.rack()]

    /// MTU.
    MTU: Mtu = "0" at "mtu" [.range(576, 1500).applies(Applies::Restart).later()]

    /// NTP server.
    NTP: Host = "" at "ntp" [.later()]

    /// Ask the NTP server or not.
    NTP_ENABLE: bool = "false" at "ntp.enable" [.rack()]

    /// Telnet port.
    TELNET_PORT: u16 = "10000" at "telnet-port" [.range(1, 65_535).rack()]

    /// Time zone.
    TIMEZONE: Zone = "CET" at "timezone" [.later()]
}
