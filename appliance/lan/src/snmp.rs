//! SNMP: version 1 and 2c with a community, version 3 with users (RFC 3410 and what it lists).
//!
//! Read-only. What may be asked for is a picture of the box, a [`Tree`] that
//! [`mib`] makes of plain facts. An [`Agent`] answers what is asked of it, and a
//! [`Notifier`] tells of events. Neither has a socket, a clock or a random
//! source; whoever is not known gets nothing but what a program needs to find
//! out who we are (RFC 3414 4), and that not often.

pub mod agent;
mod ber;
mod bucket;
mod message;
pub mod mib;
mod notifier;
mod oid;
mod pdu;
mod seal;
mod tree;
pub mod usm;
mod v3;
mod value;

pub use agent::{Access, Agent, Engine, Stats};
pub use ber::Malformed;
pub use message::{Message, Version};
pub use notifier::{Counted, Notifier, Target, With};
pub use oid::Oid;
pub use pdu::{Binding, Kind, Pdu, Status};
pub use tree::Tree;
pub use v3::{Envelope, Payload, Scoped};
pub use value::Value;

/// Octets of the longest message that we send: it fits into one frame of Ethernet over IPv6, so that no answer is ever
/// sent in fragments.
pub const MESSAGE_MAX: usize = 1452;
