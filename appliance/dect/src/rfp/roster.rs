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
    /// Welcome at the Blowfish door when they come next.
    approved: BTreeSet<Mac>,
    /// Turned away at the Blowfish door because nobody has approved them.
    refused: BTreeSet<Mac>,
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
        let known = records.into_iter().map(|record| (record.mac, record)).collect();
        Self { known, approved: BTreeSet::new(), refused: BTreeSet::new() }
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
        if door == Door::Blowfish && !self.welcome(mac, settings) {
            if self.refused.len() < REFUSED_MAX {
                self.refused.insert(mac);
            }
            return Verdict::Refuse(format!(
                "base station {mac} ({}) is not known; approve it (appliance base approve {mac}), \
                 or set fixpart.door.allow_new_rfp",
                identity.software
            ));
        }
        self.refused.remove(&mac);
        let known = self.known.contains_key(&mac);
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

    /// Forgets a base station; what was known of it.
    pub fn remove(&mut self, mac: Mac) -> Option<RfpRecord> {
        self.approved.remove(&mac);
        self.refused.remove(&mac);
        self.known.remove(&mac)
    }

    /// Welcomes a base station when it comes to the Blowfish door next, with a new key where it has none here.
    pub fn approve(&mut self, mac: Mac) {
        if self.approved.len() < APPROVED_MAX {
            self.approved.insert(mac);
        }
    }

    /// Whether this base station stands in the list of those that were turned away. The list is short:
    /// MAC addresses are cheap to make up.
    #[must_use]
    pub fn is_refused(&self, mac: Mac) -> bool {
        self.refused.contains(&mac)
    }

    /// The base stations that are known, in the order of their addresses.
    pub fn iter(&self) -> impl Iterator<Item = &RfpRecord> {
        self.known.values()
    }

    /// Whether a base station may come in by the Blowfish door. A MAC address proves nothing there:
    /// one that is known without a key belongs to a base station of the TLS door.
    fn welcome(&mut self, mac: Mac, settings: &Settings) -> bool {
        let known = self.known.get(&mac);
        let has_key = known.is_some_and(|record| record.link_key.is_some());
        has_key || self.approved.remove(&mac) || (settings.allow_new_rfp && known.is_none())
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

/// How many that were turned away are remembered.
const REFUSED_MAX: usize = 256;

/// As many as there can be base stations.
const APPROVED_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use machine::Seeded;

    const MAC: Mac = Mac([0, 0x30, 0x42, 1, 2, 3]);

    fn identity(mac: Mac) -> Identity {
        Identity { mac, model: 0x0d, software: "SIP-DECT 8.1".into() }
    }

    fn judge(roster: &mut Roster, mac: Mac, door: Door, allow_new_rfp: bool) -> Verdict {
        let settings = Settings { allow_new_rfp, ..Settings::default() };
        roster.judge(&identity(mac), door, &settings, &mut Seeded::new(1))
    }

    fn record(number: u8, link_key: Option<LinkKey>) -> RfpRecord {
        RfpRecord { mac: Mac([2, 0, 0, 0, 0, number]), rpn: Rpn(number), link_key }
    }

    fn admitted(verdict: Verdict) -> Option<(Admission, Option<Box<RfpRecord>>)> {
        match verdict {
            Verdict::Admit(admission, record) => Some((admission, record)),
            Verdict::Refuse(_) => None,
        }
    }

    #[test]
    fn an_unknown_base_station_at_the_blowfish_door_waits_until_it_is_approved() {
        let mut roster = Roster::new(Vec::new());
        assert!(admitted(judge(&mut roster, MAC, Door::Blowfish, false)).is_none());
        assert!(roster.is_refused(MAC));
        roster.approve(MAC);
        let (admission, record) =
            admitted(judge(&mut roster, MAC, Door::Blowfish, false)).expect("approved");
        let KeyPlan::New(key) = admission.key else { panic!("a new key") };
        assert!(record.expect("to be stored").link_key == Some(key));
        assert!(!roster.is_refused(MAC));

        let (admission, record) =
            admitted(judge(&mut roster, MAC, Door::Blowfish, false)).expect("known");
        assert!(matches!(admission.key, KeyPlan::Known(_)) && record.is_none());
    }

    #[test]
    fn an_open_door_takes_in_the_unknown_and_nobody_with_the_address_of_a_tls_base_station() {
        let mut roster = Roster::new(vec![record(1, None)]);
        assert!(admitted(judge(&mut roster, MAC, Door::Blowfish, true)).is_some());
        let taken = Mac([2, 0, 0, 0, 0, 1]);
        assert!(admitted(judge(&mut roster, taken, Door::Blowfish, true)).is_none());
    }

    #[test]
    fn a_certificate_for_another_base_station_does_not_help() {
        let mut roster = Roster::new(Vec::new());
        assert!(admitted(judge(&mut roster, MAC, Door::Tls(Mac([9; 6])), true)).is_none());
        let (admission, record) =
            admitted(judge(&mut roster, MAC, Door::Tls(MAC), false)).expect("certified");
        assert!(matches!(admission.key, KeyPlan::None));
        assert!(record.is_some_and(|record| record.link_key.is_none()));
    }

    #[test]
    fn numbers_are_given_from_the_lowest_free_one_and_run_out() {
        let records = (0..=u8::MAX).filter(|number| *number != 7);
        let mut roster = Roster::new(records.map(|number| record(number, None)).collect());
        let (admission, _) = admitted(judge(&mut roster, MAC, Door::Tls(MAC), false)).expect("one");
        assert_eq!(admission.rpn, Rpn(7));
        let other = Mac([9; 6]);
        assert!(admitted(judge(&mut roster, other, Door::Tls(other), false)).is_none());
        assert!(roster.remove(MAC).is_some());
        assert!(admitted(judge(&mut roster, other, Door::Tls(other), false)).is_some());
    }

    #[test]
    fn made_up_addresses_do_not_fill_the_memory() {
        let mut roster = Roster::new(Vec::new());
        for number in 0..1000_u16 {
            let [high, low] = number.to_be_bytes();
            judge(&mut roster, Mac([2, 0, 0, 0, high, low]), Door::Blowfish, false);
        }
        assert_eq!(roster.refused.len(), REFUSED_MAX);
    }
}
