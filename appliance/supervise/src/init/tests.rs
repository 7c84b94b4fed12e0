//! The whole, in stories, under a clock of the test's own.

mod model;

use super::*;
use crate::life::{INTENSITY, REST_MAX, Then};
use crate::role::{LastResort, PLAIN};
use machine::Seeded;
use std::collections::BTreeSet;

const fn role(name: &'static str, after: &'static [&'static str], last_resort: LastResort) -> Role {
    Role { name, after, last_resort, ..PLAIN }
}

static CTL: Role = role("ctl", &[], LastResort::DegradeInSafeModeToo);
static MEDIA: Role = role("media", &[], LastResort::Reboot);
static DECT: Role = role("dect", &["media"], LastResort::Reboot);
static WEB: Role = role("web", &["dect"], LastResort::Degrade);
static TABLE: &[&Role] = &[&CTL, &MEDIA, &DECT, &WEB];

/// With one that keeps what the others, and whoever mends the box, need.
static CONF: Role = role("conf", &[], LastResort::RebootInSafeModeToo);
static CALLS: Role = role("dect", &["conf"], LastResort::Reboot);
static KEEPING: &[&Role] = &[&CTL, &CONF, &CALLS];

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
        Self::begun_with(TABLE, ground)
    }

    fn begun_with(table: &[&'static Role], ground: Ground) -> (Self, Vec<Output>) {
        let mut bench = Self::new(table, ground);
        let mut out = vec![];
        bench.init.begin(bench.now, &mut out);
        bench.took(&out);
        (bench, out)
    }

    fn begun_safe(reason: Reason) -> (Self, Vec<Output>) {
        let mut bench = Self::new(KEEPING, WORN_OUT);
        let mut out = vec![];
        bench.init.begin_safe(bench.now, reason, &mut out);
        bench.took(&out);
        (bench, out)
    }

    fn up(ground: Ground) -> Self {
        Self::up_with(TABLE, ground)
    }

    fn up_with(table: &[&'static Role], ground: Ground) -> Self {
        let (mut bench, _) = Self::begun_with(table, ground);
        for role in 0..table.len() {
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
            for other in 0..bench.init.roles.len() {
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
    assert_eq!(bench.init.phase(), Phase::Safe(Reason::Role(2)));
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

#[test]
fn settings_are_kept_in_safe_mode_too_but_where_their_place_is_lost() {
    let mut bench = Bench::up_with(KEEPING, WORN_OUT);
    let safe = Output::SafeMode(Reason::Role(2));
    assert_eq!(crash_loop(&mut bench, 2), [Output::Degraded(2, Exit::Ended), safe]);
    assert_eq!(bench.processes, BTreeSet::from([0, 1]));

    let (mut bench, out) = Bench::begun_safe(Reason::Deadline);
    let safe = Output::SafeMode(Reason::Deadline);
    assert_eq!(out, [safe, Output::Spawn(0), Output::Spawn(1)]);
    assert_eq!([bench.said(0, Said::Ready), bench.said(1, Said::Ready)].concat(), [Output::AllUp]);

    let (mut bench, out) = Bench::begun_safe(Reason::State);
    assert_eq!(out, [Output::SafeMode(Reason::State), Output::Spawn(0)]);
    assert_eq!(bench.said(0, Said::Ready), [Output::AllUp]);
    assert_eq!(bench.input(Input::Restart(1)), []);
}

#[test]
fn settings_that_cannot_be_kept_cost_a_reboot_then_safe_mode_and_nothing_in_safe_mode() {
    let out = crash_loop(&mut Bench::up_with(KEEPING, CONFIRMED), 1);
    assert_eq!(out[..2], [Output::Degraded(1, Exit::Ended), Output::Giving(Reason::Role(1))]);

    let mut bench = Bench::up_with(KEEPING, WORN_OUT);
    let phase = Phase::Safe(Reason::Role(1));
    let out = crash_loop(&mut bench, 1);
    let safe = Output::SafeMode(Reason::Role(1));
    assert_eq!(out, [Output::Degraded(1, Exit::Ended), safe, Output::Terminate(2)]);
    bench.dies(2);
    assert_eq!(bench.processes, BTreeSet::from([0]));
    // It is tried again and again, and the box stays as it is.
    for _ in 0..4 {
        let begun = bench.spawned.len();
        while !bench.processes.contains(&1) {
            bench.said(0, Said::Alive);
            bench.next_timer();
        }
        assert!(bench.now.saturating_duration_since(bench.spawned[begun - 1].0) > REST_MAX);
        bench.said(1, Said::Ready);
        assert_eq!(bench.dies(1), [Output::Degraded(1, Exit::Ended)]);
        assert_eq!(bench.init.phase(), phase);
    }
}
