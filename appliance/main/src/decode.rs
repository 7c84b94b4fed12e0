//! `appliance decode`: what is in a message, one JSON line each, for support people.

use crate::arguments::Cipher;
use dect::rfp::blowfish::Direction;
use dect::rfp::describe as link;
use dect::subscription::LinkKey;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// SIP messages, one datagram in each file.
///
/// # Errors
/// Which file cannot be read; those before it were printed.
pub(crate) fn sip(files: &[PathBuf]) -> Result<(), String> {
    for file in files {
        let octets = read(file).map_err(|error| {
            format!("cannot read {}: {error}; expected a message", file.display())
        })?;
        let report = match octets.len() {
            0..=DATAGRAM_MAX => sip::wire::describe::report(&octets),
            length => rejected(&format!("{length} octets or more fit no datagram")),
        };
        print(&report)?;
    }
    Ok(())
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
        return words.iter().try_for_each(|word| {
            print(&octets(word).map_or_else(|reject| reject, |it| link::report(&it)))
        });
    };
    let key = fixed::<64>(&cipher.key).ok_or("--key: expected 128 hexadecimal digits")?;
    let random = fixed::<32>(&cipher.random).ok_or("--random: expected 64 hexadecimal digits")?;
    let from = if cipher.from_rfp { Direction::FromRfp } else { Direction::ToRfp };
    match octets(&words.concat()) {
        Ok(octets) => {
            link::decrypt(&LinkKey::new(key), &random, from, &octets).iter().try_for_each(print)
        }
        Err(reject) => print(&reject),
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let limit = u64::try_from(DATAGRAM_MAX).unwrap_or(u64::MAX).saturating_add(1);
    File::open(file)?.take(limit).read_to_end(&mut octets)?;
    Ok(octets)
}

/// The octets of a word, or why there are none, as a report.
fn octets(word: &str) -> Result<Vec<u8>, Value> {
    let digits: Vec<u8> = word
        .bytes()
        .filter(|octet| !octet.is_ascii_whitespace() && !matches!(octet, b':' | b'-'))
        .collect();
    let pair = |pair: &[u8]| match *pair {
        [high, low] => Some((digit(high)? << 4) | digit(low)?),
        _ => None,
    };
    digits
        .chunks(2)
        .map(pair)
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(|| rejected("expected hexadecimal digits, two for each octet"))
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn fixed<const N: usize>(word: &str) -> Option<[u8; N]> {
    octets(word).ok()?.try_into().ok()
}

fn rejected(reason: &str) -> Value {
    json!({ "verdict": "reject", "reason": reason })
}

fn print(report: &Value) -> Result<(), String> {
    writeln!(io::stdout(), "{report}").map_err(|error| format!("cannot print: {error}"))
}

/// The largest UDP payload.
const DATAGRAM_MAX: usize = 65_535;
