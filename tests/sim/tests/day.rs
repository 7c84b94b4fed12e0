//! A day of ten thousand handsets on two hundred and fifty base stations.
//!
//! Everything is encoded and decoded: base-station link, data link, network
//! layer, SIP. Server and simulated surroundings live in this one process, and
//! all of it stays below [`CEILING_MIB`].
//!
//! `cargo test --release -p sim --test day -- --ignored --nocapture`; smaller ones by `HANDSETS=200`.

use machine::{Rng as _, Seeded};
use sim::pp::Command;
use sim::world::{Config, World, ipei};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What this process may occupy at the end: the server's and the simulated surroundings' memory together.
const CEILING_MIB: usize = 768;
/// Calls that each handset makes in the day.
const CALLS_EACH: usize = 5;

#[test]
#[ignore = "takes minutes; scripts/test runs it in the release profile"]
fn ten_thousand_handsets_live_through_a_day() {
    let handsets = number_of("HANDSETS", 10_000);
    let mut world = born(handsets);
    let begun = Instant::now();
    world.begin();
    world.settle_everybody();
    let settled = resident_mib();
    println!("{handsets} in service after {:?}, {settled} MiB", begun.elapsed());

    let calls = live(&mut world, handsets);
    let resident = resident_mib();
    println!(
        "{calls} calls, {} steps in {:?}; {settled} MiB in the morning, {resident} MiB at night",
        world.steps(),
        begun.elapsed()
    );
    world.check_idle();
    assert!(calls >= handsets * CALLS_EACH * 9 / 10, "only {calls} calls came about");
    assert!(resident <= CEILING_MIB, "{resident} MiB");
    assert!(resident <= settled + settled / 4, "{settled} MiB grew to {resident} MiB in a day");
}

fn born(handsets: usize) -> World {
    let mut config = Config::new(24);
    config.bases = handsets.div_ceil(40).min(250);
    config.settings.sip.registration_expire = Duration::from_hours(1);
    for handset in 0..handsets {
        let near = handset % config.bases;
        let number = u32::try_from(handset).expect("thousands of handsets");
        config.add(&format!("{}", 10_000 + handset), ipei(number + 1)).near = Some(near);
    }
    let mut world = World::new(config);
    for handset in 0..handsets {
        world.answers_after(handset, Duration::from_secs(4));
    }
    world
}

/// Calls spread over the day, a minute each; how many were through.
fn live(world: &mut World, handsets: usize) -> usize {
    let mut dice = Seeded::new(1);
    let day = Duration::from_hours(24);
    let calls = u32::try_from(handsets * CALLS_EACH).expect("thousands of calls");
    let gap = day / calls;
    let (mut up, mut through) = (VecDeque::new(), 0);
    let end = world.time() + day;
    let mut next_hour = world.time();
    while world.time() < end {
        let now = world.time();
        if now >= next_hour {
            // The surroundings' memory of each display would hide what the server keeps.
            world.forget_what_was_seen();
            next_hour += Duration::from_hours(1);
        }
        while let Some((since, caller)) = up.front().copied() {
            if now < since + Duration::from_mins(1) {
                break;
            }
            up.pop_front();
            through += usize::from(world.talks(caller));
            world.user(caller, Command::HangUp);
        }
        let below = u32::try_from(handsets).expect("thousands of handsets");
        let (caller, called) = (dice.below(below) as usize, dice.below(below) as usize);
        if caller != called && world.is_free(caller) && world.is_free(called) {
            world.user(caller, Command::Dial(format!("{}#", 10_000 + called)));
            up.push_back((now, caller));
        }
        world.run_for(gap);
    }
    while let Some((_, caller)) = up.pop_front() {
        through += usize::from(world.talks(caller));
        world.user(caller, Command::HangUp);
    }
    world.run_for(Duration::from_mins(10));
    through
}

fn number_of(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What this process occupies in memory.
fn resident_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kib.expect("Linux tells what a process occupies") / 1024
}
