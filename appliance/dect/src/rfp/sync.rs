//! SYNC: how base stations keep to one clock on the air. One cell alone needs
//! little of it.

pub use number::*;

use super::frame::{Malformed, Reader};

/// One SYNC message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    /// What it is; see [`name`].
    pub code: u8,
    /// As long as its length octet says.
    pub data: Vec<u8>,
    /// What follows; nothing, as a rule.
    pub rest: Vec<u8>,
}

/// One neighbour as PHASE_OFS_WITH_RSSI_IND tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its number, in 16 bits here.
    pub rpn: u16,
    /// How far its frames are off ours, in units of 48 ns.
    pub offset: i16,
    /// How strongly it is heard.
    pub rssi: u8,
    /// Q<sub>T</sub> check.
    pub qt: u8,
}

impl Sync {
    /// A message with this data.
    #[must_use]
    pub fn new(code: u8, data: impl Into<Vec<u8>>) -> Self {
        Self { code, data: data.into(), rest: Vec::new() }
    }

    /// Reads the payload of a SYNC message.
    ///
    /// # Errors
    /// Where it ends within a field, or is of another layer.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(payload);
        if reader.u8("layer")? != LAYER {
            return Err(Malformed::Short("layer 7d"));
        }
        let code = reader.u8("primitive")?;
        let length = usize::from(reader.u8("length")?);
        let data = reader.take(length, "data")?.to_vec();
        Ok(Self { code, data, rest: reader.rest() })
    }

    /// Writes the payload of a SYNC message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let length = u8::try_from(self.data.len()).unwrap_or(u8::MAX);
        [&[LAYER, self.code, length], self.data.as_slice(), &self.rest].concat()
    }

    /// The neighbours of a PHASE_OFS_WITH_RSSI_IND; empty for anything else.
    #[must_use]
    pub fn neighbours(&self) -> Vec<Neighbour> {
        match (self.code, self.data.split_first()) {
            (PHASE_OFS_WITH_RSSI_IND, Some((_, entries))) => entries
                .as_chunks::<6>()
                .0
                .iter()
                .map(|[a, b, c, d, rssi, qt]| Neighbour {
                    rpn: u16::from_be_bytes([*a, *b]),
                    offset: i16::from_be_bytes([*c, *d]),
                    rssi: *rssi,
                    qt: *qt,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// What a code is called.
#[must_use]
pub fn name(code: u8) -> String {
    let found = NAMES.iter().find(|(of, _)| *of == code);
    found.map_or_else(|| format!("UNKNOWN_{code:02x}"), |(_, name)| (*name).to_owned())
}

/// Codes by number.
#[expect(missing_docs, reason = "the names are those of the link")]
mod number {
    pub const GET_REQ_RSSI_COMP_IND: u8 = 0x0e;
    pub const GET_REQ_RSSI_COMP_CFM: u8 = 0x0f;
    pub const FREQ_CTRL_MODE_IND: u8 = 0x15;
    pub const FREQ_CTRL_MODE_CFM: u8 = 0x16;
    pub const RESET_MAC_IND: u8 = 0x1b;
    pub const SET_FREQUENCY: u8 = 0x18;
    pub const START_MAC_MASTER_IND: u8 = 0x1c;
    pub const START_MAC_SLAVE_MODE_IND: u8 = 0x1d;
    pub const SYSTEM_SEARCH_IND: u8 = 0x1e;
    pub const SYSTEM_SEARCH_CFM: u8 = 0x1f;
    pub const RESET_MAC_CFM: u8 = 0x21;
    pub const START_MAC_MASTER_CFM: u8 = 0x22;
    pub const START_MAC_MASTER_REJ: u8 = 0x23;
    pub const SYSTEM_SEARCH_REJ: u8 = 0x26;
    pub const PHASE_OFS_WITH_RSSI_IND: u8 = 0x2c;
}

const LAYER: u8 = 0x7d;

const NAMES: &[(u8, &str)] = &[
    (GET_REQ_RSSI_COMP_IND, "GET_REQ_RSSI_COMP_IND"),
    (GET_REQ_RSSI_COMP_CFM, "GET_REQ_RSSI_COMP_CFM"),
    (FREQ_CTRL_MODE_IND, "FREQ_CTRL_MODE_IND"),
    (FREQ_CTRL_MODE_CFM, "FREQ_CTRL_MODE_CFM"),
    (0x17, "PHASE_OFFSET_IND"),
    (SET_FREQUENCY, "SET_FREQUENCY"),
    (0x1a, "SET_REPORT_LIMIT"),
    (RESET_MAC_IND, "RESET_MAC_IND"),
    (START_MAC_MASTER_IND, "START_MAC_MASTER_IND"),
    (START_MAC_SLAVE_MODE_IND, "START_MAC_SLAVE_MODE_IND"),
    (SYSTEM_SEARCH_IND, "SYSTEM_SEARCH_IND"),
    (SYSTEM_SEARCH_CFM, "SYSTEM_SEARCH_CFM"),
    (0x20, "MAC_STARTED_IND"),
    (RESET_MAC_CFM, "RESET_MAC_CFM"),
    (START_MAC_MASTER_CFM, "START_MAC_MASTER_CFM"),
    (START_MAC_MASTER_REJ, "START_MAC_MASTER_REJ"),
    (0x24, "START_MAC_SLAVE_MODE_CFM"),
    (0x25, "START_MAC_SLAVE_MODE_REJ"),
    (SYSTEM_SEARCH_REJ, "SYSTEM_SEARCH_REJ"),
    (0x27, "READY_FOR_SYNC_IND"),
    (0x29, "GET_ACTIVE_CHANNEL_CFM"),
    (PHASE_OFS_WITH_RSSI_IND, "PHASE_OFS_WITH_RSSI_IND"),
    (0x2f, "RESET_MAC_IF_IDLE_CFM"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rfp::hex;

    #[test]
    fn neighbours_are_read_with_their_signs() {
        let payload = hex::decode("7d2c0e02004c000046000044ffff460700").unwrap();
        let sync = Sync::decode(&payload).unwrap();
        let told: Vec<_> = sync.neighbours().iter().map(|one| (one.rpn, one.offset)).collect();
        assert_eq!(told, [(0x4c, 0), (0x44, -1)]);
        assert_eq!(sync.encode(), payload);
    }
}
