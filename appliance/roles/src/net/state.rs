//! How the network stands, for those who ask, for the resolver and for the console.

use super::kernel::Place;
use super::wanted::{Method, Wanted};
use bus::net1::{Ipv4, NetState, Provisioning, VERSION, Zone};
use lan::dhcp::Lease;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

/// Everything that the state is made of.
pub(super) struct Sources<'a> {
    /// What the settings want.
    pub(super) wanted: &'a Wanted,
    /// The interface, where there is one.
    pub(super) place: Option<&'a Place>,
    /// The lease in use, and when it ends.
    pub(super) lease: Option<(&'a Lease, i64)>,
    /// The address of the link in use.
    pub(super) link_local: Option<Ipv4Addr>,
    /// What the kernel's command line has set.
    pub(super) line: Option<&'a str>,
    /// What a person has to see to.
    pub(super) problem: &'a str,
}

/// Puts it together.
pub(super) fn state(sources: &Sources<'_>) -> NetState {
    let Sources { wanted, place, lease, link_local, line, problem } = *sources;
    let mut state =
        NetState { version: VERSION, problem: problem.to_owned(), ..NetState::default() };
    if let Some(place) = place {
        state.interface.clone_from(&place.name);
        state.mac = place.mac.map(|octet| format!("{octet:02x}")).join(":");
        (state.up, state.mtu) = (place.running, place.mtu);
        state.vlan = wanted.vlan.unwrap_or(0);
    }
    state.domain.clone_from(&wanted.domain);
    state.dns = wanted.dns.iter().map(ToString::to_string).collect();
    let told = lease.and_then(|(lease, _)| lease.host_name.as_deref());
    let told = told.map(|name| name.split('.').next().unwrap_or(name).to_owned());
    state.host_name = wanted
        .host_name
        .clone()
        .or(told)
        .unwrap_or_else(|| place.map_or_else(|| "fixpart".into(), |place| name_of(place.mac)));
    let (method, prefix) = (&wanted.method, 16);
    match (line, method, lease, link_local) {
        (Some(line), ..) => state.ipv4 = of_the_line(line),
        (_, Method::Static(host, router), ..) => {
            let router = router.map_or_else(String::new, |it| it.to_string());
            let (address, prefix) = (host.address().to_string(), host.prefix());
            let source = "static".into();
            state.ipv4 = Ipv4 { address, prefix, router, source, ..Ipv4::default() };
        }
        (_, _, Some((lease, end)), _) => leased(&mut state, lease, end),
        (_, _, None, Some(address)) => {
            let (address, source) = (address.to_string(), "link-local".into());
            state.ipv4 = Ipv4 { address, prefix, source, ..Ipv4::default() };
        }
        _ => {}
    }
    state
}

fn leased(state: &mut NetState, lease: &Lease, end: i64) {
    let words = |all: &[Ipv4Addr]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    state.ipv4 = Ipv4 {
        address: lease.address.to_string(),
        prefix: lease.prefix,
        router: lease.router.map_or_else(String::new, |it| it.to_string()),
        source: "dhcp".into(),
        lease_end_s: end,
        server: lease.server.to_string(),
    };
    if state.domain.is_empty() {
        state.domain = lease.domain.clone().unwrap_or_default();
    }
    for server in words(&lease.dns) {
        if !state.dns.contains(&server) {
            state.dns.push(server);
        }
    }
    state.ntp = words(&lease.ntp);
    state.provisioning = Provisioning {
        server: bus::sendable(&lease.tftp_server),
        file: bus::sendable(&lease.boot_file),
        servers: words(&lease.tftp_addresses),
        vendor: lease.vendor.clone(),
    };
    state.zone =
        Zone { posix: bus::sendable(&lease.zone_posix), name: bus::sendable(&lease.zone_name) };
}

fn of_the_line(line: &str) -> Ipv4 {
    let (address, prefix) = line.split_once('/').unwrap_or((line, ""));
    let prefix = prefix.parse().unwrap_or(0);
    Ipv4 { address: address.to_owned(), prefix, source: "line".into(), ..Ipv4::default() }
}

/// The name of a machine that nobody has named.
pub(super) fn name_of(mac: [u8; 6]) -> String {
    let [.., fourth, fifth, sixth] = mac;
    format!("fixpart-{fourth:02x}{fifth:02x}{sixth:02x}")
}

/// Who is asked for names, as resolv.conf(5) has it.
pub(super) fn resolver(state: &NetState) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    if !state.domain.is_empty() {
        let _ = writeln!(text, "search {}", state.domain);
    }
    for server in state.dns.iter().take(SERVERS_MAX) {
        let _ = writeln!(text, "nameserver {server}");
    }
    text
}

/// What the console shows; `whose` tells who has set a static address.
pub(super) fn report(state: &NetState, whose: &str) -> String {
    let Ipv4 { address, prefix, router, source, server, .. } = &state.ipv4;
    let mut words = format!("{address}/{prefix}");
    // Writing to a string cannot fail.
    if !router.is_empty() {
        let _ = write!(words, ", gateway {router}");
    } else if source == "static" {
        words.push_str(", no gateway");
    }
    if !state.dns.is_empty() {
        let _ = write!(words, ", DNS {}", state.dns.join(" "));
    }
    if state.vlan != 0 {
        let _ = write!(words, ", VLAN {}", state.vlan);
    }
    let _ = match source.as_str() {
        "dhcp" => write!(words, ", by DHCP from {server}"),
        "line" => write!(words, ", by the kernel's command line"),
        "static" => write!(words, ", {whose}"),
        "link-local" => write!(words, ", of this link only: no DHCP server answers"),
        _ if !state.up => {
            words = "none: there is no cable".into();
            Ok(())
        }
        _ => {
            words = "none yet: DHCP is asked; or type one (1)".into();
            Ok(())
        }
    };
    let mut text = format!("name {}\naddress {words}\n", state.host_name);
    if !state.problem.is_empty() {
        let _ = writeln!(text, "problem {}", state.problem);
    }
    text
}

/// A resolver asks no more (resolv.conf(5), `MAXNS`).
const SERVERS_MAX: usize = 3;
