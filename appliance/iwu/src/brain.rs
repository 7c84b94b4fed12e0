//! The engines joined: one door in, one door out.

use crate::users::User;
use dect::nwk;
use dect::primitive::AccessCode;
use dect::subscription::{RfpRecord, Subscription};
use machine::Rng;
use media::session::{Codec, Command, Report};
use sip::endpoint;
use std::time::{Duration, Instant};

/// Everything that can happen to the brain, apart from the passing of time.
pub enum Input {
    /// From the base stations and the store. Requests in here are the brain's own business.
    Dect(nwk::Input),
    /// From the SIP sockets and the resolver. Requests in here are the brain's own business.
    Sip(endpoint::Input),
    /// From the media role.
    Media(Report),
    /// The media role has died and come back: its sessions are gone.
    MediaLost,
    /// The users, all of them, in place of those known before.
    Users(Vec<User>),
    /// Use these settings from now on.
    Settings(Box<Settings>),
    /// Take all registrations back; the server stops.
    Stop,
}

/// Everything the brain can want.
pub enum Output {
    /// For the base stations and the store; never an indication.
    Dect(nwk::Output),
    /// For the SIP sockets and the resolver; never an event.
    Sip(endpoint::Output),
    /// For the media role.
    Media(Command),
    /// Something an administrator would tell the story with.
    Note(String),
}

/// How the brain is set.
#[derive(Clone)]
pub struct Settings {
    /// The DECT side.
    pub dect: nwk::Settings,
    /// The SIP side.
    pub sip: endpoint::Settings,
    /// The system's access code (`dect.accesscode`); a user's own wins.
    pub access_code: Option<AccessCode>,
    /// Codecs in order of preference (`sip.media.codecs`).
    pub codecs: Vec<Codec>,
    /// Packet time asked for, in milliseconds (`sip.media.ptime`).
    pub ptime_ms: u8,
    /// Payload type offered for telephone events (`sip.dtmf.rtp_payload_type`); `None`: `sip.dtmf.rtp` is off.
    pub events: Option<u8>,
    /// Send keys as SIP INFO (`sip.dtmf.info`).
    pub info_keys: bool,
    /// How long a key sounds (`sip.dtmf.duration`).
    pub key_duration: Duration,
    /// `#` ends overlap dialling (`sip.pound_dials_overlap`).
    pub pound_dials: bool,
    /// What a handset's power-off does to its registration (`sip.dect_detach_action`).
    pub deregister_on_detach: bool,
    /// Answer a call for a handset that is not located or found with this long a search at the most.
    pub ring_timeout: Duration,
}

/// The engines joined.
pub struct Brain {
    nwk: nwk::Nwk,
    endpoint: endpoint::Endpoint,
    settings: Settings,
}

impl Brain {
    /// A brain that knows these users, handsets and base stations; what it wants at once goes to `out`.
    #[must_use]
    pub fn new(
        now: Instant,
        settings: Settings,
        users: Vec<User>,
        kept: (Vec<Subscription>, Vec<RfpRecord>),
        rng: impl FnMut() -> Box<dyn Rng + Send>,
        out: &mut Vec<Output>,
    ) -> Self {
        let mut rng = rng;
        let (mut from_nwk, _) = (Vec::new(), (now, &users, &out));
        let nwk = nwk::Nwk::new(settings.dect.clone(), kept.0, kept.1, rng(), &mut from_nwk);
        let endpoint = endpoint::Endpoint::new(settings.sip.clone(), rng());
        Self { nwk, endpoint, settings }
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

    /// When to call [`Brain::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.nwk.deadline().into_iter().chain(self.endpoint.deadline()).min()
    }
}
