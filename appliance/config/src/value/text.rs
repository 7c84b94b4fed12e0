//! Values that are text of some form.

use super::{Kind, Value};
use crate::spec::{Reject, Spec};
use std::net::IpAddr;

/// A name for authentication; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name(pub String);

/// A SIP domain; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain(pub String);

/// A host by name or address; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host(pub String);

/// Hosts by name or address, at most seven; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(pub Vec<String>);

/// Text of any kind; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub String);

/// Decimal digits; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digits(pub String);

/// What is dialled to switch a feature, with `$` for the number that belongs to it; may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeatureCode(pub String);

/// The name of a file in the state folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(pub String);

/// The name of a file on the provisioning server, with folders or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile(pub String);

/// A name of one word, for a host (RFC 1123 2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(pub String);

/// Where something is fetched. It has no `Debug`, since a password may be in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Url(pub String);

/// A SIP proxy as an administrator writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyUri {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port, where the text names one.
    pub port: Option<u16>,
}

impl Value for Name {
    const KIND: Kind = Kind::Text;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let sound = text.len() <= URL_MAX && !text.chars().any(char::is_control);
        let what = "at most 255 characters without control characters";
        if sound { Ok(Self(text.to_owned())) } else { Err(Reject::Not(what)) }
    }
}

impl Value for Text {
    const KIND: Kind = Kind::Text;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
        let sound = text.len() <= TEXT_MAX && !text.chars().any(control);
        let what = "at most 65536 characters without control characters";
        if sound { Ok(Self(text.to_owned())) } else { Err(Reject::Not(what)) }
    }
}

impl Value for Digits {
    const KIND: Kind = Kind::Digits;

    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        let (least, most) = spec.range;
        let count = i64::try_from(text.len()).unwrap_or(i64::MAX);
        let digits = text.bytes().all(|digit| digit.is_ascii_digit());
        let sound = digits && (least..=most).contains(&count);
        if sound { Ok(Self(text.to_owned())) } else { Err(Reject::Not("a few decimal digits")) }
    }
}

impl Value for FeatureCode {
    const KIND: Kind = Kind::Text;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let allowed = |octet: u8| octet.is_ascii_digit() || matches!(octet, b'*' | b'#' | b'$');
        let bounded = text.len() <= CODE_MAX && text.matches('$').count() < 2;
        let what = "digits, * and #, at most 32, with $ once for a number or without";
        if bounded && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Reject::Not(what))
        }
    }
}

impl Value for Domain {
    const KIND: Kind = Kind::Text;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let sound = text.len() <= HOST_MAX && text.bytes().all(is_host);
        let what = "letters, digits, dots and hyphens, at most 253";
        if sound { Ok(Self(text.to_owned())) } else { Err(Reject::Not(what)) }
    }
}

impl Value for Host {
    const KIND: Kind = Kind::Host;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        if text.is_empty() || sound_host(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Reject::Not("a host name or an address"))
        }
    }
}

impl Value for Hosts {
    const KIND: Kind = Kind::List;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let hosts: Vec<String> = words.map(str::to_owned).collect();
        let sound = hosts.len() <= HOSTS_MAX && hosts.iter().all(|host| sound_host(host));
        let what = "host names or addresses with commas between, at most 7";
        if sound { Ok(Self(hosts)) } else { Err(Reject::Not(what)) }
    }
}

impl Value for Label {
    const KIND: Kind = Kind::Text;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let letters = text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        let bounded = (1..=LABEL_MAX).contains(&text.len());
        let ends = !text.starts_with('-') && !text.ends_with('-');
        let what = "a name of at most 63 letters, digits and hyphens, none at its ends";
        if letters && bounded && ends { Ok(Self(text.to_owned())) } else { Err(Reject::Not(what)) }
    }
}

impl Value for Url {
    const KIND: Kind = Kind::Uri;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("tftp", text));
        let known = ["tftp", "ftp", "http", "https"].contains(&scheme);
        let letters = rest.bytes().all(|octet| octet.is_ascii_graphic());
        let bounded = !rest.is_empty() && text.len() <= URL_MAX && plain(text);
        let what = "a host, or a URL of tftp, ftp, http or https, at most 255 characters";
        if known && letters && bounded { Ok(Self(text.to_owned())) } else { Err(Reject::Not(what)) }
    }
}

impl Value for FileName {
    const KIND: Kind = Kind::FileName;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let named = !text.is_empty() && text.len() <= FILE_NAME_MAX && !text.starts_with('.');
        let sound = text.bytes().all(|octet| is_host(octet) || octet == b'_');
        if named && sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(Reject::Not("a file name of letters, digits, dots, hyphens and underscores"))
        }
    }
}

impl Value for RemoteFile {
    const KIND: Kind = Kind::FileName;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let sound = !text.is_empty() && text.len() <= URL_MAX && plain(text);
        let what = "a file name of at most 255 characters";
        if sound { Ok(Self(text.to_owned())) } else { Err(Reject::Not(what)) }
    }
}

impl Value for ProxyUri {
    const KIND: Kind = Kind::Uri;

    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        proxy_uri(text).ok_or(Reject::Not("a host name, an address or a SIP URI without a user"))
    }
}

/// `host`, `host:port`, `[v6]:port`, `v6`, with or without `sip:` before and parameters behind.
fn proxy_uri(text: &str) -> Option<ProxyUri> {
    let bare = ["sip:", "sips:"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let bare = bare.unwrap_or(text).split(';').next()?;
    if bare.parse::<IpAddr>().is_ok() {
        return Some(ProxyUri { host: bare.to_owned(), port: None });
    }
    let (host, rest) = match bare.strip_prefix('[') {
        Some(inner) => inner.split_once(']').filter(|(host, _)| host.contains(':'))?,
        None => bare.split_at(bare.find(':').unwrap_or(bare.len())),
    };
    let port = match rest.strip_prefix(':') {
        Some(digits) => Some(digits.parse::<u16>().ok().filter(|port| *port != 0)?),
        None if rest.is_empty() => None,
        None => return None,
    };
    sound_host(host).then(|| ProxyUri { host: host.to_owned(), port })
}

fn sound_host(text: &str) -> bool {
    // No host name has an underscore (RFC 952), but the DNS of many a site does.
    let letter = |octet| is_host(octet) || octet == b'_';
    let name = !text.is_empty() && text.len() <= HOST_MAX && text.bytes().all(letter);
    name || text.parse::<IpAddr>().is_ok()
}

fn is_host(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-')
}

/// None of the characters that the guide forbids in texts, nor a control character.
pub(crate) fn plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | '\\' | '"'))
}

/// The guide's limit.
pub(crate) const NAME_MAX: usize = 63;
/// What an element may hold.
const TEXT_MAX: usize = 65_536;
/// Nobody dials more.
const CODE_MAX: usize = 32;
/// RFC 1035 2.3.4.
const LABEL_MAX: usize = 63;
/// What the form of a virtual appliance takes.
const URL_MAX: usize = 255;
/// RFC 1035 clause 2.3.4, without the final dot.
const HOST_MAX: usize = 253;
/// With network.ntp as many as are asked.
const HOSTS_MAX: usize = 7;
/// Enough for a name, and every file system takes it.
const FILE_NAME_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_in_every_usual_form() {
        for (text, host, port) in [
            ("pbx.example.com", "pbx.example.com", None),
            ("192.0.2.7", "192.0.2.7", None),
            ("192.0.2.7:5070", "192.0.2.7", Some(5070)),
            ("sip:pbx.example.com:5061;transport=tls", "pbx.example.com", Some(5061)),
            ("2001:db8::1", "2001:db8::1", None),
            ("sip:[2001:db8::1]:5070", "2001:db8::1", Some(5070)),
        ] {
            assert_eq!(proxy_uri(text), Some(ProxyUri { host: host.into(), port }), "{text}");
        }
        for text in ["sip:", "a b", "user@host", "host:0", "host:70000", "[::1", "[::1]x", "a:b:c"]
        {
            assert_eq!(proxy_uri(text), None, "{text}");
        }
    }

    #[test]
    fn a_file_name_cannot_lead_out_of_its_folder() {
        let spec = crate::groups::fixpart::MIRROR_FILE.spec;
        for text in ["", "..", "../x", "/etc/passwd", ".hidden", "a/b"] {
            assert!((spec.check)(spec, text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_has_a_name_of_one_word_and_a_server_a_scheme_that_we_speak() {
        let hostname = crate::groups::network::HOSTNAME.spec;
        for text in ["dect-1", "a", "", &"a".repeat(63)] {
            assert!((hostname.check)(hostname, text).is_ok(), "{text}");
        }
        for text in ["-a", "a-", "a.b", "a b", "a_b", &"a".repeat(64)] {
            assert!((hostname.check)(hostname, text).is_err(), "{text}");
        }
        let url = crate::groups::provisioning::SERVER_URL.spec;
        for text in ["192.0.2.7", "host:69/x", "https://user:pw@host/path", ""] {
            assert!((url.check)(url, text).is_ok(), "{text}");
        }
        for text in ["gopher://host", "http://", "http://a b", &"a".repeat(256)] {
            assert!((url.check)(url, text).is_err(), "{text}");
        }
    }
}
