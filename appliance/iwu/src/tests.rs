//! The engine against both sides as they behave, well or badly.

mod bench;
mod live;
mod tally;

use crate::call::Timer;
use crate::iwu::Input;
use ::dect::primitive::{self as dect, Indication, ReleaseReason};
use ::sip::primitive::{self as sip, Ended, Password};
use ::sip::sdp::Session;
use bench::{BASE, Bench, NETWORK, RADIO, dial, handset, ring, session, settings, user};
use media::session::{Report, SessionId};
use std::time::Duration;

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
fn an_offer_without_a_codec_of_ours_is_refused_before_anybody_answers() {
    let text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                m=audio 7000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n";
    let mut bench = Bench::new();
    ring(&mut bench, 800, 1, Session::parse(text.as_bytes()).ok().map(Box::new));
    bench.opened(1);
    assert!(bench.world.trace.contains("sip   800 Reject 488\n"), "{}", bench.world.trace);
    bench.end_all();
    bench.assert_idle();
}

#[test]
fn a_caller_who_has_heard_it_ring_is_told_that_nobody_answers() {
    for (rings, status, told) in [
        (false, 480, "UserNotInRange Not reachable"),
        (true, 480, "TimerExpiry No answer"),
        (true, 408, "TimerExpiry No answer"),
        (true, 486, "UserBusy Busy"),
        (false, 302, "UserUnknown Number has moved"),
    ] {
        let mut bench = Bench::new();
        dial(&mut bench, 900, 1, "202");
        bench.opened(1);
        if rings {
            bench.input(Input::Sip(sip::Event::Progress(sip::CallId(1), 180, None)));
        }
        bench.world.sip.clear();
        bench.input(Input::Sip(sip::Event::Ended(sip::CallId(1), Ended::Refused(status))));
        let trace = &bench.world.trace;
        assert!(trace.contains(&format!("dect  900 Release {told}\n")), "{status}: {trace}");
        bench.end_all();
        bench.assert_idle();
    }
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
    for line in ["sip   800 Reject 480", "sip   801 Reject 486", "sip   802 Reject 404"] {
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
    bench.set(closed);
    bench.input(Input::Dect(Indication::AccessRights(handset(1))));
    assert_eq!(
        bench.world.trace,
        "\
dect  0 AccessRights 00077 0000001 9 allowed
note  00077 0000009 6 wants to subscribe and was refused: no user has this IPEI
dect  0 AccessRights 00077 0000009 6 refused
note  00077 0000001 9 wants to subscribe and was refused: subscription is not allowed (dect.subscription_allowed)
dect  0 AccessRights 00077 0000001 9 refused
"
    );
}

#[test]
fn a_base_station_that_was_removed_is_listed_no_more() {
    let mut bench = Bench::new();
    let listed = |bench: &Bench| bench.iwu.status().rfps.len();
    let before = listed(&bench);
    let mac = ident::Mac([2, 0, 0, 0, 0, 9]);
    bench.input(Input::Dect(Indication::RfpDown(mac, "it was removed".into())));
    assert_eq!(listed(&bench), before + 1);
    bench.input(Input::Dect(Indication::RfpForgotten(mac)));
    assert_eq!(listed(&bench), before);
}

#[test]
fn a_new_list_of_users_touches_only_what_has_changed() {
    let mut bench = Bench::new();
    let mut changed = user("202", 2);
    changed.account.password = Password::new("louder");
    bench.input(Input::Users(vec![user("203", 1), changed]));
    bench.input(Input::Sip(sip::Event::Deregistered(sip::AccountId(1))));
    assert_eq!(
        bench.world.trace,
        "\
sip   account 1 Deregister
sip   account 3 put
sip   account 3 Register
sip   account 2 put
sip   account 2 Register
sip   account 1 removed
"
    );
    bench.world.trace.clear();
    bench.input(Input::Users(vec![]));
    assert_eq!(bench.world.trace, "sip   account 2 Deregister\nsip   account 3 Deregister\n");
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
