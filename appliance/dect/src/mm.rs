//! Mobility Management, fixed side: EN 300 175-5, clause 13.
//!
//! One [`Mm`] is the MM entity towards one handset, together with what is kept
//! of it, its [`Subscription`]. At most two procedures run at a time (15.5): one
//! that we began and one that the handset began. Ours authenticate, allocate a
//! key, switch ciphering and so on, and finish before the handset's goes on:
//! an access-rights request waits for its key allocation, a location
//! registration for its authentication.
//!
//! What is stored is stored before the handset hears of it. What the standard
//! leaves open to the owner of the fixed part is asked of the IWU.
//!
//! An MM knows neither links nor base stations: what it sends goes to the LCE,
//! which pages the handset where there is no link yet, and reports with
//! [`Event::LinkLost`] that there is none, or none any more.

mod access;
mod authentication;
mod location;
mod message;
mod procedure;
#[cfg(test)]
mod tests;

use crate::primitive::{AccessAnswer, Indication};
use crate::security::Dck;
use crate::subscription::{Change, Subscription};
use crate::wire::{Direction, Kind, Message, Origin, Reaction};
use ident::{Ari, Ipei, Mac, Tpui};
use machine::{Rng, TimerSpec};
use procedure::{Asker, Ours, Procedure, Removal, Theirs, Then, Want, Which};
use std::collections::BTreeSet;
use std::time::Duration;

/// The timers of mobility management on the fixed side (EN 300 175-5 A.5), and two of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// <MM_access.2>
    Access2,
    /// <MM_auth.1>
    Auth1,
    /// <MM_cipher.1>
    Cipher1,
    /// <MM_ident.1>
    Ident1,
    /// <MM_ident.2>
    Ident2,
    /// <MM_key.1>
    Key1,
    /// The IWU's answer, or the store's.
    Answer,
    /// The window in which wrong authentication codes are counted.
    Guesses,
}

impl Timer {
    /// The timer as the standard defines it.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, seconds, guards) = match self {
            Self::Access2 => ("<MM_access.2>", 10, "the answer to ACCESS-RIGHTS-TERMINATE-REQUEST"),
            Self::Auth1 => ("<MM_auth.1>", 10, "AUTHENTICATION-REPLY"),
            Self::Cipher1 => ("<MM_cipher.1>", 10, "the base station's report that it ciphers"),
            Self::Ident1 => ("<MM_ident.1>", 10, "the answer to the TPUI in LOCATE-ACCEPT"),
            Self::Ident2 => ("<MM_ident.2>", 10, "IDENTITY-REPLY"),
            Self::Key1 => ("<MM_key.1>", 10, "AUTHENTICATION-REQUEST after KEY-ALLOCATE"),
            Self::Answer => ("<X-MM.1>", 10, "the IWU's leave to subscribe, or the store's word"),
            Self::Guesses => ("<X-MM.2>", 900, "nothing: wrong authentication codes are counted"),
        };
        TimerSpec { name, default: Duration::from_secs(seconds), guards }
    }
}

/// What the owner of the MM asks of it.
#[derive(Clone)]
pub enum Request {
    /// MM_ACCESS_RIGHTS-res: the answer to [`Indication::AccessRights`].
    AccessRights(AccessAnswer),
    /// MM_ACCESS_RIGHTS_TERMINATE-req: the subscription ends, whether the handset answers or not.
    Terminate,
    /// MM_AUTHENTICATE-req: answered by [`Outcome::Authenticated`].
    Authenticate,
    /// MM_CIPHER-req: answered by [`Outcome::Ciphered`]. Authenticates first where there is no cipher key yet.
    Cipher,
    /// MM_IDENTITY-req for the IPEI: answered by [`Outcome::Identified`].
    Identify,
    /// MM_INFO-req with "locate suggest"; there is no answer but a location registration.
    SuggestLocate,
}

/// Everything that can happen to an MM.
#[derive(Clone)]
pub enum Event {
    /// The owner wants something.
    Request(Request),
    /// The handset sent something.
    Received(Message),
    /// A timer ran out.
    Expired(Timer),
    /// What was asked with [`Action::Store`] is durable, or is not.
    Stored(Write, bool),
    /// The base station ciphers the link now, or does no longer.
    Ciphers(bool),
    /// There is no link to the handset, or none any more.
    LinkLost,
}

/// Everything an MM can do.
#[derive(Clone)]
pub enum Action {
    /// Send to the handset, over the LCE; the transaction identifier is the right one.
    Send(Message),
    /// Make this change durable, then say so with [`Event::Stored`].
    Store(Write, Change),
    /// Give the base station this key for the link.
    Encrypt(Dck),
    /// Tell the IWU.
    Indicate(Indication),
    /// Tell the owner.
    Done(Outcome),
    /// A message this moment has no use for; to be counted and logged.
    Unexpected(Kind),
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Whether the handset has proved who it is.
    Authenticated(bool),
    /// Whether the link is ciphered.
    Ciphered(bool),
    /// What the handset calls itself; `None` where it does not say.
    Identified(Option<Ipei>),
}

/// Names one change among those that this MM has asked to be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Write(pub u16);

/// What an MM needs to know of its surroundings in one step.
pub struct Ground<'a> {
    /// Our identity; also what a handset subscribes with.
    pub ari: Ari,
    /// Access-rights requests are taken.
    pub open: bool,
    /// Too many wrong authentication codes have come from all handsets together.
    pub locked: bool,
    /// A handset that asks for ciphering gets it.
    pub ciphers: bool,
    /// A temporary identity that no handset has; a handset that locates for the first time takes it.
    pub spare: Option<Tpui>,
    /// The base station over which the handset is heard.
    pub rfp: Option<Mac>,
    /// Where challenges come from.
    pub rng: &'a mut dyn Rng,
}

/// This machine's effects.
pub type Out = machine::Out<Action, Timer>;

impl From<Message> for Action {
    fn from(message: Message) -> Self {
        Self::Send(message)
    }
}

impl From<Indication> for Action {
    fn from(indication: Indication) -> Self {
        Self::Indicate(indication)
    }
}

impl From<Outcome> for Action {
    fn from(outcome: Outcome) -> Self {
        Self::Done(outcome)
    }
}

/// The MM entity towards one handset.
pub struct Mm {
    ipei: Ipei,
    subscription: Option<Subscription>,
    ours: Option<Ours>,
    theirs: Option<Theirs>,
    wanted: BTreeSet<Want>,
    /// From the last authentication; both ends keep it until the next.
    dck: Option<Dck>,
    ciphered: bool,
    guesses: u8,
    writes: u16,
    removal: Removal,
}

impl Mm {
    /// The MM towards a handset that is subscribed, or is not.
    #[must_use]
    pub const fn new(ipei: Ipei, subscription: Option<Subscription>) -> Self {
        Self {
            ipei,
            subscription,
            ours: None,
            theirs: None,
            wanted: BTreeSet::new(),
            dck: None,
            ciphered: false,
            guesses: 0,
            writes: 0,
            removal: Removal::None,
        }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, ground: &mut Ground, out: &mut Out) {
        match event {
            Event::Request(request) => self.asked(request, out),
            Event::Received(message) => self.heard(&message, ground, out),
            Event::Expired(timer) => self.expired(timer, ground, out),
            Event::Stored(write, durable) => self.stored(write, durable, ground, out),
            Event::Ciphers(on) => self.ciphers(on, out),
            Event::LinkLost => self.link_lost(ground, out),
        }
        self.begin_next(ground, out);
    }

    /// What is kept of the handset; `None` while it is not subscribed.
    #[must_use]
    pub const fn subscription(&self) -> Option<&Subscription> {
        self.subscription.as_ref()
    }

    /// Whether a procedure runs or waits, so that the link is needed.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.ours.is_some() || self.theirs.is_some() || !self.wanted.is_empty()
    }

    /// Whether nothing would be lost with this MM: no subscription here or in the store, no
    /// procedure, no count of wrong codes.
    #[must_use]
    pub fn forgettable(&self) -> bool {
        self.subscription.is_none()
            && self.removal == Removal::None
            && !self.busy()
            && self.guesses == 0
    }

    fn asked(&mut self, request: Request, out: &mut Out) {
        match request {
            Request::AccessRights(answer) => self.access_answered(answer, out),
            Request::Terminate if self.subscription.is_none() => self.ended_already(out),
            Request::Terminate => drop(self.wanted.insert(Want::Terminate)),
            Request::Authenticate => drop(self.wanted.insert(Want::Authenticate(Then::Owner))),
            Request::Cipher => self.want_cipher(Asker::Owner, out),
            Request::Identify => drop(self.wanted.insert(Want::Identify)),
            Request::SuggestLocate => drop(self.wanted.insert(Want::Suggest)),
        }
    }

    fn heard(&mut self, message: &Message, ground: &mut Ground, out: &mut Out) {
        // 17.6, 17.7: what lacks a mandatory element changes nothing here; a timer deals with an answer.
        if let Err(fault) = message.check(Direction::ToFixed) {
            out.act(match fault.reaction() {
                Reaction::Reject(kind, reason) => message::refusal(kind, reason).into(),
                _ => Action::Unexpected(message.kind),
            });
            return;
        }
        match message.kind {
            Kind::AccessRightsRequest => self.access_requested(message, ground, out),
            Kind::LocateRequest => self.locate_requested(message, out),
            Kind::TemporaryIdentityAssignAck | Kind::TemporaryIdentityAssignRej => {
                self.tpui_answered(message.kind, out);
            }
            Kind::Detach => self.detached(out),
            Kind::AccessRightsTerminateRequest => self.terminate_requested(out),
            Kind::AuthenticationRequest => self.challenged(message, ground, out),
            Kind::AuthenticationReply => self.proved(message, ground, out),
            Kind::AuthenticationReject => self.authentication_rejected(ground, out),
            Kind::CipherSuggest => self.cipher_suggested(message, ground, out),
            Kind::CipherReject => self.cipher_rejected(message.kind, out),
            Kind::AccessRightsTerminateAccept | Kind::AccessRightsTerminateReject => {
                self.termination_answered(message.kind, out);
            }
            Kind::IdentityReply => self.identified(message, out),
            Kind::MmInfoRequest => out.act(message::info_reject()),
            Kind::MmIwu => self.restart_timer(out),
            Kind::MmNotify => {}
            kind => out.act(Action::Unexpected(kind)),
        }
    }

    /// 13.x: at the first expiry the message is sent again, at the second the procedure is given up.
    fn expired(&mut self, timer: Timer, ground: &mut Ground, out: &mut Out) {
        match timer {
            Timer::Guesses => self.guesses = 0,
            Timer::Answer => self.answer_overdue(out),
            // 13.4.1: the TPUI in a LOCATE-ACCEPT is not sent again.
            Timer::Ident1 => {
                if matches!(self.theirs, Some(Theirs::Location(_))) {
                    self.theirs = None;
                }
            }
            _ => match self.ours.take() {
                Some(Ours { procedure, repeated: false }) => {
                    self.send(&procedure, ground, out);
                    self.ours = Some(Ours { procedure, repeated: true });
                }
                Some(Ours { procedure, .. }) => self.given_up(procedure, ground, out),
                None => {}
            },
        }
    }

    fn link_lost(&mut self, ground: &Ground, out: &mut Out) {
        self.ciphered = false;
        self.set_aside(out);
        if let Some(ours) = self.ours.take() {
            out.stop(ours.procedure.timer());
            self.given_up(ours.procedure, ground, out);
        }
        for want in std::mem::take(&mut self.wanted) {
            self.not_begun(want, out);
        }
    }

    /// A procedure of ours has come to nothing: no answer, or no link.
    fn given_up(&mut self, procedure: Procedure, ground: &Ground, out: &mut Out) {
        match procedure {
            Procedure::KeyAllocation(_) => self.allocation_given_up(out),
            Procedure::Authentication(proof) => self.proof_missing(proof.then, ground, out),
            Procedure::Ciphering(_, Origin::Sender) => out.act(Outcome::Ciphered(false)),
            Procedure::Ciphering(_, Origin::Receiver) => self.theirs = None,
            Procedure::Termination => self.forget(out),
            Procedure::Identification => out.act(Outcome::Identified(None)),
        }
    }

    fn not_begun(&mut self, want: Want, out: &mut Out) {
        match want {
            Want::Authenticate(Then::Owner) => out.act(Outcome::Authenticated(false)),
            Want::Authenticate(Then::Cipher) | Want::Cipher(Asker::Owner) => {
                out.act(Outcome::Ciphered(false));
            }
            Want::Identify => out.act(Outcome::Identified(None)),
            Want::Terminate => self.forget(out),
            Want::AllocateKey
            | Want::Authenticate(_)
            | Want::Cipher(Asker::Handset)
            | Want::Suggest => {}
        }
    }

    /// Begins the most urgent of our procedures, where none runs.
    fn begin_next(&mut self, ground: &mut Ground, out: &mut Out) {
        while self.ours.is_none() && !self.transaction_waits() {
            let Some(want) = self.wanted.pop_first() else { return };
            let procedure = match want {
                Want::AllocateKey => self.allocation(ground),
                Want::Authenticate(then) => self.proof(then, Which::Newest, ground, out),
                Want::Cipher(asker) => self.ciphering(asker, out),
                Want::Identify => Some(Procedure::Identification),
                Want::Terminate => self.subscription.is_some().then_some(Procedure::Termination),
                Want::Suggest => {
                    out.act(message::locate_suggest());
                    None
                }
            };
            if let Some(procedure) = procedure {
                self.begin(procedure, ground, out);
            }
        }
    }

    fn begin(&mut self, procedure: Procedure, ground: &Ground, out: &mut Out) {
        self.send(&procedure, ground, out);
        self.ours = Some(Ours { procedure, repeated: false });
    }

    /// Sends the message that opens a procedure, for the first or the second time.
    fn send(&self, procedure: &Procedure, ground: &Ground, out: &mut Out) {
        let message = match procedure {
            Procedure::KeyAllocation(it) => message::key_allocate(it.rand_f, it.rs),
            Procedure::Authentication(it) => message::authentication_request(it.rand_f, it.rs),
            Procedure::Ciphering(dck, origin) => {
                out.act(Action::Encrypt(dck.clone()));
                message::cipher_request(*origin)
            }
            Procedure::Termination => match &self.subscription {
                Some(kept) => message::terminate_request(&kept.ipui, ground.ari),
                None => return,
            },
            Procedure::Identification => message::identity_request(),
        };
        out.act(message);
        out.start(procedure.timer());
    }

    /// 15.5: the procedure that was interrupted has its whole time again.
    fn restart_timer(&self, out: &mut Out) {
        if let Some(ours) = &self.ours {
            out.start(ours.procedure.timer());
        }
    }

    /// Whether a transaction that we opened is still open although its procedure waits for the store.
    fn transaction_waits(&self) -> bool {
        matches!(&self.theirs, Some(Theirs::AccessRights(it)) if it.stores())
    }

    fn store(&mut self, change: Change, out: &mut Out) -> Write {
        self.writes = self.writes.wrapping_add(1);
        out.act(Action::Store(Write(self.writes), change));
        Write(self.writes)
    }

    fn stored(&mut self, write: Write, durable: bool, ground: &mut Ground, out: &mut Out) {
        match &self.theirs {
            _ if self.removal == Removal::Asked(write) => self.record_removed(durable, out),
            Some(Theirs::AccessRights(it)) if it.waits_for(write) => {
                self.subscription_stored(durable, ground, out);
            }
            Some(Theirs::Location(it)) if it.waits_for(write) => {
                self.location_stored(durable, ground, out);
            }
            Some(Theirs::Removal(removal)) if *removal == write => self.removed(durable, out),
            // A change that nobody waits for, or whose procedure has ended: it stands, or is made again.
            _ => {}
        }
    }

    /// The IWU or the store says nothing.
    fn answer_overdue(&mut self, out: &mut Out) {
        match self.theirs {
            Some(Theirs::AccessRights(_)) => self.access_overdue(out),
            Some(Theirs::Location(_)) => self.location_overdue(out),
            Some(Theirs::Removal(_)) => self.removed(false, out),
            Some(Theirs::Termination | Theirs::CipherSuggestion) | None => {}
        }
    }
}
