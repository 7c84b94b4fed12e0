//! The engine: the lives of all roles, in their order, and the life of the box.
//!
//! It decides who may begin, when the system counts as healthy, what becomes of
//! the box when an essential role cannot be kept alive, and in which order
//! everything ends.

use crate::life::{Action, Event, Exit, Jitter, Life, Out, State, Timer};
use crate::role::Role;
use machine::{Agenda, Effect, Rng, TimerSpec};
use std::time::{Duration, Instant};

/// Names a role by its place in the table.
pub type Index = usize;

/// Everything that can happen to the engine, apart from the passing of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A role has said something of itself.
    Said(Index, Said),
    /// A role's process is gone, or could not be made.
    Exited(Index, Exit),
    /// An administrator wants this role to begin anew.
    Restart(Index),
    /// Everything is to end; the first wish counts.
    Stop(Ending),
}

/// What a role says of itself, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// READY
    Ready,
    /// RELOADING
    Reloading,
    /// STOPPING
    Stopping,
    /// WATCHDOG
    Alive,
    /// WATCHDOG=trigger
    Hung,
    /// EXTEND_TIMEOUT_USEC
    Extend(Duration),
}

/// What comes after the end of all roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The supervisor ends; on the box it is what [`Ending::PowerOff`] is.
    Quit,
    /// The box is switched off.
    PowerOff,
    /// The box is started anew through the firmware.
    Reboot,
}

/// Everything the engine can want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Make the process of this role; if that fails, say so with [`Input::Exited`].
    Spawn(Index),
    /// Send SIGTERM to the process of this role.
    Terminate(Index),
    /// Send SIGKILL to the process of this role and to all that it has started.
    Kill(Index),
    /// Every role that is wanted is ready, for the first time or again.
    AllUp,
    /// A role has died; it is started again after this long.
    Died(Index, Duration),
    /// A role stays down until X5 runs out or somebody wants it restarted.
    Degraded(Index, Exit),
    /// All essential roles have been ready for a minute without a break; told once.
    Healthy,
    /// The box is about to reboot by itself: take it down before it is lost. [`Output::Ended`] follows.
    Giving(Reason),
    /// Rebooting does not help: only the roles of safe mode run from here on.
    SafeMode(Reason),
    /// Every role has ended, or has had its time to do so.
    Ended(Ending),
}

/// Why the box reboots by itself or goes to safe mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// This essential role cannot be kept alive.
    Role(Index),
    /// The trial of a new slot was not passed in time.
    Deadline,
    /// What survives a restart cannot be used.
    State,
}

/// Where the engine runs, which decides about the last resort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// In the foreground of a machine that is not ours: nothing reboots.
    Foreground,
    /// On the box, with a confirmed slot.
    Box {
        /// Whether another automatic reboot is allowed, after what is known of the last ones.
        may_reboot: bool,
    },
    /// On the box, with a slot on trial: it must be healthy in time or is left.
    Trial,
}

/// What the whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// All roles are wanted.
    Normal,
    /// Only the roles of safe mode are, for this reason.
    Safe(Reason),
    /// None is.
    Ending(Ending),
    /// All have ended.
    Ended,
}

/// The timers of the whole; ours, hence the X.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whole {
    /// X8
    Healthy,
    /// X9
    Shutdown,
    /// X10
    Deadline,
}

impl Whole {
    /// The timer as the manual prints it.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, seconds, guards) = match self {
            Self::Healthy => ("X8", 60, "a minute of health of all essential roles"),
            Self::Shutdown => {
                ("X9", 90, "the end of all roles, after which the box goes down anyway")
            }
            Self::Deadline => ("X10", 180, "the health of a slot that is on trial"),
        };
        TimerSpec { name, default: Duration::from_secs(seconds), guards }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Role(Index, Timer),
    Whole(Whole),
}

/// The engine.
pub struct Init {
    roles: Vec<&'static Role>,
    lives: Vec<Life>,
    agenda: Agenda<Key>,
    ground: Ground,
    phase: Phase,
    healthy: bool,
    rng: Box<dyn Rng>,
}

impl Init {
    /// The roles of a table, not begun; call [`Init::begin`] once. `rng` spreads the rests.
    #[must_use]
    pub fn new(roles: &[&'static Role], ground: Ground, rng: Box<dyn Rng>) -> Self {
        Self {
            roles: roles.to_vec(),
            lives: roles.iter().map(|role| Life::new(role)).collect(),
            agenda: Agenda::default(),
            ground,
            phase: Phase::Normal,
            healthy: false,
            rng,
        }
    }

    /// Begins the roles that wait for nobody.
    pub fn begin(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.ground == Ground::Trial {
            self.start(Whole::Deadline, now);
        }
        self.begin_those_who_may(now, out);
    }

    /// Begins only the roles of safe mode; for a box whose state cannot be used.
    pub fn begin_safe(&mut self, now: Instant, reason: Reason, out: &mut Vec<Output>) {
        self.safe_mode(now, reason, out);
        self.begin_those_who_may(now, out);
    }

    /// Takes one input and asks for what follows from it.
    pub fn input(&mut self, now: Instant, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Said(role, said) => self.step(now, role, event_of(said), out),
            Input::Exited(role, how) => {
                let jitter = Jitter::from_random(self.rng.u32());
                self.step(now, role, Event::Exited(how, jitter), out);
            }
            Input::Restart(role) => self.step(now, role, Event::Restart, out),
            Input::Stop(ending) => self.end(now, ending, out),
        }
    }

    /// Lets the timers run out that are due.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<Output>) {
        while let Some(key) = self.agenda.expired(now) {
            match key {
                Key::Role(role, timer) => self.step(now, role, Event::Expired(timer), out),
                Key::Whole(Whole::Healthy) => {
                    self.agenda.stop(&Key::Whole(Whole::Deadline));
                    if !self.healthy {
                        self.healthy = true;
                        out.push(Output::Healthy);
                    }
                }
                Key::Whole(Whole::Deadline) => self.give_up(now, Reason::Deadline, out),
                Key::Whole(Whole::Shutdown) => self.ended(out),
            }
        }
    }

    /// What the box had done by itself before is forgiven: it may reboot again where it could not.
    pub const fn allow_reboots(&mut self) {
        if let Ground::Box { may_reboot } = &mut self.ground {
            *may_reboot = true;
        }
    }

    /// When to call [`Init::expire`] next.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    /// What the whole is doing.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The life of a role, to be looked at.
    #[must_use]
    pub fn life(&self, role: Index) -> Option<&Life> {
        self.lives.get(role)
    }

    /// Whether every role that waits for something has its timer: what the hardware's watchdog is fed for, beside the
    /// loop's turning. It is so by construction, and a broken memory respects no construction.
    #[must_use]
    pub fn sound(&self) -> bool {
        let ended = self.phase == Phase::Ended;
        ended
            || self.lives.iter().enumerate().all(|(role, life)| {
                let awaited = match life.state() {
                    State::Starting | State::Reloading => Some(Timer::Start),
                    State::Stopping(_) => Some(Timer::Stop),
                    State::Resting => Some(Timer::Rest),
                    State::Degraded(_) => Some(Timer::Retry),
                    State::Waiting | State::Running | State::Stopped => None,
                };
                awaited.is_none_or(|timer| self.agenda.runs(&Key::Role(role, timer)))
            })
    }

    fn step(&mut self, now: Instant, role: Index, event: Event, out: &mut Vec<Output>) {
        let Some(life) = self.lives.get_mut(role) else { return };
        let before = life.state();
        let mut asked = Out::default();
        life.handle(event, &mut asked);
        let after = life.state();
        let name = self.roles.get(role).map_or("", |role| role.name);
        tracing::debug!(role = name, ?event, ?before, ?after, "init");
        let mut escalated = false;
        for effect in asked.drain() {
            match effect {
                Effect::Start(timer) => {
                    let duration =
                        self.lives.get(role).map_or(Duration::ZERO, |it| it.duration(timer));
                    self.agenda.start(Key::Role(role, timer), now + duration);
                }
                Effect::Stop(timer) => self.agenda.stop(&Key::Role(role, timer)),
                Effect::Act(Action::Extend(timer, by)) => {
                    let key = Key::Role(role, timer);
                    let until = self.agenda.until(&key).map_or(now + by, |at| at.max(now + by));
                    self.agenda.start(key, until);
                }
                Effect::Act(Action::Spawn) => out.push(Output::Spawn(role)),
                Effect::Act(Action::Terminate) => out.push(Output::Terminate(role)),
                Effect::Act(Action::Kill) => out.push(Output::Kill(role)),
                Effect::Act(Action::Died(rest)) => out.push(Output::Died(role, rest)),
                Effect::Act(Action::Degraded(how)) => out.push(Output::Degraded(role, how)),
                Effect::Act(Action::Escalate) => escalated = true,
                // What follows from these is seen in the states.
                Effect::Act(Action::Up | Action::Ended) => {}
            }
        }
        if escalated {
            self.give_up(now, Reason::Role(role), out);
        }
        if before != after {
            self.changed(now, (before, after), out);
        }
    }

    /// A role has come to another state: who else is concerned by that?
    fn changed(&mut self, now: Instant, (before, after): (State, State), out: &mut Vec<Output>) {
        match self.phase {
            Phase::Ended => {}
            Phase::Ending(_) => self.stop_those_who_may(now, out),
            Phase::Normal | Phase::Safe(_) => {
                self.watch_health(now);
                if matches!(self.phase, Phase::Safe(_)) && after == State::Stopped {
                    self.stop_those_who_may(now, out);
                }
                if after == State::Running && before == State::Starting {
                    self.begin_those_who_may(now, out);
                    if self.wanted().all(|(_, life)| is_up(life)) {
                        out.push(Output::AllUp);
                    }
                }
            }
        }
    }

    /// Begins each role that waits for nobody any more.
    fn begin_those_who_may(&mut self, now: Instant, out: &mut Vec<Output>) {
        for role in 0..self.roles.len() {
            let wanted = self.wanted().any(|(index, _)| index == role);
            if wanted && self.state(role) == Some(State::Waiting) && self.ground_is_laid(role) {
                self.step(now, role, Event::Begin, out);
            }
        }
    }

    fn ground_is_laid(&self, role: Index) -> bool {
        let after = self.roles.get(role).map_or(&[][..], |role| role.after);
        // A role that is not in this table is not awaited: safe mode and development have smaller ones.
        after.iter().all(|name| self.find(name).and_then(|it| self.lives.get(it)).is_none_or(is_up))
    }

    /// Restarts or stops the clock of health after any change.
    fn watch_health(&mut self, now: Instant) {
        let key = Key::Whole(Whole::Healthy);
        let healthy = self.phase == Phase::Normal && self.essential().all(is_well);
        match (healthy, self.agenda.runs(&key)) {
            (true, false) if !self.healthy => self.start(Whole::Healthy, now),
            (false, true) => self.agenda.stop(&key),
            _ => {}
        }
    }

    /// An essential role, or the whole, cannot be brought to health.
    fn give_up(&mut self, now: Instant, reason: Reason, out: &mut Vec<Output>) {
        match (self.phase, self.ground) {
            (Phase::Normal, Ground::Trial | Ground::Box { may_reboot: true }) => {
                out.push(Output::Giving(reason));
                self.end(now, Ending::Reboot, out);
            }
            (Phase::Normal, Ground::Box { may_reboot: false }) => {
                self.safe_mode(now, reason, out);
                self.stop_those_who_may(now, out);
            }
            // In the foreground and in safe mode the role is tried again; elsewhere it is decided already.
            _ => {}
        }
    }

    fn safe_mode(&mut self, now: Instant, reason: Reason, out: &mut Vec<Output>) {
        self.phase = Phase::Safe(reason);
        self.agenda.stop(&Key::Whole(Whole::Deadline));
        self.watch_health(now);
        out.push(Output::SafeMode(reason));
    }

    fn end(&mut self, now: Instant, ending: Ending, out: &mut Vec<Output>) {
        if matches!(self.phase, Phase::Normal | Phase::Safe(_)) {
            self.phase = Phase::Ending(ending);
            self.agenda.stop_all(|key| matches!(key, Key::Whole(_)));
            self.start(Whole::Shutdown, now);
            self.stop_those_who_may(now, out);
        }
    }

    /// Stops each unwanted role that no living role stands on: a call can be ended in order before the media role
    /// goes, and the log goes last.
    fn stop_those_who_may(&mut self, now: Instant, out: &mut Vec<Output>) {
        for role in (0..self.roles.len()).rev() {
            let told = matches!(
                self.state(role),
                Some(State::Stopped | State::Stopping(crate::life::Then::End))
            );
            if !told && !self.is_wanted(role) && !self.is_needed(role) {
                self.step(now, role, Event::Stop, out);
            }
        }
        if self.lives.iter().all(|life| life.state() == State::Stopped) {
            self.ended(out);
        }
    }

    fn ended(&mut self, out: &mut Vec<Output>) {
        if let Phase::Ending(ending) = self.phase {
            self.phase = Phase::Ended;
            self.agenda = Agenda::default();
            out.push(Output::Ended(ending));
        }
    }

    fn is_needed(&self, role: Index) -> bool {
        let Some(own) = self.roles.get(role) else { return false };
        // Whom everybody can leave datagrams is needed by everybody.
        let needs = |other: &Role| {
            let hears_it = !own.datagrams.is_empty() && other.name != own.name;
            hears_it || other.after.contains(&own.name)
        };
        let both = self.roles.iter().zip(&self.lives);
        let mut living = both.filter(|(_, life)| life.state() != State::Stopped);
        living.any(|(other, _)| needs(other))
    }

    fn is_wanted(&self, role: Index) -> bool {
        let is = |what: fn(&Role) -> bool| self.roles.get(role).is_some_and(|role| what(role));
        match self.phase {
            Phase::Normal => true,
            Phase::Safe(Reason::State) => is(Role::in_safe_mode_without_state),
            Phase::Safe(Reason::Role(_) | Reason::Deadline) => is(Role::in_safe_mode),
            Phase::Ending(_) | Phase::Ended => false,
        }
    }

    fn wanted(&self) -> impl Iterator<Item = (Index, &Life)> {
        self.lives.iter().enumerate().filter(|(index, _)| self.is_wanted(*index))
    }

    fn essential(&self) -> impl Iterator<Item = &Life> {
        let both = self.roles.iter().zip(&self.lives);
        both.filter(|(role, _)| role.essential()).map(|(_, life)| life)
    }

    fn find(&self, name: &str) -> Option<Index> {
        self.roles.iter().position(|role| role.name == name)
    }

    fn state(&self, role: Index) -> Option<State> {
        self.lives.get(role).map(Life::state)
    }

    fn start(&mut self, timer: Whole, now: Instant) {
        self.agenda.start(Key::Whole(timer), now + timer.spec().default);
    }
}

fn is_up(life: &Life) -> bool {
    matches!(life.state(), State::Running | State::Reloading)
}

/// A role that refuses wrong settings does as it should: another slot would not like them better.
fn is_well(life: &Life) -> bool {
    is_up(life) || life.state() == State::Degraded(Exit::Refused)
}

const fn event_of(said: Said) -> Event {
    match said {
        Said::Ready => Event::Ready,
        Said::Reloading => Event::Reloading,
        Said::Stopping => Event::Leaving,
        Said::Alive => Event::Alive,
        Said::Hung => Event::Hung,
        Said::Extend(by) => Event::Extend(by),
    }
}

#[cfg(test)]
mod tests;
