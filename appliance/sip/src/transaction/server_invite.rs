//! INVITE server transaction: RFC 3261 clause 17.2.1 with the corrections of RFC 6026.
//!
//! The user answers 100 (Trying) at once, so the transaction need not after
//! 200 ms. Repeating a 2xx until its ACK comes is the user's business too.

use super::Reliability;
use super::server::{Action, Event, Out};
use super::timer::Timer;

/// Where the transaction stands, by the names of RFC 6026 figure 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The INVITE is with the user.
    Proceeding,
    /// Refused; the refusal is repeated until its ACK comes.
    Completed,
    /// The refusal was acknowledged; repetitions of ACK are absorbed.
    Confirmed,
    /// Answered; repetitions of the INVITE are absorbed.
    Accepted,
    /// Nothing is left.
    Terminated,
}

/// One INVITE that came from a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    state: State,
    over: Reliability,
    round: u8,
}

impl Transaction {
    /// A transaction whose INVITE has just come.
    #[must_use]
    pub const fn new(over: Reliability) -> Self {
        Self { state: State::Proceeding, over, round: 0 }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        self.state = match self.state {
            State::Proceeding => self.proceeding(event, out),
            State::Completed => self.completed(event, out),
            State::Confirmed => confirmed(event, out),
            State::Accepted => accepted(event, out),
            State::Terminated => unexpected(State::Terminated, out),
        };
    }

    /// Where the transaction stands now.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// How often the refusal was repeated.
    #[must_use]
    pub const fn round(&self) -> u8 {
        self.round
    }

    fn proceeding(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Repeated | Event::Answer(100..=199) => {
                out.act(Action::Respond);
                State::Proceeding
            }
            Event::Answer(200..=299) => {
                out.act(Action::Respond);
                out.start(Timer::L);
                State::Accepted
            }
            Event::Answer(_) => {
                out.act(Action::Respond);
                if Timer::G.is_used(self.over) {
                    out.start(Timer::G);
                }
                out.start(Timer::H);
                State::Completed
            }
            // The response may find another way (clause 18.2.2), and the user will answer anyhow.
            Event::TransportFailed => State::Proceeding,
            Event::Ack | Event::Expired(_) => unexpected(State::Proceeding, out),
        }
    }

    fn completed(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Repeated => {
                out.act(Action::Respond);
                State::Completed
            }
            Event::Expired(Timer::G) => {
                self.round = self.round.saturating_add(1);
                out.act(Action::Respond);
                out.start(Timer::G);
                State::Completed
            }
            Event::Ack => {
                stop(out);
                if !Timer::I.is_used(self.over) {
                    return State::Terminated;
                }
                out.start(Timer::I);
                State::Confirmed
            }
            Event::Expired(Timer::H) => {
                out.stop(Timer::G);
                out.act(Action::TimedOut);
                State::Terminated
            }
            Event::TransportFailed => {
                stop(out);
                State::Terminated
            }
            Event::Answer(_) | Event::Expired(_) => unexpected(State::Completed, out),
        }
    }
}

fn stop(out: &mut Out) {
    out.stop(Timer::G);
    out.stop(Timer::H);
}

fn confirmed(event: Event, out: &mut Out) -> State {
    match event {
        Event::Expired(Timer::I) => State::Terminated,
        Event::Ack | Event::Repeated | Event::TransportFailed => State::Confirmed,
        Event::Answer(_) | Event::Expired(_) => unexpected(State::Confirmed, out),
    }
}

fn accepted(event: Event, out: &mut Out) -> State {
    match event {
        Event::Answer(200..=299) => {
            out.act(Action::Respond);
            State::Accepted
        }
        Event::Expired(Timer::L) => State::Terminated,
        Event::Ack | Event::Repeated | Event::TransportFailed => State::Accepted,
        Event::Answer(_) | Event::Expired(_) => unexpected(State::Accepted, out),
    }
}

fn unexpected(state: State, out: &mut Out) -> State {
    out.act(Action::Unexpected);
    state
}
