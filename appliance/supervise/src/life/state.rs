//! The words of a role's life: states, events, actions, timers.

use super::WINDOW;
use machine::TimerSpec;
use std::time::Duration;

/// Where a role stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Not begun: it waits for other roles.
    Waiting,
    /// The process is there and has not said READY.
    Starting,
    /// It has said READY.
    Running,
    /// It has said RELOADING after READY; it still serves.
    Reloading,
    /// It was told to end, ends by itself, or was ended.
    Stopping(Then),
    /// It has died; it begins again when it has rested.
    Resting,
    /// It has died too often, or refuses to work; it is tried again much later.
    Degraded(Exit),
    /// It has ended because it was told to.
    Stopped,
}

/// What follows when a process that is to end has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Then {
    /// Nothing.
    End,
    /// It begins again, since somebody wanted it restarted.
    Again,
    /// It counts as a death: it was not ready in time, hung, or went by itself.
    Died,
}

/// How a process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// In any way but the next; also: it could not be made.
    Ended,
    /// It says that its settings or surroundings are wrong: there is no use in trying again soon.
    Refused,
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
    /// X4
    Watchdog,
    /// X5
    Retry,
    /// X6, one for each death that counts.
    Window(u8),
    /// X7
    Health,
}

impl Timer {
    /// The timer as the manual prints it. X2 doubles with each death up to [`super::REST_MAX`]; X4 is the role's own.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, default, guards) = match self {
            Self::Start => ("X1", Duration::from_secs(30), "READY of a role that was started"),
            Self::Rest => ("X2", Duration::from_millis(200), "the rest of a role that has died"),
            Self::Stop => ("X3", Duration::from_secs(10), "the end of a role that was told to end"),
            Self::Watchdog => ("X4", Duration::from_secs(10), "the next sign of life of a role"),
            Self::Retry => ("X5", Duration::from_mins(5), "the next try of a degraded role"),
            Self::Window(_) => ("X6", WINDOW, "a death that counts towards the limit"),
            Self::Health => (
                "X7",
                Duration::from_mins(1),
                "a minute of health, after which deaths are forgiven",
            ),
        };
        TimerSpec { name, default, guards }
    }
}

/// By how much a rest is shortened or lengthened, so that roles that died together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jitter(u32);

impl Jitter {
    /// A rest is as long as the table says.
    pub const NONE: Self = Self(1000);

    /// Evenly within a fifth to both sides; `random` is any number.
    #[must_use]
    pub const fn from_random(random: u32) -> Self {
        Self(800 + random % 401)
    }

    /// The rest that becomes of `rest`.
    #[must_use]
    pub fn of(self, rest: Duration) -> Duration {
        rest.saturating_mul(self.0) / 1000
    }
}

/// Everything that can happen to a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// What it waits for is ready.
    Begin,
    /// It has said READY.
    Ready,
    /// It has said RELOADING; READY follows.
    Reloading,
    /// It has said STOPPING.
    Leaving,
    /// It has fed its watchdog.
    Alive,
    /// It has found out by itself that it hangs.
    Hung,
    /// It wants this much more time, from now, to start or to end.
    Extend(Duration),
    /// Its process is gone, or could not be made.
    Exited(Exit, Jitter),
    /// It is not wanted any more.
    Stop,
    /// An administrator wants it to begin anew.
    Restart,
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
    /// End its process and all that it has started (SIGKILL).
    Kill,
    /// Let this running timer run for that long from now, if it would run out earlier.
    Extend(Timer, Duration),
    /// It is ready: whoever waits for it may begin.
    Up,
    /// It has died and will be started again after this long.
    Died(Duration),
    /// It stays down for five minutes, for this reason.
    Degraded(Exit),
    /// It is essential and cannot be kept alive.
    Escalate,
    /// It has ended as it was told to.
    Ended,
}

/// This machine's effects.
pub type Out = machine::Out<Action, Timer>;
