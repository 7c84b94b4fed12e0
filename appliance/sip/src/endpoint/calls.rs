//! The calls: who they belong to, and how what they want is carried out.

use super::face::Output;
use super::outgoing::{Outgoing, Sender, Towards};
use super::{Cx, Due, Endpoint};
use crate::dialog::Dialog;
use crate::draft::{Draft, Reply};
use crate::primitive::{self, AccountId, CallId, Ended, Incoming};
use crate::sdp::Session;
use crate::transaction::key::ServerKey;
use crate::ua::{self, Action, Call, Out, Purpose, State};
use crate::wire::writer::User;
use crate::wire::{Message, Method, Name, Uri};
use machine::Effect;
use std::collections::BTreeMap;

/// All calls.
#[derive(Default)]
pub(super) struct Calls {
    held: BTreeMap<CallId, Held>,
    by_tag: BTreeMap<String, CallId>,
    next: u32,
}

struct Held {
    call: Call,
    account: AccountId,
    /// Why it must stay although it may be over: INVITE transactions that still live, by which other
    /// branches may answer, and steps that are not finished.
    holds: u8,
    /// The credentials of its latest INVITE.
    proofs: Vec<(Name, String)>,
}

impl Held {
    const fn new(call: Call, account: AccountId) -> Self {
        Self { call, account, holds: 0, proofs: Vec::new() }
    }
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn new_id(&mut self) -> CallId {
        let id = CallId(self.next);
        self.next = self.next.wrapping_add(1);
        id
    }

    pub(super) fn of_account(&self, account: AccountId) -> Vec<CallId> {
        let of = self.held.iter().filter(|(_, held)| held.account == account);
        of.map(|(id, _)| *id).collect()
    }

    /// The call whose dialog a request belongs to (RFC 3261 clause 12.2.2).
    pub(super) fn of_request(&self, request: &Message) -> Option<CallId> {
        let to = request.to().ok()?;
        let id = *self.by_tag.get(to.tag()?)?;
        let from = request.from().ok()?;
        let held = self.held.get(&id)?;
        let fits = held.call.has(request.call_id().ok()?, from.tag().unwrap_or_default());
        fits.then_some(id)
    }

    pub(super) fn tag(&self, id: CallId) -> Option<String> {
        self.held.get(&id).map(|held| held.call.dialog().local_tag.clone())
    }

    pub(super) fn reissue(&mut self, id: CallId, purpose: Purpose) -> Option<u32> {
        self.held.get_mut(&id)?.call.reissue(purpose)
    }

    pub(super) fn wants_failover(&self, id: CallId) -> bool {
        self.held.get(&id).is_some_and(|held| held.call.wants_failover())
    }

    pub(super) fn keep_proofs(&mut self, id: CallId, proofs: &[(Name, String)]) {
        if let Some(held) = self.held.get_mut(&id) {
            proofs.clone_into(&mut held.proofs);
        }
    }

    /// What an ACK repeats of its INVITE.
    pub(super) fn proofs(&self, id: CallId) -> Vec<(Name, String)> {
        self.held.get(&id).map(|held| held.proofs.clone()).unwrap_or_default()
    }

    pub(super) fn hold(&mut self, id: CallId) {
        if let Some(held) = self.held.get_mut(&id) {
            held.holds = held.holds.saturating_add(1);
        }
    }

    pub(super) fn release(&mut self, id: CallId) {
        if let Some(held) = self.held.get_mut(&id) {
            held.holds = held.holds.saturating_sub(1);
        }
        self.drop_if_over(id);
    }

    fn insert(&mut self, id: CallId, held: Held) {
        self.by_tag.insert(held.call.dialog().local_tag.clone(), id);
        self.held.insert(id, held);
    }

    fn drop_if_over(&mut self, id: CallId) {
        let is_over = |held: &Held| *held.call.state() == State::Over && held.holds == 0;
        if self.held.get(&id).is_some_and(is_over)
            && let Some(held) = self.held.remove(&id)
        {
            self.by_tag.remove(&held.call.dialog().local_tag);
        }
    }
}

impl Endpoint {
    /// The interworking unit calls somebody.
    pub(super) fn invite(
        &mut self,
        cx: &mut Cx<'_>,
        names: (CallId, AccountId),
        target: &str,
        offer: &Session,
    ) {
        let (id, account) = names;
        let uri = self.agents.domain(account).and_then(|domain| target_uri(target, domain));
        let Some(uri) = uri.filter(|_| self.calls.len() < CALLS_MAX) else {
            let status = if self.calls.len() < CALLS_MAX { 404 } else { 503 };
            let ended = primitive::Event::Ended(id, Ended::Refused(status));
            cx.out.push(Output::Event(ended));
            return;
        };
        let call_id = format!("{:016x}{:08x}", self.rng.u64(), id.0);
        let tag = format!("{:016x}", self.rng.u64());
        let local = self.address_of_record(account);
        let dialog = Dialog::calling(call_id, tag, &local, format!("<{uri}>"), uri);
        let mut out = Out::default();
        let call = Call::invite(id, dialog, self.contact_of(account), offer, &mut out);
        self.calls.insert(id, Held::new(call, account));
        self.carry_out_call(cx, id, out);
    }

    /// A request outside of any dialog.
    pub(super) fn received_outside(&mut self, cx: &mut Cx<'_>, key: ServerKey, message: &Message) {
        let account = self.account_for(message);
        let reply = match message.method() {
            Some(Method::Invite) => match account {
                Some(account) => match self.received_invite(cx, (key, account), message) {
                    Ok(()) => return,
                    Err(reply) => reply,
                },
                None => Reply::new(404),
            },
            Some(Method::Options) if account.is_some() || is_for_server(message) => {
                self.abilities()
            }
            Some(Method::Options) => Reply::new(404),
            _ => Reply::new(481),
        };
        self.respond(cx, key, &reply, &key.tag());
    }

    /// A request within a dialog.
    pub(super) fn received_inside(&mut self, cx: &mut Cx<'_>, key: ServerKey, message: &Message) {
        match self.calls.of_request(message) {
            Some(call) => {
                self.servers.belongs_to(key, call);
                if message.method() == Some(&Method::Invite) {
                    self.respond(cx, key, &Reply::new(100), "");
                }
                self.call_event(cx, call, ua::Event::Received(key, message));
            }
            None => self.respond(cx, key, &Reply::new(481), &key.tag()),
        }
    }

    /// The interworking unit wants something of a call.
    pub(super) fn call_request(&mut self, cx: &mut Cx<'_>, id: CallId, request: ua::Request) {
        self.call_event(cx, id, ua::Event::Request(request));
    }

    /// Something happened to a call.
    pub(super) fn call_event(&mut self, cx: &mut Cx<'_>, id: CallId, event: ua::Event<'_>) {
        let Some(held) = self.calls.held.get_mut(&id) else {
            self.faults.counters.unexpected += 1;
            return;
        };
        let mut out = Out::default();
        held.call.handle(event, &mut out);
        self.carry_out_call(cx, id, out);
    }

    fn received_invite(
        &mut self,
        cx: &mut Cx<'_>,
        names: (ServerKey, AccountId),
        message: &Message,
    ) -> Result<(), Reply> {
        let (key, account) = names;
        let offer = match ua::session(message) {
            Ok(offer) => offer,
            Err(status) => return Err(Reply::new(status).with(Name::Accept, "application/sdp")),
        };
        if self.calls.len() >= CALLS_MAX {
            self.faults.counters.overload += 1;
            return Err(Reply::new(503).with(Name::RetryAfter, "5"));
        }
        let tag = format!("{:016x}", self.rng.u64());
        let dialog = Dialog::called(message, tag).map_err(|_| Reply::new(400))?;
        let id = self.calls.new_id();
        self.respond(cx, key, &Reply::new(100), "");
        let mut out = Out::default();
        let contact = self.contact_of(account);
        let call = Call::from_peer(id, dialog, contact, (key, message), &mut out);
        self.calls.insert(id, Held::new(call, account));
        self.servers.belongs_to(key, id);
        self.carry_out_call(cx, id, out);
        let (number, name) = caller(message);
        let incoming = Incoming { call: id, account, number, name, offer };
        cx.out.push(Output::Event(primitive::Event::Incoming(Box::new(incoming))));
        Ok(())
    }

    fn carry_out_call(&mut self, cx: &mut Cx<'_>, id: CallId, mut out: Out) {
        self.calls.hold(id);
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => {
                    let Some(held) = self.calls.held.get(&id) else { continue };
                    let span = held.call.span(timer);
                    let wait = self.draw(span);
                    self.agenda.start(Due::Call(id, timer), cx.now + wait);
                }
                Effect::Stop(timer) => self.agenda.stop(&Due::Call(id, timer)),
                Effect::Act(action) => self.call_action(cx, id, action),
            }
        }
        self.calls.release(id);
    }

    fn call_action(&mut self, cx: &mut Cx<'_>, id: CallId, action: Action) {
        let Some(held) = self.calls.held.get(&id) else { return };
        let account = held.account;
        match action {
            Action::Send(purpose, draft) => self.call_sends(cx, (id, account), purpose, draft),
            Action::Acknowledge(mut draft) => {
                draft.headers.extend(held.proofs.iter().cloned());
                self.acknowledge(cx, account, draft);
            }
            Action::Cancel => self.cancel(cx, id),
            Action::Abandon => self.abandon(cx, id),
            Action::Respond(key, reply) => {
                let tag = held.call.dialog().local_tag.clone();
                self.respond(cx, key, &reply, &tag);
            }
            Action::Repeat(key) => self.repeat(cx, key),
            Action::Tell(event) => {
                tracing::debug!(call = id.0, ?event, "SIP call");
                cx.out.push(Output::Event(*event));
            }
            Action::Unexpected => self.faults.counters.unexpected += 1,
        }
    }

    fn call_sends(
        &mut self,
        cx: &mut Cx<'_>,
        names: (CallId, AccountId),
        purpose: Purpose,
        draft: Box<Draft>,
    ) {
        let (call, account) = names;
        let towards = match purpose {
            Purpose::Invite => Towards::Server(account),
            _ => Towards::Peer,
        };
        let sender = match purpose {
            Purpose::ForkBye => Sender::Nobody,
            _ => Sender::Call(call, purpose),
        };
        self.dispatch(cx, Outgoing::new(sender, account, towards, draft));
    }

    /// Who a request is for: the user of the Request-URI, at our address or at its own domain.
    fn account_for(&self, message: &Message) -> Option<AccountId> {
        let uri = message.uri().ok()?;
        let user = uri.user_text();
        let host = uri.host?;
        if host.address().is_some() {
            // Where two domains have the same user, To may say which one is meant.
            let domain = message.to().ok().and_then(|to| to.uri.host).map(|host| host.to_string());
            let named = self.agents.find(&user, domain.as_deref());
            return named.or_else(|| self.agents.find(&user, None));
        }
        self.agents.find(&user, Some(&host.to_string()))
    }

    fn abilities(&self) -> Reply {
        Reply::new(200)
            .with(Name::Contact, self.contact(""))
            .with(Name::Allow, ua::ALLOW)
            .with(Name::Accept, ua::BODIES.join(", "))
            .with(Name::Supported, "")
    }
}

fn is_for_server(message: &Message) -> bool {
    message.uri().is_ok_and(|uri| uri.user.is_none())
}

/// Number and name of the caller: P-Asserted-Identity (RFC 3325) where the proxy sent one, From else.
fn caller(message: &Message) -> (String, String) {
    let asserted = message.addresses(Name::PAssertedIdentity).find_map(Result::ok);
    match asserted.or_else(|| message.from().ok()) {
        Some(address) => (address.uri.user_text(), address.display_text().into_owned()),
        None => (String::new(), String::new()),
    }
}

/// What was dialled as a URI: digits, `user@host`, or a URI as it is.
fn target_uri(target: &str, domain: &str) -> Option<String> {
    let is_uri = target.starts_with("sip:") || target.starts_with("sips:");
    let uri = match target.rsplit_once('@') {
        _ if is_uri => target.to_owned(),
        Some((user, host)) => format!("sip:{}@{host}", User(user)),
        None if target.is_empty() => return None,
        None => format!("sip:{}@{domain}", User(target)),
    };
    Uri::parse(uri.as_bytes()).is_ok().then_some(uri)
}

/// Calls at the same time: every handset of the largest model in one.
const CALLS_MAX: usize = 10_000;
