//! The syntax of SIP messages (RFC 3261 clauses 7, 18.3, 20 and 25): read, judge, write.
//!
//! [`Message`] keeps the octets of one message and where its lines are; what a header field means is
//! worked out when it is asked for. Reading is lenient, so that even a broken request can be answered:
//! whether a message is right is judged by [`verdict`] and, for what this user agent can do, by
//! [`answerable`]. [`Writer`] makes messages, [`stream`] cuts them out of connections, [`describe`]
//! explains them to people. Transactions and dialogs are not known here.

pub mod address;
pub mod check;
pub mod describe;
pub mod header;
pub mod limits;
pub mod list;
pub mod message;
pub mod method;
pub mod multipart;
pub mod name;
pub mod params;
mod parse;
mod scan;
pub mod status;
pub mod stream;
pub mod uri;
pub mod via;
pub mod writer;

pub use address::Address;
pub use check::{Abilities, Reject, answerable, verdict};
pub use header::{CSeq, Contact};
pub use message::{Header, Message, Start};
pub use method::Method;
pub use name::Name;
pub use params::{Param, Params};
pub use uri::{Host, Scheme, Uri};
pub use via::Via;
pub use writer::Writer;

/// A part of a message that is not what its grammar wants; the text says what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// Why octets are no SIP message at all; such a datagram is dropped, such a connection closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing but line ends: a keep-alive (RFC 5626 clause 3.5.1).
    #[error("nothing but empty lines")]
    Empty,
    /// The first line is neither a request line nor a status line.
    #[error("the first line is neither a request line nor a status line")]
    NotSip,
    /// Longer than [`limits`] allow: all of it, a line, or the number of lines.
    #[error("{0}")]
    TooLarge(&'static str),
}
