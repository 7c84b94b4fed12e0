//! The roles: sockets and timers joined to engines. tokio lives here and nowhere else.

pub mod parent;
pub mod settings;
