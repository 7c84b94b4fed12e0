//! Our INVITE until its final response (RFC 3261 clauses 9.1 and 13.2).

use super::{
    Action, Call, Event, Fault, Out, Purpose, Request, State, Timer, body, tell, unexpected,
};
use crate::dialog::Dialog;
use crate::primitive::{self, CallId, Ended};
use crate::sdp::Session;
use crate::wire::{Message, Method, Name};
use std::time::Duration;

/// What is known of an INVITE that has no final response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calling {
    /// A provisional response came, so that CANCEL may be sent.
    is_heard: bool,
    /// One of them had a session.
    has_session: bool,
    /// Nobody wants the call any more; what to say of its end.
    left: Option<Ended>,
}

impl Calling {
    /// Whether nobody wants the call any more.
    pub(super) const fn is_left(self) -> bool {
        self.left.is_some()
    }

    /// The INVITE goes out again, with credentials or to another place: nobody has heard that one yet.
    pub(super) const fn begin_again(&mut self) {
        self.is_heard = false;
    }

    /// Whether no server is known to have taken the INVITE.
    pub(super) const fn is_unheard(self) -> bool {
        !self.is_heard && self.left.is_none()
    }
}

impl Call {
    /// A call of ours; sends the INVITE with this offer.
    #[must_use]
    pub fn invite(
        id: CallId,
        dialog: Dialog,
        contact: String,
        offer: &Session,
        out: &mut Out,
    ) -> Self {
        let calling = Calling { is_heard: false, has_session: false, left: None };
        let mut call = Self::new(id, dialog, contact, State::Calling(calling));
        call.send_invite(Purpose::Invite, offer, out);
        call
    }

    pub(super) const fn new(id: CallId, dialog: Dialog, contact: String, state: State) -> Self {
        Self {
            id,
            dialog,
            contact,
            state,
            invite_cseq: 0,
            pending: None,
            unacked: None,
            ours: None,
            forks: Vec::new(),
            round: 0,
            expires: Duration::ZERO,
        }
    }

    pub(super) fn send_invite(&mut self, purpose: Purpose, offer: &Session, out: &mut Out) {
        let mut draft = self.dialog.request(Method::Invite);
        self.invite_cseq = draft.cseq;
        draft.headers.push((Name::Contact, self.contact.clone()));
        draft.headers.push((Name::Allow, super::ALLOW.to_owned()));
        draft.headers.push((Name::Accept, "application/sdp".to_owned()));
        draft.body = Some(body::of_session(offer));
        out.act(Action::Send(purpose, Box::new(draft)));
    }

    pub(super) fn calling(&mut self, calling: Calling, event: &Event<'_>, out: &mut Out) -> State {
        match event {
            Event::Response(Purpose::Invite, response) => self.answer(calling, response, out),
            Event::Failed(Purpose::Invite, fault) => {
                let status = if *fault == Fault::TimedOut { 408 } else { 503 };
                self.ended(calling.left.unwrap_or(Ended::Refused(status)), out)
            }
            Event::Request(Request::Hangup) => leave(calling, Ended::ByUs, out),
            Event::Expired(Timer::Silence) => leave(calling, Ended::Refused(408), out),
            Event::Expired(Timer::Cancelled) => {
                out.act(Action::Abandon);
                self.ended(calling.left.unwrap_or(Ended::ByUs), out)
            }
            Event::Received(key, request) => {
                self.received_early(*key, request, out);
                State::Calling(calling)
            }
            _ => unexpected(State::Calling(calling), out),
        }
    }

    fn answer(&mut self, mut calling: Calling, response: &Message, out: &mut Out) -> State {
        match response.status().unwrap_or_default() {
            status @ 100..=199 => {
                let first = !calling.is_heard;
                calling.is_heard = true;
                match calling.left {
                    // Now CANCEL may follow the INVITE.
                    Some(reason) if first => return cancel(calling, reason, out),
                    Some(_) => {}
                    None => {
                        out.start(Timer::Silence);
                        calling.has_session |= self.progress(status, response, out);
                    }
                }
                State::Calling(calling)
            }
            200..=299 => self.accepted(calling, response, out),
            status => self.ended(calling.left.unwrap_or(Ended::Refused(status)), out),
        }
    }

    /// Tells of a provisional response; whether it had a session.
    fn progress(&mut self, status: u16, response: &Message, out: &mut Out) -> bool {
        if status == 100 {
            return false;
        }
        let session = body::session(response).unwrap_or_default();
        let has_session = session.is_some();
        tell(primitive::Event::Progress(self.id, status, session), out);
        has_session
    }

    fn accepted(&mut self, calling: Calling, response: &Message, out: &mut Out) -> State {
        self.dialog = self.dialog.answered_by(response);
        let ack = self.dialog.numbered(Method::Ack, self.invite_cseq);
        out.act(Action::Acknowledge(Box::new(ack)));
        if let Some(reason) = calling.left {
            return self.bye(reason, out);
        }
        out.stop(Timer::Silence);
        match body::session(response) {
            Ok(Some(session)) => {
                tell(primitive::Event::Answered(self.id, Some(session)), out);
                State::Active
            }
            // Some PBXs answer in 183 and think that enough.
            Ok(None) if calling.has_session => {
                tell(primitive::Event::Answered(self.id, None), out);
                State::Active
            }
            _ => self.bye(Ended::Broken, out),
        }
    }
}

fn leave(calling: Calling, reason: Ended, out: &mut Out) -> State {
    match calling.left {
        Some(_) => State::Calling(calling),
        None if calling.is_heard => cancel(calling, reason, out),
        // CANCEL would outrun the INVITE (RFC 3261 clause 9.1); Timer B guards the wait.
        None => State::Calling(Calling { left: Some(reason), ..calling }),
    }
}

fn cancel(calling: Calling, reason: Ended, out: &mut Out) -> State {
    out.stop(Timer::Silence);
    out.act(Action::Cancel);
    out.start(Timer::Cancelled);
    State::Calling(Calling { left: Some(reason), ..calling })
}
