//! One message parsed and written, beside the fastest other parser measured (`sip-core`) and the strictest
//! (`sipx-sip`). `cargo bench -p sip --bench wire`; figures in docs/performance.md.

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use sip::wire::{Message, Name, verdict};
use sip_core::{HeaderName, SipMessage};
use sipx_sip::{Limits, parse_datagram};
use std::hint::black_box;

const MESSAGES: [(&str, &[u8]); 2] = [
    ("INVITE", include_bytes!("messages/invite.sip")),
    ("REGISTER", include_bytes!("messages/register.sip")),
];

/// Each from octets that it may keep, into a buffer of its own.
fn parse_and_write(c: &mut Criterion) {
    for (name, octets) in MESSAGES {
        let text = std::str::from_utf8(octets).expect("ASCII");
        let shared = Bytes::from_static(octets);
        let mut group = c.benchmark_group(format!("{name} parsed and written"));
        group.bench_function("this crate", |b| {
            b.iter(|| Message::parse(black_box(octets).to_vec()).expect("SIP").encode());
        });
        group.bench_function("this crate, judged", |b| {
            b.iter(|| {
                let message = Message::parse(black_box(octets).to_vec()).expect("SIP");
                verdict(&message).expect("valid");
                message.encode()
            });
        });
        group.bench_function("sip-core", |b| {
            b.iter(|| SipMessage::parse(black_box(text)).expect("SIP").to_bytes());
        });
        group.bench_function("sipx-sip", |b| {
            b.iter(|| {
                let shared = Bytes::copy_from_slice(black_box(&shared));
                let message = parse_datagram(shared, &Limits::datagram()).expect("SIP");
                let mut out = Vec::new();
                message.write_to(&mut out);
                out
            });
        });
        group.bench_function("sipx-sip, judged", |b| {
            b.iter(|| {
                let shared = Bytes::copy_from_slice(black_box(&shared));
                let message = parse_datagram(shared, &Limits::datagram()).expect("SIP");
                assert!(sipx_sip::validate(&message).is_empty());
                let mut out = Vec::new();
                message.write_to(&mut out);
                out
            });
        });
        group.finish();
    }
}

/// The same with the six header fields that every transaction and dialog asks for.
fn with_typed_headers(c: &mut Criterion) {
    for (name, octets) in MESSAGES {
        let text = std::str::from_utf8(octets).expect("ASCII");
        let mut group = c.benchmark_group(format!("{name} with six fields"));
        group.bench_function("this crate", |b| {
            b.iter(|| {
                let message = Message::parse(black_box(octets).to_vec()).expect("SIP");
                let _six = black_box((
                    (message.from(), message.to(), message.call_id()),
                    (message.cseq(), message.top_via(), message.contacts().next()),
                ));
                message.encode()
            });
        });
        group.bench_function("sip-core", |b| {
            b.iter(|| {
                let message = SipMessage::parse(black_box(text)).expect("SIP");
                // Its fields stay text; only Call-ID and CSeq are typed.
                black_box((message.call_id(), message.cseq()));
                let headers = message.headers();
                black_box((headers.get(&HeaderName::From), headers.get(&HeaderName::To)));
                black_box((headers.get(&HeaderName::Via), headers.get(&HeaderName::Contact)));
                message.to_bytes()
            });
        });
        group.bench_function("sipx-sip", |b| {
            b.iter(|| {
                let shared = Bytes::copy_from_slice(black_box(octets));
                let message = parse_datagram(shared, &Limits::datagram()).expect("SIP");
                let headers = message.headers();
                black_box((
                    headers.typed::<sipx_sip::headers::From>(),
                    headers.typed::<sipx_sip::headers::To>(),
                ));
                black_box((headers.typed::<sipx_sip::CallId>(), headers.typed::<sipx_sip::CSeq>()));
                black_box((
                    headers.typed::<sipx_sip::Via>(),
                    headers.typed::<sipx_sip::headers::ContactValue>(),
                ));
                let mut out = Vec::new();
                message.write_to(&mut out);
                out
            });
        });
        group.finish();
    }
}

/// What a user agent answers, from the request to the octets.
fn answer(c: &mut Criterion) {
    let (_, octets) = MESSAGES[0];
    let request = Message::parse(octets.to_vec()).expect("SIP");
    c.bench_function("180 to the INVITE made", |b| {
        b.iter(|| {
            let writer = sip::wire::Writer::answer(black_box(&request), 180, Some("4b4c9f3b"));
            writer.header(Name::Contact, "<sip:4711@198.51.100.7:5060>").finish()
        });
    });
}

criterion_group!(benches, parse_and_write, with_typed_headers, answer);
criterion_main!(benches);
