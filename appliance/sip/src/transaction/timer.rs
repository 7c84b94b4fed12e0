//! The timers of RFC 3261 table 4 and of RFC 6026.

use super::Reliability;
use machine::TimerSpec;
use std::time::Duration;

/// An estimate of the round-trip time (RFC 3261 clause 17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);

/// The longest pause between repetitions of a non-INVITE request or of an INVITE response.
pub const T2: Duration = Duration::from_secs(4);

/// How long a message may wander in the network.
pub const T4: Duration = Duration::from_secs(5);

/// 64 * T1: how long a side tries before it gives up.
pub const PATIENCE: Duration = Duration::from_secs(32);

/// The timers of the four transactions, by their letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Timer A
    A,
    /// Timer B
    B,
    /// Timer D
    D,
    /// Timer E
    E,
    /// Timer F
    F,
    /// Timer G
    G,
    /// Timer H
    H,
    /// Timer I
    I,
    /// Timer J
    J,
    /// Timer K
    K,
    /// Timer L (RFC 6026)
    L,
    /// Timer M (RFC 6026)
    M,
}

impl Timer {
    /// Every timer, for the manual.
    pub const ALL: [Self; 12] = [
        Self::A,
        Self::B,
        Self::D,
        Self::E,
        Self::F,
        Self::G,
        Self::H,
        Self::I,
        Self::J,
        Self::K,
        Self::L,
        Self::M,
    ];

    /// The timer as the standard defines it, over UDP.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, default, guards) = match self {
            Self::A => ("Timer A", T1, "the next repetition of an INVITE"),
            Self::B => ("Timer B", PATIENCE, "any response to an INVITE"),
            Self::D => ("Timer D", PATIENCE, "repetitions of a refusal of an INVITE"),
            Self::E => ("Timer E", T1, "the next repetition of a request"),
            Self::F => ("Timer F", PATIENCE, "the final response to a request"),
            Self::G => ("Timer G", T1, "the next repetition of a refusal"),
            Self::H => ("Timer H", PATIENCE, "ACK after a refusal"),
            Self::I => ("Timer I", T4, "repetitions of ACK"),
            Self::J => ("Timer J", PATIENCE, "repetitions of a request"),
            Self::K => ("Timer K", T4, "repetitions of a final response"),
            Self::L => ("Timer L", PATIENCE, "repetitions of an INVITE that was answered"),
            Self::M => ("Timer M", PATIENCE, "2xx responses of other branches"),
        };
        TimerSpec { name, default, guards }
    }

    /// How long to wait after `round` repetitions, with timers B and F set to `timeout`.
    #[must_use]
    pub fn after(self, round: u8, timeout: Duration) -> Duration {
        let default = self.spec().default;
        // Six doublings reach 32 s, where B, F and H end the matter.
        let doubled = default * (1 << round.min(6));
        match self {
            Self::A => doubled,
            Self::E | Self::G => doubled.min(T2),
            Self::B | Self::F => timeout,
            _ => default,
        }
    }

    /// Whether the timer is of use over such a transport; the others are zero there or not started.
    #[must_use]
    pub const fn is_used(self, over: Reliability) -> bool {
        let only_unreliable =
            matches!(self, Self::A | Self::D | Self::E | Self::G | Self::I | Self::J | Self::K);
        matches!(over, Reliability::Unreliable) || !only_unreliable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_of_a_request_settle_at_t2_and_those_of_an_invite_do_not() {
        let seconds = |timer: Timer| -> Vec<f64> {
            (0..6).map(|round| timer.after(round, PATIENCE).as_secs_f64()).collect()
        };
        assert_eq!(seconds(Timer::A), [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]);
        assert_eq!(seconds(Timer::E), [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]);
        assert_eq!(Timer::G.after(255, PATIENCE), T2);
    }

    #[test]
    fn every_timer_bears_its_letter() {
        for timer in Timer::ALL {
            assert_eq!(timer.spec().name, format!("Timer {timer:?}"));
            assert!(timer.spec().default > Duration::ZERO);
        }
    }
}
