//! Commands that look at and change what the role `conf` keeps, of a running server or of a stopped one.

use bus::conf1::{Author, Generation, Outcome, Row};
use config::Config;
use config::roster::{self, Fields, secret};
use lan::log::Timestamp;
use lexopt::{Arg, Parser, ValueExt as _};
use roles::administer;
use roles::causes::with_causes;
use roles::client::{ClientError, Server};
use roles::stopped::{self, Answered, Touch};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What is asked of the role `conf`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The settings that are set, or these, or all of them.
    Show { paths: Vec<String>, all: bool },
    /// The settings as a file.
    Export { guide: bool },
    /// What an import of this file would change.
    Diff(PathBuf),
    /// Put the settings of this file in the place of those there are.
    Import(PathBuf, How),
    /// Set these, by path.
    Set(Vec<(String, String)>, How),
    /// The last generations.
    History(u32),
    /// Go back to a generation.
    Undo(u64),
    /// What is on trial stays.
    Confirm,
    /// All users.
    Users,
    /// The users as a file.
    ExportUsers,
    /// What an import of this file would change.
    DiffUsers(PathBuf),
    /// Put the users of this file in the place of those there are.
    ImportUsers(PathBuf),
    /// Make or change one user.
    SetUser(String, Vec<(String, String)>),
    /// Remove one user.
    RemoveUser(String),
}

/// How a change is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct How {
    /// Seconds within which it must be confirmed.
    pub(crate) confirm: u32,
    /// The generation that it is made to.
    pub(crate) base: u64,
}

/// Whether the words behind `config` or `users` are for the running server; else they are about a file alone.
pub(crate) fn is_for_server(parser: &mut Parser) -> bool {
    let Some(words) = parser.try_raw_args() else { return false };
    let words: Vec<_> = words.as_slice().iter().map(|word| word.to_string_lossy()).collect();
    let mut plain = 0;
    let mut after_state = false;
    for word in &words {
        plain += usize::from(!after_state && !word.starts_with("--"));
        after_state = word == "--state";
    }
    match words.first().map(AsRef::as_ref) {
        Some("check" | "convert") => false,
        Some("export") => plain == 1,
        _ => true,
    }
}

/// Reads the words behind `config` or `users`.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn parse(
    kind: &str,
    mut parser: Parser,
) -> Result<(Option<PathBuf>, Wish), lexopt::Error> {
    let word = match parser.next()? {
        Some(Arg::Value(word)) => word.string()?,
        _ => return Err(expected(kind, "").into()),
    };
    let word = word.as_str();
    let (mut state, mut words, mut how) = (None, Vec::new(), How::default());
    let (mut all, mut guide) = (false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("state") if state.is_none() => state = Some(PathBuf::from(parser.value()?)),
            Arg::Long("all") if word == "show" => all = true,
            Arg::Long("guide") if word == "export" => guide = true,
            Arg::Long("confirm") if matches!(word, "import" | "set") && kind == "config" => {
                how.confirm = parser.value()?.parse()?;
            }
            Arg::Long("base") if matches!(word, "import" | "set") && kind == "config" => {
                how.base = parser.value()?.parse()?;
            }
            Arg::Value(value) => words.push(value.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let wish = match (kind, word, &words[..]) {
        ("config", "show", paths) => {
            Wish::Show { paths: paths.iter().map(|it| (*it).to_owned()).collect(), all }
        }
        ("config", "export", []) => Wish::Export { guide },
        ("config", "diff", [file]) => Wish::Diff(file.into()),
        ("config", "import", [file]) => Wish::Import(file.into(), how),
        ("config", "set", values) if !values.is_empty() => Wish::Set(pairs(values)?, how),
        ("config", "history", []) => Wish::History(HISTORY),
        ("config", "history", [count]) => {
            Wish::History(count.parse().map_err(|_| "config history: expected a number")?)
        }
        ("config", "undo", [to]) => {
            Wish::Undo(to.parse().map_err(|_| "config undo: expected a generation's number")?)
        }
        ("users", "list", []) => Wish::Users,
        ("users", "export", []) => Wish::ExportUsers,
        ("users", "diff", [file]) => Wish::DiffUsers(file.into()),
        ("users", "import", [file]) => Wish::ImportUsers(file.into()),
        ("users", "set", [name, fields @ ..]) => Wish::SetUser((*name).to_owned(), pairs(fields)?),
        ("users", "remove", [name]) => Wish::RemoveUser((*name).to_owned()),
        _ => return Err(expected(kind, word).into()),
    };
    Ok((state, wish))
}

/// What may stand behind `config` or `users`, or behind this word of theirs.
fn expected(kind: &str, word: &str) -> String {
    let all = if kind == "users" { &EXPECTED_USERS } else { &EXPECTED_CONFIG };
    match all.iter().find(|it| it.split(' ').nth(1) == Some(word)) {
        Some(one) => format!("expected: {one}"),
        None => format!("expected: {}", all.join(", ")),
    }
}

fn pairs(words: &[&str]) -> Result<Vec<(String, String)>, lexopt::Error> {
    let pair = |word: &&str| {
        let (name, value) = word.split_once('=').ok_or("expected NAME=VALUE")?;
        Ok((name.to_owned(), value.to_owned()))
    };
    words.iter().map(pair).collect()
}

/// Asks, and gives the answer as it is printed. Where no server runs on the folder `state`, what it has kept there is asked.
///
/// # Errors
/// Why there is none.
pub(crate) fn ask(state: Option<PathBuf>, wish: &Wish) -> Result<String, String> {
    // Before anything else: it may be another user who asks further on.
    let file = wish.file().map(read).transpose()?;
    let answered = answer(&crate::server(state.clone()), wish, file.as_ref(), author("command"));
    match (answered, state) {
        (Err(error), Some(state)) if stopped::is_stopped(&error) => match wish.touch() {
            Some(touch) => ask_stopped(&state, touch, wish, file.as_ref()),
            None => Err(error.to_string()),
        },
        (answered, _) => answered.map_err(|error| error.to_string()),
    }
}

/// Asks what is kept where no server runs; what a server would have as its alerts is said beside the answer.
fn ask_stopped(
    state: &Path,
    touch: Touch,
    wish: &Wish,
    file: Option<&Given>,
) -> Result<String, String> {
    if let Wish::Import(_, How { confirm: 1.., .. }) | Wish::Set(_, How { confirm: 1.., .. }) = wish
    {
        return Err("--confirm: no server runs that could take it back".into());
    }
    let files = crate::files_in(state);
    let answered = stopped::ask(state, &files, touch, |server| {
        answer(server, wish, file, author("command without a server"))
    });
    let Answered { answer, alerts } = answered.map_err(|error| with_causes(&error))?;
    for alert in alerts {
        eprintln!("appliance: {alert}");
    }
    Ok(answer)
}

/// A file's name and what is in it.
type Given = (String, Vec<u8>);

fn answer(
    server: &Server,
    wish: &Wish,
    file: Option<&Given>,
    author: Author,
) -> Result<String, ClientError> {
    let look = Author { only_look: true, ..author.clone() };
    let (name, octets) = file.cloned().unwrap_or_default();
    match wish {
        Wish::Show { paths, all } => show(&administer::settings(server)?.1, paths, *all),
        Wish::Export { guide } => administer::export_settings(server, *guide),
        Wish::Diff(_) => {
            let outcome = administer::import_settings(server, &look, &name, octets)?;
            Ok(told(&outcome, "would be"))
        }
        Wish::Import(_, how) => {
            let outcome = administer::import_settings(server, &how.of(author), &name, octets)?;
            Ok(how.told(&outcome))
        }
        Wish::Set(values, how) => {
            Ok(how.told(&administer::set(server, &how.of(author), values.clone())?))
        }
        Wish::History(limit) => Ok(history(&administer::history(server, *limit)?)),
        Wish::Undo(to) => Ok(told(&administer::undo(server, &author, *to)?, "is now")),
        Wish::Confirm => {
            let outcome = administer::confirm(server, &author)?;
            Ok(format!("generation {} stays\n", outcome.generation))
        }
        Wish::Users => Ok(list(&administer::users(server)?)),
        Wish::ExportUsers => administer::export_users(server),
        Wish::DiffUsers(_) => {
            let outcome = administer::import_users(server, &look, &name, octets)?;
            Ok(told(&outcome, "would be"))
        }
        Wish::ImportUsers(_) => {
            let outcome = administer::import_users(server, &author, &name, octets)?;
            Ok(told(&outcome, "is now"))
        }
        Wish::SetUser(name, fields) => {
            let row = changed(server, name, fields)?;
            let outcome = administer::change_users(server, &author, vec![row], Vec::new())?;
            Ok(told(&outcome, "is now"))
        }
        Wish::RemoveUser(name) => {
            let removed = vec![name.clone()];
            let outcome = administer::change_users(server, &author, Vec::new(), removed)?;
            Ok(told(&outcome, "is now"))
        }
    }
}

impl Wish {
    /// The file that is asked about.
    fn file(&self) -> Option<&Path> {
        match self {
            Self::Diff(file)
            | Self::Import(file, _)
            | Self::DiffUsers(file)
            | Self::ImportUsers(file) => Some(file),
            _ => None,
        }
    }

    /// What it does with what is kept; `None`: it makes sense with a server only.
    const fn touch(&self) -> Option<Touch> {
        match self {
            Self::Show { .. }
            | Self::Export { .. }
            | Self::Diff(_)
            | Self::History(_)
            | Self::Users
            | Self::ExportUsers
            | Self::DiffUsers(_) => Some(Touch::Look),
            Self::Import(..)
            | Self::Set(..)
            | Self::Undo(_)
            | Self::ImportUsers(_)
            | Self::SetUser(..)
            | Self::RemoveUser(_) => Some(Touch::Change),
            Self::Confirm => None,
        }
    }
}

impl How {
    fn of(self, author: Author) -> Author {
        Author { confirm_within_s: self.confirm, base: self.base, ..author }
    }

    fn told(self, outcome: &Outcome) -> String {
        let mut text = told(outcome, "is now");
        if self.confirm > 0 && outcome.changed > 0 {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "within {} s say `appliance ctl confirm`, else what was before returns",
                self.confirm
            );
        }
        text
    }
}

/// Who asks: the person's name where the system tells it.
fn author(from: &str) -> Author {
    let name = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Author {
        who: name.filter(|it| !it.is_empty()).unwrap_or_else(|| "somebody".into()),
        from: from.into(),
        ..Author::default()
    }
}

fn read(file: &Path) -> Result<Given, String> {
    let name = file.display().to_string();
    let octets = std::fs::read(file).map_err(|error| format!("cannot read {name}: {error}"))?;
    Ok((name, octets))
}

/// The user as there is one, with these fields as they are to be.
fn changed(server: &Server, name: &str, fields: &[(String, String)]) -> Result<Row, ClientError> {
    let there = administer::user(server, name)?;
    let row = there.unwrap_or_else(|| Row { key: name.to_owned(), ..Row::default() });
    let mut all: Vec<(&str, &str)> = roster::pairs(&row.fields).collect();
    if all.is_empty() {
        all.push(("username", name));
    }
    for (field, value) in fields {
        all.retain(|(known, _)| known != field);
        if !value.is_empty() {
            all.push((field, value));
        }
    }
    let fields: Fields = all.into_iter().collect();
    Ok(Row { fields: fields.into_piece(), key: name.to_owned() })
}

/// What came of a change, one line each.
fn told(outcome: &Outcome, verb: &str) -> String {
    let mut text = String::new();
    for line in outcome.notices.iter().chain(&outcome.differences) {
        let _ = writeln!(text, "{line}");
    }
    let told = u32::try_from(outcome.differences.len()).unwrap_or(u32::MAX);
    if let Some(more) = outcome.changed.checked_sub(told).filter(|more| *more > 0) {
        let _ = writeln!(text, "and {more} more");
    }
    let _ = match outcome.changed {
        0 => writeln!(
            text,
            "nothing {} different; generation {}",
            if verb == "is now" { "is" } else { "would be" },
            outcome.generation
        ),
        count => writeln!(text, "{count} {verb} different; generation {}", outcome.generation),
    };
    text
}

/// The settings, one line each, with what is in force; secrets are not shown.
fn show(file: &str, paths: &[String], all: bool) -> Result<String, ClientError> {
    let refused = |flaws: config::Flaws| ClientError::Refused(flaws.to_string());
    let (config, _) = Config::read("settings", file).map_err(refused)?;
    let mut text = String::new();
    let wanted = |path: &str| {
        let within = |asked: &String| path == asked || path.starts_with(&format!("{asked}."));
        paths.is_empty() || paths.iter().any(within)
    };
    for line in config.shown(all || !paths.is_empty()).filter(|line| wanted(&line.path)) {
        let mark = if line.set { ' ' } else { '*' };
        let _ = writeln!(text, "{mark} {} = {}", line.path, line.text);
    }
    if text.is_empty() && !paths.is_empty() {
        return Err(ClientError::Refused(format!("there is no setting {}", paths.join(", "))));
    }
    Ok(text)
}

fn list(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| !row.key.is_empty()) {
        let _ = write!(text, "{}", row.key);
        for (name, value) in roster::pairs(&row.fields).filter(|(name, _)| *name != "username") {
            let shown = if secret(name) { "(secret)" } else { value };
            let _ = write!(text, "  {name}={shown}");
        }
        text.push('\n');
    }
    text
}

fn history(generations: &[Generation]) -> String {
    let mut text = String::new();
    for it in generations {
        let at = Timestamp::from_microsecond(it.at_us).map(|at| at.to_string()).unwrap_or_default();
        let gone = if it.kept { "" } else { " (cannot be returned to)" };
        let _ =
            writeln!(text, "{} {at} {} by {} from {}{gone}", it.number, it.what, it.who, it.from);
        for line in &it.differences {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

const EXPECTED_CONFIG: [&str; 8] = [
    "config check FILE",
    "config export [FILE]",
    "config show [PATH...]",
    "config diff FILE",
    "config import FILE",
    "config set PATH=VALUE...",
    "config history [N]",
    "config undo N",
];
const EXPECTED_USERS: [&str; 8] = [
    "users check FILE",
    "users convert FILE",
    "users list",
    "users export",
    "users diff FILE",
    "users import FILE",
    "users set NAME FIELD=VALUE...",
    "users remove NAME",
];
/// Generations that are shown unless more are asked for.
const HISTORY: u32 = 10;

/// How it is used.
pub(crate) const USAGE: &str = "  config show [PATH...] [--all] [--state DIR]      what is set, or these settings, or all with their defaults (*)
  config diff|import FILE [--confirm S] [--base N] [--state DIR]
                                                   what a file would change; put it in the place of what is set
  config set PATH=VALUE... [--confirm S] [--base N] [--state DIR]
                                                   set these; with --confirm they return unless `ctl confirm` is said in time
  config export [--guide] [--state DIR]            the settings as a file
  config history [N] [--state DIR]                 who has changed what, and when
  config undo N [--state DIR]                      back to what was in force with generation N
  ctl confirm [--state DIR]                        what waits to be confirmed stays
  users list|export [--state DIR]                  the users; as a file
  users diff|import FILE [--state DIR]             what a file would change; put it in the place of the users there are
  users set NAME FIELD=VALUE... [--state DIR]      make or change a user
  users remove NAME [--state DIR]                  remove a user; the subscription of the handset stays";

#[cfg(test)]
mod tests;
