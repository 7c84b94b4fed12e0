//! From `users.xml` to users.

use super::fields::{self, FieldSpec};
use super::unique::{Places, Unique};
use super::{BadField, Device, User, Users, kept, rules};
use crate::flaw::{Flaw, Flaws, Notice, Place};
use crate::model::{self, Model};
use crate::roster::secret;
use crate::xml::{self, Element};
use std::collections::BTreeMap;

impl Users {
    /// Reads a users file of either family, for the largest model; `file` is what a flaw calls it.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn read(file: &str, text: &str) -> Result<(Self, Vec<Notice>), Flaws> {
        Self::read_for(model::XL, file, text)
    }

    /// Reads a users file for a model.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn read_for(model: &Model, file: &str, text: &str) -> Result<(Self, Vec<Notice>), Flaws> {
        let mut reading = Reading::new(file, model);
        // One after the other: all at once they would take ten times the room of the file.
        let take = |root: &Element, part: &Element| {
            if root.name == "users" {
                reading.element(part);
            }
        };
        let document =
            xml::document_in_parts(file, text, take).map_err(|flaw| Flaws(vec![flaw]))?;
        let root = document.root;
        reading.notices.extend(document.left_out);
        if root.name == "users" {
            reading.attributes_of_all(&root);
        } else {
            let what = format!("<{}> is the outermost element; expected <users>", root.name);
            reading.flaw(root.place, what);
        }
        reading.finish()
    }
}

/// What has been read of a file, and what was found on the way.
pub(super) struct Reading<'a> {
    file: &'a str,
    model: &'a Model,
    users: Users,
    unique: Unique,
    /// What is said once for all users: where first, and of how many.
    said: BTreeMap<String, (Place, u32)>,
    /// Fields that are kept only: where first, and of how many.
    later: BTreeMap<&'static str, (Place, u32)>,
    /// Users that were seen, those with flaws too.
    seen: usize,
    flaws: Vec<Flaw>,
    notices: Vec<Notice>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(file: &'a str, model: &'a Model) -> Self {
        Self {
            file,
            model,
            users: Users::default(),
            unique: Unique::default(),
            said: BTreeMap::new(),
            later: BTreeMap::new(),
            seen: 0,
            flaws: Vec::new(),
            notices: Vec::new(),
        }
    }

    fn element(&mut self, element: &Element) {
        match element.name.as_str() {
            "user" => self.user(element),
            "device" if self.device(element) => {}
            _ => {
                let what = format!("<{}> is not known; it is kept", element.name);
                self.notices.push(Notice { place: element.place, what });
                self.users.unknown.push(element.clone());
            }
        }
    }

    fn user(&mut self, element: &Element) {
        if !self.begin(element.place) {
            return;
        }
        let mut user = User::default();
        let mut places = Places::new(element.place);
        for child in &element.children {
            match fields::find(&child.name) {
                Some(spec) if child.children.is_empty() => {
                    self.field(spec, (child.place, &child.text), &mut user, &mut places);
                    self.attributes(child, spec.name, &mut user, &mut places);
                }
                Some(spec) => {
                    let what = format!("<{}> has elements in it; expected a text", spec.name);
                    self.flaw(child.place, what);
                }
                None => self.keep(kept::text(child), &mut user, &mut places, child.place),
            }
        }
        self.attributes(element, "", &mut user, &mut places);
        self.end(user, places);
    }

    fn attributes(&mut self, element: &Element, owner: &str, user: &mut User, places: &mut Places) {
        for pair in kept::attributes(element, owner) {
            self.keep(pair, user, places, element.place);
        }
    }

    fn attributes_of_all(&mut self, root: &Element) {
        for (name, _) in &root.attributes {
            let what = format!("the attribute {name} is not known; it is kept");
            self.notices.push(Notice { place: root.place, what });
        }
        self.users.attributes.clone_from(&root.attributes);
    }

    /// A user begins here; false where the model takes no more.
    pub(super) fn begin(&mut self, place: Place) -> bool {
        self.seen += 1;
        let Model { name, users_max, .. } = *self.model;
        if self.seen == users_max + 1 {
            self.flaw(place, format!("one user too many; expected at most {users_max} for {name}"));
        }
        self.seen <= users_max
    }

    /// A field of a user.
    pub(super) fn field(
        &mut self,
        spec: &'static FieldSpec,
        (place, text): (Place, &str),
        user: &mut User,
        places: &mut Places,
    ) {
        if let Some(first) = places.name(spec.name, place) {
            self.flaw(place, format!("<{}> stands here and at {first}", spec.name));
        } else if spec.secret && rules::is_masked(text) {
            places.masked.push(spec.name.to_owned());
        } else if let Err(error) = user.put(spec, text) {
            let BadField::Rejected(name, reject) = error else { return };
            places.nameless |= matches!(name, "username" | "localno");
            let shown: String = text.chars().take(SHOWN_MAX).collect();
            let found =
                if spec.secret { "a value that is not".into() } else { format!("\"{shown}\"") };
            self.flaw(place, format!("<{name}>: expected {reject}; found {found}"));
        } else {
            self.unusual(spec, place, text);
        }
    }

    fn unusual(&mut self, spec: &'static FieldSpec, place: Place, text: &str) {
        let name = spec.name;
        if let Some(odd) = (spec.odd)(text) {
            let shown: String = text.chars().take(SHOWN_MAX).collect();
            self.say(place, format!("<{name}> \"{shown}\" is kept as it is; {odd}"));
        }
        if spec.later && !text.is_empty() && text != spec.default {
            self.later.entry(name).or_insert((place, 0)).1 += 1;
        }
    }

    /// What is no field.
    pub(super) fn keep(
        &mut self,
        (name, text): (String, String),
        user: &mut User,
        places: &mut Places,
        place: Place,
    ) {
        if !rules::is_writable(&text) {
            let what = "a character that no XML can hold; expected none".to_owned();
            return self.flaw(place, what);
        }
        let shown = match name.trim_end_matches('/').split_once('@') {
            Some((owner, name)) => format!(
                "the attribute {name} of <{}>",
                if owner.is_empty() { "user" } else { owner }
            ),
            None => format!("<{}>", name.trim_end_matches('/')),
        };
        self.say(place, format!("{shown} is kept, but it is not known"));
        if secret(&name) && rules::is_masked(&text) {
            places.masked.push(name.clone());
        }
        user.keep(name, text);
    }

    /// A user ends here.
    pub(super) fn end(&mut self, user: User, places: Places) {
        if user.key().is_empty() {
            if !places.nameless {
                let what = "<user> has no <username>; expected one, or a <localno>";
                self.flaw(places.user, what.into());
            }
            return;
        }
        for (place, what) in self.unique.user(&user, &places) {
            self.flaw(place, what);
        }
        for field in places.masked {
            self.say(places.user, format!("<{field}> is hidden in the file; an old one stays"));
            self.users.masked.push((user.key().to_owned(), field));
        }
        self.users.users.push(user);
    }

    /// A handset of nobody; false where it is none.
    fn device(&mut self, element: &Element) -> bool {
        let known = |child: &Element| fields::find(&child.name).is_some();
        let texts = element.children.iter().flat_map(|child| {
            let text = (child.name.clone(), child.text.clone());
            let of_field = known(child) && child.children.is_empty();
            let text = if of_field { text } else { kept::text(child) };
            let more = if of_field { kept::attributes(child, &child.name) } else { Vec::new() };
            std::iter::once(text).chain(more)
        });
        let texts: Vec<_> = texts.chain(kept::attributes(element, "")).collect();
        let Ok(device) =
            Device::from_texts(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())))
        else {
            return false;
        };
        if let Some((place, what)) = self.unique.device(device.ipei(), element.place) {
            self.flaw(place, what);
        }
        self.users.devices.push(device);
        true
    }

    /// Nothing was read, nor found.
    pub(super) fn is_untouched(&self) -> bool {
        self.seen == 0 && self.flaws.is_empty()
    }

    pub(super) fn finish(mut self) -> Result<(Users, Vec<Notice>), Flaws> {
        for (place, what) in self.unique.secondaries() {
            self.flaw(place, what);
        }
        let later = std::mem::take(&mut self.later).into_iter().map(|(name, first)| {
            (format!("<{name}> is kept, but this version does not act on it"), first)
        });
        self.said.extend(later);
        for (what, (place, count)) in std::mem::take(&mut self.said) {
            let what = if count == 1 { what } else { format!("{what} (of {count} users)") };
            self.notices.push(Notice { place, what });
        }
        self.notices.sort_by_key(|notice| notice.place);
        self.flaws.sort_by_key(|flaw| flaw.place);
        if self.flaws.is_empty() { Ok((self.users, self.notices)) } else { Err(Flaws(self.flaws)) }
    }

    /// Says something once for all users of whom it is true.
    pub(super) fn say(&mut self, place: Place, what: String) {
        self.said.entry(what).or_insert((place, 0)).1 += 1;
    }

    pub(super) fn flaw(&mut self, place: Place, what: String) {
        self.flaws.push(Flaw { file: self.file.to_owned(), place, what });
    }
}

/// Of a wrong value in a message.
const SHOWN_MAX: usize = 60;
