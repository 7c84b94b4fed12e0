//! The four machines on a bench: their own clock, every short sequence of events, golden traces.

use super::Reliability::{self, Reliable, Unreliable};
use super::timer::{PATIENCE, Timer};
use super::{client, server};
use machine::{Agenda, Effect};
use std::fmt::{Debug, Write as _};
use std::time::{Duration, Instant};

/// What both sorts of transaction can be asked, for the bench only.
trait Subject {
    type Event: Copy + Debug;
    type Action: Copy + Debug + PartialEq;
    const UNEXPECTED: Self::Action;
    fn handle(&mut self, event: Self::Event, out: &mut machine::Out<Self::Action, Timer>);
    fn wait(&self, timer: Timer) -> Duration;
    fn is_over(&self) -> bool;
    fn expired(timer: Timer) -> Self::Event;
}

impl Subject for client::Client {
    type Event = client::Event;
    type Action = client::Action;
    const UNEXPECTED: client::Action = client::Action::Unexpected;
    fn handle(&mut self, event: client::Event, out: &mut client::Out) {
        self.handle(event, out);
    }
    fn wait(&self, timer: Timer) -> Duration {
        self.wait(timer, PATIENCE)
    }
    fn is_over(&self) -> bool {
        self.is_over()
    }
    fn expired(timer: Timer) -> client::Event {
        client::Event::Expired(timer)
    }
}

impl Subject for server::Server {
    type Event = server::Event;
    type Action = server::Action;
    const UNEXPECTED: server::Action = server::Action::Unexpected;
    fn handle(&mut self, event: server::Event, out: &mut server::Out) {
        self.handle(event, out);
    }
    fn wait(&self, timer: Timer) -> Duration {
        self.wait(timer)
    }
    fn is_over(&self) -> bool {
        self.is_over()
    }
    fn expired(timer: Timer) -> server::Event {
        server::Event::Expired(timer)
    }
}

struct Bench<S: Subject> {
    subject: S,
    start: Instant,
    agenda: Agenda<Timer>,
    actions: Vec<S::Action>,
    trace: String,
}

impl<S: Subject> Bench<S> {
    fn new(subject: S, mut begun: machine::Out<S::Action, Timer>, start: Instant) -> Self {
        let agenda = Agenda::default();
        let mut bench = Self { subject, start, agenda, actions: vec![], trace: String::new() };
        bench.carry_out(start, &mut begun);
        bench
    }

    /// Lets the timers run out that are due by `until`; each must find a state that waits for it.
    fn run(&mut self, until: Instant) {
        while let Some(at) = self.agenda.deadline().filter(|at| *at <= until) {
            let timer = self.agenda.expired(at).expect("the deadline was just asked for");
            let before = self.actions.iter().filter(|a| **a == S::UNEXPECTED).count();
            self.step(at, S::expired(timer));
            let after = self.actions.iter().filter(|a| **a == S::UNEXPECTED).count();
            assert_eq!(before, after, "a timer ran where nothing waits for it:\n{}", self.trace);
        }
    }

    fn step(&mut self, at: Instant, event: S::Event) {
        let mut out = machine::Out::default();
        let seconds = (at - self.start).as_secs_f64();
        let _ = writeln!(self.trace, "{seconds:6.2} {event:?}");
        self.subject.handle(event, &mut out);
        self.carry_out(at, &mut out);
        if self.subject.is_over() {
            assert!(self.agenda.is_empty(), "a timer outlived its machine:\n{}", self.trace);
        }
    }

    fn carry_out(&mut self, at: Instant, out: &mut machine::Out<S::Action, Timer>) {
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => self.agenda.start(timer, at + self.subject.wait(timer)),
                Effect::Stop(timer) => self.agenda.stop(&timer),
                Effect::Act(action) => {
                    let _ = writeln!(self.trace, "       -> {action:?}");
                    self.actions.push(action);
                }
            }
        }
    }

    fn count(&self, actions: &[S::Action]) -> usize {
        self.actions.iter().filter(|action| actions.contains(action)).count()
    }
}

/// Every sequence of `length` events from `events`.
fn sequences<E: Copy>(events: &[E], length: u32, mut check: impl FnMut(&[E])) {
    for mut n in 0..events.len().pow(length) {
        let sequence: Vec<E> = (0..length)
            .map(|_| {
                let event = events[n % events.len()];
                n /= events.len();
                event
            })
            .collect();
        check(&sequence);
    }
}

fn client(is_invite: bool, over: Reliability) -> Bench<client::Client> {
    let mut out = client::Out::default();
    let subject = client::Client::start(is_invite, over, &mut out);
    Bench::new(subject, out, Instant::now())
}

fn server(is_invite: bool, over: Reliability) -> Bench<server::Server> {
    Bench::new(server::Server::new(is_invite, over), server::Out::default(), Instant::now())
}

const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(700), Duration::from_secs(20)];

#[test]
fn whatever_comes_a_client_tells_its_user_one_end_and_leaves_nothing() {
    use client::Action::{Deliver, TimedOut, TransportFailed};
    use client::Event::{Abandoned, Response};
    let events = [
        Response(100),
        Response(180),
        Response(200),
        Response(404),
        client::Event::TransportFailed,
        Abandoned,
    ];
    for (is_invite, over) in
        [(true, Unreliable), (true, Reliable), (false, Unreliable), (false, Reliable)]
    {
        for pause in PAUSES {
            sequences(&events, 5, |sequence| {
                let mut bench = client(is_invite, over);
                let mut at = bench.start;
                let mut finals = 0;
                for event in sequence {
                    at += pause;
                    bench.run(at);
                    let before = bench.count(&[Deliver]);
                    bench.step(at, *event);
                    let is_final = matches!(event, Response(200..));
                    finals += usize::from(is_final && bench.count(&[Deliver]) > before);
                }
                let gave_up = bench.count(&[TimedOut, TransportFailed]);
                assert!(gave_up == 0 || finals == 0, "two ends:\n{}", bench.trace);
                let refusals = !is_invite || !sequence.contains(&Response(200));
                assert!(gave_up <= 1 && (finals <= 1 || !refusals), "{}", bench.trace);
                // Only an INVITE that rings has no timer of its own; its user has.
                bench.step(at, Abandoned);
                assert!(bench.subject.is_over(), "{}", bench.trace);
            });
        }
    }
}

#[test]
fn left_alone_every_client_ends_but_an_invite_that_rings() {
    for over in [Unreliable, Reliable] {
        for is_invite in [true, false] {
            for heard in [None, Some(100), Some(200), Some(486)] {
                let mut bench = client(is_invite, over);
                if let Some(status) = heard {
                    bench.step(bench.start, client::Event::Response(status));
                }
                bench.run(bench.start + Duration::from_secs(40));
                let rings = is_invite && heard == Some(100);
                assert_eq!(bench.subject.is_over(), !rings, "{heard:?}\n{}", bench.trace);
            }
        }
    }
}

#[test]
fn whatever_comes_a_server_repeats_only_its_last_response_and_leaves_nothing() {
    use server::Action::Respond;
    use server::Event::{Ack, Answer, Repeated};
    let events =
        [Repeated, Ack, Answer(100), Answer(200), Answer(486), server::Event::TransportFailed];
    for (is_invite, over) in
        [(true, Unreliable), (true, Reliable), (false, Unreliable), (false, Reliable)]
    {
        for pause in PAUSES {
            sequences(&events, 5, |sequence| {
                let mut bench = server(is_invite, over);
                let mut at = bench.start;
                let mut answered = false;
                for event in sequence {
                    at += pause;
                    bench.run(at);
                    let before = bench.count(&[Respond]);
                    bench.step(at, *event);
                    answered |= matches!(event, Answer(_));
                    let responded = bench.count(&[Respond]) - before;
                    assert!(responded <= 1, "{}", bench.trace);
                    let may_answer = matches!(event, Answer(_) | Repeated);
                    assert!(responded == 0 || may_answer, "{}", bench.trace);
                    let has_said_nothing = !is_invite && !answered;
                    assert!(responded == 0 || !has_said_nothing, "{}", bench.trace);
                }
                bench.run(at + Duration::from_secs(40));
                let finished = sequence.iter().any(|e| matches!(e, Answer(200..)));
                assert_eq!(bench.subject.is_over(), finished, "{}", bench.trace);
            });
        }
    }
}

#[test]
fn an_invite_into_the_void_is_repeated_seven_times_and_given_up_after_timer_b() {
    let mut bench = client(true, Unreliable);
    bench.run(bench.start + Duration::from_secs(100));
    assert_eq!(
        bench.trace,
        "       -> Send
  0.50 Expired(A)
       -> Send
  1.50 Expired(A)
       -> Send
  3.50 Expired(A)
       -> Send
  7.50 Expired(A)
       -> Send
 15.50 Expired(A)
       -> Send
 31.50 Expired(A)
       -> Send
 32.00 Expired(B)
       -> TimedOut
"
    );
}

#[test]
fn a_refusal_that_comes_twice_is_delivered_once_and_acknowledged_twice() {
    let mut bench = client(true, Unreliable);
    let at = bench.start + Duration::from_millis(100);
    bench.step(at, client::Event::Response(180));
    bench.step(at, client::Event::Response(486));
    bench.step(at + Duration::from_millis(500), client::Event::Response(486));
    bench.run(bench.start + Duration::from_secs(100));
    assert_eq!(
        bench.trace,
        "       -> Send
  0.10 Response(180)
       -> Deliver
  0.10 Response(486)
       -> Ack
       -> Deliver
  0.60 Response(486)
       -> Ack
 32.10 Expired(D)
"
    );
}

#[test]
fn over_tcp_nothing_is_repeated_and_nothing_lingers() {
    let mut bench = client(false, Reliable);
    bench.run(bench.start + Duration::from_secs(30));
    bench.step(bench.start + Duration::from_secs(30), client::Event::Response(200));
    assert!(bench.subject.is_over());
    assert_eq!(bench.trace, "       -> Send\n 30.00 Response(200)\n       -> Deliver\n");
}

#[test]
fn a_request_that_is_being_worked_on_is_repeated_every_four_seconds() {
    let mut bench = client(false, Unreliable);
    bench.step(bench.start, client::Event::Response(100));
    bench.run(bench.start + Duration::from_secs(9));
    assert_eq!(
        bench.trace,
        "       -> Send
  0.00 Response(100)
       -> Deliver
  0.50 Expired(E)
       -> Send
  4.50 Expired(E)
       -> Send
  8.50 Expired(E)
       -> Send
"
    );
}

#[test]
fn a_refusal_without_ack_is_repeated_until_timer_h() {
    let mut bench = server(true, Unreliable);
    bench.step(bench.start, server::Event::Answer(486));
    bench.run(bench.start + Duration::from_secs(100));
    assert_eq!(bench.count(&[server::Action::Respond]), 11);
    assert!(bench.trace.ends_with(" 32.00 Expired(H)\n       -> TimedOut\n"), "{}", bench.trace);
}

#[test]
fn an_ack_ends_the_repetitions_and_stays_known_for_timer_i() {
    let mut bench = server(true, Unreliable);
    bench.step(bench.start, server::Event::Answer(486));
    bench.run(bench.start + Duration::from_secs(1));
    bench.step(bench.start + Duration::from_secs(1), server::Event::Ack);
    bench.step(bench.start + Duration::from_secs(2), server::Event::Ack);
    bench.run(bench.start + Duration::from_secs(100));
    assert_eq!(
        bench.trace,
        "  0.00 Answer(486)
       -> Respond
  0.50 Expired(G)
       -> Respond
  1.00 Ack
  2.00 Ack
  6.00 Expired(I)
"
    );
}
