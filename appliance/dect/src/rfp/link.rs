//! The machine of one connection to a base station.
//!
//! Login, then configuration, then radio start-up, in the order in which a
//! controller of this link was seen to go about it. Each cell is started as a
//! clock master of its own: bases that hear each other are not synchronised yet.

mod bearer;
mod channel;
mod configure;
mod radio;

use super::blowfish::{Chain, Direction, wrap};
use super::dnm::Dnm;
use super::frame::Frame;
use super::init::{Init, OLDEST_PROTOCOL};
use super::kind;
use super::message::{Message, NO_ID};
use super::primitive::{Action, Admission, Event, Identity, Indication, KeyPlan, Request, Timer};
use super::stream::{Inbound, Outbound};
use crate::nwk::Door;
use bearer::Bearers;
use channel::Channels;
use machine::Out;
use radio::Radio;
use std::net::IpAddr;

/// What one step of a link asks for.
pub type Effects = Out<Action, Timer>;

/// One connection to a base station, from its login to its end.
pub struct Link {
    door: Door,
    random: [u8; 32],
    wire: Wire,
    state: State,
    bearers: Bearers,
    channels: Channels,
    /// Messages that could not be read, or had no place where they came.
    passed_over: u64,
}

enum State {
    /// SYS_AUTHENTICATE is sent, SYS_INIT awaited.
    Connected,
    /// The base station has said who it is; the owner decides.
    Identified,
    /// The login is acknowledged, SYS_ENCRYPTION_CONF awaited.
    Keyed(Box<Admission>),
    /// Logged in and configured.
    Active(Radio),
    /// The owner was asked to close the connection.
    Closed,
}

impl Link {
    /// A link that has just come in by `door` from the address `peer`. `random` are the 32 octets of
    /// SYS_AUTHENTICATE, never used twice. What is to be sent at once goes to `out`.
    #[must_use]
    pub fn new(door: Door, peer: IpAddr, random: [u8; 32], out: &mut Effects) -> Self {
        let mut wire = Wire::default();
        wire.send(&Message::Authenticate(random), out);
        out.start(Timer::Login);
        Self {
            door,
            random,
            wire,
            state: State::Connected,
            bearers: Bearers::default(),
            channels: Channels::new(peer),
            passed_over: 0,
        }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Effects) {
        if let State::Closed = self.state {
            return;
        }
        let was_on_air = self.on_air();
        match event {
            Event::Received(octets) => {
                self.wire.inbound.push(&octets);
                self.read(out);
                if matches!(self.state, State::Identified)
                    && self.wire.inbound.waiting() > WAITING_MAX
                {
                    self.close("the base station sent too much before it was let in".into(), out);
                }
            }
            Event::Admit(admission) => self.admit(admission, out),
            Event::Refuse(reason) => self.close(reason, out),
            Event::Request(request) => self.request(request, out),
            Event::Settings(settings) => match &mut self.state {
                State::Keyed(admission) => admission.settings = settings,
                State::Active(radio) => radio.settings(settings, &mut self.wire, out),
                _ => {}
            },
            Event::Expired(timer) => self.expired(timer, out),
        }
        if was_on_air && !self.on_air() {
            // A radio that has gone off has taken its links with it.
            self.bearers.clear();
            self.channels.clear(out);
        }
    }

    /// Whether handsets can come in through this base station.
    #[must_use]
    pub const fn on_air(&self) -> bool {
        matches!(&self.state, State::Active(radio) if radio.on_air())
    }

    /// How many messages could not be read or had no place where they came.
    #[must_use]
    pub const fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Takes messages out of what was received, until one has to wait for the owner.
    fn read(&mut self, out: &mut Effects) {
        while !matches!(self.state, State::Identified | State::Closed) {
            let Some(octets) = self.wire.inbound.next_message() else { return };
            out.act(Action::Trace { from_rfp: true, octets: octets.clone() });
            let frame = Frame::decode(&octets);
            match frame.and_then(|frame| Message::decode(&frame)) {
                Ok(message) => self.message(message, out),
                Err(malformed) => self.pass_over(&malformed.to_string()),
            }
        }
    }

    fn message(&mut self, message: Message, out: &mut Effects) {
        match (&mut self.state, message) {
            (State::Connected, Message::Init(init)) => self.identified(&init, out),
            (State::Keyed(_), message) => self.confirmed(&message, out),
            (State::Active(_), Message::Heartbeat { .. }) => out.start(Timer::Heartbeat),
            (State::Active(radio), message) => {
                if !radio.message(&message, &mut self.wire, out) {
                    self.beyond_radio(message, out);
                }
            }
            (_, _) => self.pass_over("a message before the login"),
        }
    }

    fn beyond_radio(&mut self, message: Message, out: &mut Effects) {
        match message {
            Message::Dnm(Dnm::Lc(..) | Dnm::Mac(..)) if !self.on_air() => {
                self.pass_over("a radio link while the radio is off");
            }
            Message::Dnm(dnm @ (Dnm::Lc(..) | Dnm::Mac(..))) => {
                self.bearers.message(dnm, &mut self.wire, out);
            }
            Message::Media(media) => self.channels.message(&media, out),
            Message::Ack { of, rest } => {
                if let Some(id) = Message::ack_id(&rest) {
                    self.channels.acknowledged(of, id, &mut self.wire, out);
                }
            }
            Message::Nack { of, id, reason, .. } => {
                self.channels.refused((of, id), reason, &mut self.wire, out);
            }
            // What a base station tells of itself beyond this is for the mirror only.
            _ => {}
        }
    }

    fn request(&mut self, request: Request, out: &mut Effects) {
        let State::Active(radio) = &self.state else { return };
        if !radio.on_air() {
            if let Request::OpenMedia(handle, ..) = request {
                let reason = "the base station is not on the air".to_owned();
                out.act(Action::Indicate(Indication::MediaFailed(handle, reason)));
            }
            return;
        }
        match request {
            Request::Page(page) => {
                self.wire.send(&Message::Dnm(Dnm::Page(page.to_vec())), out);
            }
            Request::OpenMedia(handle, mcei, peer) => {
                self.channels.open(handle, mcei, peer, (&mut self.wire, out));
            }
            Request::ChangeMedia(handle, peer) => {
                self.channels.change(handle, peer, &mut self.wire, out);
            }
            Request::CloseMedia(handle) => self.channels.close(handle, &mut self.wire, out),
            request => self.bearers.request(request, &mut self.wire, out),
        }
    }

    fn expired(&mut self, timer: Timer, out: &mut Effects) {
        let guards = timer.spec().guards;
        let seconds = timer.spec().default.as_secs();
        match timer {
            Timer::Login if matches!(self.state, State::Keyed(_)) => {
                self.close(WRONG_KEY.into(), out);
            }
            Timer::Login | Timer::Heartbeat => {
                self.close(format!("the base station did not send {guards} for {seconds} s"), out);
            }
            Timer::Step => {
                let step = match &self.state {
                    State::Active(radio) => radio.awaited(),
                    _ => String::new(),
                };
                self.close(format!("the base station did not answer {step} for {seconds} s"), out);
            }
            Timer::Media(handle) => self.channels.expired(handle, &mut self.wire, out),
        }
    }

    fn identified(&mut self, init: &Init, out: &mut Effects) {
        let (mac, software) = (init.mac, init.version());
        if init.protocol < OLDEST_PROTOCOL {
            return self.close(
                format!(
                    "firmware `{software}` of base station {mac} is too old (link protocol \
                     {:08x}); 8.1 or newer is needed",
                    init.protocol
                ),
                out,
            );
        }
        self.state = State::Identified;
        out.act(Action::Identified(Identity { mac, model: init.model, software }));
    }

    fn admit(&mut self, admission: Admission, out: &mut Effects) {
        let State::Identified = self.state else { return };
        let key = match (&admission.key, self.door) {
            (_, Door::Tls(_)) | (KeyPlan::None, _) => None,
            (KeyPlan::Known(key), _) => Some(key),
            (KeyPlan::New(key), _) => {
                self.wire.send(&Message::AuthKey(key.clone()), out);
                Some(key)
            }
            (KeyPlan::Renewed { key, hash }, _) => {
                let wrapped = Box::new(wrap(key, hash, &self.random));
                self.wire.send(&Message::ReEnrolment(wrapped), out);
                Some(key)
            }
        };
        if key.is_none() && self.door == Door::Blowfish {
            return self.close("no key was given for the Blowfish door".into(), out);
        }
        self.wire.send(&Message::ack(kind::INIT, NO_ID), out);
        if let Some(key) = key {
            self.wire.inbound.encrypted(Chain::new(key, &self.random, Direction::FromRfp));
            self.wire.outbound.encrypted(Chain::new(key, &self.random, Direction::ToRfp));
        }
        self.state = State::Keyed(Box::new(admission));
        self.read(out);
    }

    /// The first message after the acknowledgement shows whether both sides have the same key.
    fn confirmed(&mut self, message: &Message, out: &mut Effects) {
        let State::Keyed(admission) = &self.state else { return };
        if !matches!(message, Message::EncryptionConf(_)) {
            return self.close(WRONG_KEY.into(), out);
        }
        out.stop(Timer::Login);
        out.act(Action::Indicate(Indication::LoggedIn));
        configure::configure(&self.random, admission.settings.syslog, &mut self.wire, out);
        out.start(Timer::Heartbeat);
        let ours = matches!(self.door, Door::Tls(_));
        self.state = State::Active(Radio::new(admission, ours, out));
    }

    fn pass_over(&mut self, what: &str) {
        self.passed_over += 1;
        tracing::debug!(target: "dect::rfp", what, "message passed over");
    }

    fn close(&mut self, reason: String, out: &mut Effects) {
        self.state = State::Closed;
        for timer in [Timer::Login, Timer::Step, Timer::Heartbeat] {
            out.stop(timer);
        }
        self.channels.clear(out);
        out.act(Action::Close(reason));
    }
}

/// Both directions of the connection's octets.
#[derive(Default)]
struct Wire {
    inbound: Inbound,
    outbound: Outbound,
}

impl Wire {
    fn send(&mut self, message: &Message, out: &mut Effects) {
        let octets = message.encode().encode();
        out.act(Action::Trace { from_rfp: false, octets: octets.clone() });
        out.act(Action::Send(self.outbound.seal(octets)));
    }
}

/// What may wait while the owner decides about a base station, in octets: more than a message. A base
/// station that behaves sends nothing before the answer.
const WAITING_MAX: usize = 70_000;

const WRONG_KEY: &str = "the base station does not have the key that is stored for it, or did not \
                         confirm it; reset it to factory settings and remove it here";

#[cfg(test)]
mod storm;
#[cfg(test)]
mod tests;
