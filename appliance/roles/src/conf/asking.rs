//! What is asked of the keeping by those who change it, and by those who look at how it has changed.

use super::keeping::{Keeping, Wish, said};
use bus::conf1::{Author, Outcome, Row as Form, Standing};
use config::roster::{Change, Fields, Roster, Row};
use config::trial::Event;
use config::users::{Source, User, Users, fields};
use config::{Config, Notice, groups, model};
use std::time::Instant;
use store::Generation;

impl Keeping {
    /// Puts the settings of a file in the place of those there are.
    pub(super) fn import_settings(
        &mut self,
        author: &Author,
        name: &str,
        file: &[u8],
    ) -> Result<Outcome, String> {
        let (config, notices) = self.config.import_bytes(name, file).map_err(refused)?;
        let notices = placed(name, &notices);
        let what = format!("settings imported from {name}");
        self.make(Wish { author, what: &what, config: Some(config), roster: None, notices })
    }

    /// Puts the users of a file in the place of those there are.
    pub(super) fn import_users(
        &mut self,
        author: &Author,
        name: &str,
        file: &[u8],
    ) -> Result<Outcome, String> {
        let (users, notices) = Users::read_any(&self.source(), name, file).map_err(refused)?;
        let (roster, notices) = (self.roster.replaced(users), placed(name, &notices));
        let what = format!("users imported from {name}");
        self.make(Wish { author, what: &what, config: None, roster: Some(roster), notices })
    }

    /// Takes all settings away whose path, with `/` between its words, is not to be kept; one-way switches go too.
    pub(super) fn keep_only(
        &mut self,
        author: &Author,
        what: &str,
        keeps: fn(&str) -> bool,
    ) -> Result<(), String> {
        let kept = self.config.entries().into_iter().filter(|entry| keeps(&entry.path));
        let (config, _) = Config::from_entries(kept);
        let wish = Wish { author, what, config: Some(config), roster: None, notices: Vec::new() };
        self.made(wish).map(drop)
    }

    pub(super) fn set(
        &mut self,
        author: &Author,
        values: &[(String, String)],
    ) -> Result<Outcome, String> {
        let (config, notices) = self.config.with(values).map_err(refused)?;
        let notices = placed("", &notices);
        self.make(Wish {
            author,
            what: "settings changed",
            config: Some(config),
            roster: None,
            notices,
        })
    }

    pub(super) fn change_users(
        &mut self,
        author: &Author,
        put: Vec<Form>,
        removed: &[String],
    ) -> Result<Outcome, String> {
        let mut roster = self.roster.clone();
        for key in removed {
            let there = roster.user(key).is_some();
            if !there {
                return Err(format!("there is no user {key}; nothing was changed"));
            }
            roster.apply(&Change::Removed(key.clone())).map_err(|error| error.to_string())?;
        }
        for Form { key, fields } in put {
            let row = Row { key: key.clone(), fields: Fields::of(fields) };
            let wrong = |error| format!("user {key}: {error}; nothing was changed");
            let device = User::from_row(&row).map_err(wrong)?.get(&fields::IPEI);
            let holder = device.and_then(|ipei| roster.holder(ipei)).filter(|it| **it != *key);
            if let Some(holder) = holder {
                return Err(format!(
                    "user {key}: the handset is that of user {holder}; take it away there first; nothing was changed"
                ));
            }
            roster.apply(&Change::Added(row)).map_err(wrong)?;
        }
        // What holds between users is looked at by the reader of the file.
        let text = roster.to_users().write();
        Users::read_any(&self.source(), "users", text.as_bytes()).map_err(refused)?;
        self.make(Wish {
            author,
            what: "users changed",
            config: None,
            roster: Some(roster),
            notices: Vec::new(),
        })
    }

    /// For which model users are read.
    fn source(&self) -> Source {
        let name = self.config.text(groups::fixpart::MODEL.spec, 1);
        Source { model: model::find(name).unwrap_or(model::XL), ..Source::default() }
    }

    pub(super) fn export_users(&self) -> String {
        let closed = self.config.get(&groups::security::PASSWORDS_UNEXPORTABLE);
        let users = self.roster.to_users();
        if closed { users.write_masked() } else { users.write() }
    }

    pub(super) fn history(&mut self, limit: u32) -> Result<Vec<bus::conf1::Generation>, String> {
        let history = self.database.history(limit.min(HISTORY_MAX) as usize).map_err(said)?;
        let kept = |place| place <= Generation::UNDO_MAX;
        Ok(history.into_iter().enumerate().map(|(place, it)| generation(it, kept(place))).collect())
    }

    pub(super) fn undo(&mut self, author: &Author, to: u64) -> Result<Outcome, String> {
        if self.trial.back_to().is_some() {
            return Err(
                "a change waits to be confirmed; confirm it, or wait until it has returned".into(),
            );
        }
        let then = self.database.content_at(to).map_err(said)?;
        let (config, notices) = Config::from_entries(then.settings);
        let (config, latched) = self.config.keep_latches(config);
        let (roster, _) = Roster::from_rows(then.users);
        let mut notices = placed("", &notices);
        notices.extend(then.alarms.iter().map(ToString::to_string));
        notices.extend(
            latched.iter().map(|spec| {
                format!("{} stays as it is: only a factory reset loosens it", spec.path)
            }),
        );
        let what = format!("back to generation {to}");
        self.make(Wish { author, what: &what, config: Some(config), roster: Some(roster), notices })
    }

    pub(super) fn confirm(&mut self, author: &Author) -> Result<Outcome, String> {
        if self.trial.back_to().is_none() {
            return Err("nothing waits to be confirmed".into());
        }
        if author.base != 0 && author.base != self.generation {
            return Err(self.stale(author.base));
        }
        let _ = self.trial.handle(Instant::now(), Event::Confirmed);
        tracing::info!(
            generation = self.generation,
            who = author.who,
            from = author.from,
            "confirmed"
        );
        Ok(Outcome { generation: self.generation, ..Outcome::default() })
    }

    pub(super) fn standing(&self) -> Standing {
        let left = self.trial.deadline().map(|at| at.saturating_duration_since(Instant::now()));
        Standing {
            generation: self.generation,
            users: self.changes.number(),
            on_trial: self.trial.back_to().is_some(),
            back_to: self.trial.back_to().unwrap_or_default(),
            left_s: left.map_or(0, |left| u32::try_from(left.as_secs()).unwrap_or(u32::MAX)),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn refused(flaws: config::Flaws) -> String {
    format!("{flaws}\nnothing of it was applied")
}

fn placed(name: &str, notices: &[Notice]) -> Vec<String> {
    notices.iter().map(|notice| notice.of(name)).collect()
}

fn generation(generation: Generation, kept: bool) -> bus::conf1::Generation {
    let Generation { number, at_us, who, from, what, differences } = generation;
    bus::conf1::Generation { number, at_us, who, from, what, differences, kept }
}

/// Generations that are told at once.
const HISTORY_MAX: u32 = 1000;
