//! The engine: base-station links, data links and the network layer above them.

use crate::primitive::{CallId, Indication, Request};
use crate::subscription::{Change, RfpRecord, Subscription};
use ident::{Ari, Mac};
use std::net::IpAddr;
use std::time::Instant;

/// Names a connection of a base station; given by the shell, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u32);

/// Names a change that was handed to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u32);

/// By which door a base station has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// TLS 1.3; its certificate names this MAC address.
    Tls(Mac),
    /// TCP with the Blowfish login.
    Blowfish,
}

/// Everything that can happen to the engine, apart from the passing of time.
pub enum Input {
    /// A base station has connected from this address to this address of ours.
    Connected {
        /// The new connection.
        conn: ConnId,
        /// How it came in.
        door: Door,
        /// Its address.
        peer: IpAddr,
    },
    /// Octets from a base station, cut anywhere.
    Received(ConnId, Vec<u8>),
    /// A connection is gone.
    Disconnected(ConnId),
    /// A change is durable, or is not.
    Stored(Ticket, bool),
    /// The interworking unit wants something.
    Request(Request),
    /// Use these settings from now on.
    Settings(Settings),
}

/// Everything the engine can want.
pub enum Output {
    /// Send these octets to a base station.
    Send(ConnId, Vec<u8>),
    /// Close the connection, for this reason.
    Close(ConnId, String),
    /// Make this change durable, then say so with [`Input::Stored`].
    Store(Ticket, Change),
    /// Tell the interworking unit.
    Indicate(Indication),
    /// A message of the base-station link in clear, for the mirror; masked unless the settings name its handset.
    Mirror(Mirrored),
}

/// One message of a base-station link as the mirror writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// On which connection.
    pub conn: ConnId,
    /// Whether it came from the base station.
    pub from_rfp: bool,
    /// The message with its header.
    pub octets: Vec<u8>,
}

/// How the engine is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch that an administrator sets")]
pub struct Settings {
    /// The system's own identity; the radio stays off without one.
    pub ari: Option<Ari>,
    /// Where the radio may send; it stays off without one.
    pub region: Option<Region>,
    /// Whether access-rights requests are taken, and broadcast as being taken.
    pub subscription_allowed: bool,
    /// Authenticate a handset at the start of each call (`dect.auth_call`).
    pub auth_call: bool,
    /// Cipher speech and signalling on the air (`dect.encrypt_voice_data`).
    pub encryption: Encryption,
    /// Take in base stations at the Blowfish door that are not known yet (`allow_new_rfp`).
    pub allow_new_rfp: bool,
    /// Hand out [`Output::Mirror`].
    pub mirror: bool,
    /// The one handset whose keys the mirror shows; for tests.
    pub unmasked: Option<ident::Ipei>,
}

/// The bands that base stations can be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the settings'")]
pub enum Region {
    Europe,
    China,
    SouthAmerica,
    Taiwan,
    Usa,
}

/// Whether speech is ciphered on the air.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Never.
    #[default]
    Disabled,
    /// Where the handset can.
    Enabled,
    /// Calls that cannot be ciphered are released.
    Enforced,
}

/// The engine.
pub struct Nwk {
    settings: Settings,
}

impl Nwk {
    /// An engine that knows these handsets and base stations; what it has to say of them goes to `out`.
    #[must_use]
    pub fn new(
        settings: Settings,
        subscriptions: Vec<Subscription>,
        rfps: Vec<RfpRecord>,
        rng: Box<dyn machine::Rng + Send>,
        out: &mut Vec<Output>,
    ) -> Self {
        drop((subscriptions, rfps, rng));
        out.clear();
        Self { settings }
    }

    /// A name for a call that the interworking unit is about to make.
    pub fn new_call(&mut self) -> CallId {
        CallId(0)
    }

    /// Takes one input and asks for what follows from it.
    pub fn input(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        let _ = (now, out, &self.settings);
        drop(input);
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        let _ = (now, out);
    }

    /// When to call [`Nwk::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        None
    }
}
