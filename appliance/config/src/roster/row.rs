//! The form in which users travel and rest.

use crate::users::fields;
use std::fmt;

/// A user with the handset, or a handset of nobody, as texts.
///
/// The key is the user's name (the local number where there is no user name); of a handset of nobody it is
/// the IPEI with its blank; the row with the empty key holds what else the file had.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Unique.
    pub key: String,
    /// In the order of `users.xml`: the known fields, then those that are kept only.
    pub fields: Fields,
}

/// Names and texts in one piece: of ten thousand users they are two hundred thousand, and each string of its own has its
/// price, in memory and on the bus.
///
/// A name ends with U+001F, a text with U+001E; no text that a file can hold has them in it. It has neither `Debug` nor
/// `Display`, since it holds passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(String);

impl Fields {
    /// The fields that another program has put into one piece. Whatever it is, it can be read.
    #[must_use]
    pub const fn of(piece: String) -> Self {
        Self(piece)
    }

    /// The one piece.
    #[must_use]
    pub fn into_piece(self) -> String {
        self.0
    }

    /// Each name with its text, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.0)
    }
}

/// Each name with its text of a piece as [`Fields::into_piece`] gives it.
pub fn pairs(piece: &str) -> impl Iterator<Item = (&str, &str)> {
    piece.split_terminator(TEXT_ENDS).map(|it| it.split_once(NAME_ENDS).unwrap_or((it, "")))
}

impl<N: AsRef<str>, T: AsRef<str>> FromIterator<(N, T)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(pairs: I) -> Self {
        let mut piece = String::with_capacity(USUAL);
        for (name, text) in pairs {
            let (name, text) = (name.as_ref(), text.as_ref());
            piece.reserve(name.len() + text.len() + 2);
            piece.push_str(name);
            piece.push(NAME_ENDS);
            piece.push_str(text);
            piece.push(TEXT_ENDS);
        }
        Self(piece)
    }
}

/// One step from a roster to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// There was no row with this key.
    Added(Row),
    /// The row with this key is now this one.
    Changed(Row),
    /// The row with this key is gone.
    Removed(String),
}

impl Change {
    /// The key of the row that it is about.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Added(row) | Self::Changed(row) => &row.key,
            Self::Removed(key) => key,
        }
    }
}

/// Whether the text of a field of this name must not be shown, logged or stored in clear.
///
/// Of an unknown field nobody can tell but by its name; of one with elements in it not even by that.
#[must_use]
pub fn secret(name: &str) -> bool {
    let suspect = || {
        let name = name.to_ascii_lowercase();
        name.ends_with('/') || SUSPECT.iter().any(|part| name.contains(part))
    };
    fields::find(name).map_or_else(suspect, |spec| spec.secret)
}

/// The key and the names of the fields, since some texts are secrets.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.fields.iter().map(|(name, _)| name);
        write!(f, "{:?} ", self.key)?;
        f.debug_list().entries(names).finish()
    }
}

const NAME_ENDS: char = '\u{1f}';
const TEXT_ENDS: char = '\u{1e}';
/// Octets of what most users have.
const USUAL: usize = 256;
/// In the names of what nobody should see.
const SUSPECT: &[&str] = &["pass", "pwd", "pin", "secret", "code", "key", "token", "hash", "auth"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_into_one_piece_comes_out_of_it() {
        for given in [&[][..], &[("a", "")], &[("", "b")], &[("a", "1"), ("b/", "<b>2</b>")]] {
            let fields: Fields = given.iter().copied().collect();
            assert_eq!(fields.iter().collect::<Vec<_>>(), given);
            assert!(Fields::of(fields.clone().into_piece()) == fields);
        }
        assert_eq!(pairs("what is this").collect::<Vec<_>>(), [("what is this", "")]);
    }
}
