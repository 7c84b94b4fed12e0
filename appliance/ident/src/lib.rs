//! The identities of DECT (EN 300 175-6), parsed, printed and checked.
//!
//! A value of a type in here is a valid identity; there is nothing left to check.
//! What a message of the air carries may be less than that; the codec keeps such
//! octets as they are and asks the types here for what they mean.

mod ari;
mod check;
mod ipei;
mod ipui;
mod mac;
mod park;
mod pmid;
mod rfpi;
mod tpui;

pub use ari::{Ari, AriClass, BadAri};
pub use ipei::{BadIpei, Ipei};
pub use ipui::{BadIpui, Digits, Ipui};
pub use mac::{BadMac, Mac};
pub use park::{BadPark, Park};
pub use pmid::Pmid;
pub use rfpi::{Rfpi, Rpn};
pub use tpui::Tpui;
