//! How the box fares, in one record.

use super::{NAME_AT, NAME_MAX, Name, Record, begin, put};
use crate::boot::Slot;

/// How the box fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The slot that runs; `None`: there is no disk.
    pub slot: Option<Slot>,
    /// What the other slot holds.
    pub other: Other,
    /// What the whole is doing.
    pub mode: Mode,
    /// The address stands on the kernel's command line, which wins over what is typed.
    pub address_fixed: bool,
}

/// What the slot that does not run holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// There is none: no disk, or the one for repairs runs.
    None,
    /// Nothing whole.
    Empty,
    /// A system that was confirmed or is on trial.
    Whole,
    /// A system that was given up.
    GivenUp,
}

/// What the whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All roles are wanted.
    Normal,
    /// The same, with a slot that has to show that it works.
    Trial,
    /// Only the roles of safe mode are wanted, for this reason.
    Safe(Cause),
    /// It goes down.
    Ending,
}

/// Why the box is in safe mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// This essential role cannot be kept alive.
    Role(Name),
    /// The trial of a slot was not passed in time.
    Deadline,
    /// What survives a restart cannot be used.
    State,
}

impl Standing {
    pub(super) fn encode(&self, kind: u8) -> Record {
        let (mode, name) = match self.mode {
            Mode::Normal => (0, None),
            Mode::Trial => (1, None),
            Mode::Ending => (2, None),
            Mode::Safe(Cause::Role(name)) => (3, Some(name)),
            Mode::Safe(Cause::Deadline) => (4, None),
            Mode::Safe(Cause::State) => (5, None),
        };
        let slot = SLOTS.iter().position(|slot| *slot == self.slot).unwrap_or(0);
        let other = OTHERS.iter().position(|other| *other == self.other).unwrap_or(0);
        let mut record = begin(kind);
        if let Some(Name(name)) = name {
            put(&mut record, NAME_AT, &name);
        }
        let [slot, other] = [slot, other].map(|index| u8::try_from(index).unwrap_or(0));
        put(&mut record, STANDING_AT, &[slot, other, mode, u8::from(self.address_fixed)]);
        record
    }

    pub(super) fn decode(record: &Record) -> Option<Self> {
        let octet = |index: usize| record.get(STANDING_AT + index).copied();
        let name = || Name::read(record.get(NAME_AT..NAME_AT + NAME_MAX)?);
        let mode = match octet(2)? {
            0 => Mode::Normal,
            1 => Mode::Trial,
            2 => Mode::Ending,
            3 => Mode::Safe(Cause::Role(name()?)),
            4 => Mode::Safe(Cause::Deadline),
            5 => Mode::Safe(Cause::State),
            _ => return None,
        };
        Some(Self {
            slot: *SLOTS.get(usize::from(octet(0)?))?,
            other: *OTHERS.get(usize::from(octet(1)?))?,
            mode,
            address_fixed: octet(3)? == 1,
        })
    }
}

const STANDING_AT: usize = NAME_AT + NAME_MAX;
pub(super) const SLOTS: [Option<Slot>; 4] =
    [None, Some(Slot::A), Some(Slot::B), Some(Slot::Recovery)];
pub(super) const OTHERS: [Other; 4] = [Other::None, Other::Empty, Other::Whole, Other::GivenUp];

#[cfg(test)]
mod tests {
    use super::super::Answer;
    use super::*;

    #[test]
    fn every_way_to_fare_comes_back_as_it_was() {
        let role = Name::new("dect").unwrap();
        let modes = [
            Mode::Normal,
            Mode::Trial,
            Mode::Ending,
            Mode::Safe(Cause::Role(role)),
            Mode::Safe(Cause::Deadline),
            Mode::Safe(Cause::State),
        ];
        for (slot, other) in SLOTS.into_iter().zip(OTHERS) {
            for mode in modes {
                for address_fixed in [false, true] {
                    let answer = Answer::Standing(Standing { slot, other, mode, address_fixed });
                    assert_eq!(Answer::decode(&answer.encode()), Some(answer));
                }
            }
        }
    }
}
