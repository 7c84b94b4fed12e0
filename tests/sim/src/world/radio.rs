//! The air: what is lost, what comes twice, what comes late.

use super::{Errand, World};
use crate::air::{Downlink, Uplink};
use machine::Rng as _;
use std::time::Duration;

/// How the radio treats frames and pages, each way; bearers themselves stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Of a hundred, so many are lost.
    pub lost: u32,
    /// Of a hundred, so many come twice.
    pub repeated: u32,
    /// At most so much later than usual.
    pub delay: Duration,
}

/// What becomes of one frame.
struct Fate {
    copies: u32,
    delay: Duration,
}

impl World {
    pub(super) fn radio_up(&mut self, handset: usize, base: usize, uplink: &Uplink) {
        let fragile = matches!(uplink, Uplink::Frame(_));
        let fate = self.fate(fragile);
        for _ in 0..fate.copies {
            let at = self.arrival(handset, 0, fate.delay);
            self.send_at(at, Errand::Up(handset, base, uplink.clone()));
        }
    }

    pub(super) fn radio_down(&mut self, base: usize, handset: usize, downlink: &Downlink) {
        let fragile = matches!(downlink, Downlink::Frame(_) | Downlink::Page(_));
        let fate = self.fate(fragile);
        for _ in 0..fate.copies {
            let at = self.arrival(handset, 1, fate.delay);
            self.send_at(at, Errand::Down(base, handset, downlink.clone()));
        }
    }

    fn fate(&mut self, fragile: bool) -> Fate {
        let Weather { lost, repeated, delay } = self.weather;
        if !fragile || self.weather == Weather::default() {
            return Fate { copies: 1, delay: Duration::ZERO };
        }
        let most = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
        let delay = Duration::from_millis(u64::from(self.rng.below(most.saturating_add(1))));
        let copies = match self.rng.below(100) {
            dice if dice < lost => 0,
            dice if dice < lost + repeated => 2,
            _ => 1,
        };
        Fate { copies, delay }
    }

    /// When a frame arrives: after those before it.
    fn arrival(&mut self, handset: usize, way: usize, delay: Duration) -> std::time::Instant {
        let last = &mut self.handsets[handset].last[way];
        *last = (self.now + AIR + delay).max(*last);
        *last
    }
}

/// One way over the air.
const AIR: Duration = Duration::from_millis(10);
