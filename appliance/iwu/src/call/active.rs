//! A call that both sides have answered.

use super::{Action, Call, Event, Ground, Out, State};
use crate::dial;
use crate::speech::{self, Speech};
use ::dect::primitive as dect;
use ::sip::primitive as sip;
use ::sip::sdp::Session;
use media::session::{Command, Report, Side};

/// Speech goes to and fro; keys, new offers and the end may come.
pub(super) fn active(
    call: &Call,
    mut speech: Box<Speech>,
    event: Event,
    ground: &Ground<'_>,
    out: &mut Out,
) -> State {
    match event {
        Event::Dect(dect::Indication::MediaOpened(_, base)) => speech.base_opened(call, base, out),
        Event::Dect(dect::Indication::Info { keys, .. }) => {
            send_keys(call, &speech, &keys, ground, out);
        }
        Event::Sip(sip::Event::Offer(leg, offer)) => {
            offered(call, &mut speech, (leg, offer.as_deref()), ground, out);
        }
        // Our INVITE was answered once more (a fork that lost), or our offer in a 200 was answered.
        Event::Sip(sip::Event::Answered(_, Some(session))) => {
            if let Some(peer) = speech::of_answer(&ground.manner.preferences, &session) {
                speech.change(call, peer, out);
            }
        }
        Event::Media(Report::Silent(_, side, how_long)) => {
            let from = match side {
                Side::Radio => "base station",
                Side::Network => "network",
            };
            let seconds = how_long.as_secs();
            out.act(Action::Note(format!(
                "call of {}: no speech from the {from} for {seconds} s",
                call.pp
            )));
        }
        other => {
            if let Some(end) = Call::ended_by(&other, false) {
                return call.release(&end, out);
            }
        }
    }
    State::Active(speech)
}

/// Keys pressed while talking go to the network as telephone events, else as INFO, else nowhere.
fn send_keys(call: &Call, speech: &Speech, keys: &str, ground: &Ground<'_>, out: &mut Out) {
    for key in dial::tones(keys) {
        if let (Some(session), true) = (call.legs.media, speech.events_agreed()) {
            out.act(Command::Key(session, Side::Network, key, ground.manner.key_duration));
        } else if let (Some(leg), true) = (call.legs.sip, ground.manner.info_keys) {
            out.act(sip::Request::InfoKey(leg, key, ground.manner.key_duration));
        } else {
            out.act(Action::Note(format!(
                "call of {}: the other side takes no keys as RTP events; switch sip.dtmf.info on to send them as INFO",
                call.pp
            )));
            break;
        }
    }
}

/// The PBX wants the session changed: hold, another codec, another address.
fn offered(
    call: &Call,
    speech: &mut Speech,
    (leg, offer): (sip::CallId, Option<&Session>),
    ground: &Ground<'_>,
    out: &mut Out,
) {
    let network = speech.ports().network;
    let Some(offer) = offer else {
        let ours = speech::offer(&ground.manner.preferences, network, speech.local());
        speech.set_local(ours.clone());
        out.act(sip::Request::Answer(leg, Box::new(ours)));
        return;
    };
    match speech::answer(&ground.manner.preferences, offer, network, speech.local()) {
        Some((answer, peer)) => {
            speech.set_local(answer.clone());
            out.act(sip::Request::Answer(leg, Box::new(answer)));
            speech.change(call, peer, out);
        }
        // RFC 3261 14.2: the session goes on as it was.
        None => out.act(sip::Request::Reject(leg, 488)),
    }
}
