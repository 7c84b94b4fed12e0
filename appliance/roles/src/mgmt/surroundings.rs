//! What every service of the role is given.

use crate::settings;
use config::Config;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// What a service has around it; without `Debug`, since the settings hold passwords.
#[derive(Clone)]
pub(super) struct Surroundings {
    /// The settings; `None` until the role `conf` has told them. What was told stays in force while that is away.
    pub(super) settings: watch::Receiver<Option<Arc<Config>>>,
    /// Who this box is.
    pub(super) identity: Arc<Identity>,
    /// Where the other roles are asked.
    pub(super) sockets: PathBuf,
    /// The user who has made their sockets.
    pub(super) supervisor: u32,
    /// The role's own folder, which survives a restart.
    pub(super) folder: PathBuf,
}

/// What was written into the box at manufacture; empty where nothing was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// Its serial number.
    pub(super) serial: String,
    /// Its first Ethernet address.
    pub(super) mac: String,
    /// The ARI, in hexadecimal.
    pub(super) ari: String,
}

impl Identity {
    /// From the file of the box.
    pub(super) fn read(file: Option<&Path>) -> Self {
        let read = |name| file.and_then(|file| settings::assigned(file, name)).unwrap_or_default();
        Self { serial: read("serial"), mac: read("mac"), ari: read("ari") }
    }
}
