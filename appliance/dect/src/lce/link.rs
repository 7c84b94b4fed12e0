//! One radio link and the data link upon it (14.2.2, 14.2.5, 14.2.7).

use crate::lapc::{self, BadFrame, Frame, Indication, Mode, Side};
use machine::{Effect, TimerSpec};
use std::time::Duration;

/// Where a link stands (14.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The radio link is up, the handset has not begun a data link yet.
    EstablishPending,
    /// LINK ESTABLISHED.
    Established,
    /// RELEASE PENDING: we are releasing it; nothing more is sent.
    ReleasePending,
    /// The handset has released the data link; the radio link is its to end, for a while.
    Abandoned,
    /// LINK RELEASED: forget it.
    Released,
}

/// The timers of a link (A.6), those of its data link among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// <LCE.01>
    Release,
    /// <LCE.02>
    Maintain,
    /// <LCE.05>
    Silence,
    /// One of the data link's.
    Dl(lapc::Timer),
}

impl Timer {
    /// The timer as the standard defines it.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, seconds, guards) = match self {
            Self::Release => ("<LCE.01>", 5, "the end of the data link after its release"),
            // The standard allows 3 to 10 seconds.
            Self::Maintain => ("<LCE.02>", 5, "the next transaction on an idle link"),
            Self::Silence => ("<LCE.05>", 5, "the first message on a new link"),
            Self::Dl(timer) => return timer.spec(),
        };
        TimerSpec { name, default: Duration::from_secs(seconds), guards }
    }
}

/// Everything that can happen to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A DLC frame from the handset.
    Frame(Vec<u8>),
    /// A message for the handset.
    Send(Vec<u8>),
    /// An entity above needs the link, or none does any more (NLR with "partial release").
    Needed(bool),
    /// The link serves nobody: release it at once, normally.
    Release,
    /// A timer ran out.
    Expired(Timer),
    /// The radio link is gone.
    Lost,
}

/// Everything a link can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this DLC frame.
    Frame(Vec<u8>),
    /// Give up the radio link.
    Disconnect,
    /// A message from the handset.
    Message(Vec<u8>),
    /// A message from the handset that came without acknowledgement.
    Unit(Vec<u8>),
    /// The data link has begun afresh (17.8).
    Reset,
    /// The data link is gone; whether in good order (17.9).
    Ended(Mode),
    /// A frame from the handset is ignored.
    Bad(BadFrame),
    /// A message from the handset was too long, or one for it could not be queued.
    Dropped,
}

/// This machine's effects.
pub type Out = machine::Out<Action, Timer>;

/// One radio link to a handset.
#[derive(Debug)]
pub struct Link {
    state: State,
    needed: bool,
    dl: lapc::Link,
}

impl Link {
    /// A link that a base station has just reported.
    #[must_use]
    pub fn new(out: &mut Out) -> Self {
        out.start(Timer::Silence);
        Self { state: State::EstablishPending, needed: false, dl: lapc::Link::new(Side::Fixed) }
    }

    /// Where the link stands now.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        match (self.state, event) {
            (State::Released, _) => {}
            (_, Event::Lost) => self.ended(Mode::Abnormal, out),
            (_, Event::Frame(octets)) => match Frame::decode(&octets, Side::Portable) {
                Ok(frame) => self.data_link(lapc::Event::Received(frame), out),
                Err(bad) => out.act(Action::Bad(bad)),
            },
            (_, Event::Expired(Timer::Dl(timer))) => {
                self.data_link(lapc::Event::Expired(timer), out);
            }
            (State::ReleasePending | State::Abandoned, Event::Expired(Timer::Release)) => {
                self.give_up(Mode::Abnormal, out);
            }
            (State::ReleasePending | State::Abandoned, Event::Send(_)) => {
                out.act(Action::Dropped);
            }
            (State::ReleasePending | State::Abandoned, _) => {}
            (_, Event::Send(message)) => {
                self.used(out);
                self.data_link(lapc::Event::Send(message), out);
            }
            (_, Event::Needed(needed)) => {
                self.needed = needed;
                self.used(out);
            }
            (_, Event::Expired(_)) if self.needed => {}
            (_, Event::Release | Event::Expired(_)) => self.release(out),
        }
    }

    /// A message has passed, or the need for the link has changed.
    fn used(&self, out: &mut Out) {
        out.stop(Timer::Silence);
        if self.needed {
            out.stop(Timer::Maintain);
        } else {
            out.start(Timer::Maintain);
        }
    }

    /// "Normal" release (14.2.7.1).
    fn release(&mut self, out: &mut Out) {
        stop_all(out);
        self.state = State::ReleasePending;
        out.start(Timer::Release);
        self.data_link(lapc::Event::Release(Mode::Normal), out);
    }

    fn data_link(&mut self, event: lapc::Event, out: &mut Out) {
        let mut below = lapc::Out::default();
        self.dl.handle(event, &mut below);
        for effect in below.drain() {
            match effect {
                Effect::Start(timer) => out.start(Timer::Dl(timer)),
                Effect::Stop(timer) => out.stop(Timer::Dl(timer)),
                Effect::Act(lapc::Action::Transmit(frame)) => {
                    out.act(Action::Frame(frame.encode(Side::Fixed)));
                }
                Effect::Act(lapc::Action::Indicate(indication)) => self.indicated(indication, out),
            }
        }
    }

    fn indicated(&mut self, indication: Indication, out: &mut Out) {
        let lives = matches!(self.state, State::EstablishPending | State::Established);
        match indication {
            Indication::Established(_) if lives || self.state == State::Abandoned => {
                self.state = State::Established;
                stop_all(out);
                // A link that carries nothing is not kept (14.2.2).
                out.start(Timer::Silence);
            }
            Indication::Data(message) if lives => {
                self.used(out);
                out.act(Action::Message(message));
            }
            Indication::UnitData(message) if lives => out.act(Action::Unit(message)),
            Indication::Reset if lives => out.act(Action::Reset),
            Indication::Released(Mode::Normal) if lives => {
                stop_all(out);
                self.state = State::Abandoned;
                self.needed = false;
                out.start(Timer::Release);
                out.act(Action::Ended(Mode::Normal));
            }
            Indication::Released(mode) if self.state != State::Released => self.give_up(mode, out),
            Indication::Overlong | Indication::Discarded => out.act(Action::Dropped),
            _ => {}
        }
    }

    /// Gives up the radio link.
    fn give_up(&mut self, mode: Mode, out: &mut Out) {
        out.act(Action::Disconnect);
        self.ended(mode, out);
    }

    fn ended(&mut self, mode: Mode, out: &mut Out) {
        stop_all(out);
        for timer in lapc::Timer::ALL {
            out.stop(Timer::Dl(timer));
        }
        if self.state != State::Abandoned {
            out.act(Action::Ended(mode));
        }
        self.state = State::Released;
    }
}

fn stop_all(out: &mut Out) {
    for timer in [Timer::Release, Timer::Maintain, Timer::Silence] {
        out.stop(timer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    /// A link with the handset's end as octets; effects as text.
    struct Bench {
        link: Link,
        trace: String,
    }

    impl Bench {
        fn new() -> Self {
            let mut out = Out::default();
            let link = Link::new(&mut out);
            let mut bench = Self { link, trace: String::new() };
            bench.note(&mut out);
            bench
        }

        fn step(&mut self, event: Event) {
            let mut out = Out::default();
            let _ = writeln!(self.trace, "{event:?}");
            self.link.handle(event, &mut out);
            self.note(&mut out);
        }

        fn note(&mut self, out: &mut Out) {
            for effect in out.drain() {
                let _ = match effect {
                    Effect::Start(timer) => writeln!(self.trace, "  start {}", timer.spec().name),
                    Effect::Stop(_) => Ok(()),
                    Effect::Act(action) => writeln!(self.trace, "  {action:?}"),
                };
            }
        }

        fn established() -> Self {
            let mut bench = Self::new();
            bench.step(Event::Frame(vec![0xa1, 0x10, 0x01]));
            bench
        }
    }

    #[test]
    fn a_link_is_kept_for_a_while_after_its_last_use_and_then_released() {
        let mut bench = Bench::established();
        bench.step(Event::Frame(vec![0x21, 0x02, 0x09, 0x05, 0x56]));
        bench.step(Event::Needed(true));
        bench.step(Event::Send(vec![0x85, 0x55]));
        bench.step(Event::Frame(vec![0x23, 0x21, 0x01]));
        bench.step(Event::Needed(false));
        bench.step(Event::Expired(Timer::Maintain));
        bench.step(Event::Frame(vec![0xa3, 0x73, 0x01]));
        assert_eq!(
            bench.trace,
            "  start <LCE.05>
Frame([161, 16, 1])
  Frame([161, 49, 1])
  start <LCE.05>
Frame([33, 2, 9, 5, 86])
  Frame([33, 65, 1])
  start <LCE.02>
  Message([5, 86])
Needed(true)
Send([133, 85])
  Frame([35, 64, 9, 133, 85])
  start <DL.04>
Frame([35, 33, 1])
Needed(false)
  start <LCE.02>
Expired(Maintain)
  start <LCE.01>
  Frame([163, 83, 1])
  start <DL.00>
Frame([163, 115, 1])
  Disconnect
  Ended(Normal)
"
        );
        assert_eq!(bench.link.state(), State::Released);
    }

    #[test]
    fn a_handset_that_says_nothing_is_not_waited_for() {
        let mut bench = Bench::new();
        bench.step(Event::Expired(Timer::Silence));
        assert!(bench.trace.ends_with("  Disconnect\n  Ended(Normal)\n"), "{}", bench.trace);
    }

    #[test]
    fn a_handset_that_ends_the_data_link_may_end_the_radio_link_or_begin_again() {
        for (then, state) in [
            (Event::Lost, State::Released),
            (Event::Expired(Timer::Release), State::Released),
            (Event::Frame(vec![0xb1, 0x10, 0x01]), State::Established),
        ] {
            let mut bench = Bench::established();
            bench.step(Event::Frame(vec![0xa1, 0x53, 0x01]));
            assert_eq!(bench.link.state(), State::Abandoned);
            bench.step(then);
            assert_eq!(bench.link.state(), state, "{}", bench.trace);
            assert_eq!(bench.trace.matches("Ended").count(), 1, "{}", bench.trace);
        }
    }

    #[test]
    fn a_handset_that_falls_silent_is_given_up_with_its_radio_link() {
        let mut bench = Bench::established();
        bench.step(Event::Needed(true));
        bench.step(Event::Send(vec![0x05, 0x40]));
        for _ in 0..4 {
            bench.step(Event::Expired(Timer::Dl(lapc::Timer::Retransmission)));
        }
        for _ in 0..4 {
            bench.step(Event::Expired(Timer::Dl(lapc::Timer::EstablishB)));
        }
        assert!(bench.trace.ends_with("  Disconnect\n  Ended(Abnormal)\n"), "{}", bench.trace);
    }
}
