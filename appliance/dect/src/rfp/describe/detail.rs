//! Payloads with a structure of their own: tones, firmware, synchronisation, pages.
//!
//! All are told as far as they go: what lies about its length is left over, not refused.

use super::{element, text};
use crate::rfp::hex;
use crate::rfp::sync::{
    FREQ_CTRL_MODE_CFM, FREQ_CTRL_MODE_IND, Neighbour, SET_FREQUENCY, START_MAC_SLAVE_MODE_IND,
    SYSTEM_SEARCH_CFM, SYSTEM_SEARCH_IND, Sync,
};
use serde_json::{Value, json};

/// The tones of MEDIA_TONE2, as many as its `count` says and as there are, and what is left over.
pub(super) fn tones<'a>(before: &[Value], octets: &'a [u8]) -> (Vec<Value>, &'a [u8]) {
    let count = before.iter().find(|one| one["name"] == "count").map(|one| &one["value"]);
    let count = count.and_then(Value::as_u64).unwrap_or(0);
    let whole = octets.len() / TONE;
    let count = usize::try_from(count).unwrap_or(whole).min(whole);
    let (tones, rest) = octets.split_at_checked(count * TONE).unwrap_or((&[], octets));
    (tones.as_chunks().0.iter().map(tone).collect(), rest)
}

fn tone(octets: &[u8; TONE]) -> Value {
    let numbers: Vec<u16> =
        octets.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let (frequencies, rest) = numbers.split_at(4);
    let (levels, rest) = rest.split_at(4);
    let levels: Vec<i16> = levels.iter().map(|level| level.cast_signed()).collect();
    element(
        "tone",
        json!({
            "hertz": frequencies,
            "tenths_of_decibels": levels,
            "milliseconds": rest[0],
            "cycles": rest[1],
            "cycle_to": rest[2],
            "next": rest[3],
        }),
    )
}

/// The items of SYS_FIRMWARE_UPDATE, and what is left over.
pub(super) fn firmware(octets: &[u8]) -> (Vec<Value>, &[u8]) {
    const NAMES: &[(u8, &str)] = &[
        (3, "version_3"),
        (4, "version_4"),
        (5, "short_version_5"),
        (6, "short_version_6"),
        (7, "url"),
        (8, "flag_8"),
        (9, "flag_9"),
    ];
    let (mut items, mut rest) = (Vec::new(), octets);
    while let [key, length, after @ ..] = rest
        && let Some((value, after)) = after.split_at_checked(usize::from(*length))
    {
        let name = NAMES.iter().find(|(of, _)| of == key);
        let name = name.map_or_else(|| format!("item_{key}"), |(_, name)| (*name).to_owned());
        items.push(match (key, value) {
            (3..=7, value) => element(&name, text(value)),
            (8 | 9, [flag]) => element(&name, *flag),
            (_, value) => element(&name, hex::encode(value)),
        });
        rest = after;
    }
    (items, rest)
}

/// What the data of a SYNC message says.
pub(super) fn synchronisation(sync: &Sync) -> Vec<Value> {
    let word = |pair: &[u8; 2]| u16::from_be_bytes(*pair);
    match (sync.code, &sync.data[..]) {
        (FREQ_CTRL_MODE_IND | SYSTEM_SEARCH_IND, [mode, ..]) => vec![element("mode", *mode)],
        (FREQ_CTRL_MODE_CFM, [mode, a, b, c, d, ..]) => vec![
            element("mode", *mode),
            element("ppm", word(&[*a, *b])),
            element("average", word(&[*c, *d])),
        ],
        (SET_FREQUENCY, [a, b, ..]) => vec![element("frequency", word(&[*a, *b]))],
        (START_MAC_SLAVE_MODE_IND, [a, b, ..]) => vec![element("rfp", word(&[*a, *b]))],
        (SYSTEM_SEARCH_CFM, [count, found @ ..]) => {
            let found = found.as_chunks().0.iter().take(usize::from(*count));
            let one = |[a, b, c, d]: &[u8; 4]| {
                let (rpn, rssi) = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
                element("found", json!({ "rpn": rpn, "rssi": rssi }))
            };
            found.map(one).collect()
        }
        _ => sync.neighbours().into_iter().map(neighbour).collect(),
    }
}

fn neighbour(one: Neighbour) -> Value {
    element(
        "neighbour",
        json!({ "rpn": one.rpn, "offset": one.offset, "rssi": one.rssi, "qt": one.qt }),
    )
}

/// A short or a full page (EN 300 175-5 8.2): for what, and for whom.
pub(super) fn page(octets: &[u8]) -> Vec<Value> {
    let Some((first, body)) = octets.split_first() else { return Vec::new() };
    let (marked, header) = (first & W != 0, first & 0x07);
    let mut elements = vec![element("header", HEADERS[usize::from(header)])];
    elements.extend(match (header, body) {
        (RINGING, [a, b]) => group(marked, a >> 4, u16::from_be_bytes([a & 0x0f, *b])),
        (RINGING, [a, b, c, d]) => {
            [slots(*a, *d), group(marked, a & 0x0f, u16::from_be_bytes([*b, *c]))].concat()
        }
        (_, [_, _]) => {
            let name = if marked { "assigned_tpui" } else { "default_tpui" };
            vec![element(name, hex::encode(body))]
        }
        (_, [a, b, c, d]) if marked => {
            let tpui = format!("{:x}{:02x}{:02x}", a & 0x0f, b, c);
            [slots(*a, *d), vec![element("tpui", tpui)]].concat()
        }
        (_, [a, b, c, d]) => vec![
            element("ipui_class", a >> 4),
            element("ipui", format!("{:x}{:02x}{:02x}{:02x}", a & 0x0f, b, c, d)),
        ],
        _ => Vec::new(),
    });
    elements
}

fn group(mask: bool, pattern: u8, group: u16) -> Vec<Value> {
    let name = if mask { "group_mask" } else { "group" };
    vec![element("ring_pattern", pattern), element(name, format!("{group:04x}"))]
}

fn slots(first: u8, last: u8) -> Vec<Value> {
    vec![element("slot", first >> 4), element("setup", last >> 4)]
}

/// Which default key a link is ciphered with, and for which handset.
pub(super) fn default_key(octets: &[u8]) -> Vec<Value> {
    let (known, rest) = match octets {
        [id, a, b, rest @ ..] => {
            let ppn = u16::from_be_bytes([*a, *b]);
            (vec![element("key_id", *id), element("ppn", ppn)], rest)
        }
        rest => (Vec::new(), rest),
    };
    [known, vec![element("rest", hex::encode(rest))]].concat()
}

/// Octets of one tone.
const TONE: usize = 24;

/// Bit of a page that tells which kind of address it has.
const W: u8 = 0x08;

/// LCE header: collective or group ringing.
const RINGING: u8 = 1;

/// LCE headers (8.2.4.1).
const HEADERS: [&str; 8] = [
    "no U-plane",
    "ringing",
    "escape",
    "general purpose",
    "voice",
    "auxiliary",
    "DPRS set-up",
    "DPRS resume",
];
