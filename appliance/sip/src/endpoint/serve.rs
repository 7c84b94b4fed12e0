//! Requests of peers: their transactions and the responses to them.

use super::face::Path;
use super::outgoing::reliability;
use super::{Cx, Due, Endpoint};
use crate::draft::{Head, Reply};
use crate::primitive::CallId;
use crate::transaction::key::ServerKey;
use crate::transaction::server::{Action, Event, Out, Server};
use crate::transaction::timer::Timer;
use crate::wire::Method;
use machine::Effect;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The server transactions.
#[derive(Default)]
pub(super) struct Servers {
    records: BTreeMap<ServerKey, Record>,
    /// Which transaction has brought a request that came here by more than one way.
    merged: BTreeMap<ServerKey, ServerKey>,
}

struct Record {
    machine: Server,
    path: Path,
    /// Where to connect to if the connection is gone by the time of the response.
    back: SocketAddr,
    /// What the responses are made from; until the final one.
    head: Option<Head>,
    /// The latest response.
    octets: Box<[u8]>,
    merge: Option<ServerKey>,
    call: Option<CallId>,
}

/// A request that is to have a transaction.
pub(super) struct Arrival {
    pub(super) key: ServerKey,
    pub(super) path: Path,
    pub(super) source: SocketAddr,
    /// What it has in common with the same request by another way.
    pub(super) merge: Option<ServerKey>,
}

impl Servers {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn has(&self, key: ServerKey) -> bool {
        self.records.contains_key(&key)
    }

    pub(super) fn call_of(&self, key: ServerKey) -> Option<CallId> {
        self.records.get(&key).and_then(|record| record.call)
    }

    /// Whether the final response is still to come.
    pub(super) fn is_open(&self, key: ServerKey) -> bool {
        self.records.get(&key).is_some_and(|record| record.machine.is_open())
    }

    /// Whether an ACK with this key acknowledges a refusal.
    pub(super) fn is_refused(&self, key: ServerKey) -> bool {
        let record = self.records.get(&key);
        record.is_some_and(|record| !record.machine.is_open() && !record.machine.is_accepted())
    }

    /// Whether another transaction has brought this request already (RFC 3261 clause 8.2.2.2).
    pub(super) fn is_merged(&self, merge: ServerKey) -> bool {
        self.merged.contains_key(&merge)
    }

    pub(super) fn on_path(&self, path: Path) -> Vec<ServerKey> {
        let on = self.records.iter().filter(|(_, record)| record.path == path);
        on.map(|(key, _)| *key).collect()
    }

    /// Begins a transaction.
    fn insert(&mut self, arrival: &Arrival, machine: Server, head: Head) {
        let Arrival { key, path, source: back, merge } = *arrival;
        if let Some(merge) = merge {
            self.merged.insert(merge, key);
        }
        let octets = Box::default();
        let record = Record { machine, path, back, head: Some(head), octets, merge, call: None };
        self.records.insert(key, record);
    }

    /// Says to which call a transaction belongs.
    pub(super) fn belongs_to(&mut self, key: ServerKey, call: CallId) {
        if let Some(record) = self.records.get_mut(&key) {
            record.call = Some(call);
        }
    }
}

impl Endpoint {
    /// Begins the transaction of a request.
    pub(super) fn open(&mut self, arrival: &Arrival, method: &Method, head: Head) {
        let over = reliability(self.transport_of(arrival.path));
        let machine = Server::new(*method == Method::Invite, over);
        self.servers.insert(arrival, machine, head);
    }

    /// Answers a request; `tag` is ours where its To has none.
    pub(super) fn respond(&mut self, cx: &mut Cx<'_>, key: ServerKey, reply: &Reply, tag: &str) {
        let Some(record) = self.servers.records.get_mut(&key) else { return };
        if let Some(head) = &record.head {
            record.octets = head.respond(reply, tag).into();
        }
        if reply.status >= 200 {
            record.head = None;
        }
        self.server_event(cx, key, Event::Answer(reply.status));
    }

    /// Sends the last response again, because the call wants it so.
    pub(super) fn repeat(&mut self, cx: &mut Cx<'_>, key: ServerKey) {
        let record = self.servers.records.get(&key);
        let octets = record.map(|record| record.octets.to_vec()).unwrap_or_default();
        self.send_back(cx, key, octets);
    }

    pub(super) fn server_expired(&mut self, cx: &mut Cx<'_>, key: ServerKey, timer: Timer) {
        self.server_event(cx, key, Event::Expired(timer));
    }

    /// Something happened to a server transaction.
    pub(super) fn server_event(&mut self, cx: &mut Cx<'_>, key: ServerKey, event: Event) {
        let Some(record) = self.servers.records.get_mut(&key) else { return };
        let mut out = Out::default();
        record.machine.handle(event, &mut out);
        let machine = record.machine;
        let octets = record.octets.to_vec();
        if !machine.needs_response() {
            record.octets = Box::default();
        }
        for effect in out.drain() {
            match effect {
                Effect::Start(timer) => {
                    self.agenda.start(Due::Server(key, timer), cx.now + machine.wait(timer));
                }
                Effect::Stop(timer) => self.agenda.stop(&Due::Server(key, timer)),
                Effect::Act(Action::Respond) => self.send_back(cx, key, octets.clone()),
                Effect::Act(Action::TimedOut) => {}
                Effect::Act(Action::Unexpected) => self.faults.counters.unexpected += 1,
            }
        }
        if machine.is_over() {
            let merge = self.servers.records.remove(&key).and_then(|record| record.merge);
            if let Some(merge) = merge {
                self.servers.merged.remove(&merge);
            }
        }
    }

    /// Sends a response the way its request came, or by a new connection (RFC 3261 clause 18.2.2).
    fn send_back(&mut self, cx: &mut Cx<'_>, key: ServerKey, octets: Vec<u8>) {
        let Some(record) = self.servers.records.get(&key) else { return };
        let (path, back) = (record.path, record.back);
        if octets.is_empty() || self.transmit(cx, path, octets.clone()) {
            return;
        }
        let transport = self.transport_of(path);
        if let Some(conn) = self.connection_to(cx, (back, transport), "") {
            if let Some(record) = self.servers.records.get_mut(&key) {
                record.path = Path::Conn(conn);
            }
            self.transmit(cx, Path::Conn(conn), octets);
        }
    }
}
