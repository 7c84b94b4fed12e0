//! RFPC: control of a base station as a whole, as lists of tagged values.

pub use number::*;

use super::dnm::RFPC;
use super::frame::{Malformed, Reader};

/// One RFPC message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rfpc {
    /// What is asked, confirmed or told.
    pub primitive: u8,
    /// The values, in their order on the wire.
    pub items: Vec<Item>,
}

/// One tagged value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is; see [`item_name`].
    pub key: u8,
    /// At most 255 octets.
    pub value: Vec<u8>,
}

impl Rfpc {
    /// A message of these values.
    #[must_use]
    pub fn new(primitive: u8, items: &[(u8, &[u8])]) -> Self {
        let item = |(key, value): &(u8, &[u8])| Item { key: *key, value: value.to_vec() };
        Self { primitive, items: items.iter().map(item).collect() }
    }

    /// The value with this tag.
    #[must_use]
    pub fn value(&self, key: u8) -> Option<&[u8]> {
        self.items.iter().find(|item| item.key == key).map(|item| item.value.as_slice())
    }

    /// Reads what follows the layer octet.
    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let primitive = reader.u8("primitive")?;
        let mut items = Vec::new();
        while !reader.is_empty() {
            let key = reader.u8("key")?;
            let length = usize::from(reader.u8("length")?);
            items.push(Item { key, value: reader.take(length, "value")?.to_vec() });
        }
        Ok(Self { primitive, items })
    }

    /// Writes the payload, the layer octet included.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut octets = vec![RFPC, self.primitive];
        for item in &self.items {
            octets.extend([item.key, u8::try_from(item.value.len()).unwrap_or(u8::MAX)]);
            octets.extend(item.value.iter().take(usize::from(u8::MAX)));
        }
        octets
    }
}

/// What a primitive is called.
#[must_use]
pub fn primitive_name(primitive: u8) -> String {
    named(PRIMITIVES, primitive)
}

/// What a tagged value is called.
#[must_use]
pub fn item_name(key: u8) -> String {
    named(ITEMS, key)
}

fn named(names: &[(u8, &str)], number: u8) -> String {
    let found = names.iter().find(|(of, _)| *of == number);
    found.map_or_else(|| format!("UNKNOWN_{number:02x}"), |(_, name)| (*name).to_owned())
}

/// Primitives and tags by number.
#[expect(missing_docs, reason = "the names are those of the link")]
mod number {
    pub const READY_IND: u8 = 0x01;
    pub const INIT_REQ: u8 = 0x02;
    pub const INIT_CFM: u8 = 0x03;
    pub const CHANGE_HIGHER_LAYER_CAPS_REQ: u8 = 0x06;
    pub const CHANGE_HIGHER_LAYER_CAPS_CFM: u8 = 0x07;
    pub const ACTIVATE_REQ: u8 = 0x0f;
    pub const ACTIVATE_CFM: u8 = 0x10;
    pub const DEACTIVATE_REQ: u8 = 0x11;
    pub const DEACTIVATE_CFM: u8 = 0x12;
    pub const RESET_REQ: u8 = 0x13;
    pub const STATISTICS_DATA_REQ: u8 = 0x16;
    pub const STATISTICS_DATA_CFM: u8 = 0x17;
    pub const ACTIVE_IND: u8 = 0x30;
    pub const ACTIVE_RES: u8 = 0x31;
    pub const NUMBER_OF_UPN: u8 = 0x01;
    pub const REVISION: u8 = 0x02;
    pub const NUMBER_OF_BEARERS: u8 = 0x03;
    pub const RFPI: u8 = 0x04;
    pub const HIGHER_LAYER_CAPABILITIES: u8 = 0x06;
    pub const EXTENDED_CAPABILITIES: u8 = 0x07;
    pub const MAC_CAPABILITIES: u8 = 0x0d;
    pub const STATISTIC_DATA_RESET: u8 = 0x0f;
    pub const STATISTIC_DATA: u8 = 0x10;
    pub const FU6_WINDOW: u8 = 0x12;
    pub const SITE_LOCATION: u8 = 0x26;
    pub const PLI: u8 = 0x27;
    pub const REFLECTING_ENVIRONMENT: u8 = 0x28;
    pub const FREQUENCY_BAND: u8 = 0x2a;
    pub const RF_POWER: u8 = 0x2b;
}

const PRIMITIVES: &[(u8, &str)] = &[
    (READY_IND, "READY_IND"),
    (INIT_REQ, "INIT_REQ"),
    (INIT_CFM, "INIT_CFM"),
    (0x05, "SARI_LIST_REQ"),
    (CHANGE_HIGHER_LAYER_CAPS_REQ, "CHANGE_HIGHER_LAYER_CAPABILITIES_REQ"),
    (CHANGE_HIGHER_LAYER_CAPS_CFM, "CHANGE_HIGHER_LAYER_CAPABILITIES_CFM"),
    (0x08, "CHANGE_STATUS_INFO_REQ"),
    (0x09, "CHANGE_STATUS_INFO_CFM"),
    (ACTIVATE_REQ, "ACTIVATE_REQ"),
    (ACTIVATE_CFM, "ACTIVATE_CFM"),
    (DEACTIVATE_REQ, "DEACTIVATE_REQ"),
    (DEACTIVATE_CFM, "DEACTIVATE_CFM"),
    (RESET_REQ, "RESET_REQ"),
    (STATISTICS_DATA_REQ, "STATISTICS_DATA_REQ"),
    (STATISTICS_DATA_CFM, "STATISTICS_DATA_CFM"),
    (0x18, "ERROR_IND"),
    (0x20, "TO_RFP_IND"),
    (0x21, "TO_RFP_REQ"),
    (0x22, "TOPO_DATA_REQ"),
    (0x23, "TOPO_DATA_IND"),
    (0x24, "BMC_RESTART_REQ"),
    (0x25, "CHANGE_MASTER_REQ"),
    (0x26, "INFO_IND"),
    (ACTIVE_IND, "ACTIVE_IND"),
    (ACTIVE_RES, "ACTIVE_RES"),
    (0x32, "PAGING_QUEUE_OVERFLOW_IND"),
];

const ITEMS: &[(u8, &str)] = &[
    (NUMBER_OF_UPN, "number_of_upn"),
    (REVISION, "revision"),
    (NUMBER_OF_BEARERS, "number_of_bearers"),
    (RFPI, "rfpi"),
    (0x05, "sari"),
    (HIGHER_LAYER_CAPABILITIES, "higher_layer_capabilities"),
    (EXTENDED_CAPABILITIES, "extended_capabilities"),
    (0x08, "status"),
    (MAC_CAPABILITIES, "mac_capabilities"),
    (STATISTIC_DATA_RESET, "statistic_data_reset"),
    (STATISTIC_DATA, "statistic_data"),
    (0x11, "error_cause"),
    (FU6_WINDOW, "fu6_window"),
    (0x14, "rfp_to_rfp"),
    (0x15, "topology"),
    (0x20, "last_error"),
    (0x21, "pabx_data"),
    (0x22, "moni_data"),
    (0x23, "last_error_ext"),
    (0x24, "fpga_revision"),
    (SITE_LOCATION, "site_location"),
    (PLI, "pli"),
    (REFLECTING_ENVIRONMENT, "reflecting_environment"),
    (0x29, "extended_capabilities_2"),
    (FREQUENCY_BAND, "frequency_band"),
    (RF_POWER, "rf_power"),
];
