//! Stories in words that a support engineer can write: `tests/scenarios/*.scn`.
//!
//! ```text
//! system   rfp 2, pbx slow 2s
//! user     9997 on 00077 0000001, near rfp 1
//! phone    5551000, answers after 2s
//! at 0s    9997 dials 5551000
//! expect   9997 talks within 5s
//! at 20s   9997 hangs up
//! expect   all idle within 5s
//! ```
//!
//! Users are subscribed, located and registered before the story begins, unless
//! they are `new`. At the end everything must be idle. What can be said is what
//! [`super::stage`] understands.

use super::{Config, Weather, World};
use crate::pbx::{Habit, Mood};
use crate::pp::Dialling;
use dect::nwk::Encryption;
use std::fmt::Write as _;
use std::time::Duration;

/// A story, read but not yet played.
pub struct Story {
    config: Config,
    mood: Mood,
    weather: Weather,
    phones: Vec<(String, Habit)>,
    /// By place among the people: how they dial, after how long they answer.
    manners: Vec<(Dialling, Option<Duration>)>,
    steps: Vec<Step>,
}

/// One line of the story proper.
pub(super) struct Step {
    /// Where it stands, counted from 1.
    pub(super) line: usize,
    pub(super) what: What,
    pub(super) words: Vec<String>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Something happens at this time.
    At(Duration),
    /// Something must become true within this time.
    Expect(Duration),
}

impl Story {
    /// Reads a story.
    ///
    /// # Errors
    /// Names the line and says what is not understood there.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut story = Self {
            config: Config::new(1),
            mood: Mood::Well,
            weather: Weather::default(),
            phones: Vec::new(),
            manners: Vec::new(),
            steps: Vec::new(),
        };
        for (number, line) in (1..).zip(text.lines()) {
            // `#` is a key as well, so only a whole line is a comment.
            let line = line.trim();
            if line.starts_with('#') {
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let Some((first, rest)) = words.split_first() else { continue };
            let understood = match *first {
                "system" => clauses(rest).iter().all(|words| story.system(words).is_some()),
                "user" => story.person(&clauses(rest)).is_some(),
                "phone" => story.telephone(&clauses(rest)).is_some(),
                "at" | "expect" => story.step(number, first, rest).is_some(),
                _ => false,
            };
            if !understood {
                return Err(format!("line {number}: not understood: {line}"));
            }
        }
        Ok(story)
    }

    fn system(&mut self, words: &[&str]) -> Option<()> {
        let settings = &mut self.config.settings;
        match words {
            ["rfp", count] => self.config.bases = count.parse().ok()?,
            ["pbx", mood @ ..] => self.mood = mood_of(mood)?,
            ["radio", weather @ ..] => self.weather = weather_of(weather)?,
            ["closed"] => settings.dect.subscription_allowed = false,
            ["encryption"] => settings.dect.encryption = Encryption::Enabled,
            ["encryption", "enforced"] => settings.dect.encryption = Encryption::Enforced,
            ["no", "call", "authentication"] => settings.dect.auth_call = false,
            ["pound", "is", "a", "digit"] => settings.pound_dials = false,
            ["keys", "by", "info"] => (settings.info_keys, settings.events) = (true, None),
            ["rings", "for", time] => settings.ring_timeout = time_of(time)?,
            ["registers", "for", time] => settings.sip.registration_expire = time_of(time)?,
            ["seed", seed] => self.config.seed = seed.parse().ok()?,
            _ => return None,
        }
        Some(())
    }

    fn person(&mut self, clauses: &[Vec<&str>]) -> Option<()> {
        let (first, clauses) = clauses.split_first()?;
        let [number, "on", emc, psn] = first[..] else { return None };
        let person = self.config.add(number, format!("{emc} {psn}").parse().ok()?);
        let (mut dialling, mut answers) = (Dialling::Overlap, None);
        for clause in clauses {
            match clause[..] {
                ["near", "rfp", base] => person.near = Some(base.parse::<usize>().ok()? - 1),
                ["far", "away"] => person.near = None,
                ["new"] => person.new = true,
                ["without", "a", "user"] => (person.new, person.unlisted) = (true, true),
                ["code", code] => code.clone_into(&mut person.code),
                ["wrong", "SIP", "password"] => "wrong".clone_into(&mut person.password),
                ["answers", "after", time] => answers = Some(time_of(time)?),
                ["dials", "en-bloc"] => dialling = Dialling::EnBloc,
                ["dials", "at", "once"] => dialling = Dialling::AtOnce,
                _ => return None,
            }
        }
        self.manners.push((dialling, answers));
        Some(())
    }

    fn telephone(&mut self, clauses: &[Vec<&str>]) -> Option<()> {
        let [first, habit] = clauses else { return None };
        let [number] = first[..] else { return None };
        let habit = match habit[..] {
            ["answers", "after", time] => Habit::Answers(time_of(time)?),
            ["announces", "for", time] => Habit::Announces(time_of(time)?),
            ["rings"] => Habit::Rings,
            ["refuses", "with", status] => Habit::Refuses(status.parse().ok()?),
            ["is", "silent"] => Habit::Silent,
            _ => return None,
        };
        self.phones.push((number.to_owned(), habit));
        Some(())
    }

    fn step(&mut self, line: usize, first: &str, words: &[&str]) -> Option<()> {
        let (what, words) = match (first, words) {
            ("at", [time, words @ ..]) => (What::At(time_of(time)?), words),
            (_, [words @ .., "within", time]) => (What::Expect(time_of(time)?), words),
            (_, words) => (What::Expect(Duration::ZERO), words),
        };
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        self.steps.push(Step { line, what, words });
        Some(())
    }

    /// Plays the story in a world of its own and gives its trace.
    ///
    /// # Errors
    /// Names the line that did not come true, with the trace so far.
    ///
    /// # Panics
    /// When a check of the world fails.
    pub fn play(self) -> Result<String, String> {
        let mut world = World::new(self.config);
        for (number, habit) in &self.phones {
            world.pbx.put_phone(number, *habit);
        }
        for (handset, (dialling, answers)) in world.handsets.iter_mut().zip(&self.manners) {
            handset.pp.model_mut().dialling = *dialling;
            handset.pp.model_mut().answer_after = *answers;
        }
        world.begin();
        world.settle_everybody();
        world.open_story();
        world.set_mood(self.mood);
        world.set_weather(self.weather);
        for step in &self.steps {
            if let Err(what) = world.perform(step) {
                let mut report = format!("line {}: {what}\n", step.line);
                let _ = write!(report, "{}", world.trace());
                return Err(report);
            }
        }
        world.set_mood(Mood::Well);
        world.set_weather(Weather::default());
        let idle = world.run_until(PEACE, World::is_idle);
        if !idle {
            world.check_idle();
        }
        Ok(world.trace().to_owned())
    }
}

/// The parts of a line between commas, in words.
fn clauses<'a>(words: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut clauses = vec![Vec::new()];
    for word in words {
        let (word, ends) = word.strip_suffix(',').map_or((*word, false), |word| (word, true));
        if let Some(last) = clauses.last_mut() {
            last.push(word);
        }
        if ends {
            clauses.push(Vec::new());
        }
    }
    clauses
}

/// `3s`, `250ms`, `2min`.
pub(super) fn time_of(word: &str) -> Option<Duration> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = (digits.parse::<f64>().ok()?, &word[digits.len()..]);
    let seconds = match unit {
        "ms" => number / 1000.0,
        "s" => number,
        "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

pub(super) fn mood_of(words: &[&str]) -> Option<Mood> {
    Some(match words {
        ["well"] => Mood::Well,
        ["slow", time] => Mood::Slow(time_of(time)?),
        ["dead"] => Mood::Dead,
        ["forbidding"] => Mood::Forbidding,
        ["overloaded"] => Mood::Overloaded,
        ["forgetful"] => Mood::Forgetful,
        _ => return None,
    })
}

/// `loses 10 repeats 5 delays 40ms`, in percent; `clear`.
pub(super) fn weather_of(words: &[&str]) -> Option<Weather> {
    let mut weather = Weather::default();
    if words == ["clear"] {
        return Some(weather);
    }
    for pair in words.chunks(2) {
        match pair {
            ["loses", percent] => weather.lost = percent.parse().ok()?,
            ["repeats", percent] => weather.repeated = percent.parse().ok()?,
            ["delays", time] => weather.delay = time_of(time)?,
            _ => return None,
        }
    }
    Some(weather)
}

/// Everything has come to an end by then.
const PEACE: Duration = Duration::from_mins(5);
