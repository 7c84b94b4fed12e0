//! An IPv4 address from a server: the client of RFC 2131, and what stands in for it where there is no server.
//!
//! [`Message`] and [`arp`] are what is on the wire, [`packet`] what carries it
//! before there is an address. [`Client`] is the state machine of RFC 2131
//! 4.4, [`Claim`] that of RFC 5227, which sees to it that nobody else has the
//! address, for a lease as for an address that the machine gives itself
//! (RFC 3927). [`Dhcp`] is the engine that joins them; the role that owns it
//! has the sockets and sets what is to be set.

mod acd;
pub mod arp;
mod client;
mod engine;
mod lease;
mod message;
pub mod options;
pub mod packet;

pub use acd::{Claim, Heard, LEASE, LINK_LOCAL, Pace};
pub use client::{Client, Timer};
pub use engine::{Destination, Dhcp, Input, Output, Own};
pub use lease::{BadLease, Lease, Route};
pub use message::{Bad, Kind, Message, OCTETS_MAX};
