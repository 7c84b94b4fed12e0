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

/// The element again.
pub(crate) fn element(name: &str, text: &str) -> Element {
    let plain = Element { text: text.to_owned(), ..Element::new(name) };
    match name.strip_suffix('/') {
        // What was written by `text` is read again; anything else stays at least as a text.
        Some(name) => xml::read(name, text).unwrap_or(Element { name: name.to_owned(), ..plain }),
        None => plain,
    }
}
