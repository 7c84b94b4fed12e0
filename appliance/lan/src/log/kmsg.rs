//! Records of `/dev/kmsg` (Documentation/ABI/testing/dev-kmsg of the kernel).
//!
//! One read gives one record: `priority,number,microseconds,flags;text` and a
//! line end, then lines that begin with a space and are `NAME=value`. Octets
//! that cannot be printed stand there as `\xNN`.

use super::record::{Draft, Level};
use std::time::Duration;

/// One record of the kernel's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kmsg {
    /// What it says. The identifier is missing where the kernel itself speaks; where a program has written to
    /// `/dev/kmsg` it is what the program calls itself, or empty.
    pub draft: Draft,
    /// Counts the kernel's records; a gap means that some were lost.
    pub number: u64,
    /// When, since the machine was started.
    pub since_boot: Duration,
}

/// Octets that are no record of the kernel's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record of the kernel's log is not understood")]
pub struct BadKmsg;

/// Reads one record.
///
/// # Errors
/// [`BadKmsg`] where its first part is not as the kernel writes it.
pub fn read(octets: &[u8]) -> Result<Kmsg, BadKmsg> {
    let text = String::from_utf8_lossy(octets);
    let (prefix, rest) = text.split_once(';').ok_or(BadKmsg)?;
    let mut parts = prefix.split(',');
    let mut next = || parts.next().ok_or(BadKmsg);
    let priority: u16 = next()?.parse().map_err(|_| BadKmsg)?;
    let number = next()?.parse().map_err(|_| BadKmsg)?;
    let since_boot = Duration::from_micros(next()?.parse().map_err(|_| BadKmsg)?);
    let mut lines = rest.lines();
    let text = unescaped(lines.next().unwrap_or_default());
    let mut draft = said(&text, priority);
    for line in lines {
        if let Some((name, value)) = line.strip_prefix(' ').and_then(|line| line.split_once('=')) {
            draft.fields.add(name, &unescaped(value));
        }
    }
    Ok(Kmsg { draft, number, since_boot })
}

/// What was said, and by whom: facility 0 is the kernel, whatever its text looks like. Others call themselves
/// `program: `, `program[number]: ` or, where one program has many parts, `program[part]: `.
fn said(text: &str, priority: u16) -> Draft {
    let level = Level::of_priority(priority);
    if priority / 8 == FACILITY_KERNEL {
        return Draft::new(level, text);
    }
    let Some((tag, rest)) = text.split_once(": ") else {
        return Draft::new(level, text).identified("");
    };
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let (program, part) = match tag.split_once('[') {
        Some((program, part)) => (program, part.strip_suffix(']').unwrap_or_default()),
        None => (tag, tag),
    };
    if [program, part].iter().any(|it| it.is_empty() || !it.chars().all(name)) {
        return Draft::new(level, text).identified("");
    }
    let number = part.chars().all(|c| c.is_ascii_digit());
    Draft::new(level, rest).identified(if number { program } else { part })
}

/// The text with `\xNN` as the octets they stand for.
fn unescaped(text: &str) -> String {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escape = behind.split_first_chunk::<3>().filter(|_| *first == b'\\');
        let octet = escape.and_then(|([x, digits @ ..], _)| hex(*digits).filter(|_| *x == b'x'));
        match (octet, escape) {
            (Some(octet), Some((_, behind))) => {
                octets.push(octet);
                rest = behind;
            }
            _ => {
                octets.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

fn hex(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

/// What the kernel says of itself.
const FACILITY_KERNEL: u16 = 0;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_record_of_the_kernel_has_its_level_its_time_and_its_device() {
        let octets =
            b"4,1177,5000001,-;usb 1-1: reset \\xc3\\xbc\n SUBSYSTEM=usb\n DEVICE=c189:0\n";
        let Kmsg { draft, number, since_boot } = read(octets).unwrap();
        assert_eq!((draft.level, &*draft.text), (Level::Warning, "usb 1-1: reset \u{fc}"));
        assert_eq!(draft.identifier, None);
        assert_eq!((number, since_boot), (1177, Duration::from_micros(5_000_001)));
        let fields: Vec<_> = draft.fields.iter().collect();
        assert_eq!(fields, [("subsystem", "usb"), ("device", "c189:0")]);
    }

    #[test]
    fn what_a_program_has_written_there_is_not_the_kernel_s() {
        let draft = |octets: &[u8]| read(octets).unwrap().draft;
        let said = draft(b"14,8,9,-,more;init[1]: no disk\n");
        assert_eq!((said.identifier.as_deref(), &*said.text), (Some("init"), "no disk"));
        let said = draft(b"14,8,9,-;fixpart[dect]: lost");
        assert_eq!((said.identifier.as_deref(), &*said.text), (Some("dect"), "lost"));
        for nameless in ["no name here: hello", "hello", "a[: b", "a[]: b", ": b"] {
            let said = draft(format!("14,8,9,-;{nameless}").as_bytes());
            assert_eq!((said.identifier.as_deref(), &*said.text), (Some(""), nameless));
        }
    }

    #[test]
    fn what_the_kernel_never_writes_is_refused() {
        for octets in ["", ";", "1;x", "1,2;x", "1,2,;x", "a,2,3;x", "1,-2,3;x", "99999,1,1;x"] {
            assert_eq!(read(octets.as_bytes()), Err(BadKmsg), "{octets}");
        }
        assert_eq!(&*read(b"6,1,1,-;\\x4\\xzz\\x41\\").unwrap().draft.text, "\\x4\\xzzA\\");
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&octets);
        }

        #[test]
        fn any_text_behind_a_good_beginning_is_read(text in "(?s).{0,100}") {
            let octets = format!("6,1,1,-;{text}");
            prop_assert!(read(octets.as_bytes()).is_ok());
        }
    }
}
