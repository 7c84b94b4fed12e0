//! Call Control, fixed side: EN 300 175-5, clause 9.
//!
//! One [`Call`] is one CC instance, whichever side began it. States keep the
//! standard's names and F-numbers, so that a trace can be laid beside its
//! diagrams. What the standard leaves open is decided in the IWU, not here.
//!
//! A call knows neither links nor transaction identifiers: what it sends goes
//! to the LCE, which pages the handset where there is no link yet, and reports
//! with [`Event::LinkLost`] that there is none, or none any more.

mod message;
#[cfg(test)]
mod tests;

use crate::primitive::{Info, ReleaseReason as Reason};
use crate::wire::{Kind, Message};
use ident::{Ari, Ipui};
use machine::TimerSpec;
use message::Heard;
use std::time::Duration;

/// Where the call stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// F-00: no call.
    #[default]
    Null,
    /// F-01: CC-SETUP received, the IWU is asked.
    CallInitiated,
    /// F-02: digits are awaited.
    OverlapSending,
    /// F-03: the number is complete and on its way.
    CallProceeding,
    /// F-04: the other side rings.
    CallDelivered,
    /// F-06: CC-SETUP sent, nothing heard yet.
    CallPresent,
    /// F-07: the handset rings.
    CallReceived,
    /// F-10: speech.
    Active,
    /// F-19: CC-RELEASE sent, CC-RELEASE-COM awaited.
    ReleasePending,
}

/// The timers of a call on the fixed side (EN 300 175-5 A.1).
///
/// <CC.05> has no place here: outside of external handover only the handset runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// <CC.01>
    Overlap,
    /// <CC.02>
    Release,
    /// <CC.03>
    Setup,
    /// <CC.04>, in F-07 only: how long a queue or an announcement at the far end may last is not ours to say.
    Completion,
    /// Before a handset that waits in T-03 or T-04 gives up by its own <CC.04>, it is told to wait on.
    Patience,
}

impl Timer {
    /// The timer as the standard defines it.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, seconds, guards) = match self {
            Self::Overlap => ("<CC.01>", 20, "CC-INFO with further digits, or the IWU's decision"),
            Self::Release => ("<CC.02>", 36, "CC-RELEASE-COM after CC-RELEASE"),
            Self::Setup => ("<CC.03>", 20, "any answer to CC-SETUP"),
            Self::Completion => ("<CC.04>", 100, "CC-CONNECT from a handset that rings"),
            Self::Patience => ("<X-CC.04>", 90, "the far end's answer, on behalf of the handset"),
        };
        TimerSpec { name, default: Duration::from_secs(seconds), guards }
    }
}

/// Who is called, and by which system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The handset's identity here.
    pub ipui: Ipui,
    /// Our identity.
    pub ari: Ari,
}

/// What the IWU asks of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// MNCC_SETUP-req
    Setup(Box<Party>, Info),
    /// MNCC_SETUP_ACK-req
    SetupAck(Info),
    /// MNCC_CALL_PROC-req
    CallProc(Info),
    /// MNCC_ALERT-req; again while the other side rings, it tells the handset what has changed.
    Alert(Info),
    /// MNCC_CONNECT-req
    Connect(Info),
    /// MNCC_INFO-req
    Info(Info),
    /// MNCC_RELEASE-req or MNCC_REJECT-req, whichever the state calls for
    Release(Reason, Info),
    /// The call must wait for something else on the same link: restart the handset's timer (15.5).
    Hold,
}

/// What the call tells the IWU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Indication {
    /// MNCC_SETUP-ind: the keys dialled so far, and whether they are all.
    Setup(Keys),
    /// MNCC_INFO-ind
    Info(Keys),
    /// MNCC_ALERT-ind
    Alert,
    /// MNCC_CONNECT-ind
    Connect,
    /// MNCC_RELEASE-ind, -cfm or MNCC_REJECT-ind: the call is gone. Told once for every call that the IWU
    /// knows of.
    Release(Reason),
    /// A message or primitive this state has no use for; counted, logged and ignored.
    Unexpected(State),
}

/// What was dialled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Characters of KEYPAD or CALLED-PARTY-NUMBER.
    pub keys: String,
    /// SENDING-COMPLETE was given.
    pub complete: bool,
}

/// Everything that can happen to a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The IWU wants something.
    Request(Request),
    /// The handset sent something.
    Received(Message),
    /// A timer ran out.
    Expired(Timer),
    /// There is no link to the handset, or none any more, for this reason.
    LinkLost(Reason),
}

/// Everything a call can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send to the handset, over the LCE.
    Send(Message),
    /// Tell the IWU.
    Indicate(Indication),
}

impl From<Message> for Action {
    fn from(message: Message) -> Self {
        Self::Send(message)
    }
}

impl From<Indication> for Action {
    fn from(indication: Indication) -> Self {
        Self::Indicate(indication)
    }
}

/// This machine's effects.
pub type Out = machine::Out<Action, Timer>;

/// One call from or towards a handset.
#[derive(Debug, Default)]
pub struct Call {
    state: State,
}

impl Call {
    /// A call that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event, out: &mut Out) {
        let step = match event {
            Event::Request(request) => Step::Asked(request),
            Event::Received(message) => Step::Heard(message::heard(&message)),
            Event::Expired(timer) => Step::Expired(timer),
            Event::LinkLost(reason) => Step::LinkLost(reason),
        };
        self.state = match self.state {
            State::Null => null(step, out),
            State::CallInitiated => call_initiated(step, out),
            State::OverlapSending => overlap_sending(step, out),
            State::CallProceeding => call_proceeding(step, out),
            State::CallDelivered => call_delivered(step, out),
            State::CallPresent => call_present(step, out),
            State::CallReceived => call_received(step, out),
            State::Active => active(step, out),
            State::ReleasePending => release_pending(&step, out),
        };
    }

    /// Where the call stands now.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }
}

/// An [`Event`] whose message has been read.
enum Step {
    Asked(Request),
    Heard(Heard),
    Expired(Timer),
    LinkLost(Reason),
}

fn null(step: Step, out: &mut Out) -> State {
    match step {
        Step::Asked(Request::Setup(party, info)) => {
            out.act(message::setup(&party, &info));
            out.start(Timer::Setup);
            State::CallPresent
        }
        Step::Heard(Heard::Setup(keys)) => {
            out.act(Indication::Setup(keys));
            State::CallInitiated
        }
        // 7.5 and 17.3: the call is refused before the IWU has heard of it.
        Step::Heard(Heard::Faulty(reason)) => {
            out.act(message::ending(Kind::CcReleaseCom, reason, &Info::default()));
            State::Null
        }
        _ => unexpected(State::Null, out),
    }
}

fn call_initiated(step: Step, out: &mut Out) -> State {
    match step {
        Step::Asked(Request::SetupAck(info)) => {
            out.act(message::progress(Kind::CcSetupAck, &info));
            out.start(Timer::Overlap);
            State::OverlapSending
        }
        other => outgoing(State::CallInitiated, other, out),
    }
}

fn overlap_sending(step: Step, out: &mut Out) -> State {
    match step {
        Step::Heard(Heard::Info(keys)) => {
            out.start(Timer::Overlap);
            out.act(Indication::Info(keys));
            State::OverlapSending
        }
        Step::Expired(Timer::Overlap) => release(Reason::TimerExpiry, &Info::default(), out),
        other => outgoing(State::OverlapSending, other, out),
    }
}

/// What the IWU may do with a call before its number is complete (F-01, F-02).
fn outgoing(state: State, step: Step, out: &mut Out) -> State {
    match step {
        Step::Asked(Request::CallProc(info)) => {
            out.stop(Timer::Overlap);
            out.act(message::progress(Kind::CcCallProc, &info));
            out.start(Timer::Patience);
            State::CallProceeding
        }
        // 9.3.1.2, 9.3.1.5: a set-up that is not accepted yet is rejected, not released.
        Step::Asked(Request::Release(reason, info)) => {
            out.act(message::ending(Kind::CcReleaseCom, reason, &info));
            ended(reason, out)
        }
        other => completing(state, other, out),
    }
}

fn call_proceeding(step: Step, out: &mut Out) -> State {
    match step {
        Step::Asked(Request::CallProc(info)) => inform(State::CallProceeding, &info, out),
        other => waiting(State::CallProceeding, other, out),
    }
}

fn call_delivered(step: Step, out: &mut Out) -> State {
    match step {
        // A second MNCC_ALERT-req has no message of its own; ring-back has become an announcement, say.
        Step::Asked(Request::Alert(info)) => inform(State::CallDelivered, &info, out),
        other => waiting(State::CallDelivered, other, out),
    }
}

/// The handset waits for the far end (F-03, F-04).
fn waiting(state: State, step: Step, out: &mut Out) -> State {
    match step {
        Step::Expired(Timer::Patience) => {
            out.act(message::notify());
            out.start(Timer::Patience);
            state
        }
        Step::Asked(Request::Info(info)) => inform(state, &info, out),
        other => completing(state, other, out),
    }
}

/// What completes a call of the handset's, from whichever state it waits in (F-01 to F-04).
fn completing(state: State, step: Step, out: &mut Out) -> State {
    match step {
        Step::Asked(Request::Alert(info)) => {
            out.stop(Timer::Overlap);
            out.act(message::progress(Kind::CcAlerting, &info));
            out.start(Timer::Patience);
            State::CallDelivered
        }
        Step::Asked(Request::Connect(info)) => {
            stop_all(out);
            out.act(message::progress(Kind::CcConnect, &info));
            State::Active
        }
        Step::Asked(Request::Hold) => {
            out.act(message::notify());
            state
        }
        // In F-02 the caller's own arm for digits comes first; elsewhere they are passed on all the same.
        Step::Heard(Heard::Info(keys)) => {
            out.act(Indication::Info(keys));
            state
        }
        Step::Asked(Request::Info(info)) if state == State::OverlapSending => {
            inform(state, &info, out)
        }
        other => living(state, other, out),
    }
}

fn call_present(step: Step, out: &mut Out) -> State {
    match step {
        Step::Heard(Heard::Alerting) => {
            out.stop(Timer::Setup);
            out.start(Timer::Completion);
            out.act(Indication::Alert);
            State::CallReceived
        }
        // 9.3.2.2: rejected, not released; the handset has accepted nothing yet.
        Step::Expired(Timer::Setup) => {
            out.act(message::ending(Kind::CcReleaseCom, Reason::TimerExpiry, &Info::default()));
            ended(Reason::TimerExpiry, out)
        }
        other => answering(State::CallPresent, other, out),
    }
}

fn call_received(step: Step, out: &mut Out) -> State {
    match step {
        Step::Expired(Timer::Completion) => release(Reason::TimerExpiry, &Info::default(), out),
        other => answering(State::CallReceived, other, out),
    }
}

/// The handset may answer a call (F-06, F-07).
fn answering(state: State, step: Step, out: &mut Out) -> State {
    match step {
        Step::Heard(Heard::Connect) => {
            stop_all(out);
            out.act(message::connect_ack());
            out.act(Indication::Connect);
            State::Active
        }
        Step::Asked(Request::Info(info)) => inform(state, &info, out),
        other => living(state, other, out),
    }
}

fn active(step: Step, out: &mut Out) -> State {
    match step {
        Step::Asked(Request::Info(info)) => inform(State::Active, &info, out),
        Step::Heard(Heard::Info(keys)) => {
            out.act(Indication::Info(keys));
            State::Active
        }
        // 9.6.1: a change that is refused changes nothing.
        Step::Heard(Heard::ServiceChange) => {
            out.act(message::service_reject());
            State::Active
        }
        // Some handsets acknowledge our CC-CONNECT, which only external handover asks for.
        Step::Heard(Heard::ConnectAck) => State::Active,
        other => living(State::Active, other, out),
    }
}

fn release_pending(step: &Step, out: &mut Out) -> State {
    match step {
        // 9.5.3: a CC-RELEASE here crossed ours in the air, so the handset agrees. Nothing is sent.
        Step::Heard(Heard::ReleaseCom(_) | Heard::Release(_)) | Step::LinkLost(_) => {
            ended(Reason::Normal, out)
        }
        Step::Expired(Timer::Release) => {
            out.act(message::ending(Kind::CcReleaseCom, Reason::TimerExpiry, &Info::default()));
            ended(Reason::TimerExpiry, out)
        }
        // What both sides had in hand when the call ended; it changes nothing any more.
        Step::Heard(Heard::Info(_)) | Step::Asked(Request::Info(_) | Request::Release(..)) => {
            State::ReleasePending
        }
        _ => unexpected(State::ReleasePending, out),
    }
}

/// What is the same in every state of a call that lives.
fn living(state: State, step: Step, out: &mut Out) -> State {
    match step {
        Step::Asked(Request::Release(reason, info)) => release(reason, &info, out),
        Step::Heard(Heard::Release(reason)) => {
            out.act(message::ending(Kind::CcReleaseCom, Reason::Normal, &Info::default()));
            ended(reason, out)
        }
        // The handset dropped or refused the call without asking.
        Step::Heard(Heard::ReleaseCom(reason)) | Step::LinkLost(reason) => ended(reason, out),
        Step::Heard(Heard::Hold) => {
            out.act(message::supplementary_reject(Kind::HoldReject));
            state
        }
        Step::Heard(Heard::Retrieve) => {
            out.act(message::supplementary_reject(Kind::RetrieveReject));
            state
        }
        Step::Heard(Heard::Notify) => state,
        _ => unexpected(state, out),
    }
}

fn inform(state: State, info: &Info, out: &mut Out) -> State {
    out.act(message::progress(Kind::CcInfo, info));
    state
}

fn release(reason: Reason, info: &Info, out: &mut Out) -> State {
    stop_all(out);
    out.act(message::ending(Kind::CcRelease, reason, info));
    out.start(Timer::Release);
    State::ReleasePending
}

fn ended(reason: Reason, out: &mut Out) -> State {
    stop_all(out);
    out.act(Indication::Release(reason));
    State::Null
}

/// A.1: the end of a call, and its acceptance, stops whatever was waited for.
fn stop_all(out: &mut Out) {
    for timer in [Timer::Overlap, Timer::Release, Timer::Setup, Timer::Completion, Timer::Patience]
    {
        out.stop(timer);
    }
}

fn unexpected(state: State, out: &mut Out) -> State {
    out.act(Indication::Unexpected(state));
    state
}
