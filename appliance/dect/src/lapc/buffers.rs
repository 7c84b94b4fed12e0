//! The two transmit buffers that a base station keeps for each radio link.
//!
//! The base says which one is free (LC_DTR_IND), a frame names the one that it
//! fills (LC_DATA_REQ). Both begin as taken until the base has spoken.

use std::collections::VecDeque;

/// One of the two buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Buffer {
    /// Buffer 0.
    First,
    /// Buffer 1.
    Second,
}

impl Buffer {
    /// The number on the link to the base station, 0 or 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }

    /// The buffer of this number; `None` for numbers that no base station has.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::First),
            1 => Some(Self::Second),
            _ => None,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// Frames of one radio link on their way into the buffers of the base station.
#[derive(Debug)]
pub struct Buffers {
    free: [bool; 2],
    /// The one to fill next: they take turns, so that frames keep their order.
    next: Buffer,
    waiting: VecDeque<Vec<u8>>,
}

impl Buffers {
    /// The buffers of a link that has just come up.
    #[must_use]
    pub const fn new() -> Self {
        Self { free: [false; 2], next: Buffer::First, waiting: VecDeque::new() }
    }

    /// Takes a frame to be sent; a frame too many is dropped, as if lost on the air.
    pub fn push(&mut self, frame: Vec<u8>) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(frame);
        }
    }

    /// The base station has sent what was in `buffer`.
    pub const fn freed(&mut self, buffer: Buffer) {
        self.free[buffer.number() as usize] = true;
    }

    /// The next frame that can go, and where to; ask until there is none.
    pub fn pop(&mut self) -> Option<(Buffer, Vec<u8>)> {
        let buffer = [self.next, self.next.other()]
            .into_iter()
            .find(|buffer| self.free[usize::from(buffer.number())])?;
        let frame = self.waiting.pop_front()?;
        self.free[usize::from(buffer.number())] = false;
        self.next = buffer.other();
        Some((buffer, frame))
    }

    /// Whether every frame has gone to the base station.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Default for Buffers {
    fn default() -> Self {
        Self::new()
    }
}

/// A window of three I frames, sent four times at most while a buffer is held back, and an
/// acknowledgement for each frame that came meanwhile; beyond this the link is dead anyway.
const WAITING_MAX: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_take_turns_and_wait_for_a_free_buffer() {
        let mut buffers = Buffers::new();
        for frame in 0..4 {
            buffers.push(vec![frame]);
        }
        assert_eq!(buffers.pop(), None);

        buffers.freed(Buffer::First);
        buffers.freed(Buffer::Second);
        assert_eq!(buffers.pop(), Some((Buffer::First, vec![0])));
        assert_eq!(buffers.pop(), Some((Buffer::Second, vec![1])));
        assert_eq!(buffers.pop(), None);

        buffers.freed(Buffer::First);
        assert_eq!(buffers.pop(), Some((Buffer::First, vec![2])));
        assert_eq!(buffers.pop(), None);
        assert!(!buffers.is_empty());
        buffers.freed(Buffer::First);
        assert_eq!(buffers.pop(), Some((Buffer::First, vec![3])));
        assert!(buffers.is_empty());
    }

    #[test]
    fn a_base_that_frees_nothing_costs_no_more_than_the_bound() {
        let mut buffers = Buffers::new();
        for _ in 0..10_000 {
            buffers.push(vec![0; 66]);
        }
        assert_eq!(buffers.waiting.len(), WAITING_MAX);
    }
}
