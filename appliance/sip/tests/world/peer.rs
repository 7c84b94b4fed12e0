//! An engine and the peer that follows a script.

use super::*;

pub(crate) const UA: &str = "127.0.0.1:5060";
pub(crate) const PEER: &str = "127.0.0.9:5060";
pub(crate) const SPARE: &str = "127.0.0.8:5060";

pub(crate) fn world(brain: Brain, peer: Script) -> World {
    let mut world = World::new();
    world.engine("ua", settings(UA, &[PEER, SPARE]), brain);
    world.script("peer", PEER, peer);
    world.ask(UA, ms(0), put(1, "201"));
    world
}

#[track_caller]
pub(crate) fn check(world: &World, golden: &str) {
    assert_eq!(world.ladder(), golden, "\n{}", world.trace);
}

#[track_caller]
pub(crate) fn all_is_over(world: &mut World) {
    world.run(seconds(240));
    let ends = world.ends(UA).clone();
    assert!(ends.values().all(|ends| *ends == 1), "{ends:?}\n{}", world.trace);
    let load = world.endpoint(UA).load();
    let left = load.calls + load.client_transactions + load.server_transactions + load.timers;
    assert_eq!(left, 0, "{load:?}\n{}", world.trace);
}

/// A request of the peer; within a dialog where a response is given that shows the engine's tag.
pub(crate) fn request(
    method: &str,
    cseq: u32,
    body: Option<&str>,
    lines: &[(Name, &str)],
) -> Vec<u8> {
    let method = Method::new(method);
    let branch = format!("SIP/2.0/UDP {PEER};branch=z9hG4bKp{cseq}{method}");
    let mut writer = Writer::request(&method, format_args!("sip:201@{UA}"))
        .header(Name::Via, branch)
        .header(Name::MaxForwards, 70)
        .header(Name::From, "\"Ann\" <sip:200@pbx.example>;tag=peer")
        .header(Name::CallId, "call1")
        .header(Name::CSeq, format_args!("{cseq} {method}"))
        .header(Name::Contact, format_args!("<sip:200@{PEER}>"));
    if !lines.iter().any(|(name, _)| *name == Name::To) {
        writer = writer.header(Name::To, "<sip:201@pbx.example>");
    }
    for (name, value) in lines {
        writer = writer.header(*name, value);
    }
    match body {
        Some(name) => writer.body("application/sdp", &session(name).to_octets()),
        None => writer.finish(),
    }
}

/// The To of the engine's responses, with its tag, as the script heard it last.
pub(crate) fn tag_of(message: &Message) -> String {
    message.text(Name::To).unwrap_or_default().to_owned()
}

pub(crate) fn call(world: &mut World) -> CallId {
    let (call, invite) = invite(world, UA, "202");
    world.ask(UA, ms(1), invite);
    call
}

/// A response to our INVITE from another phone behind a forking proxy.
pub(crate) fn branch(message: &Message, tag: &str) -> Vec<u8> {
    let writer = Writer::answer(message, 200, Some(tag))
        .header(Name::Contact, format_args!("<sip:{tag}@{PEER}>"));
    writer.body("application/sdp", &session(tag).to_octets())
}

/// A proxy that wants credentials for everything; an INVITE that has them gets this answer.
pub(crate) fn demanding(status: u16) -> Script {
    let demand = "Digest realm=\"pbx\", nonce=\"n\", qop=\"auth\"";
    Box::new(move |message| match message.method() {
        Some(Method::Ack) | None => vec![],
        Some(_) if !message.has(Name::ProxyAuthorization) => {
            let refusal = response(message, 407).header(Name::ProxyAuthenticate, demand);
            vec![(ms(0), refusal.finish())]
        }
        Some(Method::Invite) if status == 200 => vec![(ms(0), branch(message, "peer"))],
        Some(Method::Invite) => vec![(ms(0), response(message, status).finish())],
        Some(_) => vec![(ms(0), response(message, 200).finish())],
    })
}
