//! A world in one thread: its own clock, its own handset, the same every time.

use super::Indication::Unexpected;
use super::{Action, Call, Event, Indication, Keys, Out, Party, Request, State, Timer};
use crate::primitive::{Info, ReleaseReason as Reason, Signal};
use crate::wire::ie::{
    BasicService, CalledPartyNumber, FixedIdentity, MultiKeypad, PortableIdentity, SingleKeypad,
};
use crate::wire::{Id, Kind, Message, Ti};
use ident::{Ari, Ipei, Ipui, Park};
use machine::Effect;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// What the simulated handset answers, and how long after hearing it.
type Handset = fn(Kind) -> Vec<(u64, Message)>;

struct World {
    now: Duration,
    call: Call,
    handset: Handset,
    /// What will happen, by when and then by who asked first.
    agenda: BTreeMap<(Duration, u32), Event>,
    asked: u32,
    trace: String,
}

impl World {
    fn new(handset: Handset) -> Self {
        let (call, agenda) = (Call::new(), BTreeMap::new());
        Self { now: Duration::ZERO, call, handset, agenda, asked: 0, trace: String::new() }
    }

    /// Lets things happen until nothing is left to happen.
    fn run(&mut self) {
        while let Some(((at, _), event)) = self.agenda.pop_first() {
            self.now = at;
            self.step(event);
        }
    }

    fn step(&mut self, event: Event) {
        let (before, mut out) = (self.call.state(), Out::default());
        let expired = matches!(event, Event::Expired(_));
        let (now, told) = (self.now.as_secs_f64(), told(&event));
        self.call.handle(event, &mut out);
        let after = self.call.state();
        let _ = writeln!(self.trace, "{now:7.3} {told}: {before:?} -> {after:?}");
        for effect in out.drain() {
            let unexpected = matches!(effect, Effect::Act(Action::Indicate(Unexpected(_))));
            assert!(!(unexpected && expired), "a timer was left running:\n{}", self.trace);
            self.carry_out(effect);
        }
        let waits = self.agenda.values().any(|event| matches!(event, Event::Expired(_)));
        assert!(!waits || after != State::Null, "a timer outlives the call:\n{}", self.trace);
    }

    fn carry_out(&mut self, effect: Effect<Action, Timer>) {
        match effect {
            Effect::Stop(timer) => self.agenda.retain(|_, e| *e != Event::Expired(timer)),
            Effect::Start(timer) => {
                self.carry_out(Effect::Stop(timer));
                self.plan(timer.spec().default.as_millis(), Event::Expired(timer));
            }
            Effect::Act(Action::Indicate(indication)) => {
                let _ = writeln!(self.trace, "        -> IWU {indication:?}");
            }
            Effect::Act(Action::Send(message)) => {
                let _ = writeln!(self.trace, "        -> PP  {}", told_message(&message));
                for (delay, answer) in (self.handset)(message.kind) {
                    self.plan(u128::from(delay) + 20, Event::Received(answer));
                }
            }
        }
    }

    fn plan(&mut self, after_ms: u128, event: Event) {
        self.asked += 1;
        let after = Duration::from_millis(u64::try_from(after_ms).unwrap());
        self.agenda.insert((self.now + after, self.asked), event);
    }

    fn request(&mut self, after_ms: u128, request: Request) {
        self.plan(after_ms, Event::Request(request));
    }

    fn hears(&mut self, after_ms: u128, message: Message) {
        self.plan(after_ms, Event::Received(message));
    }
}

fn told(event: &Event) -> String {
    match event {
        Event::Request(Request::Setup(..)) => "Request(Setup)".to_owned(),
        Event::Request(Request::Release(reason, _)) => format!("Request(Release({reason:?}))"),
        Event::Request(request) => {
            let name = format!("{request:?}");
            format!("Request({})", name.split('(').next().unwrap())
        }
        Event::Received(message) => format!("Received({})", told_message(message)),
        Event::Expired(timer) => format!("Expired({})", timer.spec().name),
        Event::LinkLost(reason) => format!("LinkLost({reason:?})"),
    }
}

/// Name and elements, without the transaction identifier, which is not the call's.
fn told_message(message: &Message) -> String {
    let mut text = message.kind.name().unwrap().to_owned();
    for octet in message.encode().iter().skip(2) {
        if !text.contains(' ') {
            text.push(' ');
        }
        let _ = write!(text, "{octet:02x}");
    }
    text
}

fn message(kind: Kind) -> Message {
    Message::new(Ti::opened(0), kind)
}

fn ari() -> Ari {
    Ari::from_octets(&[0x10, 0x00, 0x90, 0x34]).unwrap()
}

fn ipui() -> Ipui {
    Ipui::private_ipei(Ipei::new(0x004f, 0xfffff).unwrap())
}

fn setup_from_handset() -> Message {
    message(Kind::CcSetup)
        .with(&PortableIdentity::Ipui(ipui()))
        .with(&FixedIdentity::Park(Park::exactly(ari())))
        .with(&BasicService::NORMAL)
}

fn keys(keys: &str) -> Message {
    message(Kind::CcInfo).with(&MultiKeypad(keys.to_owned()))
}

fn setup() -> Request {
    let info = Info {
        display: Some("Alice".to_owned()),
        calling_number: Some("101".to_owned()),
        signal: Some(Signal::Alerting0),
        ..Info::default()
    };
    Request::Setup(Box::new(Party { ipui: ipui(), ari: ari() }), info)
}

fn hang_up() -> Request {
    Request::Release(Reason::Normal, Info::default())
}

/// Rings for longer than <CC.03> would allow silence, then talks for ten seconds.
fn patient_listener(heard: Kind) -> Vec<(u64, Message)> {
    match heard {
        Kind::CcSetup => vec![
            (0, message(Kind::CcAlerting)),
            (30_000, message(Kind::CcConnect)),
            (40_000, message(Kind::CcRelease).with(&Reason::Normal)),
        ],
        _ => vec![],
    }
}

fn out_of_range(_: Kind) -> Vec<(u64, Message)> {
    vec![]
}

fn agrees_to_release(heard: Kind) -> Vec<(u64, Message)> {
    match heard {
        Kind::CcRelease => vec![(0, message(Kind::CcReleaseCom))],
        _ => vec![],
    }
}

#[test]
fn a_called_handset_rings_talks_and_hangs_up() {
    let mut world = World::new(patient_listener);
    world.step(Event::Request(setup()));
    world.run();
    assert_eq!(
        world.trace,
        "  0.000 Request(Setup): Null -> CallPresent
        -> PP  CC-SETUP 050780a81004ffffff0606a0a010009034e08028060c416c696365e4406c050080313031
  0.020 Received(CC-ALERTING): CallPresent -> CallReceived
        -> IWU Alert
 30.020 Received(CC-CONNECT): CallReceived -> Active
        -> PP  CC-CONNECT-ACK
        -> IWU Connect
 40.020 Received(CC-RELEASE e200): Active -> Null
        -> PP  CC-RELEASE-COM e200
        -> IWU Release(Normal)
"
    );
}

#[test]
fn a_handset_out_of_range_is_given_up() {
    let mut world = World::new(out_of_range);
    world.step(Event::Request(setup()));
    world.run();
    assert!(
        world.trace.ends_with(
            " 20.000 Expired(<CC.03>): CallPresent -> Null
        -> PP  CC-RELEASE-COM e20d
        -> IWU Release(TimerExpiry)
"
        ),
        "{}",
        world.trace
    );
}

#[test]
fn a_handset_that_nobody_picks_up_is_released() {
    let mut world = World::new(|heard| match heard {
        Kind::CcSetup => vec![(0, message(Kind::CcAlerting))],
        _ => vec![],
    });
    world.step(Event::Request(setup()));
    world.run();
    assert!(
        world.trace.ends_with(
            "100.020 Expired(<CC.04>): CallReceived -> ReleasePending
        -> PP  CC-RELEASE e20d
136.020 Expired(<CC.02>): ReleasePending -> Null
        -> PP  CC-RELEASE-COM e20d
        -> IWU Release(TimerExpiry)
"
        ),
        "{}",
        world.trace
    );
}

#[test]
fn digits_are_dialled_one_by_one() {
    let mut world = World::new(agrees_to_release);
    world.hears(0, setup_from_handset());
    world
        .request(10, Request::SetupAck(Info { signal: Some(Signal::DialTone), ..Info::default() }));
    world.hears(1_000, message(Kind::CcInfo).with(&SingleKeypad('1')));
    world.hears(19_000, keys("0"));
    world.hears(38_000, keys("1").with_empty(Id::SENDING_COMPLETE));
    world.request(38_010, Request::CallProc(Info::default()));
    world.request(40_000, Request::Alert(Info { in_band: true, ..Info::default() }));
    world.request(45_000, Request::Connect(Info::default()));
    world.hears(46_000, keys("#"));
    world.request(50_000, hang_up());
    world.run();
    assert_eq!(
        world.trace,
        "  0.000 Received(CC-SETUP 050780a81004ffffff0606a0a010009034e080): Null -> CallInitiated
        -> IWU Setup(Keys { keys: \"\", complete: false })
  0.010 Request(SetupAck): CallInitiated -> OverlapSending
        -> PP  CC-SETUP-ACK e400
  1.000 Received(CC-INFO e931): OverlapSending -> OverlapSending
        -> IWU Info(Keys { keys: \"1\", complete: false })
 19.000 Received(CC-INFO 2c0130): OverlapSending -> OverlapSending
        -> IWU Info(Keys { keys: \"0\", complete: false })
 38.000 Received(CC-INFO 2c0131a1): OverlapSending -> OverlapSending
        -> IWU Info(Keys { keys: \"1\", complete: true })
 38.010 Request(CallProc): OverlapSending -> CallProceeding
        -> PP  CC-CALL-PROC
 40.000 Request(Alert): CallProceeding -> CallDelivered
        -> PP  CC-ALERTING 1e028188
 45.000 Request(Connect): CallDelivered -> Active
        -> PP  CC-CONNECT
 46.000 Received(CC-INFO 2c0123): Active -> Active
        -> IWU Info(Keys { keys: \"#\", complete: false })
 50.000 Request(Release(Normal)): Active -> ReleasePending
        -> PP  CC-RELEASE e200
 50.020 Received(CC-RELEASE-COM): ReleasePending -> Null
        -> IWU Release(Normal)
"
    );
}

#[test]
fn a_handset_that_stops_dialling_is_released() {
    let mut world = World::new(agrees_to_release);
    world.hears(0, setup_from_handset());
    world.request(0, Request::SetupAck(Info::default()));
    world.hears(10_000, keys("4"));
    world.run();
    assert!(
        world.trace.ends_with(
            " 30.000 Expired(<CC.01>): OverlapSending -> ReleasePending
        -> PP  CC-RELEASE e20d
 30.020 Received(CC-RELEASE-COM): ReleasePending -> Null
        -> IWU Release(Normal)
"
        ),
        "{}",
        world.trace
    );
}

#[test]
fn a_number_in_the_setup_is_told_in_whichever_element_it_comes() {
    let spellings = [
        setup_from_handset().with(&MultiKeypad("101".to_owned())),
        setup_from_handset().with(&CalledPartyNumber::new("101")),
    ];
    for setup in spellings {
        let (mut call, mut out) = (Call::new(), Out::default());
        call.handle(Event::Received(setup.with_empty(Id::SENDING_COMPLETE)), &mut out);
        let told = Indication::Setup(Keys { keys: "101".to_owned(), complete: true });
        assert_eq!(out.drain(), [Effect::Act(Action::Indicate(told))]);
    }
}

/// The far end may keep a caller waiting in a queue for as long as it likes.
#[test]
fn a_waiting_handset_is_told_to_be_patient() {
    let mut world = World::new(agrees_to_release);
    world.hears(0, setup_from_handset());
    world.request(10, Request::CallProc(Info::default()));
    world.request(240_000, Request::Connect(Info::default()));
    world.request(241_000, hang_up());
    world.run();
    let restarts: Vec<&str> =
        world.trace.lines().filter(|line| line.contains("<X-CC.04>")).collect();
    assert_eq!(
        restarts,
        [
            " 90.010 Expired(<X-CC.04>): CallProceeding -> CallProceeding",
            "180.010 Expired(<X-CC.04>): CallProceeding -> CallProceeding",
        ]
    );
    assert_eq!(world.trace.matches("-> PP  CC-NOTIFY e500").count(), 2, "{}", world.trace);
}

#[test]
fn a_setup_that_lacks_something_is_refused_before_the_iwu_hears_of_it() {
    let whole = setup_from_handset();
    let mandatory = [Id::PORTABLE_IDENTITY, Id::FIXED_IDENTITY, Id::BASIC_SERVICE];
    for missing in mandatory {
        let mut setup = message(Kind::CcSetup);
        let kept = whole.elements().iter().filter(|element| element.id() != missing);
        kept.for_each(|element| setup.add_element(element.clone()));
        assert_eq!(refusal(setup), "CC-RELEASE-COM e203", "{missing}");
    }
    let damaged = crate::wire::Element::new(Id::PORTABLE_IDENTITY, vec![0x80]).unwrap();
    let mut setup = message(Kind::CcSetup)
        .with(&FixedIdentity::Park(Park::exactly(ari())))
        .with(&BasicService::NORMAL);
    setup.add_element(damaged);
    assert_eq!(refusal(setup), "CC-RELEASE-COM e204");
}

fn refusal(setup: Message) -> String {
    let (mut call, mut out) = (Call::new(), Out::default());
    call.handle(Event::Received(setup), &mut out);
    assert_eq!(call.state(), State::Null);
    match &out.drain()[..] {
        [Effect::Act(Action::Send(message))] => told_message(message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_not_to_be_had_in_a_call_is_refused_and_the_call_goes_on() {
    for (asked, answer) in [
        (Kind::CcServiceChange, "CC-SERVICE-REJECT e206"),
        (Kind::Hold, "HOLD-REJECT 600120"),
        (Kind::Retrieve, "RETRIEVE-REJECT 600120"),
    ] {
        let mut world = World::new(out_of_range);
        world.hears(0, setup_from_handset());
        world.request(10, Request::Connect(Info::default()));
        world.run();
        world.step(Event::Received(message(asked)));
        assert!(world.trace.ends_with(&format!("-> PP  {answer}\n")), "{}", world.trace);
        assert_eq!(world.call.state(), State::Active);
    }
}

#[test]
fn a_handset_that_rings_oddly_gets_the_other_pattern() {
    for (emc, pattern) in [(4563, Signal::Alerting1), (4564, Signal::Alerting0)] {
        let ipui = Ipui::private_ipei(Ipei::new(emc, 1).unwrap());
        let party = Box::new(Party { ipui, ari: ari() });
        let info = Info { signal: Some(Signal::Alerting0), ..Info::default() };
        let (mut call, mut out) = (Call::new(), Out::default());
        call.handle(Event::Request(Request::Setup(party, info)), &mut out);
        let effects = out.drain();
        let [Effect::Act(Action::Send(setup)), ..] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(setup.get(), Some(pattern));
    }
}

/// What can happen from outside, apart from time.
fn happenings() -> Vec<Event> {
    let heard = [
        setup_from_handset(),
        keys("1"),
        message(Kind::CcAlerting),
        message(Kind::CcConnect),
        message(Kind::CcConnectAck),
        message(Kind::CcRelease).with(&Reason::UserBusy),
        message(Kind::CcReleaseCom),
        message(Kind::CcServiceChange),
    ];
    let info = Info::default;
    let asked = [
        setup(),
        Request::SetupAck(info()),
        Request::CallProc(info()),
        Request::Alert(info()),
        Request::Connect(info()),
        Request::Info(info()),
        Request::Hold,
        hang_up(),
    ];
    let lost = Event::LinkLost(Reason::UserNotInRange);
    heard
        .into_iter()
        .map(Event::Received)
        .chain(asked.into_iter().map(Request::into))
        .chain([lost])
        .collect()
}

impl From<Request> for Event {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

/// Whatever either side does, in whatever order and at whatever pace: the IWU
/// hears of the end once for each call it knows of, and nothing stays behind.
#[test]
fn no_three_happenings_leave_a_call_behind() {
    let happenings = happenings();
    let count = happenings.len();
    for pause in [100, 15_000, 25_000] {
        for n in 0..2 * count.pow(3) {
            let mut world = World::new(out_of_range);
            let begin = [Event::Received(setup_from_handset()), setup().into()];
            world.plan(0, begin[n % 2].clone());
            let n = n / 2;
            for place in 0..3 {
                let happening = happenings[n / count.pow(place) % count].clone();
                world.plan(pause * u128::from(place + 1), happening);
            }
            // The IWU hangs up in the end.
            world.request(pause * 5, hang_up());
            world.run();
            let mut begun = 0;
            for line in world.trace.lines() {
                begun += usize::from(line.contains(": Null -> ") && !line.ends_with("> Null"));
            }
            assert_eq!(world.call.state(), State::Null, "{}", world.trace);
            assert_eq!(world.trace.matches("IWU Release").count(), begun, "{}", world.trace);
        }
    }
}

#[test]
fn each_timer_has_a_name_of_its_own() {
    let timers = [Timer::Overlap, Timer::Release, Timer::Setup, Timer::Completion, Timer::Patience];
    let names: std::collections::BTreeSet<_> = timers.map(|timer| timer.spec().name).into();
    assert_eq!(names.len(), timers.len());
}
