//! The helper by which PID 1 sets up the network until a role does: it reads files, which PID 1 does not, and ends.
//!
//! Two files may name an address: what was typed at the console, and what the form of a virtual appliance has said at
//! the first start; the former wins, and `fixpart.net=` on the kernel's command line over both. What is in force is
//! written down for the console in [`REPORT`].

pub(crate) mod file;
mod import;
mod interface;

use crate::entry;
use crate::layout;
use crate::sandbox::Ground;
use file::Wanted;
use os::link;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use supervise::net::Fixed;

/// Sets up the network and ends with [`CHANGED`] if the address is another one now; `line` is the address that the
/// kernel's command line has set already.
#[must_use]
pub fn main(line: Option<&str>) -> ExitCode {
    if line == Some(FORM) {
        return import::say_the_form();
    }
    let journal = entry::log(NAME, Ground::Box, Path::new(layout::SOCKETS));
    let folder = Path::new(FOLDER);
    let typed = read(&folder.join(CONSOLE));
    let imported = import::at_first_start(folder);
    let name = host_name(&imported);
    let _ = std::fs::write("/proc/sys/kernel/hostname", &name);
    let (fixed, whose) = match (line, typed.fixed, imported.fixed) {
        (None, Some(fixed), _) => (Some(fixed), "typed at the console"),
        (None, None, Some(fixed)) => (Some(fixed), "by the import of the appliance"),
        (Some(_), ..) | (None, None, None) => (None, ""),
    };
    resolver(typed.fixed.or(imported.fixed).as_ref());
    let set = if line.is_some() { Ok(false) } else { interface::set_up(fixed.as_ref()) };
    let address = match (line, &fixed) {
        (Some(line), _) => format!("{line}, by the kernel's command line"),
        (None, Some(fixed)) => format!("{}, {whose}", menu::words(fixed)),
        (None, None) => "none yet: type one (1); this version has no DHCP".to_owned(),
    };
    let problem = set.as_ref().err().map(|problem| format!("the address cannot be set: {problem}"));
    match &problem {
        Some(problem) => tracing::error!("{problem}; {address}"),
        None => tracing::info!("address: {address}"),
    }
    report(&name, &address, problem.as_deref());
    if let Some(journal) = journal {
        journal.flush();
    }
    ExitCode::from(if set == Ok(true) { CHANGED } else { u8::from(problem.is_some()) })
}

/// What a file wants; one that cannot be used is said and wants nothing.
fn read(path: &Path) -> Wanted {
    match file::read(path) {
        Ok(wanted) => wanted.unwrap_or_default(),
        Err(problem) => {
            tracing::error!("{problem}");
            Wanted::default()
        }
    }
}

/// The name that was given, or `fixpart-` and the end of the MAC address.
fn host_name(imported: &Wanted) -> String {
    let links = link::links().unwrap_or_default();
    let own = || links.into_iter().find(|link| link.ethernet && link.kind.is_none());
    imported.name.clone().unwrap_or_else(|| {
        own().map_or_else(
            || "fixpart".to_owned(),
            |link| {
                let [.., fourth, fifth, sixth] = link.mac;
                format!("fixpart-{fourth:02x}{fifth:02x}{sixth:02x}")
            },
        )
    })
}

/// Writes down who is asked for names. The file stays the same one: roles were allowed to read it and no other.
fn resolver(fixed: Option<&Fixed>) {
    let mut text = String::new();
    for server in fixed.into_iter().flat_map(|fixed| fixed.dns).flatten() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "nameserver {server}");
    }
    if let Err(error) = readable(Path::new("/run/resolv.conf"), &text) {
        tracing::error!(%error, "who is asked for names cannot be written down");
    }
}

fn report(name: &str, address: &str, problem: Option<&str>) {
    let mut text = format!("name {name}\naddress {address}\n");
    if let Some(problem) = problem {
        let _ = writeln!(text, "problem {problem}");
    }
    if let Err(error) = readable(&Path::new(layout::SOCKETS).join(REPORT), &text) {
        tracing::error!(%error, "the console cannot be told about the network");
    }
}

fn readable(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.write_all(text.as_bytes())
}

/// What the program is called as the helper.
pub const NAME: &str = "network";
/// The word by which it asks itself to knock at VMware's door.
const FORM: &str = "--form";
/// The exit code that tells PID 1 to let roles begin anew.
pub const CHANGED: u8 = 10;
/// Where the files are; a factory reset takes the folder away.
pub(crate) const FOLDER: &str = "/state/net";
/// What was typed at the console.
pub(crate) const CONSOLE: &str = "console.xml";
/// What is in force, in lines of a key and words, beside the sockets of the roles.
pub(crate) const REPORT: &str = "network";
