//! `<redundancy>`: a second server that takes over.

use crate::spec::{Applies, group};
use crate::value::{Host, RedundancyMode, Seconds, Uuid};

group! { "redundancy."
    /// Whether this server is alone, or which of the two it is.
    MODE: RedundancyMode = "single" at "mode" [.applies(Applies::Restart).ip().hidden().later()]

    /// The other server.
    PEER: Host = "" at "peer" [.applies(Applies::Restart).ip().hidden().later()]

    /// Seconds from the loss of the other server until this one takes over.
    FAILOVERTIME: Seconds = "10" at "failovertime" [.default_on_rack("15").ip().hidden().later()]

    /// The identity that the databases of both servers must have in common. A master makes one when it is empty; a slave fetches the master's.
    DATABASE_UUID: Option<Uuid> = "" at "database_uuid"
        [.applies(Applies::Restart).ip().hidden().later()]
}
