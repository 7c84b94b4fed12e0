//! Whatever handsets, base stations and the interworking unit do, in whatever order.
//!
//! Checked in every run: a call ends exactly once for the interworking unit,
//! nothing is told of it before or after, and when everybody has gone nothing is
//! left behind but what is subscribed.

use crate::world::{IPUI_N, IPUI_O, Radio, World, handset, mac, settings, subscribed};
use dect::lapc::Class;
use dect::nwk::{Encryption, Settings};
use dect::primitive::{
    AccessAnswer, AccessCode, CallId, Info, ReleaseReason, Request, RfpCodec, RtpPeer,
};
use dect::security::{Key, a11, a12};
use dect::subscription::{Keys, Uak};
use ident::{Ipei, Ipui};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};

/// One thing that somebody does; numbers choose among what there is.
#[derive(Clone, Debug)]
enum Deed {
    Base(u8),
    BreakBase(u8),
    Open(u8, bool),
    Say(usize, usize),
    Noise(usize, Vec<u8>),
    Close(usize),
    Lose(usize),
    WalkAway(usize),
    HandOver(usize, u8, bool),
    SetUp(bool),
    Ask(usize, usize),
    Wait(u64),
    StoreFails(bool),
    Octets(u8, Vec<u8>),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        1 => (1..4_u8).prop_map(Deed::Base),
        1 => (1..4_u8).prop_map(Deed::BreakBase),
        6 => (1..4_u8, any::<bool>()).prop_map(|(base, class)| Deed::Open(base, class)),
        20 => (0..8_usize, 0..MESSAGES.len() + 2).prop_map(|(link, what)| Deed::Say(link, what)),
        1 => (0..8_usize, prop::collection::vec(any::<u8>(), 0..80))
            .prop_map(|(link, octets)| Deed::Noise(link, octets)),
        2 => (0..8_usize).prop_map(Deed::Close),
        1 => (0..8_usize).prop_map(Deed::Lose),
        1 => (0..8_usize).prop_map(Deed::WalkAway),
        2 => (0..8_usize, 1..4_u8, any::<bool>())
            .prop_map(|(link, base, known)| Deed::HandOver(link, base, known)),
        4 => any::<bool>().prop_map(Deed::SetUp),
        10 => (0..6_usize, 0..14_usize).prop_map(|(call, what)| Deed::Ask(call, what)),
        6 => (0..25_u64).prop_map(Deed::Wait),
        1 => any::<bool>().prop_map(Deed::StoreFails),
        1 => (1..4_u8, prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(base, octets)| Deed::Octets(base, octets)),
    ]
}

/// What handsets may say, in any order; `I` stands for an identity.
const MESSAGES: [&str; 34] = [
    "0544 I 0a03014800",
    "8540 0a03014800 0c08a03ff2c523d00842 0d04f28cf911",
    "0554 I 0606a0a010009034",
    "055d",
    "055f",
    "0556 I",
    "0071 I",
    "0305 I 0606a0a010009034 e080",
    "0305 I 0606a0a010009034 e080 2c03313030 a1",
    "1305 I 0606a0a010009034 e080",
    "8301",
    "8307",
    "030f",
    "037b e931",
    "837b 2c0115",
    "834d e200",
    "034d e200",
    "835a e215",
    "035a",
    "835a e232",
    "0548 I 0606a0a010009034",
    "8549",
    "854b",
    "0559 I",
    "8559 I",
    "054e 19028198",
    "854f",
    "8543",
    "6462 I",
    "0464 I",
    "0324",
    "0550 010184",
    "0320",
    "8541 0d0400000000",
];

fn act(world: &mut World, deed: Deed) {
    let link = |world: &World, number: usize| -> Option<Radio> {
        let radios = world.radios();
        (!radios.is_empty()).then(|| radios[number % radios.len()])
    };
    match deed {
        Deed::Base(number) => world.base(number),
        Deed::BreakBase(number) => world.break_base(number),
        Deed::Open(base, class) => {
            world.open_class(base, if class { Class::B } else { Class::A }, 0xe_1234);
        }
        Deed::Say(number, what) => {
            if let Some(radio) = link(world, number) {
                world.say(radio, &message(what, number));
            }
        }
        Deed::Noise(number, octets) => {
            if let Some(radio) = link(world, number) {
                world.mumble(radio, octets);
            }
        }
        Deed::Close(number) => {
            if let Some(radio) = link(world, number) {
                world.close(radio);
            }
        }
        Deed::Lose(number) => {
            if let Some(radio) = link(world, number) {
                world.lose(radio);
            }
        }
        Deed::WalkAway(number) => {
            if let Some(radio) = link(world, number) {
                world.walk_away(radio);
            }
        }
        Deed::HandOver(number, base, known) => {
            if let Some(radio) = link(world, number) {
                world.hand_over(radio, base, if known { 0x0027b } else { 0x00001 });
            }
        }
        Deed::SetUp(first) => {
            let call = world.nwk.new_call();
            let pp = if first { handset() } else { other() };
            world.request(Request::Setup { call, pp, info: Info::default() });
        }
        Deed::Ask(number, what) => ask(world, number, what),
        Deed::Wait(seconds) => world.wait(seconds),
        Deed::StoreFails(fails) => world.durable = !fails,
        Deed::Octets(base, octets) => world.garble(base, octets),
    }
}

fn message(what: usize, who: usize) -> String {
    let identity = match who % 3 {
        0 => IPUI_N.to_owned(),
        1 => IPUI_O.to_owned(),
        _ => "0507 80a81000400001".to_owned(),
    };
    match MESSAGES.get(what) {
        Some(text) => text.replace('I', &identity),
        // The right answer to a challenge of zeros.
        None => {
            let key = Key::from_uak(&Uak::new(crate::world::UAK));
            let (res, _) = a12(&a11(&key, [0; 8]), [0; 8]);
            let res = res.octets();
            format!("8541 0d04{:02x}{:02x}{:02x}{:02x}", res[0], res[1], res[2], res[3])
        }
    }
}

fn ask(world: &mut World, number: usize, what: usize) {
    let call = world.living.iter().nth(number).copied().unwrap_or(CallId(77_777));
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let peer = RtpPeer { address, rtp: 4000, rtcp: 4001, codec: RfpCodec::Pcmu, ptime_ms: 20 };
    let code = AccessCode::new("9124").expect("four digits");
    let info = Info::default();
    world.request(match what {
        0 => Request::SetupAck(call, info),
        1 => Request::CallProc(call, info),
        2 => Request::Alert(call, info),
        3 => Request::Connect(call, info),
        4 => Request::Info(call, Info { display: Some("Hello".into()), ..info }),
        5 | 6 => Request::Release(call, ReleaseReason::Normal, info),
        7 => Request::AccessRights(handset(), AccessAnswer::Allowed(code)),
        8 => Request::AccessRights(handset(), AccessAnswer::Refused),
        9 => Request::Terminate(if number == 0 { handset() } else { other() }),
        10 => Request::SuggestLocate(handset()),
        11 => Request::Identify(handset()),
        12 => Request::OpenMedia(call, peer),
        _ => Request::CloseMedia(call),
    });
}

fn other() -> Ipei {
    Ipei::new(0x4, 1).expect("a valid identity")
}

fn world(auth_call: bool, encryption: Encryption, ciphers: bool) -> World {
    let mut second = subscribed();
    second.ipei = other();
    second.ipui = Ipui::private_ipei(other());
    second.tpui = None;
    second.keys = Keys::Unconfirmed(Uak::new([1; 16]));
    second.located = Some(mac(2));
    let settings = Settings { auth_call, encryption, mirror: true, ..settings() };
    let mut world = World::new(settings, vec![subscribed(), second], &[]);
    world.ciphers = ciphers;
    for number in 1..4 {
        world.base(number);
    }
    world
}

proptest! {
    #[test]
    fn every_call_ends_once_and_nothing_is_left_behind(
        auth_call: bool,
        encryption in prop_oneof![
            Just(Encryption::Disabled), Just(Encryption::Enabled), Just(Encryption::Enforced)
        ],
        ciphers: bool,
        deeds in prop::collection::vec(deed(), 0..80),
    ) {
        let mut world = world(auth_call, encryption, ciphers);
        for deed in deeds {
            act(&mut world, deed);
        }
        world.durable = true;
        for call in world.living.clone() {
            world.request(Request::Release(call, ReleaseReason::Normal, Info::default()));
        }
        world.wait(60);
        for number in 1..4 {
            world.break_base(number);
        }
        // The longest timer counts wrong codes.
        world.wait(1000);
        let left = world.nwk.census();
        prop_assert!(world.living.is_empty(), "calls {:?} live\n{}", world.living, world.trace);
        prop_assert_eq!((left.bases, left.links, left.calls), (0, 0, 0), "{}", world.trace);
        prop_assert_eq!((left.channels, left.tickets, left.timers), (0, 0, 0), "{}", world.trace);
        // The store may know more: a subscription whose end could not be written down.
        prop_assert!(left.handsets <= world.kept.len(), "{}", world.trace);
    }
}
