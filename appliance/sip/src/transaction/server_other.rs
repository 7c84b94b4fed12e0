//! Non-INVITE server transaction: RFC 3261 clause 17.2.2.

use super::Reliability;
use super::server::{Action, Event, Out};
use super::timer::Timer;

/// Where the transaction stands, by the names of RFC 3261 figure 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The request is with the user, nothing was answered.
    Trying,
    /// A provisional response was sent.
    Proceeding,
    /// The final response was sent; it is sent again when the request comes again.
    Completed,
    /// Nothing is left.
    Terminated,
}

/// One request other than INVITE and ACK that came from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    state: State,
    over: Reliability,
}

impl Transaction {
    /// A transaction whose request has just come.
    #[must_use]
    pub const fn new(over: Reliability) -> Self {
        Self { state: State::Trying, over }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        self.state = match self.state {
            State::Trying | State::Proceeding => self.open(event, out),
            State::Completed => completed(event, out),
            State::Terminated => unexpected(State::Terminated, out),
        };
    }

    /// Where the transaction stands now.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    fn open(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Repeated if self.state == State::Trying => State::Trying,
            Event::Repeated | Event::Answer(100..=199) => {
                out.act(Action::Respond);
                State::Proceeding
            }
            Event::Answer(_) => {
                out.act(Action::Respond);
                if !Timer::J.is_used(self.over) {
                    return State::Terminated;
                }
                out.start(Timer::J);
                State::Completed
            }
            Event::TransportFailed => self.state,
            Event::Ack | Event::Expired(_) => unexpected(self.state, out),
        }
    }
}

fn completed(event: Event, out: &mut Out) -> State {
    match event {
        Event::Repeated => {
            out.act(Action::Respond);
            State::Completed
        }
        Event::Expired(Timer::J) => State::Terminated,
        Event::TransportFailed => {
            out.stop(Timer::J);
            State::Terminated
        }
        // Any other final response is discarded (clause 17.2.2).
        Event::Answer(_) => State::Completed,
        Event::Ack | Event::Expired(_) => unexpected(State::Completed, out),
    }
}

fn unexpected(state: State, out: &mut Out) -> State {
    out.act(Action::Unexpected);
    state
}
