//! SIP user agents as one deterministic engine (RFC 3261 and what hangs on it).
//!
//! Everything here is pure: datagrams, names and requests come in with the
//! time; datagrams, questions and events go out. [`endpoint::Endpoint`] is the
//! engine and holds thousands of user agents; [`wire`] is the syntax and knows
//! nothing of transactions.

pub mod auth;
pub mod dialog;
pub mod draft;
pub mod endpoint;
pub mod locate;
pub mod primitive;
pub mod register;
pub mod sdp;
pub mod transaction;
pub mod ua;
pub mod wire;
