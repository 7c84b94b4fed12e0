//! `<log>`: where the log is sent.

use crate::spec::group;
use crate::value::{Host, SyslogLevel, SyslogScope};

group! { "log."
    /// Syslog facility.
    SYSLOG_FACILITY: u8 = "16" at "syslog.facility" [.range(0, 23).ip().later()]

    /// Syslog server.
    SYSLOG_HOST: Host = "" at "syslog.host" [.ip().later()]

    /// Lowest severity that is sent.
    SYSLOG_LEVEL: SyslogLevel = "info" at "syslog.level" [.ip().later()]

    /// Syslog port.
    SYSLOG_PORT: u16 = "514" at "syslog.port" [.range(1, 65_535).ip().later()]

    /// Which devices take these syslog settings: server, media resources, base stations.
    SYSLOG_SCOPE_OF_SETTINGS: SyslogScope = "all" at "syslog.scope_of_settings" [.ip().later()]
}
