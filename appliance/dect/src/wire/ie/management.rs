//! Mobility management: DURATION, REJECT-REASON, INFO-TYPE, SERVICE-CLASS, ZAP-FIELD.

use super::{Contents, Invalid, word};
use crate::wire::element::Id;
use serde_json::{Value, json};

/// What happens to an assignment when the handset loses the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockLimit {
    /// It is forgotten after T601, five minutes.
    Temporary,
    /// It is forgotten after T603, forty seconds.
    Temporary2,
    /// It stays.
    None,
}

/// How long an assignment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLimit {
    /// No longer.
    Erase,
    /// So many times 256 multiframes of 160 milliseconds.
    Defined1(u8),
    /// So many times 65536 multiframes of 160 milliseconds.
    Defined2(u8),
    /// As long as the procedure says.
    Standard,
    /// For ever.
    Infinite,
}

/// DURATION (7.7.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// When the system is lost.
    pub lock: LockLimit,
    /// In any case.
    pub time: TimeLimit,
}

impl Duration {
    /// Holds for ever.
    pub const INFINITE: Self = Self { lock: LockLimit::None, time: TimeLimit::Infinite };
}

impl Contents for Duration {
    const ID: Id = Id::DURATION;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (first, rest) = octets.split_first().ok_or(Invalid("no duration"))?;
        let lock = match first >> 4 & 7 {
            6 => LockLimit::Temporary,
            5 => LockLimit::Temporary2,
            7 => LockLimit::None,
            _ => return Err(Invalid("a reserved lock limit")),
        };
        let units = || rest.first().copied().ok_or(Invalid("the time is missing"));
        let time = match first & 0x0f {
            0 => TimeLimit::Erase,
            1 => TimeLimit::Defined1(units()?),
            2 => TimeLimit::Defined2(units()?),
            4 => TimeLimit::Standard,
            15 => TimeLimit::Infinite,
            _ => return Err(Invalid("a reserved time limit")),
        };
        Ok(Self { lock, time })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let lock = match self.lock {
            LockLimit::Temporary => 0x60,
            LockLimit::Temporary2 => 0x50,
            LockLimit::None => 0x70,
        };
        match self.time {
            TimeLimit::Erase => out.push(0x80 | lock),
            TimeLimit::Defined1(units) => out.extend([lock | 1, units]),
            TimeLimit::Defined2(units) => out.extend([lock | 2, units]),
            TimeLimit::Standard => out.push(0x80 | lock | 4),
            TimeLimit::Infinite => out.push(0x80 | lock | 0x0f),
        }
    }

    fn describe(&self) -> Value {
        let lock = match self.lock {
            LockLimit::Temporary => "T601",
            LockLimit::Temporary2 => "T603",
            LockLimit::None => "none",
        };
        let seconds = |units: u8, multiframes: u32| u32::from(units) * multiframes * 4 / 25;
        let time = match self.time {
            TimeLimit::Erase => json!("erase"),
            TimeLimit::Defined1(units) => json!({ "seconds": seconds(units, 256) }),
            TimeLimit::Defined2(units) => json!({ "seconds": seconds(units, 65_536) }),
            TimeLimit::Standard => json!("standard"),
            TimeLimit::Infinite => json!("infinite"),
        };
        json!({ "lock_limit": lock, "time_limit": time })
    }
}

macro_rules! reasons {
    ($($code:literal $name:ident $text:literal,)*) => {
        /// REJECT-REASON (7.7.34): why a request of mobility management is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum RejectReason {
            $(#[doc = $text] $name,)*
            /// A value without a name.
            Other(u8),
        }

        impl RejectReason {
            /// The reason of this code.
            #[must_use]
            pub const fn from_octet(octet: u8) -> Self {
                match octet {
                    $($code => Self::$name,)*
                    other => Self::Other(other),
                }
            }

            /// The code.
            #[must_use]
            pub const fn octet(self) -> u8 {
                match self {
                    $(Self::$name => $code,)*
                    Self::Other(other) => other,
                }
            }
        }

        const REASONS: &[(u8, &str)] = &[$(($code, $text),)*];
    };
}

reasons! {
    0x01 TpuiUnknown "TPUI unknown",
    0x02 IpuiUnknown "IPUI unknown",
    0x03 NetworkAssignedIdentityUnknown "network assigned identity unknown",
    0x05 IpeiNotAccepted "IPEI not accepted",
    0x06 IpuiNotAccepted "IPUI not accepted",
    0x10 AuthenticationFailed "authentication failed",
    0x11 NoAuthenticationAlgorithm "no authentication algorithm",
    0x12 AuthenticationAlgorithmNotSupported "authentication algorithm not supported",
    0x13 AuthenticationKeyNotSupported "authentication key not supported",
    0x14 UpiNotEntered "UPI not entered",
    0x17 NoCipherAlgorithm "no cipher algorithm",
    0x18 CipherAlgorithmNotSupported "cipher algorithm not supported",
    0x19 CipherKeyNotSupported "cipher key not supported",
    0x20 IncompatibleService "incompatible service",
    0x21 FalseLceReply "false LCE reply",
    0x22 LateLceReply "late LCE reply",
    0x23 InvalidTpui "invalid TPUI",
    0x24 TpuiLimitsUnacceptable "TPUI assignment limits unacceptable",
    0x2f InsufficientMemory "insufficient memory",
    0x30 Overload "overload",
    0x40 TestCallBackEnBloc "test call back: normal, en-bloc",
    0x41 TestCallBackPiecewise "test call back: normal, piecewise",
    0x42 TestEmergencyEnBloc "test call back: emergency, en-bloc",
    0x43 TestEmergencyPiecewise "test call back: emergency, piecewise",
    0x5f InvalidMessage "invalid message",
    0x60 ElementError "information element error",
    0x64 InvalidElementContents "invalid information element contents",
    0x70 TimerExpiry "timer expiry",
    0x76 PlmnNotAllowed "PLMN not allowed",
    0x80 LocationAreaNotAllowed "location area not allowed",
    0x81 RoamingNotAllowed "national roaming not allowed in this location area",
}

impl Contents for RejectReason {
    const ID: Id = Id::REJECT_REASON;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        octets.first().map(|code| Self::from_octet(*code)).ok_or(Invalid("no reason"))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.octet());
    }

    fn describe(&self) -> Value {
        word(self.octet(), REASONS)
    }
}

/// INFO-TYPE (7.7.20): what is asked for or suggested, one or more codes of seven bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfoType(Vec<u8>);

impl InfoType {
    /// Code: locate again.
    pub const LOCATE_SUGGEST: u8 = 0x00;
    /// Code: ask for access rights again.
    pub const ACCESS_RIGHTS_MODIFY_SUGGEST: u8 = 0x01;
    /// Code: the handset's authentication has failed.
    pub const AUTHENTICATION_FAILURE: u8 = 0x04;

    /// One code, 0 to 127.
    #[must_use]
    pub fn of(code: u8) -> Self {
        Self(vec![code & 0x7f])
    }

    /// The codes.
    #[must_use]
    pub fn codes(&self) -> &[u8] {
        &self.0
    }
}

impl Contents for InfoType {
    const ID: Id = Id::INFO_TYPE;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        if octets.is_empty() {
            return Err(Invalid("no type of information"));
        }
        Ok(Self(octets.iter().map(|code| code & 0x7f).collect()))
    }

    fn write(&self, out: &mut Vec<u8>) {
        let last = self.0.len().saturating_sub(1);
        let octets = self.0.iter().enumerate();
        out.extend(octets.map(|(at, code)| if at == last { code | 0x80 } else { *code }));
    }

    fn describe(&self) -> Value {
        const WORDS: &[(u8, &str)] = &[
            (0x00, "locate suggest"),
            (0x01, "access rights modify suggest"),
            (0x04, "authentication of PP failure"),
            (0x06, "dynamic parameters allocation"),
            (0x08, "external handover parameters"),
            (0x09, "location area"),
            (0x0a, "handover reference"),
            (0x0b, "multiframe and PSCN synchronized external handover candidate"),
            (0x0c, "external handover candidate"),
            (0x0d, "multiframe synchronized external handover candidate"),
            (0x0e, "non synchronized external handover candidate"),
            (
                0x0f,
                "multiframe, PSCN and multiframe number synchronized external handover candidate",
            ),
            (0x10, "old fixed part identity"),
            (0x11, "old network assigned identity"),
            (0x12, "old network assigned location area"),
            (0x13, "old network assigned handover reference"),
            (0x20, "billing"),
            (0x21, "debiting"),
            (0x22, "CK transfer"),
            (0x23, "handover failed, reversion to old channel"),
            (0x24, "OA&M call"),
            (0x25, "distributed communication download"),
            (0x30, "Ethernet address"),
            (0x31, "token ring address"),
            (0x32, "IPv4 address"),
            (0x33, "IPv6 address"),
            (0x34, "identity allocation"),
            (0x35, "cipher key of multicast channels"),
            (0x36, "sequence number of multicast channels"),
        ];
        self.0.iter().map(|code| word(*code, WORDS)).collect()
    }
}

macro_rules! small_numbers {
    ($($(#[$doc:meta])* $name:ident $id:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub u8);

        impl Contents for $name {
            const ID: Id = Id::$id;

            fn read(octets: &[u8]) -> Result<Self, Invalid> {
                octets.first().map(|number| Self(*number)).ok_or(Invalid("no number"))
            }

            fn write(&self, out: &mut Vec<u8>) {
                out.push(self.0);
            }

            fn describe(&self) -> Value {
                json!(self.0)
            }
        }
    )*};
}

small_numbers! {
    /// SERVICE-CLASS (7.7.39): which numbers may be dialled, 1 (one number) to 6 (satellite).
    ServiceClass SERVICE_CLASS;
    /// ZAP-FIELD (7.7.44): a counter, 0 to 15, by which a subscription can be made void.
    ZapField ZAP_FIELD;
}
