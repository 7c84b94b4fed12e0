//! A record as a line of JSON: for programs, and for the files that keep the log.

use super::record::{Draft, Record};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Why a line is no record.
#[derive(Debug, thiserror::Error)]
pub enum BadLine {
    /// It is no JSON; perhaps the power failed while it was written.
    #[error("a line of the log is no JSON")]
    Json(#[from] serde_json::Error),
    /// A member is missing, or has a value that it cannot have.
    #[error("a line of the log has no usable {0:?}")]
    Member(&'static str),
}

/// The line, without its end.
#[must_use]
pub fn line(record: &Record) -> String {
    let Record { number, time, role, level, text, fields } = record;
    let mut fields_out = Map::new();
    for (name, value) in fields.iter() {
        fields_out.insert(name.to_owned(), value.into());
    }
    json!({
        "number": number, "time": format!("{time:.6}"), "role": role.as_str(), "level": level.word(),
        "text": &**text, "fields": fields_out,
    })
    .to_string()
}

/// Reads a line that [`line`] has written.
///
/// # Errors
/// [`BadLine`].
pub fn read(line: &[u8]) -> Result<Record, BadLine> {
    let value: Value = serde_json::from_slice(line)?;
    let text = |name| value.get(name).and_then(Value::as_str).ok_or(BadLine::Member(name));
    let number = value.get("number").and_then(Value::as_u64).ok_or(BadLine::Member("number"))?;
    let time: Timestamp = text("time")?.parse().map_err(|_| BadLine::Member("time"))?;
    let role = text("role")?.parse().map_err(|_| BadLine::Member("role"))?;
    let level = text("level")?.parse().map_err(|_| BadLine::Member("level"))?;
    let mut draft = Draft::new(level, text("text")?);
    let fields = value.get("fields").and_then(Value::as_object).ok_or(BadLine::Member("fields"))?;
    for (name, value) in fields {
        draft.fields.add(name, value.as_str().ok_or(BadLine::Member("fields"))?);
    }
    Ok(draft.record(number, time, role))
}

#[cfg(test)]
mod tests {
    use super::super::record::{FIELDS_OCTETS_MAX, Level, TEXT_MAX};
    use super::super::shelf::Bounds;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_names_everything() {
        let mut draft = Draft::new(Level::Error, "a \"b\"\n\u{fc}");
        draft.fields.add("call", "417");
        let time = Timestamp::from_microsecond(1_795_275_071_000_001).unwrap();
        let expected = r#"{"number":7,"time":"2026-11-21T15:31:11.000001Z","role":"dect","level":"error","text":"a \"b\"\nü","fields":{"call":"417"}}"#;
        assert_eq!(line(&draft.record(7, time, "dect".parse().unwrap())), expected);
    }

    #[test]
    fn a_line_that_is_cut_or_was_never_ours_is_refused() {
        let whole = br#"{"number":7,"time":"2026-11-21T15:31:11Z","role":"dect","level":"error","text":"","fields":{}}"#;
        assert!(read(whole).is_ok());
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
        let text = String::from_utf8_lossy(whole);
        for (good, bad) in
            [("7,", "-7,"), ("2026", "x"), ("dect", "DECT"), ("error", "awful"), ("{}", "[]")]
        {
            assert!(read(text.replacen(good, bad, 1).as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_record_fits_into_a_file() {
        let mut draft = Draft::new(Level::Info, &"\u{1}".repeat(TEXT_MAX));
        for n in 0..100 {
            draft.fields.add(&format!("f{n}"), &"\u{1}".repeat(FIELDS_OCTETS_MAX / 16));
        }
        let length = line(&draft.record(u64::MAX, Timestamp::MAX, "dect".parse().unwrap())).len();
        assert!(u64::try_from(length).unwrap() < Bounds::default().file_octets, "{length}");
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&octets);
        }

        #[test]
        fn what_is_written_is_read(
            number: u64,
            micros in 0_i64..4_000_000_000_000_000,
            severity in 0_u8..8,
            text in "(?s).{0,60}",
            fields in prop::collection::vec(("[a-z0-9_]{1,9}", "(?s).{0,20}"), 0..6),
        ) {
            let mut draft = Draft::new(Level::of(severity).unwrap(), &text);
            draft.fields = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            let time = Timestamp::from_microsecond(micros).unwrap();
            let record = draft.record(number, time, "dect".parse().unwrap());
            let line = line(&record);
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(read(line.as_bytes()).unwrap(), record);
        }
    }
}
