//! What the two server transactions have in common.

use super::timer::{PATIENCE, Timer};
use super::{Reliability, server_invite, server_other};
use std::time::Duration;

/// Everything that can happen to a server transaction, once its request was handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The request came again.
    Repeated,
    /// An ACK for the refusal came.
    Ack,
    /// The user answers with this status; its octets are with the owner.
    Answer(u16),
    /// A timer ran out.
    Expired(Timer),
    /// The transport says that it cannot deliver.
    TransportFailed,
}

/// Everything a server transaction can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send the latest response, or send it again.
    Respond,
    /// No ACK came for a refusal; of interest to nobody but the log.
    TimedOut,
    /// This state has no use for the event; counted and ignored.
    Unexpected,
}

/// The effects of a server transaction.
pub type Out = machine::Out<Action, Timer>;

/// A server transaction of either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// For INVITE.
    Invite(server_invite::Transaction),
    /// For everything else but ACK, which has none.
    Other(server_other::Transaction),
}

impl Server {
    /// A transaction for a request of which only matters whether it is an INVITE.
    #[must_use]
    pub const fn new(is_invite: bool, over: Reliability) -> Self {
        if is_invite {
            Self::Invite(server_invite::Transaction::new(over))
        } else {
            Self::Other(server_other::Transaction::new(over))
        }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        match self {
            Self::Invite(transaction) => transaction.handle(event, out),
            Self::Other(transaction) => transaction.handle(event, out),
        }
    }

    /// How long a timer started just now is to run.
    #[must_use]
    pub fn wait(&self, timer: Timer) -> Duration {
        match self {
            Self::Invite(transaction) => timer.after(transaction.round(), PATIENCE),
            Self::Other(_) => timer.after(0, PATIENCE),
        }
    }

    /// Whether the transaction can be forgotten.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self {
            Self::Invite(transaction) => transaction.state() == server_invite::State::Terminated,
            Self::Other(transaction) => transaction.state() == server_other::State::Terminated,
        }
    }

    /// Whether the latest response may have to be sent again.
    #[must_use]
    pub fn needs_response(&self) -> bool {
        use server_invite::State::{Confirmed, Terminated};
        match self {
            // A 2xx is repeated by the user, out of the transaction's store.
            Self::Invite(transaction) => !matches!(transaction.state(), Confirmed | Terminated),
            Self::Other(transaction) => transaction.state() != server_other::State::Terminated,
        }
    }

    /// Whether it is an INVITE that was answered with a 2xx.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        let accepted = server_invite::State::Accepted;
        matches!(self, Self::Invite(transaction) if transaction.state() == accepted)
    }

    /// Whether the final response is still to come.
    #[must_use]
    pub fn is_open(&self) -> bool {
        use server_other::State::{Proceeding, Trying};
        match self {
            Self::Invite(transaction) => transaction.state() == server_invite::State::Proceeding,
            Self::Other(transaction) => matches!(transaction.state(), Trying | Proceeding),
        }
    }
}
