//! Settings as rows, for whoever keeps or compares them.

use crate::config::{Config, tightness};
use crate::flaw::{Notice, Place};
use crate::names::Names;
use crate::spec::{Applies, Spec};
use std::collections::BTreeMap;
use std::fmt;

/// A value as it is kept.
///
/// It has no `Debug`, since it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The names of the elements from the outermost but one on, with `/` between, since a name may hold a dot. The last
    /// one may be an attribute, `@name`; `name[2]` is the second element of that name.
    pub path: String,
    /// The text, as it was written.
    pub text: String,
    /// Whether it is a setting of ours with a value that it can take.
    pub known: bool,
    /// Whether it may not be shown.
    pub secret: bool,
}

/// A setting that has another value than before.
#[derive(Clone, Debug)]
pub struct Change {
    /// Dotted path.
    pub path: String,
    /// What it is; `None` for an element that is no setting of ours.
    pub spec: Option<&'static Spec>,
    /// What was set before, `(secret)` for a secret; `None` where nothing was.
    pub from: Option<String>,
    /// What is set now, `(secret)` for a secret; `None` where nothing is.
    pub to: Option<String>,
    /// When it is felt.
    pub applies: Applies,
}

/// In a line: the path, what was in force and what is.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |side: &Option<String>| match (side, self.spec) {
            (Some(text), _) => text.replace('\n', "\\n"),
            (None, Some(spec)) if !spec.default.is_empty() && !spec.secret => {
                spec.default.to_owned()
            }
            (None, _) => "(not set)".to_owned(),
        };
        write!(f, "{}: {} -> {}", self.path, shown(&self.from), shown(&self.to))
    }
}

impl Config {
    /// Everything that was set, and what is not known, in the order in which it is written.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let set = self.all_set().map(|(spec, at, text)| Entry {
            path: spec.path_at(at).replace('.', "/"),
            text: text.to_owned(),
            known: true,
            secret: spec.secret,
        });
        let names = Names::new();
        let unknown = self.unknown.iter().map(|(path, text)| Entry {
            path: path.join("/"),
            text: text.clone(),
            known: false,
            secret: is_secret(&names, path),
        });
        set.chain(unknown).collect()
    }

    /// The settings of these rows, which this or another version has kept. What this version refuses stays among
    /// what is not known, with a notice without a place; nothing of it is lost and nothing fails.
    pub fn from_entries(entries: impl IntoIterator<Item = Entry>) -> (Self, Vec<Notice>) {
        let (names, mut config, mut notices) = (Names::new(), Self::default(), Vec::new());
        for entry in entries {
            let dotted = entry.path.replace('/', ".");
            // A dot within a name is no nesting.
            let meaning = names.find(&dotted).filter(|_| !entry.path.contains('.'));
            let meaning = meaning.filter(|meaning| meaning.alias.is_none());
            let taken = meaning.as_ref().map(|meaning| {
                let spec = meaning.spec;
                (spec.check)(spec, &entry.text)
                    .or_else(|no| (spec.nearest)(spec, &entry.text).map(drop).ok_or(no))
            });
            match (meaning, taken) {
                (Some(meaning), Some(Ok(())))
                    if config.was_set(meaning.spec, &meaning.at).is_none() =>
                {
                    config.put(meaning.spec, meaning.at, entry.text);
                }
                (_, taken) => {
                    if let (true, Some(Err(reject))) = (entry.known, taken) {
                        let what =
                            format!("{dotted}: expected {reject}; what is kept is not in force");
                        notices.push(Notice { place: Place::default(), what });
                    }
                    config.keep_unknown(
                        entry.path.split('/').map(str::to_owned).collect(),
                        entry.text,
                    );
                }
            }
        }
        (config, notices)
    }

    /// What is otherwise in `new`, by path; a value that was set to what is the default anyway is no change.
    #[must_use]
    pub fn difference(&self, new: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut places: Vec<_> = self.set.keys().chain(new.set.keys()).collect();
        places.sort_unstable();
        places.dedup();
        for spec in crate::groups::all() {
            let own = places.partition_point(|(path, _)| *path < spec.path);
            for (_, at) in places[own..].iter().take_while(|(path, _)| *path == spec.path) {
                if self.text_at(spec, at) == new.text_at(spec, at) {
                    continue;
                }
                let show = |config: &Self| {
                    let text = config.was_set(spec, at)?;
                    Some(if spec.secret { SECRET } else { text }.to_owned())
                };
                changes.push(Change {
                    path: spec.path_at(at),
                    spec: Some(spec),
                    from: show(self),
                    to: show(new),
                    applies: spec.applies,
                });
            }
        }
        self.unknown_difference(new, &mut changes);
        changes
    }

    fn unknown_difference(&self, new: &Self, changes: &mut Vec<Change>) {
        let names = Names::new();
        let by_path = |config: &Self| -> BTreeMap<Vec<String>, String> {
            config.unknown.iter().cloned().collect()
        };
        let (old, new) = (by_path(self), by_path(new));
        let mut paths: Vec<&Vec<String>> = old.keys().chain(new.keys()).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths.into_iter().filter(|path| old.get(*path) != new.get(*path)) {
            let secret = is_secret(&names, path);
            let show = |from: &BTreeMap<Vec<String>, String>| {
                let text = from.get(path)?;
                Some(if secret { SECRET.to_owned() } else { text.clone() })
            };
            let path_text = path.join(".");
            let spec = names.find(&path_text).map(|meaning| meaning.spec);
            let applies = spec.map_or(Applies::Now, |spec| spec.applies);
            changes.push(Change {
                path: path_text,
                spec,
                from: show(&old),
                to: show(&new),
                applies,
            });
        }
    }

    /// `new` with the one-way switches of this one where they are tighter, and each that was kept so.
    ///
    /// Whoever brings back older settings goes through here, too.
    #[must_use]
    pub fn keep_latches(&self, mut new: Self) -> (Self, Vec<&'static Spec>) {
        let mut kept = Vec::new();
        for (spec, at, text) in self.all_set().filter(|(spec, ..)| spec.latch) {
            if tightness(new.text_at(spec, at)) < tightness(text) {
                new.put(spec, at.clone(), text.to_owned());
                kept.push(spec);
            }
        }
        (new, kept)
    }
}

/// Whether the text of an element may be shown: by its setting, else by its name.
pub(crate) fn is_secret(names: &Names, path: &[String]) -> bool {
    let known = names.find(&path.join(".")).map(|meaning| meaning.spec.secret);
    let name = path.last().map(|name| name.to_lowercase()).unwrap_or_default();
    let telling = [
        "passw",
        "passphrase",
        "secret",
        "token",
        "community",
        "accesscode",
        "access_code",
        "private_key",
    ];
    known.unwrap_or(false) || name == "pin" || telling.iter().any(|word| name.contains(word))
}

/// What stands for a secret where it may not be shown.
const SECRET: &str = "(secret)";
