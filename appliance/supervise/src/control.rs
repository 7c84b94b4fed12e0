//! What the roles that may ask and the supervisor say to each other: records of 64 octets.
//!
//! A fixed size and fixed places, so that PID 1 parses nothing of variable
//! length. A request is one record; its answer is one record for each role
//! (status) or one that says how it went. Numbers are little endian.

mod standing;

pub use standing::{Cause, Mode, Other, Standing};

use crate::init::Phase;
use crate::life::{Exit, Life, State};
use crate::net::Fixed;
use crate::role::Ask;

/// One record on the wire.
pub type Record = [u8; RECORD];

/// What the supervisor is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A record for each role.
    Status,
    /// Begin this role anew.
    Restart(Name),
    /// End everything and start the box anew.
    Reboot,
    /// End everything and switch the box off.
    PowerOff,
    /// How the box fares.
    Standing,
    /// Boot the other slot, on trial.
    OtherSlot,
    /// Take this away at the next boot, and start the box anew.
    Reset(Scope),
    /// Give the box this address, and keep it.
    Address(Fixed),
    /// Forget the address that was typed: what was there before counts again.
    AsItWas,
    /// The address is another one: whoever speaks to the network begins anew.
    AddressChanged,
}

/// How much a factory reset takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The network settings.
    Network,
    /// All settings; users and subscriptions stay.
    Config,
    /// Settings, users, subscriptions, logs and certificates.
    Full,
    /// As full, and everything is overwritten: before the box is given away.
    Decommission,
}

impl Scope {
    /// All of them, the smallest first.
    pub const ALL: [Self; 4] = [Self::Network, Self::Config, Self::Full, Self::Decommission];

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Config => "config",
            Self::Full => "full",
            Self::Decommission => "decommission",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

/// What the supervisor answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is being done; also the end of a list.
    Done,
    /// There is no role of this name.
    Unknown,
    /// It ends already, it cannot be done, or whoever asks may not.
    Refused,
    /// A role.
    Role(View),
    /// How the box fares.
    Standing(Standing),
}

/// A role, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Which.
    pub name: Name,
    /// Where it stands.
    pub state: Shown,
    /// Deaths since it was last healthy.
    pub deaths: u32,
    /// Its process; 0 is none.
    pub pid: u32,
    /// Starts since the box began.
    pub starts: u32,
    /// Whether a person should look at it.
    pub degraded: bool,
    /// Whether the box runs in safe mode.
    pub safe_mode: bool,
}

/// Where a role stands, in an administrator's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// For other roles, or it is not wanted.
    Waiting = 0,
    /// Not ready yet.
    Starting = 1,
    /// Ready.
    Ready = 2,
    /// About to end.
    Stopping = 3,
    /// It has died and rests.
    Resting = 4,
    /// It has died too often.
    Down = 5,
    /// Its settings are wrong.
    Refused = 6,
    /// It has ended.
    Stopped = 7,
}

/// The name of a role, in its place in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name([u8; NAME_MAX]);

impl Name {
    /// The name; what is too long is none.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let plain = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic());
        let mut octets = [0; NAME_MAX];
        octets.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        plain.then_some(Self(octets))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|octet| *octet == 0).unwrap_or(NAME_MAX);
        str::from_utf8(self.0.get(..end).unwrap_or_default()).unwrap_or_default()
    }

    fn read(octets: &[u8]) -> Option<Self> {
        let octets: [u8; NAME_MAX] = octets.try_into().ok()?;
        let name = Self(octets);
        (Self::new(name.as_str()) == Some(name)).then_some(name)
    }
}

impl View {
    /// How a role is shown.
    #[must_use]
    pub fn new(name: Name, life: &Life, phase: Phase) -> Self {
        Self {
            name,
            state: Shown::of(life.state()),
            deaths: life.deaths(),
            pid: 0,
            starts: 0,
            degraded: life.degraded(),
            safe_mode: matches!(phase, Phase::Safe(_)),
        }
    }
}

impl Shown {
    const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Starting,
        Self::Ready,
        Self::Stopping,
        Self::Resting,
        Self::Down,
        Self::Refused,
        Self::Stopped,
    ];

    const fn of(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::Starting => Self::Starting,
            State::Running | State::Reloading => Self::Ready,
            State::Stopping(_) => Self::Stopping,
            State::Resting => Self::Resting,
            State::Degraded(Exit::Ended) => Self::Down,
            State::Degraded(Exit::Refused) => Self::Refused,
            State::Stopped => Self::Stopped,
        }
    }

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
            Self::Resting => "resting",
            Self::Down => "down",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
        }
    }
}

impl Request {
    /// The record of this request.
    #[must_use]
    pub fn encode(&self) -> Record {
        let (kind, content): (u8, &[u8]) = match self {
            Self::Status => (1, &[]),
            Self::Restart(name) => (2, &name.0),
            Self::Reboot => (3, &[]),
            Self::PowerOff => (4, &[]),
            Self::Standing => (5, &[]),
            Self::OtherSlot => (6, &[]),
            Self::Reset(scope) => (7, &[*scope as u8]),
            Self::Address(fixed) => (8, &fixed.encode()),
            Self::AsItWas => (9, &[]),
            Self::AddressChanged => (10, &[]),
        };
        let mut record = begin(kind);
        put(&mut record, NAME_AT, content);
        record
    }

    /// What a role must be allowed to ask for this.
    #[must_use]
    pub const fn ask(&self) -> Ask {
        match self {
            Self::Status => Ask::Status,
            Self::Restart(_) => Ask::Restart,
            Self::Reboot => Ask::Reboot,
            Self::PowerOff => Ask::PowerOff,
            Self::Standing => Ask::Standing,
            Self::OtherSlot => Ask::OtherSlot,
            Self::Reset(_) => Ask::Reset,
            Self::Address(_) | Self::AsItWas => Ask::Address,
            Self::AddressChanged => Ask::AddressChanged,
        }
    }

    /// What a record asks; `None` if it is no request of this version.
    #[must_use]
    pub fn decode(record: &Record) -> Option<Self> {
        let request = match kind(record)? {
            1 => Self::Status,
            2 => Self::Restart(Name::read(record.get(NAME_AT..NAME_AT + NAME_MAX)?)?),
            3 => Self::Reboot,
            4 => Self::PowerOff,
            5 => Self::Standing,
            6 => Self::OtherSlot,
            7 => Self::Reset(*Scope::ALL.get(usize::from(*record.get(NAME_AT)?))?),
            8 => Self::Address(Fixed::decode(
                record.get(NAME_AT..NAME_AT + Fixed::LEN)?.try_into().ok()?,
            )?),
            9 => Self::AsItWas,
            10 => Self::AddressChanged,
            _ => return None,
        };
        (request.encode() == *record).then_some(request)
    }
}

impl Answer {
    /// The record of this answer.
    #[must_use]
    pub fn encode(&self) -> Record {
        let view = match self {
            Self::Done => return begin(0x80),
            Self::Unknown => return begin(0x81),
            Self::Refused => return begin(0x82),
            Self::Standing(standing) => return standing.encode(0x84),
            Self::Role(view) => view,
        };
        let mut record = begin(0x83);
        put(&mut record, NAME_AT, &view.name.0);
        let flags = u8::from(view.degraded) | u8::from(view.safe_mode) << 1;
        put(&mut record, STATE_AT, &[view.state as u8, flags]);
        put(&mut record, DEATHS_AT, &view.deaths.to_le_bytes());
        put(&mut record, PID_AT, &view.pid.to_le_bytes());
        put(&mut record, STARTS_AT, &view.starts.to_le_bytes());
        record
    }

    /// What a record answers; `None` if it is no answer of this version.
    #[must_use]
    pub fn decode(record: &Record) -> Option<Self> {
        let answer = match kind(record)? {
            0x80 => Self::Done,
            0x81 => Self::Unknown,
            0x82 => Self::Refused,
            0x83 => Self::Role(View {
                name: Name::read(record.get(NAME_AT..NAME_AT + NAME_MAX)?)?,
                state: *Shown::ALL.get(usize::from(*record.get(STATE_AT)?))?,
                degraded: record.get(STATE_AT + 1)? & 1 != 0,
                safe_mode: record.get(STATE_AT + 1)? & 2 != 0,
                deaths: number(record, DEATHS_AT)?,
                pid: number(record, PID_AT)?,
                starts: number(record, STARTS_AT)?,
            }),
            0x84 => Self::Standing(Standing::decode(record)?),
            _ => return None,
        };
        (answer.encode() == *record).then_some(answer)
    }
}

fn begin(kind: u8) -> Record {
    let mut record = [0; RECORD];
    put(&mut record, 0, &[VERSION, kind]);
    record
}

fn kind(record: &Record) -> Option<u8> {
    let [version, kind, ..] = *record;
    (version == VERSION).then_some(kind)
}

fn put(record: &mut Record, at: usize, octets: &[u8]) {
    record.iter_mut().skip(at).zip(octets).for_each(|(place, octet)| *place = *octet);
}

fn number(record: &Record, at: usize) -> Option<u32> {
    record.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

/// Octets of a record.
pub const RECORD: usize = 64;

/// Octets of a role's name in it.
pub const NAME_MAX: usize = 16;

const VERSION: u8 = 1;
const NAME_AT: usize = 2;
const STATE_AT: usize = NAME_AT + NAME_MAX;
const DEATHS_AT: usize = 20;
const PID_AT: usize = 24;
const STARTS_AT: usize = 28;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Host;
    use proptest::prelude::*;

    fn view() -> View {
        View {
            name: Name::new("media").unwrap(),
            state: Shown::Resting,
            deaths: 3,
            pid: 4_000_000,
            starts: 70_000,
            degraded: true,
            safe_mode: false,
        }
    }

    #[test]
    fn every_record_comes_back_as_it_was() {
        let name = Name::new("dect").unwrap();
        let mut requests = vec![
            Request::Status,
            Request::Restart(name),
            Request::Reboot,
            Request::PowerOff,
            Request::Standing,
            Request::OtherSlot,
            Request::AsItWas,
            Request::AddressChanged,
            Request::Address(Fixed {
                host: Host::parse("192.0.2.10/24").unwrap(),
                gateway: Some([192, 0, 2, 1].into()),
                dns: crate::net::dns("192.0.2.1,192.0.2.2").unwrap(),
                vlan: crate::net::vlan("7").unwrap(),
            }),
        ];
        requests.extend(Scope::ALL.map(Request::Reset));
        for request in requests {
            assert_eq!(Request::decode(&request.encode()), Some(request));
            assert_eq!(Answer::decode(&request.encode()), None);
        }
        let mut answers = vec![Answer::Done, Answer::Unknown, Answer::Refused];
        for state in Shown::ALL {
            answers.push(Answer::Role(View { state, ..view() }));
        }
        for answer in answers {
            assert_eq!(Answer::decode(&answer.encode()), Some(answer));
            assert_eq!(Request::decode(&answer.encode()), None);
        }
    }

    #[test]
    fn a_name_is_short_and_printable() {
        for name in ["", "a b", "averylongnameofa7", "n\u{e4}me", "a\0b"] {
            assert_eq!(Name::new(name), None, "{name:?}");
        }
        assert_eq!(Name::new("sixteenoctets-16").unwrap().as_str(), "sixteenoctets-16");
    }

    proptest! {
        #[test]
        fn what_is_read_says_exactly_what_the_record_says(octets in proptest::array::uniform32(any::<u8>()), kind in prop_oneof![0u8..11, 0x80u8..0x85]) {
            let mut record = [0; RECORD];
            put(&mut record, 0, &octets);
            put(&mut record, 0, &[VERSION, kind]);
            if let Some(answer) = Answer::decode(&record) {
                prop_assert_eq!(answer.encode(), record);
            }
            if let Some(request) = Request::decode(&record) {
                prop_assert_eq!(request.encode(), record);
            }
        }
    }
}
