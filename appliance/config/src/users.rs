//! The users: who has which extension, and which handset.
//!
//! A [`User`] is what one `<user>` of `users.xml` says, as it was written; its
//! values are read with the handles in [`fields`]. A file of them is [`Users`];
//! the two data sets behind it, persons and handsets, are [`crate::roster`].

mod csv;
pub mod fields;
mod form;
pub(crate) mod kept;
mod read;
mod record;
mod rules;
mod types;
mod unique;
mod webex;
mod write;

pub use csv::{BadMapping, Mapping};
pub use form::{Form, Source};
pub use record::{BadField, Device, User};
pub use rules::Odd;
pub use types::{Language, Lid, LineType, LinkKind};

use crate::xml::Element;

/// The users of a file.
///
/// It has neither `Debug` nor `Display`, since it holds passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Users {
    /// In the order of the file; user names, local numbers and handsets are unique.
    pub users: Vec<User>,
    /// Handsets that belong to nobody.
    pub devices: Vec<Device>,
    /// Elements that are neither, kept for the next export.
    pub unknown: Vec<Element>,
    /// Attributes of the outermost element, kept for the next export.
    pub attributes: Vec<(String, String)>,
    /// Secrets that the file does not give but hides behind asterisks: whose, and which field. An import leaves
    /// them as they were.
    pub masked: Vec<(String, String)>,
}

#[cfg(test)]
mod tests;
