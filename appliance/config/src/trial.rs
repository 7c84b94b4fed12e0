//! A change that must be confirmed: who has cut himself off gets back what was before.
//!
//! The life of the settings between "asked for on trial" and "confirmed or
//! returned". What is to return is remembered before anything changes, so that
//! neither a power cut nor a role that dies can leave a change in force that
//! nobody has confirmed. A second change on trial belongs to the same trial:
//! what returns is what was there before the first.

use machine::TimerSpec;
use std::time::Duration;

/// Where the settings stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing waits to be confirmed.
    #[default]
    Settled,
    /// It is remembered what would return; the change itself is being made.
    Asked {
        /// The generation that would return.
        back_to: u64,
    },
    /// The change is in force and waits.
    OnTrial {
        /// The generation that would return.
        back_to: u64,
    },
    /// Nobody has confirmed it: what was before is put in force.
    Returning {
        /// The generation that returns.
        back_to: u64,
    },
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A change is to be made on trial; this generation is in force.
    Asked {
        /// The generation in force.
        now: u64,
    },
    /// The change is made.
    Committed,
    /// The change could not be made; what was in force still is.
    Failed,
    /// Somebody is there and wants it to stay.
    Confirmed,
    /// What was before is in force again.
    Returned,
    /// It could not be put in force.
    NotReturned,
    /// An earlier process has remembered this and not forgotten it.
    Found {
        /// The generation that would return.
        back_to: u64,
    },
    /// A timer has run out.
    Expired(Timer),
}

/// What is asked of whoever keeps the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write down for good that this generation returns unless it is forgotten.
    Remember {
        /// The generation.
        back_to: u64,
    },
    /// What was written down holds no longer.
    Forget,
    /// Put the settings of this generation in force.
    Return {
        /// The generation.
        back_to: u64,
    },
}

/// What the machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Somebody who confirms.
    Confirm,
    /// A disk that works again.
    Again,
}

/// The effects of one step.
pub type Out = machine::Out<Action, Timer>;

impl Timer {
    /// What it is called, how long it is, and what it guards.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        match self {
            Self::Confirm => TimerSpec {
                name: "X.confirm",
                default: Duration::from_mins(2),
                guards: "somebody who confirms a change on trial",
            },
            Self::Again => TimerSpec {
                name: "X.return",
                default: Duration::from_secs(10),
                guards: "a disk that takes what returns",
            },
        }
    }
}

impl State {
    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        *self = match *self {
            Self::Settled => settled(event, out),
            Self::Asked { back_to } => asked(back_to, event, out),
            Self::OnTrial { back_to } => on_trial(back_to, event, out),
            Self::Returning { back_to } => returning(back_to, event, out),
        };
    }

    /// The generation that would return.
    #[must_use]
    pub const fn back_to(self) -> Option<u64> {
        match self {
            Self::Settled => None,
            Self::Asked { back_to } | Self::OnTrial { back_to } | Self::Returning { back_to } => {
                Some(back_to)
            }
        }
    }
}

fn settled(event: Event, out: &mut Out) -> State {
    match event {
        Event::Asked { now } => {
            out.act(Action::Remember { back_to: now });
            State::Asked { back_to: now }
        }
        Event::Found { back_to } => give_back(back_to, out),
        _ => State::Settled,
    }
}

fn asked(back_to: u64, event: Event, out: &mut Out) -> State {
    match event {
        Event::Committed => {
            out.start(Timer::Confirm);
            State::OnTrial { back_to }
        }
        Event::Failed => forget(out),
        _ => State::Asked { back_to },
    }
}

fn on_trial(back_to: u64, event: Event, out: &mut Out) -> State {
    match event {
        // A further change on trial is in force: whoever has made it gets the whole time to confirm.
        Event::Committed => {
            out.start(Timer::Confirm);
            State::OnTrial { back_to }
        }
        Event::Confirmed => {
            out.stop(Timer::Confirm);
            forget(out)
        }
        Event::Expired(Timer::Confirm) => give_back(back_to, out),
        _ => State::OnTrial { back_to },
    }
}

fn returning(back_to: u64, event: Event, out: &mut Out) -> State {
    match event {
        Event::Returned => forget(out),
        Event::NotReturned => {
            out.start(Timer::Again);
            State::Returning { back_to }
        }
        Event::Expired(Timer::Again) => give_back(back_to, out),
        _ => State::Returning { back_to },
    }
}

fn give_back(back_to: u64, out: &mut Out) -> State {
    out.act(Action::Return { back_to });
    State::Returning { back_to }
}

fn forget(out: &mut Out) -> State {
    out.act(Action::Forget);
    State::Settled
}

#[cfg(test)]
mod tests {
    use super::*;
    use machine::Effect;
    use std::fmt::Write as _;

    /// A keeper of settings with a disk that remembers; it holds what the machine must never break.
    #[derive(Clone, Debug, Default)]
    struct World {
        state: State,
        /// The generations in force, the last one being in force now; the settings of each are its content.
        content: Vec<u64>,
        written: Option<u64>,
        runs: Vec<Timer>,
        confirmed: u64,
        trace: String,
    }

    impl World {
        fn new() -> Self {
            Self { content: vec![100], confirmed: 100, ..Self::default() }
        }

        fn now(&self) -> u64 {
            u64::try_from(self.content.len()).unwrap() - 1
        }

        fn in_force(&self) -> u64 {
            *self.content.last().unwrap()
        }

        fn step(&mut self, event: Event, disk_works: bool) {
            let mut out = Out::default();
            let before = self.state;
            self.state.handle(event, &mut out);
            let _ = writeln!(self.trace, "{before:?} {event:?} -> {:?}", self.state);
            for effect in out.drain() {
                match effect {
                    Effect::Start(timer) => {
                        self.runs.retain(|it| *it != timer);
                        self.runs.push(timer);
                    }
                    Effect::Stop(timer) => self.runs.retain(|it| *it != timer),
                    Effect::Act(Action::Remember { back_to }) => self.written = Some(back_to),
                    Effect::Act(Action::Forget) => self.written = None,
                    Effect::Act(Action::Return { back_to }) if disk_works => {
                        self.content.push(self.content[usize::try_from(back_to).unwrap()]);
                        self.step(Event::Returned, true);
                    }
                    Effect::Act(Action::Return { .. }) => self.step(Event::NotReturned, false),
                }
            }
            self.check();
        }

        /// What an administrator may rely on, whatever has happened.
        fn check(&self) {
            let trace = &self.trace;
            match self.state {
                State::Settled => {
                    assert_eq!(self.written, None, "something is remembered for ever\n{trace}");
                    assert!(self.runs.is_empty(), "a timer runs for nobody\n{trace}");
                    assert_eq!(self.in_force(), self.confirmed, "unconfirmed stays\n{trace}");
                }
                State::Asked { back_to } => assert_eq!(self.written, Some(back_to), "{trace}"),
                State::OnTrial { back_to } => {
                    assert_eq!(self.written, Some(back_to), "{trace}");
                    assert_eq!(self.runs, [Timer::Confirm], "{trace}");
                }
                State::Returning { back_to } => {
                    assert_eq!(self.written, Some(back_to), "{trace}");
                    assert!(self.runs.is_empty() || self.runs == [Timer::Again], "{trace}");
                }
            }
            if let Some(back_to) = self.written {
                let returns = self.content[usize::try_from(back_to).unwrap()];
                assert_eq!(returns, self.confirmed, "something else would return\n{trace}");
            }
        }

        /// One thing that can happen to a keeper of settings; `kind` below [`KINDS`].
        fn happen(&mut self, kind: usize, nth: u64) {
            let works = kind.is_multiple_of(2);
            match kind / 2 {
                0 if !matches!(self.state, State::Returning { .. }) => {
                    self.step(Event::Asked { now: self.now() }, works);
                    if works {
                        self.content.push(nth);
                        self.step(Event::Committed, works);
                    } else {
                        self.step(Event::Failed, works);
                    }
                }
                1 => {
                    if matches!(self.state, State::OnTrial { .. }) {
                        self.confirmed = self.in_force();
                    }
                    self.step(Event::Confirmed, works);
                }
                2 => {
                    if let Some(timer) = self.runs.pop() {
                        self.step(Event::Expired(timer), works);
                    }
                }
                // The role dies and begins anew.
                3 => {
                    self.state = State::Settled;
                    self.runs.clear();
                    self.trace += "begun anew\n";
                    if let Some(back_to) = self.written {
                        self.step(Event::Found { back_to }, works);
                    }
                }
                _ => {}
            }
        }
    }

    const KINDS: usize = 8;

    #[test]
    fn no_five_events_leave_a_change_that_nobody_has_confirmed() {
        for sequence in 0..KINDS.pow(5) {
            let mut world = World::new();
            for place in 0..5 {
                world.happen(sequence / KINDS.pow(place) % KINDS, 200 + u64::from(place));
            }
            // Sooner or later the disk works and nobody comes.
            while let Some(timer) = world.runs.pop() {
                world.step(Event::Expired(timer), true);
            }
            assert_eq!(world.state, State::Settled, "{}", world.trace);
            assert_eq!(world.in_force(), world.confirmed, "{}", world.trace);
        }
    }

    #[test]
    fn a_second_change_on_trial_returns_to_what_was_before_the_first() {
        let mut world = World::new();
        world.happen(0, 200);
        world.happen(0, 201);
        assert_eq!((world.in_force(), world.state.back_to()), (201, Some(0)));
        world.happen(4, 0);
        assert_eq!((world.in_force(), world.state), (100, State::Settled));
    }

    #[test]
    fn what_is_confirmed_stays_when_the_role_begins_anew() {
        let mut world = World::new();
        world.happen(0, 200);
        world.happen(2, 0);
        world.happen(6, 0);
        assert_eq!((world.in_force(), world.written), (200, None));
    }
}
