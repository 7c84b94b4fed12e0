//! Every state that updates, failures and power cuts can lead to, and where each of them ends.

use super::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a slot really holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    /// Nothing whole: the boot loader sees it.
    Torn,
    /// It starts and dies.
    Panics,
    /// It runs, but not well: it reboots without having confirmed anything, or gives itself up.
    Unwell,
    /// A system that works.
    Works,
}

/// A machine without power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    copies: Copies,
    a: Content,
    b: Content,
}

impl World {
    fn shipped(generation: u32) -> Self {
        let state = BootState::factory();
        let older = Record { generation: generation - 1, state };
        let newer = Record { generation, state };
        let copies = Copies::read(&older.encode(), &newer.encode());
        Self { copies, a: Content::Works, b: Content::Torn }
    }

    fn content(&self, slot: Slot) -> Content {
        match slot {
            Slot::A => self.a,
            Slot::B => self.b,
        }
    }

    fn holding(self, slot: Slot, content: Content) -> Self {
        match slot {
            Slot::A => Self { a: content, ..self },
            Slot::B => Self { b: content, ..self },
        }
    }

    fn choice(&self) -> Choice {
        let whole = |content| content != Content::Torn;
        choose(&self.copies, Intact { a: whole(self.a), b: whole(self.b), recovery: true })
    }

    /// Everything that a power cut during these writes can leave, and at the end what stands when all were made.
    fn writes(self, writes: &[Write]) -> (Vec<Self>, Self) {
        let (mut cut, mut done) = (vec![self], self);
        for write in writes {
            // A lost sector is survived; a second one before the first was mended is not promised to be.
            let lost = done.copies.without(write.copy);
            if lost.newest().is_some() {
                cut.push(Self { copies: lost, ..done });
            }
            done.copies = done.copies.after(write);
            cut.push(done);
        }
        (cut, done)
    }

    /// Puts the generations where they were: it is the order that counts. The greatest two stay.
    fn with_generations(mut self, newest: u32) -> Self {
        let Some((copy, record)) = self.copies.newest() else { return self };
        let at = |record: Record, generation| Record { generation, ..record }.encode();
        let mut blocks = EnvCopy::BOTH.map(|copy| {
            self.copies.get(copy).map_or([0; BLOCK_LEN], |older| at(older, newest - 1))
        });
        blocks[copy as usize] = at(record, newest);
        self.copies = Copies::read(&blocks[0], &blocks[1]);
        self
    }
}

/// All that can come of one boot.
fn next(world: World) -> Vec<World> {
    let choice = world.choice();
    let (mut found, world) = world.writes(choice.write.as_slice());
    let Target::Slot(running) = choice.target else { return found };
    match world.content(running) {
        Content::Torn => panic!("the boot loader has started a slot that is not whole"),
        Content::Panics => {}
        Content::Unwell => {
            let settled = step(&mut found, world, |state| Some(state.settled(running)));
            step(&mut found, settled, |state| Some(state.rejected(running, Why::Health)));
        }
        Content::Works => {
            let settled = step(&mut found, world, |state| Some(state.settled(running)));
            let confirmed = step(&mut found, settled, |state| Some(state.confirmed(running)));
            updates(&mut found, confirmed, running);
            step(&mut found, confirmed, |state| state.switched(running).ok());
            step(&mut found, confirmed, |state| Some(state.reset_requested(Reset::Full)));
            step(&mut found, confirmed, |state| Some(state.reset_done()));
        }
    }
    found.extend(damaged(world));
    found
}

/// An update of the other slot, with every content that it may turn out to have.
fn updates(found: &mut Vec<World>, world: World, running: Slot) {
    let other = running.other();
    let prepared = step(found, world, |state| state.prepared(running).ok());
    let writing = prepared.holding(other, Content::Torn);
    found.push(writing);
    for content in [Content::Panics, Content::Unwell, Content::Works] {
        let written = writing.holding(other, content);
        found.push(written);
        let armed = step(found, written, |state| state.armed(other).ok());
        assert_eq!(armed.copies.state().active, other);
    }
}

/// One change of the boot state by Linux, with every power cut during it.
fn step(
    found: &mut Vec<World>,
    world: World,
    change: impl FnOnce(BootState) -> Option<BootState>,
) -> World {
    let Some(state) = change(world.copies.state()) else { return world };
    let (cut, done) = world.writes(&world.copies.replace(state));
    found.extend(cut);
    assert_eq!(done.copies.state(), state, "what was written is what counts");
    done
}

/// One unreadable sector, while the other copy is there.
fn damaged(world: World) -> impl Iterator<Item = World> {
    let lost = EnvCopy::BOTH.map(|copy| World { copies: world.copies.without(copy), ..world });
    lost.into_iter().filter(|world| world.copies.newest().is_some())
}

/// Every world that can be reached.
fn reachable(newest: u32) -> BTreeSet<World> {
    let first = World::shipped(newest);
    let (mut seen, mut queue) = (BTreeSet::from([first]), VecDeque::from([first]));
    while let Some(world) = queue.pop_front() {
        for world in next(world) {
            let world = world.with_generations(newest);
            if seen.insert(world) {
                queue.push_back(world);
            }
        }
    }
    seen
}

/// The boots that it takes, with the power left on, until a system that works is confirmed.
fn boots_until_good(mut world: World) -> usize {
    // Each of two slots at all its tries, then whatever is left.
    for boot in 1..=2 * usize::from(TRIES) + 2 {
        let choice = world.choice();
        world = world.writes(choice.write.as_slice()).1;
        let Target::Slot(running) = choice.target else { break };
        if world.content(running) == Content::Works {
            let confirmed = world.copies.state().settled(running).confirmed(running);
            let world = world.writes(&world.copies.replace(confirmed)).1;
            let choice = world.choice();
            assert_eq!((choice.target, choice.reason), (Target::Slot(running), Reason::Normal));
            assert_eq!(choice.write, None, "a normal boot writes nothing");
            return boot;
        }
        if world.content(running) == Content::Unwell {
            let state = world.copies.state().settled(running);
            world = world.writes(&world.copies.replace(state)).1;
        }
    }
    panic!("no good boot and no end: {world:?}");
}

#[test]
fn whatever_happens_a_system_that_works_boots_again() {
    let mut counts = BTreeMap::new();
    let worlds = reachable(10);
    for world in &worlds {
        *counts.entry(boots_until_good(*world)).or_insert(0) += 1;
    }
    println!("{} states; boots until good: {counts:?}", worlds.len());
    assert!(worlds.len() > 1000, "only {} states were reached", worlds.len());
    assert!(counts.len() > 3, "trials that fail have to be among them: {counts:?}");
}

#[test]
fn nor_does_it_matter_when_the_generations_run_out() {
    let worlds = reachable(Record::LAST_GENERATION);
    for world in &worlds {
        boots_until_good(*world);
    }
    assert!(worlds.len() > 1000, "only {} states were reached", worlds.len());
}

/// All records times all slots' contents, reachable or not.
#[test]
fn from_any_record_a_whole_slot_or_recovery_is_started() {
    let mut looked_at = 0;
    for state in all_states() {
        let block = Record { generation: 7, state }.encode();
        let copies = Copies::read(&block, &[]);
        for whole in 0..8 {
            let intact = Intact { a: whole & 1 != 0, b: whole & 2 != 0, recovery: whole & 4 != 0 };
            let choice = choose(&copies, intact);
            let expected = match choice.target {
                Target::Slot(Slot::A) => intact.a,
                Target::Slot(Slot::B) => intact.b,
                Target::Recovery => !intact.a && !intact.b,
                Target::Nothing => whole == 0,
            };
            assert!(expected, "{state:?} {intact:?} {choice:?}");
            let trial = matches!(choice.reason, Reason::Trial { .. });
            assert_eq!(trial, choice.write.is_some(), "only a trial is counted");
            if let Some(write) = choice.write {
                let changed = write.block.iter().zip(&block).filter(|(new, old)| new != old);
                assert_eq!(changed.count(), 1, "one digit of one sector");
            }
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, 26 * 26 * 2 * 8);
}

fn all_states() -> Vec<BootState> {
    let mut slots = Vec::new();
    for ever_good in [false, true] {
        let with = |state| SlotRecord { state, ever_good };
        slots.extend([SlotState::Empty, SlotState::Good, SlotState::Bad].map(with));
        slots.extend((0..=9).map(|left| with(SlotState::Trial { left })));
    }
    let mut states = Vec::new();
    for a in &slots {
        for b in &slots {
            for active in [Slot::A, Slot::B] {
                states.push(BootState { active, a: *a, b: *b, ..BootState::assumed() });
            }
        }
    }
    states
}
