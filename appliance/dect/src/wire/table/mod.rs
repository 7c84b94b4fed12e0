//! Which elements belong into which message, in which order (EN 300 175-5 6.3).

mod cc;
mod mm;
mod other;

use super::element::{Framing, Id};
use super::kind::Kind;

/// Which way a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the handset to us.
    ToFixed,
    /// From us to the handset.
    ToPortable,
}

/// The elements of one message, in the order of the standard's table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) ways: Ways,
    pub(super) rows: &'static [Row],
}

/// In which directions a message exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ways {
    ToFixed,
    ToPortable,
    Both,
}

impl Ways {
    pub(super) fn allow(self, direction: Direction) -> bool {
        match self {
            Self::Both => true,
            Self::ToFixed => direction == Direction::ToFixed,
            Self::ToPortable => direction == Direction::ToPortable,
        }
    }
}

/// One element of a message. Lengths count identifier and length octet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: Id,
    to_portable: Need,
    to_fixed: Need,
    pub(super) least: usize,
    pub(super) most: usize,
}

impl Row {
    pub(super) const fn need(&self, direction: Direction) -> Need {
        match direction {
            Direction::ToFixed => self.to_fixed,
            Direction::ToPortable => self.to_portable,
        }
    }
}

/// Whether an element is in a message of one direction.
///
/// What the standard makes mandatory under a condition that the message alone
/// does not tell is optional here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It is.
    M,
    /// It may be.
    O,
    /// It is not.
    N,
}

macro_rules! tables {
    ($($name:ident $ways:ident { $($id:ident $to_portable:ident $to_fixed:ident $least:literal $most:literal,)* })*) => {
        use super::{Need, Row, Table, Ways};
        use crate::wire::element::Id;

        $(pub(super) const $name: Table = Table {
            ways: Ways::$ways,
            rows: &[$(Row {
                id: Id::$id,
                to_portable: Need::$to_portable,
                to_fixed: Need::$to_fixed,
                least: $least,
                most: $most,
            },)*],
        };)*
    };
}
use tables;

/// The table of a message; `None` for one that the standard does not have.
pub(super) const fn of(kind: Kind) -> Option<&'static Table> {
    Some(match kind {
        Kind::CcAlerting => &cc::CC_ALERTING,
        Kind::CcCallProc => &cc::CC_CALL_PROC,
        Kind::CcSetup => &cc::CC_SETUP,
        Kind::CcConnect => &cc::CC_CONNECT,
        Kind::CcSetupAck => &cc::CC_SETUP_ACK,
        Kind::CcConnectAck => &cc::CC_CONNECT_ACK,
        Kind::CcServiceChange => &cc::CC_SERVICE_CHANGE,
        Kind::CcServiceAccept => &cc::CC_SERVICE_ACCEPT,
        Kind::CcServiceReject => &cc::CC_SERVICE_REJECT,
        Kind::CcRelease => &cc::CC_RELEASE,
        Kind::CcReleaseCom => &cc::CC_RELEASE_COM,
        Kind::IwuInfo => &cc::IWU_INFO,
        Kind::CcNotify => &cc::CC_NOTIFY,
        Kind::CcInfo => &cc::CC_INFO,
        Kind::Hold => &cc::HOLD,
        Kind::HoldAck => &cc::HOLD_ACK,
        Kind::HoldReject => &cc::HOLD_REJECT,
        Kind::Retrieve => &cc::RETRIEVE,
        Kind::RetrieveAck => &cc::RETRIEVE_ACK,
        Kind::RetrieveReject => &cc::RETRIEVE_REJECT,
        Kind::CrssFacility | Kind::CissFacility => &cc::CRSS_FACILITY,
        Kind::CissReleaseCom => &other::CISS_RELEASE_COM,
        Kind::CissRegister => &other::CISS_REGISTER,
        Kind::ComsSetup => &other::COMS_SETUP,
        Kind::ComsConnect => &other::COMS_CONNECT,
        Kind::ComsNotify => &other::COMS_NOTIFY,
        Kind::ComsRelease => &other::COMS_RELEASE,
        Kind::ComsReleaseCom => &other::COMS_RELEASE_COM,
        Kind::ComsAck => &other::COMS_ACK,
        Kind::ComsInfo => &other::COMS_INFO,
        Kind::ClmsVariable => &other::CLMS_VARIABLE,
        Kind::AuthenticationRequest => &mm::AUTHENTICATION_REQUEST,
        Kind::AuthenticationReply => &mm::AUTHENTICATION_REPLY,
        Kind::KeyAllocate => &mm::KEY_ALLOCATE,
        Kind::AuthenticationReject => &mm::AUTHENTICATION_REJECT,
        Kind::AccessRightsRequest => &mm::ACCESS_RIGHTS_REQUEST,
        Kind::AccessRightsAccept => &mm::ACCESS_RIGHTS_ACCEPT,
        Kind::AccessRightsReject => &mm::ACCESS_RIGHTS_REJECT,
        Kind::AccessRightsTerminateRequest => &mm::ACCESS_RIGHTS_TERMINATE_REQUEST,
        Kind::AccessRightsTerminateAccept => &mm::ACCESS_RIGHTS_TERMINATE_ACCEPT,
        Kind::AccessRightsTerminateReject => &mm::ACCESS_RIGHTS_TERMINATE_REJECT,
        Kind::CipherRequest => &mm::CIPHER_REQUEST,
        Kind::CipherSuggest => &mm::CIPHER_SUGGEST,
        Kind::CipherReject => &mm::CIPHER_REJECT,
        Kind::MmInfoRequest => &mm::MM_INFO_REQUEST,
        Kind::MmInfoAccept => &mm::MM_INFO_ACCEPT,
        Kind::MmInfoSuggest => &mm::MM_INFO_SUGGEST,
        Kind::MmInfoReject => &mm::MM_INFO_REJECT,
        Kind::LocateRequest => &mm::LOCATE_REQUEST,
        Kind::LocateAccept => &mm::LOCATE_ACCEPT,
        Kind::Detach => &mm::DETACH,
        Kind::LocateReject => &mm::LOCATE_REJECT,
        Kind::IdentityRequest => &mm::IDENTITY_REQUEST,
        Kind::IdentityReply => &mm::IDENTITY_REPLY,
        Kind::MmIwu => &mm::MM_IWU,
        Kind::TemporaryIdentityAssign => &mm::TEMPORARY_IDENTITY_ASSIGN,
        Kind::TemporaryIdentityAssignAck => &mm::TEMPORARY_IDENTITY_ASSIGN_ACK,
        Kind::TemporaryIdentityAssignRej => &mm::TEMPORARY_IDENTITY_ASSIGN_REJ,
        Kind::MmNotify => &mm::MM_NOTIFY,
        Kind::LcePageResponse => &other::LCE_PAGE_RESPONSE,
        Kind::LcePageReject => &other::LCE_PAGE_REJECT,
        Kind::Unknown(..) => return None,
    })
}

/// Whether an element stands before another one in this message: variable ones
/// in the order of their identifiers (7.5.1), fixed ones in that of the table.
pub(super) fn stands_before(kind: Kind, one: Id, other: Id) -> bool {
    if one.framing() == Framing::Variable && other.framing() == Framing::Variable {
        return one < other;
    }
    rank(kind, one) < rank(kind, other)
}

/// Whether the standard has this element in this message, or in any.
pub(super) fn knows(kind: Kind, id: Id) -> bool {
    let anywhere = [Id::SHIFT, Id::REPEAT_INDICATOR, Id::ESCAPE_FOR_EXTENSION];
    anywhere.contains(&id) || of(kind).is_none_or(|table| table.rows.iter().any(|row| row.id == id))
}

/// The place in the table; elements that are not in it come last.
fn rank(kind: Kind, id: Id) -> usize {
    let rows = of(kind).map_or(&[][..], |table| table.rows);
    rows.iter().position(|row| row.id == id).unwrap_or(rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_of_the_standard_has_a_table_in_which_each_element_stands_once() {
        for &kind in Kind::ALL {
            let table = of(kind).expect("a table for each kind");
            for (place, row) in table.rows.iter().enumerate() {
                assert!(row.id.name().is_some(), "{kind}: {}", row.id);
                assert!(
                    (1..=row.most).contains(&row.least) && row.most <= 257,
                    "{kind}: {}",
                    row.id
                );
                assert!(
                    table.rows[..place].iter().all(|other| other.id != row.id),
                    "{kind}: {}",
                    row.id
                );
            }
        }
    }

    #[test]
    fn nothing_is_mandatory_in_a_direction_in_which_the_message_does_not_exist() {
        for &kind in Kind::ALL {
            let table = of(kind).expect("a table for each kind");
            for direction in [Direction::ToFixed, Direction::ToPortable] {
                let some = table.rows.iter().any(|row| row.need(direction) == Need::M);
                assert!(!some || table.ways.allow(direction), "{kind} {direction:?}");
            }
        }
    }
}
