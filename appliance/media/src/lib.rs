//! Speech between base stations and the network.
//!
//! The decisions are pure: a packet comes in with the time and the side it came
//! from, packets go out. Sockets and threads are in the role.

pub mod session;
