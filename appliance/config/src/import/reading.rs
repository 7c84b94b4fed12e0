//! From the elements of a file to settings.

use crate::config::Config;
use crate::flaw::{Flaw, Flaws, Notice, Place};
use crate::names::{Meaning, Names};
use crate::spec::{Alias, Reject};
use crate::value::same_word;
use crate::xml::{Document, Element};
use std::collections::BTreeMap;

/// What has been read.
pub(super) struct Reading<'a> {
    file: &'a str,
    names: Names,
    pub(super) config: Config,
    /// Where a path was set.
    pub(super) places: BTreeMap<String, Place>,
    /// Values under another spelling; they count where the setting's own is missing.
    others: Vec<Other>,
    /// How often an element that is not known has been there, by its path.
    seen: BTreeMap<Vec<String>, u32>,
    pub(super) flaws: Vec<Flaw>,
    pub(super) notices: Vec<Notice>,
}

/// A value under another spelling.
struct Other {
    place: Place,
    /// As the file has it.
    path: Vec<String>,
    meaning: Meaning,
    text: String,
}

/// How an element is called in the file.
struct Named<'a> {
    path: &'a [String],
    dotted: String,
    place: Place,
    text: &'a str,
}

impl<'a> Reading<'a> {
    pub(super) fn new(file: &'a str) -> Self {
        Self {
            file,
            names: Names::new(),
            config: Config::default(),
            places: BTreeMap::new(),
            others: Vec::new(),
            seen: BTreeMap::new(),
            flaws: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// Reads everything, and then what stands there under another spelling.
    pub(super) fn document(&mut self, document: &Document) -> Result<(), Flaws> {
        let root = &document.root;
        let refuse = |what: String| {
            Err(Flaws(vec![Flaw { file: self.file.to_owned(), place: root.place, what }]))
        };
        if root.name != "config" {
            let what = format!("<{}> is the outermost element; expected <config>", root.name);
            return refuse(what);
        }
        if count(root) > ELEMENTS_MAX {
            return refuse(format!("more than {ELEMENTS_MAX} elements"));
        }
        self.notices.extend(document.left_out.iter().cloned());
        self.attributes(root, &[]);
        for child in &root.children {
            self.element(child, &mut Vec::new());
        }
        for other in std::mem::take(&mut self.others) {
            self.other_spelling(&other);
        }
        Ok(())
    }

    /// An element of which all those above are sections of ours.
    fn element(&mut self, element: &Element, above: &mut Vec<String>) {
        above.push(element.name.clone());
        let dotted = above.join(".");
        let section = self.names.is_section(&dotted);
        // A dot within a name is no nesting.
        let dot = element.name.contains('.');
        let meaning = self.names.find(&dotted).filter(|_| !dot);
        // One that only holds others is no value, though it could be one, as `network.ntp` is.
        let holds = !element.children.is_empty() && element.text.is_empty();
        let strange =
            meaning.is_none() && !section && self.names.spelt_otherwise(&dotted).is_none();
        if strange || dot {
            above.pop();
            return self.unknown(element, above);
        }
        if !(holds || section && meaning.is_none() && element.text.is_empty()) {
            let text = &element.text;
            self.leaf(&Named { path: above, dotted, place: element.place, text }, meaning);
        }
        self.attributes(element, above);
        for child in &element.children {
            self.element(child, above);
        }
        above.pop();
    }

    /// An element that is known, at least by other letters.
    fn leaf(&mut self, named: &Named<'_>, meaning: Option<Meaning>) {
        let Some(meaning) = meaning else {
            return self.spelt_otherwise(named);
        };
        if meaning.alias.is_some() {
            let (path, text) = (named.path.to_vec(), named.text.to_owned());
            self.others.push(Other { place: named.place, path, meaning, text });
            return;
        }
        match self.places.get(&named.dotted).copied() {
            Some(first) => self.repeated(named, &meaning, first),
            None => {
                self.places.insert(named.dotted.clone(), named.place);
                self.set(named, &meaning, named.text);
            }
        }
    }

    fn spelt_otherwise(&mut self, named: &Named<'_>) {
        let ours = self.names.spelt_otherwise(&named.dotted).and_then(|ours| self.names.find(ours));
        match ours {
            Some(meaning) => {
                let (path, text) = (named.path.to_vec(), named.text.to_owned());
                self.others.push(Other { place: named.place, path, meaning, text });
            }
            None => self.keep(named, format!("{} is not known; it is kept", named.dotted)),
        }
    }

    /// A second value for one setting. Where nothing acts on it the first counts and both are kept.
    fn repeated(&mut self, named: &Named<'_>, meaning: &Meaning, first: Place) {
        let path = &named.dotted;
        let before = self.config.text_at(meaning.spec, &meaning.at);
        if before == named.text {
            let what = format!("{path} stands here again with the same value as at {first}");
            self.notice(named.place, what);
        } else if meaning.spec.acts() {
            let what = format!("{path} is set a second time; the first is at {first}");
            self.flaw(named.place, what);
        } else {
            // The setting's own path counts as the first.
            self.seen.entry(named.path.to_vec()).or_insert(1);
            let what = format!(
                "{path} is set a second time; the first, at {first}, counts and both are kept"
            );
            self.keep(named, what);
        }
    }

    /// Takes a value, or keeps it with a notice, or refuses it.
    fn set(&mut self, named: &Named<'_>, meaning: &Meaning, text: &str) {
        let (spec, path) = (meaning.spec, &named.dotted);
        let Err(reject) = (spec.check)(spec, text) else {
            self.config.put(spec, meaning.at.clone(), text.to_owned());
            if !spec.acts() && !same_word(text, spec.default_at(&meaning.at)) {
                self.notice(
                    named.place,
                    format!("{path} is kept, but this version does not act on it"),
                );
            }
            return;
        };
        if text.is_empty() {
            return self.keep(named, format!("{path} is empty; its default is used"));
        }
        if let Some(nearest) = (spec.nearest)(spec, text) {
            self.config.put(spec, meaning.at.clone(), text.to_owned());
            let what =
                format!("{path}: expected {reject}; \"{text}\" is kept and {nearest} is in force");
            return self.notice(named.place, what);
        }
        let harmless = matches!(reject, Reject::Published | Reject::Masked)
            || spec.safe_default
            || !spec.acts();
        if harmless {
            let kept = if spec.secret { "what was found".to_owned() } else { short(text) };
            self.keep(named, format!("{path}: expected {reject}; {kept} is kept and not in force"));
        } else {
            let found = if spec.secret {
                "something else, which is not shown".to_owned()
            } else {
                short(text)
            };
            self.flaw(named.place, format!("{path}: expected {reject}; found {found}"));
        }
    }

    /// A value under another spelling, when all that stands under its own is known.
    fn other_spelling(&mut self, other: &Other) {
        let Other { place, path, meaning, text } = other;
        let (spec, own) = (meaning.spec, meaning.spec.path_at(&meaning.at));
        let named = Named { path, dotted: path.join("."), place: *place, text };
        let converted = match meaning.alias {
            Some(Alias { convert, .. }) => convert(text),
            None => Some(text.as_str()),
        };
        let in_force = self.config.was_set(spec, &meaning.at);
        let dotted = &named.dotted;
        match (converted, in_force) {
            (None, _) => {
                let what = format!(
                    "{dotted} has a value of no meaning here; it is kept and {own} is used"
                );
                self.keep(&named, what);
            }
            (Some(converted), None) => {
                self.notice(*place, format!("{dotted} is taken as {own}"));
                self.places.insert(own, *place);
                self.set(&named, meaning, converted);
            }
            (Some(converted), Some(text)) if same_word(converted, text) => {
                self.notice(*place, format!("{dotted} says the same as {own} and is left away"));
            }
            (Some(_), Some(_)) => {
                self.keep(
                    &named,
                    format!("{dotted} differs from {own}, which is used; it is kept"),
                );
            }
        }
    }

    /// An element that is not known, with all that is in it; the sections above it are.
    fn unknown(&mut self, element: &Element, above: &[String]) {
        let mut path = above.to_vec();
        path.push(element.name.clone());
        let what = format!("{} is not known; it is kept", path.join("."));
        self.notice(element.place, what);
        self.whole(element, above);
    }

    fn whole(&mut self, element: &Element, above: &[String]) {
        let mut path = above.to_vec();
        path.push(element.name.clone());
        let path = self.numbered(path);
        let empty = element.children.is_empty() && element.attributes.is_empty();
        if empty || !element.text.is_empty() {
            self.config.keep_unknown(path.clone(), element.text.clone());
        }
        for (name, value) in &element.attributes {
            let path = [&path[..], &[format!("@{name}")]].concat();
            self.config.keep_unknown(path, value.clone());
        }
        for child in &element.children {
            self.whole(child, &path);
        }
    }

    /// The path with a number behind its last name from the second of that name on.
    fn numbered(&mut self, mut path: Vec<String>) -> Vec<String> {
        let seen = self.seen.entry(path.clone()).or_insert(0);
        *seen += 1;
        if let (Some(name), 2..) = (path.last_mut(), *seen) {
            *name = format!("{name}[{seen}]");
        }
        path
    }

    fn attributes(&mut self, element: &Element, path: &[String]) {
        for (name, value) in &element.attributes {
            let what =
                format!("the attribute {name} of <{}> is kept; nothing acts on it", element.name);
            self.notice(element.place, what);
            let attribute = [format!("@{name}")];
            let seen = self.seen.entry([path, &attribute].concat()).or_insert(0);
            *seen += 1;
            let mut path = path.to_vec();
            if let (Some(name), 2..) = (path.last_mut(), *seen) {
                // The second section of a name joins the first, but for what both say differently.
                *name = format!("{name}[{seen}]");
            }
            self.config.keep_unknown([&path[..], &attribute].concat(), value.clone());
        }
    }

    /// Keeps what a file says beside the settings.
    fn keep(&mut self, named: &Named<'_>, what: String) {
        self.notice(named.place, what);
        let path = self.numbered(named.path.to_vec());
        self.config.keep_unknown(path, named.text.to_owned());
    }

    pub(super) fn notice(&mut self, place: Place, what: String) {
        self.notices.push(Notice { place, what });
    }

    fn flaw(&mut self, place: Place, what: String) {
        self.flaws.push(Flaw { file: self.file.to_owned(), place, what });
    }
}

/// A foreign value in a message.
fn short(text: &str) -> String {
    format!("\"{}\"", text.chars().take(SHOWN_MAX).collect::<String>())
}

fn count(element: &Element) -> usize {
    1 + element.children.iter().map(count).sum::<usize>()
}

/// Of a wrong value in a message.
const SHOWN_MAX: usize = 60;
/// A hundred times the largest file that a server writes.
const ELEMENTS_MAX: usize = 40_000;
