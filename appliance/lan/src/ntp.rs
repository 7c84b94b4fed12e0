//! The time of the network: RFC 5905 (NTP version 4), as a client and as a small server.
//!
//! [`Client`] asks several servers, believes those that a majority agrees
//! with, and says what is to be done to the clock; it neither reads nor sets
//! one. [`server::answer`] answers others from what the client knows, without
//! remembering them; [`Doorkeeper`] sees to it that nobody asks too often.
//! Authentication (symmetric keys, NTS) is not spoken.

mod client;
mod discipline;
mod packet;
mod select;
pub mod server;
mod simulated;
mod source;
mod stamp;

pub use client::{Client, Ground, Output, Problem, Report, SERVERS_MAX, State};
pub use discipline::Change;
pub use packet::{Leap, Malformed, Mode, OCTETS, OCTETS_MAX, Packet};
pub use server::{Doorkeeper, Standing};
pub use simulated::Simulated;
pub use source::{Refusal, Sample, View};
pub use stamp::{Nanos, SECOND, Short, Stamp, Wall};
