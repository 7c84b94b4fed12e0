//! The groups `system` and `snmp` (RFC 3418), and what an engine of version 3 says of itself (RFC 3411, RFC 3414).

use super::{Facts, fixpart, mib2, modules, ticks};
use crate::snmp::MESSAGE_MAX;
use crate::snmp::agent::{Engine, Stats};
use crate::snmp::oid::Oid;
use crate::snmp::tree::Tree;
use crate::snmp::value::Value;
use std::time::Instant;

/// Who and where the box is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// What it is, with its version.
    pub description: String,
    /// Whom to ask about it.
    pub contact: String,
    /// Its name in the network.
    pub name: String,
    /// Where it stands.
    pub location: String,
}

pub(super) fn put(tree: &mut Tree, facts: &Facts) {
    let System { description, contact, name, location } = &facts.system;
    let up = ticks(facts.up);
    for (object, value) in [
        (1, text(description)),
        (2, Value::Oid(fixpart::product())),
        (3, Value::TimeTicks(up)),
        (4, text(contact)),
        (5, text(name)),
        (6, text(location)),
        (7, Value::Integer(SERVICES)),
        // What is supported has not changed since the agent began.
        (8, Value::TimeTicks(0)),
    ] {
        tree.put(&mib2(&[1, object]), value);
    }
    for (row, (module, about)) in (1..).zip(supported()) {
        for (column, value) in
            [(2, Value::Oid(module)), (3, Value::text(about)), (4, Value::TimeTicks(0))]
        {
            tree.put_at(&mib2(&[1, 9, 1, column]), &[row], value);
        }
    }
}

/// `sysORTable`: which modules there are.
fn supported() -> [(Oid, &'static str); 5] {
    [
        (modules(&[1]), "SNMPv2-MIB: the groups system and snmp (RFC 3418)"),
        (mib2(&[31]), "IF-MIB: interfaces (RFC 2863)"),
        (mib2(&[4]), "IP-MIB: the group ip and addresses (RFC 1213, RFC 4293)"),
        (modules(&[15, 2, 1]), "SNMP-USER-BASED-SM-MIB: what was refused (RFC 3414)"),
        (fixpart::mib(&[]), "FIXPART-MIB: users, calls, base stations and issues"),
    ]
}

/// Text of an administrator, as much of it as may be shown (RFC 3418, DisplayString).
fn text(text: &str) -> Value {
    let mut octets = text.as_bytes().to_vec();
    octets.truncate(TEXT_MAX);
    Value::Octets(octets)
}

/// What the agent has counted.
pub(super) fn put_snmp(tree: &mut Tree, stats: &Stats) {
    for (object, count) in [
        (1, stats.received),
        (3, stats.bad_versions),
        (4, stats.bad_communities),
        // Nothing can be changed with any community, so none is good for less than what it is used for.
        (5, 0),
        (6, stats.malformed),
        (31, stats.throttled),
        (32, 0),
    ] {
        tree.put(&mib2(&[11, object]), Value::counter(count));
    }
    // No traps are sent of those who do not know the community.
    tree.put(&mib2(&[11, 30]), Value::Integer(DISABLED));
}

/// `snmpEngine`, and what was refused by version 3.
pub(super) fn put_engine(tree: &mut Tree, now: Instant, engine: &Engine, stats: &Stats) {
    let size = i32::try_from(MESSAGE_MAX).unwrap_or(i32::MAX);
    for (object, value) in [
        (1, Value::Octets(engine.id.clone())),
        (2, Value::Integer(engine.clock.boots)),
        (3, Value::Integer(engine.clock.time(now))),
        (4, Value::Integer(size)),
    ] {
        tree.put(&modules(&[10, 2, 1, object]), value);
    }
    for (object, count) in [
        (1, stats.wrong_levels),
        (2, stats.not_recent),
        (3, stats.unknown_users),
        (4, stats.unknown_engines),
        (5, stats.wrong_proofs),
        (6, stats.unreadable),
    ] {
        tree.put(&modules(&[15, 1, 1, object]), Value::counter(count));
    }
}

/// Layers 4 and 7: a host with applications (RFC 3418, `sysServices`).
const SERVICES: i32 = 72;
/// RFC 3418, DisplayString.
const TEXT_MAX: usize = 255;
/// RFC 3418, `snmpEnableAuthenTraps`.
const DISABLED: i32 = 2;
