//! The simulator's base stations and handsets against the product's own network layer, on a simulated clock.

use dect::nwk::{ConnId, Door, Encryption, Input, Nwk, Output, Region, Settings};
use dect::primitive::{
    AccessAnswer, AccessCode, CallId, Indication, Info, ReleaseReason, Request, Signal,
};
use ident::{Ipei, Mac};
use machine::Seeded;
use sim::pp::{Command, Dialling, Model, SimPp};
use sim::program::site::{self, Site};
use sim::rfp::{self, Config, Rfp};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

/// Two base stations, three handsets, the engine, and a switchboard that connects handset N to handset N.
struct Bench {
    site: Site,
    nwk: Nwk,
    begin: Instant,
    now: Instant,
    switchboard: Switchboard,
    detached: u32,
    trace: String,
}

#[derive(Default)]
struct Switchboard {
    keys: BTreeMap<CallId, String>,
    other: BTreeMap<CallId, CallId>,
}

impl Bench {
    fn new(dialling: Dialling) -> Self {
        let begin = Instant::now();
        let settings = Settings {
            ari: Some("10009034".parse().expect("an ARI")),
            region: Some(Region::Europe),
            subscription_allowed: true,
            encryption: Encryption::Enabled,
            ..Settings::default()
        };
        let mut out = Vec::new();
        let rng = Box::new(Seeded::new(1));
        let nwk = Nwk::new(settings, Vec::new(), Vec::new(), rng, &mut out);
        let mut site = Site::default();
        for number in 1..=2 {
            let config = Config::new(mac(number));
            site.add_base(Rfp::new(config, Box::new(Seeded::new(u64::from(number)))));
        }
        for psn in 1..=3 {
            let model = Model { dialling, ..Model::new(ipei(psn)) };
            let pp = SimPp::new(model, Box::new(Seeded::new(u64::from(psn) + 9)), begin);
            site.add_handset(pp, 600.0);
        }
        let switchboard = Switchboard::default();
        let (now, trace) = (begin, String::new());
        let mut bench = Self { site, nwk, begin, now, switchboard, detached: 0, trace };
        bench.engine(out);
        for number in 1..=2_u8 {
            let peer = IpAddr::V4(Ipv4Addr::new(127, 0, 1, number));
            let (conn, door) = (ConnId(u32::from(number - 1)), Door::Tls(mac(number)));
            let base = usize::from(number - 1);
            let outputs = bench.site.base_input(bench.now, base, rfp::Input::Connected);
            bench.site(outputs);
            bench.tell(Input::Connected { conn, door, peer });
        }
        bench
    }

    fn subscribed(dialling: Dialling) -> Self {
        let mut bench = Self::new(dialling);
        for handset in 0..3 {
            bench.user(handset, Command::SwitchOn);
            let code = AccessCode::new("1234").expect("digits");
            bench.user(handset, Command::Subscribe(code));
        }
        bench.wait(20);
        for handset in 0..3 {
            let pp = bench.site.handset(handset).expect("a handset");
            assert!(pp.is_located(), "{}", bench.trace);
            assert!(!pp.has_link(), "{}", bench.trace);
        }
        bench.trace.clear();
        bench
    }

    fn user(&mut self, handset: usize, command: Command) {
        let outputs = self.site.user(self.now, handset, command);
        self.site(outputs);
    }

    fn tell(&mut self, input: Input) {
        let mut out = Vec::new();
        self.nwk.input(self.now, input, &mut out);
        self.engine(out);
    }

    fn site(&mut self, outputs: Vec<site::Output>) {
        for output in outputs {
            match output {
                site::Output::Send(base, octets) => {
                    let conn = ConnId(u32::try_from(base).expect("few"));
                    self.tell(Input::Received(conn, octets));
                }
                site::Output::Report(report) => self.line(&report.line(Duration::ZERO)[10..]),
                site::Output::Bind(base, handle, _) => {
                    let outputs =
                        self.site.base_input(self.now, base, rfp::Input::Bound(handle, true));
                    self.site(outputs);
                }
                site::Output::Close(base, why) => {
                    panic!("base {base} closes: {why}\n{}", self.trace)
                }
                _ => {}
            }
        }
    }

    fn engine(&mut self, outputs: Vec<Output>) {
        let mut outputs = VecDeque::from(outputs);
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::Send(conn, octets) => {
                    let base = usize::try_from(conn.0).expect("few");
                    let outputs =
                        self.site.base_input(self.now, base, rfp::Input::Received(octets));
                    self.site(outputs);
                }
                Output::Store(ticket, _) => self.tell(Input::Stored(ticket, true)),
                Output::Indicate(indication) => self.indicated(indication),
                Output::Close(conn, why) => panic!("{conn:?} closed: {why}\n{}", self.trace),
                Output::Mirror(_) => {}
            }
        }
    }

    fn indicated(&mut self, indication: Indication) {
        let mut requests = Vec::new();
        match indication {
            Indication::AccessRights(pp) => {
                let code = AccessCode::new("1234").expect("digits");
                requests.push(Request::AccessRights(pp, AccessAnswer::Allowed(code)));
            }
            Indication::Setup { call, keys, complete, .. } => {
                requests.push(Request::SetupAck(call, Info::default()));
                requests.extend(self.dialled(call, &keys, complete));
            }
            Indication::Info { call, keys, complete } => {
                requests.extend(self.dialled(call, &keys, complete));
            }
            Indication::Alert(call) => {
                let info = Info { in_band: true, ..Info::default() };
                requests.extend(self.other(call).map(|other| Request::Alert(other, info)));
            }
            Indication::Connect(call) => {
                requests
                    .extend(self.other(call).map(|other| Request::Connect(other, Info::default())));
            }
            Indication::Release(call, reason) => {
                let other = self.switchboard.other.remove(&call);
                if let Some(other) = other {
                    self.switchboard.other.remove(&other);
                }
                requests
                    .extend(other.map(|other| Request::Release(other, reason, Info::default())));
            }
            Indication::Detached(_) => self.detached += 1,
            _ => {}
        }
        for request in requests {
            self.tell(Input::Request(request));
        }
    }

    /// One digit is a number here.
    fn dialled(&mut self, call: CallId, keys: &str, _complete: bool) -> Vec<Request> {
        let dialled = self.switchboard.keys.entry(call).or_default();
        if !dialled.is_empty() {
            return Vec::new();
        }
        dialled.push_str(keys);
        let Ok(psn) = dialled.parse() else { return Vec::new() };
        if !(1..=3).contains(&psn) {
            return vec![Request::Release(call, ReleaseReason::UserUnknown, Info::default())];
        }
        let other = self.nwk.new_call();
        self.switchboard.other.extend([(call, other), (other, call)]);
        let info = Info {
            display: Some("\u{c}Call".into()),
            calling_number: Some("7".into()),
            signal: Some(Signal::Alerting0),
            ..Info::default()
        };
        let setup = Request::Setup { call: other, pp: ipei(psn), info };
        vec![Request::CallProc(call, Info::default()), setup]
    }

    fn other(&self, call: CallId) -> Option<CallId> {
        self.switchboard.other.get(&call).copied()
    }

    fn line(&mut self, line: &str) {
        let at = self.now.duration_since(self.begin).as_secs_f32();
        writeln!(self.trace, "{at:.2} {line}").expect("a string takes it");
    }

    fn wait(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        loop {
            let dues = [self.site.deadline(), self.nwk.deadline()];
            let Some(due) = dues.into_iter().flatten().min().filter(|due| *due <= end) else {
                break;
            };
            self.now = due.max(self.now);
            let mut out = Vec::new();
            self.nwk.expire(self.now, &mut out);
            self.engine(out);
            let outputs = self.site.expire(self.now);
            self.site(outputs);
        }
        self.now = end;
    }

    fn told(&mut self) -> String {
        let lines = std::mem::take(&mut self.trace);
        let words = lines.lines().map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest));
        words.fold(String::new(), |all, line| all + line + "\n")
    }
}

fn mac(number: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, number])
}

fn ipei(psn: u32) -> Ipei {
    Ipei::new(77, psn).expect("an IPEI")
}

#[test]
fn handsets_subscribe_and_get_into_service() {
    let mut bench = Bench::new(Dialling::Overlap);
    bench.user(0, Command::SwitchOn);
    bench.user(0, Command::Subscribe(AccessCode::new("1234").expect("digits")));
    bench.wait(20);
    assert_eq!(
        bench.told(),
        "base 1 on-air
base 2 on-air
handset 1 subscribed ipui=O40:1004d00001 park=31100004403201
handset 1 located tpui=00002
"
    );
}

#[test]
fn a_wrong_code_is_noticed_at_once() {
    let mut bench = Bench::new(Dialling::Overlap);
    bench.user(0, Command::SwitchOn);
    bench.user(0, Command::Subscribe(AccessCode::new("4321").expect("digits")));
    bench.wait(20);
    let told = bench.told();
    assert!(told.contains("handset 1 not-subscribed reason="), "{told}");
    assert!(!told.contains("no-answer") && !told.contains("does not answer"), "{told}");
}

#[test]
fn a_handset_calls_another_however_it_dials() {
    for dialling in [Dialling::Overlap, Dialling::AtOnce, Dialling::EnBloc] {
        let mut bench = Bench::subscribed(dialling);
        bench.user(0, Command::Dial("2".into()));
        bench.wait(5);
        let told = bench.told();
        assert!(told.contains("handset 2 ringing number=7"), "{dialling:?}: {told}");
        assert!(told.contains("handset 1 rings-there"), "{dialling:?}: {told}");
        bench.user(1, Command::Answer);
        bench.wait(5);
        let told = bench.told();
        assert!(
            told.contains("handset 1 connected\n") && told.contains("handset 2 connected\n"),
            "{told}"
        );
        let talks =
            |bench: &Bench| (0..2).all(|pp| bench.site.handset(pp).is_some_and(SimPp::talks));
        assert!(talks(&bench));
        bench.user(1, Command::HangUp);
        bench.wait(40);
        let told = bench.told();
        assert_eq!(told.matches("released reason=Normal").count(), 2, "{told}");
        assert!((0..3).all(|pp| bench.site.handset(pp).is_some_and(|pp| !pp.has_link())));
    }
}

#[test]
fn a_call_is_refused_and_an_unknown_number_is_told() {
    let mut bench = Bench::subscribed(Dialling::Overlap);
    bench.user(0, Command::Dial("2".into()));
    bench.wait(2);
    bench.user(1, Command::Reject);
    bench.wait(2);
    let told = bench.told();
    assert!(told.contains("handset 1 released reason=UserRejection"), "{told}");
    bench.user(0, Command::Dial("9".into()));
    bench.wait(2);
    let told = bench.told();
    assert!(told.contains("handset 1 released reason=UserUnknown"), "{told}");
}

#[test]
fn a_handset_that_is_carried_about_keeps_its_call() {
    let mut bench = Bench::subscribed(Dialling::Overlap);
    bench.user(0, Command::Dial("2".into()));
    bench.wait(2);
    bench.user(1, Command::Answer);
    bench.wait(2);
    bench.told();
    for base in [1, 0] {
        let outputs = bench.site.walk(bench.now, 1, base);
        bench.site(outputs);
        bench.wait(5);
        assert_eq!(bench.told(), "");
        assert!((0..2).all(|pp| bench.site.handset(pp).is_some_and(SimPp::talks)));
    }
    bench.user(0, Command::HangUp);
    bench.wait(40);
    assert_eq!(bench.told().matches("released reason=Normal").count(), 2);
    assert!((0..3).all(|pp| bench.site.handset(pp).is_some_and(|pp| !pp.has_link())));
}

#[test]
fn a_handset_that_was_carried_about_is_called_where_it_is() {
    let mut bench = Bench::subscribed(Dialling::Overlap);
    let outputs = bench.site.walk(bench.now, 1, 1);
    bench.site(outputs);
    bench.user(0, Command::Dial("2".into()));
    bench.wait(2);
    bench.user(1, Command::Answer);
    bench.wait(2);
    assert_eq!(bench.told().matches("connected\n").count(), 2);
}

#[test]
fn a_handset_is_switched_off_right_after_it_was_carried_about() {
    let mut bench = Bench::new(Dialling::Overlap);
    bench.user(0, Command::SwitchOn);
    bench.user(0, Command::Subscribe(AccessCode::new("1234").expect("digits")));
    assert!(bench.site.handset(0).is_some_and(|pp| pp.is_located() && pp.has_link()));
    let outputs = bench.site.walk(bench.now, 0, 1);
    bench.site(outputs);
    bench.user(0, Command::SwitchOff);
    bench.wait(5);
    assert!(bench.site.handset(0).is_some_and(|pp| !pp.has_link()), "{}", bench.trace);
    assert_eq!(bench.detached, 1);
}
