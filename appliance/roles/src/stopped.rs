//! What a command asks of the role `conf` where no server runs.
//!
//! The role itself answers, in this process and only as long as the question
//! takes: what is said and what is kept is the same as with a server that runs,
//! since nobody else says and keeps it. To be looked at, a copy of the database
//! is begun as a server would begin it; the folder stays as it is.

use crate::client::{self, ClientError, Server};
use crate::conf::{self, ConfError, Options};
use crate::household::socket_name;
use crate::random::OsRandom;
use crate::settings::Files;
use machine::Rng as _;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;
use store::{StoreError, copy_to_look_at};
use tokio::sync::oneshot;

/// What a question does with the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Nothing.
    Look,
    /// A change is made, as a server that begins now would make it.
    Change,
}

/// An answer, and what a person has to see to, which a server would have as its alerts.
#[derive(Debug)]
pub struct Answered<T> {
    /// The answer.
    pub answer: T,
    /// In words.
    pub alerts: Vec<String>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoppedError {
    /// Most likely another folder was meant.
    #[error(
        "no server runs in {0}, and none has kept anything there: it has neither a folder conf nor a config.xml or users.xml"
    )]
    Nothing(PathBuf),
    /// What is made must be its owner's, or the server could not use it.
    #[error("cannot act as user {0}, who owns {1}; ask as root or as that user")]
    Owner(u32, PathBuf, #[source] io::Error),
    /// Somewhere nothing can be written.
    #[error("cannot use {0} for the time of the question; TMPDIR names another folder")]
    Place(PathBuf, #[source] io::Error),
    /// The state folder cannot be read.
    #[error("cannot read {0}")]
    State(PathBuf, #[source] io::Error),
    /// The database cannot be copied to be looked at.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The role does not begin.
    #[error(transparent)]
    Role(#[from] ConfError),
    /// What was asked is refused.
    #[error(transparent)]
    Refused(#[from] ClientError),
}

/// Whether the error says that nobody is there to be asked.
#[must_use]
pub fn is_stopped(error: &ClientError) -> bool {
    let ClientError::Away(_, bus::door::Away::Connect(_, error)) = error else { return false };
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// Asks about what a server keeps in the folder `state` that does not run.
///
/// # Errors
/// [`StoppedError`].
pub fn ask<T>(
    state: &Path,
    files: &Files,
    touch: Touch,
    question: impl FnOnce(&Server) -> Result<T, ClientError>,
) -> Result<Answered<T>, StoppedError> {
    let folder = state.join(ROLE);
    if ![&folder, &files.config, &files.users].iter().any(|path| path.exists()) {
        return Err(StoppedError::Nothing(state.to_owned()));
    }
    if touch == Touch::Change {
        become_owner(if folder.exists() { &folder } else { state })?;
    }
    let place = Place::make()?;
    let used = match touch {
        Touch::Change => folder.clone(),
        Touch::Look => {
            let copy = place.0.join(ROLE);
            copy_to_look_at(&folder, &copy)?;
            copy
        }
    };
    let options =
        Options { folder: used.clone(), files: files.clone(), callers: vec![os::own_uid()] };
    let mut answered = place.serve(options, question)?;
    // Whoever asks knows of no copy.
    let (copy, folder) = (used.display().to_string(), folder.display().to_string());
    for alert in &mut answered.alerts {
        *alert = alert.replace(&copy, &folder);
    }
    Ok(answered)
}

/// Where root asks, what is made belongs to the owner of the folder: a role that is not root has to open it later.
fn become_owner(folder: &Path) -> Result<(), StoppedError> {
    let found = std::fs::metadata(folder);
    let owner = found.map_err(|error| StoppedError::State(folder.to_owned(), error))?.uid();
    if owner == os::own_uid() {
        return Ok(());
    }
    os::confine::become_user(owner, &[])
        .map_err(|error| StoppedError::Owner(owner, folder.to_owned(), error))
}

/// A folder for the time of a question, for this user alone; it is removed with this.
struct Place(PathBuf);

impl Place {
    fn make() -> Result<Self, StoppedError> {
        let random = OsRandom.u32();
        let path =
            std::env::temp_dir().join(format!("fixpart-{}-{random:08x}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(StoppedError::Place(path, error)),
        }
    }

    /// Is the role until the question is answered.
    fn serve<T>(
        &self,
        options: Options,
        question: impl FnOnce(&Server) -> Result<T, ClientError>,
    ) -> Result<Answered<T>, StoppedError> {
        let server = Server { sockets: self.0.clone(), user: os::own_uid() };
        let socket = self.0.join(socket_name(ROLE));
        let listener = UnixListener::bind(&socket)
            .map_err(|error| StoppedError::Place(socket.clone(), error))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let role = thread::spawn(move || -> Result<(), ConfError> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            // It ends well when the other end is dropped, too.
            runtime.block_on(conf::run(options, listener, async { drop(stopped.await) }))
        });
        let answer = question(&server);
        let alerts = client::observed(&server, ROLE).map(|seen| seen.alerts).unwrap_or_default();
        drop(stop);
        match role.join() {
            Ok(ended) => ended?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(Answered { answer: answer?, alerts })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is left in a folder for such things is removed at the next start of the machine.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Also its folder.
const ROLE: &str = "conf";
