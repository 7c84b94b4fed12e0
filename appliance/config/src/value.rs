//! The types that settings can have.

mod choice;
mod text;

pub use choice::{
    Bootproto, Codec, Codecs, DetachAction, DnsMethod, Encryption, Region, Transport,
};
pub use text::{AccessCode, Domain, FileName, Host, Label, Name, ProxyUri, Secret, Url};
pub(crate) use text::{NAME_MAX, plain};

use crate::spec::{Reject, Spec};
use ident::{Ari, Ipei};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A type that settings can have.
pub trait Value: Sized {
    /// Reads the XML form.
    ///
    /// # Errors
    /// Says what would have been accepted.
    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject>;
}

/// A whole number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

/// A whole number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milliseconds(pub Duration);

/// Milliseconds of speech in a packet: whole frames of 10 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ptime(pub u8);

/// A port where 0 means that none was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyPort(pub Option<u16>);

fn number(spec: &Spec, text: &str) -> Result<i64, Reject> {
    let (least, most) = spec.range;
    let plain = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    let number = plain.then(|| text.parse::<i64>().ok()).flatten();
    number.filter(|n| (least..=most).contains(n)).ok_or(Reject::NotBetween(least, most))
}

impl Value for Seconds {
    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        u32::parse(spec, text).map(|n| Self(Duration::from_secs(n.into())))
    }
}

impl Value for Milliseconds {
    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        u32::parse(spec, text).map(|n| Self(Duration::from_millis(n.into())))
    }
}

impl Value for Ptime {
    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        match text {
            "10" => Ok(Self(10)),
            "20" => Ok(Self(20)),
            "30" => Ok(Self(30)),
            "40" => Ok(Self(40)),
            "60" => Ok(Self(60)),
            _ => Err(Reject::NotOneOf(&["10", "20", "30", "40", "60"])),
        }
    }
}

impl Value for ProxyPort {
    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        u16::parse(spec, text).map(|port| Self(Some(port).filter(|port| *port != 0)))
    }
}

macro_rules! whole_number {
    ($($type:ty)+) => {$(
        impl Value for $type {
            fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
                let (least, most) = spec.range;
                Self::try_from(number(spec, text)?).map_err(|_| Reject::NotBetween(least, most))
            }
        }
    )+};
}

whole_number! { u8 u16 u32 }

impl Value for bool {
    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(Reject::NotOneOf(&["true", "false"])),
        }
    }
}

/// An empty element means that the setting was not chosen.
impl<T: Value> Value for Option<T> {
    fn parse(spec: &Spec, text: &str) -> Result<Self, Reject> {
        if text.is_empty() { Ok(None) } else { T::parse(spec, text).map(Some) }
    }
}

impl Value for Ari {
    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "an ARI of eight hexadecimal digits, ten for class A, such as 10009034";
        text.parse().map_err(|_| Reject::Not(what))
    }
}

impl Value for Ipei {
    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        text.parse().map_err(|_| Reject::Not("an IPEI such as 00077 0000001"))
    }
}

impl Value for Ipv4Addr {
    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        text.parse().map_err(|_| Reject::Not("an IPv4 address"))
    }
}

impl Value for IpAddr {
    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        text.parse().map_err(|_| Reject::Not("an IPv4 or IPv6 address"))
    }
}
