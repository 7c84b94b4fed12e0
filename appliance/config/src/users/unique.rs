//! What no two users may share.

use super::User;
use super::fields::{IPEI, LOCALNO, SECONDARYUSERNAME, USERNAME};
use crate::flaw::Place;
use ident::Ipei;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What is taken, and where it stood first.
#[derive(Default)]
pub(super) struct Unique {
    names: BTreeMap<String, Place>,
    numbers: BTreeMap<String, Place>,
    handsets: BTreeMap<Ipei, Place>,
    secondaries: BTreeMap<String, Place>,
}

/// Where a user and its fields stand in the file.
pub(super) struct Places {
    /// The user.
    pub(super) user: Place,
    /// Those of its fields that it names: a dozen.
    fields: Vec<(&'static str, Place)>,
    /// One of its names was refused, which is said already.
    pub(super) nameless: bool,
    /// Secrets that the file hides.
    pub(super) masked: Vec<String>,
}

impl Places {
    /// A user begins here.
    pub(super) fn new(user: Place) -> Self {
        Self { user, fields: Vec::with_capacity(FIELDS_USUAL), nameless: false, masked: Vec::new() }
    }

    /// A field stands here; where it has stood already.
    pub(super) fn name(&mut self, field: &'static str, place: Place) -> Option<Place> {
        let first = self.find(field);
        self.fields.push((field, place));
        first
    }

    fn find(&self, name: &str) -> Option<Place> {
        self.fields.iter().rfind(|(field, _)| *field == name).map(|(_, place)| *place)
    }

    fn field(&self, name: &str) -> Place {
        self.find(name).unwrap_or(self.user)
    }
}

/// Where, and what is taken by whom.
pub(super) type Clash = (Place, String);

impl Unique {
    /// Takes what a user has; `at` says where a field of it stands.
    pub(super) fn user(&mut self, user: &User, at: &Places) -> Vec<Clash> {
        let mut clashes = Vec::new();
        let name = user.text(USERNAME.spec);
        let number = user.text(LOCALNO.spec);
        let own = if name.is_empty() { "localno" } else { "username" };
        let as_name = take(&mut self.names, own, user.key(), at.field(own));
        let as_number = take(&mut self.numbers, "localno", number, at.field("localno"));
        // A local number that is the user name, too, is named once.
        clashes.extend(as_name.filter(|_| as_number.is_none() || !name.is_empty()));
        clashes.extend(as_number);
        let second = user.text(SECONDARYUSERNAME.spec);
        let place = at.field("secondaryusername");
        clashes.extend(take(&mut self.secondaries, "secondaryusername", second, place));
        clashes.extend(user.get(&IPEI).and_then(|ipei| self.device(ipei, at.field("ipei"))));
        clashes
    }

    /// Takes a handset.
    pub(super) fn device(&mut self, ipei: Ipei, place: Place) -> Option<Clash> {
        match self.handsets.entry(ipei) {
            Entry::Occupied(first) => {
                let shown = format!("{:05} {:07}", ipei.emc(), ipei.psn());
                Some((place, taken("ipei", &shown, *first.get())))
            }
            Entry::Vacant(free) => {
                free.insert(place);
                None
            }
        }
    }

    /// The secondary user names that are somebody's user name: known when all users are.
    pub(super) fn secondaries(&self) -> Vec<Clash> {
        let clash = |(name, place): (&String, &Place)| {
            let first = self.names.get(name)?;
            Some((*place, taken("secondaryusername", name, *first)))
        };
        self.secondaries.iter().filter_map(clash).collect()
    }
}

fn take(
    names: &mut BTreeMap<String, Place>,
    element: &str,
    text: &str,
    place: Place,
) -> Option<Clash> {
    if text.is_empty() {
        return None;
    }
    match names.entry(text.to_owned()) {
        Entry::Occupied(first) => Some((place, taken(element, text, *first.get()))),
        Entry::Vacant(free) => {
            free.insert(place);
            None
        }
    }
}

fn taken(element: &str, text: &str, first: Place) -> String {
    format!("<{element}> {text} is taken by another user at {first}; expected one that is not")
}

/// Fields that most users have.
const FIELDS_USUAL: usize = 12;
