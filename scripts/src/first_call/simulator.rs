//! The simulator: two base stations and five handsets, and what they are told and tell.

use super::net::Net;
use super::process::Process;
use super::server;
use crate::rooms;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A running simulator.
pub(super) struct Simulator {
    process: Process,
    /// Events that nobody has waited for yet.
    events: Vec<Value>,
}

impl Simulator {
    /// Starts it; each base station enrols with its token.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn start(folder: &Path, net: Net, tokens: &[String; 2]) -> Result<Self, String> {
        let program = rooms::program("simulator").map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.arg("--server").arg(format!("{}:{TLS_DOOR}", net.server()));
        command.args(["--json", "--prompt", "--state"]).arg(folder.join("simulator"));
        for (number, token) in (1..).zip(tokens) {
            let base = format!("{}@{}", base_mac(number), net.base(number));
            command.args(["--base", &base, "--token", token]);
        }
        for number in 1..=HANDSETS {
            command.args(["--handset", &server::ipei(number)]);
        }
        let process = Process::start("simulator", folder, &mut command)?;
        let mut simulator = Self { process, events: Vec::new() };
        for (handset, hertz) in (1..).zip(TONES) {
            simulator.say(&format!("tone {handset} {hertz}"))?;
        }
        Ok(simulator)
    }

    /// A command of its prompt.
    ///
    /// # Errors
    /// When it is gone.
    pub(super) fn say(&mut self, command: &str) -> Result<(), String> {
        self.process.say(command)
    }

    /// What was not waited for until now does not count any more.
    pub(super) fn forget(&mut self) {
        self.process.forget();
        self.events.clear();
    }

    /// Waits until this handset has told of this event, with these words among its details.
    ///
    /// # Errors
    /// When it does not within the time that anything takes here.
    pub(super) fn handset(
        &mut self,
        number: u32,
        event: &str,
        details: &[&str],
    ) -> Result<Value, String> {
        self.wait(("handset", number), (event, details), USUAL)
    }

    /// The same, with a time of its own.
    ///
    /// # Errors
    /// When it does not in time.
    pub(super) fn handset_within(
        &mut self,
        number: u32,
        event: &str,
        within: Duration,
    ) -> Result<Value, String> {
        self.wait(("handset", number), (event, &[]), within)
    }

    /// Waits until this base station has told of this event.
    ///
    /// # Errors
    /// When it does not in time.
    pub(super) fn base(&mut self, number: u32, event: &str) -> Result<Value, String> {
        self.wait(("base", number), (event, &[]), USUAL)
    }

    fn wait(
        &mut self,
        whom: (&str, u32),
        what: (&str, &[&str]),
        within: Duration,
    ) -> Result<Value, String> {
        let is = |event: &Value| matches(event, whom, what);
        if let Some(index) = self.events.iter().position(is) {
            return Ok(self.events.remove(index));
        }
        let until = Instant::now() + within;
        let wanted = format!("{} {} {} {}", whom.0, whom.1, what.0, what.1.join(" "));
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let event = self.process.hear(&wanted, left, |line| {
                let event: Value = serde_json::from_str(line).ok()?;
                Some(event)
            })?;
            if is(&event) {
                return Ok(event);
            }
            self.events.push(event);
        }
    }

    /// Hands the prompt to the person at the terminal, until the simulator ends.
    pub(super) fn prompt(mut self) {
        if let Some(mut input) = self.process.take_input() {
            std::thread::spawn(move || std::io::copy(&mut std::io::stdin(), &mut input));
        }
        self.process.show(readable);
    }
}

fn matches(event: &Value, whom: (&str, u32), what: (&str, &[&str])) -> bool {
    let about = event[whom.0].as_u64() == Some(whom.1.into());
    let told = |detail: &&str| {
        let values = event.as_object().into_iter().flat_map(|object| object.values());
        values.into_iter().any(|value| match value {
            Value::String(text) => text.contains(*detail),
            Value::Number(number) => detail.parse() == Ok(number.as_f64().unwrap_or(f64::NAN)),
            _ => false,
        })
    };
    about && event["event"] == *what.0 && what.1.iter().all(told)
}

/// An event for people.
fn readable(line: &str) -> String {
    let Ok(Value::Object(event)) = serde_json::from_str(line) else { return line.to_owned() };
    let words = event.iter().filter(|(name, value)| *name != "time" && !value.is_null());
    let words: Vec<String> = words
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match name.as_str() {
                "event" => value,
                "base" | "handset" => format!("{name} {value}"),
                _ => format!("{name}={value}"),
            }
        })
        .collect();
    words.join(" ")
}

/// The MAC address of a base station, by its number from 1.
pub(super) fn base_mac(number: u8) -> String {
    format!("02:00:00:00:00:{number:02x}")
}

/// What each handset says, in hertz.
pub(super) const TONES: [u32; 5] = [600, 800, 1000, 1700, 2300];
/// Handsets; the fourth has a wrong SIP password, and of the last the server does not know at first.
const HANDSETS: u32 = 5;
/// The port of the TLS door.
const TLS_DOOR: u16 = 16_322;
/// Anything here takes less, except what waits on purpose.
const USUAL: Duration = Duration::from_secs(20);
