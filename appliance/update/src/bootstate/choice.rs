//! What GRUB decides: rules 2 and 3.

use super::{BootState, Copies, Record, Slot, SlotRecord, SlotState, Write};

/// Which slots hold a kernel and an initramfs with the right hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Intact {
    /// Slot A.
    pub a: bool,
    /// Slot B.
    pub b: bool,
    /// The recovery slot.
    pub recovery: bool,
}

impl Intact {
    const fn slot(self, slot: Slot) -> bool {
        match slot {
            Slot::A => self.a,
            Slot::B => self.b,
        }
    }
}

/// What is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// One of the two systems.
    Slot(Slot),
    /// The recovery slot.
    Recovery,
    /// Nothing can be started; the script reboots after a while, in case it was the disk's mood.
    Nothing,
}

/// Why it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is good.
    Normal,
    /// It is on trial.
    Trial {
        /// Boots that are left after this one.
        left: u8,
    },
    /// Neither slot may boot, and this one is whole.
    LastResort,
    /// Neither slot is whole.
    Broken,
}

/// What GRUB does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is started.
    pub target: Target,
    /// Why.
    pub reason: Reason,
    /// Written before it starts.
    pub write: Option<Write>,
}

/// Chooses as `grub.cfg` does.
#[must_use]
pub fn choose(copies: &Copies, intact: Intact) -> Choice {
    let state = copies.state();
    let order = [state.active, state.active.other()];
    let whole = || order.into_iter().filter(|slot| intact.slot(*slot));
    if let Some(slot) = whole().find(|slot| is_candidate(state.slot(*slot).state)) {
        return candidate(copies, slot);
    }
    let last_resort = whole().find(|slot| state.slot(*slot).ever_good).or_else(|| whole().next());
    let (target, reason) = match last_resort {
        Some(slot) => (Target::Slot(slot), Reason::LastResort),
        None if intact.recovery => (Target::Recovery, Reason::Broken),
        None => (Target::Nothing, Reason::Broken),
    };
    Choice { target, reason, write: None }
}

const fn is_candidate(state: SlotState) -> bool {
    match state {
        SlotState::Good => true,
        SlotState::Trial { left } => left > 0,
        SlotState::Empty | SlotState::Bad => false,
    }
}

fn candidate(copies: &Copies, slot: Slot) -> Choice {
    let target = Target::Slot(slot);
    // A trial always stands in a copy: without one, both slots are taken for good.
    let trial = copies.newest().and_then(|(copy, record)| match record.state.slot(slot).state {
        SlotState::Trial { left } => Some((copy, record, left.saturating_sub(1))),
        _ => None,
    });
    let Some((copy, record, left)) = trial else {
        return Choice { target, reason: Reason::Normal, write: None };
    };
    let counted = Record { state: counted(record.state, slot, left), ..record };
    let write = Some(Write { copy, block: counted.encode() });
    Choice { target, reason: Reason::Trial { left }, write }
}

/// The same generation, in place: only the number of tries differs.
fn counted(state: BootState, slot: Slot, left: u8) -> BootState {
    let record = SlotRecord { state: SlotState::Trial { left }, ..state.slot(slot) };
    match slot {
        Slot::A => BootState { a: record, ..state },
        Slot::B => BootState { b: record, ..state },
    }
}
