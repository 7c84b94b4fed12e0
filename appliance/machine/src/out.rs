//! What a machine asks of its owner in one step.

use std::time::Duration;

/// What a protocol standard says of one timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerSpec {
    /// The standard's name, as it appears in logs and in the manual; ours begin with X.
    pub name: &'static str,
    /// The standard's value.
    pub default: Duration,
    /// What is being waited for while it runs.
    pub guards: &'static str,
}

/// One thing a machine asks of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect<A, T> {
    /// Do this, now.
    Act(A),
    /// Start the timer afresh; a running one is replaced.
    Start(T),
    /// Stop the timer; a timer that is not running stays so.
    Stop(T),
}

/// Collects the effects of one step, in order.
#[derive(Debug)]
pub struct Out<A, T> {
    effects: Vec<Effect<A, T>>,
}

impl<A, T> Out<A, T> {
    /// Asks for `action`.
    pub fn act(&mut self, action: impl Into<A>) {
        self.effects.push(Effect::Act(action.into()));
    }

    /// Starts `timer`.
    pub fn start(&mut self, timer: T) {
        self.effects.push(Effect::Start(timer));
    }

    /// Stops `timer`.
    pub fn stop(&mut self, timer: T) {
        self.effects.push(Effect::Stop(timer));
    }

    /// Hands over what was collected and leaves nothing behind.
    pub fn drain(&mut self) -> Vec<Effect<A, T>> {
        std::mem::take(&mut self.effects)
    }
}

impl<A, T> Default for Out<A, T> {
    fn default() -> Self {
        Self { effects: Vec::new() }
    }
}
