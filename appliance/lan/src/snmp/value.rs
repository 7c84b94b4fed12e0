//! Values of variables (RFC 2578 7.1, RFC 3416 3).

use super::ber::{self, Malformed};
use super::oid::Oid;
use std::net::Ipv4Addr;

/// What a variable has, or why it has nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A signed number.
    Integer(i32),
    /// Octets, often text.
    Octets(Vec<u8>),
    /// What stands in a question.
    Null,
    /// A name.
    Oid(Oid),
    /// An address of IPv4.
    IpAddress(Ipv4Addr),
    /// It only grows, and begins anew after its largest number.
    Counter32(u32),
    /// What there is now.
    Gauge32(u32),
    /// Hundredths of a second.
    TimeTicks(u32),
    /// Whatever; nobody uses it any more.
    Opaque(Vec<u8>),
    /// A counter that does not begin anew within an hour. Version 1 does not have it.
    Counter64(u64),
    /// There is no such kind of variable. Not in version 1.
    NoSuchObject,
    /// There is no such one of its kind. Not in version 1.
    NoSuchInstance,
    /// Nothing comes behind. Not in version 1.
    EndOfMibView,
}

impl Value {
    /// Text, as octets.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Octets(text.as_bytes().to_vec())
    }

    /// A number of something that there is now; the largest where there is more.
    #[must_use]
    pub fn gauge(number: u64) -> Self {
        Self::Gauge32(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// The lower 32 bits of a counter that has more, since it begins anew.
    #[must_use]
    pub fn counter(number: u64) -> Self {
        Self::Counter32((number & u64::from(u32::MAX)).try_into().unwrap_or(u32::MAX))
    }

    /// From a BER element.
    ///
    /// # Errors
    /// [`Malformed`].
    pub(super) fn read(tag: u8, content: &[u8]) -> Result<Self, Malformed> {
        let number = || u32::try_from(ber::unsigned(content)?).map_err(|_| Malformed);
        let nothing = |value| if content.is_empty() { Ok(value) } else { Err(Malformed) };
        match tag {
            ber::INTEGER => ber::integer(content).map(Self::Integer),
            ber::OCTETS => Ok(Self::Octets(content.to_vec())),
            ber::NULL => nothing(Self::Null),
            ber::OID => Oid::read(content).map(Self::Oid),
            IP_ADDRESS => {
                let octets: [u8; 4] = content.try_into().map_err(|_| Malformed)?;
                Ok(Self::IpAddress(octets.into()))
            }
            COUNTER32 => number().map(Self::Counter32),
            GAUGE32 => number().map(Self::Gauge32),
            TIME_TICKS => number().map(Self::TimeTicks),
            OPAQUE => Ok(Self::Opaque(content.to_vec())),
            COUNTER64 => ber::unsigned(content).map(Self::Counter64),
            NO_SUCH_OBJECT => nothing(Self::NoSuchObject),
            NO_SUCH_INSTANCE => nothing(Self::NoSuchInstance),
            END_OF_MIB_VIEW => nothing(Self::EndOfMibView),
            _ => Err(Malformed),
        }
    }

    /// Appends it as a BER element.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => ber::put_integer(out, *number),
            Self::Octets(octets) => ber::put(out, ber::OCTETS, octets),
            Self::Null => ber::put(out, ber::NULL, &[]),
            Self::Oid(oid) => oid.put(out),
            Self::IpAddress(address) => ber::put(out, IP_ADDRESS, &address.octets()),
            Self::Counter32(number) => ber::put_unsigned(out, COUNTER32, (*number).into()),
            Self::Gauge32(number) => ber::put_unsigned(out, GAUGE32, (*number).into()),
            Self::TimeTicks(number) => ber::put_unsigned(out, TIME_TICKS, (*number).into()),
            Self::Opaque(octets) => ber::put(out, OPAQUE, octets),
            Self::Counter64(number) => ber::put_unsigned(out, COUNTER64, *number),
            Self::NoSuchObject => ber::put(out, NO_SUCH_OBJECT, &[]),
            Self::NoSuchInstance => ber::put(out, NO_SUCH_INSTANCE, &[]),
            Self::EndOfMibView => ber::put(out, END_OF_MIB_VIEW, &[]),
        }
    }
}

const IP_ADDRESS: u8 = 0x40;
const COUNTER32: u8 = 0x41;
const GAUGE32: u8 = 0x42;
const TIME_TICKS: u8 = 0x43;
const OPAQUE: u8 = 0x44;
const COUNTER64: u8 = 0x46;
const NO_SUCH_OBJECT: u8 = 0x80;
const NO_SUCH_INSTANCE: u8 = 0x81;
const END_OF_MIB_VIEW: u8 = 0x82;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_comes_back() {
        for value in [
            Value::Integer(-5),
            Value::text("Ward 1"),
            Value::Null,
            Value::Oid(Oid::new(&[1, 3, 6])),
            Value::IpAddress([192, 0, 2, 1].into()),
            Value::Counter32(u32::MAX),
            Value::Gauge32(0),
            Value::TimeTicks(4711),
            Value::Opaque(vec![0x9F, 0x78]),
            Value::Counter64(u64::MAX),
            Value::NoSuchObject,
            Value::NoSuchInstance,
            Value::EndOfMibView,
        ] {
            let mut out = Vec::new();
            value.put(&mut out);
            let mut reader = ber::Reader::new(&out);
            let (tag, place) = reader.next().unwrap();
            assert_eq!(Value::read(tag, reader.at(place)), Ok(value));
        }
    }

    #[test]
    fn a_value_of_the_wrong_size_or_an_unknown_kind_is_refused() {
        for (tag, content) in [
            (ber::NULL, &[0][..]),
            (IP_ADDRESS, &[1, 2, 3]),
            (COUNTER32, &[1, 0, 0, 0, 0]),
            (NO_SUCH_OBJECT, &[1]),
            (0x47, &[1]),
            (ber::SEQUENCE, &[]),
        ] {
            assert_eq!(Value::read(tag, content), Err(Malformed));
        }
    }

    #[test]
    fn what_is_more_than_a_number_can_hold_begins_anew_or_stays_the_largest() {
        assert_eq!(Value::counter((1 << 32) + 5), Value::Counter32(5));
        assert_eq!(Value::gauge(1 << 40), Value::Gauge32(u32::MAX));
    }
}
