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

/// The octets of a text that a person typed or copied: white space, `:`, `-` and `,` may stand between digits,
/// and `0x` before them.
///
/// # Errors
/// What stands there that is no digit, or that their number is odd.
pub fn spelled(text: &str) -> Result<Vec<u8>, Spelling> {
    let separator = |c: char| c.is_whitespace() || matches!(c, ':' | '-' | ',');
    let mut digits = Vec::with_capacity(text.len());
    for group in text.split(separator) {
        let group = group.strip_prefix("0x").or(group.strip_prefix("0X")).unwrap_or(group);
        for c in group.chars() {
            let digit = c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            digits.push(digit.ok_or(Spelling::Foreign(c))?);
        }
    }
    let (pairs, odd) = digits.as_chunks::<2>();
    match odd {
        [] => Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect()),
        _ => Err(Spelling::Odd(digits.len())),
    }
}

/// Why a text is no hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Spelling {
    /// A character that is neither a digit nor stands between them.
    #[error("expected hexadecimal digits, two for each octet; {0:?} is none")]
    Foreign(char),
    /// Half an octet is missing.
    #[error("expected hexadecimal digits, two for each octet; their number is odd: {0}")]
    Odd(usize),
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

    #[test]
    fn what_a_person_copies_is_read_in_its_usual_spellings() {
        for text in
            ["83 0D e4", "0x830de4", "0X83, 0x0d, 0xE4", "83:0d:e4", "83-0d-e4", " 830 de4\n"]
        {
            assert_eq!(spelled(text), Ok(vec![0x83, 0x0d, 0xe4]), "{text}");
        }
        assert_eq!(spelled(""), Ok(vec![]));
        assert_eq!(spelled("830"), Err(Spelling::Odd(3)));
        assert_eq!(spelled("83x0"), Err(Spelling::Foreign('x')));
        assert_eq!(spelled("83 zz"), Err(Spelling::Foreign('z')));
    }
}
