//! Elements that are no fields, as texts.

use crate::xml::{self, Element};

/// Name and text of an element; where there is more in it than text, the name ends in a slash, as no
/// element's does, and the text is the whole element as XML.
pub(crate) fn text(element: &Element) -> (String, String) {
    let plain = Element { text: element.text.clone(), ..Element::new(&element.name) };
    let whole = xml::write(element);
    if xml::write(&plain) == whole {
        (plain.name, plain.text)
    } else {
        (format!("{}/", element.name), whole)
    }
}

/// The attributes of an element that is a field, or of a user: names with an at sign, as no element's has.
pub(crate) fn attributes(element: &Element, owner: &str) -> Vec<(String, String)> {
    let pair = |(name, text): &(String, String)| (format!("{owner}@{name}"), text.clone());
    element.attributes.iter().map(pair).collect()
}

/// The element of this name with these texts in it, and with its attributes and theirs.
pub(crate) fn whole<'a>(name: &str, texts: impl Iterator<Item = (&'a str, &'a str)>) -> Element {
    let mut whole = Element::new(name);
    let mut waiting = Vec::new();
    for (name, text) in texts {
        match name.split_once('@') {
            Some((owner, name)) => waiting.push((owner, name.to_owned(), text.to_owned())),
            None => whole.children.push(element(name, text)),
        }
    }
    for (owner, name, text) in waiting {
        let children = &mut whole.children;
        if owner.is_empty() {
            whole.attributes.push((name, text));
        } else if let Some(child) = children.iter_mut().find(|child| child.name == owner) {
            child.attributes.push((name, text));
        }
    }
    whole
}

/// The element again.
pub(crate) fn element(name: &str, text: &str) -> Element {
    let plain = Element { text: text.to_owned(), ..Element::new(name) };
    match name.strip_suffix('/') {
        // What was written by `text` is read again; anything else stays at least as a text.
        Some(name) => xml::document(name, text)
            .map_or(Element { name: name.to_owned(), ..plain }, |document| document.root),
        None => plain,
    }
}
