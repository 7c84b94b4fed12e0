//! Supplementary services outside of calls: EN 300 175-5, clause 10.4.2.
//!
//! Handsets are told things over the connectionless transaction (CLSS); calls
//! of their own for supplementary services (CISS) are not offered.

use crate::primitive::ReleaseReason;
use crate::wire::{Kind, Message};

/// What a handset's message is answered with, if with anything.
pub(super) fn answer(message: &Message) -> Option<Message> {
    let reason = match message.kind {
        // 10.4.2.3: a connectionless FACILITY has no answer.
        Kind::CissFacility if message.ti.value() == CONNECTIONLESS => return None,
        // 17.3.2.2
        Kind::CissFacility => ReleaseReason::UnknownTransaction,
        Kind::CissRegister => ReleaseReason::ServiceNotImplemented,
        _ => return None,
    };
    Some(Message::new(message.ti.answer(), Kind::CissReleaseCom).with(&reason))
}

/// The transaction value of connectionless supplementary services (7.3).
const CONNECTIONLESS: u8 = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_service_call_that_does_not_exist_is_answered() {
        let rows: [(&[u8], Option<&[u8]>); 4] = [
            (&[0x64, 0x62], None),
            (&[0x04, 0x62], Some(&[0x84, 0x5a, 0xe2, 0x02])),
            (&[0x14, 0x64], Some(&[0x94, 0x5a, 0xe2, 0x06])),
            (&[0x04, 0x5a], None),
        ];
        for (received, expected) in rows {
            let message = Message::decode(received).expect("the message is sound");
            assert_eq!(answer(&message).map(|answer| answer.encode()).as_deref(), expected);
        }
    }
}
