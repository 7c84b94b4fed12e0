//! The commands of the simulator, one line each.

use crate::pp::Faults;
use dect::primitive::AccessCode;
use std::time::Duration;

/// A command. Handsets and base stations are numbered from 1 by people, from 0 here.
#[derive(Clone)]
pub enum Word {
    /// `subscribe N CODE`
    Subscribe(usize, AccessCode),
    /// `on N`
    On(usize),
    /// `off N`
    Off(usize),
    /// `dial N [NUMBER]`
    Dial(usize, String),
    /// `keys N KEYS`
    Keys(usize, String),
    /// `answer N`
    Answer(usize),
    /// `reject N`
    Reject(usize),
    /// `hang N`
    Hang(usize),
    /// `display N`
    Display(usize),
    /// `walk N BASE`
    Walk(usize, usize),
    /// `tone N HZ`
    Tone(usize, f64),
    /// `fault N NAME...`; `fault N none`
    Fault(usize, Faults),
    /// `status`
    Status,
    /// `wait SECONDS N EVENT [DETAIL...]`; `wait SECONDS base N EVENT [DETAIL...]`
    Wait(Duration, Whom, Vec<String>),
    /// `sleep SECONDS`
    Sleep(Duration),
    /// `help`
    Help,
    /// `quit`
    Quit,
}

/// Whose event is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// A handset's.
    Handset(usize),
    /// A base station's.
    Base(usize),
}

/// A line is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWord {
    /// An unknown word.
    #[error("there is no command {0:?}; try help")]
    Unknown(String),
    /// Something is missing, or is not what it should be.
    #[error("{0:?} is not understood; it is used like this: {1}")]
    Usage(String, &'static str),
}

impl Word {
    /// The command in a line; `None` for an empty one and for a comment, which begins with `#`.
    ///
    /// # Errors
    /// [`BadWord`], with the way the command is used.
    pub fn parse(line: &str) -> Result<Option<Self>, BadWord> {
        let mut words = line.split_whitespace();
        let Some(name) = words.next().filter(|name| !name.starts_with('#')) else {
            return Ok(None);
        };
        let rest: Vec<&str> = words.collect();
        let (_, usage) = COMMANDS
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| BadWord::Unknown(name.to_owned()))?;
        let word = command(name, &rest);
        word.map(Some).ok_or_else(|| BadWord::Usage(line.trim().to_owned(), usage))
    }
}

/// What `help` prints.
#[must_use]
pub fn help() -> String {
    COMMANDS.iter().fold(String::new(), |help, (_, usage)| help + "  " + usage + "\n")
}

fn command(name: &str, rest: &[&str]) -> Option<Word> {
    Some(match (name, rest) {
        ("subscribe", [n, code]) => Word::Subscribe(number(n)?, AccessCode::new(code)?),
        ("on", [n]) => Word::On(number(n)?),
        ("off", [n]) => Word::Off(number(n)?),
        ("dial", [n]) => Word::Dial(number(n)?, String::new()),
        ("dial", [n, called]) => Word::Dial(number(n)?, keys(called)?),
        ("keys", [n, pressed]) => Word::Keys(number(n)?, keys(pressed)?),
        ("answer", [n]) => Word::Answer(number(n)?),
        ("reject", [n]) => Word::Reject(number(n)?),
        ("hang", [n]) => Word::Hang(number(n)?),
        ("display", [n]) => Word::Display(number(n)?),
        ("walk", [n, base]) => Word::Walk(number(n)?, number(base)?),
        ("tone", [n, hz]) => {
            let hz = hz.parse().ok().filter(|hz| (300.0..=3400.0).contains(hz))?;
            Word::Tone(number(n)?, hz)
        }
        ("fault", [n, names @ ..]) if !names.is_empty() => Word::Fault(number(n)?, faults(names)?),
        ("status", []) => Word::Status,
        ("wait", [time, "base", n, event @ ..]) if !event.is_empty() => {
            Word::Wait(seconds(time)?, Whom::Base(number(n)?), owned(event))
        }
        ("wait", [time, n, event @ ..]) if !event.is_empty() => {
            Word::Wait(seconds(time)?, Whom::Handset(number(n)?), owned(event))
        }
        ("sleep", [time]) => Word::Sleep(seconds(time)?),
        ("help", []) => Word::Help,
        ("quit", []) => Word::Quit,
        _ => return None,
    })
}

/// A number from 1, as an index from 0.
fn number(text: &str) -> Option<usize> {
    text.parse::<usize>().ok()?.checked_sub(1)
}

fn seconds(text: &str) -> Option<Duration> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=86_400.0).contains(seconds))?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn keys(text: &str) -> Option<String> {
    let sound = text.len() <= KEYS_MAX && text.bytes().all(|key| b"0123456789*#".contains(&key));
    sound.then(|| text.to_owned())
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn faults(names: &[&str]) -> Option<Faults> {
    let mut faults = Faults::default();
    for name in names {
        match name.split_once('=').unwrap_or((name, "")) {
            ("none", "") => faults = Faults::default(),
            ("deaf", "") => faults.deaf_to_pages = true,
            ("wrong-key", "") => faults.wrong_uak = true,
            ("silent", "") => faults.silent = true,
            ("repeats", "") => faults.repeats_messages = true,
            ("acknowledges-nothing", "") => faults.acknowledges_nothing = true,
            ("releases-too", "") => faults.releases_too = true,
            ("refuses-cipher", "") => faults.refuses_cipher = true,
            ("late", time) => faults.answers_late = Some(seconds(time)?),
            ("loses", every) => faults.loses_every = every.parse().ok()?,
            _ => return None,
        }
    }
    Some(faults)
}

/// As many keys as anyone presses in a row.
const KEYS_MAX: usize = 64;

/// Every command, and how it is used.
const COMMANDS: &[(&str, &str)] = &[
    ("subscribe", "subscribe N CODE           subscribe handset N with an authentication code"),
    ("on", "on N                       switch it on"),
    ("off", "off N                      switch it off"),
    ("dial", "dial N [NUMBER]            go off-hook, and call a number"),
    ("answer", "answer N                   answer the call that rings"),
    ("reject", "reject N                   refuse it"),
    ("hang", "hang N                     hang up"),
    ("keys", "keys N KEYS                press keys in a call"),
    ("display", "display N                  what its display shows"),
    ("walk", "walk N BASE                carry it to another base station"),
    ("tone", "tone N HZ                  what it says from now on, 300 to 3400 hertz"),
    (
        "fault",
        "fault N NAME...            none, deaf, wrong-key, silent, repeats, acknowledges-nothing, releases-too, refuses-cipher, late=SECONDS, loses=EVERY",
    ),
    ("status", "status                     where everything stands"),
    (
        "wait",
        "wait SECONDS [base] N EVENT [DETAIL...]  until this has happened since the last time it was waited for",
    ),
    ("sleep", "sleep SECONDS              do nothing"),
    ("help", "help                       this"),
    ("quit", "quit                       end"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_and_lines_without_one_are_passed_over() {
        assert!(
            matches!(Word::parse("dial 1 1002"), Ok(Some(Word::Dial(0, called))) if called == "1002")
        );
        assert!(matches!(Word::parse(" walk 3  2 "), Ok(Some(Word::Walk(2, 1)))));
        assert!(matches!(
            Word::parse("wait 2.5 base 1 on-air"),
            Ok(Some(Word::Wait(_, Whom::Base(0), event))) if event == ["on-air"]
        ));
        assert!(matches!(
            Word::parse("wait 2 2 hears 800"),
            Ok(Some(Word::Wait(_, Whom::Handset(1), event))) if event == ["hears", "800"]
        ));
        assert!(matches!(
            Word::parse("fault 1 deaf late=3"),
            Ok(Some(Word::Fault(0, faults))) if faults.deaf_to_pages && faults.answers_late == Some(Duration::from_secs(3))
        ));
        for line in ["", "   ", "# a comment"] {
            assert!(matches!(Word::parse(line), Ok(None)), "{line}");
        }
    }

    #[test]
    fn a_line_that_is_not_understood_tells_how_the_command_is_used() {
        for line in [
            "dial",
            "dial 0 1",
            "dial 1 abc",
            "subscribe 1 12345678901",
            "wait 1 2",
            "tone 1 9",
            "fault 1 odd",
            "sleep -1",
            "status 1",
        ] {
            let Err(BadWord::Usage(said, usage)) = Word::parse(line) else { panic!("{line}") };
            assert_eq!(said, line);
            assert!(usage.starts_with(line.split(' ').next().unwrap_or_default()));
        }
        assert_eq!(Word::parse("fly 1").err(), Some(BadWord::Unknown("fly".into())));
    }

    #[test]
    fn every_command_is_in_the_help_and_is_understood() {
        assert_eq!(help().lines().count(), COMMANDS.len());
    }
}
