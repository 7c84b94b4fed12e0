//! What is committed is there, as it was, and goes back to what it was.

mod damage;
mod model;
mod upgrade;

use super::*;
use crate::device_key;
use dect::subscription::{Keys, LinkKey, Uak};
use ident::{Ipei, Ipui, Mac, Rpn};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn open(folder: &Path) -> (Database, Vec<Alarm>) {
    let (sealer, lost) = device_key(folder).unwrap();
    let (database, alarms) = Database::open(folder, sealer).unwrap();
    (database, lost.into_iter().chain(alarms).collect())
}

pub(super) fn sound(folder: &Path) -> Database {
    let (database, alarms) = open(folder);
    assert_eq!(alarms, []);
    database
}

fn entry(path: &str, text: &str) -> Entry {
    let secret = path.contains("password");
    Entry { path: path.into(), text: text.into(), known: !path.starts_with("x/"), secret }
}

fn row(key: &str, fields: &[(&str, &str)]) -> Row {
    let field = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    Row { key: key.into(), fields: fields.iter().map(field).collect() }
}

pub(super) fn settings(entries: &[(&str, &str)]) -> Commit {
    let entries = entries.iter().map(|(path, text)| entry(path, text)).collect();
    Commit { settings: Some(entries), ..by("settings") }
}

fn users(changes: Vec<roster::Change>) -> Commit {
    Commit { users: changes, ..by("users") }
}

fn by(what: &str) -> Commit {
    let (who, from) = ("admin".into(), "192.0.2.7".into());
    Commit { who, from, what: what.into(), ..Commit::default() }
}

fn handset(psn: u32, octet: u8) -> Change {
    let ipei = Ipei::new(77, psn).unwrap();
    Change::Put(Box::new(Subscription {
        ipei,
        ipui: Ipui::private_ipei(ipei),
        tpui: None,
        keys: Keys::Confirmed(Uak::new([octet; 16])),
        located: Some(Mac([2, 0, 0, 0, 0, 1])),
        terminal_capability: vec![0x12, 0x80],
        model: vec![],
    }))
}

fn base(last: u8) -> Change {
    let mac = Mac([0, 0x30, 0x42, 1, 2, last]);
    Change::PutRfp(Box::new(RfpRecord {
        mac,
        rpn: Rpn(last),
        link_key: Some(LinkKey::new([9; 64])),
    }))
}

/// Everything in the folder, as one heap of octets.
fn octets(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.is_file()).flat_map(|file| std::fs::read(file).unwrap()).collect()
}

fn has(octets: &[u8], text: &str) -> bool {
    octets.windows(text.len()).any(|window| window == text.as_bytes())
}

fn pairs(stored: &Stored) -> Vec<(&str, &str)> {
    stored.settings.iter().map(|it| (it.path.as_str(), it.text.as_str())).collect()
}

#[test]
fn what_was_committed_and_kept_is_there_after_a_restart_in_its_order() {
    let folder = folder();
    let rows = [
        row(
            "4711",
            &[("username", "4711"), ("authpassword", "pass"), ("lamp", "a"), ("lamp", "b")],
        ),
        row("", &[("other", "<other/>")]),
    ];
    let list = [("sip/b", "1"), ("sip/a", "2"), ("x/y", "3"), ("x/y", "4"), ("sip/password", "5")];
    let mut database = sound(folder.path());
    let mut commit = settings(&list);
    commit.users = rows.iter().cloned().map(roster::Change::Added).collect();
    assert_eq!(database.commit(&commit).unwrap().number, 1);
    database.keep(&[handset(2, 2), handset(1, 1), base(3)]).unwrap();
    drop(database);

    let stored = sound(folder.path()).load().unwrap();
    assert_eq!(stored.generation, 1);
    assert_eq!(pairs(&stored), list);
    assert!(stored.settings == commit.settings.unwrap());
    assert!(stored.users == [rows[1].clone(), rows[0].clone()]);
    let psns: Vec<u32> = stored.subscriptions.iter().map(|it| it.ipei.psn()).collect();
    assert_eq!(psns, [1, 2]);
    assert!(Change::Put(Box::new(stored.subscriptions[0].clone())).same_as(&handset(1, 1)));
    assert_eq!(stored.rfps.len(), 1);
    assert_eq!(stored.alarms, []);
}

/// Only for comparing in tests.
trait SameAs {
    fn same_as(&self, other: &Self) -> bool;
}

impl SameAs for Change {
    fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Put(one), Self::Put(other)) => one == other,
            (Self::PutRfp(one), Self::PutRfp(other)) => one == other,
            _ => false,
        }
    }
}

#[test]
fn the_history_tells_names_and_never_secrets() {
    let folder = folder();
    let mut database = sound(folder.path());
    database
        .commit(&settings(&[("sip/transport", "udp"), ("sip/auth/password", "Geheim1")]))
        .unwrap();
    let old = row("4711", &[("username", "4711"), ("authpassword", "Geheim2")]);
    let new = row("4711", &[("username", "4711"), ("authpassword", "Geheim3")]);
    database.commit(&users(vec![roster::Change::Added(old)])).unwrap();
    database.commit(&users(vec![roster::Change::Changed(new)])).unwrap();
    database.commit(&users(vec![roster::Change::Removed("4711".into())])).unwrap();
    database.commit(&settings(&[("sip/transport", "tcp\nx")])).unwrap();

    let history = database.history(10).unwrap();
    let lines: Vec<_> = history.iter().map(|it| (it.number, it.differences.join(" | "))).collect();
    assert_eq!(
        lines,
        [
            (5, "sip.auth.password: (secret) -> not set | sip.transport: udp -> tcp x".to_owned()),
            (4, "user 4711: removed".to_owned()),
            (3, "user 4711: authpassword".to_owned()),
            (2, "user 4711: added".to_owned()),
            (1, "sip.auth.password: (secret) | sip.transport: not set -> udp".to_owned()),
        ]
    );
    let Generation { who, from, what, .. } = &history[0];
    assert_eq!([who, from, what], ["admin", "192.0.2.7", "settings"]);
    assert_eq!(database.history(2).unwrap(), history[..2]);
    let octets = octets(folder.path());
    assert!(has(&octets, "transport"), "the test looks at the right files");
    assert!(!has(&octets, "Geheim"), "secrets are sealed, in the differences too");
}

#[test]
fn what_is_the_same_makes_no_generation_and_writes_nothing() {
    let folder = folder();
    let mut database = sound(folder.path());
    let kept = row("4711", &[("username", "4711"), ("authpassword", "secret")]);
    let mut commit = settings(&[("a", "1"), ("password", "2")]);
    commit.users = vec![roster::Change::Added(kept)];
    let first = database.commit(&commit).unwrap();
    database.keep(&[handset(1, 1)]).unwrap();
    database.checkpoint().unwrap();
    let before = octets(folder.path());
    assert_eq!(database.commit(&commit).unwrap(), first);
    database.keep(&[handset(1, 1), Change::RemoveRfp(Mac([2; 6]))]).unwrap();
    assert_eq!(octets(folder.path()), before);
}

#[test]
fn one_setting_in_the_midst_of_many_is_one_difference() {
    let folder = folder();
    let mut database = sound(folder.path());
    let many: Vec<_> = (0..300).map(|nth| (format!("group/{nth}"), nth.to_string())).collect();
    let mut list: Vec<_> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    database.commit(&settings(&list)).unwrap();
    list.insert(150, ("new/one", "x"));
    let made = database.commit(&settings(&list)).unwrap();
    assert_eq!(made.differences, ["new.one: not set -> x"]);
    assert_eq!(pairs(&database.load().unwrap()), list);
}

#[test]
fn a_change_to_an_older_generation_is_refused_and_says_which_there_is() {
    let folder = folder();
    let mut database = sound(folder.path());
    database.commit(&Commit { base: Some(0), ..settings(&[("a", "1")]) }).unwrap();
    let stale = database.commit(&Commit { base: Some(0), ..settings(&[("a", "2")]) });
    assert!(matches!(stale, Err(StoreError::Stale { base: 0, now: 1 })));
    assert_eq!(pairs(&database.load().unwrap()), [("a", "1")]);
}

/// Makes what was in force as generation `to` the next one, as the owner of the database does.
pub(super) fn go_back(database: &mut Database, to: u64) -> Result<Generation, StoreError> {
    let (then, now) = (database.content_at(to)?, database.load()?);
    let is_gone = |row: &&Row| then.users.iter().all(|kept| kept.key != row.key);
    let gone = now.users.iter().filter(is_gone).map(|row| row.key.clone());
    let users = gone.map(roster::Change::Removed);
    let users = users.chain(then.users.iter().cloned().map(roster::Change::Changed)).collect();
    let what = format!("back to generation {to}");
    database.commit(&Commit { what, settings: Some(then.settings), users, ..Commit::default() })
}

#[test]
fn any_of_the_last_fifty_generations_can_be_gone_back_to_and_none_before() {
    let folder = folder();
    let mut database = sound(folder.path());
    let text = |n: u64| n.to_string();
    for n in 1..=60 {
        database.commit(&settings(&[("password", &text(n)), ("b", &text(n / 2))])).unwrap();
    }
    for (to, undo) in [(9, 60), (10, 60), (11, 61)] {
        let undone = go_back(&mut database, to);
        if to == 9 {
            assert!(matches!(undone, Err(StoreError::NoGeneration(9))), "{undo}");
            continue;
        }
        let made = undone.unwrap();
        assert_eq!((made.number, made.what), (undo + 1, format!("back to generation {to}")));
        assert_eq!(
            pairs(&database.load().unwrap()),
            [("password", &*text(to)), ("b", &*text(to / 2))]
        );
    }
    assert!(matches!(go_back(&mut database, 99), Err(StoreError::NoGeneration(99))));
    assert_eq!(database.history(100).unwrap().len(), 62, "who and when is kept longer");
}

#[test]
fn going_back_leaves_handsets_as_they_are() {
    let folder = folder();
    let mut database = sound(folder.path());
    database.commit(&settings(&[("a", "1")])).unwrap();
    database.keep(&[handset(1, 1), base(1)]).unwrap();
    go_back(&mut database, 0).unwrap();
    let stored = database.load().unwrap();
    assert_eq!((stored.settings.len(), stored.subscriptions.len(), stored.rfps.len()), (0, 1, 1));
    let radio = database.radio().unwrap();
    assert!(radio.subscriptions == stored.subscriptions && radio.rfps == stored.rfps);
}

#[test]
fn handsets_are_not_told_from_a_database_that_does_not_add_up() {
    let folder = folder();
    let mut database = sound(folder.path());
    database.commit(&settings(&[("a", "1")])).unwrap();
    database.keep(&[handset(1, 1)]).unwrap();
    database.connection.execute("DELETE FROM settings", []).unwrap();
    assert!(matches!(database.radio(), Err(StoreError::Damaged(_))));
}

#[test]
fn a_full_disk_in_the_midst_of_a_commit_leaves_everything_as_it_was() {
    let folder = folder();
    let mut database = sound(folder.path());
    database.commit(&settings(&[("a", "1")])).unwrap();
    database.keep(&[handset(1, 1)]).unwrap();
    let pages = "PRAGMA page_count";
    let pages: i64 = database.connection.query_row(pages, [], |row| row.get(0)).unwrap();
    database.connection.execute_batch(&format!("PRAGMA max_page_count = {}", pages + 2)).unwrap();
    let long = "x".repeat(20_000);
    let mut commit = settings(&[("a", "2"), ("b", &long)]);
    commit.users = vec![roster::Change::Added(row("4711", &[("displayname", &long)]))];
    let error = database.commit(&commit).unwrap_err();
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    assert_eq!(error.fault(), crate::Fault::World);
    let stored = database.load().unwrap();
    assert_eq!((stored.generation, pairs(&stored)), (1, vec![("a", "1")]));
    drop(database);
    let mut database = sound(folder.path());
    assert_eq!(pairs(&database.load().unwrap()), [("a", "1")]);
    assert_eq!(database.commit(&commit).unwrap().number, 2, "with room again, it works");
}

#[test]
fn a_second_server_in_the_same_folder_is_refused() {
    let folder = folder();
    let _first = sound(folder.path());
    let (sealer, _) = device_key(folder.path()).unwrap();
    let second = Database::open(folder.path(), sealer).map(|_| ());
    assert!(matches!(second, Err(StoreError::InUse(_))));
}

#[test]
fn a_folder_of_records_is_taken_over_once() {
    let (old, new) = (folder(), folder());
    let mut directory = crate::DirSubscriptions::open(old.path()).unwrap();
    for change in [handset(1, 1), handset(2, 2), base(3)] {
        directory.apply(&change).unwrap();
    }
    let mut database = sound(new.path());
    database.keep(&[handset(2, 9)]).unwrap();
    assert_eq!(database.take_over(&directory).unwrap(), 2, "what is there is newer");
    database.keep(&[Change::Remove(Ipei::new(77, 1).unwrap())]).unwrap();
    assert_eq!(database.take_over(&directory).unwrap(), 0, "what was removed stays so");
    let stored = database.load().unwrap();
    assert!(Change::Put(Box::new(stored.subscriptions[0].clone())).same_as(&handset(2, 9)));
    assert_eq!((stored.subscriptions.len(), stored.rfps.len()), (1, 1));
}

#[test]
fn what_another_device_key_sealed_is_counted_and_left_out() {
    let folder = folder();
    let mut database = sound(folder.path());
    let mut commit = settings(&[("a", "1"), ("password", "2")]);
    commit.users = vec![roster::Change::Added(row(
        "4711",
        &[("username", "4711"), ("authpassword", "secret")],
    ))];
    database.commit(&commit).unwrap();
    database.keep(&[handset(1, 1)]).unwrap();
    drop(database);
    let key = folder.path().join("device.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();

    let (mut database, alarms) = open(folder.path());
    assert_eq!(alarms, [Alarm::KeyLost(key.clone())]);
    let stored = database.load().unwrap();
    assert_eq!(stored.alarms, [Alarm::Secrets(3)]);
    assert_eq!(pairs(&stored), [("a", "1")]);
    assert!(stored.users == [row("4711", &[("username", "4711")])]);
    assert_eq!(stored.subscriptions.len(), 0);
    drop(database);
    // Nothing was thrown away: the key from a backup opens it again.
    std::fs::write(&key, kept).unwrap();
    let stored = sound(folder.path()).load().unwrap();
    assert_eq!((pairs(&stored).len(), stored.subscriptions.len(), stored.alarms.len()), (2, 1, 0));
}
