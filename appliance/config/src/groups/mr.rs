//! `<mr>`: updates of media resources.

use crate::spec::group;
use crate::value::StartTime;

group! { "mr."
    /// Whether media resources are updated by themselves.
    AUTO_ENABLE: bool = "false" at "auto.enable" [.ip().later()]

    /// When an update begins: at once, or when it is that time next.
    AUTO_START_TIME: StartTime = "immediately" at "auto.start_time" [.ip().later()]

    /// Whether an update does not wait until nobody speaks.
    AUTO_FORCE: bool = "false" at "auto.force" [.ip().later()]
}
