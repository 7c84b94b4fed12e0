//! Which handset is meant by an identity in a message: the routing table of the LCE (14.1).

use crate::subscription::Subscription;
use crate::wire::ie::PortableIdentity;
use ident::{Ipei, Ipui, Tpui};
use std::collections::BTreeMap;

/// Handsets by the identities that they have here.
#[derive(Default)]
pub(super) struct Identities {
    by_ipui: BTreeMap<Ipui, Ipei>,
    by_tpui: BTreeMap<Tpui, Ipei>,
    last_tpui: u32,
}

impl Identities {
    /// The handset that calls itself so; `None` where nobody could.
    pub(super) fn find(&self, identity: &PortableIdentity) -> Option<Ipei> {
        match identity {
            PortableIdentity::Ipei(ipei) | PortableIdentity::Ipui(Ipui::N(ipei)) => Some(*ipei),
            PortableIdentity::Ipui(ipui) => {
                self.by_ipui.get(ipui).copied().or_else(|| private(ipui))
            }
            PortableIdentity::Tpui(tpui) => self.by_tpui.get(tpui).copied(),
        }
    }

    /// The handset that has this temporary identity.
    pub(super) fn holder(&self, tpui: Tpui) -> Option<Ipei> {
        self.by_tpui.get(&tpui).copied()
    }

    /// Brings the tables up to date after the subscription of one handset has changed.
    pub(super) fn update(
        &mut self,
        pp: Ipei,
        before: &Names,
        subscription: Option<&Subscription>,
    ) -> Names {
        let after = Names::of(subscription);
        if after.ipui != before.ipui {
            replace(&mut self.by_ipui, pp, before.ipui.as_ref(), after.ipui.as_ref());
        }
        if after.tpui != before.tpui {
            replace(&mut self.by_tpui, pp, before.tpui.as_ref(), after.tpui.as_ref());
        }
        after
    }

    /// A temporary identity that no handset has; each call gives another one.
    ///
    /// Pages carry its low 16 bits only, so that those are unique as well.
    pub(super) fn spare_tpui(&mut self) -> Option<Tpui> {
        for _ in 0..TPUIS {
            self.last_tpui = self.last_tpui % (TPUIS - 1) + 1;
            let tpui = Tpui::assigned(self.last_tpui);
            if tpui.is_some_and(|tpui| !self.by_tpui.contains_key(&tpui)) {
                return tpui;
            }
        }
        None
    }
}

/// The identities under which a handset stands in the tables.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Names {
    ipui: Option<Ipui>,
    tpui: Option<Tpui>,
}

impl Names {
    fn of(subscription: Option<&Subscription>) -> Self {
        Self {
            ipui: subscription.map(|kept| kept.ipui.clone()),
            tpui: subscription.and_then(|kept| kept.tpui),
        }
    }
}

fn replace<K: Ord + Clone>(
    table: &mut BTreeMap<K, Ipei>,
    pp: Ipei,
    before: Option<&K>,
    after: Option<&K>,
) {
    if let Some(before) = before
        && table.get(before) == Some(&pp)
    {
        table.remove(before);
    }
    if let Some(after) = after {
        table.insert(after.clone(), pp);
    }
}

/// The handset whose IPEI is the private number, as it is in the identities that we give out.
fn private(ipui: &Ipui) -> Option<Ipei> {
    match ipui {
        Ipui::O { bits: IPEI_BITS.., number } => Ipei::from_u64(*number),
        _ => None,
    }
}

/// Length of an IPEI.
const IPEI_BITS: u8 = 36;

/// Temporary identities whose first digit is 0: their low 16 bits are all different.
const TPUIS: u32 = 12 * 0x1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscription::{Keys, Uak};

    fn kept(ipei: Ipei, ipui: Ipui, tpui: Option<Tpui>) -> Subscription {
        Subscription {
            ipei,
            ipui,
            tpui,
            keys: Keys::Confirmed(Uak::new([7; 16])),
            located: None,
            terminal_capability: Vec::new(),
            model: Vec::new(),
        }
    }

    #[test]
    fn a_handset_is_found_by_every_name_it_has_and_by_none_it_had() {
        let pp = Ipei::new(0x4f, 0xf_ffff).expect("a valid identity");
        let ipui = Ipui::private(24, 0x61_2345).expect("a valid identity");
        let (first, second) = (Tpui::assigned(1), Tpui::assigned(2));
        let named = |tpui: Option<Tpui>| PortableIdentity::Tpui(tpui.expect("a valid identity"));
        let mut table = Identities::default();

        let names = kept(pp, ipui.clone(), first);
        let names = table.update(pp, &Names::default(), Some(&names));
        assert_eq!(table.find(&PortableIdentity::Ipei(pp)), Some(pp));
        assert_eq!(table.find(&PortableIdentity::Ipui(ipui.clone())), Some(pp));
        assert_eq!(table.find(&named(first)), Some(pp));

        let moved = kept(pp, ipui.clone(), second);
        let names = table.update(pp, &names, Some(&moved));
        assert_eq!(table.find(&named(first)), None);
        assert_eq!(table.find(&named(second)), Some(pp));

        table.update(pp, &names, None);
        assert_eq!(table.find(&PortableIdentity::Ipui(ipui)), None);
        assert_eq!(table.find(&named(second)), None);
    }

    #[test]
    fn spare_identities_repeat_only_after_all_others_and_never_one_in_use() {
        let pp = Ipei::new(0x4f, 1).expect("a valid identity");
        let mut table = Identities::default();
        let taken = table.spare_tpui();
        table.update(pp, &Names::default(), Some(&kept(pp, Ipui::N(pp), taken)));
        let spares: std::collections::BTreeSet<_> =
            (0..TPUIS - 2).filter_map(|_| table.spare_tpui()).map(Tpui::low_16).collect();
        assert_eq!(spares.len(), 49_150);
        assert!(taken.is_some_and(|taken| !spares.contains(&taken.low_16())));
        assert_eq!(table.spare_tpui().map(Tpui::low_16), spares.first().copied());
    }
}
