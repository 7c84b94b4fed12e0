//! What can be seen of the role `media`.

use super::Desk;
use super::worker::Order;
use crate::observing::observed;
use crate::watchers::Watchers;
use bus::media1;
use bus::observed1::{Ask, Call, Counter, Event, Leg, Observed};
use media::session::{Report, SessionId, Tally};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What the role has counted, and those who watch.
pub(super) struct Counted {
    begun: Instant,
    opened: u64,
    failed: u64,
    closed: u64,
    silent: u64,
    watchers: Watchers<(), Event>,
}

impl Counted {
    /// Nothing has happened yet.
    pub(super) fn begin() -> Self {
        let watchers = Watchers::default();
        Self { begun: Instant::now(), opened: 0, failed: 0, closed: 0, silent: 0, watchers }
    }

    /// Counts what a thread tells.
    pub(super) fn report(&mut self, report: &Report) {
        let (count, kind, session, text) = match report {
            Report::Opened { session, .. } => {
                (&mut self.opened, "session-opened", session, String::new())
            }
            Report::Failed(session, why) => {
                (&mut self.failed, "session-failed", session, why.clone())
            }
            Report::Closed(session, tally) => {
                let Tally { radio, network } = **tally;
                let (lost, all) = (radio.lost + network.lost, radio.packets + network.packets);
                let text = format!("{all} packets received, {lost} lost");
                (&mut self.closed, "session-closed", session, text)
            }
            Report::Silent(session, side, silence) => {
                let text = format!("nothing from {side:?} for {} s", silence.as_secs());
                (&mut self.silent, "session-silent", session, text)
            }
            Report::Key(..) => return,
        };
        *count += 1;
        self.watchers.happened(kind, session.0, &text);
    }
}

impl Desk {
    /// Answers one who observes; what the threads know is gathered beside the work.
    pub(super) fn observed(&mut self, ask: Ask) {
        let answer = match ask {
            Ask::Watch(answer) => return drop(answer.send(self.counted.watchers.add(()))),
            Ask::Get(answer) => answer,
        };
        let mut observed = self.observe();
        let mut told = Vec::new();
        for worker in &self.workers {
            let (sender, receiver) = oneshot::channel();
            worker.order(Order::Observe(sender));
            told.push(receiver);
        }
        let gather = async move {
            for sessions in told {
                // A thread that hangs is the watchdog's; what the others know is shown.
                if let Ok(Ok(sessions)) = timeout(PATIENCE, sessions).await {
                    observed.calls.extend(sessions.into_iter().map(call));
                }
            }
            observed.calls.sort_by_key(|call| call.call);
            let _ = answer.send(observed);
        };
        drop(tokio::spawn(gather));
    }

    fn observe(&self) -> Observed {
        let Counted { begun, opened, failed, closed, silent, .. } = &self.counted;
        let free = u64::try_from(self.ports.free()).unwrap_or(u64::MAX);
        let counters = [
            ("sessions_opened", *opened),
            ("sessions_failed", *failed),
            ("sessions_closed", *closed),
            ("silences", *silent),
            ("free_port_pairs_now", free),
        ];
        let counter = |(name, value): (&str, u64)| Counter { name: name.to_owned(), value };
        Observed {
            status: match &self.caller {
                Some(_) => "carries speech for the role dect".into(),
                None => "waits for the role dect".into(),
            },
            counters: counters.into_iter().map(counter).collect(),
            alerts: self.settings.alerts.borrow().clone(),
            ..observed("media", *begun)
        }
    }
}

fn call((session, tally): (SessionId, Tally)) -> Call {
    let legs = [("radio", &tally.radio), ("network", &tally.network)];
    let leg = |(side, tally)| {
        let media1::SideTally { packets, octets, lost, jitter_us, dropped } =
            super::words::tally_out(tally);
        Leg { side: str::to_owned(side), packets, octets, lost, jitter_us, dropped }
    };
    Call {
        call: session.0,
        state: "open".into(),
        legs: legs.into_iter().map(leg).collect(),
        ..Call::default()
    }
}

/// A thread answers within a round.
const PATIENCE: Duration = Duration::from_millis(500);
