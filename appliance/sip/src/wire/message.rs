//! One message: its octets, and where its parts are.

use super::address::Address;
use super::header::{CSeq, Contact};
use super::list::Values;
use super::method::Method;
use super::name::{Form, Name};
use super::scan;
use super::uri::Uri;
use super::via::Via;
use super::{Malformed, Reject, Unreadable, parse};
use std::fmt;
use std::ops::Range;

/// A message, as it was received. Folded lines are unfolded, nothing else is changed.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub(super) octets: Vec<u8>,
    pub(super) start: StartLine,
    pub(super) lines: Vec<Line>,
    pub(super) body: Range<usize>,
    /// What was wrong already with the lines, before their meaning was looked at.
    pub(super) fault: Option<Reject>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StartLine {
    Request { method: Method, uri: Range<usize> },
    Response { status: u16, reason: Range<usize> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: Name,
    pub(super) named: Range<usize>,
    pub(super) value: Range<usize>,
}

/// The first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<'a> {
    /// A request line: method and Request-URI.
    Request(&'a Method, &'a [u8]),
    /// A status line: status code and reason phrase.
    Response(u16, &'a [u8]),
}

/// One header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Which field it is.
    pub name: Name,
    /// Its name as it was written.
    pub written: &'a str,
    /// Its value without white space at the ends.
    pub value: &'a [u8],
}

impl Message {
    /// Reads one message that fills a datagram, or that [`super::stream`] has cut out of a connection.
    ///
    /// # Errors
    /// Only for what is no SIP message at all; [`super::verdict`] judges the rest.
    pub fn parse(octets: Vec<u8>) -> Result<Self, Unreadable> {
        parse::message(octets)
    }

    /// The first line.
    #[must_use]
    pub fn start(&self) -> Start<'_> {
        match &self.start {
            StartLine::Request { method, uri } => Start::Request(method, self.at(uri)),
            StartLine::Response { status, reason } => Start::Response(*status, self.at(reason)),
        }
    }

    /// The method of a request.
    #[must_use]
    pub const fn method(&self) -> Option<&Method> {
        match &self.start {
            StartLine::Request { method, .. } => Some(method),
            StartLine::Response { .. } => None,
        }
    }

    /// The status of a response.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match &self.start {
            StartLine::Request { .. } => None,
            StartLine::Response { status, .. } => Some(*status),
        }
    }

    /// The Request-URI.
    ///
    /// # Errors
    /// For a response, and where it is no URI.
    pub fn uri(&self) -> Result<Uri<'_>, Malformed> {
        match self.start() {
            Start::Request(_, uri) => Uri::parse(uri),
            Start::Response(..) => Err(Malformed("a response has no Request-URI")),
        }
    }

    /// All header fields in their order.
    pub fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.lines.iter().map(|line| Header {
            name: line.name,
            written: std::str::from_utf8(self.at(&line.named)).unwrap_or_default(),
            value: self.at(&line.value),
        })
    }

    /// How many header fields of this name there are.
    #[must_use]
    pub fn count(&self, name: Name) -> usize {
        self.lines.iter().filter(|line| line.name == name).count()
    }

    /// Whether there is a header field of this name.
    #[must_use]
    pub fn has(&self, name: Name) -> bool {
        self.lines.iter().any(|line| line.name == name)
    }

    /// The value of the first header field of this name, whole.
    #[must_use]
    pub fn octets_of(&self, name: Name) -> Option<&[u8]> {
        self.lines.iter().find(|line| line.name == name).map(|line| self.at(&line.value))
    }

    /// The value of the first header field of this name as text; `None` also where it is not UTF-8.
    #[must_use]
    pub fn text(&self, name: Name) -> Option<&str> {
        std::str::from_utf8(self.octets_of(name)?).ok()
    }

    /// The value of the first header field that the table of names does not have, by its name in any case.
    #[must_use]
    pub fn other(&self, written: &str) -> Option<&[u8]> {
        let mut unknown = self.headers().filter(|header| header.name == Name::Other);
        unknown
            .find(|header| header.written.eq_ignore_ascii_case(written))
            .map(|header| header.value)
    }

    /// The values of all header fields of this name in their order, those of lists taken apart at the commas.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        let lines = self.lines.iter().filter(move |line| line.name == name);
        lines.flat_map(move |line| match name.form() {
            Form::List => Values::new(self.at(&line.value)),
            Form::Single | Form::Repeated => Values::whole(self.at(&line.value)),
        })
    }

    /// The words of a list such as Supported, Require or Allow; empty ones are passed over.
    pub fn tokens(&self, name: Name) -> impl Iterator<Item = &str> {
        self.values(name)
            .filter_map(|value| std::str::from_utf8(value).ok())
            .filter(|token| !token.is_empty())
    }

    /// Whether a list such as Supported has this word, in any case.
    #[must_use]
    pub fn lists(&self, name: Name, token: &str) -> bool {
        self.tokens(name).any(|other| other.eq_ignore_ascii_case(token))
    }

    /// The addresses of a field such as Route, Record-Route or P-Asserted-Identity.
    pub fn addresses(&self, name: Name) -> impl Iterator<Item = Result<Address<'_>, Malformed>> {
        self.values(name).map(Address::parse)
    }

    /// From.
    ///
    /// # Errors
    /// Where it is missing or malformed.
    pub fn from(&self) -> Result<Address<'_>, Malformed> {
        Address::parse(self.octets_of(Name::From).ok_or(Malformed("From is missing"))?)
    }

    /// To.
    ///
    /// # Errors
    /// Where it is missing or malformed.
    pub fn to(&self) -> Result<Address<'_>, Malformed> {
        Address::parse(self.octets_of(Name::To).ok_or(Malformed("To is missing"))?)
    }

    /// Call-ID.
    ///
    /// # Errors
    /// Where it is missing or malformed.
    pub fn call_id(&self) -> Result<&str, Malformed> {
        let text = self.text(Name::CallId).ok_or(Malformed("Call-ID is missing"))?;
        // More than `callid` of RFC 3261 has: base64 ends with '='. It is compared, never taken apart.
        let fits = |octet: u8| scan::is_visible(octet) && octet != b',' || octet >= 0x80;
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(Malformed("Call-ID is empty or contains a character it may not have"));
        }
        Ok(text)
    }

    /// CSeq.
    ///
    /// # Errors
    /// Where it is missing or malformed.
    pub fn cseq(&self) -> Result<CSeq, Malformed> {
        CSeq::parse(self.octets_of(Name::CSeq).ok_or(Malformed("CSeq is missing"))?)
    }

    /// All hops, the last one first.
    pub fn vias(&self) -> impl Iterator<Item = Result<Via<'_>, Malformed>> {
        self.values(Name::Via).map(Via::parse)
    }

    /// The hop that the message came from, or, in a response, ours.
    ///
    /// # Errors
    /// Where it is missing or malformed.
    pub fn top_via(&self) -> Result<Via<'_>, Malformed> {
        self.vias().next().unwrap_or(Err(Malformed("Via is missing")))
    }

    /// All contacts.
    pub fn contacts(&self) -> impl Iterator<Item = Result<Contact<'_>, Malformed>> {
        self.values(Name::Contact).map(Contact::parse)
    }

    /// A number such as Expires, Max-Forwards, Min-Expires or RSeq; what follows the digits is passed over.
    /// `None` where the field is missing or does not begin with a number of 32 bits.
    #[must_use]
    pub fn number(&self, name: Name) -> Option<u32> {
        let digits = |octet: u8| octet.is_ascii_digit();
        scan::Scan::new(self.octets_of(name)?).text(digits).and_then(scan::number)
    }

    /// The body, as long as Content-Length says, or to the end of the datagram.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.at(&self.body)
    }

    /// The type of the body without its parameters, in lower case; empty where there is none.
    #[must_use]
    pub fn content_type(&self) -> String {
        let value = self.text(Name::ContentType).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().replace(' ', "")
    }

    /// Writes the message as it was received: names and values as they are, lines ended by CR LF,
    /// without what followed the body.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.octets.len() + 2 * self.lines.len());
        match &self.start {
            StartLine::Request { method, uri } => {
                octets.extend_from_slice(method.as_str().as_bytes());
                octets.push(b' ');
                octets.extend_from_slice(self.at(uri));
                octets.extend_from_slice(b" SIP/2.0\r\n");
            }
            StartLine::Response { status, reason } => {
                octets.extend_from_slice(format!("SIP/2.0 {status:03} ").as_bytes());
                octets.extend_from_slice(self.at(reason));
                octets.extend_from_slice(b"\r\n");
            }
        }
        for line in &self.lines {
            octets.extend_from_slice(self.at(&line.named));
            octets.extend_from_slice(b": ");
            octets.extend_from_slice(self.at(&line.value));
            octets.extend_from_slice(b"\r\n");
        }
        octets.extend_from_slice(b"\r\n");
        octets.extend_from_slice(self.body());
        octets
    }

    pub(super) fn at(&self, range: &Range<usize>) -> &[u8] {
        self.octets.get(range.clone()).unwrap_or_default()
    }
}

/// The first line only: a message is long and written by strangers.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.start {
            StartLine::Request { method, uri } => {
                write!(f, "Message({method:?} {:?})", String::from_utf8_lossy(self.at(uri)))
            }
            StartLine::Response { status, .. } => write!(f, "Message({status})"),
        }
    }
}
