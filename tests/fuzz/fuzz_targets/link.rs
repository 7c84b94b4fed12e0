//! Messages of the link to a base station: whatever is read is written as it was, however it is cut.
#![no_main]

use dect::rfp::frame::Frame;
use dect::rfp::message::Message;
use dect::rfp::{describe, stream::Inbound};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let report = describe::report(octets);
    assert!(report["verdict"] == "accept" || report["reason"].is_string());
    if let Ok(frame) = Frame::decode(octets) {
        assert_eq!(frame.encode(), octets);
        if let Ok(message) = Message::decode(&frame) {
            let again = Message::decode(&message.encode());
            assert!(again.as_ref() == Ok(&message), "{octets:02x?}");
        }
    }
    let whole = cut(octets, octets.len().max(1));
    assert_eq!(cut(octets, 1 + octets.len() / 3), whole);
    assert_eq!(cut(octets, 1), whole);
});

fn cut(octets: &[u8], length: usize) -> Vec<Vec<u8>> {
    let (mut inbound, mut messages) = (Inbound::default(), Vec::new());
    for piece in octets.chunks(length) {
        inbound.push(piece);
        messages.extend(std::iter::from_fn(|| inbound.next_message()));
    }
    messages
}
