//! Whether a message may be acted upon, and what to answer if not (EN 300 175-5 clause 17).

use super::element::{Element, Id};
use super::ie::{self, Invalid, RejectReason};
use super::kind::{Kind, Pd};
use super::message::{Message, Origin};
use super::table::{self, Direction, Need, Row};
use crate::primitive::ReleaseReason;

/// What is wrong with a message that is framed well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A transaction value that its protocol does not have, or a flag that its type cannot have (17.3).
    #[error("{0} cannot have this transaction identifier")]
    Transaction(Kind),
    /// A reserved message type (17.4).
    #[error("{0} is unknown")]
    Unknown(Kind),
    /// A message that is not sent in this direction (17.4).
    #[error("{0} is not sent in this direction")]
    WrongWay(Kind),
    /// A mandatory element is not there (17.6).
    #[error("{0}: the mandatory element {1} is missing")]
    Missing(Kind, Id),
    /// A mandatory element has an impossible length, or contents that make no sense (17.6).
    #[error("{0}: the contents of the mandatory element {1} are invalid: {2}")]
    Contents(Kind, Id, Invalid),
}

/// What the standard wants done about a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// As if the message had not come.
    Ignore,
    /// Release the call with this reason (9.5.1).
    Release(ReleaseReason),
    /// Answer with CC-RELEASE-COM or COMS-RELEASE-COM and this reason (9.5.2).
    ReleaseCom(ReleaseReason),
    /// Answer with this message and reason.
    Reject(Kind, RejectReason),
}

impl Fault {
    /// The release reason that names the fault.
    #[must_use]
    pub const fn release_reason(self) -> ReleaseReason {
        match self {
            Self::Transaction(_) => ReleaseReason::UnknownTransaction,
            Self::Unknown(_) | Self::WrongWay(_) => ReleaseReason::UnexpectedMessage,
            Self::Missing(..) => ReleaseReason::MandatoryElementMissing,
            Self::Contents(..) => ReleaseReason::InvalidElement,
        }
    }

    /// The reject reason that names the fault.
    #[must_use]
    pub const fn reject_reason(self) -> RejectReason {
        match self {
            Self::Transaction(_) | Self::Unknown(_) | Self::WrongWay(_) => {
                RejectReason::InvalidMessage
            }
            Self::Missing(..) => RejectReason::ElementError,
            Self::Contents(..) => RejectReason::InvalidElementContents,
        }
    }

    /// What the standard wants done.
    #[must_use]
    pub const fn reaction(self) -> Reaction {
        let (Self::Missing(kind, _) | Self::Contents(kind, ..)) = self else {
            return Reaction::Ignore;
        };
        if let Some(answer) = rejection(kind) {
            return Reaction::Reject(answer, self.reject_reason());
        }
        match kind {
            Kind::CcSetup | Kind::CcRelease | Kind::ComsSetup => {
                Reaction::ReleaseCom(self.release_reason())
            }
            Kind::CcReleaseCom => Reaction::Ignore,
            other => match other.pd() {
                Pd::Cc => Reaction::Release(self.release_reason()),
                _ => Reaction::Ignore,
            },
        }
    }
}

/// The message that refuses a request (17.6.4, 17.6.5).
const fn rejection(kind: Kind) -> Option<Kind> {
    Some(match kind {
        Kind::TemporaryIdentityAssign => Kind::TemporaryIdentityAssignRej,
        Kind::AuthenticationRequest => Kind::AuthenticationReject,
        Kind::LocateRequest => Kind::LocateReject,
        Kind::AccessRightsRequest => Kind::AccessRightsReject,
        Kind::AccessRightsTerminateRequest => Kind::AccessRightsTerminateReject,
        Kind::MmInfoRequest => Kind::MmInfoReject,
        Kind::CipherRequest => Kind::CipherReject,
        Kind::LcePageResponse => Kind::LcePageReject,
        _ => return None,
    })
}

impl Message {
    /// Whether a message that came in this direction may be acted upon.
    ///
    /// Optional elements are not looked at: what is wrong with them makes them
    /// count as absent ([`Message::get`]), as 17.7 wants it.
    ///
    /// # Errors
    /// The first fault found, in the order of clause 17.
    pub fn check(&self, direction: Direction) -> Result<(), Fault> {
        if !self.transaction_is_possible() {
            return Err(Fault::Transaction(self.kind));
        }
        let table = table::of(self.kind).ok_or(Fault::Unknown(self.kind))?;
        if !table.ways.allow(direction) {
            return Err(Fault::WrongWay(self.kind));
        }
        let mut mandatory = table.rows.iter().filter(|row| row.need(direction) == Need::M);
        mandatory.try_for_each(|row| self.check_mandatory(row))
    }

    fn transaction_is_possible(&self) -> bool {
        let (highest, extensible) = self.kind.pd().transactions();
        let opens = matches!(self.kind, Kind::CcSetup | Kind::LcePageResponse);
        if opens && self.ti.origin == Origin::Receiver {
            return false;
        }
        match self.ti.extended_value() {
            Some(_) => extensible,
            None => self.ti.value() <= highest,
        }
    }

    fn check_mandatory(&self, row: &Row) -> Result<(), Fault> {
        let element = self.element(row.id).ok_or(Fault::Missing(self.kind, row.id))?;
        let wrong = |invalid| Fault::Contents(self.kind, row.id, invalid);
        if element.contents().is_empty() && element.length() < row.least {
            // Empty is as good as absent (7.5.1), where the table does not provide for it.
            return Err(Fault::Missing(self.kind, row.id));
        }
        if element.length() > row.most || element.length() < row.least {
            return Err(wrong(Invalid("it has an impossible length")));
        }
        contents(element).map_err(wrong)
    }
}

fn contents(element: &Element) -> Result<(), Invalid> {
    match ie::describe(element) {
        Some(Err(invalid)) if !element.contents().is_empty() => Err(invalid),
        _ => Ok(()),
    }
}
