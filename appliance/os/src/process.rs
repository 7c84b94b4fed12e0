//! Making processes and hearing of their end, as a supervisor needs it.
//!
//! A process is made together with its descriptor (pidfd), so that a signal
//! never reaches a stranger that was given the same number, and in its control
//! group, so that not even its first instruction runs outside of it.

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::ffi::{CString, c_char, c_int};
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

/// A program to be started.
#[derive(Debug)]
pub struct Program<'a> {
    /// Its file.
    pub path: CString,
    /// Its words, the zeroth included.
    pub words: Vec<CString>,
    /// Its whole environment, `KEY=value`.
    pub environment: Vec<CString>,
    /// What it gets as descriptors 3 and up, in this order; 0 to 2 are ours, all others are closed on exec.
    pub descriptors: Vec<BorrowedFd<'a>>,
    /// The control group it begins in: a folder of the cgroup file system.
    pub group: Option<BorrowedFd<'a>>,
}

/// A running child.
#[derive(Debug)]
pub struct Child {
    pid: u32,
    /// `None` on a kernel without them (before 5.4), where a signal goes by number.
    descriptor: Option<OwnedFd>,
}

/// How a child has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "with exit code {code}"),
            Self::Signal(signal) => write!(f, "by signal {signal}"),
        }
    }
}

impl Program<'_> {
    /// Starts it in a session of its own, with no signal blocked or ignored.
    ///
    /// # Errors
    /// If no process can be made, or the program cannot be executed.
    pub fn spawn(&self) -> io::Result<Child> {
        let words = pointers(&self.words);
        let environment = pointers(&self.environment);
        // Whether exec worked is heard through a pipe that closes with it.
        let (listening, telling) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let sources: Vec<RawFd> = self.descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        // Made here, since the child may not allocate.
        let mut copies = vec![-1; sources.len()];
        let child = match fork(self.group)? {
            Forked::Parent(child) => child,
            Forked::Child { entered } => {
                let telling = telling.as_raw_fd();
                let group = self.group.filter(|_| !entered).map(|group| group.as_raw_fd());
                let strings = Strings {
                    path: self.path.as_ptr(),
                    words: words.as_ptr(),
                    environment: environment.as_ptr(),
                };
                become_it(&strings, group, (&sources, &mut copies), telling)
            }
        };
        drop(telling);
        match read_error(listening) {
            None => Ok(child),
            Some(error) => {
                // It has ended with exec's failure; nobody else should hear of it.
                let _ = reap(child.pid);
                Err(error)
            }
        }
    }
}

impl Child {
    /// Its number.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends it a signal; one that has ended already is no error.
    ///
    /// # Errors
    /// If this user may not.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let sent = match &self.descriptor {
            Some(descriptor) => signal_by(descriptor, signal),
            None => nix::sys::signal::kill(raw(self.pid), signal),
        };
        match sent {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The next child that has ended, be it ours or an orphan that has come to us; it is not reaped yet.
///
/// # Errors
/// Only what means that the kernel is at its end.
pub fn ended() -> io::Result<Option<(u32, Ended)>> {
    match wait(libc::P_ALL, 0, libc::WEXITED | libc::WNOWAIT | libc::WNOHANG) {
        Ok(ended) => Ok(ended),
        Err(Errno::ECHILD | Errno::EINTR) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Lets a child that has ended go.
///
/// # Errors
/// If it is no child of ours.
pub fn reap(pid: u32) -> io::Result<()> {
    loop {
        match wait(libc::P_PID, pid, libc::WEXITED) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(()),
        }
    }
}

/// waitid(2). The one of nix has no word for a real-time signal and takes an end by one for an error.
fn wait(kind: libc::idtype_t, id: u32, flags: c_int) -> nix::Result<Option<(u32, Ended)>> {
    #[expect(unsafe_code, reason = "a structure of the kernel's")]
    // SAFETY: it is plain integers and pointers, for all of which zero is a value.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    #[expect(unsafe_code, reason = "the safe face of nix does not know all signals")]
    // SAFETY: fills the structure, which outlives the call.
    Errno::result(unsafe { libc::waitid(kind, id, &raw mut info, flags) })?;
    #[expect(unsafe_code, reason = "the structure is a union")]
    // SAFETY: the kernel has filled it as for SIGCHLD, or left it zero, which is a value of each of its sides.
    let pid = unsafe { info.si_pid() };
    #[expect(unsafe_code, reason = "the structure is a union")]
    // SAFETY: as above.
    let status = unsafe { info.si_status() };
    let how =
        if info.si_code == libc::CLD_EXITED { Ended::Code(status) } else { Ended::Signal(status) };
    Ok(u32::try_from(pid).ok().filter(|pid| *pid != 0).map(|pid| (pid, how)))
}

enum Forked {
    Parent(Child),
    Child {
        /// It stands in its control group already.
        entered: bool,
    },
}

/// Makes a copy of this process: by clone3 with everything at once where the kernel lets us, else by fork.
fn fork(group: Option<BorrowedFd<'_>>) -> io::Result<Forked> {
    match clone3(group) {
        Err(Errno::ENOSYS | Errno::EINVAL | Errno::E2BIG | Errno::EOPNOTSUPP) => {}
        other => return Ok(other?),
    }
    #[expect(unsafe_code, reason = "fork has no safe face")]
    // SAFETY: the child makes only async-signal-safe calls until exec (`become_it`).
    let forked = unsafe { nix::unistd::fork()? };
    match forked {
        nix::unistd::ForkResult::Child => Ok(Forked::Child { entered: false }),
        nix::unistd::ForkResult::Parent { child } => {
            let pid = number(child);
            Ok(Forked::Parent(Child { pid, descriptor: pidfd(pid) }))
        }
    }
}

fn clone3(group: Option<BorrowedFd<'_>>) -> nix::Result<Forked> {
    let mut descriptor: RawFd = -1;
    #[expect(unsafe_code, reason = "a structure of the kernel's")]
    // SAFETY: it is plain integers, for all of which zero is a value.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = libc::CLONE_PIDFD as u64;
    arguments.pidfd = (&raw mut descriptor) as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    if let Some(group) = group {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = u64::try_from(group.as_raw_fd()).unwrap_or(0);
    }
    #[expect(unsafe_code, reason = "clone3 has no safe face")]
    // SAFETY: like fork, since no stack and no shared memory are asked for; the structure and `descriptor` outlive
    // the call, and the child makes only async-signal-safe calls until exec (`become_it`).
    let made = unsafe {
        libc::syscall(libc::SYS_clone3, &raw mut arguments, size_of::<libc::clone_args>())
    };
    match Errno::result(made)? {
        0 => Ok(Forked::Child { entered: group.is_some() }),
        pid => {
            #[expect(unsafe_code, reason = "the kernel gives the descriptor as a number")]
            // SAFETY: the kernel has just made it for us, and nobody else knows it.
            let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
            let pid = u32::try_from(pid).unwrap_or(0);
            Ok(Forked::Parent(Child { pid, descriptor: Some(descriptor) }))
        }
    }
}

fn pidfd(pid: u32) -> Option<OwnedFd> {
    #[expect(unsafe_code, reason = "pidfd_open has no safe face")]
    // SAFETY: takes only numbers.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let descriptor = RawFd::try_from(descriptor).ok().filter(|it| *it >= 0)?;
    #[expect(unsafe_code, reason = "the kernel gives the descriptor as a number")]
    // SAFETY: the kernel has just made it for us, and nobody else knows it.
    Some(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

fn signal_by(descriptor: &OwnedFd, signal: Signal) -> nix::Result<()> {
    let (descriptor, signal) = (descriptor.as_raw_fd(), signal as c_int);
    let nothing = std::ptr::null::<libc::siginfo_t>();
    #[expect(unsafe_code, reason = "pidfd_send_signal has no safe face")]
    // SAFETY: takes numbers and a null pointer, which means what kill(2) means.
    let sent =
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, descriptor, signal, nothing, 0) };
    Errno::result(sent).map(drop)
}

/// What exec takes: arrays that end with null, of strings that end with zero, kept alive by the caller.
struct Strings {
    path: *const c_char,
    words: *const *const c_char,
    environment: *const *const c_char,
}

/// The child's way: only calls that are safe after fork (signal-safety(7)), nothing that allocates.
fn become_it(
    strings: &Strings,
    group: Option<RawFd>,
    descriptors: (&[RawFd], &mut [RawFd]),
    telling: RawFd,
) -> ! {
    // Out of the way of the descriptors that are put in their places.
    let first_free = FIRST + c_int::try_from(descriptors.0.len()).unwrap_or(0);
    #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
    // SAFETY: takes only numbers.
    let telling = unsafe { libc::fcntl(telling, libc::F_DUPFD_CLOEXEC, first_free) };
    let code = prepare(group, descriptors, first_free).map_or_else(
        |error| error as i32,
        |()| {
            let Strings { path, words, environment } = *strings;
            #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
            // SAFETY: the arrays end with null and their strings with zero; `Program::spawn` keeps them alive.
            unsafe {
                libc::execve(path, words, environment)
            };
            Errno::last_raw()
        },
    );
    let code = code.to_ne_bytes();
    #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
    // SAFETY: reads the octets of a live array.
    unsafe {
        libc::write(telling, code.as_ptr().cast(), code.len())
    };
    #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
    // SAFETY: ends the process; nothing of the parent's is torn down.
    unsafe {
        libc::_exit(127)
    }
}

fn prepare(
    group: Option<RawFd>,
    (sources, copies): (&[RawFd], &mut [RawFd]),
    first_free: RawFd,
) -> nix::Result<()> {
    clean_slate();
    if let Some(group) = group {
        enter(group)?;
    }
    for (source, copy) in sources.iter().zip(copies.iter_mut()) {
        #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
        // SAFETY: takes only numbers.
        let made = unsafe { libc::fcntl(*source, libc::F_DUPFD_CLOEXEC, first_free) };
        *copy = Errno::result(made)?;
    }
    for (place, copy) in (FIRST..).zip(copies.iter()) {
        #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
        // SAFETY: takes only numbers; whatever stood in the place is closed in the child alone.
        Errno::result(unsafe { libc::dup2(*copy, place) })?;
    }
    Ok(())
}

/// A session of its own, no signal blocked, none ignored: all three would be inherited.
fn clean_slate() {
    let mut none = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
    // SAFETY: writes the set.
    unsafe {
        libc::sigemptyset(none.as_mut_ptr())
    };
    #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
    // SAFETY: reads the set that was just written.
    unsafe {
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut())
    };
    // Rust's runtime ignores SIGPIPE, a shell those of the keyboard for what it starts in the background.
    for signal in 1..=SIGNAL_MAX {
        #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
        // SAFETY: takes only numbers; those that cannot be changed stay as they are.
        unsafe {
            libc::signal(signal, libc::SIG_DFL)
        };
    }
    #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
    // SAFETY: takes nothing.
    unsafe {
        libc::setsid()
    };
}

/// Moves this process into a control group; 0 stands for whoever writes.
fn enter(group: RawFd) -> nix::Result<()> {
    let flags = libc::O_WRONLY | libc::O_CLOEXEC;
    #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
    // SAFETY: the name is a literal that ends with zero.
    let file = unsafe { libc::openat(group, c"cgroup.procs".as_ptr(), flags) };
    let file = Errno::result(file)?;
    #[expect(unsafe_code, reason = "between fork and exec only raw calls may be made")]
    // SAFETY: reads one octet of a literal.
    let written = unsafe { libc::write(file, c"0".as_ptr().cast(), 1) };
    Errno::result(written).map(drop)
}

fn read_error(listening: OwnedFd) -> Option<io::Error> {
    let mut code = [0; 4];
    let read = std::fs::File::from(listening).read_exact(&mut code);
    read.is_ok().then(|| io::Error::from_raw_os_error(i32::from_ne_bytes(code)))
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|it| it.as_ptr()).chain(std::iter::once(std::ptr::null())).collect()
}

fn raw(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap_or(i32::MAX))
}

fn number(pid: Pid) -> u32 {
    u32::try_from(pid.as_raw()).unwrap_or(0)
}

/// Of linux/sched.h; the constant of the libc crate is too narrow for it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Where passed descriptors begin (sd_listen_fds(3)).
const FIRST: c_int = 3;

/// The last real-time signal (signal(7)).
const SIGNAL_MAX: c_int = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::os::fd::AsFd as _;

    fn program<'a>(words: &[&str], descriptors: Vec<BorrowedFd<'a>>) -> Program<'a> {
        let strings = |words: &[&str]| -> Vec<CString> {
            words.iter().map(|word| CString::new(*word).unwrap()).collect()
        };
        Program {
            path: CString::new(words[0]).unwrap(),
            words: strings(words),
            environment: strings(&["PATH=/usr/bin:/bin", "COLOUR=green"]),
            descriptors,
            group: None,
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no processes")]
    fn a_child_has_its_words_its_environment_and_its_descriptors_in_their_places() {
        let (mut out, into) = std::io::pipe().unwrap();
        let (from, mut input) = std::io::pipe().unwrap();
        input.write_all(b"hello").unwrap();
        drop(input);
        // In the order that would break if one were put in the place of another's source.
        let words = ["/bin/sh", "-c", "echo $0 $COLOUR >&3; cat <&4 >&3", "name"];
        let descriptors = vec![into.as_fd(), from.as_fd()];
        let child = program(&words, descriptors).spawn().unwrap();
        drop(into);
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        reap(child.pid()).unwrap();
        assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["name", "green", "hello"]);
        assert!(child.signal(Signal::SIGTERM).is_ok(), "one that has ended is no error");
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no processes")]
    fn a_program_that_is_not_there_is_an_error_and_leaves_no_process() {
        let error = program(&["/nonexistent"], vec![]).spawn().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no processes")]
    fn a_child_ignores_no_signal_even_if_we_do() {
        #[expect(unsafe_code, reason = "no safe face in the standard library")]
        // SAFETY: takes only numbers; nobody in this process waits for the signal.
        unsafe {
            libc::signal(libc::SIGUSR2, libc::SIG_IGN)
        };
        let (mut out, into) = std::io::pipe().unwrap();
        let words = ["/bin/sh", "-c", "grep SigIgn /proc/self/status >&3"];
        let child = program(&words, vec![into.as_fd()]).spawn().unwrap();
        drop(into);
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        reap(child.pid()).unwrap();
        let ignored = said.split_whitespace().last().unwrap();
        // Signals 32 and 33 are the C library's own, which it lets nobody change.
        let ignored = u64::from_str_radix(ignored, 16).unwrap() & !(0b11 << 31);
        assert_eq!(ignored, 0, "{said}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no processes")]
    fn a_signal_finds_the_child() {
        let child = program(&["/bin/sleep", "1000"], vec![]).spawn().unwrap();
        child.signal(Signal::SIGKILL).unwrap();
        let how = wait(libc::P_PID, child.pid(), libc::WEXITED).unwrap();
        assert_eq!(how, Some((child.pid(), Ended::Signal(libc::SIGKILL))));
    }

    #[test]
    #[cfg_attr(miri, ignore = "miri has no processes")]
    fn an_end_by_a_real_time_signal_is_an_end_like_any_other() {
        let child = program(&["/bin/sh", "-c", "kill -40 $$"], vec![]).spawn().unwrap();
        let how = wait(libc::P_PID, child.pid(), libc::WEXITED | libc::WNOWAIT).unwrap();
        assert_eq!(how, Some((child.pid(), Ended::Signal(40))));
        reap(child.pid()).unwrap();
        assert!(reap(child.pid()).is_err(), "it is gone");
    }
}
