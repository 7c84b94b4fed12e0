//! `<network>`: where the server is in the network.
//!
//! Read from the files that the box keeps of what was typed at its console and of what the import of a virtual
//! appliance has given; a role that keeps all of it will read them from `config.xml` too.

use crate::spec::{Applies, group};
use crate::value::{Bootproto, Label};
use std::net::Ipv4Addr;

group! { "network"
    /// Whether the address comes from DHCP or is the one below.
    BOOTPROTO: Bootproto = "dhcp" at "bootproto" [.applies(Applies::Restart).later()]

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

    /// The server that is asked for names when the other two are silent.
    DNS3: Option<Ipv4Addr> = "" at "dns3" [.applies(Applies::Restart).later()]

    /// The VLAN whose tag is written and read; 0 is none.
    VLAN: u16 = "0" at "vlan" [.range(0, 4094).applies(Applies::Restart).later()]

    /// The name of the server in the network. Empty means fixpart- and the end of its MAC address.
    HOSTNAME: Option<Label> = "" at "hostname" [.applies(Applies::Restart).later()]
}
