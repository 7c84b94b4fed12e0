//! Random worlds: from a seed, people who do things at random in a world that goes wrong at random.
//!
//! Afterwards the world is put right and left alone, and everything must have
//! come to an end: no call, no bearer, no session, and everybody back in service.

use super::{Config, Weather, World, ipei};
use crate::pbx::{Habit, Mood, PhoneCommand};
use crate::pp::{Command, Dialling};
use dect::nwk::Encryption;
use machine::{Rng as _, Seeded};
use std::time::Duration;

/// Lives through the world of this seed.
///
/// # Panics
/// When a check fails, with the trace.
pub fn live(seed: u64) {
    let mut dice = Seeded::new(seed);
    let mut world = world(seed, &mut dice);
    world.begin();
    world.settle_everybody();
    world.open_story();
    for _ in 0..DEEDS {
        let pause = u64::from(dice.below(4000));
        world.run_for(Duration::from_millis(pause));
        something(&mut world, &mut dice);
    }
    put_right(&mut world);
    let peace = world.run_until(PEACE, |world| world.is_idle() && everybody(world));
    if !peace {
        world.check_idle();
        assert!(everybody(&world), "not everybody is back (seed {seed}):\n{}", world.trace());
    }
    world.check_idle();
}

fn world(seed: u64, dice: &mut Seeded) -> World {
    let mut config = Config::new(seed);
    config.bases = 1 + pick(dice, 3);
    for number in 0..2 + dice.below(4) {
        let near = pick(dice, config.bases);
        config.add(&format!("{}", 9000 + number), ipei(number + 1)).near = Some(near);
    }
    let settings = &mut config.settings;
    settings.dect.auth_call = dice.below(2) == 0;
    settings.dect.encryption =
        [Encryption::Disabled, Encryption::Enabled, Encryption::Enforced][pick(dice, 3)];
    settings.info_keys = dice.below(4) == 0;
    settings.sip.registration_expire = Duration::from_secs(60 + u64::from(dice.below(600)));
    settings.ring_timeout = Duration::from_secs(10 + u64::from(dice.below(60)));
    let mut world = World::new(config);
    for handset in &mut world.handsets {
        let model = handset.pp.model_mut();
        model.dialling = [Dialling::Overlap, Dialling::AtOnce, Dialling::EnBloc][pick(dice, 3)];
        model.answer_after =
            (dice.below(3) > 0).then(|| Duration::from_millis(u64::from(dice.below(8000))));
    }
    let habits = [
        Habit::Answers(Duration::from_secs(1)),
        Habit::Rings,
        Habit::Announces(Duration::from_secs(3)),
        Habit::Refuses(486),
        Habit::Silent,
    ];
    for (place, habit) in habits.into_iter().enumerate() {
        world.pbx.put_phone(&format!("{}", 5000 + place), habit);
    }
    world
}

/// One deed of somebody, or one blow of fate.
fn something(world: &mut World, dice: &mut Seeded) {
    let handset = pick(dice, world.handsets.len());
    let base = pick(dice, world.bases.len());
    let phone = format!("{}", 5000 + dice.below(5));
    let number = a_number(world, dice);
    match dice.below(40) {
        0..10 => world.user(handset, Command::Dial(format!("{number}#"))),
        10..14 => world.user(handset, Command::Answer),
        14..19 => world.user(handset, Command::HangUp),
        19 => world.user(handset, Command::Reject),
        20 => world.user(handset, Command::Keys("1".to_owned())),
        21..24 => world.phone(&phone, &PhoneCommand::Call(number)),
        24 => world.phone(&phone, &PhoneCommand::CallWithoutOffer(number)),
        25 => world.phone(&phone, &PhoneCommand::Answer),
        26..28 => world.phone(&phone, &PhoneCommand::HangUp),
        28 => world.phone(&phone, &PhoneCommand::Reinvite("sendonly")),
        29 => world.phone(&phone, &PhoneCommand::Update),
        30 => world.walk(handset, (dice.below(4) > 0).then_some(base)),
        31 => world.user(handset, Command::SwitchOff),
        32 => world.user(handset, Command::SwitchOn),
        33 => world.set_weather(Weather {
            lost: dice.below(10),
            repeated: dice.below(10),
            delay: Duration::from_millis(u64::from(dice.below(50))),
        }),
        34 => {
            let plugged = dice.below(2) == 0;
            world.plug(base, plugged);
        }
        35 => world.set_mood(
            [Mood::Well, Mood::Slow(Duration::from_millis(700)), Mood::Overloaded, Mood::Dead]
                [pick(dice, 4)],
        ),
        36 => world.pbx.restart(),
        37 => world.media.full = dice.below(2) == 0,
        38 => {
            let code = world.server.code_of(handset);
            world.user(handset, Command::Subscribe(code));
        }
        _ => {
            world.kill_server();
            world.run_for(Duration::from_millis(u64::from(dice.below(5000))));
            world.start_server();
        }
    }
}

fn a_number(world: &World, dice: &mut Seeded) -> String {
    match dice.below(4) {
        0 => format!("{}", 5000 + dice.below(6)),
        _ => world.handsets[pick(dice, world.handsets.len())].number.clone(),
    }
}

/// The weather clears, cables are plugged in, everybody comes home and hangs up.
fn put_right(world: &mut World) {
    world.set_weather(Weather::default());
    world.set_mood(Mood::Well);
    world.media.full = false;
    for base in 0..world.bases.len() {
        if !world.bases[base].plugged {
            world.plug(base, true);
        }
    }
    world.run_for(Duration::from_secs(20));
    for handset in 0..world.handsets.len() {
        if world.handsets[handset].at.is_none() {
            world.walk(handset, Some(0));
        }
        world.user(handset, Command::SwitchOn);
        world.user(handset, Command::HangUp);
    }
    for phone in 5000..5005 {
        world.phone(&format!("{phone}"), &PhoneCommand::HangUp);
    }
}

/// Whether everybody is in service, as far as handset, server and PBX know.
fn everybody(world: &World) -> bool {
    (0..world.handsets.len()).all(|handset| world.is_in_service(handset))
}

fn pick(dice: &mut Seeded, count: usize) -> usize {
    let below = u32::try_from(count).unwrap_or(u32::MAX);
    usize::try_from(dice.below(below)).unwrap_or(0)
}

/// So much happens in one life.
const DEEDS: usize = 40;
/// Registrations of a PBX that has forgotten them are renewed by then.
const PEACE: Duration = Duration::from_mins(30);
