//! Addresses from servers that are not ours: dnsmasq and Kea.

mod ipv6;
mod kea;
mod network;

use network::{Dnsmasq, Network, SERVER};
use peers::place::Cable;
use peers::{Given, Story, Wrong};
use std::time::Duration;

/// All of them.
pub(crate) const STORIES: &[Story] = &[
    Story {
        name: "dnsmasq: a lease with everything that it tells is used, and shown",
        needs: &["dnsmasq"],
        tell: everything,
    },
    Story {
        name: "dnsmasq: option 66 as a whole URL arrives untouched",
        needs: &["dnsmasq"],
        tell: whole_url,
    },
    Story {
        name: "dnsmasq: the address of the last time is asked for, and given up when it is refused",
        needs: &["dnsmasq"],
        tell: last_time,
    },
    Story {
        name: "dnsmasq: an address that somebody has is declined and never used",
        needs: &["dnsmasq"],
        tell: conflict,
    },
    Story {
        name: "dnsmasq: without a server an address of the link is used until it is back",
        needs: &["dnsmasq"],
        tell: server_gone,
    },
    Story {
        name: "dnsmasq: a cable that was out leads to the network that it is in now",
        needs: &["dnsmasq"],
        tell: other_network,
    },
    Story {
        name: "Kea: a short lease is renewed by its server before it ends",
        needs: &["kea-dhcp4"],
        tell: kea::renewed,
    },
    Story {
        name: "Kea: a lease whose server is silent ends, and its address with it",
        needs: &["kea-dhcp4"],
        tell: kea::ended,
    },
    Story {
        name: "IPv6: what dnsmasq announces as a router is used, its server for names too",
        needs: &["dnsmasq"],
        tell: ipv6::announced,
    },
    Story {
        name: "IPv6: typed, switched off, announced: each is felt at once and nothing is left of the others",
        needs: &["dnsmasq"],
        tell: ipv6::typed,
    },
    Story {
        name: "settings are felt at once: a typed address, MTU, name, and DHCP again",
        needs: &["dnsmasq"],
        tell: settings,
    },
    Story {
        name: "a change of the address that nobody confirms returns",
        needs: &["dnsmasq"],
        tell: unconfirmed,
    },
];

/// All of them begin with the same octets as text, by which they are known.
const RANGE: &str = "--dhcp-range=10.77.0.50,10.77.0.59,255.255.255.0,2m";

fn everything(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    let server = Dnsmasq::start(
        &network,
        &[
            RANGE,
            "--dhcp-option=3,10.77.0.2",
            "--dhcp-option=6,10.77.0.53,10.77.0.54",
            "--dhcp-option=12,desk",
            "--dhcp-option=15,example.test",
            "--dhcp-option=26,1400",
            "--dhcp-option=42,10.77.0.123",
            "--dhcp-option=43,01:02:03",
            "--dhcp-option=66,pbx.example.test",
            "--dhcp-option=67,dect/config.xml",
            "--dhcp-option=100,CET-1CEST,M3.5.0,M10.5.0/3",
            "--dhcp-option=101,Europe/Berlin",
            "--dhcp-option=121,10.88.0.0/16,10.77.0.3,0.0.0.0/0,10.77.0.4",
            "--dhcp-option=150,10.77.0.150",
        ],
    )?;
    let ours = network.ours(given, "<network></network>")?;
    for (name, value) in [
        ("ipv4", "10.77.0.5"),
        ("ipv4", "(dhcp)"),
        ("server", SERVER),
        ("domain", "example.test"),
        // Routes without classes take the place of the router.
        ("router", "10.77.0.4"),
        ("dns", "10.77.0.53 10.77.0.54"),
        ("ntp", "10.77.0.123"),
        ("provisioning server", "pbx.example.test"),
        ("provisioning file", "dect/config.xml"),
        ("provisioning addresses", "10.77.0.150"),
        ("vendor options", "010203"),
        ("time zone", "CET-1CEST,M3.5.0,M10.5.0/3 Europe/Berlin"),
        ("mtu", "1400"),
    ] {
        ours.shows(&network, name, value)?;
    }
    let link = network.ip(&["link", "show", "eth0"])?;
    let routes = network.ip(&["route", "show"])?;
    for (text, wanted) in [
        (&link, "mtu 1400"),
        (&routes, "default via 10.77.0.4"),
        (&routes, "10.88.0.0/16 via 10.77.0.3"),
    ] {
        if !text.contains(wanted) {
            return Err(format!("the kernel has no {wanted}: {text}").into());
        }
    }
    let resolver = std::fs::read_to_string(ours.state().join("net/resolv.conf"))?;
    if resolver != "search example.test\nnameserver 10.77.0.53\nnameserver 10.77.0.54\n" {
        return Err(format!("the resolver is told {resolver:?}").into());
    }
    server.heard("vendor class: fixpart")?;
    server.heard("client provides name: fixpart-")?;
    Ok(String::new())
}

fn whole_url(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    let url = "https://user:p%40ss@10.77.0.1:8443/dect/{mac}.xml?model=one&x=1";
    let _server = Dnsmasq::start(&network, &[RANGE, &format!("--dhcp-option=66,\"{url}\"")])?;
    let ours = network.ours(given, "<network></network>")?;
    ours.shows(&network, "provisioning server", url)?;
    Ok(String::new())
}

fn last_time(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    let mut server = Dnsmasq::start(&network, &[RANGE])?;
    let ours = network.ours(given, "<network></network>")?;
    let first = ours.address(&network)?;
    ours.server.stop()?;
    server.forget();
    // The next process asks for it by name, without a question for any address.
    let ours = network.ours(given, "")?;
    server.says(&format!("DHCPREQUEST(eth0) {first}"))?;
    server.says(&format!("DHCPACK(eth0) {first}"))?;
    if server.passed().iter().any(|line| line.contains("DHCPDISCOVER")) {
        return Err("any address was asked for".into());
    }
    ours.shows(&network, "ipv4", &first)?;
    ours.server.stop()?;
    drop(server);
    // Another range, as after a move: the server refuses, and one of the new range is taken.
    let mut server = Dnsmasq::start(
        &network,
        &["--dhcp-authoritative", "--dhcp-range=10.77.0.150,10.77.0.160,255.255.255.0,2m"],
    )?;
    let ours = network.ours(given, "")?;
    server.says("DHCPNAK(eth0)")?;
    ours.shows(&network, "ipv4", "10.77.0.15")?;
    let addresses = network.ip(&["-4", "address", "show", "eth0"])?;
    if addresses.contains(&first) {
        return Err(format!("the refused address is still there: {addresses}").into());
    }
    Ok(String::new())
}

fn conflict(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    // It answers for the only address that there was, until there is another one.
    let taken = "10.77.0.50/24";
    network.other("ip", &["address", "add", taken, "dev", "eth0"])?;
    let mut server = Dnsmasq::start(
        &network,
        &[
            "--no-ping",
            "--dhcp-range=10.77.0.50,10.77.0.51,255.255.255.0,2m",
            "--dhcp-sequential-ip",
        ],
    )?;
    let ours = network.ours(given, "<network></network>")?;
    server.says("DHCPDECLINE(eth0) 10.77.0.50")?;
    ours.shows(&network, "ipv4", "10.77.0.51/24 (dhcp)")?;
    let log = ours.server.ask(&network.place, &["ctl", "logs", "--role", "net"])?;
    if !log.contains("10.77.0.50 is used by") || log.contains("address=10.77.0.50") {
        return Err(format!("the log tells something else: {log}").into());
    }
    Ok(String::new())
}

fn server_gone(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    let ours = network.ours(given, "<network></network>")?;
    ours.shows(&network, "ipv4", "(link-local)")?;
    let address = network.ip(&["-4", "address", "show", "eth0"])?;
    if !address.contains("169.254.") || !address.contains("/16") {
        return Err(format!("the kernel has another address: {address}").into());
    }
    let _server = Dnsmasq::start(&network, &[RANGE])?;
    ours.shows_within(Duration::from_secs(90), &network, "ipv4", "(dhcp)")?;
    let address = network.ip(&["-4", "address", "show", "eth0"])?;
    if address.contains("169.254.") {
        return Err(format!("the address of the link is still there: {address}").into());
    }
    Ok(String::new())
}

fn other_network(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    let server = Dnsmasq::start(&network, &[RANGE])?;
    let ours = network.ours(given, "<network></network>")?;
    ours.shows(&network, "ipv4", "10.77.0.5")?;
    network.place.cable(0, Cable::Out)?;
    ours.shows(&network, "interface", "down")?;
    // The address stays while the cable is out.
    ours.shows(&network, "ipv4", "10.77.0.5")?;
    drop(server);
    let _server = Dnsmasq::start(
        &network,
        &["--dhcp-authoritative", "--dhcp-range=10.77.0.150,10.77.0.160,255.255.255.0,2m"],
    )?;
    network.place.cable(0, Cable::In)?;
    ours.shows(&network, "ipv4", "10.77.0.15")?;
    Ok(String::new())
}

fn settings(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    let _server = Dnsmasq::start(&network, &[RANGE, "--dhcp-option=3,10.77.0.1"])?;
    let ours = network.ours(given, "<network></network>")?;
    ours.shows(&network, "ipv4", "(dhcp)")?;
    ours.set(
        &network,
        &[
            "network.bootproto=static",
            "network.ipaddr=10.77.0.200",
            "network.netmask=255.255.255.0",
            "network.gateway=10.77.0.9",
            "network.dns1=10.77.0.99",
            "network.mtu=1300",
            "network.hostname=reception",
            "network.domain=site.test",
        ],
    )?;
    for (name, value) in [
        ("ipv4", "10.77.0.200/24 (static)"),
        ("router", "10.77.0.9"),
        ("dns", "10.77.0.99"),
        ("mtu", "1300"),
        ("name", "reception"),
        ("domain", "site.test"),
    ] {
        ours.shows(&network, name, value)?;
    }
    let seen = network.ip(&["-4", "address", "show", "eth0"])?;
    if !seen.contains("10.77.0.200/24") || seen.contains("10.77.0.5") {
        return Err(format!("the kernel has other addresses: {seen}").into());
    }
    ours.set(&network, &["network.bootproto=", "network.mtu=", "network.dns1="])?;
    ours.shows(&network, "ipv4", "(dhcp)")?;
    ours.shows(&network, "mtu", "1500")?;
    let routes = network.ip(&["route", "show", "default"])?;
    if routes.contains("10.77.0.9") || !routes.contains("10.77.0.1 ") {
        return Err(format!("the way out is another one: {routes}").into());
    }
    Ok(String::new())
}

fn unconfirmed(given: &Given) -> Result<String, Wrong> {
    let network = Network::new()?;
    let _server = Dnsmasq::start(&network, &[RANGE])?;
    let ours = network.ours(given, "<network></network>")?;
    let before = ours.address(&network)?;
    let values = [
        "network.bootproto=static",
        "network.ipaddr=10.77.0.201",
        "network.netmask=255.255.255.0",
        "--confirm",
        "5",
    ];
    ours.set(&network, &values)?;
    ours.shows(&network, "ipv4", "10.77.0.201/24 (static)")?;
    // Nobody comes.
    ours.shows(&network, "ipv4", &format!("{before}/24 (dhcp)"))?;
    // The same again, and somebody does.
    ours.set(&network, &values)?;
    ours.shows(&network, "ipv4", "10.77.0.201/24 (static)")?;
    ours.server.ask(&network.place, &["ctl", "confirm"])?;
    // Nothing waits any longer that could return.
    let again = ours.server.ask(&network.place, &["ctl", "confirm"]);
    if !again.as_ref().is_err_and(|why| why.to_string().contains("nothing waits")) {
        return Err(format!("it can be confirmed twice: {again:?}").into());
    }
    ours.shows(&network, "ipv4", "10.77.0.201/24 (static)")?;
    Ok(String::new())
}
