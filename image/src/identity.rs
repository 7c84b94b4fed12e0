//! Who a box is: what the maker writes into the partition `ident` and nobody changes after.

use ident::{Ari, Mac};
use std::fmt::Write as _;
use std::str::FromStr;

/// What is known at manufacture. A virtual machine may have none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its Ethernet address.
    pub mac: Option<Mac>,
    /// Its serial number.
    pub serial: Option<Serial>,
    /// Its access rights identity. It is assigned, never derived; without one the radio stays off.
    pub ari: Option<Ari>,
}

/// A serial number: 1 to 32 letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial(String);

/// It is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a serial number of 1 to 32 letters, digits and hyphens")]
pub struct BadSerial;

impl FromStr for Serial {
    type Err = BadSerial;

    fn from_str(text: &str) -> Result<Self, BadSerial> {
        let fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_right = (1..=32).contains(&text.len()) && text.bytes().all(fit);
        is_right.then(|| Self(text.to_owned())).ok_or(BadSerial)
    }
}

impl Identity {
    /// The file `ident.xml`, with the elements that the settings have.
    #[must_use]
    pub fn xml(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<config>\n");
        let rows = [
            ("mac", self.mac.map(|mac| mac.to_string())),
            ("serial", self.serial.clone().map(|serial| serial.0)),
            ("ari", self.ari.map(|ari| ari.to_string())),
        ];
        for (name, value) in rows {
            if let Some(value) = value {
                let _ = writeln!(text, "  <{name}>{value}</{name}>");
            }
        }
        text + "</config>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_written() {
        let none = Identity::default().xml();
        assert_eq!(none, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<config>\n</config>\n");
        let identity = Identity {
            mac: Some("02:00:00:12:34:5a".parse().unwrap()),
            serial: Some("FP-1".parse().unwrap()),
            ari: Some("10009034".parse().unwrap()),
        };
        let rows = identity.xml().lines().map(str::to_owned).collect::<Vec<_>>()[2..5].join("");
        let mac = identity.mac.unwrap();
        assert_eq!(rows, format!("  <mac>{mac}</mac>  <serial>FP-1</serial>  <ari>10009034</ari>"));
    }

    #[test]
    fn what_would_need_quotes_is_no_serial_number() {
        for text in ["", "a b", "a<b", &"1".repeat(33)] {
            assert_eq!(text.parse::<Serial>(), Err(BadSerial), "{text}");
        }
    }
}
