//! The boot state: which slot boots, how often a new one may still be tried, and what was asked of the next boot.
//!
//! It stands twice on its partition, as environment blocks that GRUB reads and, to count a trial, writes. Four rules
//! keep a power cut at any moment harmless:
//!
//! 1. The valid copy with the greater generation counts ([`Copies::state`]). When none is valid, both slots are taken
//!    for good and A is active.
//! 2. GRUB tries the active slot, then the other one ([`choose()`]). A slot on trial loses one try before it boots, in
//!    place, in one sector; a good slot costs no write.
//! 3. When neither may boot, counters are ignored: a slot that was good once, then any whole slot, then recovery.
//! 4. Linux writes the *older* copy, with the next generation ([`Copies::replace`]).
//!
//! `grub.cfg` of the image tool is the same rules once more, in GRUB's words; tests boot both on the same vectors.

mod choice;
mod record;

pub use choice::{Choice, Intact, Reason, Target, choose};
pub use record::{BLOCK_LEN, Copies, EnvCopy, Record, Write};

/// Sectors of the partition `bootstate`, of [`SECTOR_LEN`] bytes.
pub const PARTITION_SECTORS: u64 = 2048;
/// Bytes of a sector; the unit that a disk writes whole or not at all.
pub const SECTOR_LEN: usize = 512;
/// How often a new slot is tried before the old one comes back.
pub const TRIES: u8 = 3;

/// One of the two slots with a whole system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// Partition `slot_a`.
    A,
    /// Partition `slot_b`.
    B,
}

impl Slot {
    /// The one that is not this.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The slot's letter on the kernel's command line, `fixpart.slot=`.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }
}

/// What is known of a slot's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SlotState {
    /// Being written, or never written.
    Empty,
    /// Written and checked, not yet shown to work.
    Trial {
        /// Boots that are left, 0 to 9.
        left: u8,
    },
    /// Was confirmed by a running system.
    Good,
    /// Was given up.
    Bad,
}

/// One slot in the boot state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotRecord {
    /// What is known of it now.
    pub state: SlotState,
    /// What it holds was confirmed at some time.
    pub ever_good: bool,
}

/// How much a factory reset takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reset {
    /// The network settings.
    Network,
    /// All settings; users and subscriptions stay.
    Config,
    /// Settings, users, subscriptions, logs and certificates.
    Full,
    /// As full, and the keys of the device: before it is given away.
    Decommission,
}

/// Why the last change of slots was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nothing was given up.
    Nothing,
    /// All tries were spent; a panic or the power, nobody can tell.
    Tries,
    /// The boot loader found the slot damaged.
    Corrupt,
    /// It ran, but not all of it well, until the deadline.
    Health,
    /// Its root failed verification.
    Verity,
    /// The settings could not be migrated.
    Migration,
    /// Somebody chose the other slot.
    Operator,
}

/// All that is decided by what the partition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootState {
    /// The slot that is to boot.
    pub active: Slot,
    /// Slot A.
    pub a: SlotRecord,
    /// Slot B.
    pub b: SlotRecord,
    /// To be done by the next boot before it mounts anything of its own.
    pub reset: Option<Reset>,
    /// Why a slot was given up last.
    pub why: Why,
}

/// A change that would break the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The running slot is the only one known to work until it is confirmed.
    #[error("slot {} runs on trial; an update has to wait until it is confirmed", .0.letter())]
    NotConfirmed(Slot),
    /// Only a slot that was begun to be written can be put on trial.
    #[error("slot {} was not prepared for an update", .0.letter())]
    NotPrepared(Slot),
    /// There is nothing in it.
    #[error("slot {} holds no complete system", .0.letter())]
    Incomplete(Slot),
}

impl BootState {
    /// What the image tool writes: slot A shipped as good, slot B empty.
    #[must_use]
    pub const fn factory() -> Self {
        let shipped = SlotRecord { state: SlotState::Good, ever_good: true };
        let nothing = SlotRecord { state: SlotState::Empty, ever_good: false };
        Self { active: Slot::A, a: shipped, b: nothing, reset: None, why: Why::Nothing }
    }

    /// What is taken for true when no copy can be read.
    #[must_use]
    pub const fn assumed() -> Self {
        let good = SlotRecord { state: SlotState::Good, ever_good: false };
        Self { active: Slot::A, a: good, b: good, reset: None, why: Why::Nothing }
    }

    /// One slot.
    #[must_use]
    pub const fn slot(&self, slot: Slot) -> SlotRecord {
        match slot {
            Slot::A => self.a,
            Slot::B => self.b,
        }
    }

    /// First step of PID 1: writes down what the boot loader did. A slot that was to boot and did not is given up,
    /// and the running one becomes the active one.
    #[must_use]
    pub fn settled(self, running: Slot) -> Self {
        if self.active == running {
            return self;
        }
        let passed_over = self.slot(self.active);
        let (state, why) = match passed_over.state {
            SlotState::Trial { left: 0 } => (SlotState::Bad, Why::Tries),
            SlotState::Trial { .. } | SlotState::Good => (SlotState::Bad, Why::Corrupt),
            known @ (SlotState::Empty | SlotState::Bad) => (known, self.why),
        };
        let settled = self.with(self.active, SlotRecord { state, ..passed_over });
        Self { active: running, why, ..settled }
    }

    /// The running slot has shown that it works.
    #[must_use]
    pub fn confirmed(self, running: Slot) -> Self {
        let why = match self.slot(running).state {
            SlotState::Good => self.why,
            _ => Why::Nothing,
        };
        Self { why, ..self.with(running, SlotRecord { state: SlotState::Good, ever_good: true }) }
    }

    /// The running slot has shown that it does not work, for certain: the next boot takes the other one.
    #[must_use]
    pub fn rejected(self, running: Slot, why: Why) -> Self {
        let given_up = SlotRecord { state: SlotState::Bad, ..self.slot(running) };
        Self { active: running.other(), why, ..self.with(running, given_up) }
    }

    /// First write of an update: the slot that does not run is about to change.
    ///
    /// # Errors
    /// When the running slot is not confirmed: the other one is then the only way back.
    pub fn prepared(self, running: Slot) -> Result<Self, Refusal> {
        if self.active != running || self.slot(running).state != SlotState::Good {
            return Err(Refusal::NotConfirmed(running));
        }
        Ok(self.with(running.other(), SlotRecord { state: SlotState::Empty, ever_good: false }))
    }

    /// Last write of an update, after the slot's bytes are on the disk and were read back: `slot` is to boot,
    /// [`TRIES`] times at most.
    ///
    /// # Errors
    /// When it was not prepared.
    pub fn armed(self, slot: Slot) -> Result<Self, Refusal> {
        if self.slot(slot).state != SlotState::Empty {
            return Err(Refusal::NotPrepared(slot));
        }
        Ok(self.on_trial(slot, Why::Nothing))
    }

    /// Somebody wants the other slot; it is tried like a new one, so that a bad choice undoes itself.
    ///
    /// # Errors
    /// When there is no complete system in it.
    pub fn switched(self, running: Slot) -> Result<Self, Refusal> {
        let other = running.other();
        match self.slot(other).state {
            SlotState::Empty => Err(Refusal::Incomplete(other)),
            _ => Ok(self.on_trial(other, Why::Operator)),
        }
    }

    /// The next boot takes away what `scope` says.
    #[must_use]
    pub const fn reset_requested(self, scope: Reset) -> Self {
        Self { reset: Some(scope), ..self }
    }

    /// The reset was done.
    #[must_use]
    pub const fn reset_done(self) -> Self {
        Self { reset: None, ..self }
    }

    const fn on_trial(self, slot: Slot, why: Why) -> Self {
        let ever_good = self.slot(slot).ever_good;
        let trial = SlotRecord { state: SlotState::Trial { left: TRIES }, ever_good };
        Self { active: slot, why, ..self.with(slot, trial) }
    }

    const fn with(self, slot: Slot, record: SlotRecord) -> Self {
        match slot {
            Slot::A => Self { a: record, ..self },
            Slot::B => Self { b: record, ..self },
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
