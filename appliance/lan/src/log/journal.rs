//! The native protocol of the journal (systemd.journal-fields(7), "Native Journal Protocol").
//!
//! A datagram holds entries with an empty line between them. An entry is a
//! list of fields: `NAME=value` and a line end, or, where the value may hold
//! line ends itself, `NAME`, a line end, the length as 64 bits with the lowest
//! octet first, the value and a line end.
//!
//! `PRIORITY`, `MESSAGE` and `SYSLOG_IDENTIFIER` become parts of the draft,
//! every other field one of its fields in small letters. The layer for
//! `tracing` puts `F_` before the fields of an event; it is taken off again.

use super::record::{Draft, Fields, Level};

/// Why a datagram is not understood. What stood before is lost with it: it may be cut as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// A value is shorter than its length says.
    #[error("a journal entry ends within a value")]
    Short,
    /// Behind a value with a length there is no line end.
    #[error("a journal entry has a value that is longer than its length")]
    Long,
    /// The name of a field ends with the datagram.
    #[error("a journal entry ends within a name")]
    Name,
    /// There are more entries than [`ENTRIES_MAX`].
    #[error("a journal datagram has more than {ENTRIES_MAX} entries")]
    Many,
}

/// Reads the entries of a datagram, or of the memory that was passed in place of one.
///
/// # Errors
/// [`BadEntry`].
pub fn read(octets: &[u8]) -> Result<Vec<Draft>, BadEntry> {
    let mut drafts = Vec::new();
    let mut entry = Entry::default();
    let mut rest = octets;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(b"\n") {
            rest = behind;
            entry.finish(&mut drafts)?;
            continue;
        }
        let (name, value, behind) = field(rest)?;
        entry.take(name, value);
        rest = behind;
    }
    entry.finish(&mut drafts)?;
    Ok(drafts)
}

/// The datagram of one record, as [`read`] takes it: for our own roles.
///
/// Fields go out as they are named, with `F_` before them where they come from an event.
#[must_use]
pub fn write<'a>(
    level: Level,
    text: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<u8> {
    let mut octets = Vec::with_capacity(256);
    put(&mut octets, "PRIORITY", &level.severity().to_string());
    put(&mut octets, "MESSAGE", text);
    for (name, value) in fields {
        let name = sender_name(name);
        if !name.is_empty() {
            put(&mut octets, &name, value);
        }
    }
    octets
}

#[derive(Default)]
struct Entry {
    level: Option<Level>,
    message: Option<String>,
    identifier: Option<String>,
    fields: Fields,
    /// It holds something, be it of no use.
    begun: bool,
}

impl Entry {
    fn take(&mut self, name: &[u8], value: &[u8]) {
        self.begun = true;
        let Some(name) = std::str::from_utf8(name).ok().filter(|name| may_be_sent(name)) else {
            return; // As journald does: what a client must not send is left out, the rest stands.
        };
        let value = String::from_utf8_lossy(value);
        match name {
            "MESSAGE" => self.message = Some(value.into_owned()),
            "PRIORITY" => self.level = value.parse().ok().and_then(Level::of),
            "SYSLOG_IDENTIFIER" => self.identifier = Some(value.into_owned()),
            name => self.fields.add(name.strip_prefix("F_").unwrap_or(name), &value),
        }
    }

    fn finish(&mut self, drafts: &mut Vec<Draft>) -> Result<(), BadEntry> {
        let entry = std::mem::take(self);
        if !entry.begun {
            return Ok(());
        }
        if drafts.len() >= ENTRIES_MAX {
            return Err(BadEntry::Many);
        }
        let mut draft = Draft::new(
            entry.level.unwrap_or(Level::Info),
            entry.message.as_deref().unwrap_or_default(),
        );
        if let Some(identifier) = entry.identifier {
            draft = draft.identified(&identifier);
        }
        draft.fields = entry.fields;
        drafts.push(draft);
        Ok(())
    }
}

/// A field: its name, its value and what stands behind it.
type Field<'a> = (&'a [u8], &'a [u8], &'a [u8]);

fn field(octets: &[u8]) -> Result<Field<'_>, BadEntry> {
    let end = octets.iter().position(|octet| *octet == b'\n');
    let line = octets.get(..end.unwrap_or(octets.len())).unwrap_or_default();
    let behind = end.and_then(|end| octets.get(end + 1..)).unwrap_or_default();
    if let Some(equals) = line.iter().position(|octet| *octet == b'=') {
        let (name, value) = line.split_at(equals);
        return Ok((name, value.get(1..).unwrap_or_default(), behind));
    }
    if end.is_none() {
        return Err(BadEntry::Name);
    }
    let (length, behind) = behind.split_first_chunk::<8>().ok_or(BadEntry::Short)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| BadEntry::Short)?;
    let (value, behind) = behind.split_at_checked(length).ok_or(BadEntry::Short)?;
    let behind = behind.strip_prefix(b"\n").ok_or(BadEntry::Long)?;
    Ok((line, value, behind))
}

/// What a client may call a field. A name that begins with `_` is for what is known of the sender for sure.
fn may_be_sent(name: &str) -> bool {
    let good = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.len() <= NAME_MAX
        && name.chars().all(good)
}

/// `name` as a client may send it; empty where nothing of it can be sent.
fn sender_name(name: &str) -> String {
    let one = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let letters = name.chars().map(one).skip_while(|c| !c.is_ascii_uppercase());
    letters.take(NAME_MAX).collect()
}

fn put(octets: &mut Vec<u8>, name: &str, value: &str) {
    octets.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        octets.push(b'\n');
        // A length in memory is never more than 64 bits.
        octets.extend_from_slice(&u64::try_from(value.len()).unwrap_or(u64::MAX).to_le_bytes());
    } else {
        octets.push(b'=');
    }
    octets.extend_from_slice(value.as_bytes());
    octets.push(b'\n');
}

/// Entries of one datagram; nobody we know sends more than one.
pub const ENTRIES_MAX: usize = 16;

/// Octets of the name of a field, as journald has it.
const NAME_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What `tracing-journald` 0.3 sends for `warn!(call = 417, "a\nb")` in a span.
    fn from_tracing() -> Vec<u8> {
        let mut octets = b"SPAN_NAME\n\x05\0\0\0\0\0\0\0setup\n".to_vec();
        octets.extend_from_slice(
            b"PRIORITY\n\x01\0\0\0\0\0\0\x004\nTARGET\n\x0b\0\0\0\0\0\0\0roles::dect\n",
        );
        octets.extend_from_slice(b"CODE_LINE=12\nSYSLOG_IDENTIFIER\n\x04\0\0\0\0\0\0\0dect\n");
        octets.extend_from_slice(
            b"MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\nF_CALL\n\x03\0\0\0\0\0\0\x00417\n",
        );
        octets
    }

    #[test]
    fn what_the_layer_of_tracing_sends_is_understood() {
        let drafts = read(&from_tracing()).unwrap();
        let [draft] = &drafts[..] else { panic!("{drafts:?}") };
        assert_eq!((draft.level, &*draft.text), (Level::Warning, "a\nb"));
        assert_eq!(draft.identifier.as_deref(), Some("dect"));
        let fields: Vec<_> = draft.fields.iter().collect();
        let expected = [
            ("span_name", "setup"),
            ("target", "roles::dect"),
            ("code_line", "12"),
            ("call", "417"),
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn entries_are_parted_by_an_empty_line() {
        let drafts = read(b"MESSAGE=a\n\n\nMESSAGE=b\nPRIORITY=3").unwrap();
        let told: Vec<_> = drafts.iter().map(|draft| (draft.level, &*draft.text)).collect();
        assert_eq!(told, [(Level::Info, "a"), (Level::Error, "b")]);
        assert_eq!(read(b""), Ok(vec![]));
        assert_eq!(read("MESSAGE=x\n\n".repeat(ENTRIES_MAX + 1).as_bytes()), Err(BadEntry::Many));
    }

    #[test]
    fn a_sender_cannot_say_what_only_the_kernel_knows_of_it() {
        let drafts =
            read(b"_UID=0\n__CURSOR=x\n1A=x\nlower=x\nMESSAGE=hello\nPRIORITY=9\n").unwrap();
        assert_eq!(drafts[0].fields, Fields::default());
        assert_eq!((&*drafts[0].text, drafts[0].level), ("hello", Level::Info));
    }

    #[test]
    fn a_value_that_is_not_as_long_as_it_says_is_refused_with_its_entry() {
        for length in [4_u64, 5, u64::from(u32::MAX), u64::MAX] {
            let mut octets = b"MESSAGE\n".to_vec();
            octets.extend_from_slice(&length.to_le_bytes());
            octets.extend_from_slice(b"abc\n");
            assert!(read(&octets).is_err(), "{length}");
        }
        assert_eq!(read(b"MESSAGE\n\x02\0\0\0\0\0\0\0abc\n"), Err(BadEntry::Long));
        assert_eq!(read(b"MESSAGE\n\x02\0\0"), Err(BadEntry::Short));
        assert_eq!(read(b"MESSAGE"), Err(BadEntry::Name));
    }

    #[test]
    fn a_datagram_cut_anywhere_is_read_or_refused() {
        let whole = from_tracing();
        for end in 0..whole.len() {
            let _ = read(&whole[..end]);
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&octets);
        }

        #[test]
        fn what_is_written_is_read(
            severity in 0_u8..8,
            text in "(?s).{0,80}",
            fields in prop::collection::vec(("[a-z][a-z0-9_]{0,20}", "(?s).{0,40}"), 0..8),
        ) {
            let level = Level::of(severity).unwrap();
            let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            prop_assume!(pairs.iter().all(|(name, _)| !matches!(*name, "message" | "priority" | "syslog_identifier")));
            let sent = pairs.iter().map(|(name, value)| (format!("f_{name}"), *value)).collect::<Vec<_>>();
            let octets = write(level, &text, sent.iter().map(|(name, value)| (&**name, *value)));
            let drafts = read(&octets).unwrap();
            prop_assert_eq!(drafts.len(), 1);
            let mut expected = Draft::new(level, &text);
            expected.fields = pairs.into_iter().collect();
            prop_assert_eq!(&drafts[0], &expected);
        }
    }
}
