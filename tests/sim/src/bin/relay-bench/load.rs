//! The load: two sockets that are the far ends of all calls.

use super::Failure;
use media::rtp::{self, Header};
use os::datagram::{self, BATCH_MAX, Batch};
use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How much.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) calls: u16,
    pub(super) seconds: u32,
}

/// Where the packets of one call go in.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) radio: SocketAddr,
    pub(super) network: SocketAddr,
}

pub(super) struct Load {
    plan: Plan,
    origin: Instant,
    radio: UdpSocket,
    network: UdpSocket,
    /// Goes on from run to run, so that no relay takes a run for a new source.
    number: Cell<u32>,
}

/// What became of the packets.
pub(super) struct Ran {
    pub(super) sent: u64,
    pub(super) arrived: u64,
    pub(super) median_delay: Duration,
}

impl Load {
    pub(super) fn new(plan: Plan) -> Result<Self, Failure> {
        Ok(Self {
            plan,
            origin: Instant::now(),
            radio: socket()?,
            network: socket()?,
            number: Cell::new(0),
        })
    }

    /// The addresses of the two far ends.
    pub(super) fn far_ends(&self) -> Result<(SocketAddr, SocketAddr), Failure> {
        Ok((self.radio.local_addr()?, self.network.local_addr()?))
    }

    pub(super) const fn calls(&self) -> u16 {
        self.plan.calls
    }

    /// Packets of one run, both ways.
    pub(super) fn packets(&self) -> u64 {
        u64::from(self.plan.calls) * u64::from(self.plan.seconds) * 100
    }

    /// A second of packets that are not counted.
    pub(super) fn warm_up(&self, ways: &[Way]) -> Result<(), Failure> {
        self.pass(ways, PACKETS_PER_SECOND).map(drop)
    }

    /// Sends the packets at their times and waits for them.
    pub(super) fn run(&self, ways: &[Way]) -> Result<Ran, Failure> {
        self.pass(ways, self.plan.seconds * PACKETS_PER_SECOND)
    }

    fn pass(&self, ways: &[Way], each: u32) -> Result<Ran, Failure> {
        let expected = 2 * u64::from(each) * ways.len() as u64;
        let finished = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (origin, sockets) = (self.origin, [&self.radio, &self.network]);
            let finished = &finished;
            let ear = scope.spawn(move || listen(origin, sockets, expected, finished));
            let sent = self.speak(ways, each);
            finished.store(true, Ordering::Relaxed);
            let heard = ear.join().map_err(|_| "the listening thread died")?;
            let (arrived, mut delays) = heard;
            delays.sort_unstable();
            let median = delays.get(delays.len() / 2).copied().unwrap_or_default();
            let median_delay = Duration::from_micros(median.into());
            Ok(Ran { sent: sent?, arrived, median_delay })
        })
    }

    /// Every call speaks every 20 ms, the calls one after the other in that time.
    fn speak(&self, ways: &[Way], each: u32) -> Result<u64, Failure> {
        let _ = os::priority::raise();
        let start = Instant::now();
        let (mut sent, mut packets) = (0, Packets::new());
        let first = self.number.replace(self.number.get().wrapping_add(each));
        for turn in 0..each {
            let number = first.wrapping_add(turn);
            for step in 0..STEPS {
                let at = start + PTIME * turn + PTIME * step / STEPS;
                std::thread::sleep(at.saturating_duration_since(Instant::now()));
                let steps = usize::try_from(STEPS)?;
                let calls = ways.iter().enumerate().skip(usize::try_from(step)?).step_by(steps);
                let stamp = self.stamp();
                let sides = [&self.radio, &self.network];
                for (socket, side) in sides.into_iter().zip([0, 1]) {
                    packets.clear();
                    for (call, way) in calls.clone() {
                        let to = if side == 0 { way.radio } else { way.network };
                        packets.push(to, (u32::try_from(call)? * 2 + side, number, stamp));
                    }
                    sent += packets.send(socket)?;
                }
            }
        }
        Ok(sent)
    }

    /// Microseconds since the beginning.
    fn stamp(&self) -> u32 {
        stamp(self.origin)
    }
}

/// Counts what arrives, and how long it took in microseconds.
fn listen(
    origin: Instant,
    sockets: [&UdpSocket; 2],
    expected: u64,
    finished: &AtomicBool,
) -> (u64, Vec<u32>) {
    let _ = os::priority::raise();
    let (mut batch, mut arrived, mut delays) = (Batch::new(BATCH_MAX), 0, Vec::new());
    let mut quiet = 0;
    while arrived < expected && quiet < QUIET_MAX {
        // Nobody waits on these sockets: to wake a sleeper for every packet is dear, and would be
        // paid by the relay that sent it. A network card asks for no such thing.
        std::thread::sleep(LOOK);
        let before = arrived;
        for socket in sockets {
            while batch.receive(socket).is_ok_and(|count| count > 0) {
                let now = stamp(origin);
                for (_, octets) in batch.datagrams() {
                    // RTCP of the relays comes elsewhere; what is not speech is not counted.
                    let Some((_, payload)) = rtp::read(octets) else { continue };
                    let Some(stamp) = payload.first_chunk() else { continue };
                    arrived += 1;
                    delays.push(now.wrapping_sub(u32::from_be_bytes(*stamp)));
                }
            }
        }
        let over = finished.load(Ordering::Relaxed) && arrived == before;
        quiet = if over { quiet + 1 } else { 0 };
    }
    (arrived, delays)
}

/// Microseconds since `origin`.
#[expect(clippy::cast_possible_truncation, reason = "only differences are used")]
fn stamp(origin: Instant) -> u32 {
    origin.elapsed().as_micros() as u32
}

/// Packets that go out in one call.
struct Packets {
    to: Vec<SocketAddr>,
    octets: Vec<Vec<u8>>,
}

impl Packets {
    const fn new() -> Self {
        Self { to: Vec::new(), octets: Vec::new() }
    }

    fn clear(&mut self) {
        self.to.clear();
    }

    fn push(&mut self, to: SocketAddr, (ssrc, number, stamp): (u32, u32, u32)) {
        if self.octets.len() == self.to.len() {
            self.octets.push(Vec::new());
        }
        let Some(octets) = self.octets.get_mut(self.to.len()) else { return };
        octets.clear();
        let sequence = u16::try_from(number & 0xffff).unwrap_or(0);
        let timestamp = number.wrapping_mul(160);
        let marker = number == 0;
        rtp::write(&Header { marker, payload_type: 8, sequence, timestamp, ssrc }, octets);
        octets.extend(stamp.to_be_bytes());
        octets.resize(rtp::HEADER + 160, 0xd5);
        self.to.push(to);
    }

    fn send(&self, socket: &UdpSocket) -> Result<u64, Failure> {
        let mut sent = 0;
        while sent < self.to.len() {
            let left = self.to.iter().zip(&self.octets).skip(sent);
            match datagram::send(socket, left.map(|(to, octets)| (*to, &octets[..]))) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    std::thread::yield_now();
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(sent as u64)
    }
}

fn socket() -> Result<UdpSocket, Failure> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    // Nothing may be lost here: what is missing is to be the relay's fault.
    os::ports::enlarge(&socket, BUFFER)?;
    Ok(socket)
}

const PTIME: Duration = Duration::from_millis(20);
const PACKETS_PER_SECOND: u32 = 50;

/// Parts of the 20 ms in which calls speak.
const STEPS: u32 = 20;

/// How often the far ends look what has come.
const LOOK: Duration = Duration::from_micros(500);

/// When so many looks have found nothing, a second of them, the rest is lost.
const QUIET_MAX: u32 = 2000;

/// A second of everything.
const BUFFER: usize = 16 << 20;
