//! A message of DHCP (RFC 2131 2) and its options, long and overloaded ones too (RFC 3396).

use super::options;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// What a message is (RFC 2132 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Who has an address?
    Discover = 1,
    /// This one could be had.
    Offer = 2,
    /// This one is wanted.
    Request = 3,
    /// Somebody has it already.
    Decline = 4,
    /// It is given.
    Ack = 5,
    /// It is not given.
    Nak = 6,
    /// It is given back.
    Release = 7,
}

/// A message, without what BOOTP had and nobody uses: hops and the names in its fixed fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// It is for a server.
    pub is_request: bool,
    /// Joins answers to questions.
    pub transaction: u32,
    /// Since the client has begun.
    pub seconds: u16,
    /// The answer is to go to everybody.
    pub broadcast: bool,
    /// `ciaddr`: the address that the client has.
    pub client: Ipv4Addr,
    /// `yiaddr`: the address that it is given.
    pub yours: Ipv4Addr,
    /// `giaddr`: the relay between them.
    pub relay: Ipv4Addr,
    /// The client's MAC address.
    pub hardware: [u8; 6],
    /// Options by their numbers, without padding; of several with one number the octets of all of them.
    pub options: BTreeMap<u8, Vec<u8>>,
}

/// Why octets are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// The fixed part is not whole, or there is more than any packet has.
    #[error("the length of the message is wrong")]
    Length,
    /// The cookie is not that of DHCP.
    #[error("it is no message of DHCP")]
    Cookie,
    /// It is not for an address of Ethernet.
    #[error("it is for another kind of network")]
    Hardware,
    /// An option is longer than what is left.
    #[error("the options are cut off")]
    Options,
}

impl Message {
    /// One of a client, with nothing in it yet.
    #[must_use]
    pub fn of_client(transaction: u32, hardware: [u8; 6], kind: Kind) -> Self {
        Self {
            is_request: true,
            transaction,
            seconds: 0,
            broadcast: false,
            client: Ipv4Addr::UNSPECIFIED,
            yours: Ipv4Addr::UNSPECIFIED,
            relay: Ipv4Addr::UNSPECIFIED,
            hardware,
            options: BTreeMap::from([(options::KIND, vec![kind as u8])]),
        }
    }

    /// What it is, if it is something that we know.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        let all = [
            Kind::Discover,
            Kind::Offer,
            Kind::Request,
            Kind::Decline,
            Kind::Ack,
            Kind::Nak,
            Kind::Release,
        ];
        let number = self.options.get(&options::KIND)?;
        all.into_iter().find(|kind| **number == [*kind as u8])
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`Bad`].
    pub fn decode(octets: &[u8]) -> Result<Self, Bad> {
        if octets.len() > OCTETS_MAX {
            return Err(Bad::Length);
        }
        let (fixed, rest) = octets.split_first_chunk::<FIXED>().ok_or(Bad::Length)?;
        let (cookie, more) = rest.split_first_chunk::<4>().ok_or(Bad::Cookie)?;
        if *cookie != COOKIE {
            return Err(Bad::Cookie);
        }
        if fixed[1..3] != [ETHERNET, 6] {
            return Err(Bad::Hardware);
        }
        let quad = |at: usize| {
            let mut quad = [0; 4];
            quad.iter_mut().zip(&fixed[at..]).for_each(|(to, from)| *to = *from);
            quad
        };
        let mut hardware = [0; 6];
        hardware.copy_from_slice(&fixed[28..34]);
        Ok(Self {
            is_request: fixed[0] == 1,
            transaction: u32::from_be_bytes(quad(4)),
            seconds: u16::from_be_bytes([fixed[8], fixed[9]]),
            broadcast: fixed[10] & 0x80 != 0,
            client: quad(12).into(),
            yours: quad(16).into(),
            relay: quad(24).into(),
            hardware,
            options: read_options(more, &fixed[FILE..FIXED], &fixed[SNAME..FILE])?,
        })
    }

    /// The octets on the wire: what the message is comes first, and there are never fewer of them than BOOTP had.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = vec![if self.is_request { 1 } else { 2 }, ETHERNET, 6, 0];
        octets.extend(self.transaction.to_be_bytes());
        octets.extend(self.seconds.to_be_bytes());
        octets.extend([if self.broadcast { 0x80 } else { 0 }, 0]);
        for address in [self.client, self.yours, Ipv4Addr::UNSPECIFIED, self.relay] {
            octets.extend(address.octets());
        }
        octets.extend(self.hardware);
        octets.resize(FIXED, 0);
        octets.extend(COOKIE);
        let kind = self.options.get_key_value(&options::KIND);
        let others = self.options.iter().filter(|(number, _)| **number != options::KIND);
        for (number, value) in kind.into_iter().chain(others) {
            if value.is_empty() {
                octets.extend([*number, 0]);
            }
            for part in value.chunks(OPTION_MAX) {
                octets.extend([*number, u8::try_from(part.len()).unwrap_or(u8::MAX)]);
                octets.extend(part);
            }
        }
        octets.push(END);
        let length = octets.len().max(OCTETS_MIN);
        octets.resize(length, PAD);
        octets
    }
}

/// The options of the message, then those in the fields that it says are overloaded (RFC 3396 5).
fn read_options(first: &[u8], file: &[u8], sname: &[u8]) -> Result<BTreeMap<u8, Vec<u8>>, Bad> {
    let mut found = BTreeMap::new();
    read_part(first, &mut found)?;
    let overloaded = match found.remove(&options::OVERLOAD).as_deref() {
        Some([1]) => vec![file],
        Some([2]) => vec![sname],
        Some([3]) => vec![file, sname],
        _ => Vec::new(),
    };
    for part in overloaded {
        read_part(part, &mut found)?;
    }
    Ok(found)
}

fn read_part(mut rest: &[u8], found: &mut BTreeMap<u8, Vec<u8>>) -> Result<(), Bad> {
    while let Some((number, after)) = rest.split_first() {
        rest = after;
        match *number {
            PAD => {}
            END => return Ok(()),
            number => {
                let (length, after) = rest.split_first().ok_or(Bad::Options)?;
                let (value, after) =
                    after.split_at_checked(usize::from(*length)).ok_or(Bad::Options)?;
                found.entry(number).or_default().extend(value);
                rest = after;
            }
        }
    }
    // Some servers leave the end out.
    Ok(())
}

/// More than a packet of any network that we are in.
pub const OCTETS_MAX: usize = 4096;
/// What relays of BOOTP pass on at least (RFC 1542 2.1).
const OCTETS_MIN: usize = 300;
/// The fields before the options.
const FIXED: usize = 236;
const SNAME: usize = 44;
const FILE: usize = 108;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const ETHERNET: u8 = 1;
const PAD: u8 = 0;
const END: u8 = 255;
/// Of one option; what is longer is split.
const OPTION_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(options: BTreeMap<u8, Vec<u8>>) -> Message {
        Message { options, ..Message::of_client(7, [2, 0, 0, 0, 0, 1], Kind::Request) }
    }

    #[test]
    fn options_go_on_in_the_fields_that_are_overloaded() {
        let mut octets = message(BTreeMap::from([(options::OVERLOAD, vec![3])])).encode();
        octets[FILE..FILE + 7].copy_from_slice(&[66, 4, b'h', b't', b't', b'p', 255]);
        octets[SNAME..SNAME + 6].copy_from_slice(&[66, 3, b':', b'/', b'/', 255]);
        let read = Message::decode(&octets).unwrap();
        assert_eq!(read.options, BTreeMap::from([(66, b"http://".to_vec())]));
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_reason() {
        let whole = message(BTreeMap::from([(66, b"pbx".to_vec())])).encode();
        let with = |at: usize, octet: u8| {
            let mut octets = whole.clone();
            octets[at] = octet;
            Message::decode(&octets)
        };
        assert_eq!(with(FIXED, 0), Err(Bad::Cookie));
        assert_eq!(with(1, 6), Err(Bad::Hardware));
        assert_eq!(with(2, 16), Err(Bad::Hardware));
        assert_eq!(Message::decode(&whole[..FIXED - 1]), Err(Bad::Length));
        assert_eq!(Message::decode(&whole[..FIXED + 6]), Err(Bad::Options));
        assert_eq!(Message::decode(&vec![0; OCTETS_MAX + 1]), Err(Bad::Length));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            numbers in any::<(u32, u16, bool, bool)>(),
            addresses in any::<[[u8; 4]; 3]>(),
            hardware in any::<[u8; 6]>(),
            options in proptest::collection::btree_map(
                (1u8..255).prop_filter("overload", |it| *it != options::OVERLOAD),
                proptest::collection::vec(any::<u8>(), 0..600), 0..5),
        ) {
            let (transaction, seconds, broadcast, is_request) = numbers;
            let [client, yours, relay] = addresses.map(Ipv4Addr::from);
            let message = Message {
                is_request, transaction, seconds, broadcast, client, yours, relay, hardware, options,
            };
            let octets = message.encode();
            prop_assert!(octets.len() >= OCTETS_MIN);
            prop_assert_eq!(Message::decode(&octets), Ok(message));
        }

        #[test]
        fn any_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..700)) {
            let _ = Message::decode(&octets);
        }
    }
}
