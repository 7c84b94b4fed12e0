//! Which path in a file means which setting.

use crate::groups;
use crate::spec::{Alias, At, PLACE, Spec, at, number_behind};
use std::collections::{BTreeMap, BTreeSet};

/// What a path in a file means.
#[derive(Clone)]
pub(crate) struct Meaning {
    pub(crate) spec: &'static Spec,
    pub(crate) at: At,
    /// The other spelling, where the path is one.
    pub(crate) alias: Option<&'static Alias>,
}

/// Every path there is.
pub(crate) struct Names {
    exact: BTreeMap<String, Meaning>,
    /// Paths without regard to case and hyphens.
    loose: BTreeMap<String, String>,
    /// Paths with settings below them, without regard to case and hyphens.
    sections: BTreeSet<String>,
    /// Settings with places.
    placed: Vec<&'static Spec>,
}

impl Names {
    pub(crate) fn new() -> Self {
        let mut names = Self {
            exact: BTreeMap::new(),
            loose: BTreeMap::new(),
            sections: BTreeSet::new(),
            placed: Vec::new(),
        };
        for spec in groups::all() {
            if spec.path.contains(PLACE) {
                names.placed.push(spec);
                continue;
            }
            for nth in 1..=spec.count {
                names.add(spec.path_of(nth), Meaning { spec, at: at(nth), alias: None });
            }
            for alias in spec.aliases {
                let meaning = Meaning { spec, at: At::new(), alias: Some(alias) };
                names.add(alias.path.to_owned(), meaning);
            }
        }
        names
    }

    fn add(&mut self, path: String, meaning: Meaning) {
        let loose = loosely(&path);
        for (end, _) in loose.match_indices('.') {
            self.sections.insert(loose[..end].to_owned());
        }
        self.loose.insert(loose, path.clone());
        self.exact.insert(path, meaning);
    }

    /// What a path means exactly.
    pub(crate) fn find(&self, path: &str) -> Option<Meaning> {
        let placed = || {
            let found = self.placed.iter().find_map(|spec| Some((*spec, spec.place_in(path)?)));
            found.map(|(spec, at)| Meaning { spec, at, alias: None })
        };
        self.exact.get(path).cloned().or_else(placed)
    }

    /// The path of the same words in other cases or with other hyphens.
    pub(crate) fn spelt_otherwise(&self, path: &str) -> Option<&str> {
        self.loose.get(&loosely(path)).map(String::as_str)
    }

    /// Whether settings are below a path.
    pub(crate) fn is_section(&self, path: &str) -> bool {
        let begins = |spec: &&&'static Spec| {
            let mut own = spec.path.split('.');
            path.split('.').all(|word| match own.next() {
                Some(own) => match own.strip_suffix(PLACE) {
                    Some(own) => !number_behind(own, word).is_empty(),
                    None => own == word,
                },
                None => false,
            }) && own.next().is_some()
        };
        self.sections.contains(&loosely(path)) || self.placed.iter().find(begins).is_some()
    }
}

fn loosely(path: &str) -> String {
    path.to_lowercase().replace('-', "_")
}
