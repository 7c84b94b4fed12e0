//! Whether a message is right, and whether a server can do what it asks (RFC 3261 clauses 8.1.1, 8.2 and 16.3).
//!
//! [`verdict`] is strict about what is invalid: a request that does not pass gets the status it names,
//! a response is dropped. [`answerable`] asks what the message means to a server of given abilities.
//! RFC 4475 says for fifty messages where the line between the two runs.

use super::limits::VALUES_MAX;
use super::message::{Message, Start};
use super::method::Method;
use super::name::Name;
use super::scan::is_visible;
use super::uri::Scheme;
use super::{Address, Contact, Malformed};
use std::borrow::Cow;

/// Why a request is refused, and with which status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {reason}")]
pub struct Reject {
    /// The status of the response; of no meaning where the message is a response itself.
    pub status: u16,
    /// What is wrong, in words for a log and a Reason phrase.
    pub reason: Cow<'static, str>,
}

/// What a server can do.
#[derive(Clone, Copy, Debug)]
pub struct Abilities<'a> {
    /// Methods it serves; other known methods get 405, unknown ones 501.
    pub methods: &'a [Method],
    /// Option tags it may be required to support.
    pub extensions: &'a [&'a str],
    /// Types of body that it reads, in lower case.
    pub bodies: &'a [&'a str],
}

impl Reject {
    /// A refusal with these words.
    #[must_use]
    pub fn new(status: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { status, reason: reason.into() }
    }
}

impl From<Malformed> for Reject {
    fn from(malformed: Malformed) -> Self {
        Self::new(400, malformed.0)
    }
}

/// Whether the message is valid in itself.
///
/// # Errors
/// The status for the response and what is wrong.
pub fn verdict(message: &Message) -> Result<(), Reject> {
    if let Some(fault) = &message.fault {
        return Err(fault.clone());
    }
    lines(message)?;
    singles(message)?;
    hops(message)?;
    message.call_id()?;
    for side in [message.from()?, message.to()?] {
        tagged(&side)?;
    }
    contacts(message)?;
    numbers(message)?;
    let Start::Request(method, _) = message.start() else {
        return message.cseq().map(drop).map_err(Reject::from);
    };
    request_line(message)?;
    sequence(message, method)
}

/// Whether a server of these abilities can do what a valid request asks.
///
/// # Errors
/// The status for the response and what is asked too much.
pub fn answerable(message: &Message, abilities: &Abilities<'_>) -> Result<(), Reject> {
    let Start::Request(method, _) = message.start() else {
        return Ok(());
    };
    if !abilities.methods.contains(method) {
        return Err(match method {
            Method::Other(name) => Reject::new(501, format!("The method {name} is not known")),
            known => Reject::new(405, format!("The method {known} is not served here")),
        });
    }
    schemes(message, method)?;
    // Neither may be refused for an extension (RFC 3261 clause 8.2.2.3).
    if !matches!(method, Method::Ack | Method::Cancel) {
        extensions(message, abilities)?;
    }
    bodies(message, method, abilities)
}

/// Control characters have no place in a header, except behind a backslash in a quoted string.
fn lines(message: &Message) -> Result<(), Reject> {
    if let Start::Response(_, phrase) = message.start()
        && phrase.iter().any(|octet| is_control(*octet))
    {
        return Err(Reject::new(400, "The reason phrase contains a control character"));
    }
    for header in message.headers() {
        // Two passes: the first, which nearly always suffices, is one that a processor does quickly.
        if header.value.iter().any(|octet| is_control(*octet)) && bare_control(header.value) {
            let reason = format!("{} contains a control character", header.written);
            return Err(Reject::new(400, reason));
        }
    }
    Ok(())
}

const fn is_control(octet: u8) -> bool {
    octet < b' ' && octet != b'\t' || octet == 0x7F
}

fn bare_control(value: &[u8]) -> bool {
    let mut escaped = false;
    value.iter().any(|octet| {
        let bare = is_control(*octet) && !escaped;
        escaped = *octet == b'\\' && !escaped;
        bare
    })
}

fn singles(message: &Message) -> Result<(), Reject> {
    let (mut seen, mut twice) = (0_u128, 0_u128);
    for header in message.headers() {
        twice |= seen & bit(header.name);
        seen |= bit(header.name);
    }
    if let Some(name) = REQUIRED.iter().find(|name| seen & bit(**name) == 0) {
        return Err(Reject::new(400, format!("{} is missing", name.as_str())));
    }
    match SINGLE.iter().find(|name| twice & bit(**name) != 0) {
        Some(name) => Err(Reject::new(400, format!("{} is there more than once", name.as_str()))),
        None => Ok(()),
    }
}

const fn bit(name: Name) -> u128 {
    const { assert!((Name::Other as u32) < u128::BITS, "a bit for every name") };
    1 << name as u32
}

fn hops(message: &Message) -> Result<(), Reject> {
    for (index, via) in message.vias().enumerate() {
        if index == VALUES_MAX {
            return Err(Reject::new(400, "Via has more than 256 hops"));
        }
        let via = via?;
        // With the cookie and nothing after it the branch names no transaction (RFC 4475 clause 3.2.1).
        if via.branch().is_some_and(|branch| branch.eq_ignore_ascii_case(COOKIE)) {
            return Err(Reject::new(400, "The branch of a Via is nothing but its cookie"));
        }
        // Two of them name two transactions; another parameter that stands there twice does no harm.
        if via.params.iter().filter(|param| param.name.eq_ignore_ascii_case("branch")).count() > 1 {
            return Err(Reject::new(400, "A Via has two branches"));
        }
    }
    for name in [Name::Route, Name::RecordRoute, Name::Path, Name::ServiceRoute] {
        for address in message.addresses(name) {
            address?;
        }
    }
    Ok(())
}

/// A tag that cannot be read would be taken for none, and the answer would get a second one.
fn tagged(side: &Address<'_>) -> Result<(), Reject> {
    if side.params.has_twins() {
        return Err(Reject::new(400, "From or To has a parameter twice"));
    }
    let Some(tag) = side.params.find("tag") else { return Ok(()) };
    let readable = tag.raw.is_some_and(|raw| raw.iter().all(|octet| is_visible(*octet)));
    if readable { Ok(()) } else { Err(Reject::new(400, "The tag of From or To is not text")) }
}

fn contacts(message: &Message) -> Result<(), Reject> {
    let (mut all, mut count) = (false, 0);
    for contact in message.contacts().take(VALUES_MAX) {
        all |= contact? == Contact::All;
        count += 1;
    }
    let taken_back = message.method() == Some(&Method::Register)
        && count == 1
        && message.number(Name::Expires) == Some(0);
    if all && !taken_back {
        return Err(Reject::new(400, "Contact: * is only for a REGISTER with Expires: 0"));
    }
    Ok(())
}

fn numbers(message: &Message) -> Result<(), Reject> {
    let hops = message.text(Name::MaxForwards).map(super::scan::number::<u8>);
    if message.has(Name::MaxForwards) && hops.flatten().is_none() {
        return Err(Reject::new(400, "Max-Forwards is not a number up to 255"));
    }
    Ok(())
}

fn request_line(message: &Message) -> Result<(), Reject> {
    let uri = message.uri()?;
    if uri.headers.is_some() {
        return Err(Reject::new(400, "The Request-URI has headers, which it may not have"));
    }
    if uri.params.has_twins() {
        return Err(Reject::new(400, "The Request-URI has a parameter twice"));
    }
    Ok(())
}

fn sequence(message: &Message, method: &Method) -> Result<(), Reject> {
    if message.cseq()?.method == *method {
        return Ok(());
    }
    // For a method nobody knows, 501 says more (RFC 4475 clause 3.1.2.18).
    let status = if matches!(method, Method::Other(_)) { 501 } else { 400 };
    Err(Reject::new(status, "CSeq names another method than the request line"))
}

fn schemes(message: &Message, method: &Method) -> Result<(), Reject> {
    if let Scheme::Other(name) = message.uri()?.scheme {
        return Err(Reject::new(416, format!("The URI scheme {name} is not known")));
    }
    // An address of record is a SIP URI (RFC 3261 clause 10.2).
    if *method == Method::Register && matches!(message.to()?.uri.scheme, Scheme::Other(_)) {
        return Err(Reject::new(400, "To of a REGISTER is no SIP URI"));
    }
    Ok(())
}

fn extensions(message: &Message, abilities: &Abilities<'_>) -> Result<(), Reject> {
    let known = |tag: &str| abilities.extensions.iter().any(|own| own.eq_ignore_ascii_case(tag));
    match message.tokens(Name::Require).find(|tag| !known(tag)) {
        Some(tag) => Err(Reject::new(420, format!("The extension {tag} is not supported"))),
        None => Ok(()),
    }
}

/// Whether the sender does not mind if its body is not understood (RFC 3261 clause 20.11).
pub(crate) fn has_optional_body(message: &Message) -> bool {
    let disposition = message.text(Name::ContentDisposition);
    disposition.is_some_and(|text| text.to_ascii_lowercase().contains("handling=optional"))
}

fn bodies(message: &Message, method: &Method, abilities: &Abilities<'_>) -> Result<(), Reject> {
    // What ends a call is understood whatever a gateway tells besides.
    let ends = matches!(method, Method::Ack | Method::Bye | Method::Cancel);
    if !message.body().is_empty() && !ends && !has_optional_body(message) {
        let encoded = message.tokens(Name::ContentEncoding).any(|coding| coding != "identity");
        if encoded {
            return Err(Reject::new(415, "The body is encoded"));
        }
        let kind = message.content_type();
        if !kind.is_empty() && !abilities.bodies.contains(&kind.as_str()) {
            return Err(Reject::new(415, format!("The body is of the type {kind}")));
        }
    }
    let offers = matches!(method, Method::Invite | Method::Update);
    if offers && message.has(Name::Accept) && !message.tokens(Name::Accept).any(takes_sdp) {
        return Err(Reject::new(406, "Accept has no type that an answer could be of"));
    }
    Ok(())
}

fn takes_sdp(range: &str) -> bool {
    let range = range.split(';').next().unwrap_or_default();
    let mut parts = range.split('/').map(|part| part.trim().to_ascii_lowercase());
    let (kind, sub) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    matches!(kind.as_str(), "application" | "*") && matches!(sub.as_str(), "sdp" | "*")
        || kind == "multipart"
}

/// What begins a branch that names its transaction (RFC 3261 clause 8.1.1.7).
pub const COOKIE: &str = "z9hG4bK";

/// Without these there is no transaction. Max-Forwards is not among them: peers of RFC 2543 do not send
/// it (RFC 4475 clause 3.4.1).
const REQUIRED: &[Name] = &[Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq];

/// Two of these contradict each other; other fields that should stand alone do no harm.
const SINGLE: &[Name] = &[
    Name::From,
    Name::To,
    Name::CallId,
    Name::CSeq,
    Name::MaxForwards,
    Name::ContentLength,
    Name::ContentType,
    Name::Expires,
    // RFC 3515 clause 2.4.2, RFC 3891 clause 3.
    Name::ReferTo,
    Name::Replaces,
];
