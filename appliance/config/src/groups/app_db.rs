//! `<app_db>`: lines on analogue cards of a 2500 or 8000.

use crate::spec::group;

group! { "app_db."
    /// Always run busy-tone detection on analogue lines and drop incoming calls there as if auto-answered.
    AB_ALWAYS_ONHOOK_ON_BUSYTONE: bool = "false" at "ab_always_onhook_on_busytone" [.rack()]
}
