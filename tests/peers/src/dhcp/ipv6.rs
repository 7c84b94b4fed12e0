//! IPv6 as routers announce it, as it is typed, and none.

use super::network::{Dnsmasq, Network};
use peers::{Given, Wrong};

/// A network with a router of IPv6.
fn network() -> Result<(Network, Dnsmasq), Wrong> {
    let network = Network::new()?;
    let words = ["address", "add", "2001:db8:77::1/64", "dev", "eth0", "nodad"];
    network.place.run("server", "ip", &words)?;
    let server = Dnsmasq::start(
        &network,
        &[
            "--enable-ra",
            "--dhcp-range=2001:db8:77::,ra-only,64",
            "--dhcp-option=option6:dns-server,[2001:db8:77::53]",
        ],
    )?;
    Ok((network, server))
}

pub(super) fn announced(given: &Given) -> Result<String, Wrong> {
    let (network, _server) = network()?;
    let settings = "<network><ipv6><method>Stateless</method></ipv6></network>";
    let ours = network.ours(given, settings)?;
    ours.shows(&network, "ipv6", "2001:db8:77:")?;
    ours.shows(&network, "ipv6", "/64 (slaac)")?;
    ours.shows(&network, "ipv6 router", "fe80:")?;
    ours.shows(&network, "dns", "2001:db8:77::53")?;
    Ok(String::new())
}

pub(super) fn typed(given: &Given) -> Result<String, Wrong> {
    let (network, _server) = network()?;
    let settings = "<network><ipv6><method>Static</method><ipaddr>2001:db8:77::99/64</ipaddr>\
                    <gateway>2001:db8:77::1</gateway></ipv6></network>";
    let ours = network.ours(given, settings)?;
    ours.shows(&network, "ipv6", "2001:db8:77::99/64 (static)")?;
    ours.shows(&network, "ipv6 router", "2001:db8:77::1")?;
    let seen = network.ip(&["-6", "address", "show", "eth0", "scope", "global"])?;
    if seen.matches("inet6").count() != 1 {
        return Err(format!("what routers announce is used too: {seen}").into());
    }
    ours.set(&network, &["network.ipv6.method=Disabled"])?;
    peers::process::until(|| {
        let left = network.ip(&["-6", "address", "show", "eth0"])?;
        if left.trim().is_empty() { Ok(()) } else { Err(format!("there is IPv6: {left}").into()) }
    })?;
    ours.set(&network, &["network.ipv6.method=Stateless"])?;
    ours.shows(&network, "ipv6", "/64 (slaac)")?;
    Ok(String::new())
}
