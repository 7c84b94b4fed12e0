//! What a person has to see to, and what has changed of it.

use bus::observed1::Event;
use lan::snmp::mib::{Issue, notification};
use lan::snmp::{Binding, Oid};
use std::collections::{BTreeMap, BTreeSet};

/// A notification: its name and its variables.
pub(super) type Told = (Oid, Vec<Binding>);

/// What each role says that a person has to see to.
#[derive(Debug, Default)]
pub(super) struct Issues(BTreeMap<String, BTreeSet<String>>);

impl Issues {
    /// A role says all that there is to see to; what is new of it, and what is no more.
    pub(super) fn say(&mut self, role: &str, alerts: &[String]) -> Vec<Told> {
        let now: BTreeSet<String> = alerts.iter().take(ALERTS_MAX).cloned().collect();
        let before = self.0.insert(role.to_owned(), now.clone()).unwrap_or_default();
        let issue = |text: &String| Issue { role: role.to_owned(), text: text.clone() };
        let raised = now.difference(&before).map(|it| notification::issue_raised(&issue(it)));
        let cleared = before.difference(&now).map(|it| notification::issue_cleared(&issue(it)));
        cleared.chain(raised).collect()
    }

    /// A role does not answer: that is what there is to see to.
    pub(super) fn silent(&mut self, role: &str) -> Vec<Told> {
        let text =
            format!("the role {role} does not answer; look into the log (appliance ctl logs)");
        self.say(role, &[text])
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Issue> {
        let of = |(role, texts): (&String, &BTreeSet<String>)| {
            let role = role.clone();
            let issue = move |text: &String| Issue { role: role.clone(), text: text.clone() };
            texts.iter().map(issue).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of).collect()
    }
}

/// The notification of an event of another role, if there is one for it (docs/observed.md).
pub(super) fn told_by(event: &Event) -> Option<Told> {
    let (who, why) = event.text.split_once(' ').unwrap_or((&event.text, ""));
    Some(match event.kind.as_str() {
        "base-station-up" => notification::base_station_up(who),
        "base-station-lost" => notification::base_station_lost(who, why),
        "registration-lost" => notification::registration_lost(who, why),
        "registration-back" => notification::registration_back(who),
        _ => return None,
    })
}

/// Sentences of one role.
const ALERTS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(told: &[Told]) -> Vec<u32> {
        told.iter().map(|(name, _)| *name.arcs().last().unwrap()).collect()
    }

    #[test]
    fn an_issue_is_told_when_it_comes_and_when_it_goes() {
        let mut issues = Issues::default();
        let say = |issues: &mut Issues, role, alerts: &[&str]| {
            let alerts: Vec<String> = alerts.iter().map(|it| (*it).to_owned()).collect();
            names(&issues.say(role, &alerts))
        };
        assert_eq!(say(&mut issues, "dect", &["no ARI", "no PBX"]), [1, 1]);
        assert!(say(&mut issues, "dect", &["no PBX", "no ARI"]).is_empty());
        assert_eq!(say(&mut issues, "log", &["full"]), [1]);
        assert_eq!(say(&mut issues, "dect", &["no PBX", "no base"]), [2, 1]);
        assert_eq!(names(&issues.silent("dect")), [2, 2, 1]);
        assert_eq!(issues.all().len(), 2);
        assert_eq!(say(&mut issues, "dect", &[]), [2]);
    }

    #[test]
    fn an_event_is_told_with_who_and_why() {
        let event = |kind: &str, text: &str| {
            told_by(&Event { kind: kind.into(), text: text.into(), ..Event::default() })
        };
        let lost = notification::base_station_lost("02:00:00:00:00:01", "it is silent");
        assert_eq!(event("base-station-lost", "02:00:00:00:00:01 it is silent"), Some(lost));
        let back = notification::registration_back("201");
        assert_eq!(event("registration-back", "201"), Some(back));
        assert_eq!(event("note", "201 is registered"), None);
    }
}
