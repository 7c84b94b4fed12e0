//! `config.xml`: from settings to text.

use crate::config::Config;
use crate::entry::is_secret;
use crate::groups::security;
use crate::names::Names;
use crate::xml::{self, Element};
use std::collections::BTreeMap;

/// What an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// Whether passwords are in it. `security.passwords_unexportable` leaves them out in any case.
    pub secrets: Secrets,
    /// Whether it has the element `<fixpart>`, which no other server knows.
    pub ours: bool,
}

/// What becomes of passwords in an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They stand in it as they were set.
    Clear,
    /// Their elements are left out.
    LeftOut,
}

impl Config {
    /// The settings file: what was set, and what is not known but was in the file.
    #[must_use]
    pub fn export(&self, what: &Export) -> String {
        let closed = self.get(&security::PASSWORDS_UNEXPORTABLE);
        let secrets = if closed { Secrets::LeftOut } else { what.secrets };
        self.document(Export { secrets, ..*what })
    }

    /// The settings file with everything in it, the secrets in clear, for the server's own keeping.
    #[must_use]
    pub fn write(&self) -> String {
        self.document(Export { secrets: Secrets::Clear, ours: true })
    }

    fn document(&self, what: Export) -> String {
        let names = Names::new();
        let left_out = |secret: bool| secret && what.secrets == Secrets::LeftOut;
        let mut tree = Tree::new();
        for (spec, at, text) in self.all_set() {
            if !left_out(spec.secret) && (what.ours || !spec.is_ours()) {
                let path = spec.path_at(at);
                tree.put(path.split('.'), text);
            }
        }
        for (path, text) in &self.unknown {
            let ours = path.first().is_some_and(|name| name == OURS);
            if !left_out(is_secret(&names, path)) && (what.ours || !ours) {
                tree.put(path.iter().map(String::as_str), text);
            }
        }
        xml::write(&tree.into_element())
    }
}

/// Elements by what contains them, so that a file of many is written in little time.
struct Tree {
    /// The element, and which one contains it; the first is the outermost.
    nodes: Vec<(Element, usize)>,
    by_name: BTreeMap<(usize, String), usize>,
}

impl Tree {
    fn new() -> Self {
        Self { nodes: vec![(Element::new("config"), 0)], by_name: BTreeMap::new() }
    }

    /// Puts a text where it belongs, and makes what is missing on the way.
    fn put<'p>(&mut self, path: impl Iterator<Item = &'p str>, text: &str) {
        let mut above = 0;
        for word in path {
            if let Some(attribute) = word.strip_prefix('@') {
                self.nodes[above].0.attributes.push((attribute.to_owned(), text.to_owned()));
                return;
            }
            above = *self.by_name.entry((above, word.to_owned())).or_insert_with(|| {
                let name = word.split_once('[').map_or(word, |(name, _)| name);
                self.nodes.push((Element::new(name), above));
                self.nodes.len() - 1
            });
        }
        text.clone_into(&mut self.nodes[above].0.text);
    }

    fn into_element(self) -> Element {
        let mut whole = Element::default();
        let mut nodes = self.nodes;
        // What is within another was made after it, so the last one is complete when its turn comes.
        while let Some((mut element, above)) = nodes.pop() {
            element.children.reverse();
            match nodes.get_mut(above) {
                Some((parent, _)) => parent.children.push(element),
                None => whole = element,
            }
        }
        whole
    }
}

/// The element of what no guide knows.
pub(crate) const OURS: &str = "fixpart";
