//! Enrolment and location: the transcript of EN 300 175-7 Annex K, end to end.

use crate::world::{IPUI_N, IPUI_O, World, handset, mac, octets, settings, subscribed};
use dect::lapc::Class;
use dect::nwk::{Input, Settings};
use dect::primitive::{AccessAnswer, AccessCode, Info, Request};

#[test]
fn a_handset_subscribes_and_locates_as_in_annex_k() {
    let mut world = World::new(settings(), Vec::new(), &CHOSEN);
    world.base(1);
    let radio = world.enrol();
    world.say(radio, &format!("0554 {IPUI_O} 0606a0a010009034"));
    world.say(radio, "8541 0d04961b3a9f");
    world.say(radio, "055d");
    world.wait(60);
    world.golden("enrolment");
    assert!(world.kept.contains_key(&handset()));
}

#[test]
fn the_mirror_shows_the_secrets_of_an_enrolment_only_where_the_handset_is_named() {
    for unmasked in [None, Some(handset())] {
        let settings = Settings { mirror: true, unmasked, ..settings() };
        let mut world = World::new(settings, Vec::new(), &CHOSEN);
        world.base(1);
        world.enrol();
        let shows = |text: &str| {
            let octets = octets(text);
            world.mirrored.windows(octets.len()).any(|window| window == octets)
        };
        assert!(shows("0544 0507 80a80004ffffff"), "the request is in clear");
        for secret in [CHOSEN[1], "a03ff2c523d00842", "f28cf911", "eeba4db9"] {
            assert_eq!(shows(secret), unmasked.is_some(), "{secret}");
        }
    }
}

#[test]
fn a_wrong_code_is_refused_and_nothing_is_kept() {
    let mut world = World::new(settings(), Vec::new(), &CHOSEN);
    world.base(1);
    let radio = world.open(1);
    world.say(radio, &format!("0544 {IPUI_N} 0a03014800"));
    let code = AccessCode::new("9124").expect("four digits");
    world.request(Request::AccessRights(handset(), AccessAnswer::Allowed(code)));
    world.say(radio, "8540 0a03014800 0c08a03ff2c523d00842 0d0400000000");
    world.wait(20);
    world.golden("wrong-code");
    assert!(world.kept.is_empty());
}

/// A handset that takes another name for each guess would have as many guesses as there are names.
#[test]
fn guesses_under_many_names_lock_all_out_until_the_window_ends_or_subscription_is_opened_anew() {
    let mut world = World::new(settings(), Vec::new(), &[]);
    world.base(1);
    for name in 0..20 {
        guess(&mut world, name);
    }
    assert_eq!(world.trace.matches("WrongAccessCode").count(), 20, "{}", world.trace);
    world.hush();
    guess(&mut world, 20);
    world.golden("locked-out");

    world.wait(900);
    guess(&mut world, 21);
    assert_eq!(world.trace.matches("WrongAccessCode").count(), 1, "{}", world.trace);
    for name in 22..41 {
        guess(&mut world, name);
    }
    world.input(Input::Settings(Settings { subscription_allowed: false, ..settings() }));
    world.input(Input::Settings(settings()));
    world.hush();
    guess(&mut world, 41);
    assert_eq!(world.trace.matches("WrongAccessCode").count(), 1, "{}", world.trace);
}

/// One wrong code under this name.
fn guess(world: &mut World, name: u32) {
    let radio = world.open(1);
    let pp = ident::Ipei::new(0x4f, name).expect("a valid identity");
    world.say(radio, &format!("0544 0507 80a8 0004f{name:05x} 0a03014800"));
    let code = AccessCode::new("9124").expect("four digits");
    world.request(Request::AccessRights(pp, AccessAnswer::Allowed(code)));
    world.say(radio, "8540 0a03014800 0c08a03ff2c523d00842 0d0400000000");
    world.close(radio);
}

#[test]
fn a_base_station_that_the_store_does_not_forget_is_still_known_and_can_be_removed_once_more() {
    let mut world = World::new(settings(), Vec::new(), &[]);
    world.base(1);
    world.hush();
    world.durable = false;
    world.input(Input::RemoveRfp(mac(1)));
    world.durable = true;
    world.input(Input::RemoveRfp(mac(1)));
    world.input(Input::RemoveRfp(mac(1)));
    world.golden("base-not-forgotten");
}

#[test]
fn a_handset_that_nobody_expects_is_refused() {
    let mut world = World::new(settings(), Vec::new(), &CHOSEN);
    world.base(1);
    let radio = world.open(1);
    world.say(radio, &format!("0544 {IPUI_N} 0a03014800"));
    world.request(Request::AccessRights(handset(), AccessAnswer::Refused));
    world.wait(20);
    world.golden("unexpected-handset");
}

#[test]
fn a_subscription_that_cannot_be_stored_is_not_told_to_the_handset() {
    let mut world = World::new(settings(), Vec::new(), &CHOSEN);
    world.base(1);
    world.durable = false;
    world.enrol();
    world.wait(20);
    world.golden("store-fails");
    assert!(!world.trace.contains(" 8545"), "{}", world.trace);
}

#[test]
fn a_handset_enrols_over_a_link_of_class_a_and_long_messages_are_cut() {
    let mut world = World::new(settings(), Vec::new(), &CHOSEN);
    world.base(1);
    let radio = world.open_class(1, Class::A, 0xe_1234);
    // MODEL-ID, TERMINAL-CAPABILITY and a proprietary element of 150 octets.
    let long = format!("7b96 81 0031 {}", "55".repeat(147));
    world.say(radio, &format!("0544 {IPUI_N} 0a03014800 63024102 7803000102 {long}"));
    let code = AccessCode::new("9124").expect("four digits");
    world.request(Request::AccessRights(handset(), AccessAnswer::Allowed(code)));
    world.say(radio, "8540 0a03014800 0c08a03ff2c523d00842 0d04f28cf911");
    world.wait(10);
    world.golden("class-a");
    let kept = &world.kept[&handset()];
    assert_eq!(
        (kept.terminal_capability.as_slice(), kept.model.as_slice()),
        (&[0x41, 2][..], &[0, 1, 2][..])
    );
}

#[test]
fn a_restarted_engine_tells_what_it_was_given_and_forgets_a_handset_that_detaches() {
    let mut world = World::new(settings(), vec![subscribed()], &[]);
    world.base(1);
    let radio = world.open(1);
    world.say(radio, &format!("0556 {IPUI_O}"));
    world.close(radio);
    world.wait(10);
    let call = world.nwk.new_call();
    world.request(Request::Setup { call, pp: handset(), info: Info::default() });
    world.golden("detach");
}

#[test]
fn a_handset_that_is_not_subscribed_is_told_so() {
    let mut world = World::new(settings(), Vec::new(), &[]);
    world.base(1);
    for first in [
        format!("0554 {IPUI_N} 0606a0a010009034"),
        format!("0305 {IPUI_N} 0606a0a010009034 e080"),
        format!("0071 {IPUI_N}"),
        // An identity of a user, not of a handset.
        "0554 0506 80a0 104fffff 0606a0a010009034".into(),
        "037b e931".into(),
        // Nothing that could be answered.
        "0778".into(),
    ] {
        let radio = world.open(1);
        world.say(radio, &first);
    }
    world.wait(20);
    world.golden("strangers");
}

#[test]
fn a_subscription_is_ended_over_the_air_and_in_the_store() {
    let mut world = World::new(settings(), vec![subscribed()], &CHOSEN[3..]);
    world.base(1);
    world.request(Request::Terminate(handset()));
    let radio = world.open(1);
    world.say(radio, &format!("0071 {IPUI_O}"));
    world.say(radio, "8549");
    world.wait(10);
    world.golden("termination");
    assert!(world.kept.is_empty());
}

/// Call control hears of the handset's next message only when mobility management is done with this one.
#[test]
fn a_set_up_right_behind_the_end_of_a_subscription_is_no_call() {
    let mut world = World::new(settings(), vec![subscribed()], &CHOSEN[3..]);
    world.base(1);
    world.request(Request::Terminate(handset()));
    let radio = world.open(1);
    world.say(radio, &format!("0071 {IPUI_O}"));
    world.hush();
    world.say_at_once(radio, &["8549", &format!("0305 {IPUI_O} 0606a0a010009034 e080")]);
    world.wait(10);
    world.golden("set-up-behind-termination");
}

#[test]
fn a_subscription_ends_although_the_handset_does_not_answer() {
    let mut world = World::new(settings(), vec![subscribed()], &[]);
    world.base(1);
    world.request(Request::Terminate(handset()));
    world.wait(30);
    world.golden("termination-unanswered");
    assert!(world.kept.is_empty());
}

#[test]
fn a_handset_is_asked_to_locate_again_and_for_its_identity() {
    let mut world = World::new(settings(), vec![subscribed()], &[]);
    world.base(1);
    world.request(Request::SuggestLocate(handset()));
    world.request(Request::Identify(handset()));
    let radio = world.open(1);
    world.say(radio, &format!("0071 {IPUI_O}"));
    world.say(radio, "8559 0507 90a80004ffffff");
    world.wait(10);
    world.golden("identify");
}

/// The challenges of Annex K: RAND and RS of the key allocation, and of the first authentication.
const CHOSEN: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "d01ff9e211680421",
    "0000000000000000",
    "9b114f2554518859",
    "0000000000000000",
];
