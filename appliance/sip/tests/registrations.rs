//! Registrations at a scripted registrar: golden ladders.

mod world;

use sip::auth::{Algorithm, Asker, Claim, Demand, Qop};
use sip::endpoint::{Settings, Target, Transport};
use sip::primitive::{AccountId, Password, Request};
use sip::wire::{Message, Name, Writer};
use std::time::Duration;
use world::*;

const UA: &str = "127.0.0.1:5060";
const PBX: &str = "127.0.0.9:5060";
const SPARE: &str = "127.0.0.8:5060";

/// A registrar that wants a digest with the nonce at hand and grants an hour.
struct Registrar {
    nonces: Vec<&'static str>,
    password: &'static str,
    refusal: u16,
}

impl Registrar {
    fn new() -> Self {
        Self { nonces: vec!["n1"], password: "secret201", refusal: 401 }
    }

    fn answer(&mut self, request: &Message) -> Vec<(Duration, Vec<u8>)> {
        let nonce = self.nonces.first().copied().unwrap_or_default();
        let claim = Claim::find(request, Asker::Server, "pbx");
        let right = claim.as_ref().is_some_and(|claim| claim.holds(request, self.password));
        let known = claim.as_ref().is_some_and(|claim| claim.nonce == nonce);
        if right && known {
            return vec![(ms(0), granted(request, 3600))];
        }
        if claim.is_some() && !right && self.refusal != 401 {
            return vec![(ms(0), response(request, self.refusal).finish())];
        }
        let stale = right && !known;
        let (algorithm, qop) = (Algorithm::Md5, Qop::Auth);
        let demand = Demand { realm: "pbx", nonce, algorithm, qop, stale };
        vec![(ms(0), response(request, 401).header(Name::WwwAuthenticate, demand).finish())]
    }

    fn script(mut self) -> Script {
        Box::new(move |request| self.answer(request))
    }
}

fn granted(request: &Message, seconds: u32) -> Vec<u8> {
    response(request, 200).copy(request, Name::Contact).header(Name::Expires, seconds).finish()
}

/// A registrar that asks for nothing.
fn open() -> Script {
    Box::new(|request| vec![(ms(0), granted(request, 3600))])
}

fn one(registrar: Script) -> World {
    with_settings(settings(UA, &[PBX]), registrar)
}

fn with_settings(settings: Settings, registrar: Script) -> World {
    let mut world = World::new();
    world.engine("ua", settings, nobody());
    world.script("pbx", PBX, registrar);
    world.ask(UA, ms(0), put(1, "201"));
    world.ask(UA, ms(0), Request::Register(AccountId(1)));
    world
}

fn always(status: u16, name: Name, value: &'static str) -> Script {
    Box::new(move |request| vec![(ms(0), response(request, status).header(name, value).finish())])
}

#[track_caller]
fn check(world: &World, golden: &str) {
    assert_eq!(world.ladder(), golden, "\n{}", world.trace);
}

#[test]
fn a_challenge_is_answered_and_the_next_time_nobody_asks() {
    let mut world = one(Registrar::new().script());
    world.run(seconds(3300));
    check(
        &world,
        "ua > pbx 1 REGISTER, expires 3600
pbx > ua 401 to 1 REGISTER
ua > pbx 2 REGISTER, authorized, expires 3600
pbx > ua 200 to 2 REGISTER, expires 3600
ua ! registered 1 for 3600s
ua > pbx 3 REGISTER, authorized, expires 3600
pbx > ua 200 to 3 REGISTER, expires 3600
ua ! registered 1 for 3600s
",
    );
}

#[test]
fn a_stale_nonce_is_replaced_without_a_word_to_the_user() {
    let mut registrar = Registrar::new();
    registrar.nonces = vec!["n1", "n2"];
    let mut asked = 0;
    let mut world = one(Box::new(move |request| {
        asked += 1;
        if asked == 3 {
            registrar.nonces.remove(0);
        }
        registrar.answer(request)
    }));
    world.run(seconds(3300));
    check(
        &world,
        "ua > pbx 1 REGISTER, expires 3600
pbx > ua 401 to 1 REGISTER
ua > pbx 2 REGISTER, authorized, expires 3600
pbx > ua 200 to 2 REGISTER, expires 3600
ua ! registered 1 for 3600s
ua > pbx 3 REGISTER, authorized, expires 3600
pbx > ua 401 to 3 REGISTER
ua > pbx 4 REGISTER, authorized, expires 3600
pbx > ua 200 to 4 REGISTER, expires 3600
ua ! registered 1 for 3600s
",
    );
}

#[test]
fn a_wrong_password_is_named_and_not_tried_again_at_once() {
    let wrong = Registrar { password: "other", ..Registrar::new() };
    let mut world = one(wrong.script());
    world.run(seconds(60));
    check(
        &world,
        "ua > pbx 1 REGISTER, expires 3600
pbx > ua 401 to 1 REGISTER
ua > pbx 2 REGISTER, authorized, expires 3600
pbx > ua 401 to 2 REGISTER
ua ! not registered 1: 401 Unauthorized from 127.0.0.9:5060: user name or password of 201 is wrong
",
    );
}

#[test]
fn who_was_refused_registers_when_the_password_is_mended_here_or_there() {
    let refusing = || Registrar { password: "mended", ..Registrar::new() };
    let mut world = one(refusing().script());
    world.run(seconds(60));
    let mut mended = account("201");
    mended.password = Password::new("mended");
    world.ask(UA, ms(0), Request::PutAccount(AccountId(1), Box::new(mended)));
    world.ask(UA, ms(0), Request::Register(AccountId(1)));
    world.run(seconds(1));
    let registered = "pbx > ua 401 to 3 REGISTER
ua > pbx 4 REGISTER, authorized, expires 3600
pbx > ua 200 to 4 REGISTER, expires 3600
ua ! registered 1 for 3600s
";
    assert!(world.ladder().ends_with(registered), "{}", world.trace);

    let mut world = one(refusing().script());
    world.run(seconds(60));
    world.script("pbx", PBX, Registrar::new().script());
    world.run(seconds(330));
    assert!(world.ladder().ends_with(registered), "{}", world.trace);
}

#[test]
fn a_registrar_that_says_403_means_the_password_too() {
    let wrong = Registrar { password: "other", refusal: 403, ..Registrar::new() };
    let mut world = one(wrong.script());
    world.run(seconds(60));
    let golden = "ua ! not registered 1: 403 Forbidden from 127.0.0.9:5060: \
                  user name or password of 201 is wrong\n";
    assert!(world.ladder().ends_with(golden), "{}", world.trace);
}

#[test]
fn an_interval_too_brief_is_prolonged() {
    let mut world = one(Box::new(|request| {
        let brief = request.number(Name::Expires) < Some(7200);
        let refusal = response(request, 423).header(Name::MinExpires, 7200).finish();
        vec![(ms(0), if brief { refusal } else { granted(request, 7200) })]
    }));
    world.run(seconds(60));
    check(
        &world,
        "ua > pbx 1 REGISTER, expires 3600
pbx > ua 423 to 1 REGISTER
ua > pbx 2 REGISTER, expires 7200
pbx > ua 200 to 2 REGISTER, expires 7200
ua ! registered 1 for 7200s
",
    );
}

#[test]
fn a_registrar_that_cannot_is_left_alone_for_as_long_as_it_asks() {
    let mut world = one(always(503, Name::RetryAfter, "120"));
    world.run(seconds(119));
    check(
        &world,
        "ua > pbx 1 REGISTER, expires 3600
pbx > ua 503 to 1 REGISTER
ua ! not registered 1: 503 Service Unavailable from 127.0.0.9:5060: it cannot register anybody at the moment
",
    );
    world.run(seconds(15));
    assert_eq!(world.ladder().matches("REGISTER, expires").count(), 2, "{}", world.trace);
}

#[test]
fn a_dead_proxy_is_passed_over_and_taken_back_later() {
    let mut world = World::new();
    world.engine("ua", settings(UA, &[PBX, SPARE]), nobody());
    world.script("spare", SPARE, open());
    world.script("pbx", PBX, Box::new(|_| vec![]));
    world.ask(UA, ms(0), put(1, "201"));
    world.ask(UA, ms(0), Request::Register(AccountId(1)));
    world.run(seconds(20));
    check(
        &world,
        "ua > pbx 1 REGISTER, expires 3600
ua > pbx 1 REGISTER, expires 3600
ua > pbx 1 REGISTER, expires 3600
ua > pbx 1 REGISTER, expires 3600
ua > pbx 1 REGISTER, expires 3600
ua > pbx 1 REGISTER, expires 3600
ua > pbx 1 REGISTER, expires 3600
ua > spare 2 REGISTER, expires 3600
spare > ua 200 to 2 REGISTER, expires 3600
ua ! registered 1 for 3600s
",
    );
    // Who comes now does not wait for the dead one.
    world.ask(UA, ms(0), put(2, "202"));
    world.ask(UA, ms(0), Request::Register(AccountId(2)));
    world.run(seconds(2));
    assert!(world.ladder().ends_with("ua ! registered 2 for 3600s\n"), "{}", world.trace);
    // At the next refresh the preferred one is asked again.
    world.script("pbx", PBX, open());
    world.run(seconds(3300));
    assert!(world.ladder().contains("pbx > ua 200 to 3 REGISTER"), "{}", world.trace);
}

#[test]
fn where_all_are_dead_the_reason_says_so_and_it_is_tried_again() {
    let mut world = one(Box::new(|_| vec![]));
    world.run(seconds(18));
    let golden = "ua ! not registered 1: no answer from 127.0.0.9:5060: is it running, \
                  and does nothing block SIP on the way?\n";
    assert!(world.ladder().ends_with(golden), "{}", world.trace);
    world.script("pbx", PBX, open());
    world.run(seconds(60));
    assert!(world.ladder().ends_with("ua ! registered 1 for 3600s\n"), "{}", world.trace);
}

#[test]
fn a_registration_is_taken_back() {
    let mut world = one(Box::new(|request| {
        let seconds = request.number(Name::Expires).unwrap_or_default();
        vec![(ms(0), granted(request, seconds))]
    }));
    world.ask(UA, seconds(5), Request::Deregister(AccountId(1)));
    world.run(seconds(60));
    check(
        &world,
        "ua > pbx 1 REGISTER, expires 3600
pbx > ua 200 to 1 REGISTER, expires 3600
ua ! registered 1 for 3600s
ua > pbx 2 REGISTER, expires 0
pbx > ua 200 to 2 REGISTER, expires 0
ua ! deregistered 1
",
    );
    let load = world.endpoint(UA).load();
    assert_eq!((load.timers, load.client_transactions), (0, 0));
}

#[test]
fn a_start_of_many_is_spread_and_all_get_in() {
    let mut world = one(open());
    for id in 2..=600 {
        world.ask(UA, ms(0), put(id, &format!("{}", 200 + id)));
        world.ask(UA, ms(0), Request::Register(AccountId(id)));
    }
    world.run(seconds(1));
    let registered = world.ladder().matches("! registered").count();
    assert!((180..=215).contains(&registered), "{registered}");
    world.run(seconds(3));
    assert_eq!(world.ladder().matches("! registered").count(), 600);
}

#[test]
fn names_are_asked_for_and_one_without_address_is_named() {
    let mut world = with_settings(settings(UA, &["pbx.example"]), open());
    world.run(seconds(10));
    check(
        &world,
        "ua ? pbx.example
ua ! not registered 1: the name pbx.example has no address: check the name of the proxy and the DNS server
",
    );
    let address = PBX.parse().expect("an address");
    let target = Target { address, ttl: Duration::from_mins(5), priority: 0, weight: 0 };
    world.names.insert("pbx.example".into(), vec![target]);
    world.run(seconds(120));
    assert!(world.ladder().ends_with("ua ! registered 1 for 3600s\n"), "{}", world.trace);
}

#[test]
fn a_lost_connection_is_made_anew_and_registered_anew() {
    let mut world = World::new();
    let over_tcp =
        |address, proxies| Settings { transport: Transport::Tcp, ..settings(address, proxies) };
    world.engine("ua", over_tcp(UA, &["127.0.0.2:5060"][..]), nobody());
    // An engine is no registrar: that it answers 405 shows that it was reached.
    world.engine("pbx", over_tcp("127.0.0.2:5060", &[]), nobody());
    world.ask(UA, ms(0), put(1, "201"));
    world.ask(UA, ms(0), Request::Register(AccountId(1)));
    world.run(seconds(5));
    check(
        &world,
        "ua > pbx 1 REGISTER, expires 3600
pbx > ua 405 to 1 REGISTER (\"The method REGISTER is not served here\")
ua ! not registered 1: 405 Method Not Allowed from 127.0.0.2:5060: it does not register 201
",
    );
    world.cut_connections();
    world.ask(UA, ms(50), Request::Register(AccountId(1)));
    world.run(seconds(5));
    assert_eq!(world.ladder().matches("405 to").count(), 2, "{}", world.trace);
}

#[test]
fn a_server_without_tcp_is_named() {
    let over_tcp = Settings { transport: Transport::Tcp, ..settings(UA, &[PBX]) };
    let mut world = with_settings(over_tcp, open());
    world.refuses_tcp = true;
    world.run(seconds(5));
    check(
        &world,
        "ua ! not registered 1: no connection to 127.0.0.9:5060: is it running, and does it accept this transport?
",
    );
}

/// What a registrar says last is what counts, whatever it is.
#[test]
fn odd_answers_do_no_harm() {
    let odd: [fn(&Message) -> Writer; 5] = [
        |request| response(request, 200),
        |request| response(request, 200).header(Name::Expires, 0),
        |request| response(request, 401),
        |request| response(request, 423),
        |request| response(request, 302),
    ];
    for answer in odd {
        let mut world = one(Box::new(move |request| vec![(ms(0), answer(request).finish())]));
        world.run(seconds(100));
        let ladder = world.ladder();
        assert_eq!(ladder.matches("registered 1").count(), 1, "{ladder}");
        assert!(ladder.matches("REGISTER, ").count() <= 2, "{ladder}");
    }
}

#[test]
fn other_settings_lead_to_another_registrar_at_once() {
    let mut world = one(open());
    world.script("spare", SPARE, open());
    world.run(seconds(5));
    world.set(UA, settings(UA, &[SPARE]));
    world.run(seconds(1));
    let golden = "ua > spare 2 REGISTER, expires 3600
spare > ua 200 to 2 REGISTER, expires 3600
ua ! registered 1 for 3600s
";
    assert!(world.ladder().ends_with(golden), "{}", world.trace);
}
