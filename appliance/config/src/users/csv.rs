//! Users as a table of text: a line of names, then a line for each user.
//!
//! Commas, semicolons or tabs stand between the cells, whichever the first
//! line has most of; RFC 4180 says how a cell is quoted.

mod lines;

pub(super) use lines::{Line, Lines};

use super::fields::{self, FieldSpec};
use super::read::Reading;
use super::unique::Places;
use super::{User, Users};
use crate::flaw::{Flaws, Notice, Place};
use crate::model::Model;
use std::collections::{BTreeMap, BTreeSet};

/// Which column is which field, where the columns have names of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(BTreeMap<String, Option<&'static str>>);

/// The mapping is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMapping {
    /// Not `COLUMN=FIELD`.
    #[error("{0:?}: expected COLUMN=FIELD, or COLUMN= to leave a column out")]
    Form(String),
    /// No such field.
    #[error("there is no field {0:?}")]
    Field(String),
}

impl std::str::FromStr for Mapping {
    type Err = BadMapping;

    /// `COLUMN=FIELD`, with commas between; without a field the column is left out.
    fn from_str(text: &str) -> Result<Self, BadMapping> {
        let mut columns = BTreeMap::new();
        for pair in text.split(',') {
            let (column, field) =
                pair.split_once('=').ok_or_else(|| BadMapping::Form(pair.to_owned()))?;
            let field = match field.trim() {
                "" => None,
                name => {
                    Some(fields::find(name).ok_or_else(|| BadMapping::Field(name.into()))?.name)
                }
            };
            columns.insert(folded(column), field);
        }
        Ok(Self(columns))
    }
}

impl Users {
    /// Reads users from a table whose first line names the fields, or columns that are mapped to fields.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn read_csv(
        model: &Model,
        file: &str,
        text: &str,
        mapping: &Mapping,
    ) -> Result<(Self, Vec<Notice>), Flaws> {
        let mut reading = Reading::new(file, model);
        match Lines::new(text) {
            Ok(lines) => table(lines, mapping, &mut reading),
            Err((place, what)) => reading.flaw(place, what),
        }
        reading.finish()
    }

    /// The users as a table with commas, with a column for each field that somebody has. It holds the passwords in
    /// clear, but neither attributes nor handsets of nobody.
    #[must_use]
    pub fn write_csv(&self) -> String {
        let columns = self.columns();
        let names = columns.iter().map(|(name, _)| *name).collect();
        let cells = |user: &User| -> Vec<String> {
            let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            user.texts().for_each(|(name, text)| texts.entry(name).or_default().push(text));
            let cell = |(name, nth): &(&str, usize)| texts.get(name)?.get(*nth).copied();
            columns.iter().map(|column| cell(column).unwrap_or_default().to_owned()).collect()
        };
        lines::write(names, self.users.iter().map(cells))
    }

    /// The names that users have texts of, with how many of the same name there are before.
    fn columns(&self) -> Vec<(&str, usize)> {
        let mut used = BTreeSet::new();
        for user in &self.users {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for (name, _) in user.texts().filter(|(name, _)| !name.contains('@')) {
                let nth = counts.entry(name).or_default();
                let known = fields::find(name).map_or(usize::MAX, |spec| spec.place);
                used.insert((known, name, *nth));
                *nth += 1;
            }
        }
        used.into_iter().map(|(_, name, nth)| (name, nth)).collect()
    }
}

fn table(mut lines: Lines<'_>, mapping: &Mapping, reading: &mut Reading<'_>) {
    let Some(names) = lines.next() else {
        let place = Place { line: 1, column: 1 };
        return reading.flaw(place, "the file is empty; expected a line of names".into());
    };
    let columns = columns(&names, mapping, reading);
    lines.for_each(|line| row(&line, &columns, reading));
}

/// What a column holds.
enum Column {
    Field(&'static FieldSpec),
    Kept(String),
    LeftOut,
}

fn columns(names: &Line, mapping: &Mapping, reading: &mut Reading<'_>) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
    for (name, place) in &names.0 {
        let column = match (mapping.0.get(&folded(name)), known(name)) {
            (Some(None), _) => Column::LeftOut,
            (Some(Some(field)), _) => fields::find(field).map_or(Column::LeftOut, Column::Field),
            (None, Some(spec)) => Column::Field(spec),
            (None, None) => unknown(name, *place, reading),
        };
        if let Column::Field(spec) = &column
            && let Some(first) = seen.insert(spec.name, *place)
        {
            reading.flaw(
                *place,
                format!("a second column for {}; the first is at {first}", spec.name),
            );
        }
        columns.push(column);
    }
    if !["username", "localno"].iter().any(|name| seen.contains_key(name)) {
        let what = "the first line names no column for the user name; expected the names of fields, such as \
                    username,ipei,displayname, or a mapping";
        reading.flaw(names.place(), what.into());
    }
    columns
}

fn unknown(name: &str, place: Place, reading: &mut Reading<'_>) -> Column {
    if name.is_empty() {
        return Column::LeftOut;
    }
    let plain = name.strip_suffix('/').unwrap_or(name);
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if plain.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && plain.chars().all(letter)
    {
        return Column::Kept(name.to_owned());
    }
    let shown: String = name.chars().take(SHOWN_MAX).collect();
    reading.say(place, format!("the column \"{shown}\" is left out; no field has this name"));
    Column::LeftOut
}

fn row(line: &Line, columns: &[Column], reading: &mut Reading<'_>) {
    if line.0.iter().all(|(text, _)| text.is_empty()) || !reading.begin(line.place()) {
        return;
    }
    let mut user = User::default();
    let mut places = Places::new(line.place());
    for (nth, (text, place)) in line.0.iter().enumerate() {
        match columns.get(nth) {
            _ if text.is_empty() => {}
            _ if text.chars().count() > CELL_MAX => {
                reading.flaw(*place, format!("expected at most {CELL_MAX} characters in a cell"));
            }
            Some(Column::Field(spec)) => {
                reading.field(spec, (*place, text), &mut user, &mut places);
            }
            Some(Column::Kept(name)) => {
                let pair = (name.clone(), text.clone());
                reading.keep(pair, &mut user, &mut places, *place);
            }
            Some(Column::LeftOut) => {}
            None => {
                reading.flaw(*place, "a cell without a column; the first line names fewer".into());
            }
        }
    }
    reading.end(user, places);
}

/// The field that a column is named after, however it is spelt: `Standby text` is `standbytext`.
fn known(name: &str) -> Option<&'static FieldSpec> {
    let name = folded(name);
    fields::ALL.iter().copied().find(|spec| folded(spec.name) == name)
}

/// Small letters and digits only.
pub(super) fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// As much as an element of the XML file may hold.
const CELL_MAX: usize = 65_536;
/// Of a foreign name in a message.
const SHOWN_MAX: usize = 60;
