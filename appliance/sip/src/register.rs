//! Registration of one address of record (RFC 3261 clause 10).
//!
//! One [`Registration`] is one user agent's binding at its registrar. Which
//! server is asked, and with which credentials, is its owner's business; the
//! machine decides when to ask, when to try the next server, and when to rest.
//! Times are spans: the owner draws a moment from within, so that ten thousand
//! handsets do not come at once (RFC 5626 clause 4.5 has the same idea).

use machine::TimerSpec;
use std::time::Duration;

/// Where the registration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody wants it.
    Off,
    /// Waits for its turn.
    Queued,
    /// REGISTER is out.
    Asking,
    /// The binding is in force.
    Registered,
    /// It failed and is tried again later.
    Resting,
    /// REGISTER with Expires 0 is out.
    Leaving,
}

/// The timers of a registration, all ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Ask again before the binding runs out.
    Refresh,
    /// Try again after a failure.
    Rest,
}

impl Timer {
    /// The timer for the manual; the actual time is [`Registration::span`].
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        match self {
            Self::Refresh => TimerSpec {
                name: "X register refresh",
                default: Duration::from_hours(1),
                guards: "the end of the binding; runs for 50 to 90 % of the time granted",
            },
            Self::Rest => TimerSpec {
                name: "X register rest",
                default: REST_LEAST,
                guards: "the next attempt after a failed one; doubles up to ten minutes",
            },
        }
    }
}

/// Everything that can happen to a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is wanted; where it is in force already, it is made anew.
    Register,
    /// It is not wanted any more.
    Deregister,
    /// Its turn has come.
    Admitted,
    /// 2xx: in force for so long.
    Granted(Duration),
    /// 401 or 407 with a challenge that can be answered. `fresh`: it was not answered before, or what was
    /// answered had become stale.
    Challenged {
        /// The status.
        status: u16,
        /// Whether an answer may do better than the last one.
        fresh: bool,
    },
    /// 423: the registrar wants at least this time.
    TooBrief(Duration),
    /// It failed.
    Failed(Failure, Others),
    /// The connection by which the registrar would reach us is gone.
    FlowLost,
    /// A timer ran out.
    Expired(Timer),
}

/// Why a REGISTER failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The registrar knows better credentials for this user (401, 407 after an answer, or 403).
    Credentials(u16),
    /// The registrar refused for another reason.
    Refused(u16),
    /// The registrar cannot now (5xx); it said after which time, or did not.
    Unavailable(u16, Option<Duration>),
    /// 423 without end.
    TooBrief,
    /// No response in time.
    Silent,
    /// No connection.
    Unreachable,
    /// The name of the registrar has no address.
    Nameless,
}

/// Whether there are servers that this attempt has not asked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// At least one.
    Left,
    /// None.
    Gone,
}

/// Everything a registration can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Wait for a turn, and say so with [`Event::Admitted`].
    Queue,
    /// Wait no longer.
    Unqueue,
    /// Send a REGISTER to the best server, asking for this time.
    Send(Duration),
    /// Tell the user that it is registered.
    Registered(Duration),
    /// Tell the user why it is not; the rest that follows was started before.
    NotRegistered(Failure),
    /// Tell the user that the binding is gone.
    Deregistered,
    /// This state has no use for the event; counted and ignored.
    Unexpected,
}

/// The effects of a registration.
pub type Out = machine::Out<Action, Timer>;

/// The registration of one address of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    state: State,
    /// What the IWU said last, while a REGISTER is out.
    wanted: bool,
    /// It was wanted once more while a REGISTER was out, which may have said what does not hold any more.
    again: bool,
    /// Servers asked in this attempt.
    asked: u8,
    /// Challenges and 423 answered in this attempt.
    turns: u8,
    /// Attempts in a row that failed.
    failures: u8,
    /// The time to ask for, by the settings or by a 423.
    ask_for: Duration,
    /// The time that a 423 demanded.
    least: Duration,
    /// The time last granted, or the rest that a registrar asked for.
    granted: Duration,
}

impl Registration {
    /// A registration that nobody has asked for yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: State::Off,
            wanted: false,
            again: false,
            asked: 0,
            turns: 0,
            failures: 0,
            ask_for: Duration::ZERO,
            least: Duration::ZERO,
            granted: Duration::ZERO,
        }
    }

    /// Takes one event, with the time to ask for by the settings, and asks for what follows from it.
    pub fn handle(&mut self, event: Event, expire: Duration, out: &mut Out) {
        self.ask_for = expire.max(self.least);
        self.state = match self.state {
            State::Off => self.off(event, out),
            State::Queued => self.queued(event, out),
            State::Asking => self.asking(event, out),
            State::Registered => self.registered(event, out),
            State::Resting => self.resting(event, out),
            State::Leaving => self.leaving(event, out),
        };
    }

    /// Where the registration stands now.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// How many servers this attempt has asked so far.
    #[must_use]
    pub const fn asked(&self) -> u8 {
        self.asked
    }

    /// From when to when a timer started just now is to run out.
    #[must_use]
    pub fn span(&self, timer: Timer) -> (Duration, Duration) {
        match timer {
            Timer::Refresh => {
                let granted = self.granted.max(GRANTED_LEAST);
                (granted / 2, granted * 9 / 10)
            }
            // What a registrar asked for is kept to, and spread over a tenth more.
            Timer::Rest if !self.granted.is_zero() => (self.granted, self.granted * 11 / 10),
            Timer::Rest => {
                let doublings = u32::from(self.failures.saturating_sub(1).min(8));
                let most = (REST_LEAST * (1 << doublings)).min(REST_MOST);
                (most / 2, most)
            }
        }
    }

    fn off(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Register => self.queue(out),
            Event::Deregister => {
                out.act(Action::Deregistered);
                State::Off
            }
            _ => unexpected(State::Off, out),
        }
    }

    fn queued(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Admitted => self.ask(out),
            Event::Deregister => {
                out.act(Action::Unqueue);
                out.act(Action::Deregistered);
                State::Off
            }
            Event::Register | Event::FlowLost => State::Queued,
            _ => unexpected(State::Queued, out),
        }
    }

    fn registered(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::Refresh) => self.ask(out),
            Event::Register | Event::FlowLost => {
                out.stop(Timer::Refresh);
                self.queue(out)
            }
            Event::Deregister => {
                out.stop(Timer::Refresh);
                self.leave(out)
            }
            _ => unexpected(State::Registered, out),
        }
    }

    fn resting(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::Rest) => self.queue(out),
            Event::Register => {
                out.stop(Timer::Rest);
                self.failures = 0;
                self.queue(out)
            }
            Event::Deregister => {
                out.stop(Timer::Rest);
                out.act(Action::Deregistered);
                State::Off
            }
            Event::FlowLost => State::Resting,
            _ => unexpected(State::Resting, out),
        }
    }

    fn asking(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Granted(granted) if self.wanted => {
                self.failures = 0;
                self.granted = granted.min(GRANTED_MOST);
                if self.again {
                    out.act(Action::Registered(self.granted));
                    return self.queue(out);
                }
                out.start(Timer::Refresh);
                out.act(Action::Registered(self.granted));
                State::Registered
            }
            Event::Granted(_) => self.leave(out),
            Event::TooBrief(least) => self.longer(least, out),
            Event::Failed(failure, others) => self.failed(failure, others, out),
            other => self.waiting(State::Asking, other, out),
        }
    }

    fn leaving(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Granted(_) | Event::Failed(..) | Event::TooBrief(_) => self.left(out),
            other => self.waiting(State::Leaving, other, out),
        }
    }

    /// What is the same whenever a REGISTER is out.
    fn waiting(&mut self, state: State, event: Event, out: &mut Out) -> State {
        match event {
            Event::Challenged { status, fresh } => {
                self.turns = self.turns.saturating_add(1);
                if fresh && self.turns <= TURNS_MAX {
                    let asking = state == State::Asking;
                    out.act(Action::Send(if asking { self.ask_for } else { Duration::ZERO }));
                    return state;
                }
                self.failed(Failure::Credentials(status), Others::Gone, out)
            }
            Event::Register => {
                self.again = self.wanted;
                self.wanted = true;
                state
            }
            Event::Deregister => {
                (self.wanted, self.again) = (false, false);
                state
            }
            // The transaction that went by it hears of it too.
            Event::FlowLost => state,
            _ => unexpected(state, out),
        }
    }

    fn longer(&mut self, least: Duration, out: &mut Out) -> State {
        self.turns = self.turns.saturating_add(1);
        let sensible = least > self.ask_for && least <= GRANTED_MOST && self.turns <= TURNS_MAX;
        if !sensible {
            return self.failed(Failure::TooBrief, Others::Gone, out);
        }
        (self.ask_for, self.least) = (least, least);
        out.act(Action::Send(self.ask_for));
        State::Asking
    }

    fn failed(&mut self, failure: Failure, others: Others, out: &mut Out) -> State {
        if self.state == State::Leaving || !self.wanted {
            return self.left(out);
        }
        if self.again {
            return self.queue(out);
        }
        let elsewhere = matches!(
            failure,
            Failure::Unavailable(..) | Failure::Silent | Failure::Unreachable | Failure::Nameless
        );
        if elsewhere && others == Others::Left && self.asked < ASKED_MAX {
            self.asked += 1;
            self.turns = 0;
            out.act(Action::Send(self.ask_for));
            return State::Asking;
        }
        self.failures = self.failures.saturating_add(1);
        self.granted = match failure {
            Failure::Unavailable(_, Some(after)) => after.min(RETRY_AFTER_MOST),
            // Asking often with a wrong password gets an address blocked.
            Failure::Credentials(_) | Failure::Refused(_) | Failure::TooBrief => REFUSED_REST,
            _ => Duration::ZERO,
        };
        out.start(Timer::Rest);
        out.act(Action::NotRegistered(failure));
        State::Resting
    }

    fn queue(&mut self, out: &mut Out) -> State {
        (self.wanted, self.again) = (true, false);
        out.act(Action::Queue);
        State::Queued
    }

    fn ask(&mut self, out: &mut Out) -> State {
        (self.asked, self.turns) = (1, 0);
        out.act(Action::Send(self.ask_for));
        State::Asking
    }

    fn leave(&mut self, out: &mut Out) -> State {
        (self.asked, self.turns, self.wanted) = (1, 0, false);
        out.act(Action::Send(Duration::ZERO));
        State::Leaving
    }

    fn left(&mut self, out: &mut Out) -> State {
        out.act(Action::Deregistered);
        if self.wanted { self.queue(out) } else { State::Off }
    }
}

impl Default for Registration {
    fn default() -> Self {
        Self::new()
    }
}

fn unexpected(state: State, out: &mut Out) -> State {
    out.act(Action::Unexpected);
    state
}

/// A registrar that grants less would be asked all the time.
const GRANTED_LEAST: Duration = Duration::from_secs(10);

/// Longer than any registrar grants; keeps sums of times small.
const GRANTED_MOST: Duration = Duration::from_hours(7 * 24);

/// The first rest after a failure (RFC 5626 clause 4.5: base-time where all flows failed).
const REST_LEAST: Duration = Duration::from_secs(30);

/// The longest rest: a PBX that was away for a night has its users back within ten minutes.
const REST_MOST: Duration = Duration::from_mins(10);

/// The rest after a refusal that only an administrator can change.
const REFUSED_REST: Duration = Duration::from_mins(5);

/// A registrar that wants to be left alone for longer is asked all the same.
const RETRY_AFTER_MOST: Duration = Duration::from_hours(1);

/// Challenges and 423 answered per attempt: a proxy's, a registrar's, one stale nonce each.
const TURNS_MAX: u8 = 4;

/// Servers asked per attempt; more than four proxies with two addresses each.
const ASKED_MAX: u8 = 16;

#[cfg(test)]
mod tests;
