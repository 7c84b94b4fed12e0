//! Small header fields with a form of their own (RFC 3261 clause 20).

use super::Malformed;
use super::address::Address;
use super::method::Method;
use super::params::Params;
use super::scan::{self, Scan};
use std::fmt;

/// CSeq (RFC 3261 clause 20.16).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CSeq {
    /// Below 2^31.
    pub number: u32,
    /// That of the request.
    pub method: Method,
}

impl CSeq {
    /// Reads it from all of these octets.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(octets: &[u8]) -> Result<Self, Malformed> {
        let mut scan = Scan::new(scan::trim(octets));
        let number = scan.text(|octet| octet.is_ascii_digit()).and_then(scan::number);
        let number = number
            .filter(|number| *number < 1 << 31)
            .ok_or(Malformed("CSeq has no number below 2 147 483 648"))?;
        let apart = scan.peek().is_some_and(scan::is_lws);
        scan.lws();
        let method = scan.token().filter(|_| apart).ok_or(Malformed("CSeq has no method"))?;
        if !scan.is_empty() {
            return Err(Malformed("CSeq goes on after its method"));
        }
        Ok(Self { number, method: Method::new(method) })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// Contact (RFC 3261 clause 20.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact<'a> {
    /// `*`: all bindings, in a REGISTER that takes them back.
    All,
    /// An address.
    Address(Address<'a>),
}

impl<'a> Contact<'a> {
    /// Reads one contact from all of these octets.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        if scan::trim(octets) == b"*" {
            return Ok(Self::All);
        }
        Address::parse(octets).map(Self::Address)
    }

    /// The address, where it is one.
    #[must_use]
    pub const fn address(&self) -> Option<&Address<'a>> {
        match self {
            Self::All => None,
            Self::Address(address) => Some(address),
        }
    }
}

/// A value with parameters whose first part is no address: Event, Content-Disposition, Session-Expires,
/// Subscription-State, Reason, Replaces, Retry-After.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valued<'a> {
    /// What stands before the first semicolon.
    pub value: &'a str,
    /// What follows.
    pub params: Params<'a>,
}

impl<'a> Valued<'a> {
    /// Reads it from all of these octets.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut scan = Scan::new(scan::trim(octets));
        let value = scan.take_while(|octet| octet != b';');
        let value = std::str::from_utf8(scan::trim(value)).unwrap_or_default();
        if value.is_empty() {
            return Err(Malformed("a header field has no value before its parameters"));
        }
        let params = Params::read(&mut scan)?;
        scan.lws();
        if !scan.is_empty() {
            return Err(Malformed("a header field goes on after its parameters"));
        }
        Ok(Self { value, params })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cseq_has_leading_zeros_and_spaces_but_no_more_than_31_bits() {
        let cseq = CSeq::parse(b"0009    INVITE").unwrap();
        assert_eq!(cseq.to_string(), "9 INVITE");
        let wrong =
            ["2147483648 BYE", "36893488147419103232 BYE", "-1 BYE", "1", "1 BYE x", "1BYE"];
        for text in wrong {
            assert!(CSeq::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn values_with_parameters_are_taken_apart() {
        let session = Valued::parse(b"4000;refresher=uac").unwrap();
        assert_eq!((session.value, session.params.token("refresher")), ("4000", Some("uac")));
        assert!(Valued::parse(b";refresher=uac").is_err());
    }

    #[test]
    fn a_star_is_a_contact() {
        assert_eq!(Contact::parse(b" * "), Ok(Contact::All));
        assert!(Contact::parse(b"*;expires=0").is_err());
    }
}
