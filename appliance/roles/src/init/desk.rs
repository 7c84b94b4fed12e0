//! What is asked of the box beyond its roles: another slot, a factory reset, an address.

use super::boot_state::BootRecord;
use super::console::say;
use super::feeder::Feeder;
use crate::household::Ordered;
use crate::network;
use os::process::{Child, Ended, Program};
use std::ffi::CString;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};
use store::{Disk, write_durably};
use supervise::boot::{Line, Slot as Booted};
use supervise::control::{Mode, Other, Request, Scope, Standing};
use update::bootstate::{Reset, SlotState};

/// The box, apart from its roles.
pub(super) struct Desk {
    slot: Option<Booted>,
    /// The kernel's command line has set the address.
    address_fixed: bool,
}

impl Desk {
    /// Has the form of a virtual appliance read at the first start, and waits until that is done: the role `net` begins with
    /// what it says.
    pub(super) fn open(line: &Line, feeder: &mut Feeder) -> Self {
        match form() {
            Ok(child) => match wait(&child, FORM_MAX, feeder) {
                Some(Ended::Code(_)) => {}
                Some(how @ Ended::Signal(_)) => {
                    say(&format!(
                        "the form of the appliance is not read: its reader has ended {how}"
                    ));
                }
                None => say("the form of the appliance is not read: its reader does not end"),
            },
            Err(error) => say(&format!("the form of the appliance is not read: {error}")),
        }
        if let Err(error) = network::make_files() {
            say(&format!("the network cannot be written down: {error}"));
        }
        Self { slot: line.slot.filter(|_| !line.diskless), address_fixed: line.net.is_some() }
    }

    pub(super) fn standing(&self, record: Option<&BootRecord>) -> Standing {
        let other = record.and_then(BootRecord::other).map_or(Other::None, |state| match state {
            SlotState::Empty => Other::Empty,
            SlotState::Good | SlotState::Trial { left: 1.. } => Other::Whole,
            SlotState::Bad | SlotState::Trial { left: 0 } => Other::GivenUp,
        });
        let trial = record.is_some_and(BootRecord::on_trial);
        Standing {
            slot: self.slot,
            other,
            mode: if trial { Mode::Trial } else { Mode::Normal },
            address_fixed: self.address_fixed,
        }
    }

    pub(super) fn order(request: &Request, record: Option<&mut BootRecord>) -> Ordered {
        let done = |done: bool| if done { Ordered::Reboot } else { Ordered::Refused };
        match request {
            Request::OtherSlot => done(record.is_some_and(BootRecord::switch)),
            Request::Reset(scope) => {
                let scope = match scope {
                    Scope::Network => Reset::Network,
                    Scope::Config => Reset::Config,
                    Scope::Full => Reset::Full,
                    Scope::Decommission => Reset::Decommission,
                };
                // Done before anything is mounted, so that a power cut in the middle only begins it anew.
                let wanted = record.is_some_and(|record| record.request_reset(scope));
                if wanted {
                    say("a factory reset is wanted: starting anew for it");
                }
                done(wanted)
            }
            Request::Address(fixed) => Self::address(Some(network::file::text(fixed))),
            Request::AsItWas => Self::address(None),
            _ => Ordered::Refused,
        }
    }

    /// Keeps or forgets an address, for the role `net`.
    fn address(text: Option<String>) -> Ordered {
        let folder = Path::new(network::FOLDER);
        let path = folder.join(network::CONSOLE);
        let kept = match text {
            Some(text) => std::fs::create_dir_all(folder)
                .and_then(|()| write_durably(&mut Disk, &path, text.as_bytes())),
            None => match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        };
        match kept {
            Ok(()) => Ordered::Network,
            Err(error) => {
                tracing::error!(%error, "the address cannot be kept");
                Ordered::Refused
            }
        }
    }
}

/// Starts the reader of the form.
fn form() -> io::Result<Child> {
    let word = |word: &str| CString::new(word).map_err(io::Error::other);
    let program = Program {
        path: word(super::EXECUTABLE)?,
        words: vec![word(network::NAME)?],
        environment: Vec::new(),
        descriptors: Vec::new(),
        group: None,
    };
    program.spawn()
}

/// Waits until a child has ended, at most for so long; then it is killed. Orphans are let go meanwhile.
pub(super) fn wait(child: &Child, limit: Duration, feeder: &mut Feeder) -> Option<Ended> {
    let began = Instant::now();
    loop {
        feeder.feed();
        match os::process::ended() {
            Ok(Some((pid, how))) => {
                let _ = os::process::reap(pid);
                if pid == child.pid() {
                    return Some(how);
                }
            }
            _ if began.elapsed() > limit => {
                let _ = child.signal(nix::sys::signal::Signal::SIGKILL);
                let _ = os::process::reap(child.pid());
                return None;
            }
            _ => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// A drive may have to find out first what is in it.
const FORM_MAX: Duration = Duration::from_secs(20);
