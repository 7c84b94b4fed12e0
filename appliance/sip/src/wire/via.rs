//! Via (RFC 3261 clause 20.42, RFC 3581).

use super::Malformed;
use super::params::Params;
use super::scan::{self, Scan};
use super::uri::Host;
use std::net::IpAddr;

/// One hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, `TLS`, or any other token.
    pub transport: &'a str,
    /// Where the sender wants its responses.
    pub host: Host<'a>,
    /// Port, where one is written.
    pub port: Option<u16>,
    /// What follows.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one hop that fills these octets.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut scan = Scan::new(scan::trim(octets));
        let transport = sent_protocol(&mut scan).ok_or(Malformed("a Via names no protocol"))?;
        scan.lws();
        let (host, port) = Host::read_with_port(&mut scan)?;
        let params = Params::read(&mut scan)?;
        scan.lws();
        if !scan.is_empty() {
            return Err(Malformed("a Via goes on after its end"));
        }
        Ok(Self { transport, host, port, params })
    }

    /// The transaction's name; `None` from peers of RFC 2543.
    #[must_use]
    pub fn branch(&self) -> Option<&'a str> {
        self.params.token("branch")
    }

    /// Where the request came from, as the next hop saw it; with and without brackets (RFC 5118 clause 4.5).
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.token("received")?;
        text.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// From which port the request came (RFC 3581); `Some(None)` where the sender asks for it.
    #[must_use]
    pub fn rport(&self) -> Option<Option<u16>> {
        let param = self.params.find("rport")?;
        Some(param.token().and_then(scan::number))
    }
}

/// `SIP / 2.0 / UDP` with white space around the slashes (RFC 4475 clause 3.1.1.1).
fn sent_protocol<'a>(scan: &mut Scan<'a>) -> Option<&'a str> {
    scan.token()?;
    if !scan.eat_spaced(b'/') {
        return None;
    }
    scan.token()?;
    if !scan.eat_spaced(b'/') {
        return None;
    }
    scan.token()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_is_read_with_spaces_and_unknown_transports() {
        let via = Via::parse(b"SIP  /   2.0  /UDP    192.0.2.2 : 5070 ;rport;branch=390").unwrap();
        assert_eq!(via.transport, "UDP");
        assert_eq!(via.port, Some(5070));
        assert_eq!(via.branch(), Some("390"));
        assert_eq!(via.rport(), Some(None));

        let via = Via::parse(b"SIP/2.0/UNKNOWN t4.example.com;rport=1024").unwrap();
        assert_eq!((via.transport, via.branch()), ("UNKNOWN", None));
        assert_eq!(via.rport(), Some(Some(1024)));
    }

    #[test]
    fn received_is_read_with_and_without_brackets() {
        for text in ["received=[2001:db8::9:255]", "received=2001:db8::9:255"] {
            let octets = format!("SIP/2.0/UDP [2001:db8::9:1];{text};branch=z9hG4bKas3");
            let via = Via::parse(octets.as_bytes()).unwrap();
            assert_eq!(via.received(), "2001:db8::9:255".parse().ok());
        }
    }

    #[test]
    fn what_is_no_hop_is_refused() {
        for text in ["", "SIP/2.0", "SIP/2.0/UDP", "SIP/2.0/UDP h;;", "SIP/2.0/UDP h;a h"] {
            assert!(Via::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
