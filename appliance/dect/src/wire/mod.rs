//! The messages of the network layer: octets and what they mean (EN 300 175-5 clauses 6, 7 and 17).
//!
//! [`Message::decode`] asks only for sound framing and keeps everything as it
//! came, so that `decode` and then [`Message::encode`] give back the same
//! octets. Meaning is asked for element by element ([`Message::get`], types in
//! [`ie`]); whether a message may be acted upon is judged by [`Message::check`]
//! against the tables of clause 6.3.

mod check;
pub mod describe;
mod element;
pub mod ie;
mod kind;
mod message;
mod table;

pub use check::{Fault, Reaction};
pub use element::{Element, Framing, Id, Repeat};
pub use kind::{Kind, Pd};
pub use message::{DecodeError, MESSAGE_MAX, Message, Origin, Ti};
pub use table::Direction;

use std::fmt::Write as _;

/// Octets in hexadecimal, without blanks.
fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
