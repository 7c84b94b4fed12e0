//! The connection to the server: login, encryption, and the questions of the set-up.

use super::radio::Radio;
use super::{Config, Output};
use dect::nwk::Door;
use dect::rfp::blowfish::{Chain, Direction};
use dect::rfp::frame::Frame;
use dect::rfp::init::Init;
use dect::rfp::kind;
use dect::rfp::message::Message;
use dect::rfp::primitive::HEARTBEAT_SECONDS;
use dect::rfp::stream::{Inbound, Outbound};
use dect::subscription::LinkKey;
use std::time::Duration;

/// One connection.
pub(super) struct Login {
    pub(super) inbound: Inbound,
    outbound: Outbound,
    pub(super) heartbeat: Duration,
    state: State,
    random: [u8; 32],
    /// Given in this login, or kept from before.
    key: Option<LinkKey>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    /// SYS_AUTHENTICATE awaited.
    Connected,
    /// SYS_INIT sent.
    Inited,
    Done,
}

impl Default for Login {
    fn default() -> Self {
        Self {
            inbound: Inbound::default(),
            outbound: Outbound::default(),
            heartbeat: Duration::from_secs(u64::from(HEARTBEAT_SECONDS)),
            state: State::Closed,
            random: [0; 32],
            key: None,
        }
    }
}

impl Login {
    pub(super) fn connected(&mut self) {
        *self = Self { state: State::Connected, ..Self::default() };
    }

    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    pub(super) fn send(&mut self, message: &Message, out: &mut Vec<Output>) {
        if self.state != State::Closed {
            out.push(Output::Send(self.outbound.seal(message.encode().encode())));
        }
    }

    /// Takes what is not about radio or speech.
    pub(super) fn message(
        &mut self,
        message: &Message,
        config: &Config,
        radio: &Radio,
        out: &mut Vec<Output>,
    ) {
        match (self.state, message) {
            (State::Connected, Message::Authenticate(random)) => {
                self.random = *random;
                self.key.clone_from(&config.link_key);
                self.state = State::Inited;
                self.send(&init(config), out);
            }
            (State::Inited, Message::AuthKey(key)) => {
                self.key = Some(key.clone());
                out.push(Output::KeyChanged(key.clone()));
            }
            (State::Inited, Message::Ack { of: kind::INIT, .. }) => {
                self.accepted(config, radio, out);
            }
            (State::Done, Message::Reset { action, .. }) => self.reset(*action, out),
            (State::Done, Message::Other(frame)) if frame.code == kind::LICENSE_TIMER => {
                let kept = Frame::new(kind::LICENSE_TIMER, vec![0; 20]);
                self.send(&Message::Other(kept), out);
            }
            (State::Done, Message::Other(_)) => {}
            (_, other) => {
                let name = kind::name(other.encode().code);
                out.push(Output::Fault(format!("{name} has no place here")));
            }
        }
    }

    fn accepted(&mut self, config: &Config, radio: &Radio, out: &mut Vec<Output>) {
        if config.door == Door::Blowfish {
            let Some(key) = &self.key else {
                return out.push(Output::Fault("no key was given for the Blowfish door".into()));
            };
            self.inbound.encrypted(Chain::new(key, &self.random, Direction::ToRfp));
            self.outbound.encrypted(Chain::new(key, &self.random, Direction::FromRfp));
        }
        self.state = State::Done;
        self.send(&Message::EncryptionConf(Vec::new()), out);
        self.send(&Message::Other(Frame::new(kind::VSNTP_TIME, vec![0; 16])), out);
        self.send(&radio.greeting(), out);
    }

    fn reset(&mut self, action: u8, out: &mut Vec<Output>) {
        if action == RESET_NOW {
            out.push(Output::Close("the server has reset the base station".into()));
            return;
        }
        let done = Message::Ack { of: kind::RESET, rest: vec![0; 2] };
        self.send(&done, out);
    }
}

fn init(config: &Config) -> Message {
    let mut software = config.software.clone().into_bytes();
    software.resize(0x90, 0);
    let old = config.protocol <= 0x0008_0000;
    Message::Init(Box::new(Init {
        model: MODEL_PC,
        word: 0x0008_0100,
        mac: config.mac,
        zero: [0; 6],
        capabilities: NORMAL_POWER | INDOOR | ENCRYPTION,
        blob: [0; 64],
        protocol: config.protocol,
        unknown: vec![0; if old { 8 } else { 20 }],
        software,
        signature: [0; 16],
    }))
}

const RESET_NOW: u8 = 2;
const MODEL_PC: u32 = 0x15;
const NORMAL_POWER: u32 = 0x8;
const INDOOR: u32 = 0x10;
const ENCRYPTION: u32 = 0x100;
