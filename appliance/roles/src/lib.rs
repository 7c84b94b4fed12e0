//! The roles: sockets and timers joined to engines. tokio lives here and nowhere else.

pub mod ca;
pub mod door;
pub mod media;
pub mod media_client;
pub mod parent;
pub mod settings;
