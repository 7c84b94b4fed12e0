//! The lower layers of a simulated handset: bearer, data link, and which messages go over it.

use super::{Output, SimPp, Timer};
use crate::air::{Beacon, Downlink, Uplink, key_check};
use dect::lapc::{self, Action, Class, Frame, Indication, Link, Mode, Side};
use dect::security::Dck;
use dect::wire::{Direction, Message, Pd, Reaction};
use ident::Pmid;
use machine::Effect;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Bearer and data link.
pub(super) struct Radio {
    /// The base station it camps on.
    pub(super) beacon: Option<Beacon>,
    pub(super) ciphered: bool,
    bearer: Bearer,
    link: Link,
    /// Messages for a link that is not there yet.
    waiting: VecDeque<Vec<u8>>,
    /// Messages that are sent late, by their timer's number.
    late: BTreeMap<u32, Message>,
    counter: u32,
    frames: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bearer {
    Idle,
    Asked,
    Up,
}

impl Default for Radio {
    fn default() -> Self {
        Self {
            beacon: None,
            ciphered: false,
            bearer: Bearer::Idle,
            link: Link::new(Side::Portable),
            waiting: VecDeque::new(),
            late: BTreeMap::new(),
            counter: 0,
            frames: 0,
        }
    }
}

impl Radio {
    pub(super) fn is_idle(&self) -> bool {
        self.bearer == Bearer::Idle
    }

    pub(super) fn is_up(&self) -> bool {
        self.bearer == Bearer::Up
    }
}

impl SimPp {
    pub(super) fn air(&mut self, downlink: Downlink) {
        match downlink {
            Downlink::Beacon(beacon) => self.beacon(beacon),
            Downlink::Silent => {
                self.radio.beacon = None;
                self.bearer_lost();
            }
            Downlink::Page(page) => self.paged(page),
            Downlink::Connected if self.radio.bearer != Bearer::Idle => {
                self.radio.bearer = Bearer::Up;
                self.flush();
            }
            // Nobody wants this bearer any more.
            Downlink::Connected => self.transmit(Uplink::Release),
            // A handover that was refused leaves the bearer that there is.
            Downlink::Refused if self.radio.bearer == Bearer::Asked => self.bearer_lost(),
            Downlink::Released => self.bearer_lost(),
            Downlink::Frame(octets) => self.frame(&octets),
            Downlink::Ciphered => self.ciphered(),
            Downlink::Refused | Downlink::Speech(_) => {}
        }
    }

    fn beacon(&mut self, beacon: Beacon) {
        let moved = self.radio.beacon.is_some_and(|old| old.rfpi != beacon.rfpi);
        self.radio.beacon = Some(beacon);
        if moved && self.radio.bearer == Bearer::Up {
            let pmid = self.pmid();
            self.transmit(Uplink::Connect { pmid, handover: true });
        }
        self.system_heard();
    }

    /// Whether a short page is for us (EN 300 175-5 8.2.1).
    fn paged(&mut self, [header, high, low]: [u8; 3]) {
        let Some(kept) = self.kept.as_ref().filter(|_| self.on) else { return };
        let wanted = u16::from_be_bytes([high, low]);
        let assigned = header & 0x08 != 0;
        let ours = match kept.tpui {
            Some(tpui) if assigned => tpui.low_16() == wanted,
            _ => !assigned && kept.ipui.low_16() == wanted,
        };
        if ours && !self.model.faults.deaf_to_pages && self.radio.bearer == Bearer::Idle {
            self.answer_page();
        }
    }

    /// Sends a message, over a link that is set up for it where there is none.
    pub(super) fn send(&mut self, message: &Message) {
        self.agenda.stop(&Timer::Idle);
        let copies = if self.model.faults.repeats_messages { 2 } else { 1 };
        for _ in 0..copies {
            if self.radio.waiting.len() < WAITING_MAX {
                self.radio.waiting.push_back(message.encode());
            }
        }
        self.flush();
    }

    /// Sends an answer of mobility management, which may be late or not come.
    pub(super) fn send_reply(&mut self, message: Message) {
        match self.model.faults.answers_late {
            _ if self.model.faults.silent => {}
            None => self.send(&message),
            Some(delay) => {
                self.radio.counter = self.radio.counter.wrapping_add(1);
                let number = self.radio.counter;
                self.radio.late.insert(number, message);
                self.start_after(Timer::Late(number), delay);
            }
        }
    }

    pub(super) fn send_late(&mut self, number: u32) {
        if let Some(message) = self.radio.late.remove(&number)
            && self.radio.is_up()
        {
            self.send(&message);
        }
    }

    fn flush(&mut self) {
        match self.radio.bearer {
            Bearer::Idle if self.radio.beacon.is_some() && !self.radio.waiting.is_empty() => {
                self.radio.bearer = Bearer::Asked;
                let pmid = self.pmid();
                self.transmit(Uplink::Connect { pmid, handover: false });
            }
            // Out of range; what waits is found missing by its own timer.
            Bearer::Idle => self.radio.waiting.clear(),
            Bearer::Asked => {}
            Bearer::Up => {
                while let Some(message) = self.radio.waiting.pop_front() {
                    let event = match self.radio.link.state() {
                        lapc::State::Released => {
                            let class = if self.kept.is_some() { Class::B } else { Class::A };
                            lapc::Event::Establish(class, message)
                        }
                        _ => lapc::Event::Send(message),
                    };
                    self.link(event);
                }
            }
        }
    }

    /// The identity of the lower layers: the assigned one, or an arbitrary one (EN 300 175-6 9.1.2).
    fn pmid(&mut self) -> Pmid {
        let tpui = self.kept.as_ref().and_then(|kept| kept.tpui);
        let [high, low, ..] = self.random();
        let arbitrary = Pmid::arbitrary(u16::from_be_bytes([high, low]));
        tpui.and_then(Pmid::assigned).unwrap_or(arbitrary)
    }

    fn frame(&mut self, octets: &[u8]) {
        if self.radio.is_up()
            && let Ok(frame) = Frame::decode(octets, Side::Fixed)
        {
            self.link(lapc::Event::Received(frame));
        }
    }

    pub(super) fn link_expired(&mut self, timer: lapc::Timer) {
        self.link(lapc::Event::Expired(timer));
    }

    fn link(&mut self, event: lapc::Event) {
        let mut out = lapc::Out::default();
        self.radio.link.handle(event, &mut out);
        for effect in out.drain() {
            match effect {
                Effect::Act(Action::Transmit(frame)) => self.transmit_frame(&frame),
                Effect::Act(Action::Indicate(indication)) => self.indicated(indication),
                Effect::Start(timer) => self.start_after(Timer::Link(timer), timer.spec().default),
                Effect::Stop(timer) => self.agenda.stop(&Timer::Link(timer)),
            }
        }
    }

    fn transmit_frame(&mut self, frame: &Frame) {
        let faults = &self.model.faults;
        if faults.acknowledges_nothing && matches!(frame.control, lapc::Control::S { .. }) {
            return;
        }
        self.radio.frames = self.radio.frames.wrapping_add(1);
        if faults.loses_every > 1 && self.radio.frames.is_multiple_of(faults.loses_every) {
            return;
        }
        self.out.push(Output::Air(Uplink::Frame(frame.encode_filled(Side::Portable))));
    }

    fn indicated(&mut self, indication: Indication) {
        match indication {
            Indication::Data(octets) => {
                self.agenda.stop(&Timer::Idle);
                self.message(&octets);
                self.rest();
            }
            Indication::Released(_) => {
                self.transmit(Uplink::Release);
                self.bearer_lost();
            }
            Indication::Established(_) => self.rest(),
            Indication::Reset
            | Indication::UnitData(_)
            | Indication::Overlong
            | Indication::Discarded => {}
        }
    }

    /// Starts the wait for the end of the link where nothing needs it.
    pub(super) fn rest(&mut self) {
        if self.radio.is_up() && self.call.is_none() && self.mobility.rests() {
            // A handset that is being switched off does not stay for what may come.
            let patience = if self.on { Timer::Idle.default() } else { Timer::FAREWELL };
            self.start_after(Timer::Idle, patience);
        }
    }

    /// Releases the link once everything is acknowledged.
    pub(super) fn leave_link(&mut self) {
        if self.radio.is_up() {
            self.link(lapc::Event::Release(Mode::Normal));
        }
    }

    fn bearer_lost(&mut self) {
        let (beacon, counter) = (self.radio.beacon, self.radio.counter);
        let had = self.radio.bearer != Bearer::Idle;
        self.radio = Radio { beacon, counter, frames: self.radio.frames, ..Radio::default() };
        self.agenda
            .stop_all(|timer| matches!(timer, Timer::Link(_) | Timer::Late(_) | Timer::Idle));
        if had {
            self.call_lost();
            self.mobility_lost();
        }
    }

    /// Switches ciphering on (EN 300 175-7 6.4.6): the handset begins.
    pub(super) fn start_cipher(&mut self, key: &Dck) {
        self.transmit(Uplink::Cipher(key_check(key.expose())));
    }

    fn message(&mut self, octets: &[u8]) {
        let Ok(message) = Message::decode(octets) else { return };
        if let Err(fault) = message.check(Direction::ToPortable) {
            return self.refuse(&message, fault.reaction());
        }
        match message.kind.pd() {
            Pd::Mm | Pd::Lce => self.mobility_message(&message),
            Pd::Cc => self.call_message(&message),
            Pd::Ciss => self.show(&message),
            Pd::Clms | Pd::Coms => {}
        }
    }

    fn refuse(&mut self, message: &Message, reaction: Reaction) {
        let ti = message.ti.answer();
        match reaction {
            Reaction::Ignore => {}
            Reaction::Release(reason) => self.release(reason),
            Reaction::ReleaseCom(reason) => {
                self.send(&Message::new(ti, dect::wire::Kind::CcReleaseCom).with(&reason));
            }
            Reaction::Reject(kind, reason) => self.send(&Message::new(ti, kind).with(&reason)),
        }
    }
}

/// A handset has at most a few messages under way; more are a fault of ours.
const WAITING_MAX: usize = 64;

impl Timer {
    /// How long a handset that is being switched off waits for the acknowledgement of its farewell.
    pub(super) const FAREWELL: Duration = Duration::from_millis(500);
}
