//! The life of one role.
//!
//! What is wanted of it (that it runs, or that it stops) comes in events; how
//! its process fares does too. Nothing here waits: a process that does not do
//! as it is told is overtaken by a timer.

use machine::TimerSpec;
use std::time::Duration;

/// Where a role stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not begun: it waits for other roles.
    Waiting,
    /// The process is there and has not said READY.
    Starting,
    /// It has said READY.
    Running,
    /// It was told to end, and is to begin again or not.
    Stopping {
        /// It is told to end only because it did not start; it begins again.
        again: bool,
    },
    /// It ended by itself; it begins again when it has rested.
    Resting,
    /// It has ended because it was told to.
    Stopped,
}

/// The timers of a role's life; ours, hence the X.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// X1
    Start,
    /// X2
    Rest,
    /// X3
    Stop,
    /// X7
    Health,
}

impl Timer {
    /// The timer as the manual prints it; X2 doubles with each death up to [`REST_MAX`].
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, millis, guards) = match self {
            Self::Start => ("X1", 30_000, "READY of a role that was started"),
            Self::Rest => ("X2", 200, "the rest of a role that has died"),
            Self::Stop => ("X3", 10_000, "the end of a role that was told to end"),
            Self::Health => ("X7", 60_000, "a minute of health, after which deaths are forgiven"),
        };
        TimerSpec { name, default: Duration::from_millis(millis), guards }
    }
}

/// The longest rest between a death and the next start.
pub const REST_MAX: Duration = Duration::from_secs(30);

/// Everything that can happen to a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// What it waits for is ready.
    Begin,
    /// It has said READY.
    Ready,
    /// Its process is gone, or could not be made.
    Exited,
    /// It is not wanted any more.
    Stop,
    /// A timer ran out.
    Expired(Timer),
}

/// What is done about a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make its process.
    Spawn,
    /// Ask its process to end (SIGTERM).
    Terminate,
    /// End its process (SIGKILL).
    Kill,
    /// It is ready: whoever waits for it may begin.
    Up,
    /// It has died and will be started again after this long.
    Died(Duration),
    /// It has ended as it was told to.
    Ended,
}

/// This machine's effects.
pub type Out = machine::Out<Action, Timer>;

/// The life of one role.
#[derive(Debug)]
pub struct Life {
    state: State,
    /// Deaths since it was last healthy.
    deaths: u32,
}

impl Life {
    /// A role that has not begun.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Waiting, deaths: 0 }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// How long `timer` runs when it is started now.
    #[must_use]
    pub fn duration(&self, timer: Timer) -> Duration {
        let spec = timer.spec().default;
        match timer {
            Timer::Rest => {
                let doublings = self.deaths.saturating_sub(1).min(16);
                spec.saturating_mul(1 << doublings).min(REST_MAX)
            }
            _ => spec,
        }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        self.state = match self.state {
            State::Waiting => waiting(event, out),
            State::Starting => self.starting(event, out),
            State::Running => self.running(event, out),
            State::Stopping { again } => self.stopping(again, event, out),
            State::Resting => resting(event, out),
            State::Stopped => State::Stopped,
        };
    }

    fn starting(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Ready => {
                out.stop(Timer::Start);
                out.start(Timer::Health);
                out.act(Action::Up);
                State::Running
            }
            Event::Exited => self.died(out),
            Event::Stop => terminate(false, out),
            Event::Expired(Timer::Start) => terminate(true, out),
            Event::Begin | Event::Expired(_) => State::Starting,
        }
    }

    fn running(&mut self, event: Event, out: &mut Out) -> State {
        match event {
            Event::Exited => self.died(out),
            Event::Stop => terminate(false, out),
            Event::Expired(Timer::Health) => {
                self.deaths = 0;
                State::Running
            }
            Event::Begin | Event::Ready | Event::Expired(_) => State::Running,
        }
    }

    fn stopping(&mut self, again: bool, event: Event, out: &mut Out) -> State {
        match event {
            Event::Exited if again => self.died(out),
            Event::Exited => {
                out.stop(Timer::Stop);
                out.act(Action::Ended);
                State::Stopped
            }
            Event::Stop => State::Stopping { again: false },
            Event::Expired(Timer::Stop) => {
                // A killed process always ends; the timer watches the kernel no further.
                out.act(Action::Kill);
                State::Stopping { again }
            }
            Event::Begin | Event::Ready | Event::Expired(_) => State::Stopping { again },
        }
    }

    fn died(&mut self, out: &mut Out) -> State {
        for timer in [Timer::Start, Timer::Stop, Timer::Health] {
            out.stop(timer);
        }
        self.deaths = self.deaths.saturating_add(1);
        out.act(Action::Died(self.duration(Timer::Rest)));
        out.start(Timer::Rest);
        State::Resting
    }
}

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

fn waiting(event: Event, out: &mut Out) -> State {
    match event {
        Event::Begin => spawn(out),
        Event::Stop => ended(out),
        Event::Ready | Event::Exited | Event::Expired(_) => State::Waiting,
    }
}

fn resting(event: Event, out: &mut Out) -> State {
    match event {
        Event::Expired(Timer::Rest) => spawn(out),
        Event::Stop => {
            out.stop(Timer::Rest);
            ended(out)
        }
        Event::Begin | Event::Ready | Event::Exited | Event::Expired(_) => State::Resting,
    }
}

fn spawn(out: &mut Out) -> State {
    out.start(Timer::Start);
    out.act(Action::Spawn);
    State::Starting
}

fn terminate(again: bool, out: &mut Out) -> State {
    out.stop(Timer::Start);
    out.stop(Timer::Health);
    out.start(Timer::Stop);
    out.act(Action::Terminate);
    State::Stopping { again }
}

fn ended(out: &mut Out) -> State {
    out.act(Action::Ended);
    State::Stopped
}

#[cfg(test)]
mod tests {
    use super::*;
    use machine::Effect;
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    /// A process, its timers, and what a supervisor may never see.
    struct World {
        life: Life,
        process: bool,
        timers: BTreeSet<Timer>,
        ended: u32,
        trace: String,
    }

    impl World {
        fn new() -> Self {
            let life = Life::new();
            Self { life, process: false, timers: BTreeSet::new(), ended: 0, trace: String::new() }
        }

        fn step(&mut self, event: Event) {
            match event {
                Event::Exited | Event::Ready if !self.process => return,
                Event::Exited => self.process = false,
                Event::Expired(timer) if !self.timers.remove(&timer) => return,
                _ => {}
            }
            let mut out = Out::default();
            self.life.handle(event, &mut out);
            let _ = writeln!(self.trace, "{event:?} -> {:?}", self.life.state());
            for effect in out.drain() {
                match effect {
                    Effect::Start(timer) => drop(self.timers.insert(timer)),
                    Effect::Stop(timer) => drop(self.timers.remove(&timer)),
                    Effect::Act(Action::Spawn) => {
                        assert!(!self.process, "two processes:\n{}", self.trace);
                        self.process = true;
                    }
                    Effect::Act(Action::Terminate | Action::Kill) => {
                        assert!(self.process, "a signal for nobody:\n{}", self.trace);
                    }
                    Effect::Act(Action::Ended) => self.ended += 1,
                    Effect::Act(Action::Up | Action::Died(_)) => {}
                }
            }
            self.check();
        }

        fn check(&self) {
            let waits = match self.life.state() {
                State::Starting => Some(Timer::Start),
                State::Resting => Some(Timer::Rest),
                _ => None,
            };
            if let Some(timer) = waits {
                assert!(self.timers.contains(&timer), "waits for ever:\n{}", self.trace);
            }
            let lives = matches!(
                self.life.state(),
                State::Starting | State::Running | State::Stopping { .. }
            );
            assert_eq!(lives, self.process, "state and process differ:\n{}", self.trace);
            if self.life.state() == State::Stopped {
                assert!(self.timers.is_empty(), "a timer is left:\n{}", self.trace);
            }
        }
    }

    /// Every sequence of six events: one process at a time, no dead end, and a stop ends it once.
    #[test]
    fn no_six_events_leave_a_role_dead_or_doubled() {
        let events = [
            Event::Begin,
            Event::Ready,
            Event::Exited,
            Event::Stop,
            Event::Expired(Timer::Start),
            Event::Expired(Timer::Rest),
            Event::Expired(Timer::Stop),
            Event::Expired(Timer::Health),
        ];
        for sequence in 0..events.len().pow(6) {
            let mut world = World::new();
            let mut rest = sequence;
            for _ in 0..6 {
                world.step(events[rest % events.len()]);
                rest /= events.len();
            }
            for event in [Event::Stop, Event::Expired(Timer::Stop), Event::Exited] {
                world.step(event);
            }
            assert_eq!(world.life.state(), State::Stopped, "{}", world.trace);
            assert_eq!(world.ended, 1, "{}", world.trace);
        }
    }

    #[test]
    fn each_death_doubles_the_rest_and_a_minute_of_health_forgives() {
        let mut life = Life::new();
        let mut out = Out::default();
        let mut rests = vec![];
        life.handle(Event::Begin, &mut out);
        for _ in 0..10 {
            life.handle(Event::Exited, &mut out);
            rests.push(life.duration(Timer::Rest).as_millis());
            life.handle(Event::Expired(Timer::Rest), &mut out);
        }
        assert_eq!(rests, [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
        life.handle(Event::Ready, &mut out);
        life.handle(Event::Expired(Timer::Health), &mut out);
        life.handle(Event::Exited, &mut out);
        assert_eq!(life.duration(Timer::Rest).as_millis(), 200);
    }
}
