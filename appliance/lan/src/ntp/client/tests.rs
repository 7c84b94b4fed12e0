//! A client among servers that are right, wrong, silent or rude, with a clock of its own, for simulated hours.

use super::*;
use crate::ntp::packet::Mode;
use crate::ntp::server::{Times, answer, slower};
use crate::ntp::simulated::Simulated;
use crate::ntp::stamp::Stamp;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::Duration;

const HOUR: Nanos = 3600 * SECOND;
const DAY: Nanos = 24 * HOUR;
/// The truth at the beginning.
const START: Wall = Wall(1_800_000_000 * SECOND);
const FLOOR: Wall = Wall(1_790_000_000 * SECOND);

/// How a server behaves.
#[derive(Clone, Copy, Debug)]
enum Server {
    /// It knows the time, but for this error.
    Off(Nanos),
    Silent,
    Unsynchronised,
    /// It is synchronised, says it, but to something this far away.
    Distant(Nanos),
    Kisses([u8; 4]),
    /// The answers belong to no question.
    Forges,
    /// Each answer comes twice.
    Repeats,
}

struct World {
    start: Instant,
    now: Instant,
    clock: Simulated,
    client: Client,
    servers: Vec<Server>,
    /// Answers on their way: when they come, from whom.
    way: VecDeque<(Instant, usize, Vec<u8>)>,
    asked: Vec<Vec<Instant>>,
    changes: Vec<Change>,
    reports: Vec<Report>,
    chance: u64,
}

impl World {
    /// A clock that is wrong by `error` and runs too fast by `drift`, and a client that takes it for known.
    fn new(servers: &[Server], error: Nanos, drift: i64) -> Self {
        Self::with(servers, (error, drift), true)
    }

    fn with(servers: &[Server], (error, drift): (Nanos, i64), known: bool) -> Self {
        let start = Instant::now();
        Self {
            start,
            now: start,
            clock: Simulated::new(start, START.plus(error), drift),
            client: Client::new(start, servers.len(), Ground { floor: FLOOR, known }),
            servers: servers.to_vec(),
            way: VecDeque::new(),
            asked: vec![Vec::new(); servers.len()],
            changes: Vec::new(),
            reports: Vec::new(),
            chance: 1,
        }
    }

    fn truth(&self) -> Wall {
        START.plus(nanos(self.now - self.start))
    }

    /// How far our clock is ahead of the truth.
    fn error(&self) -> Nanos {
        self.clock.read(self.now).since(self.truth())
    }

    fn run(&mut self, length: Duration) {
        let end = self.now + length;
        loop {
            let next = [self.client.deadline(), self.way.front().map(|(at, ..)| *at)];
            let Some(next) = next.into_iter().flatten().min().filter(|at| *at <= end) else {
                break;
            };
            self.now = next.max(self.now);
            let mut out = Vec::new();
            if self.way.front().is_some_and(|(at, ..)| *at <= self.now) {
                let (_, server, octets) = self.way.pop_front().unwrap();
                let times = (self.now, self.clock.read(self.now));
                self.client.hear(times, server, &octets, &mut out);
            } else {
                let times = (self.now, self.clock.read(self.now));
                let chance = &mut self.chance;
                let mut next = || {
                    *chance = chance
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    *chance
                };
                self.client.expire(times, &mut next, &mut out);
            }
            for output in out {
                match output {
                    Output::Ask(server, octets) => self.asked(server, &octets),
                    Output::Clock(change) => {
                        self.clock.change(self.now, change);
                        self.changes.push(change);
                    }
                    Output::Tell(report) => self.reports.push(report),
                }
            }
        }
        self.now = end;
    }

    fn asked(&mut self, server: usize, octets: &[u8]) {
        self.asked[server].push(self.now);
        let way = Duration::from_micros(400 + self.chance % 300);
        let truth = self.truth().plus(nanos(way));
        let mut standing = Standing { leap: Leap::None, stratum: 2, ..Standing::default() };
        standing.root_dispersion = SECOND / 1000;
        standing.reference = Some(truth.plus(-60 * SECOND));
        let off = match self.servers[server] {
            Server::Off(off) => off,
            Server::Silent => return,
            Server::Unsynchronised => {
                standing = Standing::default();
                0
            }
            Server::Distant(distance) => {
                standing.root_dispersion = distance;
                0
            }
            _ => 0,
        };
        let times = Times { received: truth.plus(off), sent: truth.plus(off + 20_000) };
        standing.reference = standing.reference.map(|at| at.plus(off));
        let mut packet = answer(octets, &standing, times).unwrap();
        match self.servers[server] {
            Server::Kisses(word) => {
                packet = Packet { reference_id: word, ..slower(octets).unwrap() };
            }
            Server::Forges => packet.origin = Stamp(packet.origin.0 ^ 1),
            _ => {}
        }
        let times = if matches!(self.servers[server], Server::Repeats) { 2 } else { 1 };
        for _ in 0..times {
            self.way.push_back((self.now + 2 * way, server, packet.write().to_vec()));
        }
    }

    fn state(&self) -> State {
        self.client.state(self.now)
    }

    fn steps(&self) -> usize {
        self.changes.iter().filter(|change| matches!(change, Change::Step(_))).count()
    }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

#[test]
fn a_clock_that_is_wrong_is_set_in_seconds_and_kept() {
    for error in [5 * HOUR, -5 * HOUR, 3 * SECOND] {
        let mut world = World::new(&[Server::Off(0)], error, 40_000);
        world.run(Duration::from_secs(10));
        assert!(world.error().abs() < SECOND / 1000, "{error}: {}", world.error());
        assert_eq!(world.reports, [Report::Synchronised]);
        world.run(minutes(600));
        assert_eq!(world.steps(), 1);
        assert!(world.error().abs() < SECOND / 100, "{error}: {}", world.error());
        let state = world.state();
        assert_eq!((state.problem, state.standing.stratum, state.source), (None, 3, Some(0)));
    }
}

#[test]
fn who_answers_well_is_asked_less_often_but_not_never() {
    let mut world = World::new(&[Server::Off(0)], 0, 5_000);
    world.run(minutes(24 * 60));
    let asked = &world.asked[0];
    let pauses: Vec<Duration> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses[..3], [Duration::from_secs(2); 3]);
    assert!(pauses[3..].iter().all(|pause| (59..=1090).contains(&pause.as_secs())), "{pauses:?}");
    assert!(asked.len() < 200, "{}", asked.len());
    assert!(pauses.last().unwrap().as_secs() > 900);
}

#[test]
fn nobody_is_hammered_who_does_not_answer() {
    let mut world = World::new(&[Server::Silent], 0, 0);
    world.run(minutes(24 * 60));
    assert!(world.asked[0].len() < 110, "{}", world.asked[0].len());
    assert_eq!(world.reports, [Report::Lost(Problem::Silence)]);
    world.servers[0] = Server::Off(0);
    world.client.wake(world.now);
    world.run(Duration::from_secs(20));
    assert_eq!(world.state().problem, None);
}

#[test]
fn a_server_that_lies_by_a_day_is_refused() {
    // Against two others, wherever it stands and whoever answers first.
    for liar in 0..3 {
        for lie in [DAY, -DAY, SECOND] {
            let mut servers =
                [Server::Off(SECOND / 1000), Server::Off(0), Server::Off(-SECOND / 1000)];
            servers[liar] = Server::Off(lie);
            let mut world = World::new(&servers, 2 * HOUR, 0);
            world.run(minutes(60));
            assert!(world.error().abs() < SECOND / 100, "{liar} {lie}: {}", world.error());
            assert_eq!(world.steps(), 1);
            assert!(
                world
                    .reports
                    .iter()
                    .any(|it| matches!(it, Report::Contradicted(who, _) if *who == liar))
            );
            let believed: Vec<bool> = world.state().servers.iter().map(|it| it.believed).collect();
            assert_eq!(believed, [liar != 0, liar != 1, liar != 2]);
        }
    }
    // Alone, against a clock that is about right.
    let mut world = World::new(&[Server::Off(DAY)], HOUR, 0);
    world.run(minutes(600));
    assert_eq!((world.error(), world.changes.len()), (HOUR, 0));
    assert!(matches!(world.state().problem, Some(Problem::Alone(_))));
    assert_eq!(world.reports.len(), 1, "{:?}", world.reports);
    // One against one: the clock says who is right.
    let mut world = World::new(&[Server::Off(DAY), Server::Off(0)], HOUR, 0);
    world.run(minutes(60));
    assert!(world.error().abs() < SECOND / 100, "{}", world.error());
}

#[test]
fn a_clock_that_was_never_set_takes_what_one_server_says_within_the_life_of_this_program() {
    let floor = FLOOR.since(START);
    let mut world = World::with(&[Server::Off(0)], (floor, 0), false);
    world.run(minutes(1));
    assert!(world.error().abs() < SECOND / 1000);
    for lie in [FLOOR.since(START) - DAY, 30 * 366 * DAY] {
        let mut world = World::with(&[Server::Off(lie)], (floor, 0), false);
        world.run(minutes(60));
        assert!(world.changes.is_empty(), "{:?}", world.changes);
        assert!(matches!(world.state().problem, Some(Problem::Impossible(_))));
    }
    // Two that contradict each other: nobody knows.
    let mut world = World::with(&[Server::Off(0), Server::Off(DAY)], (floor, 0), false);
    world.run(minutes(60));
    assert!(world.changes.is_empty());
    assert_eq!(world.state().problem, Some(Problem::Contradiction));
}

#[test]
fn a_server_that_begins_to_lie_moves_nothing() {
    let mut world = World::new(&[Server::Off(0)], 0, 0);
    world.run(minutes(60));
    world.servers[0] = Server::Off(DAY);
    world.run(minutes(24 * 60));
    assert!(world.error().abs() < SECOND / 100, "{}", world.error());
    assert!(matches!(world.state().problem, Some(Problem::Alone(_))));
    assert_eq!(world.steps(), 0);
}

#[test]
fn what_is_found_later_is_slewed_away() {
    let mut world = World::new(&[Server::Off(0); 3], 0, 0);
    world.run(minutes(30));
    for server in &mut world.servers {
        *server = Server::Off(2 * SECOND);
    }
    world.run(minutes(60 * 6));
    assert_eq!(world.steps(), 0);
    assert!(
        world.changes.contains(&Change::Slew(2 * SECOND))
            || world.changes.iter().any(|it| matches!(it, Change::Slew(_)))
    );
    assert!((world.error() - 2 * SECOND).abs() < SECOND / 20, "{}", world.error());
}

#[test]
fn a_server_that_is_not_what_it_should_be_is_not_followed() {
    for server in [
        Server::Unsynchronised,
        Server::Distant(2 * SECOND),
        Server::Forges,
        Server::Kisses(*b"INIT"),
    ] {
        let mut world = World::new(&[server], HOUR, 0);
        world.run(minutes(60));
        assert!(world.changes.is_empty(), "{server:?}");
        assert_eq!(world.state().problem, Some(Problem::Silence), "{server:?}");
        assert_eq!(world.state().standing, Standing::default());
        // Others are followed in its place.
        let mut world = World::new(&[server, Server::Off(0)], HOUR, 0);
        world.run(minutes(60));
        assert_eq!(world.state().source, Some(1), "{server:?}");
        assert!(world.error().abs() < SECOND / 100);
    }
    let mut world = World::new(&[Server::Repeats], HOUR, 0);
    world.run(minutes(60));
    assert_eq!((world.steps(), world.state().problem), (1, None));
}

#[test]
fn a_server_that_wants_longer_pauses_or_none_of_us_gets_its_will() {
    let mut world = World::new(&[Server::Kisses(*b"RATE")], 0, 0);
    world.run(minutes(24 * 60));
    let asked = &world.asked[0];
    assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(128)));
    assert!(asked.len() < 100, "{}", asked.len());
    for (word, refusal) in [(*b"DENY", Refusal::Denied), (*b"RSTR", Refusal::Restricted)] {
        let mut world = World::new(&[Server::Kisses(word), Server::Off(0)], HOUR, 0);
        world.run(minutes(24 * 60));
        world.client.wake(world.now);
        world.run(minutes(60));
        assert_eq!(world.asked[0].len(), 1);
        assert!(world.reports.contains(&Report::Refused(0, refusal)));
        assert_eq!(world.state().servers[0].refusal, Some(refusal));
        assert_eq!(world.state().problem, None);
    }
}

#[test]
fn a_time_that_nobody_confirms_any_more_is_not_told_to_others() {
    let mut world = World::new(&[Server::Off(0)], 0, 10_000);
    world.run(minutes(60));
    world.servers[0] = Server::Silent;
    world.run(minutes(6 * 60));
    assert_eq!(world.state().standing.leap, Leap::None);
    world.run(minutes(48 * 60));
    assert_eq!(world.state().standing, Standing::default());
    assert_eq!(world.state().problem, Some(Problem::Silence));
    world.servers[0] = Server::Off(0);
    world.run(minutes(60));
    assert_eq!(world.state().problem, None);
}

#[test]
fn another_list_of_servers_makes_no_clock_jump() {
    let mut world = World::new(&[Server::Off(0)], HOUR, 0);
    world.run(minutes(10));
    world.servers = vec![Server::Off(DAY), Server::Off(SECOND)];
    world.asked.push(Vec::new());
    world.client.ask_others(world.now, 2);
    assert_eq!(world.state().standing, Standing::default());
    world.run(minutes(240));
    assert_eq!((world.steps(), world.state().problem), (1, None));
    assert!((world.error() - SECOND).abs() < SECOND / 20, "{}", world.error());
    world.client.ask_others(world.now, 0);
    assert_eq!(world.state().problem, Some(Problem::NoServers));
}

#[test]
fn without_servers_nothing_is_asked_and_people_read_why() {
    let mut world = World::new(&[], HOUR, 0);
    world.run(minutes(60));
    assert_eq!(world.client.deadline(), None);
    let problem = world.state().problem.unwrap();
    assert_eq!(problem.to_string(), "no time server is known; name one in network.ntp");
    let said = Problem::Alone(DAY).to_string();
    assert!(said.contains("wrong by 24 hours; it is not believed"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever minority lies, and whatever the clock was: the majority's time, and one step at most.
    #[test]
    fn a_majority_that_is_right_is_believed(
        lies in prop::collection::vec(-2 * DAY..2 * DAY, 0..3),
        more in 1_usize..3,
        error in -DAY..DAY,
        drift in -60_000_i64..60_000,
    ) {
        let mut servers: Vec<Server> = lies.iter().map(|lie| Server::Off(*lie)).collect();
        servers.extend(std::iter::repeat_n(Server::Off(0), lies.len() + more));
        let mut world = World::new(&servers, error, drift);
        world.run(minutes(120));
        // One that is alone is not believed to be right by a day.
        prop_assume!(servers.len() > 1);
        prop_assert!(world.error().abs() < SECOND / 20, "{} {:?}", world.error(), world.changes);
        prop_assert!(world.steps() <= 1);
    }

    #[test]
    fn any_packets_do_no_harm(packets in prop::collection::vec(any::<[u8; 48]>(), 0..50)) {
        let mut world = World::new(&[Server::Silent], 0, 0);
        world.run(Duration::from_secs(1));
        for mut octets in packets {
            octets[0] = 4 << 3 | 4;
            let (now, mut out) = (world.now, Vec::new());
            world.client.hear((now, world.truth()), 0, &octets, &mut out);
            prop_assert_eq!(out, []);
        }
        prop_assert_eq!(Packet::question(Stamp(1), 6).mode, Mode::Client);
    }
}
