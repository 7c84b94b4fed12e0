//! `<suota>`: updates of handsets over the air.

use crate::spec::group;
use crate::value::{StartTime, SuotaLoad};

group! { "suota."
    /// Parallel handset updates; table: high 130 %, medium 100 %, low 70 % of the number of base stations.
    LOAD: SuotaLoad = "medium" at "load" [.hidden().later()]

    /// When to update within 24 h.
    START_TIME: StartTime = "immediately" at "start_time" [.hidden().later()]

    /// Allow the same or an older version to be loaded.
    PCS_IGNORE: bool = "false" at "pcs_ignore" [.hidden().later()]

    /// Only handsets in a charger.
    INCHARGER: bool = "false" at "incharger" [.hidden().later()]

    /// Update handsets automatically.
    AUTO: bool = "false" at "auto" [.hidden().later()]
}
