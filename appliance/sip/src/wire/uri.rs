//! URIs (RFC 3261 clause 19.1, RFC 3966). Unknown schemes keep their text.

use super::Malformed;
use super::params::Params;
use super::scan::{self, Scan};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A URI, its parts as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uri<'a> {
    /// All of it.
    pub text: &'a str,
    /// What it begins with.
    pub scheme: Scheme<'a>,
    /// User part of a SIP URI, number of a tel URI; escapes are still in it.
    pub user: Option<&'a str>,
    /// After the user part and a colon; deprecated, kept.
    pub password: Option<&'a str>,
    /// Where a SIP URI points.
    pub host: Option<Host<'a>>,
    /// Port, where one is written.
    pub port: Option<u16>,
    /// What follows the host or the number.
    pub params: Params<'a>,
    /// What follows a question mark.
    pub headers: Option<&'a str>,
}

/// What a URI begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme<'a> {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Any other.
    Other(&'a str),
}

/// A host as SIP writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name for the DNS.
    Name(&'a str),
    /// An address; IPv6 addresses stand in brackets.
    Address(IpAddr),
}

impl<'a> Uri<'a> {
    /// Reads a URI that fills these octets.
    ///
    /// # Errors
    /// Says what is wrong where it is no URI, or no SIP or tel URI although it begins like one.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(octets).map_err(|_| Malformed("a URI is not text"))?;
        if !octets.iter().all(|octet| is_uri(*octet)) {
            return Err(Malformed("a URI contains a character that must be escaped"));
        }
        let (name, rest) = text.split_once(':').ok_or(Malformed("a URI has no scheme"))?;
        let scheme = Scheme::new(name).ok_or(Malformed("a URI has a scheme that is no name"))?;
        let bare = Self {
            text,
            scheme,
            user: None,
            password: None,
            host: None,
            port: None,
            params: Params::default(),
            headers: None,
        };
        match scheme {
            Scheme::Sip | Scheme::Sips => bare.sip(rest),
            Scheme::Tel => bare.tel(rest),
            Scheme::Other(_) if rest.is_empty() => Err(Malformed("a URI is empty")),
            Scheme::Other(_) => Ok(bare),
        }
    }

    /// The user part or number with its escapes resolved.
    #[must_use]
    pub fn user_text(&self) -> String {
        let plain = self.user.and_then(scan::unpercent).unwrap_or_default();
        String::from_utf8_lossy(&plain).into_owned()
    }

    /// Whether the two name the same resource by the rules of RFC 3261 clause 19.1.4, as far as user,
    /// host, port and transport tell.
    #[must_use]
    pub fn same(&self, other: &Uri<'_>) -> bool {
        let transport = |uri: &Uri<'_>| uri.params.token("transport").map(str::to_ascii_lowercase);
        if matches!(self.scheme, Scheme::Other(_)) {
            return self.text == other.text;
        }
        self.scheme == other.scheme
            && self.user_text() == other.user_text()
            && self.password == other.password
            && match (self.host, other.host) {
                (Some(one), Some(two)) => one.same(&two),
                (one, two) => one.is_none() && two.is_none(),
            }
            && self.port == other.port
            && transport(self) == transport(other)
    }

    fn sip(mut self, rest: &'a str) -> Result<Self, Malformed> {
        // A user part may contain ';' and '?' (RFC 4475 clause 3.1.1.9), so '@' is looked for first.
        let rest = if let Some((userinfo, rest)) = rest.split_once('@') {
            self.userinfo(userinfo)?;
            rest
        } else {
            rest
        };
        let mut scan = Scan::new(rest.as_bytes());
        let (host, port) = Host::read_with_port(&mut scan)?;
        (self.host, self.port) = (Some(host), port);
        self.params = Params::read(&mut scan)?;
        if scan.eat(b'?') {
            let headers = scan.rest();
            self.headers = std::str::from_utf8(headers).ok().filter(|text| !text.is_empty());
            return self.headers.map(|_| self).ok_or(Malformed("a URI has empty headers"));
        }
        if scan.is_empty() { Ok(self) } else { Err(Malformed("a URI goes on after its end")) }
    }

    fn userinfo(&mut self, userinfo: &'a str) -> Result<(), Malformed> {
        let (user, password) = match userinfo.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (userinfo, None),
        };
        if user.is_empty() {
            return Err(Malformed("a URI has an empty user part"));
        }
        if scan::unpercent(userinfo).is_none() {
            return Err(Malformed("a URI has a broken escape in its user part"));
        }
        (self.user, self.password) = (Some(user), password);
        Ok(())
    }

    fn tel(mut self, rest: &'a str) -> Result<Self, Malformed> {
        let mut scan = Scan::new(rest.as_bytes());
        let number = scan.text(is_phone_digit).ok_or(Malformed("a tel URI has no number"))?;
        self.user = Some(number);
        self.params = Params::read(&mut scan)?;
        if scan.is_empty() { Ok(self) } else { Err(Malformed("a tel URI goes on after its end")) }
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl<'a> Scheme<'a> {
    fn new(name: &'a str) -> Option<Self> {
        let known = [("sip", Self::Sip), ("sips", Self::Sips), ("tel", Self::Tel)];
        if let Some((_, scheme)) = known.iter().find(|(known, _)| name.eq_ignore_ascii_case(known))
        {
            return Some(*scheme);
        }
        let tail = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
        let valid = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(tail);
        valid.then_some(Self::Other(name))
    }
}

impl<'a> Host<'a> {
    /// Reads a host that fills this text.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let mut scan = Scan::new(text.as_bytes());
        let host = Self::read(&mut scan)?;
        if scan.is_empty() { Ok(host) } else { Err(Malformed("a host goes on after its end")) }
    }

    /// The address where it is one.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::Address(address) => Some(*address),
        }
    }

    /// Whether the two are the same host: names in any case, addresses by value.
    #[must_use]
    pub fn same(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Self::Name(one), Host::Name(two)) => one.eq_ignore_ascii_case(two),
            (Self::Address(one), Host::Address(two)) => one == two,
            _ => false,
        }
    }

    pub(crate) fn read(scan: &mut Scan<'a>) -> Result<Self, Malformed> {
        if scan.eat(b'[') {
            let inner =
                scan.until(b']').ok_or(Malformed("an IPv6 address has no closing bracket"))?;
            return ipv6(inner).map(|address| Self::Address(address.into()));
        }
        let name = scan.text(is_host).ok_or(Malformed("a host is missing"))?;
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Ok(Self::Address(address.into()));
        }
        if name.len() > NAME_MAX || name.starts_with('.') || name.contains("..") {
            return Err(Malformed("a host is neither a name nor an address"));
        }
        Ok(Self::Name(name))
    }

    pub(crate) fn read_with_port(scan: &mut Scan<'a>) -> Result<(Self, Option<u16>), Malformed> {
        let host = Self::read(scan)?;
        if !scan.eat_spaced(b':') {
            return Ok((host, None));
        }
        let port = scan.text(|octet| octet.is_ascii_digit()).and_then(scan::number);
        let port = port.ok_or(Malformed("a port is not a number up to 65535"))?;
        Ok((host, Some(port)))
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

fn ipv6(inner: &[u8]) -> Result<Ipv6Addr, Malformed> {
    let wrong = Malformed("what stands in brackets is no IPv6 address");
    let text = std::str::from_utf8(inner).map_err(|_| wrong)?;
    // RFC 3261's grammar has a mistake by which "2001:db8:::192.0.2.1" is right; RFC 5118 clause 4.10
    // wants it understood.
    let text = text.replacen(":::", "::", 1);
    text.parse().map_err(|_| wrong)
}

/// What may stand in a URI: no white space, quotes or angle brackets. More than RFC 3261 allows, since
/// peers leave '#', '|' and UTF-8 unescaped.
const fn is_uri(octet: u8) -> bool {
    (scan::is_visible(octet) || octet >= 0x80)
        && !matches!(octet, b'"' | b'<' | b'>' | b'\\' | b'^')
}

/// RFC 1123 names, and underscores because they exist.
const fn is_host(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_')
}

/// RFC 3966: global and local numbers with visual separators.
const fn is_phone_digit(octet: u8) -> bool {
    octet.is_ascii_hexdigit()
        || matches!(octet, b'+' | b'*' | b'#' | b'-' | b'.' | b'(' | b')' | b'%')
}

/// The longest name of the DNS (RFC 1035 clause 2.3.4).
const NAME_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_in_the_user_part_begins_no_parameter() {
        let uri = Uri::parse(b"sip:user;par=u%40example.net@example.com;lr").unwrap();

        assert_eq!(uri.user_text(), "user;par=u@example.net");
        assert_eq!(uri.host, Some(Host::Name("example.com")));
        assert!(uri.params.has("lr"));
    }

    #[test]
    fn addresses_names_and_ports_are_told_apart() {
        let uri = Uri::parse(b"sips:[2001:db8::10]:5061;transport=tcp?Subject=x").unwrap();
        assert_eq!(uri.host.unwrap().to_string(), "[2001:db8::10]");
        assert_eq!(uri.port, Some(5061));
        assert_eq!(uri.headers, Some("Subject=x"));

        let ambiguous = Uri::parse(b"sip:[2001:db8::10:5070]").unwrap();
        assert_eq!(ambiguous.port, None);
        let bug = Uri::parse(b"sip:user@[2001:db8:::192.0.2.1]").unwrap();
        assert_eq!(bug.host, Uri::parse(b"sip:[2001:db8::192.0.2.1]").unwrap().host);
    }

    #[test]
    fn tel_and_unknown_schemes_are_kept() {
        let tel = Uri::parse(b"tel:+49-30-123;phone-context=example.com").unwrap();
        assert_eq!(tel.user, Some("+49-30-123"));
        assert_eq!(tel.params.token("phone-context"), Some("example.com"));

        let soap = Uri::parse(b"soap.beep://192.0.2.103:3002").unwrap();
        assert_eq!(soap.scheme, Scheme::Other("soap.beep"));
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        let wrong: [&[u8]; 11] = [
            b"",
            b"sip:",
            b"sip:@host",
            b"sip:a b@host",
            b"<sip:a@host>",
            b"sip:a%4@host",
            b"sip:a@host:99999",
            b"sip:a@[::1",
            b"sip:a@2001:db8::10",
            b"sip:a@b@c",
            b"host",
        ];
        for text in wrong {
            assert!(Uri::parse(text).is_err(), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn equal_uris_differ_in_case_of_host_and_in_escapes_only() {
        let uri = |text: &'static str| Uri::parse(text.as_bytes()).unwrap();
        assert!(uri("sip:%61lice@AtLanTa.CoM").same(&uri("sip:alice@atlanta.com")));
        assert!(!uri("sip:ALICE@atlanta.com").same(&uri("sip:alice@atlanta.com")));
        assert!(!uri("sip:bob@biloxi.com").same(&uri("sip:bob@biloxi.com:5060")));
    }
}
