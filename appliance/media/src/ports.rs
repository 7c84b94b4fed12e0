//! Which pairs of ports are free: even for RTP, the next for RTCP (RFC 3550, clause 11).

use std::collections::VecDeque;

/// The pairs of a range. A pair that was given back waits behind all others, so that late
/// packets of an old call do not run into a new one.
#[derive(Clone, Debug)]
pub struct Ports {
    free: VecDeque<u16>,
}

impl Ports {
    /// All pairs between `first` and `last`, both included.
    #[must_use]
    pub fn new(first: u16, last: u16) -> Self {
        let even = u32::from(first).next_multiple_of(2)..u32::from(last);
        let free = even.step_by(2).filter_map(|port| u16::try_from(port).ok()).collect();
        Self { free }
    }

    /// The even port of the pair that rested longest.
    pub fn take(&mut self) -> Option<u16> {
        self.free.pop_front()
    }

    /// Gives a pair back, by its even port.
    pub fn give(&mut self, port: u16) {
        self.free.push_back(port);
    }

    /// How many pairs are free.
    #[must_use]
    pub fn free(&self) -> usize {
        self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pairs_are_given_and_the_one_that_rested_longest_first() {
        let mut ports = Ports::new(4001, 4006);
        assert_eq!((ports.take(), ports.take(), ports.take()), (Some(4002), Some(4004), None));
        ports.give(4004);
        ports.give(4002);
        assert_eq!((ports.take(), ports.free()), (Some(4004), 1));
    }

    #[test]
    fn the_edges_of_the_range_hold() {
        assert_eq!(Ports::new(65_534, u16::MAX).take(), Some(65_534));
        assert_eq!(Ports::new(u16::MAX, u16::MAX).take(), None);
        assert_eq!(Ports::new(5000, 4000).take(), None);
        assert_eq!(Ports::new(0, u16::MAX).free(), 32_768);
    }
}
