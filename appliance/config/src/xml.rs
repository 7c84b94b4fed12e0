//! XML as the settings and users files need it: elements, text, and where they stood.
//!
//! A document type or an entity other than the five of XML itself is refused,
//! so that a small file cannot unfold into a large one.

mod read;
mod write;

pub use read::read;
pub use write::write;

use crate::flaw::Place;

/// An element.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its text, entities resolved, without the white space around it.
    pub text: String,
    /// Elements within, in the order of the file.
    pub children: Vec<Element>,
    /// Where it begins.
    pub place: Place,
}

impl Element {
    /// An element without text and place.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}
