//! A handset against a fixed part of which each word is written down here.

use super::*;
use crate::air::Beacon;
use dect::lapc::{self, Action, Frame, Indication, Link, Side};
use dect::wire::Message;
use ident::{Ari, Rfpi, Rpn};
use machine::{Effect, Rng};
use proptest::prelude::*;
use std::fmt::Write as _;

/// The random numbers of Annex K, whatever is asked for.
struct AnnexK;

impl Rng for AnnexK {
    fn fill(&mut self, octets: &mut [u8]) {
        let known = [0xa0, 0x3f, 0xf2, 0xc5, 0x23, 0xd0, 0x08, 0x42];
        octets.iter_mut().zip(known.into_iter().cycle()).for_each(|(octet, known)| *octet = known);
    }
}

/// A handset, its radio, and the far end of its data link.
struct Bench {
    pp: SimPp,
    far: Link,
    now: Instant,
    begin: Instant,
    trace: String,
}

impl Bench {
    fn new(change: impl FnOnce(&mut Model)) -> Self {
        let ipei = "00079 1048575 7".parse().expect("an IPEI");
        let mut model = Model::new(ipei);
        change(&mut model);
        let begin = Instant::now();
        let mut bench = Self {
            pp: SimPp::new(model, Box::new(AnnexK), begin),
            far: Link::new(Side::Fixed),
            now: begin,
            begin,
            trace: String::new(),
        };
        bench.user(Command::SwitchOn);
        let pari: Ari = "10009034".parse().expect("an ARI");
        let rfpi = Rfpi::new(pari, Rpn(1)).expect("an RFPI");
        bench.air(Downlink::Beacon(Beacon { rfpi, capabilities: 0xca4a }));
        bench
    }

    /// A handset that is subscribed as in Annex K and in service.
    fn in_service(change: impl FnOnce(&mut Model)) -> Self {
        let mut bench = Self::new(change);
        bench.subscribe();
        bench.says("8555 0505 a09400027b 07015f");
        bench.wait(20);
        assert!(bench.pp.is_located() && !bench.pp.has_link(), "{}", bench.trace);
        bench.trace.clear();
        bench
    }

    fn subscribe(&mut self) {
        self.user(Command::Subscribe(AccessCode::new("9124").expect("digits")));
        self.says("0542 0b020188 0c08 d01ff9e211680421 0e08 0000000000000000");
        self.says("0541 0d04 eeba4db9");
        self.says("8545 0505 8094126120 0606 a0a010009034 07015f 0a0301180f");
    }

    fn user(&mut self, command: Command) {
        self.input(Input::User(command));
    }

    fn air(&mut self, downlink: Downlink) {
        self.input(Input::Air(downlink));
    }

    fn input(&mut self, input: Input) {
        let mut out = Vec::new();
        self.pp.input(self.now, input, &mut out);
        self.carry(out);
    }

    /// The fixed part says this over the link.
    fn says(&mut self, hex: &str) {
        let octets = octets(hex);
        assert!(Message::decode(&octets).is_ok(), "{hex}");
        self.line(&format!("FT {}", hex.replace(' ', "")));
        self.far(lapc::Event::Send(octets));
    }

    fn far(&mut self, event: lapc::Event) {
        let mut out = lapc::Out::default();
        self.far.handle(event, &mut out);
        for effect in out.drain() {
            match effect {
                Effect::Act(Action::Transmit(frame)) => {
                    self.air(Downlink::Frame(frame.encode(Side::Fixed)));
                }
                Effect::Act(Action::Indicate(Indication::Data(octets))) => {
                    let hex = octets
                        .iter()
                        .fold(String::new(), |hex, octet| hex + &format!("{octet:02x}"));
                    self.line(&format!("PT {hex}"));
                }
                _ => {}
            }
        }
    }

    fn carry(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Air(Uplink::Frame(octets)) => {
                    let frame = Frame::decode(&octets, Side::Portable).expect("a frame");
                    self.far(lapc::Event::Received(frame));
                }
                Output::Air(Uplink::Connect { pmid, .. }) => {
                    self.line(&format!("connect {pmid}"));
                    self.far = Link::new(Side::Fixed);
                    self.air(Downlink::Connected);
                }
                Output::Air(Uplink::Release) => {
                    self.line("release");
                    self.far = Link::new(Side::Fixed);
                }
                Output::Air(other) => self.line(&format!("{other:02x?}")),
                Output::Seen(seen) => self.line(&format!("   {seen:?}")),
            }
        }
    }

    fn line(&mut self, line: &str) {
        let at = self.now.duration_since(self.begin).as_secs_f32();
        writeln!(self.trace, "{at:.2} {line}").expect("a string takes it");
    }

    /// So many seconds pass.
    fn wait(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.pp.deadline().filter(|due| *due <= end) {
            self.now = due;
            let mut out = Vec::new();
            self.pp.expire(due, &mut out);
            self.carry(out);
        }
        self.now = end;
    }

    /// What has happened since the last look, times left out.
    fn told(&mut self) -> String {
        let lines = std::mem::take(&mut self.trace);
        let words = lines.lines().map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest));
        words.fold(String::new(), |all, line| all + line + "\n")
    }
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|digit| *digit != b' ').collect();
    let pairs = digits.chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned());
    pairs.map(|pair| u8::from_str_radix(&pair, 16).expect("hexadecimal")).collect()
}

#[test]
fn a_handset_subscribes_and_locates_with_the_numbers_of_annex_k() {
    let mut bench = Bench::new(|_| {});
    bench.subscribe();
    bench.says("0540 0a03011818 0c08 9b114f2554518859 0e08 0000000000000000");
    bench.says("8555 0505 a09400027b 07015f");
    bench.wait(20);
    assert_eq!(
        bench.told(),
        "connect ea03f
PT 0544050780a80004ffffff0a0301480063054500888282
FT 05420b0201880c08d01ff9e2116804210e080000000000000000
PT 85400a030148000c08a03ff2c523d008420d04f28cf911
FT 05410d04eeba4db9
FT 8545050580941261200606a0a01000903407015f0a0301180f
   Subscribed(O { bits: 16, number: 9746 }, Park { ari: Ari { bits: 268472372, length: 31 }, pli: 31 })
PT 05540505809412612063054500888282
FT 05400a030118180c089b114f25545188590e080000000000000000
PT 85410d04961b3a9f
FT 85550505a09400027b07015f
PT 055d
   Located(Some(Tpui(635)))
release
"
    );
}

#[test]
fn a_handset_notices_that_the_system_does_not_know_the_code_and_the_other_way_round() {
    let mut bench = Bench::new(|_| {});
    bench.user(Command::Subscribe(AccessCode::new("9124").expect("digits")));
    bench.says("0542 0b020188 0c08 d01ff9e211680421 0e08 0000000000000000");
    bench.trace.clear();
    bench.says("0541 0d04 eeba4db8");
    assert_eq!(
        bench.told(),
        "FT 05410d04eeba4db8\nPT 8543600110\n   NotSubscribed(\"the system does not know the authentication code\")\n"
    );
    bench.user(Command::Subscribe(AccessCode::new("9125").expect("digits")));
    bench.says("0542 0b020188 0c08 d01ff9e211680421 0e08 0000000000000000");
    bench.says("8547 6001 10");
    assert!(bench.told().ends_with("NotSubscribed(\"AuthenticationFailed\")\n"));
    assert!(bench.pp.subscription().is_none());
}

#[test]
fn a_number_is_sent_key_by_key_when_the_fixed_part_asks_for_it() {
    let mut bench = Bench::in_service(|_| {});
    bench.user(Command::Dial("12".into()));
    bench.says("830d e400");
    bench.wait(1);
    bench.says("8302");
    bench.says("8301 1e028188");
    assert!(bench.pp.talks());
    bench.says("8307");
    bench.user(Command::Keys("#".into()));
    bench.user(Command::HangUp);
    assert!(!bench.pp.talks());
    bench.says("835a");
    bench.wait(20);
    assert_eq!(
        bench.told(),
        "connect 0027b
PT 0305050580941261200606a0a010009034e080
FT 830de400
   Signal(DialTone)
   WantsNumber
PT 037be931
PT 037be932
FT 8302
   Proceeding
FT 83011e028188
   RingsThere
FT 8307
   Connected
PT 037be923
PT 034de200
FT 835a
   Released(Normal)
release
"
    );
}

#[test]
fn a_number_can_be_sent_at_once_or_with_the_set_up() {
    let mut bench = Bench::in_service(|model| model.dialling = Dialling::AtOnce);
    bench.user(Command::Dial("100".into()));
    bench.says("830d");
    assert!(bench.told().ends_with("WantsNumber\nPT 037b2c03313030\n"));
    let mut bench = Bench::in_service(|model| model.dialling = Dialling::EnBloc);
    bench.user(Command::Dial("100".into()));
    assert!(bench.told().ends_with("e0802c03313030a1\n"));
}

#[test]
fn a_page_brings_a_call_that_rings_and_is_answered() {
    let mut bench = Bench::in_service(|_| {});
    bench.air(Downlink::Page([0x0c, 0x02, 0x7c]));
    bench.air(Downlink::Page([0x04, 0x02, 0x7b]));
    assert_eq!(bench.told(), "", "for somebody else");
    bench.air(Downlink::Page([0x0c, 0x02, 0x7b]));
    bench.says(
        "0305 0505 8094126120 0606 a0a010009034 e080 2808 0c416c6963652020 e440 6c05 0080313031",
    );
    bench.wait(1);
    assert_eq!(bench.pp.display(), "Alice  ");
    bench.user(Command::Answer);
    assert!(!bench.pp.talks());
    bench.says("030f");
    assert!(bench.pp.talks());
    bench.says("034d e200");
    assert_eq!(
        bench.told(),
        "connect 0027b
PT 0071050580941261200606a0a010009034
FT 0305050580941261200606a0a010009034e08028080c416c6963652020e4406c050080313031
   Ringing { number: Some(\"101\"), name: None }
   Signal(Alerting0)
   Display(\"Alice  \")
PT 8301
PT 8307
FT 030f
   Connected
FT 034de200
PT 835a
   Released(Normal)
"
    );
}

#[test]
fn a_handset_without_a_temporary_identity_answers_to_the_end_of_its_ipui() {
    let mut bench = Bench::new(|_| {});
    bench.subscribe();
    bench.says("8555 0500 07015f");
    bench.wait(20);
    bench.trace.clear();
    bench.air(Downlink::Page([0x04, 0x26, 0x12]));
    assert!(bench.told().contains("PT 0071"));
}

#[test]
fn a_call_is_refused_by_its_user_and_by_a_handset_that_has_one() {
    let mut bench = Bench::in_service(|_| {});
    bench.air(Downlink::Page([0x0c, 0x02, 0x7b]));
    let setup = "0505 8094126120 0606 a0a010009034 e080";
    bench.says(&format!("0305 {setup}"));
    bench.wait(1);
    bench.says(&format!("1305 {setup}"));
    assert!(bench.told().ends_with("PT 935ae214\n"));
    bench.user(Command::Reject);
    assert_eq!(bench.told(), "PT 835ae215\n   Released(UserRejection)\n");
}

#[test]
fn the_system_can_end_a_subscription_and_nobody_elses() {
    let mut bench = Bench::in_service(|_| {});
    bench.air(Downlink::Page([0x08, 0x02, 0x7b]));
    bench.says("0548 0505 8094126130 0606 a0a010009034");
    bench.says("0548 0505 8094126120 0606 a0a010009034");
    let told = bench.told();
    assert!(told.contains("PT 854b600102\n"), "{told}");
    assert!(told.ends_with("PT 8549\n   Terminated\n"), "{told}");
    assert!(bench.pp.subscription().is_none());
}

#[test]
fn a_handset_says_who_it_is_and_farewell() {
    let mut bench = Bench::in_service(|_| {});
    bench.air(Downlink::Page([0x08, 0x02, 0x7b]));
    bench.says("0558 0202 8090");
    assert!(bench.told().ends_with("PT 8559050790a80004ffffff\n"));
    bench.user(Command::SwitchOff);
    bench.wait(20);
    assert_eq!(bench.told(), "PT 055605058094126120\nrelease\n");
    bench.user(Command::Dial("1".into()));
    assert!(bench.told().contains("NotPossible"));
}

#[test]
fn ciphering_begins_with_the_key_of_the_last_authentication_and_not_without_one() {
    let mut bench = Bench::in_service(|_| {});
    bench.air(Downlink::Page([0x08, 0x02, 0x7b]));
    bench.trace.clear();
    bench.says("054c 19028198");
    assert!(bench.told().ends_with("PT 854f600119\n"));
    bench.says("0540 0a03011818 0c08 9b114f2554518859 0e08 0000000000000000");
    bench.says("054c 19028198");
    let key = 0x8560_dc32_4ea4_9f37_u64.to_be_bytes();
    let check = crate::air::key_check(&key);
    let told = bench.told();
    assert!(told.ends_with(&format!("{:02x?}\n", Uplink::Cipher(check))), "{told}");
    bench.air(Downlink::Ciphered);
    assert!(bench.pp.is_ciphered());
}

#[test]
fn faults_are_those_that_were_switched_on() {
    let page = Downlink::Page([0x0c, 0x02, 0x7b]);
    let mut deaf = Bench::in_service(|_| {});
    deaf.pp.model_mut().faults.deaf_to_pages = true;
    deaf.air(page.clone());
    assert_eq!(deaf.told(), "");

    let mut twice = Bench::in_service(|_| {});
    twice.pp.model_mut().faults.repeats_messages = true;
    twice.air(page.clone());
    assert_eq!(twice.told().matches("PT 0071").count(), 2);

    let challenge = "0540 0a03011818 0c08 9b114f2554518859 0e08 0000000000000000";
    for (faults, answers) in [
        (Faults { silent: true, ..Faults::default() }, ""),
        (Faults { wrong_uak: true, ..Faults::default() }, "PT 85410d04"),
        (
            Faults { answers_late: Some(Duration::from_secs(3)), ..Faults::default() },
            "PT 85410d04961b3a9f",
        ),
    ] {
        let mut bench = Bench::in_service(|_| {});
        bench.pp.model_mut().faults = faults.clone();
        bench.air(page.clone());
        bench.trace.clear();
        bench.says(challenge);
        let at_once = bench.told();
        bench.wait(4);
        let told = at_once.clone() + &bench.told();
        assert_eq!(at_once.contains("PT"), faults.wrong_uak, "{faults:?}: {at_once}");
        assert_eq!(told.contains("PT 85410d04"), !answers.is_empty(), "{faults:?}: {told}");
        assert_eq!(told.contains("961b3a9f"), answers.ends_with("961b3a9f"), "{faults:?}: {told}");
    }

    let mut both = Bench::in_service(|_| {});
    both.pp.model_mut().faults.releases_too = true;
    both.user(Command::Dial(String::new()));
    both.trace.clear();
    both.says("834d e200");
    both.says("835a");
    assert_eq!(both.told(), "FT 834de200\nPT 034de200\nFT 835a\n   Released(Normal)\n");
}

#[test]
fn a_base_station_that_falls_silent_ends_what_was_under_way() {
    let mut bench = Bench::in_service(|_| {});
    bench.user(Command::Dial("1".into()));
    bench.air(Downlink::Silent);
    assert!(bench.told().ends_with("Released(UserNotInRange)\n"));
    bench.user(Command::Dial("1".into()));
    assert_eq!(bench.told(), "   Released(UserNotInRange)\n");
    assert!(!bench.pp.has_link());
}

/// Anything that can come over the air or from the user.
fn anything() -> impl Strategy<Value = Input> {
    let messages = prop::sample::select(vec![
        "0542 0b020188 0c08 d01ff9e211680421 0e08 0000000000000000",
        "0541 0d04 eeba4db9",
        "8545 0505 8094126120 0606 a0a010009034 07015f",
        "8555 0505 a09400027b 07015f",
        "8557 600106",
        "0540 0a03011818 0c08 9b114f2554518859 0e08 0000000000000000",
        "054c 19028198",
        "0548 0505 8094126120",
        "0305 0505 8094126120 0606 a0a010009034 e080",
        "830d",
        "8302",
        "8301",
        "8307",
        "030f",
        "034d e200",
        "834d e200",
        "035a",
        "835a",
        "0552 010180",
    ]);
    let frame = (messages, 0..8_u8, 0..2_u8).prop_map(|(hex, ns, new_link)| {
        let message = octets(hex);
        let length = u8::try_from(message.len()).expect("short") << 2 | 1;
        [vec![new_link << 7 | 0x23, ns << 1, length], message].concat()
    });
    let code = || AccessCode::new("9124").expect("digits");
    prop_oneof![
        6 => frame.prop_map(|octets| Input::Air(Downlink::Frame(octets))),
        1 => prop::collection::vec(any::<u8>(), 0..12).prop_map(|noise| Input::Air(Downlink::Frame(noise))),
        2 => prop::sample::select(vec![Downlink::Connected, Downlink::Refused, Downlink::Released,
            Downlink::Silent, Downlink::Ciphered, Downlink::Page([0x0c, 0x02, 0x7b])]).prop_map(Input::Air),
        3 => (0..8_u8).prop_map(move |which| Input::User(match which {
            0 => Command::SwitchOn,
            1 => Command::SwitchOff,
            2 => Command::Subscribe(code()),
            3 => Command::Dial("12".into()),
            4 => Command::Keys("3".into()),
            5 => Command::Answer,
            6 => Command::Reject,
            _ => Command::HangUp,
        })),
    ]
}

proptest! {
    /// Whatever comes: once nothing comes any more, no timer runs for ever and nothing is left half done.
    #[test]
    fn a_handset_that_is_left_alone_comes_to_rest(inputs in prop::collection::vec(anything(), 0..40)) {
        let mut bench = Bench::in_service(|_| {});
        for input in inputs {
            let mut out = Vec::new();
            bench.pp.input(bench.now, input, &mut out);
            bench.wait(1);
        }
        bench.air(Downlink::Silent);
        bench.user(Command::SwitchOff);
        bench.wait(600);
        prop_assert!(bench.pp.deadline().is_none());
        prop_assert!(bench.pp.call().is_none() && !bench.pp.has_link() && !bench.pp.talks());
    }
}
