//! A link in clear as pcapng, for Wireshark's dissector on TCP port 16321.
//!
//! Both doors look the same in it: synthetic Ethernet, IPv4 and TCP, one message
//! per segment, since the dissector does not put messages together. Keys are not
//! in it; see [`Mask`].

mod mask;
mod packet;

pub use mask::Mask;

use crate::nwk::{ConnId, Mirrored};
use packet::{Flags, Session};
use std::collections::BTreeMap;
use std::time::Duration;

/// Writes the connections of one file.
#[derive(Default)]
pub struct Capture {
    sessions: BTreeMap<ConnId, Session>,
}

impl Capture {
    /// What the file begins with: section header and one Ethernet interface.
    #[must_use]
    pub fn header() -> Vec<u8> {
        let mut section = BYTE_ORDER_MAGIC.to_le_bytes().to_vec();
        section.extend([1, 0, 0, 0]);
        section.extend(u64::MAX.to_le_bytes());
        let mut interface = ETHERNET.to_le_bytes().to_vec();
        interface.extend([0, 0]);
        interface.extend(0_u32.to_le_bytes());
        [block(SECTION_HEADER, &section), block(INTERFACE, &interface)].concat()
    }

    /// The blocks to append for one message, at this time since 1970. A message that is longer than
    /// an IPv4 packet can be is left out, which shows as a gap in the sequence numbers.
    pub fn message(&mut self, at: Duration, mirrored: &Mirrored) -> Vec<u8> {
        let mut blocks = Vec::new();
        let session = self.sessions.entry(mirrored.conn).or_insert_with(|| {
            let mut session = Session::new(mirrored.conn);
            for (from_rfp, flags) in
                [(true, Flags::Syn), (false, Flags::SynAck), (true, Flags::Ack)]
            {
                blocks.extend(packet_block(at, &session.segment(from_rfp, flags, &[])));
            }
            session
        });
        if mirrored.octets.len() <= packet::PAYLOAD_MAX {
            let frame = session.segment(mirrored.from_rfp, Flags::Data, &mirrored.octets);
            blocks.extend(packet_block(at, &frame));
        } else {
            session.skip(mirrored.from_rfp, mirrored.octets.len());
        }
        blocks
    }

    /// The blocks to append when a connection is gone.
    pub fn closed(&mut self, at: Duration, conn: ConnId) -> Vec<u8> {
        let Some(mut session) = self.sessions.remove(&conn) else { return Vec::new() };
        let last = [(true, Flags::Fin), (false, Flags::Fin), (true, Flags::Ack)];
        last.iter()
            .flat_map(|(from_rfp, flags)| {
                packet_block(at, &session.segment(*from_rfp, *flags, &[]))
            })
            .collect()
    }
}

fn packet_block(at: Duration, frame: &[u8]) -> Vec<u8> {
    let micros = u64::try_from(at.as_micros()).unwrap_or(u64::MAX).to_be_bytes();
    let [a, b, c, d, low @ ..] = micros;
    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut body = 0_u32.to_le_bytes().to_vec();
    body.extend(u32::from_be_bytes([a, b, c, d]).to_le_bytes());
    body.extend(u32::from_be_bytes(low).to_le_bytes());
    body.extend(length);
    body.extend(length);
    body.extend(frame);
    block(ENHANCED_PACKET, &body)
}

/// A block of the file: type, length, body padded to 32 bits, length.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = u32::try_from(padded + 12).unwrap_or(u32::MAX).to_le_bytes();
    let mut octets = kind.to_le_bytes().to_vec();
    octets.extend(length);
    octets.extend(body);
    octets.resize(8 + padded, 0);
    octets.extend(length);
    octets
}

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
const ETHERNET: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of a file, after every block was checked for its lengths.
    fn frames(file: &[u8]) -> Vec<Vec<u8>> {
        let (mut at, mut frames) = (0, Vec::new());
        let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        while at < file.len() {
            let length = word(at + 4) as usize;
            assert_eq!(length % 4, 0);
            assert_eq!(word(at + length - 4) as usize, length);
            if word(at) == ENHANCED_PACKET {
                let captured = word(at + 20) as usize;
                frames.push(file[at + 28..at + 28 + captured].to_vec());
            }
            at += length;
        }
        frames
    }

    fn sum(octets: &[u8]) -> u16 {
        let mut sum = 0_u32;
        for pair in octets.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        }
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        u16::try_from(sum).unwrap()
    }

    #[test]
    fn each_message_is_one_segment_with_right_checksums_and_sequence_numbers() {
        let mut capture = Capture::default();
        let mut file = Capture::header();
        let conn = ConnId(7);
        let at = Duration::from_secs(1_800_000_001);
        for (from_rfp, octets) in [(false, vec![1; 36]), (true, vec![2; 5]), (false, vec![3; 9])] {
            file.extend(capture.message(at, &Mirrored { conn, from_rfp, octets }));
        }
        file.extend(capture.closed(at, conn));
        let frames = frames(&file);
        assert_eq!(frames.len(), 3 + 3 + 3);

        let mut next = [None; 2];
        for frame in &frames {
            let (ip, tcp) = (&frame[14..34], &frame[34..]);
            assert_eq!(sum(ip), 0xffff, "checksum of the IPv4 header");
            let length = u16::try_from(tcp.len()).unwrap().to_be_bytes();
            let pseudo = [&ip[12..20], &[0, 6], &length].concat();
            assert_eq!(sum(&[pseudo.as_slice(), tcp].concat()), 0xffff, "checksum of TCP");
            assert_eq!(u16::from_be_bytes([ip[2], ip[3]]) as usize, frame.len() - 14);

            let side = usize::from(tcp[0..2] == 16_321_u16.to_be_bytes());
            let sequence = u32::from_be_bytes(tcp[4..8].try_into().unwrap());
            if let Some(expected) = next[side] {
                assert_eq!(sequence, expected);
            }
            let counts = u32::from(tcp[13] & 3 != 0);
            let payload = u32::try_from(tcp.len() - 20).unwrap();
            next[side] = Some(sequence + counts + payload);
            if let (Some(other), true) = (next[1 - side], tcp[13] & 0x10 != 0) {
                assert_eq!(u32::from_be_bytes(tcp[8..12].try_into().unwrap()), other);
            }
        }
    }

    #[test]
    fn a_message_beyond_a_packet_is_a_gap() {
        let mut capture = Capture::default();
        let conn = ConnId(1);
        let long = Mirrored { conn, from_rfp: true, octets: vec![0; 65_539] };
        assert_eq!(frames(&capture.message(Duration::ZERO, &long)).len(), 3);
    }
}
