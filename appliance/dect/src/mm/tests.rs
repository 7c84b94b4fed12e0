//! What an MM does with a handset, a store and an IWU that behave, and with ones that do not.

mod world;

use super::{Event, Request, Timer};
use crate::security::{self, Key};
use crate::subscription::{Keys, Uak};
use crate::wire::ie::{PortableIdentity, RejectReason, Res, Rs};
use crate::wire::{Kind, Message, Origin, Ti};
use ident::{Mac, Tpui};
use std::time::Duration;
use world::*;

/// EN 300 175-7 Annex K.1, with what is ours to choose in ACCESS-RIGHTS-ACCEPT: the IPUI, and no number
/// for a cipher key that nobody derives there.
#[test]
fn a_subscription_and_an_authentication_go_as_annex_k_prints_them() {
    let mut world = World::new();
    world.rng = Box::new(Scripted(vec![
        [0xd0, 0x1f, 0xf9, 0xe2, 0x11, 0x68, 0x04, 0x21],
        [0; 8],
        [0x9b, 0x11, 0x4f, 0x25, 0x54, 0x51, 0x88, 0x59],
        [0; 8],
    ]));
    world.pp_sends(0, access_request());
    world.run();
    world.ask(Request::Authenticate);
    world.run();
    assert_eq!(
        world.air(),
        [
            "0544050780a80004ffffff0a03014800",
            "05420b0201880c08d01ff9e2116804210e080000000000000000",
            "85400a030148000c08a03ff2c523d008420d04f28cf911",
            "05410d04eeba4db9",
            "8545050780a81004ffffff0606a0a01000903407015f0a03011800",
            "05400a030118180c089b114f25545188590e080000000000000000",
            "85410d04961b3a9f",
        ]
    );
    assert_eq!(world.count("-> Authenticated(true)"), 1, "{}", world.trace);
    let kept = world.mm.subscription().unwrap();
    let uak = Uak::new(0x9363_8b45_7afd_40fa_585f_eb60_30d5_72a2_u128.to_be_bytes());
    assert!(kept.keys == Keys::Confirmed(uak));
    assert!(world.stored[&ipei()] == *kept);
}

#[test]
fn a_handset_hears_that_it_is_subscribed_only_when_the_store_has_it() {
    let mut world = World::new();
    world.pp_sends(0, access_request());
    world.run();
    let order: Vec<usize> = ["-> Put", "stored true", "-> ACCESS-RIGHTS-ACCEPT", "-> Subscribed"]
        .iter()
        .map(|what| world.trace.find(what).unwrap())
        .collect();
    assert!(order.is_sorted(), "{}", world.trace);
}

#[test]
fn what_cannot_be_stored_is_not_subscribed() {
    for (store, changes) in [(Store::Fails, "-> Put"), (Store::SaysNothing, "-> Remove")] {
        let mut world = World::new();
        world.store = store;
        world.pp_sends(0, access_request());
        world.run();
        assert!(world.mm.subscription().is_none());
        assert!(world.trace.contains("ACCESS-RIGHTS-REJECT=854760012f"), "{}", world.trace);
        assert!(world.trace.contains(changes), "{}", world.trace);
        assert_eq!(world.count("NotStored"), 1, "{}", world.trace);
        assert!(world.pp.uak.is_none(), "the handset took the key");
    }
}

#[test]
fn a_wrong_code_is_refused_and_guessing_is_locked_out() {
    let mut world = World::new();
    world.pp.code = "0000";
    for second in 0..7 {
        world.pp_sends(second * 1000, access_request());
    }
    world.run();
    assert_eq!(world.count("WrongAccessCode"), 5, "{}", world.trace);
    assert_eq!(world.count("LockedOut"), 2, "{}", world.trace);
    assert_eq!(world.count("-> AUTHENTICATION-REJECT=0543600110"), 5, "{}", world.trace);
    assert_eq!(world.count("-> ACCESS-RIGHTS-REJECT=8547600110"), 5, "{}", world.trace);
    assert_eq!(world.count("-> ACCESS-RIGHTS-REJECT=8547600105"), 2, "{}", world.trace);
    assert_eq!(world.count("<X-MM.2> expired"), 1, "{}", world.trace);
    assert!(world.mm.forgettable());
}

#[test]
fn a_closed_system_and_an_iwu_that_refuses_ask_for_no_code() {
    for (open, code) in [(false, Some("9124")), (true, None)] {
        let mut world = World::new();
        (world.open, world.code) = (open, code);
        world.pp_sends(0, access_request());
        world.run();
        assert!(world.trace.contains("ACCESS-RIGHTS-REJECT=8547600105"), "{}", world.trace);
        assert_eq!(world.count("-> AccessRights"), usize::from(open));
        assert_eq!(world.count("KEY-ALLOCATE"), 0, "{}", world.trace);
        assert_eq!(world.count("Refused"), 1, "{}", world.trace);
    }
}

#[test]
fn a_handset_locates_and_gets_a_temporary_identity() {
    let mut world = World::settled();
    let kept = world.mm.subscription().unwrap();
    assert_eq!((kept.tpui, kept.located), (Tpui::new(0x0027b), Some(Mac([2; 6]))));
    assert!(matches!(kept.keys, Keys::Confirmed(_)));
    assert!(world.stored[&ipei()] == *kept);

    world.pp_sends(0, locate_request());
    world.run();
    assert!(world.trace.contains("-> LOCATE-ACCEPT=85550505a09400027b07015f"), "{}", world.trace);
    assert_eq!(world.count("-> Located"), 1);
}

#[test]
fn a_handset_that_takes_no_temporary_identity_is_located_without() {
    let mut world = World::settled();
    world.pp_sends(0, locate_request());
    world.pp.answers = true;
    world.pp_sends(30, from_pp(Kind::TemporaryIdentityAssignRej));
    world.run();
    assert_eq!(world.mm.subscription().unwrap().tpui, None, "{}", world.trace);
    assert_eq!(world.stored[&ipei()].tpui, None);
}

#[test]
fn a_stranger_is_told_that_nobody_knows_it() {
    let mut world = World::new();
    world.pp_sends(0, locate_request());
    let tpui = PortableIdentity::Tpui(Tpui::new(0x0027b).unwrap());
    world.pp_sends(10, from_pp(Kind::LocateRequest).with(&tpui));
    world.pp_sends(20, terminate_request());
    world.pp_sends(30, challenge());
    world.pp_sends(40, detach());
    world.run();
    assert_eq!(
        world.air()[..8].iter().filter(|octets| octets.starts_with('8')).collect::<Vec<_>>(),
        ["8557600102", "8557600101", "854b600102", "8543600102"]
    );
}

#[test]
fn a_handset_without_the_key_is_not_located() {
    let mut world = World::settled();
    world.pp.uak = Some(Uak::new([7; 16]));
    world.pp_sends(0, locate_request());
    world.run();
    assert!(world.trace.contains("-> LOCATE-REJECT=8557600110"), "{}", world.trace);
    assert_eq!(world.count("-> NotAuthenticated"), 1);
    assert!(world.mm.subscription().is_some(), "an impostor must not end a subscription");
}

/// The second allocation's last message never reached the handset: its old key still opens the door.
#[test]
fn the_old_key_works_until_the_new_one_has_worked() {
    for heard_the_end in [true, false] {
        let mut world = World::settled();
        let old = world.pp.uak.clone();
        world.pp_sends(0, access_request());
        world.run();
        assert!(matches!(world.mm.subscription().unwrap().keys, Keys::Replacing { .. }));
        if !heard_the_end {
            world.pp.uak = old;
        }
        world.trace.clear();
        world.pp_sends(0, locate_request());
        world.run();
        assert_eq!(world.count("-> AUTHENTICATION-REQUEST"), 2 - usize::from(heard_the_end));
        assert_eq!(world.count("-> Located"), 1, "{}", world.trace);
        let confirmed = Keys::Confirmed(world.pp.uak.clone().unwrap());
        assert!(world.mm.subscription().unwrap().keys == confirmed);
        assert!(world.stored[&ipei()].keys == confirmed);
    }
}

#[test]
fn a_question_without_an_answer_is_asked_twice_and_given_up() {
    let cases = [
        (Request::Authenticate, "-> AUTHENTICATION-REQUEST", "-> Authenticated(false)"),
        (Request::Cipher, "-> CIPHER-REQUEST", "-> Ciphered(false)"),
        (Request::Identify, "-> IDENTITY-REQUEST", "-> Identified(None)"),
        (Request::Terminate, "-> ACCESS-RIGHTS-TERMINATE-REQUEST", "-> Terminated"),
    ];
    for (request, question, end) in cases {
        let mut world = World::settled();
        world.pp.answers = false;
        let begun = world.now;
        world.ask(request);
        world.run();
        assert_eq!(world.count(question), 2, "{}", world.trace);
        assert_eq!(world.count(end), 1, "{}", world.trace);
        let limit = begun + Duration::from_secs(20);
        assert!((limit..limit + Duration::from_millis(10)).contains(&world.now), "{}", world.trace);
    }
}

#[test]
fn external_protocol_information_and_a_challenge_give_the_running_procedure_its_whole_time_again() {
    for interruption in [from_pp(Kind::MmIwu), challenge()] {
        let mut world = World::settled();
        world.pp.answers = false;
        let begun = world.now;
        world.ask(Request::Authenticate);
        world.pp_sends(6000, interruption);
        world.run();
        assert_eq!(world.now, begun + Duration::from_secs(26), "{}", world.trace);
    }
}

#[test]
fn a_handset_that_falls_silent_while_subscribing_is_refused() {
    let mut world = World::new();
    world.pp.answers = false;
    world.pp_sends(0, access_request());
    world.run();
    assert_eq!(world.count("-> KEY-ALLOCATE"), 2, "{}", world.trace);
    assert!(world.trace.contains("-> ACCESS-RIGHTS-REJECT=8547600170"), "{}", world.trace);
    assert_eq!(world.count("Broken"), 1);
    assert!(world.mm.forgettable());
}

#[test]
fn ciphering_authenticates_first_where_there_is_no_key_yet() {
    let mut world = World::settled();
    world.mm.dck = None;
    world.ask(Request::Cipher);
    world.plan(100, Event::Ciphers(true));
    world.plan(200, Event::Request(Request::Cipher));
    world.run();
    let order: Vec<usize> = [
        "-> AUTHENTICATION-REQUEST",
        "-> Encrypt",
        "-> CIPHER-REQUEST=054c19028198",
        "ciphers true",
    ]
    .iter()
    .map(|what| world.trace.find(what).unwrap())
    .collect();
    assert!(order.is_sorted(), "{}", world.trace);
    assert_eq!(world.count("-> CIPHER-REQUEST"), 1, "a ciphered link is ciphered again");
    assert_eq!(world.count("-> Ciphered(true)"), 2, "{}", world.trace);
}

#[test]
fn a_handset_may_refuse_to_cipher_and_may_ask_for_it() {
    let mut world = World::settled();
    world.ask(Request::Cipher);
    let reject = Message::new(Ti::opened(0).answer(), Kind::CipherReject);
    world.pp_sends(20, reject.with(&RejectReason::NoCipherAlgorithm));
    world.run();
    assert_eq!(world.count("-> Ciphered(false)"), 1, "{}", world.trace);

    world.pp_sends(0, cipher_suggest());
    world.plan(100, Event::Ciphers(true));
    world.run();
    assert_eq!(world.count("-> CIPHER-REQUEST=854c19028198"), 1, "{}", world.trace);
    assert_eq!(world.count("-> Ciphered"), 1, "nobody here has asked: {}", world.trace);
}

#[test]
fn a_handset_challenges_us_and_gets_the_answer() {
    let mut world = World::settled();
    world.pp_sends(0, challenge());
    world.run();
    let reply = world.air().remove(1);
    let message = Message::decode(&unhex(&reply)).unwrap();
    assert_eq!((message.kind, message.ti.origin), (Kind::AuthenticationReply, Origin::Receiver));
    let rs = message.get::<Rs>().unwrap().array().unwrap();
    let ks = security::a21(&Key::from_uak(world.pp.uak.as_ref().unwrap()), rs);
    assert!(security::a22(&ks, RAND_P).agrees(&message.get::<Res>().unwrap().array().unwrap()));
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

#[test]
fn either_side_ends_the_subscription() {
    let mut ours = World::settled();
    ours.ask(Request::Terminate);
    ours.run();
    assert!(
        ours.trace
            .contains("-> ACCESS-RIGHTS-TERMINATE-REQUEST=0548050780a81004ffffff0606a0a010009034"),
        "{}",
        ours.trace
    );
    let mut theirs = World::settled();
    theirs.pp_sends(0, terminate_request());
    theirs.run();
    assert!(theirs.trace.contains("-> ACCESS-RIGHTS-TERMINATE-ACCEPT=8549"), "{}", theirs.trace);
    for world in [ours, theirs] {
        assert_eq!(world.count("-> Terminated"), 1, "{}", world.trace);
        assert!(world.mm.forgettable());
        assert!(world.stored.is_empty());
    }
    let mut impostor = World::settled();
    impostor.pp.uak = Some(Uak::new([7; 16]));
    impostor.pp_sends(0, terminate_request());
    impostor.run();
    assert!(impostor.trace.contains("-> ACCESS-RIGHTS-TERMINATE-REJECT=854b600110"));
    assert!(impostor.mm.subscription().is_some());
}

#[test]
fn a_subscription_that_the_store_does_not_forget_has_not_ended_and_can_be_ended_once_more() {
    let mut world = World::settled();
    world.store = Store::Fails;
    world.ask(Request::Terminate);
    world.run();
    assert_eq!(world.count("-> NotTerminated"), 1, "{}", world.trace);
    assert_eq!(world.count("-> Terminated"), 0, "{}", world.trace);
    assert!(world.mm.subscription().is_none(), "the handset has been told that it is over");
    assert!(!world.mm.forgettable(), "what the store has must not be forgotten");

    world.store = Store::Works;
    world.ask(Request::Terminate);
    world.run();
    assert_eq!(world.count("-> Terminated"), 1, "{}", world.trace);
    assert!(world.stored.is_empty() && world.mm.forgettable());
}

#[test]
fn a_handset_that_is_switched_off_is_nowhere() {
    let mut world = World::settled();
    world.pp_sends(0, detach());
    world.run();
    assert_eq!(world.count("-> Detached"), 1);
    assert_eq!(world.mm.subscription().unwrap().located, None);
    assert_eq!(world.stored[&ipei()].located, None);
}

#[test]
fn a_message_that_lacks_something_is_refused_and_changes_nothing() {
    let mut world = World::settled();
    world.pp_sends(0, from_pp(Kind::LocateRequest));
    world.pp_sends(1, from_pp(Kind::AccessRightsRequest));
    world.pp_sends(2, from_pp(Kind::AuthenticationRequest));
    world.run();
    let refusals: Vec<String> = world.air().into_iter().filter(|it| it.starts_with('8')).collect();
    assert_eq!(refusals, ["8557600160", "8547600160", "8543600160"]);
}

/// What can happen, apart from time.
fn happenings() -> Vec<Happening> {
    let requests = [
        Request::Terminate,
        Request::Authenticate,
        Request::Cipher,
        Request::Identify,
        Request::SuggestLocate,
    ];
    let messages = [
        access_request(),
        locate_request(),
        terminate_request(),
        detach(),
        challenge(),
        cipher_suggest(),
        from_pp(Kind::AuthenticationReject),
        from_pp(Kind::TemporaryIdentityAssignRej),
        Message::new(Ti::opened(0).answer(), Kind::CipherReject),
    ];
    requests
        .into_iter()
        .map(|request| Happening::Event(Event::Request(request)))
        .chain(messages.into_iter().map(Happening::Pp))
        .chain([Event::LinkLost, Event::Ciphers(true)].map(Happening::Event))
        .chain([Happening::PpGone])
        .collect()
}

/// Whatever happens in whatever order, with a handset that answers or not and a
/// store that works or not: everything that was begun ends, once, no timer
/// fires where nothing waits, and what the store has is what is in force.
#[test]
fn no_three_happenings_leave_a_procedure_behind() {
    let (happenings, settled) = (happenings(), World::settled());
    let (kept, uak) = (settled.mm.subscription().unwrap(), settled.pp.uak.as_ref().unwrap());
    let count = happenings.len();
    let surroundings = [
        (3, Store::Works, true),
        (30, Store::Works, true),
        (12_000, Store::Works, true),
        (30, Store::Works, false),
        (3, Store::SaysNothing, true),
        (30, Store::Fails, false),
    ];
    for n in 0..count.pow(3) {
        // Each sequence in two of the six surroundings, which all have their turn with each pair of happenings.
        for turn in [n, n + 3] {
            let (pause, store, settled) = surroundings[turn % surroundings.len()];
            let mut world = if settled { World::later(kept, uak) } else { World::new() };
            world.store = store;
            for place in 0..3 {
                let happening = happenings[n / count.pow(place) % count].clone();
                world.happen(pause * u128::from(place), happening);
            }
            world.run();
            check(&world);
        }
    }
}

fn check(world: &World) {
    let trace = &world.trace;
    let ended = world.count("-> Subscribed") + world.count("-> NotSubscribed");
    let unasked = ["Refused", "LockedOut", "Overload"];
    let refused_unasked: usize = unasked.iter().map(|why| world.count(why)).sum();
    let asked = world.count("-> AccessRights(");
    assert!(asked <= ended && ended <= asked + refused_unasked, "{trace}");
    for (asked, answered) in [
        ("Authenticate\n", "-> Authenticated"),
        ("Cipher\n", "-> Ciphered"),
        ("Identify\n", "-> Identified"),
    ] {
        // A question that is asked again before it is answered gets one answer.
        let (asked, answered) = (world.count(asked), world.count(answered));
        assert!(answered <= asked && (answered > 0) == (asked > 0), "{trace}");
    }
    if world.store == Store::Works {
        assert!(world.stored.get(&ipei()) == world.mm.subscription(), "{trace}");
    }
}

#[test]
fn each_timer_has_a_name_of_its_own() {
    let timers = [
        Timer::Access2,
        Timer::Auth1,
        Timer::Cipher1,
        Timer::Ident1,
        Timer::Ident2,
        Timer::Key1,
        Timer::Answer,
        Timer::Guesses,
    ];
    let names: std::collections::BTreeSet<_> = timers.map(|timer| timer.spec().name).into();
    assert_eq!(names.len(), timers.len());
}
