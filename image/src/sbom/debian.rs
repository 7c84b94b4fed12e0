//! Packages of Debian, as dpkg describes them.

use super::{Error, Kind, Part, Scope, url};
use crate::hash;
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// The package in a `.deb` file.
///
/// # Errors
/// When the file cannot be read, or dpkg does not know it for a package.
pub fn archive(path: &Path) -> Result<Part, Error> {
    let shown = path.display().to_string();
    let mut command = Command::new("dpkg-deb");
    command.args(["--showformat", FORMAT, "--show"]).arg(path);
    let line = answer(&mut command, "dpkg-deb", &shown)?;
    let sha256 = File::open(path).and_then(|mut file| hash::of(&mut file));
    let sha256 = sha256.map_err(|error| Error::Read(shown.clone(), error))?;
    let part = part(&line).ok_or(Error::Package(shown, "dpkg-deb", line))?;
    Ok(Part { sha256: Some(sha256), ..part })
}

/// A package that is installed on this machine.
///
/// # Errors
/// When it is not.
pub fn installed(name: &str) -> Result<Part, Error> {
    let mut command = Command::new("dpkg-query");
    command.args(["--showformat", FORMAT, "--show", name]);
    let line = answer(&mut command, "dpkg-query", name)?;
    part(&line).ok_or(Error::Package(name.to_owned(), "dpkg-query", line))
}

fn answer(command: &mut Command, program: &'static str, what: &str) -> Result<String, Error> {
    let refused = |why: String| Error::Package(what.to_owned(), program, why);
    let output = command.output().map_err(|error| refused(error.to_string()))?;
    if !output.status.success() {
        return Err(refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Name, version and architecture, with blanks between them.
pub(super) fn part(line: &str) -> Option<Part> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, version, architecture] = words[..] else { return None };
    let kernel = name.starts_with("linux-image");
    Some(Part {
        kind: if kernel { Kind::Kernel } else { Kind::Application },
        name: name.to_owned(),
        version: version.to_owned(),
        scope: Scope::Image,
        url: format!("{}?arch={architecture}", url("deb/debian", name, version)),
        // dpkg does not know it; it is in the file `copyright` of each package.
        licence: None,
        sha256: None,
        needs: Vec::new(),
    })
}

const FORMAT: &str = "${Package} ${Version} ${Architecture}\\n";
