//! The life of one role.
//!
//! What is wanted of it (that it runs, or that it stops) comes in events; how
//! its process fares does too. Nothing here waits: a process that does not do
//! as it is told is overtaken by a timer, and a role that dies again and again
//! rests longer and longer until it counts as degraded.

mod state;

pub use state::{Action, Event, Exit, Jitter, Out, State, Then, Timer};

use crate::role::Role;
use std::time::Duration;

/// The life of one role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Life {
    state: State,
    watchdog: Option<Duration>,
    essential: bool,
    /// Deaths since it was last healthy.
    deaths: u32,
    /// How long it rests, from the moment it has died.
    rest: Duration,
    /// Which of the last deaths are younger than [`WINDOW`]; a bit for each X6.
    recent: u8,
    /// It was degraded and has not been healthy since.
    on_probation: bool,
    /// What it was given beyond X1 or X3, by its own wish.
    extended: Duration,
}

impl Life {
    /// The life of this role, not begun.
    #[must_use]
    pub fn new(role: &Role) -> Self {
        Self {
            state: State::Waiting,
            watchdog: role.watchdog,
            essential: role.essential(),
            deaths: 0,
            rest: Timer::Rest.spec().default,
            recent: 0,
            on_probation: false,
            extended: Duration::ZERO,
        }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Deaths since it was last healthy.
    #[must_use]
    pub const fn deaths(&self) -> u32 {
        self.deaths
    }

    /// Whether a person should look at it: it is down for long, or has come back a moment ago.
    #[must_use]
    pub const fn degraded(&self) -> bool {
        self.on_probation
    }

    /// How long `timer` runs when it is started now.
    #[must_use]
    pub fn duration(&self, timer: Timer) -> Duration {
        match timer {
            Timer::Rest => self.rest,
            Timer::Watchdog => self.watchdog.unwrap_or(timer.spec().default),
            _ => timer.spec().default,
        }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        if let Event::Expired(Timer::Window(death)) = event {
            self.recent &= !bit(death);
            return;
        }
        self.state = match self.state {
            State::Waiting => self.waiting(event, out),
            State::Starting => self.starting(event, out),
            State::Running => self.running(event, out),
            State::Reloading => self.reloading(event, out),
            State::Stopping(then) => self.stopping(then, event, out),
            State::Resting => self.resting(event, out),
            State::Degraded(why) => self.down(why, event, out),
            State::Stopped => State::Stopped,
        };
    }

    fn waiting(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Begin => self.spawn(out),
            Event::Stop => self.ended(out),
            _ => State::Waiting,
        }
    }

    fn starting(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Ready => {
                out.stop(Timer::Start);
                out.start(Timer::Health);
                self.feed(out);
                out.act(Action::Up);
                State::Running
            }
            Event::Expired(Timer::Start) => terminate(Then::Died, out),
            Event::Extend(by) => {
                self.extend(Timer::Start, by, out);
                State::Starting
            }
            other => self.living(State::Starting, other, out),
        }
    }

    fn running(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Reloading => {
                self.extended = Duration::ZERO;
                out.start(Timer::Start);
                State::Reloading
            }
            other => self.living(State::Running, other, out),
        }
    }

    fn reloading(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Ready => {
                out.stop(Timer::Start);
                State::Running
            }
            Event::Expired(Timer::Start) => terminate(Then::Died, out),
            Event::Extend(by) => {
                self.extend(Timer::Start, by, out);
                State::Reloading
            }
            other => self.living(State::Reloading, other, out),
        }
    }

    /// What is the same in every state in which a process is there and wanted.
    fn living(&mut self, state: State, event: Event, out: &mut Out) -> State {
        match event {
            Event::Exited(how, jitter) => self.died(how, jitter, out),
            Event::Stop => self.told_to_end(Then::End, out),
            Event::Restart => self.told_to_end(Then::Again, out),
            Event::Leaving => {
                self.extended = Duration::ZERO;
                leave(Then::Died, out)
            }
            // A process that hangs would not hear a request to end.
            Event::Hung | Event::Expired(Timer::Watchdog) => {
                out.act(Action::Kill);
                leave(Then::Died, out)
            }
            Event::Alive if state != State::Starting => {
                self.feed(out);
                state
            }
            Event::Expired(Timer::Health) => {
                self.deaths = 0;
                self.on_probation = false;
                state
            }
            _ => state,
        }
    }

    fn stopping(&mut self, then: Then, event: Event, out: &mut Out) -> State {
        match event {
            Event::Exited(how, jitter) => match then {
                Then::End => self.ended(out),
                Then::Died => self.died(how, jitter, out),
                Then::Again => {
                    out.stop(Timer::Stop);
                    self.rest = Timer::Rest.spec().default;
                    out.start(Timer::Rest);
                    State::Resting
                }
            },
            Event::Stop => State::Stopping(Then::End),
            Event::Expired(Timer::Stop) => {
                // Asked for again as long as it is there: a process may be stuck in the kernel.
                out.act(Action::Kill);
                out.start(Timer::Stop);
                State::Stopping(then)
            }
            Event::Extend(by) => {
                self.extend(Timer::Stop, by, out);
                State::Stopping(then)
            }
            _ => State::Stopping(then),
        }
    }

    fn resting(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::Rest) => self.spawn(out),
            Event::Stop => self.ended(out),
            _ => State::Resting,
        }
    }

    fn down(&mut self, why: Exit, event: Event, out: &mut Out) -> State {
        match event {
            Event::Expired(Timer::Retry) => self.spawn(out),
            Event::Restart => {
                out.stop(Timer::Retry);
                self.spawn(out)
            }
            Event::Stop => self.ended(out),
            _ => State::Degraded(why),
        }
    }

    fn spawn(&mut self, out: &mut Out) -> State {
        self.extended = Duration::ZERO;
        out.start(Timer::Start);
        out.act(Action::Spawn);
        State::Starting
    }

    fn feed(&self, out: &mut Out) {
        if self.watchdog.is_some() {
            out.start(Timer::Watchdog);
        }
    }

    /// Gives it more time, as long as it has not had too much.
    fn extend(&mut self, timer: Timer, by: Duration, out: &mut Out) {
        let extended = self.extended.saturating_add(by);
        if extended <= EXTENDED_MAX {
            self.extended = extended;
            out.act(Action::Extend(timer, by));
        }
    }

    fn told_to_end(&mut self, then: Then, out: &mut Out) -> State {
        self.extended = Duration::ZERO;
        terminate(then, out)
    }

    fn died(&mut self, how: Exit, jitter: Jitter, out: &mut Out) -> State {
        for timer in [Timer::Start, Timer::Stop, Timer::Health, Timer::Watchdog] {
            out.stop(timer);
        }
        self.deaths = self.deaths.saturating_add(1).min(DEATHS_MAX);
        let too_often = self.count(out) || self.deaths == DEATHS_MAX || self.on_probation;
        if how == Exit::Refused || too_often {
            return self.degrade(how, out);
        }
        let doublings = self.deaths.saturating_sub(1);
        let rest = Timer::Rest.spec().default.saturating_mul(1 << doublings.min(16));
        self.rest = jitter.of(rest.min(REST_MAX));
        out.act(Action::Died(self.rest));
        out.start(Timer::Rest);
        State::Resting
    }

    /// Counts a death; whether there were [`INTENSITY`] within [`WINDOW`].
    fn count(&mut self, out: &mut Out) -> bool {
        if let Some(free) = (0..INTENSITY).find(|death| self.recent & bit(*death) == 0) {
            self.recent |= bit(free);
            out.start(Timer::Window(free));
        }
        self.recent.count_ones() >= u32::from(INTENSITY)
    }

    fn degrade(&mut self, how: Exit, out: &mut Out) -> State {
        self.forget_deaths(out);
        self.on_probation = true;
        out.start(Timer::Retry);
        out.act(Action::Degraded(how));
        // Wrong settings are no reason to reboot: they would be wrong again.
        if self.essential && how != Exit::Refused {
            out.act(Action::Escalate);
        }
        State::Degraded(how)
    }

    fn forget_deaths(&mut self, out: &mut Out) {
        for death in (0..INTENSITY).filter(|death| self.recent & bit(*death) != 0) {
            out.stop(Timer::Window(death));
        }
        self.recent = 0;
    }

    fn ended(&mut self, out: &mut Out) -> State {
        for timer in [Timer::Stop, Timer::Rest, Timer::Retry] {
            out.stop(timer);
        }
        self.forget_deaths(out);
        out.act(Action::Ended);
        State::Stopped
    }
}

fn terminate(then: Then, out: &mut Out) -> State {
    out.act(Action::Terminate);
    leave(then, out)
}

fn leave(then: Then, out: &mut Out) -> State {
    for timer in [Timer::Start, Timer::Health, Timer::Watchdog] {
        out.stop(timer);
    }
    out.start(Timer::Stop);
    State::Stopping(then)
}

const fn bit(death: u8) -> u8 {
    1u8.wrapping_shl(death as u32)
}

/// So many deaths within [`WINDOW`] degrade a role.
pub const INTENSITY: u8 = 5;

/// How long a death counts.
pub const WINDOW: Duration = Duration::from_mins(2);

/// So many deaths without a minute of health between them degrade a role, however far apart they are: one that
/// takes long to fail would never come to five in two minutes.
pub const DEATHS_MAX: u32 = 10;

/// The longest rest between a death and the next start.
pub const REST_MAX: Duration = Duration::from_secs(30);

/// What a role may be given beyond the limit of its start or its end, all wishes together: longer than any migration
/// or flush should take, shorter than a person's patience.
pub const EXTENDED_MAX: Duration = Duration::from_mins(5);

#[cfg(test)]
mod tests;
