//! Radio links: whose they are, and what comes over them (14.1 to 14.2.5).

use super::work::{Key, Work};
use super::{ConnId, Nwk};
use crate::lapc::Mode;
use crate::lce::{self, PageAction, PageEvent, PageOut, Service, short_page};
use crate::mm;
use crate::primitive::ReleaseReason;
use crate::rfp::primitive::{CipherKey, Mcei, Request as RfpRequest};
use crate::wire::ie::{PortableIdentity, RejectReason};
use crate::wire::{Direction, Kind, Message, Pd, Reaction};
use ident::Ipei;
use machine::Effect;
use std::ops::RangeInclusive;

/// Names a radio link: the connection of its base station, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId(pub(super) ConnId, pub(super) Mcei);

/// One radio link.
pub(super) struct Radio {
    link: lce::Link,
    /// The handset at its other end, as it has called itself in its first message.
    pub(super) pp: Option<Ipei>,
    needed: bool,
    /// What it is ciphered with.
    pub(super) key: Option<CipherKey>,
}

/// Every radio link that a base station can have.
pub(super) const fn links_of(conn: ConnId) -> RangeInclusive<LinkId> {
    LinkId(conn, Mcei(0))..=LinkId(conn, Mcei(u8::MAX))
}

impl Nwk {
    pub(super) fn link_up(&mut self, id: LinkId) {
        self.link(id, lce::Event::Lost);
        let mut out = lce::Out::default();
        let radio = Radio { link: lce::Link::new(&mut out), pp: None, needed: false, key: None };
        self.links.insert(id, radio);
        self.link_effects(id, out);
    }

    pub(super) fn link(&mut self, id: LinkId, event: lce::Event) {
        let Some(radio) = self.links.get_mut(&id) else { return };
        let before = radio.link.state();
        let mut out = lce::Out::default();
        radio.link.handle(event, &mut out);
        let after = radio.link.state();
        if before != after {
            tracing::debug!("lce{{rfp={} mcei={}}}: {before:?} -> {after:?}", id.0.0, id.1.0);
        }
        self.link_effects(id, out);
        if after == lce::State::Released {
            self.links.remove(&id);
        }
    }

    fn link_effects(&mut self, id: LinkId, mut out: lce::Out) {
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => self.start(Key::Link(id, timer), timer.spec()),
                Effect::Stop(timer) => self.stop(Key::Link(id, timer)),
                Effect::Act(lce::Action::Frame(octets)) => {
                    self.ask_base(id.0, RfpRequest::LcData(id.1, octets));
                }
                Effect::Act(lce::Action::Disconnect) => {
                    self.ask_base(id.0, RfpRequest::Disconnect(id.1));
                }
                Effect::Act(lce::Action::Message(octets)) => self.message(id, &octets),
                Effect::Act(lce::Action::Unit(octets)) => super::clms::received(id, &octets),
                Effect::Act(lce::Action::Reset) => self.link_reset(id),
                Effect::Act(lce::Action::Ended(mode)) => self.link_ended(id, mode),
                Effect::Act(lce::Action::Bad(bad)) => {
                    tracing::debug!("lce{{rfp={} mcei={}}}: frame ignored: {bad}", id.0.0, id.1.0);
                }
                Effect::Act(lce::Action::Dropped) => {
                    tracing::debug!("lce{{rfp={} mcei={}}}: message dropped", id.0.0, id.1.0);
                }
            }
        }
    }

    /// A message of the network layer, from whoever is at the other end.
    fn message(&mut self, id: LinkId, octets: &[u8]) {
        let message = match Message::decode(octets) {
            Ok(message) => message,
            Err(error) => {
                // 17.1, 17.2
                tracing::debug!("lce{{rfp={} mcei={}}}: ignored: {error}", id.0.0, id.1.0);
                return;
            }
        };
        let Some(pp) = self.sender(id, &message) else {
            return self.refuse_stranger(id, &message);
        };
        // Behind whatever the handset's appearance on this link brings with it.
        self.todo.push_back(Work::Message(id, pp, message));
    }

    /// A message of a handset whose link this is.
    pub(super) fn routed(&mut self, id: LinkId, pp: Ipei, message: Message) {
        tracing::debug!("lce{{pp={pp}}}: <- {}", message.kind);
        match message.check(Direction::ToFixed) {
            Ok(()) => self.route(id, pp, message),
            Err(fault) => {
                tracing::debug!("lce{{pp={pp}}}: {fault}");
                self.react(id, pp, (&message, fault.reaction()));
            }
        }
    }

    /// Whose message it is. A link is the handset's that first names itself over it.
    fn sender(&mut self, id: LinkId, message: &Message) -> Option<Ipei> {
        let owner = self.links.get(&id)?.pp;
        let named = message.get::<PortableIdentity>();
        match (owner, named) {
            (Some(owner), None) => Some(owner),
            (owner, Some(identity)) => {
                let pp = self.identities.find(&identity)?;
                if owner.is_some_and(|owner| owner != pp) {
                    return None;
                }
                if message.kind == Kind::LcePageResponse && !self.is_paged(pp) {
                    return None;
                }
                self.bind(id, pp).then_some(pp)
            }
            (None, None) => None,
        }
    }

    /// Gives a link to a handset; `false` where there is no room for one more unknown handset.
    fn bind(&mut self, id: LinkId, pp: Ipei) -> bool {
        if !self.enter(pp) {
            return false;
        }
        let Some(handset) = self.handsets.get_mut(&pp) else { return false };
        let older = handset.link.replace(id).filter(|older| *older != id);
        if let Some(radio) = self.links.get_mut(&id) {
            radio.pp = Some(pp);
        }
        if let Some(older) = older {
            // The handset has lost it; the base station only does not know yet.
            if let Some(radio) = self.links.get_mut(&older) {
                radio.pp = None;
                radio.needed = false;
            }
            self.todo.push_back(Work::Link(older, lce::Event::Needed(false)));
            self.todo.push_back(Work::Link(older, lce::Event::Release));
            self.link_lost(pp, ReleaseReason::UserNotInRange);
        }
        self.todo.push_back(Work::Page(pp, PageEvent::Found));
        self.link_found(pp);
        true
    }

    fn route(&mut self, id: LinkId, pp: Ipei, message: Message) {
        match message.kind.pd() {
            Pd::Lce => {}
            // Before the handset's next message, which may rest upon what this one changes.
            Pd::Mm => self.todo.push_front(Work::Mm(pp, mm::Event::Received(message))),
            Pd::Cc => self.cc_message(pp, message),
            Pd::Ciss => {
                if !self.time_asked(pp, &message)
                    && let Some(answer) = super::ss::answer(&message)
                {
                    self.send(pp, &answer);
                }
            }
            Pd::Clms => super::clms::received(id, &message.encode()),
            // 17.1: a service that is not offered.
            Pd::Coms => tracing::debug!("lce{{pp={pp}}}: {} ignored", message.kind),
        }
        self.weigh(pp);
    }

    /// Clause 17.6, for a message that cannot be acted upon.
    fn react(&mut self, id: LinkId, pp: Ipei, (message, reaction): (&Message, Reaction)) {
        match reaction {
            Reaction::Ignore => {}
            Reaction::Release(reason) => self.release_faulty(pp, message, reason),
            Reaction::ReleaseCom(reason) => {
                self.reply(id, &release_com(message, reason));
            }
            Reaction::Reject(kind, reason) => {
                self.reply(id, &Message::new(message.ti.answer(), kind).with(&reason));
            }
        }
    }

    /// Answers a handset that nobody here knows, and lets the link end.
    fn refuse_stranger(&mut self, id: LinkId, message: &Message) {
        tracing::debug!("lce{{rfp={} mcei={}}}: {} refused", id.0.0, id.1.0, message.kind);
        let reject = |kind, reason: RejectReason| {
            Some(Message::new(message.ti.answer(), kind).with(&reason))
        };
        let answer = match message.kind {
            Kind::LcePageResponse => reject(Kind::LcePageReject, self.page_answer(message)),
            Kind::LocateRequest => reject(Kind::LocateReject, RejectReason::IpuiUnknown),
            Kind::AccessRightsRequest => {
                reject(Kind::AccessRightsReject, RejectReason::IpuiNotAccepted)
            }
            Kind::CcSetup => Some(release_com(message, ReleaseReason::UnknownIdentity)),
            Kind::CcRelease | Kind::CcReleaseCom | Kind::CcServiceChange => None,
            kind if kind.pd() == Pd::Cc => {
                Some(release_com(message, ReleaseReason::UnknownTransaction))
            }
            _ => None,
        };
        if let Some(answer) = answer {
            self.reply(id, &answer);
        }
        if message.kind == Kind::LcePageResponse {
            // 14.2.3: an unwanted link is released at once.
            self.todo.push_back(Work::Link(id, lce::Event::Release));
        }
    }

    /// What is wrong with an answer to a page: too late, or nobody asked.
    fn page_answer(&self, message: &Message) -> RejectReason {
        let pp = message.get::<PortableIdentity>().and_then(|name| self.identities.find(&name));
        if pp.is_some_and(|pp| self.handsets.contains_key(&pp)) {
            RejectReason::LateLceReply
        } else {
            RejectReason::FalseLceReply
        }
    }

    /// Sends a message over the link on which the one it answers came.
    pub(super) fn reply(&mut self, id: LinkId, message: &Message) {
        self.todo.push_back(Work::Link(id, lce::Event::Send(message.encode())));
    }

    /// Sends a message to a handset, over its link or after a page.
    pub(super) fn send(&mut self, pp: Ipei, message: &Message) {
        tracing::debug!("lce{{pp={pp}}}: -> {}", message.kind);
        let octets = message.encode();
        match self.usable_link(pp) {
            Some(id) => self.todo.push_back(Work::Link(id, lce::Event::Send(octets))),
            None if self.is_located(pp) => {
                self.todo.push_back(Work::Page(pp, PageEvent::Queue(octets)));
            }
            // Nobody would answer a page.
            None => self.todo.push_back(Work::Mm(pp, mm::Event::LinkLost)),
        }
    }

    /// The handset's link, if something can be sent over it.
    pub(super) fn usable_link(&self, pp: Ipei) -> Option<LinkId> {
        let id = self.handsets.get(&pp)?.link?;
        let established = self.links.get(&id)?.link.state() == lce::State::Established;
        established.then_some(id)
    }

    /// Tells the handset's link whether it is still needed.
    pub(super) fn weigh(&mut self, pp: Ipei) {
        let needed = self.needs_link(pp);
        let Some(id) = self.handsets.get(&pp).and_then(|handset| handset.link) else {
            return self.forget_if_idle(pp);
        };
        if let Some(radio) = self.links.get_mut(&id)
            && radio.needed != needed
        {
            radio.needed = needed;
            self.todo.push_back(Work::Link(id, lce::Event::Needed(needed)));
        }
    }

    fn link_ended(&mut self, id: LinkId, mode: Mode) {
        let Some(radio) = self.links.get_mut(&id) else { return };
        radio.needed = false;
        let Some(pp) = radio.pp.take() else { return };
        let Some(handset) = self.handsets.get_mut(&pp).filter(|pp| pp.link == Some(id)) else {
            return;
        };
        handset.link = None;
        let reason = match mode {
            Mode::Normal => ReleaseReason::Normal,
            Mode::Abnormal => ReleaseReason::UserNotInRange,
        };
        self.link_lost(pp, reason);
        self.forget_if_idle(pp);
    }

    /// The data link has begun afresh (17.8): calls that await digits are released.
    fn link_reset(&mut self, id: LinkId) {
        if let Some(pp) = self.links.get(&id).and_then(|radio| radio.pp) {
            self.release_overlap(pp);
        }
    }

    pub(super) fn page(&mut self, pp: Ipei, event: PageEvent) {
        let Some(handset) = self.handsets.get_mut(&pp) else { return };
        if handset.page.is_none() && matches!(event, PageEvent::Found | PageEvent::Cancel) {
            return;
        }
        let page = handset.page.get_or_insert_default();
        let mut out = PageOut::default();
        page.handle(event, &mut out);
        if !page.is_running() {
            handset.page = None;
        }
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => self.start(Key::Page(pp, timer), timer.spec()),
                Effect::Stop(timer) => self.stop(Key::Page(pp, timer)),
                Effect::Act(PageAction::Page(service)) => self.page_out(pp, service),
                Effect::Act(PageAction::Send(octets)) => self.send_waiting(pp, octets),
                Effect::Act(PageAction::Failed) => {
                    tracing::debug!("lce{{pp={pp}}}: does not answer pages");
                    self.unreachable(pp);
                }
                Effect::Act(PageAction::Dropped) => {
                    tracing::debug!("lce{{pp={pp}}}: message dropped, too many wait");
                }
            }
        }
    }

    /// Ends a search whose result nobody waits for any more (14.2.3).
    pub(super) fn stop_search(&mut self, pp: Ipei) {
        let idle = self.handsets.get(&pp).is_some_and(|handset| {
            let messages = handset.page.as_ref().is_some_and(|page| page.has_messages());
            handset.calls.is_empty() && !handset.mm.busy() && !messages
        });
        if idle {
            self.todo.push_back(Work::Page(pp, PageEvent::Cancel));
        }
    }

    fn page_out(&mut self, pp: Ipei, service: Service) {
        let subscription = self.handsets.get(&pp).and_then(|handset| handset.mm.subscription());
        if let Some(kept) = subscription {
            tracing::debug!("lce{{pp={pp}}}: paged for {service:?}");
            let octets = short_page(&kept.ipui, kept.tpui, service);
            self.broadcast(octets);
        }
    }

    fn send_waiting(&mut self, pp: Ipei, octets: Vec<u8>) {
        if let Some(id) = self.usable_link(pp) {
            self.todo.push_back(Work::Link(id, lce::Event::Send(octets)));
        }
    }
}

/// CC-RELEASE-COM in answer to `message`.
pub(super) fn release_com(message: &Message, reason: ReleaseReason) -> Message {
    Message::new(message.ti.answer(), Kind::CcReleaseCom).with(&reason)
}
