//! An older schema becomes this one, on a copy; golden pairs of SQL texts, and a program that ends at each step.

use super::*;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

const FROM: &str = include_str!("../../../tests/golden/schema-0.sql");
const TO: &str = include_str!("../../../tests/golden/schema-1.sql");

/// A folder as the version with schema 0 has left it. Its secrets were sealed with a key that is lost.
fn older() -> TempDir {
    let folder = folder();
    device_key(folder.path()).unwrap();
    let connection = Connection::open(folder.path().join("config.0.db")).unwrap();
    connection.execute_batch(FROM).unwrap();
    drop(connection);
    fs::write(folder.path().join("current"), "config.0.db\n").unwrap();
    folder
}

/// Every table's statement and rows, as a text that can be laid beside another.
fn dump(connection: &Connection) -> String {
    let mut text = String::new();
    let mut tables =
        connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let tables = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    for table in tables.collect::<Result<Vec<(String, String)>, _>>().unwrap() {
        let (name, sql) = table;
        writeln!(text, "{sql};").unwrap();
        let mut rows = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let value = |column| match row.get::<_, rusqlite::types::Value>(column).unwrap() {
                rusqlite::types::Value::Integer(number) => number.to_string(),
                rusqlite::types::Value::Text(text) => format!("'{text}'"),
                other => format!("{other:?}"),
            };
            let values: Vec<String> = (0..columns).map(value).collect();
            writeln!(text, "INSERT INTO {name} VALUES ({});", values.join(", ")).unwrap();
        }
    }
    text
}

#[test]
fn the_older_golden_file_becomes_the_newer_one() {
    let folder = older();
    let database = sound(folder.path());
    let text = dump(&database.connection);
    if std::env::var_os("UPDATE").is_some() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/schema-1.sql");
        fs::write(golden, &text).unwrap();
    }
    assert_eq!(text, TO, "UPDATE=1 writes the file anew");
}

#[test]
fn after_an_upgrade_everything_is_there_and_the_older_file_is_as_it_was() {
    let folder = older();
    let before = fs::read(folder.path().join("config.0.db")).unwrap();
    let mut database = sound(folder.path());
    let stored = database.load().unwrap();
    assert_eq!(stored.generation, 3);
    assert_eq!(pairs(&stored), [("sip/transport", "udp"), ("dect/name", "Büro")]);
    assert_eq!((stored.users.len(), stored.subscriptions.len(), stored.rfps.len()), (2, 0, 1));
    assert_eq!(stored.alarms, [Alarm::Secrets(2)], "the key of the golden file is not kept");
    assert_eq!(database.commit(&settings(&[("a", "1")])).unwrap().number, 4);
    drop(database);
    assert_eq!(fs::read_to_string(folder.path().join("current")).unwrap(), "config.1.db\n");
    // Opening it changes the mark of its journal in the header and nothing else.
    let after = fs::read(folder.path().join("config.0.db")).unwrap();
    assert_eq!(after[100..], before[100..]);
}

#[test]
fn an_older_program_finds_its_own_file_and_says_what_it_does_not_see() {
    let folder = folder();
    let mut database = sound(folder.path());
    database.commit(&settings(&[("a", "1")])).unwrap();
    drop(database);
    // A newer version was here, and went back.
    fs::copy(folder.path().join("config.1.db"), folder.path().join("config.2.db")).unwrap();
    fs::write(folder.path().join("current"), "config.2.db\n").unwrap();
    let (mut database, alarms) = open(folder.path());
    let (used, newest) = ("config.1.db".to_owned(), "config.2.db".to_owned());
    assert_eq!(alarms, [Alarm::Older { used, newest }]);
    assert_eq!(pairs(&database.load().unwrap()), [("a", "1")]);
    drop(database);
    sound(folder.path());
}

#[test]
fn an_older_program_that_finds_nothing_of_its_own_starts_empty_and_leaves_the_newer_file() {
    let folder = folder();
    device_key(folder.path()).unwrap();
    fs::write(folder.path().join("config.2.db"), "of a newer version").unwrap();
    fs::write(folder.path().join("current"), "config.2.db\n").unwrap();
    let (_, alarms) = open(folder.path());
    assert!(matches!(&alarms[..], [Alarm::Emptied { .. }]), "{alarms:?}");
    assert_eq!(fs::read(folder.path().join("config.2.db")).unwrap(), b"of a newer version");
}

#[test]
fn a_snapshot_of_an_older_schema_serves_too() {
    let folder = older();
    let snapshots = folder.path().join("snapshots");
    fs::create_dir(&snapshots).unwrap();
    fs::rename(folder.path().join("config.0.db"), snapshots.join("1.db")).unwrap();
    let hash =
        std::process::Command::new("sha256sum").arg(snapshots.join("1.db")).output().unwrap();
    let hash = String::from_utf8(hash.stdout).unwrap();
    let hash = hash.split_whitespace().next().unwrap();
    fs::write(snapshots.join("1.sha256"), format!("{hash}\n")).unwrap();
    let (mut database, alarms) = open(folder.path());
    assert!(matches!(&alarms[..], [Alarm::Restored { generation: 3, .. }]), "{alarms:?}");
    assert_eq!(pairs(&database.load().unwrap()).len(), 2);
}

/// What is run and ended.
type Run<'a> = &'a dyn Fn(&Path, &mut dyn FnMut(&'static str));

/// The program ends at each step in turn, as far as files show it: the next start brings what was there before.
#[test]
fn an_end_at_any_step_of_an_upgrade_a_recovery_or_a_snapshot_loses_nothing() {
    let upgrade = |folder: &Path, watch: &mut dyn FnMut(&'static str)| {
        let (sealer, _) = device_key(folder).unwrap();
        drop(Database::open_watched(folder, sealer, watch).unwrap());
    };
    let snapshot = |folder: &Path, watch: &mut dyn FnMut(&'static str)| {
        let mut database = sound(folder);
        database.snapshot_watched(watch).unwrap();
    };
    let with_snapshot = || {
        let folder = older();
        let mut database = sound(folder.path());
        database.snapshot().unwrap();
        folder
    };
    let damaged = || {
        let folder = with_snapshot();
        fs::write(folder.path().join("config.1.db"), "damaged").unwrap();
        fs::write(folder.path().join("config.1.db-wal"), "damaged").unwrap();
        folder
    };
    let scenes: [(&dyn Fn() -> TempDir, Run<'_>); 3] =
        [(&older, &upgrade), (&damaged, &upgrade), (&with_snapshot, &snapshot)];
    for (nth, (scene, run)) in scenes.into_iter().enumerate() {
        let mut steps = Vec::new();
        run(scene().path(), &mut |step| steps.push(step));
        assert!(steps.len() > 2, "{steps:?}");
        for (end, step) in steps.iter().enumerate() {
            let folder = scene();
            let mut left = end;
            // An unwinding closes what is open, so this is gentler than a power cut; those are tried in QEMU.
            let ended = catch_unwind(AssertUnwindSafe(|| {
                run(folder.path(), &mut |_| {
                    assert!(left > 0, "the program ends");
                    left -= 1;
                });
            }));
            assert!(ended.is_err());
            let (mut database, alarms) = open(folder.path());
            let told = nth != 1
                || !alarms.is_empty()
                || database.history(1).unwrap()[0].who == "this server";
            assert!(told, "{step}: a loss is in the alarm or in the history");
            assert!(nth == 1 || alarms.is_empty(), "{step}: {alarms:?}");
            let stored = database.load().unwrap();
            let numbers = (stored.settings.len(), stored.users.len(), stored.rfps.len());
            assert_eq!(numbers, (2, 2, 1), "{nth} {step}");
        }
    }
}
