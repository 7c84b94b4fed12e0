//! Calls, from the first message to the last.

use crate::world::{IPUI_O, Radio, World, handset, settings, subscribed};
use dect::nwk::{Encryption, Settings};
use dect::primitive::{CallId, Info, ReleaseReason, Request, RfpCodec, RtpPeer, Signal};
use std::net::{IpAddr, Ipv4Addr};

fn world() -> World {
    world_with(settings(), &[])
}

fn world_with(settings: Settings, chosen: &[&str]) -> World {
    let mut world = World::new(settings, vec![subscribed()], chosen);
    world.base(1);
    world.base(2);
    world.hush();
    world
}

fn set_up(world: &mut World) -> CallId {
    let call = world.nwk.new_call();
    let info = Info {
        display: Some("Alice".into()),
        calling_number: Some("101".into()),
        signal: Some(Signal::Alerting0),
        ..Info::default()
    };
    world.request(Request::Setup { call, pp: handset(), info });
    call
}

fn page_response(world: &mut World, base: u8) -> Radio {
    let radio = world.open(base);
    world.say(radio, &format!("0071 {IPUI_O}"));
    radio
}

fn peer() -> RtpPeer {
    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    RtpPeer { address, rtp: 4000, rtcp: 4001, codec: RfpCodec::Pcma, ptime_ms: 20 }
}

#[test]
fn a_handset_is_paged_rings_talks_and_hangs_up() {
    let mut world = world();
    let call = set_up(&mut world);
    let radio = page_response(&mut world, 2);
    world.say(radio, "8301");
    world.request(Request::OpenMedia(call, peer()));
    world.say(radio, "8307");
    world.wait(30);
    world.say(radio, "834d e200");
    world.wait(20);
    world.golden("incoming");
}

#[test]
fn a_handset_dials_digit_by_digit() {
    let mut world = world();
    let radio = dial(&mut world);
    let call = CallId(1);
    world.request(Request::SetupAck(call, Info::default()));
    world.say(radio, "037b e931");
    world.say(radio, "037b 2c03313030");
    world.request(Request::CallProc(call, Info::default()));
    world.request(Request::Alert(call, Info { in_band: true, ..Info::default() }));
    world.request(Request::OpenMedia(call, peer()));
    world.request(Request::Connect(call, Info::default()));
    world.request(Request::ChangeMedia(call, RtpPeer { rtp: 5000, rtcp: 5001, ..peer() }));
    world.wait(10);
    world.request(Request::Release(call, ReleaseReason::Normal, Info::default()));
    world.say(radio, "035a");
    world.wait(20);
    world.golden("outgoing");
}

#[test]
fn a_page_without_answer_says_that_the_handset_is_not_in_range() {
    let mut world = world();
    set_up(&mut world);
    world.wait(20);
    world.golden("page-unanswered");
    // Its answer comes too late.
    world.hush();
    page_response(&mut world, 1);
    world.wait(10);
    world.golden("page-answered-late");
}

#[test]
fn a_call_that_is_given_up_during_the_page_reaches_the_handset_no_more() {
    let mut world = world();
    let call = set_up(&mut world);
    world.wait(1);
    world.request(Request::Release(call, ReleaseReason::Normal, Info::default()));
    page_response(&mut world, 1);
    world.wait(20);
    world.golden("given-up-while-paged");
}

#[test]
fn calls_end_when_their_base_station_is_lost() {
    let mut world = world();
    let call = set_up(&mut world);
    let radio = page_response(&mut world, 2);
    world.say(radio, "8301");
    world.request(Request::OpenMedia(call, peer()));
    world.say(radio, "8307");
    world.wait(5);
    world.break_base(2);
    world.wait(60);
    world.golden("base-lost");
}

#[test]
fn a_handset_that_walks_away_in_a_call_is_noticed_and_its_link_is_taken_down() {
    let mut world = world();
    let call = set_up(&mut world);
    let radio = page_response(&mut world, 2);
    world.say(radio, "8301");
    world.say(radio, "8307");
    world.walk_away(radio);
    world.request(Request::Info(call, Info { display: Some("Bob".into()), ..Info::default() }));
    world.wait(60);
    world.golden("walked-away");
}

#[test]
fn a_handset_in_a_call_is_busy_for_others() {
    let mut world = world();
    set_up(&mut world);
    set_up(&mut world);
    let radio = page_response(&mut world, 1);
    set_up(&mut world);
    // And it cannot begin a call of its own either.
    world.say(radio, "8301");
    world.say(radio, &format!("0305 {IPUI_O} 0606a0a010009034 e080"));
    world.golden("busy");
}

#[test]
fn set_ups_that_cross_are_resolved_in_favour_of_the_call_to_the_handset() {
    let mut world = world();
    let call = set_up(&mut world);
    let radio = page_response(&mut world, 1);
    world.say(radio, &format!("0305 {IPUI_O} 0606a0a010009034 e080"));
    world.say(radio, "835a e232");
    world.say(radio, "8301");
    world.request(Request::Release(call, ReleaseReason::Normal, Info::default()));
    world.say(radio, "835a");
    world.wait(10);
    world.golden("crossed");
}

/// The identifier of the call that has just ended is the lowest that is free.
#[test]
fn a_set_up_right_behind_the_end_of_a_call_begins_the_next_one() {
    let mut world = world();
    let radio = dial(&mut world);
    let set_up = format!("0305 {IPUI_O} 0606a0a010009034 e080");
    world.request(Request::CallProc(CallId(1), Info::default()));
    world.request(Request::Release(CallId(1), ReleaseReason::Normal, Info::default()));
    world.say_at_once(radio, &["035a", &set_up]);
    world.request(Request::CallProc(CallId(2), Info::default()));
    world.say_at_once(radio, &["034d e200", &set_up]);
    world.golden("set-up-behind-release");
}

#[test]
fn messages_of_calls_that_do_not_exist_get_the_answer_of_the_standard() {
    let mut world = world();
    let radio = page_response_unasked(&mut world);
    for text in
        ["037b e931", "137b e931", "8307", "034d e200", "035a", "0320 160180", "6462", "0464"]
    {
        world.say(radio, text);
    }
    // A set-up that lacks what it must have, and one whose flag is wrong.
    world.say(radio, &format!("0305 {IPUI_O}"));
    world.say(radio, &format!("8305 {IPUI_O} 0606a0a010009034 e080"));
    world.wait(20);
    world.golden("unknown-transactions");
}

#[test]
fn a_call_is_authenticated_and_ciphered_before_it_begins() {
    let settings = Settings { auth_call: true, encryption: Encryption::Enforced, ..settings() };
    let mut world = world_with(settings, &CHOSEN);
    let radio = dial(&mut world);
    world.say(radio, "037b e931");
    world.say(radio, "8541 0d04961b3a9f");
    world.wait(1);
    world.golden("ciphered-outgoing");
}

#[test]
fn a_call_to_a_handset_is_ciphered_before_it_rings() {
    let settings = Settings { encryption: Encryption::Enforced, ..settings() };
    let mut world = world_with(settings, &CHOSEN);
    set_up(&mut world);
    let radio = page_response(&mut world, 1);
    world.say(radio, "8541 0d04961b3a9f");
    world.wait(1);
    world.golden("ciphered-incoming");
}

#[test]
fn a_handset_that_cannot_prove_itself_cannot_call() {
    let settings = Settings { auth_call: true, ..settings() };
    let mut world = world_with(settings, &CHOSEN);
    let radio = dial(&mut world);
    world.say(radio, "8541 0d0400000000");
    world.wait(10);
    world.golden("not-authenticated");
}

#[test]
fn a_call_that_must_be_ciphered_and_cannot_be_is_released() {
    let settings = Settings { encryption: Encryption::Enforced, ..settings() };
    let mut world = world_with(settings, &CHOSEN);
    world.ciphers = false;
    let radio = dial(&mut world);
    world.say(radio, "8541 0d04961b3a9f");
    world.wait(60);
    world.golden("not-ciphered");
}

#[test]
fn a_handset_that_comes_back_over_another_link_has_lost_its_calls() {
    let mut world = world();
    set_up(&mut world);
    let radio = page_response(&mut world, 1);
    world.say(radio, "8301");
    world.say(radio, "8307");
    world.walk_away(radio);
    let radio = world.open(2);
    world.say(radio, &format!("0305 {IPUI_O} 0606a0a010009034 e080"));
    world.wait(30);
    world.golden("second-link");
}

#[test]
fn a_call_goes_on_through_another_base_station() {
    let mut world = world();
    let call = set_up(&mut world);
    let radio = page_response(&mut world, 1);
    world.say(radio, "8301");
    world.request(Request::OpenMedia(call, peer()));
    world.say(radio, "8307");
    let radio = world.hand_over(radio, 2, 0x0027b);
    world.say(radio, "837b e931");
    world.request(Request::Info(call, Info { display: Some("Bob".into()), ..Info::default() }));
    world.wait(10);
    world.say(radio, "834d e200");
    world.wait(10);
    world.golden("handover");
    // Nobody knows this one.
    world.hush();
    let radio = world.open(1);
    world.hand_over(radio, 2, 0x00001);
    world.wait(10);
    world.golden("handover-unknown");
}

#[test]
fn a_ciphered_link_takes_its_key_along() {
    let settings = Settings { encryption: Encryption::Enforced, ..settings() };
    let mut world = world_with(settings, &CHOSEN);
    let radio = dial(&mut world);
    world.say(radio, "8541 0d04961b3a9f");
    world.hand_over(radio, 2, 0x0027b);
    world.golden("handover-ciphered");
}

fn dial(world: &mut World) -> Radio {
    let radio = world.open(1);
    world.say(radio, &format!("0305 {IPUI_O} 0606a0a010009034 e080"));
    radio
}

/// A link of the handset's that nothing uses.
fn page_response_unasked(world: &mut World) -> Radio {
    let radio = world.open(1);
    world.say(radio, &format!("6462 {IPUI_O}"));
    radio
}

/// The challenge of the first authentication in Annex K.
const CHOSEN: [&str; 5] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "9b114f2554518859",
    "0000000000000000",
    "0000000000000000",
];
