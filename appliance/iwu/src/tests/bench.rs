//! The engine with what stands around it played by a book of legs.

use crate::brain::Settings;
use crate::call::Action;
use crate::iwu::{Ids, Input, Iwu};
use crate::speech;
use crate::tally::Occurrence;
use crate::users::User;
use ::dect::nwk;
use ::dect::primitive::{self as dect, Indication, ReleaseReason};
use ::sip::endpoint::{self, Transport};
use ::sip::primitive::{self as sip, Account, AccountId, Ended, Incoming, Password};
use ::sip::sdp::Session;
use ident::{Ipei, Mac};
use media::session::{Codec, Command, Report, SessionId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// Legs that were begun and not ended: what the engines below would hold.
#[derive(Default)]
pub(super) struct World {
    names: u32,
    pub(super) dect: BTreeSet<dect::CallId>,
    pub(super) sip: BTreeSet<sip::CallId>,
    pub(super) media: BTreeSet<SessionId>,
    /// User agents, and whether they are to be registered.
    pub(super) accounts: BTreeMap<AccountId, bool>,
    pub(super) trace: String,
    /// What those who watch were told of.
    pub(super) occurred: Vec<Occurrence>,
}

pub(super) struct Bench {
    pub(super) iwu: Iwu,
    pub(super) world: World,
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

pub(super) const RFP: Mac = Mac([2, 0, 0, 0, 0, 1]);
pub(super) const RADIO: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000);
pub(super) const NETWORK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 58_000);
pub(super) const BASE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 16_320);

pub(super) fn handset(psn: u32) -> Ipei {
    Ipei::new(77, psn).expect("an EMC and a PSN in range")
}

pub(super) fn settings() -> Settings {
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

pub(super) fn user(name: &str, psn: u32) -> User {
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
pub(super) fn session(port: u16) -> Box<Session> {
    let preferences = crate::call::Manner::of(&settings()).preferences;
    Box::new(speech::offer(&preferences, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port), None))
}

impl Bench {
    /// Two users whose handsets are there and registered.
    pub(super) fn new() -> Self {
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

    pub(super) fn empty(settings: Settings) -> Self {
        Self { iwu: Iwu::new(settings), world: World::default(), now: Instant::now() }
    }

    pub(super) fn input(&mut self, input: Input) {
        let mut out = Vec::new();
        self.iwu.input(self.now, input, &mut Names(&mut self.world.names), &mut out);
        for action in out {
            self.note(action);
        }
    }

    pub(super) fn set(&mut self, settings: Settings) {
        let mut out = Vec::new();
        self.iwu.set(settings, &mut out);
        for action in out {
            self.note(action);
        }
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        let mut out = Vec::new();
        self.iwu.expire(self.now, &mut Names(&mut self.world.names), &mut out);
        for action in out {
            self.note(action);
        }
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
                        assert!(world.media.insert(session), "{}", world.trace);
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
            Action::Occurred(what) => return world.occurred.push(what),
        };
        let _ = writeln!(world.trace, "{line}");
    }

    /// Lets every leg that was asked to end, or that the peer ends, be over.
    pub(super) fn end_all(&mut self) {
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

    pub(super) fn assert_idle(&self) {
        assert_eq!(self.iwu.calls(), 0, "a call is left:\n{}", self.world.trace);
        assert_eq!(self.iwu.deadline(), None, "a timer is left:\n{}", self.world.trace);
        assert!(self.iwu.forgot_every_leg(), "a leg is left:\n{}", self.world.trace);
    }

    pub(super) fn opened(&mut self, session: u32) {
        let session = SessionId(session);
        self.input(Input::Media(Report::Opened { session, radio: RADIO, network: NETWORK }));
    }
}

pub(super) fn dect_line(world: &mut World, request: dect::Request) -> String {
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

pub(super) fn sip_line(world: &mut World, request: sip::Request) -> String {
    use sip::Request as R;
    match request {
        R::PutAccount(account, _) => {
            world.accounts.entry(account).or_default();
            format!("sip   account {} put", account.0)
        }
        R::RemoveAccount(account) => {
            let was = world.accounts.remove(&account);
            assert_eq!(was, Some(false), "{account:?} is registered or gone:\n{}", world.trace);
            format!("sip   account {} removed", account.0)
        }
        R::Register(account) => wishes(world, account, true),
        R::Deregister(account) => wishes(world, account, false),
        R::Invite(call, account, target, _) => {
            assert!(world.sip.insert(call));
            format!("sip   {} Invite {target} by {}", call.0, account.0)
        }
        R::Ring(call)
        | R::Answer(call, _)
        | R::Modify(call, _)
        | R::Reject(call, _)
        | R::Hangup(call)
        | R::InfoKey(call, ..) => {
            assert!(world.sip.contains(&call), "{call:?} is gone:\n{}", world.trace);
            let what = match request {
                R::Ring(_) => "Ring".into(),
                R::Answer(..) => "Answer".into(),
                R::Modify(..) => "Modify".into(),
                R::Reject(_, status) => format!("Reject {status}"),
                R::InfoKey(_, key, _) => format!("InfoKey {key}"),
                _ => "Hangup".into(),
            };
            format!("sip   {} {what}", call.0)
        }
    }
}

fn wishes(world: &mut World, account: AccountId, registered: bool) -> String {
    let what = if registered { "Register" } else { "Deregister" };
    let known = world.accounts.insert(account, registered);
    assert!(known.is_some(), "{account:?} is gone:\n{}", world.trace);
    format!("sip   account {} {what}", account.0)
}

pub(super) fn media_line(command: &Command) -> String {
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

pub(super) fn dial(bench: &mut Bench, call: u32, psn: u32, keys: &str) {
    let (call, pp) = (dect::CallId(call), handset(psn));
    bench.world.dect.insert(call);
    bench.input(Input::Dect(Indication::Setup { call, pp, keys: keys.into(), complete: false }));
}

pub(super) fn ring(bench: &mut Bench, call: u32, account: u32, offer: Option<Box<Session>>) {
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
