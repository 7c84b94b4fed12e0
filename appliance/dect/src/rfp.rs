//! The link to the base stations: OMM-RFP messages over TLS or over the Blowfish door.
//!
//! [`Link`] is the machine of one connection: login, configuration, radio
//! start-up, radio links and media. [`Roster`] knows the base stations that
//! were accepted once and numbers them. Octets are the business of [`frame`],
//! [`message`] and what is below it; [`capture`] writes a link as pcapng
//! and [`describe`] puts one message into words.

pub mod blowfish;
pub mod capture;
pub mod describe;
pub mod dnm;
pub mod enrol;
pub mod frame;
pub mod hex;
pub mod init;
pub mod kind;
pub mod link;
pub mod media;
pub mod message;
pub mod primitive;
pub mod rfpc;
pub mod roster;
pub mod stream;
pub mod sync;

pub use link::Link;
pub use primitive::{Action, Event, Indication, Request, Timer};
pub use roster::Roster;
