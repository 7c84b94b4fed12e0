//! DHCP and ARP as they come from the network: each reader takes any octets, and the client takes what they read in every
//! state that a first octet of the input leads to.
#![no_main]

use lan::dhcp::{Dhcp, Input, Lease, Message, Output, Own, arp::Arp, packet};
use libfuzzer_sys::fuzz_target;
use machine::Seeded;
use std::time::{Duration, Instant};

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

fuzz_target!(|octets: &[u8]| {
    let _ = packet::payload(octets);
    if let Some(arp) = Arp::decode(octets) {
        assert_eq!(Arp::decode(&arp.encode()), Some(arp));
    }
    if let Ok(message) = Message::decode(octets) {
        assert_eq!(Message::decode(&message.encode()).as_ref(), Ok(&message));
        if let Ok(lease) = Lease::of(&message) {
            assert!(lease.prefix <= 32 && lease.routes.len() <= 32);
        }
    }
    played(octets);
});

/// What was sent is answered with the input's octets behind a head that fits the question.
fn played(octets: &[u8]) {
    let own = Own { mac: MAC, host_name: "box".into(), vendor_class: "fixpart".into() };
    let mut dhcp = Dhcp::new(own, None, Box::new(Seeded::new(1)));
    let mut now = Instant::now();
    let mut out = Vec::new();
    dhcp.input(now, Input::LinkUp, &mut out);
    for part in octets.chunks(64).take(16) {
        let sent = out.iter().rev().find_map(|it| match it {
            Output::Send(sent, _) => Message::decode(sent).ok(),
            _ => None,
        });
        if let Some(sent) = sent {
            let mut answer = sent.clone();
            answer.is_request = false;
            answer.options.clear();
            answer.yours = [192, 0, 2, 10].into();
            let mut answer = answer.encode();
            answer.truncate(240);
            answer.extend(part);
            dhcp.input(now, Input::Message(&answer), &mut out);
        }
        dhcp.input(now, Input::Arp(part), &mut out);
        now += Duration::from_secs(part.first().copied().unwrap_or(0).into());
        dhcp.expire(now, &mut out);
        // No input makes it talk without end.
        assert!(out.len() < 10_000);
    }
}
