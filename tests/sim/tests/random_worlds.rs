//! Two thousand worlds, each from its seed, in four shares so that machines with several processors use them.
//!
//! A failure prints the command that lives through that world again.

use sim::world::random;
use std::panic;

#[test]
fn worlds_1_to_500_come_to_rest() {
    live_through(1, 500);
}

#[test]
fn worlds_501_to_1000_come_to_rest() {
    live_through(501, 1000);
}

#[test]
fn worlds_1001_to_1500_come_to_rest() {
    live_through(1001, 1500);
}

#[test]
fn worlds_1501_to_2000_come_to_rest() {
    live_through(1501, 2000);
}

/// A world of its own choosing: `SEED=n cargo test -p sim --test random_worlds -- --ignored`.
#[test]
#[ignore = "lives through the one world that SEED names"]
fn the_world_of_the_seed_comes_to_rest() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    random::live(seed.expect("SEED is a number"));
}

fn live_through(first: u64, last: u64) {
    for seed in first..=last {
        if let Err(why) = panic::catch_unwind(|| random::live(seed)) {
            eprintln!("SEED={seed} cargo test -p sim --test random_worlds -- --ignored");
            panic::resume_unwind(why);
        }
    }
}
