//! What a role says of itself: the supervisor's side of sd_notify(3).
//!
//! A datagram holds lines `KEY=value`; some have descriptors with them. Only
//! what is understood is taken, only so much of it, and nothing that would let
//! a role speak for another process (MAINPID).

use crate::init::Said;
use std::time::Duration;

/// What one datagram says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What matters to the life of the role, in the order it was said.
    pub said: Vec<Said>,
    /// One line for the status page: printable, at most [`STATUS_MAX`] octets.
    pub status: Option<String>,
    /// The reason of a failure, as errno has it.
    pub errno: Option<i32>,
    /// What is to be done with the descriptors that came along.
    pub descriptors: Descriptors,
    /// Lines that were not understood, or are refused.
    pub refused: usize,
}

/// What a role wants done with descriptors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Descriptors {
    /// Nothing: those that came are closed.
    #[default]
    Close,
    /// They are kept under this name and passed on when the role begins again.
    Store(String),
    /// Those of this name are closed.
    Remove(String),
    /// The one that came is closed when everything said before has been taken, which the role sees at its other end.
    Barrier,
}

impl Message {
    /// Reads a datagram; what cannot be read is counted in `refused`.
    #[must_use]
    pub fn parse(datagram: &[u8]) -> Self {
        let mut message = Self::default();
        let text = String::from_utf8_lossy(datagram.get(..DATAGRAM_MAX).unwrap_or(datagram));
        let (mut store, mut remove, mut barrier, mut name) = (false, false, false, None);
        let mut lines = text.split('\n').filter(|line| !line.is_empty());
        for line in lines.by_ref().take(LINES_MAX) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            match (key, value) {
                ("READY", "1") => message.said.push(Said::Ready),
                ("RELOADING", "1") => message.said.push(Said::Reloading),
                ("STOPPING", "1") => message.said.push(Said::Stopping),
                ("WATCHDOG", "1") => message.said.push(Said::Alive),
                ("WATCHDOG", "trigger") => message.said.push(Said::Hung),
                ("STATUS", status) => message.status = Some(printable(status)),
                ("FDSTORE", "1") => store = true,
                ("FDSTOREREMOVE", "1") => remove = true,
                ("BARRIER", "1") => barrier = true,
                ("FDNAME", value) if is_name(value) => name = Some(value.to_owned()),
                // Comes with RELOADING; our order is that of the datagrams. FDPOLL is about broken descriptors, which
                // are passed on all the same.
                ("MONOTONIC_USEC" | "FDPOLL", _) => {}
                ("ERRNO", value) => match value.parse() {
                    Ok(errno) => message.errno = Some(errno),
                    Err(_) => message.refused += 1,
                },
                ("EXTEND_TIMEOUT_USEC", value) => match value.parse().map(Duration::from_micros) {
                    Ok(by) => message.said.push(Said::Extend(by)),
                    Err(_) => message.refused += 1,
                },
                _ => message.refused += 1,
            }
        }
        message.refused += lines.count();
        message.descriptors = match (store, remove, barrier, name) {
            (true, false, false, name) => {
                Descriptors::Store(name.unwrap_or_else(|| UNNAMED.to_owned()))
            }
            (false, true, false, Some(name)) => Descriptors::Remove(name),
            (false, false, true, None) => Descriptors::Barrier,
            (false, false, false, None) => Descriptors::Close,
            _ => {
                message.refused += 1;
                Descriptors::Close
            }
        };
        message
    }
}

/// Whether descriptors may be kept under this name (sd_pid_notify_with_fds(3)).
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && c != ':';
    !name.is_empty() && name.len() <= NAME_MAX && name.chars().all(plain)
}

/// A status that can stand in a log and on a page, whatever was sent.
fn printable(status: &str) -> String {
    let mut text = String::new();
    for c in status.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if text.len() + c.len_utf8() > STATUS_MAX {
            break;
        }
        text.push(c);
    }
    text
}

/// The longest datagram that is looked at; more is cut.
pub const DATAGRAM_MAX: usize = 4096;

/// Lines of one datagram that are looked at; a role has a handful of things to say.
const LINES_MAX: usize = 32;

/// Octets of a status that are kept: a line on a page.
pub const STATUS_MAX: usize = 256;

/// As sd_pid_notify_with_fds(3) has it.
const NAME_MAX: usize = 255;

/// What descriptors without a name are called (sd_pid_notify_with_fds(3)).
const UNNAMED: &str = "stored";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Message {
        Message::parse(text.as_bytes())
    }

    #[test]
    fn what_a_role_says_is_taken_in_its_order() {
        let message = parse(
            "STATUS=12 base stations\nREADY=1\nEXTEND_TIMEOUT_USEC=5000000\nWATCHDOG=1\nERRNO=98\n",
        );
        assert_eq!(message.said, [Said::Ready, Said::Extend(Duration::from_secs(5)), Said::Alive]);
        assert_eq!(message.status.as_deref(), Some("12 base stations"));
        assert_eq!((message.errno, message.refused), (Some(98), 0));
        assert_eq!(
            parse("STOPPING=1\nRELOADING=1\nMONOTONIC_USEC=1\nWATCHDOG=trigger").said,
            [Said::Stopping, Said::Reloading, Said::Hung]
        );
    }

    #[test]
    fn descriptors_are_kept_removed_or_a_barrier_and_never_two_of_these() {
        let of = |text: &str| parse(text).descriptors;
        assert_eq!(of("FDSTORE=1\nFDNAME=door-tls"), Descriptors::Store("door-tls".into()));
        assert_eq!(of("FDSTORE=1"), Descriptors::Store("stored".into()));
        assert_eq!(of("FDSTOREREMOVE=1\nFDNAME=a"), Descriptors::Remove("a".into()));
        assert_eq!(of("BARRIER=1"), Descriptors::Barrier);
        for wrong in [
            "FDSTOREREMOVE=1",
            "FDNAME=a",
            "FDSTORE=1\nFDSTOREREMOVE=1\nFDNAME=a",
            "BARRIER=1\nFDSTORE=1",
        ] {
            assert_eq!((of(wrong), parse(wrong).refused), (Descriptors::Close, 1), "{wrong}");
        }
        assert_eq!(of("FDSTORE=1\nFDNAME=a:b"), Descriptors::Store("stored".into()));
    }

    #[test]
    fn a_role_cannot_speak_for_another_process_nor_change_its_watchdog() {
        for text in
            ["MAINPID=1", "MAINPIDFD=1", "WATCHDOG_USEC=1", "READY=0", "READY", "=", "ERRNO=x"]
        {
            let message = parse(text);
            assert_eq!(message, Message { refused: 1, ..Message::default() }, "{text}");
        }
    }

    #[test]
    fn a_status_is_one_printable_line_of_bounded_length() {
        let message = Message::parse(b"STATUS=a\x1b[31m\xff\x07b\r");
        assert_eq!(message.status.as_deref(), Some("a [31m\u{fffd} b "));
        let long = parse(&format!("STATUS={}", "\u{e9}".repeat(1000))).status.unwrap();
        assert_eq!(long.len(), STATUS_MAX);
        let many = parse(&"READY=1\n".repeat(100));
        assert_eq!((many.said.len(), many.refused), (LINES_MAX, 68));
    }

    proptest! {
        #[test]
        fn any_octets_are_read_and_what_is_kept_is_bounded(
            octets in proptest::collection::vec(any::<u8>(), 0..6000)
        ) {
            let message = Message::parse(&octets);
            prop_assert!(message.said.len() <= LINES_MAX);
            prop_assert!(message.status.is_none_or(|status| status.len() <= STATUS_MAX));
        }

        #[test]
        fn any_lines_with_known_keys_are_read(
            lines in proptest::collection::vec(("(READY|STATUS|WATCHDOG|FDSTORE|FDNAME|BARRIER|ERRNO|EXTEND_TIMEOUT_USEC|MAINPID|[A-Z]{0,3})", "\\PC{0,12}|[0-9]{1,30}"), 0..40)
        ) {
            let text: Vec<String> = lines.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let message = parse(&text.join("\n"));
            let known = message.said.len() + message.refused;
            prop_assert!(known <= lines.len() + 1);
        }
    }
}
