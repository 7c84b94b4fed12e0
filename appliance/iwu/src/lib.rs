//! Interworking: where DECT calls, SIP dialogs, users and features meet.
//!
//! The one room that knows both sides. [`Brain`] joins the engines of `dect`
//! and `sip` to the [`users`] and the calls between them; it is what the role
//! `dect` and the simulated world drive. A call is a machine of its own, one
//! file per phase of its life.

mod accounts;
pub mod brain;
mod call;
pub mod cause;
mod dial;
mod display;
mod iwu;
mod speech;
pub mod status;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod users;

pub use brain::Brain;
