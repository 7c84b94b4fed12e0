//! The mirror of a base-station link: a whole handset's life as pcapng, with nothing secret in it.
//!
//! With `FIXPART_PCAP=FILE` the file is written, for `tshark -r FILE`.

use dect::nwk::{self, ConnId, Door, Encryption, Nwk, Region};
use dect::primitive::{AccessAnswer, AccessCode, CallId, Indication, Info, ReleaseReason, Request};
use dect::primitive::{RfpCodec, RtpPeer};
use dect::rfp::capture::Capture;
use dect::rfp::dnm::{Dnm, Lc, Mac as MacMessage};
use dect::rfp::frame::Frame;
use dect::rfp::hex;
use dect::rfp::message::Message;
use ident::{Ipei, Mac};
use machine::Seeded;
use sim::air::{Downlink, PpId};
use sim::pp::{self, Command, Model, SimPp};
use sim::rfp::{self, Rfp};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
const CONN: ConnId = ConnId(1);
const PP: PpId = PpId(1);

/// The engine, one base station, one handset, and perfect wires and air between them.
struct Bench {
    begin: Instant,
    now: Instant,
    nwk: Nwk,
    rfp: Rfp,
    pp: SimPp,
    events: VecDeque<Step>,
    capture: Capture,
    file: Vec<u8>,
    mirrored: Vec<Vec<u8>>,
    told: Vec<Indication>,
}

enum Step {
    Nwk(nwk::Input),
    Rfp(rfp::Input),
    Pp(pp::Input),
}

impl Bench {
    fn new(unmasked: Option<Ipei>) -> Self {
        let begin = Instant::now();
        let settings = nwk::Settings {
            ari: Some("10009034".parse().expect("an ARI")),
            region: Some(Region::Europe),
            subscription_allowed: true,
            auth_call: true,
            encryption: Encryption::Enabled,
            mirror: true,
            unmasked,
            ..nwk::Settings::default()
        };
        let mut out = Vec::new();
        let nwk = Nwk::new(settings, Vec::new(), Vec::new(), Box::new(Seeded::new(1)), &mut out);
        let mut bench = Self {
            begin,
            now: begin,
            nwk,
            rfp: Rfp::new(rfp::Config::new(MAC), Box::new(Seeded::new(2))),
            pp: SimPp::new(Model::new(ipei()), Box::new(Seeded::new(3)), begin),
            events: VecDeque::new(),
            capture: Capture::default(),
            file: Capture::header(),
            mirrored: Vec::new(),
            told: Vec::new(),
        };
        bench.carry_nwk(out);
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        bench.events.push_back(Step::Rfp(rfp::Input::Connected));
        let connected = nwk::Input::Connected { conn: CONN, door: Door::Tls(MAC), peer };
        bench.give(Step::Nwk(connected));
        bench
    }

    fn give(&mut self, step: Step) {
        self.events.push_back(step);
        while let Some(step) = self.events.pop_front() {
            match step {
                Step::Nwk(input) => {
                    let mut out = Vec::new();
                    self.nwk.input(self.now, input, &mut out);
                    self.carry_nwk(out);
                }
                Step::Rfp(input) => {
                    let mut out = Vec::new();
                    self.rfp.input(self.now, input, &mut out);
                    self.carry_rfp(out);
                }
                Step::Pp(input) => {
                    let mut out = Vec::new();
                    self.pp.input(self.now, input, &mut out);
                    self.carry_pp(out);
                }
            }
        }
    }

    fn ask(&mut self, request: Request) {
        self.give(Step::Nwk(nwk::Input::Request(request)));
    }

    fn user(&mut self, command: Command) {
        self.give(Step::Pp(pp::Input::User(command)));
    }

    /// Lets this much time pass.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let deadlines = [self.nwk.deadline(), self.rfp.deadline(), self.pp.deadline()];
            let Some(next) = deadlines.into_iter().flatten().min().filter(|at| *at <= end) else {
                break;
            };
            self.now = self.now.max(next);
            let mut out = Vec::new();
            self.nwk.expire(self.now, &mut out);
            self.carry_nwk(out);
            let mut out = Vec::new();
            self.rfp.expire(self.now, &mut out);
            self.carry_rfp(out);
            let mut out = Vec::new();
            self.pp.expire(self.now, &mut out);
            self.carry_pp(out);
            if let Some(step) = self.events.pop_front() {
                self.give(step);
            }
        }
        self.now = end;
    }

    fn carry_nwk(&mut self, out: Vec<nwk::Output>) {
        for output in out {
            match output {
                nwk::Output::Send(_, octets) => {
                    self.events.push_back(Step::Rfp(rfp::Input::Received(octets)));
                }
                nwk::Output::Store(ticket, _) => {
                    self.events.push_back(Step::Nwk(nwk::Input::Stored(ticket, true)));
                }
                nwk::Output::Mirror(mirrored) => {
                    let at = Duration::from_secs(1_800_000_001) + (self.now - self.begin);
                    self.file.extend(self.capture.message(at, &mirrored));
                    self.mirrored.push(mirrored.octets);
                }
                nwk::Output::Indicate(indication) => {
                    if let Indication::AccessRights(ipei) = indication {
                        let code = AccessCode::new("1234").expect("digits");
                        let answer = Request::AccessRights(ipei, AccessAnswer::Allowed(code));
                        self.events.push_back(Step::Nwk(nwk::Input::Request(answer)));
                    }
                    self.told.push(indication);
                }
                nwk::Output::Close(_, reason) => panic!("closed: {reason}"),
            }
        }
    }

    fn carry_rfp(&mut self, out: Vec<rfp::Output>) {
        for output in out {
            match output {
                rfp::Output::Send(octets) => {
                    self.events.push_back(Step::Nwk(nwk::Input::Received(CONN, octets)));
                }
                rfp::Output::Radio(PP, downlink) | rfp::Output::Broadcast(downlink) => {
                    self.air(downlink);
                }
                rfp::Output::Bind(handle, _) => {
                    self.events.push_back(Step::Rfp(rfp::Input::Bound(handle, true)));
                }
                rfp::Output::Fault(fault) => panic!("{fault}"),
                _ => {}
            }
        }
    }

    fn air(&mut self, downlink: Downlink) {
        self.events.push_back(Step::Pp(pp::Input::Air(downlink)));
    }

    fn carry_pp(&mut self, out: Vec<pp::Output>) {
        for output in out {
            if let pp::Output::Air(uplink) = output {
                self.events.push_back(Step::Rfp(rfp::Input::Radio(PP, uplink)));
            }
        }
    }

    /// Subscribes, goes into service, takes a call with speech and hangs up.
    fn live(&mut self) {
        self.user(Command::SwitchOn);
        self.give(Step::Rfp(rfp::Input::InRange(PP)));
        self.user(Command::Subscribe(AccessCode::new("1234").expect("digits")));
        self.wait(Duration::from_mins(1));
        assert!(self.pp.is_located(), "{:?}", self.told);
        let call = self.nwk.new_call();
        self.ask(Request::Setup { call, pp: ipei(), info: Info::default() });
        self.wait(Duration::from_secs(5));
        self.user(Command::Answer);
        self.wait(Duration::from_secs(1));
        self.ask(Request::OpenMedia(call, peer()));
        self.wait(Duration::from_secs(1));
        assert!(self.pp.talks(), "{:?}", self.told);
        self.ask(Request::Release(call, ReleaseReason::Normal, Info::default()));
        self.wait(Duration::from_mins(1));
        assert!(self.told.iter().any(|told| matches!(told, Indication::MediaOpened(CallId(_), _))));
    }

    /// Cipher keys in the mirror.
    fn keys(&self) -> Vec<[u8; 8]> {
        let messages = self
            .mirrored
            .iter()
            .filter_map(|octets| Message::decode(&Frame::decode(octets).expect("a frame")).ok());
        messages
            .filter_map(|message| match message {
                Message::Dnm(Dnm::Mac(_, MacMessage::EncKeyReq { key, .. })) => Some(*key.expose()),
                _ => None,
            })
            .collect()
    }

    /// The frames of the data link as hexadecimal text.
    fn frames(&self) -> String {
        let messages = self
            .mirrored
            .iter()
            .filter_map(|octets| Message::decode(&Frame::decode(octets).expect("a frame")).ok());
        let frames = messages.filter_map(|message| match message {
            Message::Dnm(Dnm::Lc(_, Lc::DataReq(data) | Lc::DataInd(data))) => {
                Some(hex::encode(&data.frame) + "\n")
            }
            _ => None,
        });
        frames.collect()
    }
}

fn ipei() -> Ipei {
    "00079 1048575 7".parse().expect("an IPEI")
}

fn peer() -> RtpPeer {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    RtpPeer { address, rtp: 10_000, rtcp: 10_001, codec: RfpCodec::Pcma, ptime_ms: 20 }
}

#[test]
fn a_handsets_life_can_be_mirrored_without_its_keys() {
    let mut bench = Bench::new(None);
    bench.live();
    assert!(!bench.keys().is_empty());
    assert!(bench.keys().iter().all(|key| *key == [0; 8]));
    // KEY-ALLOCATE with RAND and RS, the answer to it with RAND and RES, and RES of the fixed part.
    let frames = bench.frames();
    let zeros = "0".repeat(16);
    assert!(frames.contains(&format!("05420b0201880c08{zeros}0e08{zeros}")), "{frames}");
    assert!(frames.contains(&format!("0c08{zeros}0d0400000000")), "{frames}");
    assert!(frames.contains("05410d0400000000"), "{frames}");
    if let Some(path) = std::env::var_os("FIXPART_PCAP") {
        std::fs::write(path, &bench.file).expect("written");
    }
}

#[test]
fn the_one_handset_that_is_named_is_shown_whole() {
    let mut bench = Bench::new(Some(ipei()));
    bench.live();
    assert!(!bench.keys().is_empty());
    assert!(bench.keys().iter().all(|key| *key != [0; 8]));
}

#[test]
fn a_radio_that_may_not_be_switched_on_is_told_with_its_reason() {
    let mut bench = Bench::new(None);
    assert_eq!(bench.told, [Indication::RfpUp(MAC)]);
    let off = "the radio stays off: no ARI is set";
    bench.give(Step::Nwk(nwk::Input::Settings(nwk::Settings::default())));
    let changed = Indication::RfpDown(MAC, "the settings have changed".into());
    let stays_off = Indication::RfpDown(MAC, off.into());
    assert_eq!(bench.told.split_off(1), [changed, stays_off]);
}
