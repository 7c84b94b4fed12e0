//! The group `ip` (RFC 1213 6.5), and the table of all addresses (RFC 4293).

use super::{Facts, mib2};
use crate::snmp::tree::Tree;
use crate::snmp::value::Value;
use std::net::{IpAddr, Ipv4Addr};

/// An address of the box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The number of its interface.
    pub index: u32,
    /// The address.
    pub address: IpAddr,
    /// Bits of its network.
    pub prefix: u8,
}

/// The numbers of the group `ip` from what the kernel has written to `/proc/net/snmp`; empty where they are not there.
///
/// It lists them in the order of the group, since the file was made for this.
#[must_use]
pub fn counters(text: &str) -> Vec<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Ip: "));
    let (Some(names), Some(numbers)) = (lines.next(), lines.next()) else { return Vec::new() };
    let known = names.split_whitespace().take(COUNTERS.len()).eq(COUNTERS.iter().copied());
    let numbers: Vec<u64> = numbers
        .split_whitespace()
        .take(COUNTERS.len())
        .map_while(|word| word.parse().ok())
        .collect();
    if known && numbers.len() == COUNTERS.len() { numbers } else { Vec::new() }
}

pub(super) fn put(tree: &mut Tree, facts: &Facts) {
    for (object, number) in (1..).zip(&facts.ip) {
        let value = match object {
            // Whether it forwards; it does not.
            1 => Value::Integer(NOT_FORWARDING),
            2 | 13 => Value::Integer(i32::try_from(*number).unwrap_or(i32::MAX)),
            _ => Value::counter(*number),
        };
        tree.put(&mib2(&[4, object]), value);
    }
    for address in &facts.addresses {
        put_address(tree, address);
        if let IpAddr::V4(old) = address.address {
            put_old(tree, address, old);
        }
    }
}

/// A row of `ipAddrTable`, which knows IPv4 only.
fn put_old(tree: &mut Tree, address: &Address, octets: Ipv4Addr) {
    let index = octets.octets().map(u32::from);
    let bits = u32::from(address.prefix.min(32));
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    for (column, value) in [
        (1, Value::IpAddress(octets)),
        (2, integer(address.index)),
        (3, Value::IpAddress(mask.into())),
        // The last bit of an address to all of the network.
        (4, Value::Integer(1)),
        (5, Value::Integer(DATAGRAM_MAX)),
    ] {
        tree.put_at(&mib2(&[4, 20, 1, column]), &index, value);
    }
}

/// A row of `ipAddressTable`.
fn put_address(tree: &mut Tree, address: &Address) {
    let (kind, octets) = match address.address {
        IpAddr::V4(it) => (1, it.octets().to_vec()),
        IpAddr::V6(it) => (2, it.octets().to_vec()),
    };
    let length = u32::try_from(octets.len()).unwrap_or(0);
    let index: Vec<u32> =
        [kind, length].into_iter().chain(octets.into_iter().map(u32::from)).collect();
    for (column, value) in
        [(3, integer(address.index)), (4, Value::Integer(UNICAST)), (7, Value::Integer(PREFERRED))]
    {
        tree.put_at(&mib2(&[4, 34, 1, column]), &index, value);
    }
}

fn integer(number: u32) -> Value {
    Value::Integer(i32::try_from(number).unwrap_or(i32::MAX))
}

/// As the kernel names them.
const COUNTERS: [&str; 19] = [
    "Forwarding",
    "DefaultTTL",
    "InReceives",
    "InHdrErrors",
    "InAddrErrors",
    "ForwDatagrams",
    "InUnknownProtos",
    "InDiscards",
    "InDelivers",
    "OutRequests",
    "OutDiscards",
    "OutNoRoutes",
    "ReasmTimeout",
    "ReasmReqds",
    "ReasmOKs",
    "ReasmFails",
    "FragOKs",
    "FragFails",
    "FragCreates",
];
/// RFC 1213, `ipForwarding`.
const NOT_FORWARDING: i32 = 2;
/// The largest datagram that the kernel puts together.
const DATAGRAM_MAX: i32 = 65_535;
/// RFC 4293, `ipAddressType`.
const UNICAST: i32 = 1;
/// RFC 4293, `ipAddressStatus`.
const PREFERRED: i32 = 1;
