//! What the two client transactions have in common.

use super::timer::Timer;
use super::{Reliability, client_invite, client_other};
use std::time::Duration;

/// Everything that can happen to a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A response with this status arrived.
    Response(u16),
    /// A timer ran out.
    Expired(Timer),
    /// The transport says that it cannot deliver.
    TransportFailed,
    /// Its user has no more interest.
    Abandoned,
}

/// Everything a client transaction can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the request, or send it again.
    Send,
    /// Acknowledge the refusal at hand, or send the same ACK again (RFC 3261 clause 17.1.1.3).
    Ack,
    /// Hand the response at hand to the user.
    Deliver,
    /// Tell the user that no response came in time.
    TimedOut,
    /// Tell the user that the request could not be sent.
    TransportFailed,
    /// This state has no use for the event; counted and ignored.
    Unexpected,
}

/// The effects of a client transaction.
pub type Out = machine::Out<Action, Timer>;

/// A client transaction of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// For INVITE.
    Invite(client_invite::Transaction),
    /// For everything else but ACK, which has none.
    Other(client_other::Transaction),
}

impl Client {
    /// A transaction for a request of which only matters whether it is an INVITE; asks to send it.
    pub fn start(is_invite: bool, over: Reliability, out: &mut Out) -> Self {
        if is_invite {
            Self::Invite(client_invite::Transaction::start(over, out))
        } else {
            Self::Other(client_other::Transaction::start(over, out))
        }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        match self {
            Self::Invite(transaction) => transaction.handle(event, out),
            Self::Other(transaction) => transaction.handle(event, out),
        }
    }

    /// How long a timer started just now is to run, with timers B and F set to `timeout`.
    #[must_use]
    pub fn wait(&self, timer: Timer, timeout: Duration) -> Duration {
        match self {
            Self::Invite(transaction) => timer.after(transaction.round(), timeout),
            Self::Other(transaction) => timer.after(transaction.round(), timeout),
        }
    }

    /// Whether the transaction can be forgotten.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Self::Invite(transaction) => transaction.state() == client_invite::State::Terminated,
            Self::Other(transaction) => transaction.state() == client_other::State::Terminated,
        }
    }

    /// Whether the request may have to be sent again, or an ACK or CANCEL be made from it.
    #[must_use]
    pub fn needs_request(&self) -> bool {
        use client_invite::State::{Calling, Proceeding};
        match self {
            Self::Invite(transaction) => matches!(transaction.state(), Calling | Proceeding),
            Self::Other(transaction) => matches!(
                transaction.state(),
                client_other::State::Trying | client_other::State::Proceeding
            ),
        }
    }

    /// Whether the owner may have to send something again: the request, or an ACK.
    #[must_use]
    pub fn repeats(&self) -> bool {
        let acknowledges = |transaction: &client_invite::Transaction| {
            transaction.state() == client_invite::State::Completed
        };
        self.needs_request() || matches!(self, Self::Invite(invite) if acknowledges(invite))
    }
}
