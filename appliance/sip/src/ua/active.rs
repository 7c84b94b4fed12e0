//! A call that has a dialog: re-INVITE, UPDATE, INFO, OPTIONS, BYE (RFC 3261 clauses 12.2, 14 and 15).

use super::{
    Action, Call, Event, Ours, Out, Pending, Purpose, Request, State, Timer, Unacked, body,
    is_success, tell, unexpected,
};
use crate::dialog::Turn;
use crate::draft::Reply;
use crate::primitive::{self, Ended};
use crate::sdp::Session;
use crate::transaction::key::ServerKey;
use crate::wire::{Message, Method, Name};

impl Call {
    pub(super) fn active(&mut self, event: Event<'_>, out: &mut Out) -> State {
        match event {
            Event::Request(request) => self.asked(request, out),
            Event::Received(key, request) => self.received(key, request, out),
            Event::Acknowledged(ack) => self.acknowledged(ack, out),
            Event::Response(Purpose::Invite, response) => {
                if is_success(response) {
                    self.branch(response, out);
                }
                State::Active
            }
            Event::Response(purpose, response) => self.response(purpose, response, out),
            Event::Failed(Purpose::Reinvite | Purpose::Info, _) => self.bye(Ended::Broken, out),
            Event::Cancelled(key) => {
                // The answer that the interworking unit is about to give will find nothing to answer.
                if self.pending.is_some_and(|pending| pending.key == key && pending.is_invite) {
                    self.respond_pending(Reply::new(487), out);
                }
                State::Active
            }
            Event::Expired(timer) => self.expired(timer, out),
            Event::Failed(..) => State::Active,
        }
    }

    pub(super) fn ending(&mut self, reason: Ended, event: &Event<'_>, out: &mut Out) -> State {
        match event {
            Event::Response(Purpose::Bye, response) if response.status() >= Some(200) => {
                self.ended(reason, out)
            }
            Event::Failed(Purpose::Bye, _) => self.ended(reason, out),
            Event::Response(Purpose::Invite, response) if is_success(response) => {
                self.branch(response, out);
                State::Ending(reason)
            }
            // Both hung up at once.
            Event::Received(key, request) => {
                let is_bye = request.method() == Some(&Method::Bye);
                let reply = Reply::new(if is_bye { 200 } else { 481 });
                out.act(Action::Respond(*key, Box::new(reply)));
                State::Ending(reason)
            }
            Event::Expired(_) => unexpected(State::Ending(reason), out),
            _ => State::Ending(reason),
        }
    }

    fn asked(&mut self, request: Request, out: &mut Out) -> State {
        match request {
            Request::Hangup => match &mut self.unacked {
                Some(unacked) if unacked.opens => {
                    unacked.hang_up = true;
                    State::Active
                }
                _ => self.bye(Ended::ByUs, out),
            },
            Request::Answer(session) => self.give(&session, out),
            Request::Reject(status) => {
                let status = if (300..700).contains(&status) { status } else { 488 };
                self.respond_pending(Reply::new(status), out);
                State::Active
            }
            Request::Modify(session) => {
                match &mut self.ours {
                    Some(ours) if ours.is_sent => ours.next = Some(session),
                    _ => self.offer_next(Some(session), out),
                }
                State::Active
            }
            Request::InfoKey(key, duration) => {
                let mut draft = self.dialog.request(Method::Info);
                draft.body = Some(body::of_key(key, duration));
                out.act(Action::Send(Purpose::Info, Box::new(draft)));
                State::Active
            }
            Request::Ring => unexpected(State::Active, out),
        }
    }

    /// Answers the peer's INVITE or UPDATE, or gives it the offer that it wanted.
    fn give(&mut self, session: &Session, out: &mut Out) -> State {
        let Some(pending) = self.pending.take() else {
            return unexpected(State::Active, out);
        };
        out.stop(Timer::Answer);
        if pending.is_invite {
            self.succeed(pending.key, session, out);
            self.unacked = Some(Unacked {
                key: pending.key,
                cseq: pending.cseq,
                owes_answer: pending.is_late,
                opens: false,
                hang_up: false,
            });
        } else {
            let reply = self.reply(200).carrying(body::of_session(session));
            out.act(Action::Respond(pending.key, Box::new(reply)));
        }
        State::Active
    }

    fn respond_pending(&mut self, reply: Reply, out: &mut Out) {
        match self.pending.take() {
            Some(pending) => {
                out.stop(Timer::Answer);
                out.act(Action::Respond(pending.key, Box::new(reply)));
            }
            None => out.act(Action::Unexpected),
        }
    }

    /// Begins with what is to be offered next, where there is something.
    fn offer_next(&mut self, next: Option<Box<Session>>, out: &mut Out) {
        self.ours = next.map(|session| Ours { session, is_sent: false, next: None });
        if self.ours.is_some() {
            self.offer(out);
        }
    }

    /// Sends our offer, or waits while one is under way in the other direction (RFC 3261 clause 14.1).
    fn offer(&mut self, out: &mut Out) {
        if self.pending.is_some() || self.unacked.is_some() {
            out.start(Timer::Glare);
            return;
        }
        let Some(ours) = self.ours.take_if(|ours| !ours.is_sent) else { return };
        out.stop(Timer::Glare);
        self.send_invite(Purpose::Reinvite, &ours.session, out);
        self.ours = Some(Ours { is_sent: true, ..ours });
    }

    fn received(&mut self, key: ServerKey, request: &Message, out: &mut Out) -> State {
        let number = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let reply = match (self.dialog.turn(number), request.method()) {
            (Turn::Late, _) => Reply::new(500),
            (_, Some(Method::Bye)) => {
                out.act(Action::Respond(key, Box::new(Reply::new(200))));
                return self.ended(Ended::ByPeer, out);
            }
            (_, Some(Method::Invite | Method::Update)) => {
                match self.offered(key, number, request, out) {
                    Some(reply) => reply,
                    None => return State::Active,
                }
            }
            (_, Some(Method::Info)) => self.key(request, out),
            (_, Some(Method::Options)) => self.options(),
            _ => Reply::new(405).with(Name::Allow, super::ALLOW),
        };
        out.act(Action::Respond(key, Box::new(reply)));
        State::Active
    }

    /// An INVITE or UPDATE within the call; `None` where the interworking unit decides (RFC 3261 clause
    /// 14.2, RFC 3311 clause 5.2).
    fn offered(
        &mut self,
        key: ServerKey,
        cseq: u32,
        request: &Message,
        out: &mut Out,
    ) -> Option<Reply> {
        let is_invite = request.method() == Some(&Method::Invite);
        let we_wait = self.ours.as_ref().is_some_and(|ours| ours.is_sent)
            || self.unacked.is_some_and(|unacked| unacked.owes_answer);
        let has_offer = is_invite || !request.body().is_empty();
        if self.pending.is_some() {
            return Some(self.later());
        }
        if we_wait && has_offer {
            return Some(Reply::new(491));
        }
        let session = match body::session(request) {
            Ok(session) => session,
            Err(status) => return Some(Reply::new(status).with(Name::Accept, "application/sdp")),
        };
        self.dialog.refresh(request);
        if session.is_none() && !is_invite {
            return Some(self.reply(200));
        }
        let is_late = session.is_none();
        self.pending = Some(Pending { key, cseq, is_invite, is_late });
        out.start(Timer::Answer);
        tell(primitive::Event::Offer(self.id, session), out);
        None
    }

    /// INFO: a key, or nothing at all, which some send to see whether we live.
    pub(super) fn key(&mut self, request: &Message, out: &mut Out) -> Reply {
        if request.body().is_empty() {
            return Reply::new(200);
        }
        match body::key(request) {
            Ok((key, duration)) => {
                tell(primitive::Event::InfoKey(self.id, key, duration), out);
                Reply::new(200)
            }
            Err(415) => {
                Reply::new(415).with(Name::Accept, "application/dtmf-relay, application/dtmf")
            }
            Err(status) => Reply::new(status),
        }
    }

    pub(super) fn options(&self) -> Reply {
        self.reply(200).with(Name::Accept, "application/sdp, application/dtmf-relay")
    }

    fn acknowledged(&mut self, ack: &Message, out: &mut Out) -> State {
        let number = ack.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let Some(unacked) = self.unacked.take_if(|unacked| unacked.cseq == number) else {
            // A repetition, because ours was repeated.
            return State::Active;
        };
        out.stop(Timer::Repeat);
        out.stop(Timer::NoAck);
        if unacked.hang_up {
            return self.bye(Ended::ByUs, out);
        }
        if unacked.owes_answer {
            match body::session(ack) {
                Ok(Some(session)) => {
                    tell(primitive::Event::Answered(self.id, Some(session)), out);
                }
                // Without an answer there is nothing to speak by; with an old session there is.
                _ if unacked.opens => return self.bye(Ended::Broken, out),
                _ => tell(primitive::Event::Answered(self.id, None), out),
            }
        }
        tell(primitive::Event::Confirmed(self.id), out);
        State::Active
    }

    fn response(&mut self, purpose: Purpose, response: &Message, out: &mut Out) -> State {
        let status = response.status().unwrap_or_default();
        match (purpose, status) {
            (_, 100..=199) | (Purpose::ForkBye | Purpose::Bye, _) => State::Active,
            (Purpose::Reinvite, 200..=299) => self.modified(response, out),
            // The peer has forgotten the dialog, or does not hear us (RFC 3261 clause 12.2.1.2).
            (_, 408 | 481) => self.bye(Ended::Broken, out),
            (Purpose::Reinvite, 491) => {
                if let Some(ours) = &mut self.ours {
                    ours.is_sent = false;
                    if let Some(next) = ours.next.take() {
                        ours.session = next;
                    }
                    out.start(Timer::Glare);
                }
                State::Active
            }
            (Purpose::Reinvite, status) => {
                let next = self.ours.take().and_then(|ours| ours.next);
                tell(primitive::Event::ModifyRefused(self.id, status), out);
                self.offer_next(next, out);
                State::Active
            }
            _ => State::Active,
        }
    }

    fn modified(&mut self, response: &Message, out: &mut Out) -> State {
        self.dialog.refresh(response);
        let cseq = response.cseq().map_or(self.invite_cseq, |cseq| cseq.number);
        let ack = self.dialog.numbered(Method::Ack, cseq);
        out.act(Action::Acknowledge(Box::new(ack)));
        if let Some(ours) = self.ours.take_if(|ours| ours.is_sent && cseq == self.invite_cseq) {
            let session = body::session(response).unwrap_or_default();
            tell(primitive::Event::Answered(self.id, session), out);
            self.offer_next(ours.next, out);
        }
        State::Active
    }

    fn expired(&mut self, timer: Timer, out: &mut Out) -> State {
        match (timer, self.unacked) {
            (Timer::Repeat, Some(unacked)) => {
                self.round = self.round.saturating_add(1);
                out.act(Action::Repeat(unacked.key));
                out.start(Timer::Repeat);
                State::Active
            }
            (Timer::NoAck, Some(unacked)) => {
                let reason = if unacked.hang_up { Ended::ByUs } else { Ended::Broken };
                self.bye(reason, out)
            }
            (Timer::Glare, _) => {
                self.offer(out);
                State::Active
            }
            (Timer::Answer, _) => {
                self.respond_pending(Reply::new(500), out);
                State::Active
            }
            _ => unexpected(State::Active, out),
        }
    }
}
