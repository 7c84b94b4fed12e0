//! Challenges and their answers, both sides.

use sip::auth::{Algorithm, Asked, Asker, Claim, Course, Demand, Keyring, Qop, Refused};
use sip::primitive::Password;
use sip::wire::{Message, Method, Name, Writer};

const URI: &str = "sip:example.com";

fn asking(status: u16, challenges: &[&str]) -> Message {
    let name = Asker::of_status(status).expect("401 or 407").challenge();
    let writer = Writer::response(status);
    let writer = challenges.iter().fold(writer, |writer, text| writer.header(name, text));
    Message::parse(writer.finish()).expect("a response")
}

fn proved(keyring: &mut Keyring, password: &str) -> Message {
    let password = Password::new(password);
    let asked = Asked {
        user: "4711",
        password: &password,
        method: "REGISTER",
        uri: URI,
        body: b"",
        cnonce: "0a4f113b",
    };
    let writer = Writer::request(&Method::Register, URI);
    let fields = keyring.prove(&asked);
    let writer = fields.iter().fold(writer, |writer, (name, text)| writer.header(*name, text));
    Message::parse(writer.finish()).expect("a request")
}

fn demand(algorithm: Algorithm, qop: Qop, stale: bool) -> String {
    Demand { realm: "example.com", nonce: "dcd98b", algorithm, qop, stale }.to_string()
}

#[test]
fn what_one_side_proves_the_other_believes() {
    let algorithms =
        ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"];
    for algorithm in algorithms.map(|name| Algorithm::of_name(name).unwrap()) {
        for qop in [Qop::None, Qop::Auth, Qop::AuthInt] {
            for status in [401, 407] {
                let mut keyring = Keyring::default();
                let response = asking(status, &[&demand(algorithm, qop, false)]);
                keyring.challenged(&mut Course::default(), &response).unwrap();

                let request = proved(&mut keyring, "secret");
                let asker = Asker::of_status(status).unwrap();
                let claim = Claim::find(&request, asker, "example.com").unwrap();
                assert_eq!((claim.user, claim.nonce), ("4711", "dcd98b"));
                assert!(claim.holds(&request, "secret"), "{algorithm:?} {qop:?}");
                assert!(!claim.holds(&request, "Secret"), "{algorithm:?} {qop:?}");
            }
        }
    }
}

#[test]
fn the_strongest_algorithm_we_know_is_taken_and_strange_ones_are_passed_over() {
    let mut keyring = Keyring::default();
    let response = asking(
        401,
        &[
            "Basic realm=\"example.com\"",
            "Digest realm=\"example.com\", nonce=\"1\", algorithm=AKAv1-MD5",
            "Digest realm=\"example.com\", nonce=\"2\"",
            "Digest realm=\"example.com\", nonce=\"3\", algorithm=SHA-256, qop=\"auth-int,auth\", opaque=\"o\"",
            "Digest realm=\"example.com\", nonce=\"4\", algorithm=MD5, qop=\"auth\"",
        ],
    );
    keyring.challenged(&mut Course::default(), &response).unwrap();
    let request = proved(&mut keyring, "secret");
    let text = request.text(Name::Authorization).unwrap();

    assert_eq!(request.count(Name::Authorization), 1);
    assert!(text.contains("nonce=\"3\"") && text.contains("qop=auth, nc=00000001"), "{text}");
    assert!(text.contains("algorithm=SHA-256") && text.contains("opaque=\"o\""), "{text}");
}

#[test]
fn a_peer_of_rfc_2069_gets_neither_algorithm_nor_client_nonce() {
    let mut keyring = Keyring::default();
    let response = asking(401, &["Digest realm=\"a\\\"b\",nonce=\"1\""]);
    keyring.challenged(&mut Course::default(), &response).unwrap();
    let request = proved(&mut keyring, "secret");
    let text = request.text(Name::Authorization).unwrap();

    assert!(
        text.starts_with("Digest username=\"4711\", realm=\"a\\\"b\", nonce=\"1\", uri="),
        "{text}"
    );
    assert!(!text.contains("nc=") && !text.contains("algorithm"), "{text}");
}

#[test]
fn a_stale_nonce_is_replaced_and_a_wrong_password_is_not_tried_twice() {
    let (mut keyring, mut course) = (Keyring::default(), Course::default());
    let first = demand(Algorithm::Md5, Qop::Auth, false);
    let stale = demand(Algorithm::Md5, Qop::Auth, true);
    assert_eq!(keyring.challenged(&mut course, &asking(401, &[&first])), Ok(()));
    assert_eq!(keyring.challenged(&mut course, &asking(401, &[&stale])), Ok(()));
    assert_eq!(
        keyring.challenged(&mut course, &asking(401, &[&first])),
        Err(Refused::WrongPassword("example.com".to_owned()))
    );
    assert!(keyring.prove(&asked(&Password::new("x"))).is_empty());

    // The next request may find the password mended.
    assert_eq!(keyring.challenged(&mut Course::default(), &asking(401, &[&first])), Ok(()));
}

fn asked(password: &Password) -> Asked<'_> {
    Asked { user: "4711", password, method: "BYE", uri: URI, body: b"", cnonce: "1" }
}

#[test]
fn a_nonce_is_counted_and_answered_without_being_asked_again() {
    let mut keyring = Keyring::default();
    let response = asking(401, &[&demand(Algorithm::Md5, Qop::Auth, false)]);
    keyring.challenged(&mut Course::default(), &response).unwrap();
    for count in ["nc=00000001", "nc=00000002", "nc=00000003"] {
        let request = proved(&mut keyring, "secret");
        assert!(request.text(Name::Authorization).unwrap().contains(count));
        let claim = Claim::find(&request, Asker::Server, "example.com").unwrap();
        assert!(claim.holds(&request, "secret"));
    }
}

#[test]
fn a_proxy_and_a_registrar_are_answered_side_by_side() {
    let (mut keyring, mut course) = (Keyring::default(), Course::default());
    let proxy = "Digest realm=\"proxy\", nonce=\"p\", qop=\"auth\"";
    let registrar = "Digest realm=\"registrar\", nonce=\"r\", qop=\"auth\"";
    keyring.challenged(&mut course, &asking(407, &[proxy])).unwrap();
    keyring.challenged(&mut course, &asking(401, &[registrar])).unwrap();
    let request = proved(&mut keyring, "secret");

    assert!(Claim::find(&request, Asker::Proxy, "proxy").unwrap().holds(&request, "secret"));
    assert!(Claim::find(&request, Asker::Server, "registrar").unwrap().holds(&request, "secret"));
    assert!(Claim::find(&request, Asker::Server, "proxy").is_none());
}

#[test]
fn nobody_asks_for_ever() {
    let (mut keyring, mut course) = (Keyring::default(), Course::default());
    let stale = demand(Algorithm::Md5, Qop::Auth, true);
    let rounds = (0..10).map(|_| keyring.challenged(&mut course, &asking(401, &[&stale])));
    assert_eq!(rounds.flatten().count(), 6);

    let unknown = asking(401, &["Negotiate abc=def"]);
    let refused = keyring.challenged(&mut Course::default(), &unknown);
    assert_eq!(refused, Err(Refused::NothingKnown));
}
