//! A notifier, and those who receive.

use super::*;
use crate::snmp::agent::{Access, Agent, Engine};
use crate::snmp::mib::notification;
use crate::snmp::tree::Tree;
use crate::snmp::usm::{Auth, Clock};
use crate::snmp::v3::{Envelope, Payload};

fn user() -> User {
    User::new("ward", Some((Auth::Sha256, "maplesyrup")), Some("bluebell-7")).unwrap()
}

fn engine(now: Instant, id: &[u8]) -> Engine {
    Engine { id: id.into(), clock: Clock { boots: 9, begun: now } }
}

fn target(with: With, confirmed: bool) -> Target {
    Target { with, confirmed }
}

fn community() -> With {
    With::Community(b"trap-7".into())
}

fn event(mac: &str) -> (Duration, (Oid, Vec<Binding>)) {
    (Duration::from_secs(3), notification::base_station_up(mac))
}

/// What follows from an event.
fn tell(notifier: &mut Notifier, now: Instant, mac: &str) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    notifier.notify(now, event(mac), &mut out);
    out
}

fn expire(notifier: &mut Notifier, now: Instant) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    notifier.expire(now, &mut out);
    out
}

fn hear(notifier: &mut Notifier, now: Instant, octets: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    notifier.input(now, octets, &mut out);
    out
}

fn only(mut out: Vec<Vec<u8>>) -> Vec<u8> {
    assert_eq!(out.len(), 1);
    out.remove(0)
}

/// The Ethernet address that an event was about.
fn about(pdu: &Pdu) -> String {
    let Some(Value::Octets(octets)) = pdu.bindings.get(2).map(|it| it.value.clone()) else {
        panic!("{pdu:?}")
    };
    String::from_utf8(octets).unwrap()
}

fn confirm(message: &[u8]) -> Vec<u8> {
    let mut message = Message::read(message).unwrap();
    message.pdu.kind = Kind::Response;
    message.write()
}

#[test]
fn a_trap_carries_the_time_the_name_and_what_it_is_about() {
    let now = Instant::now();
    let mut notifier = Notifier::new(now, target(community(), false), None, 7);
    let trap = Message::read(&only(tell(&mut notifier, now, "02:00:00:00:00:01"))).unwrap();
    assert!(trap.community == b"trap-7" && trap.version == Version::V2c);
    let shown: Vec<_> =
        trap.pdu.bindings.iter().map(|it| (it.name.to_string(), it.value.clone())).collect();
    let (name, variables) = notification::base_station_up("02:00:00:00:00:01");
    assert_eq!(trap.pdu.kind, Kind::Trap);
    assert_eq!(shown[0], ("1.3.6.1.2.1.1.3.0".into(), Value::TimeTicks(300)));
    assert_eq!(shown[1], ("1.3.6.1.6.3.1.1.4.1.0".into(), Value::Oid(name)));
    assert_eq!(trap.pdu.bindings[2..], variables[..]);
    assert_eq!((notifier.counted().told, notifier.deadline()), (1, None));
}

#[test]
fn many_events_wait_and_what_finds_no_room_is_counted() {
    let now = Instant::now();
    let mut notifier = Notifier::new(now, target(community(), false), None, 7);
    let sent: usize = (0..2000).map(|_| tell(&mut notifier, now, "m").len()).sum();
    assert_eq!((sent, notifier.counted().lost), (50, 2000 - 50 - 512));
    let mut at = now;
    while let Some(deadline) = notifier.deadline() {
        assert!(deadline > at);
        at = deadline;
        assert!(!expire(&mut notifier, at).is_empty());
    }
    assert_eq!((notifier.counted().told, (at - now).as_secs()), (50 + 512, 25));
}

#[test]
fn an_inform_is_repeated_until_it_is_confirmed_and_the_next_one_waits_for_it() {
    let now = Instant::now();
    let mut notifier = Notifier::new(now, target(community(), true), None, 7);
    let first = only(tell(&mut notifier, now, "one"));
    assert!(tell(&mut notifier, now, "two").is_empty());
    let later = notifier.deadline().unwrap();
    assert_eq!(later, now + PATIENCE);
    let again = only(expire(&mut notifier, later));
    assert_eq!(about(&Message::read(&again).unwrap().pdu), "one");
    // What was late, is another's or is no answer confirms nothing.
    let stranger =
        Message { community: b"other".into(), ..Message::read(&confirm(&again)).unwrap() };
    for wrong in [confirm(&first), stranger.write(), again.clone(), vec![]] {
        assert!(hear(&mut notifier, later, &wrong).is_empty());
    }
    let next = only(hear(&mut notifier, later, &confirm(&again)));
    let next = Message::read(&next).unwrap();
    assert_eq!((next.pdu.kind, about(&next.pdu)), (Kind::Inform, "two".into()));
    assert_eq!(notifier.counted(), Counted { told: 1, lost: 0 });
}

#[test]
fn an_inform_that_nobody_confirms_is_given_up_and_the_next_one_has_its_turn() {
    let now = Instant::now();
    let mut notifier = Notifier::new(now, target(community(), true), None, 7);
    let mut sent = vec![only(tell(&mut notifier, now, "one"))];
    tell(&mut notifier, now, "two");
    while let Some(at) = notifier.deadline() {
        sent.extend(expire(&mut notifier, at));
    }
    let names: Vec<_> =
        sent.iter().map(|octets| about(&Message::read(octets).unwrap().pdu)).collect();
    assert_eq!(names, ["one", "one", "one", "one", "two", "two", "two", "two"]);
    assert_eq!(notifier.counted(), Counted { told: 0, lost: 2 });
}

#[test]
fn a_secure_trap_is_proven_with_our_own_clock() {
    let now = Instant::now();
    let own = engine(now, b"ourselves");
    let mut notifier = Notifier::new(now, target(With::User(user()), false), Some(own), 7);
    let later = now + Duration::from_mins(1);
    let octets = only(tell(&mut notifier, later, "one"));
    let (envelope, place) = Envelope::read(&octets).unwrap();
    let known = user().known_to(b"ourselves");
    assert!(known.is_proven(&octets, place));
    assert_eq!((envelope.boots, envelope.time, envelope.reportable), (9, 60, false));
    let Payload::Sealed(sealed) = &envelope.payload else { panic!("open") };
    let clear = known.show((9, 60), &envelope.salt, sealed).unwrap();
    assert_eq!(about(&Scoped::read(&clear).unwrap().pdu), "one");
    // Without a name of our own there is nobody whom a receiver could believe.
    let mut nameless = Notifier::new(now, target(With::User(user()), false), None, 7);
    assert!(tell(&mut nameless, now, "one").is_empty());
    assert_eq!(nameless.counted(), Counted { told: 0, lost: 1 });
}

/// A receiver of informs, whose engine is that of an agent.
struct Station {
    agent: Agent,
    engine: Engine,
}

impl Station {
    fn new(now: Instant) -> Self {
        let engine = engine(now, b"the station");
        let access = Access { community: None, users: vec![user()] };
        let agent = Agent::new(now, &access, Some(engine.clone()), 5);
        Self { agent, engine }
    }

    /// The agent answers strangers and those whose clock is wrong; an inform it leaves to us.
    fn hear(&mut self, now: Instant, octets: &[u8]) -> (Vec<u8>, Option<Pdu>) {
        let tree = Tree::default();
        if let Some(report) = self.agent.input(now, octets, |_| &tree) {
            return (report, None);
        }
        let known = user().known_to(&self.engine.id);
        let (envelope, place) = Envelope::read(octets).unwrap();
        assert!(known.is_proven(octets, place));
        let Payload::Sealed(sealed) = &envelope.payload else { panic!("open") };
        let clock = (envelope.boots, envelope.time);
        let scoped = Scoped::read(&known.show(clock, &envelope.salt, sealed).unwrap()).unwrap();
        let pdu = Pdu { kind: Kind::Response, ..scoped.pdu.clone() };
        let clock = (self.engine.clock.boots, self.engine.clock.time(now));
        let origin = Origin { engine: &self.engine.id, clock, salt: 3 };
        let answer = seal(&origin, envelope.id, Some(&known), Scoped { pdu, ..scoped.clone() });
        (answer, Some(scoped.pdu))
    }
}

#[test]
fn a_secure_inform_finds_out_who_the_receiver_is_first() {
    let now = Instant::now();
    let mut station = Station::new(now);
    let mut notifier = Notifier::new(now, target(With::User(user()), true), None, 7);
    let later = now + Duration::from_secs(500);
    let who = only(tell(&mut notifier, later, "one"));
    let (name, inform) = station.hear(later, &who);
    assert!(inform.is_none());
    let unsynchronised = only(hear(&mut notifier, later, &name));
    let (clock, inform) = station.hear(later, &unsynchronised);
    assert!(inform.is_none());
    let inform = only(hear(&mut notifier, later, &clock));
    let (confirmed, heard) = station.hear(later, &inform);
    assert_eq!(heard.map(|pdu| (pdu.kind, about(&pdu))), Some((Kind::Inform, "one".into())));
    // A wrong bit anywhere and it is not believed.
    let mut wrong = confirmed.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert!(hear(&mut notifier, later, &wrong).is_empty());
    assert_eq!(notifier.counted().told, 0);
    assert!(hear(&mut notifier, later, &confirmed).is_empty());
    assert_eq!(notifier.counted(), Counted { told: 1, lost: 0 });
    // The next one goes at once, by the clock that is known.
    let next = only(tell(&mut notifier, later + Duration::from_secs(100), "two"));
    let (confirmed, heard) = station.hear(later + Duration::from_secs(100), &next);
    assert_eq!(heard.map(|pdu| about(&pdu)), Some("two".into()));
    assert!(hear(&mut notifier, later + Duration::from_secs(100), &confirmed).is_empty());
    assert_eq!(notifier.counted().told, 2);
}

#[test]
fn a_receiver_whose_clock_jumps_is_not_followed_in_circles() {
    let now = Instant::now();
    let mut station = Station::new(now);
    let mut notifier = Notifier::new(now, target(With::User(user()), true), None, 7);
    let mut sent = only(tell(&mut notifier, now, "one"));
    let mut answers = 0;
    loop {
        station.engine.clock.boots += 1;
        let access = Access { community: None, users: vec![user()] };
        station.agent = Agent::new(now, &access, Some(station.engine.clone()), 5);
        let (report, _) = station.hear(now, &sent);
        let Some(next) = hear(&mut notifier, now, &report).pop() else { break };
        (sent, answers) = (next, answers + 1);
    }
    assert_eq!(answers, 2);
}
