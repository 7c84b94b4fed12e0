//! Dialogs (RFC 3261 clause 12).
//!
//! A [`Dialog`] knows who speaks with whom, by which route, and which number
//! comes next. It makes requests and judges those that come; what they mean
//! for a call is [`crate::ua`]'s business.

use crate::draft::Draft;
use crate::wire::{Address, Malformed, Message, Method, Name};

/// One dialog, early or confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    /// Call-ID.
    pub call_id: String,
    /// Who made it.
    pub maker: Maker,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag; empty for a peer of RFC 2543, and before the first response.
    pub remote_tag: String,
    /// What goes into From, with our tag.
    pub local: String,
    /// What goes into To, with the peer's tag.
    pub remote: String,
    /// What goes into Route, in order.
    pub route: Vec<String>,
    /// The peer's Contact.
    pub target: String,
    /// The number of our latest request.
    pub local_cseq: u32,
    /// The number of the peer's latest request.
    pub remote_cseq: Option<u32>,
}

/// Who made a Call-ID, which decides who gives way (RFC 3261 clause 14.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// We called.
    Us,
    /// The peer called.
    Peer,
}

/// Whether a request comes in its turn (RFC 3261 clause 12.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It does.
    InOrder,
    /// A later one came before.
    Late,
}

impl Dialog {
    /// The dialog that an INVITE of ours may open; the peer's half is learned from a response.
    #[must_use]
    pub fn calling(
        call_id: String,
        tag: String,
        local: &str,
        remote: String,
        target: String,
    ) -> Self {
        Self {
            call_id,
            maker: Maker::Us,
            local: format!("{local};tag={tag}"),
            local_tag: tag,
            remote_tag: String::new(),
            remote,
            route: Vec::new(),
            target,
            local_cseq: 0,
            remote_cseq: None,
        }
    }

    /// The dialog that an INVITE of a peer may open, with our `tag` (RFC 3261 clause 12.1.1).
    ///
    /// # Errors
    /// Where the request lacks what a dialog needs.
    pub fn called(request: &Message, tag: String) -> Result<Self, Malformed> {
        let from = request.from()?;
        let to = request.text(Name::To).ok_or(Malformed("To is not text"))?;
        Ok(Self {
            call_id: request.call_id()?.to_owned(),
            maker: Maker::Peer,
            remote_tag: from.tag().unwrap_or_default().to_owned(),
            local: format!("{to};tag={tag}"),
            local_tag: tag,
            remote: request.text(Name::From).ok_or(Malformed("From is not text"))?.to_owned(),
            route: record_route(request),
            // A peer of RFC 2543 is reached by its From (RFC 4475 clause 3.4.1).
            target: target(request).unwrap_or_else(|| from.uri.text.to_owned()),
            local_cseq: 0,
            remote_cseq: Some(request.cseq()?.number),
        })
    }

    /// The dialog as a response to our INVITE makes it (RFC 3261 clause 12.1.2); others that the same INVITE
    /// has opened by forking stay as they are.
    #[must_use]
    pub fn answered_by(&self, response: &Message) -> Self {
        let mut dialog = self.clone();
        if let Ok(to) = response.to() {
            to.tag().unwrap_or_default().clone_into(&mut dialog.remote_tag);
        }
        if let Some(to) = response.text(Name::To) {
            to.clone_into(&mut dialog.remote);
        }
        dialog.route = record_route(response);
        dialog.route.reverse();
        dialog.refresh(response);
        dialog
    }

    /// Takes a new Contact over (RFC 3261 clause 12.2, target refresh).
    pub fn refresh(&mut self, message: &Message) {
        if let Some(target) = target(message) {
            self.target = target;
        }
    }

    /// Whether a message of the peer with these tags is of this dialog.
    #[must_use]
    pub fn has(&self, call_id: &str, remote_tag: &str) -> bool {
        self.call_id == call_id && self.remote_tag == remote_tag
    }

    /// Takes note of the number of a peer's request, which is neither ACK nor CANCEL.
    pub fn turn(&mut self, number: u32) -> Turn {
        if self.remote_cseq.is_some_and(|latest| number <= latest) {
            return Turn::Late;
        }
        self.remote_cseq = Some(number);
        Turn::InOrder
    }

    /// The number for a new request of ours.
    pub fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.saturating_add(1);
        self.local_cseq
    }

    /// A new request within the dialog.
    pub fn request(&mut self, method: Method) -> Draft {
        let cseq = self.next_cseq();
        self.numbered(method, cseq)
    }

    /// A request with a number that was used already: ACK, and the same once more.
    #[must_use]
    pub fn numbered(&self, method: Method, cseq: u32) -> Draft {
        let (uri, route, strict) = self.path();
        let mut headers: Vec<_> = route.into_iter().map(|route| (Name::Route, route)).collect();
        headers.push((Name::From, self.local.clone()));
        headers.push((Name::To, self.remote.clone()));
        headers.push((Name::CallId, self.call_id.clone()));
        Draft { method, uri, strict, cseq, headers, body: None }
    }

    /// Request-URI and Route (RFC 3261 clause 12.2.1.1): a first proxy that is a strict router gets its own
    /// URI into the request line, and the target goes to the end of the route. Whether it is one.
    fn path(&self) -> (String, Vec<String>, bool) {
        let Some((first, rest)) = self.route.split_first() else {
            return (self.target.clone(), Vec::new(), false);
        };
        match Address::parse(first.as_bytes()) {
            Ok(address) if !address.uri.params.has("lr") => {
                let mut route = rest.to_vec();
                route.push(format!("<{}>", self.target));
                let text = address.uri.text;
                let without_headers = text.split('?').next().unwrap_or(text);
                (without_headers.to_owned(), route, true)
            }
            _ => (self.target.clone(), self.route.clone(), false),
        }
    }
}

fn target(message: &Message) -> Option<String> {
    let contact = message.contacts().next()?.ok()?;
    contact.address().map(|address| address.uri.text.to_owned())
}

fn record_route(message: &Message) -> Vec<String> {
    let texts =
        message.values(Name::RecordRoute).filter_map(|value| std::str::from_utf8(value).ok());
    texts.take(ROUTE_MAX).map(str::to_owned).collect()
}

/// Proxies on the way of one dialog; more than any network has.
const ROUTE_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn response(routes: &str) -> Message {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\n{routes}From: <sip:a@h>;tag=1\r\n\
             To: \"B\" <sip:b@h>;tag=2\r\nCall-ID: 7\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:b@10.0.0.2:5070;transport=tcp>\r\n\r\n"
        );
        Message::parse(text.into_bytes()).unwrap()
    }

    fn dialog(routes: &str) -> Dialog {
        let (to, target) = ("<sip:b@h>".into(), "sip:b@h".into());
        Dialog::calling("7".into(), "1".into(), "<sip:a@h>", to, target)
            .answered_by(&response(routes))
    }

    fn lines(draft: &Draft) -> String {
        let octets = draft.write("SIP/2.0/UDP us", 70, &[]);
        String::from_utf8(octets).unwrap()
    }

    #[test]
    fn a_route_set_is_walked_backwards_by_the_caller() {
        let mut dialog = dialog("Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\n");
        assert_eq!(
            lines(&dialog.request(Method::Bye)),
            "BYE sip:b@10.0.0.2:5070;transport=tcp SIP/2.0\r\nVia: SIP/2.0/UDP us\r\nMax-Forwards: 70\r\n\
             Route: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\nFrom: <sip:a@h>;tag=1\r\n\
             To: \"B\" <sip:b@h>;tag=2\r\nCall-ID: 7\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn a_strict_router_gets_its_own_uri() {
        let mut dialog = dialog("Record-Route: <sip:p2;lr>\r\nRecord-Route: <sip:p1?x=y>\r\n");
        let draft = dialog.request(Method::Bye);
        assert_eq!(draft.uri, "sip:p1");
        let text = lines(&draft);
        let routes: Vec<&str> = text.lines().filter(|line| line.starts_with("Route")).collect();
        let target = "Route: <sip:b@10.0.0.2:5070;transport=tcp>";
        assert_eq!(routes, ["Route: <sip:p2;lr>", target]);
    }

    #[test]
    fn requests_are_counted_on_both_sides() {
        let mut dialog = dialog("");
        assert_eq!(dialog.turn(5), Turn::InOrder);
        assert_eq!(dialog.turn(5), Turn::Late);
        assert_eq!(dialog.turn(7), Turn::InOrder);
        assert_eq!(dialog.request(Method::Info).cseq, 1);
        assert_eq!(dialog.request(Method::Bye).cseq, 2);
        assert_eq!(dialog.numbered(Method::Ack, 1).cseq, 1);
    }
}
