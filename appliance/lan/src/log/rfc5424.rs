//! A record as a message of RFC 5424, for a syslog server elsewhere.
//!
//! The fields go into one element of structured data (6.3). Its id has the
//! enterprise number that RFC 5612 keeps for examples, as this product has
//! none of its own. The text has no byte order mark before it (6.4 allows
//! that), since many servers show it to people.

use super::record::{Name, Record};
use std::fmt::Write as _;

/// What stands in every message of one sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The facility of RFC 5424 6.2.1, 0 to 23; anything above counts as 23.
    pub facility: u8,
    /// Host name; empty where there is none.
    pub host: String,
    /// Octets of one message: 1024 always pass over UDP (RFC 5426 3.2), a stream takes more.
    pub octets_max: usize,
}

/// The message, cut to the length that its way can carry.
#[must_use]
pub fn message(record: &Record, origin: &Origin) -> String {
    let Record { time, role, level, text, fields, .. } = record;
    let priority = u16::from(origin.facility.min(FACILITY_MAX)) * 8 + u16::from(level.severity());
    let host = header(&origin.host, HOST_MAX);
    let process = fields.get("pid").map_or_else(|| "-".to_owned(), |pid| header(pid, PROCESS_MAX));
    let mut message = format!("<{priority}>1 {time:.6} {host} {} {process} - ", role_name(role));
    let data = structured_data(record);
    // A message that is too long loses its data before its text: servers may cut at the end only (6.1).
    let room = origin.octets_max.saturating_sub(message.len()).saturating_sub(text.len());
    message.push_str(if data.len() < room { &data } else { "-" });
    message.push(' ');
    message.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
    message.truncate(message.floor_char_boundary(origin.octets_max));
    message
}

fn role_name(role: &Name) -> String {
    header(role.as_str(), APPLICATION_MAX)
}

/// `[fixpart@32473 name="value" ...]`, or `-` where there is nothing to say.
fn structured_data(record: &Record) -> String {
    let mut data = String::new();
    for (name, value) in record.fields.iter().filter(|(name, _)| *name != "pid") {
        let name = name.get(..name.len().min(NAME_MAX)).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(data, " {name}=\"");
        for character in value.chars() {
            if matches!(character, '"' | '\\' | ']') {
                data.push('\\');
            }
            data.push(if character.is_control() { ' ' } else { character });
        }
        data.push('"');
    }
    if data.is_empty() { "-".to_owned() } else { format!("[{ELEMENT}{data}]") }
}

/// A word of the header: printable ASCII without spaces, or `-`.
fn header(word: &str, max: usize) -> String {
    let word: String = word.chars().filter(char::is_ascii_graphic).take(max).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}

/// local7
const FACILITY_MAX: u8 = 23;
/// Octets of HOSTNAME (6).
const HOST_MAX: usize = 255;
/// Octets of APP-NAME.
const APPLICATION_MAX: usize = 48;
/// Octets of PROCID.
const PROCESS_MAX: usize = 128;
/// Octets of a PARAM-NAME.
const NAME_MAX: usize = 32;
/// The id of our element.
const ELEMENT: &str = "fixpart@32473";

#[cfg(test)]
mod tests {
    use super::super::record::{Draft, Level};
    use super::super::syslog;
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn record(text: &str, fields: &[(&str, &str)]) -> Record {
        let mut draft = Draft::new(Level::Warning, text);
        draft.fields = fields.iter().copied().collect();
        draft.record(
            1,
            Timestamp::from_microsecond(1_795_275_071_042_999).unwrap(),
            "dect".parse().unwrap(),
        )
    }

    fn origin() -> Origin {
        Origin { facility: 16, host: "fix part".into(), octets_max: 1024 }
    }

    #[test]
    fn a_message_has_every_part_in_its_place() {
        let record = record("a\nb", &[("pid", "5"), ("why", "\"]\\")]);
        let expected = "<132>1 2026-11-21T15:31:11.042999Z fixpart dect 5 - \
                        [fixpart@32473 why=\"\\\"\\]\\\\\"] a b";
        assert_eq!(message(&record, &origin()), expected);
    }

    #[test]
    fn a_long_message_loses_its_data_first_and_never_exceeds_its_bound() {
        let long = "\u{fc}".repeat(400);
        let message = message(&record(&long, &[("f", &long)]), &origin());
        assert!(message.contains(" - - - \u{fc}") && message.ends_with(&long), "{message}");
        let short = Origin { octets_max: 81, ..origin() };
        assert!(super::message(&record(&long, &[]), &short).len() <= 81);
    }

    proptest! {
        #[test]
        fn our_own_reader_understands_every_message(
            text in "[^\\p{Cc}\u{feff}]{0,60}",
            fields in prop::collection::vec(("[a-z][a-z0-9]{0,8}", "[^\\p{Cc}]{0,20}"), 0..5),
        ) {
            prop_assume!(fields.iter().all(|(name, _)| !matches!(&**name, "pid" | "facility" | "msgid")));
            let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            let record = record(&text, &pairs);
            let origin = Origin { facility: 1, octets_max: 8192, ..origin() };
            let draft = syslog::read(message(&record, &origin).as_bytes());
            prop_assert_eq!(draft.level, record.level);
            prop_assert_eq!(draft.identifier.as_deref(), Some("dect"));
            prop_assert_eq!(draft.text, record.text);
            prop_assert_eq!(draft.fields, record.fields);
        }
    }
}
