//! What the role shows of itself: its own face, and the one that all roles have.

use super::Desk;
use crate::observing::observed;
use crate::watchers::Watchers;
use bus::observed1::{self, Counter, Event, Observed};
use bus::time1::{Server, TimeState, VERSION};
use lan::log::Timestamp;
use lan::ntp::{Nanos, SECOND, View};
use std::io;
use std::time::Instant;

/// What was counted, and what a person has to see to.
pub(super) struct Shown {
    begun: Instant,
    /// Questions to servers.
    pub(super) asked: u64,
    /// Datagrams from them.
    pub(super) heard: u64,
    /// How often the clock was set.
    pub(super) steps: u64,
    /// Questions of others that were answered.
    pub(super) told: u64,
    /// Questions of others that were too many, or none.
    pub(super) refused: u64,
    /// Why the kernel does not let the clock be set.
    pub(super) kernel: Option<io::Error>,
    /// Why the time zone cannot be read.
    pub(super) zone: Option<String>,
    watchers: Watchers<(), Event>,
}

impl Shown {
    /// Nothing has happened yet.
    pub(super) fn begin() -> Self {
        Self {
            begun: Instant::now(),
            asked: 0,
            heard: 0,
            steps: 0,
            told: 0,
            refused: 0,
            kernel: None,
            zone: None,
            watchers: Watchers::default(),
        }
    }
}

impl Desk {
    /// How the time stands.
    pub(super) fn state(&self) -> TimeState {
        let (now, wall) = self.now();
        let state = self.client.state(now);
        let standing = state.standing;
        let synchronised = standing.stratum > 0 && self.shown.kernel.is_none();
        let uncertain = (standing.root_delay / 2).saturating_add(standing.root_dispersion);
        let local = timestamp(wall.0).map(|at| self.zone.1.local(at));
        let servers = self.asking.servers().iter().zip(&state.servers).enumerate();
        TimeState {
            version: VERSION,
            synchronised,
            problem: self.alerts().into_iter().next().unwrap_or_default(),
            clock: self.clock.word().into(),
            now_us: wall.0 / 1000,
            source: state
                .source
                .and_then(|server| self.asking.servers().get(server))
                .map(|server| bus::sendable(&server.name))
                .unwrap_or_default(),
            stratum: standing.stratum,
            offset_us: state.offset / 1000,
            uncertain_us: if synchronised { uncertain / 1000 } else { 0 },
            servers: servers
                .map(|(number, (asked, view))| Server {
                    name: bus::sendable(&asked.name),
                    address: asked.address().map(|it| it.to_string()).unwrap_or_default(),
                    ..server(view, state.source == Some(number))
                })
                .collect(),
            serves: self.serves,
            zone: bus::sendable(&self.zone.0),
            zone_name: local.as_ref().map(|it| it.name.clone()).unwrap_or_default(),
            zone_ahead_s: local.map_or(0, |it| it.offset),
        }
    }

    /// What a person has to see to.
    fn alerts(&self) -> Vec<String> {
        let problem = self.client.state(Instant::now()).problem;
        let kernel = self.shown.kernel.as_ref();
        [
            kernel.map(|error| format!("the clock cannot be set ({error}); restart the box")),
            // Where nobody is to be asked nothing is wrong.
            problem.filter(|_| !self.asking.servers().is_empty()).map(|it| it.to_string()),
            self.shown.zone.clone(),
            self.serving.problem().filter(|_| self.serves),
        ]
        .into_iter()
        .flatten()
        .map(|alert| bus::sendable(&alert))
        .collect()
    }

    /// Answers one who observes.
    pub(super) fn observed(&mut self, ask: observed1::Ask) {
        let answer = match ask {
            observed1::Ask::Get(answer) => answer,
            observed1::Ask::Watch(answer) => return drop(answer.send(self.shown.watchers.add(()))),
        };
        let state = self.state();
        let count = |name: &str, value| Counter { name: name.into(), value };
        let shown = &self.shown;
        let seen = Observed {
            status: status(&state),
            counters: vec![
                count("asked", shown.asked),
                count("heard", shown.heard),
                count("clock_steps", shown.steps),
                count("told", shown.told),
                count("refused", shown.refused),
                count("synchronised_now", state.synchronised.into()),
                count("stratum_now", state.stratum.into()),
                count("offset_us_now", state.offset_us.unsigned_abs()),
            ],
            alerts: self.alerts(),
            ..observed("time", shown.begun)
        };
        // The caller may have gone.
        drop(answer.send(seen));
    }

    /// Tells those who watch, and those who follow.
    pub(super) fn happened(&mut self, kind: &str, text: &str) {
        self.shown.watchers.happened(kind, 0, text);
        self.changed();
    }
}

/// A sentence for the status page.
fn status(state: &TimeState) -> String {
    match (state.synchronised, state.servers.is_empty()) {
        (true, _) => format!("the time is that of {}, stratum {}", state.source, state.stratum),
        (false, true) => "no time server is named; the clock runs by itself".into(),
        (false, false) => "the time of the network is not known".into(),
    }
}

fn server(view: &View, followed: bool) -> Server {
    let sample = view.best;
    let state = if view.refusal.is_some() {
        "refuses"
    } else if followed {
        "followed"
    } else if view.believed {
        "believed"
    } else if view.reach == 0 {
        "silent"
    } else if sample.is_none() {
        "useless"
    } else {
        "doubted"
    };
    Server {
        state: state.into(),
        reach: view.reach,
        every_s: 1_u32.checked_shl(view.poll.into()).unwrap_or(0),
        stratum: view.stratum,
        offset_us: sample.map_or(0, |it| it.offset / 1000),
        delay_us: sample.map_or(0, |it| it.delay / 1000),
        ..Server::default()
    }
}

/// Seconds with three digits behind the point, for the log.
pub(super) fn seconds(length: Nanos) -> String {
    let (whole, rest) = (length.abs() / SECOND, length.abs() % SECOND / 1_000_000);
    let sign = if length < 0 { "-" } else { "" };
    format!("{sign}{whole}.{rest:03}")
}

fn timestamp(nanos: Nanos) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanos.into()).ok()
}
