//! Object identifiers: the names of everything that can be asked for.

use super::ber::{self, Malformed};
use std::fmt;

/// An object identifier; ordered as SNMP orders them (RFC 3416 4.2.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Oid(Vec<u32>);

impl Oid {
    /// Of these numbers, of which the first 128 count (RFC 3416 4.1).
    #[must_use]
    pub fn new(arcs: &[u32]) -> Self {
        Self(arcs.iter().take(ARCS_MAX).copied().collect())
    }

    /// With these numbers behind it.
    #[must_use]
    pub fn child(&self, arcs: &[u32]) -> Self {
        let all: Vec<u32> = self.0.iter().chain(arcs).copied().collect();
        Self::new(&all)
    }

    /// Its numbers.
    #[must_use]
    pub fn arcs(&self) -> &[u32] {
        &self.0
    }

    /// Whether `other` is this one, or one above it.
    #[must_use]
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// From the content of a BER element.
    ///
    /// # Errors
    /// [`Malformed`].
    pub(super) fn read(content: &[u8]) -> Result<Self, Malformed> {
        let mut arcs = Vec::new();
        let mut number: Option<u32> = None;
        for octet in content {
            let before = match number {
                // A number does not begin with zeros (X.690 8.19.2).
                None if *octet == 0x80 => return Err(Malformed),
                None => 0,
                Some(before) => before,
            };
            if before >> 25 != 0 {
                return Err(Malformed);
            }
            let now = before << 7 | u32::from(octet & 0x7F);
            if octet & 0x80 != 0 {
                number = Some(now);
                continue;
            }
            number = None;
            if arcs.is_empty() {
                // The first two stand in one.
                let first = (now / 40).min(2);
                arcs.push(first);
                arcs.push(now - first * 40);
            } else {
                arcs.push(now);
            }
        }
        let whole = number.is_none() && (2..=ARCS_MAX).contains(&arcs.len());
        whole.then_some(Self(arcs)).ok_or(Malformed)
    }

    /// Appends it as a BER element; one of fewer than two numbers is filled up with zeros.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let [first, second] = [0, 1].map(|at| self.0.get(at).copied().unwrap_or(0));
        let first = first.min(2);
        let second = if first < 2 { second.min(39) } else { second };
        let mut content = Vec::with_capacity(self.0.len() + 4);
        // The sum may need a bit more than either.
        put_number(&mut content, u64::from(first) * 40 + u64::from(second));
        for arc in self.0.iter().skip(2) {
            put_number(&mut content, u64::from(*arc));
        }
        ber::put(out, ber::OID, &content);
    }
}

/// In groups of seven bits, the highest first.
fn put_number(out: &mut Vec<u8>, number: u64) {
    let groups = (64 - number.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let more = if group == 0 { 0 } else { 0x80 };
        let bits = (number >> (group * 7)) & 0x7F;
        // Seven bits of it.
        out.push(more | u8::try_from(bits).unwrap_or_default());
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, arc) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            write!(f, "{arc}")?;
        }
        Ok(())
    }
}

/// RFC 3416 4.1.
const ARCS_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(arcs: &[u32]) -> Vec<u8> {
        let mut out = Vec::new();
        Oid::new(arcs).put(&mut out);
        out
    }

    #[test]
    fn the_examples_of_x690_are_written_so() {
        assert_eq!(written(&[2, 999, 3]), [6, 3, 0x88, 0x37, 3]);
        assert_eq!(written(&[1, 3, 6, 1, 4, 1, 8072]), [6, 7, 43, 6, 1, 4, 1, 0xBF, 0x08]);
        assert_eq!(written(&[0, 0]), [6, 1, 0]);
    }

    #[test]
    fn numbers_that_are_too_long_or_begin_with_zeros_are_refused() {
        for wrong in
            [&[][..], &[43, 0x80, 1], &[43, 0x81], &[43, 0x90, 0x80, 0x80, 0x80, 0], &[43; 200]]
        {
            assert_eq!(Oid::read(wrong), Err(Malformed), "{wrong:?}");
        }
        assert_eq!(Oid::read(&[43, 0x8F, 0xFF, 0xFF, 0xFF, 0x7F]), Ok(Oid::new(&[1, 3, u32::MAX])));
    }

    #[test]
    fn what_comes_first_is_what_a_walk_meets_first() {
        let oid = Oid::new;
        assert!(oid(&[1, 3]) < oid(&[1, 3, 0]) && oid(&[1, 3, 9]) < oid(&[1, 3, 10]));
        assert!(
            oid(&[1, 3, 6]).is_below(&oid(&[1, 3])) && !oid(&[1, 3]).is_below(&oid(&[1, 3, 6]))
        );
        assert_eq!(oid(&[1, 3]).child(&[6, 1]).to_string(), "1.3.6.1");
    }

    proptest! {
        #[test]
        fn an_oid_comes_back(first in 0..3u32, second in 0..40u32, rest in prop::collection::vec(any::<u32>(), 0..126)) {
            let arcs: Vec<u32> = [first, second].into_iter().chain(rest).collect();
            let octets = written(&arcs);
            let content = ber::Reader::new(&octets).content(ber::OID);
            prop_assert_eq!(content.and_then(Oid::read), Ok(Oid::new(&arcs)));
        }

        #[test]
        fn nothing_makes_the_reader_panic(octets: Vec<u8>) {
            let _ = Oid::read(&octets);
        }
    }
}
