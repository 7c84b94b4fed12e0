//! A link under a storm of messages and requests: whatever comes, it keeps to the rules.

use super::tests::{MAC, on_air_effects, settings};
use super::*;
use crate::primitive::{RfpCodec, RtpPeer};
use crate::rfp::dnm::Lc;
use crate::rfp::primitive::{Handle, Mcei};
use machine::Effect;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// What is true of a link at every moment, seen from outside.
#[derive(Default)]
struct Checker {
    /// Buffers that the base station has offered.
    free: BTreeSet<(u8, u8)>,
    /// Radio links that were told and not taken back.
    links: BTreeSet<u8>,
    /// Speech channels that were asked for and whose end was not told.
    channels: BTreeSet<u16>,
    /// Timers that run.
    timers: BTreeSet<Timer>,
    closed: bool,
}

impl Checker {
    fn offered(&mut self, message: &Message) {
        match message {
            Message::Dnm(Dnm::Lc(mcei, Lc::Dtr(buffer, _))) => {
                self.free.insert((mcei.0, buffer >> 4));
            }
            Message::Dnm(Dnm::Mac(mcei, crate::rfp::dnm::Mac::ConInd { .. })) => {
                self.free.retain(|(of, _)| *of != mcei.0);
            }
            _ => {}
        }
    }

    fn effects(&mut self, out: &mut Effects) -> Result<(), TestCaseError> {
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => drop(self.timers.insert(timer)),
                Effect::Stop(timer) => drop(self.timers.remove(&timer)),
                Effect::Act(action) => self.action(action)?,
            }
        }
        Ok(())
    }

    fn action(&mut self, action: Action) -> Result<(), TestCaseError> {
        prop_assert!(!self.closed, "nothing follows the end");
        match action {
            Action::Send(octets) => {
                let frame = Frame::decode(&octets).expect("one message");
                if let Ok(Message::Dnm(Dnm::Lc(mcei, Lc::DataReq(data)))) = Message::decode(&frame)
                {
                    let buffer = (mcei.0, data.place >> 4);
                    prop_assert!(self.free.remove(&buffer), "{buffer:?} was not free");
                }
            }
            Action::Indicate(indication) => self.indication(&indication)?,
            Action::Close(_) => self.closed = true,
            Action::Trace { .. } | Action::Identified(_) => {}
        }
        Ok(())
    }

    fn indication(&mut self, indication: &Indication) -> Result<(), TestCaseError> {
        match indication {
            Indication::Connected { mcei, .. } => prop_assert!(self.links.insert(mcei.0)),
            Indication::Disconnected(mcei, _) => prop_assert!(self.links.remove(&mcei.0)),
            Indication::LcData(mcei, _) | Indication::Ciphered(mcei) => {
                prop_assert!(self.links.contains(&mcei.0));
            }
            Indication::OffAir(_) => {
                self.links.clear();
                self.channels.clear();
            }
            Indication::MediaOpened(handle, _) => {
                prop_assert!(self.channels.contains(&handle.0));
            }
            Indication::MediaFailed(handle, _) | Indication::MediaClosed(handle, _) => {
                self.channels.remove(&handle.0);
            }
            _ => {}
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Message(u16, Vec<u8>),
    Data(u8),
    Disconnect(u8),
    Open(u16),
    Change(u16),
    Close(u16),
    Settings(bool),
    /// The running timer at this place runs out.
    Expire(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let mcei = 0..3_u8;
    let signalling = (0x78..0x7b_u8, 0..0x18_u8, mcei.clone(), any::<[u8; 5]>()).prop_map(
        |(layer, primitive, mcei, rest)| {
            Step::Message(kind::DNM, [&[layer, primitive, mcei], rest.as_slice()].concat())
        },
    );
    let free = (mcei.clone(), 0..2_u8)
        .prop_map(|(mcei, buffer)| Step::Message(kind::DNM, vec![0x79, 7, mcei, buffer << 4]));
    let connect =
        mcei.clone().prop_map(|mcei| Step::Message(kind::DNM, vec![0x7a, 1, mcei, 0, 0, 5, 0, 1]));
    let acknowledge = (0x200..0x205_u16, 0..3_u8).prop_map(|(of, handle)| {
        let [high, low] = of.to_be_bytes();
        Step::Message(kind::ACK, vec![high, low, handle, 0])
    });
    let refuse = (0x200..0x205_u16, 0..3_u8, 0..7_u8).prop_map(|(of, handle, reason)| {
        let [high, low] = of.to_be_bytes();
        Step::Message(kind::NACK, vec![high, low, handle, 0, 4, 0, 0, reason])
    });
    let statistics = (0..3_u8).prop_map(|handle| {
        let payload = [vec![handle, 0], vec![0; 34]].concat();
        Step::Message(kind::MEDIA_STATISTICS, payload)
    });
    let sync = any::<u8>().prop_map(|code| Step::Message(kind::SYNC, vec![0x7d, code, 0]));
    let restarted = Just(Step::Message(kind::DNM, vec![0x78, 1]));
    prop_oneof![
        1 => restarted,
        1 => signalling,
        6 => free,
        3 => connect,
        6 => acknowledge,
        1 => refuse,
        1 => statistics,
        1 => sync,
        8 => mcei.clone().prop_map(Step::Data),
        1 => mcei.prop_map(Step::Disconnect),
        3 => (0..3_u16).prop_map(Step::Open),
        2 => (0..3_u16).prop_map(Step::Change),
        2 => (0..3_u16).prop_map(Step::Close),
        1 => any::<bool>().prop_map(Step::Settings),
        1 => (0..5_usize).prop_map(Step::Expire),
    ]
}

fn peer(rtp: u16) -> RtpPeer {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    RtpPeer { address, rtp, rtcp: rtp + 1, codec: RfpCodec::Pcmu, ptime_ms: 20 }
}

fn event(step: Step, checker: &mut Checker) -> Option<Event> {
    let request = match step {
        Step::Message(code, payload) => {
            let frame = Frame::new(code, payload);
            if let Ok(message) = Message::decode(&frame) {
                checker.offered(&message);
            }
            return Some(Event::Received(frame.encode()));
        }
        Step::Settings(subscription_allowed) => {
            return Some(Event::Settings(crate::nwk::Settings {
                subscription_allowed,
                ..settings()
            }));
        }
        Step::Expire(at) => {
            let timer = *checker.timers.iter().nth(at)?;
            checker.timers.remove(&timer);
            return Some(Event::Expired(timer));
        }
        Step::Data(mcei) => Request::LcData(Mcei(mcei), vec![0x21, 0x61, 1]),
        Step::Disconnect(mcei) => Request::Disconnect(Mcei(mcei)),
        Step::Open(handle) => {
            // Who owns a link never uses a handle twice at a time.
            if !checker.channels.insert(handle) {
                return None;
            }
            Request::OpenMedia(Handle(handle), Mcei(0), peer(1000))
        }
        Step::Change(handle) => Request::ChangeMedia(Handle(handle), peer(2000 + handle)),
        Step::Close(handle) => Request::CloseMedia(Handle(handle)),
    };
    Some(Event::Request(request))
}

proptest! {
    #[test]
    fn no_sequence_of_messages_and_requests_breaks_a_rule(
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let (mut link, mut out) = on_air_effects(Door::Tls(MAC));
        let mut checker = Checker::default();
        checker.timers.insert(Timer::Heartbeat);
        checker.effects(&mut out)?;
        for step in steps {
            let Some(event) = event(step, &mut checker) else { continue };
            link.handle(event, &mut out);
            checker.effects(&mut out)?;
            if !link.on_air() {
                checker.links.clear();
                checker.channels.clear();
                let media = |timer: &Timer| matches!(timer, Timer::Media(_));
                prop_assert!(!checker.timers.iter().any(media), "a timer of a channel is left");
            }
            prop_assert!(checker.closed || link.on_air() || !checker.timers.is_empty());
            let waits = checker.timers.contains(&Timer::Step);
            prop_assert!(!(waits && link.on_air()), "a step is waited for that was confirmed");
        }
    }
}
