//! Client, claims and timers of one interface.

use super::acd::{self, Claim, Heard, LEASE, LINK_LOCAL};
use super::arp::{self, Arp};
use super::client::{Action, Asks, Begins, Client, Event, Out, State, Timer};
use super::lease::Lease;
use super::message::{Kind, Message};
use super::options;
use machine::{Agenda, Effect, Rng, TimerSpec};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

/// Who the client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The address of the network card.
    pub mac: [u8; 6],
    /// Its name in the network (option 12); empty: none is told.
    pub host_name: String,
    /// Its kind (option 60); empty: none is told.
    pub vendor_class: String,
}

/// What the engine is told.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The cable is in.
    LinkUp,
    /// The cable is out.
    LinkDown,
    /// What came to the port of clients.
    Message(&'a [u8]),
    /// What came by ARP.
    Arp(&'a [u8]),
}

/// What the role is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a message of DHCP.
    Send(Vec<u8>, Destination),
    /// Send a packet of ARP to everybody.
    Arp([u8; arp::LENGTH]),
    /// Use this, and nothing else that a lease has given before.
    Configure(Box<Lease>),
    /// Use no lease any longer.
    Unconfigure,
    /// Use this address of the link, in a network with the prefix 16, or none.
    LinkLocal(Option<Ipv4Addr>),
    /// Remember this address for the next start, or none.
    Keep(Option<Ipv4Addr>),
    /// Tell the administrator.
    Note(String),
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To everybody, from no address.
    Broadcast,
    /// To a server, from the address that is in use.
    Unicast {
        /// The address in use.
        from: Ipv4Addr,
        /// The server.
        to: Ipv4Addr,
    },
}

/// The engine.
pub struct Dhcp {
    own: Own,
    client: Client,
    agenda: Agenda<Key>,
    rng: Box<dyn Rng + Send>,
    /// The number of the present exchange.
    transaction: u32,
    /// When the present search for an address began.
    began: Option<Instant>,
    /// When the last request went out: a lease begins there.
    asked: Option<Instant>,
    claim: Option<Claim>,
    local: Option<Claim>,
    /// Addresses of the link that somebody else has.
    conflicts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Client(Timer),
    Claim(acd::Timer),
    Local(acd::Timer),
    /// [`FALLBACK`]
    Fallback,
    /// [`LOCAL_REST`]
    LocalRest,
}

impl Dhcp {
    /// An engine without a cable; `known` is the address of the last time.
    #[must_use]
    pub fn new(own: Own, known: Option<Ipv4Addr>, rng: Box<dyn Rng + Send>) -> Self {
        Self {
            own,
            client: Client::new(known.filter(|it| super::lease::is_host(*it))),
            agenda: Agenda::default(),
            rng,
            transaction: 0,
            began: None,
            asked: None,
            claim: None,
            local: None,
            conflicts: 0,
        }
    }

    /// The name that is told from now on.
    pub fn rename(&mut self, host_name: &str) {
        host_name.clone_into(&mut self.own.host_name);
    }

    /// The lease in use.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        self.client.lease()
    }

    /// How long the lease in use still holds; `None` without one, or where it has no end.
    #[must_use]
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let until = self.agenda.until(&Key::Client(Timer::Lease))?;
        Some(until.saturating_duration_since(now))
    }

    /// When to call [`Dhcp::expire`].
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    /// Takes what has happened.
    pub fn input(&mut self, now: Instant, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::LinkUp => {
                self.began = Some(now);
                self.client(now, Event::LinkUp, out);
                self.may_fall_back(now);
            }
            Input::LinkDown => {
                self.client(now, Event::LinkDown, out);
                self.agenda.stop(&Key::Fallback);
                self.leave_link_local(out);
                if self.client.lease().is_none() {
                    self.drop_claim();
                }
            }
            Input::Message(octets) => self.message(now, octets, out),
            Input::Arp(octets) => {
                let Some(arp) = Arp::decode(octets) else { return };
                self.claim(now, Heard::Arp(arp), out);
                self.local(now, Heard::Arp(arp), out);
            }
        }
    }

    /// Takes all timers that have run out.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some(key) = self.agenda.expired(now) {
            match key {
                Key::Client(timer) => self.client(now, Event::Expired(timer), out),
                Key::Claim(timer) => self.claim(now, Heard::Expired(timer), out),
                Key::Local(timer) => self.local(now, Heard::Expired(timer), out),
                Key::Fallback => {
                    out.push(Output::Note(
                        "no server gives an address; one of the link is taken meanwhile".into(),
                    ));
                    self.begin_local(now, out);
                }
                Key::LocalRest => self.begin_local(now, out),
            }
        }
    }

    fn message(&mut self, now: Instant, octets: &[u8], out: &mut Vec<Output>) {
        // What is damaged, or for somebody else, is nobody's fault here.
        let Ok(message) = Message::decode(octets) else { return };
        let ours = !message.is_request
            && message.transaction == self.transaction
            && message.hardware == self.own.mac;
        let Some(kind) = message.kind().filter(|_| ours) else { return };
        let event = match kind {
            Kind::Offer | Kind::Ack => match Lease::of(&message) {
                Ok(lease) if kind == Kind::Offer => Event::Offer(Box::new(lease)),
                Ok(lease) => Event::Ack(Box::new(lease)),
                Err(bad) => {
                    return out.push(Output::Note(format!("an offer is passed over: {bad}")));
                }
            },
            Kind::Nak => {
                let server = message.options.get(&options::SERVER);
                if let State::Requesting(offer) = self.client.state()
                    && server.is_some_and(|it| **it != offer.server.octets())
                {
                    return;
                }
                out.push(Output::Note(refusal(&message)));
                Event::Nak
            }
            _ => return,
        };
        self.client(now, event, out);
    }

    fn client(&mut self, now: Instant, event: Event, out: &mut Vec<Output>) {
        let mut effects = Out::default();
        self.client.handle(event, &mut effects);
        for effect in effects.drain() {
            match effect {
                Effect::Start(timer) => {
                    let at = self.until(now, timer);
                    self.agenda.start(Key::Client(timer), at);
                }
                Effect::Stop(timer) => self.agenda.stop(&Key::Client(timer)),
                Effect::Act(action) => self.act(now, action, out),
            }
        }
    }

    fn until(&mut self, now: Instant, timer: Timer) -> Instant {
        let lease = self.client.lease();
        let of_lease = |lease: &Lease| match timer {
            Timer::Renewal => lease.renewal.map(|(first, _)| first),
            Timer::Rebinding => lease.renewal.map(|(_, second)| second),
            Timer::Lease => lease.holds,
            Timer::Answer | Timer::Rest => None,
        };
        if let Some(lasts) = lease.and_then(of_lease) {
            return self.asked.unwrap_or(now) + lasts;
        }
        let after = |timer| {
            let until = self.agenda.until(&Key::Client(timer))?;
            Some(until.saturating_duration_since(now))
        };
        let left = after(Timer::Lease).map(|end| (after(Timer::Rebinding).unwrap_or(end), end));
        let lasts = self.client.lasts(timer, left);
        // Spread by a second to both sides (RFC 2131 4.1).
        let spread = Duration::from_millis(self.rng.below(2000).into());
        match timer {
            Timer::Answer => now + (lasts + spread).saturating_sub(Duration::from_secs(1)),
            _ => now + lasts,
        }
    }

    fn act(&mut self, now: Instant, action: Action, out: &mut Vec<Output>) {
        match action {
            Action::Discover(begins) => {
                let mut message = self.begin(now, begins, Kind::Discover);
                if let Some(local) = self.client.known() {
                    message.options.insert(options::REQUESTED, local.octets().to_vec());
                }
                out.push(Output::Send(message.encode(), Destination::Broadcast));
            }
            Action::Request(asks) => {
                self.asked = Some(now);
                let sent = self.request(now, &asks);
                out.push(sent);
            }
            Action::Decline(lease) => {
                let mut message = self.begin(now, Begins::Anew, Kind::Decline);
                message.options.insert(options::REQUESTED, lease.address.octets().to_vec());
                message.options.insert(options::SERVER, lease.server.octets().to_vec());
                message
                    .options
                    .insert(options::MESSAGE, b"somebody else uses this address".to_vec());
                for option in [options::WANTED, options::SIZE_MAX, options::HOST_NAME] {
                    message.options.remove(&option);
                }
                out.push(Output::Send(message.encode(), Destination::Broadcast));
                self.began = Some(now);
                self.may_fall_back(now);
            }
            Action::Probe(address) => {
                self.claim = Some(Claim::new(self.own.mac, address, &LEASE));
                self.claim(now, Heard::Begin, out);
            }
            Action::Configure(lease) => {
                self.agenda.stop(&Key::Fallback);
                out.push(Output::Configure(lease));
                self.leave_link_local(out);
            }
            Action::Unconfigure => {
                self.drop_claim();
                out.push(Output::Unconfigure);
                self.began = Some(now);
                self.may_fall_back(now);
            }
            Action::Keep(address) => out.push(Output::Keep(address)),
        }
    }

    fn request(&mut self, now: Instant, asks: &Asks) -> Output {
        let (begins, requested, server, client) = match *asks {
            Asks::Offered(address, server) => (Begins::Again, Some(address), Some(server), None),
            Asks::Known(address, begins) => (begins, Some(address), None, None),
            Asks::Renewal(address, _) | Asks::Rebinding(address) => {
                (Begins::Anew, None, None, Some(address))
            }
        };
        let mut message = self.begin(now, begins, Kind::Request);
        message.client = client.unwrap_or(Ipv4Addr::UNSPECIFIED);
        for (option, address) in [(options::REQUESTED, requested), (options::SERVER, server)] {
            if let Some(address) = address {
                message.options.insert(option, address.octets().to_vec());
            }
        }
        let destination = match *asks {
            Asks::Renewal(from, to) => Destination::Unicast { from, to },
            _ => Destination::Broadcast,
        };
        Output::Send(message.encode(), destination)
    }

    /// A message with what every one of them says.
    fn begin(&mut self, now: Instant, begins: Begins, kind: Kind) -> Message {
        if begins == Begins::Anew {
            self.transaction = self.rng.u32();
        }
        let mut message = Message::of_client(self.transaction, self.own.mac, kind);
        let since = self.began.map_or(0, |began| now.saturating_duration_since(began).as_secs());
        message.seconds = u16::try_from(since).unwrap_or(u16::MAX);
        let texts = [
            (options::HOST_NAME, &self.own.host_name),
            (options::VENDOR_CLASS, &self.own.vendor_class),
        ];
        for (option, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            message.options.insert(option, text.clone().into_bytes());
        }
        message.options.insert(options::CLIENT_ID, client_id(self.own.mac));
        message.options.insert(options::SIZE_MAX, MESSAGE_MAX.to_be_bytes().to_vec());
        message.options.insert(options::WANTED, options::ALL_WANTED.to_vec());
        message
    }

    fn may_fall_back(&mut self, now: Instant) {
        let busy = self.local.is_some()
            || [Key::Fallback, Key::LocalRest].iter().any(|key| self.agenda.runs(key));
        if self.client.lease().is_none() && !busy && *self.client.state() != State::Off {
            self.agenda.start(Key::Fallback, now + FALLBACK.default);
        }
    }

    fn begin_local(&mut self, now: Instant, out: &mut Vec<Output>) {
        let address = link_local(self.own.mac, self.conflicts, self.rng.as_mut());
        self.local = Some(Claim::new(self.own.mac, address, &LINK_LOCAL));
        self.local(now, Heard::Begin, out);
    }

    fn leave_link_local(&mut self, out: &mut Vec<Output>) {
        if self.local.take().is_some_and(|claim| claim.is_held()) {
            out.push(Output::LinkLocal(None));
        }
        self.agenda.stop_all(|key| matches!(key, Key::Local(_) | Key::LocalRest));
        self.conflicts = 0;
    }

    fn drop_claim(&mut self) {
        self.claim = None;
        self.agenda.stop_all(|key| matches!(key, Key::Claim(_)));
    }

    fn claim(&mut self, now: Instant, event: Heard, out: &mut Vec<Output>) {
        let Some(claim) = &mut self.claim else { return };
        let address = claim.address();
        for action in step(claim, event, (now, Key::Claim), (&mut self.agenda, self.rng.as_mut())) {
            match action {
                acd::Action::Send(arp) => out.push(Output::Arp(arp.encode())),
                acd::Action::Won => self.client(now, Event::Free, out),
                acd::Action::Lost(other) => {
                    self.drop_claim();
                    out.push(Output::Note(conflict(address, other)));
                    self.client(now, Event::Taken, out);
                }
            }
        }
    }

    fn local(&mut self, now: Instant, event: Heard, out: &mut Vec<Output>) {
        let Some(claim) = &mut self.local else { return };
        let (address, held) = (claim.address(), claim.is_held());
        for action in step(claim, event, (now, Key::Local), (&mut self.agenda, self.rng.as_mut())) {
            match action {
                acd::Action::Send(arp) => out.push(Output::Arp(arp.encode())),
                acd::Action::Won => out.push(Output::LinkLocal(Some(address))),
                acd::Action::Lost(other) => {
                    out.push(Output::Note(conflict(address, other)));
                    if held {
                        out.push(Output::LinkLocal(None));
                    }
                    self.local = None;
                    self.conflicts = self.conflicts.saturating_add(1);
                    let rest = if self.conflicts < CONFLICTS_MAX {
                        Duration::ZERO
                    } else {
                        LOCAL_REST.default
                    };
                    self.agenda.start(Key::LocalRest, now + rest);
                }
            }
        }
    }
}

/// One step of a claim: its timers are set, its actions given back.
fn step(
    claim: &mut Claim,
    event: Heard,
    (now, key): (Instant, fn(acd::Timer) -> Key),
    (agenda, rng): (&mut Agenda<Key>, &mut dyn Rng),
) -> Vec<acd::Action> {
    let mut out = acd::Out::default();
    claim.handle(event, &mut out);
    let mut actions = Vec::new();
    for effect in out.drain() {
        match effect {
            Effect::Start(timer) => agenda.start(key(timer), now + claim.lasts(timer, rng)),
            Effect::Stop(timer) => agenda.stop(&key(timer)),
            Effect::Act(action) => actions.push(action),
        }
    }
    actions
}

/// RFC 4361 6.1: a number of the interface, and a DUID made of its MAC address (RFC 8415 11.4), so that it stays the
/// same whatever is installed.
fn client_id(mac: [u8; 6]) -> Vec<u8> {
    let mut id = vec![255, 0, 0, 0, 1, 0, 3, 0, 1];
    id.extend(mac);
    id
}

/// From 169.254.1.0 to 169.254.254.255 (RFC 3927 2.1); the first one follows from the MAC address, so that it is most
/// often the same.
fn link_local(mac: [u8; 6], conflicts: u32, rng: &mut dyn Rng) -> Ipv4Addr {
    let number = if conflicts == 0 {
        mac.iter().fold(0x9E37_u32, |sum, it| sum.wrapping_mul(31).wrapping_add((*it).into()))
    } else {
        rng.u32()
    };
    let [.., third, fourth] = (0x0100 + number % 0xFE00).to_be_bytes();
    Ipv4Addr::new(169, 254, third, fourth)
}

fn refusal(message: &Message) -> String {
    let why = message.options.get(&options::MESSAGE).map_or(&[][..], |it| &it[..]);
    let why: String = String::from_utf8_lossy(why).chars().filter(|it| !it.is_control()).collect();
    if why.is_empty() {
        "the server refuses the address".to_owned()
    } else {
        format!("the server refuses the address: {why}")
    }
}

fn conflict(address: Ipv4Addr, other: [u8; 6]) -> String {
    let other = other.map(|octet| format!("{octet:02x}")).join(":");
    format!("{address} is used by {other} already")
}

/// How long a server is waited for before an address of the link is taken.
const FALLBACK: TimerSpec = TimerSpec {
    name: "X.DHCP.4",
    default: Duration::from_secs(15),
    guards: "a lease, before an address of the link is taken",
};
/// RFC 3927 2.2.1, `RATE_LIMIT_INTERVAL`
const LOCAL_REST: TimerSpec = TimerSpec {
    name: "RATE_LIMIT_INTERVAL",
    default: Duration::from_mins(1),
    guards: "the next address of the link after many conflicts",
};
/// RFC 3927 9, `MAX_CONFLICTS`
const CONFLICTS_MAX: u32 = 10;
/// What one packet of Ethernet carries: with all headers 1500.
const MESSAGE_MAX: u16 = 1472;

#[cfg(test)]
mod tests;
