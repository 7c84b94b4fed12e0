//! Mobility management of a simulated handset: EN 300 175-5 clause 13, portable side.

use super::{Seen, SimPp, Subscription, Timer};
use dect::primitive::{AccessCode, ReleaseReason};
use dect::security::{self, Dck, Key};
use dect::subscription::Uak;
use dect::wire::ie::{
    AuthAlgorithm, AuthKey, AuthType, FixedIdentity, IdentityType, InfoType, PortableIdentity,
    Rand, RejectReason, Res, Rs,
};
use dect::wire::{Id, Kind, Message, Origin, Ti};
use ident::{Ipui, Tpui};

/// What mobility management is doing.
#[derive(Default)]
pub(super) struct Mobility {
    /// The system knows where the handset is.
    pub(super) located: bool,
    subscribing: Option<Subscribing>,
    locating: Option<Locating>,
    /// The cipher key of the last authentication.
    dck: Option<Dck>,
    /// The handset is saying farewell.
    leaving: bool,
}

/// An access-rights request, from the user's wish to the answer.
struct Subscribing {
    code: AccessCode,
    asked: bool,
    /// What a key allocation has led to so far.
    allocation: Option<Allocation>,
}

struct Allocation {
    res2: security::Res,
    uak: Uak,
    /// The fixed part has proved that it knows the code.
    proved: bool,
}

/// A location registration that is under way.
struct Locating {
    attempts: u8,
}

impl Mobility {
    /// Whether nothing of it needs the link.
    pub(super) fn rests(&self) -> bool {
        self.subscribing.as_ref().is_none_or(|it| !it.asked) && self.locating.is_none()
    }
}

impl SimPp {
    pub(super) fn switch_on(&mut self) {
        if !self.on {
            self.on = true;
            self.mobility = Mobility::default();
            self.system_heard();
        }
    }

    pub(super) fn switch_off(&mut self) {
        if !self.on {
            return;
        }
        if self.call.is_some() {
            self.hang_up();
        }
        self.on = false;
        self.agenda.stop_all(|timer| matches!(timer, Timer::Retry | Timer::Access | Timer::Locate));
        let located = std::mem::take(&mut self.mobility).located;
        if let Some(kept) = self.kept.as_ref().filter(|_| located) {
            let farewell = Message::new(Ti::opened(0), Kind::Detach)
                .with(&PortableIdentity::Ipui(kept.ipui.clone()));
            self.send(&farewell);
        }
        self.mobility.leaving = true;
        self.start_after(Timer::Idle, Timer::FAREWELL);
    }

    pub(super) fn subscribe(&mut self, code: AccessCode) {
        if self.call.is_some() || !self.mobility.rests() {
            return self.see(Seen::NotPossible("the handset is busy"));
        }
        self.mobility.subscribing = Some(Subscribing { code, asked: false, allocation: None });
        self.start(Timer::Access);
        self.system_heard();
    }

    /// A base station is heard, or something is wanted of it: begin what waits for it.
    pub(super) fn system_heard(&mut self) {
        let Some(beacon) = self.radio.beacon.filter(|_| self.on) else { return };
        let waits = self.mobility.subscribing.as_ref().is_some_and(|it| !it.asked);
        if waits {
            if beacon.takes_access_rights_requests() {
                self.ask_for_access();
            }
            return;
        }
        let ours = self.kept.as_ref().is_some_and(|kept| kept.park.opens(beacon.rfpi.pari()));
        if ours && !self.mobility.located && self.mobility.locating.is_none() {
            self.locate();
        }
    }

    fn ask_for_access(&mut self) {
        if let Some(subscribing) = &mut self.mobility.subscribing {
            subscribing.asked = true;
        }
        let request = Message::new(Ti::opened(0), Kind::AccessRightsRequest)
            .with(&PortableIdentity::Ipui(Ipui::N(self.model.ipei)))
            .with(&AuthType::dsaa(AuthKey::Ac(PAIR)))
            .with(&self.model.capability);
        self.send(&request);
    }

    fn locate(&mut self) {
        let attempts = self.mobility.locating.as_ref().map_or(1, |locating| locating.attempts + 1);
        self.mobility.locating = Some(Locating { attempts });
        self.agenda.stop(&Timer::Retry);
        if let Some(kept) = &self.kept {
            let request = Message::new(Ti::opened(0), Kind::LocateRequest)
                .with(&PortableIdentity::Ipui(kept.ipui.clone()))
                .with(&self.model.capability);
            self.start(Timer::Locate);
            self.send(&request);
        }
    }

    pub(super) fn answer_page(&mut self) {
        if let Some(kept) = &self.kept {
            let response = Message::new(Ti::opened(0), Kind::LcePageResponse)
                .with(&PortableIdentity::Ipui(kept.ipui.clone()))
                .with(&FixedIdentity::Park(kept.park));
            self.send(&response);
        }
    }

    pub(super) fn mobility_expired(&mut self, timer: Timer) {
        match timer {
            Timer::Access => self.not_subscribed("the system does not answer"),
            Timer::Locate => {
                let attempts = self.mobility.locating.as_ref().map_or(0, |it| it.attempts);
                if attempts < ATTEMPTS && self.radio.is_up() {
                    return self.locate();
                }
                self.mobility.locating = None;
                self.not_located("the system does not answer");
                self.rest();
            }
            _ => self.system_heard(),
        }
    }

    /// The link is gone, and with it what was under way.
    pub(super) fn mobility_lost(&mut self) {
        if self.mobility.subscribing.as_ref().is_some_and(|it| it.asked) {
            self.not_subscribed("the link was lost");
        }
        if self.mobility.locating.take().is_some() {
            self.agenda.stop(&Timer::Locate);
            self.not_located("the link was lost");
        }
    }

    fn not_subscribed(&mut self, reason: &str) {
        self.agenda.stop(&Timer::Access);
        if self.mobility.subscribing.take().is_some() {
            self.see(Seen::NotSubscribed(reason.to_owned()));
        }
        self.rest();
    }

    fn not_located(&mut self, reason: &str) {
        self.mobility.located = false;
        self.see(Seen::NotLocated(reason.to_owned()));
        self.start(Timer::Retry);
    }

    pub(super) fn mobility_message(&mut self, message: &Message) {
        match message.kind {
            Kind::KeyAllocate => self.key_allocate(message),
            Kind::AuthenticationRequest => self.authenticate(message),
            Kind::AuthenticationReply => self.authentication_reply(message),
            Kind::AuthenticationReject if self.mobility.subscribing.is_some() => {
                self.not_subscribed("the authentication code is wrong");
            }
            Kind::AccessRightsAccept => self.access_accepted(message),
            Kind::AccessRightsReject => self.not_subscribed(&reason(message)),
            Kind::AccessRightsTerminateRequest => self.terminated(message),
            Kind::LocateAccept => self.locate_accepted(message),
            Kind::LocateReject => {
                self.mobility.locating = None;
                self.agenda.stop(&Timer::Locate);
                self.not_located(&reason(message));
            }
            Kind::TemporaryIdentityAssign => self.identity_assigned(message),
            Kind::IdentityRequest => self.identify(message),
            Kind::CipherRequest => self.cipher(message),
            Kind::MmInfoSuggest => self.suggested(message),
            Kind::LcePageReject => self.leave_link(),
            _ => {}
        }
    }

    /// Key allocation (13.6): a key is made from the code, and both prove that they know the code.
    fn key_allocate(&mut self, message: &Message) {
        let challenge = numbers(message);
        let rand_p = self.random();
        let Some(subscribing) = &mut self.mobility.subscribing else { return };
        let Some((rand_f, rs)) = challenge else { return };
        let key = Key::from_access_code(&subscribing.code);
        let (res1, _) = security::a12(&security::a11(&key, rs), rand_f);
        let ks = security::a21(&key, rs);
        let res2 = security::a22(&ks, rand_p);
        let allocation = Allocation { res2, uak: ks.into_uak(), proved: false };
        subscribing.allocation = Some(allocation);
        let request = Message::new(message.ti.answer(), Kind::AuthenticationRequest)
            .with(&AuthType::dsaa(AuthKey::Ac(PAIR)))
            .with(&Rand::new(&rand_p))
            .with(&Res::new(&res1.octets()));
        self.send_reply(request);
    }

    /// The fixed part's proof at the end of a key allocation.
    fn authentication_reply(&mut self, message: &Message) {
        let Some(subscribing) = &mut self.mobility.subscribing else { return };
        let Some(allocation) = &mut subscribing.allocation else { return };
        let res2 = message.get::<Res>().and_then(|res| res.array());
        if res2.is_some_and(|res2| allocation.res2.agrees(&res2)) {
            allocation.proved = true;
            return;
        }
        let reject = Message::new(message.ti.answer(), Kind::AuthenticationReject)
            .with(&RejectReason::AuthenticationFailed);
        self.send(&reject);
        self.not_subscribed("the system does not know the authentication code");
    }

    /// Authentication of the handset (13.3.1).
    fn authenticate(&mut self, message: &Message) {
        let (Some(how), Some((rand_f, rs))) = (message.get::<AuthType>(), numbers(message)) else {
            return;
        };
        let key = match (how.algorithm, how.key) {
            (AuthAlgorithm::Dsaa, AuthKey::Uak(_)) => self.kept.as_ref().map(|kept| &kept.uak),
            _ => None,
        };
        let Some(key) = key else {
            let reject = Message::new(message.ti.answer(), Kind::AuthenticationReject)
                .with(&RejectReason::AuthenticationKeyNotSupported);
            return self.send_reply(reject);
        };
        let mut octets = *key.expose();
        octets[0] ^= u8::from(self.model.faults.wrong_uak);
        let ks = security::a11(&Key::from_uak(&Uak::new(octets)), rs);
        let (res1, dck) = security::a12(&ks, rand_f);
        if how.store_cipher_key.is_some() {
            self.mobility.dck = Some(dck);
        }
        let reply = Message::new(message.ti.answer(), Kind::AuthenticationReply)
            .with(&Res::new(&res1.octets()));
        self.send_reply(reply);
    }

    fn access_accepted(&mut self, message: &Message) {
        let identity = message.get::<PortableIdentity>().and_then(|identity| identity.ipui());
        let park = message.all::<FixedIdentity>().find_map(|identity| match identity {
            FixedIdentity::Park(park) => Some(park),
            _ => None,
        });
        let Some(subscribing) = self.mobility.subscribing.take() else { return };
        self.agenda.stop(&Timer::Access);
        let allocation = subscribing.allocation.filter(|allocation| allocation.proved);
        let (Some(ipui), Some(park), Some(allocation)) = (identity, park, allocation) else {
            return self.see(Seen::NotSubscribed("the system has allocated no key".to_owned()));
        };
        self.see(Seen::Subscribed(ipui.clone(), park));
        self.kept = Some(Subscription { ipui, park, uak: allocation.uak, tpui: None });
        self.mobility.located = false;
        self.system_heard();
    }

    fn terminated(&mut self, message: &Message) {
        let named = message.get::<PortableIdentity>().and_then(|identity| identity.ipui());
        let ours = self.kept.as_ref().is_some_and(|kept| named.as_ref() == Some(&kept.ipui));
        let answer = message.ti.answer();
        if !ours {
            let reject = Message::new(answer, Kind::AccessRightsTerminateReject)
                .with(&RejectReason::IpuiUnknown);
            return self.send_reply(reject);
        }
        self.kept = None;
        self.mobility = Mobility::default();
        self.send_reply(Message::new(answer, Kind::AccessRightsTerminateAccept));
        self.see(Seen::Terminated);
    }

    fn locate_accepted(&mut self, message: &Message) {
        if self.mobility.locating.take().is_none() {
            return;
        }
        self.agenda.stop(&Timer::Locate);
        self.mobility.located = true;
        let tpui = message.get::<PortableIdentity>().and_then(|identity| identity.tpui());
        if tpui.is_some() {
            self.assign(tpui);
            // The transaction is still the one of our request.
            self.send_reply(Message::new(message.ti.answer(), Kind::TemporaryIdentityAssignAck));
        }
        let tpui = self.kept.as_ref().and_then(|kept| kept.tpui);
        self.see(Seen::Located(tpui));
    }

    fn identity_assigned(&mut self, message: &Message) {
        let tpui = message.get::<PortableIdentity>().and_then(|identity| identity.tpui());
        self.assign(tpui);
        self.send_reply(Message::new(message.ti.answer(), Kind::TemporaryIdentityAssignAck));
    }

    fn assign(&mut self, tpui: Option<Tpui>) {
        if let (Some(kept), Some(tpui)) = (&mut self.kept, tpui) {
            kept.tpui = Some(tpui);
        }
    }

    fn identify(&mut self, message: &Message) {
        let kept = self.kept.as_ref();
        let identity = match message.get::<IdentityType>() {
            Some(IdentityType::IPEI) => Some(PortableIdentity::Ipei(self.model.ipei)),
            Some(IdentityType::IPUI) => kept.map(|kept| PortableIdentity::Ipui(kept.ipui.clone())),
            Some(IdentityType::TPUI) => kept.and_then(|kept| kept.tpui).map(PortableIdentity::Tpui),
            _ => None,
        };
        let reply = Message::new(message.ti.answer(), Kind::IdentityReply);
        self.send_reply(reply.with_option(identity.as_ref()));
    }

    fn cipher(&mut self, message: &Message) {
        match self.mobility.dck.clone() {
            Some(key) if !self.model.faults.refuses_cipher => self.start_cipher(&key),
            _ => {
                let reject = Message::new(message.ti.answer(), Kind::CipherReject)
                    .with(&RejectReason::CipherKeyNotSupported);
                self.send_reply(reject);
            }
        }
    }

    pub(super) fn ciphered(&mut self) {
        self.radio.ciphered = true;
        self.see(Seen::Ciphered);
    }

    fn suggested(&mut self, message: &Message) {
        let suggests = message.get::<InfoType>();
        let suggests = suggests.is_some_and(|it| it.codes().contains(&InfoType::LOCATE_SUGGEST));
        if suggests && message.ti.origin == Origin::Sender && self.mobility.locating.is_none() {
            self.locate();
        }
    }

    /// Why a call cannot begin; a handset out of service has no one to ask.
    pub(super) fn out_of_service(&self) -> Option<ReleaseReason> {
        let in_service = self.kept.is_some() && self.radio.beacon.is_some();
        (!in_service).then_some(ReleaseReason::UserNotInRange)
    }
}

/// RAND and RS, of the lengths that DSAA gives them.
fn numbers(message: &Message) -> Option<([u8; 8], [u8; 8])> {
    Some((message.get::<Rand>()?.array()?, message.get::<Rs>()?.array()?))
}

/// The reason of a refusal in words.
fn reason(message: &Message) -> String {
    match message.get::<RejectReason>() {
        Some(reason) => format!("{reason:?}"),
        None if message.has(Id::REJECT_REASON) => "a reason without sense".to_owned(),
        None => "no reason was given".to_owned(),
    }
}

/// The number of keys and codes that belong to a pair of IPUI and PARK.
const PAIR: u8 = 8;
/// How often a location registration is sent (13.4.1).
const ATTEMPTS: u8 = 2;
