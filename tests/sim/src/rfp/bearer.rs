//! Bearers: which handset is on which, two buffers each, and ciphering.

use super::HANDOVER;
use crate::air::{PpId, key_check};
use dect::rfp::primitive::Mcei;
use ident::Pmid;
use std::collections::BTreeMap;

/// The bearers in use.
#[derive(Default)]
pub(super) struct Bearers {
    by_mcei: BTreeMap<Mcei, Bearer>,
    by_handset: BTreeMap<PpId, Mcei>,
    /// The last number given; each link gets a fresh one for as long as numbers last.
    last: u8,
}

struct Bearer {
    pp: PpId,
    pmid: Pmid,
    accepted: bool,
    flags: u8,
    filled: [bool; 2],
    /// Check value of the server's key.
    key: Option<[u8; 8]>,
    /// Check value of the key that the handset has started to cipher with.
    asked: Option<[u8; 8]>,
}

impl Bearers {
    pub(super) fn len(&self) -> usize {
        self.by_mcei.len()
    }

    pub(super) fn clear(&mut self) {
        self.by_mcei.clear();
        self.by_handset.clear();
    }

    pub(super) fn drain(&mut self) -> Vec<PpId> {
        self.by_mcei.clear();
        std::mem::take(&mut self.by_handset).into_keys().collect()
    }

    pub(super) fn handset(&self, mcei: Mcei) -> Option<PpId> {
        self.by_mcei.get(&mcei).map(|bearer| bearer.pp)
    }

    pub(super) fn mcei(&self, pp: PpId) -> Option<Mcei> {
        self.by_handset.get(&pp).copied()
    }

    /// A bearer for a handset, and the number of the one that it has given up by asking again.
    pub(super) fn open(&mut self, pp: PpId, pmid: Pmid) -> (Option<Mcei>, Mcei) {
        let replaced = self.remove(pp);
        let mcei = self.fresh();
        let bearer = Bearer {
            pp,
            pmid,
            accepted: false,
            flags: 0,
            filled: [false; 2],
            key: None,
            asked: None,
        };
        self.by_mcei.insert(mcei, bearer);
        self.by_handset.insert(pp, mcei);
        (replaced, mcei)
    }

    pub(super) fn remove(&mut self, pp: PpId) -> Option<Mcei> {
        let mcei = self.by_handset.remove(&pp)?;
        self.by_mcei.remove(&mcei);
        Some(mcei)
    }

    /// Both sides may use the bearer now; `None` where they did already.
    pub(super) fn accept(&mut self, mcei: Mcei) -> Option<(PpId, Pmid, u8)> {
        let bearer = self.by_mcei.get_mut(&mcei).filter(|bearer| !bearer.accepted)?;
        bearer.accepted = true;
        Some((bearer.pp, bearer.pmid, bearer.flags))
    }

    /// The server knows the link that moves here, and its key.
    pub(super) fn handed_over(&mut self, mcei: Mcei, key: Option<[u8; 8]>) {
        if let Some(bearer) = self.by_mcei.get_mut(&mcei) {
            bearer.flags = HANDOVER;
            bearer.key = key.map(|key| key_check(&key));
        }
    }

    /// Fills a buffer; false where it was full, or is none.
    pub(super) fn fill(&mut self, mcei: Mcei, buffer: u8) -> bool {
        let buffer = self.buffer(mcei, buffer);
        buffer.is_some_and(|filled| !std::mem::replace(filled, true))
    }

    /// Empties a buffer; false where it was empty, or its link is gone.
    pub(super) fn free(&mut self, mcei: Mcei, buffer: u8) -> bool {
        self.buffer(mcei, buffer).is_some_and(std::mem::take)
    }

    /// The server has named its key. Whether the handset's is the same, once that is known.
    pub(super) fn keyed(&mut self, mcei: Mcei, key: [u8; 8]) -> Option<bool> {
        let bearer = self.by_mcei.get_mut(&mcei)?;
        bearer.key = Some(key_check(&key));
        bearer.same()
    }

    /// The handset has started to cipher. Whether its key is the server's, once that is known.
    pub(super) fn asked(&mut self, mcei: Mcei, check: [u8; 8]) -> Option<bool> {
        let bearer = self.by_mcei.get_mut(&mcei)?;
        bearer.asked = Some(check);
        bearer.same()
    }

    fn buffer(&mut self, mcei: Mcei, buffer: u8) -> Option<&mut bool> {
        self.by_mcei.get_mut(&mcei)?.filled.get_mut(usize::from(buffer))
    }

    /// The next number that is not in use. There are 256 and far fewer bearers.
    fn fresh(&mut self) -> Mcei {
        loop {
            self.last = self.last.wrapping_add(1);
            if !self.by_mcei.contains_key(&Mcei(self.last)) {
                return Mcei(self.last);
            }
        }
    }
}

impl Bearer {
    fn same(&mut self) -> Option<bool> {
        let asked = self.asked?;
        let same = asked == self.key?;
        self.asked = None;
        Some(same)
    }
}
