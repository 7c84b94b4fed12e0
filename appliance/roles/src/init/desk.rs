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
    /// What the kernel's command line has set, which wins.
    address: Option<String>,
    /// The helper that sets up the network.
    helper: Option<u32>,
}

impl Desk {
    /// Sets up the network and waits until that is done: roles that begin find it as it is to be.
    pub(super) fn open(line: &Line, feeder: &mut Feeder) -> Self {
        let desk = Self {
            slot: line.slot.filter(|_| !line.diskless),
            address: line.net.clone(),
            helper: None,
        };
        match desk.network() {
            Ok(child) => match wait(&child, NETWORK_MAX, feeder) {
                Some(Ended::Code(_)) => {}
                Some(how @ Ended::Signal(_)) => {
                    say(&format!("the network is not set up: its helper has ended {how}"));
                }
                None => say("the network is not set up: its helper does not end"),
            },
            Err(error) => say(&format!("the network is not set up: {error}")),
        }
        desk
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
            address_fixed: self.address.is_some(),
        }
    }

    pub(super) fn order(&mut self, request: &Request, record: Option<&mut BootRecord>) -> Ordered {
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
            Request::Address(fixed) => self.address(Some(network::file::text(fixed))),
            Request::AsItWas => self.address(None),
            _ => Ordered::Refused,
        }
    }

    /// Keeps or forgets an address, and sets up the network anew.
    fn address(&mut self, text: Option<String>) -> Ordered {
        if self.helper.is_some() {
            return Ordered::Refused;
        }
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
        let begun = kept.and_then(|()| self.network());
        match begun {
            Ok(child) => {
                self.helper = Some(child.pid());
                Ordered::Done
            }
            Err(error) => {
                tracing::error!(%error, "the address cannot be kept");
                Ordered::Refused
            }
        }
    }

    /// Whether this was the helper, and the address is another one now.
    pub(super) fn stranger_ended(&mut self, pid: u32, how: Ended) -> bool {
        if self.helper != Some(pid) {
            return false;
        }
        self.helper = None;
        if !matches!(how, Ended::Code(_)) {
            tracing::error!(%how, "the helper that sets up the network has ended");
        }
        how == Ended::Code(network::CHANGED.into())
    }

    fn network(&self) -> io::Result<Child> {
        let word = |word: &str| CString::new(word).map_err(io::Error::other);
        let words = std::iter::once(network::NAME).chain(self.address.as_deref()).map(word);
        let program = Program {
            path: word(super::EXECUTABLE)?,
            words: words.collect::<io::Result<_>>()?,
            environment: Vec::new(),
            descriptors: Vec::new(),
            group: None,
        };
        program.spawn()
    }
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
const NETWORK_MAX: Duration = Duration::from_secs(20);
