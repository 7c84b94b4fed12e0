//! A simulated PBX: a registrar and a proxy with digest authentication, and a few telephones of its own.
//!
//! It speaks the text of SIP and is pure: datagrams come in with the time,
//! datagrams go out. As a proxy it keeps no state of transactions (RFC 3261
//! clause 16.11); what it knows are registrations, nonces and its telephones.

mod digest;
mod phone;
mod proxy;

use machine::{Agenda, Rng};
use phone::Phone;
pub use phone::{Habit, PhoneCommand};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How the PBX feels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Answers at once.
    #[default]
    Well,
    /// Takes this long over each message.
    Slow(Duration),
    /// Hears nothing.
    Dead,
    /// Refuses registrations with 403.
    Forbidding,
    /// Refuses everything with 503.
    Overloaded,
    /// Calls each nonce stale after it was used once.
    Forgetful,
}

/// Everything that a PBX can want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this datagram.
    Send(SocketAddr, Vec<u8>),
    /// One of its telephones does something that a person would notice.
    Seen(String, Seen),
}

/// What the user of a telephone notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A call comes in from this number.
    Rings(String),
    /// The called party rings.
    RingsThere,
    /// Speech.
    Talks,
    /// The call is over, with this status where it never came about.
    Over(Option<u16>),
    /// A change of the session was accepted, or refused with this status.
    Changed(Option<u16>),
}

/// The PBX.
pub struct SimPbx {
    address: SocketAddr,
    realm: String,
    mood: Mood,
    /// Passwords of the users.
    users: BTreeMap<String, String>,
    /// Where the users are, and until when.
    bindings: BTreeMap<String, (String, Instant)>,
    nonces: BTreeMap<String, u32>,
    phones: BTreeMap<String, Phone>,
    /// What is to be done later: messages of a slow PBX, answers of telephones.
    later: BTreeMap<u32, Later>,
    agenda: Agenda<u32>,
    count: u32,
    rng: Box<dyn Rng + Send>,
    now: Instant,
    out: Vec<Output>,
}

enum Later {
    Received(SocketAddr, Vec<u8>),
    Answers(String),
    /// A telephone that has hung up hears nothing: it forgets this call.
    GivesUp(String, String),
}

impl SimPbx {
    /// A PBX at this address, without users.
    #[must_use]
    pub fn new(address: SocketAddr, rng: Box<dyn Rng + Send>, now: Instant) -> Self {
        Self {
            address,
            realm: REALM.to_owned(),
            mood: Mood::Well,
            users: BTreeMap::new(),
            bindings: BTreeMap::new(),
            nonces: BTreeMap::new(),
            phones: BTreeMap::new(),
            later: BTreeMap::new(),
            agenda: Agenda::default(),
            count: 0,
            rng,
            now,
            out: Vec::new(),
        }
    }

    /// Has a user with this password.
    pub fn put_user(&mut self, user: &str, password: &str) {
        self.users.insert(user.to_owned(), password.to_owned());
    }

    /// Has a telephone of its own.
    pub fn put_phone(&mut self, number: &str, habit: Habit) {
        self.phones.insert(number.to_owned(), Phone::new(number, habit));
    }

    /// Feels differently from now on.
    pub fn set_mood(&mut self, mood: Mood) {
        self.mood = mood;
    }

    /// Forgets registrations, nonces and calls.
    pub fn restart(&mut self) {
        self.bindings.clear();
        self.nonces.clear();
        self.later.clear();
        self.agenda = Agenda::default();
        self.phones.values_mut().for_each(Phone::forget);
    }

    /// Whether the user is registered.
    #[must_use]
    pub fn is_registered(&self, user: &str) -> bool {
        self.bindings.get(user).is_some_and(|(_, until)| *until > self.now)
    }

    /// How many calls its telephones are in.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.phones.values().filter(|phone| phone.is_busy()).count()
    }

    /// Whether the telephone is in a call.
    #[must_use]
    pub fn is_busy(&self, number: &str) -> bool {
        self.phones.get(number).is_some_and(Phone::is_busy)
    }

    /// Whether the telephone is talking.
    #[must_use]
    pub fn talks(&self, number: &str) -> bool {
        self.phones.get(number).is_some_and(Phone::talks)
    }

    /// Takes a datagram.
    pub fn received(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: Vec<u8>,
        out: &mut Vec<Output>,
    ) {
        self.now = now;
        match self.mood {
            Mood::Dead => {}
            Mood::Slow(delay) => {
                self.plan(delay, Later::Received(from, datagram));
            }
            _ => self.take(from, datagram),
        }
        out.append(&mut self.out);
    }

    /// The user of a telephone does something.
    pub fn command(
        &mut self,
        now: Instant,
        number: &str,
        command: &PhoneCommand,
        out: &mut Vec<Output>,
    ) {
        self.now = now;
        self.phone_command(number, command);
        out.append(&mut self.out);
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.now = now;
        while let Some(key) = self.agenda.expired(now) {
            match self.later.remove(&key) {
                Some(Later::Received(from, datagram)) if self.mood != Mood::Dead => {
                    self.take(from, datagram);
                }
                Some(Later::Answers(number)) => {
                    self.phone_command(&number, &PhoneCommand::Answer);
                }
                Some(Later::GivesUp(number, id)) => self.phone_gives_up(&number, &id),
                _ => {}
            }
        }
        out.append(&mut self.out);
    }

    /// When to call [`SimPbx::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    fn plan(&mut self, after: Duration, later: Later) {
        self.count += 1;
        self.later.insert(self.count, later);
        self.agenda.start(self.count, self.now + after);
    }

    fn send(&mut self, to: SocketAddr, datagram: Vec<u8>) {
        if self.mood != Mood::Dead {
            self.out.push(Output::Send(to, datagram));
        }
    }

    fn token(&mut self, prefix: &str) -> String {
        format!("{prefix}{:08x}", self.rng.u32())
    }
}

const REALM: &str = "pbx.example";
