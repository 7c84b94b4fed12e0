//! Requests on their way out, and the client transactions under them.

use super::face::{Path, Transport};
use super::hops::{Hop, Way};
use super::{Cx, Deferred, Due, Endpoint, Undeliverable};
use crate::auth::Course;
use crate::draft::{Draft, host_text};
use crate::primitive::{AccountId, CallId};
use crate::transaction::Reliability;
use crate::transaction::client::{Action, Client, Event, Out};
use crate::transaction::key::Branch;
use crate::transaction::timer::Timer;
use crate::ua::Purpose;
use crate::wire::{Message, Method, Name};
use machine::Effect;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// A request, who sent it, and what was tried so far.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) sender: Sender,
    pub(super) account: AccountId,
    pub(super) towards: Towards,
    pub(super) draft: Box<Draft>,
    /// Servers that were tried.
    pub(super) tried: u8,
    /// The challenges that it met.
    pub(super) course: Course,
    /// How often it was sent on to another place.
    pub(super) moves: u8,
}

/// Who hears of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// A registration.
    Register,
    /// A call.
    Call(CallId, Purpose),
    /// Nobody.
    Nobody,
}

/// By what a request finds its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Towards {
    /// The proxies of the settings, as this user agent prefers them.
    Server(AccountId),
    /// Route, or the Request-URI.
    Peer,
}

/// Names a client transaction: the branch, and the method where two share one (RFC 3261 clause 9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClientKey {
    branch: Branch,
    is_cancel: bool,
}

/// The client transactions.
#[derive(Default)]
pub(super) struct Clients {
    records: BTreeMap<ClientKey, Record>,
}

struct Record {
    machine: Client,
    path: Path,
    server: SocketAddr,
    transport: Transport,
    sender: Sender,
    account: AccountId,
    /// What is sent again: the request, then the ACK, then nothing.
    octets: Box<[u8]>,
    /// What it was made from; until the final response.
    request: Option<Box<Outgoing>>,
    /// The settings would have it go by UDP, but it is too long.
    is_switched: bool,
}

/// What a client transaction has to tell.
pub(super) struct News {
    pub(super) sender: Sender,
    pub(super) account: AccountId,
    pub(super) server: SocketAddr,
    pub(super) path: Path,
    /// The request, where it was not answered before.
    pub(super) request: Option<Box<Outgoing>>,
    pub(super) is_switched: bool,
}

impl Outgoing {
    pub(super) fn new(
        sender: Sender,
        account: AccountId,
        towards: Towards,
        draft: Box<Draft>,
    ) -> Self {
        Self { sender, account, towards, draft, tried: 0, course: Course::default(), moves: 0 }
    }

    /// Whether it is a REGISTER.
    pub(super) fn is_register(&self) -> bool {
        self.sender == Sender::Register
    }
}

impl Clients {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    fn on_path(&self, path: Path) -> Vec<ClientKey> {
        let on = self.records.iter().filter(|(_, record)| record.path == path);
        on.map(|(key, _)| *key).collect()
    }

    fn invite_of(&self, call: CallId) -> Option<ClientKey> {
        let wanted =
            [Purpose::Invite, Purpose::Reinvite].map(|purpose| Sender::Call(call, purpose));
        let mut found = self.records.iter().filter(|(_, record)| wanted.contains(&record.sender));
        found.rfind(|(_, record)| record.request.is_some()).map(|(key, _)| *key)
    }
}

impl Endpoint {
    /// Sends a request to the best of its servers, now or when its name is known.
    pub(super) fn dispatch(&mut self, cx: &mut Cx<'_>, request: Outgoing) {
        let hops = match self.way(cx, &request) {
            Way::Hops(hops) => hops,
            Way::Ask(question) => {
                if let Err(request) = self.names.wait(&question, request) {
                    self.give_up(request, Undeliverable::Unreachable);
                }
                return;
            }
        };
        match hops.into_iter().next() {
            Some(hop) => self.send(cx, request, &hop),
            None => self.give_up(request, Undeliverable::Nameless),
        }
    }

    /// Sends the ACK for a 2xx: no transaction, no repetition of its own.
    pub(super) fn acknowledge(&mut self, cx: &mut Cx<'_>, account: AccountId, draft: Box<Draft>) {
        let (sender, towards) = (Sender::Nobody, Towards::Peer);
        self.dispatch(cx, Outgoing::new(sender, account, towards, draft));
    }

    /// Cancels the INVITE of a call (RFC 3261 clause 9.1).
    pub(super) fn cancel(&mut self, cx: &mut Cx<'_>, call: CallId) {
        let Some(key) = self.clients.invite_of(call) else { return };
        let Some(record) = self.clients.records.get(&key) else { return };
        let Some(invite) = &record.request else { return };
        let mut draft = invite.draft.clone();
        draft.method = Method::Cancel;
        draft.body = None;
        draft.headers.retain(|(name, _)| COPIED.contains(name));
        let hop = (record.transport, record.server, record.path);
        let (sender, towards) = (Sender::Nobody, invite.towards);
        let account = record.account;
        let request = Outgoing::new(sender, account, towards, draft);
        let key = ClientKey { is_cancel: true, ..key };
        let octets = self.octets(&request, hop.0, key.branch);
        self.begin(cx, key, (request, hop), octets);
    }

    /// Forgets the INVITE of a call that has no final response.
    pub(super) fn abandon(&mut self, cx: &mut Cx<'_>, call: CallId) {
        if let Some(key) = self.clients.invite_of(call) {
            self.client_event(cx, key, Event::Abandoned, None);
        }
    }

    /// Whether more than `tried` servers could be asked.
    pub(super) fn others_left(&mut self, cx: &mut Cx<'_>, request: &Outgoing) -> bool {
        match self.way(cx, request) {
            Way::Hops(hops) => hops.len() > usize::from(request.tried),
            Way::Ask(_) => false,
        }
    }

    pub(super) fn client_expired(&mut self, cx: &mut Cx<'_>, key: ClientKey, timer: Timer) {
        self.client_event(cx, key, Event::Expired(timer), None);
    }

    /// A response; finds its transaction by branch and method (RFC 3261 clause 17.1.3).
    pub(super) fn received_response(&mut self, cx: &mut Cx<'_>, response: &Message) {
        let key = response.top_via().ok().and_then(|via| Branch::parse(via.branch()?));
        let method = response.cseq().map(|cseq| cseq.method);
        let (Some(branch), Ok(method), Some(status)) = (key, method, response.status()) else {
            self.faults.counters.unexpected += 1;
            return;
        };
        let key = ClientKey { branch, is_cancel: method == Method::Cancel };
        let is_invite = method == Method::Invite;
        match self.clients.records.get(&key) {
            Some(record) if matches!(record.machine, Client::Invite(_)) == is_invite => {
                self.client_event(cx, key, Event::Response(status), Some(response));
            }
            _ => self.faults.counters.unexpected += 1,
        }
    }

    /// A connection is gone: everything on it has failed.
    pub(super) fn path_failed(&mut self, cx: &mut Cx<'_>, path: Path, reason: &str) {
        for key in self.clients.on_path(path) {
            self.client_event(cx, key, Event::TransportFailed, None);
        }
        for key in self.servers.on_path(path) {
            self.server_event(cx, key, crate::transaction::server::Event::TransportFailed);
        }
        tracing::debug!(?path, reason, "SIP path lost");
        self.flow_lost(path);
    }

    fn give_up(&mut self, request: Outgoing, why: Undeliverable) {
        self.deferred.push_back(Deferred::Undeliverable(request, why));
    }

    fn send(&mut self, cx: &mut Cx<'_>, request: Outgoing, hop: &Hop) {
        let branch = Branch(self.rng.u64());
        let mut transport = hop.transport;
        let mut octets = self.octets(&request, transport, branch);
        let is_long = octets.len() > DATAGRAM_MAX && transport == Transport::Udp;
        if is_long && !self.health.wants_datagrams(cx.now, hop.address) {
            transport = Transport::Tcp;
            octets = self.octets(&request, transport, branch);
        }
        let path = match transport {
            Transport::Udp => Some(Path::Udp(hop.address)),
            _ => self.connection_to(cx, (hop.address, transport), &hop.host).map(Path::Conn),
        };
        let Some(path) = path else {
            self.give_up(request, Undeliverable::Unreachable);
            return;
        };
        if request.draft.method == Method::Ack {
            self.transmit(cx, path, octets);
            return;
        }
        if self.clients.len() >= CLIENTS_MAX {
            self.faults.counters.overload += 1;
            self.give_up(request, Undeliverable::Unreachable);
            return;
        }
        let key = ClientKey { branch, is_cancel: false };
        self.begin(cx, key, (request, (transport, hop.address, path)), octets);
    }

    fn begin(
        &mut self,
        cx: &mut Cx<'_>,
        key: ClientKey,
        request: (Outgoing, (Transport, SocketAddr, Path)),
        octets: Vec<u8>,
    ) {
        let (request, (transport, server, path)) = request;
        let mut out = Out::default();
        if let Sender::Call(call, Purpose::Invite) = request.sender {
            self.calls.hold(call);
        }
        let is_invite = request.draft.method == Method::Invite;
        let machine = Client::start(is_invite, reliability(transport), &mut out);
        let record = Record {
            machine,
            path,
            server,
            transport,
            sender: request.sender,
            account: request.account,
            octets: octets.into(),
            is_switched: transport == Transport::Tcp && self.settings.transport == Transport::Udp,
            request: Some(Box::new(request)),
        };
        self.carry_out(cx, key, record, out, None);
    }

    fn client_event(
        &mut self,
        cx: &mut Cx<'_>,
        key: ClientKey,
        event: Event,
        response: Option<&Message>,
    ) {
        let Some(mut record) = self.clients.records.remove(&key) else { return };
        let mut out = Out::default();
        record.machine.handle(event, &mut out);
        self.carry_out(cx, key, record, out, response);
    }

    fn carry_out(
        &mut self,
        cx: &mut Cx<'_>,
        key: ClientKey,
        mut record: Record,
        mut out: Out,
        response: Option<&Message>,
    ) {
        let mut told = None;
        let timeout = self.settings.transaction_timeout;
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => {
                    let at = cx.now + record.machine.wait(timer, timeout);
                    self.agenda.start(Due::Client(key, timer), at);
                }
                Effect::Stop(timer) => self.agenda.stop(&Due::Client(key, timer)),
                Effect::Act(Action::Send) => {
                    self.transmit(cx, record.path, record.octets.to_vec());
                }
                Effect::Act(Action::Ack) => self.ack(cx, key, &mut record, response),
                Effect::Act(Action::Unexpected) => self.faults.counters.unexpected += 1,
                Effect::Act(action) => told = Some(action),
            }
        }
        let is_open = record.machine.needs_request();
        let news = News {
            sender: record.sender,
            account: record.account,
            server: record.server,
            path: record.path,
            request: if is_open { None } else { record.request.take() },
            is_switched: record.is_switched,
        };
        if !record.machine.repeats() {
            record.octets = Box::default();
        }
        if record.machine.is_over() {
            self.client_is_over(&news);
        } else {
            self.clients.records.insert(key, record);
        }
        match (told, response) {
            (Some(Action::Deliver), Some(response)) => self.deliver(cx, &news, response),
            (Some(Action::TimedOut), _) => self.no_response(cx, news, crate::ua::Fault::TimedOut),
            (Some(Action::TransportFailed), _) => {
                self.no_response(cx, news, crate::ua::Fault::Unreachable);
            }
            _ => {}
        }
    }

    /// The ACK for a refusal (RFC 3261 clause 17.1.1.3): made once, then kept in place of the INVITE.
    fn ack(
        &mut self,
        cx: &mut Cx<'_>,
        key: ClientKey,
        record: &mut Record,
        response: Option<&Message>,
    ) {
        if let (Some(invite), Some(response)) = (&record.request, response) {
            let mut ack = Outgoing::clone(invite);
            ack.draft.method = Method::Ack;
            ack.draft.body = None;
            ack.draft.headers.retain(|(name, _)| COPIED.contains(name));
            let to = response.text(Name::To).unwrap_or_default();
            for (name, value) in &mut ack.draft.headers {
                if *name == Name::To {
                    to.clone_into(value);
                }
            }
            record.octets = self.octets(&ack, record.transport, key.branch).into();
        }
        self.transmit(cx, record.path, record.octets.to_vec());
    }

    /// What goes on the wire.
    fn octets(&mut self, request: &Outgoing, transport: Transport, branch: Branch) -> Vec<u8> {
        let Outgoing { draft, account, .. } = request;
        let host = host_text(self.settings.address);
        let token = match transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        };
        let port = self.settings.port;
        let via = format!("SIP/2.0/{token} {host}:{port};rport;branch={branch}");
        let mut further = Vec::new();
        match (&draft.method, request.sender) {
            // An ACK has what its INVITE had (RFC 3261 clause 22.1).
            (Method::Ack, Sender::Call(call, _)) => further = self.calls.proofs(call),
            (Method::Ack | Method::Cancel, _) => {}
            (method, sender) => {
                let cnonce = format!("{:016x}", self.rng.u64());
                further = self.agents.proofs(*account, draft, &cnonce);
                if let (Method::Invite, Sender::Call(call, _)) = (method, sender) {
                    self.calls.keep_proofs(call, &further);
                }
            }
        }
        further.push((Name::UserAgent, USER_AGENT.to_owned()));
        draft.write(&via, self.settings.max_forwards, &further)
    }
}

/// How reliable a transport is.
pub(super) const fn reliability(transport: Transport) -> Reliability {
    match transport {
        Transport::Udp => Reliability::Unreliable,
        Transport::Tcp | Transport::Tls => Reliability::Reliable,
    }
}

/// What CANCEL and the ACK for a refusal take from their INVITE.
const COPIED: &[Name] = &[Name::Route, Name::From, Name::To, Name::CallId];

/// 200 octets less than the usual path MTU (RFC 3261 clause 18.1.1).
const DATAGRAM_MAX: usize = 1300;

/// Transactions at the same time: two per handset of the largest model, while they linger.
const CLIENTS_MAX: usize = 40_000;

/// What we call ourselves.
pub(super) const USER_AGENT: &str = concat!("Fixpart/", env!("CARGO_PKG_VERSION"));
