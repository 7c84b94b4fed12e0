//! Messages of version 3 that we make: as secure as the user is that they are for.

use super::MESSAGE_MAX;
use super::pdu::Kind;
use super::usm::{Known, Level};
use super::v3::{Envelope, Payload, Scoped};

/// The engine whose clock counts for a message, and the salt of this one.
pub(super) struct Origin<'a> {
    pub(super) engine: &'a [u8],
    pub(super) clock: (i32, i32),
    pub(super) salt: u64,
}

/// A message as secure as `known` is; without a user it is open, and from nobody.
pub(super) fn seal(origin: &Origin<'_>, id: i32, known: Option<&Known>, scoped: Scoped) -> Vec<u8> {
    let reportable = matches!(scoped.pdu.kind, Kind::Get | Kind::Inform);
    let hidden = known.is_some_and(|it| it.level() == Level::Hidden);
    let mut envelope = Envelope {
        id,
        max_size: i32::try_from(MESSAGE_MAX).unwrap_or(i32::MAX),
        authenticated: known.is_some_and(|it| it.level() >= Level::Proven),
        private: hidden,
        reportable,
        engine: origin.engine.to_vec(),
        boots: origin.clock.0,
        time: origin.clock.1,
        user: known.map_or_else(Vec::new, |it| it.name.clone()),
        mac: known.map_or_else(Vec::new, Known::no_mac),
        salt: Vec::new(),
        payload: Payload::Clear(scoped),
    };
    if let (Some(known), Payload::Clear(scoped), true) = (known, &envelope.payload, hidden) {
        let mut clear = Vec::new();
        scoped.put(&mut clear);
        let sealed = known.hide(origin.clock, origin.salt, &clear);
        envelope.salt = origin.salt.to_be_bytes().to_vec();
        envelope.payload = Payload::Sealed(sealed);
    }
    let mut octets = envelope.write();
    // What we have written we can read.
    if let (Some(known), Ok((_, place))) = (known, Envelope::read(&octets)) {
        known.prove(&mut octets, place);
    }
    octets
}

/// `usmStatsNotInTimeWindows`.
pub(super) const NOT_RECENT: u32 = 2;
/// `usmStatsUnknownEngineIDs`.
pub(super) const UNKNOWN_ENGINES: u32 = 4;
