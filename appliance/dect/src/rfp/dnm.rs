//! DNM, the radio signalling: base-station control (RFPC), link data (LC) and
//! radio links (MAC).

use super::frame::{Malformed, Reader};
use super::primitive::{CipherKey, Mcei};
use super::rfpc::Rfpc;
use ident::Pmid;

/// One DNM message. Unknown layers and primitives are kept as octets.
#[derive(Clone, PartialEq, Eq)]
pub enum Dnm {
    /// Layer 78: control of the base station as a whole.
    Rfpc(Rfpc),
    /// Layer 79: frames of the data link.
    Lc(Mcei, Lc),
    /// Layer 7a, primitive 08: page all handsets. It names no radio link.
    Page(Vec<u8>),
    /// Layer 7a: radio links.
    Mac(Mcei, Mac),
    /// Any other layer, the layer's octet included.
    Other(Vec<u8>),
}

/// Primitives of layer 79.
#[derive(Clone, PartialEq, Eq)]
pub enum Lc {
    /// LC_DATA-req, towards the handset.
    DataReq(Data),
    /// LC_DATA-ind, from the handset.
    DataInd(Data),
    /// LC_DTR-ind: this buffer is free (its number in the high nibble).
    Dtr(u8, Vec<u8>),
    /// Another primitive and what follows the MCEI.
    Other(u8, Vec<u8>),
}

/// A DLC frame and where it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Data {
    /// Number of the buffer in the high nibble, channel in the low one (0: C<sub>S</sub>, f: C<sub>F</sub>).
    pub place: u8,
    /// Address, control, length indicator, information, and fill octets on the way up.
    pub frame: Vec<u8>,
    /// What follows the frame; nothing, as a rule.
    pub rest: Vec<u8>,
}

/// Primitives of layer 7a that concern one radio link. `rest` is what follows the known fields.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the field names are explained at the variants")]
pub enum Mac {
    /// MAC_CON-ind: a radio link is there. PMID in 24 bits, flags (bit 1: handover).
    ConInd { pmid: u32, flags: u8, rest: Vec<u8> },
    /// MAC_DIS-req: release it.
    DisReq(Vec<u8>),
    /// MAC_DIS-ind: it is gone.
    DisInd { reason: u8, rest: Vec<u8> },
    /// MAC_ENC_KEY-req: its key and the key's number.
    EncKeyReq { key: CipherKey, id: u8, rest: Vec<u8> },
    /// MAC_ENC_EKS-ind: 01 ciphered; 02 ciphered with the default key of `rest`.
    EncEksInd { state: u8, rest: Vec<u8> },
    /// HO_IN_PROGRESS-ind: a handset moves to this base station.
    HoInProgressInd { pmid: u32, flags: u8, rest: Vec<u8> },
    /// HO_IN_PROGRESS-res: key and number for the new bearer; zeros and ff in clear.
    HoInProgressRes { pads: [u8; 2], key: CipherKey, id: u8, rest: Vec<u8> },
    /// HO_FAILED-ind.
    HoFailedInd { reason: u8, rest: Vec<u8> },
    /// HO_FAILED-req.
    HoFailedReq { reason: u8, rest: Vec<u8> },
    /// MAC_INFO-ind: text about the link that ended.
    InfoInd { pmid: u32, pad: u8, text: Vec<u8> },
    /// Another primitive and what follows the MCEI.
    Other(u8, Vec<u8>),
}

impl Dnm {
    /// Reads the payload of a DNM message.
    ///
    /// # Errors
    /// Where it ends within a known field.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(payload);
        let layer = reader.u8("layer")?;
        match layer {
            RFPC => Rfpc::decode(&mut reader).map(Self::Rfpc),
            LC => {
                let (primitive, mcei) = (reader.u8("primitive")?, Mcei(reader.u8("mcei")?));
                Lc::decode(primitive, reader).map(|lc| Self::Lc(mcei, lc))
            }
            MAC => match reader.u8("primitive")? {
                PAGE_REQ => {
                    let length = usize::from(reader.u8("length")?);
                    if reader.left() != length {
                        return Ok(Self::Other(payload.to_vec()));
                    }
                    Ok(Self::Page(reader.rest()))
                }
                primitive => {
                    let mcei = Mcei(reader.u8("mcei")?);
                    Mac::decode(primitive, reader).map(|mac| Self::Mac(mcei, mac))
                }
            },
            _ => Ok(Self::Other(payload.to_vec())),
        }
    }

    /// Writes the payload of a DNM message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Rfpc(rfpc) => rfpc.encode(),
            Self::Lc(mcei, lc) => lc.encode(*mcei),
            Self::Page(page) => {
                let length = u8::try_from(page.len()).unwrap_or(u8::MAX);
                [&[MAC, PAGE_REQ, length], page.as_slice()].concat()
            }
            Self::Mac(mcei, mac) => mac.encode(*mcei),
            Self::Other(octets) => octets.clone(),
        }
    }
}

impl Data {
    /// A frame for this buffer (0 or 1) of the link's C<sub>S</sub> channel.
    #[must_use]
    pub const fn new(buffer: u8, frame: Vec<u8>) -> Self {
        Self { place: buffer << 4, frame, rest: Vec::new() }
    }

    fn decode(mut reader: Reader<'_>) -> Result<Self, Malformed> {
        let place = reader.u8("buffer")?;
        let length = usize::from(reader.u8("length")?);
        let frame = reader.take(length, "frame")?.to_vec();
        Ok(Self { place, frame, rest: reader.rest() })
    }

    fn encode(&self) -> Vec<u8> {
        let length = u8::try_from(self.frame.len()).unwrap_or(u8::MAX);
        [&[self.place, length], self.frame.as_slice(), &self.rest].concat()
    }
}

impl Lc {
    fn decode(primitive: u8, mut reader: Reader<'_>) -> Result<Self, Malformed> {
        Ok(match primitive {
            DATA_REQ => Self::DataReq(Data::decode(reader)?),
            DATA_IND => Self::DataInd(Data::decode(reader)?),
            DTR_IND => Self::Dtr(reader.u8("buffer")?, reader.rest()),
            _ => Self::Other(primitive, reader.rest()),
        })
    }

    fn encode(&self, mcei: Mcei) -> Vec<u8> {
        let (primitive, body) = match self {
            Self::DataReq(data) => (DATA_REQ, data.encode()),
            Self::DataInd(data) => (DATA_IND, data.encode()),
            Self::Dtr(buffer, rest) => (DTR_IND, [&[*buffer], rest.as_slice()].concat()),
            Self::Other(primitive, rest) => (*primitive, rest.clone()),
        };
        [&[LC, primitive, mcei.0], body.as_slice()].concat()
    }
}

impl Mac {
    fn decode(primitive: u8, mut reader: Reader<'_>) -> Result<Self, Malformed> {
        Ok(match primitive {
            CON_IND | HO_IN_PROGRESS_IND => {
                let (pmid, flags) = (pmid24(&mut reader)?, reader.u8("flags")?);
                let rest = reader.rest();
                if primitive == CON_IND {
                    Self::ConInd { pmid, flags, rest }
                } else {
                    Self::HoInProgressInd { pmid, flags, rest }
                }
            }
            DIS_REQ => Self::DisReq(reader.rest()),
            DIS_IND => Self::DisInd { reason: reader.u8("reason")?, rest: reader.rest() },
            ENC_KEY_REQ => Self::EncKeyReq {
                key: CipherKey::new(reader.array("key")?),
                id: reader.u8("key_id")?,
                rest: reader.rest(),
            },
            ENC_EKS_IND => Self::EncEksInd { state: reader.u8("state")?, rest: reader.rest() },
            HO_IN_PROGRESS_RES => {
                let before = reader.u8("pad")?;
                let key = CipherKey::new(reader.array("key")?);
                let (after, id) = (reader.u8("pad_2")?, reader.u8("key_id")?);
                Self::HoInProgressRes { pads: [before, after], key, id, rest: reader.rest() }
            }
            HO_FAILED_IND => {
                Self::HoFailedInd { reason: reader.u8("reason")?, rest: reader.rest() }
            }
            HO_FAILED_REQ => {
                Self::HoFailedReq { reason: reader.u8("reason")?, rest: reader.rest() }
            }
            INFO_IND => Self::InfoInd {
                pmid: pmid24(&mut reader)?,
                pad: reader.u8("pad")?,
                text: reader.rest(),
            },
            _ => Self::Other(primitive, reader.rest()),
        })
    }

    fn encode(&self, mcei: Mcei) -> Vec<u8> {
        let mut octets = vec![MAC, self.primitive(), mcei.0];
        match self {
            Self::ConInd { pmid, flags, rest } | Self::HoInProgressInd { pmid, flags, rest } => {
                octets.extend(&pmid.to_be_bytes()[1..]);
                octets.push(*flags);
                octets.extend(rest);
            }
            Self::EncKeyReq { key, id, rest } => {
                octets.extend(key.expose());
                octets.push(*id);
                octets.extend(rest);
            }
            Self::HoInProgressRes { pads: [before, after], key, id, rest } => {
                octets.push(*before);
                octets.extend(key.expose());
                octets.extend([*after, *id]);
                octets.extend(rest);
            }
            Self::DisInd { reason: octet, rest }
            | Self::EncEksInd { state: octet, rest }
            | Self::HoFailedInd { reason: octet, rest }
            | Self::HoFailedReq { reason: octet, rest } => {
                octets.push(*octet);
                octets.extend(rest);
            }
            Self::InfoInd { pmid, pad, text } => {
                octets.extend(&pmid.to_be_bytes()[1..]);
                octets.push(*pad);
                octets.extend(text);
            }
            Self::DisReq(rest) | Self::Other(_, rest) => octets.extend(rest),
        }
        octets
    }

    /// The number of the primitive.
    #[must_use]
    pub const fn primitive(&self) -> u8 {
        match self {
            Self::ConInd { .. } => CON_IND,
            Self::DisReq(_) => DIS_REQ,
            Self::DisInd { .. } => DIS_IND,
            Self::EncKeyReq { .. } => ENC_KEY_REQ,
            Self::EncEksInd { .. } => ENC_EKS_IND,
            Self::HoInProgressInd { .. } => HO_IN_PROGRESS_IND,
            Self::HoInProgressRes { .. } => HO_IN_PROGRESS_RES,
            Self::HoFailedInd { .. } => HO_FAILED_IND,
            Self::HoFailedReq { .. } => HO_FAILED_REQ,
            Self::InfoInd { .. } => INFO_IND,
            Self::Other(primitive, _) => *primitive,
        }
    }
}

/// The identity in the 24 bits of a message, of which 20 count.
///
/// # Panics
/// Never: what does not count is cut off.
#[must_use]
pub fn pmid(bits: u32) -> Pmid {
    Pmid::new(bits & 0xf_ffff).expect("20 bits are left")
}

/// What a layer is called.
#[must_use]
pub fn layer_name(layer: u8) -> String {
    match layer {
        RFPC => "RFPC".into(),
        LC => "LC".into(),
        MAC => "MAC".into(),
        0x7c => "MT".into(),
        0x7d => "SYNC".into(),
        other => format!("{other:02x}"),
    }
}

/// What a primitive of the layers LC and MAC is called.
#[must_use]
pub fn primitive_name(layer: u8, primitive: u8) -> String {
    let named = PRIMITIVES.iter().find(|(of, number, _)| (*of, *number) == (layer, primitive));
    named.map_or_else(|| format!("UNKNOWN_{primitive:02x}"), |(_, _, name)| (*name).to_owned())
}

fn pmid24(reader: &mut Reader<'_>) -> Result<u32, Malformed> {
    let [a, b, c] = reader.array("pmid")?;
    Ok(u32::from_be_bytes([0, a, b, c]))
}

/// State of MAC_ENC_EKS-ind: ciphered with a default key, whose number follows.
pub(super) const DEFAULT_KEY: u8 = 0x02;
/// State of MAC_ENC_EKS-ind: ciphered with the key that we have given.
pub(super) const CIPHERED: u8 = 0x01;

/// Bit of the flags of MAC_CON-ind: the link takes over from another.
pub const HANDOVER: u8 = 0x02;

pub(crate) const RFPC: u8 = 0x78;
pub(crate) const LC: u8 = 0x79;
pub(crate) const MAC: u8 = 0x7a;

const CON_IND: u8 = 0x01;
const DIS_REQ: u8 = 0x02;
const DIS_IND: u8 = 0x03;
const DATA_REQ: u8 = 0x05;
const DATA_IND: u8 = 0x06;
const DTR_IND: u8 = 0x07;
const PAGE_REQ: u8 = 0x08;
const ENC_KEY_REQ: u8 = 0x09;
const ENC_EKS_IND: u8 = 0x0a;
const HO_IN_PROGRESS_IND: u8 = 0x0b;
const HO_IN_PROGRESS_RES: u8 = 0x0c;
const HO_FAILED_IND: u8 = 0x0d;
const HO_FAILED_REQ: u8 = 0x0e;
const INFO_IND: u8 = 0x1c;
/// No radio link here but the lowest 20 bits of a PMID, right behind the primitive.
pub(super) const CLEAR_DEF_CKEY_REQ: u8 = 0x1f;

const PRIMITIVES: &[(u8, u8, &str)] = &[
    (MAC, CON_IND, "MAC_CON_IND"),
    (MAC, DIS_REQ, "MAC_DIS_REQ"),
    (MAC, DIS_IND, "MAC_DIS_IND"),
    (LC, DATA_REQ, "LC_DATA_REQ"),
    (LC, DATA_IND, "LC_DATA_IND"),
    (LC, DTR_IND, "LC_DTR_IND"),
    (MAC, PAGE_REQ, "MAC_PAGE_REQ"),
    (MAC, ENC_KEY_REQ, "MAC_ENC_KEY_REQ"),
    (MAC, ENC_EKS_IND, "MAC_ENC_EKS_IND"),
    (MAC, HO_IN_PROGRESS_IND, "HO_IN_PROGRESS_IND"),
    (MAC, HO_IN_PROGRESS_RES, "HO_IN_PROGRESS_RES"),
    (MAC, HO_FAILED_IND, "HO_FAILED_IND"),
    (MAC, HO_FAILED_REQ, "HO_FAILED_REQ"),
    (MAC, 0x14, "DLC_RFP_ERROR_IND"),
    (MAC, 0x15, "MAC_CON_EXT_IND"),
    (MAC, 0x16, "HO_IN_PROGRESS_EXT_IND"),
    (MAC, 0x17, "MAC_MOD_REQ"),
    (MAC, 0x18, "MAC_MOD_CNF"),
    (MAC, 0x19, "MAC_MOD_IND"),
    (MAC, 0x1a, "MAC_MOD_REJ"),
    (MAC, 0x1b, "MAC_RECORD_AUDIO"),
    (MAC, INFO_IND, "MAC_INFO_IND"),
    (MAC, 0x1d, "MAC_GET_DEF_CKEY_IND"),
    (MAC, 0x1e, "MAC_GET_DEF_CKEY_RES"),
    (MAC, CLEAR_DEF_CKEY_REQ, "MAC_CLEAR_DEF_CKEY_REQ"),
    (MAC, 0x20, "MAC_GET_CURR_CKEY_ID_REQ"),
    (MAC, 0x21, "MAC_GET_CURR_CKEY_ID_CNF"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rfp::hex;
    use proptest::prelude::*;

    #[test]
    fn a_page_and_a_data_frame_read_as_what_they_are() {
        let Ok(Dnm::Page(page)) = Dnm::decode(&hex::decode("7a08030c027b").unwrap()) else {
            panic!("not a page")
        };
        assert_eq!(page, [0x0c, 0x02, 0x7b]);

        let Ok(Dnm::Lc(mcei, Lc::DataReq(data))) =
            Dnm::decode(&hex::decode("7905081003216101").unwrap())
        else {
            panic!("not link data")
        };
        assert_eq!((mcei, data.place, data.frame), (Mcei(8), 0x10, vec![0x21, 0x61, 0x01]));
    }

    proptest! {
        #[test]
        fn whatever_can_be_read_is_written_back_as_it_was(
            layer in 0x77..0x7c_u8,
            primitive in 0..0x24_u8,
            rest in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let payload = [&[layer, primitive], rest.as_slice()].concat();
            if let Ok(dnm) = Dnm::decode(&payload) {
                prop_assert_eq!(dnm.encode(), payload);
            }
        }
    }
}
