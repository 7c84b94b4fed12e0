//! The registrar and the proxy (RFC 3261 clauses 10 and 16).

use super::digest::{Asker, Proof};
use super::{Mood, SimPbx};
use sip::wire::{Contact, Host, Message, Method, Name, Uri, Writer};
use std::net::SocketAddr;
use std::time::Duration;

impl SimPbx {
    pub(super) fn take(&mut self, from: SocketAddr, datagram: Vec<u8>) {
        let Ok(message) = Message::parse(datagram) else { return };
        if message.status().is_some() {
            self.response(&message);
        } else {
            self.request(from, &message);
        }
    }

    fn request(&mut self, from: SocketAddr, request: &Message) {
        let Some(method) = request.method() else { return };
        let ours = request.to().ok().and_then(|to| to.tag().map(str::to_owned));
        if *method == Method::Ack && ours.is_some_and(|tag| tag.starts_with("pbx-")) {
            return;
        }
        if self.mood == Mood::Overloaded && *method != Method::Ack {
            let answer = Writer::answer(request, 503, Some("pbx-overloaded"));
            return self.send(from, answer.header(Name::RetryAfter, 30).finish());
        }
        match method {
            Method::Register => self.register(from, request),
            Method::Options => {
                self.send(from, Writer::answer(request, 200, Some("pbx-options")).finish());
            }
            _ if request.has(Name::Route) => self.follow(request),
            Method::Invite if request.to().is_ok_and(|to| to.tag().is_none()) => {
                let proof = self.proof(request, Asker::Proxy);
                match Self::unproved(request, &proof) {
                    Some(refusal) => self.send(from, refusal),
                    None => self.route(Some(from), request),
                }
            }
            _ => self.route(Some(from), request),
        }
    }

    fn register(&mut self, from: SocketAddr, request: &Message) {
        let proof = self.proof(request, Asker::Registrar);
        if let Some(refusal) = Self::unproved(request, &proof) {
            return self.send(from, refusal);
        }
        if self.mood == Mood::Forbidding {
            let answer = Writer::answer(request, 403, Some("pbx-forbidden"));
            return self.send(from, answer.finish());
        }
        let Proof::User(user) = proof else { return };
        let expires = request.number(Name::Expires).unwrap_or(3600);
        let mut contacts = request.contacts().filter_map(Result::ok);
        let contact = contacts.find_map(|contact| match contact {
            Contact::Address(address) => {
                let own = address.params.token("expires").and_then(|it| it.parse::<u32>().ok());
                Some((address.uri.text.to_owned(), own.unwrap_or(expires)))
            }
            Contact::All => None,
        });
        let answer = Writer::answer(request, 200, Some("pbx-registrar"));
        let answer = match contact {
            Some((uri, expires)) if expires > 0 => {
                let until = self.now + Duration::from_secs(u64::from(expires));
                self.bindings.insert(user, (uri.clone(), until));
                answer.header(Name::Contact, format!("<{uri}>;expires={expires}"))
            }
            _ => {
                self.bindings.remove(&user);
                answer
            }
        };
        self.send(from, answer.finish());
    }

    /// A request within a dialog that the proxy has put itself into: to where its URI points.
    fn follow(&mut self, request: &Message) {
        let Some(target) = request.uri().ok().and_then(|uri| address(&uri)) else { return };
        let forwarded = self.forwarded(request, None, Hop::Within);
        self.deliver(target, forwarded);
    }

    /// A request to a user or a telephone of the PBX.
    pub(super) fn route(&mut self, from: Option<SocketAddr>, request: &Message) {
        let Ok(uri) = request.uri() else { return };
        let user = uri.user_text();
        if self.phones.contains_key(&user) {
            return self.phone_request(&user, request);
        }
        if self.is_registered(&user) {
            let (contact, _) = self.bindings[&user].clone();
            let target = Uri::parse(contact.as_bytes()).ok().and_then(|uri| address(&uri));
            let Some(target) = target else { return };
            let hop = if from.is_some() { Hop::Between } else { Hop::FromPhone };
            let forwarded = self.forwarded(request, Some(&contact), hop);
            return self.deliver(target, forwarded);
        }
        let status = if self.users.contains_key(&user) { 480 } else { 404 };
        if request.method() == Some(&Method::Ack) {
            return;
        }
        let answer = Writer::answer(request, status, Some("pbx-nobody")).finish();
        match from {
            Some(from) => self.send(from, answer),
            None => self.take(self.address, answer),
        }
    }

    /// The request as the next hop gets it.
    fn forwarded(&self, request: &Message, uri: Option<&str>, hop: Hop) -> Vec<u8> {
        let text = String::from_utf8_lossy(&request.encode()).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default();
        let method = request.method().map_or("", |method| method.as_str());
        let start = uri.map_or(start.to_owned(), |uri| format!("{method} {uri} SIP/2.0"));
        let branch = request.top_via().ok().and_then(|via| via.branch().map(str::to_owned));
        let mut forwarded = vec![start];
        // The branch follows from that of the request before, so that CANCEL and ACK find their INVITE.
        let branch = format!("{}{PASSED}", branch.unwrap_or_default());
        forwarded.push(format!("Via: SIP/2.0/UDP {};branch={branch}", self.address));
        if hop == Hop::Between && method == "INVITE" {
            forwarded.push(format!("Record-Route: <sip:{};lr>", self.address));
        }
        for line in lines {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            match name.as_str() {
                "route" if hop == Hop::Within => {}
                "proxy-authorization" => {}
                "max-forwards" => {
                    let left = request.number(Name::MaxForwards).unwrap_or(70).saturating_sub(1);
                    forwarded.push(format!("Max-Forwards: {left}"));
                }
                _ => forwarded.push(line.to_owned()),
            }
        }
        format!("{}\r\n\r\n{body}", forwarded.join("\r\n")).into_bytes()
    }

    fn response(&mut self, response: &Message) {
        let vias: Vec<_> = response.vias().filter_map(Result::ok).collect();
        let phones =
            |branch: Option<&str>| branch.is_some_and(|it| it.starts_with("z9hG4bK-phone"));
        if vias.len() == 1 && phones(vias[0].branch()) && !ends_forwarded(vias[0].branch()) {
            return self.phone_response(response);
        }
        let Some(next) = vias.get(1) else { return };
        let mut taken = false;
        let text = String::from_utf8_lossy(&response.encode()).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let lines = head.split("\r\n").filter(|line| {
            let first = !taken && line.to_ascii_lowercase().starts_with("via:");
            taken |= first;
            !first
        });
        let head: Vec<&str> = lines.collect();
        let passed = format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes();
        let host = match next.host {
            Host::Address(address) => next.received().unwrap_or(address),
            Host::Name(_) => return,
        };
        let port = next.rport().flatten().or(next.port).unwrap_or(5060);
        self.deliver(SocketAddr::new(host, port), passed);
    }

    /// To another machine, or to ourselves.
    fn deliver(&mut self, to: SocketAddr, datagram: Vec<u8>) {
        if to == self.address {
            self.take(to, datagram);
        } else {
            self.send(to, datagram);
        }
    }
}

/// How a request passes through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hop {
    /// From one user to another: the proxy stays in the path.
    Between,
    /// From a telephone of ours, which is reached here anyway.
    FromPhone,
    /// Within a dialog: the proxy's Route has done its work.
    Within,
}

fn ends_forwarded(branch: Option<&str>) -> bool {
    branch.is_some_and(|branch| branch.ends_with(PASSED))
}

/// Where a URI points; only addresses, there is no DNS here.
pub(super) fn address(uri: &Uri<'_>) -> Option<SocketAddr> {
    let host = uri.host.as_ref()?.address()?;
    Some(SocketAddr::new(host, uri.port.unwrap_or(5060)))
}

/// What the proxy adds to the branch of a request that passes.
const PASSED: &str = ".p";
