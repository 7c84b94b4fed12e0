//! `<bif08>`: base stations on cards of a 2500 or 8000.

use crate::spec::group;

group! { "bif08."
    /// Base station at this shelf/card/port position is in use.
    ENABLE: bool = "true" at "shelf[].card[].port[].enable" [.rack()]
}
