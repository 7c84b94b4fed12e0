//! What can be asked for, held against the modules that say what there is.

use super::*;
use crate::snmp::value::Value;

fn facts() -> Facts {
    let interface = |index, name: &str, kind| Interface {
        index,
        name: name.into(),
        kind,
        mtu: 1500,
        megabits: 1000,
        mac: vec![2, 0, 0, 0, 0, 1],
        up: true,
        running: index == 2,
        traffic: Traffic {
            octets_in: (1 << 32) + 7,
            packets_in: 10,
            multicasts_in: 4,
            ..Traffic::default()
        },
    };
    let address = |text: &str, prefix| Address { index: 2, address: text.parse().unwrap(), prefix };
    let issue = |text: &str| Issue { role: "dect".into(), text: text.into() };
    Facts {
        system: System {
            description: "Fixpart 0.1.0".into(),
            contact: "ward@example.test".into(),
            name: "fixpart".into(),
            location: "x".repeat(300),
        },
        interfaces: vec![
            interface(1, "lo", InterfaceKind::Loopback),
            interface(2, "eth0", InterfaceKind::Ethernet),
        ],
        addresses: vec![address("192.0.2.7", 24), address("2001:db8::7", 64)],
        ip: counters(PROC_NET_SNMP),
        fixpart: Fixpart {
            version: "0.1.0".into(),
            serial: "FP-7".into(),
            ari: "10009034".into(),
            figures: Some(Figures { users: 5, bases: 3, bases_up: 1, ..Figures::default() }),
            issues: vec![issue("no ARI"), issue(&"ä".repeat(200))],
        },
        up: Duration::from_secs(3),
        ..Facts::default()
    }
}

const PROC_NET_SNMP: &str = "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits\nIp: 1 64 7294 0 13 0 0 0 7281 4922 5 6 0 0 0 0 0 0 0 4922\nIcmp: InMsgs\nIcmp: 3\n";

fn find(tree: &Tree, name: &str) -> Value {
    let arcs: Vec<u32> = name.split('.').map(|arc| arc.parse().unwrap()).collect();
    tree.get(&Oid::new(&arcs))
}

#[test]
fn each_fact_has_its_place() {
    let tree = tree(Instant::now(), &facts());
    let address = Value::IpAddress([192, 0, 2, 7].into());
    let mask = Value::IpAddress([255, 255, 255, 0].into());
    for (name, value) in [
        ("1.3.6.1.2.1.1.1.0", Value::text("Fixpart 0.1.0")),
        ("1.3.6.1.2.1.1.3.0", Value::TimeTicks(300)),
        ("1.3.6.1.2.1.1.6.0", Value::Octets(vec![b'x'; 255])),
        ("1.3.6.1.2.1.2.1.0", Value::Integer(2)),
        ("1.3.6.1.2.1.2.2.1.2.2", Value::text("eth0")),
        ("1.3.6.1.2.1.2.2.1.8.1", Value::Integer(2)),
        ("1.3.6.1.2.1.2.2.1.8.2", Value::Integer(1)),
        ("1.3.6.1.2.1.2.2.1.10.2", Value::Counter32(7)),
        ("1.3.6.1.2.1.2.2.1.11.2", Value::Counter32(6)),
        ("1.3.6.1.2.1.31.1.1.1.6.2", Value::Counter64((1 << 32) + 7)),
        ("1.3.6.1.2.1.31.1.1.1.15.2", Value::Gauge32(1000)),
        // The kernel's 1 means forwarding, which is wrong for us; its number of packets is not.
        ("1.3.6.1.2.1.4.1.0", Value::Integer(2)),
        ("1.3.6.1.2.1.4.3.0", Value::Counter32(7294)),
        ("1.3.6.1.2.1.4.12.0", Value::Counter32(6)),
        ("1.3.6.1.2.1.4.20.1.1.192.0.2.7", address),
        ("1.3.6.1.2.1.4.20.1.3.192.0.2.7", mask),
        ("1.3.6.1.2.1.4.34.1.3.1.4.192.0.2.7", Value::Integer(2)),
        ("1.3.6.1.2.1.4.34.1.3.2.16.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.7", Value::Integer(2)),
        ("1.3.6.1.4.1.8072.9999.9999.7347.1.1.3.0", Value::text("10009034")),
        ("1.3.6.1.4.1.8072.9999.9999.7347.1.2.1.0", Value::Gauge32(5)),
        ("1.3.6.1.4.1.8072.9999.9999.7347.1.4.3.0", Value::Gauge32(2)),
        ("1.3.6.1.4.1.8072.9999.9999.7347.1.5.2.1.3.1", Value::text("no ARI")),
        // Only whole characters of it.
        ("1.3.6.1.4.1.8072.9999.9999.7347.1.5.2.1.3.2", Value::text(&"ä".repeat(127))),
    ] {
        assert_eq!(find(&tree, name), value, "{name}");
    }
}

#[test]
fn what_nobody_tells_is_not_there() {
    let mut facts = facts();
    facts.fixpart.figures = None;
    let tree = tree(Instant::now(), &facts);
    assert_eq!(find(&tree, "1.3.6.1.4.1.8072.9999.9999.7347.1.2.1.0"), Value::NoSuchObject);
    assert_eq!(find(&tree, "1.3.6.1.6.3.10.2.1.1.0"), Value::NoSuchObject);
    assert!(counters("Ip: Forwarding\nIp: 1\n").is_empty());
    assert!(counters("").is_empty());
    assert!(counters(&PROC_NET_SNMP.replace("7294", "many")).is_empty());
}

#[test]
fn a_mask_has_as_many_bits_as_the_network() {
    let mut facts = facts();
    for (prefix, mask) in [(0, [0; 4]), (1, [128, 0, 0, 0]), (32, [255; 4]), (200, [255; 4])] {
        facts.addresses[0].prefix = prefix;
        let tree = tree(Instant::now(), &facts);
        let found = find(&tree, "1.3.6.1.2.1.4.20.1.3.192.0.2.7");
        assert_eq!(found, Value::IpAddress(mask.into()), "{prefix}");
    }
}

#[test]
fn time_begins_anew_after_497_days() {
    assert_eq!(ticks(Duration::from_millis(20)), 2);
    assert_eq!(ticks(Duration::from_secs(42_949_673)), 4);
}
