//! The machine step by step, and every short sequence of events.

use super::*;
use machine::Effect;
use std::fmt::Write as _;

const HOUR: Duration = Duration::from_hours(1);

fn trace(events: &[Event]) -> String {
    let (mut registration, mut trace) = (Registration::new(), String::new());
    for event in events {
        let mut out = Out::default();
        registration.handle(*event, HOUR, &mut out);
        let _ = writeln!(trace, "{event:?} -> {:?}", registration.state());
        for effect in out.drain() {
            let _ = match effect {
                Effect::Act(action) => writeln!(trace, "  {action:?}"),
                Effect::Stop(timer) => writeln!(trace, "  stop {timer:?}"),
                Effect::Start(timer) => {
                    let (from, to) = registration.span(timer);
                    writeln!(trace, "  start {timer:?} {from:?} to {to:?}")
                }
            };
        }
    }
    trace
}

const CHALLENGE: Event = Event::Challenged { status: 401, fresh: true };
const AGAIN: Event = Event::Challenged { status: 401, fresh: false };

#[test]
fn registers_refreshes_and_leaves() {
    let minute = Event::Granted(Duration::from_secs(100));
    let refresh = Event::Expired(Timer::Refresh);
    assert_eq!(
        trace(&[
            Event::Register,
            Event::Admitted,
            CHALLENGE,
            minute,
            refresh,
            minute,
            Event::Deregister,
            Event::Granted(Duration::ZERO),
        ]),
        "Register -> Queued
  Queue
Admitted -> Asking
  Send(3600s)
Challenged { status: 401, fresh: true } -> Asking
  Send(3600s)
Granted(100s) -> Registered
  start Refresh 50s to 90s
  Registered(100s)
Expired(Refresh) -> Asking
  Send(3600s)
Granted(100s) -> Registered
  start Refresh 50s to 90s
  Registered(100s)
Deregister -> Leaving
  stop Refresh
  Send(0ns)
Granted(0ns) -> Off
  Deregistered
"
    );
}

#[test]
fn a_wrong_password_rests_for_minutes_and_a_new_order_wakes_it() {
    assert_eq!(
        trace(&[Event::Register, Event::Admitted, CHALLENGE, AGAIN, Event::Register]),
        "Register -> Queued
  Queue
Admitted -> Asking
  Send(3600s)
Challenged { status: 401, fresh: true } -> Asking
  Send(3600s)
Challenged { status: 401, fresh: false } -> Resting
  start Rest 300s to 330s
  NotRegistered(Credentials(401))
Register -> Queued
  stop Rest
  Queue
"
    );
}

#[test]
fn who_is_to_register_while_it_does_asks_again_with_what_holds_then() {
    for (answer, told) in [
        (Event::Granted(HOUR), "  Registered(3600s)\n"),
        (AGAIN, ""),
        (Event::Failed(Failure::Silent, Others::Left), ""),
    ] {
        let events = [Event::Register, Event::Admitted, Event::Register, answer, Event::Admitted];
        assert_eq!(
            trace(&events),
            format!(
                "Register -> Queued
  Queue
Admitted -> Asking
  Send(3600s)
Register -> Asking
{answer:?} -> Queued
{told}  Queue
Admitted -> Asking
  Send(3600s)
"
            )
        );
    }
}

#[test]
fn silent_servers_are_asked_in_turn_and_the_rest_doubles() {
    let silent = |others| Event::Failed(Failure::Silent, others);
    let round =
        [Event::Admitted, silent(Others::Left), silent(Others::Gone), Event::Expired(Timer::Rest)];
    let mut events = vec![Event::Register];
    events.extend((0..6).flat_map(|_| round));
    let trace = trace(&events);

    assert_eq!(trace.matches("Send(3600s)").count(), 12);
    let rests: Vec<&str> = trace.lines().filter(|line| line.contains("start Rest")).collect();
    let wanted = ["15s to 30s", "30s to 60s", "60s to 120s", "120s to 240s", "240s to 480s"];
    for (rest, wanted) in rests.iter().zip(wanted) {
        assert!(rest.ends_with(wanted), "{rest}, not {wanted}");
    }
    assert!(rests[5].ends_with("300s to 600s"), "{}", rests[5]);
}

#[test]
fn a_longer_time_is_asked_for_once_it_was_demanded_and_a_mad_one_never() {
    let brief = |seconds| Event::TooBrief(Duration::from_secs(seconds));
    let text = trace(&[
        Event::Register,
        Event::Admitted,
        brief(7200),
        Event::Granted(HOUR),
        Event::Expired(Timer::Refresh),
        brief(u64::MAX),
    ]);
    assert_eq!(text.matches("Send(3600s)").count(), 1, "{text}");
    assert_eq!(text.matches("Send(7200s)").count(), 2, "{text}");
    assert!(text.ends_with("NotRegistered(TooBrief)\n"), "{text}");
}

#[test]
fn retry_after_is_kept_to() {
    let after = Some(Duration::from_secs(200));
    let busy = Event::Failed(Failure::Unavailable(503, after), Others::Gone);
    let text = trace(&[Event::Register, Event::Admitted, busy]);
    assert!(text.contains("start Rest 200s to 220s"), "{text}");
}

/// Whatever happens in whatever order: a timer runs exactly where a state waits for one, one
/// REGISTER at most is out, and who asked to leave is told.
#[test]
fn no_five_events_leave_a_registration_confused() {
    let events = [
        Event::Register,
        Event::Deregister,
        Event::Admitted,
        Event::Granted(HOUR),
        CHALLENGE,
        AGAIN,
        Event::TooBrief(HOUR * 2),
        Event::Failed(Failure::Silent, Others::Left),
        Event::Failed(Failure::Silent, Others::Gone),
        Event::FlowLost,
        Event::Expired(Timer::Refresh),
        Event::Expired(Timer::Rest),
    ];
    for mut n in 0..events.len().pow(5) {
        let (mut registration, mut running) = (Registration::new(), None);
        let mut leave_owed = false;
        for _ in 0..6 {
            let event = events[n % events.len()];
            n /= events.len();
            // Timers and responses come only where they were asked for.
            let asked = match event {
                Event::Expired(timer) => running == Some(timer),
                Event::Admitted => registration.state() == State::Queued,
                Event::Register | Event::Deregister | Event::FlowLost => true,
                _ => matches!(registration.state(), State::Asking | State::Leaving),
            };
            if !asked {
                continue;
            }
            if matches!(event, Event::Expired(_)) {
                running = None;
            }
            leave_owed = match event {
                Event::Deregister => true,
                Event::Register => false,
                _ => leave_owed,
            };
            let mut out = Out::default();
            registration.handle(event, HOUR, &mut out);
            for effect in out.drain() {
                match effect {
                    Effect::Start(timer) => running = Some(timer),
                    Effect::Stop(_) => running = None,
                    Effect::Act(Action::Deregistered) => leave_owed = false,
                    Effect::Act(Action::Unexpected) => {
                        assert_eq!(event, Event::FlowLost, "{:?}", registration.state());
                    }
                    Effect::Act(_) => {}
                }
            }
            let waits_for = match registration.state() {
                State::Registered => Some(Timer::Refresh),
                State::Resting => Some(Timer::Rest),
                _ => None,
            };
            assert_eq!(running, waits_for, "{event:?}");
            let pending = matches!(registration.state(), State::Asking | State::Leaving);
            assert!(!leave_owed || pending, "{event:?} {:?}", registration.state());
        }
    }
}
