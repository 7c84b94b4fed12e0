//! The messages of RFC 4475 and RFC 5118, and those that PBXs send, judged as their tables say.
#![expect(clippy::disallowed_methods, reason = "the vectors are files")]

use serde_json::Value;
use sip::wire::{Message, describe, verdict};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The folders and how many messages are in each.
const SETS: [(&str, usize); 3] = [("rfc4475", 49), ("rfc5118", 12), ("pbx", 92)];

struct Vector {
    name: String,
    verdict: String,
    status: Option<u64>,
    octets: Vec<u8>,
}

fn folder(set: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/sip")).join(set)
}

fn vectors(set: &str) -> Vec<Vector> {
    let table = std::fs::read_to_string(folder(set).join("verdicts.tsv")).expect("the table");
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let fields: Vec<_> = line.split('\t').collect();
        let [name, verdict, status, _] = fields[..] else { panic!("{set}: {line}") };
        let octets = std::fs::read(folder(set).join(format!("{name}.sip"))).expect(name);
        let status = status.parse().ok();
        Vector { name: name.to_owned(), verdict: verdict.to_owned(), status, octets }
    })
    .collect()
}

#[test]
fn every_message_is_judged_as_its_table_says() {
    for (set, count) in SETS {
        let vectors = vectors(set);
        assert_eq!(vectors.len(), count, "{set}");
        for vector in vectors {
            let report = describe::report(&vector.octets);
            let found = (report["verdict"].as_str(), report.get("status").and_then(Value::as_u64));
            let wanted = (Some(vector.verdict.as_str()), vector.status);
            assert_eq!(found, wanted, "{set}/{}: {report}", vector.name);
            assert_eq!(report["reason"].is_null(), vector.verdict == "accept", "{}", vector.name);
        }
    }
}

#[test]
fn every_file_has_its_row() {
    for (set, _) in SETS {
        let named: BTreeSet<_> = vectors(set).into_iter().map(|vector| vector.name).collect();
        let files = std::fs::read_dir(folder(set)).unwrap().map(|entry| entry.unwrap().path());
        let files: BTreeSet<_> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "sip"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(named, files, "{set}");
    }
}

#[test]
fn a_valid_message_is_the_same_after_it_was_written_and_read_again() {
    for (set, _) in SETS {
        for vector in vectors(set).into_iter().filter(|vector| vector.verdict == "accept") {
            let message = Message::parse(vector.octets).unwrap();
            let again = Message::parse(message.encode()).unwrap();

            assert_eq!(verdict(&again), Ok(()), "{set}/{}", vector.name);
            assert_eq!(again.start(), message.start(), "{set}/{}", vector.name);
            assert!(again.headers().eq(message.headers()), "{set}/{}", vector.name);
            assert_eq!(again.body(), message.body(), "{set}/{}", vector.name);
        }
    }
}

/// Cut anywhere, and with any octet changed into one of meaning: there is an answer, and no panic.
#[test]
fn no_damage_to_a_message_stops_its_reader() {
    for (set, _) in SETS {
        for vector in vectors(set) {
            // Every octet of a short message, some of a long one.
            for at in (0..vector.octets.len()).step_by(1 + vector.octets.len() / 400) {
                let (head, tail) = vector.octets.split_at(at);
                judged(head);
                let octet = DAMAGE[at % DAMAGE.len()];
                let damaged = [head, &[octet], tail.get(1..).unwrap_or_default()].concat();
                judged(&damaged);
            }
        }
    }
}

fn judged(octets: &[u8]) {
    let report = describe::report(octets);
    let valid = report["verdict"] == "accept";
    assert!(valid || report["reason"].is_string(), "{report}");
}

const DAMAGE: [u8; 9] = [0, b'"', b'<', b';', b',', b'\r', b'\n', b' ', 0xFF];

/// Not only that the messages are taken: what they say, read from the files by a person.
#[test]
fn what_the_tortuous_messages_say_is_understood() {
    let message = |set: &str, name: &str| {
        let octets = std::fs::read(folder(set).join(format!("{name}.sip"))).unwrap();
        Message::parse(octets).unwrap()
    };
    let tortuous = message("rfc4475", "wsinv");
    assert_eq!(tortuous.from().unwrap().display_text(), r#"J Rosenberg \""#);
    assert_eq!(tortuous.from().unwrap().tag(), Some("98asjd8"));
    assert_eq!(tortuous.to().unwrap().tag(), Some("1918181833n"));
    assert_eq!(tortuous.cseq().unwrap().to_string(), "9 INVITE");
    assert_eq!(tortuous.top_via().unwrap().branch(), Some("390skdjuw"));
    assert_eq!(tortuous.vias().count(), 3);
    assert_eq!(tortuous.body().len(), 150);

    let wide = message("rfc4475", "intmeth");
    assert_eq!(wide.to().unwrap().display_text(), "BEL:\u{7} NUL:\0 DEL:\u{7F}");
    assert_eq!(wide.from().unwrap().tag(), Some("_token~1'+`*%!-."));
    assert_eq!(wide.call_id().unwrap(), r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#);

    let semicolon = message("rfc4475", "semiuri");
    assert_eq!(semicolon.uri().unwrap().user_text(), "user;par=u@example.net");
    assert!(message("rfc4475", "dblreq").body().is_empty());
    assert_eq!(message("rfc5118", "ipv4-mapped-ipv6").top_via().unwrap().port, Some(19823));

    let registered = message("pbx", "kamailio-register-200");
    let contacts: Vec<_> = registered.contacts().map(|contact| contact.unwrap()).collect();
    let instance = contacts[0].address().unwrap().params.find("+sip.instance").unwrap();
    assert_eq!(instance.value(), "<urn:uuid:00000000-0000-1000-8000-0030420a1b2c>");
    assert_eq!(contacts[1].address().unwrap().display_text(), "desk, left");

    assert_eq!(message("pbx", "kamailio-via-chain").vias().count(), 41);
    assert_eq!(message("pbx", "no-content-length").body(), b"Hello");
    assert_eq!(message("pbx", "short-content-length").body(), b"He");
    let caller = message("pbx", "webex-invite");
    assert_eq!(caller.from().unwrap().display_text(), r#"J. "Boss" Grün"#);
}
