//! `<app_db>`: lines on analogue cards of a 2500 or 8000.

use crate::spec::group;

group! { "app_db."
    /// Whether busy tone is listened for on every analogue line, and calls with it are released as if they had been answered.
    AB_ALWAYS_ONHOOK_ON_BUSYTONE: bool = "false" at "ab_always_onhook_on_busytone" [.rack()]
}
