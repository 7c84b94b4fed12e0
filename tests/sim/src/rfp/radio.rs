//! The radio as a whole: how it is started, what it broadcasts.

use super::Output;
use crate::air::{Beacon, Downlink, PpId};
use dect::rfp::dnm::Dnm;
use dect::rfp::message::Message;
use dect::rfp::rfpc::{self, Rfpc};
use dect::rfp::sync::{self, Sync};
use ident::Rfpi;

/// The radio.
#[derive(Default)]
pub(super) struct Radio {
    beacon: Option<Beacon>,
    on: bool,
}

impl Radio {
    pub(super) const fn on(&self) -> bool {
        self.on
    }

    /// What the server is told after the login: ready, or running already.
    pub(super) fn greeting(&self) -> Message {
        let greeting = match self.beacon {
            Some(beacon) if self.on => Rfpc::new(
                rfpc::ACTIVE_IND,
                &[
                    (rfpc::NUMBER_OF_BEARERS, &[12]),
                    (rfpc::RFPI, &beacon.rfpi.to_octets()),
                    (rfpc::HIGHER_LAYER_CAPABILITIES, &beacon.capabilities.to_be_bytes()),
                ],
            ),
            _ => Rfpc::new(
                rfpc::READY_IND,
                &[
                    (rfpc::NUMBER_OF_UPN, &[1]),
                    (rfpc::REVISION, &[2, 7, 2, 1, 2, 3, 0x11]),
                    (rfpc::NUMBER_OF_BEARERS, &[12]),
                ],
            ),
        };
        Message::Dnm(Dnm::Rfpc(greeting))
    }

    /// A handset listens: it hears what is broadcast.
    pub(super) fn in_range(&self, pp: PpId, out: &mut Vec<Output>) {
        if let Some(beacon) = self.beacon.filter(|_| self.on) {
            out.push(Output::Radio(pp, Downlink::Beacon(beacon)));
        }
    }

    /// Does what RFPC asks, and answers.
    pub(super) fn control(&mut self, asked: &Rfpc, out: &mut Vec<Output>) -> Option<Message> {
        let statistics = [0; 52];
        let (answer, items): (u8, &[(u8, &[u8])]) = match asked.primitive {
            rfpc::INIT_REQ => {
                self.on = false;
                self.beacon = beacon(asked);
                if self.beacon.is_none() {
                    out.push(Output::Fault("INIT_REQ without RFPI or capabilities".into()));
                }
                (rfpc::INIT_CFM, &[(rfpc::FU6_WINDOW, &[1])])
            }
            rfpc::ACTIVATE_REQ => {
                self.on = self.beacon.is_some();
                self.broadcast(out);
                (rfpc::ACTIVATE_CFM, &[])
            }
            rfpc::DEACTIVATE_REQ => {
                self.on = false;
                (rfpc::DEACTIVATE_CFM, &[])
            }
            rfpc::CHANGE_HIGHER_LAYER_CAPS_REQ => {
                if let (Some(beacon), Some(capabilities)) = (&mut self.beacon, capabilities(asked))
                {
                    beacon.capabilities = capabilities;
                }
                self.broadcast(out);
                (rfpc::CHANGE_HIGHER_LAYER_CAPS_CFM, &[])
            }
            rfpc::STATISTICS_DATA_REQ => {
                (rfpc::STATISTICS_DATA_CFM, &[(rfpc::STATISTIC_DATA, &statistics)])
            }
            rfpc::ACTIVE_RES => return None,
            other => {
                out.push(Output::Fault(format!("{} goes up", rfpc::primitive_name(other))));
                return None;
            }
        };
        Some(Message::Dnm(Dnm::Rfpc(Rfpc::new(answer, items))))
    }

    fn broadcast(&self, out: &mut Vec<Output>) {
        if let Some(beacon) = self.beacon.filter(|_| self.on) {
            out.push(Output::Broadcast(Downlink::Beacon(beacon)));
        }
    }
}

/// Answers SYNC as a cell does that hears no other.
pub(super) fn synchronise(asked: &Sync) -> Option<Message> {
    let (code, data): (u8, &[u8]) = match asked.code {
        sync::GET_REQ_RSSI_COMP_IND => (sync::GET_REQ_RSSI_COMP_CFM, &[0x10, 0]),
        sync::RESET_MAC_IND => (sync::RESET_MAC_CFM, &[]),
        sync::SYSTEM_SEARCH_IND => (sync::SYSTEM_SEARCH_CFM, &[0]),
        sync::START_MAC_MASTER_IND => (sync::START_MAC_MASTER_CFM, &[]),
        sync::FREQ_CTRL_MODE_IND => (sync::FREQ_CTRL_MODE_CFM, &[2, 8, 0x80, 8, 0x80, 0x10]),
        _ => return None,
    };
    Some(Message::Sync(Sync::new(code, data)))
}

fn beacon(asked: &Rfpc) -> Option<Beacon> {
    let rfpi = Rfpi::from_octets(asked.value(rfpc::RFPI)?.try_into().ok()?).ok()?;
    Some(Beacon { rfpi, capabilities: capabilities(asked)? })
}

fn capabilities(asked: &Rfpc) -> Option<u16> {
    let value = asked.value(rfpc::HIGHER_LAYER_CAPABILITIES)?;
    Some(u16::from_be_bytes(value.try_into().ok()?))
}
