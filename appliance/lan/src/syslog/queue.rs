//! The records that wait to be sent.

use crate::log::Record;
use std::collections::VecDeque;

/// The newest records up to a bound, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    records: VecDeque<Record>,
    octets: usize,
}

impl Queue {
    /// Adds a record that is newer than all others; how many had to go for it, the oldest.
    pub(super) fn push(&mut self, record: Record) -> u64 {
        self.octets = self.octets.saturating_add(record.octets());
        self.records.push_back(record);
        self.bound()
    }

    /// Puts back what was taken last, in its order; how many had to go for it, the oldest.
    pub(super) fn put_back(&mut self, records: Vec<Record>) -> u64 {
        for record in records.into_iter().rev() {
            self.octets = self.octets.saturating_add(record.octets());
            self.records.push_front(record);
        }
        self.bound()
    }

    /// The oldest.
    pub(super) fn pop(&mut self) -> Option<Record> {
        let record = self.records.pop_front()?;
        self.octets = self.octets.saturating_sub(record.octets());
        Some(record)
    }

    /// Keeps those that `wanted` takes.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Record) -> bool) {
        self.records.retain(wanted);
        self.octets = self.records.iter().map(Record::octets).sum();
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    fn bound(&mut self) -> u64 {
        let mut gone = 0;
        while self.octets > OCTETS_MAX || self.records.len() > RECORDS_MAX {
            if self.pop().is_none() {
                break;
            }
            gone += 1;
        }
        gone
    }
}

/// Octets of all of them, as they are in memory: a part of what the role may use. Whoever needs more has the files.
const OCTETS_MAX: usize = 2 * 1024 * 1024;

/// Records: what a busy system says in some minutes.
pub(super) const RECORDS_MAX: usize = 4096;
