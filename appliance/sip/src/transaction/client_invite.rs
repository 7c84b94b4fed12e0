//! INVITE client transaction: RFC 3261 clause 17.1.1 with the corrections of RFC 6026.

use super::Reliability;
use super::client::{Action, Event, Out};
use super::timer::Timer;

/// Where the transaction stands, by the names of RFC 6026 figure 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// INVITE sent, nothing heard yet.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// Refused and acknowledged; repetitions of the refusal are acknowledged again.
    Completed,
    /// Answered; more 2xx responses may come, from this or from other branches.
    Accepted,
    /// Nothing is left.
    Terminated,
}

/// One INVITE on its way to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    state: State,
    over: Reliability,
    round: u8,
}

impl Transaction {
    /// A new transaction; asks to send the INVITE.
    pub fn start(over: Reliability, out: &mut Out) -> Self {
        out.act(Action::Send);
        if Timer::A.is_used(over) {
            out.start(Timer::A);
        }
        out.start(Timer::B);
        Self { state: State::Calling, over, round: 0 }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        self.state = match self.state {
            State::Calling => self.calling(event, out),
            State::Proceeding => self.proceeding(event, out),
            State::Completed => completed(event, out),
            State::Accepted => accepted(event, out),
            State::Terminated => unexpected(State::Terminated, out),
        };
    }

    /// Where the transaction stands now.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// How often the INVITE was repeated.
    #[must_use]
    pub const fn round(&self) -> u8 {
        self.round
    }

    fn calling(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::A) => {
                self.round = self.round.saturating_add(1);
                out.act(Action::Send);
                out.start(Timer::A);
                State::Calling
            }
            Event::Expired(Timer::B) => {
                out.stop(Timer::A);
                out.act(Action::TimedOut);
                State::Terminated
            }
            Event::Expired(_) => unexpected(State::Calling, out),
            heard => {
                out.stop(Timer::A);
                out.stop(Timer::B);
                self.proceeding(heard, out)
            }
        }
    }

    fn proceeding(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Response(100..=199) => {
                out.act(Action::Deliver);
                State::Proceeding
            }
            Event::Response(200..=299) => {
                out.act(Action::Deliver);
                out.start(Timer::M);
                State::Accepted
            }
            Event::Response(_) => {
                out.act(Action::Ack);
                out.act(Action::Deliver);
                if !Timer::D.is_used(self.over) {
                    return State::Terminated;
                }
                out.start(Timer::D);
                State::Completed
            }
            Event::TransportFailed => {
                out.act(Action::TransportFailed);
                State::Terminated
            }
            Event::Abandoned => State::Terminated,
            Event::Expired(_) => unexpected(State::Proceeding, out),
        }
    }
}

fn completed(event: Event, out: &mut Out) -> State {
    match event {
        Event::Response(300..) => {
            out.act(Action::Ack);
            State::Completed
        }
        Event::Expired(Timer::D) => State::Terminated,
        // The user has its response; that an ACK got lost is for the peer to find out.
        Event::TransportFailed | Event::Abandoned => {
            out.stop(Timer::D);
            State::Terminated
        }
        _ => unexpected(State::Completed, out),
    }
}

fn accepted(event: Event, out: &mut Out) -> State {
    match event {
        Event::Response(200..=299) => {
            out.act(Action::Deliver);
            State::Accepted
        }
        Event::Expired(Timer::M) => State::Terminated,
        // The connection is gone, but a 2xx may still come by another one.
        Event::TransportFailed => State::Accepted,
        Event::Abandoned => {
            out.stop(Timer::M);
            State::Terminated
        }
        _ => unexpected(State::Accepted, out),
    }
}

fn unexpected(state: State, out: &mut Out) -> State {
    out.act(Action::Unexpected);
    state
}
