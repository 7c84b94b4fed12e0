//! Calls between two engines: golden ladders.

mod world;

use sip::endpoint::{Settings, Transport};
use sip::primitive::{AccountId, Event, Request};
use world::*;

const A: &str = "127.0.0.1:5060";
const B: &str = "127.0.0.2:5060";

/// Two engines that know each other as proxies, with one user agent each.
fn pair(a: Brain, b: Brain) -> World {
    let mut world = World::new();
    world.engine("a", settings(A, &[B]), a);
    world.engine("b", settings(B, &[A]), b);
    world.ask(A, ms(0), put(1, "201"));
    world.ask(B, ms(0), put(1, "202"));
    world
}

/// Rings at once, answers after a second, and takes every offer within the call.
fn friendly() -> Brain {
    Box::new(|event| match event {
        Event::Incoming(incoming) => vec![
            (ms(0), Request::Ring(incoming.call)),
            (seconds(1), Request::Answer(incoming.call, session("answer"))),
        ],
        Event::Offer(call, _) => at_once(Request::Answer(*call, session("again"))),
        _ => vec![],
    })
}

#[track_caller]
fn check(world: &World, golden: &str) {
    assert_eq!(world.ladder(), golden, "\n{}", world.trace);
}

/// Whatever happened: each call has ended once on both sides, and nothing is left.
#[track_caller]
fn all_is_over(world: &mut World) {
    world.run(seconds(120));
    for at in [A, B] {
        let ends = world.ends(at).clone();
        assert!(ends.values().all(|ends| *ends == 1), "{ends:?}\n{}", world.trace);
        let load = world.endpoint(at).load();
        let left = load.calls + load.client_transactions + load.server_transactions + load.timers;
        assert_eq!(left, 0, "{load:?}\n{}", world.trace);
    }
}

#[test]
fn rings_talks_and_the_caller_hangs_up() {
    let mut world = pair(nobody(), friendly());
    let (call, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.ask(A, seconds(5), Request::Hangup(call));
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 180 to 1 INVITE
a ! progress 180, sdp none
b > a 200 to 1 INVITE, sdp answer
a > b 1 ACK
a ! answered, sdp answer
b ! confirmed
a > b 2 BYE
b > a 200 to 2 BYE
b ! ended by peer
a ! ended by us
",
    );
    all_is_over(&mut world);
}

#[test]
fn the_callee_hangs_up() {
    let mut world = pair(
        nobody(),
        Box::new(|event| match event {
            Event::Incoming(incoming) => vec![
                (ms(0), Request::Answer(incoming.call, session("answer"))),
                (seconds(2), Request::Hangup(incoming.call)),
            ],
            _ => vec![],
        }),
    );
    let (_, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 200 to 1 INVITE, sdp answer
a > b 1 ACK
a ! answered, sdp answer
b ! confirmed
b > a 1 BYE
a > b 200 to 1 BYE
a ! ended by peer
b ! ended by us
",
    );
    all_is_over(&mut world);
}

#[test]
fn a_busy_callee_refuses() {
    let mut world = pair(
        nobody(),
        Box::new(|event| match event {
            Event::Incoming(incoming) => at_once(Request::Reject(incoming.call, 486)),
            _ => vec![],
        }),
    );
    let (_, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 486 to 1 INVITE
b ! ended by us
a > b 1 ACK
a ! ended, refused 486
",
    );
    all_is_over(&mut world);
}

#[test]
fn the_caller_gives_up_while_it_rings() {
    let mut world = pair(
        nobody(),
        Box::new(|event| match event {
            Event::Incoming(incoming) => at_once(Request::Ring(incoming.call)),
            _ => vec![],
        }),
    );
    let (call, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.ask(A, seconds(3), Request::Hangup(call));
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 180 to 1 INVITE
a ! progress 180, sdp none
a > b 1 CANCEL
b > a 200 to 1 CANCEL
b > a 487 to 1 INVITE
b ! ended by peer
a > b 1 ACK
a ! ended by us
",
    );
    all_is_over(&mut world);
}

#[test]
fn cancel_waits_for_the_first_provisional_response() {
    let mut world = pair(nobody(), friendly());
    let (call, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.ask(A, ms(2), Request::Hangup(call));
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 180 to 1 INVITE
a > b 1 CANCEL
b > a 200 to 1 CANCEL
b > a 487 to 1 INVITE
b ! ended by peer
a > b 1 ACK
a ! ended by us
",
    );
    all_is_over(&mut world);
}

/// The caller cancels in the moment in which the callee answers: the call comes about and is ended.
#[test]
fn cancel_and_200_cross() {
    let mut world = pair(nobody(), friendly());
    let (call, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(0), invite);
    world.ask(A, ms(1015), Request::Hangup(call));
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 180 to 1 INVITE
a ! progress 180, sdp none
b > a 200 to 1 INVITE, sdp answer
a > b 1 CANCEL
a > b 1 ACK
a > b 2 BYE
b > a 200 to 1 CANCEL
b ! confirmed
b > a 200 to 2 BYE
b ! ended by peer
a ! ended by us
",
    );
    all_is_over(&mut world);
}

#[test]
fn both_hang_up_at_once() {
    let mut world = pair(
        Box::new(|event| match event {
            Event::Answered(call, _) => vec![(seconds(1), Request::Hangup(*call))],
            _ => vec![],
        }),
        Box::new(|event| match event {
            Event::Incoming(incoming) => at_once(Request::Answer(incoming.call, session("answer"))),
            Event::Confirmed(call) => vec![(ms(995), Request::Hangup(*call))],
            _ => vec![],
        }),
    );
    let (_, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 200 to 1 INVITE, sdp answer
a > b 1 ACK
a ! answered, sdp answer
b ! confirmed
a > b 2 BYE
b > a 1 BYE
b > a 200 to 2 BYE
a > b 200 to 1 BYE
a ! ended by us
b ! ended by us
",
    );
    all_is_over(&mut world);
}

#[test]
fn a_session_is_changed_within_the_call() {
    let mut world = pair(nobody(), friendly());
    let (call, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.ask(A, seconds(3), Request::Modify(call, session("hold")));
    world.ask(A, seconds(4), Request::InfoKey(call, '5', ms(250)));
    world.ask(A, seconds(5), Request::Hangup(call));
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 180 to 1 INVITE
a ! progress 180, sdp none
b > a 200 to 1 INVITE, sdp answer
a > b 1 ACK
a ! answered, sdp answer
b ! confirmed
a > b 2 INVITE, sdp hold
b > a 100 to 2 INVITE
b ! offer, sdp hold
b > a 200 to 2 INVITE, sdp again
a > b 2 ACK
a ! answered, sdp again
b ! confirmed
a > b 3 INFO
b ! key 5 for 250ms
b > a 200 to 3 INFO
a > b 4 BYE
b > a 200 to 4 BYE
b ! ended by peer
a ! ended by us
",
    );
    all_is_over(&mut world);
}

/// Both change the session at once: both are refused with 491, and the owner of the Call-ID waits longer.
#[test]
fn two_offers_cross_and_both_get_through_in_the_end() {
    let takes = || -> Brain {
        let mut offered = false;
        Box::new(move |event| match event {
            Event::Incoming(incoming) => at_once(Request::Answer(incoming.call, session("answer"))),
            Event::Confirmed(call) if !std::mem::replace(&mut offered, true) => {
                vec![(ms(990), Request::Modify(*call, session("b")))]
            }
            Event::Offer(call, _) => at_once(Request::Answer(*call, session("yes"))),
            _ => vec![],
        })
    };
    let caller: Brain = Box::new(|event| match event {
        Event::Offer(call, _) => at_once(Request::Answer(*call, session("yes"))),
        _ => vec![],
    });
    let mut world = pair(caller, takes());
    let (call, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(0), invite);
    world.ask(A, ms(1020), Request::Modify(call, session("a")));
    world.run(ms(1100));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 200 to 1 INVITE, sdp answer
a > b 1 ACK
a ! answered, sdp answer
b ! confirmed
a > b 2 INVITE, sdp a
b > a 1 INVITE, sdp b
b > a 100 to 2 INVITE
b > a 491 to 2 INVITE
a > b 100 to 1 INVITE
a > b 491 to 1 INVITE
a > b 2 ACK
b > a 1 ACK
",
    );
    world.run(seconds(3));
    let ladder = world.ladder();
    let first = ladder.find("a ! offer, sdp b").expect("the callee's offer came through");
    assert!(ladder.find("b ! offer, sdp a").is_none_or(|at| at > first), "{ladder}");
    world.run(seconds(8));
    let ladder = world.ladder();
    assert!(ladder.contains("b ! offer, sdp a"), "{ladder}");
    world.ask(A, ms(0), Request::Hangup(call));
    all_is_over(&mut world);
}

#[test]
fn nobody_answers_an_offer_within_the_call() {
    let mut world = pair(
        nobody(),
        Box::new(|event| match event {
            Event::Incoming(incoming) => at_once(Request::Answer(incoming.call, session("answer"))),
            _ => vec![],
        }),
    );
    let (call, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.ask(A, seconds(1), Request::Modify(call, session("hold")));
    world.run(seconds(30));
    let ladder = world.ladder();
    assert!(
        ladder.ends_with(
            "b ! offer, sdp hold
b > a 500 to 2 INVITE
a > b 2 ACK
a ! modify refused 500
"
        ),
        "{ladder}"
    );
    world.ask(B, ms(0), Request::Hangup(sip::primitive::CallId(0)));
    all_is_over(&mut world);
}

#[test]
fn an_unknown_user_is_not_found_and_a_call_to_nobody_ends() {
    let mut world = pair(nobody(), friendly());
    let (_, first) = invite(&mut world, A, "999");
    world.ask(A, ms(1), first);
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 404 to 1 INVITE
a > b 1 ACK
a ! ended, refused 404
",
    );
    all_is_over(&mut world);
}

#[test]
fn a_removed_user_agent_ends_its_calls() {
    let mut world = pair(nobody(), friendly());
    let (_, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.ask(A, seconds(3), Request::RemoveAccount(sip::primitive::AccountId(1)));
    world.run(seconds(10));
    let ladder = world.ladder();
    assert!(
        ladder.ends_with(
            "a > b 2 BYE
a ! deregistered 1
b > a 200 to 2 BYE
b ! ended by peer
a ! ended by us
"
        ),
        "{ladder}"
    );
    all_is_over(&mut world);
    assert_eq!(world.endpoint(A).load().agents, 0);
}

/// The same pair over connections.
fn pair_over_tcp(a: Brain, b: Brain) -> World {
    let over_tcp =
        |at, proxies: &[&str]| Settings { transport: Transport::Tcp, ..settings(at, proxies) };
    let mut world = World::new();
    world.engine("a", over_tcp(A, &[B]), a);
    world.engine("b", over_tcp(B, &[A]), b);
    world.ask(A, ms(0), put(1, "201"));
    world.ask(B, ms(0), put(1, "202"));
    world
}

#[test]
fn over_tcp_a_call_outlives_its_connection() {
    let mut world = pair_over_tcp(nobody(), friendly());
    let (call, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.run(seconds(3));
    world.cut_connections();
    world.ask(A, seconds(1), Request::Hangup(call));
    world.run(seconds(10));
    check(
        &world,
        "a > b 1 INVITE, sdp offer
b > a 100 to 1 INVITE
b ! incoming from 201 for 1, sdp offer
b > a 180 to 1 INVITE
a ! progress 180, sdp none
b > a 200 to 1 INVITE, sdp answer
a > b 1 ACK
a ! answered, sdp answer
b ! confirmed
a > b 2 BYE
b > a 200 to 2 BYE
b ! ended by peer
a ! ended by us
",
    );
}

#[test]
fn an_answer_finds_another_connection_when_its_own_is_gone() {
    let mut world = pair_over_tcp(nobody(), friendly());
    let (_, invite) = invite(&mut world, A, "202");
    world.ask(A, ms(1), invite);
    world.run(ms(500));
    world.cut_connections();
    world.run(seconds(10));
    let ladder = world.ladder();
    // The INVITE has failed for its sender, who hears the 200 all the same but has no call for it.
    assert!(ladder.contains("a ! ended, refused 503"), "{ladder}");
    assert!(ladder.contains("b > a 200 to 1 INVITE"), "{ladder}");
    world.run(seconds(60));
    assert!(world.ladder().contains("b ! ended, broken"), "{}", world.trace);
}

#[test]
fn of_two_users_of_the_same_name_to_says_which_one_is_meant() {
    let mut world = pair(nobody(), friendly());
    let mut other = account("202");
    "other.example".clone_into(&mut other.domain);
    world.ask(B, ms(0), Request::PutAccount(AccountId(0), Box::new(other)));
    let (_, invite) = invite(&mut world, A, "202@pbx.example");
    world.ask(A, ms(1), invite);
    world.run(seconds(1));
    assert!(world.ladder().contains("b ! incoming from 201 for 1"), "{}", world.trace);
}
