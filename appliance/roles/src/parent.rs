//! The parent of the roles: makes their processes and hands them their sockets.
//!
//! A thin loop around [`supervise::Init`]: one thread waits for signals, for
//! what the roles say of themselves (the sd_notify protocol) and for timers.
//! Nothing is decided here.

use command_fds::{CommandFdExt as _, FdMapping};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};
use supervise::init::{Index, Init, Input, Output};
use supervise::roles::{ROLES, Role};

/// What the parent is given.
#[derive(Debug)]
pub struct Plan {
    /// Which program to start under the names of the roles; `/proc/self/exe` in the product.
    pub executable: PathBuf,
    /// What follows the name of the role on its command line.
    pub arguments: Vec<OsString>,
    /// Where the sockets are made; the folder is private to this user.
    pub sockets: PathBuf,
}

/// Why the roles cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum ParentError {
    /// The folder for the sockets cannot be made or used.
    #[error("cannot make the socket {0}; check the rights of the state directory")]
    Socket(PathBuf, #[source] io::Error),
    /// The kernel refuses what every parent needs.
    #[error("the kernel refuses to report signals")]
    Signals(#[source] Errno),
    /// A role gave up at its first start, for a reason that it has printed.
    #[error("{0} could not start; its reason stands above")]
    Refused(&'static str),
}

/// The exit status by which a role says that its settings or its surroundings are wrong: there is no use in
/// starting it again before somebody has mended them (sysexits.h EX_CONFIG).
pub const EXIT_REFUSED: i32 = 78;

/// Keeps all roles alive until SIGTERM or SIGINT; calls `ready` whenever all of them are up.
///
/// # Errors
/// [`ParentError`]; the roles have then been ended.
pub fn run(plan: &Plan, ready: impl FnMut()) -> Result<(), ParentError> {
    Parent::new(plan, ready)?.run()
}

struct Parent<'a, F> {
    plan: &'a Plan,
    init: Init,
    signals: SignalFd,
    houses: Vec<House>,
    ready: F,
    refused: Option<&'static str>,
    ended: bool,
}

/// What the parent holds for one role, whether its process lives or not.
struct House {
    role: &'static Role,
    /// Where others call it: it stays open while the role is away, so that callers wait.
    listener: Option<UnixListener>,
    /// Where it says READY; one for each role, so that it cannot speak for another.
    notify: UnixDatagram,
    notify_path: PathBuf,
    process: Option<Pid>,
    was_ready: bool,
}

impl<'a, F: FnMut()> Parent<'a, F> {
    fn new(plan: &'a Plan, ready: F) -> Result<Self, ParentError> {
        let failed = |error| ParentError::Socket(plan.sockets.clone(), error);
        std::fs::create_dir_all(&plan.sockets).map_err(failed)?;
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&plan.sockets, private).map_err(failed)?;
        let houses =
            ROLES.iter().map(|role| House::new(role, &plan.sockets)).collect::<Result<_, _>>()?;
        let mut set = SigSet::empty();
        for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
            set.add(signal);
        }
        set.thread_block().map_err(ParentError::Signals)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&set, flags).map_err(ParentError::Signals)?;
        let init = Init::new(ROLES);
        Ok(Self { plan, init, signals, houses, ready, refused: None, ended: false })
    }

    fn run(mut self) -> Result<(), ParentError> {
        let mut out = Vec::new();
        self.init.begin(Instant::now(), &mut out);
        self.carry_out(out);
        while !self.ended {
            self.wait()?;
            self.read_signals();
            self.read_notifications();
            let mut out = Vec::new();
            self.init.expire(Instant::now(), &mut out);
            self.carry_out(out);
        }
        match self.refused {
            Some(role) => Err(ParentError::Refused(role)),
            None => Ok(()),
        }
    }

    fn wait(&self) -> Result<(), ParentError> {
        let left = self.init.deadline().map(|at| at.saturating_duration_since(Instant::now()));
        // A millisecond more than is left: waking early would only mean to wait again.
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        fds.extend(
            self.houses.iter().map(|house| PollFd::new(house.notify.as_fd(), PollFlags::POLLIN)),
        );
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(ParentError::Signals(error)),
        }
    }

    fn read_signals(&mut self) {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            let number = i32::try_from(signal.ssi_signo).unwrap_or(0);
            if let Some(signal) = Signal::try_from(number).ok().filter(|it| *it != Signal::SIGCHLD)
            {
                tracing::info!(%signal, "stopping");
                self.input(Input::Stop);
            }
        }
        // One SIGCHLD may stand for several children.
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            let (pid, how) = match status {
                WaitStatus::Exited(pid, code) => (pid, ExitStatus::from_raw(code << 8)),
                WaitStatus::Signaled(pid, signal, _) => (pid, ExitStatus::from_raw(signal as i32)),
                WaitStatus::StillAlive => break,
                _ => continue,
            };
            self.exited(pid, how);
        }
    }

    fn exited(&mut self, pid: Pid, how: ExitStatus) {
        let index = self.houses.iter().position(|house| house.process == Some(pid));
        let Some((index, house)) =
            index.and_then(|i| self.houses.get_mut(i).map(|house| (i, house)))
        else {
            return; // An orphan of a role.
        };
        house.process = None;
        let name = house.role.name;
        if how.code() == Some(EXIT_REFUSED) && !house.was_ready {
            self.refused = Some(name);
            self.input(Input::Exited(index));
            self.input(Input::Stop);
            return;
        }
        tracing::info!(role = name, %how, "ended");
        self.input(Input::Exited(index));
    }

    fn read_notifications(&mut self) {
        for index in 0..self.houses.len() {
            let mut ready = false;
            if let Some(house) = self.houses.get_mut(index) {
                ready = house.heard_ready();
                house.was_ready |= ready;
            }
            if ready {
                self.input(Input::Ready(index));
            }
        }
    }

    fn input(&mut self, input: Input) {
        let mut out = Vec::new();
        self.init.input(Instant::now(), input, &mut out);
        self.carry_out(out);
    }

    fn carry_out(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Spawn(index) => self.spawn(index),
                Output::Terminate(index) => self.signal(index, Signal::SIGTERM),
                Output::Kill(index) => self.signal(index, Signal::SIGKILL),
                Output::AllUp => (self.ready)(),
                Output::Died(index, rest) => {
                    let role = self.houses.get(index).map_or("", |house| house.role.name);
                    tracing::error!(role, ?rest, "died; it is started again");
                }
                Output::Ended => self.ended = true,
            }
        }
    }

    fn spawn(&mut self, index: Index) {
        let Some(house) = self.houses.get_mut(index) else { return };
        match house.spawn(self.plan) {
            Ok(pid) => {
                tracing::info!(role = house.role.name, %pid, "started");
                house.process = Some(pid);
            }
            Err(error) => {
                tracing::error!(role = house.role.name, %error, "cannot be started");
                self.input(Input::Exited(index));
            }
        }
    }

    fn signal(&self, index: Index, signal: Signal) {
        if let Some(pid) = self.houses.get(index).and_then(|house| house.process) {
            // It may have ended a moment ago; SIGCHLD will tell.
            let _ = kill(pid, signal);
        }
    }
}

impl House {
    fn new(role: &'static Role, sockets: &Path) -> Result<Self, ParentError> {
        let fresh = |name: String| {
            let path = sockets.join(name);
            // What a killed parent has left.
            let _ = std::fs::remove_file(&path);
            path
        };
        let notify_path = fresh(format!("{}.notify", role.name));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| ParentError::Socket(path, error)
        };
        let notify = UnixDatagram::bind(&notify_path).map_err(failed(&notify_path))?;
        notify.set_nonblocking(true).map_err(failed(&notify_path))?;
        let listener = if role.listens {
            let path = fresh(socket_name(role.name));
            Some(UnixListener::bind(&path).map_err(failed(&path))?)
        } else {
            None
        };
        Ok(Self { role, listener, notify, notify_path, process: None, was_ready: false })
    }

    fn spawn(&self, plan: &Plan) -> io::Result<Pid> {
        let mut command = Command::new(&plan.executable);
        command.arg0(self.role.name).args(&plan.arguments).env("NOTIFY_SOCKET", &self.notify_path);
        // Ctrl-C on a terminal reaches the whole group; the roles are to hear of it from the parent, in order.
        command.process_group(0);
        if let Some(listener) = &self.listener {
            let fd: OwnedFd = listener.try_clone()?.into();
            let mapping = FdMapping { parent_fd: fd, child_fd: LISTEN_FDS_START };
            command.fd_mappings(vec![mapping]).map_err(io::Error::other)?;
            // Without LISTEN_PID, which could only be set between fork and exec: the descriptor is for
            // whoever is started by this command, and that is one process.
            command.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", self.role.name);
        }
        let child = command.spawn()?;
        i32::try_from(child.id()).map(Pid::from_raw).map_err(io::Error::other)
    }

    /// Reads what the role has said of itself, and whether READY was among it.
    fn heard_ready(&mut self) -> bool {
        let mut ready = false;
        let mut datagram = [0; NOTIFICATION_MAX];
        while let Ok(length) = self.notify.recv(&mut datagram) {
            let text = String::from_utf8_lossy(datagram.get(..length).unwrap_or_default());
            for line in text.lines() {
                match line.split_once('=') {
                    Some(("READY", "1")) => ready = true,
                    Some(("STATUS", status)) => {
                        tracing::info!(role = self.role.name, "{status}");
                    }
                    _ => {}
                }
            }
        }
        ready && self.process.is_some()
    }
}

impl<F> Drop for Parent<'_, F> {
    /// Whatever ends the parent ends the roles.
    fn drop(&mut self) {
        for house in &self.houses {
            if let Some(pid) = house.process {
                let _ = kill(pid, Signal::SIGKILL);
                let _ = waitpid(pid, None);
            }
        }
    }
}

/// The name of a role's listening socket within the folder of sockets.
#[must_use]
pub fn socket_name(role: &str) -> String {
    format!("{role}.sock")
}

/// Where passed descriptors begin (sd_listen_fds(3)).
const LISTEN_FDS_START: i32 = 3;

/// A role says little; what does not fit is cut.
const NOTIFICATION_MAX: usize = 4096;
