//! SYS_INIT: who a base station is and what it can do.

use super::frame::{Malformed, Reader};
use ident::Mac;

/// SYS_INIT in either of its layouts. What a controller has no use for is kept as octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Init {
    /// Hardware model; see [`model_name`].
    pub model: u32,
    /// Looks like another protocol word.
    pub word: u32,
    /// Which base station.
    pub mac: Mac,
    /// Zeros.
    pub zero: [u8; 6],
    /// Capability bits.
    pub capabilities: u32,
    /// For the maker's own controller.
    pub blob: [u8; 64],
    /// Version of the link protocol; it also tells the layout.
    pub protocol: u32,
    /// 20 octets from firmware 8.1 on, 8 before.
    pub unknown: Vec<u8>,
    /// A C string with what is behind it.
    pub software: Vec<u8>,
    /// For the maker's own controller.
    pub signature: [u8; 16],
}

impl Init {
    /// Reads the payload of SYS_INIT.
    ///
    /// # Errors
    /// Where it is shorter than its layout.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(payload);
        let (model, word) = (reader.u32("model")?, reader.u32("word")?);
        let (mac, zero) = (Mac(reader.array("mac")?), reader.array("zero")?);
        let (capabilities, blob) = (reader.u32("capabilities")?, reader.array("blob")?);
        let protocol = reader.u32("protocol")?;
        let unknown = reader.take(gap(protocol), "unknown")?.to_vec();
        let version = reader.left().checked_sub(16).ok_or(Malformed::Short("signature"))?;
        let software = reader.take(version, "software")?.to_vec();
        let signature = reader.array("signature")?;
        Ok(Self {
            model,
            word,
            mac,
            zero,
            capabilities,
            blob,
            protocol,
            unknown,
            software,
            signature,
        })
    }

    /// Writes the payload of SYS_INIT.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(0x110);
        octets.extend(self.model.to_be_bytes());
        octets.extend(self.word.to_be_bytes());
        octets.extend(self.mac.0);
        octets.extend(self.zero);
        octets.extend(self.capabilities.to_be_bytes());
        octets.extend(self.blob);
        octets.extend(self.protocol.to_be_bytes());
        octets.extend(&self.unknown);
        octets.extend(&self.software);
        octets.extend(self.signature);
        octets
    }

    /// The software version in words.
    #[must_use]
    pub fn version(&self) -> String {
        let end = self.software.iter().position(|octet| *octet == 0);
        let text = self.software.get(..end.unwrap_or(self.software.len())).unwrap_or_default();
        String::from_utf8_lossy(text).chars().filter(|c| !c.is_control()).take(64).collect()
    }
}

/// What a hardware model is called on its label; `None` for a number without a name.
#[must_use]
pub fn model_name(model: u32) -> Option<&'static str> {
    MODELS.iter().find(|(number, _)| *number == model & 0xfff).map(|(_, name)| *name)
}

/// The first protocol word that we speak: firmware 8.1. Older firmware encrypts with keys of its maker.
pub const OLDEST_PROTOCOL: u32 = 0x0008_0201;

/// Octets between protocol word and version.
const fn gap(protocol: u32) -> usize {
    if protocol > 0x0008_0000 { 20 } else { 8 }
}

const MODELS: &[(u32, &str)] = &[
    (0x01, "RFP 31"),
    (0x02, "RFP 33"),
    (0x03, "RFP 41"),
    (0x04, "RFP 32"),
    (0x05, "RFP 32 US"),
    (0x06, "RFP 34"),
    (0x07, "RFP 34 US"),
    (0x08, "RFP 42"),
    (0x09, "RFP 42 US"),
    (0x0b, "RFP 35"),
    (0x0c, "RFP 36"),
    (0x0d, "RFP 43"),
    (0x0e, "RFP 37"),
    (0x10, "RFP 44"),
    (0x11, "RFP 45"),
    (0x12, "RFP 47"),
    (0x13, "RFP 48"),
    (0x14, "PC ECM"),
    (0x15, "PC"),
];
