//! Connection handover: a link goes on through another base station (EN 300 175-4 9.2.7.3).
//!
//! The data link and everything above it stay as they are. Speech is opened
//! anew at the new base station and closed at the old one, so that the
//! interworking unit hears of a new address.

use super::Nwk;
use super::links::{LinkId, Radio};
use super::work::Key;
use crate::lapc;
use crate::lce;
use crate::primitive::CallId;
use crate::rfp::primitive::{CipherKey, Request as RfpRequest};
use ident::Pmid;

impl Nwk {
    /// HO_IN_PROGRESS-ind: a handset comes over and needs the key of its link.
    pub(super) fn handover_asked(&mut self, to: LinkId, pmid: Pmid) {
        let request = match self.link_of(pmid).and_then(|from| self.links.get(&from)) {
            Some(Radio { key, .. }) => {
                RfpRequest::HandoverKey(to.1, key.clone().map(|key| (key, CIPHER_KEY)))
            }
            None => RfpRequest::HandoverFailed(to.1),
        };
        self.ask_base(to.0, request);
    }

    /// MAC_CON-ind with the handover flag: the link is there now.
    pub(super) fn handed_over(&mut self, to: LinkId, pmid: Pmid) {
        let Some(from) = self.link_of(pmid).filter(|from| *from != to) else {
            return self.link_up(to);
        };
        self.link(to, lce::Event::Lost);
        let Some(radio) = self.links.remove(&from) else { return };
        let others = [lce::Timer::Release, lce::Timer::Maintain, lce::Timer::Silence];
        for timer in lapc::Timer::ALL.map(lce::Timer::Dl).into_iter().chain(others) {
            self.agenda.rename(&Key::Link(from, timer), Key::Link(to, timer));
        }
        let pp = radio.pp;
        self.links.insert(to, radio);
        self.ask_base(from.0, RfpRequest::Disconnect(from.1));
        let Some(handset) = pp.and_then(|pp| self.handsets.get_mut(&pp)) else { return };
        handset.link = Some(to);
        tracing::debug!("lce{{pp={}}}: moves to rfp {} mcei {}", pmid.value(), to.0.0, to.1.0);
        for call in handset.calls.clone() {
            self.move_media(call);
        }
    }

    /// Keeps the key that a link is ciphered with, for the base station that it may move to.
    pub(super) fn keep_key(&mut self, id: LinkId, key: CipherKey) {
        if let Some(radio) = self.links.get_mut(&id) {
            radio.key = Some(key);
        }
    }

    /// The link of the handset that has this assigned identity; a handset without one is not followed.
    fn link_of(&self, pmid: Pmid) -> Option<LinkId> {
        let pp = self.identities.holder(pmid.tpui()?)?;
        self.usable_link(pp)
    }

    fn move_media(&mut self, call: CallId) {
        let peer =
            self.calls.get(&call).and_then(|entry| entry.channel).map(|channel| channel.peer);
        if let Some(peer) = peer {
            self.close_media(call);
            self.open_media(call, peer);
        }
    }
}

/// The number under which a base station is given a link's cipher key; there is one per link.
pub(super) const CIPHER_KEY: u8 = 0;
