//! Ways to other networks.

use super::{
    AF_INET6, NLM_F_CREATE, NLM_F_REPLACE, RT_TABLE_MAIN, RTA_GATEWAY, RTM_DELROUTE, RTM_NEWROUTE,
    RTN_UNICAST, ask, index, message, parts, put,
};
use std::io;
use std::net::IpAddr;

/// A way to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// The first address of the network.
    pub network: IpAddr,
    /// Length of its prefix; 0 is everything.
    pub prefix: u8,
    /// The neighbour that knows the way; `None`: it is on the link of the interface.
    pub through: Option<IpAddr>,
}

/// Sends packets for a network this way; another way of ours to the same network is replaced.
///
/// # Errors
/// If there is no interface of this name, the neighbour is not on its link, or this user may not.
pub fn add_route(interface: &str, route: &Route) -> io::Result<()> {
    let body = body(interface, route)?;
    ask(&message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &body))
}

/// Takes a way back; one that is not there, or whose interface is gone, is no error.
///
/// # Errors
/// If this user may not.
pub fn remove_route(interface: &str, route: &Route) -> io::Result<()> {
    let Ok(body) = body(interface, route) else { return Ok(()) };
    match ask(&message(RTM_DELROUTE, 0, &body)) {
        Err(error) if error.raw_os_error() == Some(nix::libc::ESRCH) => Ok(()),
        other => other,
    }
}

fn body(interface: &str, route: &Route) -> io::Result<Vec<u8>> {
    let (family, most, network) = parts(route.network);
    let scope = if route.through.is_some() || family == AF_INET6 { 0 } else { RT_SCOPE_LINK };
    // struct rtmsg: family, lengths of destination and source, tos, table, protocol, scope, type, flags
    let prefix = route.prefix.min(most);
    let mut body =
        vec![family, prefix, 0, 0, RT_TABLE_MAIN, RTPROT_DHCP, scope, RTN_UNICAST, 0, 0, 0, 0];
    if prefix > 0 {
        put(&mut body, RTA_DST, &network);
    }
    if let Some(through) = route.through {
        put(&mut body, RTA_GATEWAY, &parts(through).2);
    }
    put(&mut body, RTA_OIF, &index(interface)?.to_ne_bytes());
    Ok(body)
}

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RT_SCOPE_LINK: u8 = 253;
/// What people see in the list of routes: they were told by a server, or typed where otherwise a server tells.
const RTPROT_DHCP: u8 = 16;
