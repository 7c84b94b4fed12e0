//! SIP messages: a valid one is the same after it was written, its answer is valid, and a connection
//! gives the same messages however it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip::auth::{Course, Keyring};
use sip::wire::stream::{Frame, Framer};
use sip::wire::{Message, Start, Writer, describe, multipart, verdict};

fuzz_target!(|octets: &[u8]| {
    let report = describe::report(octets);
    assert!(report["verdict"] == "accept" || report["reason"].is_string());
    if let Ok(message) = Message::parse(octets.to_vec()) {
        one(&message);
    }
    let whole = cut(octets, octets.len().max(1));
    assert_eq!(cut(octets, 1 + octets.len() / 7), whole);
});

fn one(message: &Message) {
    let _ = Keyring::default().challenged(&mut Course::default(), message);
    let _ = multipart::part(message, "application/sdp");
    if verdict(message).is_err() {
        return;
    }
    let again = Message::parse(message.encode()).expect("what we write can be read");
    assert_eq!(verdict(&again), Ok(()));
    assert_eq!(again.start(), message.start());
    assert!(again.headers().eq(message.headers()));
    assert_eq!(again.body(), message.body());
    if let Start::Request(..) = message.start() {
        let answer = Writer::answer(message, 486, Some("tag")).finish();
        let answer = Message::parse(answer).expect("what we write can be read");
        assert_eq!(verdict(&answer), Ok(()));
        assert_eq!(answer.call_id(), message.call_id());
    }
}

/// The messages of a connection, without the empty lines before them; keep-alives do not count, since a
/// cut can tear them apart.
fn cut(octets: &[u8], length: usize) -> Vec<Vec<u8>> {
    let (mut framer, mut messages) = (Framer::default(), Vec::new());
    for piece in octets.chunks(length) {
        framer.push(piece);
        loop {
            match framer.frame() {
                Ok(Some(Frame::Message(message))) => messages.push(message.encode()),
                Ok(Some(Frame::Ping | Frame::Pong)) => {}
                Ok(None) => break,
                Err(_) => return messages,
            }
        }
    }
    messages
}
