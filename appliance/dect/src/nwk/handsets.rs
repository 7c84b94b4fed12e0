//! Handsets: the MM of each, and what is kept of it.

use super::handover::CIPHER_KEY;
use super::identities::Names;
use super::links::LinkId;
use super::work::{Key, Ticketed, Work};
use super::{Encryption, Nwk};
use crate::lce::Page;
use crate::mm::{self, Action, Event, Ground, Mm, Outcome, Request};
use crate::primitive::SubscriptionFailure::WrongAccessCode;
use crate::primitive::{CallId, Indication, ReleaseReason};
use crate::rfp::primitive::{CipherKey, Request as RfpRequest};
use crate::subscription::Subscription;
use ident::Ipei;
use machine::Effect;

/// One handset that is subscribed, or that talks to us without being so.
pub(super) struct Handset {
    pub(super) mm: Mm,
    /// Where it can be spoken to.
    pub(super) link: Option<LinkId>,
    /// The search for it, while there is one.
    pub(super) page: Option<Box<Page>>,
    /// Its calls, in the order in which they began.
    pub(super) calls: Vec<CallId>,
    names: Names,
}

impl Handset {
    fn new(pp: Ipei, subscription: Option<Subscription>) -> Self {
        Self {
            mm: Mm::new(pp, subscription),
            link: None,
            page: None,
            calls: Vec::new(),
            names: Names::default(),
        }
    }
}

impl Nwk {
    /// Takes in a handset that was subscribed before the start.
    pub(super) fn load(&mut self, subscription: Subscription) {
        let (pp, located) = (subscription.ipei, subscription.located);
        let mut handset = Handset::new(pp, Some(subscription));
        let before = std::mem::take(&mut handset.names);
        handset.names = self.identities.update(pp, &before, handset.mm.subscription());
        self.handsets.insert(pp, Box::new(handset));
        self.indicate(Indication::Subscribed(pp));
        if let Some(rfp) = located {
            self.indicate(Indication::Located(pp, rfp));
        }
    }

    /// Makes sure that there is an MM for the handset; `false` where there are too many strangers.
    pub(super) fn enter(&mut self, pp: Ipei) -> bool {
        if self.handsets.contains_key(&pp) {
            return true;
        }
        if self.strangers >= STRANGERS_MAX {
            tracing::debug!("mm{{pp={pp}}}: ignored, {STRANGERS_MAX} unknown handsets are heard");
            return false;
        }
        self.strangers += 1;
        self.handsets.insert(pp, Box::new(Handset::new(pp, None)));
        true
    }

    /// Forgets a handset of which nothing needs to be remembered.
    pub(super) fn forget_if_idle(&mut self, pp: Ipei) {
        let idle = self.handsets.get(&pp).is_some_and(|handset| {
            handset.mm.forgettable()
                && handset.link.is_none()
                && handset.page.is_none()
                && handset.calls.is_empty()
        });
        if idle {
            self.handsets.remove(&pp);
            self.strangers = self.strangers.saturating_sub(1);
        }
    }

    /// Asks something of the MM of a handset, known or not.
    pub(super) fn ask_mm(&mut self, pp: Ipei, request: Request) {
        if self.enter(pp) {
            self.todo.push_back(Work::Mm(pp, Event::Request(request)));
        }
    }

    pub(super) fn mm(&mut self, pp: Ipei, event: Event) {
        // Without an identity of the system no handset can be heard.
        let Some(ari) = self.settings.ari else { return };
        let Some(handset) = self.handsets.get_mut(&pp) else { return };
        let nameless = handset.mm.subscription().is_some_and(|kept| kept.tpui.is_none());
        let spare = nameless.then(|| self.identities.spare_tpui()).flatten();
        let rfp = handset.link.and_then(|id| self.bases.get(&id.0)?.mac);
        let mut ground = Ground {
            ari,
            open: self.settings.subscription_allowed,
            locked: self.wrong_codes >= WRONG_CODES_MAX,
            ciphers: self.settings.encryption != Encryption::Disabled,
            spare,
            rfp,
            rng: &mut *self.rng,
        };
        let was_stranger = handset.mm.subscription().is_none();
        tracing::debug!("mm{{pp={pp}}}: {}", name(&event));
        let mut out = mm::Out::default();
        handset.mm.handle(event, &mut ground, &mut out);
        let is_stranger = handset.mm.subscription().is_none();
        let before = std::mem::take(&mut handset.names);
        handset.names = self.identities.update(pp, &before, handset.mm.subscription());
        match (was_stranger, is_stranger) {
            (true, false) => self.strangers = self.strangers.saturating_sub(1),
            (false, true) => {
                self.strangers += 1;
                self.release_all(pp, ReleaseReason::UserUnknown);
            }
            _ => {}
        }
        self.mm_effects(pp, out);
        self.weigh(pp);
    }

    fn mm_effects(&mut self, pp: Ipei, mut out: mm::Out) {
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => self.start(Key::Mm(pp, timer), timer.spec()),
                Effect::Stop(timer) => self.stop(Key::Mm(pp, timer)),
                Effect::Act(Action::Send(message)) => self.send(pp, &message),
                Effect::Act(Action::Store(write, change)) => {
                    self.store(change, Ticketed::Mm(pp, write));
                }
                Effect::Act(Action::Encrypt(dck)) => {
                    if let Some(id) = self.usable_link(pp) {
                        let key = CipherKey::new(*dck.expose());
                        self.keep_key(id, key.clone());
                        self.ask_base(id.0, RfpRequest::EncKey(id.1, key, CIPHER_KEY));
                    }
                }
                Effect::Act(Action::Indicate(indication)) => {
                    tracing::debug!("mm{{pp={pp}}}: {indication:?}");
                    if let Indication::NotSubscribed(_, WrongAccessCode) = &indication {
                        self.wrong_code();
                    }
                    if let Indication::Located(pp, _) = indication {
                        self.greet_with_time(pp);
                    }
                    self.indicate(indication);
                }
                Effect::Act(Action::Done(outcome)) => self.outcome(pp, outcome),
                Effect::Act(Action::Unexpected(kind)) => {
                    tracing::debug!("mm{{pp={pp}}}: {kind} is not expected now");
                }
            }
        }
    }

    /// A wrong code counts against all, since a handset that guesses can take another name each time.
    fn wrong_code(&mut self) {
        if self.wrong_codes == 0 {
            self.start(Key::WrongCodes, mm::Timer::Guesses.spec());
        }
        self.wrong_codes = self.wrong_codes.saturating_add(1);
    }

    pub(super) fn forgive_wrong_codes(&mut self) {
        self.wrong_codes = 0;
        self.stop(Key::WrongCodes);
    }

    fn outcome(&mut self, pp: Ipei, outcome: Outcome) {
        tracing::debug!("mm{{pp={pp}}}: {outcome:?}");
        match outcome {
            Outcome::Authenticated(proved) => self.authenticated(pp, proved),
            Outcome::Ciphered(on) => self.ciphering_done(pp, on),
            // The interworking unit has been told already.
            Outcome::Identified(_) => {}
        }
    }

    /// A base station ciphers a link.
    pub(super) fn ciphered(&mut self, id: LinkId) {
        if let Some(pp) = self.links.get(&id).and_then(|radio| radio.pp) {
            self.todo.push_back(Work::Mm(pp, Event::Ciphers(true)));
        }
    }

    /// The handset's link is gone. What waits for another one goes on waiting.
    pub(super) fn link_lost(&mut self, pp: Ipei, reason: ReleaseReason) {
        self.lose_calls(pp, reason);
        if !self.is_paged(pp) {
            self.todo.push_back(Work::Mm(pp, Event::LinkLost));
        }
    }

    /// The handset does not answer pages: nothing waits for it any longer.
    pub(super) fn unreachable(&mut self, pp: Ipei) {
        self.lose_waiting_calls(pp);
        self.todo.push_back(Work::Mm(pp, Event::LinkLost));
    }

    pub(super) fn is_paged(&self, pp: Ipei) -> bool {
        self.handsets.get(&pp).is_some_and(|handset| handset.page.is_some())
    }

    pub(super) fn is_located(&self, pp: Ipei) -> bool {
        let kept = self.handsets.get(&pp).and_then(|handset| handset.mm.subscription());
        kept.is_some_and(|kept| kept.located.is_some())
    }

    pub(super) fn needs_link(&self, pp: Ipei) -> bool {
        self.handsets.get(&pp).is_some_and(|handset| !handset.calls.is_empty() || handset.mm.busy())
    }
}

/// What happens to an MM, in a word; never a key.
fn name(event: &Event) -> String {
    match event {
        Event::Request(Request::AccessRights(_)) => "AccessRights".into(),
        Event::Request(Request::Terminate) => "Terminate".into(),
        Event::Request(Request::Authenticate) => "Authenticate".into(),
        Event::Request(Request::Cipher) => "Cipher".into(),
        Event::Request(Request::Identify) => "Identify".into(),
        Event::Request(Request::SuggestLocate) => "SuggestLocate".into(),
        Event::Received(message) => message.kind.to_string(),
        Event::Expired(timer) => timer.spec().name.into(),
        Event::Stored(_, durable) => format!("Stored({durable})"),
        Event::Ciphers(on) => format!("Ciphers({on})"),
        Event::LinkLost => "LinkLost".into(),
    }
}

/// So many wrong authentication codes of all handsets in the window of <X-MM.2>, then nobody subscribes
/// before its end: more than people mistype who subscribe a building full of handsets, and 80 an hour
/// do not find eight digits.
const WRONG_CODES_MAX: u8 = 20;

/// Handsets that are not subscribed and talk to us: more than could stand around one site, and
/// few enough that their count of wrong codes costs nothing.
const STRANGERS_MAX: usize = 1024;
