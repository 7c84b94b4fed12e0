//! A simulated base station: the other side of the link that the server speaks.
//!
//! It is pure. Octets of the connection, frames from handsets and RTP datagrams
//! come in with the time; octets, frames and datagrams go out. Whoever owns it
//! connects it, carries the air to handsets and binds RTP ports. What the server
//! does against the rules of the link is told as [`Output::Fault`].

mod bearer;
mod login;
mod radio;
mod speech;

use crate::air::{Downlink, PpId, Uplink};
use bearer::Bearers;
use dect::nwk::Door;
use dect::rfp::dnm::{Data, Dnm, Lc, Mac as MacMessage};
use dect::rfp::frame::Frame;
use dect::rfp::message::Message;
use dect::rfp::primitive::{Handle, Mcei};
use dect::subscription::LinkKey;
use ident::Mac;
use login::Login;
use machine::{Agenda, Rng};
use radio::Radio;
use speech::Speech;
use std::net::SocketAddrV4;
use std::time::{Duration, Instant};

/// What a base station is made with.
#[derive(Clone)]
pub struct Config {
    /// Which base station.
    pub mac: Mac,
    /// By which door it goes in; the MAC address in it is not used.
    pub door: Door,
    /// Its key for the Blowfish door, once it was given one.
    pub link_key: Option<LinkKey>,
    /// Protocol word of its firmware.
    pub protocol: u32,
    /// Software version in words.
    pub software: String,
    /// How many handsets can have a bearer at the same time.
    pub bearers: usize,
    /// How long a frame of the data link takes to cross the air; nothing is waited for at 0.
    pub frame_time: Duration,
    /// The radio goes on while the server is away.
    pub keeps_radio: bool,
}

impl Config {
    /// A base station as they are today, for the TLS door.
    #[must_use]
    pub fn new(mac: Mac) -> Self {
        Self {
            mac,
            door: Door::Tls(mac),
            link_key: None,
            protocol: dect::rfp::init::OLDEST_PROTOCOL,
            software: "Fixpart simulator".into(),
            bearers: 12,
            frame_time: Duration::ZERO,
            keeps_radio: false,
        }
    }
}

/// Everything that can happen to a base station, apart from the passing of time.
pub enum Input {
    /// The connection to the server is there.
    Connected,
    /// Octets from the server, cut anywhere.
    Received(Vec<u8>),
    /// The connection is gone.
    Disconnected,
    /// A handset has come into range or listens again; answered by what is broadcast.
    InRange(PpId),
    /// From a handset.
    Radio(PpId, Uplink),
    /// A handset with a bearer went out of range.
    Lost(PpId),
    /// Whether the ports of [`Output::Bind`] could be had.
    Bound(Handle, bool),
    /// An RTP datagram that arrived at a bound port.
    Datagram(Handle, Vec<u8>),
}

/// Everything a base station can want.
#[derive(Clone)]
pub enum Output {
    /// Send these octets to the server.
    Send(Vec<u8>),
    /// Close the connection, for this reason.
    Close(String),
    /// The server gave a key; keep it for the next login.
    KeyChanged(LinkKey),
    /// To one handset.
    Radio(PpId, Downlink),
    /// To all handsets in range.
    Broadcast(Downlink),
    /// Take this UDP port for RTP and the next for RTCP, then say so with [`Input::Bound`].
    Bind(Handle, u16),
    /// Give them back.
    Unbind(Handle),
    /// Send this RTP datagram from the bound port.
    Datagram(Handle, SocketAddrV4, Vec<u8>),
    /// The server has broken a rule of the link.
    Fault(String),
}

/// A simulated base station.
pub struct Rfp {
    config: Config,
    agenda: Agenda<Timer>,
    rng: Box<dyn Rng + Send>,
    started: Option<Instant>,
    login: Login,
    radio: Radio,
    bearers: Bearers,
    speech: Speech,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Heartbeat,
    /// A frame has crossed the air: this buffer of this link is free again.
    Buffer(Mcei, u8),
}

impl Rfp {
    /// A base station that has just been switched on.
    #[must_use]
    pub fn new(config: Config, rng: Box<dyn Rng + Send>) -> Self {
        Self {
            config,
            agenda: Agenda::default(),
            rng,
            started: None,
            login: Login::default(),
            radio: Radio::default(),
            bearers: Bearers::default(),
            speech: Speech::default(),
        }
    }

    /// Which base station it is.
    #[must_use]
    pub const fn mac(&self) -> Mac {
        self.config.mac
    }

    /// Whether handsets can come in.
    #[must_use]
    pub const fn on_air(&self) -> bool {
        self.radio.on()
    }

    /// How many bearers are in use.
    #[must_use]
    pub fn bearers(&self) -> usize {
        self.bearers.len()
    }

    /// How many speech channels are open.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.speech.len()
    }

    /// Takes one input and asks for what follows from it.
    pub fn input(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        self.started.get_or_insert(now);
        match input {
            Input::Connected => self.login.connected(),
            Input::Received(octets) => {
                self.login.inbound.push(&octets);
                while let Some(octets) = self.login.inbound.next_message() {
                    self.read(now, &octets, out);
                }
            }
            Input::Disconnected => self.disconnected(out),
            Input::InRange(pp) => self.radio.in_range(pp, out),
            Input::Radio(pp, uplink) => self.uplink(pp, uplink, out),
            Input::Lost(pp) => {
                if let Some(mcei) = self.bearers.remove(pp) {
                    self.ended(mcei, LOST, out);
                }
            }
            Input::Bound(handle, bound) => {
                if let Some(answer) = self.speech.bound(handle, bound) {
                    self.login.send(&answer, out);
                }
            }
            Input::Datagram(handle, datagram) => {
                if let Some((mcei, samples)) = self.speech.received(handle, &datagram)
                    && let Some(pp) = self.bearers.handset(mcei)
                {
                    out.push(Output::Radio(pp, Downlink::Speech(samples)));
                }
            }
        }
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some(timer) = self.agenda.expired(now) {
            match timer {
                Timer::Heartbeat => {
                    let up = self.started.map_or(Duration::ZERO, |started| now - started);
                    let milliseconds = u32::try_from(up.as_millis()).unwrap_or(u32::MAX);
                    let beat = Message::Heartbeat { milliseconds, nanoseconds: 0, rest: vec![] };
                    self.login.send(&beat, out);
                    self.agenda.start(Timer::Heartbeat, now + self.login.heartbeat);
                }
                Timer::Buffer(mcei, buffer) => {
                    if self.bearers.free(mcei, buffer) {
                        self.login.send(&dtr(mcei, buffer), out);
                    }
                }
            }
        }
    }

    /// When to call [`Rfp::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    fn read(&mut self, now: Instant, octets: &[u8], out: &mut Vec<Output>) {
        match Frame::decode(octets).and_then(|frame| Message::decode(&frame)) {
            Ok(message) => self.message(now, message, out),
            Err(malformed) => out.push(Output::Fault(malformed.to_string())),
        }
    }

    fn message(&mut self, now: Instant, message: Message, out: &mut Vec<Output>) {
        match message {
            Message::HeartbeatInterval { seconds, .. } => {
                self.login.heartbeat = Duration::from_secs(u64::from(seconds.max(1)));
                self.agenda.start(Timer::Heartbeat, now + self.login.heartbeat);
            }
            Message::Dnm(Dnm::Rfpc(rfpc)) => self.control(&rfpc, out),
            Message::Sync(sync) => {
                if let Some(answer) = radio::synchronise(&sync) {
                    self.login.send(&answer, out);
                }
            }
            Message::Dnm(Dnm::Page(page)) => match page.first_chunk() {
                Some(page) if self.on_air() => out.push(Output::Broadcast(Downlink::Page(*page))),
                _ => out.push(Output::Fault("a page without radio, or too short".into())),
            },
            Message::Dnm(Dnm::Lc(mcei, Lc::DataReq(data))) => {
                self.downlink(now, mcei, data, out);
            }
            Message::Dnm(Dnm::Mac(mcei, mac)) => self.radio_link(mcei, mac, out),
            Message::Media(media) => {
                for answer in self.speech.message(media, &mut *self.rng, out) {
                    self.login.send(&answer, out);
                }
            }
            other => self.login.message(&other, &self.config, &self.radio, out),
        }
    }

    fn control(&mut self, rfpc: &dect::rfp::rfpc::Rfpc, out: &mut Vec<Output>) {
        let was_on = self.on_air();
        if let Some(answer) = self.radio.control(rfpc, out) {
            self.login.send(&answer, out);
        }
        if was_on && !self.on_air() {
            self.silence(out);
        }
    }

    /// A frame for a handset, into one of the link's two buffers.
    fn downlink(&mut self, now: Instant, mcei: Mcei, data: Data, out: &mut Vec<Output>) {
        let Some(pp) = self.bearers.handset(mcei) else { return };
        let buffer = data.place >> 4;
        if !self.bearers.fill(mcei, buffer) {
            out.push(Output::Fault(format!("buffer {buffer} of {mcei:?} is not free")));
            return;
        }
        out.push(Output::Radio(pp, Downlink::Frame(data.frame)));
        if self.config.frame_time.is_zero() {
            self.bearers.free(mcei, buffer);
            self.login.send(&dtr(mcei, buffer), out);
        } else {
            self.agenda.start(Timer::Buffer(mcei, buffer), now + self.config.frame_time);
        }
    }

    fn radio_link(&mut self, mcei: Mcei, mac: MacMessage, out: &mut Vec<Output>) {
        match mac {
            MacMessage::DisReq(_) => {
                if let Some(pp) = self.bearers.handset(mcei) {
                    self.bearers.remove(pp);
                    out.push(Output::Radio(pp, Downlink::Released));
                }
                self.ended(mcei, NORMAL, out);
            }
            MacMessage::EncKeyReq { key, .. } => {
                let check = self.bearers.keyed(mcei, *key.expose());
                self.ciphered(mcei, check, out);
            }
            MacMessage::HoInProgressRes { key, id, .. } => {
                self.bearers.handed_over(mcei, (id != IN_CLEAR).then(|| *key.expose()));
                self.accept(mcei, out);
            }
            MacMessage::HoFailedReq { .. } => {
                if let Some(pp) = self.bearers.handset(mcei) {
                    self.bearers.remove(pp);
                    out.push(Output::Radio(pp, Downlink::Refused));
                }
            }
            other => {
                out.push(Output::Fault(format!("primitive {:02x} goes up", other.primitive())));
            }
        }
    }

    fn uplink(&mut self, pp: PpId, uplink: Uplink, out: &mut Vec<Output>) {
        match uplink {
            Uplink::Connect { pmid, handover } => {
                let free = self.bearers.len() < self.config.bearers;
                if !(free && self.on_air() && self.login.is_done()) {
                    return out.push(Output::Radio(pp, Downlink::Refused));
                }
                let (replaced, mcei) = self.bearers.open(pp, pmid);
                if let Some(old) = replaced {
                    self.ended(old, LOST, out);
                }
                if handover {
                    let told = MacMessage::HoInProgressInd {
                        pmid: pmid.value(),
                        flags: HANDOVER,
                        rest: vec![1],
                    };
                    self.login.send(&Message::Dnm(Dnm::Mac(mcei, told)), out);
                } else {
                    self.accept(mcei, out);
                }
            }
            Uplink::Frame(frame) => {
                if let Some(mcei) = self.bearers.mcei(pp) {
                    let data = Lc::DataInd(Data::new(0, frame));
                    self.login.send(&Message::Dnm(Dnm::Lc(mcei, data)), out);
                }
            }
            Uplink::Cipher(check) => {
                if let Some(mcei) = self.bearers.mcei(pp) {
                    let check = self.bearers.asked(mcei, check);
                    self.ciphered(mcei, check, out);
                }
            }
            Uplink::Speech(samples) => {
                if let Some(mcei) = self.bearers.mcei(pp) {
                    self.speech.send(mcei, &samples, out);
                }
            }
            Uplink::Release => {
                if let Some(mcei) = self.bearers.remove(pp) {
                    self.ended(mcei, NORMAL, out);
                }
            }
        }
    }

    /// The bearer is up on both sides.
    fn accept(&mut self, mcei: Mcei, out: &mut Vec<Output>) {
        let Some((pp, pmid, flags)) = self.bearers.accept(mcei) else { return };
        out.push(Output::Radio(pp, Downlink::Connected));
        let con = MacMessage::ConInd { pmid: pmid.value(), flags, rest: vec![1] };
        self.login.send(&Message::Dnm(Dnm::Mac(mcei, con)), out);
        for buffer in 0..2 {
            self.login.send(&dtr(mcei, buffer), out);
        }
    }

    /// Both ends have named their key, or one still has to.
    fn ciphered(&mut self, mcei: Mcei, same: Option<bool>, out: &mut Vec<Output>) {
        let Some(pp) = self.bearers.handset(mcei) else { return };
        match same {
            None => {}
            Some(true) => {
                out.push(Output::Radio(pp, Downlink::Ciphered));
                let on = MacMessage::EncEksInd { state: 1, rest: Vec::new() };
                self.login.send(&Message::Dnm(Dnm::Mac(mcei, on)), out);
            }
            // Neither end understands the other any more.
            Some(false) => {
                self.bearers.remove(pp);
                out.push(Output::Radio(pp, Downlink::Released));
                self.ended(mcei, LOST, out);
            }
        }
    }

    fn ended(&mut self, mcei: Mcei, reason: u8, out: &mut Vec<Output>) {
        self.agenda.stop(&Timer::Buffer(mcei, 0));
        self.agenda.stop(&Timer::Buffer(mcei, 1));
        let gone = MacMessage::DisInd { reason, rest: Vec::new() };
        self.login.send(&Message::Dnm(Dnm::Mac(mcei, gone)), out);
    }

    /// The radio is off: all bearers and channels are gone.
    fn silence(&mut self, out: &mut Vec<Output>) {
        self.agenda.stop_all(|timer| matches!(timer, Timer::Buffer(..)));
        self.bearers.clear();
        self.speech.clear(out);
        out.push(Output::Broadcast(Downlink::Silent));
    }

    fn disconnected(&mut self, out: &mut Vec<Output>) {
        self.agenda.stop(&Timer::Heartbeat);
        self.login = Login::default();
        if self.on_air() && !self.config.keeps_radio {
            self.radio = Radio::default();
            self.silence(out);
            return;
        }
        // The server will not know the links of before.
        for pp in self.bearers.drain() {
            out.push(Output::Radio(pp, Downlink::Released));
        }
        self.agenda.stop_all(|timer| matches!(timer, Timer::Buffer(..)));
        self.speech.clear(out);
    }
}

fn dtr(mcei: Mcei, buffer: u8) -> Message {
    Message::Dnm(Dnm::Lc(mcei, Lc::Dtr(buffer << 4, Vec::new())))
}

/// Reasons of MAC_DIS_IND.
const NORMAL: u8 = 1;
const LOST: u8 = 2;

/// Flag of a bearer that takes over from another.
const HANDOVER: u8 = dect::rfp::dnm::HANDOVER;

/// Key number in HO_IN_PROGRESS_RES of a link that is not ciphered.
const IN_CLEAR: u8 = 0xff;

#[cfg(test)]
mod tests;
