//! Makes messages. What is written is one line per field whatever the value contains.

use super::message::Message;
use super::method::Method;
use super::name::Name;
use super::status;
use std::fmt::{self, Write as _};

/// A message in the making: start line first, then header fields, then the body.
#[derive(Clone)]
pub struct Writer {
    octets: Vec<u8>,
}

impl Writer {
    /// A request.
    #[must_use]
    pub fn request(method: &Method, uri: impl fmt::Display) -> Self {
        let mut writer = Self::sized();
        writer.line(format_args!("{method} {uri} SIP/2.0"));
        writer
    }

    /// A response with the usual reason phrase.
    #[must_use]
    pub fn response(status: u16) -> Self {
        Self::response_saying(status, status::reason(status))
    }

    /// A response with a reason phrase of its own.
    #[must_use]
    pub fn response_saying(status: u16, reason: &str) -> Self {
        let mut writer = Self::sized();
        writer.line(format_args!("SIP/2.0 {status:03} {reason}"));
        writer
    }

    /// The response to a request with what every response copies from it (RFC 3261 clause 8.2.6.2); a `tag`
    /// is added to To where it has none.
    #[must_use]
    pub fn answer(request: &Message, status: u16, tag: Option<&str>) -> Self {
        let mut writer = Self::response(status).copy(request, Name::Via).copy(request, Name::From);
        let tag = tag.filter(|_| request.to().is_ok_and(|to| to.tag().is_none()));
        match (tag, request.octets_of(Name::To)) {
            (Some(tag), Some(to)) => {
                writer.octets.extend_from_slice(b"To: ");
                writer.octets.extend_from_slice(to);
                writer.line(format_args!(";tag={tag}"));
            }
            _ => writer = writer.copy(request, Name::To),
        }
        writer.copy(request, Name::CallId).copy(request, Name::CSeq)
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: Name, value: impl fmt::Display) -> Self {
        self.line(format_args!("{}: {value}", name.as_str()));
        self
    }

    /// Adds a header field that [`Name`] does not have.
    #[must_use]
    pub fn other(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.line(format_args!("{name}: {value}"));
        self
    }

    /// Adds all header fields of this name that another message has, as they are and in their order.
    #[must_use]
    pub fn copy(mut self, from: &Message, name: Name) -> Self {
        for header in from.headers().filter(|header| header.name == name) {
            let written = if name == Name::Other { header.written } else { name.as_str() };
            self.octets.extend_from_slice(written.as_bytes());
            self.octets.extend_from_slice(b": ");
            self.octets.extend_from_slice(header.value);
            self.octets.extend_from_slice(b"\r\n");
        }
        self
    }

    /// Ends a message that has a body.
    #[must_use]
    pub fn body(self, kind: &str, body: &[u8]) -> Vec<u8> {
        let writer = self.header(Name::ContentType, kind).header(Name::ContentLength, body.len());
        let mut octets = writer.octets;
        octets.extend_from_slice(b"\r\n");
        octets.extend_from_slice(body);
        octets
    }

    /// Ends a message that has none.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let mut octets = self.header(Name::ContentLength, 0).octets;
        octets.extend_from_slice(b"\r\n");
        octets
    }

    fn sized() -> Self {
        Self { octets: Vec::with_capacity(OCTETS_USUAL) }
    }

    fn line(&mut self, text: fmt::Arguments<'_>) {
        // Writing to memory does not fail.
        let _ = OneLine(&mut self.octets).write_fmt(text);
        self.octets.extend_from_slice(b"\r\n");
    }
}

/// Turns line ends into spaces, so that no value begins a header field of its own.
struct OneLine<'a>(&'a mut Vec<u8>);

impl fmt::Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.bytes().any(|octet| matches!(octet, b'\r' | b'\n')) {
            let plain = |octet| if matches!(octet, b'\r' | b'\n') { b' ' } else { octet };
            self.0.extend(text.bytes().map(plain));
        } else {
            self.0.extend_from_slice(text.as_bytes());
        }
        Ok(())
    }
}

/// A display name or other text in quotes, with what must be escaped escaped (`quoted-string`).
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            if matches!(letter, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(if letter.is_control() { ' ' } else { letter })?;
        }
        f.write_char('"')
    }
}

/// A user part of a URI, with what must be escaped escaped (RFC 3261 clause 25.1, `user`).
#[derive(Clone, Copy, Debug)]
pub struct User<'a>(pub &'a str);

impl fmt::Display for User<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for octet in self.0.bytes() {
            if octet.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&octet) {
                f.write_char(char::from(octet))?;
            } else {
                write!(f, "%{octet:02X}")?;
            }
        }
        Ok(())
    }
}

/// Octets of a usual message, for which room is made at once.
const OCTETS_USUAL: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back_and_no_value_begins_a_line_of_its_own() {
        let octets = Writer::request(&Method::Options, "sip:a@b")
            .header(Name::Via, "SIP/2.0/UDP h;branch=z9hG4bK1")
            .header(Name::From, format_args!("{} <sip:x@y>;tag=1", Quoted("A \"B\"\r\nEvil: 1")))
            .header(Name::Subject, "one\r\nX-Evil: yes")
            .finish();
        let message = Message::parse(octets).unwrap();

        assert_eq!(message.from().unwrap().display_text(), "A \"B\"  Evil: 1");
        assert_eq!(message.text(Name::Subject), Some("one  X-Evil: yes"));
        assert_eq!(message.other("X-Evil"), None);
    }

    #[test]
    fn an_answer_copies_what_it_must_and_adds_a_tag_once() {
        let request = |to: &str| {
            let text = format!(
                "OPTIONS sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h1\r\nVia: SIP/2.0/UDP h2, SIP/2.0/UDP h3\r\n\
                 t: {to}\r\nf: <sip:x@y>;tag=1\r\ni: 7\r\nCSeq: 3 OPTIONS\r\n\r\n"
            );
            Message::parse(text.into_bytes()).unwrap()
        };
        let answer = Writer::answer(&request("<sip:a@b>"), 486, Some("mine")).finish();
        assert_eq!(
            String::from_utf8(answer).unwrap(),
            "SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/UDP h1\r\nVia: SIP/2.0/UDP h2, SIP/2.0/UDP h3\r\n\
             From: <sip:x@y>;tag=1\r\nTo: <sip:a@b>;tag=mine\r\nCall-ID: 7\r\nCSeq: 3 OPTIONS\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let again = Writer::answer(&request("<sip:a@b>;tag=old"), 200, Some("mine")).finish();
        let again = Message::parse(again).unwrap();
        assert_eq!(again.to().unwrap().tag(), Some("old"));
    }

    #[test]
    fn a_user_part_is_escaped() {
        assert_eq!(User("*21#50 %@x").to_string(), "*21%2350%20%25%40x");
    }
}
