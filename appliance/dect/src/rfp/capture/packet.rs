//! Ethernet, IPv4 and TCP around a message.

use crate::nwk::ConnId;

/// One connection as TCP sees it.
pub(super) struct Session {
    conn: u32,
    /// What each side sends next: the server, the base station.
    next: [u32; 2],
}

/// What a segment is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flags {
    Syn,
    SynAck,
    Ack,
    Data,
    Fin,
}

impl Flags {
    const fn bits(self) -> u8 {
        match self {
            Self::Syn => 0x02,
            Self::SynAck => 0x12,
            Self::Ack => 0x10,
            Self::Data => 0x18,
            Self::Fin => 0x11,
        }
    }
}

/// More does not fit into an IPv4 packet with a TCP header.
pub(super) const PAYLOAD_MAX: usize = 65_535 - IPV4 - TCP;

impl Session {
    pub(super) fn new(conn: ConnId) -> Self {
        Self { conn: conn.0, next: [1000, 2000] }
    }

    /// An Ethernet frame with one segment.
    pub(super) fn segment(&mut self, from_rfp: bool, flags: Flags, payload: &[u8]) -> Vec<u8> {
        let tcp = self.tcp(from_rfp, flags, payload);
        let ip = self.ipv4(from_rfp, tcp.len());
        let [_, b, c, d] = self.conn.to_be_bytes();
        let (server, base) = ([2, 0, 0, 0, 0, 1], [2, 0, 1, b, c, d]);
        let addresses = if from_rfp { [server, base] } else { [base, server] };
        self.skip(from_rfp, payload.len());
        if matches!(flags, Flags::Syn | Flags::SynAck | Flags::Fin) {
            self.skip(from_rfp, 1);
        }
        [addresses.as_flattened(), &[8, 0], &ip, &tcp].concat()
    }

    /// Counts octets as sent.
    pub(super) fn skip(&mut self, from_rfp: bool, octets: usize) {
        let next = &mut self.next[usize::from(from_rfp)];
        *next = next.wrapping_add(u32::try_from(octets).unwrap_or(u32::MAX));
    }

    fn tcp(&self, from_rfp: bool, flags: Flags, payload: &[u8]) -> Vec<u8> {
        let port = FIRST_PORT + u16::try_from(self.conn % PORTS).unwrap_or(0);
        let ports = if from_rfp { [port, SERVER_PORT] } else { [SERVER_PORT, port] };
        let (own, other) = (usize::from(from_rfp), usize::from(!from_rfp));
        let acknowledged = if flags == Flags::Syn { 0 } else { self.next[other] };
        let mut octets = Vec::with_capacity(TCP + payload.len());
        octets.extend(ports.iter().flat_map(|port| port.to_be_bytes()));
        octets.extend(self.next[own].to_be_bytes());
        octets.extend(acknowledged.to_be_bytes());
        octets.extend([0x50, flags.bits(), 0xff, 0xff, 0, 0, 0, 0]);
        octets.extend(payload);
        let [source, target] = self.addresses(from_rfp);
        let length = u16::try_from(octets.len()).unwrap_or(u16::MAX).to_be_bytes();
        let pseudo = [source.as_slice(), &target, &[0, 6], &length].concat();
        let sum = checksum(&[&pseudo, &octets]);
        octets[16..18].copy_from_slice(&sum.to_be_bytes());
        octets
    }

    fn ipv4(&self, from_rfp: bool, payload: usize) -> [u8; IPV4] {
        let length = u16::try_from(IPV4 + payload).unwrap_or(u16::MAX).to_be_bytes();
        let mut header = [0; IPV4];
        header[..10].copy_from_slice(&[0x45, 0, length[0], length[1], 0, 0, 0x40, 0, 64, 6]);
        header[12..].copy_from_slice(self.addresses(from_rfp).as_flattened());
        let sum = checksum(&[&header]);
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        header
    }

    /// Source and target. The server has an address for documentation, base stations have those of
    /// benchmark networks: none of them is anyone's.
    fn addresses(&self, from_rfp: bool) -> [[u8; 4]; 2] {
        let [_, b, c, d] = self.conn.to_be_bytes();
        let (server, base) = ([192, 0, 2, 1], [198, 0x12 | b & 1, c, d]);
        if from_rfp { [base, server] } else { [server, base] }
    }
}

/// The checksum of IPv4 and TCP over these parts, each but the last of even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u64;
    for part in parts {
        let (pairs, odd) = part.as_chunks::<2>();
        sum += pairs.iter().map(|pair| u64::from(u16::from_be_bytes(*pair))).sum::<u64>();
        sum += odd.first().map_or(0, |octet| u64::from(*octet) << 8);
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(0)
}

const IPV4: usize = 20;
const TCP: usize = 20;
const SERVER_PORT: u16 = 16_321;

/// Ports of base stations: the dynamic range of IANA.
const FIRST_PORT: u16 = 49_152;
const PORTS: u32 = 16_384;
