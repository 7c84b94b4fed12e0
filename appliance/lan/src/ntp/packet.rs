//! The packet: its header (RFC 5905 7.3). What follows it, extension fields and a signature, is not looked at.

use super::stamp::{Short, Stamp};

/// A packet without what may follow its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Whether the sender's clock is set, and whether a leap second comes.
    pub leap: Leap,
    /// 1 to 4.
    pub version: u8,
    /// Who speaks.
    pub mode: Mode,
    /// How far from a clock of reference: 1 has one, 0 and above 15 are not synchronised.
    pub stratum: u8,
    /// How often is asked, as a power of two of seconds.
    pub poll: i8,
    /// How finely the clock reads, as a power of two of seconds.
    pub precision: i8,
    /// Round trip to the clock of reference.
    pub root_delay: Short,
    /// How far off at most, beside what the round trip hides.
    pub root_dispersion: Short,
    /// Whom it follows; at stratum 0 four letters that say why it does not serve.
    pub reference_id: [u8; 4],
    /// When its clock was last set.
    pub reference: Stamp,
    /// What stood in `transmit` of the question.
    pub origin: Stamp,
    /// When the question came.
    pub receive: Stamp,
    /// When this packet was sent.
    pub transmit: Stamp,
}

/// Whether a clock is set, and what comes at the end of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leap {
    /// Nothing special.
    #[default]
    None,
    /// The last minute of the day has 61 seconds.
    Insert,
    /// The last minute of the day has 59 seconds.
    Delete,
    /// The clock is not set.
    Unsynchronised,
}

/// Who speaks, of those modes that mean something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Asks.
    Client,
    /// Answers.
    Server,
    /// Another mode: peers, broadcasts, control.
    Other(u8),
}

/// Octets that are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no NTP packet: {0}")]
pub struct Malformed(&'static str);

impl Packet {
    /// A question as RFC 9109 and the draft on data minimisation want it: nothing in it but a number that only the
    /// asked can know.
    #[must_use]
    pub const fn question(cookie: Stamp, poll: i8) -> Self {
        Self {
            leap: Leap::None,
            version: 4,
            mode: Mode::Client,
            stratum: 0,
            poll,
            precision: 32,
            root_delay: Short(0),
            root_dispersion: Short(0),
            reference_id: [0; 4],
            reference: Stamp(0),
            origin: Stamp(0),
            receive: Stamp(0),
            transmit: cookie,
        }
    }

    /// Reads what was received.
    ///
    /// # Errors
    /// [`Malformed`]: too short, longer than anybody needs, cut within a field, or of an unknown version.
    pub fn read(octets: &[u8]) -> Result<Self, Malformed> {
        let (header, rest) = octets.split_first_chunk::<OCTETS>().ok_or(Malformed("too short"))?;
        if octets.len() > OCTETS_MAX || rest.len() % 4 != 0 {
            return Err(Malformed("an impossible length"));
        }
        let version = header[0] >> 3 & 7;
        if !(1..=4).contains(&version) {
            return Err(Malformed("an unknown version"));
        }
        let [_, stratum, poll, precision, ..] = *header;
        Ok(Self {
            leap: match header[0] >> 6 {
                0 => Leap::None,
                1 => Leap::Insert,
                2 => Leap::Delete,
                _ => Leap::Unsynchronised,
            },
            version,
            mode: match header[0] & 7 {
                3 => Mode::Client,
                4 => Mode::Server,
                other => Mode::Other(other),
            },
            stratum,
            poll: poll.cast_signed(),
            precision: precision.cast_signed(),
            root_delay: Short(u32::from_be_bytes(part(header, 4))),
            root_dispersion: Short(u32::from_be_bytes(part(header, 8))),
            reference_id: part(header, 12),
            reference: stamp(header, 16),
            origin: stamp(header, 24),
            receive: stamp(header, 32),
            transmit: stamp(header, 40),
        })
    }

    /// The octets of the header.
    #[must_use]
    pub fn write(&self) -> [u8; OCTETS] {
        let leap = match self.leap {
            Leap::None => 0,
            Leap::Insert => 1,
            Leap::Delete => 2,
            Leap::Unsynchronised => 3,
        };
        let mode = match self.mode {
            Mode::Client => 3,
            Mode::Server => 4,
            Mode::Other(other) => other & 7,
        };
        let mut octets = [0; OCTETS];
        octets[0] = leap << 6 | (self.version & 7) << 3 | mode;
        octets[1] = self.stratum;
        octets[2] = self.poll.cast_unsigned();
        octets[3] = self.precision.cast_unsigned();
        octets[4..8].copy_from_slice(&self.root_delay.0.to_be_bytes());
        octets[8..12].copy_from_slice(&self.root_dispersion.0.to_be_bytes());
        octets[12..16].copy_from_slice(&self.reference_id);
        octets[16..24].copy_from_slice(&self.reference.0.to_be_bytes());
        octets[24..32].copy_from_slice(&self.origin.0.to_be_bytes());
        octets[32..40].copy_from_slice(&self.receive.0.to_be_bytes());
        octets[40..48].copy_from_slice(&self.transmit.0.to_be_bytes());
        octets
    }
}

fn stamp(header: &[u8; OCTETS], at: usize) -> Stamp {
    Stamp(u64::from_be_bytes(part(header, at)))
}

fn part<const N: usize>(header: &[u8; OCTETS], at: usize) -> [u8; N] {
    let part = header.get(at..).and_then(<[u8]>::first_chunk);
    part.copied().unwrap_or([0; N])
}

/// Octets of the header.
pub const OCTETS: usize = 48;

/// Octets of the longest packet that is looked at: room for a signature and the extension fields in use.
pub const OCTETS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_of_a_server_at_large_is_read_and_written() {
        // As a server of stratum 1 that follows GPS has sent it.
        let octets: Vec<u8> = (0..)
            .map_while(|at| ANSWER.get(at * 2..at * 2 + 2))
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        let packet = Packet::read(&octets).unwrap();
        assert_eq!((packet.leap, packet.version, packet.mode), (Leap::None, 4, Mode::Server));
        assert_eq!((packet.stratum, packet.poll, packet.precision), (1, 6, -24));
        assert_eq!((packet.root_delay, packet.root_dispersion), (Short(0), Short(16)));
        assert_eq!(&packet.reference_id, b"GPS\0");
        assert_eq!(packet.transmit.since(packet.receive), 25_000);
        assert_eq!(packet.write().to_vec(), octets);
    }

    const ANSWER: &str = "240106e8\
        0000000000000010\
        47505300\
        ec9a9c0000000000\
        0123456789abcdef\
        ec9a9c1080000000\
        ec9a9c108001a36e";

    #[test]
    fn what_is_no_packet_is_refused() {
        let whole = Packet::question(Stamp(7), 6).write().to_vec();
        assert_eq!(whole.len(), OCTETS);
        assert!(Packet::read(&whole[..47]).is_err());
        for (length, sound) in
            [(49, false), (68, true), (OCTETS_MAX, true), (OCTETS_MAX + 4, false)]
        {
            let mut longer = whole.clone();
            longer.resize(length, 0);
            assert_eq!(Packet::read(&longer).is_ok(), sound, "{length}");
        }
        for version in [0, 5, 6, 7] {
            let mut other = whole.clone();
            other[0] = version << 3 | 3;
            assert!(Packet::read(&other).is_err(), "{version}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(octets in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(packet) = Packet::read(&octets) {
                prop_assert_eq!(&packet.write()[..], &octets[..OCTETS]);
            }
        }
    }
}
