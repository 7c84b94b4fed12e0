//! Date and time for handsets: TIME-DATE (7.7.50) in a connectionless FACILITY (10.4.2.3).
//!
//! No message of location registration has room for it, so it follows one; a
//! handset may ask, too (TS 102 527-3 7.4.20). When the clock is put forward or
//! back all handsets are told, a few each second: each of them that has no link
//! is paged for it.

use super::Nwk;
use super::work::Key;
use crate::clock::{ASKED, NO_TIME, WallClock};
use crate::wire::ie::TimeDate;
use crate::wire::{Kind, Message, Ti};
use ident::Ipei;
use machine::TimerSpec;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What is told of the time, and to whom it is still to be told.
#[derive(Default)]
pub(super) struct Daytime {
    clock: Option<WallClock>,
    waiting: BTreeSet<Ipei>,
    /// When the step began that is under way.
    now: Option<Instant>,
}

impl Nwk {
    /// A step begins.
    pub(super) fn daytime_is(&mut self, now: Instant) {
        self.daytime.now = Some(now);
    }

    /// The clock is another one, or nobody knows the time any more.
    pub(super) fn set_clock(&mut self, now: Instant, clock: Option<WallClock>) {
        let before = std::mem::replace(&mut self.daytime.clock, clock);
        if let (Some(before), Some(clock)) = (before, clock)
            && clock.differs(&before, now)
        {
            tracing::info!("the time is another one; the handsets are told");
            let located = self.handsets.keys().copied().filter(|pp| self.is_located(*pp));
            self.daytime.waiting = located.collect();
        }
        self.tell_later();
    }

    /// A handset has just been located.
    pub(super) fn greet_with_time(&mut self, pp: Ipei) {
        if self.settings.send_date_time {
            self.daytime.waiting.remove(&pp);
            match self.daytime() {
                Some(time) => self.tell_time(pp, &time),
                // When it is known.
                None => drop(self.daytime.waiting.insert(pp)),
            }
        }
    }

    /// Answers a handset that asks for the time; false for one that wants something else.
    pub(super) fn time_asked(&mut self, pp: Ipei, message: &Message) -> bool {
        let connectionless = message.ti.value() == CONNECTIONLESS;
        let asked = message.get::<TimeDate>().is_some_and(|it| it.interpretation == ASKED);
        if message.kind != Kind::CissFacility || !connectionless || !asked {
            return false;
        }
        let time = self.daytime().filter(|_| self.settings.send_date_time).unwrap_or(NO_TIME);
        self.tell_time(pp, &time);
        true
    }

    /// Tells the next of those who wait.
    pub(super) fn tell_next(&mut self) {
        let Some(time) = self.daytime().filter(|_| self.settings.send_date_time) else { return };
        // Who is gone will hear it when it is back.
        while let Some(pp) = self.daytime.waiting.pop_first() {
            if self.is_located(pp) {
                self.tell_time(pp, &time);
                break;
            }
        }
        self.tell_later();
    }

    fn tell_later(&mut self) {
        let tells = self.settings.send_date_time && self.daytime.clock.is_some();
        if self.daytime.waiting.is_empty() || !tells {
            self.stop(Key::Daytime);
        } else {
            self.start(Key::Daytime, PACE);
        }
    }

    fn daytime(&self) -> Option<TimeDate> {
        Some(self.daytime.clock?.time_date(self.daytime.now?))
    }

    fn tell_time(&mut self, pp: Ipei, time: &TimeDate) {
        self.send(pp, &Message::new(Ti::opened(CONNECTIONLESS), Kind::CissFacility).with(time));
    }
}

/// The transaction value of connectionless supplementary services (7.3).
const CONNECTIONLESS: u8 = 6;

/// Ten handsets in a second: a base station has bearers for a dozen links, and each of these lasts some seconds; ten
/// thousand are told in a quarter of an hour.
const PACE: TimerSpec = TimerSpec {
    name: "<X-NWK.1>",
    default: Duration::from_millis(100),
    guards: "nothing: until the next handset is told the time",
};
