//! The engine: all user agents of one server.
//!
//! It owns the registrations, the calls, the transactions under both, the
//! connections below those, and one agenda. It decides who is asked, in which
//! order, and who a request is for; what a transaction, a registration or a
//! call does with what it hears is decided in their machines.

mod agent;
mod calls;
mod connections;
mod face;
mod faults;
mod health;
mod hops;
mod names;
mod outgoing;
mod reason;
mod receive;
mod response;
mod serve;
mod turnstile;

pub use face::{ConnId, Input, Output, Path, Proxy, Question, Settings, Target, Transport};
pub use faults::Counters;

use crate::primitive::{AccountId, CallId, Request};
use crate::transaction::key::ServerKey;
use crate::transaction::timer::Timer;
use crate::{register, ua};
use agent::Agents;
use calls::Calls;
use connections::Connections;
use faults::Faults;
use health::Health;
use machine::{Agenda, Rng};
use names::Names;
use outgoing::{ClientKey, Clients, Outgoing};
use serve::Servers;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use turnstile::Turnstile;

/// The engine.
pub struct Endpoint {
    settings: Settings,
    rng: Box<dyn Rng + Send>,
    agenda: Agenda<Due>,
    agents: Agents,
    calls: Calls,
    clients: Clients,
    servers: Servers,
    connections: Connections,
    names: Names,
    health: Health,
    turnstile: Turnstile,
    faults: Faults,
    /// What could not be told at once, because who has to hear it was at work.
    deferred: VecDeque<Deferred>,
}

/// The time, and where outputs go: what every step needs.
pub(crate) struct Cx<'a> {
    now: Instant,
    out: &'a mut Vec<Output>,
}

/// What runs out when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Client(ClientKey, Timer),
    Server(ServerKey, Timer),
    Agent(AccountId, register::Timer),
    Call(CallId, ua::Timer),
    Ping(ConnId),
    Idle(ConnId),
    Turnstile,
}

/// News for a registration or call from below.
enum Deferred {
    /// A request could not be sent.
    Undeliverable(Outgoing, Undeliverable),
    /// A registration may go ahead.
    Register(AccountId, register::Event),
}

/// Why a request could not even be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undeliverable {
    /// Its name has no address.
    Nameless,
    /// There is no connection, or no room for one more request.
    Unreachable,
}

impl Endpoint {
    /// An engine without user agents.
    #[must_use]
    pub fn new(settings: Settings, rng: Box<dyn Rng + Send>) -> Self {
        Self {
            settings,
            rng,
            agenda: Agenda::default(),
            agents: Agents::default(),
            calls: Calls::default(),
            clients: Clients::default(),
            servers: Servers::default(),
            connections: Connections::default(),
            names: Names::default(),
            health: Health::default(),
            turnstile: Turnstile::default(),
            faults: Faults::default(),
            deferred: VecDeque::new(),
        }
    }

    /// A name for a call that the interworking unit is about to make.
    pub fn new_call(&mut self) -> CallId {
        self.calls.new_id()
    }

    /// Takes one input and asks for what follows from it.
    pub fn input(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        let mut cx = Cx { now, out };
        match input {
            Input::Received(Path::Udp(source), octets) => {
                self.received_datagram(&mut cx, source, octets);
            }
            Input::Received(Path::Conn(conn), octets) => {
                self.received_stream(&mut cx, conn, &octets);
            }
            Input::Connected(conn, transport, peer) => {
                self.connected(&mut cx, conn, transport, peer);
            }
            Input::Closed(conn, reason) => self.closed(&mut cx, conn, &reason),
            Input::Resolved(question, targets) => {
                for waiting in self.names.learn(now, &question, targets) {
                    self.dispatch(&mut cx, waiting);
                }
            }
            Input::Request(request) => self.request(&mut cx, request),
            Input::Settings(settings) => self.set(&mut cx, *settings),
        }
        self.settle(&mut cx);
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        let mut cx = Cx { now, out };
        while let Some(due) = self.agenda.expired(now) {
            match due {
                Due::Client(key, timer) => self.client_expired(&mut cx, key, timer),
                Due::Server(key, timer) => self.server_expired(&mut cx, key, timer),
                Due::Agent(account, timer) => {
                    self.register_event(&mut cx, account, register::Event::Expired(timer));
                }
                Due::Call(call, timer) => {
                    self.call_event(&mut cx, call, ua::Event::Expired(timer));
                }
                Due::Ping(conn) => self.ping(&mut cx, conn),
                Due::Idle(conn) => self.idle(&mut cx, conn),
                Due::Turnstile => {}
            }
            self.settle(&mut cx);
        }
    }

    /// When to call [`Endpoint::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    /// How often what went wrong.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.faults.counters
    }

    /// How much there is at the moment, for observation and for checks.
    #[must_use]
    pub fn load(&self) -> Load {
        Load {
            agents: self.agents.len(),
            calls: self.calls.len(),
            client_transactions: self.clients.len(),
            server_transactions: self.servers.len(),
            timers: self.agenda.len(),
        }
    }

    fn request(&mut self, cx: &mut Cx<'_>, request: Request) {
        match request {
            Request::PutAccount(id, account) => self.agents.put(id, *account),
            Request::RemoveAccount(id) => self.remove_account(cx, id),
            Request::Register(id) => self.register_event(cx, id, register::Event::Register),
            Request::Deregister(id) => self.register_event(cx, id, register::Event::Deregister),
            Request::Invite(call, account, target, offer) => {
                self.invite(cx, (call, account), &target, &offer);
            }
            Request::Ring(call) => self.call_request(cx, call, ua::Request::Ring),
            Request::Answer(call, session) => {
                self.call_request(cx, call, ua::Request::Answer(session));
            }
            Request::Reject(call, status) => {
                self.call_request(cx, call, ua::Request::Reject(status));
            }
            Request::Hangup(call) => self.call_request(cx, call, ua::Request::Hangup),
            Request::Modify(call, session) => {
                self.call_request(cx, call, ua::Request::Modify(session));
            }
            Request::InfoKey(call, key, duration) => {
                self.call_request(cx, call, ua::Request::InfoKey(key, duration));
            }
        }
    }

    /// New settings. Where the way to the registrar or back has changed, every binding is made anew.
    fn set(&mut self, cx: &mut Cx<'_>, settings: Settings) {
        let way = |settings: &Settings| {
            let Settings { address, port, transport, proxies, srv, .. } = settings.clone();
            (address, port, transport, proxies, srv)
        };
        let moved = way(&self.settings) != way(&settings);
        self.settings = settings;
        if moved {
            self.names.forget();
            self.register_all(cx, |_| true);
        }
    }

    /// Lets everybody hear what had to wait, until nothing is left.
    fn settle(&mut self, cx: &mut Cx<'_>) {
        loop {
            while let Some(news) = self.deferred.pop_front() {
                match news {
                    Deferred::Undeliverable(request, why) => self.undeliverable(cx, &request, why),
                    Deferred::Register(account, event) => self.register_event(cx, account, event),
                }
            }
            let rate = self.settings.registers_per_second;
            let Some(account) = self.turnstile.pass(cx.now, rate) else { break };
            self.register_event(cx, account, register::Event::Admitted);
        }
        match self.turnstile.deadline() {
            Some(at) => self.agenda.start(Due::Turnstile, at),
            None => self.agenda.stop(&Due::Turnstile),
        }
    }

    /// A moment between these two, by chance.
    fn draw(&mut self, span: (Duration, Duration)) -> Duration {
        let (from, to) = span;
        let width = u32::try_from(to.saturating_sub(from).as_millis()).unwrap_or(u32::MAX);
        from + Duration::from_millis(self.rng.below(width.saturating_add(1)).into())
    }
}

/// How much there is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// User agents.
    pub agents: usize,
    /// Calls, those included whose last INVITE may still be answered by another branch.
    pub calls: usize,
    /// Client transactions.
    pub client_transactions: usize,
    /// Server transactions.
    pub server_transactions: usize,
    /// Timers that run.
    pub timers: usize,
}
