//! Values that are one of a few words.

use super::Value;
use crate::spec::{Reject, Spec};

macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$about])* $variant),+
        }

        impl Value for $name {
            fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Reject::NotOneOf(&[$($word),+])),
                }
            }
        }
    };
}

choice! {
    /// The three SIP transports (RFC 3261 clause 18).
    Transport {
        /// Datagrams.
        Udp = "udp",
        /// A connection.
        Tcp = "tcp",
        /// A connection under TLS.
        Tls = "tls",
    }
}

choice! {
    /// Where an address comes from.
    Bootproto {
        /// Asked for.
        Dhcp = "dhcp",
        /// Typed in.
        Static = "static",
    }
}

choice! {
    /// How names of SIP servers are looked up.
    DnsMethod {
        /// Address records only.
        Arecord = "arecord",
        /// Service records first (RFC 3263).
        Dnssrv = "dnssrv",
    }
}

choice! {
    /// What the power-off of a handset does to its registration.
    DetachAction {
        /// Nothing.
        Ignore = "ignore",
        /// It is taken back.
        Deregister = "deregister",
    }
}

choice! {
    /// Encryption of speech on the air.
    Encryption {
        /// Never.
        Disabled = "Disabled",
        /// Where the handset can.
        Enabled = "Enabled",
        /// Calls that cannot be encrypted end.
        Enforced = "Enforced",
    }
}

choice! {
    /// The bands that base stations can be set to.
    Region {
        /// 1880 to 1900 MHz.
        Europe = "Europe",
        /// 1900 to 1920 MHz.
        China = "China",
        /// 1910 to 1930 MHz.
        SouthAmerica = "South America",
        /// 1880 to 1895 MHz.
        Taiwan = "Taiwan",
        /// 1920 to 1930 MHz.
        Usa = "USA",
    }
}

/// A codec by the guide's number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// G.711 mu-law, 1.
    G711U,
    /// G.711 A-law, 2.
    G711A,
    /// G.726 at 32 kbit/s, 64.
    G726,
    /// G.729 Annex A, 1024.
    G729A,
}

/// Codecs in order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codecs(pub Vec<Codec>);

impl Value for Codecs {
    fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
        let what = "one to six of 0, 1, 2, 64, 1024 with commas between, not all 0, none twice";
        let mut codecs = Vec::new();
        let mut places = 0;
        for word in text.split(',').map(str::trim) {
            places += 1;
            let codec = match word {
                "0" => continue,
                "1" => Codec::G711U,
                "2" => Codec::G711A,
                "64" => Codec::G726,
                "1024" => Codec::G729A,
                _ => return Err(Reject::Not(what)),
            };
            if codecs.contains(&codec) {
                return Err(Reject::Not(what));
            }
            codecs.push(codec);
        }
        let sound = places <= PLACES_MAX && !codecs.is_empty();
        if sound { Ok(Self(codecs)) } else { Err(Reject::Not(what)) }
    }
}

/// The guide's list has six places.
const PLACES_MAX: usize = 6;
