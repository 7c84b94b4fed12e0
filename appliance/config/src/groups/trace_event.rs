//! `<trace_event>`: how much a 2500 or 8000 traces.

use crate::spec::group;
use crate::value::TraceLevel;

group! { "trace_event."
    /// Trace level.
    LEVEL: TraceLevel = "5" at "level" [.rack()]
}
