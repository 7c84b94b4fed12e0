//! Which base stations are known, and which of those that knock may come in.

use super::primitive::{Admission, Identity, KeyPlan};
use crate::nwk::{Door, Settings};
use crate::subscription::{LinkKey, RfpRecord};
use ident::{Ari, Mac, Rfpi, Rpn};
use machine::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// The base stations that were accepted once, by MAC address.
pub struct Roster {
    known: BTreeMap<Mac, RfpRecord>,
}

/// What follows when a base station has said who it is.
pub enum Verdict {
    /// Take it in; hand this to the link as [`super::Event::Admit`]. A record is to be stored first
    /// where there is one: a key that is used before it is durable locks the base station out.
    Admit(Admission, Option<Box<RfpRecord>>),
    /// Send it away; hand this to the link as [`super::Event::Refuse`].
    Refuse(String),
}

impl Roster {
    /// A roster of these base stations.
    #[must_use]
    pub fn new(records: Vec<RfpRecord>) -> Self {
        Self { known: records.into_iter().map(|record| (record.mac, record)).collect() }
    }

    /// Judges a base station that has come in by `door` and says who it is. A new one is entered.
    pub fn judge(
        &mut self,
        identity: &Identity,
        door: Door,
        settings: &Settings,
        rng: &mut dyn Rng,
    ) -> Verdict {
        let mac = identity.mac;
        if let Door::Tls(certified) = door
            && certified != mac
        {
            return Verdict::Refuse(format!(
                "base station says it is {mac}, its certificate says {certified}; enrol it again"
            ));
        }
        let free = || self.free_rpn(settings.ari);
        let Some(rpn) = self.known.get(&mac).map(|record| record.rpn).or_else(free) else {
            return Verdict::Refuse(format!(
                "no number is free for base station {mac}; remove one that is gone"
            ));
        };
        let known = self.known.contains_key(&mac);
        if door == Door::Blowfish && !known && !settings.allow_new_rfp {
            return Verdict::Refuse(format!(
                "base station {mac} ({}) is not known; approve it, or set allow_new_rfp",
                identity.software
            ));
        }
        let (key, new) = self.key(mac, door, rng);
        let record = (new || !known).then(|| {
            let link_key = match &key {
                KeyPlan::None => self.known.get(&mac).and_then(|record| record.link_key.clone()),
                KeyPlan::Known(key) | KeyPlan::New(key) | KeyPlan::Renewed { key, .. } => {
                    Some(key.clone())
                }
            };
            Box::new(RfpRecord { mac, rpn, link_key })
        });
        if let Some(record) = &record {
            self.known.insert(mac, (**record).clone());
        }
        Verdict::Admit(Admission { rpn, key, settings: settings.clone() }, record)
    }

    /// Enters a base station, or what has changed of it.
    pub fn enter(&mut self, record: RfpRecord) {
        self.known.insert(record.mac, record);
    }

    /// Forgets a base station.
    pub fn remove(&mut self, mac: Mac) {
        self.known.remove(&mac);
    }

    /// The base stations that are known, in the order of their addresses.
    pub fn iter(&self) -> impl Iterator<Item = &RfpRecord> {
        self.known.values()
    }

    fn key(&self, mac: Mac, door: Door, rng: &mut dyn Rng) -> (KeyPlan, bool) {
        if let Door::Tls(_) = door {
            return (KeyPlan::None, false);
        }
        if let Some(key) = self.known.get(&mac).and_then(|record| record.link_key.clone()) {
            return (KeyPlan::Known(key), false);
        }
        let mut octets = [0; 64];
        rng.fill(&mut octets);
        (KeyPlan::New(LinkKey::new(octets)), true)
    }

    /// The lowest number that is free and fits behind this identity.
    fn free_rpn(&self, ari: Option<Ari>) -> Option<Rpn> {
        let taken: BTreeSet<Rpn> = self.known.values().map(|record| record.rpn).collect();
        let fits = |rpn: &Rpn| ari.is_none_or(|ari| Rfpi::new(ari, *rpn).is_some());
        (0..=u8::MAX).map(Rpn).filter(fits).find(|rpn| !taken.contains(rpn))
    }
}
