//! An import of many users against the same rows put into SQLite by its own tool, in one run.
//!
//! `cargo bench -p store --bench import [-- FOLDER]`; needs Debian's package `sqlite3`, and says so where it is missing.
//! Everything is written below FOLDER, else below the current one: a folder in memory would say nothing.

use config::roster::{Change, Row};
use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use store::{Commit, Database, device_key};

fn main() -> Result<(), Box<dyn Error>> {
    let version = Command::new(TOOL).arg("-version").stdout(Stdio::null()).status();
    if version.is_err() {
        println!("skipped: {TOOL} is not installed (apt-get install sqlite3)");
        return Ok(());
    }
    let place = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let place = place.unwrap_or_else(|| ".".into());
    for count in [4_000, 10_000] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let folder = tempfile::tempdir_in(&place)?;
            let ours = ours(folder.path(), count)?;
            rounds.push((ours, tool(folder.path(), count)?));
        }
        for (ours, tool) in &rounds {
            let Ours { first, again, one } = ours;
            println!(
                "{count} users: {:.0} ms, ratio {:.2}; all changed {:.0} ms, ratio {:.2}; one changed {:.1} ms; {TOOL} {:.0} ms",
                ms(*first),
                first.as_secs_f64() / tool.as_secs_f64(),
                ms(*again),
                again.as_secs_f64() / tool.as_secs_f64(),
                ms(*one),
                ms(*tool),
            );
        }
        let mut ratios: Vec<f64> = rounds
            .iter()
            .map(|(ours, tool)| ours.first.as_secs_f64() / tool.as_secs_f64())
            .collect();
        ratios.sort_by(f64::total_cmp);
        println!("{count} users: median ratio {:.2}, limit 3.00", ratios[ROUNDS / 2]);
    }
    Ok(())
}

/// How long our commits took.
struct Ours {
    /// All users are new.
    first: Duration,
    /// All users have changed, so that the history has each as it was.
    again: Duration,
    /// One user has changed: the median of many.
    one: Duration,
}

fn ours(folder: &Path, count: u32) -> Result<Ours, Box<dyn Error>> {
    let (sealer, _) = device_key(folder)?;
    let (mut database, _) = Database::open(folder, sealer)?;
    let mut timed = |name: &str, users: std::ops::Range<u32>| {
        let users = users.map(|nth| Change::Changed(user(nth, name))).collect();
        let commit = Commit { users, who: "bench".into(), ..Commit::default() };
        let began = Instant::now();
        database.commit(&commit).map(|_| began.elapsed())
    };
    let first = timed("A name of usual length", 0..count)?;
    let again = timed("Another name", 0..count)?;
    let mut ones = (0..ONES)
        .map(|nth| timed("One more name", nth * 7..nth * 7 + 1))
        .collect::<Result<Vec<_>, _>>()?;
    ones.sort();
    Ok(Ours { first, again, one: ones[ones.len() / 2] })
}

/// The rows of our table, put into another file by the tool.
fn tool(folder: &Path, count: u32) -> Result<Duration, Box<dyn Error>> {
    let rows = Command::new(TOOL)
        .args(["-readonly", "-cmd", ".mode insert users"])
        .arg(folder.join("config.1.db"))
        .arg("SELECT key, form, sum FROM users")
        .output()?;
    let inserts = String::from_utf8(rows.stdout)?;
    if inserts.lines().count() != usize::try_from(count)? {
        return Err(format!("{TOOL} has read {} rows", inserts.lines().count()).into());
    }
    let table = "CREATE TABLE users (key TEXT NOT NULL PRIMARY KEY, form TEXT NOT NULL, sum INTEGER NOT NULL) \
                 STRICT, WITHOUT ROWID;";
    let script = folder.join("rows.sql");
    std::fs::write(&script, format!("{table}\nBEGIN;\n{inserts}COMMIT;\n"))?;
    let began = Instant::now();
    let done = Command::new(TOOL)
        .arg("-bail")
        .arg(folder.join("tool.db"))
        .stdin(File::open(&script)?)
        .status()?;
    let took = began.elapsed();
    if done.success() { Ok(took) } else { Err(format!("{TOOL} has failed").into()) }
}

/// A user with all that most have; two fields are secrets.
fn user(nth: u32, name: &str) -> Row {
    let number = (40_000 + nth).to_string();
    let fields = [
        ("ipei", format!("00077 {nth:07}")),
        ("accesscode", format!("{:04}", nth % 10_000)),
        ("standbytext", format!("{number} on the third floor")),
        ("username", number.clone()),
        ("domain", "pbx.example.com".into()),
        ("displayname", format!("{name} {number}")),
        ("authuser", number.clone()),
        ("authpassword", format!("a password of {number}")),
        ("language", "de".into()),
        ("configgroup", "default".into()),
    ];
    Row { key: number, fields: fields.into_iter().collect() }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

const TOOL: &str = "sqlite3";
const ROUNDS: usize = 5;
/// Commits of one user.
const ONES: u32 = 101;
