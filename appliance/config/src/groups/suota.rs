//! `<suota>`: updates of handsets over the air.

use crate::spec::group;
use crate::value::{StartTime, SuotaLoad};

group! { "suota."
    /// How many handsets are updated at a time: 70, 100 or 130 for each 100 base stations.
    LOAD: SuotaLoad = "medium" at "load" [.hidden().later()]

    /// When an update of handsets begins: at once, or when it is that time next.
    START_TIME: StartTime = "immediately" at "start_time" [.hidden().later()]

    /// Whether the same version or an older one may be loaded.
    PCS_IGNORE: bool = "false" at "pcs_ignore" [.hidden().later()]

    /// Whether only handsets in a charger are updated.
    INCHARGER: bool = "false" at "incharger" [.hidden().later()]

    /// Whether handsets are updated by themselves.
    AUTO: bool = "false" at "auto" [.hidden().later()]
}
