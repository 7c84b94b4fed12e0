//! What interfaces and addresses there are: dumps of rtnetlink(7), which any user may ask for.

use super::{HEADER, NLM_F_REQUEST, NLMSG_ERROR};
use nix::sys::socket::{MsgFlags, recv};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd as _;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// It is switched on.
    pub up: bool,
    /// Somebody is at the other end.
    pub running: bool,
    /// It speaks Ethernet, and is not the loopback.
    pub ethernet: bool,
    /// Its Ethernet address.
    pub mac: [u8; 6],
    /// What made it: `vlan` and the like; `None`: a device.
    pub kind: Option<String>,
    /// The interface below it.
    pub parent: Option<u32>,
    /// Its largest packet.
    pub mtu: u32,
    /// What went through it.
    pub traffic: Traffic,
}

/// What went through an interface since it was made (`struct rtnl_link_stats64`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Octets received.
    pub octets_in: u64,
    /// Packets received, those to many among them.
    pub packets_in: u64,
    /// Those to many.
    pub multicasts_in: u64,
    /// Damaged.
    pub errors_in: u64,
    /// Thrown away though nothing was wrong.
    pub drops_in: u64,
    /// Octets sent.
    pub octets_out: u64,
    /// Packets sent.
    pub packets_out: u64,
    /// Not sent because of an error.
    pub errors_out: u64,
    /// Thrown away though nothing was wrong.
    pub drops_out: u64,
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whose.
    pub index: u32,
    /// The address.
    pub address: IpAddr,
    /// Bits of its network.
    pub prefix: u8,
    /// Whether it can be used already.
    pub usable: bool,
    /// It was set by somebody and has no end; else the kernel has made it of what a router said.
    pub permanent: bool,
}

/// All interfaces, in the order of their numbers.
///
/// # Errors
/// If the kernel does not tell.
pub fn links() -> io::Result<Vec<Link>> {
    // struct ifinfomsg
    dump(RTM_GETLINK, &[0; 16], link)
}

/// All addresses.
///
/// # Errors
/// If the kernel does not tell.
pub fn addresses() -> io::Result<Vec<Address>> {
    // struct ifaddrmsg
    dump(RTM_GETADDR, &[0; 8], address)
}

/// Where IPv6 for other networks goes by the interface of this number.
///
/// # Errors
/// If the kernel does not tell.
pub fn router6(index: u32) -> io::Result<Option<Ipv6Addr>> {
    // struct rtmsg
    let mut body = [0; 12];
    body[0] = AF_INET6;
    let routes = dump(RTM_GETROUTE, &body, way_out)?;
    Ok(routes.into_iter().find(|(of, _)| *of == index).map(|(_, through)| through))
}

/// Everything that the kernel has of one kind.
fn dump<T>(kind: u16, body: &[u8], parse: fn(&[u8]) -> Option<T>) -> io::Result<Vec<T>> {
    let mut request = super::message(kind, NLM_F_DUMP, body);
    // No acknowledgement: the end of the list is one.
    request.splice(6..8, (NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    let socket = super::asked(&request)?;
    let mut found = Vec::new();
    let mut buffer = vec![0; BUFFER];
    for _ in 0..PARTS_MAX {
        let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        let part = buffer.get(..length).unwrap_or_default();
        if take(part, parse, &mut found)? {
            return Ok(found);
        }
    }
    Err(io::Error::other("the kernel's list has no end"))
}

/// Takes the messages of one part of a list; whether it was the last.
fn take<T>(part: &[u8], parse: fn(&[u8]) -> Option<T>, found: &mut Vec<T>) -> io::Result<bool> {
    let mut rest = part;
    while let Some(length) = number(rest, 0).and_then(|it| usize::try_from(it).ok()) {
        let Some(message) = rest.get(..length).filter(|it| it.len() >= HEADER) else { break };
        match short(message, 4) {
            Some(NLMSG_DONE) => return Ok(true),
            Some(NLMSG_ERROR) => return Err(io::Error::other("the kernel refuses the list")),
            _ => found.extend(message.get(HEADER..).and_then(parse)),
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(false)
}

fn link(body: &[u8]) -> Option<Link> {
    let kind = short(body, 2)?;
    let flags = number(body, 8)?;
    let mut link = Link {
        index: number(body, 4)?,
        name: String::new(),
        up: flags & IFF_UP != 0,
        running: flags & IFF_RUNNING != 0,
        ethernet: kind == ARPHRD_ETHER && flags & IFF_LOOPBACK == 0,
        mac: [0; 6],
        kind: None,
        parent: None,
        mtu: 0,
        traffic: Traffic::default(),
    };
    for (kind, value) in attributes(body.get(16..)?) {
        match kind {
            IFLA_ADDRESS => link.mac = value.try_into().unwrap_or_default(),
            IFLA_IFNAME => link.name = text(value),
            IFLA_LINK => link.parent = number(value, 0),
            IFLA_STATS64 => link.traffic = traffic(value),
            IFLA_MTU => link.mtu = number(value, 0).unwrap_or(0),
            IFLA_LINKINFO => {
                let kind = attributes(value).find(|(kind, _)| *kind == IFLA_INFO_KIND);
                link.kind = kind.map(|(_, value)| text(value));
            }
            _ => {}
        }
    }
    Some(link)
}

fn traffic(stats: &[u8]) -> Traffic {
    let nth = |at: usize| {
        let octets = stats.get(at * 8..at * 8 + 8).and_then(|octets| octets.try_into().ok());
        octets.map_or(0, u64::from_ne_bytes)
    };
    Traffic {
        packets_in: nth(0),
        packets_out: nth(1),
        octets_in: nth(2),
        octets_out: nth(3),
        errors_in: nth(4),
        errors_out: nth(5),
        drops_in: nth(6),
        drops_out: nth(7),
        multicasts_in: nth(8),
    }
}

fn address(body: &[u8]) -> Option<Address> {
    let [family, prefix, flags, ..] = *body else { return None };
    let index = number(body, 4)?;
    // Where there are both, as with IPv4, the local one is ours and the other one our peer's.
    let find = |wanted| attributes(body.get(8..)?).find(|(kind, _)| *kind == wanted);
    let (_, octets) = find(IFA_LOCAL).or_else(|| find(IFA_ADDRESS))?;
    let address = match family {
        AF_INET => Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).into(),
        AF_INET6 => Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).into(),
        _ => return None,
    };
    let (usable, permanent) = (flags & NOT_YET == 0, flags & IFA_F_PERMANENT != 0);
    Some(Address { index, address, prefix, usable, permanent })
}

/// The interface and the neighbour of a route for everything.
fn way_out(body: &[u8]) -> Option<(u32, Ipv6Addr)> {
    let [AF_INET6, 0, ..] = *body else { return None };
    let find = |wanted| attributes(body.get(12..)?).find(|(kind, _)| *kind == wanted);
    let (_, through) = find(RTA_GATEWAY)?;
    let (_, index) = find(RTA_OIF)?;
    Some((number(index, 0)?, <[u8; 16]>::try_from(through).ok()?.into()))
}

/// Kind and value of each attribute in a row of them.
fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(short(rest, 0)?);
        let value = rest.get(4..length)?;
        let kind = short(rest, 2)? & KIND;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn text(value: &[u8]) -> String {
    let end = value.iter().position(|octet| *octet == 0).unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}

fn short(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

fn number(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

const NLMSG_DONE: u16 = 3;
const NLM_F_DUMP: u16 = 0x300;
const RTM_GETLINK: u16 = 18;
const RTM_GETADDR: u16 = 22;
const RTM_GETROUTE: u16 = 26;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_LINKINFO: u16 = 18;
const IFLA_STATS64: u16 = 23;
const IFLA_INFO_KIND: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
/// Without the two bits for how its value is to be read.
const KIND: u16 = 0x3FFF;
const ARPHRD_ETHER: u16 = 1;
const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 8;
const IFF_RUNNING: u32 = 0x40;
/// IFA_F_TENTATIVE, IFA_F_DADFAILED: somebody may have it, or has it (RFC 4862 5.4).
const NOT_YET: u8 = 0x40 | 0x08;
const IFA_F_PERMANENT: u8 = 0x80;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// The kernel fills at most 32 KiB.
const BUFFER: usize = 32 << 10;
/// Some ten thousand interfaces.
const PARTS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::super::{IFLA_INFO_DATA, message, put};
    use super::*;

    fn vlan() -> Vec<u8> {
        let mut body = vec![0, 0, 1, 0];
        body.extend(7u32.to_ne_bytes());
        body.extend((IFF_UP | IFF_RUNNING).to_ne_bytes());
        body.extend([0; 4]);
        put(&mut body, IFLA_IFNAME, b"vlan5\0");
        put(&mut body, IFLA_ADDRESS, &[2, 0, 0, 0, 0, 9]);
        put(&mut body, IFLA_LINK, &2u32.to_ne_bytes());
        let mut info = Vec::new();
        put(&mut info, IFLA_INFO_KIND, b"vlan\0");
        put(&mut info, IFLA_INFO_DATA, &[0; 8]);
        put(&mut body, IFLA_LINKINFO, &info);
        body
    }

    #[test]
    fn a_list_is_read_to_its_end_and_a_cut_one_not_beyond() {
        let mut part = message(16, 0, &vlan());
        part.extend(message(NLMSG_DONE, 0, &[0; 4]));
        let mut found = Vec::new();
        assert!(take(&part, link, &mut found).unwrap());
        let [link_] = &found[..] else { panic!("{found:?}") };
        assert_eq!((link_.name.as_str(), link_.index, link_.parent), ("vlan5", 7, Some(2)));
        assert!(link_.up && link_.running && link_.ethernet);
        assert_eq!((link_.kind.as_deref(), link_.mac), (Some("vlan"), [2, 0, 0, 0, 0, 9]));
        for length in 0..part.len() {
            let _ = take(&part[..length], link, &mut Vec::new());
        }
        let refused = message(NLMSG_ERROR, 0, &(-1i32).to_ne_bytes());
        assert!(take(&refused, link, &mut Vec::new()).is_err());
    }

    #[test]
    fn an_address_is_ours_and_not_our_peers() {
        let mut body = vec![AF_INET, 24, 0, 0];
        body.extend(2u32.to_ne_bytes());
        put(&mut body, IFA_ADDRESS, &[10, 0, 0, 2]);
        put(&mut body, IFA_LOCAL, &[10, 0, 0, 1]);
        let (usable, permanent) = (true, false);
        let expected =
            Address { index: 2, address: [10, 0, 0, 1].into(), prefix: 24, usable, permanent };
        assert_eq!(address(&body), Some(expected));
        body[0] = 99;
        assert_eq!(address(&body), None);
    }
}
