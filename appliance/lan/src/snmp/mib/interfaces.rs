//! `ifTable` and `ifXTable` (RFC 2863), as far as the kernel tells.

use super::mib2;
use crate::snmp::tree::Tree;
use crate::snmp::value::Value;

/// An interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: InterfaceKind,
    /// Octets of the largest packet.
    pub mtu: u32,
    /// Millions of bits in a second; 0 where nobody knows.
    pub megabits: u32,
    /// Its Ethernet address; empty where it has none.
    pub mac: Vec<u8>,
    /// It is switched on.
    pub up: bool,
    /// Somebody is at the other end.
    pub running: bool,
    /// What went through it.
    pub traffic: Traffic,
}

/// What an interface is (IANAifType-MIB).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InterfaceKind {
    /// `ethernetCsmacd`.
    Ethernet = 6,
    /// `softwareLoopback`.
    Loopback = 24,
    /// `l2vlan`.
    Vlan = 135,
    /// `other`.
    #[default]
    Other = 1,
}

/// What went through an interface since it was made.
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
    /// Packets sent, to one or many.
    pub packets_out: u64,
    /// Not sent because of an error.
    pub errors_out: u64,
    /// Thrown away though nothing was wrong.
    pub drops_out: u64,
}

pub(super) fn put(tree: &mut Tree, interfaces: &[Interface]) {
    let count = i32::try_from(interfaces.len()).unwrap_or(i32::MAX);
    tree.put(&mib2(&[2, 1]), Value::Integer(count));
    for interface in interfaces {
        for (column, value) in table(interface) {
            tree.put_at(&mib2(&[2, 2, 1, column]), &[interface.index], value);
        }
        for (column, value) in extension(interface) {
            tree.put_at(&mib2(&[31, 1, 1, 1, column]), &[interface.index], value);
        }
    }
}

/// A row of `ifTable`.
fn table(interface: &Interface) -> impl IntoIterator<Item = (u32, Value)> {
    let Interface { index, name, kind, mtu, megabits, mac, up, running, traffic } = interface;
    let status = |up: bool| Value::Integer(if up { UP } else { DOWN });
    let speed = u64::from(*megabits) * 1_000_000;
    [
        (1, integer(*index)),
        (2, Value::text(name)),
        (3, Value::Integer(*kind as i32)),
        (4, integer(*mtu)),
        (5, Value::gauge(speed)),
        (6, Value::Octets(mac.clone())),
        (7, status(*up)),
        (8, status(*up && *running)),
        (10, Value::counter(traffic.octets_in)),
        (11, Value::counter(to_one(traffic))),
        (13, Value::counter(traffic.drops_in)),
        (14, Value::counter(traffic.errors_in)),
        (16, Value::counter(traffic.octets_out)),
        (17, Value::counter(traffic.packets_out)),
        (19, Value::counter(traffic.drops_out)),
        (20, Value::counter(traffic.errors_out)),
    ]
}

/// A row of `ifXTable`.
fn extension(interface: &Interface) -> impl IntoIterator<Item = (u32, Value)> {
    let Interface { name, kind, megabits, traffic, .. } = interface;
    let plug = *kind == InterfaceKind::Ethernet;
    [
        (1, Value::text(name)),
        (2, Value::counter(traffic.multicasts_in)),
        (6, Value::Counter64(traffic.octets_in)),
        (7, Value::Counter64(to_one(traffic))),
        (8, Value::Counter64(traffic.multicasts_in)),
        (10, Value::Counter64(traffic.octets_out)),
        (11, Value::Counter64(traffic.packets_out)),
        (15, Value::Gauge32(*megabits)),
        (17, Value::Integer(if plug { TRUE } else { FALSE })),
        (18, Value::text("")),
        // Its counters have never begun anew.
        (19, Value::TimeTicks(0)),
    ]
}

/// The kernel counts what was for many among all packets received.
fn to_one(traffic: &Traffic) -> u64 {
    traffic.packets_in.saturating_sub(traffic.multicasts_in)
}

fn integer(number: u32) -> Value {
    Value::Integer(i32::try_from(number).unwrap_or(i32::MAX))
}

/// RFC 2863, `ifAdminStatus` and `ifOperStatus`.
const UP: i32 = 1;
const DOWN: i32 = 2;
/// RFC 2579, TruthValue.
const TRUE: i32 = 1;
const FALSE: i32 = 2;
