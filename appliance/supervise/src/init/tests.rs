//! The whole, in stories and at random, under a clock of the test's own.

use super::*;
use crate::life::{INTENSITY, Then};
use crate::role::{LastResort, PLAIN};
use machine::Seeded;
use proptest::prelude::*;
use std::collections::BTreeSet;

const fn role(name: &'static str, after: &'static [&'static str], last_resort: LastResort) -> Role {
    Role { name, after, last_resort, ..PLAIN }
}

static CTL: Role = role("ctl", &[], LastResort::DegradeInSafeModeToo);
static MEDIA: Role = role("media", &[], LastResort::Reboot);
static DECT: Role = role("dect", &["media"], LastResort::Reboot);
static WEB: Role = role("web", &["dect"], LastResort::Degrade);
static TABLE: &[&Role] = &[&CTL, &MEDIA, &DECT, &WEB];

const CONFIRMED: Ground = Ground::Box { may_reboot: true };
const WORN_OUT: Ground = Ground::Box { may_reboot: false };

/// The engine and the processes it believes in.
struct Bench {
    init: Init,
    now: Instant,
    processes: BTreeSet<Index>,
    spawned: Vec<(Instant, Index)>,
}

impl Bench {
    fn new(table: &[&'static Role], ground: Ground) -> Self {
        let init = Init::new(table, ground, Box::new(Seeded::new(1)));
        Self { init, now: Instant::now(), processes: BTreeSet::new(), spawned: Vec::new() }
    }

    fn begun(ground: Ground) -> (Self, Vec<Output>) {
        let mut bench = Self::new(TABLE, ground);
        let mut out = vec![];
        bench.init.begin(bench.now, &mut out);
        bench.took(&out);
        (bench, out)
    }

    fn up(ground: Ground) -> Self {
        let (mut bench, _) = Self::begun(ground);
        for role in 0..4 {
            bench.said(role, Said::Ready);
        }
        bench
    }

    fn input(&mut self, input: Input) -> Vec<Output> {
        if let Input::Exited(role, _) = input {
            assert!(self.processes.remove(&role), "{role} is not there");
        }
        let mut out = vec![];
        self.init.input(self.now, input, &mut out);
        self.took(&out);
        out
    }

    fn said(&mut self, role: Index, said: Said) -> Vec<Output> {
        self.input(Input::Said(role, said))
    }

    fn dies(&mut self, role: Index) -> Vec<Output> {
        self.input(Input::Exited(role, Exit::Ended))
    }

    fn pass(&mut self, time: Duration) -> Vec<Output> {
        self.now += time;
        let mut out = vec![];
        self.init.expire(self.now, &mut out);
        self.took(&out);
        out
    }

    /// Lets time pass until the next timer, while all that live say so.
    fn next_timer(&mut self) -> Vec<Output> {
        let left = self
            .init
            .deadline()
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(self.now));
        self.pass(left)
    }

    fn took(&mut self, out: &[Output]) {
        for output in out {
            match output {
                Output::Spawn(role) => {
                    assert!(self.processes.insert(*role), "{role} twice");
                    self.spawned.push((self.now, *role));
                }
                Output::Terminate(role) | Output::Kill(role) => {
                    assert!(self.processes.contains(role), "a signal for nobody");
                }
                Output::Ended(_) => assert_eq!(self.init.deadline(), None),
                _ => {}
            }
        }
        assert!(self.init.sound());
    }
}

#[test]
fn a_role_begins_when_those_before_it_are_ready() {
    let (mut bench, out) = Bench::begun(CONFIRMED);
    assert_eq!(out, [Output::Spawn(0), Output::Spawn(1)]);
    assert_eq!(bench.said(0, Said::Ready), []);
    assert_eq!(bench.said(1, Said::Ready), [Output::Spawn(2)]);
    assert_eq!(bench.said(2, Said::Ready), [Output::Spawn(3)]);
    assert_eq!(bench.said(3, Said::Ready), [Output::AllUp]);
}

#[test]
fn one_that_dies_comes_back_and_the_others_stay() {
    let mut bench = Bench::up(CONFIRMED);
    let out = bench.dies(1);
    let [Output::Died(1, rest)] = out[..] else { panic!("{out:?}") };
    assert!((160..=240).contains(&rest.as_millis()), "{rest:?}");
    assert_eq!(bench.pass(rest), [Output::Spawn(1)]);
    assert_eq!(bench.said(1, Said::Ready), [Output::AllUp]);
}

#[test]
fn one_that_never_becomes_ready_is_ended_and_begun_again() {
    let (mut bench, _) = Bench::begun(CONFIRMED);
    bench.said(0, Said::Ready);
    bench.said(0, Said::Alive);
    assert_eq!(bench.pass(Duration::from_secs(9)), []);
    bench.said(0, Said::Alive);
    bench.pass(Duration::from_secs(9));
    bench.said(0, Said::Alive);
    bench.pass(Duration::from_secs(9));
    bench.said(0, Said::Alive);
    assert_eq!(bench.pass(Duration::from_secs(3)), [Output::Terminate(1)]);
    bench.said(0, Said::Alive);
    bench.said(1, Said::Extend(Duration::from_secs(2)));
    bench.pass(Duration::from_secs(9));
    bench.said(0, Said::Alive);
    assert_eq!(bench.pass(Duration::from_secs(1)), [Output::Kill(1)]);
    assert!(matches!(bench.dies(1)[..], [Output::Died(1, _)]));
    assert_eq!(bench.pass(Duration::from_secs(1)), [Output::Spawn(1)]);
}

#[test]
fn one_that_hangs_is_killed_and_one_that_feeds_its_watchdog_is_not() {
    let mut bench = Bench::up(CONFIRMED);
    for _ in 0..5 {
        for role in [0, 1, 3] {
            bench.said(role, Said::Alive);
        }
        let out = bench.pass(Duration::from_secs(5));
        if !out.is_empty() {
            assert_eq!(out, [Output::Kill(2)]);
            return;
        }
    }
    panic!("nobody missed it");
}

#[test]
fn all_end_in_the_reverse_order_and_the_stubborn_are_killed() {
    let mut bench = Bench::up(CONFIRMED);
    let ending = Input::Stop(Ending::PowerOff);
    assert_eq!(bench.input(ending), [Output::Terminate(3), Output::Terminate(0)]);
    assert_eq!(bench.input(Input::Stop(Ending::Reboot)), []);
    assert_eq!(bench.dies(0), []);
    assert_eq!(bench.pass(Duration::from_secs(5)), []);
    // Who still serves is still watched.
    bench.said(1, Said::Alive);
    bench.said(2, Said::Alive);
    assert_eq!(bench.pass(Duration::from_secs(5)), [Output::Kill(3)]);
    assert_eq!(bench.dies(3), [Output::Terminate(2)]);
    assert_eq!(bench.dies(2), [Output::Terminate(1)]);
    assert_eq!(bench.dies(1), [Output::Ended(Ending::PowerOff)]);
    assert_eq!(bench.pass(Duration::from_secs(1000)), []);
}

#[test]
fn the_one_that_hears_all_others_ends_last() {
    static LOG: Role =
        Role { datagrams: &["journal"], ..role("log", &[], LastResort::DegradeInSafeModeToo) };
    let mut bench = Bench::new(&[&LOG, &CTL, &MEDIA], CONFIRMED);
    let mut out = vec![];
    bench.init.begin(bench.now, &mut out);
    bench.took(&out);
    (0..3).for_each(|role| drop(bench.said(role, Said::Ready)));
    let ending = Input::Stop(Ending::PowerOff);
    assert_eq!(bench.input(ending), [Output::Terminate(2), Output::Terminate(1)]);
    assert_eq!(bench.dies(1), []);
    assert_eq!(bench.dies(2), [Output::Terminate(0)]);
    assert_eq!(bench.dies(0), [Output::Ended(Ending::PowerOff)]);
}

#[test]
fn a_process_that_cannot_be_killed_holds_up_the_end_for_a_minute_and_a_half() {
    let mut bench = Bench::up(CONFIRMED);
    bench.input(Input::Stop(Ending::Reboot));
    let mut all = vec![];
    for _ in 0..30 {
        all.extend(bench.next_timer());
    }
    assert_eq!(all.last(), Some(&Output::Ended(Ending::Reboot)));
}

#[test]
fn a_trial_is_confirmed_after_a_minute_of_health_and_left_after_three_without() {
    let mut bench = Bench::up(Ground::Trial);
    for _ in 0..11 {
        for role in 0..4 {
            bench.said(role, Said::Alive);
        }
        assert_eq!(bench.pass(Duration::from_secs(5)), []);
    }
    for role in 0..4 {
        bench.said(role, Said::Alive);
    }
    assert_eq!(bench.pass(Duration::from_secs(5)), [Output::Healthy]);

    let (mut bench, _) = Bench::begun(Ground::Trial);
    let mut seen = vec![];
    while !seen.contains(&Output::Giving(Reason::Deadline)) {
        let out = bench.next_timer();
        for role in
            out.iter().filter_map(|it| if let Output::Kill(role) = it { Some(*role) } else { None })
        {
            seen.extend(bench.dies(role));
        }
        seen.extend(out);
        assert!(bench.now.elapsed() < Duration::from_secs(1000), "{seen:?}");
    }
    assert!(matches!(bench.init.phase(), Phase::Ending(Ending::Reboot)));
}

#[test]
fn a_role_that_refuses_wrong_settings_does_not_cost_the_slot() {
    let (mut bench, _) = Bench::begun(Ground::Trial);
    bench.said(1, Said::Ready);
    let refused = bench.input(Input::Exited(2, Exit::Refused));
    assert_eq!(refused, [Output::Degraded(2, Exit::Refused)]);
    let mut seen = vec![];
    for _ in 0..13 {
        bench.said(1, Said::Alive);
        seen.extend(bench.pass(Duration::from_secs(5)));
    }
    assert!(seen.contains(&Output::Healthy), "{seen:?}");
    assert_eq!(bench.init.phase(), Phase::Normal);
}

/// Kills `role` whenever it is there until something but its restart follows.
fn crash_loop(bench: &mut Bench, role: Index) -> Vec<Output> {
    for _ in 0..u32::from(INTENSITY) {
        let out = bench.dies(role);
        if !matches!(out[..], [Output::Died(..)]) {
            return out;
        }
        while !bench.processes.contains(&role) {
            for other in 0..4 {
                bench.said(other, Said::Alive);
            }
            bench.next_timer();
        }
    }
    panic!("a restart storm: {:?}", bench.spawned);
}

#[test]
fn a_crash_loop_reboots_the_box_or_ends_in_safe_mode_or_costs_one_role() {
    let out = crash_loop(&mut Bench::up(CONFIRMED), 2);
    let giving = Output::Giving(Reason::Role(2));
    assert_eq!(out[..2], [Output::Degraded(2, Exit::Ended), giving]);

    let mut bench = Bench::up(WORN_OUT);
    let out = crash_loop(&mut bench, 2);
    let safe = Output::SafeMode(Reason::Role(2));
    assert_eq!(out, [Output::Degraded(2, Exit::Ended), safe, Output::Terminate(3)]);
    assert_eq!(bench.dies(3), [Output::Terminate(1)]);
    assert_eq!(bench.dies(1), []);
    assert_eq!(bench.init.phase(), Phase::Safe);
    assert_eq!(bench.processes.iter().copied().collect::<Vec<_>>(), [0]);
    // In safe mode the last roles are kept as before.
    assert!(matches!(bench.dies(0)[..], [Output::Died(0, _)]));

    let mut bench = Bench::up(CONFIRMED);
    assert_eq!(crash_loop(&mut bench, 3), [Output::Degraded(3, Exit::Ended)]);
    assert_eq!(bench.init.phase(), Phase::Normal);
    assert_eq!(
        crash_loop(&mut Bench::up(Ground::Foreground), 2),
        [Output::Degraded(2, Exit::Ended)]
    );
}

#[test]
fn an_administrator_restarts_a_role_and_a_degraded_one_at_once() {
    let mut bench = Bench::up(CONFIRMED);
    assert_eq!(bench.input(Input::Restart(3)), [Output::Terminate(3)]);
    assert_eq!(bench.dies(3), []);
    assert_eq!(bench.pass(Duration::from_millis(200)), [Output::Spawn(3)]);
    bench.input(Input::Exited(3, Exit::Refused));
    assert_eq!(bench.input(Input::Restart(3)), [Output::Spawn(3)]);
}

#[test]
fn a_box_whose_state_is_lost_begins_in_safe_mode() {
    let mut bench = Bench::new(TABLE, WORN_OUT);
    let mut out = vec![];
    bench.init.begin_safe(bench.now, Reason::Deadline, &mut out);
    assert_eq!(out, [Output::SafeMode(Reason::Deadline), Output::Spawn(0)]);
    bench.took(&out);
    assert_eq!(bench.said(0, Said::Ready), [Output::AllUp]);
}

/// What happens next in a random life.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Said(Index, Said),
    Exited(Index, Exit),
    Restart(Index),
    Timer,
}

fn fates() -> Vec<Fate> {
    let mut fates = vec![Fate::Timer, Fate::Timer, Fate::Timer];
    for role in 0..TABLE.len() {
        let said =
            [Said::Ready, Said::Ready, Said::Reloading, Said::Stopping, Said::Alive, Said::Hung];
        fates.extend(said.map(|said| Fate::Said(role, said)));
        fates.push(Fate::Said(role, Said::Extend(Duration::from_secs(40))));
        fates.extend([Fate::Exited(role, Exit::Ended), Fate::Exited(role, Exit::Refused)]);
        fates.push(Fate::Restart(role));
    }
    fates
}

fn meet(bench: &mut Bench, fate: Fate) -> Vec<Output> {
    match fate {
        Fate::Said(role, said) if bench.processes.contains(&role) => bench.said(role, said),
        Fate::Exited(role, how) if bench.processes.contains(&role) => {
            bench.input(Input::Exited(role, how))
        }
        Fate::Restart(role) => bench.input(Input::Restart(role)),
        Fate::Timer => bench.next_timer(),
        Fate::Said(..) | Fate::Exited(..) => vec![],
    }
}

/// What holds whenever nothing is happening: every wanted role is up, guarded by a timer, or waits for one that is.
fn nothing_is_lost(bench: &Bench) -> Result<(), String> {
    let init = &bench.init;
    for (role, life) in init.lives.iter().enumerate() {
        let there = bench.processes.contains(&role);
        let lives = !matches!(
            life.state(),
            State::Waiting | State::Resting | State::Degraded(_) | State::Stopped
        );
        if lives != there {
            return Err(format!("{role} is {:?} and there={there}", life.state()));
        }
        match life.state() {
            State::Waiting if init.is_wanted(role) && init.ground_is_laid(role) => {
                return Err(format!("{role} waits for nobody"));
            }
            State::Stopped if init.is_wanted(role) => return Err(format!("{role} is forgotten")),
            State::Running | State::Starting | State::Reloading
                if !init.is_wanted(role) && !init.is_needed(role) =>
            {
                return Err(format!("{role} was not told to end"));
            }
            _ => {}
        }
    }
    if init.sound() { Ok(()) } else { Err("a role waits for ever".into()) }
}

/// No more starts of a role within two minutes than the limit allows, restarts by a person aside.
fn no_storm(bench: &Bench, wished: usize) -> Result<(), String> {
    for (index, (from, role)) in bench.spawned.iter().enumerate() {
        let within = bench.spawned[index..].iter().filter(|(at, other)| {
            other == role && at.saturating_duration_since(*from) < Duration::from_mins(2)
        });
        let starts = within.count();
        if starts > usize::from(INTENSITY) + wished {
            return Err(format!("{role} was started {starts} times in two minutes"));
        }
    }
    Ok(())
}

/// Every sequence of three of these after each of four beginnings, and each of them brought to an end.
#[test]
fn no_three_events_lose_a_role_or_keep_the_box_from_ending() {
    let fates = fates();
    let mut tried = 0;
    for (ground, ready) in [(CONFIRMED, 0), (CONFIRMED, 4), (WORN_OUT, 4), (Ground::Trial, 4)] {
        for sequence in 0..fates.len().pow(3) {
            let (mut bench, _) = Bench::begun(ground);
            (0..ready).for_each(|role| drop(bench.said(role, Said::Ready)));
            let mut rest = sequence;
            for _ in 0..3 {
                let fate = fates[rest % fates.len()];
                rest /= fates.len();
                meet(&mut bench, fate);
                nothing_is_lost(&bench).unwrap_or_else(|what| panic!("{fate:?}: {what}"));
            }
            comes_to_an_end(&mut bench);
            tried += 1;
        }
    }
    println!("{tried} sequences");
}

fn comes_to_an_end(bench: &mut Bench) {
    let mut out = bench.input(Input::Stop(Ending::PowerOff));
    for _ in 0..64 {
        if bench.init.phase() == Phase::Ended {
            return;
        }
        let told: Vec<Index> = bench.processes.iter().copied().collect();
        for role in told {
            let told = bench.init.state(role) == Some(State::Stopping(Then::End));
            if told && bench.processes.contains(&role) {
                out.extend(bench.dies(role));
            }
        }
        if bench.init.phase() != Phase::Ended {
            out.extend(bench.next_timer());
        }
    }
    panic!("no end: {out:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn long_random_lives_of_the_whole_have_no_storm_and_no_dead_end(
        picks in proptest::collection::vec(0usize..1000, 1..500),
        ground in prop_oneof![Just(CONFIRMED), Just(WORN_OUT), Just(Ground::Trial), Just(Ground::Foreground)],
    ) {
        let fates = fates();
        let (mut bench, _) = Bench::begun(ground);
        let mut wished = 0;
        for pick in picks {
            let fate = fates[pick % fates.len()];
            wished += usize::from(matches!(fate, Fate::Restart(_)));
            meet(&mut bench, fate);
            if bench.init.phase() != Phase::Ended {
                nothing_is_lost(&bench).map_err(TestCaseError::fail)?;
            }
        }
        no_storm(&bench, wished).map_err(TestCaseError::fail)?;
        comes_to_an_end(&mut bench);
    }
}
