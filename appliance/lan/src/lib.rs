//! Small protocols of the local network and of the machine itself: what is read, what is written, nothing else.
//!
//! Each has a module tree of its own; they do not know each other. Sockets,
//! files and clocks are the roles'.

pub mod dhcp;
pub mod log;
pub mod ntp;
pub mod snmp;
pub mod syslog;
pub mod zone;
