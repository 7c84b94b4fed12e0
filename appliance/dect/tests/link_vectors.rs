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
