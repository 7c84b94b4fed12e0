//! A call that the handset makes, until it is answered.

use super::{Action, Call, End, Event, Ground, Out, Ports, State, Timer};
use crate::dial::Number;
use crate::speech::{self, Speech};
use ::dect::primitive::{self as dect, ReleaseReason, Signal};
use ::sip::primitive as sip;
use ::sip::sdp::Session;
use media::session::{Command, Report};

/// What is known of a call on its way to the PBX.
#[derive(Debug)]
pub(crate) struct Outgoing {
    number: String,
    /// Known once the media role has answered; the INVITE is sent then.
    ports: Option<Ports>,
    /// The speech of an early answer, if there was one.
    early: Option<Box<Speech>>,
    /// The handset knows that the other side rings.
    alerted: bool,
}

impl Outgoing {
    /// Whether the other side has begun to ring.
    pub(super) const fn rings(&self) -> bool {
        self.alerted
    }
}

/// The handset is off-hook; digits come in.
pub(super) fn dialling(
    call: &mut Call,
    mut number: Number,
    event: Event,
    ground: &mut Ground<'_>,
    out: &mut Out,
) -> State {
    match event {
        Event::Dect(dect::Indication::Setup { call: leg, keys, complete, .. }) => {
            number = Number::of_setup(&keys, complete, ground.manner.pound_dials);
            if !number.complete() {
                // The dial tone is for those who have not begun.
                let signal = number.digits().is_empty().then_some(Signal::DialTone);
                out.act(dect::Request::SetupAck(
                    leg,
                    dect::Info { signal, ..dect::Info::default() },
                ));
            }
            more(call, number, out)
        }
        Event::Dect(dect::Indication::Info { call: leg, keys, complete }) => {
            if number.digits().is_empty() && !keys.is_empty() {
                let signal = Some(Signal::TonesOff);
                out.act(dect::Request::Info(leg, dect::Info { signal, ..dect::Info::default() }));
            }
            number.push(&keys, complete, ground.manner.pound_dials);
            more(call, number, out)
        }
        Event::Expired(Timer::Pause) if !number.digits().is_empty() => dialled(call, &number, out),
        other => match Call::ended_by(&other, false) {
            Some(end) => call.release(&end, out),
            None => State::Dialling(number),
        },
    }
}

/// Waits for more digits, or goes on with the number that is whole.
fn more(call: &mut Call, number: Number, out: &mut Out) -> State {
    if number.complete() {
        return dialled(call, &number, out);
    }
    if !number.digits().is_empty() {
        out.start(Timer::Pause);
    }
    State::Dialling(number)
}

fn dialled(call: &mut Call, number: &Number, out: &mut Out) -> State {
    out.stop(Timer::Pause);
    if let Some(leg) = call.legs.dect {
        out.act(dect::Request::CallProc(leg, dect::Info::default()));
    }
    call.legs.media = Some(call.session);
    out.act(Command::Open(call.session));
    let number = number.digits().to_owned();
    call.peer.clone_from(&number);
    out.act(Action::Note(format!("{} dials {number}", call.pp)));
    State::Outgoing(Outgoing { number, ports: None, early: None, alerted: false })
}

/// The INVITE waits for the media role's ports, or for its answer.
pub(super) fn outgoing(
    call: &mut Call,
    mut state: Outgoing,
    event: Event,
    ground: &mut Ground<'_>,
    out: &mut Out,
) -> State {
    match event {
        Event::Media(Report::Opened { radio, network, .. }) if state.ports.is_none() => {
            state.ports = Some(Ports { radio, network });
            let leg = (ground.new_sip_call)();
            call.legs.sip = Some(leg);
            let offer = Box::new(speech::offer(&ground.manner.preferences, network, None));
            out.act(sip::Request::Invite(leg, call.account, state.number.clone(), offer));
            State::Outgoing(state)
        }
        Event::Sip(sip::Event::Progress(_, status, session)) => {
            progress(call, state, status, session.as_deref(), ground, out)
        }
        Event::Sip(sip::Event::Answered(_, session)) => {
            answered(call, state, session.as_deref(), ground, out)
        }
        Event::Dect(dect::Indication::MediaOpened(_, base)) => {
            if let Some(early) = &mut state.early {
                early.base_opened(call, base, out);
            }
            State::Outgoing(state)
        }
        other => match Call::ended_by(&other, false) {
            Some(end) if state.alerted => call.release(&end.after_ringing(), out),
            Some(end) => call.release(&end, out),
            None => State::Outgoing(state),
        },
    }
}

/// A provisional response: the other side rings, or can be heard already.
fn progress(
    call: &Call,
    mut state: Outgoing,
    status: u16,
    session: Option<&Session>,
    ground: &Ground<'_>,
    out: &mut Out,
) -> State {
    let heard = session.and_then(|answer| speech::of_answer(&ground.manner.preferences, answer));
    if let (Some(peer), None, Some(ports)) = (heard, &state.early, state.ports) {
        let early = Box::new(Speech::new(ports, peer));
        early.open(call, out);
        state.early = Some(early);
    }
    let in_band = state.early.is_some();
    let Some(leg) = call.legs.dect else { return State::Outgoing(state) };
    if status == 180 && !state.alerted {
        state.alerted = true;
        // Who can be heard makes the tone; otherwise the handset does.
        let signal = (!in_band).then_some(Signal::RingBack);
        out.act(dect::Request::Alert(leg, dect::Info { signal, in_band, ..dect::Info::default() }));
    } else if in_band && session.is_some() {
        out.act(dect::Request::Info(leg, dect::Info { in_band, ..dect::Info::default() }));
    }
    State::Outgoing(state)
}

fn answered(
    call: &Call,
    state: Outgoing,
    session: Option<&Session>,
    ground: &Ground<'_>,
    out: &mut Out,
) -> State {
    let peer = session.and_then(|answer| speech::of_answer(&ground.manner.preferences, answer));
    let speech = match (state.early, peer, state.ports) {
        (Some(mut early), Some(peer), _) => {
            early.change(call, peer, out);
            early
        }
        (Some(early), None, _) if session.is_none() => early,
        (None, Some(peer), Some(ports)) => {
            let speech = Box::new(Speech::new(ports, peer));
            speech.open(call, out);
            speech
        }
        _ => {
            out.act(Action::Note(format!("call of {}: the answer has no codec of ours", call.pp)));
            let reason = ReleaseReason::IncompatibleService;
            return call.release(&End { reason, text: Some("No common codec"), status: None }, out);
        }
    };
    if let Some(leg) = call.legs.dect {
        let info = dect::Info { signal: Some(Signal::TonesOff), ..dect::Info::default() };
        out.act(dect::Request::Connect(leg, info));
    }
    State::Active(speech)
}
