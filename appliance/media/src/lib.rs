//! Speech between base stations and the network.
//!
//! The decisions are pure: a packet comes in with the time and the side it came
//! from, packets go out. Sockets and threads are in the role.

pub mod codec;
pub mod event;
pub mod latch;
pub mod outgoing;
pub mod packer;
pub mod ports;
pub mod reception;
pub mod relay;
pub mod rtcp;
pub mod rtp;
pub mod session;
pub mod tone;
