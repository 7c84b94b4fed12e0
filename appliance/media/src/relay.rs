//! The relay: sessions of two sides, and what one packet makes happen.
//!
//! On each side the relay is an RTP peer of its own: it has its own SSRC, counts
//! what it receives and reports by RTCP. Between the sides it passes speech on
//! as it is, or from one law to the other, or from one packet time to the
//! other. Telephone events are told to the owner and passed on where the other
//! side agreed to them.
//!
//! On hold nothing is sent: a receiver that was told so plays silence or music
//! of its own, and RTCP goes on.

mod leg;
mod out;

pub use out::{Datagram, Kind, Out, Port};

use crate::codec::Transcoder;
use crate::rtcp::{Epoch, INTERVAL};
use crate::session::{Command, Peer, Report, SessionId, Side, Tally};
use leg::{Leg, Shared};
use machine::{Agenda, Rng};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What the relay may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Sessions at a time.
    pub sessions: usize,
    /// A side that is due and is not heard for this long is reported, again and again.
    pub silence: Duration,
}

/// All sessions of one thread.
pub struct Relay {
    limits: Limits,
    epoch: Epoch,
    rng: Box<dyn Rng + Send>,
    transcoder: Transcoder,
    slots: Vec<Option<Session>>,
    free: Vec<u32>,
    by_id: BTreeMap<SessionId, u32>,
    agenda: Agenda<Due>,
}

#[derive(Debug)]
struct Session {
    id: SessionId,
    /// SDES CNAME: the same on both sides, and says nothing about anybody.
    name: String,
    legs: [Leg; 2],
}

/// What a timer is for; the slot comes first, so that all of a session lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    slot: u32,
    side: Side,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The next packet of a key, or the next key.
    Keying,
    /// A key whose end may be lost.
    Lapse,
    /// The next RTCP report.
    Rtcp,
    /// Is the side still heard?
    Silence,
}

impl Relay {
    /// A relay without sessions. `epoch` ties `Instant`s to the time of day for RTCP.
    #[must_use]
    pub fn new(limits: Limits, epoch: Epoch, rng: Box<dyn Rng + Send>) -> Self {
        let (slots, free, by_id) = (Vec::new(), Vec::new(), BTreeMap::new());
        let (transcoder, agenda) = (Transcoder::new(), Agenda::default());
        Self { limits, epoch, rng, transcoder, slots, free, by_id, agenda }
    }

    /// Begins a session that receives at these addresses, and tells so; returns its slot, by
    /// which [`Port`] names its sockets until [`Out::closed`] gives the slot back.
    pub fn open(
        &mut self,
        id: SessionId,
        radio: SocketAddr,
        network: SocketAddr,
        out: &mut Out,
    ) -> Option<u32> {
        if self.by_id.contains_key(&id) {
            out.reports.push(Report::Failed(id, format!("session {} exists already", id.0)));
            return None;
        }
        if self.by_id.len() >= self.limits.sessions {
            let why = format!("all {} media sessions are in use", self.limits.sessions);
            out.reports.push(Report::Failed(id, why));
            return None;
        }
        let session = Session {
            id,
            name: format!("{:016x}", self.rng.u64()),
            legs: [Leg::new(&mut *self.rng), Leg::new(&mut *self.rng)],
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len()).unwrap_or(u32::MAX) - 1
        });
        self.slots[slot as usize] = Some(session);
        self.by_id.insert(id, slot);
        out.reports.push(Report::Opened { session: id, radio, network });
        Some(slot)
    }

    /// Carries out any command but `Open`. One for a session that is not there is ignored: it
    /// crossed the end of the session.
    pub fn command(&mut self, now: Instant, command: &Command, out: &mut Out) {
        match *command {
            Command::Open(_) => {}
            Command::Connect(id, side, peer) => self.connect(now, id, side, peer),
            Command::Key(id, side, key, held) => self.key(now, id, side, (key, held)),
            Command::Close(id) => self.close(now, id, out),
        }
    }

    /// Ends all sessions, as when the one who asked for them is gone.
    pub fn close_all(&mut self, now: Instant, out: &mut Out) {
        while let Some((id, _)) = self.by_id.first_key_value() {
            self.close(now, *id, out);
        }
    }

    /// Takes a datagram that came to `port`.
    pub fn datagram(
        &mut self,
        now: Instant,
        port: Port,
        from: SocketAddr,
        datagram: &[u8],
        out: &mut Out,
    ) {
        let slot = self.slots.get_mut(port.slot as usize);
        let Some(session) = slot.and_then(Option::as_mut) else { return };
        let shared = Shared { now, epoch: &self.epoch, transcoder: &self.transcoder };
        let (leg, other) = legs(&mut session.legs, port.side);
        match port.kind {
            Kind::Rtcp => leg.rtcp(&shared, from, datagram),
            Kind::Rtp => {
                let heard = leg.rtp(&shared, from, datagram, leg::Onward { other, port, out });
                for key in heard.keys.into_iter().flatten() {
                    out.reports.push(Report::Key(session.id, port.side, key.key, key.held));
                }
                if let Some(at) = heard.lapse {
                    let due = Due { slot: port.slot, side: port.side, what: What::Lapse };
                    if !self.agenda.runs(&due) {
                        self.agenda.start(due, at);
                    }
                }
            }
        }
    }

    /// Does what is due by `now`.
    pub fn expire(&mut self, now: Instant, out: &mut Out) {
        while let Some(due) = self.agenda.expired(now) {
            let again = match due.what {
                What::Keying => self.keying(now, due, out),
                What::Lapse => self.lapse(now, due, out),
                What::Rtcp => self.rtcp(now, due, out),
                What::Silence => self.silence(now, due, out),
            };
            if let Some(at) = again {
                self.agenda.start(due, at);
            }
        }
    }

    /// When to call [`Relay::expire`].
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.deadline()
    }

    /// Sessions at present.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.by_id.len()
    }

    /// What has gone through each session until now.
    pub fn observe(&self) -> impl Iterator<Item = (SessionId, Tally)> {
        let tally =
            |[radio, network]: &[Leg; 2]| Tally { radio: radio.tally(), network: network.tally() };
        self.slots.iter().flatten().map(move |session| (session.id, tally(&session.legs)))
    }

    fn connect(&mut self, now: Instant, id: SessionId, side: Side, peer: Peer) {
        let Some((slot, leg)) = self.leg(id, side) else { return };
        let first = leg.connect(now, peer);
        if first {
            let wait = rtcp_wait(&mut *self.rng) / 2;
            self.agenda.start(Due { slot, side, what: What::Rtcp }, now + wait);
        }
        self.agenda.start(Due { slot, side, what: What::Silence }, now + self.limits.silence);
    }

    fn key(&mut self, now: Instant, id: SessionId, side: Side, (key, held): (char, Duration)) {
        let Some((slot, leg)) = self.leg(id, side) else { return };
        let due = Due { slot, side, what: What::Keying };
        if !leg.press(key, held) {
            tracing::debug!(
                session = id.0,
                ?side,
                "a key was not sent: no key, or events not agreed"
            );
        } else if !self.agenda.runs(&due) {
            self.agenda.start(due, now);
        }
    }

    fn close(&mut self, now: Instant, id: SessionId, out: &mut Out) {
        let Some(slot) = self.by_id.remove(&id) else { return };
        let Some(mut session) = self.slots[slot as usize].take() else { return };
        let first = Due { slot, side: Side::Radio, what: What::Keying };
        let last = Due { slot, side: Side::Network, what: What::Silence };
        self.agenda.stop_range(first..=last);
        for (side, leg) in [Side::Radio, Side::Network].into_iter().zip(&mut session.legs) {
            let port = Port { slot, side, kind: Kind::Rtcp };
            leg.report((now, &self.epoch), leg::Leaving::Yes(&session.name), port, out);
        }
        let [radio, network] = &session.legs;
        let tally = Tally { radio: radio.tally(), network: network.tally() };
        out.reports.push(Report::Closed(id, Box::new(tally)));
        out.closed.push(slot);
        self.free.push(slot);
    }

    fn keying(&mut self, now: Instant, due: Due, out: &mut Out) -> Option<Instant> {
        let port = Port { slot: due.slot, side: due.side, kind: Kind::Rtp };
        self.due_leg(due)?.1.keying(now, port, out)
    }

    fn lapse(&mut self, now: Instant, due: Due, out: &mut Out) -> Option<Instant> {
        let (id, leg) = self.due_leg(due)?;
        if let Some(key) = leg.lapse(now) {
            out.reports.push(Report::Key(id, due.side, key.key, key.held));
        }
        leg.lapses()
    }

    fn rtcp(&mut self, now: Instant, due: Due, out: &mut Out) -> Option<Instant> {
        let session = self.slots.get_mut(due.slot as usize)?.as_mut()?;
        let port = Port { slot: due.slot, side: due.side, kind: Kind::Rtcp };
        let (leg, _) = legs(&mut session.legs, due.side);
        leg.report((now, &self.epoch), leg::Leaving::No(&session.name), port, out);
        Some(now + rtcp_wait(&mut *self.rng))
    }

    /// Asked at the end of each period; a packet only notes when it came.
    fn silence(&mut self, now: Instant, due: Due, out: &mut Out) -> Option<Instant> {
        let period = self.limits.silence;
        let (id, leg) = self.due_leg(due)?;
        let since = leg.silent_since()?;
        let silent = now.saturating_duration_since(since);
        if silent < period {
            return Some(since + period);
        }
        out.reports.push(Report::Silent(id, due.side, silent));
        Some(now + period)
    }

    fn leg(&mut self, id: SessionId, side: Side) -> Option<(u32, &mut Leg)> {
        let slot = *self.by_id.get(&id)?;
        let session = self.slots.get_mut(slot as usize)?.as_mut()?;
        Some((slot, legs(&mut session.legs, side).0))
    }

    fn due_leg(&mut self, due: Due) -> Option<(SessionId, &mut Leg)> {
        let session = self.slots.get_mut(due.slot as usize)?.as_mut()?;
        Some((session.id, legs(&mut session.legs, due.side).0))
    }
}

/// The leg of this side, and the other one.
fn legs([radio, network]: &mut [Leg; 2], side: Side) -> (&mut Leg, &mut Leg) {
    match side {
        Side::Radio => (radio, network),
        Side::Network => (network, radio),
    }
}

/// Half to one and a half times [`INTERVAL`], so that reports do not march in step.
fn rtcp_wait(rng: &mut dyn Rng) -> Duration {
    INTERVAL / 2 + INTERVAL * rng.below(1000) / 1000
}

#[cfg(test)]
mod tests;
