//! What every state machine and engine of the house has in common.
//!
//! A machine maps (state, event) to (state, effects). It reads no clock, opens
//! no socket and draws no random number: what it needs arrives in an event,
//! what it wants leaves through [`Out`]. Time reaches it only as the expiry of
//! a timer that it named itself. An engine owns many machines and one
//! [`Agenda`]; it is told the time with every call.

mod agenda;
mod out;
mod rng;

pub use agenda::Agenda;
pub use out::{Effect, Out, TimerSpec};
pub use rng::{Rng, Seeded};
