//! Values between commas, where commas in quotes and angle brackets do not count (RFC 3261 clause 7.3.1).

use super::scan;

/// The values of one header field, white space taken away at their ends.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    rest: Option<&'a [u8]>,
    apart: bool,
}

impl<'a> Values<'a> {
    /// The values between the commas.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: Some(octets), apart: true }
    }

    /// The whole as one value.
    #[must_use]
    pub const fn whole(octets: &'a [u8]) -> Self {
        Self { rest: Some(octets), apart: false }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        let comma = if self.apart { comma(rest) } else { None };
        let Some((value, after)) = comma.and_then(|at| rest.split_at_checked(at)) else {
            return Some(scan::trim(rest));
        };
        self.rest = after.get(1..);
        Some(scan::trim(value))
    }
}

/// The first comma outside quotes and angle brackets.
fn comma(octets: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped, mut inside) = (false, false, false);
    octets.iter().position(|octet| {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if !inside => quoted = !quoted,
            b'<' if !quoted => inside = true,
            b'>' if !quoted => inside = false,
            b',' => return !quoted && !inside,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        Values::new(text.as_bytes()).map(|value| std::str::from_utf8(value).unwrap()).collect()
    }

    #[test]
    fn commas_in_quotes_and_brackets_do_not_count() {
        assert_eq!(
            split(r#""a,\",b" <sip:x,y@h>;z="," , <sip:c@d>"#),
            [r#""a,\",b" <sip:x,y@h>;z=",""#, "<sip:c@d>"]
        );
        assert_eq!(split(""), [""]);
        assert_eq!(split("a,,b,"), ["a", "", "b", ""]);
    }
}
