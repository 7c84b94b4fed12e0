//! Calls (RFC 3261 clauses 9, 13, 14 and 15, RFC 3311, RFC 6086).
//!
//! One [`Call`] is one INVITE and the dialog that came of it, from either side.
//! It hears of requests, responses and timers, and says what to send and what
//! to tell the interworking unit. It knows transactions by name only; whom a
//! request goes to, with which credentials, and what becomes of its
//! repetitions is its owner's business. Exactly one [`primitive::Event::Ended`]
//! comes out of every call.

mod active;
mod body;
mod calling;
mod incoming;

use crate::dialog::{Dialog, Maker};
use crate::draft::{Draft, Reply};
use crate::primitive::{self, CallId, Ended};
use crate::sdp::Session;
use crate::transaction::key::ServerKey;
use crate::transaction::timer::{PATIENCE, T1, T2};
use crate::wire::{Message, Method, Name};
use machine::TimerSpec;
use std::time::Duration;

pub use body::session;
pub use calling::Calling;
pub use incoming::Incoming;

/// Where a call stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Our INVITE has no final response yet.
    Calling(Calling),
    /// The peer's INVITE has no final response yet.
    Incoming(Incoming),
    /// There is a dialog.
    Active,
    /// BYE is out; what to say when it was answered.
    Ending(Ended),
    /// Nothing is left but to acknowledge what still comes.
    Over,
}

/// The timers of a call. Those of the standard have no letter; the others are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Send the 200 again (RFC 3261 clause 13.3.1.4).
    Repeat,
    /// Give up waiting for ACK (ibidem).
    NoAck,
    /// Send 180 again, so that no proxy thinks us dead (RFC 3261 clause 13.3.1.1).
    Ring,
    /// The caller's Expires has run out (ibidem).
    Expires,
    /// Nothing was heard since the last provisional response (the UAC's image of Timer C).
    Silence,
    /// No final response after CANCEL (RFC 3261 clause 9.1).
    Cancelled,
    /// Try a re-INVITE again (RFC 3261 clause 14.1).
    Glare,
    /// The interworking unit did not say anything to a re-INVITE or UPDATE.
    Answer,
}

impl Timer {
    /// Every timer, for the manual and for the end of a call.
    pub const ALL: [Self; 8] = [
        Self::Repeat,
        Self::NoAck,
        Self::Ring,
        Self::Expires,
        Self::Silence,
        Self::Cancelled,
        Self::Glare,
        Self::Answer,
    ];

    /// The timer with its usual value.
    #[must_use]
    pub const fn spec(self) -> TimerSpec {
        let (name, default, guards) = match self {
            Self::Repeat => ("X call 200 repeat", T1, "ACK, while a 200 is repeated"),
            Self::NoAck => ("X call no ACK", PATIENCE, "ACK, before the call is given up"),
            Self::Ring => ("X call ring", Duration::from_mins(1), "the next repetition of 180"),
            Self::Expires => ("X call expires", Duration::from_mins(3), "an answer, by Expires"),
            Self::Silence => {
                ("X call silence", SILENCE_MAX, "anything after a provisional response")
            }
            Self::Cancelled => ("X call cancelled", PATIENCE, "the final response after CANCEL"),
            Self::Glare => ("X call glare", Duration::from_secs(3), "a re-INVITE after 491"),
            Self::Answer => ("X call offer", Duration::from_secs(20), "our answer to an offer"),
        };
        TimerSpec { name, default, guards }
    }
}

/// What a request of a call was sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// To begin the call.
    Invite,
    /// To change the session.
    Reinvite,
    /// To end the call.
    Bye,
    /// To end what another branch has answered; nobody waits for the response.
    ForkBye,
    /// To send a key.
    Info,
}

/// Why a request got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing came in time.
    TimedOut,
    /// It could not be sent.
    Unreachable,
}

/// What the interworking unit can ask of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Send 180.
    Ring,
    /// Answer the INVITE, or the offer that came within the call.
    Answer(Box<Session>),
    /// Refuse it.
    Reject(u16),
    /// End the call.
    Hangup,
    /// Offer another session.
    Modify(Box<Session>),
    /// Send a key.
    InfoKey(char, Duration),
}

/// Everything that can happen to a call.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// The interworking unit wants something.
    Request(Request),
    /// A response to a request of ours; one that asks for credentials only where there are no better ones.
    Response(Purpose, &'a Message),
    /// There is no response to a request of ours.
    Failed(Purpose, Fault),
    /// A request of the peer within the dialog; neither ACK nor CANCEL.
    Received(ServerKey, &'a Message),
    /// The peer has taken its INVITE of this name back.
    Cancelled(ServerKey),
    /// The peer has acknowledged a 2xx.
    Acknowledged(&'a Message),
    /// A timer ran out.
    Expired(Timer),
}

/// Everything a call can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send a request.
    Send(Purpose, Box<Draft>),
    /// Send an ACK for a 2xx, outside of any transaction.
    Acknowledge(Box<Draft>),
    /// Cancel the INVITE.
    Cancel,
    /// Forget the INVITE; it will not be answered any more.
    Abandon,
    /// Answer a request of the peer.
    Respond(ServerKey, Box<Reply>),
    /// Send the last response again.
    Repeat(ServerKey),
    /// Tell the interworking unit.
    Tell(Box<primitive::Event>),
    /// This state has no use for the event; counted and ignored.
    Unexpected,
}

/// The effects of a call.
pub type Out = machine::Out<Action, Timer>;

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    id: CallId,
    dialog: Dialog,
    /// What goes into Contact.
    contact: String,
    state: State,
    /// The number of our latest INVITE.
    invite_cseq: u32,
    /// An INVITE or UPDATE within the call that the interworking unit has to answer.
    pending: Option<Pending>,
    /// Our 2xx that waits for its ACK.
    unacked: Option<Unacked>,
    /// What we want to offer, or have offered.
    ours: Option<Ours>,
    /// The peer's tags in dialogs that were acknowledged only to be ended.
    forks: Vec<String>,
    /// Repetitions of the 2xx.
    round: u8,
    /// The caller's Expires.
    expires: Duration,
}

/// A peer's offer, or its wish for one of ours.
#[derive(Clone, Copy, Debug)]
struct Pending {
    key: ServerKey,
    cseq: u32,
    is_invite: bool,
    is_late: bool,
}

/// Our 2xx that waits for its ACK.
#[derive(Clone, Copy, Debug)]
struct Unacked {
    key: ServerKey,
    cseq: u32,
    /// The ACK must bring an answer to our offer.
    owes_answer: bool,
    /// It is the 2xx to the first INVITE.
    opens: bool,
    /// BYE follows the ACK; before it there must be none (RFC 3261 clause 15).
    hang_up: bool,
}

/// An offer of ours within the call.
#[derive(Clone, Debug)]
struct Ours {
    session: Box<Session>,
    is_sent: bool,
    /// What the interworking unit wants by now; it waits until this one is done (RFC 3261 clause 14.1).
    next: Option<Box<Session>>,
}

impl Call {
    /// Takes one event and asks for what follows from it.
    pub fn handle(&mut self, event: Event<'_>, out: &mut Out) {
        let state = std::mem::replace(&mut self.state, State::Over);
        self.state = match state {
            State::Calling(calling) => self.calling(calling, &event, out),
            State::Incoming(incoming) => self.incoming(incoming, event, out),
            State::Active => self.active(event, out),
            State::Ending(reason) => self.ending(reason, &event, out),
            State::Over => self.over(&event, out),
        };
    }

    /// Where the call stands now.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The dialog, as far as it is known.
    #[must_use]
    pub const fn dialog(&self) -> &Dialog {
        &self.dialog
    }

    /// Whether a request of the peer with these tags belongs to the call, early dialogs included.
    #[must_use]
    pub fn has(&self, call_id: &str, remote_tag: &str) -> bool {
        let is_early = matches!(self.state, State::Calling(_));
        self.dialog.has(call_id, remote_tag) || is_early && self.dialog.call_id == call_id
    }

    /// A new number for a request that is sent again with credentials; `None` where it is better not.
    pub fn reissue(&mut self, purpose: Purpose) -> Option<u32> {
        match &mut self.state {
            State::Over => return None,
            State::Calling(calling) if calling.is_left() => return None,
            State::Calling(calling) => calling.begin_again(),
            _ => {}
        }
        let cseq = self.dialog.next_cseq();
        if matches!(purpose, Purpose::Invite | Purpose::Reinvite) {
            self.invite_cseq = cseq;
        }
        Some(cseq)
    }

    /// Whether an INVITE that could not be delivered shall go to the next server.
    #[must_use]
    pub const fn wants_failover(&self) -> bool {
        matches!(&self.state, State::Calling(calling) if calling.is_unheard())
    }

    /// From when to when a timer started just now is to run out.
    #[must_use]
    pub fn span(&self, timer: Timer) -> (Duration, Duration) {
        let ms = Duration::from_millis;
        match timer {
            Timer::Repeat => {
                let wait = (T1 * (1 << self.round.min(3))).min(T2);
                (wait, wait)
            }
            Timer::Expires => (self.expires, self.expires),
            // Who made the Call-ID waits longer than the other (RFC 3261 clause 14.1).
            Timer::Glare if self.dialog.maker == Maker::Us => (ms(2100), ms(4000)),
            Timer::Glare => (ms(0), ms(2000)),
            other => (other.spec().default, other.spec().default),
        }
    }

    /// What is the same whenever there is nothing left to say: only other branches are still heard.
    fn over(&mut self, event: &Event<'_>, out: &mut Out) -> State {
        match event {
            Event::Response(Purpose::Invite, response) if is_success(response) => {
                self.branch(response, out);
            }
            Event::Received(key, _) => out.act(Action::Respond(*key, Box::new(Reply::new(481)))),
            _ => {}
        }
        State::Over
    }

    /// A 2xx to an INVITE that has had its first: acknowledged each time, and where it is of another
    /// branch, ended once (RFC 3261 clause 13.2.2.4).
    fn branch(&mut self, response: &Message, out: &mut Out) {
        let mut other = self.dialog.answered_by(response);
        let cseq = response.cseq().map_or(self.invite_cseq, |cseq| cseq.number);
        out.act(Action::Acknowledge(Box::new(other.numbered(Method::Ack, cseq))));
        let is_ours = other.remote_tag == self.dialog.remote_tag;
        if is_ours || self.forks.contains(&other.remote_tag) || self.forks.len() >= FORKS_MAX {
            return;
        }
        other.local_cseq = cseq;
        out.act(Action::Send(Purpose::ForkBye, Box::new(other.request(Method::Bye))));
        self.forks.push(other.remote_tag);
    }

    /// BYE; the rest when it was answered.
    fn bye(&mut self, reason: Ended, out: &mut Out) -> State {
        stop_all(out);
        self.drop_pending(out);
        out.act(Action::Send(Purpose::Bye, Box::new(self.dialog.request(Method::Bye))));
        State::Ending(reason)
    }

    fn ended(&mut self, reason: Ended, out: &mut Out) -> State {
        stop_all(out);
        self.drop_pending(out);
        if self.ours.take().is_some_and(|ours| ours.is_sent) {
            // No timer would end it where it has had a 100 and the peer forgot the call.
            out.act(Action::Abandon);
        }
        tell(primitive::Event::Ended(self.id, reason), out);
        State::Over
    }

    /// An INVITE that is still with the interworking unit when its call ends gets its final response.
    fn drop_pending(&mut self, out: &mut Out) {
        if let Some(pending) = self.pending.take() {
            out.act(Action::Respond(pending.key, Box::new(Reply::new(487))));
        }
        self.unacked = None;
    }

    /// A reply with what a response has that opens or refreshes a dialog.
    fn reply(&self, status: u16) -> Reply {
        Reply::new(status)
            .with(Name::Contact, self.contact.clone())
            .with(Name::Allow, ALLOW)
            .with(Name::Supported, "")
    }
}

/// The methods that are served.
pub const METHODS: [Method; 7] = [
    Method::Invite,
    Method::Ack,
    Method::Cancel,
    Method::Bye,
    Method::Options,
    Method::Info,
    Method::Update,
];

/// The same, as they stand in Allow.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";

/// What bodies are read.
pub const BODIES: [&str; 5] = [
    "application/sdp",
    "application/dtmf-relay",
    "application/dtmf",
    // A session description may have companions (RFC 5621).
    "multipart/mixed",
    "multipart/alternative",
];

/// Stops every timer, because the state that begins waits for none of them.
fn stop_all(out: &mut Out) {
    for timer in Timer::ALL {
        out.stop(timer);
    }
}

fn tell(event: primitive::Event, out: &mut Out) {
    out.act(Action::Tell(Box::new(event)));
}

fn unexpected(state: State, out: &mut Out) -> State {
    out.act(Action::Unexpected);
    state
}

fn is_success(response: &Message) -> bool {
    matches!(response.status(), Some(200..=299))
}

/// Proxies cancel after three minutes without a response (RFC 3261 clause 16.6, Timer C), and so do we.
const SILENCE_MAX: Duration = Duration::from_mins(3);

/// Branches that answer the same INVITE; more phones than one desk has.
const FORKS_MAX: usize = 8;
