//! The link against a server that is played, on a clock that is played: it goes and comes back, for days.

use super::*;
use crate::syslog::queue::RECORDS_MAX;
use proptest::prelude::*;

/// Both ends of the link and what is between them.
struct World {
    link: Link,
    now: Moment,
    transport: Transport,
    /// Whether the server is there.
    there: bool,
    connected: bool,
    /// What the server has, without the frames' lengths.
    received: Vec<String>,
    reports: Vec<Report>,
    attempts: usize,
    said: u64,
}

impl World {
    fn new(transport: Transport) -> Self {
        let now = (Instant::now(), Timestamp::UNIX_EPOCH);
        let link = Link::new("log".parse().unwrap());
        let (received, reports) = (vec![], vec![]);
        let (there, connected) = (true, false);
        Self { link, now, transport, there, connected, received, reports, attempts: 0, said: 0 }
    }

    fn with_server(transport: Transport) -> Self {
        let mut world = Self::new(transport);
        world.set(true);
        world
    }

    fn set(&mut self, server: bool) {
        let manner = Manner {
            transport: self.transport,
            facility: 16,
            host: String::new(),
            lowest: Level::Info,
            without: vec![],
        };
        self.act(|link, now, out| link.set(now, server.then_some(manner), out));
    }

    /// Tells the link something, and does what it wants until it wants nothing.
    fn act(&mut self, tell: impl FnOnce(&mut Link, Moment, &mut Vec<Output>)) {
        let mut out = Vec::new();
        tell(&mut self.link, self.now, &mut out);
        while !out.is_empty() {
            for output in std::mem::take(&mut out) {
                self.carry_out(output, &mut out);
            }
        }
    }

    fn carry_out(&mut self, output: Output, out: &mut Vec<Output>) {
        match output {
            Output::Connect => {
                self.attempts += 1;
                // Datagrams need nobody at the other end.
                self.connected = self.there || self.transport == Transport::Udp;
                if self.connected {
                    self.link.connected(self.now, out);
                } else {
                    self.link.ended(self.now, end(0, false), out);
                }
            }
            Output::Send(frames) => {
                assert!(self.connected, "nothing is sent where there is no way");
                assert!(frames.len() <= BATCH_MAX + 1);
                if self.there {
                    self.received.extend(frames.iter().map(|frame| text(frame)));
                    self.link.taken(self.now, out);
                } else if self.transport == Transport::Udp {
                    // The first goes out, the second finds that it was refused.
                    if frames.len() == 1 {
                        self.link.taken(self.now, out);
                        self.link.ended(self.now, end(0, true), out);
                    } else {
                        self.link.ended(self.now, end(1, true), out);
                    }
                } else {
                    self.link.ended(self.now, end(0, false), out);
                }
            }
            Output::Close => self.connected = false,
            Output::Tell(report) => self.reports.push(report),
        }
    }

    fn say(&mut self, level: Level) {
        self.said += 1;
        let text = self.said.to_string();
        let record =
            Draft::new(level, &text).record(self.said, self.now.1, "dect".parse().unwrap());
        self.act(|link, now, out| link.offer(now, &record, out));
    }

    /// Lets time pass; timers run out when they are due.
    fn pass(&mut self, time: Duration) {
        let until = self.now.0 + time;
        while let Some(at) = self.link.deadline().filter(|at| *at <= until) {
            self.now.0 = self.now.0.max(at);
            self.act(Link::expire);
        }
        self.now.0 = until;
    }

    /// The server goes, or comes back.
    fn server(&mut self, there: bool) {
        self.there = there;
        if !there && self.connected && self.transport == Transport::Stream {
            self.connected = false;
            self.act(|link, now, out| link.ended(now, end(0, false), out));
        }
    }

    /// The numbers of the records that the server has.
    fn numbers(&self) -> Vec<u64> {
        self.received.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// How many the server was told that it will not get.
    fn missed(&self) -> u64 {
        let gaps = self.received.iter().filter_map(|text| text.strip_suffix(GAP));
        gaps.map(|count| count.parse::<u64>().unwrap()).sum()
    }
}

const GAP: &str = " records before this one were lost on their way to this server";

fn end(handed: usize, refused: bool) -> End {
    End { why: "nobody is there".into(), handed, refused }
}

/// What was said, from a frame.
fn text(frame: &[u8]) -> String {
    let frame = std::str::from_utf8(frame).unwrap();
    let (_, text) = frame.rsplit_once("] ").or_else(|| frame.rsplit_once(" - ")).unwrap();
    text.to_owned()
}

#[test]
fn what_was_said_before_the_settings_are_known_is_sent_when_they_are() {
    let mut world = World::new(Transport::Stream);
    (0..3).for_each(|_| world.say(Level::Info));
    world.say(Level::Debug);
    assert_eq!((world.numbers().len(), world.link.waiting()), (0, 4));
    world.set(true);
    assert_eq!(world.numbers(), [1, 2, 3]);
    assert!(world.link.is_idle() && world.reports.is_empty());
}

#[test]
fn without_a_server_nothing_is_kept_and_nothing_is_ever_due() {
    let mut world = World::new(Transport::Stream);
    world.say(Level::Info);
    world.set(false);
    world.say(Level::Info);
    assert_eq!((world.link.waiting(), world.link.deadline(), world.link.lost()), (0, None, 0));
    world.set(true);
    assert!(world.numbers().is_empty());
}

#[test]
fn a_stream_that_was_away_for_an_hour_delivers_in_order_what_was_said_meanwhile() {
    let mut world = World::with_server(Transport::Stream);
    world.say(Level::Info);
    world.server(false);
    for _ in 0..1000 {
        world.say(Level::Info);
        world.pass(Duration::from_secs(4));
    }
    assert_eq!(world.link.problem(), Some("nobody is there"));
    world.server(true);
    world.pass(REST_MAX);
    assert_eq!(world.numbers(), (1..=1001).collect::<Vec<_>>());
    let back = Report::Back { lost: 0, waiting: 1000 };
    assert_eq!(world.reports, [Report::Away("nobody is there".into()), back]);
    assert_eq!((world.link.sent(), world.link.lost(), world.link.problem()), (1001, 0, None));
}

#[test]
fn a_stream_that_was_away_for_three_days_delivers_the_newest_and_says_how_many_are_missing() {
    let mut world = World::with_server(Transport::Stream);
    world.server(false);
    let all = 3 * 24 * 360;
    for _ in 0..all {
        world.say(Level::Info);
        world.pass(Duration::from_secs(10));
    }
    let kept = u64::try_from(RECORDS_MAX).unwrap();
    assert!(world.attempts < 3 * 24 * 3600 / 30 + 10, "{} attempts", world.attempts);
    world.server(true);
    world.pass(REST_MAX);
    assert_eq!(world.received[0], format!("{}{GAP}", all - kept));
    assert_eq!(world.numbers(), (all - kept + 1..=all).collect::<Vec<_>>());
    assert_eq!(world.reports.len(), 2, "{:?}", world.reports);
    world.say(Level::Info);
    assert_eq!(world.missed(), all - kept, "it is said once");
}

#[test]
fn datagrams_that_are_refused_are_counted_and_the_count_is_said_until_somebody_hears_it() {
    let mut world = World::with_server(Transport::Udp);
    world.say(Level::Info);
    world.server(false);
    for _ in 0..600 {
        world.pass(Duration::from_secs(1));
        world.say(Level::Info);
    }
    world.server(true);
    world.pass(REST_MAX * 2);
    assert_eq!(world.missed() + u64::try_from(world.numbers().len()).unwrap(), 601);
    assert!(world.missed() >= 1);
    assert!(world.numbers().is_sorted());
    let last = world.reports.last().unwrap();
    assert!(matches!(last, Report::Back { lost, .. } if *lost == world.missed()), "{last:?}");
}

#[test]
fn a_server_that_hangs_up_on_everybody_is_not_asked_again_and_again() {
    let mut world = World::with_server(Transport::Stream);
    for _ in 0..3600 {
        world.server(false);
        world.there = true;
        world.pass(Duration::from_secs(1));
    }
    assert!(world.attempts < 3600 / 30 + 10, "{} attempts", world.attempts);
}

#[test]
fn a_server_that_takes_nothing_is_given_up_and_gets_the_same_again() {
    let (mut world, mut out) = (World::with_server(Transport::Stream), vec![]);
    let record = Draft::new(Level::Info, "1").record(1, world.now.1, "dect".parse().unwrap());
    world.link.offer(world.now, &record, &mut out);
    let [Output::Send(frames)] = &*out else { panic!("{out:?}") };
    let first = frames.clone();
    world.now.0 += TAKE_LIMIT;
    out.clear();
    world.link.expire(world.now, &mut out);
    assert_eq!(out[0], Output::Close);
    world.pass(REST_MIN);
    assert_eq!(world.received, [text(&first[0])]);
}

#[test]
fn what_waits_goes_to_the_new_server_in_its_manner() {
    let mut world = World::with_server(Transport::Stream);
    world.server(false);
    world.say(Level::Info);
    world.there = true;
    world.transport = Transport::Udp;
    world.set(true);
    assert_eq!((world.numbers(), world.link.problem()), (vec![1], None));
}

#[derive(Clone, Debug)]
enum Deed {
    Say(usize),
    Pass(u64),
    Server(bool),
    Set,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (1_usize..200).prop_map(Deed::Say),
        4 => (0_u64..100_000).prop_map(Deed::Pass),
        2 => any::<bool>().prop_map(Deed::Server),
        1 => Just(Deed::Set),
    ]
}

proptest! {
    #[test]
    fn each_record_is_sent_or_waits_or_is_counted_and_none_overtakes(
        deeds in prop::collection::vec(deed(), 0..60),
        udp in any::<bool>(),
    ) {
        let transport = if udp { Transport::Udp } else { Transport::Stream };
        let mut world = World::with_server(transport);
        for deed in deeds {
            match deed {
                Deed::Say(count) => (0..count).for_each(|_| world.say(Level::Info)),
                Deed::Pass(milliseconds) => world.pass(Duration::from_millis(milliseconds)),
                Deed::Server(there) => world.server(there),
                // A count of which nobody knows that it was heard is said to the new server too, who is the same here.
                Deed::Set => if transport == Transport::Stream { world.set(true); },
            }
            let waiting = u64::try_from(world.link.waiting()).unwrap();
            prop_assert!(waiting <= u64::try_from(RECORDS_MAX + BATCH_MAX).unwrap());
            let received = u64::try_from(world.numbers().len()).unwrap();
            prop_assert_eq!(world.link.sent() + world.link.lost() + waiting, world.said);
            prop_assert_eq!(world.link.sent(), received);
        }
        world.server(true);
        world.pass(Duration::from_mins(2));
        prop_assert!(world.numbers().is_sorted_by(|a, b| a < b), "{:?}", world.numbers());
        let received = u64::try_from(world.numbers().len()).unwrap();
        prop_assert_eq!(received + world.missed(), world.said);
    }
}
