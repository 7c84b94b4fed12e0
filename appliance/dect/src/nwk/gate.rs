//! What a call waits for before call control begins: a link, a proof, a cipher.

use super::calls::{Call, Stage};
use super::work::Work;
use super::{Encryption, Nwk};
use crate::lce::{PageEvent, Service};
use crate::primitive::{CallId, Indication, Info, ReleaseReason};
use crate::wire::Message;
use crate::{cc, mm};
use ident::Ipei;

/// A call that call control does not know yet.
pub(super) struct Gate {
    step: Step,
    first: First,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Link,
    Authentication,
    Ciphering,
}

/// What call control will be told first.
enum First {
    /// To set up the call.
    Ours(Box<Info>),
    /// What the handset has sent, CC-SETUP first.
    Theirs(Vec<Message>),
}

impl Gate {
    /// Before a call of ours.
    pub(super) fn ours(info: Info) -> Self {
        Self { step: Step::Link, first: First::Ours(Box::new(info)) }
    }

    /// Before a call of the handset's.
    pub(super) fn theirs(setup: Message) -> Self {
        Self { step: Step::Link, first: First::Theirs(vec![setup]) }
    }

    /// Keeps a message until call control can take it.
    pub(super) fn hold(&mut self, message: Message) {
        match &mut self.first {
            First::Theirs(held) if held.len() < HELD_MAX => held.push(message),
            First::Theirs(_) | First::Ours(_) => {}
        }
    }
}

impl Nwk {
    /// Lets a new call wait for what it needs.
    pub(super) fn wait(&mut self, call: CallId, pp: Ipei) {
        if self.usable_link(pp).is_some() {
            self.advance(call, pp);
        } else {
            self.todo.push_back(Work::Page(pp, PageEvent::Want(Service::Voice)));
        }
    }

    /// The handset has a link.
    pub(super) fn link_found(&mut self, pp: Ipei) {
        for call in self.waiting(pp, Step::Link) {
            self.advance(call, pp);
        }
    }

    pub(super) fn authenticated(&mut self, pp: Ipei, proved: bool) {
        for call in self.waiting(pp, Step::Authentication) {
            if proved {
                self.advance(call, pp);
            } else {
                self.turn_away(call, ReleaseReason::AuthenticationFailed);
            }
        }
    }

    pub(super) fn ciphering_done(&mut self, pp: Ipei, on: bool) {
        for call in self.waiting(pp, Step::Ciphering) {
            if on || self.settings.encryption != Encryption::Enforced {
                self.advance(call, pp);
            } else {
                self.turn_away(call, ReleaseReason::EncryptionFailed);
            }
        }
    }

    /// No link could be had.
    pub(super) fn lose_waiting_calls(&mut self, pp: Ipei) {
        for call in self.waiting(pp, Step::Link) {
            self.turn_away(call, ReleaseReason::UserNotInRange);
        }
    }

    /// Whether the link is what this call waits for.
    pub(super) fn waits_for_link(&self, call: CallId) -> bool {
        self.step(call) == Some(Step::Link)
    }

    fn step(&self, call: CallId) -> Option<Step> {
        match &self.calls.get(&call)?.stage {
            Stage::Gated(gate) => Some(gate.step),
            Stage::Live(_) => None,
        }
    }

    fn waiting(&self, pp: Ipei, step: Step) -> Vec<CallId> {
        let calls = self.handsets.get(&pp).map(|handset| handset.calls.clone());
        let mut calls = calls.unwrap_or_default();
        calls.retain(|call| self.step(*call) == Some(step));
        calls
    }

    /// Goes on to what is needed next.
    fn advance(&mut self, call: CallId, pp: Ipei) {
        let Some(Call { stage: Stage::Gated(gate), .. }) = self.calls.get_mut(&call) else {
            return;
        };
        if gate.step == Step::Link && self.settings.auth_call {
            gate.step = Step::Authentication;
            self.ask_mm(pp, mm::Request::Authenticate);
        } else if gate.step != Step::Ciphering && self.settings.encryption != Encryption::Disabled {
            gate.step = Step::Ciphering;
            self.ask_mm(pp, mm::Request::Cipher);
        } else {
            self.begin(call, pp);
        }
    }

    /// Hands the call to call control.
    fn begin(&mut self, call: CallId, pp: Ipei) {
        let kept = self.handsets.get(&pp).and_then(|handset| handset.mm.subscription());
        let party = kept
            .zip(self.settings.ari)
            .map(|(kept, ari)| Box::new(cc::Party { ipui: kept.ipui.clone(), ari }));
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let live = Stage::Live(cc::Call::new());
        let Stage::Gated(gate) = std::mem::replace(&mut entry.stage, live) else { return };
        match (gate.first, party) {
            (First::Theirs(messages), _) => {
                let events = messages.into_iter().map(cc::Event::Received);
                self.todo.extend(events.map(|event| Work::Cc(call, event)));
            }
            (First::Ours(info), Some(party)) => {
                let request = cc::Request::Setup(party, *info);
                self.todo.push_back(Work::Cc(call, cc::Event::Request(request)));
            }
            // The subscription has ended meanwhile.
            (First::Ours(_), None) => {
                self.end_call(call);
                self.indicate(Indication::Release(call, ReleaseReason::UserUnknown));
            }
        }
    }

    /// Ends a call that call control has never seen.
    pub(super) fn turn_away(&mut self, call: CallId, reason: ReleaseReason) {
        let Some(Call { pp, ti, stage: Stage::Gated(gate), .. }) = self.calls.get(&call) else {
            return;
        };
        let (pp, ti) = (*pp, *ti);
        tracing::debug!("cc{{call={} pp={pp}}}: {:?} -> {reason:?}", call.0, gate.step);
        match &gate.first {
            First::Ours(_) => self.indicate(Indication::Release(call, reason)),
            First::Theirs(_) => {
                let refusal = Message::new(ti, crate::wire::Kind::CcReleaseCom).with(&reason);
                if self.usable_link(pp).is_some() {
                    self.send(pp, &refusal);
                }
            }
        }
        self.end_call(call);
    }
}

/// Messages that a handset sends before its CC-SETUP is answered: a few keys at most.
const HELD_MAX: usize = 16;
