//! What a registered handset costs while nothing happens.

mod world;

use machine::Seeded;
use peak_alloc::PeakAlloc;
use sip::endpoint::{Endpoint, Input, Output, Path};
use sip::primitive::{Account, AccountId, Event, Password, Request};
use sip::wire::{Message, Method, Name};
use std::time::{Duration, Instant};
use world::*;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// The bound that the design sets, in octets.
const ALLOWED: usize = 1_000;

const HANDSETS: u32 = 10_000;

/// A registrar that challenges with what Kamailio's challenges look like, and grants an hour.
fn registrar(request: &Message) -> Vec<u8> {
    let nonce = "Z2F1bnRsZXQgaXMgYSBub25jZSBvZiB1c3VhbCBsZW5ndGg=";
    if request.has(Name::Authorization) {
        return response(request, 200)
            .copy(request, Name::Contact)
            .header(Name::Expires, 3600)
            .finish();
    }
    let challenge = format!("Digest realm=\"pbx.example\", nonce=\"{nonce}\", qop=\"auth\"");
    response(request, 401).header(Name::WwwAuthenticate, challenge).finish()
}

#[test]
fn an_idle_registered_handset_costs_less_than_a_kilobyte() {
    let mut settings = settings("127.0.0.1:5060", &["127.0.0.9:5060"]);
    settings.registers_per_second = 1_000;
    let mut now = Instant::now();
    let mut out = Vec::new();
    let before = HEAP.current_usage();
    let mut endpoint = Endpoint::new(settings, Box::new(Seeded::new(1)));
    for id in 0..HANDSETS {
        let user = format!("{}", 10_000 + id);
        let account = Account {
            domain: "pbx.example".to_owned(),
            display_name: format!("Handset {user}"),
            auth_user: user.clone(),
            password: Password::new(&format!("a long password of {user}")),
            user,
        };
        let id = AccountId(id);
        endpoint.input(now, Input::Request(Request::PutAccount(id, Box::new(account))), &mut out);
        endpoint.input(now, Input::Request(Request::Register(id)), &mut out);
    }
    let mut registered = 0;
    // Until all are in, and Timer K of the last transaction has run out.
    let end = now + Duration::from_mins(1);
    while now < end {
        for output in std::mem::take(&mut out) {
            match output {
                Output::Send(path @ Path::Udp(_), octets) => {
                    let message = Message::parse(octets).expect("our own message");
                    assert!(is(&message, &Method::Register));
                    let answer = registrar(&message);
                    endpoint.input(now, Input::Received(path, answer), &mut out);
                }
                Output::Event(Event::Registered(..)) => registered += 1,
                _ => panic!("nothing else is wanted"),
            }
        }
        if out.is_empty() {
            now = endpoint.deadline().map_or(end, |at| at.min(end));
            endpoint.expire(now, &mut out);
        }
    }
    assert_eq!(registered, HANDSETS);
    drop(out);
    let live = HEAP.current_usage().saturating_sub(before) / HANDSETS as usize;
    println!("live state per idle registered handset: {live} octets");
    assert!(live < ALLOWED, "{live} octets");
    assert_eq!(endpoint.load().client_transactions, 0);
}
