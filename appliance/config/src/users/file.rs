//! From text to users and back.

use super::fields::{FIELDS, Field, LATER};
use super::{User, Users};
use crate::flaw::{Flaw, Flaws, Notice, Place};
use crate::xml::{self, Element};
use std::collections::BTreeMap;

impl Users {
    /// Reads a users file in the form of the provisioning guide; `file` is what a flaw calls it.
    ///
    /// # Errors
    /// Everything that is wrong with the file, each with its place and what was expected.
    pub fn read(file: &str, text: &str) -> Result<(Self, Vec<Notice>), Flaws> {
        let root = xml::read(file, text).map_err(|flaw| Flaws(vec![flaw]))?;
        let mut reading = Reading { file, ..Reading::default() };
        if root.name == "users" {
            root.children.iter().for_each(|child| reading.element(child));
        } else {
            let what = format!("<{}> is the outermost element; expected <users>", root.name);
            reading.flaw(root.place, what);
        }
        reading.finish()
    }

    /// The users file. It holds the passwords in clear.
    #[must_use]
    pub fn write(&self) -> String {
        let mut root = Element::new("users");
        for user in &self.users {
            let mut element = Element::new("user");
            for field in FIELDS {
                let text = (field.text)(user);
                if !text.is_empty() {
                    element.children.push(Element { text, ..Element::new(field.name) });
                }
            }
            element.children.extend(user.kept.iter().cloned());
            root.children.push(element);
        }
        root.children.extend(self.unknown.iter().cloned());
        xml::write(&root)
    }
}

#[derive(Default)]
struct Reading<'a> {
    file: &'a str,
    users: Users,
    /// Field and value that must be unique, and where it stood first.
    taken: BTreeMap<(&'static str, String), Place>,
    /// Fields that are kept only: where first and how often.
    kept: BTreeMap<String, (Place, u32)>,
    flaws: Vec<Flaw>,
    notices: Vec<Notice>,
}

impl Reading<'_> {
    fn element(&mut self, element: &Element) {
        if element.name != "user" {
            let what = format!("<{}> is not known; it is kept", element.name);
            self.notices.push(Notice { place: element.place, what });
            self.users.unknown.push(element.clone());
        } else if self.users.users.len() >= USERS_MAX {
            if self.users.users.len() == USERS_MAX {
                self.flaw(element.place, format!("expected at most {USERS_MAX} users"));
            }
        } else {
            self.user(element);
        }
    }

    fn user(&mut self, element: &Element) {
        let mut user = User { place: element.place, ..User::default() };
        let mut seen = BTreeMap::new();
        for child in &element.children {
            let known = FIELDS.iter().find(|field| field.name == child.name);
            if let Some(field) = known {
                if let Some(first) = seen.insert(field.name, child.place) {
                    let what = format!("<{}> stands here and at {first}", field.name);
                    self.flaw(child.place, what);
                }
                self.field(field, child, &mut user);
            } else {
                let kept = self.kept.entry(child.name.clone()).or_insert((child.place, 0));
                kept.1 += 1;
                user.kept.push(Element { place: Place::default(), ..child.clone() });
            }
        }
        if !seen.contains_key("username") {
            self.flaw(element.place, "<user> has no <username>; expected one".into());
        }
        self.users.users.push(user);
    }

    fn field(&mut self, field: &Field, element: &Element, user: &mut User) {
        let optional = field.name != "username";
        let set = if element.text.is_empty() && optional {
            Ok(())
        } else {
            (field.set)(user, &element.text)
        };
        if let Err(reject) = set {
            let shown: String = element.text.chars().take(SHOWN_MAX).collect();
            let found =
                if field.secret { "a value that is not".into() } else { format!("\"{shown}\"") };
            let what = format!("<{}>: expected {reject}; found {found}", field.name);
            return self.flaw(element.place, what);
        }
        let unique = matches!(field.name, "username" | "ipei");
        let text = (field.text)(user);
        if !unique || text.is_empty() {
            return;
        }
        let taken = self.taken.insert((field.name, text.clone()), element.place);
        if let Some(first) = taken {
            let what = format!("<{}> {text} is taken by another user at {first}", field.name);
            self.flaw(element.place, format!("{what}; expected one that is not"));
        }
    }

    fn finish(mut self) -> Result<(Users, Vec<Notice>), Flaws> {
        for (name, (place, count)) in std::mem::take(&mut self.kept) {
            let later = LATER.contains(&name.as_str());
            let why = if later { "this version does not act on it" } else { "it is not known" };
            let what = format!("<{name}> of {count} user(s) is kept, but {why}");
            self.notices.push(Notice { place, what });
        }
        if self.flaws.is_empty() { Ok((self.users, self.notices)) } else { Err(Flaws(self.flaws)) }
    }

    fn flaw(&mut self, place: Place, what: String) {
        self.flaws.push(Flaw { file: self.file.to_owned(), place, what });
    }
}

/// The largest model, `xl`.
const USERS_MAX: usize = 10_000;
/// Of a wrong value in a message.
const SHOWN_MAX: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws(inside: &str) -> String {
        let read = Users::read("users.xml", &format!("<users>\n{inside}\n</users>"));
        read.err().map(|flaws| flaws.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_rule_of_a_field_is_held_and_said() {
        for (field, expected) in [
            ("<ipei>00077 000001</ipei>", "<ipei>: expected an IPEI such as 00077 0000001"),
            ("<accesscode>123456789</accesscode>", "<accesscode>: expected at most eight digits"),
            ("<standbytext>a\\b</standbytext>", "<standbytext>: expected at most 128"),
            ("<domain>a_b</domain>", "<domain>: expected letters, digits"),
            ("<displayname>&lt;</displayname>", "<displayname>: expected at most 128"),
            ("<disabled>yes</disabled>", "<disabled>: expected one of true, false; found \"yes\""),
        ] {
            let shown = flaws(&format!("<user><username>1</username>\n{field}</user>"));
            assert!(
                shown.starts_with(&format!("users.xml, line 3, column 1: {expected}")),
                "{shown}"
            );
        }
        assert!(flaws("<user><username/></user>").contains("expected 1 to 63"));
        assert!(flaws("<user><username>a b</username></user>").contains("found \"a b\""));
        assert!(flaws("<user><ipei/></user>").contains("has no <username>"));
        let long = format!(
            "<user><username>1</username><authpassword>{}</authpassword></user>",
            "x".repeat(36)
        );
        assert!(flaws(&long).contains("at most 35") && !flaws(&long).contains("xxx"));
    }

    #[test]
    fn what_must_be_unique_is_refused_with_both_places() {
        let twice = "<user><username>1</username><ipei>00077 0000001</ipei></user>\n\
                     <user><username>1</username><ipei>0007700000019</ipei></user>";
        assert_eq!(
            flaws(twice),
            "users.xml, line 3, column 7: <username> 1 is taken by another user at line 2, column 7; \
             expected one that is not\n\
             users.xml, line 3, column 29: <ipei> 00077 0000001 is taken by another user at line 2, \
             column 29; expected one that is not"
        );
    }

    #[test]
    fn users_survive_a_round_trip_with_what_is_not_acted_on() {
        let text = "<users><user><ipei>00077 0000003</ipei><accesscode>1234</accesscode>\
                    <username>9999</username><displayname>Ole &amp; Co</displayname>\
                    <disabled>true</disabled><cucmdevicename>SEP1</cucmdevicename></user></users>";
        let (users, notices) = Users::read("users.xml", text).map_err(|f| f.to_string()).unwrap();
        assert_eq!(
            notices[0].what,
            "<cucmdevicename> of 1 user(s) is kept, but this version does not act on it"
        );
        let again = Users::read("again", &users.write()).map(|(users, _)| users);
        let text = |users: &Users| users.write();
        assert_eq!(again.map(|users| text(&users)).ok(), Some(text(&users)));
        assert!(text(&users).contains("<cucmdevicename>SEP1</cucmdevicename>"));
    }
}
