//! Access rights: obtaining them with a key allocation, and ending them (13.5, 13.6).

use super::message;
use super::procedure::{Allocation, Ours, Procedure, Removal, Theirs, Then, Want, Which};
use super::{Ground, Mm, Out, Timer, Write};
use crate::primitive::{AccessAnswer, AccessCode, Indication, SubscriptionFailure};
use crate::security::{Challenge, Key, Res, SessionKey, a11, a12, a21, a22};
use crate::subscription::{Change, Keys, Subscription, Uak};
use crate::wire::ie::{ModelIdentifier, RejectReason, TerminalCapability};
use crate::wire::{Kind, Message};
use ident::Ipui;

/// A handset that wants to subscribe.
pub(super) struct AccessRights {
    stage: Stage,
    terminal_capability: Vec<u8>,
    model: Vec<u8>,
}

enum Stage {
    /// The IWU is asked.
    Asked,
    /// It has allowed it with this code; KEY-ALLOCATE is sent or about to be.
    Allocating(AccessCode),
    /// The handset knows the code; RES2 waits until the subscription is durable.
    Storing { write: Write, res2: Res, subscription: Box<Subscription> },
}

impl AccessRights {
    pub(super) const fn stores(&self) -> bool {
        matches!(self.stage, Stage::Storing { .. })
    }

    pub(super) fn waits_for(&self, it: Write) -> bool {
        matches!(self.stage, Stage::Storing { write, .. } if write == it)
    }
}

impl Mm {
    /// ACCESS-RIGHTS-REQUEST.
    pub(super) fn access_requested(&mut self, message: &Message, ground: &Ground, out: &mut Out) {
        // Sent again after <MM_access.1>, or by a handset in a hurry: the first one is being dealt with.
        if matches!(self.theirs, Some(Theirs::AccessRights(_))) {
            return;
        }
        self.set_aside(out);
        if !ground.open || self.is_locked_out(ground) {
            let open = ground.open;
            let failure =
                if open { SubscriptionFailure::LockedOut } else { SubscriptionFailure::Refused };
            self.access_refused(RejectReason::IpeiNotAccepted, failure, out);
            return;
        }
        self.theirs = Some(Theirs::AccessRights(Box::new(AccessRights {
            stage: Stage::Asked,
            terminal_capability: message::contents::<TerminalCapability>(message),
            model: message::contents::<ModelIdentifier>(message),
        })));
        out.start(Timer::Answer);
        out.act(Indication::AccessRights(self.ipei));
    }

    /// Whether so many codes were wrong that no more are heard.
    const fn is_locked_out(&self, ground: &Ground) -> bool {
        self.guesses >= GUESSES_MAX || ground.locked
    }

    /// The IWU has decided.
    pub(super) fn access_answered(&mut self, answer: AccessAnswer, out: &mut Out) {
        let Some(Theirs::AccessRights(request)) = &mut self.theirs else { return };
        if !matches!(request.stage, Stage::Asked) {
            return;
        }
        out.stop(Timer::Answer);
        match answer {
            AccessAnswer::Allowed(code) => {
                request.stage = Stage::Allocating(code);
                self.wanted.insert(Want::AllocateKey);
            }
            AccessAnswer::Refused => {
                self.access_refused(
                    RejectReason::IpeiNotAccepted,
                    SubscriptionFailure::Refused,
                    out,
                );
            }
        }
    }

    /// KEY-ALLOCATE, with fresh random numbers.
    pub(super) fn allocation(&self, ground: &mut Ground) -> Option<Procedure> {
        let Some(Theirs::AccessRights(request)) = &self.theirs else { return None };
        let Stage::Allocating(code) = &request.stage else { return None };
        let (mut rand_f, mut rs) = ([0; 8], [0; 8]);
        ground.rng.fill(&mut rand_f);
        ground.rng.fill(&mut rs);
        let key = Key::from_access_code(code);
        Some(Procedure::KeyAllocation(Box::new(Allocation { key, rand_f, rs })))
    }

    /// The handset's AUTHENTICATION-REQUEST with RES1 and RAND_P.
    pub(super) fn allocation_answered(
        &mut self,
        allocation: &Allocation,
        (res1, rand_p): ([u8; 4], Challenge),
        ground: &Ground,
        out: &mut Out,
    ) {
        out.stop(Timer::Key1);
        if self.is_locked_out(ground) {
            // Many may have begun before the last wrong code that was heard.
            out.act(message::allocation_reject(RejectReason::AuthenticationFailed));
            let (why, failure) = (RejectReason::IpeiNotAccepted, SubscriptionFailure::LockedOut);
            self.access_refused(why, failure, out);
            return;
        }
        let expected = a12(&a11(&allocation.key, allocation.rs), allocation.rand_f).0;
        if !expected.agrees(&res1) {
            if self.guesses == 0 {
                out.start(Timer::Guesses);
            }
            self.guesses = self.guesses.saturating_add(1);
            out.act(message::allocation_reject(RejectReason::AuthenticationFailed));
            let failure = SubscriptionFailure::WrongAccessCode;
            self.access_refused(RejectReason::AuthenticationFailed, failure, out);
            return;
        }
        let ks = a21(&allocation.key, allocation.rs);
        let res2 = a22(&ks, rand_p);
        self.store_subscription(ks, res2, out);
    }

    fn store_subscription(&mut self, ks: SessionKey, res2: Res, out: &mut Out) {
        let Some(mut request) = self.take_access_rights() else { return };
        let subscription = Box::new(Subscription {
            ipei: self.ipei,
            ipui: Ipui::private_ipei(self.ipei),
            tpui: self.subscription.as_ref().and_then(|kept| kept.tpui),
            keys: joined(self.subscription.as_ref(), ks.into_uak()),
            located: None,
            terminal_capability: std::mem::take(&mut request.terminal_capability),
            model: std::mem::take(&mut request.model),
        });
        let write = self.store(Change::Put(subscription.clone()), out);
        out.start(Timer::Answer);
        request.stage = Stage::Storing { write, res2, subscription };
        self.theirs = Some(Theirs::AccessRights(request));
    }

    /// The store has answered: only now is the handset told that it is subscribed.
    pub(super) fn subscription_stored(&mut self, durable: bool, ground: &Ground, out: &mut Out) {
        out.stop(Timer::Answer);
        let Some(request) = self.take_access_rights() else { return };
        let Stage::Storing { res2, subscription, .. } = request.stage else { return };
        if !durable {
            self.not_stored(out);
            return;
        }
        out.act(message::allocation_reply(res2.octets()));
        out.act(message::access_accept(&subscription.ipui, ground.ari));
        out.stop(Timer::Guesses);
        self.guesses = 0;
        self.subscription = Some(*subscription);
        self.removal = Removal::None;
        out.act(Indication::Subscribed(self.ipei));
    }

    /// The IWU or the store was asked and says nothing.
    pub(super) fn access_overdue(&mut self, out: &mut Out) {
        let Some(Theirs::AccessRights(request)) = &self.theirs else { return };
        if request.stores() {
            self.undo(out);
            self.not_stored(out);
        } else {
            self.access_refused(RejectReason::TimerExpiry, SubscriptionFailure::Refused, out);
        }
    }

    /// KEY-ALLOCATE found no answer, or AUTHENTICATION-REJECT.
    pub(super) fn allocation_given_up(&mut self, out: &mut Out) {
        if matches!(self.theirs, Some(Theirs::AccessRights(_))) {
            self.access_refused(RejectReason::TimerExpiry, SubscriptionFailure::Broken, out);
        }
    }

    /// Puts a procedure of the handset's aside because it has begun another one, or has gone.
    pub(super) fn set_aside(&mut self, out: &mut Out) {
        let Some(theirs) = self.theirs.take() else { return };
        out.stop(Timer::Answer);
        out.stop(Timer::Ident1);
        match theirs {
            Theirs::AccessRights(request) => self.abandon(&request, out),
            // The store is at it already: the handset wanted it so, and does not wait for our word.
            Theirs::Removal(write) => {
                self.removal = Removal::Asked(write);
                self.end(out);
            }
            Theirs::CipherSuggestion => self.abandon_suggestion(out),
            Theirs::Location(_) => drop(self.wanted.remove(&Want::Authenticate(Then::Location))),
            Theirs::Termination => {
                self.wanted.remove(&Want::Authenticate(Then::Termination));
            }
        }
    }

    fn abandon(&mut self, request: &AccessRights, out: &mut Out) {
        if request.stores() {
            self.undo(out);
        }
        self.wanted.remove(&Want::AllocateKey);
        let allocates = |ours: &mut Ours| matches!(ours.procedure, Procedure::KeyAllocation(_));
        if self.ours.take_if(allocates).is_some() {
            out.stop(Timer::Key1);
        }
        out.act(Indication::NotSubscribed(self.ipei, SubscriptionFailure::Broken));
    }

    /// ACCESS-RIGHTS-TERMINATE-REQUEST of the handset: it must prove first that it is the one.
    pub(super) fn terminate_requested(&mut self, out: &mut Out) {
        if matches!(self.theirs, Some(Theirs::Termination | Theirs::Removal(_))) {
            return;
        }
        self.set_aside(out);
        if self.subscription.is_none() {
            out.act(message::refusal(Kind::AccessRightsTerminateReject, RejectReason::IpuiUnknown));
            return;
        }
        self.theirs = Some(Theirs::Termination);
        self.wanted.insert(Want::Authenticate(Then::Termination));
    }

    pub(super) fn termination_proved(&mut self, refusal: Option<RejectReason>, out: &mut Out) {
        if !matches!(self.theirs, Some(Theirs::Termination)) {
            return;
        }
        if let Some(refusal) = refusal {
            self.theirs = None;
            out.act(message::refusal(Kind::AccessRightsTerminateReject, refusal));
            return;
        }
        let write = self.store(Change::Remove(self.ipei), out);
        out.start(Timer::Answer);
        self.theirs = Some(Theirs::Removal(write));
    }

    /// The store has answered to the removal that the handset asked for.
    pub(super) fn removed(&mut self, durable: bool, out: &mut Out) {
        out.stop(Timer::Answer);
        self.theirs = None;
        if !durable {
            out.act(message::refusal(
                Kind::AccessRightsTerminateReject,
                RejectReason::InsufficientMemory,
            ));
            return;
        }
        out.act(message::terminate_accept());
        self.end(out);
        out.act(Indication::Terminated(self.ipei));
    }

    /// The handset's answer to our request. Even a refusal ends the subscription: the owner wants it gone.
    pub(super) fn termination_answered(&mut self, kind: Kind, out: &mut Out) {
        if self.take_ours(kind, |it| matches!(it, Procedure::Termination), out).is_some() {
            out.stop(Timer::Access2);
            self.forget(out);
        }
    }

    /// Ends the subscription on our side.
    pub(super) fn forget(&mut self, out: &mut Out) {
        self.set_aside(out);
        if self.subscription.is_some() {
            self.remove_record(out);
            self.end(out);
        }
    }

    fn remove_record(&mut self, out: &mut Out) {
        self.removal = Removal::Asked(self.store(Change::Remove(self.ipei), out));
    }

    /// The store has answered: only what it has forgotten has ended for good.
    pub(super) fn record_removed(&mut self, durable: bool, out: &mut Out) {
        let (removal, indication) = if durable {
            (Removal::None, Indication::Terminated(self.ipei))
        } else {
            (Removal::Failed, Indication::NotTerminated(self.ipei))
        };
        self.removal = removal;
        out.act(indication);
    }

    /// The owner wants to end a subscription that does not exist here.
    pub(super) fn ended_already(&mut self, out: &mut Out) {
        match self.removal {
            Removal::None => out.act(Indication::Terminated(self.ipei)),
            Removal::Asked(_) => {}
            Removal::Failed => self.remove_record(out),
        }
    }

    fn end(&mut self, out: &mut Out) {
        self.subscription = None;
        self.dck = None;
        self.wanted.remove(&Want::Terminate);
        let ending = |ours: &mut Ours| matches!(ours.procedure, Procedure::Termination);
        if self.ours.take_if(ending).is_some() {
            out.stop(Timer::Access2);
        }
    }

    fn not_stored(&mut self, out: &mut Out) {
        out.act(message::allocation_reject(RejectReason::InsufficientMemory));
        self.access_refused(RejectReason::InsufficientMemory, SubscriptionFailure::NotStored, out);
    }

    fn access_refused(&mut self, why: RejectReason, failure: SubscriptionFailure, out: &mut Out) {
        self.theirs = None;
        out.stop(Timer::Answer);
        out.act(message::refusal(Kind::AccessRightsReject, why));
        out.act(Indication::NotSubscribed(self.ipei, failure));
    }

    fn take_access_rights(&mut self) -> Option<Box<AccessRights>> {
        match self.theirs.take() {
            Some(Theirs::AccessRights(request)) => Some(request),
            other => {
                self.theirs = other;
                None
            }
        }
    }

    /// Takes back what the store may already hold of a subscription that the handset never heard of.
    fn undo(&mut self, out: &mut Out) {
        let change = match &self.subscription {
            Some(kept) => Change::Put(Box::new(kept.clone())),
            None => Change::Remove(self.ipei),
        };
        self.store(change, out);
    }
}

/// 13.6: the new key does not displace one that may be the handset's.
fn joined(kept: Option<&Subscription>, new: Uak) -> Keys {
    match kept.map(|kept| &kept.keys) {
        None => Keys::Unconfirmed(new),
        Some(Keys::Unconfirmed(old) | Keys::Confirmed(old) | Keys::Replacing { old, .. }) => {
            Keys::Replacing { old: old.clone(), new }
        }
    }
}

impl Subscription {
    /// The key that the handset is asked to prove.
    pub(super) fn key(&self, which: Which) -> Key {
        let uak = match (&self.keys, which) {
            (Keys::Unconfirmed(uak) | Keys::Confirmed(uak), _)
            | (Keys::Replacing { new: uak, .. }, Which::Newest)
            | (Keys::Replacing { old: uak, .. }, Which::Older) => uak,
        };
        Key::from_uak(uak)
    }

    /// A key has worked: the other one goes. Says whether anything has changed.
    pub(super) fn confirm(&mut self, which: Which) -> bool {
        let confirmed = match &self.keys {
            Keys::Confirmed(_) => return false,
            Keys::Unconfirmed(uak) => uak,
            Keys::Replacing { old, new } => match which {
                Which::Newest => new,
                Which::Older => old,
            },
        };
        self.keys = Keys::Confirmed(confirmed.clone());
        true
    }
}

/// So many wrong authentication codes in the window of <X-MM.2>, then the handset is refused unheard:
/// a person mistypes three times and tries once more, and 20 guesses an hour do not find eight digits.
const GUESSES_MAX: u8 = 5;
