//! The users: who has which extension, and which handset.
//!
//! A [`User`] is what one `<user>` of `users.xml` says, as it was written; its
//! values are read with the handles in [`fields`]. A file of them is [`Users`];
//! the two data sets behind it, persons and handsets, are [`crate::roster`].

pub mod fields;
pub(crate) mod kept;
mod read;
mod record;
mod rules;
mod types;
mod unique;
mod write;

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
}

#[cfg(test)]
mod tests;
