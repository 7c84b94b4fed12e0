//! Bodies within bodies (RFC 2046 clause 5.1, RFC 5621).

use super::header::Valued;
use super::message::Message;
use super::name::Name;

/// The body of this type (in lower case, without parameters): the message's own, or the first such part of
/// a multipart body. Parts of parts are not looked into.
#[must_use]
pub fn part<'a>(message: &'a Message, kind: &str) -> Option<&'a [u8]> {
    let own = message.content_type();
    if own == kind {
        return Some(message.body());
    }
    if !own.starts_with("multipart/") {
        return None;
    }
    let value = Valued::parse(message.octets_of(Name::ContentType)?).ok()?;
    let boundary = value.params.find("boundary")?.value();
    let mut parts = Parts { rest: message.body(), boundary: boundary.as_bytes() };
    parts.skip_preamble()?;
    parts.take(PARTS_MAX).find_map(|part| content(part, kind))
}

struct Parts<'a, 'b> {
    rest: &'a [u8],
    boundary: &'b [u8],
}

impl<'a> Parts<'a, '_> {
    fn skip_preamble(&mut self) -> Option<()> {
        let (_, after) = self.delimiter()?;
        self.rest = after;
        Some(())
    }

    /// What stands before the next delimiter line, and what after it; after the last one there is nothing.
    fn delimiter(&self) -> Option<(&'a [u8], &'a [u8])> {
        let mut at = 0;
        loop {
            let line = self.rest.get(at..).filter(|rest| !rest.is_empty())?;
            let length =
                line.iter().position(|octet| *octet == b'\n').map_or(line.len(), |end| end + 1);
            let (line, after) = line.split_at_checked(length)?;
            let marked = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(self.boundary));
            let before = self.rest.get(..at)?;
            match marked.map(<[u8]>::trim_ascii_end) {
                Some(b"") => return Some((before, after)),
                Some(b"--") => return Some((before, &[])),
                _ => at += length,
            }
        }
    }
}

impl<'a> Iterator for Parts<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (part, after) = self.delimiter()?;
        self.rest = after;
        // The line end before a delimiter belongs to the delimiter.
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        Some(part.strip_suffix(b"\r").unwrap_or(part))
    }
}

/// The content of a part, if it is of this type.
fn content<'a>(part: &'a [u8], kind: &str) -> Option<&'a [u8]> {
    let (mut rest, mut found) = (part, false);
    loop {
        let length = rest.iter().position(|octet| *octet == b'\n')? + 1;
        let (line, after) = rest.split_at_checked(length)?;
        let line = line.trim_ascii();
        rest = after;
        if line.is_empty() {
            return found.then_some(rest);
        }
        let mut halves = line.splitn(2, |octet| *octet == b':');
        let (name, value) = (halves.next()?, halves.next().unwrap_or_default());
        if Name::new(name.trim_ascii()) == Name::ContentType {
            let value = value.split(|octet| *octet == b';').next()?.trim_ascii();
            found = value.eq_ignore_ascii_case(kind.as_bytes());
        }
    }
}

/// A session description has at most a few companions.
const PARTS_MAX: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: &str, body: &str) -> Message {
        let text = format!("INVITE sip:a@b SIP/2.0\r\nContent-Type: {kind}\r\n\r\n{body}");
        Message::parse(text.into_bytes()).unwrap()
    }

    #[test]
    fn a_description_is_found_alone_and_among_others() {
        let alone = message("Application/SDP; charset=utf-8", "v=0\r\n");
        assert_eq!(part(&alone, "application/sdp"), Some(&b"v=0\r\n"[..]));

        let body = "preamble\r\n--b 1\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b 1\r\n\
                    Content-Disposition: session\r\nc: application/sdp ; x=y\r\n\r\nv=0\r\ns=-\r\n\r\n--b 1--\r\nepilogue";
        let among = message("multipart/mixed; boundary=\"b 1\"", body);
        assert_eq!(part(&among, "application/sdp"), Some(&b"v=0\r\ns=-\r\n"[..]));
        assert_eq!(part(&among, "text/plain"), Some(&b"hi"[..]));
        assert_eq!(part(&among, "text/html"), None);
    }

    #[test]
    fn what_is_cut_or_has_no_boundary_has_no_parts() {
        let cases = [
            ("multipart/mixed", "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--"),
            ("multipart/mixed;boundary=b", "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"),
            ("multipart/mixed;boundary=b", ""),
            ("text/plain", "v=0\r\n"),
        ];
        for (kind, body) in cases {
            assert_eq!(part(&message(kind, body), "application/sdp"), None, "{kind} {body}");
        }
    }
}
