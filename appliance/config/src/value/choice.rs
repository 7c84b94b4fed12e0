//! Values that are one of a few words.

use super::number::whole;
use super::{Kind, Value, same_word};
use crate::spec::{Reject, Spec};

mod rack;

pub use rack::*;

macro_rules! choice {
    ($(
        $(#[$meta:meta])*
        $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal $(| $also:literal)*),+ $(,)? }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$about])* $variant),+
        }

        impl Value for $name {
            const KIND: Kind = Kind::Words(&[$($word),+]);

            fn parse(_: &Spec, text: &str) -> Result<Self, Reject> {
                $(
                    if means(text, &[$word $(, $also)*]) {
                        return Ok(Self::$variant);
                    }
                )+
                Err(Reject::NotOneOf(&[$($word),+]))
            }
        }
    )+};
}

/// Whether a text is one of the words, or the same number.
fn means(text: &str, words: &[&str]) -> bool {
    let number = whole(text);
    words.iter().any(|word| same_word(text, word) || (number.is_some() && number == whole(word)))
}

use choice;

choice! {
    /// The three SIP transports (RFC 3261 clause 18).
    Transport {
        /// Datagrams.
        Udp = "udp" | "UDPonly",
        /// A connection.
        Tcp = "tcp" | "TCPonly",
        /// A connection under TLS.
        Tls = "tls" | "TLSonly",
    }

    /// Where an address comes from.
    Bootproto {
        /// Asked for.
        Dhcp = "dhcp",
        /// Typed in.
        Static = "static" | "manual",
    }

    /// How names of SIP servers are looked up.
    DnsMethod {
        /// Address records only.
        Arecord = "arecord" | "a" | "arecords",
        /// Service records first (RFC 3263).
        Dnssrv = "dnssrv" | "srv" | "naptr" | "dnsnaptr",
    }

    /// What the power-off of a handset does to its registration.
    DetachAction {
        /// Nothing.
        Ignore = "ignore",
        /// It is taken back.
        Deregister = "deregister" | "unregister",
    }

    /// Encryption of speech on the air.
    Encryption {
        /// Never.
        Disabled = "Disabled" | "0" | "false" | "off",
        /// Where the handset can.
        Enabled = "Enabled" | "1" | "true" | "on",
        /// Calls that cannot be encrypted end.
        Enforced = "Enforced" | "2" | "Enforced (non GAP)",
    }

    /// The bands that base stations can be set to.
    Region {
        /// 1880 to 1900 MHz.
        Europe = "Europe" | "EU",
        /// 1900 to 1920 MHz.
        China = "China",
        /// 1910 to 1930 MHz.
        SouthAmerica = "South America" | "Latin America",
        /// 1880 to 1895 MHz.
        Taiwan = "Taiwan",
        /// 1920 to 1930 MHz.
        Usa = "USA" | "US" | "North America",
    }

    /// Transmit power of a base station in dBm.
    TxPower {
        /// The base station's own.
        Default = "Default",
        /// 0 dBm.
        Dbm0 = "0" | "0 dBm",
        /// 2 dBm.
        Dbm2 = "2" | "2 dBm",
        /// 4 dBm.
        Dbm4 = "4" | "4 dBm",
        /// 6 dBm.
        Dbm6 = "6" | "6 dBm",
        /// 8 dBm.
        Dbm8 = "8" | "8 dBm",
        /// 10 dBm.
        Dbm10 = "10" | "10 dBm",
        /// 12 dBm.
        Dbm12 = "12" | "12 dBm",
        /// 14 dBm.
        Dbm14 = "14" | "14 dBm",
        /// 16 dBm.
        Dbm16 = "16" | "16 dBm",
        /// 18 dBm.
        Dbm18 = "18" | "18 dBm",
        /// 20 dBm.
        Dbm20 = "20" | "20 dBm",
        /// 22 dBm.
        Dbm22 = "22" | "22 dBm",
        /// 24 dBm.
        Dbm24 = "24" | "24 dBm",
    }

    /// Transmit power in milliwatts.
    TxMilliwatt {
        /// 1 mW.
        P1 = "1" | "1 mW",
        /// 1.6 mW.
        P1Point6 = "1.6" | "1.6 mW",
        /// 2.5 mW.
        P2Point5 = "2.5" | "2.5 mW",
        /// 4 mW.
        P4 = "4" | "4 mW",
        /// 6.3 mW.
        P6Point3 = "6.3" | "6.3 mW",
        /// 10 mW.
        P10 = "10" | "10 mW",
        /// 16 mW.
        P16 = "16" | "16 mW",
        /// 25 mW.
        P25 = "25" | "25 mW",
        /// 40 mW.
        P40 = "40" | "40 mW",
        /// 63 mW.
        P63 = "63" | "63 mW",
        /// 100 mW.
        P100 = "100" | "100 mW",
        /// 158 mW.
        P158 = "158" | "158 mW",
        /// 250 mW.
        P250 = "250" | "250 mW",
    }

    /// Which antenna of a base station is used when an external one is fitted.
    Antenna {
        /// Both.
        Both = "0" | "both",
        /// The internal one.
        Internal = "1" | "internal",
        /// The external one.
        External = "2" | "external",
    }

    /// The language of what handsets show.
    Language {
        /// Danish.
        Da = "da" | "Danish",
        /// German.
        De = "de" | "German",
        /// English.
        En = "en" | "English",
        /// Spanish.
        Es = "es" | "Spanish",
        /// French.
        Fr = "fr" | "French",
        /// Italian.
        It = "it" | "Italian",
        /// Dutch.
        Nl = "nl" | "Dutch",
        /// Norwegian.
        Nb = "nb" | "no",
        /// Portuguese.
        Pt = "pt" | "Portuguese",
        /// Russian.
        Ru = "ru" | "Russian",
        /// Swedish.
        Sv = "sv" | "Swedish",
    }

    /// The lowest severity of messages that are sent.
    SyslogLevel {
        /// The system cannot be used.
        Emergency = "emergency" | "emerg",
        /// A main function has failed.
        Critical = "critical" | "crit",
        /// Something has failed.
        Error = "error" | "err",
        /// Something will soon fail.
        Warning = "warning" | "warn",
        /// Usual, but worth to know.
        Notice = "notice",
        /// What an administrator would tell.
        Info = "info" | "informational",
        /// Everything.
        Debug = "debug",
    }

    /// Whose messages the syslog settings are for.
    SyslogScope {
        /// Server, media resources and base stations.
        All = "all",
        /// The server.
        ServerOnly = "server only",
        /// Server and media resources.
        ServerAndMr = "server and mr" | "server and media resource",
    }

    /// Where the phonebook comes from.
    PhonebookSource {
        /// There is none.
        Disabled = "disabled" | "none",
        /// A server of LDAP.
        Ldap = "ldap",
        /// A file.
        Csv = "csv",
    }

    /// The character set of a file.
    Charset {
        /// UTF-8.
        Utf8 = "utf-8",
        /// Windows code page 1252.
        Windows1252 = "windows-1252" | "cp1252",
        /// ISO 8859-1.
        Iso88591 = "iso8859-1" | "latin1" | "iso-8859-1",
    }

    /// Where an IPv6 address comes from.
    Ipv6Method {
        /// IPv6 is off.
        Disabled = "Disabled" | "disable" | "off",
        /// Typed in.
        Static = "Static" | "manual",
        /// DHCPv6.
        Stateful = "Statefull" | "stateful" | "dhcpv6" | "dhcp",
        /// What routers announce (SLAAC).
        Stateless = "Stateless" | "slaac",
    }

    /// What a NOTIFY of the event check-sync does.
    CheckSync {
        /// Nothing.
        Disabled = "disabled" | "none",
        /// Looks for updates, and restarts where they need it.
        Update = "update",
        /// Restarts and looks for updates.
        Reboot = "reboot",
    }

    /// How the provisioning server is found.
    ProvisioningMethod {
        /// By option 66 of DHCP.
        Dhcp = "dhcp",
        /// Typed in.
        Static = "static" | "manual",
        /// There is none.
        Disabled = "disabled" | "none" | "off",
    }

    /// How base stations find their common time.
    SyncType {
        /// Not at all.
        FreeRunning = "Free running",
        /// By radio.
        Radio = "radio",
        /// By PTP in the network.
        Lan = "LAN" | "PTP",
    }

    /// A version of IP.
    IpVersion {
        /// Version 4.
        Ipv4 = "ipv4" | "4",
        /// Version 6.
        Ipv6 = "ipv6" | "6",
    }

    /// How many days a password is good.
    PasswordLifetime {
        /// For ever.
        Forever = "0" | "forever",
        /// 30 days.
        Days30 = "30" | "30 days",
        /// 90 days.
        Days90 = "90" | "90 days",
    }

    /// What a node is in a redundant system.
    RedundancyMode {
        /// The one that serves.
        Master = "master",
        /// The one that waits.
        Slave = "slave",
        /// There is only one.
        Single = "single" | "none" | "disabled",
    }

    /// How many handsets are updated at a time.
    SuotaLoad {
        /// Few.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Many.
        High = "high",
    }

    /// What keeps the way through a NAT open.
    NatKeepalive {
        /// Nothing.
        Disabled = "Disabled" | "none" | "off",
        /// Line ends on TCP (RFC 5626).
        Crlf = "CRLF (rfc5626) [TCP only]" | "CRLF (rfc5626)" | "CRLF",
    }

    /// What carries syslog messages.
    SyslogTransport {
        /// Datagrams (RFC 5426).
        Udp = "udp",
        /// A connection (RFC 6587).
        Tcp = "tcp",
        /// A connection under TLS (RFC 5425).
        Tls = "tls",
    }

    /// How a user of SNMPv3 proves who it is.
    SnmpAuth {
        /// Not at all.
        None = "none",
        /// HMAC-SHA-96 (RFC 3414).
        Sha1 = "sha1" | "sha",
        /// HMAC-SHA-256 (RFC 7860).
        Sha256 = "sha256",
    }

    /// How a user of SNMPv3 hides what it says.
    SnmpPrivacy {
        /// Not at all.
        None = "none",
        /// AES of 128 bits (RFC 3826).
        Aes128 = "aes128" | "aes",
    }

    /// Which form traps have.
    SnmpTrapVersion {
        /// With a community.
        V2c = "2c" | "2",
        /// As a user of SNMPv3.
        V3 = "3",
    }

    /// Which server of the family this one is.
    Model {
        /// 12 handsets.
        M200 = "200",
        /// 60 handsets.
        M400 = "400",
        /// 4000 handsets.
        M6500 = "6500",
        /// 4000 handsets, on a virtual machine.
        One = "one",
        /// 10 000 handsets.
        Xl = "xl",
    }
}
