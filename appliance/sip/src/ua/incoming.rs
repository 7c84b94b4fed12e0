//! A peer's INVITE until our final response (RFC 3261 clause 13.3).

use super::{Action, Call, Event, Out, Request, State, Timer, Unacked, body, unexpected};
use crate::dialog::Dialog;
use crate::draft::Reply;
use crate::primitive::{CallId, Ended};
use crate::sdp::Session;
use crate::transaction::key::ServerKey;
use crate::wire::{Message, Method, Name};
use std::time::Duration;

/// What is known of an INVITE that has no final response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    key: ServerKey,
    /// It has no offer: ours goes into the 200.
    is_late: bool,
    /// How often 180 was sent.
    rings: u8,
}

impl Call {
    /// A call of a peer, whose dialog was made from the INVITE.
    #[must_use]
    pub fn from_peer(
        id: CallId,
        dialog: Dialog,
        contact: String,
        invite: (ServerKey, &Message),
        out: &mut Out,
    ) -> Self {
        let (key, message) = invite;
        let is_late = matches!(body::session(message), Ok(None));
        let incoming = Incoming { key, is_late, rings: 0 };
        let mut call = Self::new(id, dialog, contact, State::Incoming(incoming));
        if let Some(seconds) = message.number(Name::Expires).filter(|seconds| *seconds > 0) {
            call.expires = Duration::from_secs(seconds.into()).min(EXPIRES_MAX);
            out.start(Timer::Expires);
        }
        // Rings at the peer or not, a call that nobody answers does not stay.
        out.start(Timer::Ring);
        call
    }

    pub(super) fn incoming(
        &mut self,
        incoming: Incoming,
        event: Event<'_>,
        out: &mut Out,
    ) -> State {
        match event {
            Event::Request(Request::Ring) => self.ring(incoming, out),
            Event::Request(Request::Answer(session)) => self.take(incoming, &session, out),
            Event::Request(Request::Reject(status)) => {
                let status = if (300..700).contains(&status) { status } else { 480 };
                self.refuse(incoming, status, Ended::ByUs, out)
            }
            Event::Request(Request::Hangup) => self.refuse(incoming, 487, Ended::ByUs, out),
            Event::Cancelled(key) if key == incoming.key => {
                self.refuse(incoming, 487, Ended::ByPeer, out)
            }
            Event::Expired(Timer::Expires) => self.refuse(incoming, 487, Ended::ByPeer, out),
            Event::Expired(Timer::Ring) => self.ring_on(incoming, out),
            Event::Received(key, request) if request.method() == Some(&Method::Bye) => {
                out.act(Action::Respond(key, Box::new(Reply::new(200))));
                self.refuse(incoming, 487, Ended::ByPeer, out)
            }
            Event::Received(key, request) => {
                self.received_early(key, request, out);
                State::Incoming(incoming)
            }
            _ => unexpected(State::Incoming(incoming), out),
        }
    }

    fn ring(&mut self, mut incoming: Incoming, out: &mut Out) -> State {
        out.act(Action::Respond(incoming.key, Box::new(self.reply(180))));
        incoming.rings = incoming.rings.max(1);
        State::Incoming(incoming)
    }

    fn ring_on(&mut self, mut incoming: Incoming, out: &mut Out) -> State {
        incoming.rings = incoming.rings.saturating_add(1);
        if incoming.rings > RINGS_MAX {
            return self.refuse(incoming, 480, Ended::Broken, out);
        }
        out.act(Action::Repeat(incoming.key));
        out.start(Timer::Ring);
        State::Incoming(incoming)
    }

    fn take(&mut self, incoming: Incoming, session: &Session, out: &mut Out) -> State {
        super::stop_all(out);
        self.succeed(incoming.key, session, out);
        let cseq = self.dialog.remote_cseq.unwrap_or_default();
        let (key, owes_answer) = (incoming.key, incoming.is_late);
        self.unacked = Some(Unacked { key, cseq, owes_answer, opens: true, hang_up: false });
        State::Active
    }

    /// 200 to an INVITE, repeated until its ACK comes.
    pub(super) fn succeed(&mut self, key: ServerKey, session: &Session, out: &mut Out) {
        let reply = self.reply(200).carrying(body::of_session(session));
        out.act(Action::Respond(key, Box::new(reply)));
        self.round = 0;
        out.start(Timer::Repeat);
        out.start(Timer::NoAck);
    }

    fn refuse(&mut self, incoming: Incoming, status: u16, reason: Ended, out: &mut Out) -> State {
        out.act(Action::Respond(incoming.key, Box::new(Reply::new(status))));
        self.ended(reason, out)
    }

    /// Requests within an early dialog. An offer has no place there: the first one is not answered yet
    /// (RFC 3311 clause 5.2).
    pub(super) fn received_early(&mut self, key: ServerKey, request: &Message, out: &mut Out) {
        let reply = match request.method() {
            Some(Method::Options) => self.options(),
            Some(Method::Update) if request.body().is_empty() => {
                self.dialog.refresh(request);
                self.reply(200)
            }
            Some(Method::Update | Method::Invite) => self.later(),
            Some(Method::Info) => self.key(request, out),
            _ => Reply::new(481),
        };
        out.act(Action::Respond(key, Box::new(reply)));
    }

    /// 500 with the wish to come again in a while (RFC 3261 clause 14.2).
    pub(super) fn later(&self) -> Reply {
        // Any number up to ten will do; this one differs from call to call.
        Reply::new(500).with(Name::RetryAfter, (self.id.0 % 10).to_string())
    }
}

/// Callers that set a limit set minutes.
const EXPIRES_MAX: Duration = Duration::from_hours(1);

/// Minutes after which a call that nobody answers is refused; longer than any diversion waits.
const RINGS_MAX: u8 = 10;
