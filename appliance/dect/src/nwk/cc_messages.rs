//! CC messages of handsets: to which call they belong (17.3.2.1, 17.3.3).

use super::Nwk;
use super::calls::{CALLS_MAX, Call, Stage};
use super::gate::Gate;
use super::links::release_com;
use super::work::Work;
use crate::cc;
use crate::primitive::{CallId, Info, ReleaseReason};
use crate::wire::{Kind, Message};
use ident::Ipei;

impl Nwk {
    pub(super) fn cc_message(&mut self, pp: Ipei, message: Message) {
        match (self.call_of(pp, &message), message.kind) {
            // A repeated set-up is ignored.
            (Some(_), Kind::CcSetup) => {}
            (Some(call), _) => self.call_message(call, message),
            (None, Kind::CcSetup) => self.new_set_up(pp, message),
            (None, _) => self.unknown_transaction(pp, &message),
        }
    }

    /// A message of a call that does not exist; the end of what has ended is ignored.
    fn unknown_transaction(&mut self, pp: Ipei, message: &Message) {
        let ignored = [Kind::CcRelease, Kind::CcReleaseCom, Kind::CcServiceChange];
        if !ignored.contains(&message.kind) {
            self.send(pp, &release_com(message, ReleaseReason::UnknownTransaction));
        }
    }

    /// The call whose transaction a message names; none that the handset has not heard of yet.
    fn call_of(&self, pp: Ipei, message: &Message) -> Option<CallId> {
        let ours = message.ti.answer();
        let mut calls = self.calls_of(pp).filter(|(_, call)| !call.is_secret());
        calls.find(|(_, call)| call.ti == ours).map(|(id, _)| id)
    }

    fn call_message(&mut self, call: CallId, message: Message) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let (pp, ti) = (entry.pp, entry.ti);
        match (&mut entry.stage, message.kind) {
            (Stage::Live(_), _) => {
                // Before the handset's next message, which may begin a new call with this one's identifier.
                self.todo.push_front(Work::Cc(call, cc::Event::Received(message)));
            }
            // The handset gives up a call that call control has not seen yet.
            (Stage::Gated(_), Kind::CcRelease) => {
                let answer = Message::new(ti, Kind::CcReleaseCom).with(&ReleaseReason::Normal);
                self.send(pp, &answer);
                self.end_call(call);
            }
            (Stage::Gated(_), Kind::CcReleaseCom) => self.end_call(call),
            (Stage::Gated(gate), _) => gate.hold(message),
        }
    }

    /// A set-up with a transaction identifier that is not in use.
    fn new_set_up(&mut self, pp: Ipei, setup: Message) {
        if let Some(reason) = self.contention(pp) {
            return self.send(pp, &release_com(&setup, reason));
        }
        let call = self.new_call();
        self.add_call(call, Call::new(pp, setup.ti.answer(), Gate::theirs(setup)));
        self.wait(call, pp);
    }

    /// Why a handset cannot begin a call now; a call of ours that it crosses is marked.
    fn contention(&mut self, pp: Ipei) -> Option<ReleaseReason> {
        let handset = self.handsets.get(&pp)?;
        if handset.mm.subscription().is_none() {
            return Some(ReleaseReason::UnknownIdentity);
        }
        if handset.calls.len() >= usize::from(CALLS_MAX) || self.in_call(pp) {
            let offered = self.calls_of(pp).find(|(_, call)| call.is_offered());
            if let Some(entry) = offered.map(|(id, _)| id).and_then(|id| self.calls.get_mut(&id)) {
                entry.crossed = true;
            }
            return Some(ReleaseReason::InsufficientResources);
        }
        None
    }

    /// A message of a call lacks something that it must have (17.6.1, 17.6.2).
    pub(super) fn release_faulty(&mut self, pp: Ipei, message: &Message, reason: ReleaseReason) {
        match self.call_of(pp, message) {
            Some(call) => {
                let request = cc::Request::Release(reason, Info::default());
                self.todo.push_back(Work::Cc(call, cc::Event::Request(request)));
            }
            None => self.unknown_transaction(pp, message),
        }
    }
}
