//! `<bif08>`: base stations on cards of a 2500 or 8000.

use crate::spec::group;

group! { "bif08."
    /// Whether the base station at this place of the shelves is in use.
    ENABLE: bool = "true" at "shelf[].card[].port[].enable" [.rack()]
}
