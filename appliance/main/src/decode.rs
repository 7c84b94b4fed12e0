//! `appliance decode`: what is in a message, one JSON line each, for support people.

use crate::arguments::Cipher;
use dect::rfp::blowfish::Direction;
use dect::rfp::{describe as link, hex};
use dect::subscription::LinkKey;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// SIP messages, one datagram in each file.
///
/// # Errors
/// Which files cannot be read; the others were printed.
pub(crate) fn sip(files: &[PathBuf]) -> Result<(), String> {
    let mut unread = Vec::new();
    for file in files {
        match read(file) {
            Ok(octets) => print(&sip::wire::describe::report(&octets))?,
            Err(error) => unread.push(format!("cannot read {}: {error}", file.display())),
        }
    }
    if unread.is_empty() {
        return Ok(());
    }
    Err(format!("{}; expected a message in each file", unread.join("; ")))
}

/// Messages of the network layer.
///
/// # Errors
/// When standard output is gone.
pub(crate) fn nwk(words: &[String]) -> Result<(), String> {
    words.iter().try_for_each(|word| {
        print(&octets(word).map_or_else(|reject| reject, |it| dect::wire::describe::report(&it)))
    })
}

/// Messages of the base-station link, in clear or as captured at the Blowfish door.
///
/// # Errors
/// A key of the wrong form, or when standard output is gone.
pub(crate) fn link(words: &[String], cipher: Option<&Cipher>) -> Result<(), String> {
    let Some(cipher) = cipher else {
        let mut session = link::Session::default();
        return words.iter().try_for_each(|word| {
            print(&octets(word).map_or_else(|reject| reject, |it| session.report(&it)))
        });
    };
    let key = fixed::<64>(&cipher.key).ok_or("--key: expected 128 hexadecimal digits")?;
    let random = fixed::<32>(&cipher.random).ok_or("--random: expected 64 hexadecimal digits")?;
    let from = if cipher.from_rfp { Direction::FromRfp } else { Direction::ToRfp };
    match octets(&words.join(" ")) {
        Ok(octets) => {
            link::decrypt(&LinkKey::new(key), &random, from, &octets).iter().try_for_each(print)
        }
        Err(reject) => print(&reject),
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    File::open(file)?.take(READ_MAX).read_to_end(&mut octets)?;
    Ok(octets)
}

/// The octets of a word, or why there are none, as a report.
fn octets(word: &str) -> Result<Vec<u8>, Value> {
    hex::spelled(word).map_err(|spelling| {
        json!({
            "verdict": "reject",
            "reason": spelling.to_string(),
            "message": null,
            "elements": [],
            "encoded": null,
        })
    })
}

fn fixed<const N: usize>(word: &str) -> Option<[u8; N]> {
    hex::spelled(word).ok()?.try_into().ok()
}

fn print(report: &Value) -> Result<(), String> {
    writeln!(io::stdout(), "{report}").map_err(|error| format!("cannot print: {error}"))
}

/// One octet more than the largest datagram: enough to see that a file holds none.
const READ_MAX: u64 = 65_536;
