//! `<language>`: the language of what handsets show.

use crate::spec::group;
use crate::value::Language;

group! { ""
    /// Language of system texts shown on handsets.
    LANGUAGE: Language = "en" at "language" [.later()]
}
