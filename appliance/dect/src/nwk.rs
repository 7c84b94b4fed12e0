//! The engine: base-station links, data links and the network layer above them.
//!
//! [`Nwk`] owns every machine of this crate and one agenda. A machine's effects
//! become work for the machine above or below, done in the order in which it
//! was asked for, until nothing is left; what remains are [`Output`]s. Who is
//! where is told by maps from identity to owner, so that no message makes the
//! engine look through all handsets or all base stations.

mod bases;
mod calls;
mod cc_messages;
mod clms;
mod daytime;
mod gate;
mod handover;
mod handsets;
mod identities;
mod links;
mod media;
mod ss;
mod work;

use crate::clock::WallClock;
use crate::primitive::{CallId, Indication, Request};
use crate::rfp::Roster;
use crate::rfp::primitive::Handle;
use crate::subscription::{Change, RfpRecord, Subscription};
use bases::Base;
use calls::Call;
use daytime::Daytime;
use handsets::Handset;
use ident::{Ari, Ipei, Mac};
use identities::Identities;
use links::{LinkId, Radio};
use machine::Agenda;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use work::{Key, Ticketed, Work};

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
    /// The clock on the wall shows this from now on; nothing where nobody knows the time. Handsets that show something
    /// else are told.
    Clock(Option<WallClock>),
    /// Welcome this base station at the Blowfish door when it comes next (`appliance base approve`).
    ApproveRfp(Mac),
    /// Send this base station away, and forget its number and its key.
    RemoveRfp(Mac),
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
    /// Tell handsets date and time (`dect.send_date_time`).
    pub send_date_time: bool,
    /// Take in base stations at the Blowfish door that are not known yet (`allow_new_rfp`).
    pub allow_new_rfp: bool,
    /// Where base stations send their own log, by datagrams (`log.syslog.scope_of_settings`).
    pub syslog: Option<SocketAddr>,
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

/// How many of each kind there are; for the status page, and for tests that look for what was left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Connections of base stations.
    pub bases: usize,
    /// Radio links.
    pub links: usize,
    /// Handsets, subscribed or heard lately.
    pub handsets: usize,
    /// Calls.
    pub calls: usize,
    /// Speech channels.
    pub channels: usize,
    /// Changes that are not durable yet.
    pub tickets: usize,
    /// Running timers.
    pub timers: usize,
}

/// The engine.
pub struct Nwk {
    settings: Settings,
    rng: Box<dyn machine::Rng + Send>,
    roster: Roster,
    bases: BTreeMap<ConnId, Base>,
    by_mac: BTreeMap<Mac, ConnId>,
    links: BTreeMap<LinkId, Radio>,
    /// Boxed, since the nodes of the map are half empty.
    handsets: BTreeMap<Ipei, Box<Handset>>,
    identities: Identities,
    calls: BTreeMap<CallId, Call>,
    channels: BTreeMap<(ConnId, Handle), CallId>,
    tickets: BTreeMap<Ticket, Ticketed>,
    agenda: Agenda<Key>,
    last_call: u32,
    last_ticket: u32,
    /// Handsets that talk to us without being subscribed.
    strangers: usize,
    /// Wrong authentication codes of all handsets together, in the time that is counted.
    wrong_codes: u8,
    last_handle: u16,
    daytime: Daytime,
    /// What is still to be done in this step.
    todo: VecDeque<Work>,
    /// Timers started, or stopped, since the agenda was last brought up to date.
    timers: Vec<(Key, Option<Duration>)>,
    outputs: Vec<Output>,
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
        let mut nwk = Self {
            settings,
            rng,
            roster: Roster::new(rfps),
            bases: BTreeMap::new(),
            by_mac: BTreeMap::new(),
            links: BTreeMap::new(),
            handsets: BTreeMap::new(),
            identities: Identities::default(),
            calls: BTreeMap::new(),
            channels: BTreeMap::new(),
            tickets: BTreeMap::new(),
            agenda: Agenda::default(),
            last_call: 0,
            last_ticket: 0,
            strangers: 0,
            wrong_codes: 0,
            last_handle: 0,
            daytime: Daytime::default(),
            todo: VecDeque::new(),
            timers: Vec::new(),
            outputs: Vec::new(),
        };
        for subscription in subscriptions {
            nwk.load(subscription);
        }
        out.append(&mut nwk.outputs);
        nwk
    }

    /// A name for a call that the interworking unit is about to make.
    pub fn new_call(&mut self) -> CallId {
        self.last_call = self.last_call.wrapping_add(1);
        CallId(self.last_call)
    }

    /// Takes one input and asks for what follows from it.
    pub fn input(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        self.daytime_is(now);
        match input {
            Input::Connected { conn, door, peer } => self.connected(conn, door, peer),
            Input::Received(conn, octets) => self.received(conn, octets),
            Input::Disconnected(conn) => self.disconnected(conn),
            Input::Stored(ticket, durable) => self.stored(ticket, durable),
            Input::Request(request) => self.request(request),
            Input::Settings(settings) => self.set(settings),
            Input::Clock(clock) => self.set_clock(now, clock),
            Input::ApproveRfp(mac) => self.roster.approve(mac),
            Input::RemoveRfp(mac) => self.remove_base(mac),
        }
        self.run(now, out);
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.daytime_is(now);
        while let Some(key) = self.agenda.expired(now) {
            self.expired(key);
            self.run(now, out);
        }
    }

    /// When to call [`Nwk::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    /// How much the engine holds at the moment.
    #[must_use]
    pub fn census(&self) -> Census {
        Census {
            bases: self.bases.len(),
            links: self.links.len(),
            handsets: self.handsets.len(),
            calls: self.calls.len(),
            channels: self.channels.len(),
            tickets: self.tickets.len(),
            timers: self.agenda.len(),
        }
    }

    /// Tells the interworking unit.
    fn indicate(&mut self, indication: Indication) {
        self.outputs.push(Output::Indicate(indication));
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::AccessRights(pp, answer) => {
                self.ask_mm(pp, crate::mm::Request::AccessRights(answer));
            }
            Request::Terminate(pp) => self.ask_mm(pp, crate::mm::Request::Terminate),
            Request::SuggestLocate(pp) => self.ask_mm(pp, crate::mm::Request::SuggestLocate),
            Request::Identify(pp) => self.ask_mm(pp, crate::mm::Request::Identify),
            Request::OpenMedia(call, peer) => self.open_media(call, peer),
            Request::ChangeMedia(call, peer) => self.change_media(call, peer),
            Request::CloseMedia(call) => self.close_media(call),
            request => self.call_request(request),
        }
    }
}
