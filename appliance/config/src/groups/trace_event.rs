//! `<trace_event>`: how much a 2500 or 8000 traces.

use crate::spec::group;
use crate::value::TraceLevel;

group! { "trace_event."
    /// How much is traced: 0 nothing, 1 subscriptions, 2 also exceptions and users, 3 also calls, 4 also SIP, 5 all.
    LEVEL: TraceLevel = "5" at "level" [.rack()]
}
