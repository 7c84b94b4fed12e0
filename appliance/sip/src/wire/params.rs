//! Parameters: `;name=value` after URIs, addresses and most other values (`generic-param`, RFC 3261 clause 25.1).

use super::Malformed;
use super::limits::PARAMS_MAX;
use super::scan::{self, Scan};
use std::borrow::Cow;

/// The parameters of one value, in order, checked when they were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Params<'a> {
    octets: &'a [u8],
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// Its name as it was written; compare without regard to case.
    pub name: &'a str,
    /// What follows the equals sign; a quoted string has its quotes.
    pub raw: Option<&'a [u8]>,
}

impl<'a> Param<'a> {
    /// The value as text, quotes and escapes taken away; empty for a flag.
    #[must_use]
    pub fn value(&self) -> Cow<'a, str> {
        match self.raw {
            Some([b'"', inner @ .., b'"']) => Cow::Owned(scan::unescape(inner)),
            Some(raw) => String::from_utf8_lossy(raw),
            None => Cow::Borrowed(""),
        }
    }

    /// The value where it needs no unquoting: tokens, hosts, numbers.
    #[must_use]
    pub fn token(&self) -> Option<&'a str> {
        std::str::from_utf8(self.raw?).ok()
    }
}

impl<'a> Params<'a> {
    /// Reads the parameters that begin here; stops before anything that is not `;name[=value]`.
    pub(crate) fn read(scan: &mut Scan<'a>) -> Result<Self, Malformed> {
        let begin = *scan;
        let mut count = 0;
        while scan.eat_spaced(b';') {
            one(scan).ok_or(Malformed("a parameter is empty or not a token"))?;
            count += 1;
            if count > PARAMS_MAX {
                return Err(Malformed("too many parameters"));
            }
        }
        let length = begin.rest().len() - scan.rest().len();
        Ok(Self { octets: begin.rest().get(..length).unwrap_or_default() })
    }

    /// The octets, from the first semicolon on.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.octets
    }

    /// All parameters in their order.
    pub fn iter(&self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        let mut scan = Scan::new(self.octets);
        std::iter::from_fn(move || if scan.eat_spaced(b';') { one(&mut scan) } else { None })
    }

    /// The first parameter of this name, in any case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Param<'a>> {
        self.iter().find(|param| param.name.eq_ignore_ascii_case(name))
    }

    /// The value of this parameter where it needs no unquoting.
    #[must_use]
    pub fn token(&self, name: &str) -> Option<&'a str> {
        self.find(name)?.token()
    }

    /// Whether this parameter is there, with or without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Whether a parameter stands there twice, which RFC 3261 forbids (clauses 7.3.1 and 19.1.1).
    #[must_use]
    pub fn has_twins(&self) -> bool {
        // One alone, the usual case, has no twin.
        if self.iter().nth(1).is_none() {
            return false;
        }
        let twins = |param: Param<'a>| {
            self.iter().filter(|other| other.name.eq_ignore_ascii_case(param.name)).count() > 1
        };
        self.iter().any(twins)
    }
}

fn one<'a>(scan: &mut Scan<'a>) -> Option<Param<'a>> {
    let name = scan.text(is_name)?;
    if !scan.eat_spaced(b'=') {
        return Some(Param { name, raw: None });
    }
    let begin = scan.rest();
    if scan.peek() == Some(b'"') {
        scan.quoted()?;
    } else if scan.take_while(is_value).is_empty() {
        return None;
    }
    let length = begin.len() - scan.rest().len();
    Some(Param { name, raw: begin.get(..length) })
}

/// Tokens, and what RFC 3261 allows in the names of URI parameters.
const fn is_name(octet: u8) -> bool {
    scan::is_token(octet) || matches!(octet, b'[' | b']' | b'/' | b':' | b'&' | b'$' | b'(' | b')')
}

/// Tokens and hosts, and what peers put there without quotes: base64, URIs without semicolons, UTF-8.
const fn is_value(octet: u8) -> bool {
    (scan::is_visible(octet) || octet >= 0x80)
        && !matches!(octet, b';' | b',' | b'"' | b'<' | b'>' | b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Result<Params<'_>, Malformed> {
        Params::read(&mut Scan::new(text.as_bytes()))
    }

    #[test]
    fn flags_tokens_hosts_and_quoted_strings_are_values() {
        let text =
            r#" ; lr;tag = 98asjd8;received=[2001:db8::9:255];+sip.instance="<urn:uuid:1-\"2>""#;
        let params = params(text).unwrap();

        assert_eq!(params.iter().count(), 4);
        assert!(params.has("LR"));
        assert_eq!(params.token("tag"), Some("98asjd8"));
        assert_eq!(params.token("received"), Some("[2001:db8::9:255]"));
        assert_eq!(params.find("+sip.instance").unwrap().value(), r#"<urn:uuid:1-"2>"#);
    }

    #[test]
    fn an_empty_parameter_is_malformed() {
        for text in [";", ";;a", ";a=", ";a=\"open", "; ;"] {
            assert!(params(text).is_err(), "{text}");
        }
        assert!(params(";a;b=1;A=2").unwrap().has_twins());
        assert!(!params(";a;b").unwrap().has_twins());
    }
}
