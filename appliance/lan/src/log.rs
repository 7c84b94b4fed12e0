//! The log: what is written to it, how it is kept, and how it is looked at.
//!
//! A sender's octets are read once, at the border ([`journal`], [`syslog`],
//! [`kmsg`]), into a [`Draft`]; whoever has taken them from the socket knows
//! who sent them and when, and makes a [`Record`] of it. Records are kept in a
//! [`Ring`] and, as lines of [`json`], in the files that a [`Shelf`] counts;
//! a [`Limiter`] sees to it that one flood does not wash the others away. A
//! [`Filter`] chooses, [`text`] and [`rfc5424`] show.

mod filter;
pub mod journal;
pub mod json;
pub mod kmsg;
mod limit;
mod record;
pub mod rfc5424;
mod ring;
mod shelf;
pub mod syslog;
pub mod text;

pub use filter::{BadFilter, Filter, since};
pub use jiff::Timestamp;
pub use limit::{Limiter, Rate};
pub use record::{
    BadName, Draft, FIELDS_MAX, FIELDS_OCTETS_MAX, Fields, Level, NAME_MAX, Name, NoLevel, Record,
    TEXT_MAX,
};
pub use ring::Ring;
pub use shelf::{Bounds, Shelf, Step};
