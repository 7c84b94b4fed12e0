//! A call from the PBX, until the handset answers.

use super::{Action, Call, End, Event, Ground, Legs, Manner, Out, Ports, State, Timer};
use crate::display;
use crate::speech::{self, Speech};
use ::dect::primitive::{self as dect, ReleaseReason, Signal};
use ::sip::primitive as sip;
use ::sip::sdp::Session;
use ident::Ipei;
use media::session::{Command, Peer, Report, SessionId};
use std::sync::Arc;

/// What is known of a call that a handset is being told of.
#[derive(Debug)]
pub(crate) struct Paging {
    /// The PBX's offer; `None` where it waits for ours.
    offer: Option<Box<Session>>,
    /// The handset rings.
    alerting: bool,
    /// Known once the media role has answered.
    ports: Option<Ports>,
    /// The handset's user has answered.
    connected: bool,
    /// Our offer is on its way, and the answer to it not yet there.
    offered: bool,
}

impl Paging {
    /// Whether the handset was found.
    pub(super) const fn rings(&self) -> bool {
        self.alerting || self.connected
    }
}

impl Call {
    /// A call from the PBX for a handset that is there: searches it and asks for ports.
    pub(crate) fn to_handset(
        (pp, manner): (Ipei, Arc<Manner>),
        incoming: sip::Incoming,
        (leg, session): (dect::CallId, SessionId),
        out: &mut Out,
    ) -> Self {
        let peer = incoming.number.clone();
        let info = dect::Info {
            display: Some(display::caller(&incoming.name, &incoming.number))
                .filter(|text| !text.is_empty()),
            calling_number: Some(incoming.number).filter(|number| !number.is_empty()),
            calling_name: Some(incoming.name).filter(|name| !name.is_empty()),
            signal: Some(Signal::Alerting0),
            in_band: false,
        };
        out.act(dect::Request::Setup { call: leg, pp, info });
        out.act(Command::Open(session));
        out.start(Timer::Ringing);
        Self {
            pp,
            account: incoming.account,
            manner,
            session,
            legs: Legs { dect: Some(leg), sip: Some(incoming.call), media: Some(session) },
            peer,
            state: State::Paging(Box::new(Paging {
                offer: incoming.offer,
                alerting: false,
                ports: None,
                connected: false,
                offered: false,
            })),
        }
    }
}

/// The handset is being searched, or rings.
pub(super) fn paging(
    call: &Call,
    mut state: Box<Paging>,
    event: Event,
    ground: &Ground<'_>,
    out: &mut Out,
) -> State {
    match event {
        Event::Dect(dect::Indication::Alert(_)) => {
            state.alerting = true;
            if let Some(leg) = call.legs.sip {
                out.act(sip::Request::Ring(leg));
            }
            State::Paging(state)
        }
        Event::Dect(dect::Indication::Connect(_)) => {
            out.stop(Timer::Ringing);
            state.connected = true;
            answer(call, state, ground, out)
        }
        Event::Media(Report::Opened { radio, network, .. }) => {
            state.ports = Some(Ports { radio, network });
            answer(call, state, ground, out)
        }
        Event::Sip(sip::Event::Answered(_, session)) if state.offered => {
            late_answer(call, &state, session.as_deref(), ground, out)
        }
        Event::Expired(Timer::Ringing) => {
            out.act(Action::Note(format!("{} does not answer", call.pp)));
            call.release(
                &End { reason: ReleaseReason::TimerExpiry, text: None, status: Some(480) },
                out,
            )
        }
        other => match Call::ended_by(&other, !state.offered) {
            Some(end) => call.release(&end, out),
            None => State::Paging(state),
        },
    }
}

/// Answers the PBX, once the handset's user has answered and the ports are known; an offer that has nothing
/// for us is refused before anybody runs to the handset.
fn answer(call: &Call, mut state: Box<Paging>, ground: &Ground<'_>, out: &mut Out) -> State {
    let (Some(ports), Some(leg)) = (state.ports, call.legs.sip) else {
        return State::Paging(state);
    };
    let Some(offer) = &state.offer else {
        if !state.connected {
            return State::Paging(state);
        }
        let offer = speech::offer(&ground.manner.preferences, ports.network, None);
        out.act(sip::Request::Answer(leg, Box::new(offer)));
        state.offered = true;
        return State::Paging(state);
    };
    let Some((answer, peer)) =
        speech::answer(&ground.manner.preferences, offer, ports.network, None)
    else {
        let reason = ReleaseReason::IncompatibleService;
        return call
            .release(&End { reason, text: Some("No common codec"), status: Some(488) }, out);
    };
    if !state.connected {
        return State::Paging(state);
    }
    let speech = up(call, ports, peer, out);
    out.act(sip::Request::Answer(leg, Box::new(answer.clone())));
    State::Active(Box::new(speech.with_local(answer)))
}

/// The ACK has brought the answer to our offer.
fn late_answer(
    call: &Call,
    state: &Paging,
    session: Option<&Session>,
    ground: &Ground<'_>,
    out: &mut Out,
) -> State {
    let peer = session.and_then(|answer| speech::of_answer(&ground.manner.preferences, answer));
    match (peer, state.ports) {
        (Some(peer), Some(ports)) => State::Active(Box::new(up(call, ports, peer, out))),
        _ => {
            out.act(Action::Note(format!("call to {}: the ACK has no codec of ours", call.pp)));
            let reason = ReleaseReason::IncompatibleService;
            call.release(&End { reason, text: Some("No common codec"), status: None }, out)
        }
    }
}

fn up(call: &Call, ports: Ports, peer: Peer, out: &mut Out) -> Speech {
    let speech = Speech::new(ports, peer);
    speech.open(call, out);
    speech
}
