//! Subscriptions and base stations on their way between the roles `dect` and `conf`.

use bus::conf1::{Keep, Rfp as RfpForm, Subscription as Form};
use dect::subscription::{Change, Keys, LinkKey, RfpRecord, Subscription, Uak};
use ident::{Ipei, Ipui, Mac, Rpn, Tpui};
use std::collections::BTreeMap;

/// A record that means nothing; only a role of another version sends one.
#[derive(Debug, thiserror::Error)]
#[error("the {0} of a record of {1} has no meaning here")]
pub struct BadRecord(&'static str, String);

/// The form in which a subscription travels.
#[must_use]
pub fn form(subscription: &Subscription) -> Form {
    let octets = |key: &Uak| key.expose().to_vec();
    let (keys, key, old_key) = match &subscription.keys {
        Keys::Unconfirmed(key) => (UNCONFIRMED, octets(key), Vec::new()),
        Keys::Confirmed(key) => (CONFIRMED, octets(key), Vec::new()),
        Keys::Replacing { old, new } => (REPLACING, octets(new), octets(old)),
    };
    Form {
        ipei: subscription.ipei.to_string(),
        ipui: subscription.ipui.to_octets(),
        tpui: subscription.tpui.map(Tpui::value).into_iter().collect(),
        keys: keys.into(),
        key,
        old_key,
        located: subscription.located.map(|mac| mac.to_string()).unwrap_or_default(),
        terminal_capability: subscription.terminal_capability.clone(),
        model: subscription.model.clone(),
    }
}

/// The subscription of this form.
///
/// # Errors
/// [`BadRecord`].
pub fn subscription(form: &Form) -> Result<Subscription, BadRecord> {
    let bad = |what| BadRecord(what, form.ipei.clone());
    let uak = |octets: &[u8]| octets.try_into().map(Uak::new).map_err(|_| bad("key"));
    let keys = match form.keys.as_str() {
        UNCONFIRMED => Keys::Unconfirmed(uak(&form.key)?),
        CONFIRMED => Keys::Confirmed(uak(&form.key)?),
        REPLACING => Keys::Replacing { old: uak(&form.old_key)?, new: uak(&form.key)? },
        _ => return Err(bad("state of the keys")),
    };
    let located = match form.located.as_str() {
        "" => None,
        mac => Some(mac.parse().map_err(|_| bad("base station"))?),
    };
    Ok(Subscription {
        ipei: form.ipei.parse().map_err(|_| bad("IPEI"))?,
        ipui: Ipui::from_octets(form.ipui.0, &form.ipui.1).map_err(|_| bad("IPUI"))?,
        tpui: match form.tpui.first() {
            Some(value) => Some(Tpui::new(*value).ok_or_else(|| bad("TPUI"))?),
            None => None,
        },
        keys,
        located,
        terminal_capability: form.terminal_capability.clone(),
        model: form.model.clone(),
    })
}

/// The form in which a base station travels.
#[must_use]
pub fn rfp_form(rfp: &RfpRecord) -> RfpForm {
    let link_key = rfp.link_key.as_ref().map(|key| key.expose().to_vec()).unwrap_or_default();
    RfpForm { mac: rfp.mac.to_string(), rpn: rfp.rpn.0, link_key }
}

/// The base station of this form.
///
/// # Errors
/// [`BadRecord`].
pub fn rfp(form: &RfpForm) -> Result<RfpRecord, BadRecord> {
    let bad = |what| BadRecord(what, form.mac.clone());
    let key = |octets: &[u8]| octets.try_into().map(LinkKey::new).map_err(|_| bad("link key"));
    let link_key = (!form.link_key.is_empty()).then(|| key(&form.link_key)).transpose()?;
    let mac = form.mac.parse().map_err(|_| bad("MAC address"))?;
    Ok(RfpRecord { mac, rpn: Rpn(form.rpn), link_key })
}

/// What these changes come to, made one after the other: of each record the last one counts.
#[must_use]
pub fn keep<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Keep {
    let mut handsets: BTreeMap<Ipei, Option<&Subscription>> = BTreeMap::new();
    let mut rfps: BTreeMap<Mac, Option<&RfpRecord>> = BTreeMap::new();
    for change in changes {
        match change {
            Change::Put(record) => _ = handsets.insert(record.ipei, Some(record)),
            Change::Remove(ipei) => _ = handsets.insert(*ipei, None),
            Change::PutRfp(record) => _ = rfps.insert(record.mac, Some(record)),
            Change::RemoveRfp(mac) => _ = rfps.insert(*mac, None),
        }
    }
    let mut keep = Keep::default();
    for (ipei, subscription) in handsets {
        match subscription {
            Some(subscription) => keep.put.push(form(subscription)),
            None => keep.removed.push(ipei.to_string()),
        }
    }
    for (mac, record) in rfps {
        match record {
            Some(record) => keep.put_rfps.push(rfp_form(record)),
            None => keep.removed_rfps.push(mac.to_string()),
        }
    }
    keep
}

/// The changes that were sent.
///
/// # Errors
/// [`BadRecord`], and nothing is to be kept.
pub fn changes(keep: &Keep) -> Result<Vec<Change>, BadRecord> {
    let mut changes = Vec::new();
    for form in &keep.put {
        changes.push(Change::Put(Box::new(subscription(form)?)));
    }
    for ipei in &keep.removed {
        let ipei = ipei.parse().map_err(|_| BadRecord("IPEI", ipei.clone()))?;
        changes.push(Change::Remove(ipei));
    }
    for form in &keep.put_rfps {
        changes.push(Change::PutRfp(Box::new(rfp(form)?)));
    }
    for mac in &keep.removed_rfps {
        let mac = mac.parse().map_err(|_| BadRecord("MAC address", mac.clone()))?;
        changes.push(Change::RemoveRfp(mac));
    }
    Ok(changes)
}

const UNCONFIRMED: &str = "unconfirmed";
const CONFIRMED: &str = "confirmed";
const REPLACING: &str = "replacing";

#[cfg(test)]
mod tests {
    use super::*;

    fn handset(psn: u32, keys: Keys) -> Subscription {
        let ipei: Ipei = format!("00077 {psn:07}").parse().unwrap();
        Subscription {
            ipei,
            ipui: Ipui::N(ipei),
            tpui: Tpui::new(0x0_1234),
            keys,
            located: "02:00:00:00:00:01".parse().ok(),
            terminal_capability: vec![1, 2, 3],
            model: vec![],
        }
    }

    #[test]
    fn what_travels_arrives_as_it_was_sent() {
        let [one, two] = [[1; 16], [2; 16]];
        let all = [
            Keys::Unconfirmed(Uak::new(one)),
            Keys::Confirmed(Uak::new(one)),
            Keys::Replacing { old: Uak::new(one), new: Uak::new(two) },
        ];
        for keys in all {
            let sent = handset(1, keys);
            assert!(subscription(&form(&sent)).is_ok_and(|arrived| arrived == sent));
        }
        for link_key in [None, Some(LinkKey::new([7; 64]))] {
            let sent =
                RfpRecord { mac: "02:00:00:00:00:09".parse().unwrap(), rpn: Rpn(3), link_key };
            assert!(rfp(&rfp_form(&sent)).is_ok_and(|arrived| arrived == sent));
        }
    }

    #[test]
    fn of_each_record_the_last_change_counts() {
        let put = |psn, octet| {
            let keys = Keys::Confirmed(Uak::new([octet; 16]));
            Change::Put(Box::new(handset(psn, keys)))
        };
        let ipei = |psn: u32| handset(psn, Keys::Confirmed(Uak::new([0; 16]))).ipei;
        let list = [
            put(1, 1),
            put(2, 1),
            put(1, 2),
            Change::Remove(ipei(2)),
            Change::Remove(ipei(3)),
            put(3, 9),
        ];
        let keep = keep(&list);
        let put: Vec<(&str, u8)> = keep.put.iter().map(|it| (&it.ipei[..13], it.key[0])).collect();
        assert_eq!(put, [("00077 0000001", 2), ("00077 0000003", 9)]);
        assert_eq!(keep.removed.len(), 1);
        assert!(changes(&keep).is_ok_and(|changes| changes.len() == 3));
    }

    #[test]
    fn a_record_without_meaning_is_refused_whole() {
        let good = form(&handset(1, Keys::Confirmed(Uak::new([1; 16]))));
        let damaged: [fn(&mut Form); 6] = [
            |form| form.ipei = "x".into(),
            |form| form.ipui.0 = 3,
            |form| form.tpui = vec![u32::MAX],
            |form| form.keys = "lost".into(),
            |form| _ = form.key.pop(),
            |form| form.located = "here".into(),
        ];
        for damage in damaged {
            let mut bad = good.clone();
            damage(&mut bad);
            assert!(changes(&Keep { put: vec![good.clone(), bad], ..Keep::default() }).is_err());
        }
    }
}
