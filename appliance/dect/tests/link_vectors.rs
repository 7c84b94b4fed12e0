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

/// The first element of this name in a message.
fn value(octets: &str, name: &str) -> Option<serde_json::Value> {
    let report = describe::report(&hex::decode(octets).expect("hexadecimal"));
    let elements = report["elements"].as_array().expect("a list").clone();
    elements.into_iter().find(|one| one["name"] == name).map(|mut one| one["value"].take())
}

#[test]
fn tones_firmware_and_synchronisation_are_told_as_far_as_they_go() {
    let on = "a901 0000 0000 0000 9cff 0000 0000 0000 f401 0000 0000 0100";
    let tones = format!("020b 0020 f3bc 01 02 01000000 {on}");
    let tone = value(&tones, "tone").expect("one of two tones");
    assert_eq!(tone["hertz"], serde_json::json!([425, 0, 0, 0]));
    assert_eq!(tone["tenths_of_decibels"], serde_json::json!([-100, 0, 0, 0]));
    assert_eq!((&tone["milliseconds"], &tone["next"]), (&500.into(), &1.into()));
    assert_eq!(value("020b 0008 f3bc 01 ff 01000000", "tone"), None);

    let firmware = "0127 0019 0100870000000000 0506 382e332e3300 0801 01 0701 00 0509 38";
    assert_eq!(value(firmware, "short_version_5"), Some("8.3.3".into()));
    assert_eq!(value(firmware, "flag_8"), Some(1.into()));
    assert_eq!(value(firmware, "rest"), Some("050938".into()));

    assert_eq!(value("0302 0005 7d18 02 0a5d", "frequency"), Some(0x0a5d.into()));
    assert_eq!(value("0302 0005 7d1d 02 0026", "rfp"), Some(0x26.into()));
    assert_eq!(value("0302 0004 7d1e 01 03", "mode"), Some(3.into()));
    assert_eq!(value("0302 0009 7d16 06 02 0880 0890 10", "average"), Some(0x0890.into()));
    let found = value("0302 000c 7d1f 09 02 0400 4100 0500 4200", "found").expect("one of two");
    assert_eq!((&found["rpn"], &found["rssi"]), (&4.into(), &65.into()));
    assert_eq!(value("0302 0004 7d1f 01 ff", "found"), None);
    assert_eq!(value("0301 0007 7a0a 03 02 01 0102", "ppn"), Some(0x102.into()));
    assert_eq!(value("0301 0005 7a0a 03 02 01", "rest"), Some("01".into()));
}

#[test]
fn a_page_says_for_what_and_for_whom_it_is_in_all_its_forms() {
    for (octets, name, expected) in [
        ("03 0c027b", "header", "voice"),
        ("03 0c027b", "assigned_tpui", "027b"),
        ("03 046517", "default_tpui", "6517"),
        ("03 080e9e", "header", "no U-plane"),
        ("03 09f00f", "group_mask", "000f"),
        ("03 01f00f", "group", "000f"),
        ("05 0c10027b80", "tpui", "0027b"),
        ("05 0400286517", "ipui", "0286517"),
        ("05 09410ff000", "group_mask", "0ff0"),
    ] {
        let message = format!("0301 {:04x} 7a08 {octets}", octets.len() / 2 + 2);
        assert_eq!(value(&message, name), Some(expected.into()), "{octets}");
    }
    assert_eq!(value("0301 0003 7a08 00", "header"), None);
    assert_eq!(value("0301 0004 7a08 01 0c", "header"), Some("voice".into()));
}

#[test]
fn what_stands_at_odd_places_is_found_there() {
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
