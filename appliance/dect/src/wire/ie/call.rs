//! Calls: BASIC-SERVICE, RELEASE-REASON, SIGNAL, PROGRESS-INDICATOR, TIMER-RESTART, CALL-IDENTITY.

use super::{Contents, Invalid, word};
use crate::primitive::{ReleaseReason, Signal};
use crate::wire::element::Id;
use crate::wire::kind::Pd;
use serde_json::{Value, json};

/// BASIC-SERVICE (7.6.4): what kind of call with which default attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BasicService {
    /// Call class, 0 to 15: 8 normal, 9 internal, a emergency, b service ...
    pub class: u8,
    /// Basic service, 0 to 15: 0 speech with default attributes, 8 wideband speech, f other ...
    pub service: u8,
}

impl BasicService {
    /// A normal call with speech.
    pub const NORMAL: Self = Self { class: 8, service: 0 };
    /// An internal call with speech.
    pub const INTERNAL: Self = Self { class: 9, service: 0 };
    /// An emergency call with speech.
    pub const EMERGENCY: Self = Self { class: 10, service: 0 };
}

impl Contents for BasicService {
    const ID: Id = Id::BASIC_SERVICE;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let octet = one(octets)?;
        Ok(Self { class: octet >> 4, service: octet & 0x0f })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.class << 4 | self.service & 0x0f);
    }

    fn describe(&self) -> Value {
        const CLASSES: &[(u8, &str)] = &[
            (2, "list access"),
            (3, "ULE"),
            (4, "message"),
            (7, "DECT/ISDN IIP"),
            (8, "normal"),
            (9, "internal"),
            (10, "emergency"),
            (11, "service"),
            (12, "external handover"),
            (13, "supplementary service"),
            (14, "OA&M"),
        ];
        const SERVICES: &[(u8, &str)] = &[
            (0, "speech"),
            (4, "DECT GSM IWP"),
            (5, "LRMS"),
            (6, "DECT UMTS IWP or GSM IWP SMS"),
            (8, "wideband speech"),
            (9, "light data services, class 4"),
            (10, "light data services, class 3"),
            (11, "DTAM wideband speech"),
            (15, "other"),
        ];
        json!({ "class": word(self.class, CLASSES), "service": word(self.service, SERVICES) })
    }
}

impl Contents for ReleaseReason {
    const ID: Id = Id::RELEASE_REASON;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        one(octets).map(Self::from_octet)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.octet());
    }

    fn describe(&self) -> Value {
        const WORDS: &[(u8, &str)] = &[
            (0x00, "normal"),
            (0x01, "unexpected message"),
            (0x02, "unknown transaction identifier"),
            (0x03, "mandatory information element missing"),
            (0x04, "invalid information element contents"),
            (0x05, "incompatible service"),
            (0x06, "service not implemented"),
            (0x07, "negotiation not supported"),
            (0x08, "invalid identity"),
            (0x09, "authentication failed"),
            (0x0a, "unknown identity"),
            (0x0b, "negotiation failed"),
            (0x0c, "collision"),
            (0x0d, "timer expiry"),
            (0x0e, "partial release"),
            (0x0f, "unknown"),
            (0x10, "user detached"),
            (0x11, "user not in range"),
            (0x12, "user unknown"),
            (0x13, "user already active"),
            (0x14, "user busy"),
            (0x15, "user rejection"),
            (0x16, "user call modify"),
            (0x21, "external handover not supported"),
            (0x22, "network parameters missing"),
            (0x23, "external handover release"),
            (0x31, "overload"),
            (0x32, "insufficient resources"),
            (0x33, "insufficient bearers available"),
            (0x34, "IWU congestion"),
            (0x40, "security attack assumed"),
            (0x41, "encryption activation failed"),
            (0x42, "re-keying failed"),
            (0x43, "no cipher key available"),
        ];
        word(self.octet(), WORDS)
    }
}

impl Contents for Signal {
    const ID: Id = Id::SIGNAL;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        Self::from_octet(one(octets)?).ok_or(Invalid("a reserved signal"))
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.octet());
    }

    fn describe(&self) -> Value {
        json!(match self {
            Self::DialTone => "dial tone on",
            Self::RingBack => "ring-back tone on",
            Self::Intercept => "intercept tone on",
            Self::Congestion => "network congestion tone on",
            Self::Busy => "busy tone on",
            Self::Confirm => "confirm tone on",
            Self::Answer => "answer tone on",
            Self::CallWaiting => "call waiting tone on",
            Self::OffHookWarning => "off-hook warning tone on",
            Self::Negative => "negative acknowledgement tone",
            Self::TonesOff => "tones off",
            Self::Alerting0 => "alerting on - pattern 0",
            Self::Alerting1 => "alerting on - pattern 1",
            Self::Alerting2 => "alerting on - pattern 2",
            Self::Alerting3 => "alerting on - pattern 3",
            Self::Alerting4 => "alerting on - pattern 4",
            Self::Alerting5 => "alerting on - pattern 5",
            Self::Alerting6 => "alerting on - pattern 6",
            Self::Alerting7 => "alerting on - pattern 7",
            Self::AlertingContinuous => "alerting on - continuous",
            Self::AlertingOff => "alerting off",
        })
    }
}

/// PROGRESS-INDICATOR (7.7.31): something about the call that is not a state of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgressIndicator {
    /// Coding standard, 0 to 3; 0 is that of ITU-T.
    pub standard: u8,
    /// Where it happened, 0 to 15: 1 private network of the local user, 2 public network ...
    pub location: u8,
    /// What, 0 to 127: 8 in-band information is available, 9 it is not ...
    pub description: u8,
}

impl ProgressIndicator {
    /// In-band information is available: connect the speech path.
    pub const IN_BAND: Self = Self { standard: 0, location: 1, description: 8 };

    /// Whether there is something to be heard.
    #[must_use]
    pub const fn in_band(self) -> bool {
        self.standard == 0 && matches!(self.description, 1 | 8)
    }
}

impl Contents for ProgressIndicator {
    const ID: Id = Id::PROGRESS_INDICATOR;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let [first, second, ..] = octets else { return Err(CUT) };
        let (standard, location) = (first >> 5 & 3, first & 0x0f);
        Ok(Self { standard, location, description: second & 0x7f })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let first = 0x80 | (self.standard & 3) << 5 | self.location & 0x0f;
        out.extend([first, 0x80 | self.description]);
    }

    fn describe(&self) -> Value {
        const LOCATIONS: &[(u8, &str)] = &[
            (0, "user"),
            (1, "private network serving the local user"),
            (2, "public network serving the local user"),
            (4, "public network serving the remote user"),
            (5, "private network serving the remote user"),
            (7, "international network"),
            (10, "network beyond interworking point"),
            (15, "not applicable"),
        ];
        const DESCRIPTIONS: &[(u8, &str)] = &[
            (0x01, "not end-to-end ISDN, in-band information may be available"),
            (0x02, "destination is non-ISDN"),
            (0x03, "origination is non-ISDN"),
            (0x04, "returned to the ISDN"),
            (0x05, "service change has occurred"),
            (0x08, "in-band information available"),
            (0x09, "in-band information not available"),
            (0x20, "end-to-end PLMN/ISDN"),
        ];
        json!({
            "standard": self.standard,
            "location": word(self.location, LOCATIONS),
            "description": word(self.description, DESCRIPTIONS),
        })
    }
}

/// TIMER-RESTART (7.6.9): what the receiver is to do with its timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerRestart {
    /// Start it afresh.
    Restart,
    /// Stop it.
    Stop,
}

impl Contents for TimerRestart {
    const ID: Id = Id::TIMER_RESTART;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        match one(octets)? {
            0 => Ok(Self::Restart),
            1 => Ok(Self::Stop),
            _ => Err(Invalid("a reserved value")),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Restart => 0,
            Self::Stop => 1,
        });
    }

    fn describe(&self) -> Value {
        json!(match self {
            Self::Restart => "restart",
            Self::Stop => "stop",
        })
    }
}

/// CALL-IDENTITY (7.7.6): the call that something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallIdentity {
    /// Flag and transaction value, as in a message, 0 to 15.
    pub ti: u8,
    /// Whose transaction.
    pub pd: Pd,
    /// Extended transaction value.
    pub extended: Option<u8>,
}

impl Contents for CallIdentity {
    const ID: Id = Id::CALL_IDENTITY;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (first, rest) = octets.split_first().ok_or(CUT)?;
        let pd = Pd::from_nibble(first & 0x0f).ok_or(Invalid("no protocol of DECT"))?;
        let extended = (first >> 4 & 7 == 7).then(|| rest.first().copied().ok_or(CUT));
        Ok(Self { ti: first >> 4, pd, extended: extended.transpose()? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.ti << 4 | self.pd.nibble());
        out.extend(self.extended);
    }

    fn describe(&self) -> Value {
        json!({ "ti": self.ti, "protocol": self.pd.name(), "extended": self.extended })
    }
}

fn one(octets: &[u8]) -> Result<u8, Invalid> {
    octets.first().copied().ok_or(CUT)
}

const CUT: Invalid = Invalid("the contents are cut off");
