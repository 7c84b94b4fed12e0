//! What one packet costs in the relay itself, without sockets: `cargo bench -p media`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use machine::Seeded;
use media::relay::{Kind, Limits, Out, Port, Relay};
use media::rtcp::Epoch;
use media::rtp::{self, Header};
use media::session::{Codec, Command, Direction, Peer, SessionId, Side};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// As many calls as the other benchmark has, so that the sessions do not all lie in the cache.
const CALLS: u16 = 300;

struct World {
    relay: Relay,
    out: Out,
    now: Instant,
    slots: Vec<u32>,
    datagram: Vec<u8>,
    sequence: u16,
}

fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn peer(port: u16) -> Peer {
    Peer {
        rtp: address(port),
        rtcp: address(port + 1),
        codec: Codec::Pcma,
        payload_type: 8,
        events: Some(101),
        ptime_ms: 20,
        direction: Direction::Both,
    }
}

impl World {
    fn new(network: impl Fn(Peer) -> Peer) -> Self {
        let now = Instant::now();
        let limits = Limits { sessions: CALLS.into(), silence: Duration::from_hours(1) };
        let epoch = Epoch::new(now, Duration::ZERO);
        let mut relay = Relay::new(limits, epoch, Box::new(Seeded::new(1)));
        let (mut out, mut slots) = (Out::default(), Vec::new());
        for call in 0..CALLS {
            let id = SessionId(call.into());
            slots.extend(relay.open(id, address(2), address(4), &mut out));
            relay.command(now, &Command::Connect(id, Side::Radio, peer(10)), &mut out);
            relay.command(now, &Command::Connect(id, Side::Network, network(peer(20))), &mut out);
        }
        out.clear();
        Self { relay, out, now, slots, datagram: Vec::new(), sequence: 0 }
    }

    /// A packet of every call from the base station to the network.
    fn round(&mut self, from: SocketAddr) -> usize {
        self.now += Duration::from_millis(20);
        self.sequence = self.sequence.wrapping_add(1);
        let timestamp = u32::from(self.sequence) * 160;
        let header =
            Header { marker: false, payload_type: 8, sequence: self.sequence, timestamp, ssrc: 1 };
        self.datagram.clear();
        rtp::write(&header, &mut self.datagram);
        self.datagram.resize(rtp::HEADER + 160, 0xd5);
        self.out.clear();
        for slot in &self.slots {
            let port = Port { slot: *slot, side: Side::Radio, kind: Kind::Rtp };
            self.relay.datagram(self.now, port, from, &self.datagram, &mut self.out);
        }
        self.out.datagrams().len()
    }
}

fn relay(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("relay");
    group.throughput(Throughput::Elements(CALLS.into()));
    let mut measure = |name, mut world: World, from: u16, passed: u16| {
        // What is measured is what is meant: so many packets go on.
        world.round(address(10));
        assert_eq!(world.round(address(from)), usize::from(passed), "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| world.round(address(from))));
    };
    measure("pass on", World::new(|peer| peer), 10, CALLS);
    let pcmu = |peer| Peer { codec: Codec::Pcmu, payload_type: 0, ..peer };
    measure("A-law to mu-law", World::new(pcmu), 10, CALLS);
    measure("20 to 10 ms", World::new(|peer| Peer { ptime_ms: 10, ..peer }), 10, CALLS * 2);
    measure("drop a stranger's", World::new(|peer| peer), 999, 0);
    group.finish();
}

criterion_group!(benches, relay);
criterion_main!(benches);
