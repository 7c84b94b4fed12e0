//! The clock that is kept right: the machine's on the box, elsewhere one that is none.

use lan::ntp::{Change, Simulated, Wall};
use std::io;
use std::time::Instant;

/// A clock.
pub trait Clock: Send {
    /// What it shows.
    fn read(&self) -> Wall;

    /// Sets or slews it.
    ///
    /// # Errors
    /// If the kernel refuses.
    fn change(&mut self, change: Change) -> io::Result<()>;

    /// Its word for people: `machine` or `simulated`.
    fn word(&self) -> &'static str;
}

/// That of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Machine;

impl Clock for Machine {
    fn read(&self) -> Wall {
        Wall(os::clock::read())
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::Step(by) => os::clock::step(by),
            Change::Slew(by) => os::clock::slew(by),
            Change::Follow { offset, poll } => {
                os::clock::follow(offset, poll.saturating_sub(FASTER))
            }
        }
    }

    fn word(&self) -> &'static str {
        "machine"
    }
}

/// One of this process alone: the person whose machine it is keeps the clock of that.
#[derive(Clone, Copy, Debug)]
pub struct Pretended(Simulated);

impl Pretended {
    /// It begins with what the machine's clock shows and so many seconds.
    #[must_use]
    pub fn new(ahead_s: i64) -> Self {
        let ahead = ahead_s.saturating_mul(lan::ntp::SECOND);
        Self(Simulated::new(Instant::now(), Wall(os::clock::read()).plus(ahead), 0))
    }
}

impl Clock for Pretended {
    fn read(&self) -> Wall {
        self.0.read(Instant::now())
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.0.change(Instant::now(), change);
        Ok(())
    }

    fn word(&self) -> &'static str {
        "simulated"
    }
}

/// The kernel counts its constant of time from here on (RFC 5905 A.5.5.6: the poll exponent less 4).
const FASTER: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use lan::ntp::SECOND;

    #[test]
    fn a_clock_that_is_none_leaves_the_machines_alone() {
        let mut clock = Pretended::new(-3600);
        let machine = || Wall(os::clock::read());
        let apart = clock.read().since(machine());
        assert!((apart + 3600 * SECOND).abs() < 30 * SECOND, "{apart}");
        clock.change(Change::Step(7200 * SECOND)).unwrap();
        let apart = clock.read().since(machine());
        assert!((apart - 3600 * SECOND).abs() < 30 * SECOND, "{apart}");
    }
}
