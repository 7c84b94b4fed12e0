//! The first interface, with the address that is wanted and without those that were.

use crate::modules;
use os::link::{self, Link};
use std::net::{IpAddr, Ipv4Addr};
use supervise::net::{Fixed, Vlan};

/// Switches the interface on and gives it the address; whether something changed by that.
///
/// # Errors
/// What the kernel refuses, in words.
pub(super) fn set_up(fixed: Option<&Fixed>) -> Result<bool, String> {
    let Some(first) = link::interfaces().into_iter().next() else {
        return Err("there is no network interface".into());
    };
    let failed = |what: &str| {
        let what = format!("{what} on {first}");
        move |error: std::io::Error| format!("{what}: {error}")
    };
    link::up(&first).map_err(failed("it stays off"))?;
    let wanted_vlan = fixed.and_then(|fixed| fixed.vlan).map(Vlan::number);
    let place = wanted_vlan.map_or_else(|| first.clone(), vlan_name);
    let mut changed = clear(&first, &place, fixed).map_err(failed("what was there stays"))?;
    let Some(fixed) = fixed else { return Ok(changed) };
    if let Some(vlan) = wanted_vlan {
        modules::load("8021q");
        link::add_vlan(&first, &place, vlan).map_err(failed("no VLAN"))?;
        link::up(&place).map_err(failed("no VLAN"))?;
    }
    let (address, prefix) = (fixed.host.address(), fixed.host.prefix());
    if !has(&place, address, prefix) {
        link::add_address(&place, address, prefix).map_err(failed("no address"))?;
        changed = true;
    }
    match fixed.gateway {
        Some(gateway) => link::set_default_route(gateway).map_err(failed("no gateway"))?,
        None => link::remove_default_route().map_err(failed("the gateway stays"))?,
    }
    Ok(changed)
}

/// Takes away VLANs and addresses that are not wanted any more; whether there were any.
fn clear(first: &str, place: &str, fixed: Option<&Fixed>) -> std::io::Result<bool> {
    let links = link::links()?;
    let mut changed = false;
    let is_ours = |link: &&Link| {
        link.kind.as_deref() == Some("vlan") && link.name.starts_with(VLAN) && link.name != place
    };
    for vlan in links.iter().filter(is_ours) {
        link::remove(&vlan.name)?;
        changed = true;
    }
    let wanted = fixed.map(|fixed| (fixed.host.address(), fixed.host.prefix()));
    for (name, address, prefix) in ipv4() {
        let here = name == first || name == place;
        let stays = name == place && wanted == Some((address, prefix));
        // The one of safe mode is for finding out what is wrong (RFC 3927).
        if here && !stays && !address.is_link_local() {
            link::remove_address(&name, address, prefix)?;
            changed = true;
        }
    }
    if fixed.is_none() && changed {
        link::remove_default_route()?;
    }
    Ok(changed)
}

fn has(place: &str, address: Ipv4Addr, prefix: u8) -> bool {
    ipv4().any(|it| it == (place.to_owned(), address, prefix))
}

/// The addresses of all interfaces.
fn ipv4() -> impl Iterator<Item = (String, Ipv4Addr, u8)> {
    let links = link::links().unwrap_or_default();
    link::addresses().unwrap_or_default().into_iter().filter_map(move |it| {
        let IpAddr::V4(address) = it.address else { return None };
        let name = links.iter().find(|link| link.index == it.index)?.name.clone();
        Some((name, address, it.prefix))
    })
}

fn vlan_name(number: u16) -> String {
    format!("{VLAN}{number}")
}

const VLAN: &str = "vlan";
