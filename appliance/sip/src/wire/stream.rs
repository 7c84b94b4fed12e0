//! Messages on connections (RFC 3261 clauses 7.5 and 18.3, RFC 5626 clause 3.5.1).

use super::limits::{LEADING_LINES_MAX, MESSAGE_MAX};
use super::message::Message;
use super::name::Name;
use super::{Unreadable, scan};

/// Cuts the octets of one connection into messages.
#[derive(Clone, Default)]
pub struct Framer {
    octets: Vec<u8>,
    /// How far the end of the header has been looked for.
    searched: usize,
    /// How long the message is that has begun, once its header is there.
    awaited: Option<usize>,
    /// The last thing seen was one line end, which may yet be half of two.
    half: bool,
}

/// What was found on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message, right or wrong.
    Message(Box<Message>),
    /// Two line ends: the peer wants one back.
    Ping,
    /// One line end: the answer to our two.
    Pong,
}

/// The connection can no longer be followed; it must be closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Not SIP, or more than [`super::limits`] allow.
    #[error("the peer sends what is no SIP: {0}")]
    Unreadable(#[from] Unreadable),
    /// Where the message ends cannot be told; where it is a request, answer it with 400 before closing.
    #[error("the peer sent a message without a usable Content-Length")]
    Length(Box<Message>),
}

impl Framer {
    /// Takes what has arrived.
    pub fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// The next message or keep-alive; `None` until more has arrived. Ask until there is none.
    ///
    /// # Errors
    /// Where the connection must be closed.
    pub fn frame(&mut self) -> Result<Option<Frame>, Lost> {
        let total = match self.awaited {
            Some(total) => total,
            None => {
                if let Some(frame) = self.keep_alive() {
                    return Ok(Some(frame));
                }
                let Some(total) = self.length()? else { return Ok(None) };
                total
            }
        };
        if self.octets.len() < total {
            self.awaited = Some(total);
            return Ok(None);
        }
        let rest = self.octets.split_off(total);
        let octets = std::mem::replace(&mut self.octets, rest);
        (self.searched, self.awaited, self.half) = (0, None, false);
        Ok(Some(Frame::Message(Box::new(Message::parse(octets)?))))
    }

    /// How long the message is that begins here, line ends before it included; `None` until its header is
    /// there.
    fn length(&mut self) -> Result<Option<usize>, Lost> {
        let ends = self.octets.iter().take_while(|octet| is_end(**octet)).count();
        if ends > 2 * LEADING_LINES_MAX {
            return Err(Unreadable::TooLarge("more than 16 empty lines before a message").into());
        }
        let Some(head) = self.head_end(ends) else {
            if self.octets.len() > MESSAGE_MAX {
                return Err(Unreadable::TooLarge("a header of more than 65535 octets").into());
            }
            return Ok(None);
        };
        let length = match content_length(self.octets.get(ends..head).unwrap_or_default()) {
            Length::Octets(length) => length,
            // A peer of RFC 2543, or one that has no body to send.
            Length::Missing => 0,
            Length::Wrong => return Err(self.lost(head)),
        };
        let total = head.saturating_add(length);
        if total > MESSAGE_MAX {
            return Err(Unreadable::TooLarge("a message of more than 65535 octets").into());
        }
        Ok(Some(total))
    }

    /// Two line ends ask for one, one is the answer. Where two arrive apart, the second makes them a question.
    fn keep_alive(&mut self) -> Option<Frame> {
        let (frame, length) = match self.octets.as_slice() {
            [b'\r', b'\n', b'\r', b'\n', ..] => (Frame::Ping, 4),
            [b'\r', b'\n'] if self.half => (Frame::Ping, 2),
            [b'\r', b'\n'] => (Frame::Pong, 2),
            _ => return None,
        };
        self.half = frame == Frame::Pong;
        self.octets.drain(..length);
        self.searched = 0;
        Some(frame)
    }

    /// Where the body begins.
    fn head_end(&mut self, begin: usize) -> Option<usize> {
        let from = self.searched.max(begin);
        let mut at = from;
        while let Some(found) = self.octets.get(at..)?.iter().position(|octet| *octet == b'\n') {
            let next = at + found + 1;
            match self.octets.get(next..) {
                Some([b'\n', ..]) => return Some(next + 1),
                Some([b'\r', b'\n', ..]) => return Some(next + 2),
                _ => at = next,
            }
        }
        // An end of line may be cut anywhere; its first octets are looked at again.
        self.searched = self.octets.len().saturating_sub(3).max(begin);
        None
    }

    fn lost(&mut self, head: usize) -> Lost {
        self.octets.truncate(head);
        match Message::parse(std::mem::take(&mut self.octets)) {
            Ok(message) => Lost::Length(Box::new(message)),
            Err(unreadable) => Lost::Unreadable(unreadable),
        }
    }
}

enum Length {
    Octets(usize),
    Missing,
    Wrong,
}

/// Content-Length of a header that has not been read yet; two of them must agree.
fn content_length(head: &[u8]) -> Length {
    let mut length = Length::Missing;
    for line in head.split(|octet| *octet == b'\n').skip(1) {
        let mut parts = line.splitn(2, |octet| *octet == b':');
        let name = parts.next().unwrap_or_default().trim_ascii_end();
        if Name::new(name) != Name::ContentLength {
            continue;
        }
        let value = parts.next().unwrap_or_default();
        let value = std::str::from_utf8(scan::trim(value)).ok().and_then(scan::number);
        length = match (value, length) {
            (Some(value), Length::Missing) => Length::Octets(value),
            (Some(value), Length::Octets(other)) if other == value => Length::Octets(value),
            _ => return Length::Wrong,
        };
    }
    length
}

const fn is_end(octet: u8) -> bool {
    octet == b'\r' || octet == b'\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &str = "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nl : 4\r\n\r\nbody";

    fn frames(pieces: &[&str]) -> Result<Vec<Frame>, Lost> {
        let (mut framer, mut found) = (Framer::default(), Vec::new());
        for piece in pieces {
            framer.push(piece.as_bytes());
            while let Some(frame) = framer.frame()? {
                found.push(frame);
            }
        }
        Ok(found)
    }

    fn body(frame: &Frame) -> &[u8] {
        match frame {
            Frame::Message(message) => message.body(),
            Frame::Ping | Frame::Pong => b"",
        }
    }

    #[test]
    fn messages_are_found_however_they_are_cut() {
        let both = format!("\r\n\r\n{OPTIONS}{OPTIONS}");
        for cut in 4..both.len() {
            let (one, two) = both.split_at(cut);
            let frames = frames(&[one, two]).unwrap();
            let bodies: Vec<_> = frames.iter().map(body).collect();
            assert_eq!(bodies, [&b""[..], b"body", b"body"], "cut at {cut}");
            assert_eq!(frames.first(), Some(&Frame::Ping));
        }
        let letters: Vec<_> = OPTIONS.split("").collect();
        assert_eq!(frames(&letters).unwrap().len(), 1);
    }

    #[test]
    fn keep_alives_are_told_apart() {
        assert_eq!(frames(&["\r\n"]), Ok(vec![Frame::Pong]));
        assert_eq!(frames(&["\r\n", "\r\n"]), Ok(vec![Frame::Pong, Frame::Ping]));
        assert_eq!(frames(&["\r\n\r\n"]), Ok(vec![Frame::Ping]));
        assert_eq!(frames(&["\r\n\r\n\r\n\r\n"]), Ok(vec![Frame::Ping, Frame::Ping]));
    }

    #[test]
    fn a_connection_whose_messages_have_no_end_is_lost() {
        for length in ["-4", "4294967296000000000000", "x", "4\r\nContent-Length: 5"] {
            let text = format!("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: {length}\r\n\r\n");
            assert!(matches!(frames(&[&text]), Err(Lost::Length(_))), "{length}");
        }
        let endless = "x".repeat(MESSAGE_MAX + 1);
        assert!(matches!(frames(&[&endless]), Err(Lost::Unreadable(_))));
        let long = format!("OPTIONS sip:a@b SIP/2.0\r\nl: {MESSAGE_MAX}\r\n\r\n");
        assert!(matches!(frames(&[&long]), Err(Lost::Unreadable(_))));
    }
}
