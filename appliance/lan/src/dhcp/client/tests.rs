//! Each arm of the machine, and all short sequences of events.

use super::super::message::{Kind, Message};
use super::*;
use machine::Effect;

fn lease(last: u8) -> Box<Lease> {
    let mut message = Message::of_client(1, [0; 6], Kind::Ack);
    message.yours = [192, 0, 2, last].into();
    message.options.insert(51, vec![0, 0, 0, 100]);
    message.options.insert(54, vec![192, 0, 2, 1]);
    Box::new(Lease::of(&message).unwrap())
}

fn step(client: &mut Client, event: Event) -> Vec<Effect<Action, Timer>> {
    let mut out = Out::default();
    client.handle(event, &mut out);
    out.drain()
}

fn acts(client: &mut Client, event: Event) -> Vec<Action> {
    let act = |effect| match effect {
        Effect::Act(action) => Some(action),
        _ => None,
    };
    step(client, event).into_iter().filter_map(act).collect()
}

fn bound() -> Client {
    let mut client = Client::new(None);
    step(&mut client, Event::LinkUp);
    step(&mut client, Event::Offer(lease(10)));
    step(&mut client, Event::Ack(lease(10)));
    step(&mut client, Event::Free);
    assert_eq!(*client.state(), State::Bound(lease(10)));
    client
}

const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const TENTH: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

#[test]
fn an_address_is_asked_for_tried_used_and_remembered() {
    let mut client = Client::new(None);
    assert_eq!(acts(&mut client, Event::LinkUp), [Action::Discover(Begins::Anew)]);
    let wanted = [Action::Request(Asks::Offered(TENTH, SERVER))];
    assert_eq!(acts(&mut client, Event::Offer(lease(10))), wanted);
    // A second offer is too late.
    assert_eq!(acts(&mut client, Event::Offer(lease(11))), []);
    assert_eq!(acts(&mut client, Event::Ack(lease(10))), [Action::Probe(TENTH)]);
    let used = [Action::Keep(Some(TENTH)), Action::Configure(lease(10))];
    assert_eq!(acts(&mut client, Event::Free), used);
}

#[test]
fn the_address_of_the_last_time_is_asked_for_twice_before_any_other() {
    let mut client = Client::new(Some(TENTH));
    let asked = |begins| [Action::Request(Asks::Known(TENTH, begins))];
    assert_eq!(acts(&mut client, Event::LinkUp), asked(Begins::Anew));
    assert_eq!(acts(&mut client, Event::Expired(Timer::Answer)), asked(Begins::Again));
    let any = [Action::Discover(Begins::Anew)];
    assert_eq!(acts(&mut client, Event::Expired(Timer::Answer)), any);
    // It is still known when the cable was out.
    step(&mut client, Event::LinkDown);
    assert_eq!(acts(&mut client, Event::LinkUp), asked(Begins::Anew));
    let refused = [Action::Keep(None), Action::Discover(Begins::Anew)];
    assert_eq!(acts(&mut client, Event::Nak), refused);
}

#[test]
fn an_address_that_somebody_has_is_declined_and_there_is_a_rest() {
    let mut client = Client::new(None);
    step(&mut client, Event::LinkUp);
    step(&mut client, Event::Offer(lease(10)));
    step(&mut client, Event::Ack(lease(10)));
    let declined = step(&mut client, Event::Taken);
    let wanted = [Effect::Act(Action::Decline(lease(10))), Effect::Start(Timer::Rest)];
    assert_eq!(declined, wanted);
    let again = acts(&mut client, Event::Expired(Timer::Rest));
    assert_eq!(again, [Action::Discover(Begins::Anew)]);
    // The same in the midst of using it.
    let mut client = bound();
    let given_up = [Action::Unconfigure, Action::Keep(None), Action::Decline(lease(10))];
    assert_eq!(acts(&mut client, Event::Taken), given_up);
}

#[test]
fn more_time_is_asked_of_its_server_then_of_all_then_it_is_over() {
    let mut client = bound();
    let renewal = [Action::Request(Asks::Renewal(TENTH, SERVER))];
    assert_eq!(acts(&mut client, Event::Expired(Timer::Renewal)), renewal);
    assert_eq!(acts(&mut client, Event::Expired(Timer::Answer)), renewal);
    let rebinding = [Action::Request(Asks::Rebinding(TENTH))];
    assert_eq!(acts(&mut client, Event::Expired(Timer::Rebinding)), rebinding);
    assert_eq!(acts(&mut client, Event::Ack(lease(10))), [Action::Configure(lease(10))]);
    step(&mut client, Event::Expired(Timer::Renewal));
    step(&mut client, Event::Expired(Timer::Rebinding));
    let over = [Action::Unconfigure, Action::Keep(None), Action::Discover(Begins::Anew)];
    assert_eq!(acts(&mut client, Event::Expired(Timer::Lease)), over);
}

#[test]
fn a_server_that_refuses_more_time_ends_it_at_once() {
    for timers in [&[Timer::Renewal][..], &[Timer::Renewal, Timer::Rebinding]] {
        let mut client = bound();
        for timer in timers {
            step(&mut client, Event::Expired(*timer));
        }
        let over = [Action::Unconfigure, Action::Keep(None), Action::Discover(Begins::Anew)];
        assert_eq!(acts(&mut client, Event::Nak), over);
    }
}

#[test]
fn another_address_with_a_renewal_is_tried_like_a_first_one() {
    let mut client = bound();
    step(&mut client, Event::Expired(Timer::Renewal));
    let eleventh = Ipv4Addr::new(192, 0, 2, 11);
    let tried = [Action::Unconfigure, Action::Probe(eleventh)];
    assert_eq!(acts(&mut client, Event::Ack(lease(11))), tried);
    assert_eq!(client.lease(), None);
}

#[test]
fn a_pulled_cable_keeps_the_address_until_another_network_refuses_it() {
    let mut client = bound();
    assert_eq!(acts(&mut client, Event::LinkDown), []);
    assert!(client.lease().is_some());
    // Timers of the lease do not ask while nobody can hear.
    assert_eq!(acts(&mut client, Event::Expired(Timer::Renewal)), []);
    let verified = [Action::Request(Asks::Known(TENTH, Begins::Anew))];
    assert_eq!(acts(&mut client, Event::LinkUp), verified);
    let mut elsewhere = Client { state: client.state.clone(), ..Client::new(Some(TENTH)) };
    let over = [Action::Unconfigure, Action::Keep(None), Action::Discover(Begins::Anew)];
    assert_eq!(acts(&mut elsewhere, Event::Nak), over);
    // A server that is silent leaves it, and all are asked from then on.
    step(&mut client, Event::Expired(Timer::Answer));
    let rebinding = [Action::Request(Asks::Rebinding(TENTH))];
    assert_eq!(acts(&mut client, Event::Expired(Timer::Answer)), rebinding);
    assert!(client.lease().is_some());
}

/// Whatever comes in whatever order: what is configured is the lease that the machine says it has, and a machine with a
/// cable always waits for something.
#[test]
fn no_four_events_leave_an_address_behind_or_the_client_asleep() {
    let events = [
        Event::LinkUp,
        Event::LinkDown,
        Event::Offer(lease(10)),
        Event::Ack(lease(10)),
        Event::Ack(lease(11)),
        Event::Nak,
        Event::Free,
        Event::Taken,
        Event::Expired(Timer::Answer),
        Event::Expired(Timer::Renewal),
        Event::Expired(Timer::Rebinding),
        Event::Expired(Timer::Lease),
        Event::Expired(Timer::Rest),
    ];
    let count = events.len();
    for start in 0..2 {
        for n in 0..count.pow(4) {
            let mut client = if start == 0 { Client::new(None) } else { bound() };
            let mut used = client.lease().map(|lease| lease.address);
            let mut runs: Vec<Timer> = if start == 0 { vec![] } else { OF_A_LEASE.to_vec() };
            let mut probes = false;
            for place in 0..4_u32 {
                let event = &events[n / count.pow(place) % count];
                if let Event::Expired(timer) = event {
                    // A timer that does not run cannot run out.
                    let Some(at) = runs.iter().position(|it| it == timer) else { continue };
                    runs.remove(at);
                }
                if matches!(event, Event::Free) && !probes {
                    continue;
                }
                for effect in step(&mut client, event.clone()) {
                    match effect {
                        Effect::Act(Action::Configure(lease)) => used = Some(lease.address),
                        Effect::Act(Action::Unconfigure) => used = None,
                        Effect::Start(timer) if !runs.contains(&timer) => runs.push(timer),
                        Effect::Stop(timer) => runs.retain(|it| *it != timer),
                        _ => {}
                    }
                }
                probes = matches!(client.state(), State::Probing(_));
                assert_eq!(used, client.lease().map(|lease| lease.address), "{n} {event:?}");
                let waits = !runs.is_empty() || probes || *client.state() == State::Off;
                assert!(waits, "{n}: nothing is waited for in {:?}", client.state());
                let quiet = matches!(client.state(), State::Off | State::Asleep(_));
                assert!(!quiet || !runs.contains(&Timer::Answer), "{n} {event:?}");
            }
        }
    }
}
