//! One message explained to support people (`appliance decode sip`).

use super::check::{Abilities, Reject, answerable, verdict};
use super::message::{Message, Start};
use super::method::Method;
use super::name::Name;
use super::uri::Uri;
use super::{Address, Malformed, Unreadable};
use serde_json::{Map, Value, json};

/// Reads a datagram and says what it is, whether it is valid, and what a server would answer.
///
/// `verdict` is `accept` for a well-formed message and `reject` for any other; `reason` says why, and is
/// null where nothing is wrong. `message` is the method of a request, the status and phrase of a response. For a
/// request `status` is what a server answers, null where it answers nothing: a well-formed request can
/// still get 416, 420 or 501, and `refusal` says why. For a response it is its own status.
#[must_use]
pub fn report(octets: &[u8]) -> Value {
    let message = match Message::parse(octets.to_vec()) {
        Ok(message) => message,
        Err(unreadable) => return unread(octets, unreadable),
    };
    let mut report = Map::new();
    let valid = verdict(&message);
    let answer = valid.clone().and_then(|()| answerable(&message, &ANY_SERVER));
    let verdict = if valid.is_ok() { "accept" } else { "reject" };
    report.insert("verdict".to_owned(), verdict.into());
    let words = |it: &Result<(), Reject>| it.as_ref().err().map(|reject| reject.reason.clone());
    report.insert("reason".to_owned(), words(&valid).into());
    report.insert("message".to_owned(), named(&message).into());
    if let (Ok(()), Some(refusal)) = (&valid, words(&answer)) {
        report.insert("refusal".to_owned(), refusal.into());
    }
    start(&message, &answer, &mut report);
    header(&message, &mut report);
    Value::Object(report)
}

fn named(message: &Message) -> String {
    match message.start() {
        Start::Request(method, _) => method.as_str().to_owned(),
        Start::Response(status, phrase) => {
            format!("{status} {}", String::from_utf8_lossy(phrase)).trim_end().to_owned()
        }
    }
}

/// What is no message gets no answer; what is only too long gets 513 (RFC 3261 clause 21.5.7).
fn unread(octets: &[u8], unreadable: Unreadable) -> Value {
    let request = !octets.trim_ascii_start().starts_with(b"SIP/");
    let status = match unreadable {
        Unreadable::TooLarge(_) if request => Some(513),
        _ => None,
    };
    json!({
        "verdict": "reject",
        "reason": unreadable.to_string(),
        "message": null,
        "status": status,
    })
}

fn start(message: &Message, answer: &Result<(), Reject>, report: &mut Map<String, Value>) {
    match message.start() {
        Start::Request(method, uri) => {
            let status = answer.as_ref().err().map_or(200, |reject| reject.status);
            // Nobody answers an ACK (RFC 3261 clause 17).
            let status = Some(status).filter(|_| *method != Method::Ack);
            report.insert("kind".to_owned(), "request".into());
            report.insert("method".to_owned(), method.as_str().into());
            report.insert("uri".to_owned(), text(uri));
            report.insert("status".to_owned(), status.into());
        }
        Start::Response(status, reason) => {
            report.insert("kind".to_owned(), "response".into());
            report.insert("status".to_owned(), status.into());
            report.insert("phrase".to_owned(), text(reason));
        }
    }
}

fn header(message: &Message, report: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            report.insert(key.to_owned(), value);
        }
    };
    put("from", address(message.from()));
    put("to", address(message.to()));
    put("call_id", message.octets_of(Name::CallId).map(text));
    put("cseq", message.cseq().ok().map(|cseq| cseq.to_string().into()));
    put("branch", message.top_via().ok().and_then(|via| via.branch()).map(Value::from));
    put("vias", Some(message.vias().count().into()));
    let contacts: Vec<_> = message.values(Name::Contact).map(text).collect();
    put("contacts", Some(contacts).filter(|list| !list.is_empty()).map(Value::from));
    put("headers", Some(message.headers().count().into()));
    let kind = message.content_type();
    put("content_type", Some(kind).filter(|kind| !kind.is_empty()).map(Value::from));
    put("body_length", Some(message.body().len().into()));
}

fn address(address: Result<Address<'_>, Malformed>) -> Option<Value> {
    let address = address.ok()?;
    let Uri { text, .. } = address.uri;
    Some(json!({ "display": address.display_text(), "uri": text, "tag": address.tag() }))
}

fn text(octets: &[u8]) -> Value {
    String::from_utf8_lossy(octets).into()
}

/// A server that does what SIP servers commonly do, for the question what one would answer.
const ANY_SERVER: Abilities<'static> = Abilities {
    methods: &[
        Method::Invite,
        Method::Ack,
        Method::Bye,
        Method::Cancel,
        Method::Options,
        Method::Register,
        Method::Info,
        Method::Update,
        Method::Prack,
        Method::Refer,
        Method::Notify,
        Method::Subscribe,
        Method::Message,
        Method::Publish,
    ],
    extensions: &[
        "100rel",
        "199",
        "answermode",
        "early-session",
        "eventlist",
        "from-change",
        "geolocation-http",
        "geolocation-sip",
        "gin",
        "gruu",
        "histinfo",
        "join",
        "multiple-refer",
        "norefersub",
        "nosub",
        "outbound",
        "path",
        "precondition",
        "pref",
        "privacy",
        "replaces",
        "resource-priority",
        "sec-agree",
        "siprec",
        "tdialog",
        "timer",
        "trickle-ice",
    ],
    bodies: &[
        "application/sdp",
        "application/broadsoft",
        "application/conference-info+xml",
        "application/csta+xml",
        "application/dialog-info+xml",
        "application/dtmf",
        "application/dtmf-relay",
        "application/hook-flash",
        "application/im-iscomposing+xml",
        "application/isup",
        "application/kpml-request+xml",
        "application/kpml-response+xml",
        "application/media_control+xml",
        "application/pidf+xml",
        "application/pidf-diff+xml",
        "application/qsig",
        "application/reginfo+xml",
        "application/resource-lists+xml",
        "application/rlmi+xml",
        "application/rs-metadata+xml",
        "application/simple-filter+xml",
        "application/simple-message-summary",
        "application/trickle-ice-sdpfrag",
        "application/vnd.3gpp.sms",
        "application/vnd.3gpp.ussd+xml",
        "application/vnd.etsi.aoc+xml",
        "application/vnd.nortelnetworks.digits",
        "application/vq-rtcpxr",
        "application/watcherinfo+xml",
        "application/x-as-feature-event+xml",
        "application/x-broadworks-call-center+xml",
        "application/x-cisco-alarm+xml",
        "application/x-cisco-remotecc-request+xml",
        "application/x-cisco-remotecc-response+xml",
        "application/x-q931",
        "application/xcap-diff+xml",
        "application/xml",
        "audio/telephone-event",
        "message/cpim",
        "message/sip",
        "message/sipfrag",
        "multipart/alternative",
        "multipart/mixed",
        "multipart/related",
        "multipart/signed",
        "text/html",
        "text/plain",
        "text/xml",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_a_server_would_answer() {
        let request = |method: &str, uri: &str| {
            let text = format!(
                "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:x@y>;tag=1\r\n\
                 To: <sip:a@b>\r\nCall-ID: 7\r\nCSeq: 3 {method}\r\n\r\n"
            );
            report(text.as_bytes())
        };
        let known = request("OPTIONS", "sip:a@b");
        assert_eq!((&known["verdict"], &known["status"]), (&json!("accept"), &json!(200)));
        let novel = request("NEW", "sip:a@b");
        assert_eq!((&novel["verdict"], &novel["status"]), (&json!("accept"), &json!(501)));
        let scheme = request("OPTIONS", "soap:x");
        assert_eq!((&scheme["verdict"], &scheme["status"]), (&json!("accept"), &json!(416)));
        let broken = request("OPTIONS", "<sip:a@b>");
        assert_eq!((&broken["verdict"], &broken["status"]), (&json!("reject"), &json!(400)));
        assert_eq!(request("ACK", "sip:a@b")["status"], Value::Null);
        let long = format!("sip:{}@b", "a".repeat(9_000));
        assert_eq!(request("OPTIONS", &long)["status"], 513);
        assert_eq!(report(b"GET / HTTP/1.1\r\n\r\n")["verdict"], "reject");
    }

    #[test]
    fn every_report_begins_alike_and_an_accepted_message_has_no_reason() {
        let text = "SUBSCRIBE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\
                    From: <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 7\r\nCSeq: 3 SUBSCRIBE\r\n";
        let plain = report(format!("{text}\r\n").as_bytes());
        let refused = report(format!("{text}Require: x-odd\r\n\r\n").as_bytes());
        let broken = report(format!("{text}From: <sip:z@y>\r\n\r\n").as_bytes());
        for one in [&plain, &refused, &broken, &report(b"\r\n")] {
            let keys: Vec<_> = one.as_object().unwrap().keys().take(3).collect();
            assert_eq!(keys, ["verdict", "reason", "message"]);
            assert!(one.get("status").is_some(), "{one}");
            assert_eq!(one["reason"].is_null(), one["verdict"] == "accept", "{one}");
        }
        assert_eq!((&plain["message"], plain.get("refusal")), (&json!("SUBSCRIBE"), None));
        assert_eq!(refused["refusal"], "The extension x-odd is not supported");
    }

    #[test]
    fn bodies_that_pbxs_and_their_telephones_send_are_no_reason_for_415() {
        for kind in ["application/x-as-feature-event+xml", "Application/VQ-RTCPXR", "message/CPIM"]
        {
            let text = format!(
                "NOTIFY sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:x@y>;tag=1\r\n\
                 To: <sip:a@b>\r\nCall-ID: 7\r\nCSeq: 3 NOTIFY\r\nContent-Type: {kind}\r\n\r\n<x/>"
            );
            assert_eq!(report(text.as_bytes())["status"], 200, "{kind}");
        }
    }
}
