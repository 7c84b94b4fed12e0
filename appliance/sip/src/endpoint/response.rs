//! What becomes of a response, or of its absence: credentials, the next server, or the sender hears of it.

use super::face::Transport;
use super::hops::Way;
use super::outgoing::{News, Outgoing, Sender, Towards};
use super::{Cx, Endpoint, Undeliverable};
use crate::register::{self, Failure, Others};
use crate::ua::{self, Fault, Purpose};
use crate::wire::{Address, Message, Name, Scheme};
use std::time::Duration;

impl Endpoint {
    /// A response that its transaction has not seen before.
    pub(super) fn deliver(&mut self, cx: &mut Cx<'_>, news: &News, response: &Message) {
        let status = response.status().unwrap_or_default();
        if status == 503 {
            self.health.failed(cx.now, news.server, retry_after(response));
        } else {
            self.health.answered(news.server);
        }
        match news.sender {
            Sender::Register => self.register_response(cx, news, response),
            Sender::Call(call, purpose) => {
                let again = match status {
                    401 | 407 => self.with_credentials(call, purpose, news, response),
                    503 => self.elsewhere(cx, call, news),
                    300..=302 if purpose == Purpose::Invite => self.moved(call, news, response),
                    _ => None,
                };
                match again {
                    Some(request) => self.dispatch(cx, request),
                    None => self.call_event(cx, call, ua::Event::Response(purpose, response)),
                }
            }
            Sender::Nobody => {}
        }
    }

    /// No response came in time, or the transport failed.
    pub(super) fn no_response(&mut self, cx: &mut Cx<'_>, news: News, fault: Fault) {
        if news.is_switched && fault == Fault::Unreachable {
            // No TCP there: the long message goes by UDP after all (RFC 3261 clause 18.1.1).
            self.health.refuses_connections(cx.now, news.server);
            if let Some(request) = news.request {
                self.dispatch(cx, *request);
            }
            return;
        }
        let to_server = news.request.as_ref().is_some_and(|r| r.towards != Towards::Peer);
        if to_server {
            self.health.failed(cx.now, news.server, None);
        }
        match news.sender {
            Sender::Register => {
                let failure = match fault {
                    Fault::TimedOut => Failure::Silent,
                    Fault::Unreachable => Failure::Unreachable,
                };
                self.register_failed(cx, &news, failure);
            }
            Sender::Call(call, purpose) => match self.elsewhere(cx, call, &news) {
                Some(request) => self.dispatch(cx, request),
                None => self.call_event(cx, call, ua::Event::Failed(purpose, fault)),
            },
            Sender::Nobody => {}
        }
    }

    /// A request that could not even be tried.
    pub(super) fn undeliverable(
        &mut self,
        cx: &mut Cx<'_>,
        request: &Outgoing,
        why: Undeliverable,
    ) {
        match request.sender {
            Sender::Register => {
                let failure = match why {
                    Undeliverable::Nameless => Failure::Nameless,
                    Undeliverable::Unreachable => Failure::Unreachable,
                };
                let event = register::Event::Failed(failure, Others::Gone);
                self.register_event(cx, request.account, event);
            }
            Sender::Call(call, purpose) => {
                self.call_event(cx, call, ua::Event::Failed(purpose, Fault::Unreachable));
            }
            Sender::Nobody => {}
        }
    }

    /// A transaction is gone for good.
    pub(super) fn client_is_over(&mut self, news: &News) {
        if let Sender::Call(call, Purpose::Invite) = news.sender {
            self.calls.release(call);
        }
    }

    /// The same request with an answer to the challenge, where a better one than before can be given.
    fn with_credentials(
        &mut self,
        call: crate::primitive::CallId,
        purpose: Purpose,
        news: &News,
        response: &Message,
    ) -> Option<Outgoing> {
        let mut request = Outgoing::clone(news.request.as_ref()?);
        self.agents.challenged(news.account, &mut request.course, response).ok()?;
        request.draft.cseq = self.calls.reissue(call, purpose)?;
        Some(request)
    }

    /// The same INVITE for where the callee is said to be (RFC 3261 clause 8.1.3.4). It goes by the same
    /// server, since nobody else is to see our credentials.
    fn moved(
        &mut self,
        call: crate::primitive::CallId,
        news: &News,
        response: &Message,
    ) -> Option<Outgoing> {
        let invite = news.request.as_ref()?;
        let uri = best_contact(response, self.settings.transport)?;
        if invite.moves == MOVES_MAX || uri == invite.draft.uri {
            return None;
        }
        let mut draft = invite.draft.clone();
        draft.cseq = self.calls.reissue(call, Purpose::Invite)?;
        draft.uri = uri;
        let request = Outgoing::new(invite.sender, invite.account, invite.towards, draft);
        Some(Outgoing { moves: invite.moves + 1, ..request })
    }

    /// The same INVITE for the next server, where there is one that was not tried.
    fn elsewhere(
        &mut self,
        cx: &mut Cx<'_>,
        call: crate::primitive::CallId,
        news: &News,
    ) -> Option<Outgoing> {
        let mut request = Outgoing::clone(news.request.as_ref()?);
        let is_invite = request.sender == Sender::Call(call, Purpose::Invite);
        if !is_invite || !self.calls.wants_failover(call) {
            return None;
        }
        request.tried = request.tried.saturating_add(1);
        match self.way(cx, &request) {
            Way::Hops(hops) if hops.len() > usize::from(request.tried) => Some(request),
            _ => None,
        }
    }
}

/// The Contact that can be called and is preferred, the first one where several are.
fn best_contact(response: &Message, transport: Transport) -> Option<String> {
    let contacts = response.contacts().filter_map(|contact| contact.ok()?.address().copied());
    let callable = contacts.filter(|address| match address.uri.scheme {
        Scheme::Sip | Scheme::Tel => true,
        Scheme::Sips => transport == Transport::Tls,
        Scheme::Other(_) => false,
    });
    let rank = |address: &Address<'_>| {
        address.params.token("q").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0)
    };
    let best = callable.reduce(|best, next| if rank(&next) > rank(&best) { next } else { best })?;
    best.uri.text.split('?').next().map(str::to_owned)
}

/// Places that one call is sent on to; a PBX has two or three (RFC 3261 sets no limit).
const MOVES_MAX: u8 = 5;

/// Retry-After, where it is a number of seconds.
pub(super) fn retry_after(response: &Message) -> Option<Duration> {
    response.number(Name::RetryAfter).map(|seconds| Duration::from_secs(seconds.into()))
}
