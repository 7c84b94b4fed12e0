//! Non-INVITE client transaction: RFC 3261 clause 17.1.2.

use super::Reliability;
use super::client::{Action, Event, Out};
use super::timer::Timer;

/// Where the transaction stands, by the names of RFC 3261 figure 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Request sent, nothing heard yet.
    Trying,
    /// A provisional response came.
    Proceeding,
    /// The final response came; repetitions of it are absorbed.
    Completed,
    /// Nothing is left.
    Terminated,
}

/// One request other than INVITE and ACK on its way to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    state: State,
    over: Reliability,
    round: u8,
}

impl Transaction {
    /// A new transaction; asks to send the request.
    pub fn start(over: Reliability, out: &mut Out) -> Self {
        out.act(Action::Send);
        if Timer::E.is_used(over) {
            out.start(Timer::E);
        }
        out.start(Timer::F);
        Self { state: State::Trying, over, round: 0 }
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

    /// How often the request was repeated, as far as it matters for timer E.
    #[must_use]
    pub const fn round(&self) -> u8 {
        self.round
    }

    fn open(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::E) => {
                self.round = self.round.saturating_add(1);
                out.act(Action::Send);
                out.start(Timer::E);
                self.state
            }
            Event::Response(100..=199) => {
                // From now on every T2 (clause 17.1.2.2).
                self.round = u8::MAX;
                out.act(Action::Deliver);
                State::Proceeding
            }
            Event::Response(_) => self.finished(out),
            Event::Expired(Timer::F) => over(Action::TimedOut, out),
            Event::TransportFailed => over(Action::TransportFailed, out),
            Event::Abandoned => {
                out.stop(Timer::E);
                out.stop(Timer::F);
                State::Terminated
            }
            Event::Expired(_) => unexpected(self.state, out),
        }
    }

    fn finished(&mut self, out: &mut Out) -> State {
        out.stop(Timer::E);
        out.stop(Timer::F);
        out.act(Action::Deliver);
        if !Timer::K.is_used(self.over) {
            return State::Terminated;
        }
        out.start(Timer::K);
        State::Completed
    }
}

fn over(action: Action, out: &mut Out) -> State {
    out.stop(Timer::E);
    out.stop(Timer::F);
    out.act(action);
    State::Terminated
}

fn completed(event: Event, out: &mut Out) -> State {
    match event {
        Event::Expired(Timer::K) => State::Terminated,
        Event::Response(_) => State::Completed,
        Event::TransportFailed | Event::Abandoned => {
            out.stop(Timer::K);
            State::Terminated
        }
        Event::Expired(_) => unexpected(State::Completed, out),
    }
}

fn unexpected(state: State, out: &mut Out) -> State {
    out.act(Action::Unexpected);
    state
}
