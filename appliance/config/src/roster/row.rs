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
    /// Names and texts, in the order of `users.xml`: the known fields, then those that are kept only.
    pub fields: Vec<(String, String)>,
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

/// In the names of what nobody should see.
const SUSPECT: &[&str] = &["pass", "pwd", "pin", "secret", "code", "key", "token", "hash", "auth"];
