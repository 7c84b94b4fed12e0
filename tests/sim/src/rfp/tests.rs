//! The simulated base station against the production link.

use super::*;
use crate::air::key_check;
use dect::nwk::{Region, Settings};
use dect::primitive::{RfpCodec, RtpPeer};
use dect::rfp::primitive::{Action, Admission, CipherKey, Event, KeyPlan, Request};
use dect::rfp::{Link, primitive};
use ident::{Pmid, Rpn};
use machine::{Effect, Out, Seeded};
use std::net::{IpAddr, Ipv4Addr};

/// A base station and a link with a perfect wire between them.
struct Pair {
    now: Instant,
    rfp: Rfp,
    link: Link,
    effects: Out<Action, primitive::Timer>,
    key: KeyPlan,
    trace: Vec<String>,
    closed: bool,
}

const MAC: Mac = Mac([2, 0, 0, 0, 0, 7]);
const PP: PpId = PpId(1);

fn settings() -> Settings {
    Settings {
        ari: Some("10009034".parse().expect("an ARI")),
        region: Some(Region::Europe),
        subscription_allowed: true,
        ..Settings::default()
    }
}

impl Pair {
    fn new(config: Config, key: KeyPlan) -> Self {
        let mut effects = Out::default();
        let link = Link::new(config.door, IpAddr::V4(Ipv4Addr::LOCALHOST), [9; 32], &mut effects);
        let mut pair = Self {
            now: Instant::now(),
            rfp: Rfp::new(config, Box::new(Seeded::new(1))),
            link,
            effects,
            key,
            trace: Vec::new(),
            closed: false,
        };
        pair.give(Input::Connected);
        pair
    }

    fn give(&mut self, input: Input) {
        let mut out = Vec::new();
        self.rfp.input(self.now, input, &mut out);
        self.carry(out);
    }

    fn ask(&mut self, request: Request) {
        self.link.handle(Event::Request(request), &mut self.effects);
        self.settle();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let mut out = Vec::new();
        self.rfp.expire(self.now, &mut out);
        self.carry(out);
    }

    fn carry(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Send(octets) => {
                    self.link.handle(Event::Received(octets), &mut self.effects);
                }
                Output::Radio(_, downlink) => self.trace.push(format!("pp {downlink:?}")),
                Output::Broadcast(Downlink::Beacon(beacon)) => self.trace.push(format!(
                    "beacon {} {}",
                    beacon.rfpi,
                    beacon.takes_access_rights_requests()
                )),
                Output::Broadcast(downlink) => self.trace.push(format!("all {downlink:?}")),
                Output::Bind(handle, port) => {
                    self.trace.push(format!("bind {port}"));
                    self.give(Input::Bound(handle, port != 16_320));
                }
                Output::Unbind(_) => self.trace.push("unbind".into()),
                Output::Datagram(_, to, octets) => {
                    self.trace.push(format!("rtp {to} {}", octets.len()));
                }
                Output::KeyChanged(_) => self.trace.push("key".into()),
                Output::Close(reason) => self.trace.push(format!("rfp closes: {reason}")),
                Output::Fault(fault) => panic!("{fault}\n{}", self.trace.join("\n")),
            }
        }
        self.settle();
    }

    fn settle(&mut self) {
        for effect in self.effects.drain() {
            let Effect::Act(action) = effect else { continue };
            match action {
                Action::Send(octets) => self.give(Input::Received(octets)),
                Action::Identified(_) => {
                    let (rpn, key) = (Rpn(1), self.key.clone());
                    let admission = Admission { rpn, key, settings: settings() };
                    self.link.handle(Event::Admit(admission), &mut self.effects);
                    self.settle();
                }
                Action::Indicate(indication) => self.trace.push(format!("ft {indication:?}")),
                Action::Close(reason) => {
                    self.closed = true;
                    self.trace.push(format!("ft closes: {reason}"));
                    self.give(Input::Disconnected);
                }
                Action::Trace { .. } => {}
            }
        }
    }

    fn trace(&mut self) -> String {
        std::mem::take(&mut self.trace).join("\n")
    }

    fn connect(&mut self) -> Mcei {
        let pmid = Pmid::arbitrary(5);
        self.give(Input::Radio(PP, Uplink::Connect { pmid, handover: false }));
        self.trace.clear();
        self.rfp.bearers.mcei(PP).expect("a bearer")
    }
}

#[test]
fn a_base_station_goes_on_the_air_through_either_door() {
    let blowfish = Config { door: Door::Blowfish, ..Config::new(MAC) };
    let key = LinkKey::new([5; 64]);
    let mut known = blowfish.clone();
    known.link_key = Some(key.clone());
    let beacon = "ft LoggedIn\nbeacon 1000903401 true\nft OnAir";
    for (config, plan, trace) in [
        (Config::new(MAC), KeyPlan::None, beacon.to_owned()),
        (blowfish, KeyPlan::New(key.clone()), format!("key\n{beacon}")),
        (known, KeyPlan::Known(key), beacon.to_owned()),
    ] {
        let mut pair = Pair::new(config, plan);
        assert_eq!(pair.trace(), trace);
        assert!(pair.rfp.on_air() && pair.link.on_air());
    }
}

#[test]
fn old_firmware_does_not_come_in() {
    let mut pair = Pair::new(Config { protocol: 0x0008_0000, ..Config::new(MAC) }, KeyPlan::None);
    assert!(pair.closed);
    assert!(pair.trace().contains("8.1 or newer is needed"));
}

#[test]
fn frames_cross_in_both_directions_and_a_handset_that_is_lost_is_told() {
    let mut pair = Pair::new(Config::new(MAC), KeyPlan::None);
    pair.trace();
    let pmid = Pmid::arbitrary(5);
    pair.give(Input::Radio(PP, Uplink::Connect { pmid, handover: false }));
    pair.give(Input::Radio(PP, Uplink::Frame(vec![0xa1, 0x10, 1])));
    pair.ask(Request::LcData(Mcei(1), vec![0xa1, 0x31, 1]));
    pair.ask(Request::Page([0x0c, 0, 5]));
    pair.give(Input::Lost(PP));
    assert_eq!(
        pair.trace(),
        "pp Connected\n\
         ft Connected { mcei: Mcei(1), pmid: Pmid(917509), handover: false }\n\
         ft ReadyForData(Mcei(1))\nft ReadyForData(Mcei(1))\n\
         ft LcData(Mcei(1), [161, 16, 1])\n\
         pp Frame([161, 49, 1])\nft ReadyForData(Mcei(1))\n\
         all Page([12, 0, 5])\n\
         ft Disconnected(Mcei(1), Abnormal)"
    );
}

#[test]
fn slow_air_holds_frames_back_without_losing_any() {
    let slow = Config { frame_time: Duration::from_millis(20), ..Config::new(MAC) };
    let mut pair = Pair::new(slow, KeyPlan::None);
    let mcei = pair.connect();
    for number in 0..5 {
        pair.ask(Request::LcData(mcei, vec![0x21, 0, 1, number]));
    }
    let mut frames = pair.trace().matches("pp Frame").count();
    assert_eq!(frames, 2);
    for _ in 0..3 {
        pair.pass(Duration::from_millis(20));
        frames += pair.trace().matches("pp Frame").count();
    }
    assert_eq!(frames, 5);
}

#[test]
fn ciphering_starts_when_both_ends_have_the_same_key_and_ends_the_link_when_not() {
    let key = [1, 2, 3, 4, 5, 6, 7, 8];
    for (check, end) in [
        (key_check(&key), "pp Ciphered\nft Ciphered(Mcei(1))"),
        ([0; 8], "pp Released\nft Disconnected(Mcei(1), Abnormal)"),
    ] {
        for key_first in [true, false] {
            let mut pair = Pair::new(Config::new(MAC), KeyPlan::None);
            let mcei = pair.connect();
            let cipher = Input::Radio(PP, Uplink::Cipher(check));
            let keyed = Request::EncKey(mcei, CipherKey::new(key), 8);
            if key_first {
                pair.ask(keyed);
                pair.give(cipher);
            } else {
                pair.give(cipher);
                pair.ask(keyed);
            }
            assert_eq!(pair.trace(), end);
        }
    }
}

#[test]
fn speech_passes_through_a_channel_on_the_second_port_when_the_first_is_taken() {
    let mut pair = Pair::new(Config::new(MAC), KeyPlan::None);
    let mcei = pair.connect();
    let peer = RtpPeer {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        rtp: 10_000,
        rtcp: 10_001,
        codec: RfpCodec::Pcmu,
        ptime_ms: 20,
    };
    pair.ask(Request::OpenMedia(Handle(3), mcei, peer));
    pair.give(Input::Radio(PP, Uplink::Speech(vec![0; 240])));
    let mut datagram = Vec::new();
    let header = rtp_header(0);
    media::rtp::write(&header, &mut datagram);
    datagram.extend([0xff, 0x80]);
    pair.give(Input::Datagram(Handle(3), datagram));
    pair.ask(Request::CloseMedia(Handle(3)));
    let trace = pair.trace();
    let (opened, closed) = trace.split_once("\nunbind\n").expect("it was closed");
    assert_eq!(
        opened,
        "bind 16320\nbind 16322\n\
         ft MediaOpened(Handle(3), 127.0.0.1:16322)\n\
         rtp 127.0.0.1:10000 172\npp Speech([0, 32124])"
    );
    assert!(closed.contains("sent_packets: 1, sent_octets: 160, received_packets: 1"), "{closed}");
    assert_eq!(pair.rfp.channels(), 0);
}

fn rtp_header(payload_type: u8) -> media::rtp::Header {
    media::rtp::Header { marker: true, payload_type, sequence: 1, timestamp: 1, ssrc: 1 }
}

#[test]
fn it_beats_every_fifteen_seconds() {
    let mut pair = Pair::new(Config::new(MAC), KeyPlan::None);
    for _ in 0..4 {
        pair.pass(Duration::from_secs(15));
    }
    assert_eq!(pair.rfp.deadline(), Some(pair.now + Duration::from_secs(15)));
    assert!(!pair.closed);
}

#[test]
fn a_radio_goes_off_with_the_connection_unless_it_is_told_to_stay() {
    for (keeps_radio, end) in [(false, "all Silent"), (true, "pp Released")] {
        let mut pair = Pair::new(Config { keeps_radio, ..Config::new(MAC) }, KeyPlan::None);
        pair.connect();
        pair.give(Input::Disconnected);
        assert_eq!(pair.trace(), end);
        assert_eq!((pair.rfp.on_air(), pair.rfp.bearers()), (keeps_radio, 0));
    }
}

#[test]
fn a_handset_can_move_here_with_its_key() {
    let mut pair = Pair::new(Config::new(MAC), KeyPlan::None);
    pair.trace();
    let pmid = Pmid::arbitrary(5);
    pair.give(Input::Radio(PP, Uplink::Connect { pmid, handover: true }));
    assert_eq!(pair.trace(), "ft Handover(Mcei(1), Pmid(917509))");
    pair.ask(Request::HandoverKey(Mcei(1), None));
    let trace = pair.trace();
    assert!(trace.starts_with("pp Connected\nft Connected"), "{trace}");
    assert!(trace.contains("handover: true"), "{trace}");
}
