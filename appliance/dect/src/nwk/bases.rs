//! Base stations: connections, who may come in, what each reports.

use super::links::{LinkId, links_of};
use super::work::{Ticketed, Work};
use super::{ConnId, Door, Mirrored, Nwk, Output, Settings};
use crate::lce;
use crate::primitive::Indication;
use crate::rfp::capture::Mask;
use crate::rfp::link::Effects;
use crate::rfp::primitive::{
    Action, Event, Identity, Indication as RfpIndication, Request as RfpRequest,
};
use crate::rfp::{self, roster::Verdict};
use crate::subscription::{Change, RfpRecord};
use ident::Mac;
use machine::Effect;
use std::net::IpAddr;

/// One connection of a base station.
pub(super) struct Base {
    link: rfp::Link,
    door: Door,
    /// Known from its login on.
    pub(super) mac: Option<Mac>,
    on_air: bool,
    mask: Mask,
}

impl Nwk {
    pub(super) fn connected(&mut self, conn: ConnId, door: Door, peer: IpAddr) {
        if self.bases.len() >= CONNECTIONS_MAX {
            let why = format!("{CONNECTIONS_MAX} base stations are connected; no more can be");
            self.outputs.push(Output::Close(conn, why));
            return;
        }
        let mut random = [0; 32];
        self.rng.fill(&mut random);
        let mut effects = Effects::default();
        let link = rfp::Link::new(door, peer, random, &mut effects);
        self.bases
            .insert(conn, Base { link, door, mac: None, on_air: false, mask: Mask::default() });
        self.base_effects(conn, effects);
    }

    pub(super) fn received(&mut self, conn: ConnId, octets: Vec<u8>) {
        self.todo.push_back(Work::Base(conn, Event::Received(octets)));
    }

    pub(super) fn disconnected(&mut self, conn: ConnId) {
        self.base_gone(conn, "the connection is gone");
    }

    pub(super) fn set(&mut self, settings: Settings) {
        for conn in self.bases.keys() {
            self.todo.push_back(Work::Base(*conn, Event::Settings(settings.clone())));
        }
        if !settings.subscription_allowed {
            self.forgive_wrong_codes();
        }
        self.settings = settings;
    }

    /// Asks something of a base station.
    pub(super) fn ask_base(&mut self, conn: ConnId, request: RfpRequest) {
        self.todo.push_back(Work::Base(conn, Event::Request(request)));
    }

    /// Broadcasts a page in the location area, which is the whole system.
    pub(super) fn broadcast(&mut self, page: [u8; 3]) {
        let on_air = self.bases.iter().filter(|(_, base)| base.on_air);
        for (conn, _) in on_air {
            let request = RfpRequest::Page(page);
            self.todo.push_back(Work::Base(*conn, Event::Request(request)));
        }
    }

    pub(super) fn base(&mut self, conn: ConnId, event: Event) {
        let Some(base) = self.bases.get_mut(&conn) else { return };
        let mut effects = Effects::default();
        base.link.handle(event, &mut effects);
        self.base_effects(conn, effects);
    }

    fn base_effects(&mut self, conn: ConnId, mut effects: Effects) {
        for effect in effects.drain() {
            match effect {
                Effect::Start(timer) => {
                    self.start(super::Key::Base(conn, timer), timer.spec());
                }
                Effect::Stop(timer) => self.stop(super::Key::Base(conn, timer)),
                Effect::Act(Action::Send(octets)) => self.outputs.push(Output::Send(conn, octets)),
                Effect::Act(Action::Trace { from_rfp, octets }) => {
                    self.mirror(conn, from_rfp, octets);
                }
                Effect::Act(Action::Identified(identity)) => self.judge(conn, &identity),
                Effect::Act(Action::Close(reason)) => {
                    self.base_gone(conn, &reason);
                    self.outputs.push(Output::Close(conn, reason));
                }
                Effect::Act(Action::Indicate(indication)) => self.reported(conn, indication),
            }
        }
    }

    /// Hands out a message in clear for the mirror, without what must stay secret.
    fn mirror(&mut self, conn: ConnId, from_rfp: bool, mut octets: Vec<u8>) {
        if !self.settings.mirror {
            return;
        }
        let Some(base) = self.bases.get_mut(&conn) else { return };
        let (links, unmasked) = (&self.links, self.settings.unmasked);
        base.mask.apply(from_rfp, &mut octets, |mcei| {
            let owner = links.get(&LinkId(conn, mcei)).and_then(|radio| radio.pp);
            unmasked.is_some() && owner == unmasked
        });
        self.outputs.push(Output::Mirror(Mirrored { conn, from_rfp, octets }));
    }

    /// Decides whether a base station may come in.
    fn judge(&mut self, conn: ConnId, identity: &Identity) {
        let Some(base) = self.bases.get_mut(&conn) else { return };
        let (door, mac) = (base.door, identity.mac);
        let before = self.roster.iter().find(|record| record.mac == mac).cloned().map(Box::new);
        let verdict = self.roster.judge(identity, door, &self.settings, &mut *self.rng);
        let (admission, record) = match verdict {
            Verdict::Admit(admission, record) => (admission, record),
            Verdict::Refuse(why) => {
                if self.roster.is_refused(mac) {
                    self.indicate(Indication::RfpDown(mac, why.clone()));
                }
                return self.todo.push_back(Work::Base(conn, Event::Refuse(why)));
            }
        };
        base.mac = Some(mac);
        tracing::debug!("rfp{{rfp={mac}}}: {} comes in", identity.software);
        match record {
            None => self.todo.push_back(Work::Base(conn, Event::Admit(admission))),
            Some(record) => {
                let admission = Box::new(admission);
                let ticketed = Ticketed::Base { conn, mac, admission, before };
                self.store(Change::PutRfp(record), ticketed);
            }
        }
    }

    /// Puts back what was known of a base station before a change that could not be stored.
    pub(super) fn restore_base(&mut self, mac: Mac, before: Option<Box<RfpRecord>>) {
        match before {
            Some(record) => self.roster.enter(*record),
            None => drop(self.roster.remove(mac)),
        }
    }

    fn reported(&mut self, conn: ConnId, indication: RfpIndication) {
        match indication {
            RfpIndication::LoggedIn => self.logged_in(conn),
            RfpIndication::OnAir => self.on_air(conn),
            RfpIndication::OffAir(reason) => self.stays_off(conn, &reason),
            RfpIndication::Connected { mcei, pmid, handover: true } => {
                self.handed_over(LinkId(conn, mcei), pmid);
            }
            RfpIndication::Connected { mcei, .. } => self.link_up(LinkId(conn, mcei)),
            RfpIndication::Disconnected(mcei, _) => {
                self.todo.push_back(Work::Link(LinkId(conn, mcei), lce::Event::Lost));
            }
            RfpIndication::LcData(mcei, frame) => {
                self.todo.push_back(Work::Link(LinkId(conn, mcei), lce::Event::Frame(frame)));
            }
            RfpIndication::Ciphered(mcei) => self.ciphered(LinkId(conn, mcei)),
            RfpIndication::Handover(mcei, pmid) => {
                self.handover_asked(LinkId(conn, mcei), pmid);
            }
            RfpIndication::MediaOpened(handle, address) => {
                self.media_opened(conn, handle, address);
            }
            RfpIndication::MediaFailed(handle, reason) => self.media_failed(conn, handle, reason),
            RfpIndication::MediaKey(handle, key) => self.media_key(conn, handle, key),
            RfpIndication::MediaClosed(handle, carried) => {
                tracing::debug!("rfp: speech channel {} carried {carried:?}", handle.0);
                self.channels.remove(&(conn, handle));
            }
            RfpIndication::ReadyForData(_) | RfpIndication::HandoverFailed(_) => {}
        }
    }

    /// The base station is who it says it is; an older connection of it is worth nothing any more.
    fn logged_in(&mut self, conn: ConnId) {
        let Some(mac) = self.bases.get(&conn).and_then(|base| base.mac) else { return };
        if let Some(older) = self.by_mac.insert(mac, conn).filter(|older| *older != conn) {
            let why = format!("base station {mac} has connected anew");
            self.base_gone(older, &why);
            self.outputs.push(Output::Close(older, why));
        }
    }

    /// Forgets a base station for good, and its key with it.
    pub(super) fn remove_base(&mut self, mac: Mac) {
        let record = self.roster.remove(mac);
        let known = record.is_some();
        if let Some(record) = record {
            self.store(Change::RemoveRfp(mac), Ticketed::Removal(Box::new(record)));
        }
        let of_mac = |(conn, base): (&ConnId, &Base)| (base.mac == Some(mac)).then_some(*conn);
        let conns: Vec<ConnId> = self.bases.iter().filter_map(of_mac).collect();
        for conn in conns {
            let why = format!("base station {mac} was removed");
            self.base_gone(conn, &why);
            self.outputs.push(Output::Close(conn, why));
        }
        if !known {
            // One that was turned away, perhaps, and is listed for it.
            self.indicate(Indication::RfpForgotten(mac));
        }
    }

    /// The store has not forgotten a base station: it would be back after a restart.
    pub(super) fn still_known(&mut self, record: RfpRecord) {
        let why = format!(
            "base station {} could not be forgotten: the state directory cannot be written; free \
             space or check its rights, then remove it once more",
            record.mac
        );
        self.indicate(Indication::RfpDown(record.mac, why));
        self.roster.enter(record);
    }

    fn on_air(&mut self, conn: ConnId) {
        let Some(base) = self.bases.get_mut(&conn) else { return };
        base.on_air = true;
        if let Some(mac) = base.mac {
            self.indicate(Indication::RfpUp(mac));
        }
    }

    /// A base station says why its radio is off, be it that it never was on.
    fn stays_off(&mut self, conn: ConnId, reason: &str) {
        let Some(base) = self.bases.get(&conn) else { return };
        match base.mac.filter(|_| !base.on_air) {
            Some(mac) => self.indicate(Indication::RfpDown(mac, reason.to_owned())),
            None => self.off_air(conn, reason),
        }
    }

    /// The radio is off: its links are gone, and with them the calls.
    fn off_air(&mut self, conn: ConnId, reason: &str) {
        let Some(base) = self.bases.get_mut(&conn) else { return };
        let (was_on_air, mac) = (std::mem::take(&mut base.on_air), base.mac);
        if let Some(mac) = mac.filter(|_| was_on_air) {
            self.indicate(Indication::RfpDown(mac, reason.to_owned()));
        }
        let links: Vec<LinkId> = self.links.range(links_of(conn)).map(|(id, _)| *id).collect();
        for id in links {
            self.todo.push_back(Work::Link(id, lce::Event::Lost));
        }
    }

    /// The connection is gone.
    fn base_gone(&mut self, conn: ConnId, reason: &str) {
        self.off_air(conn, reason);
        let Some(base) = self.bases.remove(&conn) else { return };
        self.forget_base_timers(conn);
        if let Some(mac) = base.mac
            && self.by_mac.get(&mac) == Some(&conn)
        {
            self.by_mac.remove(&mac);
        }
    }
}

/// The largest model has 4096 base stations; as many again may be on their way in or out.
const CONNECTIONS_MAX: usize = 8192;
