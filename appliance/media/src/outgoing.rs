//! The stream that leaves on one side: one SSRC from beginning to end.
//!
//! Whatever happens on the other side - a new base station, a new SSRC after a
//! re-INVITE, hold, music, keys in between - the receiver sees one source whose
//! sequence numbers and timestamps go on. While one source is followed, its
//! sequence numbers and timestamps are only shifted: gaps and disorder stay
//! visible, so that the receiver conceals and counts what was really lost.
//! When the source changes, the clock on the wall says how much time to leave
//! between the two (RFC 3550 5.1, RFC 7362).

use crate::rtp::{CLOCK_HZ, Header, ahead};
use std::time::Instant;

/// What is sent on one side.
#[derive(Clone, Debug)]
pub struct Outgoing {
    ssrc: u32,
    /// Of the latest packet, as is `timestamp`.
    sequence: u16,
    timestamp: u32,
    sent: Option<Instant>,
    follow: Option<Follow>,
    packets: u32,
    octets: u32,
}

/// The source that is being relayed.
#[derive(Clone, Debug)]
struct Follow {
    ssrc: u32,
    sequence_shift: u16,
    timestamp_shift: u32,
    /// Of the source: packets before this one belong to a time before the shift.
    since: u16,
    /// Something else was sent, or nothing: number on from there.
    rejoin: bool,
    /// Packets were made from the source's samples: its own numbers no longer fit.
    remade: bool,
}

/// Where a packet goes in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Who sends: always the same.
    pub ssrc: u32,
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// Whether the stream begins here or has a break before.
    pub marker: bool,
}

impl Outgoing {
    /// A stream that has not begun; all three numbers are to be random (RFC 3550 5.1).
    #[must_use]
    pub const fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        let (sent, follow) = (None, None);
        Self { ssrc, sequence, timestamp, sent, follow, packets: 0, octets: 0 }
    }

    /// The place of a packet of a source; `None` if it is too late to have one.
    pub fn follow(&mut self, now: Instant, header: &Header) -> Option<Place> {
        if let Some(follow) = self.follow.as_mut().filter(|follow| follow.remade) {
            (follow.remade, follow.rejoin) = (false, true);
        }
        let marker = self.align(now, header);
        let follow = self.follow.as_ref()?;
        if ahead(header.sequence, follow.since) < 0 {
            return None;
        }
        Some(Place {
            ssrc: self.ssrc,
            sequence: header.sequence.wrapping_add(follow.sequence_shift),
            timestamp: header.timestamp.wrapping_add(follow.timestamp_shift),
            marker,
        })
    }

    /// The place of a packet that is made here from the source's samples at its time
    /// `header.timestamp`: next in number.
    pub fn follow_in_time(&mut self, now: Instant, header: &Header) -> Place {
        let marker = self.align(now, header);
        let sequence = self.sequence.wrapping_add(1);
        let shift = self.follow.as_mut().map_or(0, |follow| {
            follow.remade = true;
            follow.timestamp_shift
        });
        let timestamp = header.timestamp.wrapping_add(shift);
        Place { ssrc: self.ssrc, sequence, timestamp, marker }
    }

    /// The place of a packet of our own at this time: next in number.
    #[must_use]
    pub fn own(&self, now: Instant) -> Place {
        let sequence = self.sequence.wrapping_add(1);
        Place { ssrc: self.ssrc, sequence, timestamp: self.clock(now), marker: false }
    }

    /// A packet was sent at `place` with so many octets of payload.
    pub fn sent(&mut self, now: Instant, place: &Place, octets: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(octets).unwrap_or(0));
        if self.sent.is_none() || ahead(place.sequence, self.sequence) > 0 {
            self.sequence = place.sequence;
        }
        // All packets of an event have the time of its beginning: only the first tells the time.
        let step = place.timestamp.wrapping_sub(self.timestamp).cast_signed();
        if self.sent.is_none() || step > 0 {
            self.timestamp = place.timestamp;
            self.sent = Some(now);
        }
    }

    /// What comes next from the source does not follow on what was sent last.
    pub fn interrupt(&mut self) {
        if let Some(follow) = &mut self.follow {
            follow.rejoin = true;
        }
    }

    /// The source begins anew, by another SSRC or by a jump.
    pub fn forget_source(&mut self) {
        self.follow = None;
    }

    /// Who sends.
    #[must_use]
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Packets and octets of payload sent so far, modulo 2^32 as in a sender report.
    #[must_use]
    pub const fn counts(&self) -> (u32, u32) {
        (self.packets, self.octets)
    }

    /// The timestamp that belongs to `now`.
    #[must_use]
    pub fn clock(&self, now: Instant) -> u32 {
        let since = self.sent.map_or(0, |sent| samples(now, sent));
        self.timestamp.wrapping_add(since)
    }

    /// Makes the shift fit the packet; true where the stream breaks here.
    fn align(&mut self, now: Instant, header: &Header) -> bool {
        let next = self.sequence.wrapping_add(1);
        if let Some(follow) = self.follow.as_mut().filter(|follow| follow.ssrc == header.ssrc) {
            if !follow.rejoin {
                return false;
            }
            let timestamp = header.timestamp.wrapping_add(follow.timestamp_shift);
            if timestamp.wrapping_sub(self.timestamp).cast_signed() > 0 {
                follow.sequence_shift = next.wrapping_sub(header.sequence);
                follow.since = header.sequence;
                follow.rejoin = false;
                return true;
            }
        }
        // At least one sample later, so that no receiver takes it for the same packet.
        let least = u32::from(self.sent.is_some());
        let pause = self.clock(now).wrapping_sub(self.timestamp).max(least);
        let timestamp = self.timestamp.wrapping_add(pause);
        self.follow = Some(Follow {
            ssrc: header.ssrc,
            sequence_shift: next.wrapping_sub(header.sequence),
            timestamp_shift: timestamp.wrapping_sub(header.timestamp),
            since: header.sequence,
            rejoin: false,
            remade: false,
        });
        true
    }
}

/// Samples between two instants; an hour is the most that is believed.
fn samples(now: Instant, then: Instant) -> u32 {
    let micros = now.saturating_duration_since(then).as_micros();
    u32::try_from(micros / MICROS_PER_SAMPLE).unwrap_or(u32::MAX).min(3600 * CLOCK_HZ)
}

const MICROS_PER_SAMPLE: u128 = 125;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn header(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 8, sequence, timestamp, ssrc }
    }

    /// Sends a packet of a source and says where it went.
    fn relay(out: &mut Outgoing, now: Instant, header: &Header) -> Option<(u16, u32, bool)> {
        let place = out.follow(now, header)?;
        out.sent(now, &place, 160);
        Some((place.sequence, place.timestamp, place.marker))
    }

    #[test]
    fn gaps_and_disorder_of_a_source_are_kept() {
        let (mut out, now) = (Outgoing::new(9, 99, 1000), Instant::now());
        let numbers = [10, 11, 14, 13].map(|n| {
            relay(&mut out, now, &header(1, n, u32::from(n) * 160)).map(|(sequence, ..)| sequence)
        });
        assert_eq!(numbers, [Some(100), Some(101), Some(104), Some(103)]);
    }

    #[test]
    fn another_source_goes_on_where_the_first_ended_as_much_later_as_it_was() {
        let (mut out, now) = (Outgoing::new(9, 65_534, u32::MAX - 100), Instant::now());
        assert_eq!(relay(&mut out, now, &header(1, 500, 7)), Some((65_535, u32::MAX - 100, true)));
        let later = now + Duration::from_millis(60);
        let place = relay(&mut out, later, &header(2, 3, 99_999));
        assert_eq!(place, Some((0, 379, true)), "480 samples on, over the edge of both counters");
        assert_eq!(relay(&mut out, later, &header(2, 4, 100_159)), Some((1, 539, false)));
    }

    #[test]
    fn after_something_of_our_own_the_source_goes_on_without_a_gap() {
        let (mut out, now) = (Outgoing::new(9, 0, 0), Instant::now());
        relay(&mut out, now, &header(1, 10, 1600));
        let key = out.own(now + Duration::from_millis(20));
        assert_eq!((key.sequence, key.timestamp), (2, 160));
        out.sent(now, &key, 4);
        out.interrupt();
        let place = relay(&mut out, now, &header(1, 15, 2400));
        assert_eq!(place, Some((3, 800, true)), "numbered on, in the source's own time");
        assert_eq!(relay(&mut out, now, &header(1, 14, 2240)), None, "from before: too late");
    }

    #[test]
    fn a_long_event_does_not_hold_up_the_clock() {
        let (mut out, now) = (Outgoing::new(9, 0, 0), Instant::now());
        let key = out.own(now);
        for step in 0..10 {
            let place = Place { sequence: step + 1, ..key };
            out.sent(now + Duration::from_millis(20) * step.into(), &place, 4);
        }
        assert_eq!(out.clock(now + Duration::from_millis(240)), 1920);
    }

    #[test]
    fn a_source_whose_clock_went_back_does_not_take_the_stream_back() {
        let (mut out, now) = (Outgoing::new(9, 0, 0), Instant::now());
        relay(&mut out, now, &header(1, 10, 160_000));
        out.interrupt();
        let place = relay(&mut out, now + Duration::from_millis(20), &header(1, 11, 0));
        assert_eq!(place, Some((2, 160, true)));
    }
}
