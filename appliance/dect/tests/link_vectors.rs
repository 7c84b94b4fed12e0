//! Every message of the base-station link that was seen or described, read and written back.

use dect::rfp::blowfish::Direction;
use dect::rfp::{describe, hex};
use dect::subscription::LinkKey;

const VECTORS: &str = include_str!("../../../tests/vectors/link.csv");

#[test]
fn each_message_is_named_and_written_back_as_it_came_or_refused_for_its_fault() {
    let mut count = 0;
    for line in VECTORS.lines().skip(1) {
        let columns: Vec<&str> = line.splitn(6, ',').collect();
        let [octets, verdict, message, layer, primitive, note] = columns[..] else {
            panic!("six columns: {line}")
        };
        let report = describe::report(&hex::decode(octets).expect("hexadecimal"));
        assert_eq!(report["verdict"], verdict, "{line}");
        count += 1;
        let keys: Vec<_> = report.as_object().expect("an object").keys().take(3).collect();
        assert_eq!(keys, ["verdict", "reason", "message"], "{line}");
        assert_eq!(report["reason"].is_null(), verdict == "accept", "{line}");
        assert!(report["elements"].is_array() && report.get("encoded").is_some(), "{line}");
        if verdict == "reject" {
            let reason = report["reason"].as_str().expect("text");
            assert!(reason.contains(note), "{reason:?} for {line}");
            continue;
        }
        assert_eq!(report["message"], message, "{line}");
        assert_eq!(report["encoded"], octets, "{line}");
        assert_eq!(report["layer"].as_str().unwrap_or_default(), layer, "{line}");
        assert_eq!(report["primitive"].as_str().unwrap_or_default(), primitive, "{line}");
    }
    assert!(count > 80);
}

#[test]
fn a_captured_blowfish_session_is_read_with_its_key() {
    let key = LinkKey::new(std::array::from_fn(|i| u8::try_from(i).expect("below 64")));
    let random = std::array::from_fn(|i| 0x80 + u8::try_from(i).expect("below 32"));
    let names = |from, text: &str| -> Vec<String> {
        describe::decrypt(&key, &random, from, &hex::decode(text).expect("hexadecimal"))
            .iter()
            .map(|one| format!("{} {}", one["verdict"].as_str().unwrap_or(""), one["message"]))
            .collect()
    };
    assert_eq!(
        names(
            Direction::FromRfp,
            "cbadbfce49da9e70 8a35e4c7d0891eac533a635655ea1c047c6d54eb710ddefe"
        ),
        ["accept \"SYS_ENCRYPTION_CONF\"", "accept \"SYS_VSNTP_TIME\""]
    );
    assert_eq!(
        names(Direction::ToRfp, "ac9c596f4f37ceaa a0ef9f11ea0be875f4410ec9282d0f72 00"),
        ["accept \"SYS_OMM_CONTROL\"", "accept \"SYS_IP_OPTIONS\"", "reject null"]
    );
}

#[test]
fn a_message_cut_into_several_frames_is_told_whole_with_its_last() {
    let mut session = describe::Session::default();
    let mut tell = |octets: &str| session.report(&hex::decode(octets).expect("hexadecimal"));
    // LOCATE-REQUEST in three frames of a class B link; the second comes twice, another link speaks between.
    let first = "0301 000c 7906 00 00 07 2102 13 05540507".replace(' ', "");
    let second = "0301 000c 7906 00 00 07 2104 13 80a80004".replace(' ', "");
    let other = "0301 000a 7906 01 00 05 2102 09 835a".replace(' ', "");
    let last = "0301 000d 7906 00 00 08 2106 0d ffffff f0f0".replace(' ', "");
    assert!(tell(&first)["nwk"].is_null());
    assert!(tell(&second)["nwk"].is_null());
    assert!(tell(&second)["nwk"].is_null());
    assert_eq!(tell(&other)["nwk"]["message"], "CC-RELEASE-COM");
    let whole = tell(&last);
    assert_eq!(whole["encoded"], last);
    assert_eq!(whole["nwk"]["message"], "LOCATE-REQUEST", "{whole}");
    assert_eq!(whole["nwk"]["encoded"], "0554050780a80004ffffff");

    let alone = describe::report(&hex::decode(&last).expect("hexadecimal"));
    assert_eq!(alone["verdict"], "accept");
    assert!(alone["nwk"]["message"].is_null() && alone["nwk"]["reason"].is_string());
    assert!(alone["nwk"]["note"].is_string(), "{alone}");
}

#[test]
fn an_acknowledgement_tells_of_what_it_is_in_both_its_lengths() {
    let tell = |octets: &str| describe::report(&hex::decode(octets).expect("hexadecimal"));
    let login = tell("0001 0008 0120 ffff 01000000");
    assert_eq!((&login["of"], login["id"].as_u64()), (&"SYS_INIT".into(), None));
    let short = tell("0001 0004 0121 0000");
    assert_eq!((&short["of"], short["id"].as_u64()), (&"SYS_RESET".into(), Some(0)));
    let media = tell("0001 0008 0200 4eb4 01000000");
    assert_eq!((&media["of"], media["id"].as_u64()), (&"MEDIA_OPEN".into(), Some(0xb44e)));
    let refused = tell("0002 0008 020b 7ac6 04000004");
    assert_eq!(
        (&refused["of"], &refused["refusal"]),
        (&"MEDIA_TONE2".into(), &"invalid parameters".into())
    );
}

#[test]
fn what_stands_at_odd_places_is_found_there() {
    let value = |octets: &str, name: &str| {
        let report = describe::report(&hex::decode(octets).expect("hexadecimal"));
        let elements = report["elements"].as_array().expect("a list").clone();
        elements.into_iter().find(|one| one["name"] == name).map(|mut one| one["value"].take())
    };
    let ping = "010e 0018 00000000000000000000ffff08080808 00000015 00eeeeee";
    assert_eq!(value(ping, "round_trip"), Some(21.into()));
    assert_eq!(value("0301 0005 7a1f 00027b", "pmid"), Some("0027b".into()));
    assert_eq!(value("0301 0005 7a1f 00027b", "mcei"), None);
    assert_eq!(value("0116 0008 7466747030000000", "url"), Some("tftp0".into()));
    assert_eq!(value("0116 0004 00000000", "url"), Some("".into()));
    let mut snmp = vec![0x05, 0x01, 0x01, 0x4c, 192, 0, 2, 1];
    for (text, size) in [("ann", 81), ("cellar", 81), ("base 1", 81), ("public", 41), ("trap", 41)]
    {
        snmp.extend(text.bytes().chain(std::iter::repeat(0)).take(size));
    }
    snmp.extend([1, 0, 0]);
    let snmp = hex::encode(&snmp);
    assert_eq!(value(&snmp, "location"), Some("cellar".into()));
    assert_eq!(value(&snmp, "trap_community"), Some("trap".into()));
    assert_eq!(value(&snmp, "traps"), Some(1.into()));
}
