//! One call: its DECT leg, its SIP leg and the speech between them.
//!
//! A [`Call`] is a machine: an event comes in, effects go out, and the next
//! state is the value of a `match`. It names no timer of a standard: what the
//! standards time is timed in the engines below.

mod active;
mod incoming;
mod outgoing;

use crate::brain::Settings;
use crate::cause;
use crate::dial::Number;
use crate::speech::{Preferences, Speech};
use crate::tally::Occurrence;
use ::dect::primitive::{self as dect, ReleaseReason};
use ::sip::primitive::{self as sip, AccountId};
use ident::Ipei;
use machine::TimerSpec;
use media::session::{Command, Report, SessionId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use incoming::Paging;
pub(crate) use outgoing::Outgoing;

/// What happens to a call; the indications and events in here are of this call.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The handset did something.
    Dect(dect::Indication),
    /// The PBX did something.
    Sip(sip::Event),
    /// The media role did something.
    Media(Report),
    /// The media role is gone, and with it the session.
    MediaLost,
    /// The handset, which we were calling, calls somebody itself; or the server stops.
    Displaced(ReleaseReason),
    /// A timer ran out.
    Expired(Timer),
}

/// What a call can do.
pub(crate) enum Action {
    /// Ask the network layer.
    Dect(dect::Request),
    /// Ask the SIP engine.
    Sip(sip::Request),
    /// Ask the media role.
    Media(Command),
    /// An administrator would tell the story with this.
    Note(String),
    /// Those who watch are told of this.
    Occurred(Occurrence),
}

impl From<dect::Request> for Action {
    fn from(request: dect::Request) -> Self {
        Self::Dect(request)
    }
}

impl From<sip::Request> for Action {
    fn from(request: sip::Request) -> Self {
        Self::Sip(request)
    }
}

impl From<Command> for Action {
    fn from(command: Command) -> Self {
        Self::Media(command)
    }
}

/// The timers of a call; ours, hence the X.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// X4: the caller has paused.
    Pause,
    /// X5: the handset rings.
    Ringing,
    /// X6: a leg does not end.
    Ending,
}

impl Timer {
    /// The least in order.
    pub(crate) const FIRST: Self = Self::Pause;
    /// The greatest in order.
    pub(crate) const LAST: Self = Self::Ending;

    /// The timer as the manual prints it. X5 is a setting (`Settings::ring_timeout`).
    pub(crate) const fn spec(self) -> TimerSpec {
        let (name, seconds, guards) = match self {
            Self::Pause => ("X4", 4, "the next digit while dialling"),
            Self::Ringing => ("X5", 180, "the answer of a handset that rings"),
            Self::Ending => ("X6", 75, "the end of the last leg of a call that is being released"),
        };
        TimerSpec { name, default: Duration::from_secs(seconds), guards }
    }
}

/// This machine's effects.
pub(crate) type Out = machine::Out<Action, Timer>;

/// How a call is made: what the settings said when it began. It keeps to that until it ends.
#[derive(Debug)]
pub(crate) struct Manner {
    /// How speech is offered and answered.
    pub(crate) preferences: Preferences,
    /// Send keys as SIP INFO where no telephone events were agreed.
    pub(crate) info_keys: bool,
    /// How long a key sounds.
    pub(crate) key_duration: Duration,
    /// `#` ends overlap dialling.
    pub(crate) pound_dials: bool,
}

impl Manner {
    /// What these settings say.
    pub(crate) fn of(settings: &Settings) -> Self {
        let Settings { info_keys, key_duration, pound_dials, .. } = *settings;
        let (codecs, ptime_ms) = (settings.codecs.clone(), settings.ptime_ms);
        let preferences = Preferences { codecs, ptime_ms, events: settings.events };
        Self { preferences, info_keys, key_duration, pound_dials }
    }
}

/// What a call needs to know beyond itself.
pub(crate) struct Ground<'a> {
    /// How it is made.
    pub(crate) manner: &'a Manner,
    /// Gives a name for the INVITE that a call is about to send.
    pub(crate) new_sip_call: &'a mut dyn FnMut() -> sip::CallId,
}

/// The names of a call's three parts; a part that is not there any more is `None`.
#[derive(Debug)]
pub(crate) struct Legs {
    /// Towards the handset.
    pub(crate) dect: Option<dect::CallId>,
    /// Towards the PBX; a handset that still dials has none.
    pub(crate) sip: Option<sip::CallId>,
    /// The speech between them.
    pub(crate) media: Option<SessionId>,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    /// Whose call it is.
    pub(crate) pp: Ipei,
    /// By which user agent it goes.
    pub(crate) account: AccountId,
    /// How it is made.
    pub(crate) manner: Arc<Manner>,
    /// The media role's name for its speech, from before it is asked for any.
    session: SessionId,
    /// What there is of it.
    pub(crate) legs: Legs,
    /// The number of the other party; empty before the handset has dialled, or where the PBX tells none.
    pub(crate) peer: String,
    /// Where it stands.
    pub(crate) state: State,
}

/// Where a call stands.
#[derive(Debug)]
pub(crate) enum State {
    /// The handset has gone off-hook and is not through dialling.
    Dialling(Number),
    /// The handset's call is on its way to the PBX.
    Outgoing(Outgoing),
    /// The PBX calls; the handset is being searched, or rings.
    Paging(Box<Paging>),
    /// Both have answered.
    Active(Box<Speech>),
    /// Some legs still have to end.
    Ending,
    /// No leg is left.
    Over,
}

impl State {
    /// For the log.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Dialling(_) => "Dialling",
            Self::Outgoing(_) => "Outgoing",
            Self::Paging(_) => "Paging",
            Self::Active(_) => "Active",
            Self::Ending => "Ending",
            Self::Over => "Over",
        }
    }
}

impl Call {
    /// A call that the handset begins; its first event is the set-up indication.
    pub(crate) fn from_handset(
        (pp, account, manner): (Ipei, AccountId, Arc<Manner>),
        call: dect::CallId,
        session: SessionId,
    ) -> Self {
        let legs = Legs { dect: Some(call), sip: None, media: None };
        let (peer, state) = (String::new(), State::Dialling(Number::default()));
        Self { pp, account, manner, session, legs, peer, state }
    }

    /// Takes one event and asks for what follows from it.
    pub(crate) fn handle(&mut self, event: Event, ground: &mut Ground<'_>, out: &mut Out) {
        self.forget_ended(&event);
        let state = std::mem::replace(&mut self.state, State::Over);
        self.state = match state {
            State::Dialling(number) => outgoing::dialling(self, number, event, ground, out),
            State::Outgoing(outgoing) => outgoing::outgoing(self, outgoing, event, ground, out),
            State::Paging(paging) => incoming::paging(self, paging, event, ground, out),
            State::Active(speech) => active::active(self, speech, event, ground, out),
            State::Ending | State::Over => self.ending(&event, out),
        };
    }

    /// Whether the call is dead and can be forgotten.
    pub(crate) const fn over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether the handset of a call from the PBX has not even begun to ring.
    pub(crate) const fn searches(&self) -> bool {
        matches!(&self.state, State::Paging(paging) if !paging.rings())
    }

    /// Whether the party that the handset calls has begun to ring.
    pub(crate) const fn rings_there(&self) -> bool {
        matches!(&self.state, State::Outgoing(outgoing) if outgoing.rings())
    }

    /// Whether it is only left to end its legs.
    pub(crate) const fn is_released(&self) -> bool {
        matches!(self.state, State::Ending | State::Over)
    }

    /// Which legs the event has ended; their engines have forgotten them already.
    fn forget_ended(&mut self, event: &Event) {
        match event {
            Event::Dect(dect::Indication::Release(..)) => self.legs.dect = None,
            Event::Sip(sip::Event::Ended(..)) => self.legs.sip = None,
            Event::Media(Report::Failed(..) | Report::Closed(..)) | Event::MediaLost => {
                self.legs.media = None;
            }
            _ => {}
        }
    }

    /// Releases every leg that is left.
    pub(crate) fn release(&self, end: &End, out: &mut Out) -> State {
        if let Some(call) = self.legs.dect {
            let display = end.text.map(str::to_owned);
            let info = dect::Info { display, ..dect::Info::default() };
            out.act(dect::Request::Release(call, end.reason, info));
        }
        if let Some(call) = self.legs.sip {
            out.act(match end.status {
                Some(status) => sip::Request::Reject(call, status),
                None => sip::Request::Hangup(call),
            });
        }
        if let Some(session) = self.legs.media {
            out.act(Command::Close(session));
        }
        out.stop(Timer::Pause);
        out.stop(Timer::Ringing);
        out.start(Timer::Ending);
        self.wait_for_legs(out)
    }

    fn ending(&self, event: &Event, out: &mut Out) -> State {
        if matches!(event, Event::Expired(Timer::Ending)) {
            out.act(Action::Note(format!(
                "call of {}: a leg did not end in time, forgotten",
                self.pp
            )));
            return State::Over;
        }
        self.wait_for_legs(out)
    }

    fn wait_for_legs(&self, out: &mut Out) -> State {
        let Legs { dect, sip, media } = &self.legs;
        if dect.is_none() && sip.is_none() && media.is_none() {
            out.stop(Timer::Ending);
            return State::Over;
        }
        State::Ending
    }

    /// What ends a call in the same way in every state in which it lives; `None`: the event is something else.
    ///
    /// `before_answer`: the PBX's INVITE still waits for a final answer.
    fn ended_by(event: &Event, before_answer: bool) -> Option<End> {
        let status = |status| before_answer.then_some(status);
        Some(match event {
            Event::Dect(dect::Indication::Release(_, reason)) => {
                End { reason: *reason, text: None, status: status(cause::status_of(*reason)) }
            }
            Event::Sip(sip::Event::Ended(_, sip::Ended::Refused(code))) => {
                let refusal = cause::refusal(*code);
                End { reason: refusal.reason, text: Some(refusal.text), status: None }
            }
            Event::Sip(sip::Event::Ended(..)) => {
                End { reason: ReleaseReason::Normal, text: None, status: None }
            }
            Event::Dect(dect::Indication::MediaFailed(..))
            | Event::Media(Report::Failed(..))
            | Event::MediaLost => End {
                reason: ReleaseReason::InsufficientResources,
                text: Some("No speech channel"),
                status: status(cause::status_of(ReleaseReason::InsufficientResources)),
            },
            Event::Displaced(reason) => End {
                reason: *reason,
                text: None,
                status: status(cause::status_of(ReleaseReason::UserBusy)),
            },
            _ => return None,
        })
    }
}

/// How the legs of a call are ended.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// For the handset.
    pub(crate) reason: ReleaseReason,
    /// For its display.
    pub(crate) text: Option<&'static str>,
    /// For an INVITE of the PBX that waits for its final answer.
    pub(crate) status: Option<u16>,
}

impl End {
    /// The same, told to a caller who has heard it ring: nobody can be out of reach any more.
    pub(crate) fn after_ringing(self) -> Self {
        match self.reason {
            ReleaseReason::UserNotInRange => {
                let cause::Refusal { reason, text } = cause::NO_ANSWER;
                Self { reason, text: Some(text), ..self }
            }
            _ => self,
        }
    }
}

/// The media role's ports of this call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    /// Towards the base station.
    pub(crate) radio: SocketAddr,
    /// Towards the PBX.
    pub(crate) network: SocketAddr,
}
