//! Offers as PBXs and telephones write them, and what we answer.

use proptest::prelude::*;
use sip::sdp::{self, Agreed, Capabilities, Direction, Encoding, Local, Session};
use std::net::SocketAddr;

fn ours() -> Capabilities {
    Capabilities { encodings: vec![Encoding::Pcma, Encoding::Pcmu], ptime_ms: 20, events: Some(96) }
}

fn local(previous: Option<&Session>) -> Local<'_> {
    Local { address: SocketAddr::from(([192, 0, 2, 1], 58_000)), id: 7, previous }
}

fn read(lines: &str) -> Session {
    let text = format!("v=0\no=- 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\n{lines}");
    Session::parse(text.as_bytes()).expect(lines)
}

fn answer(lines: &str) -> Option<(String, Agreed)> {
    let (answer, agreed) = sdp::answer(&ours(), &read(lines), local(None))?;
    let text = String::from_utf8(answer.to_octets()).expect("ours is ASCII");
    let body = text.split("t=0 0\r\n").nth(1).expect("media follow the time").to_owned();
    Some((body, agreed))
}

#[test]
fn our_offer_is_what_the_guides_describe() {
    let text = String::from_utf8(sdp::offer(&ours(), local(None)).to_octets()).expect("ASCII");
    assert_eq!(
        text,
        "v=0\r\n\
         o=- 7 1 IN IP4 192.0.2.1\r\n\
         s=-\r\n\
         c=IN IP4 192.0.2.1\r\n\
         t=0 0\r\n\
         m=audio 58000 RTP/AVP 8 0 96\r\n\
         a=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:96 telephone-event/8000\r\n\
         a=fmtp:96 0-15\r\n\
         a=ptime:20\r\n\
         a=sendrecv\r\n"
    );
}

#[test]
fn the_offerers_order_numbers_and_profile_are_kept() {
    let (body, agreed) = answer(
        "m=audio 9000 RTP/AVPF 9 0 8 101\na=rtpmap:9 G722/8000\na=rtpmap:101 telephone-event/8000\na=ptime:30\n",
    )
    .expect("PCMU is common");
    assert_eq!(
        body,
        "m=audio 58000 RTP/AVPF 0 101\r\n\
         a=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\n\
         a=ptime:30\r\n\
         a=sendrecv\r\n"
    );
    assert_eq!(
        agreed,
        Agreed {
            rtp: SocketAddr::from(([192, 0, 2, 9], 9000)),
            rtcp: SocketAddr::from(([192, 0, 2, 9], 9001)),
            encoding: Encoding::Pcmu,
            payload_type: 0,
            events: Some(101),
            ptime_ms: 30,
            direction: Direction::SendRecv,
        }
    );
}

#[test]
fn every_way_to_hold_is_understood() {
    use Direction as D;
    for (lines, expected) in [
        ("m=audio 9000 RTP/AVP 8\na=sendonly\n", D::RecvOnly),
        ("m=audio 9000 RTP/AVP 8\na=inactive\n", D::Inactive),
        ("m=audio 9000 RTP/AVP 8\na=recvonly\n", D::SendOnly),
        ("m=audio 9000 RTP/AVP 8\nc=IN IP4 0.0.0.0\n", D::RecvOnly),
        ("m=audio 9000 RTP/AVP 8\nc=IN IP4 0.0.0.0\na=recvonly\n", D::Inactive),
        ("a=sendonly\nm=audio 9000 RTP/AVP 8\n", D::RecvOnly),
        ("a=sendonly\nm=audio 9000 RTP/AVP 8\na=sendrecv\n", D::SendRecv),
    ] {
        let (body, agreed) = answer(lines).expect(lines);
        assert_eq!(agreed.direction, expected, "{lines}");
        assert!(body.contains(&format!("a={expected}\r\n")), "{lines}{body}");
    }
}

#[test]
fn lines_that_are_not_ours_are_refused_in_their_place() {
    let (body, agreed) = answer(
        "m=video 9002 RTP/AVP 99\na=rtpmap:99 H264/90000\nm=audio 9004 RTP/SAVP 8\nm=image 9006 udptl t38\n\
         m=audio 9000 RTP/AVP 8\nm=audio 9010 RTP/AVP 0\n",
    )
    .expect("one line is plain speech");
    let lines: Vec<&str> = body.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 99",
            "m=audio 0 RTP/SAVP 8",
            "m=image 0 udptl t38",
            "m=audio 58000 RTP/AVP 8",
            "m=audio 0 RTP/AVP 0",
        ]
    );
    assert_eq!(agreed.rtp.port(), 9000);
}

#[test]
fn the_first_line_that_we_can_speak_by_is_taken() {
    for (other, why) in [
        ("m=audio 9004 RTP/AVP 18\na=rtpmap:18 G729/8000\n", "no codec of ours"),
        ("m=audio 9004 RTP/AVP 8\nc=IN IP6 2001:db8::9\n", "an address we cannot send to"),
    ] {
        let (body, agreed) = answer(&format!("{other}m=audio 9000 RTP/AVP 8\n")).expect(why);
        let lines: Vec<&str> = body.lines().filter(|line| line.starts_with("m=audio")).collect();
        assert!(lines[0].starts_with("m=audio 0 "), "{why}: {body}");
        assert_eq!((lines[1], agreed.rtp.port()), ("m=audio 58000 RTP/AVP 8", 9000), "{why}");
    }
}

#[test]
fn what_has_nothing_in_common_is_not_answered() {
    for lines in [
        "",
        "m=audio 0 RTP/AVP 8\n",
        "m=audio 9000 RTP/SAVP 8\n",
        "m=audio 9000 RTP/AVP 18\na=rtpmap:18 G729/8000\n",
        "m=audio 9000 RTP/AVP 97\na=rtpmap:97 PCMA/16000\n",
        "m=audio 9000 RTP/AVP 97\na=rtpmap:97 PCMA/8000/2\n",
        "m=audio 9000 RTP/AVP 8\nc=IN IP4 pbx.example.com\n",
        "m=video 9000 RTP/AVP 8\n",
        "m=audio 9000 RTP/AVP 8\nc=IN IP6 2001:db8::9\n",
        "m=audio 9000 RTP/AVP 8\nc=IN IP6 ::\n",
    ] {
        assert_eq!(answer(lines), None, "{lines}");
    }
}

#[test]
fn odd_packet_times_and_rtcp_addresses_are_read() {
    for (lines, ptime, rtcp) in [
        ("a=ptime:20\n", 20, "192.0.2.9:9001"),
        ("a=ptime:0\n", 20, "192.0.2.9:9001"),
        ("a=ptime:abc\n", 20, "192.0.2.9:9001"),
        ("a=ptime:400\n", 20, "192.0.2.9:9001"),
        ("a=ptime:30.0\n", 30, "192.0.2.9:9001"),
        ("a=rtcp:7777\n", 20, "192.0.2.9:7777"),
        ("a=rtcp:7777 IN IP4 192.0.2.8\n", 20, "192.0.2.8:7777"),
        ("a=rtcp:99999\n", 20, "192.0.2.9:9001"),
    ] {
        let (_, agreed) = answer(&format!("m=audio 9000 RTP/AVP 8\n{lines}")).expect(lines);
        assert_eq!((agreed.ptime_ms, agreed.rtcp.to_string().as_str()), (ptime, rtcp), "{lines}");
    }
}

#[test]
fn a_version_counts_changes_and_nothing_else() {
    let offer = read("m=audio 9000 RTP/AVP 8\n");
    let (first, _) = sdp::answer(&ours(), &offer, local(None)).expect("common");
    let (same, _) = sdp::answer(&ours(), &offer, local(Some(&first))).expect("common");
    assert_eq!(same, first);
    let hold = read("m=audio 9000 RTP/AVP 8\na=sendonly\n");
    let (held, _) = sdp::answer(&ours(), &hold, local(Some(&same))).expect("common");
    assert_eq!(held.version(), first.version() + 1);
}

#[test]
fn a_later_offer_keeps_every_line_in_its_place() {
    let theirs = read("m=video 9002 RTP/AVP 99\nm=audio 9000 RTP/AVPF 8\nm=image 9006 udptl t38\n");
    let (first, _) = sdp::answer(&ours(), &theirs, local(None)).expect("common");
    let later = sdp::offer(&ours(), local(Some(&first)));
    let text = String::from_utf8(later.to_octets()).expect("ASCII");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        ["m=video 0 RTP/AVP 99", "m=audio 58000 RTP/AVPF 8 0 96", "m=image 0 udptl t38"]
    );
    assert_eq!(later.version(), first.version() + 1);
}

#[test]
fn two_of_us_agree() {
    let offer = sdp::offer(&ours(), local(None));
    let (answer, seen_by_answerer) = sdp::answer(&ours(), &offer, local(None)).expect("common");
    let seen_by_offerer = sdp::agreed(&ours(), &answer).expect("common");
    assert_eq!(seen_by_offerer, seen_by_answerer);
    assert_eq!(seen_by_offerer.encoding, Encoding::Pcma);
}

proptest! {
    #[test]
    fn no_octets_are_too_odd_to_be_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(session) = Session::parse(&octets) {
            let _ = sdp::answer(&ours(), &session, local(None));
        }
    }

    #[test]
    fn a_damaged_offer_is_read_or_refused(position in 0usize..300, octet in any::<u8>()) {
        let mut octets = sdp::offer(&ours(), local(None)).to_octets();
        if let Some(hit) = octets.get_mut(position) {
            *hit = octet;
        }
        if let Ok(session) = Session::parse(&octets) {
            let _ = sdp::answer(&ours(), &session, local(None));
        }
    }
}
