//! Records on their way to a syslog server elsewhere.
//!
//! The messages are those of RFC 5424 ([`crate::log::rfc5424`]); here is what
//! carries them: datagrams (RFC 5426), a connection with octet counting
//! (RFC 6587 3.4.1), the same under TLS (RFC 5425). A [`Link`] decides when to
//! connect, what waits meanwhile, and what is lost; sockets are the role's.

mod link;
mod queue;

pub use link::{End, Link, Moment, Output, Report};

use crate::log::rfc5424::{Origin, message};
use crate::log::{Level, Name, Record};

/// What carries the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A datagram each (RFC 5426): nobody says whether it has arrived.
    Udp,
    /// A stream with octet counting (RFC 6587), in clear or under TLS (RFC 5425).
    Stream,
}

/// What is sent, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manner {
    /// What carries it.
    pub transport: Transport,
    /// The facility of all messages (RFC 5424 6.2.1), 0 to 23.
    pub facility: u8,
    /// The name of this host; empty where it has none.
    pub host: String,
    /// The least urgent level that is sent.
    pub lowest: Level,
    /// Those whose records are not.
    pub without: Vec<Name>,
}

impl Manner {
    /// Whether a record is sent.
    #[must_use]
    pub fn takes(&self, record: &Record) -> bool {
        record.level <= self.lowest && !self.without.contains(&record.role)
    }

    /// The octets that carry one record: a whole datagram, or a frame of a stream.
    ///
    /// A record that is too long for a message is cut, never spread over two.
    #[must_use]
    pub fn frame(&self, record: &Record) -> Vec<u8> {
        let octets_max = match self.transport {
            Transport::Udp => DATAGRAM_MAX,
            Transport::Stream => MESSAGE_MAX,
        };
        let origin = Origin { facility: self.facility, host: self.host.clone(), octets_max };
        let message = message(record, &origin);
        match self.transport {
            Transport::Udp => message.into_bytes(),
            Transport::Stream => format!("{} {message}", message.len()).into_bytes(),
        }
    }
}

/// Octets of a message in a datagram: they pass every network in one piece (RFC 5426 3.2).
const DATAGRAM_MAX: usize = 1024;

/// Octets of a message in a stream: every receiver should take so many (RFC 5425 4.3.1).
const MESSAGE_MAX: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Draft, Timestamp};
    use proptest::prelude::*;

    fn record(level: Level, role: &str, text: &str) -> Record {
        Draft::new(level, text).record(1, Timestamp::UNIX_EPOCH, role.parse().unwrap())
    }

    fn manner(transport: Transport) -> Manner {
        let without = vec!["media".parse().unwrap()];
        Manner { transport, facility: 16, host: "box".into(), lowest: Level::Notice, without }
    }

    #[test]
    fn a_frame_of_a_stream_says_how_long_it_is_and_a_datagram_does_not() {
        let record = record(Level::Error, "dect", "gone");
        let text = "<131>1 1970-01-01T00:00:00.000000Z box dect - - - gone";
        assert_eq!(manner(Transport::Udp).frame(&record), text.as_bytes());
        let counted = format!("{} {text}", text.len());
        assert_eq!(manner(Transport::Stream).frame(&record), counted.as_bytes());
    }

    #[test]
    fn what_is_not_urgent_enough_or_of_somebody_left_out_is_not_taken() {
        let takes = |level, role| manner(Transport::Udp).takes(&record(level, role, ""));
        assert!(takes(Level::Notice, "dect") && takes(Level::Emergency, "dect"));
        assert!(!takes(Level::Info, "dect") && !takes(Level::Emergency, "media"));
    }

    proptest! {
        #[test]
        fn a_stream_of_frames_comes_apart_into_its_messages(
            texts in prop::collection::vec(".{0,3000}", 1..8),
        ) {
            let manner = manner(Transport::Stream);
            let frames = texts.iter().map(|text| manner.frame(&record(Level::Error, "dect", text)));
            let stream: Vec<u8> = frames.flatten().collect();
            let (mut rest, mut messages) = (&*stream, 0);
            while !rest.is_empty() {
                let space = rest.iter().position(|octet| *octet == b' ').unwrap();
                let length: usize = std::str::from_utf8(&rest[..space]).unwrap().parse().unwrap();
                prop_assert!(length <= MESSAGE_MAX);
                let message = std::str::from_utf8(&rest[space + 1..][..length]).unwrap();
                prop_assert!(message.starts_with("<131>1 ") && !message.contains('\n'));
                (rest, messages) = (&rest[space + 1 + length..], messages + 1);
            }
            prop_assert_eq!(messages, texts.len());
        }

        #[test]
        fn a_datagram_never_exceeds_its_bound(text in ".{0,4000}") {
            let frame = manner(Transport::Udp).frame(&record(Level::Error, "dect", &text));
            prop_assert!(frame.len() <= DATAGRAM_MAX && std::str::from_utf8(&frame).is_ok());
        }
    }
}
