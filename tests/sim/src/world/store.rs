//! What the server keeps: in the simulation, in memory, but not in the server's.

use dect::subscription::{Change, RfpRecord, Subscription};
use ident::{Ipei, Mac};
use std::collections::BTreeMap;

/// What survives a restart of the server.
#[derive(Default)]
pub(crate) struct SimStore {
    subscriptions: BTreeMap<Ipei, Subscription>,
    rfps: BTreeMap<Mac, RfpRecord>,
    /// The disk is full.
    pub(crate) fails: bool,
}

impl SimStore {
    /// Carries a change out; says whether it is durable.
    pub(super) fn apply(&mut self, change: Change) -> bool {
        if self.fails {
            return false;
        }
        match change {
            Change::Put(it) => drop(self.subscriptions.insert(it.ipei, *it)),
            Change::Remove(ipei) => drop(self.subscriptions.remove(&ipei)),
            Change::PutRfp(it) => drop(self.rfps.insert(it.mac, *it)),
            Change::RemoveRfp(mac) => drop(self.rfps.remove(&mac)),
        }
        true
    }

    pub(super) fn load(&self) -> (Vec<Subscription>, Vec<RfpRecord>) {
        (self.subscriptions.values().cloned().collect(), self.rfps.values().cloned().collect())
    }

    pub(crate) fn subscriptions(&self) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.values()
    }

    pub(crate) fn rfps(&self) -> impl Iterator<Item = &RfpRecord> {
        self.rfps.values()
    }
}
