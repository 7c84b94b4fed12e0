//! Messages in words, for support people.

use super::element::{Element, Id};
use super::hex;
use super::ie;
use super::kind::Kind;
use super::message::{Message, Origin};
use super::table::Direction;
use serde_json::{Value, json};

/// Everything about one message as a JSON object: `verdict` (`accept` or
/// `reject`) and `reason`, the `message` by name with its `protocol` and
/// `transaction`, its `elements`, and `encoded`, what our writer makes of it.
///
/// Which way the message went is not known here; it is accepted if it may be
/// acted upon in one direction.
#[must_use]
pub fn report(octets: &[u8]) -> Value {
    let message = match Message::decode(octets) {
        Ok(message) => message,
        Err(error) => {
            return json!({
                "verdict": "reject",
                "reason": error.to_string(),
                "message": null,
                "elements": [],
                "encoded": null,
            });
        }
    };
    let reason = fault(&message);
    json!({
        "verdict": if reason.is_none() { "accept" } else { "reject" },
        "reason": reason,
        "message": message.kind.to_string(),
        "protocol": message.kind.pd().name(),
        "transaction": transaction(&message),
        "elements": elements(&message),
        "encoded": hex(&message.encode()),
    })
}

fn fault(message: &Message) -> Option<String> {
    let from_handset = message.check(Direction::ToFixed).err()?;
    let to_handset = message.check(Direction::ToPortable).err()?;
    let other_way = matches!(from_handset, super::Fault::WrongWay(_));
    Some(if other_way { to_handset } else { from_handset }.to_string())
}

fn transaction(message: &Message) -> Value {
    let opened_by = match message.ti.origin {
        Origin::Sender => "sender",
        Origin::Receiver => "receiver",
    };
    let value = message.ti.extended_value().unwrap_or(message.ti.value());
    json!({ "opened_by": opened_by, "value": value })
}

fn elements(message: &Message) -> Value {
    let (mut highest, mut described) = (None, Vec::new());
    for element in message.elements() {
        let late = highest > Some(element.id()) && element.codeset() == 0;
        let variable = element.id().octet() < 0x80;
        if variable && element.id() != Id::SEGMENTED_INFO && element.codeset() == 0 {
            highest = highest.max(Some(element.id()));
        }
        described.push(describe(message.kind, element, late && variable));
    }
    Value::Array(described)
}

/// One element: its `name`, and `contents` in words or `octets` in hexadecimal, with a `note` where something is odd.
fn describe(kind: Kind, element: &Element, late: bool) -> Value {
    let known = element.id().name().filter(|_| element.codeset() == 0);
    let mut object = json!({
        "name": known.unwrap_or("UNKNOWN"),
        "id": format!("{:02x}", element.id().octet()),
    });
    if element.codeset() != 0 {
        object["codeset"] = json!(element.codeset());
    }
    let note = match ie::describe(element) {
        _ if element.contents().is_empty() => None,
        Some(Ok(contents)) => {
            object["contents"] = contents;
            None
        }
        Some(Err(invalid)) => Some(invalid.to_string()),
        None => None,
    };
    if object.get("contents").is_none() {
        object["octets"] = json!(hex(element.contents()));
    }
    let foreign = known.is_some() && !super::table::knows(kind, element.id());
    let notes = [
        note,
        late.then(|| "stands after a higher identifier".to_owned()),
        foreign.then(|| format!("is not an element of {kind}")),
    ];
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    if !notes.is_empty() {
        object["note"] = json!(notes.join("; "));
    }
    object
}
