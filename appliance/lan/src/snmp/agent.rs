//! Who asks, and what is answered.
//!
//! Whoever does not know a community or a key gets nothing. The exceptions are
//! those without which nobody could ask by version 3: our name, and our clock
//! to those who have proven who they are (RFC 3414 4). Unknown users and wrong
//! keys are counted and not reported, so that nobody learns which of both was
//! wrong.

mod answer;
mod secure;

use super::bucket::Bucket;
use super::message::{self, Message, Numbered};
use super::tree::Tree;
use super::usm::{Clock, Known, User};
use answer::answer;
use std::time::Instant;
use subtle::ConstantTimeEq as _;

/// Who may ask. It has no `Debug`, since it holds what lets in.
#[derive(Clone, Default)]
pub struct Access {
    /// What an asker of version 1 or 2c must say; `None`: nobody may ask so.
    pub community: Option<Vec<u8>>,
    /// Who may ask by version 3.
    pub users: Vec<User>,
}

/// The name of this agent, and its clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    /// Its name, which no other engine has: 5 to 32 octets (RFC 3411 5, SnmpEngineID).
    pub id: Vec<u8>,
    /// Its clock.
    pub clock: Clock,
}

/// What an agent has counted (RFC 3418 `snmp`, RFC 3414 `usmStats`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Datagrams that came.
    pub received: u64,
    /// Of an unknown version.
    pub bad_versions: u64,
    /// With a wrong community.
    pub bad_communities: u64,
    /// Not understood.
    pub malformed: u64,
    /// Left without an answer since too much had been sent already.
    pub throttled: u64,
    /// Answers that were sent, reports among them.
    pub answered: u64,
    /// By version 3 and less secure than the user must be.
    pub wrong_levels: u64,
    /// Too old.
    pub not_recent: u64,
    /// From an unknown user.
    pub unknown_users: u64,
    /// For another engine, or for any.
    pub unknown_engines: u64,
    /// With a wrong proof.
    pub wrong_proofs: u64,
    /// Not to be read with the user's key.
    pub unreadable: u64,
}

/// Answers what is asked.
pub struct Agent {
    community: Option<Vec<u8>>,
    engine: Option<Engine>,
    users: Vec<Known>,
    /// What makes what we hide different each time.
    salt: u64,
    stats: Stats,
    answers: Bucket,
    reports: Bucket,
}

impl Agent {
    /// An agent for those who may ask; without an engine nobody may by version 3. `salt` is random.
    #[must_use]
    pub fn new(now: Instant, access: &Access, engine: Option<Engine>, salt: u64) -> Self {
        let known =
            |engine: &Engine| access.users.iter().map(|it| it.known_to(&engine.id)).collect();
        Self {
            // Nobody is let in who says nothing.
            community: access.community.clone().filter(|it| !it.is_empty()),
            users: engine.as_ref().map(known).unwrap_or_default(),
            engine,
            salt,
            stats: Stats::default(),
            answers: Bucket::full(now, OCTETS_AT_ONCE, OCTETS_PER_SECOND),
            reports: Bucket::full(now, REPORTS_AT_ONCE, REPORTS_PER_SECOND),
        }
    }

    /// What it has counted.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    /// The answer to a datagram, if there is one; at most [`super::MESSAGE_MAX`] octets.
    ///
    /// `tree` is called for those who may ask only.
    pub fn input<'a>(
        &mut self,
        now: Instant,
        octets: &[u8],
        tree: impl FnOnce(Stats) -> &'a Tree,
    ) -> Option<Vec<u8>> {
        count(&mut self.stats.received);
        let answer = match message::numbered(octets) {
            Ok(Numbered::Community(_)) => self.community(octets, tree),
            Ok(Numbered::Three) => self.secure(now, octets, tree),
            Ok(Numbered::Unknown) => {
                count(&mut self.stats.bad_versions);
                None
            }
            Err(_) => {
                count(&mut self.stats.malformed);
                None
            }
        }?;
        if !self.answers.take(now, answer.len() as u64) {
            count(&mut self.stats.throttled);
            return None;
        }
        count(&mut self.stats.answered);
        Some(answer)
    }

    /// Versions 1 and 2c.
    fn community<'a>(
        &mut self,
        octets: &[u8],
        tree: impl FnOnce(Stats) -> &'a Tree,
    ) -> Option<Vec<u8>> {
        let Ok(question) = Message::read(octets) else {
            count(&mut self.stats.malformed);
            return None;
        };
        let right = |it: &Vec<u8>| bool::from(it.ct_eq(&question.community));
        if !self.community.as_ref().is_some_and(right) {
            count(&mut self.stats.bad_communities);
            return None;
        }
        let room = super::MESSAGE_MAX.checked_sub(ENVELOPE + question.community.len())?;
        let pdu = answer(question.version, &question.pdu, tree(self.stats), room)?;
        Some(Message { pdu, ..question }.write())
    }
}

fn count(counter: &mut u64) {
    *counter = counter.wrapping_add(1);
}

/// Octets of a message of version 1 or 2c without its community and its variables.
const ENVELOPE: usize = 48;

/// Octets of answers at once: a walk over everything, several times.
const OCTETS_AT_ONCE: u64 = 1 << 20;

/// And in a second: a few thousand answers; whoever knows the community and lies about where it is does not get more out
/// of us.
const OCTETS_PER_SECOND: u64 = 256 << 10;

/// Reports at once: a monitoring station that begins anew asks for our name and our clock once.
const REPORTS_AT_ONCE: u64 = 50;

/// And in a second; they go to anybody within the networks that may ask.
const REPORTS_PER_SECOND: u64 = 10;

#[cfg(test)]
mod tests;
