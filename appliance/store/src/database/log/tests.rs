//! What a power cut leaves is the end of a log; what a disk has lost before that is said.

use super::*;
use crate::database::tests::{go_back, open, settings, sound};
use crate::{Alarm, Database};
use proptest::prelude::*;
use std::fs;
use tempfile::TempDir;

const LOG: &str = "config.1.db-wal";
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// A log with these many changes, and where each of them ends in it.
fn grown(changes: usize) -> (TempDir, Vec<u8>, Vec<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let mut database = sound(folder.path());
    let path = folder.path().join(LOG);
    let length = || usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
    let mut ends = Vec::new();
    for nth in 0..changes {
        // Some of them in several frames.
        let text = "x".repeat(nth % 3 * 9_000);
        database.commit(&settings(&[("a/b", &format!("{nth}{text}"))])).unwrap();
        ends.push(length());
    }
    let log = fs::read(&path).unwrap();
    drop(database);
    (folder, log, ends)
}

fn lost_in(log: &[u8]) -> u64 {
    count(&mut &log[..]).unwrap()
}

#[test]
fn each_change_has_one_end_and_a_whole_log_has_lost_nothing() {
    let (_folder, log, ends) = grown(7);
    assert_eq!(lost_in(&log), 0);
    assert!(
        ends.windows(2).all(|pair| pair[0] < pair[1]),
        "the log was emptied meanwhile: {ends:?}"
    );
    let frames = log[HEAD..].chunks(FRAME_HEAD + 4096);
    let marked = frames.filter(|frame| pair(frame, 0).1 != 0).count();
    assert_eq!(marked, 7);
    for nonsense in [&[][..], &[0; 31], &[0; 5000], &log[1..]] {
        assert_eq!(lost_in(nonsense), 0);
    }
}

#[test]
fn a_damaged_log_is_said_kept_and_leaves_what_stands_before_the_damage() {
    let (folder, mut log, ends) = grown(5);
    log[ends[1] + 100] ^= 1;
    // As after a power cut: the file is as it was at the beginning.
    let place = tempfile::tempdir().unwrap();
    let fresh = sound(place.path());
    drop(fresh);
    fs::copy(folder.path().join("device.key"), place.path().join("device.key")).unwrap();
    fs::write(place.path().join(LOG), &log).unwrap();
    let (mut database, alarms) = open(place.path());
    let [Alarm::Log { lost: 2, aside: Some(aside) }] = &alarms[..] else { panic!("{alarms:?}") };
    assert_eq!(
        fs::read(super::super::place::log_of(aside)).unwrap(),
        log,
        "nothing is thrown away"
    );
    let stored = database.load().unwrap();
    assert_eq!(stored.settings[0].text.chars().next(), Some('1'));
    assert!(stored.generation > 5, "a number that was given is not given again");
    let history = database.history(2).unwrap();
    assert!(history[0].what.contains("2 or 3 changes are lost"), "{}", history[0].what);
    assert_eq!(history[1].number, 2);
    go_back(&mut database, 1).unwrap();
    drop(database);
    sound(place.path());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Sectors of the last change may be there or not, in any order; those before it are.
    #[test]
    fn a_power_cut_in_the_last_change_is_no_loss(
        changes in 1_usize..7,
        missing in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        cut_off in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (_folder, mut log, ends) = grown(changes);
        let durable = if changes == 1 { HEAD } else { ends[changes - 2] };
        let first = durable / SECTOR;
        for sector in missing {
            let sector = first + sector.index(log.len().div_ceil(SECTOR) - first);
            let end = log.len().min((sector + 1) * SECTOR);
            log[durable.max(sector * SECTOR)..end].fill(0);
        }
        if let Some(at) = cut_off {
            log.truncate(durable + at.index(log.len() - durable));
        }
        prop_assert_eq!(lost_in(&log), 0);
    }

    #[test]
    fn a_damaged_octet_before_the_last_change_is_a_loss_of_all_behind_it_but_the_last(
        at in any::<prop::sample::Index>(), flip in 1..=255_u8,
    ) {
        let (_folder, mut log, ends) = grown(6);
        let at = HEAD + at.index(ends[4] - HEAD);
        let damaged = ends.iter().filter(|end| **end > at).count();
        log[at] ^= flip;
        // A frame's own sum is what the next one begins from, so that both do not hold; what its head says of the
        // end of a change may be what was damaged. One change more or less is all that this can make.
        let lost = usize::try_from(lost_in(&log)).unwrap();
        prop_assert!(lost + 1 == damaged || lost + 2 == damaged, "{lost} of {damaged}");
        let frame = (at - HEAD) % (FRAME_HEAD + 4096);
        prop_assert!(frame < FRAME_HEAD || lost + 1 == damaged, "{lost} of {damaged} by a page");
    }
}

/// Several uses of one file: what an earlier one has left behind the end is not taken for anything.
#[test]
fn what_is_left_of_an_earlier_use_of_the_log_is_no_loss() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOG);
    let mut database: Database = sound(folder.path());
    // Sooner than in earnest, where it takes thousands of changes without a pause.
    database.connection.execute_batch("PRAGMA wal_autocheckpoint = 16").unwrap();
    let mut shorter = 0;
    let mut last = 0;
    for nth in 0..60 {
        database.commit(&settings(&[("a/b", &nth.to_string())])).unwrap();
        assert_eq!(lost(&path).unwrap(), 0);
        let generation = pair(&fs::read(&path).unwrap(), 16).0;
        shorter += u32::from(generation != last);
        last = generation;
    }
    assert!(shorter > 2, "the log was never begun anew");
}
