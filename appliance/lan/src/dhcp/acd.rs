//! One address for one machine: RFC 5227.
//!
//! A [`Claim`] asks whether somebody has the address, says that it is ours,
//! and defends it once in a while. Two paces differ only in their figures.

use super::arp::Arp;
use machine::{Rng, TimerSpec};
use std::net::Ipv4Addr;
use std::time::Duration;

/// What a claim asks of its owner.
pub(super) type Out = machine::Out<Action, Timer>;

/// How often and how fast.
#[derive(Debug)]
pub struct Pace {
    /// The longest pause before the first question.
    delay_max: Duration,
    /// Questions.
    probes: u8,
    /// Shortest and longest pause between two of them.
    between: (Duration, Duration),
    /// After the last question.
    settle: Duration,
}

/// For a lease: the server has most often asked itself (RFC 2131 3.1), and a call may be waiting; so this is one second
/// and not the five to seven of RFC 5227.
pub const LEASE: Pace = Pace {
    delay_max: Duration::ZERO,
    probes: 3,
    between: (Duration::from_millis(200), Duration::from_millis(400)),
    settle: Duration::from_millis(400),
};

/// For an address that the machine gives itself (RFC 3927 9).
pub const LINK_LOCAL: Pace = Pace {
    delay_max: Duration::from_secs(1),
    probes: 3,
    between: (Duration::from_secs(1), Duration::from_secs(2)),
    settle: Duration::from_secs(2),
};

/// A claim to an address.
#[derive(Debug)]
pub struct Claim {
    own: [u8; 6],
    address: Ipv4Addr,
    pace: &'static Pace,
    step: Step,
    /// It was defended a moment ago.
    defended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// So many questions are left to be asked.
    Asking(u8),
    /// Nobody has answered yet.
    Settling,
    /// It is ours; so many announcements are left.
    Held(u8),
    /// It is somebody else's.
    Lost,
}

/// What is asked of the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Put this on the wire.
    Send(Arp),
    /// Nobody else has the address.
    Won,
    /// Somebody else has it: this is his MAC address.
    Lost([u8; 6]),
}

/// What the claim waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The next question, announcement or verdict.
    Next,
    /// The end of a defence.
    Defend,
}

impl Timer {
    /// What RFC 5227 1.1 says of it; how long [`Timer::Next`] lasts depends on the step.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        match self {
            Self::Next => TimerSpec {
                name: "ANNOUNCE_INTERVAL",
                default: Duration::from_secs(2),
                guards: "the next ARP packet",
            },
            Self::Defend => TimerSpec {
                name: "DEFEND_INTERVAL",
                default: Duration::from_secs(10),
                guards: "a second conflict after a defence",
            },
        }
    }
}

/// What a claim is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It is to begin.
    Begin,
    /// A timer has run out.
    Expired(Timer),
    /// Somebody has sent this.
    Arp(Arp),
}

impl Claim {
    /// A claim that has not begun.
    #[must_use]
    pub const fn new(own: [u8; 6], address: Ipv4Addr, pace: &'static Pace) -> Self {
        Self { own, address, pace, step: Step::Asking(pace.probes), defended: false }
    }

    /// The address.
    #[must_use]
    pub const fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Whether it is ours.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        matches!(self.step, Step::Held(_))
    }

    /// How long a timer that was just started lasts.
    #[must_use]
    pub fn lasts(&self, timer: Timer, rng: &mut dyn Rng) -> Duration {
        let up_to = |most: Duration, rng: &mut dyn Rng| {
            Duration::from_millis(rng.below(u32::try_from(most.as_millis()).unwrap_or(0)).into())
        };
        let (least, most) = self.pace.between;
        match (timer, self.step) {
            (Timer::Next, Step::Asking(left)) if left == self.pace.probes => {
                up_to(self.pace.delay_max, rng)
            }
            (Timer::Next, Step::Asking(_)) => least + up_to(most.saturating_sub(least), rng),
            (Timer::Next, Step::Settling) => self.pace.settle,
            (timer, _) => timer.spec().default,
        }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Heard, out: &mut Out) {
        match event {
            Heard::Begin => out.start(Timer::Next),
            Heard::Expired(Timer::Next) => self.next(out),
            Heard::Expired(Timer::Defend) => self.defended = false,
            Heard::Arp(arp) => self.heard(arp, out),
        }
    }

    fn next(&mut self, out: &mut Out) {
        match self.step {
            Step::Asking(left) => {
                out.act(Action::Send(Arp::probe(self.own, self.address)));
                self.step = match left.saturating_sub(1) {
                    0 => Step::Settling,
                    left => Step::Asking(left),
                };
                out.start(Timer::Next);
            }
            Step::Settling => {
                out.act(Action::Won);
                self.step = Step::Held(ANNOUNCEMENTS);
                self.announce(out);
            }
            Step::Held(1..) => self.announce(out),
            Step::Held(0) | Step::Lost => {}
        }
    }

    fn announce(&mut self, out: &mut Out) {
        let Step::Held(left) = self.step else { return };
        out.act(Action::Send(Arp::announcement(self.own, self.address)));
        self.step = Step::Held(left.saturating_sub(1));
        if left > 1 {
            out.start(Timer::Next);
        }
    }

    fn heard(&mut self, arp: Arp, out: &mut Out) {
        let (other, claimed) = arp.sender;
        // Of ourselves, as some switches send it back.
        if other == self.own || other == [0; 6] {
            return;
        }
        let uses = claimed == self.address;
        let asks_too = arp.asks && claimed.is_unspecified() && arp.target.1 == self.address;
        match self.step {
            Step::Asking(_) | Step::Settling if uses || asks_too => self.lose(other, out),
            // RFC 5227 2.4 (b): defended once, then given up.
            Step::Held(_) if uses && self.defended => self.lose(other, out),
            Step::Held(_) if uses => {
                self.defended = true;
                out.act(Action::Send(Arp::announcement(self.own, self.address)));
                out.start(Timer::Defend);
            }
            _ => {}
        }
    }

    fn lose(&mut self, other: [u8; 6], out: &mut Out) {
        self.step = Step::Lost;
        out.stop(Timer::Next);
        out.stop(Timer::Defend);
        out.act(Action::Lost(other));
    }
}

/// RFC 5227 1.1, `ANNOUNCE_NUM`
const ANNOUNCEMENTS: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use machine::Effect;

    const OWN: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 2];
    const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 9);

    fn step(claim: &mut Claim, event: Heard) -> Vec<Effect<Action, Timer>> {
        let mut out = Out::default();
        claim.handle(event, &mut out);
        out.drain()
    }

    const NEXT: Heard = Heard::Expired(Timer::Next);

    fn held() -> Claim {
        let mut claim = Claim::new(OWN, ADDRESS, &LEASE);
        step(&mut claim, Heard::Begin);
        let probe = Effect::Act(Action::Send(Arp::probe(OWN, ADDRESS)));
        for _ in 0..3 {
            assert_eq!(step(&mut claim, NEXT), [probe, Effect::Start(Timer::Next)]);
            assert!(!claim.is_held());
        }
        let announcement = Effect::Act(Action::Send(Arp::announcement(OWN, ADDRESS)));
        let won = [Effect::Act(Action::Won), announcement, Effect::Start(Timer::Next)];
        assert_eq!(step(&mut claim, NEXT), won);
        assert_eq!(step(&mut claim, NEXT), [announcement]);
        assert_eq!(step(&mut claim, NEXT), []);
        claim
    }

    #[test]
    fn an_address_that_nobody_answers_for_is_ours_after_three_questions() {
        assert!(held().is_held());
    }

    #[test]
    fn whoever_uses_it_or_asks_for_it_too_has_it() {
        let uses = Arp { asks: false, ..Arp::announcement(OTHER, ADDRESS) };
        let asks = Arp::probe(OTHER, ADDRESS);
        for asked in 0..3 {
            for arp in [uses, asks] {
                let mut claim = Claim::new(OWN, ADDRESS, &LEASE);
                step(&mut claim, Heard::Begin);
                (0..asked).for_each(|_| drop(step(&mut claim, NEXT)));
                let lost = step(&mut claim, Heard::Arp(arp));
                assert!(lost.contains(&Effect::Act(Action::Lost(OTHER))), "{lost:?}");
                assert_eq!(step(&mut claim, NEXT), []);
            }
        }
        // Others, and what we have sent ourselves, are no conflict.
        let mut claim = Claim::new(OWN, ADDRESS, &LEASE);
        for arp in [
            Arp::probe(OTHER, [192, 0, 2, 8].into()),
            Arp::announcement(OTHER, [192, 0, 2, 8].into()),
            Arp::probe(OWN, ADDRESS),
            Arp { sender: (OTHER, [192, 0, 2, 8].into()), ..Arp::probe(OTHER, ADDRESS) },
        ] {
            assert_eq!(step(&mut claim, Heard::Arp(arp)), []);
        }
    }

    #[test]
    fn an_address_is_defended_once_in_ten_seconds() {
        let conflict = Heard::Arp(Arp::announcement(OTHER, ADDRESS));
        let mut claim = held();
        for _ in 0..3 {
            let announcement = Effect::Act(Action::Send(Arp::announcement(OWN, ADDRESS)));
            assert_eq!(step(&mut claim, conflict), [announcement, Effect::Start(Timer::Defend)]);
            step(&mut claim, Heard::Expired(Timer::Defend));
        }
        // A question of somebody who looks for a free address is answered by the kernel.
        assert_eq!(step(&mut claim, Heard::Arp(Arp::probe(OTHER, ADDRESS))), []);
        step(&mut claim, conflict);
        let lost = step(&mut claim, conflict);
        assert!(lost.contains(&Effect::Act(Action::Lost(OTHER))) && !claim.is_held());
    }
}
