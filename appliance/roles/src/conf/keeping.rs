//! What is in force, and how it changes.

use super::trial::{Return, Trial};
use super::users::{Changes, form};
use crate::causes::with_causes;
use crate::records;
use bus::conf1::{Ask, Author, Keep, Outcome, Rfp, Subscription};
use config::roster::{Change, Roster};
use config::trial::Event;
use config::{Config, Export, Secrets};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::{Commit, Database, StoreError, device_key};
use tokio::sync::watch;

/// Everything the role keeps.
pub(super) struct Keeping {
    pub(super) folder: PathBuf,
    pub(super) database: Database,
    pub(super) config: Config,
    pub(super) roster: Roster,
    pub(super) generation: u64,
    pub(super) changes: Changes,
    pub(super) trial: Trial,
    now: watch::Sender<(u64, u64)>,
    /// What a person has to see to; the files of the administrator add theirs.
    pub(super) alarms: Vec<String>,
    /// The disk has not taken the last change.
    refused: Option<String>,
    /// When the database is looked at and copied next.
    care_at: Instant,
}

/// A change that somebody wants.
pub(super) struct Wish<'a> {
    pub(super) author: &'a Author,
    /// In a few words, for the history.
    pub(super) what: &'a str,
    /// The settings as they are to be.
    pub(super) config: Option<Config>,
    /// The users as they are to be.
    pub(super) roster: Option<Roster>,
    /// What an administrator should know of what was given.
    pub(super) notices: Vec<String>,
}

impl Keeping {
    /// Opens the database in this folder, which is made if it is not there.
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let (sealer, key_alarm) = device_key(folder)?;
        let (mut database, mut alarms) = Database::open(folder, sealer)?;
        alarms.extend(key_alarm);
        let stored = database.load()?;
        alarms.extend(stored.alarms);
        let alarms = alarms.iter().map(ToString::to_string).collect();
        let (config, notices) = Config::from_entries(stored.settings);
        let (roster, unread) = Roster::from_rows(stored.users);
        let generation = stored.generation;
        let mut keeping = Self {
            folder: folder.to_owned(),
            database,
            config,
            roster,
            generation,
            changes: Changes::begin(generation),
            trial: Trial::open(folder),
            now: watch::Sender::new((generation, generation)),
            alarms,
            refused: None,
            care_at: Instant::now() + CARE_AFTER,
        };
        keeping.alarms.extend(notices.into_iter().map(|notice| notice.what));
        let unread =
            unread.into_iter().map(|(key, why)| format!("user {key} is not in force: {why}"));
        keeping.alarms.extend(unread);
        for alarm in &keeping.alarms {
            tracing::error!("{alarm}");
        }
        let found = keeping.trial.found(Instant::now());
        keeping.follow_up(found);
        Ok(keeping)
    }

    /// What a person has to see to.
    pub(super) fn alerts(&self) -> Vec<String> {
        let trial = self.trial.back_to().map(|back_to| {
            format!("generation {} waits to be confirmed (`appliance ctl confirm`), else the settings of {back_to} return", self.generation)
        });
        self.alarms.iter().chain(&self.refused).cloned().chain(trial).collect()
    }

    /// When [`Self::expire`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.trial.deadline()
    }

    /// Sees to what was waited for in vain.
    pub(super) fn expire(&mut self) {
        self.expire_at(Instant::now());
    }

    pub(super) fn expire_at(&mut self, now: Instant) {
        let wanted = self.trial.expire(now);
        self.follow_up(wanted);
    }

    /// Uses a quiet moment for the disk's sake.
    pub(super) fn idle(&mut self) {
        self.idle_at(Instant::now());
    }

    pub(super) fn idle_at(&mut self, now: Instant) {
        if let Err(error) = self.database.checkpoint() {
            tracing::warn!(%error, "the database could not be tidied up");
        }
        if now < self.care_at {
            return;
        }
        self.care_at = now + CARE_EVERY;
        let cared = self.database.integrity_check().and_then(|()| self.database.snapshot());
        if let Err(error) = cared {
            let alarm =
                format!("the database's daily check and copy failed: {}", with_causes(&error));
            tracing::error!("{alarm}");
            self.refused = Some(alarm);
        }
    }

    /// The last thing that is done.
    pub(super) fn close(mut self) {
        if let Err(error) = self.database.checkpoint() {
            tracing::warn!(%error, "the database could not be closed in order; nothing is lost");
        }
    }

    /// Answers one question. Whoever has hung up meanwhile gets no answer.
    pub(super) fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Settings(answer) => drop(answer.send((self.generation, self.config.write()))),
            Ask::Users(since, answer) => drop(answer.send(self.changes.news(&self.roster, since))),
            Ask::User(key, answer) => drop(answer.send(self.roster.row(&key).map(form))),
            Ask::Subscriptions(answer) => drop(answer.send(self.subscriptions())),
            Ask::Keep(keep, answer) => drop(answer.send(self.keep(&keep))),
            Ask::Follow(answer) => drop(answer.send(self.now.subscribe())),
            Ask::ImportSettings(author, name, file, answer) => {
                drop(answer.send(self.import_settings(&author, &name, &file)));
            }
            Ask::ImportUsers(author, name, file, answer) => {
                drop(answer.send(self.import_users(&author, &name, &file)));
            }
            Ask::Set(author, values, answer) => drop(answer.send(self.set(&author, &values))),
            Ask::ChangeUsers(author, put, removed, answer) => {
                drop(answer.send(self.change_users(&author, put, &removed)));
            }
            Ask::ExportSettings(guide, answer) => {
                let what = Export { secrets: Secrets::Clear, ours: !guide };
                drop(answer.send(self.config.export(&what)));
            }
            Ask::ExportUsers(answer) => drop(answer.send(self.export_users())),
            Ask::History(limit, answer) => drop(answer.send(self.history(limit))),
            Ask::Undo(author, to, answer) => drop(answer.send(self.undo(&author, to))),
            Ask::Confirm(author, answer) => drop(answer.send(self.confirm(&author))),
            Ask::Standing(answer) => drop(answer.send(self.standing())),
        }
    }

    fn subscriptions(&mut self) -> Result<(Vec<Subscription>, Vec<Rfp>), String> {
        let stored = self.database.radio().map_err(said)?;
        let subscriptions = stored.subscriptions.iter().map(records::form).collect();
        Ok((subscriptions, stored.rfps.iter().map(records::rfp_form).collect()))
    }

    fn keep(&mut self, keep: &Keep) -> Result<(), String> {
        let changes = records::changes(keep).map_err(|error| error.to_string())?;
        let kept = self.database.keep(&changes).map_err(said);
        self.noted(kept)
    }

    /// Makes a change, if it is one and may be made.
    pub(super) fn make(&mut self, wish: Wish<'_>) -> Result<Outcome, String> {
        let author = wish.author;
        if author.base != 0 && author.base != self.generation {
            return Err(self.stale(author.base));
        }
        let waits = self.trial.back_to().is_some() && wish.config.is_some();
        if waits && author.confirm_within_s == 0 && !author.only_look {
            return Err("other settings wait to be confirmed; confirm them first, or wait until they have returned".into());
        }
        self.made(wish)
    }

    pub(super) fn made(&mut self, wish: Wish<'_>) -> Result<Outcome, String> {
        let author = wish.author;
        let trial = author.confirm_within_s > 0;
        let users = wish.roster.as_ref().map(|new| self.roster.difference(new)).unwrap_or_default();
        let settings = wish.config.as_ref().map(|new| self.config.difference(new));
        let settings = settings.unwrap_or_default();
        let outcome = Outcome {
            generation: self.generation,
            notices: wish.notices,
            differences: differences(&settings, &users),
            changed: u32::try_from(settings.len() + users.len()).unwrap_or(u32::MAX),
        };
        if outcome.changed == 0 || author.only_look {
            return Ok(outcome);
        }
        if trial {
            let within = Duration::from_secs(author.confirm_within_s.min(TRIAL_MAX_S).into());
            let asked = self.trial.ask(Instant::now(), self.generation, within);
            asked.map_err(|error| {
                format!(
                    "nothing was changed, since what to return to could not be remembered: {error}"
                )
            })?;
        }
        let commit = Commit {
            who: author.who.clone(),
            from: author.from.clone(),
            what: wish.what.to_owned(),
            base: Some(self.generation),
            settings: wish.config.as_ref().map(Config::entries),
            users,
        };
        let committed = self.database.commit(&commit).map_err(said);
        let users = commit.users;
        let event = if committed.is_ok() { Event::Committed } else { Event::Failed };
        if trial {
            let _ = self.trial.handle(Instant::now(), event);
        }
        self.generation = self.noted(committed)?.number;
        self.config = wish.config.unwrap_or_else(|| std::mem::take(&mut self.config));
        if let Some(roster) = wish.roster {
            self.roster = roster;
        }
        if !users.is_empty() {
            self.changes.add(self.generation, users);
        }
        tracing::info!(
            generation = self.generation,
            who = author.who,
            from = author.from,
            differences = outcome.changed,
            "{}",
            wish.what
        );
        self.now.send_replace((self.generation, self.changes.number()));
        Ok(Outcome { generation: self.generation, ..outcome })
    }

    /// Puts back what nobody has confirmed, if that is what follows.
    fn follow_up(&mut self, wanted: std::io::Result<Option<Return>>) {
        let back_to = match wanted {
            Ok(Some(Return(back_to))) => back_to,
            Ok(None) => return,
            Err(error) => {
                return tracing::error!(%error, "what was remembered of a trial cannot be read");
            }
        };
        let returned = self.give_back(back_to);
        let event = if returned.is_ok() { Event::Returned } else { Event::NotReturned };
        if let Err(why) = returned {
            tracing::error!(
                back_to,
                "settings that nobody has confirmed cannot be taken back: {why}"
            );
        }
        let _ = self.trial.handle(Instant::now(), event);
    }

    /// The settings of this generation; users that have changed meanwhile stay as they are.
    fn give_back(&mut self, back_to: u64) -> Result<(), String> {
        let then = self.database.content_at(back_to).map_err(said)?;
        then.alarms.iter().for_each(|alarm| tracing::error!("{alarm}"));
        let (config, _) = Config::from_entries(then.settings);
        let author = Author { who: "conf".into(), from: "itself".into(), ..Author::default() };
        let what = format!("nobody has confirmed: the settings of generation {back_to} return");
        let wish = Wish {
            author: &author,
            what: &what,
            config: Some(config),
            roster: None,
            notices: Vec::new(),
        };
        self.made(wish).map(drop)
    }

    pub(super) fn stale(&self, base: u64) -> String {
        StoreError::Stale { base, now: self.generation }.to_string()
    }

    /// Remembers whether the disk takes changes, for the alerts.
    fn noted<T>(&mut self, done: Result<T, String>) -> Result<T, String> {
        match &done {
            Ok(_) => self.refused = None,
            Err(why) => {
                tracing::error!("a change could not be kept: {why}");
                self.refused = Some(why.clone());
            }
        }
        done
    }
}

/// What would be different, one line each, as many as are told.
fn differences(settings: &[config::Change], users: &[Change]) -> Vec<String> {
    let users = users.iter().map(|change| match change {
        Change::Added(row) => format!("user {} is added", row.key),
        Change::Changed(row) => format!("user {} is changed", row.key),
        Change::Removed(key) => format!("user {key} is removed"),
    });
    settings.iter().map(ToString::to_string).chain(users).take(Outcome::TOLD_MAX).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
pub(super) fn said(error: StoreError) -> String {
    with_causes(&error)
}

/// After the start, when the calls that waited for it have been made.
const CARE_AFTER: Duration = Duration::from_mins(2);
/// How old the newest copy of the database gets.
const CARE_EVERY: Duration = Duration::from_hours(24);
/// A day; who is away for longer has not seen what he has done.
const TRIAL_MAX_S: u32 = 86_400;
