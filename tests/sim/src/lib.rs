//! The simulated world: radio, base stations, handsets, PBX, clock.

pub mod air;
pub mod pbx;
pub mod pp;
pub mod program;
pub mod rfp;
pub mod tls;
pub mod world;
