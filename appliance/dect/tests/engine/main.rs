//! The engine from its base stations to its interworking unit, message by message.

mod base;
mod world;

mod calls;
mod enrolment;
mod random;
