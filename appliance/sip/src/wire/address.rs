//! Addresses: From, To, Contact, Route and their like (`name-addr` and `addr-spec`, RFC 3261 clause 20.10).

use super::Malformed;
use super::params::Params;
use super::scan::{self, Scan};
use super::uri::Uri;
use std::borrow::Cow;

/// An address with what stands before and after its URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// The display name as it was written, with its quotes.
    pub display: &'a [u8],
    /// The URI.
    pub uri: Uri<'a>,
    /// The parameters of the header field, not those of the URI.
    pub params: Params<'a>,
}

impl<'a> Address<'a> {
    /// Reads an address that fills these octets.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut scan = Scan::new(scan::trim(octets));
        let (display, uri) = name_and_uri(&mut scan)?;
        let uri = Uri::parse(uri)?;
        let params = Params::read(&mut scan)?;
        scan.lws();
        if !scan.is_empty() {
            return Err(Malformed("an address goes on after its end"));
        }
        Ok(Self { display, uri, params })
    }

    /// The display name as text, without quotes and escapes.
    #[must_use]
    pub fn display_text(&self) -> Cow<'a, str> {
        match self.display {
            [b'"', inner @ .., b'"'] => Cow::Owned(scan::unescape(inner)),
            plain => String::from_utf8_lossy(plain),
        }
    }

    /// The tag of a From or To.
    #[must_use]
    pub fn tag(&self) -> Option<&'a str> {
        self.params.token("tag")
    }
}

fn name_and_uri<'a>(scan: &mut Scan<'a>) -> Result<(&'a [u8], &'a [u8]), Malformed> {
    let begin = scan.rest();
    if scan.peek() == Some(b'"') {
        scan.quoted().ok_or(Malformed("a display name has no closing quote"))?;
        let length = begin.len() - scan.rest().len();
        scan.lws();
        return Ok((begin.get(..length).unwrap_or_default(), angles(scan)?));
    }
    let mut ahead = *scan;
    let display = scan::trim(ahead.take_while(is_display));
    if ahead.peek() == Some(b'<') {
        *scan = ahead;
        return Ok((display, angles(scan)?));
    }
    bare(scan).map(|uri| (&[][..], uri))
}

fn angles<'a>(scan: &mut Scan<'a>) -> Result<&'a [u8], Malformed> {
    if !scan.eat(b'<') {
        return Err(Malformed("a display name is not followed by an address in angle brackets"));
    }
    scan.until(b'>').ok_or(Malformed("an address has no closing angle bracket"))
}

/// Without brackets a comma, semicolon or question mark would be ambiguous (RFC 3261 clause 20).
fn bare<'a>(scan: &mut Scan<'a>) -> Result<&'a [u8], Malformed> {
    let uri = scan.take_while(|octet| octet != b';' && !scan::is_lws(octet));
    if uri.iter().any(|octet| matches!(octet, b',' | b'?')) {
        return Err(Malformed("a URI with a comma or question mark is not in angle brackets"));
    }
    Ok(uri)
}

/// Tokens and spaces, and what peers leave unquoted without becoming ambiguous.
const fn is_display(octet: u8) -> bool {
    octet >= b' ' && octet != 0x7F && !matches!(octet, b'<' | b'>' | b'"' | b',' | b';' | b'\\')
        || octet == b'\t'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_may_be_quoted_bare_or_absent() {
        let cases: [(&str, &str); 6] = [
            (r#""J \"Boss\" G" <sip:j@x>;tag=1"#, r#"J "Boss" G"#),
            ("caller<sip:j@x>;tag=1", "caller"),
            ("Jürgen (Büro) <sip:j@x>;tag=1", "Jürgen (Büro)"),
            ("<sip:j@x> ; tag = 1", ""),
            ("sip:j@x;tag=1", ""),
            (r#""" <sip:j@x>;tag=1"#, ""),
        ];
        for (text, display) in cases {
            let address = Address::parse(text.as_bytes()).unwrap();
            assert_eq!(address.display_text(), display, "{text}");
            assert_eq!(address.tag(), Some("1"), "{text}");
            assert_eq!(address.uri.user, Some("j"), "{text}");
        }
    }

    #[test]
    fn ambiguous_and_broken_addresses_are_refused() {
        let wrong = [
            "",
            "\"open <sip:j@x>",
            "Bell, Alexander <sip:j@x>",
            "\"a\" b <sip:j@x>",
            "< sip:j@x >",
            "<sip:j@x",
            "<sip:j@x>> ",
            "sip:j@x?Route=%3Csip:y%3E",
            "<sip:j@x>;;",
            "<sip:j@x> tag=1",
        ];
        for text in wrong {
            assert!(Address::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
