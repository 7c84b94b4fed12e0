//! Sockets that the parent has made and passed on (sd_listen_fds(3)).

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};
use std::env;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd as _, AsRawFd, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::sync::atomic::{AtomicBool, Ordering};

/// Why there is no socket from the parent.
#[derive(Debug, thiserror::Error)]
pub enum NotPassed {
    /// The parent passed none.
    #[error("no socket was passed to this process; start the role through its parent (LISTEN_FDS)")]
    None,
    /// LISTEN_PID names another process.
    #[error("the passed sockets are meant for process {0}, not for this one")]
    NotForUs(String),
    /// None of those that were passed has this name.
    #[error("no socket named {0} was passed; passed were: {1}")]
    Name(String, String),
    /// The environment names a descriptor that is not open, or not a socket that listens.
    #[error("the passed descriptor {0} cannot be used")]
    Unusable(RawFd, #[source] io::Error),
    /// They can be taken only once.
    #[error("the passed sockets have been taken already")]
    Taken,
}

/// The descriptors that were passed to this process, each under its name.
#[derive(Debug, Default)]
pub struct Passed(Vec<(String, OwnedFd)>);

impl Passed {
    /// Takes them all, once.
    ///
    /// `LISTEN_PID` is optional: whoever starts exactly one process need not set it.
    ///
    /// # Errors
    /// [`NotPassed`], also the second time it is asked.
    pub fn take() -> Result<Self, NotPassed> {
        let variable = |key| env::var(key).unwrap_or_default();
        let pid = variable("LISTEN_PID");
        let claim =
            Claim { count: &variable("LISTEN_FDS"), names: &variable("LISTEN_FDNAMES"), pid: &pid };
        let names = claim.names(std::process::id())?;
        if TAKEN.swap(true, Ordering::Relaxed) {
            return Err(NotPassed::Taken);
        }
        let mut passed = Vec::new();
        for (fd, name) in (FIRST..).zip(names) {
            // Also tells whether it is open at all.
            #[expect(unsafe_code, reason = "descriptors from the parent are only known by number")]
            // SAFETY: the number is only handed to fcntl, which reports one that is not open.
            let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
            fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))
                .map_err(|error| NotPassed::Unusable(fd, error.into()))?;
            #[expect(unsafe_code, reason = "descriptors from the parent are only known by number")]
            // SAFETY: it is open, as fcntl has just found; the parent passed it for us alone, and
            // `TAKEN` sees to it that nobody else here makes an owner of it.
            let owned = unsafe { OwnedFd::from_raw_fd(fd) };
            passed.push((name, owned));
        }
        Ok(Self(passed))
    }

    /// The first number that was not passed.
    #[must_use]
    pub fn end(&self) -> RawFd {
        self.0.iter().map(|(_, fd)| fd.as_raw_fd() + 1).max().unwrap_or(FIRST)
    }

    /// The names of those that have not been asked for.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The first descriptor of this name that has not been asked for.
    pub fn named(&mut self, name: &str) -> Option<OwnedFd> {
        let index = self.0.iter().position(|(passed, _)| passed == name)?;
        Some(self.0.remove(index).1)
    }

    /// The listening Unix socket of this name.
    ///
    /// # Errors
    /// If none was passed, or what was passed is not one.
    pub fn unix_listener(&mut self, name: &str) -> Result<UnixListener, NotPassed> {
        let Some(fd) = self.named(name) else {
            return Err(NotPassed::Name(name.to_owned(), self.names().join(", ")));
        };
        let number = fd.as_raw_fd();
        let listener = UnixListener::from(fd);
        listener.local_addr().map_err(|error| NotPassed::Unusable(number, error))?;
        Ok(listener)
    }
}

impl FromIterator<(String, OwnedFd)> for Passed {
    /// As if they had been passed.
    fn from_iter<T: IntoIterator<Item = (String, OwnedFd)>>(passed: T) -> Self {
        Self(passed.into_iter().collect())
    }
}

/// Gives a descriptor to the supervisor to keep (`FDSTORE=1` of sd_notify(3)): it is passed under this name to the next
/// process of the role, and takes the place of what was kept under this name before.
///
/// # Errors
/// If there is no supervisor that takes it.
pub fn keep(name: &str, descriptor: BorrowedFd<'_>) -> io::Result<()> {
    tell(&format!("FDSTORE=1\nFDNAME={name}"), Some(descriptor))
}

/// Lets the supervisor close what it keeps under this name, and waits until it has done so.
///
/// # Errors
/// If there is no supervisor, or none that answers.
pub fn forget(name: &str) -> io::Result<()> {
    tell(&format!("FDSTOREREMOVE=1\nFDNAME={name}"), None)?;
    // It closes this end when it has taken everything said before (sd_notify_barrier(3)).
    let (done, end) = io::pipe()?;
    tell("BARRIER=1", Some(end.as_fd()))?;
    drop(end);
    let mut waited = [PollFd::new(done.as_fd(), PollFlags::POLLIN)];
    match poll(&mut waited, PollTimeout::from(FORGOTTEN_WITHIN_MS))? {
        0 => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

/// Says something to the supervisor, with a descriptor or without.
fn tell(text: &str, descriptor: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let path = env::var_os("NOTIFY_SOCKET").ok_or(io::ErrorKind::NotFound)?;
    let address = UnixAddr::new(std::path::Path::new(&path))?;
    let socket = UnixDatagram::unbound()?;
    let numbers: Vec<RawFd> = descriptor.iter().map(AsRawFd::as_raw_fd).collect();
    let control = [ControlMessage::ScmRights(&numbers)];
    let control = if numbers.is_empty() { &[][..] } else { &control[..] };
    let pieces = [IoSlice::new(text.as_bytes())];
    sendmsg(socket.as_raw_fd(), &pieces, control, MsgFlags::MSG_NOSIGNAL, Some(&address))?;
    Ok(())
}

/// What the environment says.
struct Claim<'a> {
    count: &'a str,
    names: &'a str,
    pid: &'a str,
}

impl Claim<'_> {
    /// One name for each descriptor.
    fn names(&self, own: u32) -> Result<Vec<String>, NotPassed> {
        if !self.pid.is_empty() && self.pid.parse() != Ok(own) {
            return Err(NotPassed::NotForUs(self.pid.to_owned()));
        }
        let count = self.count.parse().ok().filter(|count| (1..=PASSED_MAX).contains(count));
        let count = count.ok_or(NotPassed::None)?;
        let named = self.names.split(':').map(str::to_owned);
        Ok(named.chain(std::iter::repeat_with(|| UNNAMED.to_owned())).take(count).collect())
    }
}

static TAKEN: AtomicBool = AtomicBool::new(false);

/// Where passed descriptors begin (SD_LISTEN_FDS_START).
const FIRST: RawFd = 3;

/// What a descriptor without a name is called (sd_listen_fds_with_names(3)).
const UNNAMED: &str = "unknown";

/// Descriptors that are passed: a role is given a handful of sockets, and what it has kept.
pub const PASSED_MAX: usize = 64;

/// The supervisor answers in one turn of its loop.
const FORGOTTEN_WITHIN_MS: u16 = 5000;

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: &str, names: &str, pid: &str) -> Result<Vec<String>, String> {
        Claim { count, names, pid }.names(7).map_err(|error| error.to_string())
    }

    #[test]
    fn each_descriptor_has_a_name_even_if_none_was_given() {
        assert_eq!(names("2", "media", "").unwrap(), ["media", "unknown"]);
        assert_eq!(names("1", "media:more", "7").unwrap(), ["media"]);
    }

    #[test]
    fn what_is_meant_for_another_process_or_makes_no_sense_is_not_taken() {
        assert!(names("1", "media", "8").unwrap_err().contains("process 8"));
        for count in ["", "0", "-1", "x", "65", "99999999999999999999"] {
            assert!(names(count, "media", "").is_err(), "{count}");
        }
    }

    #[test]
    fn a_process_that_was_passed_nothing_is_told_how_to_be() {
        let error = Passed::take().unwrap_err();
        assert!(error.to_string().contains("LISTEN_FDS"), "{error}");
    }
}
