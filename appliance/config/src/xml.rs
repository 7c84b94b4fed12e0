//! XML as the settings and users files need it: elements, text, and where they stood.
//!
//! Declarations of entities and entities other than the five of XML itself are refused,
//! so that a small file cannot unfold into a large one.

mod decode;
mod read;
mod write;

pub use decode::decode;
pub use read::{SIZE_MAX, document, document_in_parts, read};
pub use write::write;

use crate::flaw::{Notice, Place};

/// An element.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its text, entities resolved, without the white space around it.
    pub text: String,
    /// Its attributes, names and values, in the order of the file.
    pub attributes: Vec<(String, String)>,
    /// Elements within, in the order of the file.
    pub children: Vec<Element>,
    /// Where it begins.
    pub place: Place,
}

/// What was read.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// The outermost element.
    pub root: Element,
    /// What is in the file but not in the elements, such as comments.
    pub left_out: Vec<Notice>,
}

impl Element {
    /// An element without text and place.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Takes everything out of it; the room of its name and text stays.
    fn clear(&mut self) {
        self.name.clear();
        self.text.clear();
        self.attributes.clear();
        self.children.clear();
        self.place = Place::default();
    }
}
