//! The data link to one handset: LAPC, EN 300 175-4 clauses 7 and 9.
//!
//! [`Frame`] is the frame without checksum, which is the base station's work.
//! [`Link`] is one data link, class A or B, for either end of it: the fixed
//! part in the product, the portable part in the simulator. Suspension (clause
//! 9.2.7.1) is not here: a link that breaks is established anew by the network
//! layer. Connection handover leaves a link as it is; what it lost meanwhile is
//! sent again.

mod flow;
mod frame;
mod link;
mod message;
mod primitive;

pub use flow::Class;
pub use frame::{BadFrame, Control, Frame, Kind, Lln, Sapi, Side, Supervisory, Unnumbered};
pub use link::Link;
pub use message::MESSAGE_MAX;
pub use primitive::{Action, Event, Indication, Mode, Out, State, Timer};
