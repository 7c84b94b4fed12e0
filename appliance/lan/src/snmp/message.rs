//! Messages of version 1 (RFC 1157 4) and 2c (RFC 1901 3): a community and what is asked.

use super::ber::{self, Malformed, Reader};
use super::pdu::Pdu;

/// The versions that have a community.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 1.
    V1,
    /// 2c.
    V2c,
}

/// A message. It has no `Debug`, since whoever knows the community is let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Its version.
    pub version: Version,
    /// By which the sender is let in.
    pub community: Vec<u8>,
    /// What it is about.
    pub pdu: Pdu,
}

/// What the number at the beginning of a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbered {
    /// A community follows.
    Community(Version),
    /// It is version 3.
    Three,
    /// Nobody has ever heard of it.
    Unknown,
}

/// Which version a message has.
///
/// # Errors
/// [`Malformed`].
pub(super) fn numbered(octets: &[u8]) -> Result<Numbered, Malformed> {
    Ok(match Reader::new(octets).inside(ber::SEQUENCE)?.integer()? {
        0 => Numbered::Community(Version::V1),
        1 => Numbered::Community(Version::V2c),
        3 => Numbered::Three,
        _ => Numbered::Unknown,
    })
}

impl Message {
    /// From a datagram.
    ///
    /// # Errors
    /// [`Malformed`], also where it is another version.
    pub fn read(octets: &[u8]) -> Result<Self, Malformed> {
        let mut outer = Reader::new(octets);
        let mut message = outer.inside(ber::SEQUENCE)?;
        let version = match message.integer()? {
            0 => Version::V1,
            1 => Version::V2c,
            _ => return Err(Malformed),
        };
        let community = message.content(ber::OCTETS)?.to_vec();
        let pdu = Pdu::read(&mut message)?;
        message.end()?;
        Ok(Self { version, community, pdu })
    }

    /// As a datagram.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        ber::nest(&mut out, ber::SEQUENCE, |out| {
            ber::put_integer(out, i32::from(self.version == Version::V2c));
            ber::put(out, ber::OCTETS, &self.community);
            self.pdu.put(out);
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::pdu::tests::any_pdu;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_message_comes_back(two: bool, community: Vec<u8>, pdu in any_pdu()) {
            let version = if two { Version::V2c } else { Version::V1 };
            let message = Message { version, community, pdu };
            prop_assert!(Message::read(&message.write()) == Ok(message));
        }

        #[test]
        fn nothing_makes_the_reader_panic(octets: Vec<u8>) {
            let _ = (Message::read(&octets), numbered(&octets));
        }

        #[test]
        fn one_wrong_octet_makes_no_reader_panic(pdu in any_pdu(), at: prop::sample::Index, octet: u8) {
            let mut octets = Message { version: Version::V2c, community: b"c".into(), pdu }.write();
            let at = at.index(octets.len());
            octets[at] = octet;
            let _ = Message::read(&octets);
        }
    }
}
