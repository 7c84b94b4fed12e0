//! The border: what may be typed.

use std::fmt;

/// A line of plain text without blanks around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line(String);

/// What was typed is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongLine {
    /// More than [`LINE_MAX`] octets.
    TooLong,
    /// Other letters than plain ones, or keys that are no letters.
    NotPlain,
}

impl Line {
    /// Takes what was typed, without the end of the line.
    ///
    /// # Errors
    /// [`WrongLine`].
    pub fn parse(typed: &[u8]) -> Result<Self, WrongLine> {
        if typed.len() > LINE_MAX {
            return Err(WrongLine::TooLong);
        }
        let plain = typed.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
        let text = str::from_utf8(typed).ok().filter(|_| plain).ok_or(WrongLine::NotPlain)?;
        Ok(Self(text.trim().to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WrongLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "expected at most {LINE_MAX} letters"),
            Self::NotPlain => f.write_str("expected plain letters, digits and signs"),
        }
    }
}

/// More than the longest answer: three addresses with commas.
pub const LINE_MAX: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_text_comes_in() {
        assert_eq!(Line::parse(b"  yes ").unwrap().as_str(), "yes");
        assert_eq!(Line::parse(&[b'1'; LINE_MAX]).unwrap().as_str().len(), LINE_MAX);
        assert_eq!(Line::parse(&[b'1'; LINE_MAX + 1]), Err(WrongLine::TooLong));
        for odd in [&b"\x1b[A"[..], b"\xc3\xa4", b"1\x00", b"\t1", b"\x7f"] {
            assert_eq!(Line::parse(odd), Err(WrongLine::NotPlain), "{odd:?}");
        }
    }
}
