//! Character classes and the cursor that all header readers share (RFC 3261 clause 25.1).

/// A cursor over octets. Every reader leaves the cursor where it was if it finds nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Skips white space; folded lines have become spaces before.
    pub(crate) fn lws(&mut self) {
        self.take_while(is_lws);
    }

    pub(crate) fn eat(&mut self, octet: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == octet => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// A separator with white space allowed on both sides, as `SEMI`, `EQUAL`, `SLASH` have it.
    pub(crate) fn eat_spaced(&mut self, octet: u8) -> bool {
        let mut ahead = *self;
        ahead.lws();
        if !ahead.eat(octet) {
            return false;
        }
        ahead.lws();
        *self = ahead;
        true
    }

    pub(crate) fn take_while(&mut self, class: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|octet| !class(*octet)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// A run of a class of ASCII characters, at least one of them.
    pub(crate) fn text(&mut self, class: impl Fn(u8) -> bool) -> Option<&'a str> {
        let before = *self;
        match std::str::from_utf8(self.take_while(class)) {
            Ok(text) if !text.is_empty() => Some(text),
            _ => {
                *self = before;
                None
            }
        }
    }

    pub(crate) fn token(&mut self) -> Option<&'a str> {
        self.text(is_token)
    }

    /// What stands between two quotes, escapes left as they are.
    pub(crate) fn quoted(&mut self) -> Option<&'a [u8]> {
        let (first, inner) = self.rest.split_first()?;
        if *first != b'"' {
            return None;
        }
        let mut escaped = false;
        let end = inner.iter().position(|octet| {
            let closes = *octet == b'"' && !escaped;
            escaped = *octet == b'\\' && !escaped;
            closes
        })?;
        let (text, rest) = inner.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Some(text)
    }

    /// Takes everything up to this octet, and the octet itself.
    pub(crate) fn until(&mut self, octet: u8) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|other| *other == octet)?;
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Some(taken)
    }
}

/// Text between quotes with its escapes taken away.
pub(crate) fn unescape(quoted: &[u8]) -> String {
    let mut plain = Vec::with_capacity(quoted.len());
    let mut escaped = false;
    for octet in quoted {
        if *octet == b'\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            plain.push(*octet);
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// `%41` as `A`; `None` where a per cent sign begins no escape.
pub(crate) fn unpercent(text: &str) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        if octet != b'%' {
            plain.push(octet);
            continue;
        }
        let (high, low) = (octets.next()?, octets.next()?);
        let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|n| u8::try_from(n).ok());
        plain.push(digit(high)? << 4 | digit(low)?);
    }
    Some(plain)
}

/// A whole number with nothing around it; `None` where it is none or overflows.
pub(crate) fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    // `parse` would take a leading plus sign.
    if !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Octets without white space at both ends.
pub(crate) const fn trim(octets: &[u8]) -> &[u8] {
    octets.trim_ascii()
}

pub(crate) const fn is_lws(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

pub(crate) const fn is_token(octet: u8) -> bool {
    TOKEN[octet as usize]
}

/// Visible ASCII.
pub(crate) const fn is_visible(octet: u8) -> bool {
    octet > b' ' && octet < 0x7F
}

const TOKEN: [bool; 256] = token_table();

const fn token_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut octet = 0_u8;
    while octet < 0x7F {
        table[octet as usize] = octet.is_ascii_alphanumeric()
            || matches!(
                octet,
                b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
            );
        octet += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_ends_at_the_first_quote_that_is_not_escaped() {
        let mut scan = Scan::new(br#""J \"Boss\" \\" <sip:j@x>"#);
        let quoted = scan.quoted().unwrap();

        assert_eq!(unescape(quoted), r#"J "Boss" \"#);
        assert_eq!(scan.rest(), b" <sip:j@x>");
        assert!(Scan::new(br#""open \" end"#).quoted().is_none());
    }

    #[test]
    fn numbers_have_no_sign_and_do_not_overflow() {
        assert_eq!(number::<u32>("0068"), Some(68));
        assert_eq!(number::<u32>("+1"), None);
        assert_eq!(number::<u32>("-1"), None);
        assert_eq!(number::<u32>("4294967296"), None);
        assert_eq!(number::<u32>(""), None);
    }

    #[test]
    fn a_broken_escape_is_no_text() {
        assert_eq!(unpercent("a%20%75"), Some(b"a u".to_vec()));
        assert_eq!(unpercent("100%"), None);
        assert_eq!(unpercent("%zz"), None);
    }
}
