//! Another parser, `sipx-sip`, on the same messages: where it judges otherwise, there is a reason.
#![expect(clippy::disallowed_methods, reason = "the vectors are files")]

use bytes::Bytes;
use sip::wire::{Message, verdict};
use sipx_sip::{Limits, parse_datagram, validate};
use std::collections::BTreeMap;
use std::path::Path;

fn ours(octets: &[u8]) -> bool {
    Message::parse(octets.to_vec()).is_ok_and(|message| verdict(&message).is_ok())
}

fn theirs(octets: &[u8]) -> bool {
    let message = parse_datagram(Bytes::copy_from_slice(octets), &Limits::datagram());
    message.is_ok_and(|message| validate(&message).iter().all(sipx_sip::Finding::is_repairable))
}

fn files() -> BTreeMap<String, Vec<u8>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/sip"));
    let mut files = BTreeMap::new();
    for set in ["rfc4475", "rfc5118", "pbx"] {
        for entry in std::fs::read_dir(root.join(set)).expect("the vectors") {
            let path = entry.expect("the vectors").path();
            if path.extension().is_some_and(|extension| extension == "sip") {
                let name = path.file_stem().expect("a file has a name").to_string_lossy();
                files.insert(format!("{set}/{name}"), std::fs::read(&path).expect("a file"));
            }
        }
    }
    files
}

#[test]
fn both_judge_alike_but_for_these() {
    let files = files();
    let differences: Vec<_> = files
        .iter()
        .filter(|(_, octets)| ours(octets) != theirs(octets))
        .map(|(name, octets)| (name.as_str(), ours(octets)))
        .collect();
    assert_eq!(differences, DIFFERENCES);
}

/// File, and whether we accept it.
const DIFFERENCES: [(&str, bool); 14] = [
    // Invalid, and only seen by who reads the field, which we do before anything is answered.
    ("pbx/call-id-with-space", false),
    ("pbx/control-character", false),
    ("pbx/control-in-phrase", false),
    ("pbx/deregister-all-wrong", false),
    ("pbx/empty-contact", false),
    ("pbx/empty-tag", false),
    // Odd, and sent by real peers.
    ("pbx/hash-in-user", true),
    ("pbx/leading-crlf", true),
    ("pbx/lf-only", true),
    // One that names two transactions, and one that RFC 3515 refuses.
    ("pbx/two-branches", false),
    ("pbx/two-refer-to", false),
    // Sent by real peers, again.
    ("pbx/utf8-everywhere", true),
    // RFC 4475 leaves the choice.
    ("rfc4475/badbranch", false),
    // Again only seen by who reads Contact.
    ("rfc4475/regbadct", false),
];
