use super::*;
use proptest::prelude::*;

fn record(generation: u32, state: BootState) -> Record {
    Record { generation, state }
}

fn trial(slot: Slot) -> BootState {
    BootState::factory().prepared(slot.other()).unwrap().armed(slot).unwrap()
}

#[test]
fn a_block_is_what_grub_reads() {
    let block = record(7, trial(Slot::B)).encode();
    let text = String::from_utf8(block.to_vec()).unwrap();
    let expected = "# GRUB Environment Block\nGEN=00000007\nACTIVE=B\nA_ST=G\nA_TR=0\nA_EV=1\n\
                    B_ST=T\nB_TR=3\nB_EV=0\nRST=-\nWHY=-\nGEN2=00000007\n";
    assert_eq!(text.trim_end_matches('#'), expected);
    assert!(expected.len() <= SECTOR_LEN);
}

#[test]
fn the_greater_valid_generation_counts() {
    let (old, new) = (record(9, BootState::factory()), record(10, trial(Slot::B)));
    let copies = Copies::read(&new.encode(), &old.encode());
    assert_eq!(copies.newest(), Some((EnvCopy::Env0, new)));
    assert_eq!(Copies::read(&[0; 1024], &old.encode()).newest(), Some((EnvCopy::Env1, old)));
    assert_eq!(Copies::read(&[], &[0xFF; 4096]).state(), BootState::assumed());
}

#[test]
fn linux_writes_the_older_copy_and_only_what_changes() {
    let (old, new) = (record(9, trial(Slot::B)), record(10, BootState::factory()));
    let copies = Copies::read(&new.encode(), &old.encode());
    assert_eq!(copies.replace(BootState::factory()), []);

    let writes = copies.replace(trial(Slot::B));
    let expected = Write { copy: EnvCopy::Env1, block: record(11, trial(Slot::B)).encode() };
    assert_eq!(writes, [expected]);
}

#[test]
fn a_damaged_copy_is_made_anew() {
    let good = record(10, BootState::factory());
    let writes = Copies::read(&good.encode(), &[]).replace(BootState::factory());
    let expected = Write { copy: EnvCopy::Env1, block: record(11, good.state).encode() };
    assert_eq!(writes, [expected]);
    assert_eq!(Copies::read(&[], &[]).replace(BootState::factory()).len(), 2);
}

#[test]
fn three_trials_and_then_the_old_slot() {
    let record = record(8, trial(Slot::B));
    let mut copies = Copies::read(&[], &record.encode());
    let intact = Intact { a: true, b: true, recovery: true };
    for left in [2, 1, 0] {
        let choice = choose(&copies, intact);
        assert_eq!(choice.target, Target::Slot(Slot::B));
        assert_eq!(choice.reason, Reason::Trial { left });
        copies = copies.after(&choice.write.unwrap());
    }
    let choice = choose(&copies, intact);
    assert_eq!((choice.target, choice.reason), (Target::Slot(Slot::A), Reason::Normal));

    let settled = copies.state().settled(Slot::A);
    assert_eq!((settled.active, settled.why), (Slot::A, Why::Tries));
    assert_eq!(settled.b.state, SlotState::Bad);
    assert_eq!(settled.settled(Slot::A), settled, "a second time changes nothing");
}

#[test]
fn a_damaged_new_slot_is_passed_over_and_given_up() {
    let copies = Copies::read(&record(8, trial(Slot::B)).encode(), &[]);
    let choice = choose(&copies, Intact { a: true, b: false, recovery: true });
    assert_eq!((choice.target, choice.write), (Target::Slot(Slot::A), None));
    assert_eq!(copies.state().settled(Slot::A).why, Why::Corrupt);
}

#[test]
fn the_last_resort_is_a_slot_that_was_good_once() {
    let spent = |ever_good| SlotRecord { state: SlotState::Trial { left: 0 }, ever_good };
    let state = BootState { a: spent(false), b: spent(true), ..BootState::assumed() };
    let copies = Copies::read(&record(1, state).encode(), &[]);
    let choose = |a, b| choose(&copies, Intact { a, b, recovery: true }).target;
    assert_eq!(choose(true, true), Target::Slot(Slot::B));
    assert_eq!(choose(true, false), Target::Slot(Slot::A));
    assert_eq!(choose(false, false), Target::Recovery);
}

#[test]
fn an_update_waits_for_the_confirmation_and_changes_only_the_other_slot() {
    let state = trial(Slot::B);
    assert_eq!(state.prepared(Slot::B), Err(Refusal::NotConfirmed(Slot::B)));
    assert_eq!(state.prepared(Slot::A), Err(Refusal::NotConfirmed(Slot::A)));
    assert_eq!(BootState::factory().armed(Slot::A), Err(Refusal::NotPrepared(Slot::A)));
    let confirmed = state.confirmed(Slot::B);
    assert_eq!(confirmed.b, SlotRecord { state: SlotState::Good, ever_good: true });
    let prepared = confirmed.prepared(Slot::B).unwrap();
    assert_eq!((prepared.a.state, prepared.b.state), (SlotState::Empty, SlotState::Good));
}

#[test]
fn the_other_slot_is_tried_when_somebody_wants_it_and_is_there() {
    assert_eq!(BootState::factory().switched(Slot::A), Err(Refusal::Incomplete(Slot::B)));
    let state = trial(Slot::B).confirmed(Slot::B).switched(Slot::B).unwrap();
    assert_eq!(state.a, SlotRecord { state: SlotState::Trial { left: TRIES }, ever_good: true });
    assert_eq!((state.active, state.why), (Slot::A, Why::Operator));
}

#[test]
fn a_reset_stays_asked_for_until_it_was_done() {
    let asked = BootState::factory().reset_requested(Reset::Config);
    let block = record(3, asked).encode();
    assert_eq!(Record::decode(&block).unwrap().state.reset, Some(Reset::Config));
    assert_eq!(asked.reset_done(), BootState::factory());
}

#[test]
fn what_is_not_a_whole_copy_is_none() {
    let good = String::from_utf8(record(7, trial(Slot::B)).encode().to_vec()).unwrap();
    assert!(Record::decode(good.as_bytes()).is_some());
    for (from, to) in [
        ("GEN=00000007", "GEN=00000008"),
        ("GEN=00000007", "GEN=0000007 "),
        ("00000007", "00000000"),
        ("00000007", "0000+007"),
        ("GEN2=00000007", "#############"),
        ("ACTIVE=B", "ACTIVE=C"),
        ("A_ST=G", "A_ST=g"),
        ("A_ST=G\n", "A_ST=G\nA_ST=G\n"),
        ("B_TR=3", "B_TR=-"),
        ("B_TR=3", "B_TR=33"),
        ("B_EV=0", "B_EV=2"),
        ("RST=-", "RST=?"),
        ("WHY=-", "WHY="),
        ("# GRUB", "# Grub"),
        ("GEN2", "\u{e9}"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good, "{from}");
        assert_eq!(Record::decode(bad.as_bytes()), None, "{from} -> {to}");
    }
    assert_eq!(Record::decode(&good.as_bytes()[..300]), None);
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    let text = String::from_utf8(record(7, trial(Slot::B)).encode().to_vec()).unwrap();
    let later = text.replace("WHY=-\n", "WHY=-\nEPOCH=00000003\n");
    assert_eq!(Record::decode(later.as_bytes()), Some(record(7, trial(Slot::B))));
}

#[test]
fn copies_stand_apart_inside_their_partition() {
    let [zero, one] = EnvCopy::BOTH.map(EnvCopy::sector);
    assert_eq!((zero % 8, one % 8), (0, 0), "4 KiB");
    assert!(zero.abs_diff(one) >= 8 && zero.max(one) + 8 <= PARTITION_SECTORS);
    let mut partition = vec![0; 64 * SECTOR_LEN];
    let record = record(1, BootState::factory());
    let from = usize::try_from(one).unwrap() * SECTOR_LEN;
    partition[from..from + BLOCK_LEN].copy_from_slice(&record.encode());
    assert_eq!(Copies::of_partition(&partition).newest(), Some((EnvCopy::Env1, record)));
    assert_eq!(Copies::of_partition(&[]).newest(), None);
}

#[test]
fn refusals_say_what_to_do() {
    let said = [
        Refusal::NotConfirmed(Slot::B),
        Refusal::NotPrepared(Slot::A),
        Refusal::Incomplete(Slot::B),
    ];
    assert_eq!(
        said.map(|refusal| refusal.to_string()),
        [
            "slot b runs on trial; an update has to wait until it is confirmed",
            "slot a was not prepared for an update",
            "slot b holds no complete system",
        ]
    );
}

fn slot_record() -> impl Strategy<Value = SlotRecord> {
    let states = prop_oneof![
        Just(SlotState::Empty),
        Just(SlotState::Good),
        Just(SlotState::Bad),
        (0u8..=9).prop_map(|left| SlotState::Trial { left }),
    ];
    (states, any::<bool>()).prop_map(|(state, ever_good)| SlotRecord { state, ever_good })
}

prop_compose! {
    fn records()(
        generation in 1..=Record::LAST_GENERATION,
        a in slot_record(),
        b in slot_record(),
        active in prop_oneof![Just(Slot::A), Just(Slot::B)],
        reset in prop::sample::select(vec![
            None, Some(Reset::Network), Some(Reset::Config), Some(Reset::Full), Some(Reset::Decommission),
        ]),
        why in prop::sample::select(vec![
            Why::Nothing, Why::Tries, Why::Corrupt, Why::Health, Why::Verity, Why::Migration, Why::Operator,
        ]),
    ) -> Record {
        Record { generation, state: BootState { active, a, b, reset, why } }
    }
}

proptest! {
    #[test]
    fn every_record_survives_the_disk(record in records()) {
        let block = record.encode();
        prop_assert_eq!(Record::decode(&block), Some(record));
        prop_assert!(block[SECTOR_LEN..].iter().all(|byte| *byte == b'#'));
    }

    #[test]
    fn damaged_blocks_are_read_without_harm(
        record in records(), at in 0..SECTOR_LEN, byte: u8, bytes: Vec<u8>,
    ) {
        let mut block = record.encode();
        block[at] = byte;
        let _ = Record::decode(&block);
        let _ = Copies::of_partition(&bytes).state();
    }
}
