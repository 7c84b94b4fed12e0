//! What is counted of calls, and what those who watch are told of at once.

use crate::call::{Call, Event, State};
use ::dect::primitive::{Indication, ReleaseReason};
use ::sip::primitive as sip;
use ident::Mac;
use media::session::Report;

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that were begun by a handset or the PBX, refused ones among them.
    pub attempts: u64,
    /// The most calls that there were at a time.
    pub most: u64,
    /// Calls that ended though neither side wanted them to.
    pub abnormal: u64,
}

/// What an administrator is told of wherever that may be, and not only by a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occurrence {
    /// A base station has come up.
    BaseStationUp(Mac),
    /// A base station that was up is gone, for this reason.
    BaseStationLost(Mac, String),
    /// The PBX does not know this user any more, or refuses it, for this reason.
    RegistrationLost(String, String),
    /// The PBX knows this user again.
    RegistrationBack(String),
}

/// Whether an event ends a call that lives as neither side wanted: the air, the speech or the PBX has failed.
pub(crate) fn is_abnormal(call: &Call, event: &Event) -> bool {
    match event {
        Event::Dect(Indication::Release(_, reason)) => !is_wanted(&call.state, *reason),
        Event::Dect(Indication::MediaFailed(..))
        | Event::Media(Report::Failed(..))
        | Event::MediaLost
        | Event::Sip(sip::Event::Ended(_, sip::Ended::Broken)) => true,
        // 408 is also what a PBX says when nobody has answered.
        Event::Sip(sip::Event::Ended(_, sip::Ended::Refused(status))) => {
            matches!(status, 500..=599) || (*status == 408 && !call.rings_there())
        }
        _ => false,
    }
}

/// Whether a handset that ends a call with this reason has had enough of it, or could not be reached to begin with.
const fn is_wanted(state: &State, reason: ReleaseReason) -> bool {
    use ReleaseReason as R;
    match state {
        State::Active(_) => matches!(reason, R::Normal | R::PartialRelease | R::UserDetached),
        _ => matches!(
            reason,
            R::Normal
                | R::PartialRelease
                | R::Collision
                | R::TimerExpiry
                | R::IncompatibleService
                | R::UnknownIdentity
                | R::UserDetached
                | R::UserNotInRange
                | R::UserUnknown
                | R::UserAlreadyActive
                | R::UserBusy
                | R::UserRejection
        ),
    }
}
