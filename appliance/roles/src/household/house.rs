//! What is held for one role, whether its process lives or not.

use super::HouseholdError;
use crate::entry::SUPERVISOR;
use nix::sys::signal::Signal;
use os::group::Group;
use os::heard::Ear;
use os::notify::Mailbox;
use os::process::{Child, Program};
use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use supervise::control::{Answer, RECORD, Record};
use supervise::init::Said;
use supervise::notify::{Descriptors, Message};
use supervise::role::Role;

/// What is held for one role, whether its process lives or not.
pub(crate) struct House {
    pub(crate) role: &'static Role,
    /// How often its group had been out of memory when it was last looked at.
    pub(crate) out_of_memory: u64,
    /// Where others call it: it stays open while the role is away, so that callers wait.
    listener: Option<UnixListener>,
    /// Where others leave it datagrams; open for the same reason.
    datagrams: Vec<(&'static str, Ear)>,
    /// Where it says READY; one for each role, so that it cannot speak for another.
    mailbox: Mailbox,
    mailbox_path: PathBuf,
    /// Our end of the control socket and the role's.
    control: Option<(UnixDatagram, UnixDatagram)>,
    /// What the role gave us to keep for its next process.
    stored: Vec<(String, OwnedFd)>,
    process: Option<Child>,
    was_ready: bool,
    starts: u32,
}

impl House {
    pub(crate) fn new(
        role: &'static Role,
        sockets: &Path,
        owner: Option<u32>,
    ) -> Result<Self, HouseholdError> {
        let fresh = |name: String| {
            let path = sockets.join(name);
            // What a killed supervisor has left.
            let _ = std::fs::remove_file(&path);
            path
        };
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| HouseholdError::Socket(path, error)
        };
        let mailbox_path = fresh(format!("{}.notify", role.name));
        let mailbox = Mailbox::open(&mailbox_path).map_err(failed(&mailbox_path))?;
        private(&mailbox_path, owner).map_err(failed(&mailbox_path))?;
        let listener = if role.listens {
            let path = fresh(socket_name(role.name));
            let listener = UnixListener::bind(&path).map_err(failed(&path))?;
            if owner.is_some() {
                // Whoever calls is looked at by the role itself, by the user that the kernel names.
                open_to_all(&path).map_err(failed(&path))?;
            }
            Some(listener)
        } else {
            None
        };
        let open = |name: &&'static str| {
            let path = fresh(datagram_name(name));
            let ear = Ear::open(&path).map_err(failed(&path))?;
            if owner.is_some() {
                open_to_all(&path).map_err(failed(&path))?;
            }
            Ok((*name, ear))
        };
        let datagrams = role.datagrams.iter().map(open).collect::<Result<_, _>>()?;
        let control =
            if role.asks.is_empty() { None } else { Some(control().map_err(failed(sockets))?) };
        Ok(Self {
            role,
            out_of_memory: 0,
            listener,
            datagrams,
            mailbox,
            mailbox_path,
            control,
            stored: Vec::new(),
            process: None,
            was_ready: false,
            starts: 0,
        })
    }

    /// What is to be waited for.
    pub(crate) fn watched(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let control = self.control.as_ref().map(|(ours, _)| ours.as_fd());
        std::iter::once(self.mailbox.as_fd()).chain(control)
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Child::pid)
    }

    pub(crate) const fn starts(&self) -> u32 {
        self.starts
    }

    /// Its process is gone; whether that had been ready.
    pub(crate) fn left(&mut self) -> bool {
        self.process = None;
        std::mem::take(&mut self.was_ready)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Option<io::Result<()>> {
        self.process.as_ref().map(|process| process.signal(signal))
    }

    pub(crate) fn spawn(
        &mut self,
        executable: &Path,
        words: Vec<OsString>,
        group: Option<&Group>,
    ) -> io::Result<u32> {
        let mut names = Vec::new();
        let mut descriptors = Vec::new();
        if let Some(listener) = &self.listener {
            names.push(self.role.name);
            descriptors.push(listener.as_fd());
        }
        for (name, ear) in &self.datagrams {
            names.push(name);
            descriptors.push(ear.as_fd());
        }
        if let Some((_, theirs)) = &self.control {
            names.push(CONTROL);
            descriptors.push(theirs.as_fd());
        }
        for (name, stored) in &self.stored {
            names.push(name);
            descriptors.push(stored.as_fd());
        }
        // Without LISTEN_PID, which could only be set between fork and exec: the descriptors are for whoever is
        // started by this, and that is one process. The same holds for WATCHDOG_PID.
        let mut environment = vec![
            format!("NOTIFY_SOCKET={}", self.mailbox_path.display()),
            format!("LISTEN_FDS={}", descriptors.len()),
            format!("{SUPERVISOR}={}", std::process::id()),
            format!("LISTEN_FDNAMES={}", names.join(":")),
        ];
        if let Some(every) = self.role.watchdog {
            environment.push(format!("WATCHDOG_USEC={}", every.as_micros()));
        }
        let ours = |key: &OsString| {
            PROTOCOLS.iter().any(|protocol| key.as_encoded_bytes().starts_with(protocol.as_bytes()))
        };
        // Not all of it need be text.
        let inherited =
            std::env::vars_os().filter(|(key, _)| !ours(key)).map(|(mut key, value)| {
                key.push("=");
                key.push(value);
                key
            });
        let words = std::iter::once(OsString::from(self.role.name)).chain(words);
        let program = Program {
            path: c_string(executable.as_os_str().to_owned())?,
            words: words.map(c_string).collect::<io::Result<_>>()?,
            environment: environment
                .into_iter()
                .map(OsString::from)
                .chain(inherited)
                .map(c_string)
                .collect::<io::Result<_>>()?,
            descriptors,
            group: group.map(Group::as_fd),
        };
        let child = program.spawn()?;
        let pid = child.pid();
        self.process = Some(child);
        self.was_ready = false;
        self.starts = self.starts.saturating_add(1);
        Ok(pid)
    }

    /// What the next letter says that matters to the role's life; `None` if there is no letter.
    pub(crate) fn read_letter(&mut self, buffer: &mut [u8]) -> Option<Vec<Said>> {
        let letter = match self.mailbox.receive(buffer) {
            Ok(letter) => letter?,
            Err(error) => {
                tracing::error!(role = self.role.name, %error, "what it says cannot be read");
                return None;
            }
        };
        if self.pid() != Some(letter.pid) {
            // An earlier process of the role, one that it has started, or somebody else's.
            return Some(Vec::new());
        }
        let message = Message::parse(buffer.get(..letter.length).unwrap_or_default());
        if message.refused > 0 {
            tracing::debug!(role = self.role.name, lines = message.refused, "not understood");
        }
        if let Some(status) = &message.status {
            tracing::info!(role = self.role.name, "{status}");
        }
        if let Some(errno) = message.errno {
            tracing::warn!(role = self.role.name, errno, "says why it fails");
        }
        match message.descriptors {
            Descriptors::Store(name) => {
                for descriptor in letter.descriptors {
                    self.store(&name, descriptor);
                }
            }
            Descriptors::Remove(name) => self.stored.retain(|(stored, _)| *stored != name),
            // Everything said before has been taken: the letters come in their order. Dropping them tells.
            Descriptors::Barrier | Descriptors::Close => {}
        }
        self.was_ready |= message.said.contains(&Said::Ready);
        Some(message.said)
    }

    /// Keeps a descriptor for the role's next process. A name stands for one of them: what is kept again takes the
    /// place of what was kept before, so that a role which does so at each start does not fill the store.
    fn store(&mut self, name: &str, descriptor: OwnedFd) {
        self.stored.retain(|(stored, _)| stored != name);
        if self.stored.len() < STORED_MAX {
            self.stored.push((name.to_owned(), descriptor));
        } else {
            tracing::warn!(role = self.role.name, name, "has stored too many descriptors already");
        }
    }

    /// There will be no next process soon: what was kept for it is closed, so that callers are refused by the kernel
    /// and do not wait for nobody, and a role that dies of what it has kept begins without it.
    pub(crate) fn forget_stored(&mut self) {
        self.stored.clear();
    }

    /// The next question of a role that may ask.
    pub(crate) fn read_request(&self) -> Option<Record> {
        let (ours, _) = self.control.as_ref()?;
        let mut record = [0; RECORD + 1];
        let length = ours.recv(&mut record).ok()?;
        // One of another length is no record; the next one begins by itself.
        let record = record.get(..length)?;
        Some(record.try_into().unwrap_or([0; RECORD]))
    }

    pub(crate) fn send_answers(&self, answers: &[Answer]) {
        let Some((ours, _)) = &self.control else { return };
        for answer in answers {
            // A role that does not read has hung, which its watchdog finds out.
            let _ = ours.send(&answer.encode());
        }
    }
}

/// A pair of sockets that keep records apart; ours never waits.
fn control() -> io::Result<(UnixDatagram, UnixDatagram)> {
    let (ours, theirs) = UnixDatagram::pair()?;
    ours.set_nonblocking(true)?;
    Ok((ours, theirs))
}

fn private(path: &Path, owner: Option<u32>) -> io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    if owner.is_some() { chown(path, owner, owner) } else { Ok(()) }
}

fn open_to_all(path: &Path) -> io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))
}

fn c_string(text: OsString) -> io::Result<CString> {
    CString::new(text.into_vec()).map_err(io::Error::other)
}

/// The name of a role's listening socket within the folder of sockets.
#[must_use]
pub(crate) fn socket_name(role: &str) -> String {
    format!("{role}.sock")
}

/// The name of a datagram socket within the folder of sockets.
pub(crate) fn datagram_name(name: &str) -> String {
    format!("{name}.datagrams")
}

/// The name under which the control socket is passed.
pub(crate) const CONTROL: &str = "control";

/// Variables that concern this process and not those it starts (sd_listen_fds(3), sd_notify(3)).
const PROTOCOLS: &[&str] = &["NOTIFY_SOCKET", "LISTEN_", "WATCHDOG_", SUPERVISOR];

/// As many as a role has doors and links worth keeping.
const STORED_MAX: usize = 32;

// A role that was passed more would not begin.
const _: () = assert!(STORED_MAX + PASSED_BY_TABLE_MAX <= os::passed::PASSED_MAX);

/// More than any row of the table asks for: its listener, its datagram sockets, its control socket.
const PASSED_BY_TABLE_MAX: usize = 16;
