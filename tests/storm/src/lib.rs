//! A storm of commits to the database, and what must be left of it after any end.
//!
//! Commit `n` is the same whoever makes it: all settings have its number in them, and one user of [`USERS`] gets it as
//! his name. After it one handset and one base station get the number, in one transaction. So what a database holds
//! tells which commit was the last, and whether any is there in part.

use config::Entry;
use config::roster::{Change, Row};
use dect::subscription::{self, Keys, RfpRecord, Subscription, Uak};
use ident::{Ipei, Ipui, Mac, Rpn};
use std::path::Path;
use store::{Commit, Database, Stored, device_key};

/// Makes commits, from the one after the newest on, each said once it was acknowledged.
///
/// # Errors
/// What the store says.
pub fn commits(
    database: &mut Database,
    last: u64,
    mut said: impl FnMut(u64),
) -> Result<(), store::StoreError> {
    let newest = database.load()?.generation;
    if newest > 0 {
        // The end may have come before it was done.
        database.keep(&kept(newest))?;
    }
    for n in newest.saturating_add(1)..=last {
        database.commit(&commit(n))?;
        said(n);
        database.keep(&kept(n))?;
        // Never at the same time, and often enough that many ends come in the midst of one.
        match n % 16 {
            5 => database.checkpoint()?,
            11 => database.snapshot()?,
            _ => {}
        }
    }
    Ok(())
}

/// Opens what is left and tells which commit was the last.
///
/// # Errors
/// What is missing, or there in part, where commit `acknowledged` was acknowledged.
pub fn look(folder: &Path, acknowledged: u64) -> Result<u64, String> {
    let (sealer, lost) = device_key(folder).map_err(|error| error.to_string())?;
    let opened = Database::open(folder, sealer).map_err(|error| error.to_string())?;
    let (mut database, alarms) = opened;
    if let Some(alarm) = lost.into_iter().chain(alarms).next() {
        return Err(alarm.to_string());
    }
    database.integrity_check().map_err(|error| error.to_string())?;
    let stored = database.load().map_err(|error| error.to_string())?;
    let n = stored.generation;
    if n < acknowledged {
        return Err(format!("commit {n} is the last, and {acknowledged} was acknowledged"));
    }
    is_whole(&stored, n)?;
    let history = database.history(1).map_err(|error| error.to_string())?;
    let what = history.first().map_or("", |newest| &newest.what);
    if n > 0 && what != commit(n).what {
        return Err(format!("commit {n} calls itself {what}"));
    }
    Ok(n)
}

/// Whether everything is as commit `n` left it.
fn is_whole(stored: &Stored, n: u64) -> Result<(), String> {
    let settings = if n == 0 { Vec::new() } else { settings(n) };
    if stored.settings != settings {
        return Err(format!("the settings are not those of commit {n}"));
    }
    let mut users: Vec<Row> = newest(n, USERS).map(user).collect();
    users.sort_by(|one, other| one.key.cmp(&other.key));
    if stored.users != users {
        return Err(format!("the users are not those of commit {n}"));
    }
    // What was kept after the commit need not be there, but of what is there nothing is missing.
    let handsets = stored.subscriptions.iter().map(|it| it.terminal_capability.clone());
    let mut found: Vec<Vec<u8>> = handsets.collect();
    found.sort();
    let wanted = |last: u64| {
        let mut wanted: Vec<Vec<u8>> =
            newest(last, HANDSETS).map(|n| n.to_be_bytes().to_vec()).collect();
        wanted.sort();
        (wanted, newest(last, HANDSETS).count())
    };
    let after = [n, n.saturating_sub(1)].map(wanted);
    if after.contains(&(found, stored.rfps.len())) {
        return Ok(());
    }
    Err(format!("handsets and base stations are not those of commit {n}"))
}

/// The newest numbers up to `n` that are about different ones of `count` things.
fn newest(n: u64, count: u64) -> impl Iterator<Item = u64> {
    (n.saturating_sub(count - 1).max(1)..=n).filter(|n| *n > 0)
}

fn commit(n: u64) -> Commit {
    Commit {
        base: Some(n - 1),
        who: "storm".into(),
        from: "a test".into(),
        what: format!("commit {n}"),
        settings: Some(settings(n)),
        users: vec![Change::Changed(user(n))],
    }
}

fn settings(n: u64) -> Vec<Entry> {
    // From a few octets to several pages.
    let long = n.to_string().repeat(usize::try_from(n * 37 % 3_000).unwrap_or(0));
    [
        ("storm/number", n.to_string()),
        ("storm/password", format!("secret {n}")),
        ("storm/long", long),
    ]
    .map(|(path, text)| {
        let secret = path.ends_with("password");
        Entry { path: path.into(), text, known: false, secret }
    })
    .into()
}

fn user(n: u64) -> Row {
    let key = format!("{:03}", n % USERS);
    let fields =
        [("username", key.clone()), ("displayname", n.to_string()), ("pin", n.to_string())];
    Row { key, fields: fields.into_iter().collect() }
}

fn kept(n: u64) -> [subscription::Change; 2] {
    let which = u8::try_from(n % HANDSETS).unwrap_or(0);
    let mac = Mac([0, 0x30, 0x42, 0, 0, which]);
    let ipei = Ipei::new(77, u32::from(which)).expect("a small number");
    let handset = Subscription {
        ipei,
        ipui: Ipui::private_ipei(ipei),
        tpui: None,
        keys: Keys::Confirmed(Uak::new([which; 16])),
        located: Some(mac),
        terminal_capability: n.to_be_bytes().into(),
        model: Vec::new(),
    };
    let base = RfpRecord { mac, rpn: Rpn(which), link_key: None };
    [subscription::Change::Put(Box::new(handset)), subscription::Change::PutRfp(Box::new(base))]
}

/// Users that take turns.
const USERS: u64 = 40;
/// Handsets and base stations that take turns.
const HANDSETS: u64 = 12;
