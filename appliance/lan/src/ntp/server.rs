//! The server: each question is answered from what is known at the moment, and nobody is remembered.
//!
//! An answer is as long as the shortest question, so that nobody can make more
//! of what is sent here. Only questions of clients are answered: two servers
//! cannot be made to talk to each other.

use super::packet::{Leap, Mode, Packet};
use super::stamp::{Nanos, Short, Stamp, Wall};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// How our own clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether it is set.
    pub leap: Leap,
    /// One more than that of the server that is followed.
    pub stratum: u8,
    /// Round trip to the clock of reference.
    pub root_delay: Nanos,
    /// How far off at most, beside what the round trip hides.
    pub root_dispersion: Nanos,
    /// Who is followed.
    pub reference_id: [u8; 4],
    /// When the clock was last set, as it shows itself.
    pub reference: Option<Wall>,
}

impl Default for Standing {
    /// Not synchronised (RFC 5905 7.3: stratum 0 in a packet stands for 16, with the word INIT).
    fn default() -> Self {
        Self {
            leap: Leap::Unsynchronised,
            stratum: 0,
            root_delay: 0,
            root_dispersion: 0,
            reference_id: *b"INIT",
            reference: None,
        }
    }
}

/// When a question came and when its answer leaves, by our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// It came.
    pub received: Wall,
    /// The answer leaves.
    pub sent: Wall,
}

/// The answer to what was received, where there is one.
#[must_use]
pub fn answer(octets: &[u8], standing: &Standing, times: Times) -> Option<Packet> {
    let asked = Packet::read(octets).ok().filter(|packet| packet.mode == Mode::Client)?;
    Some(Packet {
        leap: standing.leap,
        version: asked.version,
        mode: Mode::Server,
        stratum: standing.stratum,
        poll: asked.poll,
        precision: PRECISION,
        root_delay: Short::of(standing.root_delay),
        root_dispersion: Short::of(standing.root_dispersion),
        reference_id: standing.reference_id,
        reference: standing.reference.map(Stamp::of).unwrap_or_default(),
        origin: asked.transmit,
        receive: Stamp::of(times.received),
        transmit: Stamp::of(times.sent),
    })
}

/// The answer to a client that asks too often: it is to ask less (RFC 5905 7.4).
#[must_use]
pub fn slower(octets: &[u8]) -> Option<Packet> {
    let never = Times { received: Wall::default(), sent: Wall::default() };
    let answer = answer(octets, &Standing::default(), never)?;
    Some(Packet { reference_id: *b"RATE", receive: Stamp(0), transmit: answer.origin, ..answer })
}

/// The number that stands for a server in packets: its IPv4 address, or some digest of its IPv6 address. It only
/// serves to notice circles.
#[must_use]
pub fn reference_id(address: IpAddr) -> [u8; 4] {
    match address {
        IpAddr::V4(address) => address.octets(),
        IpAddr::V6(address) => {
            // FNV-1a; clients and servers need not agree on it.
            let mix = |sum: u32, octet: &u8| (sum ^ u32::from(*octet)).wrapping_mul(0x0100_0193);
            address.octets().iter().fold(0x811c_9dc5, mix).to_be_bytes()
        }
    }
}

/// What is to become of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is answered.
    Answer,
    /// It is answered that there are too many.
    Slower,
    /// Nothing is said.
    Silence,
}

/// Sees to it that nobody asks too often, and that all together do not.
///
/// Each address has a budget of some questions at once and one more every two
/// seconds; IPv6 addresses count by the network of 64 bits that they are in.
/// It remembers a bounded number of addresses: the one that was quiet longest
/// makes room.
#[derive(Debug, Default)]
pub struct Doorkeeper {
    /// When each address has its whole budget again, and how many of its questions were too many.
    guests: BTreeMap<IpAddr, (Instant, u32)>,
    all: Option<Instant>,
}

impl Doorkeeper {
    /// Whether a question from this address is answered.
    pub fn admits(&mut self, now: Instant, from: IpAddr) -> Admission {
        if !spend(&mut self.all, now, ALL_EVERY, ALL_BURST) {
            return Admission::Silence;
        }
        let from = network(from);
        if !self.guests.contains_key(&from) && self.guests.len() >= GUESTS_MAX {
            self.make_room(now);
        }
        let (whole_at, refused) = self.guests.entry(from).or_insert((now, 0));
        let mut budget = Some(*whole_at);
        if spend(&mut budget, now, GUEST_EVERY, GUEST_BURST) {
            *whole_at = budget.unwrap_or(now);
            return Admission::Answer;
        }
        *refused = refused.wrapping_add(1);
        if refused.is_multiple_of(SLOWER_EVERY) { Admission::Slower } else { Admission::Silence }
    }

    /// How many addresses are remembered.
    #[must_use]
    pub fn guests(&self) -> usize {
        self.guests.len()
    }

    fn make_room(&mut self, now: Instant) {
        self.guests.retain(|_, (whole_at, _)| *whole_at > now);
        if self.guests.len() >= GUESTS_MAX {
            let quiet = self.guests.iter().min_by_key(|(_, (whole_at, _))| *whole_at);
            if let Some(quiet) = quiet.map(|(address, _)| *address) {
                self.guests.remove(&quiet);
            }
        }
    }
}

/// Takes one from a budget that is whole again at that time; false where nothing is left.
fn spend(whole_at: &mut Option<Instant>, now: Instant, every: Duration, burst: u32) -> bool {
    let next = whole_at.map_or(now, |at| at.max(now)) + every;
    let has = next <= now + every * burst;
    if has {
        *whole_at = Some(next);
    }
    has
}

/// What counts as one asker.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => four.into(),
            None => Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX)).into(),
        },
    }
}

/// Our clock reads to about a microsecond, 2^-20 s.
const PRECISION: i8 = -20;

/// Questions of one address at once: a client begins with four or eight.
const GUEST_BURST: u32 = 8;

/// One more question of an address each time this has passed; the least pause of RFC 5905 is 16 s, that of a burst 2 s.
const GUEST_EVERY: Duration = Duration::from_secs(2);

/// Addresses that are remembered: all base stations of the largest system, in 200 kB.
const GUESTS_MAX: usize = 4096;

/// Of those questions that are too many one in so many is answered, with a word: an answer to each would serve whoever
/// writes somebody else's address into questions.
const SLOWER_EVERY: u32 = 8;

/// Answers of all addresses together: 500 in a second cost a hundredth of the smallest box.
const ALL_EVERY: Duration = Duration::from_millis(2);

/// Of all addresses at once: all base stations after a power cut.
const ALL_BURST: u32 = 4096;

#[cfg(test)]
mod tests {
    use super::super::packet::OCTETS;
    use super::super::stamp::SECOND;
    use super::*;
    use proptest::prelude::*;

    const TIMES: Times = Times {
        received: Wall(1_800_000_000 * SECOND),
        sent: Wall(1_800_000_000 * SECOND + 20_000),
    };

    fn standing() -> Standing {
        Standing {
            leap: Leap::None,
            stratum: 3,
            root_delay: SECOND / 100,
            root_dispersion: SECOND / 50,
            reference_id: [192, 0, 2, 1],
            reference: Some(Wall(1_799_999_900 * SECOND)),
        }
    }

    #[test]
    fn a_client_is_told_the_time_and_how_far_to_trust_it() {
        for version in 1..=4 {
            let question = Packet { version, ..Packet::question(Stamp(0x1234), 7) };
            let answer = answer(&question.write(), &standing(), TIMES).unwrap();
            assert_eq!((answer.version, answer.mode, answer.poll), (version, Mode::Server, 7));
            assert_eq!(
                (answer.leap, answer.stratum, answer.origin),
                (Leap::None, 3, Stamp(0x1234))
            );
            assert_eq!(answer.receive.wall(TIMES.sent), TIMES.received);
            assert_eq!(answer.transmit.wall(TIMES.received), TIMES.sent);
            assert!(answer.root_dispersion.nanos() >= SECOND / 50 - 1);
        }
    }

    #[test]
    fn a_clock_that_is_not_set_says_so() {
        let question = Packet::question(Stamp(1), 6).write();
        let answer = answer(&question, &Standing::default(), TIMES).unwrap();
        assert_eq!((answer.leap, answer.stratum), (Leap::Unsynchronised, 0));
        assert_eq!(answer.reference, Stamp(0));
    }

    #[test]
    fn only_questions_of_clients_are_answered() {
        for mode in 0..8 {
            let mut question = Packet::question(Stamp(1), 6).write();
            question[0] = 4 << 3 | mode;
            assert_eq!(answer(&question, &standing(), TIMES).is_some(), mode == 3, "{mode}");
            assert_eq!(slower(&question).is_some(), mode == 3, "{mode}");
        }
        let kiss = slower(&Packet::question(Stamp(9), 6).write()).unwrap();
        assert_eq!((kiss.stratum, &kiss.reference_id, kiss.origin), (0, b"RATE", Stamp(9)));
    }

    #[test]
    fn whoever_asks_too_often_is_asked_to_wait_and_the_others_are_not() {
        let (mut door, now) = (Doorkeeper::default(), Instant::now());
        let (greedy, modest) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let told: Vec<Admission> = (0..100).map(|_| door.admits(now, greedy)).collect();
        let count = |what| told.iter().filter(|it| **it == what).count();
        assert_eq!((count(Admission::Answer), count(Admission::Slower)), (8, 11));
        assert_eq!(door.admits(now, modest), Admission::Answer);
        assert_eq!(door.admits(now + GUEST_EVERY, greedy), Admission::Answer);
        assert_eq!(door.admits(now + GUEST_EVERY, greedy), Admission::Silence);
    }

    #[test]
    fn a_network_of_ipv6_is_one_asker_and_all_together_have_a_limit() {
        let (mut door, now) = (Doorkeeper::default(), Instant::now());
        let answered = (0..1000_u32)
            .filter(|last| {
                let from = format!("2001:db8::{last:x}").parse().unwrap();
                door.admits(now, from) == Admission::Answer
            })
            .count();
        assert_eq!((answered, door.guests()), (8, 1));
        let many = (0..20_000_u32).filter(|number| {
            let from = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
            door.admits(now, from) == Admission::Answer
        });
        assert_eq!(many.count(), ALL_BURST as usize - 1000);
        assert!(door.guests() <= GUESTS_MAX);
    }

    proptest! {
        #[test]
        fn an_answer_is_never_longer_than_the_question(
            octets in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            for packet in [answer(&octets, &standing(), TIMES), slower(&octets)].into_iter().flatten() {
                prop_assert!(packet.write().len() <= octets.len() && octets.len() >= OCTETS);
                // What we send as a server is answered by no server.
                prop_assert_eq!(answer(&packet.write(), &standing(), TIMES), None);
            }
        }
    }
}
