//! What is found when the role begins: an order to take settings away, and files of the administrator.
//!
//! A file is taken over once: what is changed later by other ways is not undone
//! at the next start by a file that nobody has touched since.

use super::keeping::Keeping;
use crate::settings::Files;
use bus::conf1::{Author, Outcome};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use store::{Disk, Files as _, write_durably};

type Import = fn(&mut Keeping, &Author, &str, &[u8]) -> Result<Outcome, String>;

impl Keeping {
    /// Does what PID 1 has left to be done, then takes the files over that are there and were not taken over before.
    pub(super) fn begin(&mut self, files: &Files) {
        if let Err(why) = self.reset() {
            let alarm = format!(
                "the factory reset is not done and will be tried again at the next start: {why}"
            );
            tracing::error!("{alarm}");
            self.alarms.push(alarm);
        }
        self.take(&files.config, "config", Self::import_settings);
        self.take(&files.users, "users", Self::import_users);
    }

    /// Takes away what the scope of a factory reset names; that it is done is forgotten last, so that a power cut
    /// repeats it.
    fn reset(&mut self) -> Result<(), String> {
        let order = self.folder.join(RESET);
        let scope = match std::fs::read_to_string(&order) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read.map_err(|error| error.to_string())?,
        };
        let keeps: fn(&str) -> bool = match scope.as_str() {
            "network" => |path| {
                !NETWORK.iter().any(|own| path == *own || path.starts_with(&format!("{own}/")))
            },
            // Licences were paid for, and no other server's are lost by a reset.
            "config" => |path| path == "license",
            _ => |_| true,
        };
        let author =
            Author { who: "init".into(), from: "factory reset".into(), ..Author::default() };
        self.keep_only(&author, &format!("factory reset, scope {scope}"), keeps)?;
        let forgotten = Disk.remove(&order).and_then(|()| Disk.sync_folder(&self.folder));
        forgotten.map_err(|error| error.to_string())
    }

    fn take(&mut self, path: &Path, kind: &str, import: Import) {
        let octets = match read(path) {
            Ok(octets) => octets,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.alarm(path, &error.to_string()),
        };
        let digest = digest(&octets);
        let note = self.folder.join(format!("imported.{kind}"));
        if std::fs::read_to_string(&note).is_ok_and(|taken| taken == digest) {
            return;
        }
        let name = path.display().to_string();
        let author = Author { who: "conf".into(), from: name.clone(), ..Author::default() };
        match import(self, &author, &name, &octets) {
            Ok(outcome) => {
                for notice in &outcome.notices {
                    tracing::warn!("{notice}");
                }
                if let Err(error) = write_durably(&mut Disk, &note, digest.as_bytes()) {
                    tracing::error!(%error, file = name, "cannot remember that this file was taken over; it will be again at the next start");
                }
            }
            Err(why) => self.alarm(path, &why),
        }
    }

    fn alarm(&mut self, path: &Path, why: &str) {
        let alarm =
            format!("{} was not taken over, what was in force stays: {why}", path.display());
        tracing::error!("{alarm}");
        self.alarms.push(alarm);
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    File::open(path)?.take(FILE_MAX).read_to_end(&mut octets)?;
    Ok(octets)
}

fn digest(octets: &[u8]) -> String {
    let mut text = String::new();
    for octet in Sha256::digest(octets) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
    }
    text
}

/// The file in the role's folder that orders a factory reset: a word of its scope.
pub(crate) const RESET: &str = "reset";
/// What the scope `network` takes away.
const NETWORK: [&str; 3] = ["network", "fixpart/network", "fixpart/address"];
/// More than the reader of either file accepts.
const FILE_MAX: u64 = 32 << 20;
