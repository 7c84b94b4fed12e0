//! Where things stand on the box.

use std::path::{Path, PathBuf};

/// What survives a restart: a partition of its own.
pub const STATE: &str = "/state";
/// What may be lost: logs, captures.
pub const DATA: &str = "/data";
/// What was written at manufacture; never written here.
pub const IDENT: &str = "/ident";
/// Who this box is.
pub const IDENTITY: &str = "/ident/ident.xml";
/// The sockets of the roles, made anew at each start.
pub const SOCKETS: &str = "/run/fixpart";
/// The control groups.
pub const GROUPS: &str = "/sys/fs/cgroup";

/// The folder that a role has for itself: in what survives a restart, or, of the role `log`, in what may be lost.
#[must_use]
pub fn own(role: &str) -> PathBuf {
    Path::new(if role == "log" { DATA } else { STATE }).join(role)
}
