//! `<language>`: the language of what handsets show.

use crate::spec::group;
use crate::value::Language;

group! { ""
    /// The language of what the server shows on handsets.
    LANGUAGE: Language = "en" at "language" [.later()]
}
