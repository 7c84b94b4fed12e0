//! The beginning of a role's process: its log, its passed socket, its runtime, and how it is stopped.

mod kernel_log;
mod machine;

use crate::conf::{self, ConfError};
use crate::conf_client::Conf;
use crate::console::{self, ConsoleError};
use crate::ctl::{self, CtlError};
use crate::dect::{self, DectError};
use crate::household::{CONTROL, EXIT_REFUSED, datagram_name, socket_name};
use crate::journal::Journal;
use crate::kept::Kept;
use crate::layout;
use crate::log::{DEVLOG, JOURNAL, KMSG, LogError, Senders, Settings as LogSettings, Sockets};
use crate::media::{self, MediaError};
use crate::mgmt::{self, MgmtError};
use crate::net::{self, NetError};
use crate::net_client::Net;
use crate::sandbox::{self, Bases, Ground};
use crate::settings::{self, Files, Optional};
use crate::time::{self, TimeError};
use kernel_log::KernelLog;
use machine::Machine;
use nix::sys::prctl;
use nix::sys::signal::Signal;
use os::passed::{NotPassed, Passed};
use std::ffi::CString;
use std::fs::{DirBuilder, File};
use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;
use supervise::role::Role;
use supervise::roles::{self, ROLES};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What every role is given.
#[derive(Clone, Debug)]
pub struct Place {
    /// What survives a restart; on the box the folder of this role alone.
    pub state: PathBuf,
    /// The administrator's files.
    pub files: Files,
    /// The sockets of the roles.
    pub sockets: PathBuf,
    /// Whether this is the box.
    pub ground: Ground,
}

impl Place {
    /// On a person's machine, with everything in one folder.
    #[must_use]
    pub fn foreground(state: PathBuf, files: Files) -> Self {
        Self { sockets: sockets(&state), state, files, ground: Ground::Foreground }
    }

    /// On the box.
    #[must_use]
    pub fn on_the_box(role: &str) -> Self {
        let state = Path::new(layout::STATE);
        let files = Files {
            config: state.join("config.xml"),
            users: state.join("users.xml"),
            optional: Optional { config: true, users: true },
        };
        let sockets = PathBuf::from(layout::SOCKETS);
        Self { state: layout::own(role), files, sockets, ground: Ground::Box }
    }

    /// Which user may call a role and which one its sockets belong to.
    fn callers(&self, role: &Role) -> Vec<u32> {
        match self.ground {
            Ground::Foreground => vec![os::own_uid()],
            Ground::Box => role.callers(ROLES).collect(),
        }
    }

    /// The folder that a role has for itself; the one of the log is made, since it may have been lost, and those of
    /// other roles with files of their own, since in the foreground nobody else makes them.
    fn own(&self, role: &Role) -> PathBuf {
        if !["log", "conf", "mgmt", "net"].contains(&role.name) {
            return self.state.clone();
        }
        let foreground = self.ground == Ground::Foreground;
        let own = if foreground { self.state.join(role.name) } else { self.state.clone() };
        // Where there is no room for it the log is kept in memory, and says so.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&own);
        if made.is_ok() && !foreground {
            let _ = std::os::unix::fs::chown(&own, Some(role.uid), Some(role.uid));
        }
        own
    }

    /// Where the role `conf` is called.
    fn conf(&self) -> Conf {
        Conf { path: self.sockets.join(socket_name("conf")), uid: self.supervisor() }
    }

    /// What the console looks at.
    fn console_sources(&self) -> console::Sources {
        let (conf, sockets) = (self.conf(), self.sockets.clone());
        console::Sources { conf, identity: layout::IDENTITY.into(), sockets }
    }

    /// The user who has made the sockets of the roles.
    fn supervisor(&self) -> u32 {
        match self.ground {
            Ground::Foreground => os::own_uid(),
            Ground::Box => 0,
        }
    }
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
    /// The supervisor is gone.
    #[error("the supervisor has ended before the role could begin")]
    Orphan,
    /// The kernel refuses to confine it.
    #[error("the role cannot be confined")]
    Sandbox(#[source] io::Error),
    /// The role `ctl`.
    #[error(transparent)]
    Ctl(#[from] CtlError),
    /// The role `conf`.
    #[error(transparent)]
    Conf(#[from] ConfError),
    /// The role `console`.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// The role `log`.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The kernel refuses what every role needs.
    #[error("the role cannot be set up")]
    Runtime(#[from] io::Error),
    /// The role `dect`.
    #[error(transparent)]
    Dect(#[from] DectError),
    /// The role `media`.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The role `mgmt`.
    #[error(transparent)]
    Mgmt(#[from] MgmtError),
    /// The role `time`.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// The role `net`.
    #[error(transparent)]
    Net(#[from] NetError),
}

impl EntryError {
    /// What the process ends with: there is no use in starting a refused role again before somebody has
    /// mended something.
    #[must_use]
    pub const fn exit_code(&self) -> i32 {
        match self {
            Self::Unknown(_) | Self::Socket(_) | Self::Media(MediaError::Range(..)) => EXIT_REFUSED,
            Self::Dect(error) if error.is_refusal() => EXIT_REFUSED,
            Self::Dect(_)
            | Self::Media(_)
            | Self::Ctl(_)
            | Self::Conf(_)
            | Self::Console(_)
            | Self::Log(_)
            | Self::Mgmt(_)
            | Self::Time(_)
            | Self::Net(_)
            | Self::Sandbox(_)
            | Self::Orphan
            | Self::Runtime(_) => 1,
        }
    }
}

/// Begins the log of this process; `FIXPART_LOG` chooses what is in it, else `info`.
///
/// What it says goes to the role `log` by the socket in the folder `sockets`. On a person's machine it also goes to
/// standard error; on the box the kernel's log takes its place for whoever cannot reach the role. What was given back
/// is to be flushed once in a while.
#[must_use]
pub fn log(name: &'static str, ground: Ground, sockets: &Path) -> Option<Journal> {
    let filter = EnvFilter::try_from_env("FIXPART_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let path = sockets.join(datagram_name(JOURNAL));
    // Whoever keeps the log does not send to itself; PID 1 does not need another role to be heard.
    let sends =
        name != "log" && (ground == Ground::Foreground || (name != "init" && path.exists()));
    let journal = sends.then(|| Journal::new(&path, name).ok()).flatten();
    let kernel = (ground == Ground::Box && journal.is_none()).then(|| {
        let plain = tracing_subscriber::fmt::layer().without_time().with_ansi(false);
        plain.with_level(false).with_target(false).with_writer(KernelLog::of(name))
    });
    let terminal = (ground == Ground::Foreground).then(|| {
        let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
        layer.with_ansi(io::stderr().is_terminal())
    });
    let all = tracing_subscriber::registry().with(filter).with(journal.clone());
    // A second call in one process changes nothing.
    let _ = all.with(kernel).with(terminal).try_init();
    journal
}

/// Gives up what the role's row of the table does not list.
fn confine(role: &Role, place: &Place, own: &Path) -> io::Result<()> {
    let bases = Bases {
        own: own.to_owned(),
        settings: vec![place.files.config.clone(), place.files.users.clone()],
        sockets: place.sockets.clone(),
    };
    if place.ground == Ground::Box {
        sandbox::no_terminal()?;
    }
    let confined = sandbox::enter(role, &bases, place.ground)?;
    if !confined.fully() {
        tracing::info!(
            own_user = confined.user,
            files = ?confined.files,
            calls = confined.calls,
            "confined as far as this machine allows"
        );
    }
    Ok(())
}

/// Is the role of this name until it is told to stop.
///
/// # Errors
/// [`EntryError`].
pub fn role(name: &str, place: &Place) -> Result<(), EntryError> {
    #[cfg(feature = "probe")]
    if name == crate::probe::NAME {
        crate::probe::run();
    }
    let role = roles::find(name).ok_or_else(|| EntryError::Unknown(name.to_owned()))?;
    let mut passed = Passed::take()?;
    // What was left open by mistake; an old kernel cannot, and then exec has closed them. Before anything of ours is open.
    let _ = os::confine::close_from(passed.end());
    let journal = log(role.name, place.ground, &place.sockets);
    // What a list of processes shows; a role's name has neither a zero in it nor more than 15 octets.
    let _ = CString::new(role.name).map(|name| prctl::set_name(&name));
    // However the supervisor ends, its roles do not outlive it: they hold the ports that the next one needs.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from)?;
    if is_orphan() {
        return Err(EntryError::Orphan);
    }
    let listener = passed.unix_listener(name)?;
    let own = place.own(role);
    let kmsg = kernel_messages(role, place, &mut passed);
    let doors = (role.name == "console").then(console::Doors::open);
    let machine = (role.name == "net").then(|| Machine::open(place));
    confine(role, place, &own).map_err(EntryError::Sandbox)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stop = signal(SignalKind::terminate())?;
        let stop = async move {
            stop.recv().await;
        };
        let callers = place.callers(role);
        drop(journal.map(|journal| tokio::spawn(flush(journal)))); // It ends with the runtime.
        match name {
            "ctl" => {
                let control = passed.named(CONTROL).ok_or(NotPassed::None)?;
                Ok(ctl::run(listener, control, callers, stop).await?)
            }
            "console" => {
                let control = passed.named(CONTROL).ok_or(NotPassed::None)?;
                let doors = doors.ok_or(NotPassed::None)?;
                let sources = place.console_sources();
                let given = console::Given { doors, control, listener, callers, sources };
                Ok(console::run(given, stop).await?)
            }
            "conf" => {
                let options = conf::Options { folder: own, files: place.files.clone(), callers };
                Ok(conf::run(options, listener, stop).await?)
            }
            "log" => {
                let mut datagrams = |name| passed.named(name).map(UnixDatagram::from);
                let journal = datagrams(JOURNAL).ok_or(NotPassed::None)?;
                let sockets = Sockets { bus: listener, journal, devlog: datagrams(DEVLOG), kmsg };
                Ok(crate::log::run(log_settings(place, own, callers), sockets, stop).await?)
            }
            "net" => {
                let machine = machine.ok_or(NotPassed::None)?;
                let options = machine.options((place, own), callers, &mut passed)?;
                Ok(net::run(options, listener, stop).await?)
            }
            "media" => {
                let mut stop = pin!(stop);
                let Some(settings) = media_settings(place, callers, stop.as_mut()).await else {
                    return Ok(());
                };
                Ok(media::run(settings, listener, stop).await?)
            }
            "mgmt" => Ok(mgmt::run(mgmt_options(place, own, callers), listener, stop).await?),
            "dect" => {
                let (options, kept) = (dect_options(place, callers), Kept::new(passed));
                Ok(dect::run(options, listener, kept, stop).await?)
            }
            "time" => Ok(time::run(time_options(place, callers), listener, stop).await?),
            _ => Err(EntryError::Unknown(name.to_owned())),
        }
    })
}

/// Whether the supervisor has ended already; nobody tells of that, and without this the role would stay.
fn is_orphan() -> bool {
    let supervisor = std::env::var(SUPERVISOR).ok().and_then(|pid| pid.parse::<u32>().ok());
    supervisor.is_some_and(|pid| pid != std::os::unix::process::parent_id())
}

/// Sends what the log had no room for, for ever.
async fn flush(journal: Journal) {
    let mut beat = tokio::time::interval(FLUSH_EVERY);
    loop {
        beat.tick().await;
        journal.flush();
    }
}

fn log_settings(place: &Place, folder: PathBuf, callers: Vec<u32>) -> LogSettings {
    let users = ROLES.iter().map(|role| (role.uid, role.name));
    let senders = Senders::new(users, place.supervisor());
    let (conf, echo) = (place.conf(), place.ground == Ground::Foreground);
    LogSettings { folder, conf, callers, senders, echo }
}

/// The kernel's messages, for the role that keeps them on the box: as an earlier process of it has left them with
/// the supervisor, or from the beginning. Only root may open them.
fn kernel_messages(role: &Role, place: &Place, passed: &mut Passed) -> Option<File> {
    if role.name != "log" || place.ground != Ground::Box {
        return None;
    }
    let kept = passed.named(KMSG).map(File::from);
    kept.or_else(|| {
        let file = File::open("/dev/kmsg").ok()?;
        // A supervisor that does not keep it lets the next process read everything once more.
        let _ = os::passed::keep(KMSG, file.as_fd());
        Some(file)
    })
}

async fn media_settings(
    place: &Place,
    callers: Vec<u32>,
    stop: impl Future<Output = ()>,
) -> Option<media::Settings> {
    let (config, alerts) = media::follow(place.conf(), stop).await?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Some(media::Settings {
        ports: settings::ports(&config, settings::address(&config)),
        tos: settings::media_tos(&config),
        threads: threads.min(MEDIA_THREADS_MAX),
        silence: SILENCE,
        callers,
        alerts,
    })
}

fn dect_options(place: &Place, callers: Vec<u32>) -> dect::Options {
    dect::Options {
        state: place.state.clone(),
        conf: place.conf(),
        media: place.sockets.join(socket_name("media")),
        media_user: place.supervisor(),
        identity: (place.ground == Ground::Box).then(|| PathBuf::from(layout::IDENTITY)),
        callers,
    }
}

fn mgmt_options(place: &Place, folder: PathBuf, callers: Vec<u32>) -> mgmt::Options {
    mgmt::Options {
        folder,
        conf: place.conf(),
        sockets: place.sockets.clone(),
        supervisor: place.supervisor(),
        identity: (place.ground == Ground::Box).then(|| PathBuf::from(layout::IDENTITY)),
        callers,
    }
}

fn time_options(place: &Place, callers: Vec<u32>) -> time::Options {
    let conf = place.conf();
    let net = Net { path: place.sockets.join(socket_name("net")), uid: place.supervisor() };
    match place.ground {
        Ground::Box => {
            let (clock, up_for) = (Box::new(time::Machine), os::machine::up_for());
            time::Options { conf, net, clock, up_for, callers }
        }
        Ground::Foreground => {
            let ahead = std::env::var(CLOCK_AHEAD).ok().and_then(|seconds| seconds.parse().ok());
            let clock = Box::new(time::Pretended::new(ahead.unwrap_or(0)));
            time::Options { conf, net, clock, up_for: Duration::ZERO, callers }
        }
    }
}

/// Says in the log why a role has ended; before there is one, on standard error.
pub fn complain(error: &str) {
    tracing::error!("{error}");
    if !tracing::dispatcher::has_been_set() {
        eprintln!("appliance: {error}");
    }
}

/// The variable in which the supervisor tells a role its process id.
pub(crate) const SUPERVISOR: &str = "FIXPART_SUPERVISOR";

/// The variable that says by how many seconds the clock is wrong with which the role `time` begins in the foreground;
/// that of the machine is not touched.
pub const CLOCK_AHEAD: &str = "FIXPART_CLOCK_AHEAD";

/// The word by which the supervisor tells a role that it is on the box.
pub const ON_THE_BOX: &str = "--box";

/// The role of this name, if there is one.
#[must_use]
pub fn find(name: &str) -> Option<&'static str> {
    #[cfg(feature = "probe")]
    if name == crate::probe::NAME {
        return Some(crate::probe::NAME);
    }
    roles::find(name).map(|role| role.name)
}

/// The folder of the roles' sockets.
#[must_use]
pub fn sockets(state: &Path) -> PathBuf {
    state.join("run")
}

/// How long a record waits that found no room in the log.
pub(crate) const FLUSH_EVERY: Duration = Duration::from_millis(500);
/// More threads than these never were of use: one carries some thousand calls.
const MEDIA_THREADS_MAX: usize = 4;
/// Longer than any pause of a party that still speaks, comfort noise included.
const SILENCE: Duration = Duration::from_secs(15);
