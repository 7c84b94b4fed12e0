//! Modules of the kernel that are loaded when something needs them.

use std::path::Path;
use supervise::boot;

/// Loads a module of the slot and what it needs; what is inside the kernel is there already. Only root can.
pub(crate) fn load(name: &str) {
    let folder = Path::new(FOLDER);
    let needs = std::fs::read_to_string(folder.join("needs")).unwrap_or_default();
    for file in boot::with_needs(&needs, &format!("{name}.ko")) {
        if let Err(error) = os::machine::load_module(&folder.join(file), "") {
            tracing::warn!(file, %error, "a module is not loaded");
        }
    }
}

/// Where the image keeps those that are not loaded at the start.
const FOLDER: &str = "/usr/lib/modules";
