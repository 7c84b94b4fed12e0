//! The way to the server: when to connect, what waits, what is lost and who is told.
//!
//! Nothing that this machine tells is ever a record to be sent, so that what
//! goes wrong with sending cannot feed itself. Syslog has no acknowledgement:
//! a stream that breaks loses what the other end had not read yet, and what
//! was not handed to it whole is sent again.

use super::queue::Queue;
use super::{Manner, Transport};
use crate::log::{Draft, Level, Name, Record, Timestamp};
use std::time::{Duration, Instant};

/// Now, for timers and for people.
pub type Moment = (Instant, Timestamp);

/// The way to one server, or to none.
#[derive(Debug)]
pub struct Link {
    manner: Option<Manner>,
    /// In whose name it speaks to the server.
    own: Name,
    state: State,
    queue: Queue,
    /// What was handed over and is not known to be taken.
    batch: Option<Batch>,
    /// Records that were lost and that the server was not told of.
    lost: u64,
    rest: Duration,
    problem: Option<String>,
    counted: Counted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Counted {
    sent: u64,
    lost: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody has said yet whether there is a server: what comes waits.
    Unset,
    /// There is none: nothing waits.
    Off,
    /// Being connected; given up then.
    Connecting(Instant),
    /// Since then there is a way; a next batch may go at the second time.
    Up(Instant, Instant),
    /// A datagram says what was lost; when nobody has refused it until then, somebody is there.
    Trial(Instant),
    /// Tried again then.
    Resting(Instant),
}

#[derive(Debug, Default)]
struct Batch {
    records: Vec<Record>,
    /// How many lost ones the server is told of in it.
    says: u64,
    /// The way is given up when it is not taken by then.
    until: Option<Instant>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Connect, and give up whatever connection there is.
    Connect,
    /// Hand these frames over, in this order, and tell [`Link::taken`].
    Send(Vec<Vec<u8>>),
    /// Give the connection up.
    Close,
    /// An administrator is to know, but the server is not.
    Tell(Report),
}

/// What an administrator is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The server cannot be reached, and why.
    Away(String),
    /// It can be again.
    Back {
        /// Records that were lost meanwhile.
        lost: u64,
        /// Records that have waited and are sent now.
        waiting: usize,
    },
}

/// How a connection, or the attempt at one, has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// For people.
    pub why: String,
    /// Frames of the last batch that went out whole; of a stream nobody knows.
    pub handed: usize,
    /// The server has refused a datagram that was sent before (ICMP).
    pub refused: bool,
}

impl Link {
    /// A link that keeps what comes until it is told whether there is a server; `own` is in whose name it speaks itself.
    #[must_use]
    pub fn new(own: Name) -> Self {
        Self {
            manner: None,
            own,
            state: State::Unset,
            queue: Queue::default(),
            batch: None,
            lost: 0,
            rest: REST_MIN,
            problem: None,
            counted: Counted::default(),
        }
    }

    /// There is another server, or the same in another manner, or none. What waits goes to the new one.
    pub fn set(&mut self, now: Moment, manner: Option<Manner>, out: &mut Vec<Output>) {
        self.put_back();
        self.rest = REST_MIN;
        self.problem = None;
        self.manner = manner;
        match &self.manner {
            Some(manner) => {
                self.queue.retain(|record| manner.takes(record));
                self.connect(now.0, out);
            }
            None => {
                self.queue = Queue::default();
                self.lost = 0;
                self.state = State::Off;
                out.push(Output::Close);
            }
        }
    }

    /// A record was kept.
    pub fn offer(&mut self, now: Moment, record: &Record, out: &mut Vec<Output>) {
        let wanted = match &self.manner {
            Some(manner) => manner.takes(record),
            None => self.state == State::Unset,
        };
        if wanted {
            let gone = self.queue.push(record.clone());
            self.lose(gone);
            self.send(now, out);
        }
    }

    /// There is a connection, or a socket for datagrams.
    pub fn connected(&mut self, now: Moment, out: &mut Vec<Output>) {
        if !matches!(self.state, State::Connecting(_)) {
            return;
        }
        self.state = State::Up(now.0, now.0);
        // Whether somebody hears datagrams is to be found out.
        if self.transport() == Transport::Stream || self.lost == 0 {
            self.back(out);
        }
        self.send(now, out);
    }

    /// What was handed over was taken.
    pub fn taken(&mut self, now: Moment, out: &mut Vec<Output>) {
        let State::Up(since, _) = self.state else { return };
        if self.transport() == Transport::Udp
            && let Some(batch) = &mut self.batch
            && batch.says > 0
        {
            batch.until = None;
            self.state = State::Trial(now.0 + TRIAL);
            return;
        }
        self.settle();
        let pause = if self.transport() == Transport::Udp { PACE } else { Duration::ZERO };
        self.state = State::Up(since, now.0 + pause);
        self.send(now, out);
    }

    /// The connection has ended, or there was none to be had.
    pub fn ended(&mut self, now: Moment, end: End, out: &mut Vec<Output>) {
        let lived = match self.state {
            State::Unset | State::Off | State::Resting(_) => return,
            State::Connecting(_) | State::Trial(_) => Duration::ZERO,
            State::Up(since, _) => now.0.saturating_duration_since(since),
        };
        if self.transport() == Transport::Udp {
            self.count_datagrams(&end);
        }
        self.put_back();
        if lived >= STEADY {
            self.rest = REST_MIN;
        }
        self.state = State::Resting(now.0 + self.rest);
        self.rest = (self.rest * 2).min(REST_MAX);
        let first = self.problem.is_none();
        self.problem = Some(end.why.clone());
        if first {
            out.push(Output::Tell(Report::Away(end.why)));
        }
    }

    /// What is due.
    pub fn expire(&mut self, now: Moment, out: &mut Vec<Output>) {
        if self.deadline().is_none_or(|at| at > now.0) {
            return;
        }
        let give_up = |why: &str| End { why: why.to_owned(), handed: 0, refused: false };
        match self.state {
            State::Unset | State::Off => {}
            State::Resting(_) => self.connect(now.0, out),
            State::Connecting(_) => {
                out.push(Output::Close);
                self.ended(now, give_up("it does not answer"), out);
            }
            State::Trial(_) => {
                self.back(out);
                self.settle();
                self.state = State::Up(now.0, now.0);
                self.send(now, out);
            }
            State::Up(..) if self.batch.is_some() => {
                out.push(Output::Close);
                self.ended(now, give_up("it takes nothing any more"), out);
            }
            State::Up(..) => self.send(now, out),
        }
    }

    /// When [`Self::expire`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Unset | State::Off => None,
            State::Connecting(at) | State::Trial(at) | State::Resting(at) => Some(at),
            State::Up(_, next) => match &self.batch {
                Some(batch) => batch.until,
                None => (self.queue.len() > 0).then_some(next),
            },
        }
    }

    /// Whether nothing waits that could still be sent.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let gone = matches!(self.state, State::Unset | State::Off | State::Resting(_));
        gone || (self.queue.len() == 0 && self.batch.is_none())
    }

    /// Whether nobody has said yet if there is a server.
    #[must_use]
    pub fn is_unset(&self) -> bool {
        self.state == State::Unset
    }

    /// Why the server cannot be reached, while it cannot.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Records that were sent, as far as anybody can tell.
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.counted.sent
    }

    /// Records that were lost: there was no room for them while the server was away, or a datagram was refused.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.counted.lost
    }

    /// Records that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len() + self.batch.as_ref().map_or(0, |batch| batch.records.len())
    }

    fn transport(&self) -> Transport {
        self.manner.as_ref().map_or(Transport::Stream, |manner| manner.transport)
    }

    fn connect(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.state = State::Connecting(now + CONNECT_LIMIT);
        out.push(Output::Connect);
    }

    fn lose(&mut self, records: u64) {
        self.lost = self.lost.saturating_add(records);
        self.counted.lost = self.counted.lost.saturating_add(records);
    }

    /// Of the datagrams that went out, those after a refusal have not arrived: at least the one that was refused.
    fn count_datagrams(&mut self, end: &End) {
        let Some(batch) = &mut self.batch else {
            // It was the last one of those that were thought to be sent.
            if end.refused && matches!(self.state, State::Up(..)) {
                self.recall();
            }
            return;
        };
        if batch.says > 0 {
            return;
        }
        let handed = end.handed.min(batch.records.len());
        batch.records.drain(..handed);
        let handed = u64::try_from(handed).unwrap_or(u64::MAX);
        match (end.refused, handed) {
            (true, 0) => self.recall(),
            (true, _) => self.lose(handed),
            (false, _) => self.counted.sent = self.counted.sent.saturating_add(handed),
        }
    }

    /// One that was thought to be sent was not.
    fn recall(&mut self) {
        self.counted.sent = self.counted.sent.saturating_sub(1);
        self.lose(1);
    }

    fn put_back(&mut self) {
        if let Some(batch) = self.batch.take() {
            let gone = self.queue.put_back(batch.records);
            self.lose(gone);
        }
    }

    /// The batch was taken.
    fn settle(&mut self) {
        if let Some(batch) = self.batch.take() {
            let records = u64::try_from(batch.records.len()).unwrap_or(u64::MAX);
            self.counted.sent = self.counted.sent.saturating_add(records);
            self.lost = self.lost.saturating_sub(batch.says);
        }
    }

    fn back(&mut self, out: &mut Vec<Output>) {
        if self.problem.take().is_some() {
            let report = Report::Back { lost: self.lost, waiting: self.waiting() };
            out.push(Output::Tell(report));
        }
    }

    /// Hands the next batch over, if there is a way and something to send.
    fn send(&mut self, now: Moment, out: &mut Vec<Output>) {
        let State::Up(_, next) = self.state else { return };
        let Some(manner) = &self.manner else { return };
        if self.batch.is_some() || now.0 < next {
            return;
        }
        let (mut batch, mut frames, mut octets) = (Batch::default(), Vec::new(), 0_usize);
        if self.lost > 0 {
            // Where the gap is: before what was kept.
            let record = gap(self.lost, now.1, self.own.clone());
            frames.push(manner.frame(&record));
            batch.says = self.lost;
        }
        // A datagram that says so goes alone: it is how one finds out whether somebody is there.
        let alone = batch.says > 0 && manner.transport == Transport::Udp;
        while !alone && batch.records.len() < BATCH_MAX && octets < BATCH_OCTETS_MAX {
            let Some(record) = self.queue.pop() else { break };
            let frame = manner.frame(&record);
            octets = octets.saturating_add(frame.len());
            frames.push(frame);
            batch.records.push(record);
        }
        if !frames.is_empty() {
            batch.until = Some(now.0 + TAKE_LIMIT);
            self.batch = Some(batch);
            out.push(Output::Send(frames));
        }
    }
}

/// What the server is told of records that it does not get.
fn gap(lost: u64, time: Timestamp, own: Name) -> Record {
    let count = lost.to_string();
    let text = format!("{lost} records before this one were lost on their way to this server");
    let mut draft = Draft::new(Level::Warning, &text);
    draft.fields = [("lost", &*count)].into_iter().collect();
    draft.record(0, time, own)
}

/// Between the end of a connection and the next attempt, at first.
const REST_MIN: Duration = Duration::from_secs(1);

/// The longest rest, reached by doubling.
const REST_MAX: Duration = Duration::from_secs(30);

/// Who has taken messages for so long is no server that hangs up on everybody.
const STEADY: Duration = Duration::from_secs(10);

/// A server that does not take a connection in this time is not there: a name, TCP and TLS on a slow line.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// A server that takes nothing for so long hangs. TCP needs as much to get over a cable that was pulled for a while.
const TAKE_LIMIT: Duration = Duration::from_mins(2);

/// A host that refuses datagrams says so in this time.
const TRIAL: Duration = Duration::from_secs(1);

/// Records that are handed over at a time. So many datagrams fit into the buffer of any receiver.
const BATCH_MAX: usize = 64;

/// Octets that are handed over at a time, and one message more.
const BATCH_OCTETS_MAX: usize = 32 * 1024;

/// Between two batches of datagrams: a receiver takes its time.
const PACE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests;
