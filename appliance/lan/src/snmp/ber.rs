//! The Basic Encoding Rules (X.690) as far as SNMP uses them (RFC 3417 8): definite lengths, primitive strings.

use std::ops::Range;

/// Octets that are no message of SNMP, or one beyond our bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no message of SNMP; expected BER as in RFC 3417")]
pub struct Malformed;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// What is left of something constructed; it knows where in the whole message that is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    whole: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning of a message.
    pub(super) const fn new(whole: &'a [u8]) -> Self {
        Self { whole, at: 0, end: whole.len() }
    }

    /// Whether nothing is left.
    pub(super) const fn is_empty(&self) -> bool {
        self.at >= self.end
    }

    /// Nothing may be left.
    pub(super) const fn end(&self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed) }
    }

    /// Tag and place of the next element.
    pub(super) fn next(&mut self) -> Result<(u8, Range<usize>), Malformed> {
        let tag = self.octet()?;
        let first = self.octet()?;
        let length = if first & 0x80 == 0 {
            usize::from(first)
        } else {
            let count = first & 0x7F;
            // No message is so long that it would need more; none at all is the indefinite form.
            if !(1..=LENGTH_MAX).contains(&count) {
                return Err(Malformed);
            }
            let mut length = 0;
            for _ in 0..count {
                length = length << 8 | usize::from(self.octet()?);
            }
            length
        };
        let end = self.at.checked_add(length).filter(|end| *end <= self.end).ok_or(Malformed)?;
        let place = self.at..end;
        self.at = end;
        Ok((tag, place))
    }

    /// Place of the next element, which has this tag.
    pub(super) fn place(&mut self, tag: u8) -> Result<Range<usize>, Malformed> {
        let (found, place) = self.next()?;
        if found == tag { Ok(place) } else { Err(Malformed) }
    }

    /// What stands at a place.
    pub(super) fn at(&self, place: Range<usize>) -> &'a [u8] {
        self.whole.get(place).unwrap_or_default()
    }

    /// Content of the next element, which has this tag.
    pub(super) fn content(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        let place = self.place(tag)?;
        Ok(self.at(place))
    }

    /// What is inside the next element, which has this tag.
    pub(super) fn inside(&mut self, tag: u8) -> Result<Self, Malformed> {
        let place = self.place(tag)?;
        Ok(self.within(place))
    }

    /// What is inside a place.
    pub(super) const fn within(&self, place: Range<usize>) -> Self {
        Self { whole: self.whole, at: place.start, end: place.end }
    }

    /// The next element, an INTEGER.
    pub(super) fn integer(&mut self) -> Result<i32, Malformed> {
        integer(self.content(INTEGER)?)
    }

    fn octet(&mut self) -> Result<u8, Malformed> {
        if self.is_empty() {
            return Err(Malformed);
        }
        let octet = *self.whole.get(self.at).ok_or(Malformed)?;
        self.at += 1;
        Ok(octet)
    }
}

/// A signed number of at most 32 bits.
pub(super) fn integer(content: &[u8]) -> Result<i32, Malformed> {
    let (first, rest) = content.split_first().ok_or(Malformed)?;
    if rest.len() > 3 {
        return Err(Malformed);
    }
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    Ok(content.iter().fold(sign, |number, octet| number << 8 | i32::from(*octet)))
}

/// A number without a sign of at most 64 bits; where its first bit is set an octet 0 stands before it.
pub(super) fn unsigned(content: &[u8]) -> Result<u64, Malformed> {
    let digits = match content {
        [] => return Err(Malformed),
        [0, rest @ ..] => rest,
        all => all,
    };
    if digits.len() > 8 {
        return Err(Malformed);
    }
    Ok(digits.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
}

/// Appends an element.
pub(super) fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    let length = content.len().to_be_bytes();
    let digits = significant(&length);
    match (digits, u8::try_from(digits.len())) {
        ([short], _) if *short < 0x80 => out.push(*short),
        (_, Ok(count)) => {
            out.push(0x80 | count);
            out.extend(digits);
        }
        // A length has at most eight octets.
        (_, Err(_)) => {}
    }
    out.extend(content);
}

/// Appends an element whose content is what `inside` appends.
pub(super) fn nest(out: &mut Vec<u8>, tag: u8, inside: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    inside(&mut content);
    put(out, tag, &content);
}

/// Appends an INTEGER, in the fewest octets.
pub(super) fn put_integer(out: &mut Vec<u8>, number: i32) {
    let octets = number.to_be_bytes();
    let mut digits = &octets[..];
    while let [first, rest @ ..] = digits
        && let Some(second) = rest.first()
        && ((*first == 0 && second & 0x80 == 0) || (*first == 0xFF && second & 0x80 != 0))
    {
        digits = rest;
    }
    put(out, INTEGER, digits);
}

/// Appends a number without a sign under this tag, in the fewest octets.
pub(super) fn put_unsigned(out: &mut Vec<u8>, tag: u8, number: u64) {
    let octets = number.to_be_bytes();
    let digits = significant(&octets);
    let mut content = Vec::with_capacity(9);
    if digits.first().is_some_and(|first| first & 0x80 != 0) {
        content.push(0);
    }
    content.extend(digits);
    put(out, tag, &content);
}

/// Without the zeros before it, but at least one octet.
fn significant(octets: &[u8]) -> &[u8] {
    let last = octets.len().saturating_sub(1);
    let zeros = octets.iter().take(last).take_while(|octet| **octet == 0).count();
    octets.get(zeros..).unwrap_or_default()
}

/// Octets of a length.
const LENGTH_MAX: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_as_x690_writes_them() {
        for (number, octets) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (256, &[2, 2, 1, 0]),
            (-128, &[2, 1, 0x80]),
            (-129, &[2, 2, 0xFF, 0x7F]),
            (i32::MIN, &[2, 4, 0x80, 0, 0, 0]),
        ] {
            let mut out = Vec::new();
            put_integer(&mut out, number);
            assert_eq!(out, octets);
        }
        for (number, octets) in [
            (0, &[0x41, 1, 0][..]),
            (u64::from(u32::MAX), &[0x41, 5, 0, 255, 255, 255, 255]),
            (u64::MAX, &[0x41, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            let mut out = Vec::new();
            put_unsigned(&mut out, 0x41, number);
            assert_eq!(out, octets);
        }
    }

    #[test]
    fn a_length_is_short_where_it_can_be() {
        for (length, header) in [
            (0, &[4, 0][..]),
            (127, &[4, 127]),
            (128, &[4, 0x81, 128]),
            (255, &[4, 0x81, 255]),
            (256, &[4, 0x82, 1, 0]),
        ] {
            let mut out = Vec::new();
            put(&mut out, OCTETS, &vec![7; length]);
            assert_eq!(&out[..out.len() - length], header);
        }
    }

    #[test]
    fn what_is_cut_or_without_a_length_is_refused() {
        for wrong in
            [&[][..], &[4], &[4, 1], &[4, 0x80], &[4, 0x80, 0, 0], &[4, 0x85, 0, 0, 0, 0, 0]]
        {
            assert_eq!(Reader::new(wrong).next(), Err(Malformed));
        }
        // An element does not reach beyond the one that it is in.
        let mut outer = Reader::new(&[0x30, 2, 4, 1, 7]);
        assert_eq!(outer.inside(SEQUENCE).and_then(|mut it| it.next()), Err(Malformed));
        assert_eq!(integer(&[0, 0, 0, 0, 1]), Err(Malformed));
        assert_eq!(unsigned(&[1; 9]), Err(Malformed));
    }

    proptest! {
        #[test]
        fn numbers_come_back(number: i32, large: u64) {
            let mut out = Vec::new();
            put_integer(&mut out, number);
            put_unsigned(&mut out, 0x46, large);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.integer(), Ok(number));
            prop_assert_eq!(reader.content(0x46).and_then(unsigned), Ok(large));
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn nothing_makes_the_reader_panic(octets: Vec<u8>) {
            let mut reader = Reader::new(&octets);
            while let Ok((_, place)) = reader.next() {
                let _ = (integer(reader.at(place.clone())), unsigned(reader.at(place)));
            }
        }
    }
}
