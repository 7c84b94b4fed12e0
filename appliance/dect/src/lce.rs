//! Link Control Entity, fixed side: EN 300 175-5, clause 14.
//!
//! A [`Link`] is one radio link with its data link, from the moment a base
//! station reports it until it is gone. A [`Page`] is the search for one
//! handset that has no link, with the messages that wait for it. Which handset
//! is on which link, and which message belongs to whom, is the engine's
//! business. Suspending links (14.2.6) is not supported.

mod link;
mod page;

pub use link::{Action, Event, Link, Out, State, Timer};
pub use page::{Page, PageAction, PageEvent, PageOut, PageTimer, Service, short_page};
