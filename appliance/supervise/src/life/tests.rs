//! Everything that can happen to one role, in every order.

use super::*;
use crate::role::{LastResort, PLAIN};
use machine::Effect;
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;

const fn role(last_resort: LastResort, watchdog: Option<Duration>) -> Role {
    Role { watchdog, last_resort, ..PLAIN }
}

/// A process, its timers, and what a supervisor may never see.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    life: Life,
    process: bool,
    timers: BTreeSet<Timer>,
    ended: u32,
    escalated: bool,
}

impl World {
    fn new(role: &Role) -> Self {
        let life = Life::new(role);
        Self { life, process: false, timers: BTreeSet::new(), ended: 0, escalated: false }
    }

    /// Whether the event can happen at all.
    fn possible(&self, event: Event) -> bool {
        match event {
            Event::Begin | Event::Stop | Event::Restart => true,
            Event::Expired(timer) => self.timers.contains(&timer),
            _ => self.process,
        }
    }

    fn step(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Exited(..) => self.process = false,
            Event::Expired(timer) => drop(self.timers.remove(&timer)),
            _ => {}
        }
        let before = self.life.state();
        let mut out = Out::default();
        self.life.handle(event, &mut out);
        for effect in out.drain() {
            self.carry_out(effect).map_err(|what| {
                format!("{what}: {before:?} {event:?} -> {:?}", self.life.state())
            })?;
        }
        self.check().map_err(|what| format!("{what}: {before:?} {event:?} -> {self}"))
    }

    fn carry_out(&mut self, effect: Effect<Action, Timer>) -> Result<(), &'static str> {
        match effect {
            Effect::Start(timer) => drop(self.timers.insert(timer)),
            Effect::Stop(timer) => drop(self.timers.remove(&timer)),
            Effect::Act(Action::Spawn) if self.process => return Err("two processes"),
            Effect::Act(Action::Spawn) => self.process = true,
            Effect::Act(Action::Terminate | Action::Kill) if !self.process => {
                return Err("a signal for nobody");
            }
            Effect::Act(Action::Extend(timer, _)) if !self.timers.contains(&timer) => {
                return Err("a timer that does not run is made longer");
            }
            Effect::Act(Action::Ended) => self.ended += 1,
            Effect::Act(Action::Escalate) => self.escalated = true,
            Effect::Act(_) => {}
        }
        Ok(())
    }

    /// What holds after every step: the state and the process agree, and nothing waits for ever.
    fn check(&self) -> Result<(), &'static str> {
        let state = self.life.state();
        let lives = matches!(
            state,
            State::Starting | State::Running | State::Reloading | State::Stopping(_)
        );
        if lives != self.process {
            return Err("state and process differ");
        }
        let awaited = match state {
            State::Starting | State::Reloading => Some(Timer::Start),
            State::Stopping(_) => Some(Timer::Stop),
            State::Resting => Some(Timer::Rest),
            State::Degraded(_) => Some(Timer::Retry),
            State::Running if self.life.watchdog.is_some() => Some(Timer::Watchdog),
            State::Running | State::Waiting | State::Stopped => None,
        };
        if awaited.is_some_and(|timer| !self.timers.contains(&timer)) {
            return Err("waits for ever");
        }
        if matches!(state, State::Waiting | State::Stopped) && !self.timers.is_empty() {
            return Err("a timer is left");
        }
        if matches!(state, State::Degraded(_)) && self.life.recent != 0 {
            return Err("a degraded role counts deaths");
        }
        let watching = self.timers.contains(&Timer::Watchdog);
        if watching && !matches!(state, State::Running | State::Reloading) {
            return Err("the watchdog guards nothing");
        }
        if self.ended > u32::from(state == State::Stopped) {
            return Err("it ended twice");
        }
        Ok(())
    }
}

impl std::fmt::Display for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} process={} timers={:?}", self.life, self.process, self.timers)
    }
}

fn events() -> Vec<Event> {
    let mut events = vec![
        Event::Begin,
        Event::Ready,
        Event::Reloading,
        Event::Leaving,
        Event::Alive,
        Event::Hung,
        Event::Extend(EXTENDED_MAX / 2),
        Event::Exited(Exit::Ended, Jitter::NONE),
        Event::Exited(Exit::Refused, Jitter::NONE),
        Event::Stop,
        Event::Restart,
    ];
    let timers =
        [Timer::Start, Timer::Rest, Timer::Stop, Timer::Watchdog, Timer::Retry, Timer::Health];
    events.extend(timers.map(Event::Expired));
    events.extend((0..INTENSITY).map(|death| Event::Expired(Timer::Window(death))));
    events
}

/// Every sequence of events there is, of any length: all states of role, process and timers that can be
/// reached are visited, and every event is tried in each.
#[test]
fn no_sequence_of_any_length_leaves_a_role_dead_doubled_or_lost() {
    let watchdog = Some(Duration::from_secs(10));
    let kinds = [
        (LastResort::Reboot, watchdog),
        (LastResort::Reboot, None),
        (LastResort::Degrade, watchdog),
    ];
    for (last_resort, watchdog) in kinds {
        let first = World::new(&role(last_resort, watchdog));
        let mut seen = BTreeSet::from([first.clone()]);
        let mut ahead = VecDeque::from([first]);
        while let Some(world) = ahead.pop_front() {
            for event in events().into_iter().filter(|event| world.possible(*event)) {
                let mut next = world.clone();
                next.step(event).unwrap();
                assert!(!next.escalated || last_resort == LastResort::Reboot);
                if seen.insert(next.clone()) {
                    ahead.push_back(next);
                }
            }
            let mut ending = world.clone();
            for event in [Event::Stop, Event::Expired(Timer::Stop)] {
                if ending.possible(event) {
                    ending.step(event).unwrap();
                }
            }
            if ending.process {
                ending.step(Event::Exited(Exit::Ended, Jitter::NONE)).unwrap();
            }
            assert_eq!((ending.life.state(), ending.ended), (State::Stopped, 1), "{world}");
        }
        // The world is neither empty nor endless.
        assert!((1_000..2_000_000).contains(&seen.len()), "{} states", seen.len());
        println!("{last_resort:?} {watchdog:?}: {} states, every event tried in each", seen.len());
    }
}

/// The same with nothing left out, not even what cannot happen, for short sequences: nothing panics, and what
/// cannot happen changes nothing that matters.
#[test]
fn no_four_events_possible_or_not_confuse_it() {
    let events = events();
    for sequence in 0..events.len().pow(4) {
        let mut world = World::new(&role(LastResort::Reboot, Some(Duration::from_secs(10))));
        let (mut rest, mut trace) = (sequence, String::new());
        for _ in 0..4 {
            let event = events[rest % events.len()];
            rest /= events.len();
            // Fast paths would hide what an event does that its state does not expect.
            let _ = write!(trace, "{event:?} ");
            if world.possible(event) {
                world.step(event).unwrap_or_else(|what| panic!("{trace}: {what}"));
            } else if !matches!(event, Event::Expired(_) | Event::Exited(..)) {
                let before = world.clone();
                let mut out = Out::default();
                world.life.handle(event, &mut out);
                assert!(out.drain().is_empty() && world == before, "{trace}: {world}");
            }
        }
    }
}

proptest! {
    #[test]
    fn long_random_lives_end_well(picks in proptest::collection::vec((0usize..64, any::<u32>()), 1..400)) {
        let mut world = World::new(&role(LastResort::Reboot, Some(Duration::from_secs(10))));
        for (pick, random) in picks {
            let mut possible = events();
            possible.retain(|event| world.possible(*event) && *event != Event::Stop);
            let event = match possible[pick % possible.len()] {
                Event::Exited(how, _) => Event::Exited(how, Jitter::from_random(random)),
                event => event,
            };
            world.step(event).map_err(TestCaseError::fail)?;
            prop_assert!(world.life.duration(Timer::Rest) <= Jitter::from_random(400).of(REST_MAX));
            prop_assert!(world.life.duration(Timer::Rest) >= Jitter::from_random(0).of(Duration::from_millis(200)));
        }
    }
}

struct Story {
    life: Life,
    told: String,
}

impl Story {
    fn new(last_resort: LastResort) -> Self {
        let role = role(last_resort, Some(Duration::from_secs(10)));
        Self { life: Life::new(&role), told: String::new() }
    }

    fn step(&mut self, event: Event) -> &mut Self {
        let mut out = Out::default();
        self.life.handle(event, &mut out);
        let _ = writeln!(self.told, "{event:?}: {:?}", self.life.state());
        for effect in out.drain() {
            let _ = writeln!(self.told, "  {effect:?}");
        }
        self
    }

    /// Dies and is begun again when it has rested; how long that was, in milliseconds.
    fn die(&mut self) -> Option<u128> {
        self.step(Event::Exited(Exit::Ended, Jitter::NONE));
        let rests = self.life.state() == State::Resting;
        let rest = rests.then(|| self.life.duration(Timer::Rest).as_millis());
        self.step(Event::Expired(Timer::Rest));
        rest
    }
}

const LIFE: &str = "\
Begin: Starting
  Start(Start)
  Act(Spawn)
Extend(60s): Starting
  Act(Extend(Start, 60s))
Ready: Running
  Stop(Start)
  Start(Health)
  Start(Watchdog)
  Act(Up)
Reloading: Reloading
  Start(Start)
Alive: Reloading
  Start(Watchdog)
Ready: Running
  Stop(Start)
Expired(Watchdog): Stopping(Died)
  Act(Kill)
  Stop(Start)
  Stop(Health)
  Stop(Watchdog)
  Start(Stop)
Expired(Stop): Stopping(Died)
  Act(Kill)
  Start(Stop)
Exited(Ended, Jitter(800)): Resting
  Stop(Start)
  Stop(Stop)
  Stop(Health)
  Stop(Watchdog)
  Start(Window(0))
  Act(Died(160ms))
  Start(Rest)
Expired(Rest): Starting
  Start(Start)
  Act(Spawn)
Exited(Refused, Jitter(1000)): Degraded(Refused)
  Stop(Start)
  Stop(Stop)
  Stop(Health)
  Stop(Watchdog)
  Start(Window(1))
  Stop(Window(0))
  Stop(Window(1))
  Start(Retry)
  Act(Degraded(Refused))
Restart: Starting
  Stop(Retry)
  Start(Start)
  Act(Spawn)
Leaving: Stopping(Died)
  Stop(Start)
  Stop(Health)
  Stop(Watchdog)
  Start(Stop)
Stop: Stopping(End)
Exited(Ended, Jitter(1000)): Stopped
  Stop(Stop)
  Stop(Rest)
  Stop(Retry)
  Act(Ended)
";

#[test]
fn a_life_with_a_reload_and_a_hang_reads_like_this() {
    let mut story = Story::new(LastResort::Reboot);
    story.step(Event::Begin).step(Event::Extend(Duration::from_mins(1))).step(Event::Ready);
    story.step(Event::Reloading).step(Event::Alive).step(Event::Ready);
    story.step(Event::Expired(Timer::Watchdog)).step(Event::Expired(Timer::Stop));
    story.step(Event::Exited(Exit::Ended, Jitter::from_random(0)));
    story.step(Event::Expired(Timer::Rest)).step(Event::Exited(Exit::Refused, Jitter::NONE));
    story.step(Event::Restart).step(Event::Leaving).step(Event::Stop);
    story.step(Event::Exited(Exit::Ended, Jitter::NONE));
    assert_eq!(story.told, LIFE);
}

#[test]
fn five_deaths_within_two_minutes_are_too_many_and_older_ones_do_not_count() {
    let mut story = Story::new(LastResort::Reboot);
    story.step(Event::Begin);
    assert_eq!([(); 4].map(|()| story.die()), [Some(200), Some(400), Some(800), Some(1600)]);
    story.step(Event::Expired(Timer::Window(2)));
    assert_eq!(story.die(), Some(3200));
    assert_eq!(story.die(), None);
    assert_eq!(story.life.state(), State::Degraded(Exit::Ended));
    assert!(story.told.contains("Act(Degraded(Ended))\n  Act(Escalate)"));
    let mut other = Story::new(LastResort::Degrade);
    other.step(Event::Begin);
    assert_eq!([(); 5].map(|()| other.die()).last(), Some(&None));
    assert!(!other.told.contains("Escalate"));
}

#[test]
fn each_death_doubles_the_rest_a_minute_of_health_forgives_and_the_tenth_in_a_row_degrades() {
    let mut story = Story::new(LastResort::Degrade);
    story.step(Event::Begin);
    let mut slow_death = || {
        let rest = story.die();
        for death in 0..INTENSITY {
            story.step(Event::Expired(Timer::Window(death)));
        }
        rest
    };
    let rests: Vec<_> = std::iter::from_fn(&mut slow_death).collect();
    assert_eq!(rests, [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000]);
    // Tried again, it is on probation: the next death degrades it at once.
    story.step(Event::Expired(Timer::Retry)).step(Event::Ready);
    assert!(story.life.degraded());
    assert_eq!(story.die(), None);
    story.step(Event::Expired(Timer::Retry)).step(Event::Ready);
    story.step(Event::Expired(Timer::Health));
    assert!(!story.life.degraded());
    assert_eq!(story.die(), Some(200));
}

#[test]
fn a_role_that_asks_for_more_and_more_time_is_given_five_minutes() {
    let mut story = Story::new(LastResort::Degrade);
    story.step(Event::Begin);
    for _ in 0..10 {
        story.step(Event::Extend(Duration::from_secs(100)));
    }
    assert_eq!(story.told.matches("Act(Extend").count(), 3);
    story.step(Event::Ready).step(Event::Stop).step(Event::Extend(Duration::from_secs(100)));
    assert_eq!(story.told.matches("Act(Extend(Stop").count(), 1);
}

#[test]
fn a_rest_is_a_fifth_longer_or_shorter_at_most_and_evenly_so() {
    let rest = Duration::from_secs(10);
    let all: BTreeSet<Duration> = (0..1000).map(|n| Jitter::from_random(n).of(rest)).collect();
    assert_eq!(all.first(), Some(&Duration::from_secs(8)));
    assert_eq!(all.last(), Some(&Duration::from_secs(12)));
    assert_eq!(all.len(), 401);
}
