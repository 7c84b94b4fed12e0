//! Network interfaces, their addresses and the way out: rtnetlink(7).

mod route;
mod table;
mod watch;

pub use route::{Route, add_route, remove_route};
pub use table::{Address, Link, Traffic, addresses, links, router6};
pub use watch::{Watch, name_servers};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsRawFd as _, OwnedFd};

/// Switches the interface on.
///
/// # Errors
/// If there is none of this name, or this user may not.
pub fn up(interface: &str) -> io::Result<()> {
    ask(&link_up(index(interface)?))
}

/// Lets packets of the interface have so many octets.
///
/// # Errors
/// If there is none of this name, this user may not, or the device cannot.
pub fn set_mtu(interface: &str, mtu: u32) -> io::Result<()> {
    let mut body = vec![0; 4];
    body.extend(index(interface)?.to_ne_bytes());
    body.extend([0; 8]);
    put(&mut body, IFLA_MTU, &mtu.to_ne_bytes());
    ask(&message(RTM_NEWLINK, 0, &body))
}

/// Gives the interface an address; one that it has already is no error.
///
/// # Errors
/// If there is none of this name, or this user may not.
pub fn add_address(interface: &str, address: impl Into<IpAddr>, prefix: u8) -> io::Result<()> {
    let what = (index(interface)?, address.into(), prefix);
    match ask(&address_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, what)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Takes an address from the interface; one that it does not have is no error.
///
/// # Errors
/// If there is no such interface, or this user may not.
pub fn remove_address(interface: &str, address: impl Into<IpAddr>, prefix: u8) -> io::Result<()> {
    let request = address_message(RTM_DELADDR, 0, (index(interface)?, address.into(), prefix));
    match ask(&request) {
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Ok(()),
        other => other,
    }
}

/// Sends what leaves the network to this neighbour, and no longer to another one.
///
/// # Errors
/// If no interface reaches the neighbour, or this user may not.
pub fn set_default_route(through: Ipv4Addr) -> io::Result<()> {
    ask(&default_route(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, Some(through)))
}

/// Sends nothing any more that leaves the network; that there was no way out is no error.
///
/// # Errors
/// If this user may not.
pub fn remove_default_route() -> io::Result<()> {
    match ask(&default_route(RTM_DELROUTE, 0, None)) {
        Err(error) if error.raw_os_error() == Some(nix::libc::ESRCH) => Ok(()),
        other => other,
    }
}

/// Makes an interface for a VLAN above another one; one of this name that is there already is no error.
///
/// # Errors
/// If there is no such parent, the kernel has no VLANs, or this user may not.
pub fn add_vlan(parent: &str, name: &str, identifier: u16) -> io::Result<()> {
    match ask(&vlan_add(index(parent)?, name, identifier)) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Takes away an interface that has no device behind it.
///
/// # Errors
/// If there is none of this name, or it cannot be taken away.
pub fn remove(interface: &str) -> io::Result<()> {
    let mut body = vec![0; 4];
    body.extend(index(interface)?.to_ne_bytes());
    body.extend([0; 8]);
    ask(&message(RTM_DELLINK, 0, &body))
}

/// The interfaces that have a device behind them, in the order of their names.
#[must_use]
pub fn interfaces() -> Vec<String> {
    let entries = std::fs::read_dir("/sys/class/net").into_iter().flatten().flatten();
    let real = entries.filter(|entry| entry.path().join("device").exists());
    let mut names: Vec<String> =
        real.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn index(interface: &str) -> io::Result<u32> {
    Ok(nix::net::if_::if_nametoindex(interface)?)
}

/// One request and the kernel's verdict.
fn ask(request: &[u8]) -> io::Result<()> {
    let socket = asked(request)?;
    let mut answer = [0; 4096];
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    match verdict(answer.get(..length).unwrap_or_default()) {
        Some(0) => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(error.saturating_neg())),
        None => Err(io::Error::other("the kernel's answer is no verdict")),
    }
}

/// A socket on which the kernel answers this.
fn asked(request: &[u8]) -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let protocol = SockProtocol::NetlinkRoute;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
    sendto(socket.as_raw_fd(), request, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
    Ok(socket)
}

/// The error number of an NLMSG_ERROR, which an acknowledgement is too.
fn verdict(answer: &[u8]) -> Option<i32> {
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    let error = i32::from_ne_bytes(answer.get(HEADER..HEADER + 4)?.try_into().ok()?);
    (kind == NLMSG_ERROR).then_some(error)
}

fn link_up(index: u32) -> Vec<u8> {
    // struct ifinfomsg: family, padding, type, index, flags, change
    let mut body = vec![0; 4];
    body.extend(index.to_ne_bytes());
    body.extend(IFF_UP.to_ne_bytes());
    body.extend(IFF_UP.to_ne_bytes());
    message(RTM_NEWLINK, 0, &body)
}

fn address_message(kind: u16, flags: u16, what: (u32, IpAddr, u8)) -> Vec<u8> {
    let (index, address, prefix) = what;
    let (family, most, octets) = parts(address);
    // struct ifaddrmsg: family, prefix length, flags, scope, index
    let mut body = vec![family, prefix.min(most), 0, 0];
    body.extend(index.to_ne_bytes());
    for attribute in [IFA_LOCAL, IFA_ADDRESS] {
        put(&mut body, attribute, &octets);
    }
    message(kind, flags, &body)
}

/// Family, longest prefix and octets of an address.
fn parts(address: IpAddr) -> (u8, u8, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (AF_INET, 32, address.octets().to_vec()),
        IpAddr::V6(address) => (AF_INET6, 128, address.octets().to_vec()),
    }
}

fn default_route(kind: u16, flags: u16, through: Option<Ipv4Addr>) -> Vec<u8> {
    // struct rtmsg: family, lengths of destination and source, tos, table, protocol, scope, type, flags
    let mut body = vec![AF_INET, 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, 0, RTN_UNICAST, 0, 0, 0, 0];
    if let Some(through) = through {
        put(&mut body, RTA_GATEWAY, &through.octets());
    }
    message(kind, flags, &body)
}

fn vlan_add(parent: u32, name: &str, identifier: u16) -> Vec<u8> {
    let mut body = vec![0; 16];
    put(&mut body, IFLA_LINK, &parent.to_ne_bytes());
    put(&mut body, IFLA_IFNAME, &[name.as_bytes(), b"\0"].concat());
    let (mut data, mut info) = (Vec::new(), Vec::new());
    put(&mut data, IFLA_VLAN_ID, &identifier.to_ne_bytes());
    put(&mut info, IFLA_INFO_KIND, b"vlan\0");
    put(&mut info, IFLA_INFO_DATA, &data);
    put(&mut body, IFLA_LINKINFO, &info);
    message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body)
}

/// An attribute: length with its own header, kind, value, and zeros up to a multiple of four.
fn put(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    body.extend(length.to_ne_bytes());
    body.extend(kind.to_ne_bytes());
    body.extend(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + body.len()).unwrap_or(0);
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend((NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
    // Sequence number and port: one question per socket.
    message.extend([0; 8]);
    message.extend(body);
    message
}

/// `struct nlmsghdr`
const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_REPLACE: u16 = 0x100;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_VLAN_ID: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const RTA_GATEWAY: u16 = 5;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_BOOT: u8 = 3;
const RTN_UNICAST: u8 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IFF_UP: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_read_and_anything_else_is_none() {
        let mut answer = message(NLMSG_ERROR, 0, &(-17i32).to_ne_bytes());
        assert_eq!(verdict(&answer), Some(-17));
        answer[4] = 3;
        assert_eq!(verdict(&answer), None);
        for length in 0..answer.len() {
            assert_eq!(verdict(&answer[..length]), None);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no namespaces")]
    fn an_interface_in_a_network_of_its_own_comes_up_with_its_address() {
        // In a thread of its own, since a namespace is a thread's.
        let seen = std::thread::spawn(|| {
            use nix::sched::{CloneFlags, unshare};
            if unshare(CloneFlags::CLONE_NEWNET).is_err() {
                return None;
            }
            up("lo").unwrap();
            add_address("lo", Ipv4Addr::new(10, 9, 8, 7), 24).unwrap();
            add_address("lo", Ipv4Addr::new(10, 9, 8, 7), 24).unwrap();
            assert!(up("nobody").is_err());
            let there = std::net::UdpSocket::bind("10.9.8.7:0").is_ok();
            let listed = addresses().unwrap().iter().any(|it| {
                it.address == Ipv4Addr::new(10, 9, 8, 7) && (it.prefix, it.index) == (24, 1)
            });
            let lo = links().unwrap().into_iter().find(|link| link.name == "lo").unwrap();
            assert!(listed && lo.up && !lo.ethernet, "{lo:?}");
            set_default_route(Ipv4Addr::new(10, 9, 8, 1)).unwrap();
            set_default_route(Ipv4Addr::new(10, 9, 8, 2)).unwrap();
            remove_default_route().unwrap();
            remove_default_route().unwrap();
            remove_address("lo", Ipv4Addr::new(10, 9, 8, 7), 24).unwrap();
            remove_address("lo", Ipv4Addr::new(10, 9, 8, 7), 24).unwrap();
            assert!(std::net::UdpSocket::bind("10.9.8.7:0").is_err());
            Some(there)
        });
        match seen.join().unwrap() {
            Some(bound) => assert!(bound),
            None => println!("skipped: this user may not make a network namespace"),
        }
    }
}
