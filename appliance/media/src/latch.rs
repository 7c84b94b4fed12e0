//! Symmetric RTP: send to where it comes from, and let no stranger take it.
//!
//! Signalling names an address. Behind an address translator the stream comes
//! from another one, so the relay follows the stream, by these rules:
//!
//! 1. The signalled address is always believed.
//! 2. Before anything came, the signalled host is believed on any port, and
//!    another host after [`RUN`] packets in an unbroken row.
//! 3. Afterwards only the holder is heard. The holder's host may go on from
//!    another port after it was silent for [`REBIND`]. Nobody else may:
//!    whoever comes late stays out until signalling names a new address.

use crate::rtp::Header;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Who one side is, as far as addresses go.
#[derive(Clone, Debug)]
pub struct Latch {
    signalled: SocketAddr,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Nothing came; somebody may be on the way to being believed.
    Open(Option<Candidate>),
    /// The stream comes from here, last at this time.
    Held(SocketAddr, Instant),
}

#[derive(Clone, Debug)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    run: u8,
}

impl Latch {
    /// Expects a stream from the address that signalling named.
    #[must_use]
    pub const fn new(signalled: SocketAddr) -> Self {
        Self { signalled, state: State::Open(None) }
    }

    /// Signalling names an address again; a new one opens the latch.
    pub fn signal(&mut self, address: SocketAddr) {
        if address != self.signalled {
            *self = Self::new(address);
        }
    }

    /// Whether a packet from this address is of the stream.
    pub fn admit(&mut self, now: Instant, from: SocketAddr, header: &Header) -> bool {
        let admitted = match &mut self.state {
            State::Held(holder, last) => {
                let rebound = from.ip() == holder.ip() && now.duration_since(*last) >= REBIND;
                from == *holder || from == self.signalled || rebound
            }
            State::Open(_) if from.ip() == self.signalled.ip() => true,
            State::Open(candidate) => stranger(candidate, from, header),
        };
        if admitted {
            self.state = State::Held(from, now);
        }
        admitted
    }

    /// Whether `from` is the host that holds the stream, or the signalled one.
    #[must_use]
    pub fn knows_host(&self, from: SocketAddr) -> bool {
        from.ip() == self.signalled.ip()
            || matches!(self.state, State::Held(holder, _) if holder.ip() == from.ip())
    }

    /// Where packets for this side go; `None` while no address is known (hold by 0.0.0.0, port 0).
    #[must_use]
    pub fn to(&self) -> Option<SocketAddr> {
        let to = match self.state {
            State::Held(holder, _) => holder,
            State::Open(_) => self.signalled,
        };
        Some(to).filter(|to| to.port() != 0 && !to.ip().is_unspecified())
    }

    /// When the stream was last heard; `None` before it was.
    #[must_use]
    pub const fn heard(&self) -> Option<Instant> {
        match self.state {
            State::Held(_, last) => Some(last),
            State::Open(_) => None,
        }
    }
}

fn stranger(candidate: &mut Option<Candidate>, from: SocketAddr, header: &Header) -> bool {
    let run = match candidate {
        Some(known)
            if known.from == from
                && known.ssrc == header.ssrc
                && known.sequence.wrapping_add(1) == header.sequence =>
        {
            known.run.saturating_add(1)
        }
        _ => 1,
    };
    *candidate = Some(Candidate { from, ssrc: header.ssrc, sequence: header.sequence, run });
    run >= RUN
}

/// Packets in a row that make another host believed; one forged packet is not enough.
pub const RUN: u8 = 3;

/// How long the holder must be silent before its host may go on from another port.
pub const REBIND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn header(sequence: u16) -> Header {
        Header { marker: false, payload_type: 8, sequence, timestamp: 0, ssrc: 1 }
    }

    #[test]
    fn the_signalled_address_is_sent_to_before_anything_came() {
        assert_eq!(Latch::new(address("192.0.2.1:4000")).to(), Some(address("192.0.2.1:4000")));
        assert_eq!(Latch::new(address("0.0.0.0:4000")).to(), None);
        assert_eq!(Latch::new(address("192.0.2.1:0")).to(), None);
    }

    #[test]
    fn behind_a_translator_the_stream_is_followed_after_three_packets_in_a_row() {
        let (mut latch, now) = (Latch::new(address("10.0.0.1:4000")), Instant::now());
        let outside = address("192.0.2.7:6000");
        let admitted = [1, 2, 4, 5, 6].map(|n| latch.admit(now, outside, &header(n)));
        assert_eq!(admitted, [false, false, false, false, true]);
        assert_eq!(latch.to(), Some(outside));
    }

    #[test]
    fn a_late_stranger_stays_out_however_long_it_tries() {
        let (mut latch, start) = (Latch::new(address("192.0.2.1:4000")), Instant::now());
        assert!(latch.admit(start, address("192.0.2.1:4000"), &header(1)));
        for n in 0..1000 {
            let now = start + Duration::from_millis(20) * n;
            let sequence = u16::try_from(n).unwrap();
            assert!(!latch.admit(now, address("198.51.100.9:4000"), &header(sequence)));
        }
        assert_eq!(latch.to(), Some(address("192.0.2.1:4000")));
    }

    #[test]
    fn a_stranger_that_was_first_loses_the_stream_to_the_signalled_address() {
        let (mut latch, now) = (Latch::new(address("192.0.2.1:4000")), Instant::now());
        for n in 1..=3 {
            latch.admit(now, address("198.51.100.9:1"), &header(n));
        }
        assert_eq!(latch.to(), Some(address("198.51.100.9:1")));
        assert!(latch.admit(now, address("192.0.2.1:4000"), &header(1)));
        assert_eq!(latch.to(), Some(address("192.0.2.1:4000")));
        assert!(!latch.admit(now, address("198.51.100.9:1"), &header(4)));
    }

    #[test]
    fn the_holder_may_change_its_port_only_after_a_silence() {
        let (mut latch, now) = (Latch::new(address("192.0.2.1:4000")), Instant::now());
        latch.admit(now, address("192.0.2.1:4002"), &header(1));
        let other = address("192.0.2.1:5000");
        assert!(!latch.admit(now + REBIND / 2, other, &header(2)));
        assert!(latch.admit(now + REBIND, other, &header(3)));
        assert_eq!(latch.to(), Some(other));
    }

    #[test]
    fn a_new_signalled_address_opens_the_latch_and_the_same_one_does_not() {
        let (mut latch, now) = (Latch::new(address("192.0.2.1:4000")), Instant::now());
        latch.admit(now, address("192.0.2.1:4002"), &header(1));
        latch.signal(address("192.0.2.1:4000"));
        assert_eq!(latch.to(), Some(address("192.0.2.1:4002")));
        latch.signal(address("192.0.2.3:4000"));
        assert_eq!(latch.to(), Some(address("192.0.2.3:4000")));
    }
}
