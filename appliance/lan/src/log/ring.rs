//! The newest records, in memory.

use super::record::Record;
use std::collections::VecDeque;

/// Keeps records up to a number of octets; the oldest make room.
#[derive(Debug)]
pub struct Ring {
    records: VecDeque<Record>,
    octets: usize,
    octets_max: usize,
}

impl Ring {
    /// An empty ring that keeps records of at most `octets_max` octets together.
    #[must_use]
    pub const fn new(octets_max: usize) -> Self {
        Self { records: VecDeque::new(), octets: 0, octets_max }
    }

    /// Keeps a record that is newer than all others; one that alone is larger than the ring is not kept.
    pub fn push(&mut self, record: Record) {
        self.octets = self.octets.saturating_add(record.octets());
        self.records.push_back(record);
        while self.octets > self.octets_max {
            let Some(oldest) = self.records.pop_front() else { break };
            self.octets = self.octets.saturating_sub(oldest.octets());
        }
    }

    /// The number of the oldest record that is kept.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.records.front().map(|record| record.number)
    }

    /// Every record whose number is `number` or higher, the oldest first.
    pub fn from(&self, number: u64) -> impl Iterator<Item = &Record> {
        let begin = self.records.partition_point(|record| record.number < number);
        self.records.range(begin..)
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Octets of all that are kept.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Draft, Level};
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn record(number: u64, length: usize) -> Record {
        let draft = Draft::new(Level::Info, &"x".repeat(length));
        draft.record(number, Timestamp::UNIX_EPOCH, "dect".parse().unwrap())
    }

    #[test]
    fn the_oldest_make_room() {
        let mut ring = Ring::new(3 * record(0, 100).octets());
        assert!(ring.is_empty() && ring.first().is_none());
        for number in [1, 2, 5, 6] {
            ring.push(record(number, 100));
        }
        assert_eq!(ring.first(), Some(2));
        let numbers = |from| ring.from(from).map(|record| record.number).collect::<Vec<_>>();
        assert_eq!(numbers(0), [2, 5, 6]);
        assert_eq!(numbers(3), [5, 6]);
        assert!(numbers(7).is_empty());
    }

    proptest! {
        #[test]
        fn a_ring_never_holds_more_than_it_may(lengths in prop::collection::vec(0_usize..3000, 0..50)) {
            let mut ring = Ring::new(5000);
            for (number, length) in (0..).zip(lengths) {
                ring.push(record(number, length));
                prop_assert!(ring.octets() <= 5000);
                prop_assert_eq!(ring.octets(), ring.from(0).map(Record::octets).sum::<usize>());
            }
        }
    }
}
