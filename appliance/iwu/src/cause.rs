//! Why calls fail, in the words of the other side.
//!
//! One table each way, so that an administrator who sees a SIP status or a
//! DECT release reason in a trace can look up what the other side was told.

use dect::primitive::ReleaseReason;

/// What the SIP caller of a handset is answered when the DECT side ends the call before it is up.
///
/// A handset that rejects says 486 and not 603: a 6xx ends the search for all
/// (RFC 3261 21.6), and one person's "not now" must not silence a ring group.
#[must_use]
pub const fn status_of(reason: ReleaseReason) -> u16 {
    use ReleaseReason as R;
    match reason {
        R::UserBusy | R::UserRejection | R::UserAlreadyActive | R::Collision | R::Normal => 486,
        R::UserUnknown | R::UnknownIdentity | R::InvalidIdentity => 404,
        R::IncompatibleService
        | R::ServiceNotImplemented
        | R::NegotiationNotSupported
        | R::NegotiationFailed => 488,
        // Out of range, switched off, no channel free, broken air: try again later. Not 503, which would
        // make a proxy take the whole server for dead.
        _ => 480,
    }
}

/// What a calling handset is told when the network refuses its call.
#[must_use]
pub const fn refusal(status: u16) -> Refusal {
    use ReleaseReason as R;
    let (reason, text) = match status {
        486 | 600 => (R::UserBusy, "Busy"),
        404 | 410 | 484 | 485 | 604 => (R::UserUnknown, "Unknown number"),
        // The engine follows what it can; the rest leads nowhere.
        300..=399 => (R::UserUnknown, "Number has moved"),
        480 => (R::UserNotInRange, "Not reachable"),
        408 | 487 | 504 => return NO_ANSWER,
        401 | 403 | 407 | 603 | 607 | 608 => (R::UserRejection, "Refused"),
        415 | 488 | 606 => (R::IncompatibleService, "No common codec"),
        _ => (R::IwuCongestion, "Network fault"),
    };
    Refusal { reason, text }
}

/// It rang, or nothing was heard: nobody has answered.
pub const NO_ANSWER: Refusal = Refusal { reason: ReleaseReason::TimerExpiry, text: "No answer" };

/// What a calling handset is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For RELEASE-REASON.
    pub reason: ReleaseReason,
    /// For the display.
    pub text: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_to_one_caller_ends_the_search_for_all_or_marks_the_server_dead() {
        for octet in 0..=u8::MAX {
            let status = status_of(ReleaseReason::from_octet(octet));
            assert!((400..500).contains(&status), "{octet:#04x}: {status}");
        }
    }

    #[test]
    fn a_refusal_that_comes_back_from_another_handset_means_the_same() {
        for (reason, text) in [
            (ReleaseReason::UserBusy, "Busy"),
            (ReleaseReason::UserUnknown, "Unknown number"),
            (ReleaseReason::UserNotInRange, "Not reachable"),
            (ReleaseReason::IncompatibleService, "No common codec"),
        ] {
            assert_eq!(refusal(status_of(reason)), Refusal { reason, text });
        }
    }
}
