//! `<redundancy>`: a second server that takes over.

use crate::spec::{Applies, group};
use crate::value::{Host, RedundancyMode, Seconds, Uuid};

group! { "redundancy."
    /// Role of this node.
    MODE: RedundancyMode = "single" at "mode" [.applies(Applies::Restart).ip().hidden().later()]

    /// Other node.
    PEER: Host = "" at "peer" [.applies(Applies::Restart).ip().hidden().later()]

    /// Time from detecting the failure to taking over.
    FAILOVERTIME: Seconds = "10" at "failovertime" [.default_on_rack("15").ip().hidden().later()]

    /// Identity of the replicated database; must match. Reset on master makes a new one, on slave fetches the master's; reset when a master becomes slave or a slave moves to another system.
    DATABASE_UUID: Option<Uuid> = "" at "database_uuid" [.applies(Applies::Restart).ip().hidden().later()]
}
