//! The relay seen from outside: datagrams in, a trace of datagrams and reports out.

use super::*;
use crate::event::Event;
use crate::rtcp;
use crate::rtp::{self, Header};
use crate::session::{Codec, Direction};
use machine::Seeded;
use std::fmt::Write as _;

/// A session with a base station at 10.0.0.1:5000 and a PBX at 192.0.2.1:6000.
struct World {
    relay: Relay,
    start: Instant,
    now: Instant,
    out: Out,
    slot: u32,
    first: BTreeMap<Side, (u16, u32)>,
    trace: String,
}

const SESSION: SessionId = SessionId(1);
const RADIO: &str = "10.0.0.1:5000";
const NETWORK: &str = "192.0.2.1:6000";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn peer(side: Side) -> Peer {
    let (rtp, rtcp) = match side {
        Side::Radio => (RADIO, "10.0.0.1:5001"),
        Side::Network => (NETWORK, "192.0.2.1:6001"),
    };
    Peer {
        rtp: address(rtp),
        rtcp: address(rtcp),
        codec: Codec::Pcma,
        payload_type: 8,
        events: Some(101),
        ptime_ms: 20,
        direction: Direction::Both,
    }
}

fn speech(sequence: u16) -> Header {
    let timestamp = u32::from(sequence) * 160;
    Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: 0xaaaa }
}

impl World {
    fn new(radio: Peer, network: Peer) -> Self {
        let now = Instant::now();
        let epoch = Epoch::new(now, Duration::from_secs(1));
        let limits = Limits { sessions: 2, silence: Duration::from_secs(30) };
        let mut relay = Relay::new(limits, epoch, Box::new(Seeded::new(1)));
        let mut out = Out::default();
        let (own_radio, own_network) = (address("10.0.0.9:100"), address("192.0.2.9:200"));
        let slot = relay.open(SESSION, own_radio, own_network, &mut out).unwrap();
        relay.command(now, &Command::Connect(SESSION, Side::Radio, radio), &mut out);
        relay.command(now, &Command::Connect(SESSION, Side::Network, network), &mut out);
        out.clear();
        let first = BTreeMap::new();
        Self { relay, start: now, now, out, slot, first, trace: String::new() }
    }

    fn plain() -> Self {
        Self::new(peer(Side::Radio), peer(Side::Network))
    }

    fn rtp(&mut self, side: Side, from: &str, header: &Header, payload: &[u8]) {
        let mut datagram = Vec::new();
        rtp::write(header, &mut datagram);
        datagram.extend_from_slice(payload);
        let port = Port { slot: self.slot, side, kind: Kind::Rtp };
        self.relay.datagram(self.now, port, address(from), &datagram, &mut self.out);
        self.note();
    }

    fn radio_speaks(&mut self, sequence: u16) {
        self.rtp(Side::Radio, RADIO, &speech(sequence), &[0x55; 160]);
    }

    fn command(&mut self, command: &Command) {
        self.relay.command(self.now, command, &mut self.out);
        self.note();
    }

    fn pass(&mut self, milliseconds: u64) {
        let until = self.now + Duration::from_millis(milliseconds);
        while let Some(at) = self.relay.deadline().filter(|at| *at <= until) {
            self.now = at;
            self.relay.expire(at, &mut self.out);
            self.note();
        }
        self.now = until;
    }

    /// One line per effect: `20ms radio rtp -> address pt sequence timestamp octets`. Sequence
    /// numbers and timestamps are shown from the first of the side on.
    fn note(&mut self) {
        let at = self.now.duration_since(self.start).as_millis();
        for Datagram { port, to, octets } in self.out.datagrams() {
            if port.kind == Kind::Rtcp {
                let kinds: Vec<u8> = rtcp_kinds(octets);
                let _ = writeln!(self.trace, "{at} {:?} rtcp -> {to} {kinds:?}", port.side);
                continue;
            }
            let (header, payload) = rtp::read(octets).unwrap();
            let begun = (header.sequence.wrapping_sub(1), header.timestamp);
            let (sequence, timestamp) = *self.first.entry(port.side).or_insert(begun);
            let mark = if header.marker { "M" } else { " " };
            let _ = writeln!(
                self.trace,
                "{at} {:?} rtp{mark}-> {to} pt {} seq {} ts {} {}x{:02x}",
                port.side,
                header.payload_type,
                header.sequence.wrapping_sub(sequence),
                header.timestamp.wrapping_sub(timestamp),
                payload.len(),
                payload[0],
            );
        }
        for report in &self.out.reports {
            let _ = writeln!(self.trace, "{at} {report:?}");
        }
        self.out.clear();
    }

    fn take(&mut self) -> String {
        std::mem::take(&mut self.trace)
    }
}

fn rtcp_kinds(mut octets: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [_, kind, high, low, ..] = *octets {
        kinds.push(kind);
        let length = (usize::from(high) * 256 + usize::from(low) + 1) * 4;
        octets = octets.get(length..).unwrap_or_default();
    }
    kinds
}

#[test]
fn speech_passes_as_it_is_where_both_sides_speak_the_same() {
    let mut world = World::plain();
    world.radio_speaks(7);
    world.pass(20);
    world.radio_speaks(8);
    world.rtp(Side::Network, NETWORK, &speech(9), &[0x2a; 160]);
    assert_eq!(
        world.take(),
        "\
0 Network rtpM-> 192.0.2.1:6000 pt 8 seq 1 ts 0 160x55
20 Network rtp -> 192.0.2.1:6000 pt 8 seq 2 ts 160 160x55
20 Radio rtpM-> 10.0.0.1:5000 pt 8 seq 1 ts 0 160x2a
"
    );
}

#[test]
fn payload_type_and_law_change_where_the_sides_differ() {
    let network = Peer { codec: Codec::Pcmu, payload_type: 0, ..peer(Side::Network) };
    let mut world = World::new(peer(Side::Radio), network);
    world.rtp(Side::Radio, RADIO, &speech(1), &[0xd5; 160]);
    let mu = Header { payload_type: 0, ..speech(1) };
    world.rtp(Side::Network, NETWORK, &mu, &[0xff; 160]);
    assert_eq!(
        world.take(),
        "\
0 Network rtpM-> 192.0.2.1:6000 pt 0 seq 1 ts 0 160xfe
0 Radio rtpM-> 10.0.0.1:5000 pt 8 seq 1 ts 0 160xd5
"
    );
}

#[test]
fn packet_times_are_made_to_fit() {
    let radio = Peer { ptime_ms: 10, ..peer(Side::Radio) };
    let mut world = World::new(radio, Peer { ptime_ms: 30, ..peer(Side::Network) });
    for n in 0..4u16 {
        let header = Header { sequence: n, timestamp: u32::from(n) * 80, ..speech(0) };
        world.rtp(Side::Radio, RADIO, &header, &[u8::try_from(n).unwrap(); 80]);
        world.pass(10);
    }
    let header = Header { sequence: 0, timestamp: 5, ..speech(0) };
    world.rtp(Side::Network, NETWORK, &header, &[1; 240]);
    assert_eq!(
        world.take(),
        "\
20 Network rtpM-> 192.0.2.1:6000 pt 8 seq 1 ts 0 240x00
40 Radio rtpM-> 10.0.0.1:5000 pt 8 seq 1 ts 0 80x01
40 Radio rtp -> 10.0.0.1:5000 pt 8 seq 2 ts 80 80x01
40 Radio rtp -> 10.0.0.1:5000 pt 8 seq 3 ts 160 80x01
"
    );
}

#[test]
fn another_base_station_does_not_break_the_stream_to_the_network() {
    let mut world = World::plain();
    world.radio_speaks(1);
    world.pass(20);
    world.radio_speaks(2);
    let moved = Peer { rtp: address("10.0.0.2:7000"), ..peer(Side::Radio) };
    world.command(&Command::Connect(SESSION, Side::Radio, moved));
    world.pass(40);
    let header = Header { ssrc: 0xbbbb, ..speech(50_000) };
    world.rtp(Side::Radio, "10.0.0.2:7000", &header, &[0x55; 160]);
    world.rtp(Side::Network, NETWORK, &speech(1), &[0x55; 160]);
    assert_eq!(
        world.take(),
        "\
0 Network rtpM-> 192.0.2.1:6000 pt 8 seq 1 ts 0 160x55
20 Network rtp -> 192.0.2.1:6000 pt 8 seq 2 ts 160 160x55
60 Network rtpM-> 192.0.2.1:6000 pt 8 seq 3 ts 480 160x55
60 Radio rtpM-> 10.0.0.2:7000 pt 8 seq 1 ts 0 160x55
"
    );
}

#[test]
fn a_key_takes_the_place_of_speech_and_speech_goes_on_after_it() {
    let mut world = World::plain();
    world.radio_speaks(1);
    world.pass(10);
    world.command(&Command::Key(SESSION, Side::Network, '5', Duration::from_millis(40)));
    for n in 2..7 {
        world.pass(20);
        world.radio_speaks(n);
    }
    assert_eq!(
        world.take(),
        "\
0 Network rtpM-> 192.0.2.1:6000 pt 8 seq 1 ts 0 160x55
10 Network rtpM-> 192.0.2.1:6000 pt 101 seq 2 ts 80 4x05
30 Network rtp -> 192.0.2.1:6000 pt 101 seq 3 ts 80 4x05
50 Network rtp -> 192.0.2.1:6000 pt 101 seq 4 ts 80 4x05
70 Network rtp -> 192.0.2.1:6000 pt 101 seq 5 ts 80 4x05
90 Network rtpM-> 192.0.2.1:6000 pt 8 seq 6 ts 640 160x55
110 Network rtp -> 192.0.2.1:6000 pt 8 seq 7 ts 800 160x55
"
    );
}

#[test]
fn a_key_of_the_network_is_told_once_and_passed_on_where_agreed() {
    let radio = Peer { events: Some(96), ..peer(Side::Radio) };
    for (radio, passed) in [(radio, 4), (Peer { events: None, ..radio }, 0)] {
        let mut world = World::new(radio, peer(Side::Network));
        for (sequence, (duration, end)) in
            (1..).zip([(160, false), (800, true), (800, true), (800, true)])
        {
            let header = Header { payload_type: 101, sequence, timestamp: 8000, ..speech(0) };
            let event = Event { code: 11, end, volume: 10, duration };
            world.rtp(Side::Network, NETWORK, &header, &event.write());
        }
        let trace = world.take();
        assert_eq!(trace.matches("Key(SessionId(1), Network, '#', 100ms)").count(), 1, "{trace}");
        assert_eq!(trace.matches("pt 96").count(), passed, "{trace}");
        world.rtp(Side::Network, NETWORK, &speech(5), &[0x55; 160]);
        let sequence = passed + 1;
        assert!(world.take().contains(&format!("pt 8 seq {sequence} ")), "no gap where stripped");
    }
}

#[test]
fn a_key_whose_end_is_lost_is_told_after_a_while() {
    let mut world = World::plain();
    let header = Header { payload_type: 101, ..speech(1) };
    let event = Event { code: 1, end: false, volume: 10, duration: 400 };
    world.rtp(Side::Radio, RADIO, &header, &event.write());
    world.take();
    world.pass(300);
    assert_eq!(world.take(), "200 Key(SessionId(1), Radio, '1', 50ms)\n");
}

#[test]
fn on_hold_nothing_is_passed_on_and_afterwards_the_stream_goes_on() {
    let mut world = World::plain();
    world.radio_speaks(1);
    let held = Peer { direction: Direction::Receive, ..peer(Side::Network) };
    world.command(&Command::Connect(SESSION, Side::Network, held));
    world.take();
    world.pass(20);
    world.radio_speaks(2);
    world.rtp(Side::Network, NETWORK, &speech(1), &[0x2a; 160]);
    world.command(&Command::Connect(SESSION, Side::Network, peer(Side::Network)));
    world.pass(20);
    world.radio_speaks(3);
    assert_eq!(
        world.take(),
        "\
20 Radio rtpM-> 10.0.0.1:5000 pt 8 seq 1 ts 0 160x2a
40 Network rtpM-> 192.0.2.1:6000 pt 8 seq 2 ts 320 160x55
"
    );
}

#[test]
fn what_is_not_of_the_stream_is_dropped_and_counted() {
    let mut world = World::plain();
    world.radio_speaks(1);
    world.take();
    let port = Port { slot: world.slot, side: Side::Radio, kind: Kind::Rtp };
    for junk in [&b""[..], b"not RTP at all", &[0x80; 11], &[0xff; 200]] {
        world.relay.datagram(world.now, port, address(RADIO), junk, &mut world.out);
    }
    world.rtp(Side::Radio, RADIO, &Header { payload_type: 13, ..speech(2) }, &[0]);
    world.rtp(Side::Radio, RADIO, &speech(2), &[0; 481]);
    world.rtp(Side::Radio, RADIO, &speech(2), &[]);
    world.rtp(Side::Radio, "203.0.113.5:5000", &speech(2), &[0x55; 160]);
    world.rtp(Side::Radio, RADIO, &speech(20_000), &[0x55; 160]);
    assert_eq!(world.take(), "");
    let dropped = world.relay.slots[0].as_ref().unwrap().legs[0].tally().dropped;
    assert_eq!(dropped, 9);
}

#[test]
fn a_side_that_falls_silent_is_told_again_and_again_until_it_is_heard() {
    let mut world = World::plain();
    for n in 0..500u16 {
        world.rtp(Side::Network, NETWORK, &speech(n), &[0; 160]);
        world.pass(20);
    }
    world.pass(55_000);
    let trace = world.take();
    let silent: Vec<&str> = trace.lines().filter(|line| line.contains("Silent")).collect();
    assert_eq!(
        silent,
        [
            "30000 Silent(SessionId(1), Radio, 30s)",
            "39980 Silent(SessionId(1), Network, 30s)",
            "60000 Silent(SessionId(1), Radio, 60s)",
        ]
    );
}

#[test]
fn reports_are_sent_on_both_sides_and_a_bye_at_the_end() {
    let mut world = World::plain();
    world.radio_speaks(1);
    world.take();
    world.pass(4_000);
    let trace = world.take();
    assert!(trace.contains("Radio rtcp -> 10.0.0.1:5001 [201, 202]"), "received only: {trace}");
    assert!(trace.contains("Network rtcp -> 192.0.2.1:6001 [200, 202]"), "sent: {trace}");
    world.command(&Command::Close(SESSION));
    let trace = world.take();
    assert!(trace.contains("Radio rtcp -> 10.0.0.1:5001 [201, 202, 203]"), "{trace}");
    assert!(trace.contains("Network rtcp -> 192.0.2.1:6001 [201, 202, 203]"), "{trace}");
    assert!(
        trace.contains("Closed(SessionId(1), Tally { radio: SideTally { packets: 1, octets: 160")
    );
    assert_eq!((world.relay.deadline(), world.relay.sessions()), (None, 0));
}

#[test]
fn rtcp_of_a_stranger_is_not_read() {
    let mut world = World::plain();
    let name = "n";
    let report = rtcp::Report { ssrc: 1, name, sender: None, block: None, bye: false };
    let octets = report.write().unwrap();
    let port = Port { slot: world.slot, side: Side::Radio, kind: Kind::Rtcp };
    for from in ["203.0.113.5:5001", "10.0.0.1:9"] {
        world.relay.datagram(world.now, port, address(from), &octets, &mut world.out);
    }
    assert_eq!(world.relay.slots[0].as_ref().unwrap().legs[0].tally().dropped, 1);
    world.pass(8_000);
    assert!(world.take().contains("Radio rtcp -> 10.0.0.1:9 "), "symmetric, as is RTP");
}

#[test]
fn the_limit_and_a_name_used_twice_are_refused_with_a_sentence() {
    let mut world = World::plain();
    let here = address("127.0.0.1:2");
    assert_eq!(world.relay.open(SESSION, here, here, &mut world.out), None);
    assert!(world.relay.open(SessionId(2), here, here, &mut world.out).is_some());
    assert_eq!(world.relay.open(SessionId(3), here, here, &mut world.out), None);
    world.note();
    let trace = world.take();
    assert!(trace.contains("session 1 exists already"), "{trace}");
    assert!(trace.contains("all 2 media sessions are in use"), "{trace}");
    world.relay.close_all(world.now, &mut world.out);
    assert_eq!(world.out.closed, [0, 1]);
    assert!(world.relay.open(SessionId(3), here, here, &mut world.out).is_some());
}

#[test]
fn commands_and_datagrams_that_cross_the_end_of_a_session_do_nothing() {
    let mut world = World::plain();
    world.command(&Command::Close(SESSION));
    world.take();
    world.radio_speaks(1);
    world.command(&Command::Connect(SESSION, Side::Radio, peer(Side::Radio)));
    world.command(&Command::Key(SESSION, Side::Network, '1', Duration::from_millis(100)));
    world.command(&Command::Close(SESSION));
    world.pass(60_000);
    assert_eq!(world.take(), "");
}
