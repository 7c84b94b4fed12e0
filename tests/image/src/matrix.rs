//! One fault after the other in the new slot, with real kernels: what starts, and what is started in the end.

use crate::bench::{Bench, Failure, same};
use crate::machine::{Firmware, Machine};
use crate::slots::Toy;
use update::bootstate::{BLOCK_LEN, BootState, Record, Slot, SlotRecord, SlotState};

/// Makes all checks.
pub(crate) fn run(bench: &mut Bench) {
    let good = [
        "start slot=b why=trial2",
        "toy slot=b boot=trial2 confirm",
        "toy confirmed with 0 and 1 writes",
        "start slot=b why=normal",
        "toy slot=b boot=normal confirm",
        "toy nothing to write",
    ];
    let story =
        |toys| Story { firmware: Firmware::Bios, state: on_trial(3), toys, watchdog: false };
    let both = [Some(Toy::Confirm), Some(Toy::Confirm), None];
    bench.check("a good new slot is confirmed, BIOS", |bench| story(both).holds(bench, &good));
    bench.check("a good new slot is confirmed, EFI", |bench| {
        Story { firmware: Firmware::Efi, ..story(both) }.holds(bench, &good)
    });
    bench.check("R1 kernel damaged: the old slot at once", |bench| {
        story([Some(Toy::Confirm), Some(Toy::Corrupt), None]).holds(bench, &back("1 and 0"))
    });
    let with = |toy| [Some(Toy::Confirm), Some(toy), None];
    bench.check("R2 panic before PID 1: three tries, then the old slot", |bench| {
        let tries = [2, 1, 0].map(|left| [format!("start slot=b why=trial{left}"), "panic".into()]);
        story(with(Toy::NoInit)).holds(bench, &[tries.concat(), back("1 and 0")].concat())
    });
    bench.check("R4 PID 1 ends: tried again, then the old slot, EFI", |bench| {
        let failed = ["start slot=b why=trial0", "toy slot=b boot=trial0 exit", "panic"];
        let story = Story { firmware: Firmware::Efi, state: on_trial(1), ..story(with(Toy::Exit)) };
        story.holds(bench, &[failed.map(String::from).to_vec(), back("1 and 0")].concat())
    });
    bench.check("R5 hang: the watchdog resets, then the old slot", |bench| {
        let failed = ["start slot=b why=trial0", "toy slot=b boot=trial0 hang", "toy hangs"];
        let story = Story { state: on_trial(1), watchdog: true, ..story(with(Toy::Hang)) };
        story.holds(bench, &[failed.map(String::from).to_vec(), back("1 and 0")].concat())
    });
    bench.check("R13 power cut in each trial: after three the old slot", power_cuts);
    bench.check("R14 all tries of both slots spent: the one that was good once", |bench| {
        let spent = |ever_good| SlotRecord { state: SlotState::Trial { left: 0 }, ever_good };
        let state =
            BootState { active: Slot::B, a: spent(true), b: spent(false), ..BootState::factory() };
        let expected = [
            "start slot=a why=lastresort",
            "toy slot=a boot=lastresort confirm",
            "toy confirmed with 1 and 1 writes",
            "start slot=a why=normal",
            "toy slot=a boot=normal confirm",
            "toy nothing to write",
        ];
        Story { state: records(state), ..story(both) }.holds(bench, &expected)
    });
    bench.check(
        "R14 both copies of the boot state destroyed: slot A, and both made anew",
        |bench| {
            let state = [[0xFF; BLOCK_LEN], [0; BLOCK_LEN]];
            // GRUB writes through the file system, so the files are still there.
            Story { state, ..story(both) }.holds(bench, &back("2 and 1"))
        },
    );
    bench.check("R15 both slots damaged: the recovery slot", |bench| {
        let expected =
            ["start slot=r why=broken", "toy slot=r boot=broken confirm", "toy nothing to confirm"];
        story([Some(Toy::Corrupt), None, Some(Toy::Confirm)]).holds(bench, &expected)
    });
}

/// What a machine goes through.
struct Story {
    firmware: Firmware,
    state: [[u8; BLOCK_LEN]; 2],
    toys: [Option<Toy>; 3],
    watchdog: bool,
}

impl Story {
    /// Runs it until it switches itself off.
    fn holds<T: AsRef<str>>(&self, bench: &Bench, expected: &[T]) -> Result<String, Failure> {
        let disk = bench.work().join("story.img");
        bench.slots.disk(&disk, &self.state, self.toys)?;
        let watchdog = ["-device", "i6300esb", "-action", "watchdog=reset"];
        let more = if self.watchdog { &watchdog[..] } else { &[] };
        let machine = Machine { firmware: self.firmware, disk: &disk, log: None, more };
        // A machine that does not stop by itself is stopped one event after the last that is expected.
        let seen = machine.run(|events| events.len() > expected.len())?;
        let expected: Vec<String> =
            expected.iter().map(|event| event.as_ref().to_owned()).collect();
        same("events", &shortened(&seen.events), &expected)
            .map_err(|error| format!("{error}\n{}", seen.tail()))?;
        let starts = expected.iter().filter(|event| event.starts_with("start")).count();
        Ok(format!("{starts} starts"))
    }
}

/// Power cuts as soon as GRUB has chosen, then the end of the story.
fn power_cuts(bench: &Bench) -> Result<String, Failure> {
    let disk = bench.work().join("story.img");
    bench.slots.disk(&disk, &on_trial(3), [Some(Toy::Confirm), Some(Toy::Confirm), None])?;
    let machine = Machine { firmware: Firmware::Bios, disk: &disk, log: None, more: &[] };
    for left in [2, 1, 0] {
        let seen = machine.run(|events| !events.is_empty())?;
        same("events", &shortened(&seen.events), &vec![format!("start slot=b why=trial{left}")])?;
    }
    let seen = machine.run(|_| false)?;
    same("events", &shortened(&seen.events), &back("1 and 0"))?;
    let why = bench.slots.copies(&disk)?.state().why;
    same("why", &why, &update::bootstate::Why::Tries)?;
    Ok("3 cuts".into())
}

/// The old slot runs, writes down what it found, and runs again.
fn back(writes: &str) -> Vec<String> {
    vec![
        "start slot=a why=normal".into(),
        "toy slot=a boot=normal confirm".into(),
        format!("toy confirmed with {writes} writes"),
        "start slot=a why=normal".into(),
        "toy slot=a boot=normal confirm".into(),
        "toy nothing to write".into(),
    ]
}

/// Slot B is new; both copies are as an update leaves them.
pub(crate) fn on_trial(left: u8) -> [[u8; BLOCK_LEN]; 2] {
    let older = BootState { b: slot(SlotState::Empty), ..BootState::factory() };
    let newer = BootState { active: Slot::B, b: slot(SlotState::Trial { left }), ..older };
    [
        Record { generation: 7, state: older }.encode(),
        Record { generation: 8, state: newer }.encode(),
    ]
}

fn records(state: BootState) -> [[u8; BLOCK_LEN]; 2] {
    [7, 8].map(|generation| Record { generation, state }.encode())
}

const fn slot(state: SlotState) -> SlotRecord {
    SlotRecord { state, ever_good: false }
}

/// Without copy and generation.
fn shortened(events: &[String]) -> Vec<String> {
    let cut = |event: &String| event.split(" copy=").next().unwrap_or_default().to_owned();
    events.iter().map(cut).collect()
}
