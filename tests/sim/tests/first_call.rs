//! The world's smallest stories, told in code.

use sim::pp::Command;
use sim::world::{Config, World, ipei};
use std::time::Duration;

fn two_in_service() -> World {
    let mut config = Config::new(1);
    config.add("9997", ipei(1));
    config.add("9998", ipei(2));
    let mut world = World::new(config);
    world.open_story();
    world.begin();
    world.settle_everybody();
    world
}

#[test]
fn two_handsets_subscribe_locate_and_register() {
    let mut world = two_in_service();
    world.run_for(Duration::from_secs(30));
    world.check_idle();
}

#[test]
fn one_calls_the_other_through_the_pbx() {
    let mut world = two_in_service();
    world.open_story();
    world.user(0, Command::Dial("9998#".to_owned()));
    world.run_for(Duration::from_secs(8));
    world.user(1, Command::Answer);
    world.run_for(Duration::from_secs(10));
    assert!(world.talks(0) && world.talks(1), "{}", world.trace());
    world.user(0, Command::HangUp);
    world.run_for(Duration::from_secs(30));
    world.check_idle();
}
