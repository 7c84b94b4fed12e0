//! `<network>`: where the server is in the network.
//!
//! What is changed here is felt at once, by the role `net` and by nobody else; those who speak to the network begin anew
//! when the address is another one.

use crate::spec::{Alias, group};
use crate::value::{
    Bootproto, Domain, Host, Ipv6Method, Ipv6Prefix, Ipv6Type, Label, Mac, Mtu, Zone,
};
use std::net::{Ipv4Addr, Ipv6Addr};

group! { "network."
    /// Whether the address comes from DHCP or is the one below.
    BOOTPROTO: Bootproto = "dhcp" at "bootproto"
        [.default_on_rack("static")]

    /// The IPv4 address of the server.
    IPADDR: Option<Ipv4Addr> = "" at "ipaddr"

    /// The mask of its network.
    NETMASK: Option<Ipv4Addr> = "" at "netmask"

    /// Where everything goes that is for another network.
    GATEWAY: Option<Ipv4Addr> = "" at "gateway"

    /// The server that is asked for names first.
    DNS1: Option<Ipv4Addr> = "" at "dns1"

    /// The server that is asked for names when the first is silent.
    DNS2: Option<Ipv4Addr> = "" at "dns2"

    /// The VLAN whose tag is written and read; 0 is none.
    VLAN: u16 = "0" at "vlan" [.range(0, 4094)]

    /// The name of the server in the network. Empty means fixpart- and the end of its MAC address.
    HOSTNAME: Option<Label> = "" at "hostname"

    /// The domain of the server in the DNS.
    DOMAIN: Domain = "" at "domain"

    /// The port of the pages of a 2500 or 8000.
    HTTP_PORT: u16 = "80" at "http-port" [.range(1, 65_535).rack()]

    /// Whether there is IPv4.
    IPV4ENABLE: bool = "true" at "ipv4enable" [.rack()]

    /// The typed IPv6 address.
    IPV6ADDR: Option<Ipv6Addr> = "" at "ipv6addr" [.rack()]

    /// The typed IPv6 address, with / and the length of its prefix or without.
    IPV6_IPADDR: Option<Ipv6Prefix> = "" at "ipv6.ipaddr" [.ip()]

    /// Where the IPv6 address comes from: typed in, from routers, from DHCPv6, or none beyond the link.
    IPV6CTYPE: Ipv6Type = "slaac" at "ipv6ctype" [.rack()]

    /// Whether there is IPv6, and where the address comes from. Statefull is the guide's word for DHCPv6, Stateless for what routers announce.
    IPV6_METHOD: Ipv6Method = "Disabled" at "ipv6.method" [.ip()]

    /// Whether there is IPv6.
    IPV6ENABLE: bool = "false" at "ipv6enable" [.rack()]

    /// Where everything goes by IPv6 that is for another network.
    IPV6GATEWAY: Option<Ipv6Addr> = "" at "ipv6gateway" [.rack()]

    /// Where everything goes by IPv6 that is for another network.
    IPV6_GATEWAY: Option<Ipv6Addr> = "" at "ipv6.gateway"
        [.twins(&[Alias::spelling("network.ipv6gateway")]).ip()]

    /// The largest packet of IPv6; 0 leaves it to the system.
    IPV6MTU: Mtu = "0" at "ipv6mtu" [.range(1280, 65_536).rack()]

    /// The length of the prefix of the IPv6 address.
    IPV6PREFIX: u8 = "64" at "ipv6prefix" [.unit("bits").range(0, 128).rack()]

    /// The address of the network card.
    MAC: Option<Mac> = "" at "mac" [.rack()]

    /// The largest packet; 0 leaves it to the system.
    MTU: Mtu = "0" at "mtu" [.range(576, 9216)]

    /// The server that is asked for the time. Empty means those that DHCP names, unless fixpart.ntp.servers names some.
    NTP: Host = "" at "ntp"

    /// Whether that server is asked.
    NTP_ENABLE: bool = "false" at "ntp.enable" [.rack()]

    /// The port for telnet.
    TELNET_PORT: u16 = "10000" at "telnet-port" [.range(1, 65_535).rack()]

    /// The time zone as a rule of POSIX or by a name: GMT-1 is one hour east, CET-1CEST,M3.5.0,M10.5.0/3 has summer time, and so have CET and Europe/Berlin.
    TIMEZONE: Zone = "CET" at "timezone"
}
