//! From octets to lines. Meaning is left to others; what is wrong with the lines is noted, not refused,
//! so that a server can still answer.

use super::limits::{
    FOLDS_MAX, HEADER_MAX, HEADERS_MAX, LEADING_LINES_MAX, MESSAGE_MAX, START_LINE_MAX,
};
use super::message::{Line, Message, StartLine};
use super::method::Method;
use super::name::Name;
use super::scan;
use super::{Reject, Unreadable};
use std::ops::Range;

pub(super) fn message(mut octets: Vec<u8>) -> Result<Message, Unreadable> {
    if octets.len() > MESSAGE_MAX {
        return Err(Unreadable::TooLarge("a message of more than 65535 octets"));
    }
    let begin = leading_lines(&octets)?;
    let mut reader = Reader { octets: &mut octets, next: begin, fault: None };
    let first = reader.line().ok_or(Unreadable::NotSip)?;
    if first.len() > START_LINE_MAX {
        return Err(Unreadable::TooLarge("a start line of more than 8192 octets"));
    }
    let start = reader.start_line(first)?;
    let lines = reader.lines()?;
    let (next, fault) = (reader.next, reader.fault);
    let mut message = Message { octets, start, lines, body: next..next, fault };
    body(&mut message);
    Ok(message)
}

struct Reader<'a> {
    octets: &'a mut [u8],
    next: usize,
    fault: Option<Reject>,
}

impl Reader<'_> {
    /// The next line without its end; `None` at the end of the octets. A last line may lack its end.
    fn line(&mut self) -> Option<Range<usize>> {
        let rest = self.octets.get(self.next..)?;
        if rest.is_empty() {
            return None;
        }
        let length = rest.iter().position(|octet| *octet == b'\n');
        let begin = self.next;
        let end = begin + length.unwrap_or(rest.len());
        self.next = if length.is_some() { end + 1 } else { end };
        let without_cr = end > begin && self.octets.get(end - 1) == Some(&b'\r');
        Some(begin..if without_cr { end - 1 } else { end })
    }

    fn text(&self, range: &Range<usize>) -> &[u8] {
        self.octets.get(range.clone()).unwrap_or_default()
    }

    fn note(&mut self, status: u16, reason: &'static str) {
        self.fault.get_or_insert(Reject::new(status, reason));
    }

    fn start_line(&mut self, line: Range<usize>) -> Result<StartLine, Unreadable> {
        let text = self.text(&line);
        if text.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(b"SIP/")) {
            return self.status_line(line);
        }
        let trimmed = trim(text, line.start);
        let text = self.text(&trimmed);
        let first = text.iter().position(|octet| *octet == b' ').ok_or(Unreadable::NotSip)?;
        let last = text.iter().rposition(|octet| *octet == b' ').ok_or(Unreadable::NotSip)?;
        let method = std::str::from_utf8(text.get(..first).unwrap_or_default())
            .ok()
            .filter(|method| !method.is_empty() && method.bytes().all(scan::is_token))
            .map(Method::new)
            .ok_or(Unreadable::NotSip)?;
        let version = version(text.get(last + 1..).unwrap_or_default())?;
        let middle = text.get(first + 1..last).unwrap_or_default();
        let uri = trim(middle, trimmed.start + first + 1);
        let tidy = trimmed == line && uri.len() == middle.len();
        if version != Version::Two {
            self.note(505, "The request is of another version than SIP/2.0");
        }
        if uri.is_empty() {
            self.note(400, "The request line has no Request-URI");
        }
        if !tidy {
            self.note(400, "The request line has white space where it may have none");
        }
        Ok(StartLine::Request { method, uri })
    }

    fn status_line(&mut self, line: Range<usize>) -> Result<StartLine, Unreadable> {
        let mut parts = self.text(&line).splitn(3, |octet| *octet == b' ');
        let version = version(parts.next().unwrap_or_default())?;
        let digits = parts.next().unwrap_or_default();
        let length = parts.next().map_or(0, <[u8]>::len);
        let status = std::str::from_utf8(digits)
            .ok()
            .and_then(scan::number::<u16>)
            .ok_or(Unreadable::NotSip)?;
        if digits.len() != 3 || !(100..700).contains(&status) {
            self.note(400, "The status code is not a number from 100 to 699");
        }
        if version != Version::Two {
            self.note(400, "The response is of another version than SIP/2.0");
        }
        Ok(StartLine::Response { status, reason: line.end - length..line.end })
    }

    fn lines(&mut self) -> Result<Vec<Line>, Unreadable> {
        let mut lines = Vec::with_capacity(LINES_USUAL);
        while let Some(line) = self.line() {
            if line.is_empty() {
                return Ok(lines);
            }
            let line = self.unfolded(line)?;
            if lines.len() == HEADERS_MAX {
                return Err(Unreadable::TooLarge("more than 256 header fields"));
            }
            match self.header(line) {
                Some(line) => lines.push(line),
                None => self.note(400, "A line of the header is not of the form name: value"),
            }
        }
        self.note(400, "The header does not end with an empty line");
        Ok(lines)
    }

    /// Takes the continuation lines in and turns the line ends between them into spaces (RFC 3261 clause 7.3.1).
    fn unfolded(&mut self, mut line: Range<usize>) -> Result<Range<usize>, Unreadable> {
        let mut folds = 0;
        while self.octets.get(self.next).copied().is_some_and(scan::is_lws) {
            let seam = line.end..self.next;
            if let Some(seam) = self.octets.get_mut(seam) {
                seam.fill(b' ');
            }
            let Some(more) = self.line() else { break };
            line.end = more.end;
            folds += 1;
            if folds > FOLDS_MAX {
                return Err(Unreadable::TooLarge(
                    "a header field of more than 64 continuation lines",
                ));
            }
        }
        if line.len() > HEADER_MAX {
            return Err(Unreadable::TooLarge("a header field of more than 16384 octets"));
        }
        Ok(line)
    }

    fn header(&mut self, line: Range<usize>) -> Option<Line> {
        let text = self.text(&line);
        let colon = text.iter().position(|octet| *octet == b':')?;
        let named = text.get(..colon)?.trim_ascii_end();
        if named.is_empty() || !named.iter().all(|octet| scan::is_token(*octet)) {
            return None;
        }
        let written = line.start..line.start + named.len();
        let name = Name::new(named);
        let value = trim(text.get(colon + 1..)?, line.start + colon + 1);
        Some(Line { name, named: written, value })
    }
}

/// Where the first line begins.
fn leading_lines(octets: &[u8]) -> Result<usize, Unreadable> {
    let length = octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    if length == octets.len() {
        return Err(Unreadable::Empty);
    }
    if length > 2 * LEADING_LINES_MAX {
        return Err(Unreadable::TooLarge("more than 16 empty lines before a message"));
    }
    Ok(length)
}

#[derive(PartialEq)]
enum Version {
    Two,
    Other,
}

/// `SIP/2.0` in any case (RFC 3261 clause 7.1); another version is of the same form.
fn version(text: &[u8]) -> Result<Version, Unreadable> {
    if text.eq_ignore_ascii_case(b"SIP/2.0") {
        return Ok(Version::Two);
    }
    let numbers = text.get(..4).filter(|begin| begin.eq_ignore_ascii_case(b"SIP/"));
    let numbers = numbers.and_then(|_| text.get(4..)).ok_or(Unreadable::NotSip)?;
    let mut parts = numbers.split(|octet| *octet == b'.');
    let digits = |part: Option<&[u8]>| {
        part.is_some_and(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
    };
    let valid = digits(parts.next()) && digits(parts.next()) && parts.next().is_none();
    if valid { Ok(Version::Other) } else { Err(Unreadable::NotSip) }
}

/// The range of this text without white space at its ends, where it begins at `at`.
fn trim(text: &[u8], at: usize) -> Range<usize> {
    let right = text.trim_ascii_end();
    let left = right.trim_ascii_start();
    let begin = at + right.len() - left.len();
    begin..begin + left.len()
}

/// Sets the body by Content-Length, or to the end where there is none (RFC 3261 clause 18.3).
fn body(message: &mut Message) {
    let (begin, end) = (message.body.start, message.octets.len());
    message.body = begin..end;
    if !message.has(Name::ContentLength) {
        return;
    }
    let text = message.text(Name::ContentLength).unwrap_or_default();
    let reject = match scan::number::<usize>(text) {
        Some(length) if length <= end - begin => {
            message.body = begin..begin + length;
            return;
        }
        Some(_) => Reject::new(400, "Content-Length is larger than what follows the header"),
        None => Reject::new(400, "Content-Length is not a number"),
    };
    message.fault.get_or_insert(reject);
}

/// Header fields of a usual message, for which room is made at once.
const LINES_USUAL: usize = 24;
