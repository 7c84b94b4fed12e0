//! The roles: sockets and timers joined to engines. tokio lives here and nowhere else.

pub mod administer;
pub mod ca;
pub mod causes;
pub mod client;
pub mod conf;
pub mod conf_client;
pub mod console;
pub mod ctl;
pub mod dect;
pub mod door;
pub mod entry;
mod household;
pub mod init;
pub mod journal;
pub mod kept;
pub mod layout;
pub mod log;
pub mod log_client;
pub mod media;
pub mod media_client;
pub mod mgmt;
mod modules;
pub mod net_client;
pub mod network;
mod observing;
pub mod parent;
#[cfg(feature = "probe")]
pub mod probe;
pub mod random;
pub mod records;
pub mod resolve;
pub mod sandbox;
pub mod settings;
pub mod sip;
pub mod stopped;
mod supervisor;
mod watchers;
