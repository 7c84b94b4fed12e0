//! The life of one data link: establishment, information, release (clause 9.2).

use super::flow::{Class, Flow, Health, enqueue, plain};
use super::frame::{Control, Frame, Kind, Lln, Sapi, Side, Supervisory, Unnumbered};
use super::message::{Segment, segments};
use super::primitive::{Event, Indication, Mode, N250, Out, State, Timer};
use std::collections::VecDeque;

/// One data link, at either end.
#[derive(Debug)]
pub struct Link {
    side: Side,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Released,
    Opening(Opening),
    Open(Flow),
    Reopening(Opening),
    Closing(Lln),
}

/// An I frame or SABM that waits for its answer.
#[derive(Debug)]
struct Opening {
    class: Class,
    lln: Lln,
    queue: VecDeque<Segment>,
    attempts: u8,
    /// A release that waits for the end of the establishment.
    leaving: bool,
}

impl Link {
    /// A link at `side` that has not been established.
    #[must_use]
    pub const fn new(side: Side) -> Self {
        Self { side, phase: Phase::Released }
    }

    /// Where the link stands now.
    #[must_use]
    pub const fn state(&self) -> State {
        match &self.phase {
            Phase::Released => State::Released,
            Phase::Opening(_) => State::Establishing,
            Phase::Open(flow) => State::Established(flow.class),
            Phase::Reopening(_) => State::Reestablishing,
            Phase::Closing(_) => State::Releasing,
        }
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        let phase = std::mem::replace(&mut self.phase, Phase::Released);
        self.phase = match (phase, event) {
            (phase, Event::SendUnit(message)) => {
                out.act(unit(message));
                phase
            }
            (phase, Event::Received(frame)) if is_unit(&frame) => {
                if frame.lln == Lln::U {
                    out.act(Indication::UnitData(frame.information));
                }
                phase
            }
            // Only unnumbered information has another access point than the link's.
            (phase, Event::Received(frame)) if frame.sapi != Sapi::Connection => phase,
            (Phase::Released, event) => self.released(event, out),
            (Phase::Opening(opening), event) => self.opening(opening, event, out),
            (Phase::Open(flow), event) => self.open(flow, event, out),
            (Phase::Reopening(opening), event) => reopening(opening, event, out),
            (Phase::Closing(lln), event) => closing(lln, event, out),
        };
    }

    fn released(&self, event: Event, out: &mut Out) -> Phase {
        match event {
            Event::Establish(class, message) => self.establish(class, &message, out),
            Event::Received(frame) => self.begin(frame, VecDeque::new(), out),
            Event::Release(_) => released(Mode::Normal, out),
            Event::Send(_) => {
                out.act(Indication::Discarded);
                Phase::Released
            }
            Event::SendUnit(_) | Event::Busy(_) | Event::Expired(_) | Event::Lost => {
                Phase::Released
            }
        }
    }

    /// Sends the first I frame (clauses 9.2.3.1 and 9.2.4.2).
    fn establish(&self, class: Class, message: &[u8], out: &mut Out) -> Phase {
        let lln = match (class, self.side) {
            (Class::A, _) => Lln::A,
            (Class::B, Side::Portable) => ASSIGNED,
            (Class::B, Side::Fixed) => Lln::Unassigned,
        };
        let queue = segments(message).into();
        let opening = Opening { class, lln, queue, attempts: 0, leaving: false };
        opening.transmit(out);
        Phase::Opening(opening)
    }

    /// A frame where there is no link.
    fn begin(&self, frame: Frame, queue: VecDeque<Segment>, out: &mut Out) -> Phase {
        match frame.control {
            Control::I { ns: 0, poll, .. } if frame.new_link => {
                let Some((class, lln)) = self.assign(frame.lln) else {
                    return Phase::Released;
                };
                let mut flow = Flow::new(class, lln, 0, 1);
                flow.accept(poll, out);
                out.act(Indication::Established(class));
                flow.deliver(&frame, out);
                flow.opening = Some(frame.information);
                flow.resume(queue, out);
                Phase::Open(flow)
            }
            Control::U { function: Unnumbered::Sabm, poll_final } if is_assigned(frame.lln) => {
                out.act(unnumbered(Unnumbered::Acknowledge, frame.lln, poll_final));
                out.act(Indication::Established(Class::B));
                let mut flow = Flow::new(Class::B, frame.lln, 0, 0);
                flow.resume(queue, out);
                Phase::Open(flow)
            }
            control if frame.kind == Kind::Command && is_assigned(frame.lln) => {
                out.act(unnumbered(Unnumbered::DisconnectMode, frame.lln, polls(control)));
                Phase::Released
            }
            _ => Phase::Released,
        }
    }

    /// Which class the other side asks for by this number (clause 9.2.4.3).
    const fn assign(&self, lln: Lln) -> Option<(Class, Lln)> {
        match (lln, self.side) {
            (Lln::A, _) => Some((Class::A, Lln::A)),
            (Lln::B(_), Side::Fixed) => Some((Class::B, lln)),
            (Lln::Unassigned, Side::Portable) => Some((Class::B, ASSIGNED)),
            _ => None,
        }
    }

    fn opening(&self, mut opening: Opening, event: Event, out: &mut Out) -> Phase {
        match event {
            Event::Received(frame) => self.answered(opening, frame, out),
            Event::Expired(Timer::EstablishA | Timer::EstablishB) => {
                if opening.attempts == N250 {
                    return released(Mode::Abnormal, out);
                }
                opening.attempts += 1;
                opening.transmit(out);
                Phase::Opening(opening)
            }
            other => match opening.waits(other, out) {
                Some(opening) => Phase::Opening(opening),
                None => Phase::Released,
            },
        }
    }

    /// A frame while the first I frame waits for its answer.
    fn answered(&self, opening: Opening, frame: Frame, out: &mut Out) -> Phase {
        let crossed = frame.new_link && matches!(frame.control, Control::I { .. });
        if crossed && self.side == Side::Fixed {
            // Both began at once: the handset's link is the one, since it assigns the number.
            stop_all(out);
            return self.begin(frame, opening.queue, out);
        }
        let Control::S { function: Supervisory::ReceiveReady, nr: 1, poll_final } = frame.control
        else {
            return Phase::Opening(opening);
        };
        if frame.kind != Kind::Response || (opening.class == Class::B && !poll_final) {
            return Phase::Opening(opening);
        }
        match (opening.class, frame.lln) {
            // Where class B was asked for: refused, but the frame taken as one of class A
            // (clause 9.2.4.2).
            (_, Lln::A) if frame.new_link => opening.accepted(Class::A, Lln::A, out),
            (Class::B, Lln::A) => {
                let again = Opening { class: Class::A, lln: Lln::A, attempts: 0, ..opening };
                out.stop(Timer::EstablishB);
                again.transmit(out);
                Phase::Opening(again)
            }
            (Class::B, Lln::Unassigned) => released(Mode::Abnormal, out),
            (Class::B, lln @ Lln::B(_)) if lln == opening.lln || self.side == Side::Fixed => {
                opening.accepted(Class::B, lln, out)
            }
            _ => Phase::Opening(opening),
        }
    }

    fn open(&self, mut flow: Flow, event: Event, out: &mut Out) -> Phase {
        let health = match event {
            Event::Send(message) => {
                flow.send(&message, out);
                Health::Sound
            }
            Event::Busy(busy) => {
                flow.busy(busy, out);
                Health::Sound
            }
            Event::Release(Mode::Normal) => {
                flow.leaving = true;
                Health::Sound
            }
            Event::Release(Mode::Abnormal) => return close(&flow, Mode::Abnormal, out),
            Event::Establish(class, message) => {
                stop_all(out);
                return self.establish(class, &message, out);
            }
            Event::Expired(Timer::Retransmission) => flow.expired(out),
            Event::Lost => return released(Mode::Abnormal, out),
            Event::Received(frame) if begins(&frame) || frame.lln != flow.lln => {
                return self.begun_again(flow, frame, out);
            }
            Event::Received(frame) => match unnumbered_function(frame.control) {
                Some(_) => return unnumbered_received(flow, &frame, out),
                None => flow.received(&frame, out),
            },
            Event::SendUnit(_) | Event::Expired(_) => Health::Sound,
        };
        match health {
            Health::Sound if flow.leaving && flow.is_idle() => close(&flow, Mode::Normal, out),
            Health::Sound => Phase::Open(flow),
            Health::Broken => reestablish(&flow, out),
        }
    }

    /// A first I frame, or a frame of another link, where one is established.
    fn begun_again(&self, flow: Flow, frame: Frame, out: &mut Out) -> Phase {
        let same = self.assign(frame.lln).is_some_and(|(_, lln)| lln == flow.lln);
        if same && flow.opening.as_ref() == Some(&frame.information) {
            flow.accept(polls(frame.control), out);
            return Phase::Open(flow);
        }
        if !begins(&frame) || self.assign(frame.lln).is_none() {
            return Phase::Open(flow);
        }
        stop_all(out);
        out.act(Indication::Reset);
        self.begin(frame, VecDeque::new(), out)
    }
}

impl Opening {
    fn transmit(&self, out: &mut Out) {
        let poll = self.class == Class::B;
        let first = self.queue.front();
        out.act(Frame {
            new_link: true,
            more: first.is_some_and(|segment| segment.more),
            information: first.map(|segment| segment.information.clone()).unwrap_or_default(),
            ..plain(self.lln, Kind::Command, Control::I { ns: 0, nr: 0, poll })
        });
        out.start(match self.class {
            Class::A => Timer::EstablishA,
            Class::B => Timer::EstablishB,
        });
    }

    fn accepted(mut self, class: Class, lln: Lln, out: &mut Out) -> Phase {
        self.queue.pop_front();
        stop_all(out);
        out.act(Indication::Established(class));
        self.resumed(Flow::new(class, lln, 1, 0), out)
    }

    fn resumed(self, mut flow: Flow, out: &mut Out) -> Phase {
        flow.leaving = self.leaving;
        flow.resume(self.queue, out);
        if flow.leaving && flow.is_idle() {
            return close(&flow, Mode::Normal, out);
        }
        Phase::Open(flow)
    }

    /// What is the same while any answer is awaited; `None` when the link is gone.
    fn waits(mut self, event: Event, out: &mut Out) -> Option<Self> {
        match event {
            Event::Send(message) => enqueue(&mut self.queue, &message, out),
            Event::Release(Mode::Normal) => self.leaving = true,
            Event::Release(Mode::Abnormal) | Event::Lost => {
                released(Mode::Abnormal, out);
                return None;
            }
            _ => {}
        }
        Some(self)
    }
}

/// SABM, DISC, UA or DM on an established link.
fn unnumbered_received(flow: Flow, frame: &Frame, out: &mut Out) -> Phase {
    let poll_final = polls(frame.control);
    if flow.class == Class::A {
        return Phase::Open(flow);
    }
    match unnumbered_function(frame.control) {
        Some(Unnumbered::Sabm) => {
            stop_all(out);
            out.act(unnumbered(Unnumbered::Acknowledge, flow.lln, poll_final));
            out.act(Indication::Reset);
            let fresh = Flow::new(Class::B, flow.lln, 0, 0);
            if flow.leaving {
                return close(&fresh, Mode::Normal, out);
            }
            Phase::Open(fresh)
        }
        Some(Unnumbered::Disconnect) => {
            out.act(unnumbered(Unnumbered::Acknowledge, flow.lln, poll_final));
            released(if flow.is_idle() { Mode::Normal } else { Mode::Abnormal }, out)
        }
        // Unsolicited, or in answer to the poll of a recovery (clause 9.2.8.1).
        Some(Unnumbered::DisconnectMode) if !poll_final || flow.recovers() => {
            reestablish(&flow, out)
        }
        _ => Phase::Open(flow),
    }
}

/// Class B begins afresh with SABM (clause 9.2.8.2); class A is given up (clause 9.2.3.6).
fn reestablish(flow: &Flow, out: &mut Out) -> Phase {
    if flow.class == Class::A {
        return released(Mode::Abnormal, out);
    }
    stop_all(out);
    out.act(unnumbered(Unnumbered::Sabm, flow.lln, true));
    out.start(Timer::EstablishB);
    Phase::Reopening(Opening {
        class: Class::B,
        lln: flow.lln,
        queue: VecDeque::new(),
        attempts: 0,
        leaving: flow.leaving,
    })
}

fn reopening(mut opening: Opening, event: Event, out: &mut Out) -> Phase {
    match event {
        Event::Expired(Timer::EstablishB) if opening.attempts == N250 => {
            released(Mode::Abnormal, out)
        }
        Event::Expired(Timer::EstablishB) => {
            opening.attempts += 1;
            out.act(unnumbered(Unnumbered::Sabm, opening.lln, true));
            out.start(Timer::EstablishB);
            Phase::Reopening(opening)
        }
        Event::Received(frame) if frame.lln == opening.lln => {
            match (unnumbered_function(frame.control), polls(frame.control)) {
                (Some(Unnumbered::Acknowledge), true) => {
                    stop_all(out);
                    out.act(Indication::Reset);
                    let flow = Flow::new(Class::B, opening.lln, 0, 0);
                    opening.resumed(flow, out)
                }
                (Some(Unnumbered::DisconnectMode), true) => released(Mode::Abnormal, out),
                (Some(Unnumbered::Disconnect), poll) => {
                    out.act(unnumbered(Unnumbered::Acknowledge, opening.lln, poll));
                    released(Mode::Abnormal, out)
                }
                // Both begin afresh at once (clause 9.2.9.2.4).
                (Some(Unnumbered::Sabm), poll) => {
                    out.act(unnumbered(Unnumbered::Acknowledge, opening.lln, poll));
                    Phase::Reopening(opening)
                }
                _ => Phase::Reopening(opening),
            }
        }
        other => opening.waits(other, out).map_or(Phase::Released, Phase::Reopening),
    }
}

fn closing(lln: Lln, event: Event, out: &mut Out) -> Phase {
    match event {
        Event::Received(frame) if frame.lln == lln => {
            match (unnumbered_function(frame.control), polls(frame.control)) {
                (Some(Unnumbered::Acknowledge | Unnumbered::DisconnectMode), true) => {
                    released(Mode::Normal, out)
                }
                // Both release at once (clause 9.2.9.2.4).
                (Some(Unnumbered::Disconnect), poll) => {
                    out.act(unnumbered(Unnumbered::Acknowledge, lln, poll));
                    Phase::Closing(lln)
                }
                _ => Phase::Closing(lln),
            }
        }
        Event::Expired(Timer::Release) | Event::Lost | Event::Release(Mode::Abnormal) => {
            released(Mode::Abnormal, out)
        }
        Event::Send(_) => {
            out.act(Indication::Discarded);
            Phase::Closing(lln)
        }
        _ => Phase::Closing(lln),
    }
}

/// Begins the release (clauses 9.2.3.7 and 9.2.6).
fn close(flow: &Flow, mode: Mode, out: &mut Out) -> Phase {
    match flow.class {
        Class::A => released(mode, out),
        Class::B => {
            stop_all(out);
            out.act(unnumbered(Unnumbered::Disconnect, flow.lln, true));
            out.start(Timer::Release);
            Phase::Closing(flow.lln)
        }
    }
}

fn released(mode: Mode, out: &mut Out) -> Phase {
    stop_all(out);
    out.act(Indication::Released(mode));
    Phase::Released
}

fn stop_all(out: &mut Out) {
    for timer in Timer::ALL {
        out.stop(timer);
    }
}

/// SABM, DISC, UA or DM, which all carry NLF.
fn unnumbered(function: Unnumbered, lln: Lln, poll_final: bool) -> Frame {
    let control = Control::U { function, poll_final };
    Frame { new_link: true, ..plain(lln, function.kind(), control) }
}

/// A UI frame (clause 9.3).
fn unit(message: Vec<u8>) -> Frame {
    let control = Control::U { function: Unnumbered::Information, poll_final: false };
    Frame { information: message, ..plain(Lln::U, Kind::Command, control) }
}

fn is_unit(frame: &Frame) -> bool {
    unnumbered_function(frame.control) == Some(Unnumbered::Information)
}

const fn unnumbered_function(control: Control) -> Option<Unnumbered> {
    match control {
        Control::U { function, .. } => Some(function),
        Control::I { .. } | Control::S { .. } => None,
    }
}

const fn polls(control: Control) -> bool {
    match control {
        Control::I { poll, .. } => poll,
        Control::S { poll_final, .. } | Control::U { poll_final, .. } => poll_final,
    }
}

/// Whether this is the first I frame of a link.
const fn begins(frame: &Frame) -> bool {
    frame.new_link && matches!(frame.control, Control::I { ns: 0, .. })
}

const fn is_assigned(lln: Lln) -> bool {
    matches!(lln, Lln::B(_))
}

/// The number that a handset of ours assigns to its class B link.
const ASSIGNED: Lln = Lln::B(2);
