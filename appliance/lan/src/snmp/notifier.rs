//! Telling of events: traps, and informs, which are repeated until they are confirmed (RFC 3416 4.2.6, 4.2.7).
//!
//! One after the other, in order, and no more than a receiver can take: what
//! comes too fast waits, and what finds no room is counted. A trap of version 3
//! is proven with our own clock and name. An inform is proven with those of the
//! receiver, which are found out first (RFC 3414 4).

mod receiver;

use super::agent::Engine;
use super::bucket::Bucket;
use super::message::{Message, Version};
use super::oid::Oid;
use super::pdu::{Binding, Kind, Pdu};
use super::seal::{Origin, seal};
use super::usm::{Known, User};
use super::v3::Scoped;
use super::value::Value;
use receiver::{Found, Receiver};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq as _;

/// How events are told. It has no `Debug`, since it holds what lets in.
#[derive(Clone)]
pub struct Target {
    /// In which form.
    pub with: With,
    /// The receiver says that it has heard.
    pub confirmed: bool,
}

/// In which form events are told.
#[derive(Clone)]
pub enum With {
    /// Version 2c.
    Community(Vec<u8>),
    /// Version 3.
    User(User),
}

/// What has become of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Those that were sent, and confirmed where that is wanted.
    pub told: u64,
    /// Those that found no room, and those that nobody has confirmed.
    pub lost: u64,
}

/// Tells one receiver of events.
pub struct Notifier {
    target: Target,
    /// Who we are, for traps of version 3.
    own: Option<(Engine, Known)>,
    receiver: Option<Receiver>,
    queue: VecDeque<Vec<Binding>>,
    pending: Option<Pending>,
    /// The number of the next question.
    number: i32,
    salt: u64,
    bucket: Bucket,
    /// When there is room for what waits.
    ready: Option<Instant>,
    counted: Counted,
}

/// An inform that is not confirmed yet.
struct Pending {
    bindings: Vec<Binding>,
    /// Of its last attempt.
    number: i32,
    tries: u8,
    /// When that has failed.
    until: Instant,
    /// The receiver has told its clock in this attempt.
    synchronised: bool,
}

impl Notifier {
    /// Nothing was told yet. `engine` is who we are; `random` is that.
    #[must_use]
    pub fn new(now: Instant, target: Target, engine: Option<Engine>, random: u64) -> Self {
        let own = match (&target.with, engine) {
            (With::User(user), Some(engine)) => {
                let known = user.known_to(&engine.id);
                Some((engine, known))
            }
            _ => None,
        };
        let number = i32::try_from(random & NUMBERS).unwrap_or(1);
        Self {
            target,
            own,
            receiver: None,
            queue: VecDeque::new(),
            pending: None,
            number,
            salt: random,
            bucket: Bucket::full(now, AT_ONCE, PER_SECOND),
            ready: None,
            counted: Counted::default(),
        }
    }

    /// What has become of all that was to be told.
    #[must_use]
    pub const fn counted(&self) -> Counted {
        self.counted
    }

    /// Tells of an event, which has this name and these variables; `up` is for how long the agent has run.
    pub fn notify(
        &mut self,
        now: Instant,
        (up, event): (Duration, (Oid, Vec<Binding>)),
        out: &mut Vec<Vec<u8>>,
    ) {
        if self.queue.len() >= QUEUE_MAX {
            self.counted.lost = self.counted.lost.saturating_add(1);
            return;
        }
        let (name, bindings) = event;
        let first = [
            Binding::new(Oid::new(&SYS_UP_TIME), Value::TimeTicks(super::mib::ticks(up))),
            Binding::new(Oid::new(&SNMP_TRAP_OID), Value::Oid(name)),
        ];
        self.queue.push_back(first.into_iter().chain(bindings).collect());
        self.go_on(now, out);
    }

    /// Takes what the receiver has sent.
    pub fn input(&mut self, now: Instant, octets: &[u8], out: &mut Vec<Vec<u8>>) {
        let Some(pending) = &mut self.pending else { return };
        let found = match &self.target.with {
            With::Community(community) => match Message::read(octets) {
                Ok(it) if bool::from(it.community.ct_eq(community)) => {
                    Found::of(&it.pdu, pending.number)
                }
                _ => Found::Nothing,
            },
            With::User(user) => {
                receiver::hear(&mut self.receiver, (now, octets), (user, pending.number))
            }
        };
        match found {
            Found::Nothing => {}
            Found::Confirmed => {
                self.pending = None;
                self.counted.told = self.counted.told.saturating_add(1);
                self.go_on(now, out);
            }
            Found::Name => out.extend(self.attempt(now)),
            // Once for each attempt: a receiver whose clock jumps is not followed in circles.
            Found::Clock if pending.synchronised => {}
            Found::Clock => {
                pending.synchronised = true;
                out.extend(self.attempt(now));
            }
        }
    }

    /// Does what is due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Vec<u8>>) {
        if self.ready.is_some_and(|at| at <= now) {
            self.ready = None;
        }
        match &mut self.pending {
            Some(pending) if pending.until > now => return,
            Some(pending) if pending.tries < TRIES_MAX => {
                pending.tries += 1;
                pending.until = now + PATIENCE;
                pending.synchronised = false;
                out.extend(self.attempt(now));
                return;
            }
            Some(_) => {
                self.pending = None;
                self.counted.lost = self.counted.lost.saturating_add(1);
                // It may be another one by now.
                self.receiver = None;
            }
            None => {}
        }
        self.go_on(now, out);
    }

    /// When [`Self::expire`] is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let pending = self.pending.as_ref().map(|it| it.until);
        pending.or(if self.queue.is_empty() { None } else { self.ready })
    }

    /// Tells what waits, as far as that may be.
    fn go_on(&mut self, now: Instant, out: &mut Vec<Vec<u8>>) {
        while self.pending.is_none() && !self.queue.is_empty() {
            if !self.bucket.take(now, 1) {
                self.ready = Some(self.bucket.ready(now, 1));
                return;
            }
            let Some(bindings) = self.queue.pop_front() else { return };
            if self.target.confirmed {
                let until = now + PATIENCE;
                let pending = Pending { bindings, number: 0, tries: 1, until, synchronised: false };
                self.pending = Some(pending);
                out.extend(self.attempt(now));
            } else {
                let trap = self.trap(now, bindings);
                let counter =
                    if trap.is_some() { &mut self.counted.told } else { &mut self.counted.lost };
                *counter = counter.saturating_add(1);
                out.extend(trap);
            }
        }
    }

    /// A trap; `None` where we have no name of our own for it.
    fn trap(&mut self, now: Instant, bindings: Vec<Binding>) -> Option<Vec<u8>> {
        let number = self.next_number();
        let pdu = Pdu::new(Kind::Trap, number, bindings);
        match &self.target.with {
            With::Community(community) => {
                let (version, community) = (Version::V2c, community.clone());
                Some(Message { version, community, pdu }.write())
            }
            With::User(_) => {
                let (engine, known) = self.own.as_ref()?;
                let clock = (engine.clock.boots, engine.clock.time(now));
                let origin = Origin { engine: &engine.id, clock, salt: self.salt };
                let scoped = Scoped { engine: engine.id.clone(), context: Vec::new(), pdu };
                Some(seal(&origin, number, Some(known), scoped))
            }
        }
    }

    /// The inform that is not confirmed, or the question that comes before it.
    fn attempt(&mut self, now: Instant) -> Option<Vec<u8>> {
        let number = self.next_number();
        let pending = self.pending.as_mut()?;
        pending.number = number;
        let pdu = Pdu::new(Kind::Inform, number, pending.bindings.clone());
        match (&self.target.with, &self.receiver) {
            (With::Community(community), _) => {
                let (version, community) = (Version::V2c, community.clone());
                Some(Message { version, community, pdu }.write())
            }
            (With::User(_), Some(receiver)) => Some(receiver.wrap(now, self.salt, pdu)),
            (With::User(_), None) => Some(receiver::who(number)),
        }
    }

    fn next_number(&mut self) -> i32 {
        self.salt = self.salt.wrapping_add(1);
        self.number = self.number.checked_add(1).unwrap_or(1);
        self.number
    }
}

/// `sysUpTime.0`.
const SYS_UP_TIME: [u32; 9] = [1, 3, 6, 1, 2, 1, 1, 3, 0];
/// `snmpTrapOID.0`.
const SNMP_TRAP_OID: [u32; 11] = [1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0];

/// Events that wait: the base stations of a large site, all lost at once.
const QUEUE_MAX: usize = 512;
/// Events at once.
const AT_ONCE: u64 = 50;
/// And in a second.
const PER_SECOND: u64 = 20;
/// How long a receiver may take to confirm.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often an inform is sent.
const TRIES_MAX: u8 = 4;
/// Numbers of questions begin somewhere in here, so that nobody can guess them.
const NUMBERS: u64 = 0x3FFF_FFFF;

#[cfg(test)]
mod tests;
