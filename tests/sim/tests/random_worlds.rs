//! Two thousand worlds, each from its seed.
//!
//! A failure prints the seed; `SEED=n cargo test -p sim --test random_worlds` lives through that world again.

use sim::world::random;
use std::panic;

#[test]
fn two_thousand_worlds_come_to_rest() {
    if let Some(seed) = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        return random::live(seed);
    }
    let worlds =
        std::env::var("WORLDS").ok().and_then(|worlds| worlds.parse().ok()).unwrap_or(2000);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let shares: Vec<Vec<u64>> = (0..threads)
        .map(|share| (1..=worlds).filter(|seed| *seed % threads as u64 == share as u64).collect())
        .collect();
    let hands = shares.into_iter().map(|share| {
        std::thread::spawn(move || {
            for seed in share {
                let lived = panic::catch_unwind(|| random::live(seed));
                if let Err(why) = lived {
                    eprintln!("SEED={seed} cargo test -p sim --test random_worlds");
                    panic::resume_unwind(why);
                }
            }
        })
    });
    let hands: Vec<_> = hands.collect();
    for hand in hands {
        hand.join().expect("the world of the seed above came to rest");
    }
}
