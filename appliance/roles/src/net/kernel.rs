//! The kernel's network, made to be as it is wanted.

use super::wanted::V6;
use crate::modules;
use bus::net1::Ipv6;
use os::link::{self, Link, Route};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The interface that is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number.
    pub(super) index: u32,
    /// Its name.
    pub(super) name: String,
    /// Its address of Ethernet.
    pub(super) mac: [u8; 6],
    /// Somebody is at the other end.
    pub(super) running: bool,
    /// Its largest packet.
    pub(super) mtu: u32,
    /// The device below it, where it is a VLAN.
    pub(super) device: Option<String>,
}

/// What the interface is to have of IPv4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ipv4Set {
    /// Its address and the length of the prefix.
    pub(super) address: Option<(Ipv4Addr, u8)>,
    /// Ways to other networks.
    pub(super) routes: Vec<Route>,
}

/// The first device that speaks Ethernet, switched on, or the VLAN above it.
///
/// # Errors
/// What the kernel refuses, in words.
pub(super) fn place(vlan: Option<u16>) -> Result<Place, String> {
    let links = link::links().map_err(|error| format!("the interfaces are not known: {error}"))?;
    let device = first(&links).ok_or("there is no network interface")?.clone();
    if !device.up {
        link::up(&device.name).map_err(|error| format!("{} stays off: {error}", device.name))?;
    }
    clear_vlans(&links, vlan);
    let Some(number) = vlan else { return Ok(of(&device, None)) };
    let name = vlan_name(number);
    let failed = |error: io::Error| format!("there is no VLAN {number}: {error}");
    if !links.iter().any(|link| link.name == name) {
        modules::load("8021q");
        link::add_vlan(&device.name, &name, number).map_err(failed)?;
        link::up(&name).map_err(failed)?;
    }
    let links = link::links().map_err(failed)?;
    let above = links.iter().find(|link| link.name == name);
    let above = above.ok_or_else(|| format!("there is no VLAN {number}"))?;
    Ok(of(above, Some(device.name)))
}

/// Of the devices that speak Ethernet the first by name; in a network of a test's own they are made by the kernel in pairs.
fn first(links: &[Link]) -> Option<&Link> {
    let device =
        |link: &&Link| link.ethernet && link.kind.as_deref().is_none_or(|kind| kind == "veth");
    links.iter().filter(device).min_by(|one, other| one.name.cmp(&other.name))
}

fn of(link: &Link, device: Option<String>) -> Place {
    let Link { index, name, mac, running, mtu, .. } = link.clone();
    Place { index, name, mac, running, mtu, device }
}

/// Takes VLANs of ours away that are not wanted any more.
fn clear_vlans(links: &[Link], wanted: Option<u16>) {
    let stays = wanted.map(vlan_name);
    let ours = |link: &&Link| {
        link.kind.as_deref() == Some("vlan")
            && link.name.starts_with(VLAN)
            && Some(&link.name) != stays.as_ref()
    };
    for vlan in links.iter().filter(ours) {
        if let Err(error) = link::remove(&vlan.name) {
            tracing::warn!(%error, interface = vlan.name, "the VLAN stays");
        }
    }
}

/// Gives the interface this address and takes all others away, then the same with the routes; `before` are those that
/// were set last.
///
/// # Errors
/// What the kernel refuses, in words.
pub(super) fn set_ipv4(place: &Place, set: &Ipv4Set, before: &[Route]) -> Result<(), String> {
    let failed = |what: &str| {
        let what = format!("{what} on {}", place.name);
        move |error: io::Error| format!("{what}: {error}")
    };
    for route in before.iter().filter(|route| !set.routes.contains(route)) {
        link::remove_route(&place.name, route).map_err(failed("a route stays"))?;
    }
    let links = link::links().map_err(failed("the interfaces are not known"))?;
    let device = place.device.as_deref();
    let below = links.iter().find(|link| Some(link.name.as_str()) == device).map(|it| it.index);
    let addresses = link::addresses().map_err(failed("the addresses are not known"))?;
    let mut there = false;
    for it in addresses {
        let IpAddr::V4(address) = it.address else { continue };
        let here = it.index == place.index;
        if here && set.address == Some((address, it.prefix)) {
            there = true;
        } else if here || Some(it.index) == below {
            let name = if here { &place.name } else { device.unwrap_or_default() };
            link::remove_address(name, address, it.prefix).map_err(failed("an address stays"))?;
        }
    }
    if let Some((address, prefix)) = set.address.filter(|_| !there) {
        link::add_address(&place.name, address, prefix).map_err(failed("no address"))?;
    }
    // The neighbours that know the way may be beyond one that is listed later.
    for route in &set.routes {
        link::add_route(&place.name, route).map_err(failed("no route"))?;
    }
    Ok(())
}

/// Gives the interface this kind of IPv6: it begins anew with it, so that routers are asked at once and nothing of another
/// kind is left.
///
/// # Errors
/// What the kernel refuses, in words.
pub(super) fn set_ipv6(place: &Place, v6: V6) -> Result<(), String> {
    let failed =
        |error: io::Error| format!("IPv6 is not as it is to be on {}: {error}", place.name);
    let switch = |name: &str, value: &str| {
        let path = format!("/proc/sys/net/ipv6/conf/{}/{name}", place.name);
        std::fs::OpenOptions::new().write(true).open(path)?.write_all(value.as_bytes())
    };
    if let Err(error) = switch("disable_ipv6", "1") {
        // A kernel without IPv6 has none to switch off.
        let none = v6 == V6::Disabled && error.kind() == io::ErrorKind::NotFound;
        return if none { Ok(()) } else { Err(failed(error)) };
    }
    if v6 == V6::Disabled {
        return Ok(());
    }
    let by_routers = if v6 == V6::Routers { "1" } else { "0" };
    for name in ["accept_ra", "autoconf"] {
        switch(name, by_routers).map_err(failed)?;
    }
    switch("disable_ipv6", "0").map_err(failed)?;
    if let V6::Static(address, prefix, router) = v6 {
        link::add_address(&place.name, address, prefix).map_err(failed)?;
        let network = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        if let Some(router) = router {
            let way_out = Route { network, prefix: 0, through: Some(router.into()) };
            link::add_route(&place.name, &way_out).map_err(failed)?;
        }
    }
    Ok(())
}

/// The IPv6 addresses of the interface that can be used, as they are told, and the router.
pub(super) fn ipv6(place: &Place, v6: V6) -> (Vec<Ipv6>, String) {
    let addresses = link::addresses().unwrap_or_default();
    let here = addresses.into_iter().filter(|it| it.index == place.index && it.usable);
    let told = here.filter_map(|it| {
        let IpAddr::V6(address) = it.address else { return None };
        let typed = matches!(v6, V6::Static(own, ..) if own == address);
        let source = match () {
            () if address.is_unicast_link_local() => "link-local",
            () if typed => "static",
            () => "slaac",
        };
        Some(Ipv6 { address: address.to_string(), prefix: it.prefix, source: source.into() })
    });
    let router = link::router6(place.index).ok().flatten();
    (told.collect(), router.map_or_else(String::new, |it| it.to_string()))
}

/// Lets packets have so many octets; a VLAN cannot have more than its device.
///
/// # Errors
/// What the kernel refuses, in words.
pub(super) fn set_mtu(place: &Place, mtu: u32) -> Result<(), String> {
    let failed =
        |error| format!("packets of {mtu} octets cannot be had on {}: {error}", place.name);
    if let Some(device) = &place.device {
        let links = link::links().map_err(failed)?;
        let less = links.iter().any(|link| link.name == *device && link.mtu < mtu);
        if less {
            link::set_mtu(device, mtu).map_err(failed)?;
        }
    }
    link::set_mtu(&place.name, mtu).map_err(failed)
}

fn vlan_name(number: u16) -> String {
    format!("{VLAN}{number}")
}

const VLAN: &str = "vlan";
