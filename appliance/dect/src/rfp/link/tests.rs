//! A link against a base station that answers as the real ones were seen to.

mod lies;
mod syslog;

use super::*;
use crate::nwk::{Region, Settings};
use crate::primitive::{RfpCodec, RtpPeer};
use crate::rfp::dnm::{Data, Lc, Mac};
use crate::rfp::hex;
use crate::rfp::media::Media;
use crate::rfp::message::PORT_IN_USE;
use crate::rfp::primitive::{Handle, Mcei, RootHash};
use crate::rfp::rfpc::{self, Rfpc};
use crate::rfp::sync::{self, Sync};
use crate::subscription::LinkKey;
use ident::Rpn;
use machine::Effect;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// The other side of a link: octets cross in both directions, and what happens is written down.
struct Bench {
    link: Link,
    out: Effects,
    /// The base station's ends of the two directions.
    wire: Wire,
    /// Messages that the link has sent, not looked at yet.
    heard: Vec<Message>,
    trace: Vec<String>,
    timers: BTreeSet<Timer>,
}

pub(super) const MAC: ident::Mac = ident::Mac([0, 0x30, 0x42, 0x1b, 0x17, 0x37]);
const RANDOM: [u8; 32] = [0x5a; 32];

pub(super) fn settings() -> Settings {
    Settings {
        ari: Some("10009034".parse().unwrap()),
        region: Some(Region::Europe),
        ..Settings::default()
    }
}

fn admission(key: KeyPlan, settings: Settings) -> Admission {
    Admission { rpn: Rpn(2), key, settings }
}

fn init(protocol: u32) -> Message {
    Message::Init(Box::new(Init {
        model: 0x0d,
        word: 0x0008_0100,
        mac: MAC,
        zero: [0; 6],
        capabilities: 0x0001_ef3c,
        blob: [0; 64],
        protocol,
        unknown: vec![0; 20],
        software: [b"SIP-DECT 8.1".as_slice(), &[0; 132]].concat(),
        signature: [0; 16],
    }))
}

impl Bench {
    fn new(door: Door) -> Self {
        let mut out = Effects::default();
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let link = Link::new(door, peer, RANDOM, &mut out);
        let mut bench = Self {
            link,
            out,
            wire: Wire::default(),
            heard: Vec::new(),
            trace: Vec::new(),
            timers: BTreeSet::new(),
        };
        bench.settle();
        bench
    }

    fn give(&mut self, event: Event) {
        self.link.handle(event, &mut self.out);
        self.settle();
    }

    /// The base station sends a message.
    fn send(&mut self, message: &Message) {
        let octets = self.wire.outbound.seal(message.encode().encode());
        self.give(Event::Received(octets));
    }

    fn settle(&mut self) {
        for effect in self.out.drain() {
            let action = match effect {
                Effect::Act(action) => action,
                Effect::Start(timer) => {
                    self.timers.insert(timer);
                    continue;
                }
                Effect::Stop(timer) => {
                    self.timers.remove(&timer);
                    continue;
                }
            };
            match action {
                Action::Send(octets) => self.hear(&octets),
                Action::Trace { .. } => {}
                Action::Identified(identity) => self.trace.push(format!("is {}", identity.mac)),
                Action::Close(reason) => self.trace.push(format!("close: {reason}")),
                Action::Indicate(indication) => self.trace.push(format!("{indication:?}")),
            }
        }
    }

    fn hear(&mut self, octets: &[u8]) {
        self.wire.inbound.push(octets);
        while let Some(octets) = self.wire.inbound.next_message() {
            let message = Message::decode(&Frame::decode(&octets).unwrap()).unwrap();
            self.trace.push(format!("-> {}", title(&message)));
            if let Message::AuthKey(key) = &message {
                self.trace.push(format!("key {}", hex::encode(&key.expose()[..2])));
            }
            self.heard.push(message);
        }
    }

    /// Answers what was heard until nothing more is said.
    fn obey(&mut self) {
        while !self.heard.is_empty() {
            for message in std::mem::take(&mut self.heard) {
                if let Some(answer) = answer(&message) {
                    self.send(&answer);
                }
            }
        }
    }

    fn encrypt(&mut self, key: &LinkKey) {
        self.wire.inbound.encrypted(Chain::new(key, &RANDOM, Direction::ToRfp));
        self.wire.outbound.encrypted(Chain::new(key, &RANDOM, Direction::FromRfp));
    }

    fn on_air(settings: Settings) -> Self {
        let mut bench = Self::new(Door::Tls(MAC));
        bench.send(&init(OLDEST_PROTOCOL));
        bench.give(Event::Admit(admission(KeyPlan::None, settings)));
        bench.send(&Message::EncryptionConf(Vec::new()));
        bench.send(&ready());
        bench.obey();
        bench
    }

    fn take_trace(&mut self) -> Vec<String> {
        self.heard.clear();
        std::mem::take(&mut self.trace)
    }
}

/// A link that is on the air, and where its effects go.
pub(super) fn on_air_effects(door: Door) -> (Link, Effects) {
    assert_eq!(door, Door::Tls(MAC), "the bench uses the TLS door");
    let bench = Bench::on_air(settings());
    (bench.link, bench.out)
}

fn title(message: &Message) -> String {
    match message {
        Message::Dnm(Dnm::Rfpc(rfpc)) => rfpc::primitive_name(rfpc.primitive),
        Message::Sync(sync) => sync::name(sync.code),
        Message::Dnm(dnm) => hex::encode(&dnm.encode()),
        other => kind::name(other.encode().code),
    }
}

fn ready() -> Message {
    Message::Dnm(Dnm::Rfpc(Rfpc::new(rfpc::READY_IND, &[(rfpc::NUMBER_OF_UPN, &[1])])))
}

fn answer(message: &Message) -> Option<Message> {
    let confirm = |primitive| Some(Message::Dnm(Dnm::Rfpc(Rfpc::new(primitive, &[]))));
    let done = |code| Some(Message::Sync(Sync::new(code, [])));
    match message {
        Message::Dnm(Dnm::Rfpc(asked)) => match asked.primitive {
            rfpc::INIT_REQ => confirm(rfpc::INIT_CFM),
            rfpc::ACTIVATE_REQ => confirm(rfpc::ACTIVATE_CFM),
            rfpc::DEACTIVATE_REQ => confirm(rfpc::DEACTIVATE_CFM),
            rfpc::STATISTICS_DATA_REQ => confirm(rfpc::STATISTICS_DATA_CFM),
            _ => None,
        },
        Message::Sync(asked) => match asked.code {
            sync::GET_REQ_RSSI_COMP_IND => done(sync::GET_REQ_RSSI_COMP_CFM),
            sync::RESET_MAC_IND => done(sync::RESET_MAC_CFM),
            sync::SYSTEM_SEARCH_IND => done(sync::SYSTEM_SEARCH_CFM),
            sync::START_MAC_MASTER_IND => done(sync::START_MAC_MASTER_CFM),
            sync::FREQ_CTRL_MODE_IND => done(sync::FREQ_CTRL_MODE_CFM),
            _ => None,
        },
        Message::Media(Media::Open { handle, .. }) => {
            Some(Message::ack(kind::MEDIA_OPEN, handle.0))
        }
        Message::Media(Media::Conf(conf)) => Some(Message::ack(kind::MEDIA_CONF, conf.handle.0)),
        Message::Media(Media::Start { handle, .. }) => {
            Some(Message::ack(kind::MEDIA_START, handle.0))
        }
        Message::Media(Media::Stop { handle, .. }) => {
            Some(Message::ack(kind::MEDIA_STOP, handle.0))
        }
        _ => None,
    }
}

#[test]
fn a_base_station_logs_in_is_configured_and_goes_on_the_air() {
    let mut bench = Bench::on_air(settings());
    assert_eq!(
        bench.take_trace().join("\n"),
        "-> SYS_AUTHENTICATE\nis 00:30:42:1b:17:37\n-> ACK\nLoggedIn\n\
         -> SYS_OMM_CONTROL\n-> SYS_IP_OPTIONS\n-> SYS_HEARTBEAT_INTERVAL\n-> SYS_STREAM_INFO\n\
         -> SYS_LED\n-> SYS_LED\n-> SYS_LED\n-> SYS_LED\n-> SYS_HTTP_SET\n-> SYS_SYSLOG\n\
         -> SYS_AUDIO_LOG\n-> SYS_RANDOM_VALUE\n-> SYS_CORE_DUMP\n-> SYS_LICENSE_TIMER\n\
         -> SYS_RESET\n-> INIT_REQ\n-> GET_REQ_RSSI_COMP_IND\n-> RESET_MAC_IND\n\
         -> SYSTEM_SEARCH_IND\n-> RESET_MAC_IND\n-> START_MAC_MASTER_IND\n-> ACTIVATE_REQ\n\
         -> STATISTICS_DATA_REQ\n-> FREQ_CTRL_MODE_IND\nOnAir"
    );
    assert_eq!(bench.timers, BTreeSet::from([Timer::Heartbeat]));
}

#[test]
fn a_new_base_station_at_the_blowfish_door_is_given_its_key_before_anything_is_encrypted() {
    let key = LinkKey::new([0xab; 64]);
    let mut bench = Bench::new(Door::Blowfish);
    bench.send(&init(OLDEST_PROTOCOL));
    bench.take_trace();
    bench.give(Event::Admit(admission(KeyPlan::New(key.clone()), settings())));
    assert_eq!(bench.take_trace(), ["-> SYS_RFP_AUTH_KEY", "key abab", "-> ACK"]);

    bench.encrypt(&key);
    bench.send(&Message::EncryptionConf(Vec::new()));
    bench.send(&ready());
    bench.obey();
    assert!(bench.link.on_air());
}

#[test]
fn a_base_station_with_another_key_is_told_apart_by_its_first_encrypted_message() {
    let mut bench = Bench::new(Door::Blowfish);
    bench.send(&init(OLDEST_PROTOCOL));
    bench.give(Event::Admit(admission(KeyPlan::Known(LinkKey::new([1; 64])), settings())));
    bench.take_trace();
    bench.encrypt(&LinkKey::new([2; 64]));
    for _ in 0..9000 {
        bench.send(&Message::EncryptionConf(Vec::new()));
    }
    bench.give(Event::Expired(Timer::Login));
    assert_eq!(bench.take_trace(), [format!("close: {WRONG_KEY}")]);
}

#[test]
fn a_key_can_be_renewed_where_the_root_password_is_known() {
    let hash = RootHash::new("$1$$fZ3H674V2zkMVFw8qafoh0").unwrap();
    let mut bench = Bench::new(Door::Blowfish);
    bench.send(&init(OLDEST_PROTOCOL));
    bench.take_trace();
    let key = LinkKey::new([3; 64]);
    bench.give(Event::Admit(admission(KeyPlan::Renewed { key, hash }, settings())));
    assert_eq!(bench.take_trace(), ["-> SYS_RFP_RE_ENROLEMENT", "-> ACK"]);
}

#[test]
fn firmware_before_8_1_is_refused_and_told_why() {
    let mut bench = Bench::new(Door::Blowfish);
    bench.take_trace();
    bench.send(&init(0x0008_0200));
    assert_eq!(
        bench.take_trace(),
        ["close: firmware `SIP-DECT 8.1` of base station 00:30:42:1b:17:37 is too old \
          (link protocol 00080200); 8.1 or newer is needed"]
    );
}

#[test]
fn the_radio_stays_off_until_ari_and_region_are_set() {
    let mut bench = Bench::on_air(Settings { region: None, ..settings() });
    assert_eq!(
        bench.take_trace().last().map(String::as_str),
        Some("OffAir(\"the radio stays off: no region is set\")")
    );
    bench.give(Event::Settings(settings()));
    bench.obey();
    assert!(bench.link.on_air());

    bench.give(Event::Settings(Settings { ari: None, ..settings() }));
    bench.obey();
    assert!(!bench.link.on_air());
    assert_eq!(
        bench.take_trace().last().map(String::as_str),
        Some("OffAir(\"the radio stays off: no ARI is set\")")
    );
}

#[test]
fn only_the_european_band_is_asked_of_a_base_station_that_is_not_ours() {
    let usa = Settings { region: Some(Region::Usa), ..settings() };
    assert!(Bench::on_air(usa.clone()).link.on_air());

    let key = LinkKey::new([0xab; 64]);
    let mut bench = Bench::new(Door::Blowfish);
    bench.send(&init(OLDEST_PROTOCOL));
    bench.give(Event::Admit(admission(KeyPlan::Known(key.clone()), usa)));
    bench.encrypt(&key);
    bench.send(&Message::EncryptionConf(Vec::new()));
    bench.send(&ready());
    bench.obey();
    assert!(!bench.link.on_air());
}

#[test]
fn open_subscription_is_broadcast_while_it_is_open() {
    let mut bench = Bench::on_air(settings());
    bench.take_trace();
    bench.give(Event::Settings(Settings { subscription_allowed: true, ..settings() }));
    let [Message::Dnm(Dnm::Rfpc(rfpc))] = bench.heard.as_slice() else { panic!("one request") };
    assert_eq!(rfpc.primitive, rfpc::CHANGE_HIGHER_LAYER_CAPS_REQ);
    assert_eq!(rfpc.value(rfpc::HIGHER_LAYER_CAPABILITIES), Some([0xca, 0x08].as_slice()));
    bench.take_trace();
    bench.give(Event::Settings(Settings { subscription_allowed: true, ..settings() }));
    assert_eq!(bench.take_trace(), Vec::<String>::new());
}

#[test]
fn a_radio_that_was_left_on_is_taken_over_or_started_afresh() {
    for (rfpi, taken_over) in [([0x10, 0, 0x90, 0x34, 2], true), ([0x10, 0, 0x90, 0x34, 3], false)]
    {
        let mut bench = Bench::new(Door::Tls(MAC));
        bench.send(&init(OLDEST_PROTOCOL));
        bench.give(Event::Admit(admission(KeyPlan::None, settings())));
        bench.send(&Message::EncryptionConf(Vec::new()));
        bench.take_trace();
        let told = Rfpc::new(rfpc::ACTIVE_IND, &[(rfpc::RFPI, &rfpi)]);
        bench.send(&Message::Dnm(Dnm::Rfpc(told)));
        assert_eq!(bench.link.on_air(), taken_over);
        bench.obey();
        assert!(bench.link.on_air());
        let first = if taken_over { "-> ACTIVE_RES" } else { "-> DEACTIVATE_REQ" };
        assert_eq!(bench.take_trace().first().map(String::as_str), Some(first));
    }
}

#[test]
fn link_data_waits_for_the_two_buffers_and_takes_them_in_turn() {
    let mut bench = Bench::on_air(settings());
    let mcei = Mcei(5);
    let mac = |mac| Message::Dnm(Dnm::Mac(mcei, mac));
    let free = |buffer| Message::Dnm(Dnm::Lc(mcei, Lc::Dtr(buffer, Vec::new())));
    bench.send(&mac(Mac::ConInd { pmid: 0xe1234, flags: 0, rest: vec![1] }));
    bench.take_trace();
    for frame in 0..3 {
        bench.give(Event::Request(Request::LcData(mcei, vec![0x21, 0, 1, frame])));
    }
    assert_eq!(bench.take_trace(), Vec::<String>::new());
    bench.send(&free(0x00));
    bench.send(&free(0x10));
    assert_eq!(bench.take_trace(), ["-> 790505000421000100", "-> 790505100421000101"]);
    bench.send(&free(0x10));
    assert_eq!(bench.take_trace(), Vec::<String>::new());
    bench.send(&free(0x00));
    assert_eq!(bench.take_trace(), ["-> 790505000421000102", "ReadyForData(Mcei(5))"]);

    bench.send(&mac(Mac::DisInd { reason: 2, rest: Vec::new() }));
    assert_eq!(bench.take_trace(), ["Disconnected(Mcei(5), Abnormal)"]);
    bench.give(Event::Request(Request::LcData(mcei, vec![0x21, 0, 1])));
    assert_eq!(bench.take_trace(), Vec::<String>::new());
}

#[test]
fn a_link_whose_base_station_takes_nothing_is_given_up() {
    let mut bench = Bench::on_air(settings());
    let mcei = Mcei(0);
    let con = Mac::ConInd { pmid: 5, flags: 0, rest: vec![1] };
    bench.send(&Message::Dnm(Dnm::Mac(mcei, con)));
    bench.take_trace();
    for _ in 0..=32 {
        bench.give(Event::Request(Request::LcData(mcei, vec![0x21, 0x61, 1])));
    }
    assert_eq!(bench.take_trace(), ["-> 7a020001", "Disconnected(Mcei(0), Abnormal)"]);
}

#[test]
fn data_of_a_link_that_nobody_knows_makes_the_base_station_drop_it() {
    let mut bench = Bench::on_air(settings());
    bench.take_trace();
    let data = Lc::DataInd(Data::new(0, vec![0x21, 0x61, 1]));
    bench.send(&Message::Dnm(Dnm::Lc(Mcei(9), data)));
    assert_eq!(bench.take_trace(), ["-> 7a020901"]);
}

#[test]
fn a_message_that_nobody_understands_changes_nothing() {
    let mut bench = Bench::on_air(settings());
    bench.take_trace();
    bench.send(&Message::Other(Frame::new(0xf7f7, vec![1; 9])));
    bench.give(Event::Received(hex::decode("03010003 7a0105").unwrap()));
    assert_eq!(bench.link.passed_over(), 1);
    assert!(bench.link.on_air());
}

#[test]
fn three_missed_heartbeats_end_the_link() {
    let mut bench = Bench::on_air(settings());
    bench.take_trace();
    bench.give(Event::Expired(Timer::Heartbeat));
    assert_eq!(bench.take_trace(), ["close: the base station did not send HEARTBEAT for 45 s"]);
    assert!(!bench.link.on_air());
}

fn peer(rtp: u16) -> RtpPeer {
    RtpPeer {
        address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9)),
        rtp,
        rtcp: rtp + 1,
        codec: RfpCodec::Pcma,
        ptime_ms: 20,
    }
}

#[test]
fn a_speech_channel_is_opened_changed_and_closed_with_its_figures() {
    let (mut bench, handle) = (Bench::on_air(settings()), Handle(0xb44e));
    bench.take_trace();
    bench.give(Event::Request(Request::OpenMedia(handle, Mcei(0), peer(10922))));
    bench.obey();
    assert_eq!(
        bench.take_trace(),
        [
            "-> MEDIA_OPEN",
            "-> MEDIA_CONF",
            "-> MEDIA_START",
            "MediaOpened(Handle(46158), 127.0.0.1:16320)"
        ]
    );
    bench.give(Event::Request(Request::ChangeMedia(handle, peer(10950))));
    bench.obey();
    assert_eq!(
        bench.take_trace(),
        [
            "-> MEDIA_STOP",
            "-> MEDIA_CONF",
            "-> MEDIA_START",
            "MediaOpened(Handle(46158), 127.0.0.1:16320)"
        ]
    );
    bench.give(Event::Request(Request::CloseMedia(handle)));
    assert_eq!(bench.take_trace(), ["-> MEDIA_STOP", "-> MEDIA_CLOSE"]);
    let carried = crate::rfp::primitive::Carried { seconds: 7, ..Default::default() };
    let (pad, peer, rest) = ([0; 2], Ipv4Addr::LOCALHOST, Vec::new());
    bench.send(&Message::Media(Media::Statistics { handle, pad, carried, peer, rest }));
    let trace = bench.take_trace().concat();
    assert!(trace.starts_with("MediaClosed(Handle(46158), Carried { seconds: 7,"), "{trace}");
}

#[test]
fn a_port_that_is_taken_at_the_base_station_is_passed_by_and_another_refusal_ends_the_channel() {
    let (mut bench, handle) = (Bench::on_air(settings()), Handle(1));
    bench.take_trace();
    bench.give(Event::Request(Request::OpenMedia(handle, Mcei(0), peer(10922))));
    bench.send(&Message::ack(kind::MEDIA_OPEN, 1));
    let nack = |reason| Message::Nack { of: kind::MEDIA_CONF, id: 1, reason, rest: Vec::new() };
    bench.send(&nack(PORT_IN_USE));
    let Some(Message::Media(Media::Conf(conf))) = bench.heard.last() else { panic!("a new try") };
    assert_eq!(conf.local, [16_322, 16_323]);
    bench.take_trace();
    bench.send(&nack(0x0400_0006));
    assert_eq!(
        bench.take_trace().last().map(String::as_str),
        Some("MediaFailed(Handle(1), \"MEDIA_CONF refused: codec not supported\")")
    );
}
