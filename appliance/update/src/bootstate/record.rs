//! The two copies on the disk: GRUB's environment block, 1 KiB, with everything of ours inside the first sector.
//!
//! Every value has a fixed width, so that GRUB's `save_env` changes it in place. The generation stands first and last:
//! a copy in which they differ was not written to its end.

use super::{BootState, Reset, SECTOR_LEN, Slot, SlotRecord, SlotState, Why};
use std::fmt::Write as _;

/// Bytes of an environment block, as GRUB wants it.
pub const BLOCK_LEN: usize = 1024;

/// One of the two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnvCopy {
    /// The file `env0`.
    Env0,
    /// The file `env1`.
    Env1,
}

impl EnvCopy {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Env0, Self::Env1];

    /// Its first sector inside the partition. Each has 4 KiB for itself, the largest sector that a disk may have
    /// inside, so that writing one cannot harm the other.
    #[must_use]
    pub const fn sector(self) -> u64 {
        match self {
            Self::Env0 => 16,
            Self::Env1 => 24,
        }
    }

    /// The name of the file that GRUB opens.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Env0 => "env0",
            Self::Env1 => "env1",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Env0 => Self::Env1,
            Self::Env1 => Self::Env0,
        }
    }
}

/// What one valid copy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// Counts the writes of Linux, 1 to [`Record::LAST_GENERATION`].
    pub generation: u32,
    /// The state.
    pub state: BootState,
}

/// One block to be written and flushed before the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub copy: EnvCopy,
    /// What.
    pub block: [u8; BLOCK_LEN],
}

/// The partition as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Copies {
    records: [Option<Record>; 2],
}

impl Record {
    /// The greatest that eight digits can say.
    pub const LAST_GENERATION: u32 = 99_999_999;

    /// The block that says this.
    #[must_use]
    pub fn encode(&self) -> [u8; BLOCK_LEN] {
        let BootState { active, a, b, reset, why } = self.state;
        let mut text = String::from(SIGNATURE);
        let generation = self.generation;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "GEN={generation:08}\nACTIVE={}", slot_word(active));
        for (slot, record) in [(Slot::A, a), (Slot::B, b)] {
            let (name, ever) = (slot_word(slot), u8::from(record.ever_good));
            let (state, left) = state_words(record.state);
            let _ = writeln!(text, "{name}_ST={state}\n{name}_TR={left}\n{name}_EV={ever}");
        }
        let (reset, why) = (word_of(RESETS, &reset), word_of(WHYS, &why));
        let _ = writeln!(text, "RST={reset}\nWHY={why}\nGEN2={generation:08}");
        let mut block = [b'#'; BLOCK_LEN];
        for (place, byte) in block.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        block
    }

    /// What a block says; `None` when it is not a whole and valid copy.
    ///
    /// Lines that a later version may add between the generations are passed over.
    #[must_use]
    pub fn decode(block: &[u8]) -> Option<Self> {
        let first = std::str::from_utf8(block.get(..SECTOR_LEN)?).ok()?;
        let lines: Vec<&str> = first.strip_prefix(SIGNATURE)?.split('\n').collect();
        let value = |key: &str| {
            let mut found =
                lines.iter().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            found.next().filter(|_| found.next().is_none())
        };
        let generation = value("GEN").filter(|digits| is_generation(digits))?;
        if value("GEN2")? != generation {
            return None;
        }
        let slot = |slot: Slot| {
            let name = slot_word(slot);
            let state = slot_state(value(&format!("{name}_ST"))?, value(&format!("{name}_TR"))?)?;
            let ever_good = match value(&format!("{name}_EV"))? {
                "0" => false,
                "1" => true,
                _ => return None,
            };
            Some(SlotRecord { state, ever_good })
        };
        let state = BootState {
            active: match value("ACTIVE")? {
                "A" => Slot::A,
                "B" => Slot::B,
                _ => return None,
            },
            a: slot(Slot::A)?,
            b: slot(Slot::B)?,
            reset: of_word(RESETS, value("RST")?)?,
            why: of_word(WHYS, value("WHY")?)?,
        };
        Some(Self { generation: generation.parse().ok()?, state })
    }
}

impl Copies {
    /// Reads both blocks; what is not a valid copy counts as none.
    #[must_use]
    pub fn read(env0: &[u8], env1: &[u8]) -> Self {
        Self { records: [Record::decode(env0), Record::decode(env1)] }
    }

    /// Both copies of a partition's first bytes, as they stand on the disk.
    #[must_use]
    pub fn of_partition(bytes: &[u8]) -> Self {
        let block = |copy: EnvCopy| {
            let from = usize::try_from(copy.sector()).ok()?.checked_mul(SECTOR_LEN)?;
            bytes.get(from..from.checked_add(BLOCK_LEN)?)
        };
        let [env0, env1] = EnvCopy::BOTH.map(|copy| block(copy).unwrap_or_default());
        Self::read(env0, env1)
    }

    /// One copy, where it is valid.
    #[must_use]
    pub const fn get(&self, copy: EnvCopy) -> Option<Record> {
        self.records[copy as usize]
    }

    /// Rule 1: the copy that counts.
    #[must_use]
    pub fn newest(&self) -> Option<(EnvCopy, Record)> {
        let valid = |copy| self.get(copy).map(|record| (copy, record));
        match (valid(EnvCopy::Env0), valid(EnvCopy::Env1)) {
            (Some(zero), Some(one)) if one.1.generation > zero.1.generation => Some(one),
            (zero, one) => zero.or(one),
        }
    }

    /// Rule 1: the state that counts.
    #[must_use]
    pub fn state(&self) -> BootState {
        self.newest().map_or(BootState::assumed(), |(_, record)| record.state)
    }

    /// Rule 4: how `state` becomes the one that counts. Nothing is written when it already is and both copies are
    /// valid; a damaged copy is made anew even then.
    ///
    /// More than one write only where there was no valid copy, or where the generations have run out; then the older
    /// one starts anew and counts as soon as the other has followed it. Each write has to be flushed before the next.
    #[must_use]
    pub fn replace(&self, state: BootState) -> Vec<Write> {
        let write = |copy, generation| Write { copy, block: Record { generation, state }.encode() };
        let both = self.records.iter().all(Option::is_some);
        match self.newest() {
            None => vec![write(EnvCopy::Env0, 1), write(EnvCopy::Env1, 2)],
            Some((_, newest)) if both && newest.state == state => Vec::new(),
            Some((copy, Record { generation: Record::LAST_GENERATION, .. })) => {
                vec![write(copy.other(), 1), write(copy, 2)]
            }
            Some((copy, newest)) => vec![write(copy.other(), newest.generation.saturating_add(1))],
        }
    }

    /// The partition after `write`; what is cut in the middle leaves a copy that is not valid.
    #[must_use]
    pub fn after(mut self, write: &Write) -> Self {
        self.records[write.copy as usize] = Record::decode(&write.block);
        self
    }

    /// The partition after its copy was damaged.
    #[must_use]
    pub const fn without(mut self, copy: EnvCopy) -> Self {
        self.records[copy as usize] = None;
        self
    }
}

fn is_generation(digits: &str) -> bool {
    // Zero is what the script of GRUB compares with first.
    digits.len() == 8 && digits != "00000000" && digits.bytes().all(|byte| byte.is_ascii_digit())
}

const fn slot_word(slot: Slot) -> char {
    match slot {
        Slot::A => 'A',
        Slot::B => 'B',
    }
}

const fn state_words(state: SlotState) -> (char, u8) {
    match state {
        SlotState::Empty => ('E', 0),
        // More than one digit would move everything behind it.
        SlotState::Trial { left } if left > 9 => ('T', 9),
        SlotState::Trial { left } => ('T', left),
        SlotState::Good => ('G', 0),
        SlotState::Bad => ('B', 0),
    }
}

fn slot_state(word: &str, left: &str) -> Option<SlotState> {
    let left = match left.as_bytes() {
        [digit @ b'0'..=b'9'] => digit - b'0',
        _ => return None,
    };
    match word {
        "E" => Some(SlotState::Empty),
        "T" => Some(SlotState::Trial { left }),
        "G" => Some(SlotState::Good),
        "B" => Some(SlotState::Bad),
        _ => None,
    }
}

fn word_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    table.iter().find(|(_, known)| known == value).map_or("-", |(word, _)| word)
}

fn of_word<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

/// What every environment block of GRUB begins with.
const SIGNATURE: &str = "# GRUB Environment Block\n";

const RESETS: &[(&str, Option<Reset>)] = &[
    ("-", None),
    ("N", Some(Reset::Network)),
    ("C", Some(Reset::Config)),
    ("F", Some(Reset::Full)),
    ("D", Some(Reset::Decommission)),
];

const WHYS: &[(&str, Why)] = &[
    ("-", Why::Nothing),
    ("T", Why::Tries),
    ("C", Why::Corrupt),
    ("H", Why::Health),
    ("V", Why::Verity),
    ("M", Why::Migration),
    ("O", Why::Operator),
];
