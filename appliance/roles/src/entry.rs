//! The beginning of a role's process: its log, its passed socket, its runtime, and how it is stopped.

use crate::dect::{self, DectError};
use crate::media::{self, MediaError};
use crate::parent::{EXIT_REFUSED, socket_name};
use crate::settings::{self, Files, LoadError};
use config::groups::sip;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// What every role is given.
#[derive(Clone, Debug)]
pub struct Place {
    /// What survives a restart.
    pub state: PathBuf,
    /// The administrator's files.
    pub files: Files,
}

/// Why a role has ended.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// There is no role of this name.
    #[error("there is no role {0}")]
    Unknown(String),
    /// The socket that the parent passes is not there.
    #[error("the socket of this role was not passed; it is started by the command run")]
    Socket(#[from] os::passed::NotPassed),
    /// The administrator's files are wrong.
    #[error(transparent)]
    Files(#[from] LoadError),
    /// The kernel refuses what every role needs.
    #[error("the role cannot be set up")]
    Runtime(#[from] io::Error),
    /// The role `dect`.
    #[error(transparent)]
    Dect(#[from] DectError),
    /// The role `media`.
    #[error(transparent)]
    Media(#[from] MediaError),
}

impl EntryError {
    /// What the process ends with: there is no use in starting a refused role again before somebody has
    /// mended something.
    #[must_use]
    pub const fn exit_code(&self) -> i32 {
        match self {
            Self::Unknown(_)
            | Self::Socket(_)
            | Self::Files(_)
            | Self::Media(MediaError::Range(..)) => EXIT_REFUSED,
            Self::Dect(error) if error.is_refusal() => EXIT_REFUSED,
            Self::Dect(_) | Self::Media(_) | Self::Runtime(_) => 1,
        }
    }
}

/// Begins the log of this process, on standard error; `FIXPART_LOG` chooses what is in it, else `info`.
pub fn log() {
    let filter = EnvFilter::try_from_env("FIXPART_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let to = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second call in one process changes nothing.
    let _ = to.with_ansi(io::stderr().is_terminal()).try_init();
}

/// Is the role of this name until it is told to stop.
///
/// # Errors
/// [`EntryError`].
pub fn role(name: &str, place: &Place) -> Result<(), EntryError> {
    log();
    // However the parent ends, its roles do not outlive it: they hold the ports that the next one needs.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from)?;
    // The parent reads its signals from a descriptor and has blocked them, which a child inherits.
    SigSet::all().thread_unblock().map_err(io::Error::from)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stop = signal(SignalKind::terminate())?;
        let stop = async move {
            stop.recv().await;
        };
        let listener = os::passed::unix_listener(name)?;
        match name {
            "media" => Ok(media::run(media_settings(place)?, listener, stop).await?),
            "dect" => Ok(dect::run(dect_options(place), listener, stop).await?),
            _ => Err(EntryError::Unknown(name.to_owned())),
        }
    })
}

fn media_settings(place: &Place) -> Result<media::Settings, LoadError> {
    let config = settings::load(&place.files)?.config;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(media::Settings {
        ports: settings::ports(&config, settings::address(&config)),
        tos: config.get(&sip::MEDIA_TOS),
        threads: threads.min(MEDIA_THREADS_MAX),
        silence: SILENCE,
        callers: vec![os::own_uid()],
    })
}

fn dect_options(place: &Place) -> dect::Options {
    dect::Options {
        state: place.state.clone(),
        files: place.files.clone(),
        media: sockets(&place.state).join(socket_name("media")),
        callers: vec![os::own_uid()],
    }
}

/// The folder of the roles' sockets.
#[must_use]
pub fn sockets(state: &Path) -> PathBuf {
    state.join("run")
}

/// More threads than these never were of use: one carries some thousand calls.
const MEDIA_THREADS_MAX: usize = 4;
/// Longer than any pause of a party that still speaks, comfort noise included.
const SILENCE: Duration = Duration::from_secs(15);
