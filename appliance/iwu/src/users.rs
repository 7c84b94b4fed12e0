//! The users as the interworking unit needs them.

use dect::primitive::AccessCode;
use ident::Ipei;
use sip::primitive::Account;

/// One user: a person's account and the handset that carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The handset; `None` until one has subscribed for this user.
    pub ipei: Option<Ipei>,
    /// The code this handset must know; `None`: the system's (`dect.accesscode`).
    pub access_code: Option<AccessCode>,
    /// How the user appears in SIP; `user` is unique.
    pub account: Account,
    /// The user cannot make calls.
    pub disabled: bool,
}

/// One change of who the users are.
#[derive(Clone)]
pub enum UserChange {
    /// There is this user from now on, in place of the one with the same SIP user name.
    Put(Box<User>),
    /// There is no user with this SIP user name any more.
    Remove(String),
}

/// A user and what became of the account.
pub(crate) struct Subscriber {
    /// Who it is.
    pub(crate) user: User,
    /// Whether the PBX knows where to send calls.
    pub(crate) registration: crate::status::Registration,
}
