//! RTP packets: RFC 3550, clause 5.1.
//!
//! What comes in is read by `rtp-types`. What goes out is written afresh: a
//! plain header and the payload, so that neither contributing sources nor
//! header extensions of one side are shown to the other.

use rtp_types::RtpPacket;

/// What the relay needs to know of a packet beside its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// First packet after a pause, or of an event.
    pub marker: bool,
    /// What the payload is, 0 to 127.
    pub payload_type: u8,
    /// Counts packets.
    pub sequence: u16,
    /// Counts samples, 8000 a second here.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
}

/// Reads a datagram; `None` if it is not RTP version 2 or its lengths do not add up.
#[must_use]
pub fn read(datagram: &[u8]) -> Option<(Header, &[u8])> {
    let packet = RtpPacket::parse(datagram).ok()?;
    let header = Header {
        marker: packet.marker_bit(),
        payload_type: packet.payload_type(),
        sequence: packet.sequence_number(),
        timestamp: packet.timestamp(),
        ssrc: packet.ssrc(),
    };
    let (start, length) = (packet.payload_offset(), packet.payload_len());
    Some((header, datagram.get(start..start.checked_add(length)?)?))
}

/// Appends the twelve octets of `header` to `into`; the payload follows.
pub fn write(header: &Header, into: &mut Vec<u8>) {
    let mut octets = [0; HEADER];
    octets[0] = VERSION_2;
    octets[1] = (u8::from(header.marker) << 7) | (header.payload_type & 0x7f);
    octets[2..4].copy_from_slice(&header.sequence.to_be_bytes());
    octets[4..8].copy_from_slice(&header.timestamp.to_be_bytes());
    octets[8..].copy_from_slice(&header.ssrc.to_be_bytes());
    into.extend_from_slice(&octets);
}

/// How far `later` is ahead of `earlier`; negative if it is behind.
#[must_use]
pub const fn ahead(later: u16, earlier: u16) -> i16 {
    later.wrapping_sub(earlier).cast_signed()
}

/// Octets of a header without contributing sources and extension.
pub const HEADER: usize = 12;

/// RTP clock of everything here: G.711 and telephone events.
pub const CLOCK_HZ: u32 = 8000;

const VERSION_2: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_extension_and_padding_are_not_payload() {
        let mut datagram = vec![0xb1, 0x88, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
        datagram.extend([0, 0, 0, 9]); // one contributing source
        datagram.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]); // extension of one word
        datagram.extend([0x55, 0x56, 0, 2]); // two octets of payload, two of padding
        let (header, payload) = read(&datagram).unwrap();
        assert_eq!((header.payload_type, header.marker), (8, true));
        assert_eq!((header.sequence, header.timestamp, header.ssrc), (1, 2, 3));
        assert_eq!(payload, [0x55, 0x56]);
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(datagram: Vec<u8>, first in 0x80u8..0xc0) {
            let mut likely = datagram.clone();
            likely.iter_mut().take(1).for_each(|octet| *octet = first);
            for octets in [&datagram, &likely] {
                if let Some((_, payload)) = read(octets) {
                    prop_assert!(payload.len() + HEADER <= octets.len());
                }
            }
        }

        #[test]
        fn what_is_written_is_read(
            marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32,
            payload: Vec<u8>,
        ) {
            let header = Header { marker, payload_type, sequence, timestamp, ssrc };
            let mut datagram = Vec::new();
            write(&header, &mut datagram);
            datagram.extend_from_slice(&payload);
            prop_assert_eq!(read(&datagram), Some((header, &payload[..])));
        }
    }
}
