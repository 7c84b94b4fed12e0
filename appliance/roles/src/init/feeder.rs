//! Keeps the hardware's watchdog quiet as long as PID 1 goes on.

use super::console::say;
use os::machine::Watchdog;
use std::time::{Duration, Instant};

/// The hardware's watchdog, where the machine has one, and when it was fed last.
pub(super) struct Feeder {
    watchdog: Option<Watchdog>,
    fed: Instant,
}

impl Feeder {
    /// Starts it; from here on PID 1 has to show that it lives.
    pub(super) fn start() -> Self {
        let watchdog = Watchdog::start(WATCHDOG);
        if watchdog.as_ref().is_some_and(Watchdog::was_it) {
            say(
                "the hardware's watchdog has reset this machine: PID 1 had not shown that it lives",
            );
        }
        Self { watchdog, fed: Instant::now() }
    }

    /// How long until it is to be fed.
    pub(super) fn hungry_in(&self) -> Duration {
        FEEDING.saturating_sub(self.fed.elapsed())
    }

    /// Feeds it if it is time to. Called in every turn of the loop, and by whatever takes long outside of it.
    pub(super) fn feed(&mut self) {
        if self.hungry_in().is_zero() {
            self.fed = Instant::now();
            if let Some(watchdog) = &mut self.watchdog {
                // A device that is gone resets the machine, which is what it is for.
                let _ = watchdog.feed();
            }
        }
    }

    /// From here on nobody feeds it: it ends a shutdown that hangs.
    pub(super) fn guard_the_end(&mut self) {
        if let Some(watchdog) = &mut self.watchdog {
            let _ = watchdog.feed();
            let _ = watchdog.set(SHUTDOWN);
        }
    }
}

/// How long the hardware waits for a sign of life.
const WATCHDOG: Duration = Duration::from_mins(1);
/// How long it waits from the end of the roles on.
const SHUTDOWN: Duration = Duration::from_secs(30);
/// How often it is fed.
const FEEDING: Duration = Duration::from_secs(10);
