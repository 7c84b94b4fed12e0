//! An engine against a peer that follows a script: what no two engines would do to each other.

mod world;

use sip::primitive::{AccountId, CallId, Event, Request};
use sip::wire::{Method, Name};
use std::time::Duration;
use world::peer::*;
use world::*;

/// A peer that calls, acknowledges the 200 and then sends these requests, one per second: method, body.
fn caller(offer: Option<&'static str>, then: Vec<(&'static str, Option<&'static str>)>) -> Script {
    let mut has_called = false;
    Box::new(move |message| {
        let invited = message.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        if !invited || !matches!(message.status(), Some(200..)) {
            let is_request = message.method().is_some_and(|method| *method != Method::Ack);
            return if is_request {
                vec![(ms(0), response(message, 200).finish())]
            } else {
                vec![]
            };
        }
        let number = message.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let to = tag_of(message);
        let answer = if offer.is_none() || number > 1 { Some("peer answer") } else { None };
        let mut sent = vec![(ms(0), request("ACK", number, answer, &[(Name::To, &to)]))];
        if !std::mem::replace(&mut has_called, true) {
            let requests = (2..).zip(&then).map(|(cseq, (method, body))| {
                let after = seconds(u64::from(cseq) - 1);
                (after, request(method, cseq, *body, &[(Name::To, &to)]))
            });
            sent.extend(requests);
        }
        sent
    })
}

fn answers() -> Brain {
    Box::new(|event| match event {
        Event::Incoming(incoming) => at_once(Request::Answer(incoming.call, session("ours"))),
        Event::Offer(call, _) => at_once(Request::Answer(*call, session("ours again"))),
        _ => vec![],
    })
}

#[test]
fn a_late_offer_is_ours_and_the_answer_comes_with_ack() {
    let mut world = world(answers(), caller(None, vec![("INVITE", None), ("BYE", None)]));
    world.say(PEER, UA, ms(1), request("INVITE", 1, None, &[]));
    world.run(seconds(10));
    check(
        &world,
        "ua > peer 100 to 1 INVITE
ua ! incoming from 200 for 1, sdp none
ua > peer 200 to 1 INVITE, sdp ours
peer > ua 1 ACK, sdp peer answer
peer > ua 2 INVITE
peer > ua 3 BYE
ua ! answered, sdp peer answer
ua ! confirmed
ua > peer 100 to 2 INVITE
ua ! offer, sdp none
ua > peer 200 to 2 INVITE, sdp ours again
peer > ua 2 ACK, sdp peer answer
ua ! answered, sdp peer answer
ua ! confirmed
ua > peer 200 to 3 BYE
ua ! ended by peer
",
    );
    all_is_over(&mut world);
}

#[test]
fn update_with_and_without_an_offer_is_answered() {
    let then = vec![("UPDATE", Some("theirs")), ("UPDATE", None), ("OPTIONS", None), ("BYE", None)];
    let mut world = world(answers(), caller(Some("offer"), then));
    world.say(PEER, UA, ms(1), request("INVITE", 1, Some("offer"), &[]));
    world.run(seconds(10));
    let ladder = world.ladder();
    assert!(
        ladder.ends_with(
            "ua ! confirmed
ua ! offer, sdp theirs
ua > peer 200 to 2 UPDATE, sdp ours again
ua > peer 200 to 3 UPDATE
ua > peer 200 to 4 OPTIONS
ua > peer 200 to 5 BYE
ua ! ended by peer
"
        ),
        "{ladder}"
    );
    all_is_over(&mut world);
}

#[test]
fn without_ack_the_200_is_repeated_and_the_call_given_up() {
    let mut world = world(
        answers(),
        Box::new(|message| match message.method() {
            Some(_) => vec![(ms(0), response(message, 200).finish())],
            None => vec![],
        }),
    );
    world.say(PEER, UA, ms(1), request("INVITE", 1, Some("offer"), &[]));
    world.run(seconds(40));
    let ladder = world.ladder();
    // 0, 0.5, 1.5, 3.5, then every 4 seconds until 32.
    assert_eq!(ladder.matches("ua > peer 200 to 1 INVITE").count(), 11, "{}", world.trace);
    assert!(
        ladder.ends_with("ua > peer 1 BYE\npeer > ua 200 to 1 BYE\nua ! ended, broken\n"),
        "{ladder}"
    );
    all_is_over(&mut world);
}

#[test]
fn a_hang_up_before_ack_waits_for_it() {
    let mut peer = caller(Some("offer"), vec![]);
    let mut world = world(
        Box::new(|event| match event {
            Event::Incoming(incoming) => vec![
                (ms(0), Request::Answer(incoming.call, session("ours"))),
                (ms(100), Request::Hangup(incoming.call)),
            ],
            _ => vec![],
        }),
        Box::new(move |message| {
            peer(message).into_iter().map(|(after, octets)| (after + ms(300), octets)).collect()
        }),
    );
    world.say(PEER, UA, ms(1), request("INVITE", 1, Some("offer"), &[]));
    world.run(seconds(10));
    check(
        &world,
        "ua > peer 100 to 1 INVITE
ua ! incoming from 200 for 1, sdp offer
ua > peer 200 to 1 INVITE, sdp ours
peer > ua 1 ACK
ua > peer 1 BYE
peer > ua 200 to 1 BYE
ua ! ended by us
",
    );
    all_is_over(&mut world);
}

#[test]
fn a_call_finds_the_spare_proxy_when_the_first_is_dead() {
    let mut world = world(nobody(), Box::new(|_| vec![]));
    let busy: Script = Box::new(|message| match message.method() {
        Some(Method::Invite) => vec![(ms(0), response(message, 486).finish())],
        _ => vec![],
    });
    world.script("spare", SPARE, busy);
    call(&mut world);
    world.run(seconds(20));
    let ladder = world.ladder();
    let golden = "ua > spare 1 INVITE, sdp offer
spare > ua 486 to 1 INVITE
ua > spare 1 ACK
ua ! ended, refused 486
";
    assert!(ladder.ends_with(golden), "{ladder}");
    assert_eq!(ladder.matches("ua > peer 1 INVITE").count(), 6);
    // The next call does not try the dead one first.
    call(&mut world);
    world.run(seconds(1));
    assert_eq!(world.ladder().matches("ua > peer").count(), 6);
    all_is_over(&mut world);
}

#[test]
fn with_all_proxies_dead_a_call_ends_with_408() {
    let mut world = world(nobody(), Box::new(|_| vec![]));
    call(&mut world);
    world.run(seconds(40));
    assert!(world.ladder().ends_with("ua ! ended, refused 408\n"), "{}", world.trace);
    all_is_over(&mut world);
}

#[test]
fn a_proxy_that_rings_for_ever_is_cancelled_after_three_minutes() {
    let mut world = world(
        nobody(),
        Box::new(|message| match message.method() {
            Some(Method::Invite) => vec![(ms(0), response(message, 180).finish())],
            Some(Method::Cancel) => vec![(ms(0), response(message, 200).finish())],
            _ => vec![],
        }),
    );
    call(&mut world);
    world.run(seconds(300));
    check(
        &world,
        "ua > peer 1 INVITE, sdp offer
peer > ua 180 to 1 INVITE
ua ! progress 180, sdp none
ua > peer 1 CANCEL
peer > ua 200 to 1 CANCEL
ua ! ended, refused 408
",
    );
    all_is_over(&mut world);
}

#[test]
fn the_first_branch_wins_and_the_others_get_ack_and_bye() {
    let mut world = world(
        nobody(),
        Box::new(|message| match message.method() {
            Some(Method::Invite) => vec![
                (ms(0), branch(message, "one")),
                (ms(5), branch(message, "two")),
                (ms(500), branch(message, "two")),
                (ms(600), branch(message, "one")),
            ],
            Some(Method::Bye) => vec![(ms(0), response(message, 200).finish())],
            _ => vec![],
        }),
    );
    let call = call(&mut world);
    world.ask(UA, seconds(2), Request::Hangup(call));
    world.run(seconds(10));
    check(
        &world,
        "ua > peer 1 INVITE, sdp offer
peer > ua 200 to 1 INVITE, sdp one
peer > ua 200 to 1 INVITE, sdp two
peer > ua 200 to 1 INVITE, sdp two
peer > ua 200 to 1 INVITE, sdp one
ua > peer 1 ACK
ua ! answered, sdp one
ua > peer 1 ACK
ua > peer 2 BYE
peer > ua 200 to 2 BYE
ua > peer 1 ACK
ua > peer 1 ACK
ua > peer 2 BYE
peer > ua 200 to 2 BYE
ua ! ended by us
",
    );
    all_is_over(&mut world);
}

#[test]
fn a_proxy_that_wants_credentials_gets_them_within_the_call_too() {
    let mut world = world(nobody(), demanding(200));
    let call = call(&mut world);
    world.ask(UA, seconds(2), Request::Hangup(call));
    world.run(seconds(10));
    check(
        &world,
        "ua > peer 1 INVITE, sdp offer
peer > ua 407 to 1 INVITE
ua > peer 1 ACK
ua > peer 2 INVITE, authorized, sdp offer
peer > ua 200 to 2 INVITE, sdp peer
ua > peer 2 ACK, authorized
ua ! answered, sdp peer
ua > peer 3 BYE, authorized
peer > ua 200 to 3 BYE
ua ! ended by us
",
    );
    all_is_over(&mut world);
}

/// Method, number, further header fields, and what comes back.
type Case = (&'static str, u32, &'static [(Name, &'static str)], &'static str);

#[test]
fn what_is_not_served_is_refused_with_the_right_status() {
    let cases: [Case; 9] = [
        ("OPTIONS", 1, &[], "200 to 1 OPTIONS"),
        ("MESSAGE", 1, &[], "405 to 1 MESSAGE"),
        ("BREW", 1, &[], "501 to 1 BREW"),
        ("INVITE", 1, &[(Name::Require, "100rel, foo")], "420 to 1 INVITE"),
        ("BYE", 1, &[], "481 to 1 BYE"),
        ("BYE", 1, &[(Name::To, "<sip:201@pbx.example>;tag=never")], "481 to 1 BYE"),
        ("CANCEL", 1, &[], "481 to 1 CANCEL"),
        ("INVITE", 1, &[(Name::MaxForwards, "70")], "400 to 1 INVITE"),
        ("PRACK", 1, &[], "405 to 1 PRACK"),
    ];
    for (method, cseq, lines, wanted) in cases {
        let mut world = world(nobody(), Box::new(|_| vec![]));
        world.say(PEER, UA, ms(1), request(method, cseq, None, lines));
        world.run(seconds(60));
        let ladder = world.ladder();
        assert!(ladder.starts_with(&format!("ua > peer {wanted}")), "{method}: {ladder}");
        all_is_over(&mut world);
    }
}

#[test]
fn the_same_request_by_two_ways_is_refused_once() {
    let mut world = world(answers(), Box::new(|_| vec![]));
    let first = request("INVITE", 1, Some("offer"), &[]);
    let text = String::from_utf8(first.clone()).unwrap_or_default();
    let second = text.replace("z9hG4bKp1INVITE", "z9hG4bKother").into_bytes();
    world.say(PEER, UA, ms(1), first);
    world.say(PEER, UA, ms(5), second);
    world.run(ms(100));
    let ladder = world.ladder();
    assert!(ladder.contains("482 to 1 INVITE"), "{ladder}");
    assert_eq!(ladder.matches("incoming").count(), 1);
}

#[test]
fn rubbish_is_counted_and_nothing_comes_back() {
    let mut world = world(nobody(), Box::new(|_| vec![]));
    for (n, octets) in [&b"\0\x01\x02"[..], b"hello", b"\r\n\r\n", b""].into_iter().enumerate() {
        world.say(PEER, UA, ms(n as u64), octets.to_vec());
    }
    world.run(seconds(1));
    check(&world, "");
    assert_eq!(world.endpoint(UA).counters().malformed, 2);
}

#[test]
fn a_long_request_goes_by_tcp_and_by_udp_where_there_is_none() {
    let long = |world: &mut World| {
        let call = world.endpoint(UA).new_call();
        let name = "x".repeat(1200);
        let request = Request::Invite(call, AccountId(1), "202".into(), session(&name));
        world.ask(UA, ms(1), request);
    };
    let mut world = world(nobody(), Box::new(|_| vec![]));
    world.refuses_tcp = true;
    long(&mut world);
    world.run(ms(400));
    assert_eq!(world.ladder().matches("ua > peer 1 INVITE").count(), 1, "{}", world.trace);

    let mut both = World::new();
    both.engine("ua", settings(UA, &["127.0.0.2:5060"]), nobody());
    both.engine("b", settings("127.0.0.2:5060", &[]), nobody());
    both.ask(UA, ms(0), put(1, "201"));
    long(&mut both);
    both.run(seconds(2));
    let ladder = both.ladder();
    assert!(
        ladder.contains("ua > b 1 INVITE") && ladder.contains("ua ! ended, refused 404"),
        "{ladder}"
    );
    assert_eq!(both.endpoint(UA).load().timers, 1, "a connection that is pinged");
}

#[test]
fn a_key_in_another_call_is_none_of_ours() {
    let mut world = world(answers(), Box::new(|_| vec![]));
    world.ask(UA, Duration::ZERO, Request::InfoKey(CallId(77), '1', ms(100)));
    world.ask(UA, Duration::ZERO, Request::Hangup(CallId(77)));
    world.run(seconds(1));
    check(&world, "");
}
