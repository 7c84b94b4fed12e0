//! The engine: the lives of all roles, in their order.

use crate::life::{Action, Event, Life, Out, State, Timer};
use crate::roles::Role;
use machine::{Agenda, Effect};
use std::time::Instant;

/// Names a role by its place in the table.
pub type Index = usize;

/// Everything that can happen to the engine, apart from the passing of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A role has said READY.
    Ready(Index),
    /// A role's process is gone, or could not be made.
    Exited(Index),
    /// Everything is to end.
    Stop,
}

/// Everything the engine can want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Make the process of this role; if that fails, say so with [`Input::Exited`].
    Spawn(Index),
    /// Send SIGTERM to the process of this role.
    Terminate(Index),
    /// Send SIGKILL to the process of this role.
    Kill(Index),
    /// Every role is ready, for the first time or again.
    AllUp,
    /// A role has died; it is started again after this long.
    Died(Index, std::time::Duration),
    /// Every role has ended as it was told to.
    Ended,
}

/// The engine.
#[derive(Debug)]
pub struct Init {
    roles: &'static [Role],
    lives: Vec<Life>,
    agenda: Agenda<(Index, Timer)>,
    stopping: bool,
}

impl Init {
    /// The roles of a table, not begun; call [`Init::begin`] once.
    #[must_use]
    pub fn new(roles: &'static [Role]) -> Self {
        let lives = roles.iter().map(|_| Life::new()).collect();
        Self { roles, lives, agenda: Agenda::default(), stopping: false }
    }

    /// Begins the roles that wait for nobody.
    pub fn begin(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.begin_those_who_may(now, out);
    }

    /// Takes one input and asks for what follows from it.
    pub fn input(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Ready(role) => self.step(now, role, Event::Ready, out),
            Input::Exited(role) => self.step(now, role, Event::Exited, out),
            Input::Stop => {
                self.stopping = true;
                self.stop_those_who_may(now, out);
            }
        }
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some((role, timer)) = self.agenda.expired(now) {
            self.step(now, role, Event::Expired(timer), out);
        }
    }

    /// When to call [`Init::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    fn step(&mut self, now: Instant, role: Index, event: Event, out: &mut Vec<Output>) {
        let Some(life) = self.lives.get_mut(role) else { return };
        let before = life.state();
        let mut asked = Out::default();
        life.handle(event, &mut asked);
        tracing::debug!(role, ?event, ?before, after = ?life.state(), "init");
        let mut changed = None;
        for effect in asked.drain() {
            match effect {
                Effect::Start(timer) => {
                    self.agenda.start((role, timer), now + life.duration(timer));
                }
                Effect::Stop(timer) => self.agenda.stop(&(role, timer)),
                Effect::Act(Action::Spawn) => out.push(Output::Spawn(role)),
                Effect::Act(Action::Terminate) => out.push(Output::Terminate(role)),
                Effect::Act(Action::Kill) => out.push(Output::Kill(role)),
                Effect::Act(Action::Died(rest)) => out.push(Output::Died(role, rest)),
                Effect::Act(action @ (Action::Up | Action::Ended)) => changed = Some(action),
            }
        }
        match changed {
            Some(Action::Up) => self.begin_those_who_may(now, out),
            Some(_) if self.stopping => self.stop_those_who_may(now, out),
            _ => {}
        }
    }

    /// Begins each role that waits for nobody any more.
    fn begin_those_who_may(&mut self, now: Instant, out: &mut Vec<Output>) {
        for role in 0..self.roles.len() {
            if !self.stopping
                && self.state(role) == Some(State::Waiting)
                && self.ground_is_laid(role)
            {
                self.step(now, role, Event::Begin, out);
            }
        }
        if self.lives.iter().all(|life| life.state() == State::Running) {
            out.push(Output::AllUp);
        }
    }

    fn ground_is_laid(&self, role: Index) -> bool {
        let after = self.roles.get(role).map_or(&[][..], |role| role.after);
        after.iter().all(|name| {
            let index = self.roles.iter().position(|role| role.name == *name);
            index.and_then(|index| self.state(index)) == Some(State::Running)
        })
    }

    /// Stops each role that nobody needs any more: the last in the table first, so that a call can be
    /// ended in order before the media role goes.
    fn stop_those_who_may(&mut self, now: Instant, out: &mut Vec<Output>) {
        let still_there = |life: &Life| life.state() != State::Stopped;
        let Some(last) = self.lives.iter().rposition(still_there) else {
            out.push(Output::Ended);
            return;
        };
        if !matches!(self.state(last), Some(State::Stopping { again: false })) {
            self.step(now, last, Event::Stop, out);
        }
    }

    fn state(&self, role: Index) -> Option<State> {
        self.lives.get(role).map(Life::state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::ROLES;
    use std::time::Duration;

    struct Bench {
        init: Init,
        now: Instant,
    }

    impl Bench {
        fn begun() -> (Self, Vec<Output>) {
            let mut bench = Self { init: Init::new(ROLES), now: Instant::now() };
            let mut out = vec![];
            bench.init.begin(bench.now, &mut out);
            (bench, out)
        }

        fn up() -> Self {
            let (mut bench, _) = Self::begun();
            bench.input(Input::Ready(0));
            assert_eq!(bench.input(Input::Ready(1)), [Output::AllUp]);
            bench
        }

        fn input(&mut self, input: Input) -> Vec<Output> {
            let mut out = vec![];
            self.init.input(self.now, input, &mut out);
            out
        }

        fn pass(&mut self, time: Duration) -> Vec<Output> {
            self.now += time;
            let mut out = vec![];
            self.init.expire(self.now, &mut out);
            out
        }
    }

    #[test]
    fn a_role_begins_when_those_before_it_are_ready() {
        let (mut bench, out) = Bench::begun();
        assert_eq!(out, [Output::Spawn(0)]);
        assert_eq!(bench.input(Input::Ready(0)), [Output::Spawn(1)]);
        assert_eq!(bench.input(Input::Ready(1)), [Output::AllUp]);
    }

    #[test]
    fn one_that_dies_comes_back_and_the_others_stay() {
        let mut bench = Bench::up();
        let rest = Duration::from_millis(200);
        assert_eq!(bench.input(Input::Exited(0)), [Output::Died(0, rest)]);
        assert_eq!(bench.pass(rest), [Output::Spawn(0)]);
        assert_eq!(bench.input(Input::Ready(0)), [Output::AllUp]);
    }

    #[test]
    fn one_that_never_becomes_ready_is_ended_and_begun_again() {
        let (mut bench, _) = Bench::begun();
        assert_eq!(bench.pass(Duration::from_secs(30)), [Output::Terminate(0)]);
        assert_eq!(bench.pass(Duration::from_secs(10)), [Output::Kill(0)]);
        bench.input(Input::Exited(0));
        assert_eq!(bench.pass(Duration::from_millis(200)), [Output::Spawn(0)]);
    }

    #[test]
    fn all_end_in_the_reverse_order_and_the_stubborn_are_killed() {
        let mut bench = Bench::up();
        assert_eq!(bench.input(Input::Stop), [Output::Terminate(1)]);
        assert_eq!(bench.input(Input::Stop), []);
        assert_eq!(bench.pass(Duration::from_secs(10)), [Output::Kill(1)]);
        assert_eq!(bench.input(Input::Exited(1)), [Output::Terminate(0)]);
        assert_eq!(bench.input(Input::Exited(0)), [Output::Ended]);
        assert_eq!(bench.init.deadline(), None);
    }
}
