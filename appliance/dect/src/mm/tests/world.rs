//! A world in one thread: one handset, one store, one IWU, a clock, the same every time.

use super::super::{Action, Event, Ground, Mm, Out, Request, Timer, Write};
use crate::primitive::{AccessAnswer, AccessCode, Indication};
use crate::security::{self, Challenge, Key};
use crate::subscription::{Change, Subscription, Uak};
use crate::wire::ie::{AuthKey, AuthType, CipherInfo, PortableIdentity, Rand, Res, Rs};
use crate::wire::{Kind, Message, Origin, Ti};
use ident::{Ari, Ipei, Ipui, Mac, Tpui};
use machine::{Effect, Rng, Seeded};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Says the same numbers in the same order; for transcripts.
pub(super) struct Scripted(pub(super) Vec<Challenge>);

impl Rng for Scripted {
    fn fill(&mut self, octets: &mut [u8]) {
        octets.copy_from_slice(&self.0.remove(0));
    }
}

/// A handset that does what the standard asks of it.
pub(super) struct Pp {
    pub(super) code: &'static str,
    pub(super) uak: Option<Uak>,
    /// KS' of a key allocation whose RES2 has not come yet, and that RES2.
    pub(super) allocating: Option<(Uak, [u8; 4])>,
    pub(super) answers: bool,
}

pub(super) const RAND_P: Challenge = [0xa0, 0x3f, 0xf2, 0xc5, 0x23, 0xd0, 0x08, 0x42];

impl Pp {
    pub(super) fn hears(&mut self, message: &Message) -> Option<Message> {
        if !self.answers {
            return None;
        }
        let answer = |kind| Message::new(message.ti.answer(), kind);
        let rand = message.get::<Rand>().and_then(|it| it.array::<8>());
        let rs = message.get::<Rs>().and_then(|it| it.array::<8>());
        match message.kind {
            Kind::KeyAllocate => {
                let key = Key::from_access_code(&AccessCode::new(self.code).unwrap());
                let res1 = security::a12(&security::a11(&key, rs?), rand?).0;
                let ks = security::a21(&key, rs?);
                let res2 = security::a22(&ks, RAND_P);
                self.allocating = Some((ks.into_uak(), res2.octets()));
                let how = AuthType::dsaa(AuthKey::Ac(8));
                let request = answer(Kind::AuthenticationRequest).with(&how);
                Some(request.with(&Rand::new(&RAND_P)).with(&Res::new(&res1.octets())))
            }
            // In a transaction of the network's, it ends a key allocation.
            Kind::AuthenticationReply if message.ti.origin == Origin::Sender => {
                let (uak, res2) = self.allocating.take()?;
                assert_eq!(message.get::<Res>()?.octets(), res2, "the network is not what it says");
                self.uak = Some(uak);
                None
            }
            Kind::AuthenticationRequest => {
                let Some(uak) = &self.uak else { return Some(answer(Kind::AuthenticationReject)) };
                let ks = security::a11(&Key::from_uak(uak), rs?);
                let res = security::a12(&ks, rand?).0.octets();
                Some(answer(Kind::AuthenticationReply).with(&Res::new(&res)))
            }
            Kind::LocateAccept => {
                Some(Message::new(Ti::opened(0), Kind::TemporaryIdentityAssignAck))
            }
            Kind::AccessRightsTerminateRequest => Some(answer(Kind::AccessRightsTerminateAccept)),
            Kind::IdentityRequest => {
                let identity = PortableIdentity::Ipei(ipei());
                Some(answer(Kind::IdentityReply).with(&identity))
            }
            _ => None,
        }
    }
}

/// What the store does with a change.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Store {
    Works,
    Fails,
    SaysNothing,
}

/// What is going to happen; what is random or secret is made when it does.
#[derive(Clone)]
pub(super) enum Happening {
    Event(Event),
    /// The handset, if it still answers, sends this.
    Pp(Message),
    PpGone,
}

pub(super) struct World {
    pub(super) now: Duration,
    pub(super) mm: Mm,
    pub(super) pp: Pp,
    pub(super) rng: Box<dyn Rng>,
    pub(super) store: Store,
    /// The code that the IWU allows a handset to subscribe with; `None`: it refuses.
    pub(super) code: Option<&'static str>,
    pub(super) open: bool,
    pub(super) stored: BTreeMap<Ipei, Subscription>,
    pub(super) agenda: BTreeMap<(Duration, u32), Happening>,
    pub(super) asked: u32,
    pub(super) trace: String,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            now: Duration::ZERO,
            mm: Mm::new(ipei(), None),
            pp: Pp { code: "9124", uak: None, allocating: None, answers: true },
            rng: Box::new(Seeded::new(1)),
            store: Store::Works,
            code: Some("9124"),
            open: true,
            stored: BTreeMap::new(),
            agenda: BTreeMap::new(),
            asked: 0,
            trace: String::new(),
        }
    }

    /// A world whose handset is subscribed and located.
    pub(super) fn settled() -> Self {
        let mut world = Self::new();
        world.pp_sends(0, access_request());
        world.pp_sends(1000, locate_request());
        world.run();
        assert!(world.trace.contains("-> Located"), "{}", world.trace);
        world.trace.clear();
        world
    }

    /// The same, some time later: a new link, and no cipher key at hand.
    pub(super) fn later(kept: &Subscription, uak: &Uak) -> Self {
        let mut world = Self::new();
        world.mm = Mm::new(ipei(), Some(kept.clone()));
        world.stored.insert(ipei(), kept.clone());
        world.pp.uak = Some(uak.clone());
        world
    }

    pub(super) fn run(&mut self) {
        while let Some(((at, _), happening)) = self.agenda.pop_first() {
            self.now = at;
            match happening {
                Happening::Event(event) => self.step(event),
                Happening::Pp(message) => self.step(Event::Received(message)),
                Happening::PpGone => self.pp.answers = false,
            }
        }
        assert!(!self.mm.busy(), "something waits for ever:\n{}", self.trace);
    }

    pub(super) fn step(&mut self, event: Event) {
        let expired = match &event {
            Event::Expired(timer) => Some(*timer),
            _ => None,
        };
        let (before, mut out) = (self.runs(), Out::default());
        let _ = writeln!(self.trace, "{:.2} {}", self.now.as_secs_f64(), told(&event));
        let mut ground = Ground {
            ari: ari(),
            open: self.open,
            locked: false,
            ciphers: true,
            spare: Tpui::new(0x0027b),
            rfp: Some(Mac([2; 6])),
            rng: &mut *self.rng,
        };
        self.mm.handle(event, &mut ground, &mut out);
        let effects = out.drain();
        if expired.is_some_and(|timer| timer != Timer::Guesses) {
            let idle = effects.is_empty() && before == self.runs();
            assert!(!idle, "a timer was left running:\n{}", self.trace);
        }
        for effect in effects {
            self.carry_out(effect);
        }
    }

    pub(super) fn runs(&self) -> (bool, bool) {
        (self.mm.ours.is_some(), self.mm.theirs.is_some())
    }

    pub(super) fn carry_out(&mut self, effect: Effect<Action, Timer>) {
        match effect {
            Effect::Stop(timer) => self.stop(timer),
            Effect::Start(timer) => {
                self.stop(timer);
                self.plan(timer.spec().default.as_millis(), Event::Expired(timer));
            }
            Effect::Act(action) => self.act(action),
        }
    }

    pub(super) fn stop(&mut self, timer: Timer) {
        self.agenda.retain(
            |_, it| !matches!(it, Happening::Event(Event::Expired(other)) if *other == timer),
        );
    }

    pub(super) fn act(&mut self, action: Action) {
        match action {
            Action::Send(message) => {
                self.tell(&format!("-> {}", told_message(&message)));
                if let Some(answer) = self.pp.hears(&message) {
                    self.pp_sends(20, answer);
                }
            }
            Action::Store(write, change) => self.keep(write, change),
            Action::Encrypt(_) => self.tell("-> Encrypt"),
            Action::Indicate(indication) => {
                self.tell(&format!("-> {indication:?}"));
                if let Indication::AccessRights(_) = indication {
                    let code = self.code.map(|code| AccessCode::new(code).unwrap());
                    let answer = code.map_or(AccessAnswer::Refused, AccessAnswer::Allowed);
                    self.plan(0, Event::Request(Request::AccessRights(answer)));
                }
            }
            Action::Done(outcome) => self.tell(&format!("-> {outcome:?}")),
            Action::Unexpected(kind) => self.tell(&format!("-> Unexpected {kind}")),
        }
    }

    pub(super) fn keep(&mut self, write: Write, change: Change) {
        self.tell(match change {
            Change::Put(_) => "-> Put",
            _ => "-> Remove",
        });
        match self.store {
            Store::Works => {
                match change {
                    Change::Put(kept) => drop(self.stored.insert(kept.ipei, *kept)),
                    Change::Remove(ipei) => drop(self.stored.remove(&ipei)),
                    Change::PutRfp(_) | Change::RemoveRfp(_) => {}
                }
                self.plan(5, Event::Stored(write, true));
            }
            Store::Fails => self.plan(5, Event::Stored(write, false)),
            Store::SaysNothing => {}
        }
    }

    pub(super) fn tell(&mut self, what: &str) {
        let _ = writeln!(self.trace, "  {what}");
    }

    pub(super) fn plan(&mut self, after_ms: u128, event: Event) {
        self.happen(after_ms, Happening::Event(event));
    }

    pub(super) fn pp_sends(&mut self, after_ms: u128, message: Message) {
        self.happen(after_ms, Happening::Pp(message));
    }

    pub(super) fn ask(&mut self, request: Request) {
        self.plan(0, Event::Request(request));
    }

    pub(super) fn happen(&mut self, after_ms: u128, happening: Happening) {
        self.asked += 1;
        let after = Duration::from_millis(u64::try_from(after_ms).unwrap());
        self.agenda.insert((self.now + after, self.asked), happening);
    }

    pub(super) fn count(&self, what: &str) -> usize {
        self.trace.matches(what).count()
    }

    /// What went over the air, in hexadecimal.
    pub(super) fn air(&self) -> Vec<String> {
        let lines = self.trace.lines().filter_map(|line| line.split_once('='));
        lines.map(|(_, octets)| octets.to_owned()).collect()
    }
}

pub(super) fn told(event: &Event) -> String {
    match event {
        Event::Request(Request::AccessRights(_)) => "AccessRights answered".to_owned(),
        Event::Request(Request::Terminate) => "Terminate".to_owned(),
        Event::Request(Request::Authenticate) => "Authenticate".to_owned(),
        Event::Request(Request::Cipher) => "Cipher".to_owned(),
        Event::Request(Request::Identify) => "Identify".to_owned(),
        Event::Request(Request::SuggestLocate) => "SuggestLocate".to_owned(),
        Event::Received(message) => told_message(message),
        Event::Expired(timer) => format!("{} expired", timer.spec().name),
        Event::Stored(_, durable) => format!("stored {durable}"),
        Event::Ciphers(on) => format!("ciphers {on}"),
        Event::LinkLost => "link lost".to_owned(),
    }
}

pub(super) fn told_message(message: &Message) -> String {
    let octets: String =
        message.encode().iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"));
    format!("{}={octets}", message.kind.name().unwrap())
}

pub(super) fn ipei() -> Ipei {
    Ipei::new(0x004f, 0xfffff).unwrap()
}

pub(super) fn ari() -> Ari {
    Ari::from_octets(&[0x10, 0x00, 0x90, 0x34]).unwrap()
}

pub(super) fn from_pp(kind: Kind) -> Message {
    Message::new(Ti::opened(0), kind)
}

pub(super) fn access_request() -> Message {
    from_pp(Kind::AccessRightsRequest)
        .with(&PortableIdentity::Ipui(Ipui::N(ipei())))
        .with(&AuthType::dsaa(AuthKey::Ac(8)))
}

pub(super) fn locate_request() -> Message {
    let identity = PortableIdentity::Ipui(Ipui::private_ipei(ipei()));
    from_pp(Kind::LocateRequest).with(&identity)
}

pub(super) fn terminate_request() -> Message {
    let identity = PortableIdentity::Ipui(Ipui::private_ipei(ipei()));
    from_pp(Kind::AccessRightsTerminateRequest).with(&identity)
}

pub(super) fn detach() -> Message {
    let identity = PortableIdentity::Ipui(Ipui::private_ipei(ipei()));
    from_pp(Kind::Detach).with(&identity)
}

pub(super) fn challenge() -> Message {
    let how = AuthType::dsaa(AuthKey::Uak(8));
    from_pp(Kind::AuthenticationRequest).with(&how).with(&Rand::new(&RAND_P))
}

pub(super) fn cipher_suggest() -> Message {
    from_pp(Kind::CipherSuggest).with(&CipherInfo::dsc(true, 8))
}
