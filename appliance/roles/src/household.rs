//! The processes of all roles, kept as [`supervise::Init`] decides.
//!
//! One thread waits for signals, for what the roles say of themselves, for the
//! control role and for timers. What differs between a person's machine and the
//! box stands in [`Ground`]; nothing is decided here.

mod house;

pub(crate) use house::{CONTROL, House, datagram_name, socket_name};

use machine::Rng;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use os::process::Ended;
use std::ffi::OsString;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use supervise::control::{Answer, Cause, Mode, Name, Request, Standing, View};
use supervise::init::{Ending, Index, Init, Input, Output, Phase, Reason};
use supervise::life::{Exit, Life, State};
use supervise::role::{Network, Role};

/// Where the processes run.
pub(crate) trait Ground {
    /// What follows the name of the role on its command line.
    fn words(&self, role: &Role) -> Vec<OsString>;
    /// The control group it begins in.
    fn group(&self, role: &Role) -> Option<&os::group::Group>;
    /// Whom its sockets belong to; `None`: to us.
    fn owner(&self, role: &Role) -> Option<u32>;
    /// What a signal to us asks for.
    fn wish(&self, signal: Signal) -> Option<Ending>;
    /// Whether an administrator may switch this machine off.
    fn ours(&self) -> bool;
    /// How the machine stands, apart from its roles; `None`: it is not ours.
    fn standing(&self) -> Option<Standing>;
    /// Does what is asked of the machine and not of its roles, and says what is to follow.
    fn order(&mut self, request: &Request) -> Ordered;
    /// Something that a person should know of has happened.
    fn news(&mut self, news: News<'_>);
}

/// What follows from an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ordered {
    /// It cannot be done.
    Refused,
    /// It is done when the role `net` begins anew, which it is to do now.
    Network,
    /// It is done when the box starts anew, which it is to do now.
    Reboot,
}

/// What a person should know of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News<'a> {
    /// Every role that is wanted is ready.
    AllUp,
    /// All essential roles have been ready for a minute.
    Healthy,
    /// This role has died too often and stays down for a while.
    Down(&'a Role),
    /// This role refuses to start, for a reason that it has printed.
    Refused(&'a Role),
    /// The box is about to reboot by itself.
    Giving(&'a str),
    /// Only the roles of safe mode run.
    SafeMode(&'a str),
}

/// Why the roles cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum HouseholdError {
    /// The folder for the sockets cannot be made or used.
    #[error("cannot make the socket {0}; check the rights of the folder")]
    Socket(PathBuf, #[source] std::io::Error),
    /// The kernel refuses what every supervisor needs.
    #[error("the kernel refuses to report signals and children")]
    Signals(#[source] std::io::Error),
}

/// All roles, their processes and what they hold.
pub(crate) struct Household<G> {
    pub(crate) ground: G,
    pub(crate) init: Init,
    executable: PathBuf,
    houses: Vec<House>,
    signals: SignalFd,
    ended: Option<Ending>,
}

impl<G: Ground> Household<G> {
    /// The households of these roles with their sockets in `sockets`, nothing started yet.
    pub(crate) fn new(
        roles: &[&'static Role],
        decides: supervise::init::Ground,
        (executable, sockets): (PathBuf, &Path),
        ground: G,
    ) -> Result<Self, HouseholdError> {
        let open = |role: &&'static Role| House::new(role, sockets, ground.owner(role));
        let houses = roles.iter().map(open).collect::<Result<_, _>>()?;
        let signals = watched_signals().map_err(|error| HouseholdError::Signals(error.into()))?;
        let init = Init::new(roles, decides, Box::new(SystemRandom));
        Ok(Self { ground, init, executable, houses, signals, ended: None })
    }

    /// Starts the roles that wait for nobody.
    pub(crate) fn begin(&mut self) {
        let mut out = Vec::new();
        self.init.begin(Instant::now(), &mut out);
        self.carry_out(out);
    }

    /// Starts only what runs in safe mode.
    pub(crate) fn begin_safe(&mut self, reason: Reason) {
        let mut out = Vec::new();
        self.init.begin_safe(Instant::now(), reason, &mut out);
        self.carry_out(out);
    }

    /// What comes now that all roles have ended.
    pub(crate) const fn ended(&self) -> Option<Ending> {
        self.ended
    }

    /// Waits until something happens, at most for `limit`, and sees to it. What else is to be waited for is in `also`.
    pub(crate) fn turn(
        &mut self,
        limit: Option<Duration>,
        also: &[BorrowedFd<'_>],
    ) -> Result<(), HouseholdError> {
        self.wait(limit, also).map_err(HouseholdError::Signals)?;
        self.read_signals();
        self.bury().map_err(HouseholdError::Signals)?;
        for index in 0..self.houses.len() {
            self.read_letters(index);
            self.answer(index);
        }
        let mut out = Vec::new();
        self.init.expire(Instant::now(), &mut out);
        self.carry_out(out);
        Ok(())
    }

    /// Everything is to end.
    pub(crate) fn stop(&mut self, ending: Ending) {
        self.input(Input::Stop(ending));
    }

    fn wait(&self, limit: Option<Duration>, also: &[BorrowedFd<'_>]) -> std::io::Result<()> {
        let left = self.init.deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let left = left.into_iter().chain(limit).min();
        // A millisecond more than is left: waking early would only mean to wait again.
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        let ours = self.houses.iter().flat_map(House::watched).chain(also.iter().copied());
        fds.extend(ours.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn read_signals(&mut self) {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            let number = i32::try_from(signal.ssi_signo).unwrap_or(0);
            let Ok(signal) = Signal::try_from(number) else { continue };
            if let Some(ending) = self.ground.wish(signal) {
                tracing::info!(%signal, ?ending, "stopping");
                self.stop(ending);
            }
        }
    }

    /// Lets go all children that have ended, ours and those that came to us as orphans.
    fn bury(&mut self) -> std::io::Result<()> {
        while let Some((pid, how)) = os::process::ended()? {
            let index = self.houses.iter().position(|house| house.pid() == Some(pid));
            // Before it is reaped the number cannot belong to somebody else.
            let exit = index.map(|index| self.exited(index, how));
            os::process::reap(pid)?;
            // Without an index it was an orphan.
            if let (Some(index), Some(exit)) = (index, exit) {
                self.input(Input::Exited(index, exit));
                self.forget_if_over(index);
            }
        }
        Ok(())
    }

    /// What a role has stored is for a process that follows at once.
    fn forget_if_over(&mut self, index: Index) {
        let over = |life: &Life| matches!(life.state(), State::Stopped | State::Degraded(_));
        if self.init.life(index).is_some_and(over)
            && let Some(house) = self.houses.get_mut(index)
        {
            house.forget_stored();
        }
    }

    /// Begins those of these roles anew that run; one that was not started yet finds everything as it is.
    fn begin_anew(&mut self, wanted: impl Fn(&Role) -> bool, why: &str) {
        for index in 0..self.houses.len() {
            let house = self.houses.get(index);
            if house.is_some_and(|it| wanted(it.role) && it.pid().is_some()) {
                tracing::info!(role = self.name(index), "begins anew, {why}");
                self.input(Input::Restart(index));
            }
        }
    }

    fn exited(&mut self, index: Index, how: Ended) -> Exit {
        let Some(house) = self.houses.get_mut(index) else { return Exit::Ended };
        let role = house.role;
        let was_ready = house.left();
        if let Some(group) = self.ground.group(role) {
            // What it had started is not to live on; after a normal end there is nothing.
            let _ = group.kill();
            let times = group.out_of_memory();
            if times > std::mem::replace(&mut house.out_of_memory, times) {
                tracing::warn!(role = role.name, times, "has used more memory than it may");
            }
        }
        tracing::info!(role = role.name, %how, "ended");
        if how == Ended::Code(EXIT_REFUSED) && !was_ready { Exit::Refused } else { Exit::Ended }
    }

    fn read_letters(&mut self, index: Index) {
        let mut buffer = [0; supervise::notify::DATAGRAM_MAX];
        for _ in 0..LETTERS_MAX {
            let Some(house) = self.houses.get_mut(index) else { return };
            let Some(said) = house.read_letter(&mut buffer) else { return };
            for said in said {
                self.input(Input::Said(index, said));
            }
        }
    }

    /// Answers what a role asks that may.
    fn answer(&mut self, index: Index) {
        for _ in 0..LETTERS_MAX {
            let Some(house) = self.houses.get(index) else { return };
            let Some(record) = house.read_request() else { return };
            let role = house.role;
            let Some(request) = Request::decode(&record) else {
                tracing::warn!(role = role.name, "asks what this version does not know");
                continue;
            };
            let answers = if role.asks.contains(&request.ask()) {
                self.answers(request, role)
            } else {
                tracing::warn!(role = role.name, ask = ?request.ask(), "asks what it may not");
                vec![Answer::Refused]
            };
            if let Some(house) = self.houses.get(index) {
                house.send_answers(&answers);
            }
        }
    }

    fn answers(&mut self, request: Request, by: &'static Role) -> Vec<Answer> {
        let ending = match request {
            Request::Status => {
                let roles = (0..self.houses.len()).filter_map(|index| self.view(index));
                return roles.map(Answer::Role).chain(std::iter::once(Answer::Done)).collect();
            }
            Request::Standing => return vec![self.standing()],
            Request::Restart(name) => {
                let index = self.houses.iter().position(|it| it.role.name == name.as_str());
                let Some(index) = index else { return vec![Answer::Unknown] };
                tracing::info!(role = name.as_str(), "is restarted, as an administrator wants it");
                self.input(Input::Restart(index));
                return vec![Answer::Done];
            }
            Request::Reboot => Ending::Reboot,
            Request::PowerOff => Ending::PowerOff,
            Request::AddressChanged => {
                self.begin_anew(|role| role.network == Network::Ip, "since the address is new");
                return vec![Answer::Done];
            }
            Request::OtherSlot | Request::Reset(_) | Request::Address(_) | Request::AsItWas => {
                match self.ground.order(&request) {
                    Ordered::Refused => return vec![Answer::Refused],
                    Ordered::Network => {
                        self.begin_anew(|role| role.name == "net", "since an address was typed");
                        return vec![Answer::Done];
                    }
                    Ordered::Reboot => Ending::Reboot,
                }
            }
        };
        if !self.ground.ours() {
            return vec![Answer::Refused];
        }
        tracing::info!(?ending, by = by.name, "an administrator wants it");
        self.stop(ending);
        vec![Answer::Done]
    }

    fn standing(&self) -> Answer {
        let Some(standing) = self.ground.standing() else { return Answer::Refused };
        let cause = |reason| match reason {
            Reason::Role(index) => Name::new(self.name(index)).map(Cause::Role),
            Reason::Deadline => Some(Cause::Deadline),
            Reason::State => Some(Cause::State),
        };
        let mode = match self.init.phase() {
            Phase::Normal => standing.mode,
            Phase::Safe(reason) => Mode::Safe(cause(reason).unwrap_or(Cause::State)),
            Phase::Ending(_) | Phase::Ended => Mode::Ending,
        };
        Answer::Standing(Standing { mode, ..standing })
    }

    fn view(&self, index: Index) -> Option<View> {
        let house = self.houses.get(index)?;
        let mut view =
            View::new(Name::new(house.role.name)?, self.init.life(index)?, self.init.phase());
        view.pid = house.pid().unwrap_or(0);
        view.starts = house.starts();
        Some(view)
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
                Output::Kill(index) => self.kill(index),
                Output::AllUp => self.ground.news(News::AllUp),
                Output::Healthy => self.ground.news(News::Healthy),
                Output::Died(index, rest) => {
                    tracing::error!(role = self.name(index), ?rest, "died; it is started again");
                }
                Output::Degraded(index, exit) => self.degraded(index, exit),
                Output::Giving(reason) => self.ground.news(News::Giving(&self.reason(reason))),
                Output::SafeMode(reason) => {
                    let reason = self.reason(reason);
                    tracing::error!(%reason, "safe mode");
                    self.ground.news(News::SafeMode(&reason));
                }
                Output::Ended(ending) => self.ended = Some(ending),
            }
        }
    }

    fn degraded(&mut self, index: Index, exit: Exit) {
        let Some(house) = self.houses.get(index) else { return };
        let role = house.role;
        match exit {
            Exit::Ended => {
                tracing::error!(
                    role = role.name,
                    "died too often; it is tried again in five minutes"
                );
                self.ground.news(News::Down(role));
            }
            Exit::Refused => {
                tracing::error!(
                    role = role.name,
                    "refuses to start; it is tried again in five minutes"
                );
                self.ground.news(News::Refused(role));
            }
        }
    }

    fn spawn(&mut self, index: Index) {
        let Some(house) = self.houses.get_mut(index) else { return };
        let role = house.role;
        let words = self.ground.words(role);
        match house.spawn(&self.executable, words, self.ground.group(role)) {
            Ok(pid) => tracing::info!(role = role.name, %pid, "started"),
            Err(error) => {
                tracing::error!(role = role.name, %error, "cannot be started");
                self.input(Input::Exited(index, Exit::Ended));
            }
        }
    }

    fn signal(&self, index: Index, signal: Signal) {
        if let Some(Err(error)) = self.houses.get(index).and_then(|house| house.signal(signal)) {
            tracing::error!(role = self.name(index), %error, "cannot be reached by a signal");
        }
    }

    fn kill(&self, index: Index) {
        tracing::warn!(role = self.name(index), "is killed: it does not answer");
        let group = self.houses.get(index).and_then(|house| self.ground.group(house.role));
        // A kernel without cgroup.kill still has signals.
        if group.is_none_or(|group| group.kill().is_err()) {
            self.signal(index, Signal::SIGKILL);
        }
    }

    fn reason(&self, reason: Reason) -> String {
        match reason {
            Reason::Role(index) => format!("the role {} cannot be kept alive", self.name(index)),
            Reason::Deadline => "the system was not healthy in time".to_owned(),
            Reason::State => "what survives a restart cannot be used".to_owned(),
        }
    }

    fn name(&self, index: Index) -> &'static str {
        self.houses.get(index).map_or("", |house| house.role.name)
    }
}

impl<G> Drop for Household<G> {
    /// Whatever ends the supervisor ends the roles.
    fn drop(&mut self) {
        let mut left: Vec<u32> = self.houses.iter().filter_map(House::pid).collect();
        for house in &self.houses {
            let _ = house.signal(Signal::SIGKILL);
        }
        let began = Instant::now();
        // One that waits for a disk that does not answer cannot even be killed, and is not waited for.
        while !left.is_empty() && began.elapsed() < LAST_WAIT {
            match os::process::ended() {
                Ok(Some((pid, _))) => {
                    let _ = os::process::reap(pid);
                    left.retain(|it| *it != pid);
                }
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

/// For roles that were killed to be gone.
const LAST_WAIT: Duration = Duration::from_secs(2);

fn watched_signals() -> nix::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGPWR]
    {
        set.add(signal);
    }
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
}

/// The operating system's generator; it only spreads rests.
struct SystemRandom;

impl Rng for SystemRandom {
    fn fill(&mut self, octets: &mut [u8]) {
        // Without it all rests are equal, which is no harm.
        let _ = getrandom::fill(octets);
    }
}

/// The exit status by which a role says that its settings or its surroundings are wrong: there is no use in
/// starting it again before somebody has mended them (sysexits.h EX_CONFIG).
pub const EXIT_REFUSED: i32 = 78;

/// Letters of one role that are read in one turn, so that one that talks without end does not silence the others.
const LETTERS_MAX: usize = 64;
