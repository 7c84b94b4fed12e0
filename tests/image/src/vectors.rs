//! The same boot states through GRUB's script and through `update::bootstate`: what each of them starts and writes.

use crate::bench::{Bench, Failure, same};
use crate::machine::{Firmware, Machine};
use crate::slots::Toy;
use update::bootstate::{
    BLOCK_LEN, BootState, Choice, Copies, EnvCopy, Intact, Reason, Record, Reset, Slot, SlotRecord,
    SlotState, Target, Why, choose,
};

/// Makes all checks.
pub(crate) fn run(bench: &mut Bench) {
    let count = if bench.options.nightly { VECTORS_NIGHTLY } else { VECTORS };
    bench.check("GRUB decides as the model does", |bench| {
        let mut drawn = Drawn(SEED);
        for index in 0..count {
            let vector = Vector::drawn(&mut drawn, index);
            vector
                .holds(bench, Firmware::Bios)
                .map_err(|error| format!("vector {index}: {error}"))?;
        }
        Ok(format!("{count} boot states"))
    });
    bench.check("GRUB decides as the model does, EFI", |bench| {
        let mut drawn = Drawn(SEED + 1);
        let count = count.div_ceil(8);
        for index in 0..count {
            let vector = Vector::drawn(&mut drawn, index + FIXED);
            vector
                .holds(bench, Firmware::Efi)
                .map_err(|error| format!("vector {index}: {error}"))?;
        }
        Ok(format!("{count} boot states"))
    });
}

struct Vector {
    blocks: [[u8; BLOCK_LEN]; 2],
    toys: [Option<Toy>; 3],
}

impl Vector {
    /// The first few are the ones that were met in practice, the others are drawn.
    fn drawn(drawn: &mut Drawn, index: u64) -> Self {
        let mut states = [(); 2].map(|()| state(drawn));
        let mut generations = [7, 8];
        let mut damage = [drawn.one_in(8), drawn.one_in(8)];
        let mut toys =
            [(); 3].map(|()| Some(if drawn.one_in(4) { Toy::Corrupt } else { Toy::Dummy }));
        match index {
            // Digits are compared as a number, not as text that may begin with an octal zero.
            0 => generations = [10, 9],
            1 => generations = [100_000, 99_999],
            2 => generations = [Record::LAST_GENERATION, 1],
            3 => damage = [true, true],
            4 => toys = [None; 3],
            5 => states[1] = states[0],
            _ if drawn.one_in(2) => generations = [8, 7],
            _ => {}
        }
        let mut blocks = [[0; BLOCK_LEN]; 2];
        for (index, block) in blocks.iter_mut().enumerate() {
            *block = Record { generation: generations[index], state: states[index] }.encode();
            if damage[index] {
                spoil(block, drawn);
            }
        }
        Self { blocks, toys }
    }

    fn holds(&self, bench: &Bench, firmware: Firmware) -> Result<(), Failure> {
        let before = Copies::read(&self.blocks[0], &self.blocks[1]);
        let [a, b, recovery] = self.toys.map(|toy| toy == Some(Toy::Dummy));
        let choice = choose(&before, Intact { a, b, recovery });
        let disk = bench.work().join("vector.img");
        bench.slots.disk(&disk, &self.blocks, self.toys)?;
        let machine = Machine { firmware, disk: &disk, log: None, more: &[] };
        let seen = machine.run(|events| !events.is_empty())?;
        let what = format!("{before:?} {:?}\n{}", self.toys, seen.tail());
        // What follows is of no matter: the kernel is none.
        same(&what, &seen.events.first(), &Some(&announced(&choice, &before)))?;
        let after = choice.write.iter().fold(before, Copies::after);
        same("what stands on the disk", &bench.slots.copies(&disk)?, &after)
    }
}

/// What GRUB prints for it.
fn announced(choice: &Choice, copies: &Copies) -> String {
    let slot = match choice.target {
        Target::Slot(slot) => slot.letter(),
        Target::Recovery => 'r',
        Target::Nothing => return "nothing".into(),
    };
    let why = match choice.reason {
        Reason::Normal => String::from("normal"),
        Reason::Trial { left } => format!("trial{left}"),
        Reason::LastResort => "lastresort".into(),
        Reason::Broken => "broken".into(),
    };
    let (copy, generation) = match copies.newest() {
        None => ("none", 0),
        Some((EnvCopy::Env0, record)) => ("0", record.generation),
        Some((EnvCopy::Env1, record)) => ("1", record.generation),
    };
    format!("start slot={slot} why={why} copy={copy} generation={generation:08}")
}

/// A block that is no valid copy any more, in one of the ways in which blocks break.
fn spoil(block: &mut [u8; BLOCK_LEN], drawn: &mut Drawn) {
    match drawn.below(4) {
        0 => block.fill(0),
        1 => block.fill(0xFF),
        // Torn in the middle: the second generation is missing.
        2 => block[60..].fill(b'#'),
        _ => {
            // A state that there is not.
            let text = String::from_utf8_lossy(block).replace("A_ST=", "A_ST=x");
            block.copy_from_slice(&text.as_bytes()[..BLOCK_LEN]);
        }
    }
}

fn state(drawn: &mut Drawn) -> BootState {
    let mut slot = || {
        let state = match drawn.below(5) {
            0 => SlotState::Empty,
            1 => SlotState::Good,
            2 => SlotState::Bad,
            3 => SlotState::Trial { left: 0 },
            _ => SlotState::Trial { left: u8::try_from(drawn.below(10)).unwrap_or(0) },
        };
        SlotRecord { state, ever_good: drawn.one_in(2) }
    };
    let (a, b) = (slot(), slot());
    let active = if drawn.one_in(2) { Slot::A } else { Slot::B };
    let reset = if drawn.one_in(4) { Some(Reset::Decommission) } else { None };
    let why = if drawn.one_in(4) { Why::Health } else { Why::Nothing };
    BootState { active, a, b, reset, why }
}

/// Numbers that look random and are the same each time: Knuth's MMIX generator.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

const SEED: u64 = 3;
/// How many vectors are not drawn.
const FIXED: u64 = 6;
const VECTORS: u64 = 24;
const VECTORS_NIGHTLY: u64 = 400;
