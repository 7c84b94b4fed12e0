//! What elements carry for others than call control and mobility management: CALL-INFORMATION,
//! IWU-TO-IWU, SEGMENTED-INFO, NWK-ASSIGNED-IDENTITY.

use super::{Contents, Invalid, word};
use crate::wire::element::Id;
use crate::wire::hex;
use serde_json::{Value, json};

/// One identifier of a [`CallInformation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// 0 line, 1 call, 2 status of a call, 3 service.
    pub kind: u8,
    /// Which one of that kind.
    pub subtype: u8,
    /// Its value, seven bits an octet; empty for "all lines".
    pub value: Vec<u8>,
}

/// CALL-INFORMATION (7.7.56): lines, calls and their states (NG-DECT part 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallInformation(pub Vec<Identifier>);

impl Contents for CallInformation {
    const ID: Id = Id::CALL_INFORMATION;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (mut identifiers, mut rest) = (Vec::new(), octets);
        while let [kind, subtype, after @ ..] = rest {
            let valued = (*kind, *subtype) != ALL_LINES;
            let last = |octet: &u8| octet & EXT != 0;
            let end = if valued { after.iter().position(last).ok_or(CUT)? + 1 } else { 0 };
            let (value, after) = after.split_at_checked(end).ok_or(CUT)?;
            let value = value.iter().map(|octet| octet & 0x7f).collect();
            identifiers.push(Identifier { kind: *kind, subtype: *subtype, value });
            rest = after;
        }
        if rest.is_empty() { Ok(Self(identifiers)) } else { Err(CUT) }
    }

    fn write(&self, out: &mut Vec<u8>) {
        for Identifier { kind, subtype, value } in &self.0 {
            out.extend([*kind, *subtype]);
            if let Some((last, others)) = value.split_last() {
                out.extend(others.iter().map(|octet| octet & 0x7f));
                out.push(last | EXT);
            }
        }
    }

    fn describe(&self) -> Value {
        self.0.iter().map(Identifier::describe).collect()
    }
}

impl Identifier {
    fn describe(&self) -> Value {
        const KINDS: &[(u8, &str)] =
            &[(0, "line"), (1, "call"), (2, "call status"), (3, "service")];
        let subtypes: &[(u8, &str)] = match self.kind {
            0 => &[
                (0, "external call"),
                (1, "source of an internal call"),
                (2, "target of an internal call"),
                (3, "relating to"),
                (4, "all lines"),
                (5, "line type"),
            ],
            1 => &[(0, "call"), (1, "updated call")],
            2 => &[(1, "status"), (2, "reason")],
            3 => &[(0, "SMS")],
            _ => &[],
        };
        json!({
            "identifier": word(self.kind, KINDS),
            "subtype": word(self.subtype, subtypes),
            "value": self.value(),
        })
    }

    fn value(&self) -> Value {
        const STATES: &[(u8, &str)] = &[
            (0, "idle"),
            (1, "setup"),
            (2, "setup ack"),
            (3, "proceeding"),
            (4, "alerting"),
            (5, "connected"),
            (6, "disconnecting"),
            (9, "hold"),
            (10, "intercepted"),
            (11, "conference"),
            (12, "under transfer"),
            (13, "remote hold"),
            (14, "remote connect"),
            (15, "screening setup"),
            (16, "screening connect"),
        ];
        const REASONS: &[(u8, &str)] = &[
            (0, "system busy"),
            (1, "line in use"),
            (2, "control code not supported"),
            (3, "control code failed"),
            (16, "user busy"),
            (17, "number not available"),
        ];
        match (self.kind, self.subtype, &self.value[..]) {
            (.., []) => Value::Null,
            (2, 1, [state]) => word(*state, STATES),
            (2, 2, [reason]) => word(*reason, REASONS),
            (0, 0, [NO_LINE]) => json!("none"),
            (.., [number]) => json!(number),
            (.., octets) => json!(hex(octets)),
        }
    }
}

/// IWU-TO-IWU (7.7.23): something between a handset's application and ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IwuToIwu {
    /// Whether it is sent, or comes back because the other side does not want it.
    pub sent: bool,
    /// What it is, 0 to 63: 0 user specific, 3 list access, 4 IA5 characters, 35 terminal data ...
    pub protocol: u8,
    /// The rest.
    pub contents: Vec<u8>,
}

impl Contents for IwuToIwu {
    const ID: Id = Id::IWU_TO_IWU;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (first, contents) = octets.split_first().ok_or(CUT)?;
        let (sent, protocol) = (first & SENT != 0, first & 0x3f);
        Ok(Self { sent, protocol, contents: contents.to_vec() })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(EXT | if self.sent { SENT } else { 0 } | self.protocol & 0x3f);
        out.extend(&self.contents);
    }

    fn describe(&self) -> Value {
        const PROTOCOLS: &[(u8, &str)] = &[
            (0x00, "user specific"),
            (0x01, "OSI high layer protocols"),
            (0x02, "X.263"),
            (0x03, "list access"),
            (0x04, "IA5 characters"),
            (0x05, "ULE configuration and control"),
            (0x06, "light data service, SUOTA"),
            (0x07, "V.120"),
            (0x08, "Q.931 message"),
            (0x09, "Q.931 information elements"),
            (0x0a, "Q.931 partial message"),
            (0x0c, "ULE service channel AUX0"),
            (0x0d, "ULE service channel AUX1"),
            (0x0e, "ULE service channel AUX2"),
            (0x0f, "DTAM"),
            (0x10, "GSM message"),
            (0x11, "GSM information elements"),
            (0x12, "UMTS or GPRS information elements"),
            (0x13, "UMTS or GPRS message"),
            (0x14, "LRMS"),
            (0x15, "RLL access profile"),
            (0x16, "WRS"),
            (0x20, "DECT/ISDN intermediate system, C-plane"),
            (0x21, "DECT/ISDN intermediate system, U-plane"),
            (0x22, "DECT/ISDN intermediate system, operation and maintenance"),
            (0x23, "terminal data"),
            (0x24, "DECT access to IP networks"),
            (0x25, "AAC-LD configuration"),
            (0x3f, "unknown"),
        ];
        json!({
            "sent": self.sent,
            "protocol": word(self.protocol, PROTOCOLS),
            "contents": hex(&self.contents),
        })
    }
}

/// SEGMENTED-INFO (7.7.37): the next element is a part of a longer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentedInfo {
    /// Whether it is the first part.
    pub first: bool,
    /// How many parts are still to come, the next one included; 0 to 127.
    pub remaining: u8,
    /// Identifier of the element that was cut.
    pub element: u8,
}

impl Contents for SegmentedInfo {
    const ID: Id = Id::SEGMENTED_INFO;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let [first, element, ..] = octets else { return Err(CUT) };
        Ok(Self { first: first & EXT != 0, remaining: first & 0x7f, element: element & 0x7f })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let first = if self.first { EXT } else { 0 };
        out.extend([first | self.remaining & 0x7f, self.element & 0x7f]);
    }

    fn describe(&self) -> Value {
        let element = Id::of_first_octet(self.element).to_string();
        json!({ "first": self.first, "remaining": self.remaining, "element": element })
    }
}

/// NWK-ASSIGNED-IDENTITY (7.7.28): a name that a mobile network has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NwkAssignedIdentity {
    /// 74 TMSI, 7f proprietary.
    pub kind: u8,
    /// Length in bits, 0 to 127.
    pub bits: u8,
    /// The name.
    pub value: Vec<u8>,
}

impl Contents for NwkAssignedIdentity {
    const ID: Id = Id::NWK_ASSIGNED_IDENTITY;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let [kind, bits, value @ ..] = octets else { return Err(CUT) };
        let bits = bits & 0x7f;
        let value = value.get(..usize::from(bits).div_ceil(8)).ok_or(CUT)?;
        Ok(Self { kind: kind & 0x7f, bits, value: value.to_vec() })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend([EXT | self.kind, EXT | self.bits]);
        out.extend(&self.value);
    }

    fn describe(&self) -> Value {
        const KINDS: &[(u8, &str)] = &[(0x74, "TMSI"), (0x7f, "proprietary")];
        json!({ "type": word(self.kind, KINDS), "bits": self.bits, "value": hex(&self.value) })
    }
}

const CUT: Invalid = Invalid("the contents are cut off");
/// Last octet of a group.
const EXT: u8 = 0x80;
/// Of IWU-TO-IWU: not a rejection.
const SENT: u8 = 0x40;
/// The identifier that has no value.
const ALL_LINES: (u8, u8) = (0, 4);
/// The line that is not known yet.
const NO_LINE: u8 = 0x7f;
