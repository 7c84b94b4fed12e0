//! A record as a line for people.
//!
//! `2026-11-21T15:31:11.042Z info    dect: registered user=1001`. A line is
//! one line whatever is in it, and no octet of it moves a terminal's cursor.

use super::record::Record;
use std::fmt::Write as _;

/// The line, without its end.
#[must_use]
pub fn line(record: &Record) -> String {
    let Record { time, level, role, text, fields, .. } = record;
    let mut line = format!("{time:.3} {level:<7} {role}: ");
    escape(&mut line, text);
    for (name, value) in fields.iter().filter(|(name, _)| !is_for_us(name)) {
        // Writing to a string cannot fail.
        let _ = write!(line, " {name}=");
        if value.is_empty() || value.contains([' ', '"', '=']) {
            let _ = write!(line, "{value:?}");
        } else {
            escape(&mut line, value);
        }
    }
    line
}

/// Where in the source it was said: of use to those who have the source, and in the JSON.
fn is_for_us(name: &str) -> bool {
    name == "target" || name.starts_with("code_") || name.starts_with("span_")
}

fn escape(line: &mut String, text: &str) {
    for character in text.chars() {
        // What turns the direction of writing would let a text look like another one.
        let turns = matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        );
        if character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}') {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{Draft, Level};
    use super::*;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn record(text: &str, fields: &[(&str, &str)]) -> Record {
        let mut draft = Draft::new(Level::Info, text);
        draft.fields = fields.iter().copied().collect();
        draft.record(
            1,
            Timestamp::from_microsecond(1_795_275_071_042_999).unwrap(),
            "dect".parse().unwrap(),
        )
    }

    #[test]
    fn a_line_shows_time_level_role_text_and_fields() {
        let fields = [("user", "1001"), ("why", "not here"), ("code_line", "7"), ("target", "x")];
        let expected = "2026-11-21T15:31:11.042Z info    dect: gone user=1001 why=\"not here\"";
        assert_eq!(line(&record("gone", &fields)), expected);
    }

    #[test]
    fn a_text_cannot_forge_a_line_or_move_the_cursor() {
        let line =
            line(&record("a\n2026 error\u{1b}[2J\u{202e}", &[("x", "\r"), ("y", "a \u{1b}")]));
        assert!(
            line.ends_with("dect: a\\n2026 error\\u{1b}[2J\\u{202e} x=\\r y=\"a \\u{1b}\""),
            "{line}"
        );
    }

    proptest! {
        #[test]
        fn every_record_is_one_line(text in "(?s).{0,60}", value in "(?s).{0,20}") {
            let line = line(&record(&text, &[("f", &value)]));
            prop_assert_eq!(line.lines().count(), 1);
            prop_assert!(!line.chars().any(char::is_control));
        }
    }
}
