//! Two data links over a channel that loses, repeats and delays.
//!
//! The channel keeps the order of frames in each direction, as a radio link
//! does. Checked in every run: no window is ever exceeded; messages arrive
//! once, in order and whole; none is missing unless the link said that it
//! failed; at the end nothing is under way and no timer runs. Only where frames
//! are late by more than the protocol's timers and a link begins afresh as well
//! can nothing be said of the messages: old frames then pass for new ones, which
//! clause 9.2.5 warns of.

use dect::lapc::{
    Action, Class, Control, Event, Frame, Indication, Link, Mode, Out, Side, State, Timer,
};
use machine::{Agenda, Effect};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// What happens to one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Arrives,
    IsLost,
    ArrivesTwice,
    /// By longer than <DL.04>.
    IsLate,
}

const FATES: [Fate; 4] = [Fate::Arrives, Fate::IsLost, Fate::ArrivesTwice, Fate::IsLate];
const TRANSIT: Duration = Duration::from_millis(20);
const LATE: Duration = Duration::from_millis(2500);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Arrival(usize, u32),
    Timer(usize, Timer),
    Plan(usize),
}

/// One end with what it has heard.
struct End {
    link: Link,
    heard: Vec<Vec<u8>>,
    /// Waits for a link.
    held: Vec<Event>,
    failures: usize,
    released: usize,
    /// Frames towards this end.
    channel: VecDeque<Vec<u8>>,
    /// When the last of them arrives; none overtakes it.
    last: Instant,
    /// N(R) as this end last received it, for the check of its window.
    acknowledged: u8,
}

struct Channel {
    now: Instant,
    class: Class,
    ends: [End; 2],
    fates: VecDeque<Fate>,
    agenda: Agenda<Key>,
    count: u32,
    late: bool,
    plan: Vec<(usize, Event)>,
    trace: String,
}

const SIDES: [Side; 2] = [Side::Fixed, Side::Portable];

impl Channel {
    fn new(class: Class, fates: impl IntoIterator<Item = Fate>) -> Self {
        let now = Instant::now();
        let ends = SIDES.map(|side| End {
            link: Link::new(side),
            heard: Vec::new(),
            held: Vec::new(),
            failures: 0,
            released: 0,
            channel: VecDeque::new(),
            last: now,
            acknowledged: 0,
        });
        Self {
            now,
            class,
            ends,
            fates: fates.into_iter().collect(),
            agenda: Agenda::default(),
            count: 0,
            late: false,
            plan: Vec::new(),
            trace: String::new(),
        }
    }

    /// Lets `event` happen to an end at a time.
    fn plan(&mut self, after: Duration, end: usize, event: Event) {
        self.agenda.start(Key::Plan(self.plan.len()), self.now + after);
        self.plan.push((end, event));
    }

    fn run(&mut self) {
        for _ in 0..20_000 {
            let Some(due) = self.agenda.deadline() else {
                return;
            };
            self.now = due;
            match self.agenda.expired(due) {
                Some(Key::Arrival(end, _)) => self.arrive(end),
                Some(Key::Timer(end, timer)) => self.step(end, Event::Expired(timer)),
                Some(Key::Plan(index)) => {
                    let (end, event) = self.plan[index].clone();
                    self.carry_out(end, event);
                }
                None => unreachable!("something is due"),
            }
        }
        panic!("the links never come to rest\n{}", self.trace);
    }

    /// The layer above keeps what it has to send until there is a link.
    fn carry_out(&mut self, end: usize, event: Event) {
        let waits = matches!(event, Event::Send(_)) && !self.failed();
        if waits && self.ends[end].link.state() == State::Released {
            self.ends[end].held.push(event);
            return;
        }
        self.step(end, event);
    }

    fn arrive(&mut self, end: usize) {
        let octets = self.ends[end].channel.pop_front().expect("one frame per arrival");
        let frame = Frame::decode(&octets, SIDES[end].peer()).expect("links write sound frames");
        let known = match (self.ends[end].link.state(), frame.control) {
            (State::Released, _) => Some(0),
            (State::Established(_), Control::I { nr, .. } | Control::S { nr, .. })
            | (State::Establishing, Control::S { nr, .. }) => Some(nr),
            _ => None,
        };
        self.ends[end].acknowledged = known.unwrap_or(self.ends[end].acknowledged);
        self.step(end, Event::Received(frame));
        if self.ends[end].link.state() != State::Released {
            for event in std::mem::take(&mut self.ends[end].held) {
                self.step(end, event);
            }
        }
    }

    fn step(&mut self, end: usize, event: Event) {
        let mut out = Out::default();
        self.note_event(end, &event);
        // The end of the radio connection, long after the conversation, is no failure.
        let over = event == Event::Lost;
        self.ends[end].link.handle(event, &mut out);
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => {
                    self.agenda.start(Key::Timer(end, timer), self.now + timer.spec().default);
                }
                Effect::Stop(timer) => self.agenda.stop(&Key::Timer(end, timer)),
                Effect::Act(Action::Transmit(frame)) => self.transmit(end, &frame),
                Effect::Act(Action::Indicate(_)) if over => {}
                Effect::Act(Action::Indicate(indication)) => self.indicate(end, indication),
            }
        }
    }

    fn transmit(&mut self, end: usize, frame: &Frame) {
        self.check_window(end, frame);
        let fate = self.fates.pop_front().unwrap_or(Fate::Arrives);
        self.note(format_args!("  {end}> {} {fate:?}", short(frame)));
        let (copies, delay) = match fate {
            Fate::Arrives => (1, TRANSIT),
            Fate::IsLost => (0, TRANSIT),
            Fate::ArrivesTwice => (2, TRANSIT),
            Fate::IsLate => (1, LATE),
        };
        self.late |= fate == Fate::IsLate;
        let peer = 1 - end;
        for _ in 0..copies {
            let at = self.ends[peer].last.max(self.now + delay);
            self.ends[peer].last = at;
            self.ends[peer].channel.push_back(frame.encode_filled(SIDES[end]));
            self.agenda.start(Key::Arrival(peer, self.count), at);
            self.count += 1;
        }
    }

    fn check_window(&mut self, end: usize, frame: &Frame) {
        let Control::I { ns, .. } = frame.control else {
            return;
        };
        let modulus = self.class.modulus();
        let known = self.ends[end].acknowledged % modulus;
        let ahead = (ns + modulus - known) % modulus;
        assert!(ahead < self.class.window(), "window exceeded\n{}", self.trace);
    }

    fn indicate(&mut self, end: usize, indication: Indication) {
        match &indication {
            Indication::Data(message) => self.note(format_args!("  {end}! {}", named(message))),
            other => self.note(format_args!("  {end}! {other:?}")),
        }
        let end = &mut self.ends[end];
        if indication == Indication::Reset {
            end.acknowledged = 0;
        }
        match indication {
            Indication::Data(message) => end.heard.push(message),
            Indication::Reset | Indication::Released(Mode::Abnormal) | Indication::Discarded => {
                end.failures += 1;
            }
            Indication::Released(Mode::Normal) => end.released += 1,
            Indication::Established(_) | Indication::UnitData(_) => {}
            Indication::Overlong => panic!("no message is too long\n{}", self.trace),
        }
    }

    fn failed(&self) -> bool {
        self.ends.iter().any(|end| end.failures > 0)
    }

    fn note_event(&mut self, end: usize, event: &Event) {
        let state = self.ends[end].link.state();
        match event {
            Event::Received(frame) => {
                self.note(format_args!("{end} {state:?} Received {}", short(frame)));
            }
            Event::Send(message) | Event::Establish(_, message) => {
                self.note(format_args!("{end} {state:?} Send {}", named(message)));
            }
            other => self.note(format_args!("{end} {state:?} {other:?}")),
        }
    }

    fn note(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.trace, "{line}");
    }

    /// Compares what one end has heard with what was sent to it.
    fn check(&self, end: usize, sent: &[Vec<u8>]) {
        let heard = &self.ends[end].heard;
        if self.failed() && self.late {
            return;
        }
        if self.failed() {
            let mut rest = sent.iter();
            let in_order = heard.iter().all(|message| rest.any(|other| other == message));
            assert!(in_order, "repeated or out of order\n{}", self.trace);
        } else {
            assert_eq!(heard, sent, "\n{}", self.trace);
        }
    }
}

/// A message that tells itself from others; long ones need several frames.
fn message(number: u8, length: usize) -> Vec<u8> {
    (0..length).map(|at| number.wrapping_add(at.to_le_bytes()[0])).collect()
}

/// A message by its first octet, which is its number.
fn named(message: &[u8]) -> String {
    format!("message {:?}", message.first())
}

/// A frame without its information.
fn short(frame: &Frame) -> String {
    let length = frame.information.len();
    format!("{:?} {:?} nlf {} length {length}", frame.kind, frame.control, frame.new_link)
}

/// A handset opens the link, both sides talk, the handset releases it.
fn conversation(class: Class, fates: impl IntoIterator<Item = Fate>) -> Channel {
    let mut channel = Channel::new(class, fates);
    let [to_fixed, to_portable] = script();
    channel.plan(Duration::ZERO, 1, Event::Establish(class, to_fixed[0].clone()));
    channel.plan(Duration::from_millis(10), 1, Event::Send(to_fixed[1].clone()));
    for (at, message) in (50..).step_by(5).zip(&to_portable) {
        channel.plan(Duration::from_millis(at), 0, Event::Send(message.clone()));
    }
    channel.plan(Duration::from_secs(70), 1, Event::Release(Mode::Normal));
    channel.plan(Duration::from_secs(200), 0, Event::Lost);
    channel.run();
    channel
}

fn script() -> [Vec<Vec<u8>>; 2] {
    [vec![message(1, 20), message(2, 150)], vec![message(3, 70), message(4, 5), message(5, 200)]]
}

#[test]
fn without_faults_nothing_is_sent_twice_and_both_sides_agree_on_the_end() {
    for class in [Class::A, Class::B] {
        let channel = conversation(class, []);
        let [to_fixed, to_portable] = script();
        channel.check(0, &to_fixed);
        channel.check(1, &to_portable);
        assert_eq!(channel.trace.matches("Expired").count(), 0, "{}", channel.trace);
        assert_eq!(channel.ends[1].released, 1, "{}", channel.trace);
        assert!(channel.ends.iter().all(|end| end.link.state() == State::Released));
    }
}

/// Every way in which the first frames can fare: 4^6 channels, 6 frames from each place on.
#[test]
fn whatever_happens_to_six_frames_messages_arrive_once_in_order_and_whole() {
    for class in [Class::A, Class::B] {
        for skip in [0, 4] {
            for n in 0..4_usize.pow(6) {
                let six = (0..6).map(|place| FATES[n / 4_usize.pow(place) % 4]);
                let six: Vec<Fate> = six.collect();
                let fates = std::iter::repeat_n(Fate::Arrives, skip).chain(six.iter().copied());
                let channel = conversation(class, fates);
                let [to_fixed, to_portable] = script();
                channel.check(0, &to_fixed);
                channel.check(1, &to_portable);
                let lost = six.iter().filter(|fate| **fate == Fate::IsLost).count();
                let only_lost = six.iter().all(|f| matches!(f, Fate::Arrives | Fate::IsLost));
                if lost <= 3 && only_lost {
                    let broken = channel.failed() && channel.ends[0].failures > 1;
                    assert!(!broken, "three losses break a link\n{}", channel.trace);
                }
            }
        }
    }
}

#[test]
fn a_silent_peer_is_given_up_after_the_first_frame_and_three_more() {
    for class in [Class::A, Class::B] {
        let mut channel = Channel::new(class, std::iter::repeat_n(Fate::IsLost, 100));
        let start = channel.now;
        channel.plan(Duration::ZERO, 1, Event::Establish(class, message(1, 20)));
        channel.run();
        assert_eq!(channel.trace.matches("1> ").count(), 4, "{}", channel.trace);
        assert_eq!(channel.now - start, Duration::from_secs(8));
        assert_eq!(channel.ends[1].failures, 1);
        assert_eq!(channel.ends[1].link.state(), State::Released);
    }
}

#[test]
fn a_broken_link_of_class_b_begins_afresh_and_carries_what_is_sent_then() {
    // Established and one message through, then a hole of four transmissions.
    let hole = [Fate::Arrives; 4].into_iter().chain([Fate::IsLost; 4]);
    let mut channel = Channel::new(Class::B, hole);
    channel.plan(Duration::ZERO, 1, Event::Establish(Class::B, message(1, 20)));
    channel.plan(Duration::from_secs(1), 0, Event::Send(message(2, 20)));
    channel.plan(Duration::from_secs(2), 0, Event::Send(message(3, 20)));
    channel.plan(Duration::from_secs(30), 0, Event::Send(message(4, 20)));
    channel.run();
    assert_eq!(channel.ends[1].heard, [message(2, 20), message(4, 20)], "{}", channel.trace);
    assert!(channel.trace.contains("Sabm"), "{}", channel.trace);
    assert_eq!(channel.ends.each_ref().map(|end| end.failures), [1, 1], "{}", channel.trace);
}

#[test]
fn a_busy_receiver_is_waited_for_and_then_served() {
    let mut channel = Channel::new(Class::B, []);
    channel.plan(Duration::ZERO, 1, Event::Establish(Class::B, Vec::new()));
    channel.plan(Duration::from_secs(1), 1, Event::Busy(true));
    for second in 2..6 {
        let number = u8::try_from(second).expect("a small number");
        channel.plan(Duration::from_secs(second), 0, Event::Send(message(number, 20)));
    }
    channel.plan(Duration::from_mins(1), 1, Event::Busy(false));
    channel.run();
    let sent: Vec<_> = (2..6).map(|number| message(number, 20)).collect();
    channel.check(1, &sent);
    assert!(!channel.failed(), "{}", channel.trace);
    assert!(channel.trace.contains("ReceiveNotReady"), "{}", channel.trace);
}

#[test]
fn the_fixed_part_can_open_a_link_and_the_handset_numbers_it() {
    for class in [Class::A, Class::B] {
        let mut channel = Channel::new(class, []);
        channel.plan(Duration::ZERO, 0, Event::Establish(class, message(1, 130)));
        channel.plan(Duration::from_secs(1), 1, Event::Send(message(2, 130)));
        channel.plan(Duration::from_secs(2), 0, Event::Release(Mode::Normal));
        channel.run();
        channel.check(1, &[message(1, 130)]);
        channel.check(0, &[message(2, 130)]);
        assert_eq!(channel.ends[0].released, 1, "{}", channel.trace);
    }
}

#[test]
fn information_without_a_link_passes_unacknowledged() {
    let mut channel = Channel::new(Class::A, []);
    channel.plan(Duration::ZERO, 0, Event::SendUnit(message(1, 20)));
    channel.run();
    assert!(channel.trace.contains("1! UnitData"), "{}", channel.trace);
    assert_eq!(channel.trace.matches("> ").count(), 1, "{}", channel.trace);
}

/// What a bad channel does to a frame; late ones only in half of the runs.
fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let prompt = prop_oneof![
        6 => Just(Fate::Arrives),
        3 => Just(Fate::IsLost),
        1 => Just(Fate::ArrivesTwice),
    ];
    let any = prop_oneof![9 => prompt.clone(), 1 => Just(Fate::IsLate)];
    prop_oneof![prop::collection::vec(prompt, 0..200), prop::collection::vec(any, 0..200)]
}

proptest! {
    #[test]
    fn long_conversations_over_a_bad_channel_stay_whole(
        class in prop_oneof![Just(Class::A), Just(Class::B)],
        fates in fates(),
        plan in prop::collection::vec((0_u64..30_000, any::<bool>(), 1_usize..300), 1..25),
    ) {
        let mut channel = Channel::new(class, fates);
        channel.plan(Duration::ZERO, 1, Event::Establish(class, Vec::new()));
        let mut plan = plan;
        plan.sort_unstable();
        let mut sent = [Vec::new(), Vec::new()];
        for (number, (at, fixed, length)) in (1..).zip(plan) {
            let from = usize::from(!fixed);
            let content = message(number * 10, length);
            sent[1 - from].push(content.clone());
            channel.plan(Duration::from_millis(100 + at), from, Event::Send(content));
        }
        channel.plan(Duration::from_mins(5), 1, Event::Release(Mode::Normal));
        channel.plan(Duration::from_secs(500), 0, Event::Lost);
        channel.run();
        channel.check(0, &sent[0]);
        channel.check(1, &sent[1]);
    }
}
