//! What can be asked for: the groups `system`, `interfaces` with its extension, `ip` and `snmp`, those of version 3, and
//! our own (docs/mibs/FIXPART-MIB.txt).

mod fixpart;
mod interfaces;
mod ip;
mod system;

pub use fixpart::{Figures, Fixpart, Issue, notification};
pub use interfaces::{Interface, InterfaceKind, Traffic};
pub use ip::{Address, counters};
pub use system::System;

use super::agent::{Engine, Stats};
use super::oid::Oid;
use super::tree::Tree;
use std::time::{Duration, Instant};

/// Everything that is known of the box at one time.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Who and where it is.
    pub system: System,
    /// Its interfaces.
    pub interfaces: Vec<Interface>,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// What the kernel counts of IPv4, from `ipForwarding` on in the order of the group `ip`.
    pub ip: Vec<u64>,
    /// What is ours.
    pub fixpart: Fixpart,
    /// Since when the agent runs.
    pub up: Duration,
    /// What the agent has counted.
    pub stats: Stats,
    /// Notifications that were not sent, since there were too many or nobody has heard them.
    pub lost: u64,
    /// The name of the agent, and its clock.
    pub engine: Option<Engine>,
}

/// All variables of these facts.
#[must_use]
pub fn tree(now: Instant, facts: &Facts) -> Tree {
    let mut tree = Tree::default();
    system::put(&mut tree, facts);
    interfaces::put(&mut tree, &facts.interfaces);
    ip::put(&mut tree, facts);
    system::put_snmp(&mut tree, &facts.stats);
    if let Some(engine) = &facts.engine {
        system::put_engine(&mut tree, now, engine, &facts.stats);
    }
    fixpart::put(&mut tree, facts);
    tree
}

/// `mib-2`, with these numbers behind it.
fn mib2(arcs: &[u32]) -> Oid {
    Oid::new(&[1, 3, 6, 1, 2, 1]).child(arcs)
}

/// `snmpModules`, with these numbers behind it.
fn modules(arcs: &[u32]) -> Oid {
    Oid::new(&[1, 3, 6, 1, 6, 3]).child(arcs)
}

/// Hundredths of a second, as SNMP counts them: they begin anew after 497 days.
pub(super) fn ticks(time: Duration) -> u32 {
    let hundredths = time.as_millis() / 10;
    u32::try_from(hundredths & u128::from(u32::MAX)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
