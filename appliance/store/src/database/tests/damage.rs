//! Whatever is damaged: the content is there as it was, or an alarm says what is lost; and the server starts.

use super::*;
use proptest::prelude::*;
use std::fs;

const NAME: &str = "config.1.db";

/// A folder with some content, well closed.
fn filled() -> TempDir {
    let folder = folder();
    let mut database = sound(folder.path());
    fill(&mut database);
    folder
}

fn fill(database: &mut Database) {
    let users: Vec<_> = (0..20).map(|nth| user(nth, "old")).collect();
    database.commit(&Commit { users, ..settings(&[("a/b", "1"), ("password", "2")]) }).unwrap();
    let users: Vec<_> = (0..5).map(|nth| user(nth, "new")).collect();
    database.commit(&Commit { users, ..by("again") }).unwrap();
    database.keep(&[handset(1, 1), handset(2, 2), base(3)]).unwrap();
}

fn user(nth: u32, name: &str) -> roster::Change {
    let key = (4000 + nth).to_string();
    roster::Change::Added(row(&key, &[("username", &key), ("displayname", name), ("pin", "0000")]))
}

/// Everything that a person would miss.
fn content(database: &mut Database) -> Vec<String> {
    let stored = database.load().unwrap();
    let settings = stored.settings.iter().map(|it| format!("{} {}", it.path, it.text));
    let users = stored
        .users
        .iter()
        .map(|it| format!("{} {:?}", it.key, it.fields.iter().collect::<Vec<_>>()));
    let handsets = stored.subscriptions.iter().map(|it| it.ipei.to_string());
    let rfps = stored.rfps.iter().map(|it| it.mac.to_string());
    settings.chain(users).chain(handsets).chain(rfps).collect()
}

#[test]
fn a_damaged_file_is_set_aside_and_the_newest_snapshot_takes_its_place() {
    let folder = filled();
    let mut database = sound(folder.path());
    database.snapshot().unwrap();
    let then = content(&mut database);
    database.commit(&settings(&[])).unwrap();
    drop(database);
    let path = folder.path().join(NAME);
    let mut octets = fs::read(&path).unwrap();
    let name = octets.windows(11).position(|window| window == b"displayname").unwrap();
    octets[name] ^= 1;
    fs::write(&path, &octets).unwrap();

    let (mut database, alarms) = open(folder.path());
    let [Alarm::Restored { aside: Some(aside), generation: 2, .. }] = &alarms[..] else {
        panic!("{alarms:?}")
    };
    assert_eq!(fs::read(aside).unwrap(), octets, "nothing is thrown away");
    assert_eq!(content(&mut database), then);
    let history = database.history(1).unwrap();
    assert!(history[0].what.contains("generation 2"), "{history:?}");
    assert!(history[0].number > 3, "a number that was given is not given again");
    assert_eq!(go_back(&mut database, 1).unwrap().differences.len(), 5, "the history is whole");
    drop(database);
    sound(folder.path());
}

#[test]
fn without_a_sound_snapshot_the_server_starts_empty_and_says_so() {
    let folder = filled();
    let mut database = sound(folder.path());
    database.snapshot().unwrap();
    drop(database);
    let snapshot = folder.path().join("snapshots/1.db");
    let mut octets = fs::read(&snapshot).unwrap();
    octets[100] ^= 1;
    fs::write(snapshot, octets).unwrap();
    fs::write(folder.path().join(NAME), b"no database").unwrap();

    let (mut database, alarms) = open(folder.path());
    assert!(matches!(&alarms[..], [Alarm::Emptied { .. }]), "{alarms:?}");
    assert_eq!(content(&mut database), [""; 0]);
    fill(&mut database);
}

#[test]
fn of_two_snapshots_the_older_serves_where_the_newer_is_damaged() {
    let folder = filled();
    let mut database = sound(folder.path());
    for text in ["1", "2", "3"] {
        database.commit(&settings(&[("a", text)])).unwrap();
        database.snapshot().unwrap();
    }
    drop(database);
    let names = fs::read_dir(folder.path().join("snapshots")).unwrap();
    let mut names: Vec<_> =
        names.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["2.db", "2.sha256", "3.db", "3.sha256"]);
    fs::write(folder.path().join("snapshots/3.db"), b"").unwrap();
    fs::remove_file(folder.path().join(NAME)).unwrap();
    let (mut database, alarms) = open(folder.path());
    assert!(matches!(&alarms[..], [Alarm::Restored { aside: None, .. }]), "{alarms:?}");
    assert_eq!(pairs(&database.load().unwrap()), [("a", "2")]);
}

#[test]
fn damage_again_and_again_does_not_fill_the_disk() {
    let folder = filled();
    for _ in 0..6 {
        fs::write(folder.path().join(NAME), b"damaged").unwrap();
        fs::write(folder.path().join("config.1.db-wal"), b"damaged too").unwrap();
        assert_eq!(open(folder.path()).1.len(), 1);
    }
    assert_eq!(fs::read_dir(folder.path().join("damaged")).unwrap().count(), 6, "three, with logs");
}

#[test]
fn a_lost_line_is_found_again_and_said() {
    for line in [None, Some("config.9x.db\n"), Some("config.1.db"), Some("")] {
        let folder = filled();
        let before = content(&mut sound(folder.path()));
        let path = folder.path().join("current");
        match line {
            Some(line) => fs::write(path, line).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        let (mut database, alarms) = open(folder.path());
        assert_eq!(alarms, [Alarm::Pointer(NAME.into())], "{line:?}");
        assert_eq!(content(&mut database), before);
        drop(database);
        sound(folder.path());
    }
}

#[test]
fn a_log_without_its_file_is_not_taken_for_the_next_files() {
    let folder = filled();
    let mut database = sound(folder.path());
    database.commit(&settings(&[("late", "1")])).unwrap();
    // As after a power cut: the log is full, the file is lost.
    let log = fs::read(folder.path().join("config.1.db-wal")).unwrap();
    assert!(!log.is_empty());
    drop(database);
    fs::write(folder.path().join("config.1.db-wal"), log).unwrap();
    fs::remove_file(folder.path().join(NAME)).unwrap();
    let (mut database, alarms) = open(folder.path());
    assert!(matches!(&alarms[..], [Alarm::Emptied { .. }]), "{alarms:?}");
    assert_eq!(content(&mut database), [""; 0]);
}

/// A damaged folder opens with the content or with an alarm, and then opens again without one.
fn holds(folder: &Path, before: &[String]) -> Result<(), TestCaseError> {
    let (mut database, alarms) = open(folder);
    let after = content(&mut database);
    prop_assert!(after == before || !alarms.is_empty());
    // Where the history is told, it is the right one.
    let history = database.history(10).unwrap();
    if alarms.is_empty() {
        prop_assert_eq!(history[0].differences.len(), 5);
        let undone = go_back(&mut database, 1).unwrap();
        prop_assert_eq!(undone.differences.len(), 5);
    }
    database.commit(&settings(&[("after", "1")])).unwrap();
    drop(database);
    prop_assert_eq!(open(folder).1, []);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn a_damaged_octet_anywhere_is_harmless_or_alarms(
        at in any::<prop::sample::Index>(), flip in 1..=255_u8,
    ) {
        let folder = filled();
        let before = content(&mut sound(folder.path()));
        let path = folder.path().join(NAME);
        let mut octets = fs::read(&path).unwrap();
        let at = at.index(octets.len());
        octets[at] ^= flip;
        fs::write(&path, octets).unwrap();
        holds(folder.path(), &before)?;
    }

    #[test]
    fn a_page_that_was_not_written_or_a_file_cut_short_is_noticed(
        page in any::<prop::sample::Index>(), cut in any::<bool>(),
    ) {
        let folder = filled();
        let path = folder.path().join(NAME);
        let old = fs::read(&path).unwrap();
        let mut database = sound(folder.path());
        database.commit(&Commit { users: vec![user(7, "newer")], ..settings(&[("a/b", "9")]) }).unwrap();
        let before = content(&mut database);
        drop(database);
        let mut octets = fs::read(&path).unwrap();
        let at = page.index(octets.len() / 4096) * 4096;
        if cut {
            octets.truncate(at);
        } else if let Some(old) = old.get(at..at + 4096) {
            octets[at..at + 4096].copy_from_slice(old);
        }
        fs::write(&path, octets).unwrap();
        let (mut database, alarms) = open(folder.path());
        prop_assert!(content(&mut database) == before || !alarms.is_empty());
    }
}
