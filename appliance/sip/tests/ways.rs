//! By which way requests go: forks, strict routers, other places, and what they carry on the way.

mod world;

use sip::primitive::{Event, Request};
use sip::wire::{Message, Method, Name};
use std::cell::RefCell;
use std::rc::Rc;
use world::peer::*;
use world::*;

/// What a peer has heard, whole.
type Heard = Rc<RefCell<Vec<Message>>>;

/// The same peer, with notes taken of what it hears.
fn noting(mut script: Script) -> (Heard, Script) {
    let heard = Heard::default();
    let notes = Rc::clone(&heard);
    let noting: Script = Box::new(move |message| {
        notes.borrow_mut().push(message.clone());
        script(message)
    });
    (heard, noting)
}

#[test]
fn one_invite_that_is_forked_to_two_of_ours_rings_at_both() {
    let mut world = world(nobody(), Box::new(|_| vec![]));
    world.ask(UA, ms(0), put(2, "202"));
    let first = request("INVITE", 1, Some("offer"), &[]);
    let text = String::from_utf8(first.clone()).unwrap_or_default();
    let other =
        text.replace("INVITE sip:201@", "INVITE sip:202@").replace("z9hG4bKp1", "z9hG4bKq1");
    world.say(PEER, UA, ms(1), first);
    world.say(PEER, UA, ms(2), other.into_bytes());
    world.run(ms(100));
    check(
        &world,
        "ua > peer 100 to 1 INVITE
ua ! incoming from 200 for 1, sdp offer
ua > peer 100 to 1 INVITE
ua ! incoming from 200 for 2, sdp offer
",
    );
}

#[test]
fn what_follows_a_strict_router_goes_to_it() {
    let mut world = world(
        nobody(),
        Box::new(|message| match message.method() {
            Some(Method::Invite) => {
                let answer = response(message, 200)
                    .header(Name::RecordRoute, format_args!("<sip:{SPARE}>"))
                    .header(Name::Contact, format_args!("<sip:202@{PEER}>"));
                vec![(ms(0), answer.body("application/sdp", &session("peer").to_octets()))]
            }
            _ => vec![],
        }),
    );
    let (heard, spare) = noting(Box::new(|message| match message.method() {
        Some(Method::Bye) => vec![(ms(0), response(message, 200).finish())],
        _ => vec![],
    }));
    world.script("spare", SPARE, spare);
    let call = call(&mut world);
    world.ask(UA, seconds(2), Request::Hangup(call));
    world.run(seconds(4));
    check(
        &world,
        "ua > peer 1 INVITE, sdp offer
peer > ua 200 to 1 INVITE, sdp peer
ua > spare 1 ACK
ua ! answered, sdp peer
ua > spare 2 BYE
spare > ua 200 to 2 BYE
ua ! ended by us
",
    );
    for message in heard.borrow().iter() {
        assert_eq!(message.uri().unwrap().text, format!("sip:{SPARE}"));
        assert_eq!(message.text(Name::Route), Some(format!("<sip:202@{PEER}>").as_str()));
    }
    all_is_over(&mut world);
}

/// Says to the first INVITE that the callee has moved, and takes the one for 203.
fn moved(contacts: &'static str) -> Script {
    Box::new(move |message| match message.method() {
        Some(Method::Invite) if message.uri().is_ok_and(|uri| uri.user == Some("203")) => {
            vec![(ms(0), branch(message, "there"))]
        }
        Some(Method::Invite) => {
            vec![(ms(0), response(message, 302).header(Name::Contact, contacts).finish())]
        }
        Some(Method::Bye) => vec![(ms(0), response(message, 200).finish())],
        _ => vec![],
    })
}

#[test]
fn a_callee_that_has_moved_is_called_where_it_is() {
    let contacts = "<sip:204@else.example>;q=0.2, <mailto:b@else.example>, \
                    <sip:203@else.example?Subject=x>;q=0.8";
    let (heard, peer) = noting(moved(contacts));
    let mut world = world(nobody(), peer);
    let call = call(&mut world);
    world.ask(UA, seconds(2), Request::Hangup(call));
    world.run(seconds(4));
    check(
        &world,
        "ua > peer 1 INVITE, sdp offer
peer > ua 302 to 1 INVITE
ua > peer 1 ACK
ua > peer 2 INVITE, sdp offer
peer > ua 200 to 2 INVITE, sdp there
ua > peer 2 ACK
ua ! answered, sdp there
ua > peer 3 BYE
peer > ua 200 to 3 BYE
ua ! ended by us
",
    );
    assert_eq!(heard.borrow()[2].uri().unwrap().text, "sip:203@else.example");
    all_is_over(&mut world);
}

#[test]
fn a_callee_that_moves_for_ever_or_to_nowhere_is_given_up() {
    let mut places = 0;
    let for_ever: Script = Box::new(move |message| match message.method() {
        Some(Method::Invite) => {
            places += 1;
            let contact = format!("<sip:{places}@else.example>");
            vec![(ms(0), response(message, 301).header(Name::Contact, contact).finish())]
        }
        _ => vec![],
    });
    let nowhere = moved("<mailto:b@else.example>");
    let here = moved("<sip:202@pbx.example>");
    for (peer, invites) in [(for_ever, 6), (nowhere, 1), (here, 1)] {
        let mut world = world(nobody(), peer);
        call(&mut world);
        world.run(seconds(4));
        let ladder = world.ladder();
        assert_eq!(ladder.matches(" INVITE, sdp offer").count(), invites, "{ladder}");
        assert!(ladder.contains("ended, refused 30"), "{ladder}");
        all_is_over(&mut world);
    }
}

#[test]
fn a_hang_up_after_credentials_were_sent_waits_until_that_invite_is_heard() {
    let mut asked = false;
    let mut world = world(
        nobody(),
        Box::new(move |message| match message.method() {
            Some(Method::Invite) if !std::mem::replace(&mut asked, true) => {
                let demand = "Digest realm=\"pbx\", nonce=\"n\", qop=\"auth\"";
                let refusal = response(message, 407).header(Name::ProxyAuthenticate, demand);
                vec![(ms(0), response(message, 100).finish()), (ms(1), refusal.finish())]
            }
            Some(Method::Invite) => vec![(ms(300), response(message, 180).finish())],
            Some(Method::Cancel) => vec![(ms(0), response(message, 200).finish())],
            _ => vec![],
        }),
    );
    let call = call(&mut world);
    world.ask(UA, ms(100), Request::Hangup(call));
    world.run(ms(400));
    check(
        &world,
        "ua > peer 1 INVITE, sdp offer
peer > ua 100 to 1 INVITE
peer > ua 407 to 1 INVITE
ua > peer 1 ACK
ua > peer 2 INVITE, authorized, sdp offer
peer > ua 180 to 2 INVITE
ua > peer 2 CANCEL
peer > ua 200 to 2 CANCEL
",
    );
    all_is_over(&mut world);
}

#[test]
fn an_ack_proves_itself_as_its_invite_did() {
    let of = |messages: &Heard, method: &Method, cseq: u32| {
        let messages = messages.borrow();
        let mut found = messages.iter().filter(|message| {
            is(message, method) && message.cseq().is_ok_and(|of| of.number == cseq)
        });
        let message = found.next().expect("such a message");
        message.text(Name::ProxyAuthorization).map(str::to_owned)
    };
    for status in [200, 486] {
        let (heard, peer) = noting(demanding(status));
        let mut world = world(nobody(), peer);
        let call = call(&mut world);
        world.ask(UA, seconds(1), Request::Hangup(call));
        world.run(seconds(2));
        assert_eq!(of(&heard, &Method::Ack, 1), None, "{status}");
        let proof = of(&heard, &Method::Invite, 2);
        assert!(proof.is_some());
        assert_eq!(of(&heard, &Method::Ack, 2), proof, "{status}");
        all_is_over(&mut world);
    }
}

/// Takes every call, hangs up after a second.
fn brief() -> Brain {
    Box::new(|event| match event {
        Event::Incoming(incoming) => {
            let answer = Request::Answer(incoming.call, session("ours"));
            vec![(ms(0), answer), (seconds(1), Request::Hangup(incoming.call))]
        }
        _ => vec![],
    })
}

#[test]
fn a_caller_without_contact_is_answered_and_reached_by_its_from() {
    let (heard, peer) = noting(Box::new(|message| match message.status() {
        Some(200) => vec![(ms(0), request("ACK", 1, None, &[(Name::To, &tag_of(message))]))],
        _ => vec![(ms(0), response(message, 200).finish())],
    }));
    let mut world = world(brief(), peer);
    let text = String::from_utf8(request("INVITE", 1, Some("offer"), &[])).unwrap_or_default();
    let text = text.replace(&format!("Contact: <sip:200@{PEER}>\r\n"), "");
    let text = text.replace("sip:200@pbx.example", &format!("sip:200@{PEER}"));
    world.say(PEER, UA, ms(1), text.into_bytes());
    world.run(seconds(3));
    assert!(world.ladder().ends_with("ua ! ended by us\n"), "{}", world.trace);
    let bye = heard.borrow().iter().find(|message| is(message, &Method::Bye)).cloned();
    assert_eq!(bye.unwrap().uri().unwrap().text, format!("sip:200@{PEER}"));
    all_is_over(&mut world);
}

#[test]
fn a_body_that_need_not_be_understood_is_passed_over_and_the_offer_is_ours() {
    let (_, peer) = noting(Box::new(|message| match message.status() {
        Some(200) => {
            let to = tag_of(message);
            vec![(ms(0), request("ACK", 1, Some("theirs"), &[(Name::To, &to)]))]
        }
        _ => vec![(ms(0), response(message, 200).finish())],
    }));
    let mut world = world(brief(), peer);
    let text = String::from_utf8(request("INVITE", 1, None, &[])).unwrap_or_default();
    let text = text.replace(
        "Content-Length: 0\r\n\r\n",
        "Content-Disposition: render;handling=optional\r\nContent-Type: text/html\r\n\
         Content-Length: 3\r\n\r\n<p>",
    );
    world.say(PEER, UA, ms(1), text.into_bytes());
    world.run(seconds(3));
    let ladder = world.ladder();
    assert!(ladder.contains("incoming from 200 for 1, sdp none\n"), "{ladder}");
    assert!(ladder.contains("ua ! answered, sdp theirs\nua ! confirmed\n"), "{ladder}");
    all_is_over(&mut world);
}

#[test]
fn a_call_ends_whatever_its_bye_tells_besides() {
    let is_answer = |message: &Message| {
        message.status() == Some(200) && message.cseq().is_ok_and(|of| of.method == Method::Invite)
    };
    let (_, peer) = noting(Box::new(move |message| match message.status() {
        Some(200) if is_answer(message) => {
            let to = tag_of(message);
            let bye = String::from_utf8(request("BYE", 2, None, &[(Name::To, &to)]));
            let bye = bye.unwrap_or_default().replace(
                "Content-Length: 0\r\n\r\n",
                "Content-Type: application/x-q931\r\nContent-Length: 2\r\n\r\n\x08\x02",
            );
            let ack = request("ACK", 1, None, &[(Name::To, &to)]);
            vec![(ms(0), ack), (ms(500), bye.into_bytes())]
        }
        _ => vec![],
    }));
    let mut world = world(brief(), peer);
    world.say(PEER, UA, ms(1), request("INVITE", 1, Some("offer"), &[]));
    world.run(ms(700));
    let ladder = world.ladder();
    assert!(ladder.ends_with("ua > peer 200 to 2 BYE\nua ! ended by peer\n"), "{ladder}");
    all_is_over(&mut world);
}

#[test]
fn a_refusal_quotes_what_it_could_not_read() {
    let (heard, peer) = noting(Box::new(|_| vec![]));
    let mut world = world(nobody(), peer);
    let odd = [(Name::ContentType, "text/\"odd\\")];
    let text = String::from_utf8(request("INVITE", 1, None, &odd)).unwrap_or_default();
    let text = text.replace("Content-Length: 0\r\n\r\n", "\r\nhello");
    world.say(PEER, UA, ms(1), text.into_bytes());
    world.run(seconds(1));
    let heard = heard.borrow();
    assert_eq!(heard[0].status(), Some(415));
    let warning = heard[0].text(Name::Warning).unwrap_or_default();
    assert!(warning.ends_with(r#""The body is of the type text/\"odd\\""#), "{warning}");
}
