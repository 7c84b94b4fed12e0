//! The boot state on the disk: read, and written by the rules of `update::bootstate`.

use super::disk::Disk;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use supervise::boot::Slot as Booted;
use update::bootstate::{BootState, PARTITION_SECTORS, Reset, SECTOR_LEN, Slot, SlotState};
use update::bootstate::{Copies, Why};

/// The open partition, and what it says.
#[derive(Debug)]
pub(super) struct BootRecord {
    partition: File,
    copies: Copies,
    running: Option<Slot>,
}

impl BootRecord {
    /// Reads the one on the disk of the running slot; `None` where it cannot be read.
    pub(super) fn open(disk: &Disk, booted: Option<Booted>) -> Option<Self> {
        let device = disk.partition("bootstate")?.device;
        let opened =
            File::options().read(true).write(true).open(device).and_then(|mut partition| {
                let length = usize::try_from(PARTITION_SECTORS).unwrap_or(0) * SECTOR_LEN;
                let mut octets = vec![0; length];
                partition.read_exact(&mut octets)?;
                Ok((partition, Copies::of_partition(&octets)))
            });
        match opened {
            Ok((partition, copies)) => {
                let running = match booted {
                    Some(Booted::A) => Some(Slot::A),
                    Some(Booted::B) => Some(Slot::B),
                    Some(Booted::Recovery) | None => None,
                };
                Some(Self { partition, copies, running })
            }
            Err(error) => {
                tracing::error!(%error, "the boot state cannot be read");
                None
            }
        }
    }

    /// What it says.
    pub(super) fn state(&self) -> BootState {
        self.copies.state()
    }

    /// Whether the running slot has to show that it works.
    pub(super) fn on_trial(&self) -> bool {
        let slot = self.running.map(|slot| self.state().slot(slot).state);
        matches!(slot, Some(SlotState::Trial { .. }))
    }

    /// Writes down which slot the boot loader has taken.
    pub(super) fn settle(&mut self) {
        if let Some(running) = self.running {
            self.change(|state| state.settled(running));
        }
    }

    /// The running slot works.
    pub(super) fn confirm(&mut self) {
        if let Some(running) = self.running {
            self.change(|state| state.confirmed(running));
        }
    }

    /// The running slot was not healthy in time.
    pub(super) fn reject(&mut self) {
        if let Some(running) = self.running.filter(|_| self.on_trial()) {
            self.change(|state| state.rejected(running, Why::Health));
        }
    }

    /// What is to be taken away.
    pub(super) fn wanted_reset(&self) -> Option<Reset> {
        self.state().reset
    }

    /// What the slot that does not run holds.
    pub(super) fn other(&self) -> Option<SlotState> {
        self.running.map(|slot| self.state().slot(slot.other()).state)
    }

    /// The other slot is to boot; whether that stands on the disk.
    pub(super) fn switch(&mut self) -> bool {
        let switched = self.running.and_then(|running| self.state().switched(running).ok());
        switched.is_some_and(|wanted| self.becomes(wanted))
    }

    /// The next boot is to take this away; whether that stands on the disk.
    pub(super) fn request_reset(&mut self, scope: Reset) -> bool {
        self.becomes(self.state().reset_requested(scope))
    }

    fn becomes(&mut self, wanted: BootState) -> bool {
        self.change(|_| wanted);
        self.state() == wanted
    }

    /// It is taken away.
    pub(super) fn reset_done(&mut self) {
        self.change(BootState::reset_done);
    }

    fn change(&mut self, change: impl FnOnce(BootState) -> BootState) {
        let wanted = change(self.state());
        for write in self.copies.replace(wanted) {
            match self.write(&write) {
                Ok(()) => self.copies = self.copies.after(&write),
                Err(error) => {
                    tracing::error!(%error, "the boot state cannot be written");
                    return;
                }
            }
        }
    }

    /// One write, on the disk when this returns, and read back.
    fn write(&mut self, write: &update::bootstate::Write) -> io::Result<()> {
        let at = write.copy.sector() * SECTOR_LEN as u64;
        self.partition.seek(SeekFrom::Start(at))?;
        self.partition.write_all(&write.block)?;
        self.partition.sync_all()?;
        // From the disk, not from memory.
        nix::fcntl::posix_fadvise(
            &self.partition,
            0,
            0,
            nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED,
        )?;
        let mut read = write.block;
        self.partition.seek(SeekFrom::Start(at))?;
        self.partition.read_exact(&mut read)?;
        if read == write.block { Ok(()) } else { Err(io::Error::other("it reads back otherwise")) }
    }
}
