//! One message in words, for people who look into a link.

mod detail;

use super::blowfish::{BLOCK, Chain, Direction};
use super::dnm::{self, Data, Dnm, Lc, Mac};
use super::frame::{Frame, HEADER, Malformed, Reader, header};
use super::hex;
use super::init::{Init, model_name};
use super::kind::{self, Field};
use super::message::{Message, nack_reason};
use super::primitive::Mcei;
use super::rfpc::{self, Rfpc};
use super::sync::{self, Sync};
use crate::lapc::{self, Control};
use crate::subscription::LinkKey;
use crate::wire;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What one message is: `verdict` (`accept` or `reject`), `reason` (null where nothing is wrong), `message`,
/// `elements`, and `encoded`, what our writer makes of it. Of radio signalling also `layer` and
/// `primitive`, and of link data `dlc` and `nwk`.
///
/// A type that is not known is accepted: the link goes on without it.
#[must_use]
pub fn report(octets: &[u8]) -> Value {
    Session::default().report(octets)
}

/// The messages of one link in their order. A message of the network layer that was cut into several
/// frames is reported whole, with the last of them.
#[derive(Debug, Default)]
pub struct Session {
    /// By sender, radio link and data link.
    cut: BTreeMap<(lapc::Side, Mcei, lapc::Lln), Cut>,
}

/// The beginning of a message of the network layer, and the number of the frame that brought its last part.
#[derive(Debug)]
struct Cut {
    octets: Vec<u8>,
    last: u8,
}

impl Session {
    /// The next message, as by [`report`].
    pub fn report(&mut self, octets: &[u8]) -> Value {
        self.described(octets).unwrap_or_else(|malformed| {
            let name = header(octets).map_or(Value::Null, |(code, _)| kind::name(code).into());
            rejected(&malformed.to_string(), &name)
        })
    }

    fn described(&mut self, octets: &[u8]) -> Result<Value, Malformed> {
        let frame = Frame::decode(octets)?;
        let message = Message::decode(&frame)?;
        let mut value = json!({
            "verdict": "accept",
            "reason": null,
            "message": kind::name(frame.code),
        });
        match &message {
            Message::Dnm(dnm) => signalling(dnm, &mut value),
            Message::Sync(sync) => synchronisation(sync, &mut value),
            Message::Init(init) => value["elements"] = identity(init).into(),
            _ => value["elements"] = elements(&frame)?.into(),
        }
        if let Message::Dnm(Dnm::Lc(mcei, lc)) = &message {
            self.link_data(*mcei, lc, &mut value);
        }
        if let Message::Ack { of, .. } | Message::Nack { of, .. } = &message {
            value["of"] = kind::name(*of).into();
        }
        match &message {
            Message::Ack { rest, .. } => value["id"] = Message::ack_id(rest).into(),
            Message::Nack { reason, .. } => value["refusal"] = nack_reason(*reason).into(),
            _ => {}
        }
        value["encoded"] = hex::encode(&message.encode().encode()).into();
        Ok(value)
    }

    /// The frame of the data link, and the message of the network layer where it is whole.
    fn link_data(&mut self, mcei: Mcei, lc: &Lc, value: &mut Value) {
        let (data, from) = match lc {
            Lc::DataReq(data) => (data, lapc::Side::Fixed),
            Lc::DataInd(data) => (data, lapc::Side::Portable),
            Lc::Dtr(..) | Lc::Other(..) => return,
        };
        match lapc::Frame::decode(&data.frame, from) {
            Ok(frame) => {
                value["dlc"] = data_link(&frame);
                if !frame.information.is_empty() {
                    value["nwk"] = self.network_layer((from, mcei, frame.lln), &frame);
                }
            }
            Err(bad) => {
                value["dlc"] = json!({ "verdict": "reject", "reason": bad.to_string() });
            }
        }
    }

    fn network_layer(&mut self, link: (lapc::Side, Mcei, lapc::Lln), frame: &lapc::Frame) -> Value {
        let Control::I { ns, .. } = frame.control else {
            return wire::describe::report(&frame.information);
        };
        let class = if frame.lln == lapc::Lln::A { lapc::Class::A } else { lapc::Class::B };
        let mut octets = match self.cut.remove(&link) {
            Some(cut) if cut.last == ns => {
                // The same frame once more.
                self.cut.insert(link, cut);
                return Value::Null;
            }
            Some(cut) if (cut.last + 1) % class.modulus() == ns => cut.octets,
            _ => Vec::new(),
        };
        let begun = !octets.is_empty();
        octets.extend_from_slice(&frame.information);
        if frame.more {
            if octets.len() <= wire::MESSAGE_MAX {
                self.cut.insert(link, Cut { octets, last: ns });
            }
            return Value::Null;
        }
        let message = wire::describe::report(&octets);
        if !begun && message["message"].is_null() {
            // Alone it cannot be judged.
            let note = "perhaps the last part of a message that begins in frames before";
            return json!({ "reason": message["reason"], "message": null, "note": note });
        }
        message
    }
}

/// The messages in a captured part of a Blowfish session, which has to begin with the first encrypted
/// octet of its direction. Each is reported as by [`Session::report`]; what is left over at the end is
/// reported as rejected.
#[must_use]
pub fn decrypt(key: &LinkKey, random: &[u8; 32], from: Direction, octets: &[u8]) -> Vec<Value> {
    let mut chain = Chain::new(key, random, from);
    let mut clear = octets.to_vec();
    let whole = clear.len() - clear.len() % BLOCK;
    chain.decrypt(clear.get_mut(..whole).unwrap_or_default());
    let (mut session, mut reports) = (Session::default(), Vec::new());
    let mut left = clear.get(..whole).unwrap_or_default();
    while let Some((_, length)) = header(left) {
        let message = HEADER + length;
        let Some((padded, rest)) = left.split_at_checked(message.next_multiple_of(BLOCK)) else {
            break;
        };
        reports.push(session.report(padded.get(..message).unwrap_or_default()));
        left = rest;
    }
    let over = left.len() + clear.len() - whole;
    if over > 0 {
        let reason = format!(
            "{over} octets are left that are no whole message; is the key right, and does the \
             capture begin with the first encrypted message?"
        );
        reports.push(rejected(&reason, &Value::Null));
    }
    reports
}

fn rejected(reason: &str, message: &Value) -> Value {
    json!({
        "verdict": "reject",
        "reason": reason,
        "message": message,
        "elements": [],
        "encoded": null,
    })
}

/// The fields of a payload by the table of types; what is beyond them is called `rest`.
fn elements(frame: &Frame) -> Result<Vec<Value>, Malformed> {
    let mut reader = Reader::new(&frame.payload);
    let mut elements = Vec::new();
    for field in kind::kind(frame.code).map_or(&[][..], |kind| kind.fields) {
        let octets = reader.take(field.size(), field.name())?;
        elements.push(element(field.name(), shown(*field, octets)));
    }
    if frame.code == kind::CORE_DUMP {
        elements.push(element("url", text(&reader.rest())));
    }
    let behind = reader.rest();
    let (details, rest) = match frame.code {
        kind::MEDIA_TONE2 => detail::tones(&elements, &behind),
        kind::FIRMWARE_UPDATE => detail::firmware(&behind),
        _ => (Vec::new(), behind.as_slice()),
    };
    elements.extend(details);
    if !rest.is_empty() {
        elements.push(element("rest", hex::encode(rest)));
    }
    Ok(elements)
}

fn identity(init: &Init) -> Vec<Value> {
    vec![
        element("model", init.model),
        element("model_name", model_name(init.model)),
        element("word", format!("{:08x}", init.word)),
        element("mac", init.mac.to_string()),
        element("capabilities", format!("{:08x}", init.capabilities)),
        element("blob", hex::encode(&init.blob)),
        element("protocol", format!("{:08x}", init.protocol)),
        element("software", init.version()),
        element("signature", hex::encode(&init.signature)),
    ]
}

fn shown(field: Field, octets: &[u8]) -> Value {
    let big = octets.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet));
    let little = octets.iter().rfold(0_u64, |number, octet| number << 8 | u64::from(*octet));
    match field {
        Field::U8(_) | Field::U16(_) | Field::U32(_) => big.into(),
        Field::U16Le(_) | Field::U32Le(_) => little.into(),
        Field::Octets(..) => hex::encode(octets).into(),
        Field::Text(..) => text(octets).into(),
        Field::Address(_) => octets.try_into().map_or(Value::Null, |octets: [u8; 16]| {
            Ipv6Addr::from(octets).to_canonical().to_string().into()
        }),
        Field::Ipv4(_) => octets
            .try_into()
            .map_or(Value::Null, |octets: [u8; 4]| Ipv4Addr::from(octets).to_string().into()),
    }
}

/// What stands before the first zero.
fn text(octets: &[u8]) -> String {
    let text = octets.split(|octet| *octet == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

fn signalling(dnm: &Dnm, value: &mut Value) {
    let (layer, primitive, mut elements) = match dnm {
        Dnm::Rfpc(rfpc) => (dnm::RFPC, rfpc::primitive_name(rfpc.primitive), items(rfpc)),
        Dnm::Page(page) => {
            let mut elements = vec![element("page", hex::encode(page))];
            elements.extend(detail::page(page));
            (dnm::MAC, dnm::primitive_name(dnm::MAC, 0x08), elements)
        }
        Dnm::Lc(mcei, lc) => {
            let (primitive, elements) = link_data(lc);
            let name = dnm::primitive_name(dnm::LC, primitive);
            (dnm::LC, name, with_mcei(*mcei, elements))
        }
        // This one names a handset where the others name a radio link.
        Dnm::Mac(high, mac @ Mac::Other(dnm::CLEAR_DEF_CKEY_REQ, low)) => {
            let pmid = element("pmid", format!("{:x}{}", high.0 & 0x0f, hex::encode(low)));
            (dnm::MAC, dnm::primitive_name(dnm::MAC, mac.primitive()), vec![pmid])
        }
        Dnm::Mac(mcei, mac) => {
            let name = dnm::primitive_name(dnm::MAC, mac.primitive());
            (dnm::MAC, name, with_mcei(*mcei, radio_link(mac)))
        }
        Dnm::Other(octets) => {
            let (layer, rest) = octets.split_first().map_or((0, &[][..]), |(a, b)| (*a, b));
            (layer, String::new(), vec![element("rest", hex::encode(rest))])
        }
    };
    elements.retain(|one| one["value"] != "");
    value["layer"] = dnm::layer_name(layer).into();
    value["primitive"] = primitive.into();
    value["elements"] = elements.into();
}

fn items(rfpc: &Rfpc) -> Vec<Value> {
    let item = |item: &rfpc::Item| element(&rfpc::item_name(item.key), hex::encode(&item.value));
    rfpc.items.iter().map(item).collect()
}

fn with_mcei(mcei: Mcei, elements: Vec<Value>) -> Vec<Value> {
    std::iter::once(element("mcei", mcei.0)).chain(elements).collect()
}

fn link_data(lc: &Lc) -> (u8, Vec<Value>) {
    let (primitive, data) = match lc {
        Lc::DataReq(data) => (0x05, data),
        Lc::DataInd(data) => (0x06, data),
        Lc::Dtr(buffer, rest) => {
            let elements =
                vec![element("buffer", *buffer >> 4), element("rest", hex::encode(rest))];
            return (0x07, elements);
        }
        Lc::Other(primitive, rest) => {
            return (*primitive, vec![element("rest", hex::encode(rest))]);
        }
    };
    let Data { place, frame, rest } = data;
    let elements = vec![
        element("buffer", *place >> 4),
        element("channel", *place & 0x0f),
        element("frame", hex::encode(frame)),
        element("rest", hex::encode(rest)),
    ];
    (primitive, elements)
}

fn data_link(frame: &lapc::Frame) -> Value {
    json!({
        "nlf": frame.new_link,
        "lln": format!("{:?}", frame.lln),
        "sapi": format!("{:?}", frame.sapi),
        "kind": format!("{:?}", frame.kind),
        "control": control(frame.control),
        "more": frame.more,
        "information": hex::encode(&frame.information),
    })
}

fn control(control: Control) -> Value {
    match control {
        Control::I { ns, nr, poll } => json!({ "name": "I", "ns": ns, "nr": nr, "poll": poll }),
        Control::S { function, nr, poll_final } => {
            json!({ "name": format!("{function:?}"), "nr": nr, "poll_final": poll_final })
        }
        Control::U { function, poll_final } => {
            json!({ "name": format!("{function:?}"), "poll_final": poll_final })
        }
    }
}

fn radio_link(mac: &Mac) -> Vec<Value> {
    let pmid = |bits: u32| element("pmid", format!("{:05x}", bits & 0xf_ffff));
    let rest = |octets: &[u8]| element("rest", hex::encode(octets));
    match mac {
        Mac::ConInd { pmid: bits, flags, rest: more }
        | Mac::HoInProgressInd { pmid: bits, flags, rest: more } => {
            let handover = element("handover", flags & dnm::HANDOVER != 0);
            vec![pmid(*bits), element("flags", *flags), handover, rest(more)]
        }
        Mac::DisInd { reason, rest: more }
        | Mac::HoFailedInd { reason, rest: more }
        | Mac::HoFailedReq { reason, rest: more } => {
            vec![element("reason", *reason), rest(more)]
        }
        Mac::EncKeyReq { key, id, rest: more }
        | Mac::HoInProgressRes { key, id, rest: more, .. } => {
            vec![element("key", hex::encode(key.expose())), element("key_id", *id), rest(more)]
        }
        Mac::EncEksInd { state: dnm::DEFAULT_KEY, rest: more } => {
            let mut elements = vec![element("state", dnm::DEFAULT_KEY)];
            elements.extend(detail::default_key(more));
            elements
        }
        Mac::EncEksInd { state, rest: more } => vec![element("state", *state), rest(more)],
        Mac::InfoInd { pmid: bits, text, .. } => {
            vec![pmid(*bits), element("text", self::text(text))]
        }
        Mac::DisReq(more) | Mac::Other(_, more) => vec![rest(more)],
    }
}

fn synchronisation(sync: &Sync, value: &mut Value) {
    let mut elements = vec![element("data", hex::encode(&sync.data))];
    elements.extend(detail::synchronisation(sync));
    elements.push(element("rest", hex::encode(&sync.rest)));
    elements.retain(|one| one["value"] != "");
    value["layer"] = "SYNC".into();
    value["primitive"] = sync::name(sync.code).into();
    value["elements"] = elements.into();
}

fn element(name: &str, value: impl Into<Value>) -> Value {
    json!({ "name": name, "value": value.into() })
}
