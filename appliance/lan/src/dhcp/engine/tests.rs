//! The engine against a server that is played, under a clock of the test's own.

use super::super::packet;
use super::*;
use machine::Seeded;

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const OTHER: [u8; 6] = [2, 0, 0, 0, 0, 9];
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// What a played server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Gives,
    Refuses,
    Silent,
}

struct World {
    now: Instant,
    began: Instant,
    dhcp: Dhcp,
    mood: Mood,
    /// The last octet of the address that is given.
    gives: u8,
    /// Addresses that somebody else has.
    taken: Vec<Ipv4Addr>,
    configured: Option<Ipv4Addr>,
    local: Option<Ipv4Addr>,
    kept: Option<Ipv4Addr>,
    /// What was sent, with the second.
    trace: Vec<(u64, String)>,
}

impl World {
    fn new(mood: Mood, known: Option<Ipv4Addr>) -> Self {
        let own = Own { mac: MAC, host_name: "box".into(), vendor_class: "fixpart".into() };
        let now = Instant::now();
        let dhcp = Dhcp::new(own, known, Box::new(Seeded::new(7)));
        let (taken, trace) = (Vec::new(), Vec::new());
        let (configured, local, kept) = (None, None, known);
        Self { now, began: now, dhcp, mood, gives: 10, taken, configured, local, kept, trace }
    }

    fn input(&mut self, input: Input<'_>) {
        let mut out = Vec::new();
        self.dhcp.input(self.now, input, &mut out);
        self.carry_out(out);
    }

    /// Lets time pass until `seconds` after the beginning.
    fn until(&mut self, seconds: u64) {
        let end = self.began + Duration::from_secs(seconds);
        while let Some(at) = self.dhcp.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let mut out = Vec::new();
            self.dhcp.expire(self.now, &mut out);
            self.carry_out(out);
        }
        self.now = end;
    }

    fn carry_out(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Send(octets, destination) => self.sent(&octets, destination),
                Output::Arp(octets) => self.asked(Arp::decode(&octets).unwrap()),
                Output::Configure(lease) => {
                    self.configured = Some(lease.address);
                    self.note(format!("uses {}", lease.address));
                }
                Output::Unconfigure => {
                    self.configured = None;
                    self.note("uses nothing".into());
                }
                Output::LinkLocal(address) => {
                    self.local = address;
                    let link = address.is_some_and(|it| it.is_link_local());
                    assert!(link || address.is_none());
                    self.note(if link { "link-local".into() } else { "no link-local".into() });
                }
                Output::Keep(address) => self.kept = address,
                Output::Note(_) => {}
            }
        }
    }

    fn note(&mut self, text: String) {
        self.trace.push((self.now.duration_since(self.began).as_secs(), text));
    }

    fn asked(&mut self, arp: Arp) {
        if arp.sender.1.is_unspecified() && self.taken.contains(&arp.target.1) {
            let answer = Arp { asks: false, sender: (OTHER, arp.target.1), target: arp.sender };
            self.input(Input::Arp(&answer.encode()));
        }
    }

    fn sent(&mut self, octets: &[u8], destination: Destination) {
        // As it would go through the wire.
        assert!(packet::broadcast(octets).len() > octets.len());
        let message = Message::decode(octets).unwrap();
        let kind = message.kind().unwrap();
        let requested = message.options.get(&options::REQUESTED).cloned().unwrap_or_default();
        let unicast = if destination == Destination::Broadcast { "" } else { " to its server" };
        self.note(format!("{kind:?}{unicast}"));
        let id = message.options.get(&options::CLIENT_ID).unwrap();
        assert_eq!(id[..5], [255, 0, 0, 0, 1]);
        let reply = match (self.mood, kind) {
            (Mood::Silent, _) | (_, Kind::Decline) => return,
            (_, Kind::Discover) => Kind::Offer,
            (Mood::Refuses, _) => Kind::Nak,
            (Mood::Gives, _) => Kind::Ack,
        };
        // Exactly one of the two ways to name an address, and a server only for an offer (RFC 2131, table 5).
        if kind == Kind::Request {
            assert_ne!(message.client.is_unspecified(), requested.is_empty());
        }
        let mut answer = Message::of_client(message.transaction, MAC, reply);
        answer.is_request = false;
        let wanted = <[u8; 4]>::try_from(requested).ok().map(Ipv4Addr::from);
        let given = Ipv4Addr::new(192, 0, 2, self.gives);
        answer.yours = match kind {
            Kind::Discover => given,
            _ => wanted.unwrap_or(message.client),
        };
        answer.options.insert(options::SERVER, SERVER.octets().to_vec());
        if reply != Kind::Nak {
            answer.options.insert(options::LEASE_TIME, vec![0, 0, 0, 120]);
            answer.options.insert(options::MASK, vec![255, 255, 255, 0]);
        }
        self.input(Input::Message(&answer.encode()));
    }

    fn words(&self) -> Vec<String> {
        self.trace.iter().map(|(second, text)| format!("{second} {text}")).collect()
    }
}

const TENTH: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

#[test]
fn a_lease_is_had_within_two_seconds_and_renewed_for_ever() {
    let mut world = World::new(Mood::Gives, None);
    world.input(Input::LinkUp);
    world.until(2);
    assert_eq!((world.configured, world.kept), (Some(TENTH), Some(TENTH)));
    world.until(400);
    assert_eq!(world.configured, Some(TENTH));
    let renewals = world.trace.iter().filter(|it| it.1 == "Request to its server").count();
    assert_eq!(renewals, 6, "{:?}", world.words());
}

#[test]
fn the_address_of_the_last_time_comes_back_without_a_question_for_any() {
    let mut world = World::new(Mood::Gives, Some([192, 0, 2, 77].into()));
    world.input(Input::LinkUp);
    world.until(3);
    assert_eq!(world.words(), ["0 Request", "1 uses 192.0.2.77"]);
    let mut world = World::new(Mood::Refuses, Some([192, 0, 2, 77].into()));
    world.gives = 11;
    world.input(Input::LinkUp);
    assert!(world.words().starts_with(&["0 Request".into(), "0 Discover".into()]));
    assert_eq!(world.kept, None);
    // What it offers it refuses, too: asked again and again, but not as fast as it answers.
    world.until(60);
    let asked = world.trace.iter().filter(|it| it.1 == "Discover").count();
    assert!((5..=7).contains(&asked), "{:?}", world.words());
}

#[test]
fn a_server_that_is_away_costs_fifteen_seconds_and_is_found_when_it_is_back() {
    let mut world = World::new(Mood::Silent, None);
    world.input(Input::LinkUp);
    world.until(30);
    let local = world.trace.iter().find(|it| it.1 == "link-local").unwrap().0;
    // 15 s, and four to nine for the questions of RFC 3927.
    assert!((19..=24).contains(&local), "{local}");
    world.until(300);
    assert!(world.local.is_some() && world.configured.is_none());
    world.mood = Mood::Gives;
    world.until(340);
    assert_eq!((world.local, world.configured), (None, Some(TENTH)), "{:?}", world.words());
}

#[test]
fn a_lease_whose_server_dies_ends_with_it_and_not_before() {
    let mut world = World::new(Mood::Gives, None);
    world.input(Input::LinkUp);
    world.until(10);
    world.mood = Mood::Silent;
    world.until(119);
    assert_eq!(world.configured, Some(TENTH));
    world.until(121);
    assert_eq!(world.configured, None);
    let after = |what: &str| world.trace.iter().find(|it| it.1 == what).map(|it| it.0);
    assert_eq!(after("Request to its server"), Some(60));
    world.until(150);
    assert!(world.local.is_some(), "{:?}", world.words());
}

#[test]
fn an_address_that_somebody_has_is_declined_before_it_is_used() {
    let mut world = World::new(Mood::Gives, None);
    world.taken = vec![TENTH];
    world.input(Input::LinkUp);
    world.gives = 11;
    world.until(14);
    let words = world.words();
    assert!(words.contains(&"0 Decline".into()), "{words:?}");
    assert!(!words.iter().any(|it| it.ends_with("uses 192.0.2.10")), "{words:?}");
    assert_eq!(world.configured, Some([192, 0, 2, 11].into()));
    // Later somebody takes that one too: defended once, then given up.
    let takes = Arp::announcement(OTHER, [192, 0, 2, 11].into());
    world.input(Input::Arp(&takes.encode()));
    assert!(world.configured.is_some());
    world.input(Input::Arp(&takes.encode()));
    assert_eq!(world.configured, None);
}

#[test]
fn an_address_of_the_link_that_somebody_has_is_followed_by_another() {
    let mut world = World::new(Mood::Silent, None);
    let first = link_local(MAC, 0, &mut Seeded::new(1));
    world.taken = vec![first];
    world.input(Input::LinkUp);
    world.until(40);
    assert!(world.local.is_some_and(|it| it != first));
    world.input(Input::LinkDown);
    assert_eq!(world.local, None);
}

#[test]
fn what_is_for_others_changes_nothing() {
    let mut world = World::new(Mood::Silent, None);
    world.input(Input::LinkUp);
    let of = |transaction, mac| {
        let mut offer = Message::of_client(transaction, mac, Kind::Offer);
        offer.is_request = false;
        offer.yours = TENTH;
        offer.options.insert(options::SERVER, SERVER.octets().to_vec());
        offer.options.insert(options::LEASE_TIME, vec![0, 0, 0, 120]);
        offer
    };
    let transaction = world.dhcp.transaction;
    let as_request = Message { is_request: true, ..of(transaction, MAC) };
    for message in [of(transaction ^ 1, MAC), of(transaction, OTHER), as_request] {
        world.input(Input::Message(&message.encode()));
        assert_eq!(*world.dhcp.client.state(), State::Selecting);
    }
    world.input(Input::Message(&of(transaction, MAC).encode()));
    assert!(matches!(world.dhcp.client.state(), State::Requesting(_)));
    // Another server's refusal is not about this offer.
    let mut nak = Message::of_client(world.dhcp.transaction, MAC, Kind::Nak);
    nak.is_request = false;
    nak.options.insert(options::SERVER, vec![192, 0, 2, 3]);
    world.input(Input::Message(&nak.encode()));
    assert!(matches!(world.dhcp.client.state(), State::Requesting(_)));
}

#[test]
fn every_address_of_the_link_is_one() {
    for seed in 0..2000 {
        let address = link_local(MAC, 1, &mut Seeded::new(seed));
        let [.., third, _] = address.octets();
        assert!(address.is_link_local() && (1..=254).contains(&third), "{address}");
    }
}
