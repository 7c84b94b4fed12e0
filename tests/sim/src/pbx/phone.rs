//! A telephone of the PBX's own: the far end of calls, with habits.

use super::proxy::address;
use super::{Later, Output, Seen, SimPbx};
use sip::wire::{Contact, Message, Method, Name, Writer};
use std::net::SocketAddr;
use std::time::Duration;

/// How a telephone behaves when it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// It rings and answers after this long.
    Answers(Duration),
    /// It rings; its user must answer.
    Rings,
    /// It plays an announcement before it answers (183 with a session), after this long.
    Announces(Duration),
    /// It refuses with this status.
    Refuses(u16),
    /// It says nothing at all.
    Silent,
}

/// What the user of a telephone, or the telephone itself, does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhoneCommand {
    /// Call this number.
    Call(String),
    /// The same without an offer: the called party makes it.
    CallWithoutOffer(String),
    /// Answer the call that rings.
    Answer,
    /// End the call, however far it is.
    HangUp,
    /// A re-INVITE with this direction of speech (`sendrecv`, `sendonly`, `inactive`).
    Reinvite(&'static str),
    /// A re-INVITE without an offer.
    ReinviteWithoutOffer,
    /// An UPDATE with an offer.
    Update,
    /// A key as SIP INFO.
    InfoKey(char),
}

/// The telephone.
pub(super) struct Phone {
    number: String,
    habit: Habit,
    call: Option<Call>,
}

struct Call {
    id: String,
    /// The INVITE that rings, unanswered.
    ringing: Option<Message>,
    /// Our INVITE while it has no final response.
    calling: Option<Calling>,
    talks: bool,
    /// The peer was told to end the call.
    ending: bool,
    local: String,
    remote: String,
    target: String,
    cseq: u32,
    /// Where requests within the dialog go first.
    route: Option<String>,
}

struct Calling {
    branch: String,
    uri: String,
    cseq: u32,
    rang: bool,
    within: bool,
    cancelled: bool,
}

impl Phone {
    pub(super) fn new(number: &str, habit: Habit) -> Self {
        Self { number: number.to_owned(), habit, call: None }
    }

    pub(super) fn forget(&mut self) {
        self.call = None;
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.call.is_some()
    }

    pub(super) fn talks(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.talks)
    }
}

impl SimPbx {
    pub(super) fn phone_command(&mut self, number: &str, command: &PhoneCommand) {
        match command {
            PhoneCommand::Call(to) => self.phone_calls(number, to, true),
            PhoneCommand::CallWithoutOffer(to) => self.phone_calls(number, to, false),
            PhoneCommand::Answer => self.phone_answers(number),
            PhoneCommand::HangUp => self.phone_hangs_up(number),
            PhoneCommand::Reinvite(direction) => {
                self.phone_modifies(number, &Method::Invite, Some(direction));
            }
            PhoneCommand::ReinviteWithoutOffer => {
                self.phone_modifies(number, &Method::Invite, None);
            }
            PhoneCommand::Update => self.phone_modifies(number, &Method::Update, Some("sendrecv")),
            PhoneCommand::InfoKey(key) => {
                let body = format!("Signal={key}\r\nDuration=160\r\n");
                self.within(number, &Method::Info, Some(("application/dtmf-relay", body)));
            }
        }
    }

    /// A request for a telephone.
    pub(super) fn phone_request(&mut self, number: &str, request: &Message) {
        let (Ok(id), Some(method)) = (request.call_id().map(str::to_owned), request.method())
        else {
            return;
        };
        let Some(from) = reply_to(request) else { return };
        let known = self.call(number).is_some_and(|call| call.id == id);
        match method {
            Method::Invite if known => self.answer(request, from, 200, Some(BOTH)),
            Method::Invite => self.phone_is_called(number, id, request, from),
            Method::Ack => {}
            _ if !known => self.answer(request, from, 481, None),
            Method::Cancel => {
                self.answer(request, from, 200, None);
                if let Some(invite) = self.call(number).and_then(|call| call.ringing.take()) {
                    self.answer(&invite, from, 487, None);
                    self.over(number, Some(487));
                }
            }
            Method::Bye => {
                self.answer(request, from, 200, None);
                self.over(number, None);
            }
            Method::Update => self.answer(request, from, 200, Some(BOTH)),
            _ => self.answer(request, from, 200, None),
        }
    }

    fn phone_is_called(&mut self, number: &str, id: String, request: &Message, from: SocketAddr) {
        let Some(phone) = self.phones.get(number) else { return };
        let habit = if phone.is_busy() { Habit::Refuses(486) } else { phone.habit };
        if let Habit::Refuses(status) = habit {
            return self.answer(request, from, status, None);
        }
        if habit == Habit::Silent {
            return;
        }
        let caller = request.from().map(|from| from.uri.user_text()).unwrap_or_default();
        self.answer(request, from, 180, None);
        let call = Call {
            id,
            ringing: Some(request.clone()),
            calling: None,
            talks: false,
            ending: false,
            local: tagged(request.text(Name::To)),
            remote: request.text(Name::From).unwrap_or_default().to_owned(),
            target: contact(request),
            cseq: 0,
            route: request.text(Name::RecordRoute).map(str::to_owned),
        };
        self.set_call(number, Some(call));
        self.seen(number, Seen::Rings(caller));
        match habit {
            Habit::Answers(after) => self.plan(after, Later::Answers(number.to_owned())),
            Habit::Announces(after) => {
                self.answer(request, from, 183, Some(BOTH));
                self.plan(after, Later::Answers(number.to_owned()));
            }
            _ => {}
        }
    }

    fn phone_answers(&mut self, number: &str) {
        let Some(call) = self.call(number) else { return };
        let Some(invite) = call.ringing.take() else { return };
        call.talks = true;
        if let Some(from) = reply_to(&invite) {
            self.answer(&invite, from, 200, Some(BOTH));
            self.seen(number, Seen::Talks);
        }
    }

    fn phone_calls(&mut self, number: &str, to: &str, offers: bool) {
        if self.call(number).is_some() {
            return;
        }
        let (id, branch, tag) = (self.token("call-"), self.token("z9hG4bK-phone"), self.token("t"));
        let host = self.address;
        let uri = format!("sip:{to}@{host}");
        let call = Call {
            id: id.clone(),
            ringing: None,
            calling: Some(Calling {
                branch: branch.clone(),
                uri: uri.clone(),
                cseq: 1,
                rang: false,
                within: false,
                cancelled: false,
            }),
            talks: false,
            ending: false,
            local: format!("\"Phone {number}\" <sip:{number}@{host}>;tag={tag}"),
            remote: format!("<{uri}>"),
            target: uri.clone(),
            cseq: 1,
            route: None,
        };
        let request = head(&call, number, host, (&Method::Invite, 1, &branch, &uri));
        self.set_call(number, Some(call));
        let datagram = finished(request, offers.then_some(BOTH));
        if let Ok(request) = Message::parse(datagram) {
            self.route(None, &request);
        }
    }

    /// Nobody has answered our CANCEL or BYE (RFC 3261 clause 17.1, timers B and F).
    pub(super) fn phone_gives_up(&mut self, number: &str, id: &str) {
        if self.call(number).is_some_and(|call| call.id == id) {
            self.over(number, Some(408));
        }
    }

    fn phone_hangs_up(&mut self, number: &str) {
        let host = self.address;
        let Some(id) = self.call(number).map(|call| call.id.clone()) else { return };
        self.plan(PATIENCE, Later::GivesUp(number.to_owned(), id));
        let Some(call) = self.call(number) else { return };
        if let Some(invite) = call.ringing.take() {
            if let Some(from) = reply_to(&invite) {
                self.answer(&invite, from, 603, None);
            }
            return self.over(number, Some(603));
        }
        if let Some(calling) = call.calling.as_mut().filter(|calling| !calling.within) {
            if std::mem::replace(&mut calling.cancelled, true) || !calling.rang {
                return;
            }
            let (branch, uri, cseq) = (calling.branch.clone(), calling.uri.clone(), calling.cseq);
            let request = head(call, number, host, (&Method::Cancel, cseq, &branch, &uri));
            if let Ok(request) = Message::parse(finished(request, None)) {
                self.route(None, &request);
            }
            return;
        }
        call.ending = true;
        self.within(number, &Method::Bye, None);
    }

    fn phone_modifies(&mut self, number: &str, method: &Method, direction: Option<&str>) {
        let body = direction.map(|direction| ("application/sdp", sdp(direction)));
        let Some((branch, uri, cseq)) = self.within(number, method, body) else { return };
        let calling = Calling { branch, uri, cseq, rang: true, within: true, cancelled: false };
        if let Some(call) = self.call(number) {
            call.calling = Some(calling);
        }
    }

    /// Sends a request within the dialog; says with which branch, to whom and with which number.
    fn within(
        &mut self,
        number: &str,
        method: &Method,
        body: Option<(&str, String)>,
    ) -> Option<(String, String, u32)> {
        let (branch, host) = (self.token("z9hG4bK-phone"), self.address);
        let call = self.call(number).filter(|call| call.talks)?;
        call.cseq += 1;
        let (cseq, uri) = (call.cseq, call.target.clone());
        let request = head(call, number, host, (method, cseq, &branch, &uri));
        let datagram = match body {
            Some((kind, body)) => request.body(kind, body.as_bytes()),
            None => request.finish(),
        };
        let to = sip::wire::Uri::parse(uri.as_bytes()).ok().and_then(|uri| address(&uri))?;
        self.send(to, datagram);
        Some((branch, uri, cseq))
    }

    /// A response to a request of a telephone's.
    pub(super) fn phone_response(&mut self, response: &Message) {
        let Some(status) = response.status() else { return };
        let (Ok(id), Ok(cseq)) = (response.call_id(), response.cseq()) else { return };
        let found = self
            .phones
            .values()
            .find(|phone| phone.call.as_ref().is_some_and(|call| call.id == id));
        let Some(number) = found.map(|phone| phone.number.clone()) else { return };
        match cseq.method {
            Method::Bye if status >= 200 => self.over(&number, None),
            Method::Invite | Method::Update => {
                self.invite_answered(&number, response, status, cseq.number);
            }
            _ => {}
        }
    }

    fn invite_answered(&mut self, number: &str, response: &Message, status: u16, cseq: u32) {
        let host = self.address;
        let Some(call) = self.call(number) else { return };
        let Some(calling) = call.calling.as_mut().filter(|calling| calling.cseq == cseq) else {
            return;
        };
        if status < 200 {
            let first = !std::mem::replace(&mut calling.rang, true);
            let late_cancel = calling.cancelled;
            if first && status >= 180 {
                self.seen(number, Seen::RingsThere);
            }
            if late_cancel
                && first
                && let Some(call) = self.call(number)
            {
                if let Some(calling) = &mut call.calling {
                    calling.cancelled = false;
                }
                self.phone_hangs_up(number);
            }
            return;
        }
        let (within, invite) =
            (calling.within, response.cseq().is_ok_and(|cseq| cseq.method == Method::Invite));
        let (branch, uri) = (calling.branch.clone(), calling.uri.clone());
        call.calling = None;
        response.text(Name::To).unwrap_or_default().clone_into(&mut call.remote);
        if status < 300 {
            call.target = contact_or(response, &call.target);
            call.talks = true;
            if invite {
                let offered = !response.body().is_empty();
                let (uri, branch) = (call.target.clone(), format!("{branch}-ack"));
                let ack = head(call, number, host, (&Method::Ack, cseq, &branch, &uri));
                let datagram = finished(ack, offered.then_some(BOTH));
                let to = sip::wire::Uri::parse(uri.as_bytes()).ok().and_then(|it| address(&it));
                if let Some(to) = to {
                    self.send(to, datagram);
                }
            }
            self.seen(number, if within { Seen::Changed(None) } else { Seen::Talks });
            return;
        }
        if invite {
            let ack = head(call, number, host, (&Method::Ack, cseq, &branch, &uri));
            let ack = Message::parse(finished(ack, None));
            let local =
                response.to().is_ok_and(|to| to.tag().is_some_and(|tag| tag.starts_with("pbx-")));
            if let (Ok(ack), false) = (ack, local) {
                self.acknowledge(&ack, within);
            }
        }
        if within {
            self.seen(number, Seen::Changed(Some(status)));
        } else {
            self.over(number, Some(status));
        }
    }

    fn acknowledge(&mut self, ack: &Message, within: bool) {
        if !within {
            return self.route(None, ack);
        }
        if let Some(to) = ack.uri().ok().and_then(|uri| address(&uri)) {
            self.send(to, ack.encode());
        }
    }

    fn answer(&mut self, request: &Message, to: SocketAddr, status: u16, speech: Option<&str>) {
        let tag = (status != 100).then_some(TAG);
        let writer = Writer::answer(request, status, tag).copy(request, Name::RecordRoute);
        let contact = format!("<sip:{}>", contact_of(request, self.address));
        let datagram = finished(writer.header(Name::Contact, contact), speech);
        if to == self.address {
            self.take(to, datagram);
        } else {
            self.send(to, datagram);
        }
    }

    fn over(&mut self, number: &str, status: Option<u16>) {
        self.set_call(number, None);
        self.seen(number, Seen::Over(status));
    }

    fn seen(&mut self, number: &str, seen: Seen) {
        self.out.push(Output::Seen(number.to_owned(), seen));
    }

    fn call(&mut self, number: &str) -> Option<&mut Call> {
        self.phones.get_mut(number)?.call.as_mut()
    }

    fn set_call(&mut self, number: &str, call: Option<Call>) {
        if let Some(phone) = self.phones.get_mut(number) {
            phone.call = call;
        }
    }
}

/// What every request of a telephone begins with.
fn head(
    call: &Call,
    number: &str,
    host: SocketAddr,
    (method, cseq, branch, uri): (&Method, u32, &str, &str),
) -> Writer {
    let writer = Writer::request(method, uri)
        .header(Name::Via, format!("SIP/2.0/UDP {host};branch={branch}"))
        .header(Name::MaxForwards, 70)
        .header(Name::From, &call.local)
        .header(Name::To, &call.remote)
        .header(Name::CallId, &call.id)
        .header(Name::CSeq, format!("{cseq} {method}"))
        .header(Name::Contact, format!("<sip:{number}@{host}>"));
    match &call.route {
        Some(route) => writer.header(Name::Route, route),
        None => writer,
    }
}

fn finished(writer: Writer, speech: Option<&str>) -> Vec<u8> {
    match speech {
        Some(direction) => writer.body("application/sdp", sdp(direction).as_bytes()),
        None => writer.finish(),
    }
}

/// Where the response to a request that the proxy got goes to.
fn reply_to(request: &Message) -> Option<SocketAddr> {
    let via = request.top_via().ok()?;
    let address = via.received().or_else(|| via.host.address())?;
    Some(SocketAddr::new(address, via.rport().flatten().or(via.port).unwrap_or(5060)))
}

fn contact(message: &Message) -> String {
    contact_or(message, "")
}

fn contact_or(message: &Message, otherwise: &str) -> String {
    let contact = message.contacts().find_map(|contact| match contact {
        Ok(Contact::Address(address)) => Some(address.uri.text.to_owned()),
        _ => None,
    });
    contact.unwrap_or_else(|| otherwise.to_owned())
}

fn contact_of(request: &Message, host: SocketAddr) -> String {
    let user = request.to().map(|to| to.uri.user_text()).unwrap_or_default();
    format!("{user}@{host}")
}

fn tagged(to: Option<&str>) -> String {
    format!("{};tag={TAG}", to.unwrap_or_default())
}

fn sdp(direction: &str) -> String {
    [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.3",
        "s=-",
        "c=IN IP4 127.0.0.3",
        "t=0 0",
        "m=audio 40000 RTP/AVP 8 101",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        &format!("a={direction}\r\n"),
    ]
    .join("\r\n")
}

/// The tag of all telephones; calls are told apart by their Call-ID.
const TAG: &str = "phone";
const BOTH: &str = "sendrecv";
/// 64 times T1.
const PATIENCE: Duration = Duration::from_secs(32);
