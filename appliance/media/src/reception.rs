//! What arrives on one side, counted: RFC 3550 A.1, A.3 and A.8.

use crate::rtp::{Header, ahead};

/// How a packet stands to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The first of a source: the very first, a new SSRC, or a source that began anew.
    First,
    /// Later than all before, perhaps with a gap.
    Next,
    /// Out of order or twice, but recent.
    Late,
    /// So far off that one packet alone is not believed.
    Stray,
}

/// Counts the packets of one source after the other.
#[derive(Clone, Debug, Default)]
pub struct Reception {
    source: Option<Source>,
    /// Missing from sources before the present one.
    lost_before: u64,
}

/// What a report block says of a source (RFC 3550 6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The source.
    pub ssrc: u32,
    /// Missing since the last block, in 1/256.
    pub fraction_lost: u8,
    /// Missing in all, at most 2^23 - 1.
    pub lost: u32,
    /// Cycles of the sequence number, and the highest.
    pub highest: u32,
    /// Jitter in timestamp units.
    pub jitter: u32,
}

#[derive(Clone, Debug)]
struct Source {
    ssrc: u32,
    base: u16,
    highest: u16,
    cycles: u32,
    received: u32,
    /// The packet that would make a jump believed.
    after_jump: Option<u16>,
    transit: Option<u32>,
    /// Sixteen times the jitter, as in A.8.
    jitter: u32,
    expected_prior: u32,
    received_prior: u32,
}

impl Reception {
    /// Counts a packet that arrived at `arrival`, in timestamp units of any origin. `None` is for
    /// packets whose timestamp is not the time of their sending, such as those of an event.
    pub fn packet(&mut self, header: &Header, arrival: Option<u32>) -> Order {
        let transit = arrival.map(|arrival| arrival.wrapping_sub(header.timestamp));
        let same = self.source.as_mut().filter(|source| source.ssrc == header.ssrc);
        let order = same.map_or(Order::First, |source| source.order(header.sequence));
        match (order, &mut self.source) {
            (Order::First, _) => self.begin(header, transit),
            (Order::Next | Order::Late, Some(source)) => {
                source.received = source.received.wrapping_add(1);
                if let Some(transit) = transit {
                    source.time(transit);
                }
            }
            _ => {}
        }
        order
    }

    /// Missing so far, of all sources.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let now = self.source.as_ref().map_or(0, Source::lost);
        self.lost_before.saturating_add(now.into())
    }

    /// Jitter in timestamp units.
    #[must_use]
    pub fn jitter(&self) -> u32 {
        self.source.as_ref().map_or(0, |source| source.jitter >> 4)
    }

    /// The report block on the present source; begins the next interval.
    pub fn block(&mut self) -> Option<Block> {
        let source = self.source.as_mut()?;
        let expected = source.expected();
        let due = expected.wrapping_sub(source.expected_prior);
        let came = source.received.wrapping_sub(source.received_prior);
        source.expected_prior = expected;
        source.received_prior = source.received;
        let fraction = due.saturating_sub(came).saturating_mul(256).checked_div(due).unwrap_or(0);
        Some(Block {
            ssrc: source.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost: source.lost().min(0x7f_ffff),
            highest: source.cycles.wrapping_add(source.highest.into()),
            jitter: source.jitter >> 4,
        })
    }

    fn begin(&mut self, header: &Header, transit: Option<u32>) {
        self.lost_before = self.lost();
        self.source = Some(Source {
            ssrc: header.ssrc,
            base: header.sequence,
            highest: header.sequence,
            cycles: 0,
            received: 1,
            after_jump: None,
            transit,
            jitter: 0,
            expected_prior: 0,
            received_prior: 0,
        });
    }
}

impl Source {
    /// A.1, `update_seq`, without the probation: who may send is decided elsewhere.
    fn order(&mut self, sequence: u16) -> Order {
        let step = ahead(sequence, self.highest);
        if (1..MAX_DROPOUT).contains(&step) {
            if sequence < self.highest {
                self.cycles = self.cycles.wrapping_add(1 << 16);
            }
            self.highest = sequence;
            self.after_jump = None;
            return Order::Next;
        }
        if (-MAX_MISORDER..=0).contains(&step) {
            return Order::Late;
        }
        if self.after_jump == Some(sequence) {
            return Order::First;
        }
        self.after_jump = Some(sequence.wrapping_add(1));
        Order::Stray
    }

    /// A.8
    fn time(&mut self, transit: u32) {
        let before = self.transit.replace(transit).unwrap_or(transit);
        let difference = transit.wrapping_sub(before).cast_signed().unsigned_abs();
        // A pause of the source is no jitter: after it the clock is allowed to differ.
        let difference = difference.min(MAX_DIFFERENCE);
        let less = self.jitter.wrapping_add(8) >> 4;
        self.jitter = self.jitter.wrapping_add(difference).saturating_sub(less);
    }

    fn expected(&self) -> u32 {
        let highest = self.cycles.wrapping_add(self.highest.into());
        highest.wrapping_sub(self.base.into()).wrapping_add(1)
    }

    /// A.3; packets that came twice may hide some that are missing.
    fn lost(&self) -> u32 {
        self.expected().saturating_sub(self.received)
    }
}

/// A gap larger than this is a jump (A.1).
const MAX_DROPOUT: i16 = 3000;
/// A packet older than this is a jump (A.1).
const MAX_MISORDER: i16 = 100;
/// One second: what a single packet can add to the jitter is bounded.
const MAX_DIFFERENCE: u32 = crate::rtp::CLOCK_HZ;

#[cfg(test)]
mod tests {
    use super::*;

    fn header(ssrc: u32, sequence: u16) -> Header {
        let timestamp = u32::from(sequence) * 160;
        Header { marker: false, payload_type: 8, sequence, timestamp, ssrc }
    }

    #[test]
    fn a_gap_is_lost_and_a_late_packet_makes_it_good() {
        let mut reception = Reception::default();
        for sequence in [65_534, 65_535, 0, 3] {
            reception.packet(&header(1, sequence), Some(0));
        }
        assert_eq!(reception.lost(), 2);
        assert_eq!(reception.packet(&header(1, 2), Some(0)), Order::Late);
        let block = reception.block().unwrap();
        assert_eq!((block.lost, block.highest), (1, 0x1_0003));
        assert_eq!(block.fraction_lost, 42, "1 of 6, in 1/256");
        assert_eq!(reception.block().unwrap().fraction_lost, 0, "a new interval");
    }

    #[test]
    fn one_stray_is_not_believed_but_two_in_a_row_are() {
        let mut reception = Reception::default();
        assert_eq!(reception.packet(&header(1, 10), Some(0)), Order::First);
        assert_eq!(reception.packet(&header(1, 20_000), Some(0)), Order::Stray);
        assert_eq!(reception.packet(&header(1, 11), Some(0)), Order::Next);
        assert_eq!(reception.packet(&header(1, 20_000), Some(0)), Order::Stray);
        assert_eq!(reception.packet(&header(1, 20_001), Some(0)), Order::First);
        assert_eq!(reception.lost(), 0);
    }

    #[test]
    fn losses_of_an_earlier_source_are_not_forgotten() {
        let mut reception = Reception::default();
        reception.packet(&header(1, 1), Some(0));
        reception.packet(&header(1, 4), Some(0));
        assert_eq!(reception.packet(&header(2, 1), Some(0)), Order::First);
        assert_eq!(reception.lost(), 2);
    }

    /// A.8 worked by hand: transit differs by 80 units once, then stays.
    #[test]
    fn jitter_grows_by_a_sixteenth_of_the_difference_and_fades() {
        let mut reception = Reception::default();
        reception.packet(&header(1, 0), Some(0));
        reception.packet(&header(1, 1), Some(160 + 80));
        assert_eq!(reception.jitter(), 5);
        for sequence in 2..100 {
            reception.packet(&header(1, sequence), Some(u32::from(sequence) * 160 + 80));
        }
        assert_eq!(reception.jitter(), 0);
    }

    #[test]
    fn packets_of_an_event_are_counted_but_make_no_jitter() {
        let mut reception = Reception::default();
        reception.packet(&header(1, 0), None);
        for sequence in 1..4 {
            reception.packet(&header(1, sequence), Some(u32::from(sequence) * 160));
            reception.packet(&Header { sequence: sequence + 10, ..header(1, 0) }, None);
        }
        assert_eq!(reception.jitter(), 0);
        assert_eq!(reception.block().unwrap().highest, 13);
    }
}
