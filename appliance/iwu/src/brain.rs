//! The engines joined: one door in, one door out.

use crate::call::Action;
use crate::iwu::{self, Iwu};
use crate::status::{CallStatus, Status};
use crate::tally::{Occurrence, Tally};
use crate::users::{User, UserChange};
use dect::nwk;
use dect::primitive::{AccessCode, Request};
use dect::subscription::{RfpRecord, Subscription};
use ident::Ipei;
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
    /// Some users come, change or go; each change costs the work of one user, however many there are.
    UserChanges(Vec<UserChange>),
    /// End the subscription of this handset, wherever it is; the owner of the system wants it.
    Unsubscribe(Ipei),
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
    /// Something of which those who watch are told at once; a note tells it as well.
    Occurred(Occurrence),
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
    /// How long a handset rings before the caller is told that nobody answers.
    pub ring_timeout: Duration,
}

/// The engines joined.
pub struct Brain {
    nwk: nwk::Nwk,
    endpoint: endpoint::Endpoint,
    iwu: Iwu,
    /// What was wanted and not yet passed on; empty between two inputs.
    wanted: Wanted,
}

/// What the engines want of each other, in the order in which they asked.
#[derive(Default)]
struct Wanted {
    nwk: Vec<nwk::Output>,
    endpoint: Vec<endpoint::Output>,
    iwu: Vec<Action>,
}

impl Brain {
    /// A brain that knows these users, handsets and base stations; what it wants at once goes to `out`.
    #[must_use]
    pub fn new(
        now: Instant,
        settings: Settings,
        users: Vec<User>,
        kept: (Vec<Subscription>, Vec<RfpRecord>),
        mut rng: impl FnMut() -> Box<dyn Rng + Send>,
        out: &mut Vec<Output>,
    ) -> Self {
        let mut wanted = Wanted::default();
        let nwk = nwk::Nwk::new(settings.dect.clone(), kept.0, kept.1, rng(), &mut wanted.nwk);
        let endpoint = endpoint::Endpoint::new(settings.sip.clone(), rng());
        let mut brain = Self { nwk, endpoint, iwu: Iwu::new(settings), wanted };
        // The users first: what the network layer tells of the handsets it knew is about them.
        brain.tell_iwu(now, iwu::Input::Users(users));
        brain.settle(now, out);
        brain
    }

    /// Takes one input and asks for what follows from it.
    pub fn input(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Dect(input) => self.nwk.input(now, input, &mut self.wanted.nwk),
            Input::Sip(input) => self.endpoint.input(now, input, &mut self.wanted.endpoint),
            Input::Media(report) => self.tell_iwu(now, iwu::Input::Media(report)),
            Input::MediaLost => self.tell_iwu(now, iwu::Input::MediaLost),
            Input::Users(users) => self.tell_iwu(now, iwu::Input::Users(users)),
            Input::UserChanges(changes) => self.tell_iwu(now, iwu::Input::UserChanges(changes)),
            Input::Unsubscribe(ipei) => {
                let request = nwk::Input::Request(Request::Terminate(ipei));
                self.nwk.input(now, request, &mut self.wanted.nwk);
            }
            Input::Stop => self.tell_iwu(now, iwu::Input::Stop),
            Input::Settings(settings) => {
                let dect = nwk::Input::Settings(settings.dect.clone());
                let sip = endpoint::Input::Settings(Box::new(settings.sip.clone()));
                self.iwu.set(*settings, &mut self.wanted.iwu);
                self.nwk.input(now, dect, &mut self.wanted.nwk);
                self.endpoint.input(now, sip, &mut self.wanted.endpoint);
            }
        }
        self.settle(now, out);
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.nwk.expire(now, &mut self.wanted.nwk);
        self.endpoint.expire(now, &mut self.wanted.endpoint);
        let mut ids = Names { nwk: &mut self.nwk, endpoint: &mut self.endpoint };
        self.iwu.expire(now, &mut ids, &mut self.wanted.iwu);
        self.settle(now, out);
    }

    /// When to call [`Brain::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.nwk.deadline(), self.endpoint.deadline(), self.iwu.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// What an administrator sees.
    #[must_use]
    pub fn status(&self) -> Status {
        self.iwu.status()
    }

    /// Whether a registration is being taken back and the PBX has not said so yet.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.iwu.is_leaving()
    }

    /// Number and state of each call, by number.
    pub fn call_states(&self) -> impl Iterator<Item = (u32, &'static str)> {
        self.iwu.call_states()
    }

    /// Each call, by number.
    pub fn call_list(&self) -> impl Iterator<Item = CallStatus> {
        self.iwu.call_list()
    }

    /// How many calls there are, those that are ending included.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.iwu.calls()
    }

    /// What was counted of calls.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.iwu.tally
    }

    /// Passes on what the engines want of each other until they want nothing more.
    fn settle(&mut self, now: Instant, out: &mut Vec<Output>) {
        loop {
            let Wanted { nwk, endpoint, iwu } = std::mem::take(&mut self.wanted);
            if nwk.is_empty() && endpoint.is_empty() && iwu.is_empty() {
                return;
            }
            for output in nwk {
                match output {
                    nwk::Output::Indicate(indication) => {
                        self.tell_iwu(now, iwu::Input::Dect(indication));
                    }
                    output => out.push(Output::Dect(output)),
                }
            }
            for output in endpoint {
                match output {
                    endpoint::Output::Event(event) => self.tell_iwu(now, iwu::Input::Sip(event)),
                    output => out.push(Output::Sip(output)),
                }
            }
            for action in iwu {
                self.carry_out(now, action, out);
            }
        }
    }

    fn carry_out(&mut self, now: Instant, action: Action, out: &mut Vec<Output>) {
        match action {
            Action::Dect(request) => {
                self.nwk.input(now, nwk::Input::Request(request), &mut self.wanted.nwk);
            }
            Action::Sip(request) => {
                self.endpoint.input(
                    now,
                    endpoint::Input::Request(request),
                    &mut self.wanted.endpoint,
                );
            }
            Action::Media(command) => out.push(Output::Media(command)),
            Action::Note(text) => out.push(Output::Note(text)),
            Action::Occurred(what) => out.push(Output::Occurred(what)),
        }
    }

    fn tell_iwu(&mut self, now: Instant, input: iwu::Input) {
        let mut ids = Names { nwk: &mut self.nwk, endpoint: &mut self.endpoint };
        self.iwu.input(now, input, &mut ids, &mut self.wanted.iwu);
    }
}

/// The engines as givers of names.
struct Names<'a> {
    nwk: &'a mut nwk::Nwk,
    endpoint: &'a mut endpoint::Endpoint,
}

impl iwu::Ids for Names<'_> {
    fn dect(&mut self) -> dect::primitive::CallId {
        self.nwk.new_call()
    }

    fn sip(&mut self) -> sip::primitive::CallId {
        self.endpoint.new_call()
    }
}
