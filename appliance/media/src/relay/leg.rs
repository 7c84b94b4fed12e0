//! One side of a session.

use super::out::{Kind, Out, Port};
use crate::codec::Transcoder;
use crate::event::{Event, Hearing, Key, Keying, PAUSE, Step};
use crate::latch::Latch;
use crate::outgoing::{Outgoing, Place};
use crate::packer::{Packed, Packer, Packing, SAMPLES_MAX};
use crate::reception::{Order, Reception};
use crate::rtcp::{self, Epoch, LastReport, OfOurs, Sender};
use crate::rtp::{self, Header};
use crate::session::{Direction, Peer, Side, SideTally};
use machine::Rng;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// One side: who is there, what comes from there, what goes there.
#[derive(Debug)]
pub(super) struct Leg {
    link: Option<Link>,
    reception: Reception,
    hearing: Hearing,
    outgoing: Outgoing,
    keying: Keying,
    packer: Packer,
    /// Since when it is due that something comes.
    due_since: Option<Instant>,
    packets: u64,
    octets: u64,
    dropped: u64,
    reported_packets: u32,
    sender_report: Option<(u64, Instant)>,
    of_ours: Option<OfOurs>,
    round_trip: Option<Duration>,
}

/// The far end.
#[derive(Debug)]
struct Link {
    peer: Peer,
    rtp: Latch,
    /// Where RTCP of the stream's host was seen to come from.
    rtcp: Option<SocketAddr>,
}

/// What all legs use.
pub(super) struct Shared<'a> {
    pub(super) now: Instant,
    pub(super) epoch: &'a Epoch,
    pub(super) transcoder: &'a Transcoder,
}

/// Where a packet of a leg goes on to.
pub(super) struct Onward<'a> {
    pub(super) other: &'a mut Leg,
    /// Where it came in.
    pub(super) port: Port,
    pub(super) out: &'a mut Out,
}

/// What a packet told about keys.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) keys: [Option<Key>; 2],
    /// When to ask whether the end of a key was lost.
    pub(super) lapse: Option<Instant>,
}

/// Whether a report is the last, and the source's name.
#[derive(Clone, Copy)]
pub(super) enum Leaving<'a> {
    Yes(&'a str),
    No(&'a str),
}

/// What a packet is.
#[derive(Clone, Copy)]
enum Content {
    Speech,
    Event(Event),
}

impl Leg {
    /// A side that nothing is known of. Its stream's numbers are random (RFC 3550 5.1).
    pub(super) fn new(rng: &mut dyn Rng) -> Self {
        let [ssrc, timestamp] = [rng.u32(), rng.u32()];
        let sequence = u16::try_from(rng.below(1 << 15)).unwrap_or(0);
        Self {
            link: None,
            reception: Reception::default(),
            hearing: Hearing::default(),
            outgoing: Outgoing::new(ssrc, sequence, timestamp),
            keying: Keying::default(),
            packer: Packer::default(),
            due_since: None,
            packets: 0,
            octets: 0,
            dropped: 0,
            reported_packets: 0,
            sender_report: None,
            of_ours: None,
            round_trip: None,
        }
    }

    /// The far end is known, or has changed; true the first time.
    pub(super) fn connect(&mut self, now: Instant, peer: Peer) -> bool {
        let was_due = self.link.as_ref().is_some_and(|link| receives(link.peer.direction));
        if !receives(peer.direction) {
            self.due_since = None;
        } else if !was_due {
            self.due_since = Some(now);
        }
        let Some(link) = &mut self.link else {
            self.link = Some(Link { peer, rtp: Latch::new(peer.rtp), rtcp: None });
            return true;
        };
        link.rtp.signal(peer.rtp);
        if peer.rtcp != link.peer.rtcp {
            link.rtcp = None;
        }
        if peer.codec != link.peer.codec || peer.ptime_ms != link.peer.ptime_ms {
            self.packer.clear();
            self.outgoing.interrupt();
        }
        link.peer = peer;
        false
    }

    /// Takes a datagram of the RTP port.
    pub(super) fn rtp(
        &mut self,
        shared: &Shared<'_>,
        from: SocketAddr,
        datagram: &[u8],
        mut onward: Onward<'_>,
    ) -> Heard {
        let Some((header, payload, content)) = self.admit(shared, from, datagram) else {
            self.dropped += 1;
            return Heard::default();
        };
        let mut heard = Heard::default();
        let arrival = matches!(content, Content::Speech).then(|| arrival(shared));
        let order = self.reception.packet(&header, arrival);
        match order {
            Order::Stray => {
                self.dropped += 1;
                return heard;
            }
            Order::First => {
                heard.keys[0] = self.hearing.forget_source();
                onward.other.outgoing.forget_source();
                onward.other.packer.clear();
            }
            Order::Next | Order::Late => {}
        }
        self.packets += 1;
        self.octets += payload.len() as u64;
        self.due_since = self.due_since.map(|_| shared.now);
        if let Content::Event(event) = content {
            let [before, ended] = self.hearing.packet(shared.now, header.timestamp, event);
            heard =
                Heard { keys: [heard.keys[0].or(before), ended], lapse: self.hearing.deadline() };
        }
        self.pass(shared, (&header, payload, content), &mut onward);
        heard
    }

    /// Takes a datagram of the RTCP port.
    pub(super) fn rtcp(&mut self, shared: &Shared<'_>, from: SocketAddr, datagram: &[u8]) {
        let Some(link) = self
            .link
            .as_mut()
            .filter(|link| from.ip() == link.peer.rtcp.ip() || link.rtp.knows_host(from))
        else {
            self.dropped += 1;
            return;
        };
        let Some(heard) = rtcp::read(datagram, self.outgoing.ssrc()) else {
            self.dropped += 1;
            return;
        };
        link.rtcp = Some(from);
        if let Some(ntp) = heard.sender {
            self.sender_report = Some((ntp, shared.now));
        }
        if let Some(of_ours) = heard.of_ours {
            self.of_ours = Some(of_ours);
            self.round_trip = of_ours.round_trip(shared.epoch.ntp(shared.now)).or(self.round_trip);
        }
    }

    /// Sends a report, if it is known where to.
    pub(super) fn report(
        &mut self,
        (now, epoch): (Instant, &Epoch),
        leaving: Leaving<'_>,
        port: Port,
        out: &mut Out,
    ) {
        let Some(to) = self.link.as_ref().and_then(Link::rtcp_to) else { return };
        let (packets, octets) = self.outgoing.counts();
        let sends = packets != self.reported_packets;
        self.reported_packets = packets;
        let (name, bye) = match leaving {
            Leaving::Yes(name) => (name, true),
            Leaving::No(name) => (name, false),
        };
        let last = self.sender_report.map_or(LastReport::default(), |(ntp, heard)| LastReport {
            ntp: rtcp::middle(ntp),
            delay: rtcp::units(now.saturating_duration_since(heard)),
        });
        let timestamp = self.outgoing.clock(now);
        let sender = Sender { ntp: epoch.ntp(now), timestamp, packets, octets };
        let report = rtcp::Report {
            ssrc: self.outgoing.ssrc(),
            name,
            sender: sends.then_some(sender),
            block: self.reception.block().map(|block| (block, last)),
            bye,
        };
        match report.write() {
            Ok(octets) => out.send(port, to, &octets),
            Err(error) => tracing::debug!(%error, "an RTCP report could not be written"),
        }
    }

    /// Has a key sent; false where that cannot be.
    pub(super) fn press(&mut self, key: char, held: Duration) -> bool {
        let agreed = self.link.as_ref().is_some_and(|link| link.peer.events.is_some());
        agreed && self.keying.press(key, held)
    }

    /// One step of sending keys; says when the next is due.
    pub(super) fn keying(&mut self, now: Instant, port: Port, out: &mut Out) -> Option<Instant> {
        let link = self.link.as_ref()?;
        let interval = link.packing().map_or(DEFAULT_SAMPLES, |packing| packing.size);
        let place = self.outgoing.own(now);
        let step = self.keying.step(place.timestamp, u16::try_from(interval).unwrap_or(u16::MAX));
        let (event, timestamp, marker) = match step {
            Step::Packet { event, timestamp, marker } => (event, timestamp, marker),
            Step::Pause => return Some(now + PAUSE),
            Step::Done => return None,
        };
        let place = Place { timestamp, marker, ..place };
        if let (Some(payload_type), Some(to)) = (link.peer.events, link.rtp.to()) {
            let payload = event.write();
            out.send_rtp((port, to), &place.header(payload_type), |octets| octets.extend(payload));
            self.outgoing.sent(now, &place, payload.len());
            self.outgoing.interrupt();
        }
        Some(now + Duration::from_micros(interval as u64 * 125))
    }

    /// A key whose end was lost.
    pub(super) fn lapse(&mut self, now: Instant) -> Option<Key> {
        self.hearing.lapse(now)
    }

    /// When a key would lapse.
    pub(super) fn lapses(&self) -> Option<Instant> {
        self.hearing.deadline()
    }

    /// Since when nothing came that was due; `None` if nothing is due.
    pub(super) const fn silent_since(&self) -> Option<Instant> {
        self.due_since
    }

    /// What was received.
    pub(super) fn tally(&self) -> SideTally {
        SideTally {
            packets: self.packets,
            octets: self.octets,
            lost: self.reception.lost(),
            jitter_us: self.reception.jitter().saturating_mul(MICROS_PER_SAMPLE),
            dropped: self.dropped,
        }
    }

    /// What comes from the far end and is something that was agreed.
    fn admit<'d>(
        &mut self,
        shared: &Shared<'_>,
        from: SocketAddr,
        datagram: &'d [u8],
    ) -> Option<(Header, &'d [u8], Content)> {
        let link = self.link.as_mut()?;
        let (header, payload) = rtp::read(datagram)?;
        let content = if header.payload_type == link.peer.payload_type {
            (!payload.is_empty() && payload.len() <= SAMPLES_MAX).then_some(Content::Speech)
        } else if Some(header.payload_type) == link.peer.events {
            Event::read(payload).map(Content::Event)
        } else {
            None
        }?;
        link.rtp.admit(shared.now, from, &header).then_some((header, payload, content))
    }

    /// Hands a packet on to the other side, if speech goes that way now.
    fn pass(
        &mut self,
        shared: &Shared<'_>,
        packet: (&Header, &[u8], Content),
        onward: &mut Onward<'_>,
    ) {
        let Some(link) = self.link.as_ref().filter(|link| receives(link.peer.direction)) else {
            return onward.other.outgoing.interrupt();
        };
        let port = Port { side: opposite(onward.port.side), kind: Kind::Rtp, ..onward.port };
        let (header, payload, content) = packet;
        match content {
            Content::Speech => {
                let incoming = Speech { header, payload, codec: link.peer.codec };
                onward.other.speech(shared, &incoming, port, onward.out);
            }
            Content::Event(_) => {
                onward.other.event(shared.now, (header, payload), port, onward.out);
            }
        }
    }

    /// Sends speech of the other side.
    fn speech(&mut self, shared: &Shared<'_>, speech: &Speech<'_>, port: Port, out: &mut Out) {
        let keying = self.keying.sending();
        let link = self.link.as_ref().filter(|link| sends(link.peer.direction) && !keying);
        let Some((link, to)) = link.and_then(|link| Some((link, link.rtp.to()?))) else {
            return self.outgoing.interrupt();
        };
        let (codec, payload_type, now) = (link.peer.codec, link.peer.payload_type, shared.now);
        let Speech { header, payload, .. } = *speech;
        let packing = link.packing().filter(|packing| packing.size != payload.len());
        let Some(packing) = packing else {
            let Some(place) = self.outgoing.follow(now, header) else { return };
            let place = Place { marker: place.marker || header.marker, ..place };
            out.send_rtp((port, to), &place.header(payload_type), |octets| {
                shared.transcoder.append(speech.codec, codec, payload, octets);
            });
            return self.outgoing.sent(now, &place, payload.len());
        };
        let packed = Packed { timestamp: header.timestamp, payload };
        let packing = Packing { silence: speech.codec.silence(), ..packing };
        let outgoing = &mut self.outgoing;
        self.packer.packet(packed, packing, |packed| {
            let header = Header { timestamp: packed.timestamp, ..*header };
            let place = outgoing.follow_in_time(now, &header);
            out.send_rtp((port, to), &place.header(payload_type), |octets| {
                shared.transcoder.append(speech.codec, codec, packed.payload, octets);
            });
            outgoing.sent(now, &place, packed.payload.len());
        });
    }

    /// Sends an event of the other side, if this side agreed to events.
    fn event(
        &mut self,
        now: Instant,
        (header, payload): (&Header, &[u8]),
        port: Port,
        out: &mut Out,
    ) {
        let keying = self.keying.sending();
        let link = self.link.as_ref().filter(|link| sends(link.peer.direction) && !keying);
        let way = link.and_then(|link| Some((link.peer.events?, link.rtp.to()?)));
        let Some((payload_type, to)) = way else {
            return self.outgoing.interrupt();
        };
        let Some(place) = self.outgoing.follow(now, header) else { return };
        let place = Place { marker: header.marker, ..place };
        let payload = &payload[..payload.len().min(EVENTS_MAX)];
        out.send_rtp((port, to), &place.header(payload_type), |octets| {
            octets.extend_from_slice(payload);
        });
        self.outgoing.sent(now, &place, payload.len());
    }
}

/// Speech of the other side.
struct Speech<'a> {
    header: &'a Header,
    payload: &'a [u8],
    codec: crate::session::Codec,
}

impl Link {
    /// The packets this side wants; `None` for a packet time that is not made: they go as they come.
    fn packing(&self) -> Option<Packing> {
        let size = usize::from(self.peer.ptime_ms) * SAMPLES_PER_MS;
        let made = size > 0 && size <= SAMPLES_MAX && self.peer.ptime_ms.is_multiple_of(10);
        made.then_some(Packing { size, silence: self.peer.codec.silence() })
    }

    fn rtcp_to(&self) -> Option<SocketAddr> {
        let to = self.rtcp.unwrap_or(self.peer.rtcp);
        Some(to).filter(|to| to.port() != 0 && !to.ip().is_unspecified())
    }
}

impl Place {
    const fn header(&self, payload_type: u8) -> Header {
        let Self { ssrc, sequence, timestamp, marker } = *self;
        Header { marker, payload_type, sequence, timestamp, ssrc }
    }
}

const fn receives(direction: Direction) -> bool {
    matches!(direction, Direction::Both | Direction::Receive)
}

const fn sends(direction: Direction) -> bool {
    matches!(direction, Direction::Both | Direction::Send)
}

const fn opposite(side: Side) -> Side {
    match side {
        Side::Radio => Side::Network,
        Side::Network => Side::Radio,
    }
}

/// When a packet arrived, in samples of any origin.
#[expect(clippy::cast_possible_truncation, reason = "only differences modulo 2^32 are used")]
fn arrival(shared: &Shared<'_>) -> u32 {
    let since = shared.now.saturating_duration_since(shared.epoch.at);
    (since.as_micros() / u128::from(MICROS_PER_SAMPLE)) as u32
}

const SAMPLES_PER_MS: usize = 8;
const MICROS_PER_SAMPLE: u32 = 125;

/// 20 ms, where the packet time is none that is made.
const DEFAULT_SAMPLES: usize = 160;

/// Octets of events in one packet that are passed on: eight events, more than one key ever has.
const EVENTS_MAX: usize = 32;
