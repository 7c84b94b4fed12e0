//! An agent, and those who ask it.

use super::*;
use crate::snmp::MESSAGE_MAX;
use crate::snmp::message::Version;
use crate::snmp::oid::Oid;
use crate::snmp::pdu::{Binding, Kind, Pdu, Status};
use crate::snmp::seal::{Origin, seal};
use crate::snmp::usm::Auth;
use crate::snmp::v3::{Envelope, Payload, Scoped};
use crate::snmp::value::Value;
use proptest::prelude::*;
use std::sync::OnceLock;
use std::time::Duration;

const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x05engine";

fn name(arcs: &[u32]) -> Oid {
    Oid::new(&[1, 3, 6, 1]).child(arcs)
}

fn tree() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(planted)
}

fn planted() -> Tree {
    let mut tree = Tree::default();
    tree.put(&name(&[1]), Value::text("Fixpart"));
    tree.put(&name(&[2]), Value::Counter64(1 << 40));
    for row in 1..200 {
        tree.put_at(&name(&[3, 1]), &[row], Value::Octets(vec![7; 40]));
    }
    tree.put(&name(&[4]), Value::Integer(4));
    tree.put(&name(&[5]), Value::Octets(vec![5; 1200]));
    tree.put(&name(&[6]), Value::Octets(vec![6; 1200]));
    tree
}

fn user(auth: Auth) -> User {
    User::new("ward", Some((auth, "maplesyrup")), Some("bluebell-7")).unwrap()
}

/// An agent that began a hundred seconds ago, for the fourth time.
fn agent(now: Instant, users: Vec<User>) -> Agent {
    let access = Access { community: Some(b"ward-7".into()), users };
    let begun = now.checked_sub(Duration::from_secs(100)).unwrap();
    let engine = Engine { id: ENGINE.into(), clock: Clock { boots: 4, begun } };
    Agent::new(now, &access, Some(engine), 99)
}

fn question(kind: Kind, names: &[Oid]) -> Pdu {
    let asked = names.iter().map(|name| Binding::new(name.clone(), Value::Null));
    Pdu::new(kind, 4711, asked.collect())
}

fn bulk(names: &[Oid], once: i32, rounds: i32) -> Pdu {
    Pdu { status: Status(once), index: rounds, ..question(Kind::GetBulk, names) }
}

/// The answer to a question with a community.
fn ask(
    agent: &mut Agent,
    now: Instant,
    (version, community): (Version, &str),
    pdu: Pdu,
) -> Option<Pdu> {
    let message = Message { version, community: community.into(), pdu };
    let answer = agent.input(now, &message.write(), |_| tree())?;
    assert!(answer.len() <= MESSAGE_MAX, "{}", answer.len());
    let answer = Message::read(&answer).unwrap();
    assert!(answer.version == version && answer.community == community.as_bytes());
    assert_eq!((answer.pdu.kind, answer.pdu.request), (Kind::Response, 4711));
    Some(answer.pdu)
}

const TWO: (Version, &str) = (Version::V2c, "ward-7");
const ONE: (Version, &str) = (Version::V1, "ward-7");

#[test]
fn whoever_knows_the_community_is_answered_and_nobody_else_is() {
    let now = Instant::now();
    let mut agent = agent(now, vec![]);
    let asked = question(Kind::Get, &[name(&[1, 0]), name(&[1, 1]), name(&[9, 0])]);
    let answer = ask(&mut agent, now, TWO, asked.clone()).unwrap();
    let values: Vec<_> = answer.bindings.into_iter().map(|it| it.value).collect();
    assert_eq!(values, [Value::text("Fixpart"), Value::NoSuchInstance, Value::NoSuchObject]);
    for wrong in ["", "public", "ward-", "ward-77", "WARD-7"] {
        assert_eq!(ask(&mut agent, now, (Version::V2c, wrong), asked.clone()), None, "{wrong:?}");
    }
    assert_eq!((agent.stats().bad_communities, agent.stats().answered), (5, 1));
}

#[test]
fn without_a_community_nobody_may_ask_not_even_with_an_empty_one() {
    let now = Instant::now();
    for community in [None, Some(vec![])] {
        let access = Access { community, users: vec![] };
        let mut agent = Agent::new(now, &access, None, 1);
        let asked = question(Kind::Get, &[name(&[1, 0])]);
        assert_eq!(ask(&mut agent, now, (Version::V2c, ""), asked.clone()), None);
        assert_eq!(ask(&mut agent, now, (Version::V1, ""), asked), None);
    }
}

#[test]
fn what_version_1_cannot_say_is_not_there_for_it() {
    let now = Instant::now();
    let mut agent = agent(now, vec![]);
    let asked = question(Kind::Get, &[name(&[1, 0]), name(&[2, 0])]);
    let answer = ask(&mut agent, now, ONE, asked.clone()).unwrap();
    assert_eq!((answer.status, answer.index), (Status::NO_SUCH_NAME, 2));
    assert_eq!(answer.bindings, asked.bindings);
    let next = ask(&mut agent, now, ONE, question(Kind::GetNext, &[name(&[1, 0])])).unwrap();
    assert_eq!(next.bindings[0].name, name(&[3, 1, 1]));
    let end = ask(&mut agent, now, ONE, question(Kind::GetNext, &[name(&[6, 0])])).unwrap();
    assert_eq!((end.status, end.index), (Status::NO_SUCH_NAME, 1));
    assert_eq!(ask(&mut agent, now, ONE, bulk(&[name(&[1])], 0, 9)), None);
}

#[test]
fn a_walk_meets_everything_once_and_ends() {
    let now = Instant::now();
    let mut agent = agent(now, vec![]);
    let (mut at, mut met) = (name(&[]), Vec::new());
    loop {
        let answer = ask(&mut agent, now, TWO, question(Kind::GetNext, &[at])).unwrap();
        let [found] = &answer.bindings[..] else { panic!("{answer:?}") };
        if found.value == Value::EndOfMibView {
            break;
        }
        at = found.name.clone();
        met.push(found.clone());
    }
    let all: Vec<_> =
        tree().iter().map(|(name, value)| Binding::new(name.clone(), value.clone())).collect();
    assert_eq!(met, all);
    let (mut at, mut met) = (name(&[]), Vec::new());
    loop {
        let answer = ask(&mut agent, now, TWO, bulk(&[at], 0, i32::MAX)).unwrap();
        let ended = answer.bindings.last().unwrap().value == Value::EndOfMibView;
        met.extend(answer.bindings.into_iter().filter(|it| it.value != Value::EndOfMibView));
        at = met.last().unwrap().name.clone();
        if ended {
            break;
        }
    }
    assert_eq!(met, all);
}

#[test]
fn some_are_asked_for_once_and_the_others_in_rounds() {
    let now = Instant::now();
    let mut agent = agent(now, vec![]);
    let asked = bulk(&[name(&[1]), name(&[3]), name(&[5])], 1, 2);
    let answer = ask(&mut agent, now, TWO, asked).unwrap();
    let names: Vec<_> = answer.bindings.into_iter().map(|it| it.name).collect();
    // What follows would not fit any more.
    assert_eq!(names, [name(&[1, 0]), name(&[3, 1, 1]), name(&[5, 0]), name(&[3, 1, 2])]);
    for (once, rounds) in [(-1, -1), (0, 0), (i32::MIN, 0)] {
        let answer = ask(&mut agent, now, TWO, bulk(&[name(&[1])], once, rounds)).unwrap();
        assert!(answer.bindings.is_empty());
    }
}

#[test]
fn what_does_not_fit_is_said_to_be_too_big() {
    let now = Instant::now();
    let mut agent = agent(now, vec![]);
    let asked = question(Kind::Get, &[name(&[5, 0]), name(&[6, 0])]);
    let answer = ask(&mut agent, now, TWO, asked.clone()).unwrap();
    assert_eq!((answer.status, answer.bindings.len()), (Status::TOO_BIG, 0));
    let answer = ask(&mut agent, now, ONE, asked.clone()).unwrap();
    assert_eq!((answer.status, answer.bindings), (Status::TOO_BIG, asked.bindings));
}

#[test]
fn nothing_is_changed_by_anybody() {
    let now = Instant::now();
    let mut agent = agent(now, vec![]);
    let mut asked = question(Kind::Set, &[name(&[4, 0])]);
    asked.bindings[0].value = Value::Integer(5);
    let answer = ask(&mut agent, now, TWO, asked.clone()).unwrap();
    assert_eq!((answer.status, answer.index), (Status::NO_ACCESS, 1));
    assert_eq!(ask(&mut agent, now, ONE, asked).unwrap().status, Status::NO_SUCH_NAME);
    for kind in [Kind::Response, Kind::Inform, Kind::Trap, Kind::Report] {
        assert_eq!(ask(&mut agent, now, TWO, question(kind, &[name(&[4, 0])])), None);
    }
}

#[test]
fn answers_stop_where_too_much_was_sent_already() {
    let now = Instant::now();
    let mut agent = agent(now, vec![]);
    let asked = || bulk(&[name(&[3])], 0, 99);
    let answered = (0..10_000).filter(|_| ask(&mut agent, now, TWO, asked()).is_some()).count();
    assert!((700..800).contains(&answered), "{answered}");
    assert_eq!(agent.stats().throttled, 10_000 - answered as u64);
    assert!(ask(&mut agent, now + Duration::from_secs(1), TWO, asked()).is_some());
}

/// Somebody who asks by version 3.
struct Asker {
    known: Known,
    engine: Vec<u8>,
    clock: (i32, i32),
}

impl Asker {
    fn new(user: &User) -> Self {
        Self { known: user.known_to(ENGINE), engine: ENGINE.into(), clock: (4, 100) }
    }

    fn message(&self, pdu: Pdu) -> Vec<u8> {
        let origin = Origin { engine: &self.engine, clock: self.clock, salt: 5 };
        let scoped = Scoped { engine: self.engine.clone(), context: vec![], pdu };
        seal(&origin, 77, Some(&self.known), scoped)
    }

    /// The answer, as this asker reads it.
    fn ask(&self, agent: &mut Agent, now: Instant, pdu: Pdu) -> Option<Pdu> {
        self.read(send(agent, now, &self.message(pdu))?)
    }

    fn read(&self, (octets, envelope): (Vec<u8>, Envelope)) -> Option<Pdu> {
        assert_eq!(envelope.id, 77);
        if envelope.authenticated {
            let (_, place) = Envelope::read(&octets).unwrap();
            assert!(self.known.is_proven(&octets, place));
        }
        Some(match &envelope.payload {
            Payload::Clear(scoped) => scoped.pdu.clone(),
            Payload::Sealed(sealed) => {
                let clock = (envelope.boots, envelope.time);
                let clear = self.known.show(clock, &envelope.salt, sealed)?;
                Scoped::read(&clear).unwrap().pdu
            }
        })
    }
}

fn send(agent: &mut Agent, now: Instant, octets: &[u8]) -> Option<(Vec<u8>, Envelope)> {
    let answer = agent.input(now, octets, |_| tree())?;
    assert!(answer.len() <= MESSAGE_MAX, "{}", answer.len());
    let (envelope, _) = Envelope::read(&answer).unwrap();
    Some((answer, envelope))
}

fn reported(pdu: &Pdu) -> u32 {
    assert_eq!(pdu.kind, Kind::Report);
    let [.., object, 0] = pdu.bindings[0].name.arcs() else { panic!("{pdu:?}") };
    *object
}

#[test]
fn a_user_finds_out_who_we_are_and_what_time_it_is_and_then_asks() {
    let now = Instant::now();
    for auth in [Auth::Sha1, Auth::Sha256] {
        let mut agent = agent(now, vec![user(auth)]);
        let mut asker = Asker::new(&user(auth));
        // RFC 3414 4: first the name, from somebody without one.
        let nobody = seal(
            &Origin { engine: &[], clock: (0, 0), salt: 0 },
            77,
            None,
            Scoped { engine: vec![], context: vec![], pdu: question(Kind::Get, &[]) },
        );
        let (octets, envelope) = send(&mut agent, now, &nobody).unwrap();
        assert_eq!((envelope.engine.as_slice(), envelope.authenticated), (ENGINE, false));
        assert_eq!(reported(&asker.read((octets, envelope)).unwrap()), 4);
        // Then the clock, with a proof.
        asker.clock = (0, 0);
        let asked = question(Kind::Get, &[name(&[1, 0])]);
        let (octets, envelope) = send(&mut agent, now, &asker.message(asked.clone())).unwrap();
        assert!(envelope.authenticated && !envelope.private);
        asker.clock = (envelope.boots, envelope.time);
        assert_eq!(asker.clock, (4, 100));
        assert_eq!(reported(&asker.read((octets, envelope)).unwrap()), 2);
        let (octets, envelope) = send(&mut agent, now, &asker.message(asked)).unwrap();
        assert!(envelope.authenticated && envelope.private);
        let answer = asker.read((octets, envelope)).unwrap();
        assert_eq!((answer.kind, answer.request), (Kind::Response, 4711));
        assert_eq!(answer.bindings[0].value, Value::text("Fixpart"));
        let answer = asker.ask(&mut agent, now, bulk(&[name(&[3])], 0, 100)).unwrap();
        assert!(answer.bindings.len() > 15, "{}", answer.bindings.len());
    }
}

#[test]
fn whoever_is_not_known_or_has_a_wrong_key_gets_nothing() {
    let now = Instant::now();
    let mut agent = agent(now, vec![user(Auth::Sha256)]);
    let auth = |password| Some((Auth::Sha256, password));
    let asked = || question(Kind::Get, &[name(&[1, 0])]);
    let wrong = [
        User::new("nobody", auth("maplesyrup"), Some("bluebell-7")),
        User::new("ward", auth("maplesyrop"), Some("bluebell-7")),
        User::new("ward", Some((Auth::Sha1, "maplesyrup")), Some("bluebell-7")),
        User::new("ward", auth("maplesyrup"), Some("bluebell-8")),
        User::new("ward", auth("maplesyrup"), None),
        User::new("ward", None, None),
    ];
    for user in wrong {
        assert_eq!(Asker::new(&user.unwrap()).ask(&mut agent, now, asked()), None);
    }
    let stats = agent.stats();
    assert_eq!((stats.unknown_users, stats.wrong_proofs), (1, 2));
    assert_eq!((stats.unreadable, stats.wrong_levels, stats.answered), (1, 2, 0));
}

#[test]
fn what_was_asked_in_an_earlier_life_or_long_ago_is_not_answered_again() {
    let now = Instant::now();
    let mut agent = agent(now, vec![user(Auth::Sha1)]);
    let asker = Asker::new(&user(Auth::Sha1));
    let asked = asker.message(question(Kind::Get, &[name(&[1, 0])]));
    let kind = |agent: &mut Agent, now| asker.read(send(agent, now, &asked).unwrap()).unwrap().kind;
    assert_eq!(kind(&mut agent, now), Kind::Response);
    assert_eq!(kind(&mut agent, now + Duration::from_secs(150)), Kind::Response);
    assert_eq!(kind(&mut agent, now + Duration::from_secs(151)), Kind::Report);
    let earlier = Asker { clock: (3, 100), ..Asker::new(&user(Auth::Sha1)) };
    let answer = earlier.ask(&mut agent, now, question(Kind::Get, &[name(&[1, 0])]));
    assert_eq!(reported(&answer.unwrap()), 2);
    assert_eq!(agent.stats().not_recent, 2);
}

#[test]
fn an_agent_without_a_name_does_not_speak_version_3() {
    let now = Instant::now();
    let access = Access { community: None, users: vec![user(Auth::Sha1)] };
    let mut agent = Agent::new(now, &access, None, 1);
    let asker = Asker::new(&user(Auth::Sha1));
    assert_eq!(asker.ask(&mut agent, now, question(Kind::Get, &[name(&[1, 0])])), None);
}

#[test]
fn strangers_are_told_who_we_are_a_few_times_only() {
    let now = Instant::now();
    let mut agent = agent(now, vec![user(Auth::Sha1)]);
    let stranger = Asker { engine: b"who is there".into(), ..Asker::new(&user(Auth::Sha1)) };
    let message = stranger.message(question(Kind::Get, &[name(&[1, 0])]));
    let told = |agent: &mut Agent, now| {
        let answers = (0..1000).filter_map(|_| send(agent, now, &message));
        answers.map(|(octets, _)| octets.len()).collect::<Vec<_>>()
    };
    let lengths = told(&mut agent, now);
    assert_eq!(lengths.len(), 50);
    // Nor is it much more than was asked with.
    assert!(lengths.iter().all(|length| *length <= message.len()), "{lengths:?} {}", message.len());
    assert_eq!(told(&mut agent, now + Duration::from_secs(1)).len(), 10);
}

proptest! {
    #[test]
    fn whatever_comes_there_is_no_answer_to_it(octets: Vec<u8>) {
        let now = Instant::now();
        prop_assert_eq!(agent(now, vec![]).input(now, &octets, |_| tree()), None);
    }

    #[test]
    fn one_wrong_bit_of_a_secure_message_and_it_is_not_answered(bit: prop::sample::Index) {
        let now = Instant::now();
        let mut agent = agent(now, vec![user_once()]);
        let mut octets = Asker::new(&user_once()).message(question(Kind::Get, &[name(&[1, 0])]));
        let bit = bit.index(octets.len() * 8);
        octets[bit / 8] ^= 1 << (bit % 8);
        if let Some((octets, envelope)) = send(&mut agent, now, &octets) {
            // Another engine was meant: everybody may be told who we are.
            prop_assert!(!envelope.authenticated, "{octets:?}");
            prop_assert!(matches!(envelope.payload, Payload::Clear(it) if reported(&it.pdu) == 4));
        }
    }
}

/// A user whose key was found once.
fn user_once() -> User {
    static USER: OnceLock<User> = OnceLock::new();
    USER.get_or_init(|| user(Auth::Sha256)).clone()
}
