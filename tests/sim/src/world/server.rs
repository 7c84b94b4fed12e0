//! The server: the production brain, its settings, its death and its resurrection.

use super::{Errand, SERVER, Who, World, seeded};
use dect::clock::WallClock;
use dect::nwk::{self, ConnId, Region};
use dect::primitive::AccessCode;
use ident::{Ari, Ipei};
use iwu::brain::{Brain, Input, Output, Settings};
use iwu::users::{User, UserChange};
use media::session::Codec;
use sip::endpoint::{self, Path, Proxy, Transport};
use sip::primitive::{Account, Password};
use sip::wire::{Message, Start};
use std::net::SocketAddr;
use std::time::Duration;

/// What a world begins with.
#[derive(Clone)]
pub struct Config {
    /// What all random numbers follow from.
    pub seed: u64,
    /// How many base stations there are.
    pub bases: usize,
    /// Who there is.
    pub people: Vec<Person>,
    /// Where the PBX is.
    pub pbx: SocketAddr,
    /// How the server is set.
    pub settings: Settings,
}

/// A user of the server.
#[derive(Clone)]
pub struct Person {
    /// Number, and SIP user name.
    pub number: String,
    /// Display name.
    pub name: String,
    /// The handset.
    pub ipei: Ipei,
    /// The code by which the handset subscribes.
    pub code: String,
    /// The password that the server has.
    pub password: String,
    /// The password that the PBX wants.
    pub pbx_password: String,
    /// Near which base station the handset is.
    pub near: Option<usize>,
    /// The handset is not subscribed from the beginning.
    pub new: bool,
    /// The server has nobody of this number in its list; the handset is there all the same.
    pub unlisted: bool,
    /// The user may not call.
    pub disabled: bool,
}

impl Config {
    /// A server with sensible settings, one base station and nobody.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let pbx = SocketAddr::from(([127, 0, 0, 2], 5060));
        Self { seed, bases: 1, people: Vec::new(), pbx, settings: settings(pbx) }
    }

    /// Another user, near the first base station, with the right passwords.
    pub fn add(&mut self, number: &str, ipei: Ipei) -> &mut Person {
        self.people.push(Person {
            number: number.to_owned(),
            name: format!("User {number}"),
            ipei,
            code: "12345678".to_owned(),
            password: format!("secret-{number}"),
            pbx_password: format!("secret-{number}"),
            near: Some(0),
            new: false,
            unlisted: false,
            disabled: false,
        });
        let last = self.people.len() - 1;
        &mut self.people[last]
    }
}

fn settings(pbx: SocketAddr) -> Settings {
    Settings {
        dect: nwk::Settings {
            // The one that EN 300 175-7 prints in its own example.
            ari: Ari::from_octets(&[0x10, 0x00, 0x90, 0x34]).ok(),
            region: Some(Region::Europe),
            subscription_allowed: true,
            auth_call: true,
            ..nwk::Settings::default()
        },
        sip: endpoint::Settings {
            address: SERVER.ip(),
            port: SERVER.port(),
            transport: Transport::Udp,
            proxies: vec![Proxy {
                host: pbx.ip().to_string(),
                port: Some(pbx.port()),
                priority: 1,
                weight: 1,
            }],
            srv: false,
            registration_expire: Duration::from_hours(1),
            transaction_timeout: Duration::from_secs(32),
            max_forwards: 70,
            registers_per_second: 100,
        },
        access_code: None,
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        ptime_ms: 20,
        events: Some(101),
        info_keys: false,
        key_duration: Duration::from_millis(160),
        pound_dials: true,
        deregister_on_detach: true,
        ring_timeout: Duration::from_mins(2),
    }
}

/// The server.
pub(crate) struct Server {
    brain: Option<Brain>,
    pub(crate) config: Config,
    connections: u32,
}

impl Server {
    pub(super) const fn new(config: Config) -> Self {
        Self { brain: None, config, connections: 0 }
    }

    pub(crate) const fn runs(&self) -> bool {
        self.brain.is_some()
    }

    pub(crate) fn calls(&self) -> usize {
        self.brain.as_ref().map_or(0, Brain::calls)
    }

    pub(super) fn code_of(&self, handset: usize) -> AccessCode {
        AccessCode::new(&self.config.people[handset].code).expect("at most eight digits")
    }

    fn users(&self) -> Vec<User> {
        let listed = self.config.people.iter().filter(|person| !person.unlisted);
        listed.map(|person| self.user(person)).collect()
    }

    fn user(&self, person: &Person) -> User {
        User {
            ipei: Some(person.ipei),
            access_code: AccessCode::new(&person.code),
            account: Account {
                user: person.number.clone(),
                domain: self.config.pbx.ip().to_string(),
                display_name: person.name.clone(),
                auth_user: person.number.clone(),
                password: Password::new(&person.password),
            },
            disabled: person.disabled,
        }
    }
}

impl World {
    /// Starts the server with what the store has.
    pub fn start_server(&mut self) {
        let mut out = Vec::new();
        let (settings, users) = (self.server.config.settings.clone(), self.server.users());
        let (kept, rng) = (self.store.load(), &mut self.rng);
        let brain = Brain::new(self.now, settings, users, kept, || seeded(rng), &mut out);
        self.server.brain = Some(brain);
        self.tell(format_args!("server starts"));
        self.brain_wants(out);
        for base in 0..self.bases.len() {
            if self.bases[base].plugged {
                self.send(RETRY, Errand::Plug(base));
            }
        }
    }

    /// The server takes its registrations back before it goes.
    pub fn stop_server(&mut self) {
        self.tell(format_args!("server stops"));
        self.brain_input(Input::Stop);
    }

    /// The server is gone from one moment to the next.
    pub fn kill_server(&mut self) {
        self.tell(format_args!("server dies"));
        self.server.brain = None;
        self.attend(Who::Brain, None);
        // What it had asked of others concerns nobody any more; what is written is written.
        self.agenda.retain(|_, errand| {
            !matches!(errand, Errand::Stored(..) | Errand::Media(_) | Errand::Resolved(_))
        });
        self.media.die();
        for base in 0..self.bases.len() {
            self.cut(base);
        }
    }

    /// The administrator changes a user, and the server is told of this one alone.
    pub(super) fn change_user(&mut self, handset: usize, change: impl FnOnce(&mut Person)) {
        let person = &mut self.server.config.people[handset];
        change(person);
        let person = &self.server.config.people[handset];
        let change = if person.unlisted {
            UserChange::Remove(person.number.clone())
        } else {
            UserChange::Put(Box::new(self.server.user(person)))
        };
        self.brain_input(Input::UserChanges(vec![change]));
    }

    /// The administrator changes a setting.
    pub(super) fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.server.config.settings);
        let settings = Box::new(self.server.config.settings.clone());
        self.brain_input(Input::Settings(settings));
    }

    /// The server's clock is another one.
    pub(super) fn set_clock(&mut self, clock: Option<WallClock>) {
        self.brain_input(Input::Dect(nwk::Input::Clock(clock)));
    }

    /// The server is told something, if it runs.
    pub(crate) fn brain_input(&mut self, input: Input) {
        let Some(brain) = &mut self.server.brain else { return };
        let mut out = Vec::new();
        brain.input(self.now, input, &mut out);
        self.brain_wants(out);
    }

    pub(super) fn wake_brain(&mut self) {
        let Some(brain) = &mut self.server.brain else { return };
        let mut out = Vec::new();
        brain.expire(self.now, &mut out);
        let late = brain.deadline().is_some_and(|at| at <= self.now);
        assert!(
            !late,
            "the brain wants to be woken for what it was just woken for:\n{}",
            self.trace()
        );
        self.brain_wants(out);
    }

    fn brain_wants(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Note(text) => self.tell(format_args!("note  {text}")),
                // The note before it tells the same.
                Output::Occurred(_) => {}
                Output::Media(command) => {
                    let (report, told) = self.media.command(&command);
                    self.tell(format_args!("media {told}"));
                    if let Some(report) = report {
                        self.send(BUS, Errand::Media(report));
                    }
                }
                Output::Dect(output) => self.dect_wants(output),
                Output::Sip(output) => self.sip_wants(output),
            }
        }
        let deadline = self.server.brain.as_ref().and_then(Brain::deadline);
        self.attend(Who::Brain, deadline);
    }

    fn dect_wants(&mut self, output: nwk::Output) {
        match output {
            nwk::Output::Send(conn, octets) => self.send(LAN, Errand::ToBase(conn, octets)),
            nwk::Output::Close(conn, reason) => {
                if let Some(base) = self.base_of(conn) {
                    self.tell(format_args!("server closes the link of rfp {}: {reason}", base + 1));
                    self.cut(base);
                }
            }
            nwk::Output::Store(ticket, change) => {
                let durable = self.store.apply(change);
                self.send(DISK, Errand::Stored(ticket, durable));
            }
            nwk::Output::Indicate(_) => panic!("an indication left the brain"),
            nwk::Output::Mirror(_) => {}
        }
    }

    fn sip_wants(&mut self, output: endpoint::Output) {
        match output {
            endpoint::Output::Send(Path::Udp(to), datagram) => {
                self.tell_sip('>', &datagram);
                let pbx = self.server.config.pbx;
                if to == pbx {
                    self.send(LAN, Errand::ToPbx(datagram));
                } else if to == SERVER {
                    self.send(LAN, Errand::Loop(datagram));
                }
            }
            endpoint::Output::Resolve(question) => self.send(LAN, Errand::Resolved(question)),
            endpoint::Output::Event(_) => panic!("an event left the brain"),
            // There is only UDP here.
            _ => {}
        }
    }

    pub(super) fn tell_sip(&mut self, way: char, datagram: &[u8]) {
        let Ok(message) = Message::parse(datagram.to_vec()) else { return };
        let method = message.cseq().map(|cseq| cseq.method.to_string()).unwrap_or_default();
        let user = |address: Result<sip::wire::Address<'_>, _>| {
            address.map(|it| it.uri.user_text()).unwrap_or_default()
        };
        let (from, to) = (user(message.from()), user(message.to()));
        match message.start() {
            Start::Request { .. } => self.tell(format_args!("sip {way} {method} {from} {to}")),
            Start::Response { .. } => {
                let status = message.status().unwrap_or_default();
                self.tell(format_args!("sip {way} {status} {method} {from} {to}"));
            }
        }
    }

    /// A base station asks for its connection.
    pub(super) fn connect(&mut self, base: usize) {
        if !self.server.runs() || !self.bases[base].plugged || self.bases[base].conn.is_some() {
            return;
        }
        self.server.connections += 1;
        let conn = ConnId(self.server.connections);
        self.bases[base].conn = Some(conn);
        self.connected.insert(conn, base);
        let (door, peer) = (nwk::Door::Tls(super::mac(base)), [127, 0, 1, 1].into());
        self.brain_input(Input::Dect(nwk::Input::Connected { conn, door, peer }));
        self.base_input(base, crate::rfp::Input::Connected);
    }

    /// A connection breaks, for both ends.
    pub(super) fn cut(&mut self, base: usize) {
        let Some(conn) = self.bases[base].conn.take() else { return };
        self.connected.remove(&conn);
        self.base_input(base, crate::rfp::Input::Disconnected);
        self.brain_input(Input::Dect(nwk::Input::Disconnected(conn)));
        if self.bases[base].plugged {
            self.send(RETRY, Errand::Plug(base));
        }
    }

    /// The cable of a base station is plugged in or out.
    pub fn plug(&mut self, base: usize, plugged: bool) {
        self.bases[base].plugged = plugged;
        if plugged {
            self.send(LAN, Errand::Plug(base));
        } else {
            self.cut(base);
        }
    }

    pub(super) fn base_of(&self, conn: ConnId) -> Option<usize> {
        self.connected.get(&conn).copied()
    }
}

/// One way over the cable.
const LAN: Duration = Duration::from_millis(1);
/// One way between roles.
const BUS: Duration = Duration::from_millis(1);
/// Until a change is durable.
const DISK: Duration = Duration::from_millis(3);
/// Until a base station tries again.
const RETRY: Duration = Duration::from_secs(3);
