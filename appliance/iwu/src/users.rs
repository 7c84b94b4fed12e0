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
    /// What the handset shows when idle.
    pub standby_text: String,
    /// The user cannot make calls.
    pub disabled: bool,
}
