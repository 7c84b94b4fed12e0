//! What the log hears: each reader takes any octets, and what it has read goes through every writer and back.
#![no_main]

use lan::log::{Draft, Record, Timestamp, journal, json, kmsg, rfc5424, syslog, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    for draft in journal::read(octets).unwrap_or_default() {
        shown(draft);
    }
    shown(syslog::read(octets));
    if let Ok(record) = kmsg::read(octets) {
        shown(record.draft);
    }
    if let Ok(record) = json::read(octets) {
        assert_eq!(json::read(json::line(&record).as_bytes()).expect("our own line"), record);
    }
});

fn shown(draft: Draft) {
    let time = Timestamp::from_microsecond(1_795_275_071_000_001).expect("a time");
    let record: Record = draft.record(7, time, "dect".parse().expect("a name"));
    assert_eq!(json::read(json::line(&record).as_bytes()).expect("our own line"), record);
    let line = text::line(&record);
    assert!(!line.chars().any(char::is_control), "{line:?}");
    let origin = rfc5424::Origin { facility: 16, host: "fixpart".into(), octets_max: 1024 };
    let message = rfc5424::message(&record, &origin);
    assert!(message.len() <= 1024 && !message.contains('\n'));
    assert_eq!(syslog::read(message.as_bytes()).identifier.as_deref(), Some("dect"));
    let written = journal::write(record.level, &record.text, record.fields.iter());
    assert_eq!(journal::read(&written).expect("our own datagram").len(), 1);
}
