//! Octets as hexadecimal text.

use std::fmt::Write as _;

/// The octets as lower-case digits without separators.
#[must_use]
pub fn encode(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// The octets of this text; white space and `:` may stand anywhere between digits.
/// `None` where anything else stands, or the number of digits is odd.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != ':')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits?;
    let (pairs, odd) = digits.as_chunks::<2>();
    odd.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_text_is_read_with_spaces_and_refused_when_odd_or_foreign() {
        assert_eq!(decode("01 2D:\n00"), Some(vec![1, 0x2d, 0]));
        assert_eq!(decode(""), Some(vec![]));
        assert_eq!(decode("012"), None);
        assert_eq!(decode("0x12"), None);
        assert_eq!(encode(&[1, 0x2d, 0]), "012d00");
    }
}
