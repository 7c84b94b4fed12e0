//! Network layer messages: whatever is read is written as it was.
#![no_main]

use dect::wire::{Message, describe};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let report = describe::report(octets);
    assert!(report["verdict"] == "accept" || report["reason"].is_string());
    if let Ok(message) = Message::decode(octets) {
        let again = Message::decode(&message.encode());
        assert_eq!(again.as_ref(), Ok(&message));
    }
});
