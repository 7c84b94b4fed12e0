//! A network in one thread: its own clock, engines and scripted peers, one line per message.

#![expect(dead_code, reason = "each test file uses its part of the world")]

pub(crate) mod peer;

use machine::{Rng, Seeded};
use sip::endpoint::{ConnId, Endpoint, Input, Output, Path, Question, Settings, Target, Transport};

use sip::primitive::{Account, AccountId, CallId, Ended, Event, Password, Request};
use sip::sdp::Session;
use sip::wire::{Message, Method, Name, Writer};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a scripted peer answers to a message, and how long after hearing it.
pub(crate) type Script = Box<dyn FnMut(&Message) -> Vec<(Duration, Vec<u8>)>>;

/// What the interworking unit of an engine does on hearing an event.
pub(crate) type Brain = Box<dyn FnMut(&Event) -> Vec<(Duration, Request)>>;

pub(crate) struct World {
    start: Instant,
    pub(crate) now: Instant,
    nodes: BTreeMap<SocketAddr, Node>,
    /// What will happen, by when and then by who asked first.
    agenda: BTreeMap<(Instant, u64), Happening>,
    asked: u64,
    next_accepted: u32,
    /// The other end of each connection.
    connections: BTreeMap<(SocketAddr, ConnId), (SocketAddr, ConnId)>,
    pub(crate) names: BTreeMap<String, Vec<Target>>,
    pub(crate) trace: String,
    /// Loss and disorder; `None` for a perfect network.
    pub(crate) weather: Option<Weather>,
    /// Answers connections with a refusal.
    pub(crate) refuses_tcp: bool,
}

pub(crate) struct Weather {
    pub(crate) rng: Seeded,
    /// Of a thousand datagrams.
    pub(crate) lost: u32,
    pub(crate) doubled: u32,
    /// The longest delay, in milliseconds.
    pub(crate) delay: u32,
}

enum Node {
    Engine {
        name: &'static str,
        endpoint: Box<Endpoint>,
        brain: Brain,
        ends: BTreeMap<CallId, u32>,
    },
    Script {
        name: &'static str,
        script: Script,
    },
}

enum Happening {
    Datagram { from: SocketAddr, to: SocketAddr, octets: Vec<u8> },
    Input { at: SocketAddr, input: Input },
}

/// One way through the network.
pub(crate) const WIRE: Duration = Duration::from_millis(10);

impl World {
    pub(crate) fn new() -> Self {
        let start = Instant::now();
        Self {
            start,
            now: start,
            nodes: BTreeMap::new(),
            agenda: BTreeMap::new(),
            asked: 0,
            next_accepted: ConnId::ACCEPTED.0,
            connections: BTreeMap::new(),
            names: BTreeMap::new(),
            trace: String::new(),
            weather: None,
            refuses_tcp: false,
        }
    }

    pub(crate) fn engine(&mut self, name: &'static str, settings: Settings, brain: Brain) {
        let address = SocketAddr::new(settings.address, settings.port);
        let seed = u64::from(settings.port) ^ u64::from_be_bytes(pad(name));
        let endpoint = Box::new(Endpoint::new(settings, Box::new(Seeded::new(seed))));
        let ends = BTreeMap::new();
        self.nodes.insert(address, Node::Engine { name, endpoint, brain, ends });
    }

    pub(crate) fn script(&mut self, name: &'static str, address: &str, script: Script) {
        self.nodes.insert(parse(address), Node::Script { name, script });
    }

    pub(crate) fn endpoint(&mut self, at: &str) -> &mut Endpoint {
        match self.nodes.get_mut(&parse(at)) {
            Some(Node::Engine { endpoint, .. }) => endpoint,
            _ => panic!("no engine at {at}"),
        }
    }

    /// Something is asked of the engine at `at`, `after` from now.
    pub(crate) fn ask(&mut self, at: &str, after: Duration, request: Request) {
        self.plan(after, Happening::Input { at: parse(at), input: Input::Request(request) });
    }

    /// The engine at `at` gets new settings.
    pub(crate) fn set(&mut self, at: &str, settings: Settings) {
        let input = Input::Settings(Box::new(settings));
        self.plan(ms(0), Happening::Input { at: parse(at), input });
    }

    /// A scripted peer says something of its own accord.
    pub(crate) fn say(&mut self, from: &str, to: &str, after: Duration, octets: Vec<u8>) {
        let (from, to) = (parse(from), parse(to));
        self.plan(after, Happening::Datagram { from, to, octets });
    }

    /// Lets things happen for so long.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let timers = self.nodes.iter().filter_map(|(address, node)| match node {
                Node::Engine { endpoint, .. } => endpoint.deadline().map(|at| (at, *address)),
                Node::Script { .. } => None,
            });
            let timer = timers.min();
            let Some(at) = next.into_iter().chain(timer.map(|(at, _)| at)).min() else { break };
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            if next == Some(at) {
                let (_, happening) = self.agenda.pop_first().expect("there is a next one");
                self.happen(happening);
            } else if let Some((_, address)) = timer {
                let mut out = Vec::new();
                if let Some(Node::Engine { endpoint, .. }) = self.nodes.get_mut(&address) {
                    endpoint.expire(self.now, &mut out);
                }
                self.carry_out(address, out);
            }
        }
        self.now = end;
    }

    /// How often each call of an engine has ended.
    pub(crate) fn ends(&self, at: &str) -> &BTreeMap<CallId, u32> {
        match self.nodes.get(&parse(at)) {
            Some(Node::Engine { ends, .. }) => ends,
            _ => panic!("no engine at {at}"),
        }
    }

    /// The lines of the trace that tell of messages and events, without times.
    pub(crate) fn ladder(&self) -> String {
        let mut ladder = String::new();
        for line in self.trace.lines() {
            ladder.push_str(&line[9..]);
            ladder.push('\n');
        }
        ladder
    }

    fn plan(&mut self, after: Duration, happening: Happening) {
        self.asked += 1;
        self.agenda.insert((self.now + after, self.asked), happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Datagram { from, to, octets } => self.arrive(from, to, octets),
            Happening::Input { at, input } => self.feed(at, input),
        }
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, octets: Vec<u8>) {
        match self.nodes.get_mut(&to) {
            Some(Node::Engine { .. }) => self.feed(to, Input::Received(Path::Udp(from), octets)),
            Some(Node::Script { script, .. }) => {
                let Ok(message) = Message::parse(octets) else { return };
                for (after, answer) in script(&message) {
                    self.note_message(to, from, &answer);
                    self.plan(
                        after + WIRE,
                        Happening::Datagram { from: to, to: from, octets: answer },
                    );
                }
            }
            None => {}
        }
    }

    fn feed(&mut self, at: SocketAddr, input: Input) {
        let mut out = Vec::new();
        if let Some(Node::Engine { endpoint, .. }) = self.nodes.get_mut(&at) {
            endpoint.input(self.now, input, &mut out);
        }
        self.carry_out(at, out);
    }

    fn carry_out(&mut self, at: SocketAddr, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Send(Path::Udp(to), octets) => self.send(at, to, octets),
                Output::Send(Path::Conn(conn), octets) => {
                    let Some((to, other)) = self.connections.get(&(at, conn)).copied() else {
                        continue;
                    };
                    self.note_message(at, to, &octets);
                    let input = Input::Received(Path::Conn(other), octets);
                    self.plan(WIRE, Happening::Input { at: to, input });
                }
                Output::Connect { conn, transport, to, .. } => {
                    self.connect(at, conn, transport, to);
                }
                Output::Close(conn) => {
                    if let Some((to, other)) = self.connections.remove(&(at, conn)) {
                        self.connections.remove(&(to, other));
                        let input = Input::Closed(other, "closed by the peer".into());
                        self.plan(WIRE, Happening::Input { at: to, input });
                    }
                }
                Output::Resolve(question) => self.resolve(at, question),
                Output::Event(event) => self.event(at, &event),
            }
        }
    }

    fn connect(&mut self, at: SocketAddr, conn: ConnId, transport: Transport, to: SocketAddr) {
        if self.refuses_tcp || !self.nodes.contains_key(&to) {
            let input = Input::Closed(conn, "connection refused".into());
            self.plan(WIRE, Happening::Input { at, input });
            return;
        }
        let other = ConnId(self.next_accepted);
        self.next_accepted += 1;
        self.connections.insert((at, conn), (to, other));
        self.connections.insert((to, other), (at, conn));
        let input = Input::Connected(other, transport, at);
        self.plan(WIRE, Happening::Input { at: to, input });
        self.plan(WIRE, Happening::Input { at, input: Input::Connected(conn, transport, to) });
    }

    /// The network or a process breaks every connection.
    pub(crate) fn cut_connections(&mut self) {
        for ((at, conn), _) in std::mem::take(&mut self.connections) {
            let input = Input::Closed(conn, "reset by the peer".into());
            self.plan(WIRE, Happening::Input { at, input });
        }
    }

    fn resolve(&mut self, at: SocketAddr, question: Question) {
        let targets = self.names.get(&question.host).cloned().unwrap_or_default();
        self.note(at, &format!("? {}", question.host));
        self.plan(WIRE, Happening::Input { at, input: Input::Resolved(question, targets) });
    }

    fn send(&mut self, from: SocketAddr, to: SocketAddr, octets: Vec<u8>) {
        self.note_message(from, to, &octets);
        let Some(weather) = &mut self.weather else {
            self.plan(WIRE, Happening::Datagram { from, to, octets });
            return;
        };
        let copies = match weather.rng.below(1000) {
            n if n < weather.lost => 0,
            n if n < weather.lost + weather.doubled => 2,
            _ => 1,
        };
        let delays: Vec<u32> = (0..copies).map(|_| weather.rng.below(weather.delay)).collect();
        for delay in delays {
            let after = WIRE + Duration::from_millis(delay.into());
            self.plan(after, Happening::Datagram { from, to, octets: octets.clone() });
        }
    }

    fn event(&mut self, at: SocketAddr, event: &Event) {
        self.note(at, &format!("! {}", event_text(event)));
        let Some(Node::Engine { brain, ends, .. }) = self.nodes.get_mut(&at) else { return };
        if let Event::Ended(call, _) = event {
            *ends.entry(*call).or_default() += 1;
        }
        for (after, request) in brain(event) {
            self.plan(after, Happening::Input { at, input: Input::Request(request) });
        }
    }

    fn note_message(&mut self, from: SocketAddr, to: SocketAddr, octets: &[u8]) {
        if octets.iter().all(|octet| matches!(octet, b'\r' | b'\n')) {
            return;
        }
        let to = self.name(to);
        let text = match Message::parse(octets.to_vec()) {
            Ok(message) => message_text(&message),
            Err(error) => error.to_string(),
        };
        self.note(from, &format!("> {to} {text}"));
    }

    fn note(&mut self, at: SocketAddr, text: &str) {
        let (time, name) = ((self.now - self.start).as_secs_f64(), self.name(at));
        let _ = writeln!(self.trace, "{time:8.3} {name} {text}");
    }

    fn name(&self, at: SocketAddr) -> String {
        match self.nodes.get(&at) {
            Some(Node::Engine { name, .. } | Node::Script { name, .. }) => (*name).to_owned(),
            None => "void".to_owned(),
        }
    }
}

/// Settings for an engine at this address, which sends everything to these servers.
pub(crate) fn settings(address: &str, proxies: &[&str]) -> Settings {
    let own = parse(address);
    let proxies = (1..).zip(proxies).map(|(priority, proxy)| {
        let (host, port) = proxy.rsplit_once(':').unwrap_or((proxy, ""));
        let (host, port) = (host.to_owned(), port.parse().ok());
        sip::endpoint::Proxy { host, port, priority, weight: 100 }
    });
    Settings {
        address: own.ip(),
        port: own.port(),
        transport: Transport::Udp,
        proxies: proxies.collect(),
        srv: false,
        registration_expire: Duration::from_hours(1),
        transaction_timeout: Duration::from_secs(16),
        max_forwards: 70,
        registers_per_second: 200,
    }
}

pub(crate) fn account(user: &str) -> Account {
    Account {
        user: user.to_owned(),
        domain: "pbx.example".to_owned(),
        display_name: String::new(),
        auth_user: user.to_owned(),
        password: Password::new(&format!("secret{user}")),
    }
}

pub(crate) fn put(id: u32, user: &str) -> Request {
    Request::PutAccount(AccountId(id), Box::new(account(user)))
}

/// A session that says which one it is in its name.
pub(crate) fn session(name: &str) -> Box<Session> {
    let text = format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns={name}\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio 40000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
    );
    Box::new(Session::parse(text.as_bytes()).expect("the text above is right"))
}

pub(crate) fn session_name(session: &Session) -> String {
    let text = String::from_utf8(session.to_octets()).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix("s=")).unwrap_or_default().to_owned()
}

/// The response of a scripted peer.
pub(crate) fn response(request: &Message, status: u16) -> Writer {
    Writer::answer(request, status, Some("peer"))
}

pub(crate) fn nobody() -> Brain {
    Box::new(|_| Vec::new())
}

pub(crate) fn at_once(request: Request) -> Vec<(Duration, Request)> {
    vec![(Duration::ZERO, request)]
}

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn parse(address: &str) -> SocketAddr {
    address.parse().expect("an address of the test")
}

fn pad(name: &str) -> [u8; 8] {
    let mut octets = [0; 8];
    octets.iter_mut().zip(name.bytes()).for_each(|(octet, letter)| *octet = letter);
    octets
}

fn message_text(message: &Message) -> String {
    let cseq = message.cseq().map(|cseq| cseq.to_string()).unwrap_or_default();
    let mut text = match (message.method(), message.status()) {
        (Some(_), _) => cseq,
        (None, status) => format!("{} to {cseq}", status.unwrap_or_default()),
    };
    for name in [Name::Authorization, Name::ProxyAuthorization] {
        if message.has(name) {
            text.push_str(", authorized");
        }
    }
    if let Some(warning) = message.text(Name::Warning) {
        let _ = write!(text, " ({})", warning.trim_start_matches("399 fixpart "));
    }
    if let Some(expires) = message.number(Name::Expires) {
        let _ = write!(text, ", expires {expires}");
    }
    if message.content_type() == "application/sdp"
        && let Ok(session) = Session::parse(message.body())
    {
        let _ = write!(text, ", sdp {}", session_name(&session));
    }
    text
}

fn event_text(event: &Event) -> String {
    let sdp = |session: &Option<Box<Session>>| {
        session.as_deref().map_or_else(|| "none".to_owned(), session_name)
    };
    match event {
        Event::Registered(account, time) => format!("registered {} for {time:?}", account.0),
        Event::NotRegistered(account, why) => {
            format!("not registered {}: {}", account.0, why.reason)
        }
        Event::Deregistered(account) => format!("deregistered {}", account.0),
        Event::Incoming(incoming) => {
            let (number, offer) = (&incoming.number, sdp(&incoming.offer));
            format!("incoming from {number} for {}, sdp {offer}", incoming.account.0)
        }
        Event::Progress(_, status, session) => format!("progress {status}, sdp {}", sdp(session)),
        Event::Answered(_, session) => format!("answered, sdp {}", sdp(session)),
        Event::Confirmed(_) => "confirmed".to_owned(),
        Event::Offer(_, session) => format!("offer, sdp {}", sdp(session)),
        Event::ModifyRefused(_, status) => format!("modify refused {status}"),
        Event::InfoKey(_, key, time) => format!("key {key} for {time:?}"),
        Event::Ended(_, how) => match how {
            Ended::ByPeer => "ended by peer".to_owned(),
            Ended::ByUs => "ended by us".to_owned(),
            Ended::Refused(status) => format!("ended, refused {status}"),
            Ended::Broken => "ended, broken".to_owned(),
        },
    }
}

/// A call that an engine is about to make.
pub(crate) fn invite(world: &mut World, at: &str, target: &str) -> (CallId, Request) {
    let call = world.endpoint(at).new_call();
    (call, Request::Invite(call, AccountId(1), target.to_owned(), session("offer")))
}

/// Whether a request is of this method, for scripts.
pub(crate) fn is(message: &Message, method: &Method) -> bool {
    message.method() == Some(method)
}
