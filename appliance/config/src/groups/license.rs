//! `<license>`: licence keys.

use crate::spec::{Applies, group};
use crate::value::Attributes;

group! { ""
    /// Installed licences.
    LICENSE: Attributes = "" at "license" [.applies(Applies::Restart).later()]
}
