//! DECT, fixed side: base-station link, data link control, network layer.
//!
//! Everything here is pure: octets and primitives come in with the time, octets
//! and primitives go out. [`nwk::Nwk`] is the engine; beneath it stand the
//! machines of EN 300 175-5 (one file each), the data link of EN 300 175-4
//! ([`lapc`]) and the link to the base stations ([`rfp`]). What the standard
//! leaves to the fixed part's owner is asked of the interworking unit through
//! [`primitive`].

pub mod cc;
pub mod clock;
pub mod lapc;
pub mod lce;
pub mod mm;
pub mod nwk;
pub mod primitive;
pub mod rfp;
pub mod security;
pub mod subscription;
pub mod wire;
