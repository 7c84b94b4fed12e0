//! Calls: call control of each, and what the interworking unit asks of it.

use super::gate::Gate;
use super::work::{Key, Work};
use super::{ConnId, Nwk};
use crate::cc::{self, Keys};
use crate::primitive::{CallId, Indication, Info, ReleaseReason, Request, RtpPeer};
use crate::rfp::primitive::Handle;
use crate::wire::{Origin, Ti};
use ident::Ipei;
use machine::Effect;

/// One call.
pub(super) struct Call {
    pub(super) pp: Ipei,
    /// The transaction, as we write it.
    pub(super) ti: Ti,
    pub(super) stage: Stage,
    /// Its speech channel.
    pub(super) channel: Option<Channel>,
    /// What a call of ours is set up with, until the handset has heard of it.
    info: Option<Box<Info>>,
    /// The handset has set up a call at the same time (9.5.2.3).
    pub(super) crossed: bool,
}

/// Where the speech of a call is.
#[derive(Clone, Copy)]
pub(super) struct Channel {
    pub(super) conn: ConnId,
    pub(super) handle: Handle,
    pub(super) peer: RtpPeer,
}

/// How far a call has come.
pub(super) enum Stage {
    /// It waits for what it needs.
    Gated(Gate),
    /// Call control has it.
    Live(cc::Call),
}

impl Call {
    pub(super) const fn new(pp: Ipei, ti: Ti, gate: Gate) -> Self {
        Self { pp, ti, stage: Stage::Gated(gate), channel: None, info: None, crossed: false }
    }

    /// Whether the handset is in this call: all but one that is being released.
    pub(super) const fn is_wanted(&self) -> bool {
        match &self.stage {
            Stage::Gated(_) => true,
            Stage::Live(cc) => !matches!(cc.state(), cc::State::ReleasePending),
        }
    }

    /// Whether this is a call of ours whose set-up waits.
    pub(super) const fn is_secret(&self) -> bool {
        matches!((&self.stage, self.ti.origin), (Stage::Gated(_), Origin::Sender))
    }

    /// Whether this is a call of ours that the handset has not reacted to yet.
    pub(super) const fn is_offered(&self) -> bool {
        let fresh = match &self.stage {
            Stage::Gated(_) => true,
            Stage::Live(cc) => matches!(cc.state(), cc::State::Null | cc::State::CallPresent),
        };
        fresh && matches!(self.ti.origin, Origin::Sender)
    }
}

impl Nwk {
    /// A primitive of call control from the interworking unit.
    pub(super) fn call_request(&mut self, request: Request) {
        let (call, request) = match request {
            Request::Setup { call, pp, info } => return self.set_up(call, pp, info),
            Request::SetupAck(call, info) => (call, cc::Request::SetupAck(info)),
            Request::CallProc(call, info) => (call, cc::Request::CallProc(info)),
            Request::Alert(call, info) => (call, cc::Request::Alert(info)),
            Request::Connect(call, info) => (call, cc::Request::Connect(info)),
            Request::Info(call, info) => (call, cc::Request::Info(info)),
            Request::Release(call, reason, info) => {
                if matches!(self.calls.get(&call), Some(Call { stage: Stage::Gated(_), .. })) {
                    return self.turn_away(call, reason);
                }
                (call, cc::Request::Release(reason, info))
            }
            _ => return,
        };
        self.todo.push_back(Work::Cc(call, cc::Event::Request(request)));
    }

    /// MNCC_SETUP-req
    fn set_up(&mut self, call: CallId, pp: Ipei, info: Info) {
        if let Some(reason) = self.obstacle(pp) {
            tracing::debug!("cc{{call={} pp={pp}}}: refused: {reason:?}", call.0);
            return self.indicate(Indication::Release(call, reason));
        }
        let Some(ti) = self.free_transaction(pp) else {
            return self.indicate(Indication::Release(call, ReleaseReason::UserBusy));
        };
        let mut entry = Call::new(pp, ti, Gate::ours(info.clone()));
        entry.info = Some(Box::new(info));
        self.add_call(call, entry);
        self.wait(call, pp);
        self.weigh(pp);
    }

    /// Why a handset cannot be called now.
    fn obstacle(&self, pp: Ipei) -> Option<ReleaseReason> {
        let handset = self.handsets.get(&pp);
        let Some(kept) = handset.and_then(|handset| handset.mm.subscription()) else {
            return Some(ReleaseReason::UserUnknown);
        };
        if self.in_call(pp) {
            return Some(ReleaseReason::UserBusy);
        }
        kept.located.is_none().then_some(ReleaseReason::UserDetached)
    }

    /// Whether the handset is in a call.
    pub(super) fn in_call(&self, pp: Ipei) -> bool {
        self.calls_of(pp).any(|(_, call)| call.is_wanted())
    }

    pub(super) fn calls_of(&self, pp: Ipei) -> impl Iterator<Item = (CallId, &Call)> {
        let calls = self.handsets.get(&pp).map(|handset| handset.calls.as_slice());
        calls.unwrap_or_default().iter().filter_map(|call| Some((*call, self.calls.get(call)?)))
    }

    /// The lowest transaction value that we do not use towards the handset; `None` where it has
    /// more calls that end than any handset needs.
    fn free_transaction(&self, pp: Ipei) -> Option<Ti> {
        let used = |ti: &Ti| self.calls_of(pp).any(|(_, call)| call.ti == *ti);
        (0..CALLS_MAX).map(Ti::opened).find(|ti| !used(ti))
    }

    /// Enters a call; it belongs to its handset from now on.
    pub(super) fn add_call(&mut self, call: CallId, entry: Call) {
        if let Some(handset) = self.handsets.get_mut(&entry.pp) {
            handset.calls.push(call);
        }
        self.calls.insert(call, entry);
    }

    /// Forgets a call.
    pub(super) fn end_call(&mut self, call: CallId) {
        self.close_media(call);
        let Some(entry) = self.calls.remove(&call) else { return };
        if let Some(handset) = self.handsets.get_mut(&entry.pp) {
            handset.calls.retain(|other| *other != call);
        }
        self.stop_search(entry.pp);
        self.weigh(entry.pp);
    }

    /// The link under the handset's calls is gone.
    pub(super) fn lose_calls(&mut self, pp: Ipei, reason: ReleaseReason) {
        let calls: Vec<CallId> = self.calls_of(pp).map(|(call, _)| call).collect();
        for call in calls {
            match self.calls.get(&call).map(|entry| &entry.stage) {
                Some(Stage::Live(_)) => {
                    self.todo.push_back(Work::Cc(call, cc::Event::LinkLost(reason)));
                }
                Some(Stage::Gated(_)) if !self.waits_for_link(call) => {
                    self.turn_away(call, reason);
                }
                Some(Stage::Gated(_)) | None => {}
            }
        }
    }

    /// Releases every call of a handset whose subscription has ended.
    pub(super) fn release_all(&mut self, pp: Ipei, reason: ReleaseReason) {
        let calls: Vec<CallId> = self.calls_of(pp).map(|(call, _)| call).collect();
        for call in calls {
            self.call_request(Request::Release(call, reason, Info::default()));
        }
    }

    /// Calls that await digits do not survive a reset of the data link (17.8).
    pub(super) fn release_overlap(&mut self, pp: Ipei) {
        let overlap = |call: &Call| match &call.stage {
            Stage::Live(cc) => cc.state() == cc::State::OverlapSending,
            Stage::Gated(_) => false,
        };
        let calls: Vec<CallId> =
            self.calls_of(pp).filter(|(_, call)| overlap(call)).map(|(id, _)| id).collect();
        for call in calls {
            let request = cc::Request::Release(ReleaseReason::Unknown, Info::default());
            self.todo.push_back(Work::Cc(call, cc::Event::Request(request)));
        }
    }

    pub(super) fn cc(&mut self, call: CallId, event: cc::Event) {
        let Some(entry) = self.calls.get_mut(&call) else { return };
        let Stage::Live(cc) = &mut entry.stage else { return };
        let (pp, before, name) = (entry.pp, cc.state(), name(&event));
        let mut out = cc::Out::default();
        cc.handle(event, &mut out);
        let after = cc.state();
        tracing::debug!("cc{{call={} pp={pp}}}: {before:?} {name} -> {after:?}", call.0);
        self.cc_effects(call, pp, out);
        if after == cc::State::Null {
            match self.calls.get(&call).map(|entry| &entry.stage) {
                Some(Stage::Live(_)) => self.end_call(call),
                // It is to be offered again.
                Some(Stage::Gated(_)) => self.wait(call, pp),
                None => {}
            }
        }
    }

    fn cc_effects(&mut self, call: CallId, pp: Ipei, mut out: cc::Out) {
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => self.start(Key::Cc(call, timer), timer.spec()),
                Effect::Stop(timer) => self.stop(Key::Cc(call, timer)),
                Effect::Act(cc::Action::Send(mut message)) => {
                    if let Some(entry) = self.calls.get(&call) {
                        message.ti = entry.ti;
                        self.send(pp, &message);
                    }
                }
                Effect::Act(cc::Action::Indicate(indication)) => {
                    self.cc_indication(call, pp, indication);
                }
            }
        }
    }

    fn cc_indication(&mut self, call: CallId, pp: Ipei, indication: cc::Indication) {
        let indication = match indication {
            cc::Indication::Setup(Keys { keys, complete }) => {
                Indication::Setup { call, pp, keys, complete }
            }
            cc::Indication::Info(Keys { keys, complete }) => {
                Indication::Info { call, keys, complete }
            }
            cc::Indication::Alert => Indication::Alert(call),
            cc::Indication::Connect => Indication::Connect(call),
            cc::Indication::Release(reason) if self.offer_again(call, reason) => return,
            cc::Indication::Release(reason) => Indication::Release(call, reason),
            cc::Indication::Unexpected(state) => {
                tracing::debug!("cc{{call={} pp={pp}}}: not expected in {state:?}", call.0);
                return;
            }
        };
        if let Some(entry) = self.calls.get_mut(&call) {
            entry.info = None;
        }
        self.indicate(indication);
    }

    /// Where two set-ups have crossed and the handset has given up ours, ours is offered again
    /// at once, now that the handset's is out of the way (9.5.2.3).
    fn offer_again(&mut self, call: CallId, reason: ReleaseReason) -> bool {
        let Some(entry) = self.calls.get_mut(&call) else { return false };
        if !std::mem::take(&mut entry.crossed) || reason != ReleaseReason::InsufficientResources {
            return false;
        }
        let Some(info) = entry.info.take() else { return false };
        entry.stage = Stage::Gated(Gate::ours(*info));
        true
    }
}

/// What happens to a call, in a word.
fn name(event: &cc::Event) -> String {
    match event {
        cc::Event::Request(request) => {
            let text = match request {
                cc::Request::Setup(..) => "Setup",
                cc::Request::SetupAck(_) => "SetupAck",
                cc::Request::CallProc(_) => "CallProc",
                cc::Request::Alert(_) => "Alert",
                cc::Request::Connect(_) => "Connect",
                cc::Request::Info(_) => "Info",
                cc::Request::Release(reason, _) => return format!("Release({reason:?})"),
                cc::Request::Hold => "Hold",
            };
            text.into()
        }
        cc::Event::Received(message) => message.kind.to_string(),
        cc::Event::Expired(timer) => timer.spec().name.into(),
        cc::Event::LinkLost(reason) => format!("LinkLost({reason:?})"),
    }
}

/// Calls of one handset, those being released among them; transaction values are 0 to 5.
pub(super) const CALLS_MAX: u8 = 6;
