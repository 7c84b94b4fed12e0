//! SNMP: what is read is written and read again as the same; nobody who is not known is answered with more than he sent,
//! nobody who is with more than fits; and no answer to a trap makes us send without end.
#![no_main]

use lan::snmp::usm::{Auth, Clock, User};
use lan::snmp::{
    Access, Agent, Engine, Envelope, MESSAGE_MAX, Message, Notifier, Oid, Target, Tree, Value, With,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

struct Ground {
    user: User,
    tree: Tree,
    begun: Instant,
}

static GROUND: LazyLock<Ground> = LazyLock::new(|| {
    let user = User::new("ward", Some((Auth::Sha1, "maplesyrup")), Some("bluebell-7"));
    let mut tree = Tree::default();
    for row in 1..100 {
        tree.put_at(&Oid::new(&[1, 3, 6, 1, 2]), &[row], Value::Octets(vec![7; 40]));
        tree.put_at(&Oid::new(&[1, 3, 6, 1, 3]), &[row], Value::Counter64(row.into()));
    }
    Ground { user: user.expect("a user"), tree, begun: Instant::now() }
});

fuzz_target!(|octets: &[u8]| {
    if let Ok(message) = Message::read(octets) {
        assert!(Message::read(&message.write()) == Ok(message));
    }
    if let Ok((envelope, _)) = Envelope::read(octets) {
        assert_eq!(Envelope::read(&envelope.write()).map(|it| it.0), Ok(envelope));
    }
    answered(octets);
    told(octets);
});

/// The community is the letter `c`, so that it is found.
fn answered(octets: &[u8]) {
    let Ground { user, tree, begun } = &*GROUND;
    let engine = || Engine { id: b"engine".into(), clock: Clock { boots: 1, begun: *begun } };
    let access = Access { community: Some(b"c".into()), users: vec![user.clone()] };
    let mut agent = Agent::new(*begun, &access, Some(engine()), 1);
    let Some(answer) = agent.input(*begun, octets, |_| tree) else { return };
    assert!(answer.len() <= MESSAGE_MAX);
    if let Ok(message) = Message::read(octets) {
        assert!(message.community == b"c" && Message::read(&answer).is_ok());
    } else {
        let (envelope, _) = Envelope::read(&answer).expect("our own message");
        // Nobody finds a proof by chance: it was told who we are.
        assert!(!envelope.authenticated && answer.len() <= 128);
    }
}

fn told(octets: &[u8]) {
    let Ground { user, begun, .. } = &*GROUND;
    for with in [With::Community(b"c".into()), With::User(user.clone())] {
        let mut notifier = Notifier::new(*begun, Target { with, confirmed: true }, None, 0);
        let mut out = Vec::new();
        let event = (Duration::ZERO, (Oid::new(&[1, 3, 6]), Vec::new()));
        notifier.notify(*begun, event, &mut out);
        for _ in 0..8 {
            notifier.input(*begun, octets, &mut out);
        }
        assert!(out.len() <= 3 && out.iter().all(|it| it.len() <= MESSAGE_MAX));
    }
}
