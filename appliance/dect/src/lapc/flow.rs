//! Numbered information on an established link (clauses 9.2.3 and 9.2.5).
//!
//! Both classes are one machine: class A is the one with a window of 1 and
//! without polling, rejection and busy conditions.

use super::frame::{Control, Frame, Kind, Lln, Sapi, Supervisory};
use super::message::{Assembled, Reassembly, Segment, segments};
use super::primitive::{Indication, N250, Out, Timer};
use std::collections::VecDeque;

/// Class of operation with acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Window 1, modulus 2.
    A,
    /// Window 3, modulus 8.
    B,
}

impl Class {
    /// k: how many frames may be unacknowledged (clause 7.5.2.2).
    #[must_use]
    pub const fn window(self) -> u8 {
        match self {
            Self::A => 1,
            Self::B => 3,
        }
    }

    /// How many sequence numbers there are (clause 7.5.2.1).
    #[must_use]
    pub const fn modulus(self) -> u8 {
        match self {
            Self::A => 2,
            Self::B => 8,
        }
    }
}

/// Whether a link can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Sound,
    /// The peer does not answer, or its N(R) is impossible.
    Broken,
}

/// Whether one end takes I frames (clauses 9.2.5.5 and 9.2.5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiver {
    Ready,
    Busy,
}

/// Sequence numbers and queues of an established link.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) class: Class,
    pub(super) lln: Lln,
    /// The release that waits until everything is acknowledged.
    pub(super) leaving: bool,
    /// What the first frame carried, for as long as no other has come: it may come again.
    pub(super) opening: Option<Vec<u8>>,
    /// Not acknowledged yet; the first `sent` of them are under way.
    queue: VecDeque<Segment>,
    sent: u8,
    /// V(A); V(S) is this plus `sent`.
    acknowledged: u8,
    /// V(R)
    expected: u8,
    /// Timer recovery: how often <DL.04> ran out, beyond the first time.
    recovery: Option<u8>,
    /// A REJ was sent and what it asked for has not come.
    rejected: bool,
    peer: Receiver,
    own: Receiver,
    running: bool,
    reassembly: Reassembly,
}

impl Flow {
    /// A link that begins with V(A) and V(R) as given.
    pub(super) fn new(class: Class, lln: Lln, acknowledged: u8, expected: u8) -> Self {
        Self {
            class,
            lln,
            leaving: false,
            opening: None,
            queue: VecDeque::new(),
            sent: 0,
            acknowledged,
            expected,
            recovery: None,
            rejected: false,
            peer: Receiver::Ready,
            own: Receiver::Ready,
            running: false,
            reassembly: Reassembly::default(),
        }
    }

    /// Sends these segments before all others.
    pub(super) fn resume(&mut self, queue: VecDeque<Segment>, out: &mut Out) {
        self.queue = queue;
        self.pump(out);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) const fn recovers(&self) -> bool {
        self.recovery.is_some()
    }

    pub(super) fn send(&mut self, message: &[u8], out: &mut Out) {
        enqueue(&mut self.queue, message, out);
        self.pump(out);
    }

    /// Enters or leaves the own receiver busy condition (clause 9.2.5.6).
    pub(super) fn busy(&mut self, busy: bool, out: &mut Out) {
        self.own = if busy { Receiver::Busy } else { Receiver::Ready };
        if self.class == Class::B {
            self.supervise(Kind::Response, false, out);
        }
    }

    pub(super) fn received(&mut self, frame: &Frame, out: &mut Out) -> Health {
        match frame.control {
            Control::I { ns, nr, poll } => {
                let poll = poll && self.class == Class::B;
                self.numbered(frame, (ns, nr, poll), out)
            }
            Control::S { function, nr, poll_final } => match self.class {
                Class::A if function == Supervisory::ReceiveReady => self.ready(nr, out),
                Class::A => Health::Sound,
                Class::B => self.supervisory(frame.kind, (function, nr, poll_final), out),
            },
            Control::U { .. } => Health::Sound,
        }
    }

    /// <DL.04> has run out (clauses 9.2.3.6 and 9.2.5.7).
    pub(super) fn expired(&mut self, out: &mut Out) -> Health {
        self.running = false;
        let count = self.recovery.map_or(0, |count| count + 1);
        if count >= N250 {
            return Health::Broken;
        }
        self.recovery = Some(count);
        let asks = self.peer == Receiver::Busy || self.own == Receiver::Busy || self.sent == 0;
        if asks && self.class == Class::B {
            self.supervise(Kind::Command, true, out);
        } else if self.sent > 0 {
            self.transmit(self.sent - 1, self.class == Class::B, out);
        }
        self.run(out);
        Health::Sound
    }

    /// An I frame (clauses 9.2.3.4 and 9.2.5.2).
    fn numbered(&mut self, frame: &Frame, numbers: (u8, u8, bool), out: &mut Out) -> Health {
        let (ns, nr, poll) = numbers;
        if self.acknowledge(nr, out) == Health::Broken {
            return Health::Broken;
        }
        if self.own == Receiver::Busy {
            if poll {
                self.supervise(Kind::Response, true, out);
            }
        } else if ns % self.class.modulus() == self.expected {
            self.in_sequence(frame, poll, out);
        } else {
            self.out_of_sequence(ns, poll, out);
        }
        self.pump(out);
        Health::Sound
    }

    fn in_sequence(&mut self, frame: &Frame, poll: bool, out: &mut Out) {
        self.expected = self.next(self.expected, 1);
        self.opening = None;
        self.rejected = false;
        // An I frame acknowledges as well, but answers no poll (clause 9.2.5.2.2).
        if poll || !self.pump(out) {
            self.supervise(Kind::Response, poll, out);
        }
        self.deliver(frame, out);
    }

    /// A frame that was sent again is acknowledged again; one too early asks for those
    /// between (clause 9.2.9.2.1).
    fn out_of_sequence(&mut self, ns: u8, poll: bool, out: &mut Out) {
        let ahead = self.distance(self.expected, ns);
        let again =
            self.class == Class::A || ahead > self.class.modulus() - 1 - self.class.window();
        if again {
            self.supervise(Kind::Response, poll, out);
        } else if !self.rejected {
            self.rejected = true;
            self.answer(Supervisory::Reject, poll, out);
        } else if poll {
            self.supervise(Kind::Response, true, out);
        }
    }

    pub(super) fn deliver(&mut self, frame: &Frame, out: &mut Out) {
        match self.reassembly.append(&frame.information, frame.more) {
            Assembled::Unfinished | Assembled::Empty => {}
            Assembled::Message(message) => out.act(Indication::Data(message)),
            Assembled::Overlong => out.act(Indication::Overlong),
        }
    }

    /// RR in class A (clause 9.2.3.5).
    fn ready(&mut self, nr: u8, out: &mut Out) -> Health {
        let health = self.acknowledge(nr, out);
        self.pump(out);
        health
    }

    /// RR, RNR or REJ in class B (clauses 9.2.5.3 to 9.2.5.5).
    fn supervisory(
        &mut self,
        kind: Kind,
        content: (Supervisory, u8, bool),
        out: &mut Out,
    ) -> Health {
        let (function, nr, poll_final) = content;
        if self.acknowledge(nr, out) == Health::Broken {
            return Health::Broken;
        }
        self.peer = match function {
            Supervisory::ReceiveNotReady => Receiver::Busy,
            Supervisory::ReceiveReady | Supervisory::Reject => Receiver::Ready,
        };
        let is_final = kind == Kind::Response && poll_final;
        if kind == Kind::Command && poll_final {
            self.supervise(Kind::Response, true, out);
        }
        if is_final && self.recovers() {
            self.recovery = None;
            self.rewind(out);
        } else if function == Supervisory::Reject && !is_final && !self.recovers() {
            self.rewind(out);
        }
        if self.peer == Receiver::Busy && !self.recovers() {
            self.run(out);
        }
        self.pump(out);
        Health::Sound
    }

    /// Takes what N(R) acknowledges from the queue.
    fn acknowledge(&mut self, nr: u8, out: &mut Out) -> Health {
        let count = self.distance(self.acknowledged, nr);
        if count > self.sent {
            return Health::Broken;
        }
        if count == 0 {
            return Health::Sound;
        }
        self.queue.drain(..usize::from(count));
        self.sent -= count;
        self.acknowledged = self.next(self.acknowledged, count);
        if self.class == Class::A {
            self.recovery = None;
        }
        match (self.recovers() || self.peer == Receiver::Busy, self.sent) {
            (true, _) => {}
            (false, 0) => self.rest(out),
            (false, _) => self.run(out),
        }
        Health::Sound
    }

    /// V(S) := V(A): everything unacknowledged goes again.
    fn rewind(&mut self, out: &mut Out) {
        self.sent = 0;
        self.rest(out);
    }

    /// Sends what the window lets through; whether that was anything.
    fn pump(&mut self, out: &mut Out) -> bool {
        let before = self.sent;
        while self.peer == Receiver::Ready
            && !self.recovers()
            && self.sent < self.class.window()
            && usize::from(self.sent) < self.queue.len()
        {
            self.transmit(self.sent, false, out);
            self.sent += 1;
            if !self.running {
                self.run(out);
            }
        }
        self.sent > before
    }

    /// Sends the segment that is `index` places behind V(A).
    fn transmit(&self, index: u8, poll: bool, out: &mut Out) {
        let Some(segment) = self.queue.get(usize::from(index)) else {
            return;
        };
        let control =
            Control::I { ns: self.next(self.acknowledged, index), nr: self.expected, poll };
        out.act(Frame {
            more: segment.more,
            information: segment.information.clone(),
            ..plain(self.lln, Kind::Command, control)
        });
    }

    /// Sends the supervisory frame that fits (clause 9.2.5.8).
    fn supervise(&self, kind: Kind, poll_final: bool, out: &mut Out) {
        let function = if self.own == Receiver::Busy && self.class == Class::B {
            Supervisory::ReceiveNotReady
        } else {
            Supervisory::ReceiveReady
        };
        let control = Control::S { function, nr: self.expected, poll_final };
        out.act(plain(self.lln, kind, control));
    }

    fn answer(&self, function: Supervisory, poll_final: bool, out: &mut Out) {
        let control = Control::S { function, nr: self.expected, poll_final };
        out.act(plain(self.lln, Kind::Response, control));
    }

    /// Acknowledges the frame that began the link, with NLF (clauses 9.2.3.1 and 9.2.4.2).
    pub(super) fn accept(&self, poll: bool, out: &mut Out) {
        let poll_final = poll && self.class == Class::B;
        let control =
            Control::S { function: Supervisory::ReceiveReady, nr: self.expected, poll_final };
        out.act(Frame { new_link: true, ..plain(self.lln, Kind::Response, control) });
    }

    fn run(&mut self, out: &mut Out) {
        self.running = true;
        out.start(Timer::Retransmission);
    }

    fn rest(&mut self, out: &mut Out) {
        self.running = false;
        out.stop(Timer::Retransmission);
    }

    const fn next(&self, number: u8, by: u8) -> u8 {
        (number + by) % self.class.modulus()
    }

    const fn distance(&self, from: u8, to: u8) -> u8 {
        (to % self.class.modulus() + self.class.modulus() - from) % self.class.modulus()
    }
}

/// A frame without information.
pub(super) const fn plain(lln: Lln, kind: Kind, control: Control) -> Frame {
    Frame {
        new_link: false,
        lln,
        sapi: Sapi::Connection,
        kind,
        control,
        more: false,
        information: Vec::new(),
    }
}

/// Appends a message to a queue of segments, whole or not at all.
pub(super) fn enqueue(queue: &mut VecDeque<Segment>, message: &[u8], out: &mut Out) {
    let segments = segments(message);
    if queue.len() + segments.len() > QUEUE_MAX {
        out.act(Indication::Discarded);
        return;
    }
    queue.extend(segments);
}

/// Segments that wait for the window, 4 kB: more than all messages of a call together.
const QUEUE_MAX: usize = 64;
