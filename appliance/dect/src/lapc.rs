//! The data link to one handset: LAPC, EN 300 175-4 clauses 7 and 9.
//!
//! [`Frame`] is the frame without checksum, which is the base station's work.
//! [`Link`] is one data link, class A or B, for either end of it: the fixed
//! part in the product, the portable part in the simulator. Suspension and
//! connection handover (clauses 9.2.7.1 to 9.2.7.3) are not here: a link that
//! breaks is established anew by the network layer.

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
