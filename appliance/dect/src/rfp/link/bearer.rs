//! Radio links of one base station, and the two buffers that each has for us.

use super::{Effects, Wire};
use crate::rfp::dnm::{CIPHERED, DEFAULT_KEY, Data, Dnm, HANDOVER, Lc, Mac, pmid};
use crate::rfp::message::Message;
use crate::rfp::primitive::{Action, CipherKey, DisconnectReason, Indication, Mcei, Request};
use std::collections::{BTreeMap, VecDeque};

/// The radio links that are there.
#[derive(Default)]
pub(super) struct Bearers {
    links: BTreeMap<Mcei, Bearer>,
}

/// One radio link. Nothing may be sent before the base station has offered a buffer.
#[derive(Default)]
struct Bearer {
    free: [bool; 2],
    /// The buffer to fill next: they are taken in turn.
    next: u8,
    waiting: VecDeque<Vec<u8>>,
}

impl Bearers {
    pub(super) fn clear(&mut self) {
        self.links.clear();
    }

    pub(super) fn message(&mut self, dnm: Dnm, wire: &mut Wire, out: &mut Effects) {
        match dnm {
            Dnm::Lc(mcei, Lc::DataInd(data)) if self.links.contains_key(&mcei) => {
                out.act(Action::Indicate(Indication::LcData(mcei, data.frame)));
            }
            // A link from before we were here; its handset will come again.
            Dnm::Lc(mcei, Lc::DataInd(_)) => disconnect(mcei, wire, out),
            Dnm::Lc(mcei, Lc::Dtr(buffer, _)) => self.offered(mcei, buffer, wire, out),
            Dnm::Mac(mcei, mac) => self.mac(mcei, &mac, out),
            _ => {}
        }
    }

    pub(super) fn request(&mut self, request: Request, wire: &mut Wire, out: &mut Effects) {
        match request {
            Request::LcData(mcei, frame) => self.send(mcei, frame, wire, out),
            Request::EncKey(mcei, key, id) if self.links.contains_key(&mcei) => {
                mac(mcei, Mac::EncKeyReq { key, id, rest: Vec::new() }, wire, out);
            }
            Request::Disconnect(mcei) if self.links.contains_key(&mcei) => {
                disconnect(mcei, wire, out);
            }
            Request::HandoverKey(mcei, key) => {
                let (key, id) = key.unwrap_or((CipherKey::new([0; 8]), IN_CLEAR));
                let answer = Mac::HoInProgressRes { pads: [0; 2], key, id, rest: Vec::new() };
                mac(mcei, answer, wire, out);
            }
            Request::HandoverFailed(mcei) => {
                mac(mcei, Mac::HoFailedReq { reason: SETUP_FAILED, rest: Vec::new() }, wire, out);
            }
            _ => {}
        }
    }

    fn mac(&mut self, mcei: Mcei, mac: &Mac, out: &mut Effects) {
        let indication = match *mac {
            Mac::ConInd { pmid: bits, flags, .. } => {
                if self.links.insert(mcei, Bearer::default()).is_some() {
                    // Its end was lost, or the base station counts on ours.
                    let gone = Indication::Disconnected(mcei, DisconnectReason::Abnormal);
                    out.act(Action::Indicate(gone));
                }
                Indication::Connected { mcei, pmid: pmid(bits), handover: flags & HANDOVER != 0 }
            }
            Mac::DisInd { reason, .. } if self.links.remove(&mcei).is_some() => {
                Indication::Disconnected(mcei, DisconnectReason::from(reason))
            }
            Mac::EncEksInd { state: CIPHERED | DEFAULT_KEY, .. }
                if self.links.contains_key(&mcei) =>
            {
                Indication::Ciphered(mcei)
            }
            Mac::HoInProgressInd { pmid: bits, .. } => Indication::Handover(mcei, pmid(bits)),
            Mac::HoFailedInd { .. } => Indication::HandoverFailed(mcei),
            _ => return,
        };
        out.act(Action::Indicate(indication));
    }

    /// The base station can take another frame into this buffer.
    fn offered(&mut self, mcei: Mcei, buffer: u8, wire: &mut Wire, out: &mut Effects) {
        let Some(bearer) = self.links.get_mut(&mcei) else { return };
        if let Some(free) = bearer.free.get_mut(usize::from(buffer >> 4)) {
            *free = true;
        }
        bearer.pump(mcei, wire, out);
        if bearer.waiting.is_empty() {
            out.act(Action::Indicate(Indication::ReadyForData(mcei)));
        }
    }

    fn send(&mut self, mcei: Mcei, frame: Vec<u8>, wire: &mut Wire, out: &mut Effects) {
        let Some(bearer) = self.links.get_mut(&mcei) else { return };
        if bearer.waiting.len() >= FRAMES_WAITING_MAX {
            self.links.remove(&mcei);
            disconnect(mcei, wire, out);
            let gone = Indication::Disconnected(mcei, DisconnectReason::Abnormal);
            return out.act(Action::Indicate(gone));
        }
        bearer.waiting.push_back(frame);
        bearer.pump(mcei, wire, out);
    }
}

impl Bearer {
    /// Fills free buffers in turn while something waits.
    fn pump(&mut self, mcei: Mcei, wire: &mut Wire, out: &mut Effects) {
        while let Some(free) = self.free.get_mut(usize::from(self.next)).filter(|free| **free)
            && let Some(frame) = self.waiting.pop_front()
        {
            *free = false;
            let data = Lc::DataReq(Data::new(self.next, frame));
            self.next ^= 1;
            wire.send(&Message::Dnm(Dnm::Lc(mcei, data)), out);
        }
    }
}

impl From<u8> for DisconnectReason {
    fn from(reason: u8) -> Self {
        match reason {
            0 => Self::Unspecified,
            1 => Self::Normal,
            2 => Self::Abnormal,
            other => Self::Other(other),
        }
    }
}

fn disconnect(mcei: Mcei, wire: &mut Wire, out: &mut Effects) {
    mac(mcei, Mac::DisReq(vec![NORMAL]), wire, out);
}

fn mac(mcei: Mcei, message: Mac, wire: &mut Wire, out: &mut Effects) {
    wire.send(&Message::Dnm(Dnm::Mac(mcei, message)), out);
}

/// More frames than a data link with window 3 can have under way, its answers and repetitions
/// included. A base station that takes none of them has lost the link.
const FRAMES_WAITING_MAX: usize = 32;

/// Key number in HO_IN_PROGRESS_RES for a link that is not ciphered.
const IN_CLEAR: u8 = 0xff;

/// Reason in HO_FAILED.
const SETUP_FAILED: u8 = 1;

/// Reason in MAC_DIS_REQ.
const NORMAL: u8 = 1;
