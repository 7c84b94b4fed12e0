//! Messages of ours before they have a Via.
//!
//! What a user agent wants to say is known before it is known by which
//! transport it goes: the Via, the branch and the credentials are added when a
//! [`Draft`] is written. A [`Head`] is what a request leaves behind to be
//! answered with, so that the request itself need not be kept.

use crate::wire::{Message, Method, Name, Writer};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// A request of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What is asked for.
    pub method: Method,
    /// Request-URI.
    pub uri: String,
    /// It goes where the Request-URI points, whatever Route says: that is the URI of a strict router.
    pub strict: bool,
    /// Number in CSeq.
    pub cseq: u32,
    /// From, To, Call-ID and whatever else belongs to this request only, in order.
    pub headers: Vec<(Name, String)>,
    /// The body, where there is one.
    pub body: Option<Body>,
}

/// A body and its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Content-Type.
    pub content_type: &'static str,
    /// The octets.
    pub octets: Vec<u8>,
}

impl Draft {
    /// The first value of this header field.
    #[must_use]
    pub fn header(&self, name: Name) -> Option<&str> {
        self.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    /// The octets on the wire with this Via and these further header fields.
    #[must_use]
    pub fn write(&self, via: &str, max_forwards: u8, further: &[(Name, String)]) -> Vec<u8> {
        let mut writer = Writer::request(&self.method, &self.uri)
            .header(Name::Via, via)
            .header(Name::MaxForwards, max_forwards);
        for (name, value) in &self.headers {
            writer = writer.header(*name, value);
        }
        writer = writer.header(Name::CSeq, format_args!("{} {}", self.cseq, self.method));
        for (name, value) in further {
            writer = writer.header(*name, value);
        }
        end(writer, self.body.as_ref())
    }
}

/// A response of ours, apart from what its request dictates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Further header fields.
    pub headers: Vec<(Name, String)>,
    /// The body, where there is one.
    pub body: Option<Body>,
}

impl Reply {
    /// A response of a status line and nothing else.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    /// The same with one more header field.
    #[must_use]
    pub fn with(mut self, name: Name, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with a body.
    #[must_use]
    pub fn carrying(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }
}

/// What of a request goes back in its responses (RFC 3261 clause 8.2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// All of it but what follows To, which is last.
    lines: Box<[u8]>,
    /// Whether To has a tag already.
    is_tagged: bool,
}

impl Head {
    /// What to keep of a request that came from `source`; says in it where it came from (RFC 3581).
    #[must_use]
    pub fn of(request: &Message, source: SocketAddr) -> Self {
        let mut lines = Vec::with_capacity(USUAL_OCTETS);
        for (place, via) in request.values(Name::Via).enumerate() {
            match request.top_via() {
                Ok(_) if place == 0 => {
                    line(&mut lines, Name::Via, traced(request, source).as_bytes());
                }
                _ => line(&mut lines, Name::Via, via),
            }
        }
        let opens_dialog = request.method() == Some(&Method::Invite);
        let copied =
            [Name::RecordRoute, Name::From, Name::CallId, Name::CSeq, Name::Timestamp, Name::To];
        for name in copied.into_iter().filter(|name| opens_dialog || *name != Name::RecordRoute) {
            for value in request.values(name) {
                line(&mut lines, name, value);
            }
        }
        lines.truncate(lines.len().saturating_sub(2));
        let is_tagged = request.to().is_ok_and(|to| to.tag().is_some());
        Self { lines: lines.into(), is_tagged }
    }

    /// The octets of a response; `tag` is ours where To has none yet.
    #[must_use]
    pub fn respond(&self, reply: &Reply, tag: &str) -> Vec<u8> {
        let mut writer = Writer::response(reply.status);
        for (name, value) in &reply.headers {
            writer = writer.header(*name, value);
        }
        let mut octets = end(writer, reply.body.as_ref());
        let tag = if self.is_tagged || reply.status == 100 { "" } else { tag };
        let mark = if tag.is_empty() { "" } else { ";tag=" };
        let parts = [&*self.lines, mark.as_bytes(), tag.as_bytes(), b"\r\n"];
        let after_start = octets.iter().position(|octet| *octet == b'\n').map_or(0, |at| at + 1);
        octets.splice(after_start..after_start, parts.concat());
        octets
    }
}

/// Where the response to a request goes that came by datagram (RFC 3261 clause 18.2.2, RFC 3581).
///
/// The address is always the one that the request came from, whatever it says itself: so nobody can
/// have us send to a third party, except to a port of his own.
#[must_use]
pub fn return_address(request: &Message, source: SocketAddr) -> SocketAddr {
    match request.top_via() {
        Ok(via) if via.rport().is_none() => SocketAddr::new(source.ip(), via.port.unwrap_or(5060)),
        _ => source,
    }
}

/// An address as it stands in a URI or Via.
#[must_use]
pub fn host_text(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// The topmost Via with `received`, and `rport` where it is asked for.
fn traced(request: &Message, source: SocketAddr) -> String {
    let Ok(via) = request.top_via() else { return String::new() };
    let mut text = format!("SIP/2.0/{} {}", via.transport, via.host);
    if let Some(port) = via.port {
        let _ = write!(text, ":{port}");
    }
    for param in via.params.iter().filter(|param| !param.name.eq_ignore_ascii_case("received")) {
        let asks = param.name.eq_ignore_ascii_case("rport") && param.raw.is_none();
        let _ = match param.raw {
            _ if asks => write!(text, ";rport={}", source.port()),
            Some(raw) => write!(text, ";{}={}", param.name, String::from_utf8_lossy(raw)),
            None => write!(text, ";{}", param.name),
        };
    }
    if via.rport().is_some() || via.host.address() != Some(source.ip()) {
        let _ = write!(text, ";received={}", source.ip());
    }
    text
}

fn line(lines: &mut Vec<u8>, name: Name, value: &[u8]) {
    for part in [name.as_str().as_bytes(), b": ", value, b"\r\n"] {
        lines.extend_from_slice(part);
    }
}

fn end(writer: Writer, body: Option<&Body>) -> Vec<u8> {
    match body {
        Some(body) => writer.body(body.content_type, &body.octets),
        None => writer.finish(),
    }
}

/// What the head of most requests takes, so that it grows once.
const USUAL_OCTETS: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(via: &str, to: &str) -> Message {
        let text = format!(
            "INVITE sip:201@10.0.0.2 SIP/2.0\r\nVia: {via}\r\nVia: SIP/2.0/TCP far;branch=z9hG4bK1\r\n\
             Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\nFrom: \"Ann\" <sip:200@pbx>;tag=a\r\nTo: {to}\r\n\
             Call-ID: 7\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        );
        Message::parse(text.into_bytes()).unwrap()
    }

    #[test]
    fn a_response_says_where_the_request_came_from_and_keeps_the_route() {
        let source: SocketAddr = "10.0.0.9:1024".parse().unwrap();
        let request = request("SIP/2.0/UDP nat.example;rport;branch=z9hG4bK2", "<sip:201@pbx>");
        let head = Head::of(&request, source);
        let text = String::from_utf8(head.respond(&Reply::new(180), "mine")).unwrap();
        assert_eq!(
            text,
            "SIP/2.0 180 Ringing\r\n\
             Via: SIP/2.0/UDP nat.example;rport=1024;branch=z9hG4bK2;received=10.0.0.9\r\n\
             Via: SIP/2.0/TCP far;branch=z9hG4bK1\r\n\
             Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\n\
             From: \"Ann\" <sip:200@pbx>;tag=a\r\nCall-ID: 7\r\nCSeq: 1 INVITE\r\n\
             To: <sip:201@pbx>;tag=mine\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(return_address(&request, source), source);
    }

    #[test]
    fn trying_has_no_tag_and_an_old_tag_stays() {
        let source = "10.0.0.9:1024".parse().unwrap();
        let text = |to: &str, status| {
            let head = Head::of(&request("SIP/2.0/UDP 10.0.0.9", to), source);
            String::from_utf8(head.respond(&Reply::new(status), "mine")).unwrap()
        };
        assert!(!text("<sip:201@pbx>", 100).contains("mine"));
        assert!(text("<sip:201@pbx>;tag=old", 200).contains("To: <sip:201@pbx>;tag=old\r\n"));
    }

    #[test]
    fn without_rport_the_response_goes_to_the_port_in_via() {
        let source = "10.0.0.9:1024".parse().unwrap();
        let to = |via| return_address(&request(via, "<sip:x@y>"), source).to_string();
        assert_eq!(to("SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bK1"), "10.0.0.9:5080");
        assert_eq!(to("SIP/2.0/UDP 10.0.0.1"), "10.0.0.9:5060");
    }
}
