//! What the interworking unit and the SIP engine say to each other.

use crate::sdp::Session;
use std::time::Duration;
use zeroize::ZeroizeOnDrop;

/// Names a user agent; chosen by the interworking unit, one per address of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

/// Names a call; never used twice by one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// A SIP password. It has neither `Debug` nor `Display`.
#[derive(Clone, Default, PartialEq, Eq, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// The password of this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text, for the digest only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A user agent: one address of record and how to prove that it is ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// User part of the address of record.
    pub user: String,
    /// Host part of the address of record.
    pub domain: String,
    /// Display name in From; may be empty.
    pub display_name: String,
    /// Name for digest authentication.
    pub auth_user: String,
    /// Password for digest authentication.
    pub password: Password,
}

/// What the interworking unit asks of the engine.
#[derive(Clone)]
pub enum Request {
    /// Have this user agent, in place of an older one of this name. It does not register by itself.
    PutAccount(AccountId, Box<Account>),
    /// Forget the user agent; its registration is taken back and its calls end.
    RemoveAccount(AccountId),
    /// Register, and stay registered.
    Register(AccountId),
    /// Take the registration back.
    Deregister(AccountId),
    /// INVITE `target` (digits, `user@host` or a SIP URI) with this offer; the id comes from
    /// [`crate::endpoint::Endpoint::new_call`].
    Invite(CallId, AccountId, String, Box<Session>),
    /// Answer an incoming call with 180 (Ringing).
    Ring(CallId),
    /// Answer an incoming INVITE, re-INVITE or UPDATE with 200 and this session. Where the peer made no
    /// offer, this one is it, and the peer's answer comes as [`Event::Answered`].
    Answer(CallId, Box<Session>),
    /// Refuse an incoming INVITE, or a re-INVITE or UPDATE within a call, with this status.
    Reject(CallId, u16),
    /// End the call: CANCEL, BYE or 487, whichever its state calls for.
    Hangup(CallId),
    /// Offer another session within a call that is up (re-INVITE); [`Event::Answered`] brings the peer's
    /// answer, or [`Event::ModifyRefused`] the reason why the old one stays.
    Modify(CallId, Box<Session>),
    /// Send a key as SIP INFO (application/dtmf-relay): the key and its length.
    InfoKey(CallId, char, Duration),
}

/// What the engine tells the interworking unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Registered until then, counted from now.
    Registered(AccountId, Duration),
    /// Not registered: the reason in words an administrator understands, and when it is tried again.
    NotRegistered(AccountId, NotRegistered),
    /// The registration was taken back.
    Deregistered(AccountId),
    /// An INVITE for this user agent.
    Incoming(Box<Incoming>),
    /// A provisional response other than 100 to our INVITE: its status and, where it has one, its SDP.
    Progress(CallId, u16, Option<Box<Session>>),
    /// The call is up: our INVITE was answered with this session, or our offer in a 200 was answered in the
    /// ACK. `None` where the peer's last session stays in force.
    Answered(CallId, Option<Box<Session>>),
    /// The 200 we sent was acknowledged.
    Confirmed(CallId),
    /// A re-INVITE or UPDATE with this offer (`None`: the peer wants ours); answer or reject it.
    Offer(CallId, Option<Box<Session>>),
    /// The peer refused our [`Request::Modify`] with this status; the session stays as it was.
    ModifyRefused(CallId, u16),
    /// A key in SIP INFO.
    InfoKey(CallId, char, Duration),
    /// The call is gone; nothing more follows for it.
    Ended(CallId, Ended),
}

/// An INVITE from the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// The new call.
    pub call: CallId,
    /// For which user agent.
    pub account: AccountId,
    /// User part of the caller's address, of P-Asserted-Identity where the proxy sent one.
    pub number: String,
    /// The caller's display name; may be empty.
    pub name: String,
    /// The peer's offer; `None` for a late offer.
    pub offer: Option<Box<Session>>,
}

/// Why a registration is not in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRegistered {
    /// The final status, where there was one.
    pub status: Option<u16>,
    /// What happened and what to do about it.
    pub reason: String,
    /// When the next attempt is made.
    pub retry: Option<Duration>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The peer hung up or took its INVITE back.
    ByPeer,
    /// We hung up, and the peer knows.
    ByUs,
    /// Our INVITE was refused with this status; 408 where nobody answered, 503 where it could not be sent.
    Refused(u16),
    /// The dialog broke: no ACK, or a request within it failed.
    Broken,
}
