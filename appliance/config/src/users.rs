//! `users.xml`: who has which extension, and which handset.

mod fields;
mod file;

use crate::flaw::Place;
use crate::value::{AccessCode, Secret};
use crate::xml::Element;
use ident::Ipei;

/// The users of a file.
///
/// It has neither `Debug` nor `Display`, since it holds passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Users {
    /// In the order of the file; user names and handsets are unique.
    pub users: Vec<User>,
    /// Elements that are no users, kept for the next export.
    pub unknown: Vec<Element>,
}

/// A person's account.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct User {
    /// The handset; `None` until one has subscribed.
    pub ipei: Option<Ipei>,
    /// The code that the handset must know; empty: the system's.
    pub accesscode: AccessCode,
    /// What the handset shows when idle.
    pub standbytext: String,
    /// User part in SIP; unique.
    pub username: String,
    /// SIP domain; empty: `sip.defaultdomain`.
    pub domain: String,
    /// Display name in SIP.
    pub displayname: String,
    /// Name for authentication; empty: `sip.auth.username`, else the user name.
    pub authuser: String,
    /// Password for authentication; empty: `sip.auth.password`.
    pub authpassword: Secret,
    /// The user cannot make calls.
    pub disabled: bool,
    /// Fields that this version does not act on, kept for the next export.
    pub kept: Vec<Element>,
    /// Where the file has it.
    pub place: Place,
}
