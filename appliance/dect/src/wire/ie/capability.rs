//! What a handset can do: TERMINAL-CAPABILITY, SETUP-CAPABILITY, MODEL-IDENTIFIER, CODEC-LIST;
//! and ESCAPE-TO-PROPRIETARY.

use super::{Contents, Invalid, word};
use crate::wire::element::Id;
use crate::wire::hex;
use serde_json::{Value, json};

/// TERMINAL-CAPABILITY (7.7.41), as octet groups; groups and octets that are missing count as zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalCapability {
    groups: Vec<Vec<u8>>,
}

impl TerminalCapability {
    /// A handset with a full display, DECT tones, full slots, GAP and the control codes of displays.
    #[must_use]
    pub fn gap() -> Self {
        Self { groups: vec![vec![0x45, 0, 0x08], vec![0x02], vec![0x02]] }
    }

    fn octet(&self, group: usize, place: usize) -> u8 {
        self.groups.get(group).and_then(|group| group.get(place)).copied().unwrap_or(0)
    }

    /// 1 none, 2 numeric, 3 numeric and a to d, 4 alphanumeric, 5 full; 0 nothing said.
    #[must_use]
    pub fn display(&self) -> u8 {
        self.octet(0, 0) & 0x0f
    }

    /// 1 none, 2 dial tone, 3 those of E.182, 4 all of DECT; 0 nothing said.
    #[must_use]
    pub fn tones(&self) -> u8 {
        self.octet(0, 0) >> 4
    }

    /// Slot types: bit 1 half, 2 long 640, 3 long 672, 4 full, 5 double; 0 nothing said, which means full.
    #[must_use]
    pub fn slots(&self) -> u8 {
        self.octet(0, 2)
    }

    /// Whether profile indicator `number` (1 to 10) has this bit (1 to 7).
    #[must_use]
    pub fn profile(&self, number: u8, bit: u8) -> bool {
        let place = usize::from(number).checked_sub(1);
        let mask = 1_u8.checked_shl(u32::from(bit).saturating_sub(1)).unwrap_or(0);
        place.is_some_and(|place| self.octet(1, place) & mask != 0)
    }

    /// Whether it follows the generic access profile.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        self.profile(1, 2)
    }

    /// Whether it can do wideband speech (NG-DECT part 1).
    #[must_use]
    pub fn wideband(&self) -> bool {
        self.profile(7, 2)
    }

    /// Whether it knows the second authentication algorithm.
    #[must_use]
    pub fn dsaa2(&self) -> bool {
        self.octet(2, 0) & 0x40 != 0
    }

    /// Whether it knows the second cipher.
    #[must_use]
    pub fn dsc2(&self) -> bool {
        self.octet(2, 0) & 0x20 != 0
    }

    /// Which control codes its display knows: 0 nothing said, 1 to 4 ever more.
    #[must_use]
    pub fn control_codes(&self) -> u8 {
        self.octet(2, 0) & 0x07
    }
}

impl Contents for TerminalCapability {
    const ID: Id = Id::TERMINAL_CAPABILITY;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let mut groups: Vec<Vec<u8>> = Vec::new();
        let mut open = false;
        for octet in octets {
            if !open {
                groups.push(Vec::new());
            }
            if let Some(group) = groups.last_mut() {
                group.push(octet & 0x7f);
            }
            open = octet & 0x80 == 0;
        }
        if groups.is_empty() { Err(CUT) } else { Ok(Self { groups }) }
    }

    fn write(&self, out: &mut Vec<u8>) {
        for group in &self.groups {
            let last = group.len().saturating_sub(1);
            let octets = group.iter().enumerate();
            out.extend(octets.map(|(at, octet)| if at == last { octet | 0x80 } else { *octet }));
        }
    }

    fn describe(&self) -> Value {
        const DISPLAYS: &[(u8, &str)] = &[
            (0, "not applicable"),
            (1, "no display"),
            (2, "numeric"),
            (3, "numeric-plus"),
            (4, "alphanumeric"),
            (5, "full display"),
        ];
        const TONES: &[(u8, &str)] = &[
            (0, "not applicable"),
            (1, "no tone capability"),
            (2, "dial tone only"),
            (3, "E.182 tones"),
            (4, "complete DECT tones"),
        ];
        const SLOTS: &[(u8, &str)] =
            &[(1, "half"), (2, "long 640"), (4, "long 672"), (8, "full"), (16, "double")];
        let slots = self.slots();
        let slots: Vec<_> = SLOTS.iter().filter(|(bit, _)| slots & bit != 0).collect();
        json!({
            "display": word(self.display(), DISPLAYS),
            "tones": word(self.tones(), TONES),
            "slots": slots.iter().map(|(_, name)| *name).collect::<Vec<_>>(),
            "gap": self.is_gap(),
            "wideband": self.wideband(),
            "dsaa2": self.dsaa2(),
            "dsc2": self.dsc2(),
            "control_codes": self.control_codes(),
            "profile_indicators": self.groups.get(1).map(|group| hex(group)),
        })
    }
}

/// SETUP-CAPABILITY (7.7.40), octet 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetupCapability {
    /// 0 none, 1 DPRS, 2 ODAP.
    pub protocol: u8,
    /// 0 selective fast set-up, 1 none, 2 complete, 3 both.
    pub setup: u8,
    /// 1 normal paging, 2 fast and normal paging.
    pub page: u8,
}

impl Contents for SetupCapability {
    const ID: Id = Id::SETUP_CAPABILITY;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let first = octets.first().ok_or(CUT)?;
        Ok(Self { protocol: first >> 4 & 7, setup: first >> 2 & 3, page: first & 3 })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend([(self.protocol & 7) << 4 | (self.setup & 3) << 2 | self.page & 3, 0x80]);
    }

    fn describe(&self) -> Value {
        json!({ "protocol": self.protocol, "setup": self.setup, "page": self.page })
    }
}

/// MODEL-IDENTIFIER (7.7.46).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelIdentifier {
    /// Manufacturer (an EMC) and model.
    Manic {
        /// The manufacturer.
        manic: u16,
        /// Its model and version; 0 is no model number.
        modic: u8,
    },
    /// An IMEISV, as it came.
    Imeisv(Vec<u8>),
}

impl Contents for ModelIdentifier {
    const ID: Id = Id::MODEL_IDENTIFIER;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        match octets {
            [high, low, modic] => {
                Ok(Self::Manic { manic: u16::from_be_bytes([*high, *low]), modic: *modic })
            }
            [_, _, _, _, ..] => Ok(Self::Imeisv(octets.to_vec())),
            _ => Err(CUT),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Manic { manic, modic } => {
                out.extend(manic.to_be_bytes());
                out.push(*modic);
            }
            Self::Imeisv(octets) => out.extend(octets),
        }
    }

    fn describe(&self) -> Value {
        match self {
            Self::Manic { manic, modic } => {
                json!({ "manic": format!("{manic:04x}"), "modic": format!("{modic:02x}") })
            }
            Self::Imeisv(octets) => json!({ "imeisv": hex(octets) }),
        }
    }
}

/// One speech service of a [`CodecList`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codec {
    /// 2 G.726, 3 G.722, 4 A-law, 5 mu-law, 6 G.729.1 ...
    pub codec: u8,
    /// MAC and DLC service, 0 to 15.
    pub service: u8,
    /// How signalling is routed, 0 to 7; 0 only in the slow channel.
    pub routing: u8,
    /// 1 long 640, 2 long 672, 4 full, 5 double.
    pub slot: u8,
}

/// CODEC-LIST (7.7.54): speech services, the best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecList {
    /// 0 negotiation not possible, 1 possible.
    pub negotiation: u8,
    /// The services.
    pub codecs: Vec<Codec>,
}

impl Contents for CodecList {
    const ID: Id = Id::CODEC_LIST;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        let (first, rest) = octets.split_first().ok_or(CUT)?;
        if rest.is_empty() || !rest.len().is_multiple_of(3) {
            return Err(Invalid("a codec has three octets"));
        }
        let codecs = rest.chunks_exact(3).map(|octets| Codec {
            codec: octets[0] & 0x7f,
            service: octets[1] & 0x0f,
            routing: octets[2] >> 4 & 7,
            slot: octets[2] & 0x0f,
        });
        Ok(Self { negotiation: first >> 4 & 7, codecs: codecs.collect() })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(0x80 | (self.negotiation & 7) << 4);
        let last = self.codecs.len().saturating_sub(1);
        for (at, codec) in self.codecs.iter().enumerate() {
            let end = if at == last { 0x80 } else { 0 };
            let third = end | (codec.routing & 7) << 4 | codec.slot & 0x0f;
            out.extend([codec.codec & 0x7f, codec.service & 0x0f, third]);
        }
    }

    fn describe(&self) -> Value {
        const CODECS: &[(u8, &str)] = &[
            (1, "user specific 32 kbit/s"),
            (2, "G.726 32 kbit/s"),
            (3, "G.722 64 kbit/s"),
            (4, "G.711 A-law"),
            (5, "G.711 mu-law"),
            (6, "G.729.1 32 kbit/s"),
            (7, "MPEG-4 ER AAC-LD 32 kbit/s"),
            (8, "MPEG-4 ER AAC-LD 64 kbit/s"),
            (9, "user specific 64 kbit/s"),
        ];
        const SLOTS: &[(u8, &str)] =
            &[(0, "half"), (1, "long 640"), (2, "long 672"), (4, "full"), (5, "double")];
        let codecs = self.codecs.iter().map(|codec| {
            json!({
                "codec": word(codec.codec, CODECS),
                "service": codec.service,
                "routing": codec.routing,
                "slot": word(codec.slot, SLOTS),
            })
        });
        json!({ "negotiation": self.negotiation, "codecs": codecs.collect::<Vec<_>>() })
    }
}

/// ESCAPE-TO-PROPRIETARY (7.7.45): whatever a manufacturer likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proprietary {
    /// How it says whose it is: 1 by an EMC, the only kind there is.
    pub discriminator: u8,
    /// The manufacturer, where the discriminator is 1.
    pub emc: Option<u16>,
    /// The rest.
    pub contents: Vec<u8>,
}

impl Contents for Proprietary {
    const ID: Id = Id::ESCAPE_TO_PROPRIETARY;

    fn read(octets: &[u8]) -> Result<Self, Invalid> {
        match octets {
            [0x81, high, low, rest @ ..] => {
                let emc = Some(u16::from_be_bytes([*high, *low]));
                Ok(Self { discriminator: 1, emc, contents: rest.to_vec() })
            }
            [0x81, ..] | [] => Err(CUT),
            [first, rest @ ..] => {
                Ok(Self { discriminator: first & 0x7f, emc: None, contents: rest.to_vec() })
            }
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(0x80 | self.discriminator);
        out.extend(self.emc.iter().flat_map(|emc| emc.to_be_bytes()));
        out.extend(&self.contents);
    }

    fn describe(&self) -> Value {
        let emc = self.emc.map(|emc| format!("{emc:04x}"));
        json!({
            "discriminator": self.discriminator,
            "emc": emc,
            "contents": hex(&self.contents),
        })
    }
}

const CUT: Invalid = Invalid("the contents are cut off");
