//! The procedures that can run between an MM and its handset (13.1, 15.5).

use super::Timer;
use super::Write;
use super::access::AccessRights;
use super::location::Location;
use crate::security::{Challenge, Dck, Key};
use crate::wire::Origin;

/// A procedure that we began, and how often its message was sent again.
pub(super) struct Ours {
    pub(super) procedure: Procedure,
    pub(super) repeated: bool,
}

pub(super) enum Procedure {
    KeyAllocation(Box<Allocation>),
    Authentication(Box<Proof>),
    /// The key, and who opened the transaction: a handset may have suggested it.
    Ciphering(Dck, Origin),
    Termination,
    Identification,
}

pub(super) struct Allocation {
    pub(super) key: Key,
    pub(super) rand_f: Challenge,
    pub(super) rs: Challenge,
}

pub(super) struct Proof {
    pub(super) which: Which,
    pub(super) rand_f: Challenge,
    pub(super) rs: Challenge,
    pub(super) then: Then,
}

/// Which of two keys the handset is asked to prove.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// The only one, or the newer one.
    Newest,
    /// The one that worked before a second allocation.
    Older,
}

/// What an authentication is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Then {
    Location,
    Termination,
    Owner,
    Cipher,
    CipherSuggested,
}

/// A procedure of ours that waits for its turn; the order is the priority.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Want {
    AllocateKey,
    Authenticate(Then),
    Cipher(Asker),
    Identify,
    Suggest,
    Terminate,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asker {
    Owner,
    Handset,
}

/// A procedure that the handset began.
pub(super) enum Theirs {
    AccessRights(Box<AccessRights>),
    Location(Box<Location>),
    Termination,
    /// The subscription is being removed from the store.
    Removal(Write),
    CipherSuggestion,
}

/// What becomes of the record of a subscription that has ended here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// There is none.
    None,
    /// The store is at it.
    Asked(Write),
    /// The store still has it.
    Failed,
}

impl Procedure {
    /// What guards the handset's answer.
    pub(super) const fn timer(&self) -> Timer {
        match self {
            Self::KeyAllocation(_) => Timer::Key1,
            Self::Authentication(_) => Timer::Auth1,
            Self::Ciphering(..) => Timer::Cipher1,
            Self::Termination => Timer::Access2,
            Self::Identification => Timer::Ident2,
        }
    }
}
