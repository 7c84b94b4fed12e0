//! Transactions (RFC 3261 clause 17, RFC 6026).
//!
//! Four machines, one for each figure of the standard. They know no messages:
//! they hear of statuses and of timers, and say what their owner is to send
//! again, to hand on or to give up. The owner keeps the octets, and drops them
//! as soon as the machine has no more use for them, so that a finished
//! transaction costs its key and at most one message.

pub mod client;
pub mod client_invite;
pub mod client_other;
pub mod key;
pub mod server;
pub mod server_invite;
pub mod server_other;
pub mod timer;

#[cfg(test)]
mod bench;

/// Whether the transport repeats what gets lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reliability {
    /// UDP: the transaction repeats.
    Unreliable,
    /// TCP and TLS: the transport repeats, and nothing comes late.
    Reliable,
}
