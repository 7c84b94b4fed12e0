//! The import of many users, all its way, against the same rows put into SQLite by its own tool, in one run.
//!
//! `cargo bench -p roles --bench import [-- FOLDER]`; needs Debian's package `sqlite3`, and says so where it is missing.
//! Everything is written below FOLDER, else below the current one: a folder in memory would say nothing.
//!
//! Ours is measured from the call that carries `users.xml` until the role that follows knows what every user means for
//! its engine: read, checked, compared, sealed, durable, told, understood. The tool gets the rows that ours has put into
//! its database, in one transaction; and once more the texts alone, as plain columns.

use bus::conf1::{Author, Outcome, ServiceProxy};
use bus::door::connect;
use config::Config;
use roles::conf::{self, Options};
use roles::conf_client::{Conf, ConfClient, Follows, Heard};
use roles::settings::{Files, Live, Optional};
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

fn main() -> Result<(), Box<dyn Error>> {
    let version = Command::new(TOOL).arg("-version").stdout(Stdio::null()).status();
    if version.is_err() {
        println!("skipped: {TOOL} is not installed (apt-get install sqlite3)");
        return Ok(());
    }
    let place = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let place = place.unwrap_or_else(|| ".".into());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for count in [4_000, 10_000] {
        let mut ratios = Vec::new();
        for _ in 0..ROUNDS {
            let folder = tempfile::tempdir_in(&place)?;
            let ours = runtime.block_on(ours(folder.path(), count))?;
            let (tool, plain) = (tool(folder.path(), count)?, plain(folder.path(), count)?);
            let ratio = ours.live.as_secs_f64() / tool.as_secs_f64();
            println!(
                "{count} users: durable {:.0} ms, live {:.0} ms; {TOOL} {:.0} ms, ratio {ratio:.2}; plain columns {:.0} ms, ratio {:.2}; one changed in the file {:.0} ms",
                ms(ours.durable),
                ms(ours.live),
                ms(tool),
                ms(plain),
                ours.live.as_secs_f64() / plain.as_secs_f64(),
                ms(ours.one)
            );
            ratios.push(ratio);
        }
        ratios.sort_by(f64::total_cmp);
        println!("{count} users: median ratio {:.2}, limit 3.00", ratios[ROUNDS / 2]);
    }
    Ok(())
}

/// How long our ways took.
struct Ours {
    /// Until the answer: nothing can take the users away any more.
    durable: Duration,
    /// Until the role that follows has taken all of them over.
    live: Duration,
    /// The same file again with one user changed, until it is live.
    one: Duration,
}

async fn ours(folder: &Path, count: u32) -> Result<Ours, Box<dyn Error>> {
    let path = folder.join("conf.socket");
    let listener = UnixListener::bind(&path)?;
    let uid = os::own_uid();
    let files = Files {
        config: folder.join("config.xml"),
        users: folder.join("users.xml"),
        optional: Optional { config: true, users: true },
    };
    let options = Options { folder: folder.to_owned(), files, callers: vec![uid] };
    let (stop, stopped) = oneshot::channel::<()>();
    // The role has a thread of its own, as it has a process of its own in the product.
    let role = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map(|runtime| {
            runtime.block_on(conf::run(options, listener, async { drop(stopped.await) }))
        })
    });
    let mut follower = ConfClient::follow(Conf { path: path.clone(), uid }, Follows::Users);
    let (mut settings, mut users) = (None, None);
    while settings.is_none() || users.is_none() {
        match follower.next().await {
            Heard::Settings(config) => settings = Some(config),
            Heard::Users(news) => users = Some(news),
        }
    }
    let mut live = Live::begin(
        settings.map_or_else(Config::default, |it| *it),
        users.unwrap_or_default(),
        None,
    );
    let connection = connect(&path, uid).await?;
    let command = ServiceProxy::new(&connection).await?;
    let mut import = async |file: String, expected: usize| {
        let began = Instant::now();
        let outcome = async {
            let author = Author { who: "bench".into(), ..Author::default() };
            let outcome: Outcome =
                command.import_users(author, "users.xml".into(), file.into_bytes().into()).await?;
            Ok::<_, zbus::fdo::Error>((outcome, began.elapsed()))
        };
        let news = async {
            loop {
                if let Heard::Users(news) = follower.next().await {
                    let changes = live.news(&news);
                    return (changes.len(), began.elapsed());
                }
            }
        };
        let (outcome, (changed, live)) = tokio::join!(outcome, news);
        let (outcome, durable) = outcome?;
        if changed != expected || outcome.changed == 0 {
            return Err::<_, Box<dyn Error>>(format!("{changed} users have changed").into());
        }
        Ok((durable, live))
    };
    let (durable, all) = import(xml(count, None), usize::try_from(count)?).await?;
    let (_, one) = import(xml(count, Some(count / 2)), 1).await?;
    drop(stop);
    role.join().map_err(|_| "the role has panicked")???;
    Ok(Ours { durable, live: all, one })
}

/// The very rows that ours has made, put into another file by the tool.
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
    put(folder, "rows", &format!("{table}\nBEGIN;\n{inserts}COMMIT;\n"))
}

/// The texts of the users alone as rows of plain columns: without sums, and passwords for everybody to read.
fn plain(folder: &Path, count: u32) -> Result<Duration, Box<dyn Error>> {
    let names = user(0, None).map(|(name, _)| format!("{name} TEXT NOT NULL")).join(", ");
    let mut sql = format!("CREATE TABLE users ({names}, PRIMARY KEY (username)) STRICT;\nBEGIN;\n");
    for nth in 0..count {
        let texts = user(nth, None).map(|(_, text)| format!("'{text}'")).join(",");
        writeln!(sql, "INSERT INTO users VALUES({texts});")?;
    }
    put(folder, "plain", &(sql + "COMMIT;\n"))
}

fn put(folder: &Path, name: &str, sql: &str) -> Result<Duration, Box<dyn Error>> {
    let script = folder.join(format!("{name}.sql"));
    std::fs::write(&script, sql)?;
    let began = Instant::now();
    let done = Command::new(TOOL)
        .arg("-bail")
        .arg(folder.join(format!("{name}.db")))
        .stdin(File::open(&script)?)
        .status()?;
    let took = began.elapsed();
    if done.success() { Ok(took) } else { Err(format!("{TOOL} has failed").into()) }
}

fn xml(count: u32, other: Option<u32>) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<users>\n");
    for nth in 0..count {
        text.push_str("  <user>\n");
        for (name, value) in user(nth, other) {
            let _ = writeln!(text, "    <{name}>{value}</{name}>");
        }
        text.push_str("  </user>\n");
    }
    text + "</users>\n"
}

/// A user with all that most have; two fields are secrets. `other` is called otherwise.
fn user(nth: u32, other: Option<u32>) -> [(&'static str, String); 10] {
    let number = (40_000 + nth).to_string();
    let name = if other == Some(nth) { "Another name" } else { "A name of usual length" };
    [
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
    ]
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

const TOOL: &str = "sqlite3";
const ROUNDS: usize = 11;
