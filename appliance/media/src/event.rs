//! Telephone events: RFC 4733, as far as keys go.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The payload of an event packet (RFC 4733 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// 0 to 15 are keys.
    pub code: u8,
    /// The event is over.
    pub end: bool,
    /// Power without sign, 0 to 63: 10 is -10 dBm0.
    pub volume: u8,
    /// Samples since the event began.
    pub duration: u16,
}

impl Event {
    /// Reads the first event of a payload; `None` if it is too short.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let &[code, flags, high, low] = payload.first_chunk()?;
        let duration = u16::from_be_bytes([high, low]);
        Some(Self { code, end: flags & 0x80 != 0, volume: flags & 0x3f, duration })
    }

    /// The four octets of the event.
    #[must_use]
    pub fn write(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, (u8::from(self.end) << 7) | (self.volume & 0x3f), high, low]
    }
}

/// The event code of a key (RFC 4733 3.2): `0` to `9`, `*`, `#`, `A` to `D`.
#[must_use]
pub fn code(key: char) -> Option<u8> {
    let index = KEYS.find(key.to_ascii_uppercase())?;
    u8::try_from(index).ok()
}

/// The key of an event code.
#[must_use]
pub fn key(code: u8) -> Option<char> {
    KEYS.as_bytes().get(usize::from(code)).map(|octet| char::from(*octet))
}

/// What is heard of the events of one side: each key once, however often its packets come.
#[derive(Clone, Debug, Default)]
pub struct Hearing {
    pressed: Option<Pressed>,
    /// Timestamp of the latest event; its repetitions and whatever is older are no news.
    latest: Option<u32>,
}

#[derive(Clone, Debug)]
struct Pressed {
    code: u8,
    duration: u16,
    heard: Instant,
}

/// A key that was pressed and let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Which.
    pub key: char,
    /// For how long.
    pub held: Duration,
}

impl Hearing {
    /// Takes the event of a packet with this timestamp. A key is told when its end is heard, or
    /// when the next one begins.
    pub fn packet(&mut self, now: Instant, timestamp: u32, event: Event) -> [Option<Key>; 2] {
        let step = self.latest.map_or(1, |latest| timestamp.wrapping_sub(latest).cast_signed());
        let mut before = None;
        if step > 0 {
            before = self.pressed.take().and_then(Pressed::key);
            self.pressed = Some(Pressed { code: event.code, duration: 0, heard: now });
            self.latest = Some(timestamp);
        } else if step < 0 {
            return [None, None];
        }
        let Some(pressed) = &mut self.pressed else {
            return [before, None];
        };
        pressed.duration = pressed.duration.max(event.duration);
        pressed.heard = now;
        let ended = if event.end { self.pressed.take().and_then(Pressed::key) } else { None };
        [before, ended]
    }

    /// A key whose end was never heard, once nothing came for [`LAPSE`].
    pub fn lapse(&mut self, now: Instant) -> Option<Key> {
        let pressed = self.pressed.take_if(|pressed| now >= pressed.heard + LAPSE)?;
        pressed.key()
    }

    /// When to ask for a lapse; `None` while no key is pressed.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.pressed.as_ref().map(|pressed| pressed.heard + LAPSE)
    }

    /// A new source has timestamps of its own.
    pub fn forget_source(&mut self) -> Option<Key> {
        self.latest = None;
        self.pressed.take().and_then(Pressed::key)
    }
}

impl Pressed {
    fn key(self) -> Option<Key> {
        Some(Key {
            key: key(self.code)?,
            held: Duration::from_micros(u64::from(self.duration) * 125),
        })
    }
}

/// Keys that are being sent on one side, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Keying {
    waiting: VecDeque<(u8, u16)>,
    sending: Option<Sending>,
}

#[derive(Clone, Debug)]
struct Sending {
    code: u8,
    total: u16,
    timestamp: u32,
    elapsed: u16,
    /// End packets sent so far.
    ends: u8,
}

/// What one step of sending a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this with the timestamp of the event's beginning; the first of an event is marked.
    Packet {
        /// The payload.
        event: Event,
        /// When the event began, in the stream's time.
        timestamp: u32,
        /// First packet of the event.
        marker: bool,
    },
    /// The pause after a key, before the next one: wait [`PAUSE`].
    Pause,
    /// All keys are sent.
    Done,
}

impl Keying {
    /// Takes a key to be sent for `held`; false if it is no key or too many wait.
    pub fn press(&mut self, key: char, held: Duration) -> bool {
        let Some(code) = code(key).filter(|_| self.waiting.len() < WAITING_MAX) else {
            return false;
        };
        let samples = held.clamp(SHORTEST, LONGEST).as_micros() / 125;
        self.waiting.push_back((code, u16::try_from(samples).unwrap_or(u16::MAX)));
        true
    }

    /// Whether a key is being sent, so that speech has to wait.
    #[must_use]
    pub const fn sending(&self) -> bool {
        self.sending.is_some()
    }

    /// Whether steps are due: something is being sent or waits.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.sending() || !self.waiting.is_empty()
    }

    /// One step, to be asked for every packet time; `clock` is the stream's time now.
    pub fn step(&mut self, clock: u32, interval: u16) -> Step {
        let marker = self.sending.is_none();
        if marker {
            let Some((code, total)) = self.waiting.pop_front() else { return Step::Done };
            self.sending = Some(Sending { code, total, timestamp: clock, elapsed: 0, ends: 0 });
        }
        let Some(sending) = self.sending.as_mut().filter(|sending| sending.ends < ENDS) else {
            self.sending = None;
            return Step::Pause;
        };
        sending.elapsed = sending.elapsed.saturating_add(interval).min(sending.total);
        let end = sending.elapsed >= sending.total;
        sending.ends += u8::from(end);
        let (code, duration) = (sending.code, sending.elapsed);
        let event = Event { code, end, volume: VOLUME, duration };
        Step::Packet { event, timestamp: sending.timestamp, marker }
    }
}

/// In the order of their event codes.
const KEYS: &str = "0123456789*#ABCD";

/// Nothing for so long: the end of the event was lost. Ten packets.
pub const LAPSE: Duration = Duration::from_millis(200);

/// Between two keys; receivers want at least 40 ms (Q.24).
pub const PAUSE: Duration = Duration::from_millis(60);

/// The end is sent three times (RFC 4733 2.5.1.4).
const ENDS: u8 = 3;

/// The shortest key that receivers must recognise (Q.24).
const SHORTEST: Duration = Duration::from_millis(40);

/// Fits the duration field; longer keys would need segments (RFC 4733 2.5.1.3).
const LONGEST: Duration = Duration::from_secs(8);

/// -10 dBm0, in the middle of what is usual.
const VOLUME: u8 = 10;

/// Nobody types further ahead than a long number.
const WAITING_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: u8, end: bool, duration: u16) -> Event {
        Event { code, end, volume: 10, duration }
    }

    fn held(key: char, milliseconds: u64) -> Key {
        Key { key, held: Duration::from_millis(milliseconds) }
    }

    #[test]
    fn a_key_is_sent_with_one_timestamp_growing_durations_and_three_ends() {
        let mut keying = Keying::default();
        assert!(keying.press('#', Duration::from_millis(60)));
        let mut steps = Vec::new();
        for clock in [1000, 1160, 1320, 1480, 1640, 1800, 2280] {
            steps.push(keying.step(clock, 160));
        }
        let packet = |marker, end, duration| Step::Packet {
            event: event(11, end, duration),
            timestamp: 1000,
            marker,
        };
        assert_eq!(
            steps,
            [
                packet(true, false, 160),
                packet(false, false, 320),
                packet(false, true, 480),
                packet(false, true, 480),
                packet(false, true, 480),
                Step::Pause,
                Step::Done,
            ]
        );
    }

    #[test]
    fn what_is_no_key_and_what_is_too_much_is_not_taken() {
        let mut keying = Keying::default();
        assert!(!keying.press('x', SHORTEST));
        let taken = (0..1000).filter(|_| keying.press('1', SHORTEST)).count();
        assert_eq!(taken, WAITING_MAX);
    }

    #[test]
    fn a_key_is_heard_once_however_often_its_packets_come() {
        let (mut hearing, now) = (Hearing::default(), Instant::now());
        let mut heard = Vec::new();
        let ends = [event(5, true, 800); 3];
        for packet in [event(5, false, 160), event(5, false, 320), event(5, false, 320)] {
            heard.extend(hearing.packet(now, 7000, packet));
        }
        for packet in ends {
            heard.extend(hearing.packet(now, 7000, packet));
        }
        heard.extend(hearing.packet(now, 6000, event(1, true, 800)));
        heard.retain(Option::is_some);
        assert_eq!(heard, [Some(held('5', 100))]);
    }

    #[test]
    fn a_key_without_an_end_is_heard_when_the_next_begins_or_after_a_while() {
        let (mut hearing, now) = (Hearing::default(), Instant::now());
        assert_eq!(hearing.packet(now, 1000, event(1, false, 400)), [None, None]);
        let next = hearing.packet(now, 3000, event(2, true, 800));
        assert_eq!(next, [Some(held('1', 50)), Some(held('2', 100))]);

        hearing.packet(now, 5000, event(3, false, 800));
        assert_eq!(hearing.lapse(now + LAPSE / 2), None);
        assert_eq!(hearing.deadline(), Some(now + LAPSE));
        assert_eq!(hearing.lapse(now + LAPSE), Some(held('3', 100)));
        assert_eq!(hearing.lapse(now + LAPSE), None);
    }

    #[test]
    fn an_event_that_is_no_key_is_not_heard() {
        let (mut hearing, now) = (Hearing::default(), Instant::now());
        assert_eq!(hearing.packet(now, 1, event(16, true, 800)), [None, None]);
    }

    #[test]
    fn every_key_has_a_code_and_every_payload_a_meaning_or_none() {
        for letter in KEYS.chars() {
            assert_eq!(code(letter).and_then(key), Some(letter));
        }
        assert_eq!(code('a'), Some(12));
        assert_eq!(Event::read(&[1, 2, 3]), None);
        let packet = Event { code: 10, end: true, volume: 63, duration: 0x1234 };
        assert_eq!(packet.write(), [10, 0xbf, 0x12, 0x34]);
        assert_eq!(Event::read(&packet.write()), Some(packet));
    }
}
