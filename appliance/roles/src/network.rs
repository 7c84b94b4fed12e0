//! Files about the network that are no settings yet: what was typed at the console, and what the form of a virtual appliance
//! has said at the first start. PID 1 writes the one, a reader that it starts the other; the role `net` takes both.

pub(crate) mod file;
mod import;

use crate::entry;
use crate::layout;
use crate::net::Given;
use crate::net::{Values, values};
use crate::sandbox::Ground;
use std::fs::File;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use supervise::boot::Line;

/// Reads the form at the first start and ends; with [`FORM`] only knocks at VMware's door.
#[must_use]
pub fn main(word: Option<&str>) -> ExitCode {
    if word == Some(FORM) {
        return import::say_the_form();
    }
    let journal = entry::log(NAME, Ground::Box, Path::new(layout::SOCKETS));
    import::at_first_start(Path::new(FOLDER));
    if let Some(journal) = journal {
        journal.flush();
    }
    ExitCode::SUCCESS
}

/// What both files have, and the kernel's command line. Only root may read them.
pub(crate) fn given() -> Given {
    let folder = Path::new(FOLDER);
    let line = Line::parse(&std::fs::read_to_string("/proc/cmdline").unwrap_or_default());
    Given {
        line: line.net,
        typed: of_file(&folder.join(CONSOLE)),
        imported: of_file(&folder.join(IMPORT)),
    }
}

/// What a file wants; one that cannot be used is said and wants nothing.
fn of_file(path: &Path) -> Values {
    match file::read(path) {
        Ok(config) => config.map(|config| values(&config)).unwrap_or_default(),
        Err(problem) => {
            tracing::error!("{problem}");
            Values::default()
        }
    }
}

/// Makes the files in which the role `net` writes how the network stands, for it to write and for all to read: those that
/// may read a file are allowed to before there is anything in it.
///
/// # Errors
/// If there is no room for them.
pub(crate) fn make_files() -> io::Result<()> {
    let uid = supervise::roles::find("net").map(|role| role.uid);
    for path in [PathBuf::from(RESOLVER), Path::new(layout::SOCKETS).join(REPORT)] {
        let file = File::options().create(true).append(true).open(&path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
        chown(&path, uid, uid)?;
    }
    Ok(())
}

/// What the program is called as the reader of the form.
pub const NAME: &str = "network";
/// The word by which it asks itself to knock at VMware's door.
const FORM: &str = "--form";
/// Where the files are; a factory reset takes the folder away.
pub(crate) const FOLDER: &str = "/state/net";
/// What was typed at the console.
pub(crate) const CONSOLE: &str = "console.xml";
/// What the form has said, with the elements of the settings.
const IMPORT: &str = "import.xml";
/// Who is asked for names.
pub(crate) const RESOLVER: &str = "/run/resolv.conf";
/// What is in force, in lines of a key and words, beside the sockets of the roles.
pub(crate) const REPORT: &str = "network";
