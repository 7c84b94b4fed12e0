//! Authentication of the handset and of the network, and ciphering (13.3, 13.8).

use super::message;
use super::procedure::{Asker, Ours, Procedure, Proof, Theirs, Then, Want, Which};
use super::{Action, Ground, Mm, Out, Outcome, Timer};
use crate::primitive::Indication;
use crate::security::{a11, a12, a21, a22};
use crate::subscription::{Change, Keys};
use crate::wire::ie::RejectReason;
use crate::wire::{Kind, Message, Origin};

impl Mm {
    /// AUTHENTICATION-REQUEST with fresh random numbers; `None` where there is no key to ask for.
    pub(super) fn proof(
        &mut self,
        then: Then,
        which: Which,
        ground: &mut Ground,
        out: &mut Out,
    ) -> Option<Procedure> {
        if self.subscription.is_none() {
            self.proof_missing(then, ground, out);
            return None;
        }
        let (mut rand_f, mut rs) = ([0; 8], [0; 8]);
        ground.rng.fill(&mut rand_f);
        ground.rng.fill(&mut rs);
        Some(Procedure::Authentication(Box::new(Proof { which, rand_f, rs, then })))
    }

    /// AUTHENTICATION-REPLY of the handset.
    pub(super) fn proved(&mut self, message: &Message, ground: &mut Ground, out: &mut Out) {
        let asked = |it: &Procedure| matches!(it, Procedure::Authentication(_));
        let Some(Procedure::Authentication(proof)) = self.take_ours(message.kind, asked, out)
        else {
            return;
        };
        out.stop(Timer::Auth1);
        let Some(kept) = &mut self.subscription else {
            // It ended while the handset was proving that it has one.
            self.not_authenticated(proof.then, RejectReason::IpuiUnknown, ground, out);
            return;
        };
        let (expected, dck) = a12(&a11(&kept.key(proof.which), proof.rs), proof.rand_f);
        if !message::res(message).is_some_and(|res| expected.agrees(&res)) {
            self.not_proved(&proof, ground, out);
            return;
        }
        self.dck = Some(dck);
        // A location registration that goes on stores more than this in a moment.
        let locates =
            proof.then == Then::Location && matches!(self.theirs, Some(Theirs::Location(_)));
        if kept.confirm(proof.which) && !locates {
            let change = Change::Put(Box::new(kept.clone()));
            self.store(change, out);
        }
        self.authenticated(proof.then, ground, out);
    }

    /// AUTHENTICATION-REJECT: the handset does not want our algorithm or has no such key.
    pub(super) fn authentication_rejected(&mut self, ground: &mut Ground, out: &mut Out) {
        match self.ours.take() {
            Some(Ours { procedure: Procedure::Authentication(proof), .. }) => {
                out.stop(Timer::Auth1);
                self.not_proved(&proof, ground, out);
            }
            Some(Ours { procedure: Procedure::KeyAllocation(_), .. }) => {
                out.stop(Timer::Key1);
                self.allocation_given_up(out);
            }
            other => {
                self.ours = other;
                out.act(Action::Unexpected(Kind::AuthenticationReject));
            }
        }
    }

    /// 13.6: where two keys may be the handset's, the older one has its chance too.
    fn not_proved(&mut self, proof: &Proof, ground: &mut Ground, out: &mut Out) {
        let two = self.subscription.as_ref().is_some_and(|kept| {
            matches!(kept.keys, Keys::Replacing { .. }) && proof.which == Which::Newest
        });
        if two {
            if let Some(procedure) = self.proof(proof.then, Which::Older, ground, out) {
                self.begin(procedure, ground, out);
            }
            return;
        }
        out.act(Indication::NotAuthenticated(self.ipei));
        self.not_authenticated(proof.then, RejectReason::AuthenticationFailed, ground, out);
    }

    /// No answer came: the handset has proved nothing, but has not lied either.
    pub(super) fn proof_missing(&mut self, then: Then, ground: &Ground, out: &mut Out) {
        self.not_authenticated(then, RejectReason::TimerExpiry, ground, out);
    }

    fn authenticated(&mut self, then: Then, ground: &Ground, out: &mut Out) {
        match then {
            Then::Location => self.location_proved(None, ground, out),
            Then::Termination => self.termination_proved(None, out),
            Then::Owner => out.act(Outcome::Authenticated(true)),
            Then::Cipher => drop(self.wanted.insert(Want::Cipher(Asker::Owner))),
            Then::CipherSuggested => {
                if matches!(self.theirs, Some(Theirs::CipherSuggestion)) {
                    self.wanted.insert(Want::Cipher(Asker::Handset));
                }
            }
        }
    }

    fn not_authenticated(
        &mut self,
        then: Then,
        refusal: RejectReason,
        ground: &Ground,
        out: &mut Out,
    ) {
        match then {
            Then::Location => self.location_proved(Some(refusal), ground, out),
            Then::Termination => self.termination_proved(Some(refusal), out),
            Then::Owner => out.act(Outcome::Authenticated(false)),
            Then::Cipher => out.act(Outcome::Ciphered(false)),
            Then::CipherSuggested => {
                if matches!(self.theirs, Some(Theirs::CipherSuggestion)) {
                    self.suggestion_refused(out);
                }
            }
        }
    }

    /// AUTHENTICATION-REQUEST of the handset: the answer to KEY-ALLOCATE, or a challenge of its own.
    pub(super) fn challenged(&mut self, message: &Message, ground: &mut Ground, out: &mut Out) {
        let asked = |it: &Procedure| matches!(it, Procedure::KeyAllocation(_));
        if let (Some(res1), Some(rand_p)) = (message::res(message), message::rand(message)) {
            if let Some(Procedure::KeyAllocation(allocation)) =
                self.take_ours(message.kind, asked, out)
            {
                self.allocation_answered(&allocation, (res1, rand_p), ground, out);
            }
            return;
        }
        self.prove_ourselves(message, ground, out);
    }

    /// 13.3.3: RES2 under the newest key; the handset may challenge us whenever it likes.
    fn prove_ourselves(&mut self, message: &Message, ground: &mut Ground, out: &mut Out) {
        let refusal = match (&self.subscription, message::rand(message)) {
            (Some(kept), Some(rand_p)) if message::asks_for_uak(message) => {
                let mut rs = [0; 8];
                ground.rng.fill(&mut rs);
                let res2 = a22(&a21(&kept.key(Which::Newest), rs), rand_p);
                out.act(message::challenge_reply(res2.octets(), rs));
                None
            }
            (Some(_), Some(_)) => Some(RejectReason::AuthenticationKeyNotSupported),
            (Some(_), None) => Some(RejectReason::ElementError),
            (None, _) => Some(RejectReason::IpuiUnknown),
        };
        if let Some(refusal) = refusal {
            out.act(message::refusal(Kind::AuthenticationReject, refusal));
        }
        self.restart_timer(out);
    }

    /// Ciphering is wanted; where no key was derived yet, the handset is authenticated first.
    pub(super) fn want_cipher(&mut self, asker: Asker, out: &mut Out) {
        if self.ciphered && asker == Asker::Owner {
            out.act(Outcome::Ciphered(true));
            return;
        }
        let want = match (&self.dck, asker) {
            (Some(_), asker) => Want::Cipher(asker),
            (None, Asker::Owner) => Want::Authenticate(Then::Cipher),
            (None, Asker::Handset) => Want::Authenticate(Then::CipherSuggested),
        };
        self.wanted.insert(want);
    }

    /// CIPHER-REQUEST, of our own accord or because the handset has suggested it.
    pub(super) fn ciphering(&mut self, asker: Asker, out: &mut Out) -> Option<Procedure> {
        let origin = match asker {
            Asker::Owner => Origin::Sender,
            Asker::Handset => Origin::Receiver,
        };
        if self.dck.is_none() {
            // The key went with the subscription while this was waiting for its turn.
            self.want_cipher(asker, out);
        }
        self.dck.clone().map(|dck| Procedure::Ciphering(dck, origin))
    }

    /// CIPHER-SUGGEST.
    pub(super) fn cipher_suggested(&mut self, message: &Message, ground: &Ground, out: &mut Out) {
        if matches!(self.theirs, Some(Theirs::CipherSuggestion)) {
            return;
        }
        self.set_aside(out);
        let wanted = message::cipher_on(message) && ground.ciphers && !self.ciphered;
        if !wanted || self.subscription.is_none() {
            self.suggestion_refused(out);
            return;
        }
        self.theirs = Some(Theirs::CipherSuggestion);
        self.want_cipher(Asker::Handset, out);
    }

    /// The handset has begun something else before its suggestion was dealt with.
    pub(super) fn abandon_suggestion(&mut self, out: &mut Out) {
        self.wanted.remove(&Want::Cipher(Asker::Handset));
        self.wanted.remove(&Want::Authenticate(Then::CipherSuggested));
        let suggested =
            |ours: &mut Ours| matches!(ours.procedure, Procedure::Ciphering(_, Origin::Receiver));
        if self.ours.take_if(suggested).is_some() {
            out.stop(Timer::Cipher1);
        }
    }

    fn suggestion_refused(&mut self, out: &mut Out) {
        self.theirs = None;
        out.act(message::refusal(Kind::CipherReject, RejectReason::NoCipherAlgorithm));
    }

    /// The base station ciphers the link, or does so no longer.
    pub(super) fn ciphers(&mut self, on: bool, out: &mut Out) {
        self.ciphered = on;
        if on {
            self.ciphering_ended(true, out);
        }
    }

    /// CIPHER-REJECT: there is no positive answer to CIPHER-REQUEST but the base station's report.
    pub(super) fn cipher_rejected(&mut self, kind: Kind, out: &mut Out) {
        if !self.ciphering_ended(false, out) {
            out.act(Action::Unexpected(kind));
        }
    }

    /// Whether there was a ciphering procedure to end.
    fn ciphering_ended(&mut self, on: bool, out: &mut Out) -> bool {
        let Some(Ours { procedure: Procedure::Ciphering(_, origin), .. }) = &self.ours else {
            return false;
        };
        match origin {
            Origin::Sender => out.act(Outcome::Ciphered(on)),
            Origin::Receiver => self.theirs = None,
        }
        out.stop(Timer::Cipher1);
        self.ours = None;
        true
    }

    /// Takes the running procedure if it is the one that this message answers.
    pub(super) fn take_ours(
        &mut self,
        kind: Kind,
        asked: impl Fn(&Procedure) -> bool,
        out: &mut Out,
    ) -> Option<Procedure> {
        let ours = self.ours.take_if(|ours| asked(&ours.procedure));
        if ours.is_none() {
            out.act(Action::Unexpected(kind));
        }
        ours.map(|ours| ours.procedure)
    }
}
