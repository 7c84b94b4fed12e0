//! The whole, whatever happens to it: every short sequence of events, and long ones at random.

use super::*;
use proptest::prelude::*;

/// What happens next in a random life.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Said(Index, Said),
    Exited(Index, Exit),
    Restart(Index),
    Timer,
}

fn fates(roles: usize) -> Vec<Fate> {
    let mut fates = vec![Fate::Timer, Fate::Timer, Fate::Timer];
    for role in 0..roles {
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

/// Every sequence of three of these after each of these beginnings, and each of them brought to an end.
#[test]
fn no_three_events_lose_a_role_or_keep_the_box_from_ending() {
    let beginnings: [Beginning; 4] = [
        (4, || Bench::begun(CONFIRMED).0),
        (4, || Bench::up(CONFIRMED)),
        (4, || Bench::up(WORN_OUT)),
        (4, || Bench::up(Ground::Trial)),
    ];
    every_three_events(&beginnings);
}

#[test]
fn no_three_events_lose_a_role_of_safe_mode_or_keep_the_box_from_ending() {
    let beginnings: [Beginning; 5] = [
        (3, || Bench::up_with(KEEPING, WORN_OUT)),
        (3, || Bench::begun_safe(Reason::Deadline).0),
        (3, || Bench::begun_safe(Reason::State).0),
        (3, || {
            let mut bench = Bench::up_with(KEEPING, WORN_OUT);
            crash_loop(&mut bench, 1);
            bench
        }),
        (3, || {
            let mut bench = Bench::up_with(KEEPING, WORN_OUT);
            crash_loop(&mut bench, 2);
            bench
        }),
    ];
    every_three_events(&beginnings);
}

type Beginning = (usize, fn() -> Bench);

/// Each beginning comes with how many roles it has.
fn every_three_events(beginnings: &[Beginning]) {
    let mut tried = 0;
    for (roles, beginning) in beginnings {
        let fates = fates(*roles);
        for sequence in 0..fates.len().pow(3) {
            let mut bench = beginning();
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
        keeping in any::<bool>(),
    ) {
        let table = if keeping { KEEPING } else { TABLE };
        let fates = fates(table.len());
        let (mut bench, _) = Bench::begun_with(table, ground);
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
