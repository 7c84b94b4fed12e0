//! `<log>`: where the log is sent.

use crate::spec::group;
use crate::value::{Host, SyslogLevel, SyslogScope};

group! { "log."
    /// The facility that messages carry (RFC 5424); 16 is local0.
    SYSLOG_FACILITY: u8 = "16" at "syslog.facility" [.range(0, 23).ip()]

    /// The server that the log is sent to. Empty means none.
    SYSLOG_HOST: Host = "" at "syslog.host" [.ip()]

    /// The lowest severity that is sent, itself included.
    SYSLOG_LEVEL: SyslogLevel = "info" at "syslog.level" [.ip()]

    /// The port of that server.
    SYSLOG_PORT: u16 = "514" at "syslog.port" [.range(1, 65_535).ip()]

    /// Which devices send their log there: with `server only` that of the speech relay is left out; with `all` base stations are told to send theirs, if the host is an address and the transport udp.
    SYSLOG_SCOPE_OF_SETTINGS: SyslogScope = "all" at "syslog.scope_of_settings" [.ip()]
}
