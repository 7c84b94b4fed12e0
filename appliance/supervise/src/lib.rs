//! The roles of the one binary, and how they are kept alive.
//!
//! [`roles`] is the table of what there is, [`life`] the machine of one role,
//! [`Init`] the engine over all of them; [`notify`] and [`control`] are what
//! roles and administrators say to it, [`boot`] what it is told by the kernel's
//! command line and by a file-system check, [`net`] an address that a person types. Processes, signals and sockets are
//! the shell's: nothing in here waits for anything.

pub mod boot;
pub mod calls;
pub mod control;
pub mod init;
pub mod life;
pub mod net;
pub mod notify;
pub mod reboots;
pub mod role;
pub mod roles;

pub use init::Init;
