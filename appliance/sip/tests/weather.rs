//! Two engines and a network that loses, doubles and reorders: each call ends once on both sides, and
//! nothing stays behind.

mod world;

use machine::{Rng as _, Seeded};
use proptest::prelude::*;
use sip::primitive::{CallId, Event, Request};
use std::time::Duration;
use world::*;

const A: &str = "127.0.0.1:5060";
const B: &str = "127.0.0.2:5060";

/// What people at both ends do, and when, in milliseconds.
#[derive(Clone, Debug)]
struct Story {
    seed: u64,
    lost: u32,
    doubled: u32,
    delay: u32,
    calls: Vec<Plan>,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    from_a: bool,
    at: u32,
    /// After so long the caller gives up or hangs up.
    hangs_up: u32,
    changes: Option<u32>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let changes = prop::option::of(0..9_000_u32);
    (any::<bool>(), 0..5_000_u32, 0..12_000_u32, changes)
        .prop_map(|(from_a, at, hangs_up, changes)| Plan { from_a, at, hangs_up, changes })
}

fn stories() -> impl Strategy<Value = Story> {
    let calls = prop::collection::vec(plans(), 1..5);
    (any::<u64>(), 0..400_u32, 0..200_u32, 1..900_u32, calls)
        .prop_map(|(seed, lost, doubled, delay, calls)| Story { seed, lost, doubled, delay, calls })
}

/// Somebody who answers, refuses or lets it ring, and sooner or later hangs up, all by chance.
fn moody(seed: u64) -> Brain {
    let mut chance = Seeded::new(seed);
    Box::new(move |event| {
        let mut soon = |most| ms(chance.below(most).into());
        match event {
            Event::Incoming(incoming) => {
                let call = incoming.call;
                let verdict = match soon(4).as_millis() {
                    0 => Request::Reject(call, 486),
                    1 => Request::Hangup(call),
                    _ => Request::Answer(call, session("answer")),
                };
                vec![(soon(500), Request::Ring(call)), (soon(4_000), verdict)]
            }
            Event::Offer(call, _) if soon(3).is_zero() => {
                vec![(soon(900), Request::Reject(*call, 488))]
            }
            Event::Offer(call, _) => vec![(soon(900), Request::Answer(*call, session("again")))],
            Event::Confirmed(call) => vec![
                (soon(3_000), Request::InfoKey(*call, '1', ms(100))),
                (soon(3_000), Request::Modify(*call, session("change"))),
                (soon(20_000), Request::Hangup(*call)),
            ],
            _ => vec![],
        }
    })
}

fn tell(story: &Story) -> World {
    let mut world = World::new();
    world.engine("a", settings(A, &[B]), moody(story.seed));
    world.engine("b", settings(B, &[A]), moody(story.seed ^ 1));
    world.weather = Some(Weather {
        rng: Seeded::new(story.seed ^ 2),
        lost: story.lost,
        doubled: story.doubled,
        delay: story.delay,
    });
    world.ask(A, ms(0), put(1, "201"));
    world.ask(B, ms(0), put(1, "202"));
    for plan in &story.calls {
        let (at, target) = if plan.from_a { (A, "202") } else { (B, "201") };
        let (call, invite) = invite(&mut world, at, target);
        let begin = ms(plan.at.into()) + ms(1);
        world.ask(at, begin, invite);
        world.ask(at, begin + ms(plan.hangs_up.into()), Request::Hangup(call));
        if let Some(after) = plan.changes {
            let change = Request::Modify(call, session("mine"));
            world.ask(at, begin + ms(after.into()), change);
        }
    }
    world.run(Duration::from_mins(3));
    // A BYE of which every repetition got lost leaves the other side in its call: people hang up then.
    for at in [A, B] {
        (0..12).for_each(|call| world.ask(at, ms(0), Request::Hangup(CallId(call))));
    }
    world.run(Duration::from_mins(5));
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_call_ends_once_on_both_sides_and_nothing_is_left(story in stories()) {
        let mut world = tell(&story);
        let begun = world.ladder().matches(" ! incoming").count() + story.calls.len();
        let mut ended = 0;
        for at in [A, B] {
            let ends = world.ends(at).clone();
            prop_assert!(ends.values().all(|ends| *ends == 1), "{:?}\n{}", ends, world.trace);
            ended += ends.len();
            let load = world.endpoint(at).load();
            let left = load.calls + load.client_transactions + load.server_transactions + load.timers;
            prop_assert_eq!(left, 0, "{:?}\n{}", load, world.trace);
        }
        prop_assert_eq!(ended, begun, "{}", world.trace);
    }

    #[test]
    fn the_same_story_is_told_the_same_twice(story in stories()) {
        prop_assert_eq!(tell(&story).trace, tell(&story).trace);
    }
}
