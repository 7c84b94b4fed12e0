//! Interworking: where DECT calls, SIP dialogs, users and features meet.
//!
//! The one room that knows both sides. [`Brain`] joins the engines of `dect`
//! and `sip` to the [`users`] and the calls between them; it is what the role
//! `dect` and the simulated world drive.

pub mod brain;
pub mod users;

pub use brain::Brain;
