//! What is counted, and what those who watch are told of.

use super::bench::{Bench, dial, handset, ring, session};
use crate::iwu::Input;
use crate::tally::{Occurrence, Tally};
use ::dect::primitive::{self as dect, Indication, ReleaseReason};
use ::sip::primitive::{self as sip, AccountId, Ended};
use ident::Mac;
use media::session::{Report, SessionId};
use std::time::Duration;

/// How a call that the handset makes, and one that it is called with, can end: before it rings, while it rings, when it
/// is up.
fn end(up: Stage, last: Input) -> Tally {
    let mut bench = Bench::new();
    dial(&mut bench, 900, 1, "202");
    bench.opened(1);
    if up >= Stage::Rings {
        bench.input(Input::Sip(sip::Event::Progress(sip::CallId(1), 180, None)));
    }
    if up >= Stage::Up {
        bench.input(Input::Sip(sip::Event::Answered(sip::CallId(1), Some(session(7000)))));
    }
    bench.input(last);
    bench.end_all();
    bench.iwu.tally
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Stage {
    Begun,
    Rings,
    Up,
}

fn released(reason: ReleaseReason) -> Input {
    Input::Dect(Indication::Release(dect::CallId(900), reason))
}

fn ended(how: Ended) -> Input {
    Input::Sip(sip::Event::Ended(sip::CallId(1), how))
}

#[test]
fn a_call_that_nobody_wanted_to_end_is_told_from_one_that_had_its_end() {
    for (stage, last, abnormal) in [
        (Stage::Up, released(ReleaseReason::Normal), 0),
        (Stage::Up, ended(Ended::ByPeer), 0),
        (Stage::Begun, ended(Ended::Refused(486)), 0),
        (Stage::Rings, ended(Ended::Refused(408)), 0),
        (Stage::Begun, released(ReleaseReason::Normal), 0),
        // The handset has left the range of all base stations.
        (Stage::Up, released(ReleaseReason::UserNotInRange), 1),
        (Stage::Up, released(ReleaseReason::EncryptionFailed), 1),
        // The PBX is silent, or broken.
        (Stage::Begun, ended(Ended::Refused(408)), 1),
        (Stage::Begun, ended(Ended::Refused(503)), 1),
        (Stage::Up, ended(Ended::Broken), 1),
        // There is no room for speech.
        (Stage::Begun, Input::Media(Report::Failed(SessionId(1), String::new())), 1),
        (Stage::Up, Input::MediaLost, 1),
        (Stage::Up, Input::Dect(Indication::MediaFailed(dect::CallId(900), String::new())), 1),
    ] {
        assert_eq!(end(stage, last), Tally { attempts: 1, most: 1, abnormal });
    }
}

#[test]
fn a_handset_that_is_not_found_is_no_failure_of_the_call() {
    let mut bench = Bench::new();
    ring(&mut bench, 800, 1, Some(session(7000)));
    let away = Indication::Release(dect::CallId(1), ReleaseReason::UserNotInRange);
    bench.world.dect.clear();
    bench.input(Input::Dect(away));
    bench.end_all();
    assert_eq!(bench.iwu.tally, Tally { attempts: 1, most: 1, abnormal: 0 });
}

#[test]
fn calls_that_were_refused_were_attempts_and_the_most_at_a_time_stays() {
    let mut bench = Bench::new();
    dial(&mut bench, 900, 1, "202");
    dial(&mut bench, 901, 2, "201");
    // This handset is busy, and that one is nobody's.
    ring(&mut bench, 800, 1, Some(session(7000)));
    dial(&mut bench, 902, 9, "201");
    bench.end_all();
    dial(&mut bench, 903, 1, "202");
    bench.end_all();
    assert_eq!(bench.iwu.tally, Tally { attempts: 5, most: 2, abnormal: 0 });
}

#[test]
fn those_who_watch_hear_of_base_stations_and_registrations_once() {
    let mut bench = Bench::new();
    bench.world.occurred.clear();
    let mac = Mac([2, 0, 0, 0, 0, 9]);
    let down = || Input::Dect(Indication::RfpDown(mac, "it is silent".into()));
    let failed = |why: &str| {
        let failed = sip::NotRegistered { status: None, reason: why.into(), retry: None };
        Input::Sip(sip::Event::NotRegistered(AccountId(1), failed))
    };
    let registered = || Input::Sip(sip::Event::Registered(AccountId(1), Duration::from_hours(1)));
    // One that never was up is not lost.
    for input in [down(), Input::Dect(Indication::RfpUp(mac)), down(), down()] {
        bench.input(input);
    }
    for input in [registered(), failed("408"), failed("503"), registered(), registered()] {
        bench.input(input);
    }
    bench.input(Input::Dect(Indication::Detached(handset(2))));
    assert_eq!(
        bench.world.occurred,
        [
            Occurrence::BaseStationUp(mac),
            Occurrence::BaseStationLost(mac, "it is silent".into()),
            Occurrence::RegistrationLost("201".into(), "408".into()),
            Occurrence::RegistrationBack("201".into()),
        ]
    );
}
