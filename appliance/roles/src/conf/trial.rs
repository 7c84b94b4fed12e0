//! What is remembered of a change on trial, where neither a power cut nor a death of the role can take it away.

use config::trial::{Action, Event, Out, State, Timer};
use machine::Effect;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::{Disk, Files as _, write_durably};

/// The trial of this database, if there is one.
pub(super) struct Trial {
    file: PathBuf,
    state: State,
    /// How long whoever has asked last wants to have.
    within: Duration,
    runs: Option<(Instant, Timer)>,
}

/// The settings of this generation are to be put in force.
pub(super) struct Return(pub(super) u64);

impl Trial {
    /// What an earlier process has left.
    pub(super) fn open(folder: &Path) -> Self {
        let (file, within) = (folder.join("trial"), Timer::Confirm.spec().default);
        Self { file, state: State::Settled, within, runs: None }
    }

    /// What is to return because an earlier process has not lived to see it confirmed.
    pub(super) fn found(&mut self, now: Instant) -> io::Result<Option<Return>> {
        let text = match std::fs::read_to_string(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        match text.trim().parse() {
            Ok(back_to) => self.handle(now, Event::Found { back_to }),
            // Written in one step, it is either whole or not ours.
            Err(_) => Disk.remove(&self.file).map(|()| None),
        }
    }

    /// A change is about to be made that must be confirmed within this time.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        generation: u64,
        within: Duration,
    ) -> io::Result<()> {
        self.within = within;
        self.handle(now, Event::Asked { now: generation }).map(drop)
    }

    /// Something has happened to the change, or to the return of what was before.
    pub(super) fn handle(&mut self, now: Instant, event: Event) -> io::Result<Option<Return>> {
        let mut out = Out::default();
        let before = self.state;
        self.state.handle(event, &mut out);
        if before != self.state {
            tracing::debug!(?before, ?event, after = ?self.state, "trial of settings");
        }
        let mut wanted = None;
        for effect in out.drain() {
            match effect {
                Effect::Act(Action::Remember { back_to }) => {
                    let remembered =
                        write_durably(&mut Disk, &self.file, back_to.to_string().as_bytes());
                    if let Err(error) = remembered {
                        // Nothing was changed yet, and nothing will be.
                        self.state = before;
                        return Err(error);
                    }
                }
                Effect::Act(Action::Forget) => self.forget(),
                Effect::Act(Action::Return { back_to }) => wanted = Some(Return(back_to)),
                Effect::Start(timer) => self.runs = Some((now + self.limit(timer), timer)),
                Effect::Stop(_) => self.runs = None,
            }
        }
        Ok(wanted)
    }

    /// What follows from time that has passed.
    pub(super) fn expire(&mut self, now: Instant) -> io::Result<Option<Return>> {
        match self.runs.take_if(|(at, _)| *at <= now) {
            Some((_, timer)) => self.handle(now, Event::Expired(timer)),
            None => Ok(None),
        }
    }

    /// When to ask again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.runs.map(|(at, _)| at)
    }

    /// The generation that would return.
    pub(super) const fn back_to(&self) -> Option<u64> {
        self.state.back_to()
    }

    fn limit(&self, timer: Timer) -> Duration {
        match timer {
            Timer::Confirm => self.within,
            Timer::Again => timer.spec().default,
        }
    }

    /// One that cannot be removed returns at the next start what is confirmed now; that is said, since nothing else
    /// can be done.
    fn forget(&self) {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let removed = Disk.remove(&self.file).and_then(|()| Disk.sync_folder(folder));
        if let Err(error) = removed {
            tracing::error!(%error, path = %self.file.display(), "what a trial would return to cannot be forgotten; remove this file, else the settings return at the next start");
        }
    }
}
