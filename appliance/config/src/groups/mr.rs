//! `<mr>`: updates of media resources.

use crate::spec::group;
use crate::value::StartTime;

group! { "mr."
    /// Update media resource firmware automatically.
    AUTO_ENABLE: bool = "false" at "auto.enable" [.ip().later()]

    /// When to update within the next 24 h.
    AUTO_START_TIME: StartTime = "immediately" at "auto.start_time" [.ip().later()]

    /// Do not wait until the device is idle.
    AUTO_FORCE: bool = "false" at "auto.force" [.ip().later()]
}
