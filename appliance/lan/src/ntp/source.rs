//! One server that is asked: when, what it has answered, and what its answers are worth (RFC 5905 8 to 10, 13).

use super::packet::{Leap, Mode, Packet};
use super::stamp::{Nanos, SECOND, Stamp, Wall, nanos};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What one answer says of our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it came.
    pub at: Instant,
    /// How far the server's clock is ahead of ours.
    pub offset: Nanos,
    /// How long question and answer were on their way.
    pub delay: Nanos,
    /// Round trip from the server to its clock of reference.
    pub root_delay: Nanos,
    /// How far off the server is at most, beside that.
    pub root_dispersion: Nanos,
    /// By how much our clock was moved since, or is still being moved.
    pub moved: Nanos,
}

impl Sample {
    /// How far the offset can be from the truth: a clock of ours drifts while the sample ages.
    pub(super) fn distance(&self, now: Instant) -> Nanos {
        let age = nanos(now.saturating_duration_since(self.at));
        (self.delay.saturating_add(self.root_delay) / 2)
            .saturating_add(self.root_dispersion)
            .saturating_add(age / DRIFT)
            .saturating_add(self.moved)
            .saturating_add(READING)
    }
}

/// Why a server is not asked any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has said DENY: it does not serve us.
    Denied,
    /// It has said RSTR: it does not serve such as we are.
    Restricted,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The server is worth listening to; there is a new sample.
    Sample,
    /// It answers, but does not know the time itself, or not well enough.
    Useless,
    /// It asks for longer pauses, or to be left alone.
    Kiss,
    /// It is no answer to our question.
    Bogus,
}

/// How a server stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Whether the last eight questions were answered: a bit each, the latest lowest.
    pub reach: u8,
    /// How often it is asked, as a power of two of seconds.
    pub poll: u8,
    /// Its distance from a clock of reference; 0 while it is not known.
    pub stratum: u8,
    /// The best of what it has answered lately.
    pub best: Option<Sample>,
    /// It does not want to be asked.
    pub refusal: Option<Refusal>,
    /// Whether it is one of those that are believed.
    pub believed: bool,
}

/// A question that is not answered yet.
#[derive(Clone, Copy)]
struct Asked {
    cookie: Stamp,
    sent: Wall,
    at: Instant,
}

/// One server.
pub(super) struct Source {
    samples: VecDeque<Sample>,
    asked: Option<Asked>,
    /// When it is asked next; `None`: never.
    pub(super) next: Option<Instant>,
    reach: u8,
    poll: u8,
    /// It has asked for pauses that are not shorter.
    poll_least: u8,
    /// Questions in quick succession that are left.
    burst: u8,
    /// Samples in a row that were as expected.
    calm: u8,
    refusal: Option<Refusal>,
    pub(super) stratum: u8,
    pub(super) leap: Leap,
}

impl Source {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            samples: VecDeque::new(),
            asked: None,
            next: Some(now),
            reach: 0,
            poll: POLL_MIN,
            poll_least: POLL_MIN,
            burst: BURST,
            calm: 0,
            refusal: None,
            stratum: 0,
            leap: Leap::Unsynchronised,
        }
    }

    /// Asks, if it is time; `chance` is unpredictable for others.
    pub(super) fn ask(&mut self, now: Instant, wall: Wall, chance: u64) -> Option<Packet> {
        if self.next.is_none_or(|at| at > now) {
            return None;
        }
        self.reach <<= 1;
        if self.reach == 0 && self.burst == 0 {
            // Nobody is there: it is left more and more alone.
            self.poll = (self.poll + 1).min(POLL_MAX);
        }
        self.burst = self.burst.saturating_sub(1);
        let pause = if self.burst > 0 { BURST_PAUSE } else { self.pause(chance) };
        self.next = Some(now + pause);
        // Zero would mean that it is not known.
        let cookie = Stamp(chance.max(1));
        self.asked = Some(Asked { cookie, sent: wall, at: now });
        Some(Packet::question(cookie, self.poll.cast_signed()))
    }

    /// The pause that the poll stands for, a little more or less, so that not all boxes of a site ask at once.
    fn pause(&self, chance: u64) -> Duration {
        let whole = Duration::from_secs(1 << self.poll.max(self.poll_least));
        // Between fifteen and seventeen sixteenths of it.
        let share = u32::try_from(chance % 129).unwrap_or(0);
        whole / 16 * 15 + whole / 1024 * share
    }

    /// Takes what has come from the server's address.
    pub(super) fn hear(&mut self, now: Instant, wall: Wall, packet: &Packet) -> Heard {
        let Some(asked) = self.asked else { return Heard::Bogus };
        // RFC 5905 8: the origin shows that it is the answer to our last question, and no echo of it.
        if packet.mode != Mode::Server || packet.origin != asked.cookie {
            return Heard::Bogus;
        }
        self.asked = None;
        if packet.stratum == 0 && packet.leap == Leap::Unsynchronised || kiss(packet).is_some() {
            return self.kissed(now, packet);
        }
        self.reach |= 1;
        self.stratum = packet.stratum;
        self.leap = packet.leap;
        match sample(&asked, (now, wall), packet) {
            Some(sample) => {
                self.remember(sample);
                Heard::Sample
            }
            None => Heard::Useless,
        }
    }

    /// RFC 5905 7.4: a server that does not serve says why.
    fn kissed(&mut self, now: Instant, packet: &Packet) -> Heard {
        match kiss(packet) {
            Some(Kiss::Rate) => {
                self.reach |= 1;
                self.burst = 0;
                self.poll_least = (self.poll.max(self.poll_least) + 1).min(POLL_MAX);
                self.next = Some(now + Duration::from_secs(1 << self.poll_least));
                Heard::Kiss
            }
            Some(Kiss::Refused(refusal)) => {
                self.refusal = Some(refusal);
                self.samples.clear();
                self.next = None;
                Heard::Kiss
            }
            // Not set yet, and other words that ask for nothing.
            None => {
                self.reach |= 1;
                self.stratum = 0;
                Heard::Useless
            }
        }
    }

    fn remember(&mut self, sample: Sample) {
        let expected = self.samples.iter().all(|it| {
            let between = it.offset.saturating_sub(sample.offset).saturating_abs();
            between <= sample.delay.saturating_add(it.delay).max(CALM)
        });
        self.calm = if expected { self.calm.saturating_add(1) } else { 0 };
        if !expected {
            self.poll = POLL_MIN;
        } else if self.calm >= CALM_MIN && self.burst == 0 {
            (self.poll, self.calm) = ((self.poll + 1).min(POLL_MAX), 0);
        }
        self.samples.push_front(sample);
        self.samples.truncate(SAMPLES_MAX);
    }

    /// The sample that can be trusted most (RFC 5905 10: the one that was least on its way).
    pub(super) fn best(&self, now: Instant) -> Option<Sample> {
        let best = self.samples.iter().min_by_key(|sample| sample.distance(now))?;
        (best.distance(now) <= DISTANCE_MAX).then_some(*best)
    }

    /// How much the offsets differ from that one, on average (RFC 5905 10).
    pub(super) fn jitter(&self, best: &Sample) -> Nanos {
        let others = i64::try_from(self.samples.len()).unwrap_or(1).saturating_sub(1).max(1);
        let apart = self.samples.iter().map(|it| it.offset.saturating_sub(best.offset));
        apart.fold(0, |sum: Nanos, apart| sum.saturating_add(apart.saturating_abs())) / others
    }

    /// When everything was tried that belongs to a beginning: enough answers, or enough questions without one; `None`
    /// if that is now.
    pub(super) fn settles(&self, now: Instant) -> Option<Instant> {
        if self.refusal.is_some() || self.samples.len() >= usize::from(BURST) {
            return None;
        }
        match self.asked {
            // One question after the other: the last one waits as long as the others did.
            _ if self.burst > 0 => self.next.map(|at| at + BURST_PAUSE),
            Some(asked) => Some(asked.at + BURST_PAUSE).filter(|at| *at > now),
            None => None,
        }
    }

    /// Our clock is being moved by so much, and what was measured with it before is less certain by that.
    pub(super) fn moved(&mut self, by: Nanos) {
        for sample in &mut self.samples {
            sample.moved = sample.moved.saturating_add(by.saturating_abs());
        }
    }

    /// Our clock was set, and what was measured with it before is worth nothing.
    pub(super) fn forget(&mut self) {
        self.samples.clear();
        self.asked = None;
    }

    /// The network is another, or is back: it is asked soon, unless it was just asked.
    pub(super) fn wake(&mut self, now: Instant) {
        if self.refusal.is_none() && self.reach & 1 == 0 {
            (self.burst, self.poll) = (BURST, POLL_MIN);
            let asked = self.asked.map_or(now, |asked| asked.at + BURST_PAUSE);
            self.next = Some(asked.max(now));
        }
    }

    pub(super) fn view(&self, now: Instant, believed: bool) -> View {
        View {
            reach: self.reach,
            poll: self.poll.max(self.poll_least),
            stratum: self.stratum,
            best: self.best(now),
            refusal: self.refusal,
            believed,
        }
    }

    /// How often it is asked.
    pub(super) fn poll(&self) -> u8 {
        self.poll.max(self.poll_least)
    }
}

/// Words of a server that does not serve, of those that ask for something.
#[derive(Clone, Copy)]
enum Kiss {
    Rate,
    Refused(Refusal),
}

fn kiss(packet: &Packet) -> Option<Kiss> {
    if packet.stratum != 0 {
        return None;
    }
    match &packet.reference_id {
        b"RATE" => Some(Kiss::Rate),
        b"DENY" => Some(Kiss::Refused(Refusal::Denied)),
        b"RSTR" => Some(Kiss::Refused(Refusal::Restricted)),
        _ => None,
    }
}

/// RFC 5905 8 and 9.2: what the four times say, where the server knows the time and the times are possible.
fn sample(asked: &Asked, (now, wall): (Instant, Wall), packet: &Packet) -> Option<Sample> {
    let serves = packet.leap != Leap::Unsynchronised && (1..=STRATUM_MAX).contains(&packet.stratum);
    let known = packet.receive != Stamp(0) && packet.transmit != Stamp(0);
    // A clock is not set in what is its future.
    let later = packet.reference == Stamp(0) || packet.transmit.since(packet.reference) >= 0;
    let held = packet.transmit.since(packet.receive);
    // A clock that is set meanwhile does not change how long it has taken.
    let away = nanos(now.saturating_duration_since(asked.at));
    if !serves || !known || !later || held < 0 || held > away.saturating_add(HELD_SLACK) {
        return None;
    }
    let there = packet.receive.since(Stamp::of(asked.sent));
    let back = packet.transmit.since(Stamp::of(wall));
    let sample = Sample {
        at: now,
        offset: there / 2 + back / 2,
        delay: away.saturating_sub(held).max(READING),
        root_delay: packet.root_delay.nanos(),
        root_dispersion: packet.root_dispersion.nanos(),
        moved: 0,
    };
    (sample.distance(now) <= DISTANCE_MAX).then_some(sample)
}

/// As powers of two of seconds: what public servers ask for (64 s), and what the drift of a clock allows (1024 s).
pub(super) const POLL_MIN: u8 = 6;
pub(super) const POLL_MAX: u8 = 10;

/// Questions at the beginning.
const BURST: u8 = 4;

/// Between them (RFC 5905 13.2).
const BURST_PAUSE: Duration = Duration::from_secs(2);

/// The filter of RFC 5905 10 has eight stages.
const SAMPLES_MAX: usize = 8;

/// Samples as expected before it is asked less often.
const CALM_MIN: u8 = 4;

/// Offsets that differ by less are the same on a local network.
const CALM: Nanos = SECOND / 1000;

/// From 16 on nobody is synchronised (RFC 5905 7.3).
const STRATUM_MAX: u8 = 15;

/// How far off a server may be that is listened to (RFC 5905 A.5.1.1: MAXDIST).
const DISTANCE_MAX: Nanos = SECOND + SECOND / 2;

/// A clock drifts by 15 of a million at most (RFC 5905 7.2: PHI).
pub(super) const DRIFT: Nanos = 1_000_000 / 15;

/// What reading a clock and reaching a socket take, on both ends.
const READING: Nanos = 100_000;

/// A server whose clock runs wild may seem to have held a question longer than we have waited, by this much.
const HELD_SLACK: Nanos = SECOND / 100;
