//! The engine with base stations, and handsets whose every message a test writes itself.
//!
//! Handsets have a real data link; what they say is given as octets. Everything
//! that crosses a border is written into one trace.

use crate::base::{FakeBase, Heard};
use dect::lapc::{self, Class, Frame, Link, Mode, Side};
use dect::nwk::{ConnId, Door, Input, Nwk, Output, Region, Settings, Ticket};
use dect::primitive::{AccessAnswer, AccessCode, CallId, Indication, Request};
use dect::rfp::dnm::{self, Data, Dnm, Lc};
use dect::rfp::message::Message;
use dect::rfp::primitive::Mcei;
use dect::subscription::{Change, Keys, Subscription, Uak};
use ident::{Ipei, Ipui, Mac, Tpui};
use machine::{Agenda, Effect, Rng};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// Names a radio link of the test: base station and number there.
pub(crate) type Radio = (u32, u8);

/// Random numbers that a test has chosen; zeros after them.
#[derive(Default)]
pub(crate) struct Chosen(pub(crate) VecDeque<Vec<u8>>);

impl Rng for Chosen {
    fn fill(&mut self, octets: &mut [u8]) {
        let fits = self.0.front().is_some_and(|next| next.len() == octets.len());
        let next = self.0.pop_front().filter(|_| fits);
        octets.copy_from_slice(&next.unwrap_or_else(|| vec![0; octets.len()]));
    }
}

pub(crate) struct World {
    pub(crate) nwk: Nwk,
    pub(crate) now: Instant,
    start: Instant,
    bases: BTreeMap<u32, FakeBase>,
    handsets: BTreeMap<Radio, Link>,
    agenda: Agenda<(Radio, lapc::Timer)>,
    next_mcei: u8,
    /// Connections by the number of their base station.
    conns: BTreeMap<u8, u32>,
    last_conn: u32,
    /// What is on its way to the engine, and from it.
    uplink: VecDeque<Input>,
    downlink: VecDeque<Output>,
    /// Whether the store works.
    pub(crate) durable: bool,
    /// What the store holds.
    pub(crate) kept: BTreeMap<Ipei, Subscription>,
    pub(crate) trace: String,
    /// Calls that the interworking unit knows of and has not seen the end of.
    pub(crate) living: BTreeSet<CallId>,
    /// What the mirror shows.
    pub(crate) mirrored: Vec<u8>,
    /// Whether a base station ciphers when it is told to.
    pub(crate) ciphers: bool,
}

impl World {
    pub(crate) fn new(settings: Settings, kept: Vec<Subscription>, chosen: &[&str]) -> Self {
        let mut out = Vec::new();
        let rng = Box::new(Chosen(chosen.iter().map(|text| octets(text)).collect()));
        let by_ipei = kept.iter().map(|kept| (kept.ipei, kept.clone())).collect();
        let nwk = Nwk::new(settings, kept, Vec::new(), rng, &mut out);
        let now = Instant::now();
        let mut world = Self {
            nwk,
            now,
            start: now,
            bases: BTreeMap::new(),
            handsets: BTreeMap::new(),
            agenda: Agenda::default(),
            next_mcei: 0,
            conns: BTreeMap::new(),
            last_conn: 0,
            uplink: VecDeque::new(),
            downlink: out.into(),
            durable: true,
            kept: by_ipei,
            trace: String::new(),
            living: BTreeSet::new(),
            mirrored: Vec::new(),
            ciphers: true,
        };
        world.settle();
        world
    }

    /// A base station comes in at the TLS door and goes on the air; perhaps again.
    pub(crate) fn base(&mut self, number: u8) {
        self.last_conn += 1;
        let conn = self.last_conn;
        let base = FakeBase::new(mac(number));
        let (door, peer) = (Door::Tls(base.mac), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let login = base.login();
        self.conns.insert(number, conn);
        self.bases.insert(conn, base);
        self.input(Input::Connected { conn: ConnId(conn), door, peer });
        for message in login {
            self.base_says(conn, &message);
            self.settle();
        }
    }

    /// The handset of Annex K subscribes with its code.
    pub(crate) fn enrol(&mut self) -> Radio {
        let radio = self.open(1);
        self.say(radio, &format!("0544 {IPUI_N} 0a03014800"));
        let code = AccessCode::new("9124").expect("four digits");
        self.request(Request::AccessRights(handset(), AccessAnswer::Allowed(code)));
        self.say(radio, "8540 0a03014800 0c08a03ff2c523d00842 0d04f28cf911");
        radio
    }

    /// The connection of a base station breaks.
    pub(crate) fn break_base(&mut self, number: u8) {
        let Some(conn) = self.conns.remove(&number) else { return };
        self.forget_base(conn);
        self.input(Input::Disconnected(ConnId(conn)));
    }

    /// A base station sends octets that may mean nothing.
    pub(crate) fn garble(&mut self, number: u8, octets: Vec<u8>) {
        if let Some(conn) = self.conns.get(&number) {
            self.input(Input::Received(ConnId(*conn), octets));
        }
    }

    fn forget_base(&mut self, conn: u32) {
        self.bases.remove(&conn);
        self.handsets.retain(|(base, _), _| *base != conn);
    }

    /// A handset opens a radio link and a data link of class B on it.
    pub(crate) fn open(&mut self, base: u8) -> Radio {
        self.open_class(base, Class::B, 0x000e_1234)
    }

    pub(crate) fn open_class(&mut self, base: u8, class: Class, pmid: u32) -> Radio {
        let radio = (self.conns.get(&base).copied().unwrap_or_default(), self.next_mcei);
        self.next_mcei = self.next_mcei.wrapping_add(1);
        let mcei = Mcei(radio.1);
        let con = dnm::Mac::ConInd { pmid, flags: 0, rest: vec![1] };
        self.base_says(radio.0, &Message::Dnm(Dnm::Mac(mcei, con)));
        for buffer in [0x00, 0x10] {
            self.base_says(radio.0, &Message::Dnm(Dnm::Lc(mcei, Lc::Dtr(buffer, Vec::new()))));
        }
        self.handsets.insert(radio, Link::new(Side::Portable));
        self.below(radio, lapc::Event::Establish(class, Vec::new()));
        self.settle();
        radio
    }

    /// A handset takes its link to another base station.
    pub(crate) fn hand_over(&mut self, from: Radio, base: u8, pmid: u32) -> Radio {
        let to = (self.conns.get(&base).copied().unwrap_or_default(), self.next_mcei);
        self.next_mcei = self.next_mcei.wrapping_add(1);
        let mcei = Mcei(to.1);
        let asks = dnm::Mac::HoInProgressInd { pmid, flags: 0, rest: vec![1] };
        self.base_says(to.0, &Message::Dnm(Dnm::Mac(mcei, asks)));
        self.settle();
        if let Some(link) = self.handsets.remove(&from) {
            self.handsets.insert(to, link);
        }
        let con = dnm::Mac::ConInd { pmid, flags: dnm::HANDOVER, rest: vec![1] };
        self.base_says(to.0, &Message::Dnm(Dnm::Mac(mcei, con)));
        for buffer in [0x00, 0x10] {
            self.base_says(to.0, &Message::Dnm(Dnm::Lc(mcei, Lc::Dtr(buffer, Vec::new()))));
        }
        self.settle();
        to
    }

    /// A handset sends a message.
    pub(crate) fn say(&mut self, radio: Radio, text: &str) {
        let message = octets(text);
        dect::wire::Message::decode(&message).expect("a sound message");
        self.note(&format!("PP{} {}", radio.1, spaced(&message)));
        self.below(radio, lapc::Event::Send(octets(text)));
        self.settle();
    }

    /// A handset sends messages so fast that its base station hands them over in one piece.
    pub(crate) fn say_at_once(&mut self, radio: Radio, texts: &[&str]) {
        for text in texts {
            self.note(&format!("PP{} {}", radio.1, spaced(&octets(text))));
            self.below(radio, lapc::Event::Send(octets(text)));
        }
        let said = self.uplink.drain(..).filter_map(|input| match input {
            Input::Received(_, octets) => Some(octets),
            _ => None,
        });
        let piece = said.flatten().collect();
        self.input(Input::Received(ConnId(radio.0), piece));
    }

    /// A handset sends octets that may mean nothing.
    pub(crate) fn mumble(&mut self, radio: Radio, octets: Vec<u8>) {
        self.below(radio, lapc::Event::Send(octets));
        self.settle();
    }

    /// A handset releases its data link and its radio link.
    pub(crate) fn close(&mut self, radio: Radio) {
        self.below(radio, lapc::Event::Release(Mode::Normal));
        self.settle();
        self.lose(radio);
        self.settle();
    }

    /// The radio links that there are.
    pub(crate) fn radios(&self) -> Vec<Radio> {
        self.handsets.keys().copied().collect()
    }

    /// The base station reports that a radio link is gone.
    pub(crate) fn lose(&mut self, radio: Radio) {
        self.handsets.remove(&radio);
        let gone = dnm::Mac::DisInd { reason: 1, rest: Vec::new() };
        self.base_says(radio.0, &Message::Dnm(Dnm::Mac(Mcei(radio.1), gone)));
    }

    /// A handset is out of range, and nobody knows yet.
    pub(crate) fn walk_away(&mut self, radio: Radio) {
        self.handsets.remove(&radio);
    }

    pub(crate) fn request(&mut self, request: Request) {
        if let Request::Setup { call, .. } = request {
            self.living.insert(call);
        }
        self.input(Input::Request(request));
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.uplink.push_back(input);
        self.settle();
    }

    /// Lets everything arrive that is on its way, each direction in its order.
    fn settle(&mut self) {
        loop {
            if let Some(output) = self.downlink.pop_front() {
                self.output(output);
            } else if let Some(input) = self.uplink.pop_front() {
                let mut out = Vec::new();
                self.nwk.input(self.now, input, &mut out);
                self.downlink.extend(out);
            } else {
                return;
            }
        }
    }

    /// Lets time pass, with all that it brings; base stations say that they live.
    pub(crate) fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.second();
            let alive = Message::Heartbeat { milliseconds: 0, nanoseconds: 0, rest: Vec::new() };
            for conn in self.bases.keys().copied().collect::<Vec<_>>() {
                self.base_says(conn, &alive);
                self.settle();
            }
        }
    }

    fn second(&mut self) {
        let end = self.now + Duration::from_secs(1);
        loop {
            let due = [self.nwk.deadline(), self.agenda.deadline()].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            while let Some((radio, timer)) = self.agenda.expired(self.now) {
                self.below(radio, lapc::Event::Expired(timer));
                self.settle();
            }
            let mut out = Vec::new();
            self.nwk.expire(self.now, &mut out);
            self.downlink.extend(out);
            self.settle();
        }
        self.now = end;
    }

    /// Forgets what was traced so far.
    pub(crate) fn hush(&mut self) {
        self.trace.clear();
    }

    /// Compares the trace with the one that was written down; with `UPDATE=1`, writes it down.
    #[track_caller]
    pub(crate) fn golden(&self, name: &str) {
        let path = format!("{}/tests/engine/traces/{name}.trace", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &self.trace).expect("the trace can be written");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(written, self.trace, "{path}; UPDATE=1 writes it anew");
    }

    fn note(&mut self, line: &str) {
        let at = (self.now - self.start).as_secs_f32();
        let _ = writeln!(self.trace, "{at:5.1} {line}");
    }

    fn base_says(&mut self, conn: u32, message: &Message) {
        let octets = message.encode().encode();
        self.uplink.push_back(Input::Received(ConnId(conn), octets));
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Send(conn, octets) => self.base_hears(conn.0, &octets),
            Output::Close(conn, reason) => {
                self.forget_base(conn.0);
                self.conns.retain(|_, known| *known != conn.0);
                self.note(&format!("CLOSE {} {reason}", conn.0));
            }
            Output::Store(ticket, change) => self.store(ticket, change),
            Output::Indicate(indication) => self.indicated(&indication),
            Output::Mirror(mirrored) => self.mirrored.extend(mirrored.octets),
        }
    }

    fn indicated(&mut self, indication: &Indication) {
        self.check_life(indication);
        let mut text = format!("{indication:?}");
        for number in 1..=9 {
            text = text.replace(&format!("{:?}", mac(number)), &format!("rfp{number}"));
        }
        self.note(&format!("IWU {}", text.replace(&format!("{:?}", handset()), "pp")));
    }

    /// A call begins once and ends once, and nothing is told of it before or after.
    fn check_life(&mut self, indication: &Indication) {
        let sound = match indication {
            Indication::Setup { call, .. } => self.living.insert(*call),
            Indication::Release(call, _) => self.living.remove(call),
            Indication::Info { call, .. }
            | Indication::Alert(call)
            | Indication::Connect(call)
            | Indication::MediaOpened(call, _)
            | Indication::MediaFailed(call, _) => self.living.contains(call),
            _ => true,
        };
        assert!(sound, "{indication:?} is out of place\n{}", self.trace);
    }

    fn store(&mut self, ticket: Ticket, change: Change) {
        let durable = self.durable;
        match change {
            Change::Put(kept) => {
                let located = kept.located.map_or("nowhere".into(), |mac| mac.to_string());
                let tpui = kept.tpui.map_or("none".into(), |tpui| tpui.to_string());
                self.note(&format!("STORE {} tpui {tpui} at {located}", kept.ipui));
                if durable {
                    self.kept.insert(kept.ipei, *kept);
                }
            }
            Change::Remove(ipei) => {
                self.note(&format!("STORE nothing of {ipei}"));
                if durable {
                    self.kept.remove(&ipei);
                }
            }
            Change::RemoveRfp(mac) => self.note(&format!("STORE nothing of {mac}")),
            Change::PutRfp(_) => {}
        }
        self.uplink.push_back(Input::Stored(ticket, durable));
    }

    fn base_hears(&mut self, conn: u32, octets: &[u8]) {
        let Some(base) = self.bases.get_mut(&conn) else { return };
        for heard in base.hear(octets) {
            match heard {
                Heard::Answer(message) => self.base_says(conn, &message),
                Heard::Page(octets) => self.note(&format!("PAGE{conn} {}", spaced(&octets))),
                Heard::Release(mcei) => {
                    self.note(&format!("RELEASE{}", mcei.0));
                    self.lose((conn, mcei.0));
                }
                Heard::Cipher(mcei) => {
                    self.note(&format!("CIPHER{}", mcei.0));
                    let state = dnm::Mac::EncEksInd { state: 1, rest: Vec::new() };
                    if self.ciphers {
                        self.base_says(conn, &Message::Dnm(Dnm::Mac(mcei, state)));
                    }
                }
                Heard::Handover(mcei, text) => self.note(&format!("HANDOVER{} {text}", mcei.0)),
                Heard::Media(text, answer) => {
                    self.note(&format!("MEDIA {text}"));
                    if let Some(answer) = answer {
                        self.base_says(conn, &answer);
                    }
                }
                Heard::Frame(mcei, buffer, frame) => {
                    let free = Lc::Dtr(buffer, Vec::new());
                    self.base_says(conn, &Message::Dnm(Dnm::Lc(mcei, free)));
                    let frame = Frame::decode(&frame, Side::Fixed).expect("a sound frame");
                    self.below((conn, mcei.0), lapc::Event::Received(frame));
                }
            }
        }
    }

    /// The data link of a handset.
    fn below(&mut self, radio: Radio, event: lapc::Event) {
        let Some(link) = self.handsets.get_mut(&radio) else { return };
        let mut out = lapc::Out::default();
        link.handle(event, &mut out);
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => {
                    self.agenda.start((radio, timer), self.now + timer.spec().default);
                }
                Effect::Stop(timer) => self.agenda.stop(&(radio, timer)),
                Effect::Act(lapc::Action::Transmit(frame)) => {
                    let frame = frame.encode_filled(Side::Portable);
                    let data = Lc::DataInd(Data { place: 0, frame, rest: Vec::new() });
                    self.base_says(radio.0, &Message::Dnm(Dnm::Lc(Mcei(radio.1), data)));
                }
                Effect::Act(lapc::Action::Indicate(lapc::Indication::Data(message))) => {
                    self.note(&format!("FT{} {}", radio.1, spaced(&message)));
                }
                Effect::Act(lapc::Action::Indicate(_)) => {}
            }
        }
    }
}

/// A system whose radio may be on, and which takes new handsets.
pub(crate) fn settings() -> Settings {
    Settings {
        ari: Some("10009034".parse().expect("a valid identity")),
        region: Some(Region::Europe),
        subscription_allowed: true,
        ..Settings::default()
    }
}

/// The identity of the handset of Annex K before it is subscribed.
pub(crate) const IPUI_N: &str = "0507 80a80004ffffff";
/// And the one that it gets here.
pub(crate) const IPUI_O: &str = "0507 80a81004ffffff";

/// The handset of Annex K, subscribed and last heard at the first base station.
pub(crate) fn subscribed() -> Subscription {
    Subscription {
        ipei: handset(),
        ipui: Ipui::private_ipei(handset()),
        tpui: Tpui::new(0x27b),
        keys: Keys::Confirmed(Uak::new(UAK)),
        located: Some(mac(1)),
        terminal_capability: Vec::new(),
        model: Vec::new(),
    }
}

/// The key that the enrolment of Annex K gives.
pub(crate) const UAK: [u8; 16] = [
    0x93, 0x63, 0x8b, 0x45, 0x7a, 0xfd, 0x40, 0xfa, 0x58, 0x5f, 0xeb, 0x60, 0x30, 0xd5, 0x72, 0xa2,
];

/// The handset of Annex K.
pub(crate) fn handset() -> Ipei {
    "00079 1048575 7".parse().expect("a valid identity")
}

pub(crate) fn mac(number: u8) -> Mac {
    Mac([0, 0x30, 0x42, 0, 0, number])
}

pub(crate) fn octets(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("hexadecimal digits"))
        .collect()
}

/// The octets of a message: header and the rest.
fn spaced(octets: &[u8]) -> String {
    let hex = |octets: &[u8]| {
        octets.iter().fold(String::new(), |mut text, octet| {
            let _ = write!(text, "{octet:02x}");
            text
        })
    };
    let (head, rest) = octets.split_at(octets.len().min(2));
    if rest.is_empty() { hex(head) } else { format!("{} {}", hex(head), hex(rest)) }
}
