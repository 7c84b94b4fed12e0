//! What the simulator prints: one line per event, for people or as JSON.

use crate::pp::Seen;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::time::Duration;

/// Whom a line is about. Numbers are printed from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A base station.
    Base(usize),
    /// A handset.
    Handset(usize),
    /// The program itself.
    Program,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Whom it is about.
    pub subject: Subject,
    /// What happened, in a word: `located`, `ringing`, `hears` ...
    pub event: &'static str,
    /// More about it, in order.
    pub details: Vec<(&'static str, Value)>,
}

impl Report {
    /// An event of which nothing else is to be said.
    #[must_use]
    pub const fn new(subject: Subject, event: &'static str) -> Self {
        Self { subject, event, details: Vec::new() }
    }

    /// The same, with more about it.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// What the user of a handset has noticed.
    #[must_use]
    pub fn seen(handset: usize, seen: &Seen) -> Self {
        let report = |event| Self::new(Subject::Handset(handset), event);
        match seen {
            Seen::Subscribed(ipui, park) => {
                report("subscribed").with("ipui", ipui.to_string()).with("park", park.to_string())
            }
            Seen::NotSubscribed(reason) => report("not-subscribed").with("reason", reason.as_str()),
            Seen::Terminated => report("terminated"),
            Seen::Located(tpui) => {
                report("located").with("tpui", tpui.map(|tpui| tpui.to_string()))
            }
            Seen::NotLocated(reason) => report("not-located").with("reason", reason.as_str()),
            Seen::Ringing { number, name } => {
                report("ringing").with("number", number.clone()).with("name", name.clone())
            }
            Seen::Signal(signal) => report("signal").with("signal", format!("{signal:?}")),
            Seen::Display(text) => report("display").with("text", text.as_str()),
            Seen::Time(text) => report("time").with("time", text.as_str()),
            Seen::WantsNumber => report("wants-number"),
            Seen::Proceeding => report("proceeding"),
            Seen::RingsThere => report("rings-there"),
            Seen::Connected => report("connected"),
            Seen::Released(reason) => report("released").with("reason", format!("{reason:?}")),
            Seen::Ciphered => report("ciphered"),
            Seen::NotPossible(reason) => report("not-possible").with("reason", *reason),
        }
    }

    /// Whether the event, or a detail of it, is what `words` say: the event's
    /// name, then any of its details in any order.
    #[must_use]
    pub fn matches(&self, words: &[String]) -> bool {
        let Some((event, details)) = words.split_first() else { return false };
        let told: Vec<String> = self.details.iter().map(|(_, value)| plain(value)).collect();
        event == self.event && details.iter().all(|detail| told.contains(detail))
    }

    /// The line for people.
    #[must_use]
    pub fn line(&self, at: Duration) -> String {
        let subject = match self.subject {
            Subject::Base(base) => format!("base {}", base + 1),
            Subject::Handset(handset) => format!("handset {}", handset + 1),
            Subject::Program => "simulator".to_owned(),
        };
        let mut line = format!("{:9.3} {subject} {}", at.as_secs_f64(), self.event);
        for (name, value) in &self.details {
            if !value.is_null() {
                // Writing to a string cannot fail.
                let _ = write!(line, " {name}={}", quoted(&plain(value)));
            }
        }
        line
    }

    /// The line for programs.
    #[must_use]
    pub fn json(&self, at: Duration) -> String {
        let mut object = Map::new();
        object.insert("time".into(), json!(at.as_millis()));
        match self.subject {
            Subject::Base(base) => object.insert("base".into(), json!(base + 1)),
            Subject::Handset(handset) => object.insert("handset".into(), json!(handset + 1)),
            Subject::Program => None,
        };
        object.insert("event".into(), json!(self.event));
        for (name, value) in &self.details {
            object.insert((*name).into(), value.clone());
        }
        Value::Object(object).to_string()
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([' ', '"']) { format!("{text:?}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dect::primitive::ReleaseReason;

    #[test]
    fn an_event_is_one_line_for_people_and_one_for_programs() {
        let number = Some("1001".to_owned());
        let report = Report::seen(1, &Seen::Ringing { number, name: None });
        let at = Duration::from_millis(12_345);
        assert_eq!(report.line(at), "   12.345 handset 2 ringing number=1001");
        assert_eq!(
            report.json(at),
            r#"{"time":12345,"handset":2,"event":"ringing","number":"1001","name":null}"#
        );
        let report = Report::seen(0, &Seen::NotSubscribed("no answer".into()));
        assert!(report.line(at).ends_with(r#"not-subscribed reason="no answer""#));
    }

    #[test]
    fn an_event_is_recognized_by_its_name_and_its_details() {
        let report = Report::seen(0, &Seen::Released(ReleaseReason::UserBusy));
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(report.matches(&words("released")));
        assert!(report.matches(&words("released UserBusy")));
        assert!(!report.matches(&words("released Normal")));
        assert!(!report.matches(&words("located")));
        assert!(
            Report::new(Subject::Handset(0), "hears").with("hz", 800).matches(&words("hears 800"))
        );
    }
}
