//! Version 3: whether to believe a message, and the answer in the same form (RFC 3414 3).

use super::answer::answer;
use super::{Agent, Engine, Stats, count};
use crate::snmp::MESSAGE_MAX;
use crate::snmp::message::Version;
use crate::snmp::oid::Oid;
use crate::snmp::pdu::{Binding, Kind, Pdu};
use crate::snmp::seal::{NOT_RECENT, Origin, UNKNOWN_ENGINES, seal};
use crate::snmp::tree::Tree;
use crate::snmp::usm::{Known, level};
use crate::snmp::v3::{Envelope, Payload, Scoped};
use crate::snmp::value::Value;
use std::ops::Range;
use std::time::Instant;

impl Agent {
    pub(super) fn secure<'a>(
        &mut self,
        now: Instant,
        octets: &[u8],
        tree: impl FnOnce(Stats) -> &'a Tree,
    ) -> Option<Vec<u8>> {
        let engine = self.engine.clone()?;
        let Ok((envelope, place)) = Envelope::read(octets) else {
            count(&mut self.stats.malformed);
            return None;
        };
        if envelope.engine != engine.id {
            count(&mut self.stats.unknown_engines);
            let counted = (UNKNOWN_ENGINES, self.stats.unknown_engines);
            return self.report(now, &engine, &envelope, (None, counted));
        }
        let known = self.users.iter().find(|it| it.name == envelope.user);
        let Some(known) = known.cloned() else {
            count(&mut self.stats.unknown_users);
            return None;
        };
        let scoped = self.believe(now, (octets, place), (&envelope, &engine, &known))?;
        let scoped = match scoped {
            Believed::Is(scoped) => scoped,
            Believed::NotRecent => {
                let counted = (NOT_RECENT, self.stats.not_recent);
                return self.report(now, &engine, &envelope, (Some(&known), counted));
            }
        };
        // There is one engine and one view here.
        if scoped.engine != engine.id || !scoped.context.is_empty() {
            return None;
        }
        let most = usize::try_from(envelope.max_size).unwrap_or(MESSAGE_MAX).min(MESSAGE_MAX);
        let room = most.checked_sub(OVERHEAD)?;
        let pdu = answer(Version::V2c, &scoped.pdu, tree(self.stats), room)?;
        let scoped = Scoped { pdu, ..scoped };
        Some(self.wrap(now, &engine, envelope.id, (Some(&known), scoped)))
    }

    /// Whether a message is what it claims to be, and what it is about (RFC 3414 3.2 (5) to (8)).
    fn believe(
        &mut self,
        now: Instant,
        (octets, place): (&[u8], Range<usize>),
        (envelope, engine, known): (&Envelope, &Engine, &Known),
    ) -> Option<Believed> {
        // Neither more nor less: what is set for a user is how it is to speak.
        if level(envelope.authenticated, envelope.private) != known.level() {
            count(&mut self.stats.wrong_levels);
            return None;
        }
        if envelope.authenticated {
            if !known.is_proven(octets, place) {
                count(&mut self.stats.wrong_proofs);
                return None;
            }
            if !engine.clock.is_recent(now, envelope.boots, envelope.time) {
                count(&mut self.stats.not_recent);
                return Some(Believed::NotRecent);
            }
        }
        let scoped = match &envelope.payload {
            Payload::Clear(scoped) => Some(scoped.clone()),
            Payload::Sealed(octets) => {
                let clock = (envelope.boots, envelope.time);
                let shown = known.show(clock, &envelope.salt, octets);
                shown.and_then(|octets| Scoped::read(&octets).ok())
            }
        };
        if scoped.is_none() {
            count(&mut self.stats.unreadable);
        }
        scoped.map(Believed::Is)
    }

    /// Tells somebody why a message was not taken: with a proof to whoever has proven itself.
    fn report(
        &mut self,
        now: Instant,
        engine: &Engine,
        envelope: &Envelope,
        (known, (object, counted)): (Option<&Known>, (u32, u64)),
    ) -> Option<Vec<u8>> {
        if !envelope.reportable {
            return None;
        }
        if !self.reports.take(now, 1) {
            count(&mut self.stats.throttled);
            return None;
        }
        let name = Oid::new(&[1, 3, 6, 1, 6, 3, 15, 1, 1, object, 0]);
        let binding = Binding::new(name, Value::counter(counted));
        let request = match &envelope.payload {
            Payload::Clear(scoped) => scoped.pdu.request,
            Payload::Sealed(_) => 0,
        };
        let pdu = Pdu::new(Kind::Report, request, vec![binding]);
        let scoped = Scoped { engine: engine.id.clone(), context: Vec::new(), pdu };
        // What is told is no secret.
        let open = known.map(Known::without_privacy);
        Some(self.wrap(now, engine, envelope.id, (open.as_ref(), scoped)))
    }

    /// A message of ours, as secure as the user is.
    fn wrap(
        &mut self,
        now: Instant,
        engine: &Engine,
        id: i32,
        (known, scoped): (Option<&Known>, Scoped),
    ) -> Vec<u8> {
        self.salt = self.salt.wrapping_add(1);
        let clock = (engine.clock.boots, engine.clock.time(now));
        let origin = Origin { engine: &engine.id, clock, salt: self.salt };
        seal(&origin, id, known, scoped)
    }
}

/// What was found of a message whose proof is right.
enum Believed {
    Is(Scoped),
    /// It is too old, or was made for an earlier life of ours.
    NotRecent,
}

/// Octets of the longest message of version 3 without its variables: names of two engines of 32 octets each, of a user
/// of 32, a proof of 24, and some 110 of headers.
const OVERHEAD: usize = 232;
