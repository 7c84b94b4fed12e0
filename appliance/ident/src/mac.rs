//! The MAC address by which a base station is known.

use std::fmt;
use std::str::FromStr;

/// A MAC address; the identity of a base station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

/// The text is no MAC address: twelve hexadecimal digits, bare or in pairs with `:` or `-` between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected twelve hexadecimal digits such as 00:30:42:12:34:56")]
pub struct BadMac;

impl FromStr for Mac {
    type Err = BadMac;

    fn from_str(text: &str) -> Result<Self, BadMac> {
        let separated = matches!(text.len(), 17).then(|| text.as_bytes().get(2)).flatten();
        let digits = match separated {
            Some(b':' | b'-') => {
                let separator = char::from(*separated.unwrap_or(&b':'));
                let parts: Vec<&str> = text.split(separator).collect();
                if parts.len() != 6 || parts.iter().any(|part| part.len() != 2) {
                    return Err(BadMac);
                }
                parts.concat()
            }
            _ => text.to_owned(),
        };
        if digits.len() != 12 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(BadMac);
        }
        let number = u64::from_str_radix(&digits, 16).map_err(|_| BadMac)?;
        let [_, _, octets @ ..] = number.to_be_bytes();
        Ok(Self(octets))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(text, "{first:02x}")?;
        rest.iter().try_for_each(|octet| write!(text, ":{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_is_read_in_the_three_usual_forms_and_in_no_other() {
        for text in ["003042123aBc", "00:30:42:12:3a:bc", "00-30-42-12-3A-BC"] {
            assert_eq!(
                text.parse::<Mac>().map(|mac| mac.to_string()),
                Ok("00:30:42:12:3a:bc".into())
            );
        }
        for text in ["", "00:30-42:12:3a:bc", "0:030:42:12:3a:bc", "+03042123abc", "00304212 abc"] {
            assert_eq!(text.parse::<Mac>(), Err(BadMac), "{text}");
        }
    }
}
