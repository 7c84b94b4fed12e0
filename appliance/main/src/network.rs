//! Where the machine is in the network, as it looks on a terminal.

use bus::net1::NetState;
use serde_json::json;
use std::fmt::Write as _;

/// As text, a line for what there is, or as one JSON line.
pub(crate) fn show(state: &NetState, as_json: bool) -> String {
    if as_json { format!("{}\n", json(state)) } else { text(state) }
}

fn json(state: &NetState) -> serde_json::Value {
    let ipv6 = |it: &bus::net1::Ipv6| json!({"address": it.address, "prefix": it.prefix, "source": it.source});
    let NetState { ipv4, provisioning, zone, lldp, .. } = state;
    json!({
        "version": state.version, "interface": state.interface, "mac": state.mac, "up": state.up,
        "host_name": state.host_name, "domain": state.domain,
        "ipv4": {
            "address": ipv4.address, "prefix": ipv4.prefix, "router": ipv4.router, "source": ipv4.source,
            "lease_end_s": ipv4.lease_end_s, "server": ipv4.server,
        },
        "ipv6": state.ipv6.iter().map(ipv6).collect::<Vec<_>>(), "ipv6_router": state.ipv6_router,
        "dns": state.dns, "ntp": state.ntp,
        "provisioning": {
            "server": provisioning.server, "file": provisioning.file, "servers": provisioning.servers,
            "vendor": hex(&provisioning.vendor),
        },
        "zone": {"posix": zone.posix, "name": zone.name},
        "mtu": state.mtu, "vlan": state.vlan,
        "lldp": {"system": lldp.system, "port": lldp.port, "voice_vlan": lldp.voice_vlan},
        "problem": state.problem,
    })
}

fn text(state: &NetState) -> String {
    let NetState { ipv4, provisioning, zone, lldp, .. } = state;
    let with_prefix = |address: &str, prefix: u8, source: &str| {
        if address.is_empty() { String::new() } else { format!("{address}/{prefix} ({source})") }
    };
    let number = |number: i64| if number == 0 { String::new() } else { number.to_string() };
    let mut lines = vec![
        ("interface", format!("{} {}", state.interface, if state.up { "up" } else { "down" })),
        ("mac", state.mac.clone()),
        ("name", state.host_name.clone()),
        ("domain", state.domain.clone()),
        ("ipv4", with_prefix(&ipv4.address, ipv4.prefix, &ipv4.source)),
        ("router", ipv4.router.clone()),
        ("server", ipv4.server.clone()),
        ("lease end", number(ipv4.lease_end_s)),
    ];
    lines.extend(
        state.ipv6.iter().map(|it| ("ipv6", with_prefix(&it.address, it.prefix, &it.source))),
    );
    lines.extend([
        ("ipv6 router", state.ipv6_router.clone()),
        ("dns", state.dns.join(" ")),
        ("ntp", state.ntp.join(" ")),
        ("provisioning server", provisioning.server.clone()),
        ("provisioning file", provisioning.file.clone()),
        ("provisioning addresses", provisioning.servers.join(" ")),
        ("vendor options", hex(&provisioning.vendor)),
        ("time zone", [zone.posix.as_str(), &zone.name].join(" ").trim().to_owned()),
        ("mtu", number(state.mtu.into())),
        ("vlan", number(state.vlan.into())),
        ("neighbour", [lldp.system.as_str(), &lldp.port].join(" ").trim().to_owned()),
        ("voice vlan", number(lldp.voice_vlan.into())),
        ("problem", state.problem.clone()),
    ]);
    let mut text = String::new();
    for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
        // What the network says may be anything, and is shown on a terminal. Writing to a string cannot fail.
        let value: String =
            value.chars().map(|it| if it.is_control() { '?' } else { it }).collect();
        let _ = writeln!(text, "{name:<23} {value}");
    }
    text
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_network_says_cannot_speak_to_the_terminal() {
        let mut state = NetState::default();
        state.provisioning.server = "https://pbx/\u{1b}[2J\nproblem none".into();
        let shown = show(&state, false);
        assert!(
            shown.contains("provisioning server     https://pbx/?[2J?problem none\n"),
            "{shown}"
        );
        assert!(show(&state, true).contains("\\u001b"));
    }
}
