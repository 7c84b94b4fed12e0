//! The engine that is to confirm informs of version 3: its name and clock count for them (RFC 3414 3.1, 3.2, 4).

use crate::snmp::oid::Oid;
use crate::snmp::pdu::{Kind, Pdu};
use crate::snmp::seal::{NOT_RECENT, Origin, UNKNOWN_ENGINES, seal};
use crate::snmp::usm::{BOOTS_MAX, Known, Level, User, level};
use crate::snmp::v3::{Envelope, Payload, Scoped};
use std::time::Instant;

/// The engine of a receiver.
pub(super) struct Receiver {
    engine: Vec<u8>,
    known: Known,
    /// Boots and time as it has proven them, and when that was; `None` before.
    clock: Option<(i32, i32, Instant)>,
}

/// What an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing of ours.
    Nothing,
    /// The inform was heard.
    Confirmed,
    /// The name of the receiver is known now.
    Name,
    /// So is its clock.
    Clock,
}

impl Found {
    /// What an answer is to the question of this number.
    pub(super) fn of(pdu: &Pdu, number: i32) -> Self {
        let confirmed = pdu.kind == Kind::Response && pdu.request == number;
        if confirmed { Self::Confirmed } else { Self::Nothing }
    }
}

impl Receiver {
    /// An inform for it.
    pub(super) fn wrap(&self, now: Instant, salt: u64, pdu: Pdu) -> Vec<u8> {
        let number = pdu.request;
        let scoped = Scoped { engine: self.engine.clone(), context: Vec::new(), pdu };
        let origin = Origin { engine: &self.engine, clock: self.time(now), salt };
        seal(&origin, number, Some(&self.known), scoped)
    }

    /// Its clock now; zeros, to which it answers with its clock, where that is not known (RFC 3414 4).
    fn time(&self, now: Instant) -> (i32, i32) {
        let Some((boots, time, at)) = self.clock else { return (0, 0) };
        let past = i32::try_from(now.saturating_duration_since(at).as_secs()).unwrap_or(i32::MAX);
        (boots, time.saturating_add(past))
    }

    /// Whether an answer was made just now (RFC 3414 3.2 (7) (b)).
    fn is_recent(&self, now: Instant, envelope: &Envelope) -> bool {
        let (boots, time) = self.time(now);
        let late = i64::from(time) - i64::from(envelope.time);
        envelope.boots < BOOTS_MAX
            && (envelope.boots > boots || (envelope.boots == boots && late <= WINDOW))
    }
}

/// Takes an answer to the question of this number.
pub(super) fn hear(
    receiver: &mut Option<Receiver>,
    (now, octets): (Instant, &[u8]),
    (user, number): (&User, i32),
) -> Found {
    let Ok((envelope, place)) = Envelope::read(octets) else { return Found::Nothing };
    if envelope.id != number {
        return Found::Nothing;
    }
    let Some(receiver) = receiver else {
        *receiver = introduced(&envelope, user);
        return if receiver.is_some() { Found::Name } else { Found::Nothing };
    };
    if envelope.engine != receiver.engine || envelope.user != receiver.known.name {
        return Found::Nothing;
    }
    let proven = receiver.known.level() >= Level::Proven;
    if proven && !(envelope.authenticated && receiver.known.is_proven(octets, place)) {
        return Found::Nothing;
    }
    let Some(scoped) = opened(receiver, &envelope) else { return Found::Nothing };
    if proven && scoped.pdu.kind == Kind::Report {
        let clock = (envelope.boots, envelope.time, now);
        let told = reports(&scoped.pdu, NOT_RECENT);
        if told {
            receiver.clock = Some(clock);
        }
        return if told { Found::Clock } else { Found::Nothing };
    }
    let as_set = level(envelope.authenticated, envelope.private) == receiver.known.level();
    if !as_set || (proven && !receiver.is_recent(now, &envelope)) {
        return Found::Nothing;
    }
    Found::of(&scoped.pdu, number)
}

/// The question who somebody is.
pub(super) fn who(number: i32) -> Vec<u8> {
    let pdu = Pdu::new(Kind::Get, number, Vec::new());
    let scoped = Scoped { engine: Vec::new(), context: Vec::new(), pdu };
    seal(&Origin { engine: &[], clock: (0, 0), salt: 0 }, number, None, scoped)
}

/// The receiver that has answered that.
fn introduced(envelope: &Envelope, user: &User) -> Option<Receiver> {
    let Payload::Clear(scoped) = &envelope.payload else { return None };
    // RFC 3411 5, SnmpEngineID.
    let named = envelope.engine.len() >= 5 && reports(&scoped.pdu, UNKNOWN_ENGINES);
    named.then(|| Receiver {
        engine: envelope.engine.clone(),
        known: user.known_to(&envelope.engine),
        clock: None,
    })
}

/// What an answer is about.
fn opened(receiver: &Receiver, envelope: &Envelope) -> Option<Scoped> {
    match &envelope.payload {
        Payload::Clear(scoped) => Some(scoped.clone()),
        Payload::Sealed(octets) => {
            let clock = (envelope.boots, envelope.time);
            Scoped::read(&receiver.known.show(clock, &envelope.salt, octets)?).ok()
        }
    }
}

/// Whether an answer is a report that begins with this counter of `usmStats`.
fn reports(pdu: &Pdu, counter: u32) -> bool {
    let name = Oid::new(&[1, 3, 6, 1, 6, 3, 15, 1, 1, counter, 0]);
    pdu.kind == Kind::Report && pdu.bindings.first().is_some_and(|it| it.name == name)
}

/// Seconds (RFC 3414 2.2.3).
const WINDOW: i64 = 150;
