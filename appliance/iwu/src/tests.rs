//! The engine against both sides as they behave, well or badly.

use crate::brain::Settings;
use crate::call::{Action, Timer};
use crate::iwu::{Ids, Input, Iwu};
use crate::speech;
use crate::users::User;
use ::dect::nwk;
use ::dect::primitive::{self as dect, Indication, ReleaseReason};
use ::sip::endpoint::{self, Transport};
use ::sip::primitive::{self as sip, Account, AccountId, Ended, Incoming, Password};
use ::sip::sdp::Session;
use ident::{Ipei, Mac};
use media::session::{Codec, Command, Report, SessionId};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Legs that were begun and not ended: what the engines below would hold.
#[derive(Default)]
struct World {
    names: u32,
    dect: BTreeSet<dect::CallId>,
    sip: BTreeSet<sip::CallId>,
    media: BTreeSet<SessionId>,
    trace: String,
}

struct Bench {
    iwu: Iwu,
    world: World,
    now: Instant,
}

struct Names<'a>(&'a mut u32);

impl Ids for Names<'_> {
    fn dect(&mut self) -> dect::CallId {
        *self.0 += 1;
        dect::CallId(*self.0)
    }

    fn sip(&mut self) -> sip::CallId {
        *self.0 += 1;
        sip::CallId(*self.0)
    }
}

const RFP: Mac = Mac([2, 0, 0, 0, 0, 1]);
const RADIO: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000);
const NETWORK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 58_000);
const BASE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 16_320);

fn handset(psn: u32) -> Ipei {
    Ipei::new(77, psn).expect("an EMC and a PSN in range")
}

fn settings() -> Settings {
    Settings {
        dect: nwk::Settings { subscription_allowed: true, ..nwk::Settings::default() },
        sip: endpoint::Settings {
            address: Ipv4Addr::LOCALHOST.into(),
            port: 5060,
            transport: Transport::Udp,
            proxies: vec![],
            srv: false,
            registration_expire: Duration::from_hours(1),
            transaction_timeout: Duration::from_secs(16),
            max_forwards: 70,
            registers_per_second: 200,
        },
        access_code: None,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        ptime_ms: 20,
        events: Some(96),
        info_keys: false,
        key_duration: Duration::from_millis(270),
        pound_dials: true,
        deregister_on_detach: false,
        ring_timeout: Duration::from_mins(2),
    }
}

fn user(name: &str, psn: u32) -> User {
    User {
        ipei: Some(handset(psn)),
        access_code: None,
        account: Account {
            user: name.into(),
            domain: "pbx.example".into(),
            display_name: String::new(),
            auth_user: name.into(),
            password: Password::new("hush"),
        },
        disabled: false,
    }
}

/// A description as a peer with our codecs would send it.
fn session(port: u16) -> Box<Session> {
    let preferences = crate::iwu::preferences(&settings());
    Box::new(speech::offer(&preferences, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port), None))
}

impl Bench {
    /// Two users whose handsets are there and registered.
    fn new() -> Self {
        let mut bench = Self::empty(settings());
        bench.input(Input::Users(vec![user("201", 1), user("202", 2)]));
        for psn in [1, 2] {
            bench.input(Input::Dect(Indication::Subscribed(handset(psn))));
            bench.input(Input::Dect(Indication::Located(handset(psn), RFP)));
            let registered = sip::Event::Registered(AccountId(psn), Duration::from_hours(1));
            bench.input(Input::Sip(registered));
        }
        bench.world.trace.clear();
        bench
    }

    fn empty(settings: Settings) -> Self {
        Self { iwu: Iwu::new(settings), world: World::default(), now: Instant::now() }
    }

    fn input(&mut self, input: Input) {
        let mut out = Vec::new();
        self.iwu.input(self.now, input, &mut Names(&mut self.world.names), &mut out);
        out.into_iter().for_each(|action| self.note(action));
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let mut out = Vec::new();
        self.iwu.expire(self.now, &mut Names(&mut self.world.names), &mut out);
        out.into_iter().for_each(|action| self.note(action));
    }

    /// Writes an action down, and keeps the book of what the engines would hold.
    fn note(&mut self, action: Action) {
        let world = &mut self.world;
        let line = match action {
            Action::Dect(request) => dect_line(world, request),
            Action::Sip(request) => sip_line(world, request),
            Action::Media(command) => {
                match command {
                    Command::Open(session) => {
                        assert!(world.media.insert(session), "{}", world.trace)
                    }
                    Command::Connect(session, ..)
                    | Command::Key(session, ..)
                    | Command::Close(session) => {
                        assert!(
                            world.media.contains(&session),
                            "{session:?} is gone:\n{}",
                            world.trace
                        );
                    }
                }
                media_line(&command)
            }
            Action::Note(text) => format!("note  {text}"),
        };
        let _ = writeln!(world.trace, "{line}");
    }

    /// Lets every leg that was asked to end, or that the peer ends, be over.
    fn end_all(&mut self) {
        for call in std::mem::take(&mut self.world.dect) {
            self.input(Input::Dect(Indication::Release(call, ReleaseReason::Normal)));
        }
        for call in std::mem::take(&mut self.world.sip) {
            self.input(Input::Sip(sip::Event::Ended(call, Ended::ByUs)));
        }
        for session in std::mem::take(&mut self.world.media) {
            self.input(Input::Media(Report::Closed(session, Box::default())));
        }
    }

    fn assert_idle(&self) {
        assert_eq!(self.iwu.calls(), 0, "a call is left:\n{}", self.world.trace);
        assert_eq!(self.iwu.deadline(), None, "a timer is left:\n{}", self.world.trace);
        assert!(self.iwu.forgot_every_leg(), "a leg is left:\n{}", self.world.trace);
    }

    fn opened(&mut self, session: u32) {
        let session = SessionId(session);
        self.input(Input::Media(Report::Opened { session, radio: RADIO, network: NETWORK }));
    }
}

fn dect_line(world: &mut World, request: dect::Request) -> String {
    use dect::Request as R;
    let call = match &request {
        R::Setup { call, .. } => {
            assert!(world.dect.insert(*call));
            *call
        }
        R::SetupAck(call, _)
        | R::CallProc(call, _)
        | R::Alert(call, _)
        | R::Connect(call, _)
        | R::Info(call, _)
        | R::Release(call, ..)
        | R::OpenMedia(call, _)
        | R::ChangeMedia(call, _)
        | R::CloseMedia(call) => {
            assert!(world.dect.contains(call), "{call:?} is gone:\n{}", world.trace);
            *call
        }
        _ => dect::CallId(0),
    };
    let what = match request {
        R::Setup { info, .. } => format!("Setup {}", info.display.unwrap_or_default()),
        R::SetupAck(_, info) => format!("SetupAck {:?}", info.signal),
        R::CallProc(..) => "CallProc".into(),
        R::Alert(_, info) => format!("Alert {:?} in_band={}", info.signal, info.in_band),
        R::Connect(..) => "Connect".into(),
        R::Info(_, info) => format!("Info {:?} in_band={}", info.signal, info.in_band),
        R::Release(_, reason, info) => {
            format!("Release {reason:?} {}", info.display.unwrap_or_default())
        }
        R::OpenMedia(_, peer) => format!("OpenMedia {:?}", peer.codec),
        R::ChangeMedia(_, peer) => format!("ChangeMedia {:?}", peer.codec),
        R::CloseMedia(_) => "CloseMedia".into(),
        R::AccessRights(pp, dect::AccessAnswer::Allowed(_)) => format!("AccessRights {pp} allowed"),
        R::AccessRights(pp, dect::AccessAnswer::Refused) => format!("AccessRights {pp} refused"),
        R::Terminate(pp) | R::SuggestLocate(pp) | R::Identify(pp) => format!("for {pp}"),
    };
    format!("dect  {} {what}", call.0)
}

fn sip_line(world: &mut World, request: sip::Request) -> String {
    use sip::Request as R;
    match request {
        R::PutAccount(account, _) => format!("sip   account {} put", account.0),
        R::RemoveAccount(account) => format!("sip   account {} removed", account.0),
        R::Register(account) => format!("sip   account {} Register", account.0),
        R::Deregister(account) => format!("sip   account {} Deregister", account.0),
        R::Invite(call, account, target, _) => {
            assert!(world.sip.insert(call));
            format!("sip   {} Invite {target} by {}", call.0, account.0)
        }
        R::Ring(call)
        | R::Answer(call, _)
        | R::Reject(call, _)
        | R::Hangup(call)
        | R::InfoKey(call, ..) => {
            assert!(world.sip.contains(&call), "{call:?} is gone:\n{}", world.trace);
            let what = match request {
                R::Ring(_) => "Ring".into(),
                R::Answer(..) => "Answer".into(),
                R::Reject(_, status) => format!("Reject {status}"),
                R::InfoKey(_, key, _) => format!("InfoKey {key}"),
                _ => "Hangup".into(),
            };
            format!("sip   {} {what}", call.0)
        }
    }
}

fn media_line(command: &Command) -> String {
    match command {
        Command::Open(session) => format!("media {} Open", session.0),
        Command::Connect(session, side, peer) => {
            let (rtp, codec, direction) = (peer.rtp, peer.codec, peer.direction);
            format!("media {} Connect {side:?} {rtp} {codec:?} {direction:?}", session.0)
        }
        Command::Key(session, side, key, _) => format!("media {} Key {side:?} {key}", session.0),
        Command::Close(session) => format!("media {} Close", session.0),
    }
}

fn dial(bench: &mut Bench, call: u32, psn: u32, keys: &str) {
    let (call, pp) = (dect::CallId(call), handset(psn));
    bench.world.dect.insert(call);
    bench.input(Input::Dect(Indication::Setup { call, pp, keys: keys.into(), complete: false }));
}

fn ring(bench: &mut Bench, call: u32, account: u32, offer: Option<Box<Session>>) {
    let call = sip::CallId(call);
    bench.world.sip.insert(call);
    let (account, number, name) = (AccountId(account), "300".into(), "Ward 3".into());
    bench.input(Input::Sip(sip::Event::Incoming(Box::new(Incoming {
        call,
        account,
        number,
        name,
        offer,
    }))));
}

#[test]
fn digits_are_collected_until_the_caller_pauses_and_the_answer_opens_the_speech() {
    let mut bench = Bench::new();
    dial(&mut bench, 900, 1, "");
    for keys in ["2", "0", "2"] {
        let (call, keys) = (dect::CallId(900), keys.into());
        bench.input(Input::Dect(Indication::Info { call, keys, complete: false }));
        bench.pass(Duration::from_secs(3));
    }
    bench.pass(Timer::Pause.spec().default);
    bench.opened(1);
    bench.input(Input::Sip(sip::Event::Progress(sip::CallId(1), 180, None)));
    bench.input(Input::Sip(sip::Event::Answered(sip::CallId(1), Some(session(7000)))));
    bench.input(Input::Dect(Indication::MediaOpened(dect::CallId(900), BASE)));
    let (call, keys) = (dect::CallId(900), "5".into());
    bench.input(Input::Dect(Indication::Info { call, keys, complete: false }));
    bench.world.sip.clear();
    bench.input(Input::Sip(sip::Event::Ended(sip::CallId(1), Ended::ByPeer)));
    bench.end_all();
    assert_eq!(
        bench.world.trace,
        "\
dect  900 SetupAck Some(DialTone)
dect  900 Info Some(TonesOff) in_band=false
dect  900 CallProc
media 1 Open
note  00077 0000001 9 dials 202
sip   1 Invite 202 by 1
dect  900 Alert Some(RingBack) in_band=false
media 1 Connect Network 127.0.0.1:7000 Pcma Both
dect  900 OpenMedia Pcma
dect  900 Connect
media 1 Connect Radio 127.0.0.1:16320 Pcma Both
media 1 Key Network 5
dect  900 Release Normal 
media 1 Close
"
    );
    bench.assert_idle();
}

#[test]
fn a_call_from_the_pbx_pages_rings_and_is_answered_with_the_handsets_speech() {
    let mut bench = Bench::new();
    ring(&mut bench, 800, 1, Some(session(7000)));
    bench.opened(1);
    bench.input(Input::Dect(Indication::Alert(dect::CallId(1))));
    bench.input(Input::Dect(Indication::Connect(dect::CallId(1))));
    bench.input(Input::Dect(Indication::MediaOpened(dect::CallId(1), BASE)));
    bench.world.dect.clear();
    bench.input(Input::Dect(Indication::Release(dect::CallId(1), ReleaseReason::Normal)));
    bench.end_all();
    assert_eq!(
        bench.world.trace,
        "\
dect  1 Setup Ward 3 300
media 1 Open
sip   800 Ring
media 1 Connect Network 127.0.0.1:7000 Pcma Both
dect  1 OpenMedia Pcma
sip   800 Answer
media 1 Connect Radio 127.0.0.1:16320 Pcma Both
sip   800 Hangup
media 1 Close
"
    );
    bench.assert_idle();
}

#[test]
fn a_late_offer_is_ours_and_speech_opens_with_the_ack() {
    let mut bench = Bench::new();
    ring(&mut bench, 800, 1, None);
    bench.input(Input::Dect(Indication::Connect(dect::CallId(1))));
    bench.opened(1);
    bench.input(Input::Sip(sip::Event::Answered(sip::CallId(800), Some(session(7000)))));
    assert_eq!(
        bench.world.trace,
        "\
dect  1 Setup Ward 3 300
media 1 Open
sip   800 Answer
media 1 Connect Network 127.0.0.1:7000 Pcma Both
dect  1 OpenMedia Pcma
"
    );
}

#[test]
fn each_way_a_handset_does_not_answer_has_its_status() {
    for (reason, status) in [
        (ReleaseReason::UserRejection, 486),
        (ReleaseReason::UserBusy, 486),
        (ReleaseReason::UserNotInRange, 480),
        (ReleaseReason::TimerExpiry, 480),
        (ReleaseReason::IncompatibleService, 488),
    ] {
        let mut bench = Bench::new();
        ring(&mut bench, 800, 1, Some(session(7000)));
        bench.world.dect.clear();
        bench.input(Input::Dect(Indication::Release(dect::CallId(1), reason)));
        assert!(
            bench.world.trace.contains(&format!("sip   800 Reject {status}\n")),
            "{}",
            bench.world.trace
        );
        bench.end_all();
        bench.assert_idle();
    }
}

#[test]
fn a_handset_that_is_away_busy_or_nobodys_is_not_paged() {
    let mut bench = Bench::new();
    bench.input(Input::Dect(Indication::Detached(handset(2))));
    ring(&mut bench, 800, 2, Some(session(7000)));
    dial(&mut bench, 900, 1, "555");
    ring(&mut bench, 801, 1, Some(session(7000)));
    ring(&mut bench, 802, 77, None);
    let trace = &bench.world.trace;
    for line in ["sip   800 Reject 480", "sip   801 Reject 486", "sip   802 Reject 480"] {
        assert!(trace.contains(line), "{line}:\n{trace}");
    }
    assert!(!trace.contains("Setup Ward"), "{trace}");
}

#[test]
fn who_picks_up_to_dial_while_being_searched_makes_the_call_and_the_caller_hears_busy() {
    let mut bench = Bench::new();
    ring(&mut bench, 800, 1, Some(session(7000)));
    dial(&mut bench, 900, 1, "202");
    assert_eq!(
        bench.world.trace,
        "\
dect  1 Setup Ward 3 300
media 1 Open
dect  1 Release Collision 
sip   800 Reject 486
media 1 Close
dect  900 CallProc
media 2 Open
note  00077 0000001 9 dials 202
"
    );
    bench.end_all();
    bench.assert_idle();
}

#[test]
fn only_listed_handsets_subscribe_and_only_while_it_is_allowed() {
    let mut bench = Bench::new();
    bench.input(Input::Dect(Indication::AccessRights(handset(1))));
    bench.input(Input::Dect(Indication::AccessRights(handset(9))));
    let mut closed = settings();
    closed.dect.subscription_allowed = false;
    bench.iwu.set(closed);
    bench.input(Input::Dect(Indication::AccessRights(handset(1))));
    assert_eq!(
        bench.world.trace,
        "\
dect  0 AccessRights 00077 0000001 9 allowed
note  00077 0000009 1 wants to subscribe and was refused: no user has this IPEI
dect  0 AccessRights 00077 0000009 1 refused
note  00077 0000001 9 wants to subscribe and was refused: subscription is not allowed (dect.subscription_allowed)
dect  0 AccessRights 00077 0000001 9 refused
"
    );
}

#[test]
fn a_new_list_of_users_touches_only_what_has_changed() {
    let mut bench = Bench::new();
    let mut changed = user("202", 2);
    changed.account.password = Password::new("louder");
    bench.input(Input::Users(vec![user("203", 1), changed]));
    assert_eq!(
        bench.world.trace,
        "\
sip   account 3 put
sip   account 2 put
sip   account 1 removed
sip   account 2 Register
sip   account 3 Register
"
    );
    bench.world.trace.clear();
    bench.input(Input::Users(vec![]));
    assert_eq!(bench.world.trace, "sip   account 2 removed\nsip   account 3 removed\n");
}

#[test]
fn a_stop_ends_calls_and_takes_registrations_back() {
    let mut bench = Bench::new();
    dial(&mut bench, 900, 1, "202");
    bench.world.trace.clear();
    bench.input(Input::Stop);
    dial(&mut bench, 901, 2, "201");
    assert_eq!(
        bench.world.trace,
        "\
dect  900 Release Normal 
media 1 Close
sip   account 1 Deregister
sip   account 2 Deregister
note  00077 0000002 * may not call: it has no user, or a disabled one
dect  901 Release UserRejection Not allowed
"
    );
}

/// One thing that may happen to a call, given the names of its legs.
type Happening = fn(dect::CallId, sip::CallId, SessionId) -> Option<Input>;

const HAPPENINGS: [(Happening, Leg); 14] = [
    (|call, _, _| Some(Input::Dect(Indication::Alert(call))), Leg::Dect),
    (|call, _, _| Some(Input::Dect(Indication::Connect(call))), Leg::Dect),
    (
        |call, _, _| Some(Input::Dect(Indication::Release(call, ReleaseReason::UserBusy))),
        Leg::EndsDect,
    ),
    (|call, _, _| Some(Input::Dect(Indication::MediaOpened(call, BASE))), Leg::Dect),
    (|call, _, _| Some(Input::Dect(Indication::MediaFailed(call, String::new()))), Leg::Dect),
    (
        |call, _, _| {
            Some(Input::Dect(Indication::Info { call, keys: "5".into(), complete: false }))
        },
        Leg::Dect,
    ),
    (|_, call, _| Some(Input::Sip(sip::Event::Progress(call, 183, Some(session(7000))))), Leg::Sip),
    (|_, call, _| Some(Input::Sip(sip::Event::Answered(call, Some(session(7001))))), Leg::Sip),
    (|_, call, _| Some(Input::Sip(sip::Event::Offer(call, Some(session(7002))))), Leg::Sip),
    (|_, call, _| Some(Input::Sip(sip::Event::Ended(call, Ended::Refused(486)))), Leg::EndsSip),
    (
        |_, _, session| {
            Some(Input::Media(Report::Opened { session, radio: RADIO, network: NETWORK }))
        },
        Leg::Media,
    ),
    (|_, _, session| Some(Input::Media(Report::Failed(session, String::new()))), Leg::EndsMedia),
    (|_, _, _| Some(Input::MediaLost), Leg::EveryMedia),
    (|_, _, _| None, Leg::Time),
];

/// Which leg has to exist for a thing to happen, and whether it ends by it.
#[derive(Clone, Copy, PartialEq)]
enum Leg {
    Dect,
    EndsDect,
    Sip,
    EndsSip,
    Media,
    EndsMedia,
    EveryMedia,
    Time,
}

fn happen(bench: &mut Bench, (happening, leg): (Happening, Leg)) {
    let dect = bench.world.dect.first().copied();
    let sip = bench.world.sip.first().copied();
    let media = bench.world.media.first().copied();
    let there = match leg {
        Leg::Dect | Leg::EndsDect => dect.is_some(),
        Leg::Sip | Leg::EndsSip => sip.is_some(),
        Leg::Media | Leg::EndsMedia => media.is_some(),
        Leg::EveryMedia | Leg::Time => true,
    };
    if !there {
        return;
    }
    match leg {
        Leg::EndsDect => drop(bench.world.dect.pop_first()),
        Leg::EndsSip => drop(bench.world.sip.pop_first()),
        Leg::EndsMedia => drop(bench.world.media.pop_first()),
        Leg::EveryMedia => bench.world.media.clear(),
        _ => {}
    }
    let names = (dect.unwrap_or(dect::CallId(0)), sip.unwrap_or(sip::CallId(0)));
    match happening(names.0, names.1, media.unwrap_or(SessionId(0))) {
        Some(input) => bench.input(input),
        None => bench.pass(Duration::from_mins(3)),
    }
}

/// Whatever happens in whatever order: nothing is asked of a leg that is gone (the bench checks each action),
/// and when the legs have ended nothing is left.
#[test]
fn no_four_things_leave_a_call_behind() {
    let n = HAPPENINGS.len();
    for sequence in 0..n.pow(4) {
        for begin in [0, 1, 2] {
            let mut bench = Bench::new();
            match begin {
                0 => dial(&mut bench, 900, 1, "202"),
                1 => ring(&mut bench, 900, 1, Some(session(6999))),
                _ => ring(&mut bench, 900, 1, None),
            }
            for step in [sequence % n, sequence / n % n, sequence / n / n % n, sequence / n / n / n]
            {
                happen(&mut bench, HAPPENINGS[step]);
            }
            bench.input(Input::Stop);
            bench.end_all();
            bench.assert_idle();
        }
    }
}
