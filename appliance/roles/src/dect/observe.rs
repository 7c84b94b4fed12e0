//! What can be seen of the role `dect`.

use crate::observing::observed;
use crate::watchers::Watchers;
use bus::door::connect;
use bus::observed1::{Ask, Call, Counter, Event, Observed, ServiceProxy};
use iwu::brain::Brain;
use iwu::status::Registration;
use iwu::tally::Occurrence;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Those who watch, and what they have been told of.
pub(super) struct Observation {
    begun: Instant,
    notes: u64,
    /// What keeps the radio off, and what waits for a restart.
    alerts: Vec<String>,
    watchers: Watchers<(), Event>,
    /// The state of each call as it was last told.
    told: BTreeMap<u32, &'static str>,
    /// Where the media role is, which knows how speech arrives.
    media: (PathBuf, u32),
}

impl Observation {
    /// Nothing has been told yet.
    pub(super) fn begin(media: &Path, user: u32, alerts: Vec<String>) -> Self {
        Self {
            begun: Instant::now(),
            notes: 0,
            alerts,
            watchers: Watchers::default(),
            told: BTreeMap::new(),
            media: (media.to_owned(), user),
        }
    }

    /// These are the alerts from now on.
    pub(super) fn alert(&mut self, alerts: Vec<String>) {
        self.alerts = alerts;
    }

    /// Tells what an administrator would tell the story with.
    pub(super) fn note(&mut self, text: &str) {
        self.notes += 1;
        self.watchers.happened("note", 0, text);
    }

    /// Tells what those who watch are to hear at once, and what they can read without knowing the language.
    pub(super) fn occurred(&mut self, what: &Occurrence) {
        let (kind, text) = match what {
            Occurrence::BaseStationUp(mac) => ("base-station-up", mac.to_string()),
            Occurrence::BaseStationLost(mac, why) => ("base-station-lost", format!("{mac} {why}")),
            Occurrence::RegistrationLost(user, why) => {
                ("registration-lost", format!("{user} {why}"))
            }
            Occurrence::RegistrationBack(user) => ("registration-back", user.clone()),
        };
        self.watchers.happened(kind, 0, &text);
    }

    /// Tells which calls have come, moved on and gone since the last look. Without watchers it looks away.
    pub(super) fn look(&mut self, brain: &Brain) {
        if self.watchers.count() == 0 {
            return;
        }
        let now: BTreeMap<u32, &'static str> = brain.call_states().collect();
        for (call, state) in &now {
            if self.told.get(call) != Some(state) {
                self.watchers.happened("call-state", *call, state);
            }
        }
        for call in self.told.keys().filter(|call| !now.contains_key(call)) {
            self.watchers.happened("call-state", *call, "Over");
        }
        self.told = now;
    }

    /// Answers one who observes; the quality of speech is asked of the media role beside the work.
    ///
    /// `unkept` changes wait for the role `conf`.
    pub(super) fn asked(&mut self, ask: Ask, brain: &Brain, unkept: usize) {
        let answer = match ask {
            Ask::Get(answer) => answer,
            Ask::Watch(answer) => {
                // A new watcher hears what changes from now on.
                self.told = brain.call_states().collect();
                return drop(answer.send(self.watchers.add(())));
            }
        };
        let mut observed = self.observe(brain, unkept);
        let media = self.media.clone();
        let complete = async move {
            if !observed.calls.is_empty() {
                // Without an answer the calls are shown without their legs.
                let sessions = timeout(PATIENCE, sessions(&media.0, media.1)).await;
                add_legs(&mut observed.calls, sessions.ok().flatten().unwrap_or_default());
            }
            let _ = answer.send(observed);
        };
        drop(tokio::spawn(complete));
    }

    fn observe(&self, brain: &Brain, unkept: usize) -> Observed {
        let (status, tally) = (brain.status(), brain.tally());
        let size = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        let users = |wanted: fn(&iwu::status::UserStatus) -> bool| {
            size(status.users.iter().filter(|user| wanted(user)).count())
        };
        let bases_up = status.rfps.iter().filter(|rfp| rfp.down.is_none()).count();
        let registered = users(|user| matches!(user.registration, Registration::Registered(_)));
        let counters = [
            ("notes", self.notes),
            ("users_now", size(status.users.len())),
            ("users_subscribed_now", users(|user| user.subscribed)),
            ("users_located_now", users(|user| user.located.is_some())),
            ("users_registered_now", registered),
            ("base_stations_now", size(status.rfps.len())),
            ("base_stations_up_now", size(bases_up)),
            ("calls_now", size(status.calls)),
            ("calls_most", tally.most),
            ("call_attempts", tally.attempts),
            ("calls_abnormal", tally.abnormal),
            ("changes_unkept_now", size(unkept)),
        ];
        let counter = |(name, value): (&str, u64)| Counter { name: name.to_owned(), value };
        let call = |call: iwu::status::CallStatus| Call {
            call: call.number,
            state: call.state.to_owned(),
            user: call.user,
            // Whatever the PBX sends.
            peer: bus::sendable(&call.peer),
            ..Call::default()
        };
        Observed {
            status: format!(
                "{bases_up} base stations up, {registered} users registered, {} calls",
                status.calls
            ),
            counters: counters.into_iter().map(counter).collect(),
            calls: brain.call_list().map(call).collect(),
            alerts: self.alerts.clone(),
            ..observed("dect", self.begun)
        }
    }
}

/// The sessions of the media role; none if it is away.
async fn sessions(path: &Path, user: u32) -> Option<Vec<Call>> {
    let connection = connect(path, user).await.ok()?;
    Some(ServiceProxy::new(&connection).await.ok()?.get().await.ok()?.calls)
}

/// Gives each call the legs of the session of its number.
fn add_legs(calls: &mut [Call], sessions: Vec<Call>) {
    let mut legs: BTreeMap<u32, _> =
        sessions.into_iter().map(|session| (session.call, session.legs)).collect();
    for call in calls {
        call.legs = legs.remove(&call.call).unwrap_or_default();
    }
}

/// The media role answers in half a second, or hangs.
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use bus::observed1::Leg;

    #[test]
    fn each_call_gets_the_legs_of_its_own_session() {
        let call = |call| Call { call, ..Call::default() };
        let leg = |packets| Leg { packets, ..Leg::default() };
        let session = |number, packets| Call { legs: vec![leg(packets)], ..call(number) };
        let mut calls = [call(1), call(2), call(3)];
        add_legs(&mut calls, vec![session(3, 30), session(1, 10), session(9, 90)]);
        let packets = calls.map(|call| call.legs.iter().map(|leg| leg.packets).collect::<Vec<_>>());
        assert_eq!(packets, [vec![10], vec![], vec![30]]);
    }
}
