//! Strangers send damaged and misplaced messages to an engine in the middle of its work.

mod world;

use proptest::prelude::*;
use sip::endpoint::{Input, Output, Path};
use sip::primitive::{AccountId, Event, Request};
use std::net::SocketAddr;
use std::time::Instant;
use world::*;

const UA: &str = "127.0.0.1:5060";

/// What to do with one message: which one, where to damage it, how, and from which port it comes.
type Blow = (usize, Vec<(usize, u8)>, u16);

fn blows() -> impl Strategy<Value = Vec<Blow>> {
    let damage = prop::collection::vec((any::<usize>(), any::<u8>()), 0..4);
    prop::collection::vec((any::<usize>(), damage, 1024..1030_u16), 1..60)
}

fn messages() -> Vec<String> {
    let head = "Via: SIP/2.0/UDP 127.0.0.9:5060;rport;branch=z9hG4bKx\r\nFrom: <sip:200@x>;tag=f\r\n\
                Call-ID: c\r\nContact: <sip:200@127.0.0.9>\r\n";
    let request = |method: &str, to: &str, cseq: u32| {
        format!("{method} sip:201@{UA} SIP/2.0\r\n{head}To: {to}\r\nCSeq: {cseq} {method}\r\n\r\n")
    };
    let mut all: Vec<String> = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "X"]
        .iter()
        .zip(1..)
        .map(|(method, cseq)| request(method, "<sip:201@x>", cseq))
        .collect();
    all.push(request("BYE", "<sip:201@x>;tag=0123456789abcdef", 9));
    all.push(format!("SIP/2.0 200 OK\r\n{head}To: <sip:201@x>;tag=t\r\nCSeq: 1 INVITE\r\n\r\n"));
    all.push(format!("SIP/2.0 401 No\r\n{head}To: <sip:201@x>;tag=t\r\nCSeq: 1 REGISTER\r\n\r\n"));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_and_nothing_stays(blows in blows()) {
        let mut world = World::new();
        world.engine("ua", settings(UA, &["127.0.0.9:5060"]), nobody());
        let endpoint = world.endpoint(UA);
        let (mut now, mut out) = (Instant::now(), Vec::new());
        endpoint.input(now, Input::Request(put(1, "201")), &mut out);
        endpoint.input(now, Input::Request(Request::Register(AccountId(1))), &mut out);
        let mut heard: Vec<Vec<u8>> = messages().into_iter().map(String::into_bytes).collect();
        for (which, damage, port) in blows {
            // What the engine has sent comes back to it, too.
            for output in std::mem::take(&mut out) {
                match output {
                    Output::Send(_, octets) if heard.len() < 200 => heard.push(octets),
                    Output::Event(Event::Incoming(incoming)) => {
                        let answer = Request::Answer(incoming.call, session("answer"));
                        endpoint.input(now, Input::Request(answer), &mut out);
                    }
                    Output::Resolve(question) => {
                        // A damaged name stands for nothing; the resolver always says so.
                        endpoint.input(now, Input::Resolved(question, Vec::new()), &mut out);
                    }
                    _ => {}
                }
            }
            let mut octets = heard[which % heard.len()].clone();
            for (at, value) in damage {
                let length = octets.len();
                octets[at % length] = value;
            }
            let source = SocketAddr::from(([127, 0, 0, 9], port));
            endpoint.input(now, Input::Received(Path::Udp(source), octets), &mut out);
        }
        endpoint.input(now, Input::Request(Request::RemoveAccount(AccountId(1))), &mut out);
        for _ in 0..10_000 {
            for output in std::mem::take(&mut out) {
                if let Output::Resolve(question) = output {
                    endpoint.input(now, Input::Resolved(question, Vec::new()), &mut out);
                }
            }
            let Some(at) = endpoint.deadline() else { break };
            now = now.max(at);
            endpoint.expire(now, &mut out);
        }
        let load = endpoint.load();
        prop_assert_eq!((load.agents, load.calls, load.timers), (0, 0, 0), "{:?}", load);
        prop_assert_eq!((load.client_transactions, load.server_transactions), (0, 0));
    }
}
