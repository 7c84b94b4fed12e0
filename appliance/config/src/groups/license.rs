//! `<license>`: licence keys.

use crate::spec::{Applies, group};
use crate::value::Attributes;

group! { ""
    /// Licence keys with commas between. They are kept and exported; nothing here needs one.
    LICENSE: Attributes = "" at "license" [.applies(Applies::Restart).later()]
}
