//! The network layer's messages against octets from the standard's own examples and from the air.

use dect::primitive::{ReleaseReason, Signal};
use dect::wire::ie::{
    AuthKey, AuthType, BasicService, CallingPartyNumber, CipherInfo, FixedIdentity, LocationArea,
    MultiDisplay, PortableIdentity, Rand, RejectReason, Rs,
};
use dect::wire::{
    DecodeError, Direction, Element, Fault, Id, Kind, MESSAGE_MAX, Message, Origin, Reaction,
    Repeat, Ti, describe,
};
use ident::{Ipei, Ipui, Park, Tpui};
use proptest::prelude::*;
use serde_json::Value;

const MESSAGES: &str = include_str!("../../../tests/vectors/nwk.csv");
const ELEMENTS: &str = include_str!("../../../tests/vectors/nwk-elements.csv");

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|digit| *digit != b' ').collect();
    let pairs = digits.chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned());
    pairs.map(|pair| u8::from_str_radix(&pair, 16).expect("hexadecimal")).collect()
}

fn message(hex: &str) -> Message {
    Message::decode(&octets(hex)).expect("a message")
}

fn messages() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let columns = MESSAGES.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    columns.map(|columns| (columns[0], columns[1], columns[2]))
}

#[test]
fn each_known_message_is_accepted_named_and_written_as_it_was_read() {
    assert!(messages().count() > 50);
    for (hex, name, elements) in messages() {
        let report = describe::report(&octets(hex));
        assert_eq!(report["verdict"], "accept", "{hex}: {report}");
        assert_eq!(report["message"], name, "{hex}");
        assert_eq!(report["encoded"], hex, "{hex}");
        let names = report["elements"].as_array().expect("a list").iter();
        let names: Vec<_> = names.filter_map(|element| element["name"].as_str()).collect();
        assert_eq!(names.join(" "), elements, "{hex}");
    }
}

#[test]
fn each_known_element_means_what_the_standard_says() {
    for line in ELEMENTS.lines().skip(1) {
        let columns: Vec<&str> = line.splitn(3, ';').collect();
        let report = describe::report(&octets(&format!("037b{}", columns[0])));
        let element = &report["elements"][0];
        let expected: Value = serde_json::from_str(columns[2]).expect("JSON");
        assert_eq!(element["name"], columns[1], "{line}");
        assert_eq!(element["contents"], expected, "{line}");
        assert_eq!(report["elements"].as_array().map(Vec::len), Some(1), "{line}");
    }
}

#[test]
fn a_message_cut_anywhere_is_refused_or_shorter_but_never_wrong() {
    for (hex, ..) in messages() {
        let whole = octets(hex);
        for length in 0..whole.len() {
            let cut = &whole[..length];
            match Message::decode(cut) {
                Ok(shorter) => assert_eq!(shorter.encode(), cut, "{hex}"),
                Err(DecodeError::TooShort(found)) => assert!(found == length && length < 3),
                Err(DecodeError::Cut { at, .. }) => assert!((3..=length).contains(&at), "{hex}"),
                Err(other) => panic!("{hex}: {other}"),
            }
        }
    }
}

#[test]
fn broken_framing_is_refused_with_its_place() {
    let cases = [
        ("", "the message is too short: 0 octets, at least 2 are needed"),
        ("05", "the message is too short: 1 octets, at least 2 are needed"),
        ("732a", "the message is too short: 2 octets, at least 2 are needed"),
        ("0944", "octet 1: the protocol discriminator 9 is none of the network layer's"),
        ("0305 0507 80a80004ff", "octet 3: PORTABLE-IDENTITY is cut off"),
        ("037b e931 2c", "octet 5: MULTI-KEYPAD is cut off"),
        ("034d e2", "octet 3: RELEASE-REASON is cut off"),
    ];
    for (hex, reason) in cases {
        let report = describe::report(&octets(hex));
        assert_eq!((&report["verdict"], &report["reason"]), (&"reject".into(), &reason.into()));
    }
    let long = [&[0x03, 0x7b][..], &[0xa1; MESSAGE_MAX]].concat();
    assert_eq!(Message::decode(&long), Err(DecodeError::TooLong(MESSAGE_MAX + 2)));
}

#[test]
fn a_message_that_may_not_be_acted_upon_is_answered_as_clause_17_wants() {
    use Direction::{ToFixed, ToPortable};
    let element_missing = ReleaseReason::MandatoryElementMissing;
    let cases = [
        ("0305 0507 80a80004ffffff e080", ToFixed, Reaction::ReleaseCom(element_missing)),
        (
            "0305 0507 80a80004ffffff 0604 a0a01000 e080",
            ToFixed,
            Reaction::ReleaseCom(ReleaseReason::InvalidElement),
        ),
        ("8305 0507 80a80004ffffff 0606 a0a010009034 e080", ToFixed, Reaction::Ignore),
        ("0554 0500", ToFixed, Reaction::Reject(Kind::LocateReject, RejectReason::ElementError)),
        (
            "0544 0507 80a8f004ffffff",
            ToFixed,
            Reaction::Reject(Kind::AccessRightsReject, RejectReason::InvalidElementContents),
        ),
        (
            "0071 0503 a094ff",
            ToFixed,
            Reaction::Reject(Kind::LcePageReject, RejectReason::InvalidElementContents),
        ),
        ("8541", ToFixed, Reaction::Ignore),
        ("0542 0b020188 0c08 0011223344556677", ToPortable, Reaction::Ignore),
        ("0542 0b020188 0c08 0011223344556677", ToFixed, Reaction::Ignore),
        ("1556 0507 80a80004ffffff", ToFixed, Reaction::Ignore),
        ("037f", ToFixed, Reaction::Ignore),
    ];
    for (hex, direction, reaction) in cases {
        let fault = message(hex).check(direction).expect_err(hex);
        assert_eq!(fault.reaction(), reaction, "{hex}: {fault}");
    }
}

#[test]
fn the_faults_of_a_message_are_told_in_the_order_of_clause_17() {
    let cases = [
        ("1540", Fault::Transaction(Kind::AuthenticationRequest)),
        ("0545", Fault::WrongWay(Kind::AccessRightsAccept)),
        ("0556", Fault::Missing(Kind::Detach, Id::PORTABLE_IDENTITY)),
    ];
    for (hex, fault) in cases {
        assert_eq!(message(hex).check(Direction::ToFixed), Err(fault));
    }
}

#[test]
fn what_is_wrong_with_an_optional_element_makes_it_absent_and_no_more() {
    let odd = message("834d e2ff 1e0181 7d0180");
    assert_eq!(odd.check(Direction::ToFixed), Ok(()));
    assert_eq!(odd.get::<ReleaseReason>(), Some(ReleaseReason::Other(0xff)));
    let odd = message("837b e410 1e0181 2800");
    assert_eq!(odd.check(Direction::ToPortable), Ok(()));
    assert_eq!(odd.get::<Signal>(), None);
    assert_eq!(odd.get::<MultiDisplay>(), None);
    let report = describe::report(&odd.encode());
    assert_eq!(report["verdict"], "accept");
    assert_eq!(report["elements"][0]["note"], "a reserved signal");
    assert_eq!(report["elements"][1]["octets"], "81");
}

#[test]
fn our_messages_are_those_of_annex_k() {
    let ipei: Ipei = "00079 1048575 7".parse().expect("an IPEI");
    let pp = PortableIdentity::Ipui(Ipui::N(ipei));
    let park = FixedIdentity::Park(Park::exactly("10009034".parse().expect("an ARI")));
    let request = Message::new(Ti::opened(0), Kind::AccessRightsRequest)
        .with(&AuthType::dsaa(AuthKey::Ac(8)))
        .with(&pp);
    assert_eq!(request.encode(), octets("0544 0507 80a80004ffffff 0a03014800"));
    let accept = Message::new(request.ti.answer(), Kind::AccessRightsAccept)
        .with(&LocationArea::of_level(31))
        .with(&park)
        .with(&PortableIdentity::Ipui(Ipui::private(16, 0x2612).expect("a number")))
        .with(&AuthType::dsaa(AuthKey::Uak(8)));
    assert_eq!(accept.encode(), octets("8545 0505 8094126120 0606 a0a010009034 07015f 0a03011800"));
    let challenge = Message::new(Ti::opened(0), Kind::AuthenticationRequest)
        .with(&Rs::new(&[0; 8]))
        .with(&Rand::new(&octets("9b114f2554518859")))
        .with(&AuthType::dsaa(AuthKey::Uak(8)).storing(8));
    assert_eq!(
        challenge.encode(),
        octets("0540 0a03011818 0c08 9b114f2554518859 0e08 0000000000000000")
    );
    let cipher = Message::new(Ti::opened(0), Kind::CipherRequest).with(&CipherInfo::dsc(true, 8));
    assert_eq!(cipher.encode(), octets("054c 19028198"));
}

#[test]
fn elements_are_put_where_the_standard_wants_them_whatever_the_order_of_the_calls() {
    let ipei: Ipei = "00079 1048575 7".parse().expect("an IPEI");
    let setup = Message::new(Ti::opened(0), Kind::CcSetup)
        .with_empty(Id::SENDING_COMPLETE)
        .with(&CallingPartyNumber::new("101"))
        .with(&Signal::Alerting0)
        .with(&MultiDisplay("\u{c}Zoë".into()))
        .with(&BasicService::NORMAL)
        .with(&FixedIdentity::Park(Park::exactly("10009034".parse().expect("an ARI"))))
        .with(&PortableIdentity::Ipei(ipei));
    assert_eq!(
        setup.encode(),
        octets(
            "0305 0507 90a80004ffffff 0606 a0a010009034 e080 2804 0c5a6f65 e440 6c05 0080313031 a1"
        )
    );
    assert_eq!(setup.check(Direction::ToPortable), Ok(()));
}

#[test]
fn a_list_stands_behind_its_repeat_indicator_and_nothing_comes_between() {
    let parks = ["10009034", "10009044"].map(|ari| Park::exactly(ari.parse().expect("an ARI")));
    let accept = Message::new(Ti::opened(0).answer(), Kind::AccessRightsAccept)
        .with_list(Repeat::NonPrioritized, &parks.map(FixedIdentity::Park))
        .with(&PortableIdentity::Ipui(Ipui::private(36, 7).expect("a number")))
        .with(&LocationArea::of_level(31));
    assert_eq!(
        accept.encode(),
        octets("8545 0507 80a8 1000000007 d1 0606 a0a010009034 0606 a0a010009044 07015f")
    );
    let read = Message::decode(&accept.encode()).expect("a message");
    let found: Vec<FixedIdentity> = read.all().collect();
    assert_eq!(found, parks.map(FixedIdentity::Park));
}

#[test]
fn a_transaction_has_two_sides_and_perhaps_a_long_number() {
    let ti = message("732a05 0507 80a80004ffffff").ti;
    assert_eq!((ti.origin, ti.extended_value()), (Origin::Sender, Some(0x2a)));
    assert_eq!(ti, Ti::extended(0x2a));
    assert_eq!(Message::new(ti.answer(), Kind::CcCallProc).encode(), octets("f32a02"));
    assert_eq!(ti.answer().answer(), ti);
}

#[test]
fn elements_of_other_codesets_are_kept_and_not_taken_for_ours() {
    let once = message("037b 9d 2c0131 2c0132");
    assert_eq!(once.get::<dect::wire::ie::MultiKeypad>().map(|keys| keys.0), Some("2".into()));
    let locked = message("037b 95 2c0131 e931 9f 2c0132 98 e932 90 2c0133");
    assert_eq!(locked.get::<dect::wire::ie::MultiKeypad>().map(|keys| keys.0), Some("3".into()));
    assert_eq!(locked.get::<dect::wire::ie::SingleKeypad>().map(|key| key.0), Some('2'));
    // A locking shift right after a non-locking one counts alone.
    let both = message("037b 9e 95 2c0131");
    assert_eq!(both.elements().last().map(Element::codeset), Some(5));
}

#[test]
fn an_empty_identity_is_there_and_is_none() {
    let accept = message("8555 0500 07015f");
    assert!(accept.has(Id::PORTABLE_IDENTITY));
    assert_eq!(accept.get::<PortableIdentity>(), None);
    assert_eq!(accept.check(Direction::ToPortable), Ok(()));
    let written = Message::new(Ti::opened(0).answer(), Kind::LocateAccept)
        .with(&LocationArea::of_level(31))
        .with_empty(Id::PORTABLE_IDENTITY);
    assert_eq!(written, accept);
    let tpui = Tpui::assigned(0x27b).map(PortableIdentity::Tpui).expect("a number");
    assert_eq!(Element::of(&tpui).contents(), octets("a09400027b"));
}

#[test]
fn signals_and_reasons_are_their_codes() {
    for code in 0..=u8::MAX {
        assert_eq!(ReleaseReason::from_octet(code).octet(), code);
        assert_eq!(RejectReason::from_octet(code).octet(), code);
        assert!(Signal::from_octet(code).is_none_or(|signal| signal.octet() == code));
    }
    assert_eq!(ReleaseReason::UserRejection.octet(), 0x15);
    assert_eq!(Signal::from_octet(0x4f), Some(Signal::AlertingOff));
    assert_eq!(Signal::from_octet(0x10), None);
}

/// Octets that look more like a message than noise does.
fn nearly_a_message() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<Vec<u8>> = messages().map(|(hex, ..)| octets(hex)).collect();
    let flips = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (proptest::sample::select(known), flips, any::<prop::sample::Index>()).prop_map(
        |(mut octets, flips, cut)| {
            for (at, value) in flips {
                let at = at.index(octets.len());
                octets[at] = value;
            }
            octets.truncate(cut.index(octets.len() * 2) + 1);
            octets
        },
    )
}

fn holds_its_octets(octets: &[u8]) {
    let report = describe::report(octets);
    if let Ok(message) = Message::decode(octets) {
        assert_eq!(message.encode(), octets);
        assert_eq!(Message::decode(&message.encode()), Ok(message));
    } else {
        assert_eq!(report["verdict"], "reject");
    }
}

proptest! {
    #[test]
    fn whatever_can_be_read_is_written_as_it_was(octets in proptest::collection::vec(any::<u8>(), 0..80)) {
        holds_its_octets(&octets);
    }

    #[test]
    fn a_damaged_message_is_read_or_refused(octets in nearly_a_message()) {
        holds_its_octets(&octets);
    }

    /// What our writer makes of what our reader understood is understood the same way.
    #[test]
    fn contents_survive_being_written_anew(id: u8, contents in proptest::collection::vec(any::<u8>(), 0..24)) {
        let id = Id::of_first_octet(id);
        let mut contents = contents;
        // Octets with bit 8 are no text of ours: we spell what DECT has no characters for.
        let text_begins = match (id, contents.first()) {
            (Id::MULTI_DISPLAY | Id::MULTI_KEYPAD | Id::SINGLE_DISPLAY, _) => 0,
            (Id::CALLED_PARTY_NUMBER, _) | (Id::CALLING_PARTY_NUMBER, Some(0x80..)) => 1,
            (Id::CALLING_PARTY_NUMBER, _) => 2,
            _ => contents.len(),
        };
        contents.iter_mut().skip(text_begins).for_each(|octet| *octet &= 0x7f);
        if let Some(element) = Element::new(id, contents)
            && let Some(again) = dect::wire::ie::rewritten(&element)
        {
            prop_assert_eq!(dect::wire::ie::rewritten(&again), Some(again.clone()));
            let words = |element: &Element| {
                let mut message = Message::new(Ti::opened(0), Kind::CcInfo);
                message.add_element(element.clone());
                describe::report(&message.encode())["elements"][0]["contents"].clone()
            };
            prop_assert_eq!(words(&element), words(&again));
        }
    }
}
