//! Session descriptions: what we answer to any offer can be read, has its lines, and is agreed by both sides.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sip::sdp::{self, Capabilities, Encoding, Local, Session};

fuzz_target!(|octets: &[u8]| {
    let Ok(offer) = Session::parse(octets) else { return };
    let ours = Capabilities {
        encodings: vec![Encoding::Pcma, Encoding::Pcmu],
        ptime_ms: 20,
        events: Some(101),
    };
    let address = ([192, 0, 2, 1], 40_000).into();
    let local = Local { address, id: 1, previous: None };
    let Some((answer, agreed)) = sdp::answer(&ours, &offer, local) else { return };

    let read = Session::parse(&answer.to_octets()).expect("what we write can be read");
    assert_eq!(read.media_count(), offer.media_count());
    let theirs = sdp::agreed(&ours, &read).expect("our own answer is one");
    assert_eq!((theirs.encoding, theirs.payload_type), (agreed.encoding, agreed.payload_type));
    assert_eq!((theirs.events, theirs.ptime_ms), (agreed.events, agreed.ptime_ms));
    assert_eq!(theirs.direction, agreed.direction.seen_from_the_other_side());

    let again = sdp::offer(&ours, Local { previous: Some(&answer), ..local });
    assert_eq!(again.media_count(), offer.media_count());
});
