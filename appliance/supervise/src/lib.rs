//! The roles of the one binary, and how they are kept alive.
//!
//! [`roles`] is the table of what there is, [`life`] the machine of one role,
//! [`Init`] the engine over all of them. Processes, signals and sockets are the
//! shell's: nothing in here waits for anything.

pub mod init;
pub mod life;
pub mod roles;

pub use init::Init;
