//! What comes in: whose it is, and whether it can be answered at all.

use super::face::Path;
use super::serve::Arrival;
use super::{Cx, Endpoint};
use crate::draft::{Head, Reply, return_address};
use crate::transaction::key::{Marks, ServerKey};
use crate::transaction::server::Event;
use crate::ua::{ALLOW, BODIES, METHODS};
use crate::wire::writer::Quoted;
use crate::wire::{Abilities, Message, Method, Name, Reject, Unreadable, answerable, verdict};
use std::net::SocketAddr;

impl Endpoint {
    /// A datagram.
    pub(super) fn received_datagram(
        &mut self,
        cx: &mut Cx<'_>,
        source: SocketAddr,
        octets: Vec<u8>,
    ) {
        match Message::parse(octets) {
            Ok(message) => self.received_message(cx, Path::Udp(source), source, &message),
            // A keep-alive.
            Err(Unreadable::Empty) => {}
            Err(unreadable) => self.faults.malformed(cx.now, &unreadable),
        }
    }

    /// A message.
    pub(super) fn received_message(
        &mut self,
        cx: &mut Cx<'_>,
        path: Path,
        source: SocketAddr,
        message: &Message,
    ) {
        let verdict = verdict(message);
        if let Err(reject) = &verdict {
            self.faults.malformed(cx.now, reject);
        }
        match (message.method(), verdict) {
            (None, Ok(())) => self.received_response(cx, message),
            (Some(Method::Ack), Ok(())) => self.received_ack(cx, message),
            (None | Some(Method::Ack), Err(_)) => {}
            (Some(_), Err(reject)) => self.refuse(cx, path, source, (message, &reject)),
            (Some(method), Ok(())) => {
                let method = method.clone();
                self.received_request(cx, path, source, (message, &method));
            }
        }
    }

    /// A request on a connection whose end cannot be told: refused, then the connection is closed.
    pub(super) fn refuse_unframed(
        &mut self,
        cx: &mut Cx<'_>,
        path: Path,
        source: SocketAddr,
        message: &Message,
    ) {
        let has_method = message.method().is_some_and(|method| *method != Method::Ack);
        if has_method {
            let reject = Reject::new(400, "The length of the body cannot be told");
            self.refuse(cx, path, source, (message, &reject));
        }
    }

    fn received_request(
        &mut self,
        cx: &mut Cx<'_>,
        path: Path,
        source: SocketAddr,
        request: (&Message, &Method),
    ) {
        let (message, method) = request;
        let key = key(message, method.as_str());
        if self.servers.has(key) {
            self.server_event(cx, key, Event::Repeated);
            return;
        }
        let abilities = Abilities { methods: &METHODS, extensions: &[], bodies: &BODIES };
        let judged = if self.servers.len() >= SERVERS_MAX {
            self.faults.counters.overload += 1;
            Err(Reject::new(503, "Too many requests at once"))
        } else {
            answerable(message, &abilities)
        };
        if let Err(reject) = judged {
            self.refuse(cx, path, source, (message, &reject));
            return;
        }
        let (back, path) = match path {
            Path::Udp(source) => {
                let back = return_address(message, source);
                (back, Path::Udp(back))
            }
            Path::Conn(_) => (reconnect_address(message, source), path),
        };
        let is_outside = message.to().is_ok_and(|to| to.tag().is_none());
        let merge = (is_outside && *method != Method::Cancel).then(|| merge_key(message, method));
        if merge.is_some_and(|merge| self.servers.is_merged(merge)) {
            let reject = Reject::new(482, "The same request has come by another way");
            self.refuse(cx, path, source, (message, &reject));
            return;
        }
        let arrival = Arrival { key, path, source: back, merge };
        self.open(&arrival, method, Head::of(message, source));
        match method {
            Method::Cancel => self.received_cancel(cx, key, message),
            _ if is_outside => self.received_outside(cx, key, message),
            _ => self.received_inside(cx, key, message),
        }
    }

    /// Refuses a request without a transaction: it is not remembered, and refused alike when it comes
    /// again (RFC 3261 clause 8.2.7).
    fn refuse(
        &mut self,
        cx: &mut Cx<'_>,
        path: Path,
        source: SocketAddr,
        refused: (&Message, &Reject),
    ) {
        let (message, reject) = refused;
        let mut reply = Reply::new(reject.status);
        match reject.status {
            405 | 501 => reply = reply.with(Name::Allow, ALLOW),
            406 | 415 => reply = reply.with(Name::Accept, BODIES.join(", ")),
            420 => {
                let tags: Vec<&str> = message.tokens(Name::Require).collect();
                reply = reply.with(Name::Unsupported, tags.join(", "));
            }
            503 => reply = reply.with(Name::RetryAfter, "5"),
            _ => {}
        }
        let reply = reply.with(Name::Warning, format!("399 fixpart {}", Quoted(&reject.reason)));
        let method = message.method().map_or("", Method::as_str);
        let tag = key(message, method).tag();
        let octets = Head::of(message, source).respond(&reply, &tag);
        let path = match path {
            Path::Udp(source) => Path::Udp(return_address(message, source)),
            Path::Conn(_) => path,
        };
        self.transmit(cx, path, octets);
    }

    /// CANCEL (RFC 3261 clause 9.2).
    fn received_cancel(&mut self, cx: &mut Cx<'_>, cancel: ServerKey, message: &Message) {
        let invite = key(message, "INVITE");
        let status = if self.servers.has(invite) { 200 } else { 481 };
        let call = self.servers.call_of(invite).filter(|_| self.servers.is_open(invite));
        let tag = call.and_then(|call| self.calls.tag(call)).unwrap_or_else(|| invite.tag());
        self.respond(cx, cancel, &Reply::new(status), &tag);
        if let Some(call) = call {
            self.call_event(cx, call, crate::ua::Event::Cancelled(invite));
        }
    }

    fn received_ack(&mut self, cx: &mut Cx<'_>, message: &Message) {
        let key = key(message, "ACK");
        if self.servers.is_refused(key) {
            self.server_event(cx, key, Event::Ack);
            return;
        }
        match self.calls.of_request(message) {
            Some(call) => self.call_event(cx, call, crate::ua::Event::Acknowledged(message)),
            None => self.faults.counters.unexpected += 1,
        }
    }
}

/// The name of the transaction of a request, or of another method that shares its marks.
fn key(message: &Message, method: &str) -> ServerKey {
    let via = message.top_via().ok();
    let sent_by =
        via.map_or_else(String::new, |via| format!("{}:{}", via.host, via.port.unwrap_or(5060)));
    ServerKey::of(&Marks {
        method,
        branch: via.and_then(|via| via.branch()).unwrap_or_default(),
        sent_by: &sent_by,
        uri: message.uri().map_or("", |uri| uri.text),
        from_tag: message.from().ok().and_then(|from| from.tag()).unwrap_or_default(),
        call_id: message.call_id().unwrap_or_default(),
        cseq: message.cseq().map_or(0, |cseq| cseq.number),
    })
}

/// What the same request has in common with itself by another way: not the branch. The Request-URI counts,
/// since each handset is a user agent of its own: a proxy may fork one INVITE to two of them.
fn merge_key(message: &Message, method: &Method) -> ServerKey {
    ServerKey::of(&Marks {
        method: method.as_str(),
        branch: "",
        sent_by: "",
        uri: message.uri().map_or("", |uri| uri.text),
        from_tag: message.from().ok().and_then(|from| from.tag()).unwrap_or_default(),
        call_id: message.call_id().unwrap_or_default(),
        cseq: message.cseq().map_or(0, |cseq| cseq.number),
    })
}

/// Where to open a connection for a response whose own is gone (RFC 3261 clause 18.2.2).
fn reconnect_address(message: &Message, source: SocketAddr) -> SocketAddr {
    let port = message.top_via().ok().and_then(|via| via.port).unwrap_or(5060);
    SocketAddr::new(source.ip(), port)
}

/// Server transactions at the same time: each handset of the largest model called, and OPTIONS besides.
const SERVERS_MAX: usize = 20_000;
